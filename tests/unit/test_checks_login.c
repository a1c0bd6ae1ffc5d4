/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes that look at who gets in: sshd, PAM, accounts, sudo, limits, key files. */
#include "checks_tree.h"

#define SSHD "/etc/ssh/sshd_config"
#define ROOT                                                                                       \
	"kind = sshd\noption = permitrootlogin\ntype = word\ndefault = prohibit-password\nexpect " \
	"= equals no\n"
#define MACS                                                                                  \
	"kind = sshd\noption = macs\ntype = list\ndefault = good, hmac-sha1\nexpect = lacks " \
	"hmac-sha1\n"
#define ALIVE                                                                                      \
	"kind = sshd\noption = clientaliveinterval\ntype = time\ndefault = 0\nexpect = between 1 " \
	"600\n"
#define LISTS "kind = sshd\noption = allowusers allowgroups\ntype = word\nexpect = present\n"
#define DENY                                                                                  \
	"kind = pam\nservice = system-auth common-auth\ntype = auth\nmodule = pam_faillock\n" \
	"option = deny\nfile = /etc/security/faillock.conf\ndefault = 3\nexpect = between 1 5\n"
#define NULLOK                                                                               \
	"kind = pam\nservice = common-auth\ntype = auth\nmodule = pam_unix\nexpect = lacks " \
	"nullok\n"
#define AUTH	   "/etc/pam.d/common-auth"
#define ACCOUNT(f) "kind = account\nfact = " f "\nexpect = none\n"
#define PTY	   "kind = sudo\noption = use_pty\ndefault = off\nexpect = equals on\n"
#define NOPASSWD   "kind = sudo\nrules_with = NOPASSWD\nexpect = none\n"
#define CORE	   "kind = limit\nitem = core\ntype = hard\nexpect = equals 0\n"
#define MAXDAYS                                                                             \
	"kind = file_key\nfile = /etc/login.defs\nkey = PASS_MAX_DAYS\nseparator = blank\n" \
	"default = 99999\nexpect = at_most 365\n"
#define JOURNAL                                                                     \
	"kind = file_key\nfile = /etc/systemd/journald.conf\n"                      \
	"dropins = /etc/systemd/journald.conf.d /usr/lib/systemd/journald.conf.d\n" \
	"section = Journal\nkey = Storage\nseparator = equals\nexpect = equals persistent\n"
#define LINE "root:x:0:0::/root:/bin/bash\n"

static const struct probe_case cases[] = {
	{"sshd: the first setting wins",
	 ROOT,
	 {{SSHD, "permitRootLogin no\nPermitRootLogin yes\n"}},
	 CHECK_PASS,
	 "no (/etc/ssh/sshd_config)"},
	{"sshd: quotes, equals and case",
	 ROOT,
	 {{SSHD, "PermitRootLogin = \"No\"\n"}},
	 CHECK_PASS,
	 "no"},
	{"sshd: nothing set",
	 ROOT,
	 {{SSHD, "# PermitRootLogin no\n"}},
	 CHECK_FAIL,
	 "prohibit-password (built-in default)"},
	{"sshd: includes come where they stand",
	 ROOT,
	 {{SSHD, "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n"},
	  {"/etc/ssh/sshd_config.d/b.conf", "PermitRootLogin yes\n"}},
	 CHECK_FAIL,
	 "yes (/etc/ssh/sshd_config.d/b.conf)"},
	{"sshd: relative includes",
	 ROOT,
	 {{SSHD, "Include extra.conf\n"}, {"/etc/ssh/extra.conf", "PermitRootLogin no\n"}},
	 CHECK_PASS,
	 "no"},
	{"sshd: a Match block is judged too",
	 ROOT,
	 {{SSHD, "PermitRootLogin no\nMatch User a\n  PermitRootLogin yes\n"}},
	 CHECK_FAIL,
	 "no; also yes"},
	{"sshd: a Match block does not set the global value",
	 ROOT,
	 {{SSHD, "Match User a\nPermitRootLogin no\n"}},
	 CHECK_FAIL,
	 "prohibit-password"},
	{"sshd: Match all ends the block",
	 ROOT,
	 {{SSHD, "Match User a\nMatch all\nPermitRootLogin no\n"}},
	 CHECK_PASS,
	 "no"},
	{"sshd: a block ends with its file",
	 ROOT,
	 {{SSHD, "Include extra.conf\nPermitRootLogin no\n"},
	  {"/etc/ssh/extra.conf", "Match User a\n"}},
	 CHECK_PASS,
	 "no"},
	{"sshd: Match blocks may be allowed",
	 ROOT "match_blocks = allowed\n",
	 {{SSHD, "PermitRootLogin no\nMatch User a\nPermitRootLogin yes\n"}},
	 CHECK_PASS,
	 "no"},
	{"sshd: it includes itself",
	 ROOT,
	 {{SSHD, "Include sshd_config\n"}},
	 CHECK_ERROR,
	 "nested too deep"},
	{"sshd: a fifo among the includes",
	 ROOT,
	 {{SSHD, "Include /etc/ssh/sshd_config.d/*\n"}, {"/etc/ssh/sshd_config.d/a", "|fifo"}},
	 CHECK_ERROR,
	 "not a regular file"},
	{"sshd: not installed", ROOT, {{NULL}}, CHECK_NOT_APPLICABLE, "no SSH server"},
	{"sshd: installed without settings",
	 ROOT,
	 {{"/usr/sbin/sshd", ""}},
	 CHECK_FAIL,
	 "built-in default"},
	{"sshd: a list replaces", MACS, {{SSHD, "MACs good,better\n"}}, CHECK_PASS, "good, better"},
	{"sshd: a list is changed",
	 MACS,
	 {{SSHD, "MACs +better\n"}},
	 CHECK_FAIL,
	 "hmac-sha1, better"},
	{"sshd: a word is taken off", MACS, {{SSHD, "MACs -hmac-sha1\n"}}, CHECK_PASS, "good"},
	{"sshd: a list in a Match block",
	 MACS,
	 {{SSHD, "MACs good\nMatch all\nMatch User a\nMACs x,hmac-sha1\n"}},
	 CHECK_ERROR,
	 "refuses to start"},
	{"sshd: times", ALIVE, {{SSHD, "ClientAliveInterval 9m30s\n"}}, CHECK_PASS, "570"},
	{"sshd: a time that is none",
	 ALIVE,
	 {{SSHD, "ClientAliveInterval often\n"}},
	 CHECK_ERROR,
	 "number"},
	{"sshd: one of several options",
	 LISTS,
	 {{SSHD, "AllowGroups maintenance\n"}},
	 CHECK_PASS,
	 "maintenance"},
	{"sshd: none of several options", LISTS, {{SSHD, "Port 22\n"}}, CHECK_FAIL, "not set"},

	{"pam: the default of a module in the stack",
	 DENY,
	 {{AUTH, "auth [default=die] pam_faillock.so authfail\n"}},
	 CHECK_PASS,
	 "3 (built-in default)"},
	{"pam: its own file",
	 DENY,
	 {{AUTH, "auth required pam_faillock.so\n"},
	  {"/etc/security/faillock.conf", "deny = 9 # high\n"}},
	 CHECK_FAIL,
	 "9 (/etc/security/faillock.conf)"},
	{"pam: the line wins over the file",
	 DENY,
	 {{AUTH, "auth required \\\n  pam_faillock.so deny=4\n"},
	  {"/etc/security/faillock.conf", "deny = 9\n"}},
	 CHECK_PASS,
	 "4 (/etc/pam.d/common-auth)"},
	{"pam: settings without the module mean nothing",
	 DENY,
	 {{AUTH, "auth required pam_unix.so\n"}, {"/etc/security/faillock.conf", "deny = 3\n"}},
	 CHECK_FAIL,
	 "pam_faillock is not in the stack"},
	{"pam: included services",
	 DENY,
	 {{AUTH, "@include more\n"},
	  {"/etc/pam.d/more", "-auth substack last\n"},
	  {"/etc/pam.d/last", "auth required /lib/security/pam_faillock.so deny=2\n"}},
	 CHECK_PASS,
	 "2"},
	{"pam: another type does not count",
	 DENY,
	 {{AUTH, "account required pam_faillock.so\n"}},
	 CHECK_FAIL,
	 "not in the stack"},
	{"pam: includes in a circle",
	 DENY,
	 {{AUTH, "@include common-auth\n"}},
	 CHECK_ERROR,
	 "too deep"},
	{"pam: a module without arguments is there",
	 "kind = pam\nservice = common-auth\ntype = auth\nmodule = pam_deny pam_unix\n"
	 "expect = present\n",
	 {{AUTH, "auth required pam_unix.so\n"}},
	 CHECK_PASS,
	 "pam_unix"},
	{"pam: no such service", DENY, {{NULL}}, CHECK_NOT_APPLICABLE, "no PAM service"},
	{"pam: an argument",
	 NULLOK,
	 {{AUTH, "auth sufficient pam_unix.so nullok\n"}},
	 CHECK_FAIL,
	 "nullok"},
	{"pam: no arguments",
	 NULLOK,
	 {{AUTH, "auth sufficient pam_unix.so # nullok\n"}},
	 CHECK_PASS,
	 "pam_unix"},

	{"account: only root",
	 ACCOUNT("uid_zero") "except = root\n",
	 {{"/etc/passwd", LINE}},
	 CHECK_PASS,
	 "none"},
	{"account: a second root",
	 ACCOUNT("uid_zero") "except = root\n",
	 {{"/etc/passwd", LINE "toor:x:0:0::/:/bin/sh\n"}},
	 CHECK_FAIL,
	 "=toor"},
	{"account: shared number",
	 ACCOUNT("duplicate_uid"),
	 {{"/etc/passwd", LINE "a:x:5:5::/:/bin/sh\nb:x:5:5::/:/bin/sh\n"}},
	 CHECK_FAIL,
	 "b"},
	{"account: shared name",
	 ACCOUNT("duplicate_name"),
	 {{"/etc/passwd", "a:x:5:5::/:/bin/sh\na:x:6:5::/:/bin/sh\n"}},
	 CHECK_FAIL,
	 "a"},
	{"account: service with a shell",
	 ACCOUNT("system_with_shell"),
	 {{"/etc/passwd", LINE
	   "daemon:x:1:1::/:/usr/sbin/nologin\nplc:x:200:1::/:/bin/sh\nme:x:1000:1::/:/bin/sh\n"}},
	 CHECK_FAIL,
	 "=plc"},
	{"account: hash in passwd",
	 ACCOUNT("hash_in_passwd"),
	 {{"/etc/passwd", "a:$1$x$y:5:5::/:/bin/sh\n"}},
	 CHECK_FAIL,
	 "a"},
	{"account: empty password",
	 ACCOUNT("empty_password"),
	 {{"/etc/shadow", "a:!:1::::::\nkiosk::1::::::\n"}},
	 CHECK_FAIL,
	 "=kiosk"},
	{"account: weak hash",
	 ACCOUNT("weak_hash"),
	 {{"/etc/shadow",
	   "a:$y$j9T$x:1::::::\nb:$6$x$y:1::::::\nc:*:1::::::\nold:$1$x$y:1::::::\n"}},
	 CHECK_FAIL,
	 "=old"},
	{"account: strong hashes",
	 ACCOUNT("weak_hash"),
	 {{"/etc/shadow", "a:$y$j9T$x:1::::::\n"}},
	 CHECK_PASS,
	 "none"},
	{"account: a line that is none",
	 ACCOUNT("uid_zero"),
	 {{"/etc/passwd", LINE "junk\n"}},
	 CHECK_ERROR,
	 "no account"},
	{"account: no such file",
	 ACCOUNT("weak_hash"),
	 {{NULL}},
	 CHECK_NOT_APPLICABLE,
	 "/etc/shadow"},

	{"sudo: the last Defaults wins",
	 PTY,
	 {{"/etc/sudoers", "Defaults !use_pty\nDefaults env_reset, use_pty\n"}},
	 CHECK_PASS,
	 "on (/etc/sudoers)"},
	{"sudo: switched off",
	 PTY,
	 {{"/etc/sudoers", "Defaults use_pty\nDefaults !use_pty\n"}},
	 CHECK_FAIL,
	 "off"},
	{"sudo: for one user only",
	 PTY,
	 {{"/etc/sudoers", "Defaults:bob use_pty\n"}},
	 CHECK_FAIL,
	 "off (built-in default)"},
	{"sudo: included folder",
	 NOPASSWD,
	 {{"/etc/sudoers", "@includedir /etc/sudoers.d\n"},
	  {"/etc/sudoers.d/vendor", "# no NOPASSWD here\nservice ALL = \\\n NOPASSWD: ALL\n"},
	  {"/etc/sudoers.d/left.bak", "other ALL = NOPASSWD: ALL\n"}},
	 CHECK_FAIL,
	 "service in /etc/sudoers.d/vendor"},
	{"sudo: names with a dot are passed over",
	 NOPASSWD,
	 {{"/etc/sudoers", "#includedir /etc/sudoers.d\n"},
	  {"/etc/sudoers.d/left.bak", "other ALL = NOPASSWD: ALL\n"}},
	 CHECK_PASS,
	 "none"},
	{"sudo: includes in a circle",
	 NOPASSWD,
	 {{"/etc/sudoers", "@include /etc/sudoers\n"}},
	 CHECK_ERROR,
	 "too deep"},
	{"sudo: not installed", NOPASSWD, {{NULL}}, CHECK_NOT_APPLICABLE, "not installed"},

	{"limit: the last file wins",
	 CORE,
	 {{"/etc/security/limits.conf", "* hard core unlimited\n"},
	  {"/etc/security/limits.d/a.conf", "* - core 0 # none\n"}},
	 CHECK_PASS,
	 "0 (/etc/security/limits.d/a.conf)"},
	{"limit: soft and single users do not count",
	 CORE,
	 {{"/etc/security/limits.conf", "* soft core 0\nroot hard core 0\n#* hard core 0\n"}},
	 CHECK_FAIL,
	 "not set"},
	{"limit: unreadable",
	 CORE,
	 {{"/etc/security/limits.conf/", NULL}},
	 CHECK_ERROR,
	 "cannot read"},

	{"key: by blanks",
	 MAXDAYS,
	 {{"/etc/login.defs", "#PASS_MAX_DAYS 1\nPASS_MAX_DAYS\t90\n"}},
	 CHECK_PASS,
	 "90 (/etc/login.defs)"},
	{"key: the default counts", MAXDAYS, {{NULL}}, CHECK_FAIL, "99999 (built-in default)"},
	{"key: a circle of links",
	 MAXDAYS,
	 {{"/etc/login.defs", "-> /etc/login.defs"}},
	 CHECK_ERROR,
	 "circles"},
	{"key: only in its section",
	 JOURNAL,
	 {{"/etc/systemd/journald.conf",
	   "[Journal]\nStorage=volatile\n[Other]\nStorage=persistent\n"}},
	 CHECK_FAIL,
	 "volatile"},
	{"key: drop-ins come last",
	 JOURNAL,
	 {{"/etc/systemd/journald.conf", "[Journal]\nStorage=volatile\n"},
	  {"/usr/lib/systemd/journald.conf.d/a.conf", "[Journal]\nStorage = \"persistent\"\n"}},
	 CHECK_PASS,
	 "persistent"},
	{"key: does not apply",
	 MAXDAYS "applies = path /etc/shadow\notherwise = no local passwords\n",
	 {{"/etc/login.defs", "PASS_MAX_DAYS 9\n"}},
	 CHECK_NOT_APPLICABLE,
	 "no local passwords"},
	{"key: applies",
	 MAXDAYS "applies = path /no /etc/shadow\notherwise = no local passwords\n",
	 {{"/etc/login.defs", "PASS_MAX_DAYS 9\n"}, {"/etc/shadow", ""}},
	 CHECK_PASS,
	 "9"},
};

START_TEST(finds)
{
	run_case(&cases[_i]);
}
END_TEST

/* An account check names accounts; what stands in the second field of shadow must never come out.
 */
START_TEST(no_hash_is_ever_shown)
{
	static const char *const facts[] = {"empty_password", "weak_hash"};
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_check_result struct check_result result = {0};
	const struct node shadow[MAX_NODES] = {
		{"/etc/shadow", "a:SECRETHASH:1::::::\nb::1::::::\n"}, {NULL}};
	char *folder = unit_folder_new();
	char root[256], data[256], keys[128];

	snprintf(root, sizeof(root), "%s/root", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	snprintf(keys, sizeof(keys), "kind = account\nfact = %s\nexpect = none\n", facts[_i]);
	make_data(data, keys);
	make_tree(root, shadow);
	ck_assert_int_eq(check_set_load(data, "p", &set, NULL), 0);
	ck_assert_int_eq(check_run(set, 0, root, &result), 0);
	unit_folder_free(folder);
	ck_assert_int_eq(result.outcome, CHECK_FAIL);
	ck_assert_ptr_null(strstr(result.actual, "SECRET"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, finds, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(tcase, no_hash_is_ever_shown, 0, 2);
}

UNIT_MAIN("checks_login")
