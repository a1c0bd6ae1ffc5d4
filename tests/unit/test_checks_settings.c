/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes that read settings of many programs: lines, values, units, shells, package
 * sources, USB rules, groups. */
#include "checks_tree.h"

#define SNMP                                                                              \
	"kind = file_lines\nfile = /etc/snmp/snmpd.conf\nbegins = rocommunity* com2sec\n" \
	"without = no SNMP server\nexpect = none\n"
#define CONF  "/etc/snmp/snmpd.conf"
#define ISSUE "kind = file_lines\nfile = /etc/issue\nbegins = *\nline = *\\\\[mr]*\nexpect = none\n"
#define FAULTS                                                                           \
	"kind = file_values\nfiles = /sys/v/*\nwithout = nothing told\nexpect = unlike " \
	"Vulnerable*\n"
#define TMOUT                                                                            \
	"kind = shell_variable\nfile = /etc/profile /etc/profile.d/*.sh\nname = TMOUT\n" \
	"expect = between 1 900\n"
#define RESCUE                                                                             \
	"kind = unit_setting\nunit = rescue.service\nsection = Service\nkey = ExecStart\n" \
	"expect = like *sulogin*\n"
#define UNIT "/usr/lib/systemd/system/rescue.service"
#define TTY                                                                               \
	"kind = unit_setting\nunit = getty@tty1.service\nsection = Service\nkey = Type\n" \
	"default = simple\nexpect = equals idle\n"
#define UNSIGNED "kind = package_source\nlist = unsigned\nexpect = none\n"
#define PLAIN	 "kind = package_source\nlist = plain\nexpect = none\n"
#define GUARD	 "kind = usbguard\nlist = wide\nexpect = none\n"
#define RULES	 "/etc/usbguard/rules.conf"
#define DOCKER	 "kind = group\ngroups = docker disk\nexcept = backup\nexpect = none\n"
#define LOGIN	 "kind = account\nfact = login\nexpect = only root\n"
#define VENDOR	 "kind = account\nfact = usable_password\nnames = admin hmi\nexpect = none\n"
#define AGE	 "kind = account\nfact = no_max_age\nexpect = none\n"
#define INACTIVE "kind = account\nfact = no_inactive\nexpect = none\n"
#define GID	 "kind = account\nfact = duplicate_gid\nexpect = none\n"
#define LASTLOG                                                                               \
	"kind = pam\nservice = login\ntype = session\nmodule = pam_lastlog* pam_x\nexpect = " \
	"present\n"
#define TIMERS "kind = unit\nunits = *backup*.timer\nlist = active\nexpect = some\n"
#define TIMER  "/usr/lib/systemd/system/nightly-backup.timer"

static const struct probe_case cases[] = {
	{"lines: none of them",
	 SNMP,
	 {{CONF, "rouser anna priv\n#rocommunity x\n"}},
	 CHECK_PASS,
	 "none"},
	{"lines: the secret is not shown",
	 SNMP,
	 {{CONF, "\nrocommunity6 hunter2\n"}},
	 CHECK_FAIL,
	 "=rocommunity in /etc/snmp/snmpd.conf, line 2"},
	{"lines: no file", SNMP, {{NULL}}, CHECK_NOT_APPLICABLE, "no SNMP server"},
	{"lines: binary junk", SNMP, {{CONF, "a\0b\n", 4}}, CHECK_ERROR, "binary data"},
	{"lines: too large", SNMP, {{CONF, "%1073741824"}}, CHECK_ERROR, "larger than"},
	{"lines: a fifo", SNMP, {{CONF, "|fifo"}}, CHECK_ERROR, "not a regular file"},
	{"lines: the whole line", ISSUE, {{"/etc/issue", "Keep out\n"}}, CHECK_PASS, "none"},
	{"lines: an escape in it",
	 ISSUE,
	 {{"/etc/issue", "Kernel \\r on an \\m\n"}},
	 CHECK_FAIL,
	 "text in /etc/issue, line 1"},

	{"values: all good",
	 FAULTS,
	 {{"/sys/v/a", "Not affected\n"}, {"/sys/v/b", "Mitigation: PTI\n"}},
	 CHECK_PASS,
	 "Mitigation: PTI (b)"},
	{"values: one bad",
	 FAULTS,
	 {{"/sys/v/a", "Not affected\n"}, {"/sys/v/b", "Vulnerable: no microcode\n"}},
	 CHECK_FAIL,
	 "Vulnerable: no microcode"},
	{"values: empty", FAULTS, {{"/sys/v/a", ""}}, CHECK_PASS, "empty (a)"},
	{"values: none", FAULTS, {{NULL}}, CHECK_NOT_APPLICABLE, "nothing told"},
	{"values: a link in a circle", FAULTS, {{"/sys/v/a", "-> a"}}, CHECK_ERROR, "circles"},

	{"shell: declared",
	 TMOUT,
	 {{"/etc/profile.d/a.sh", "if x; then\ndeclare -xr TMOUT='600'; export TMOUT\nfi\n"}},
	 CHECK_PASS,
	 "600 (/etc/profile.d/a.sh)"},
	{"shell: the last one counts",
	 TMOUT,
	 {{"/etc/profile", "TMOUT=600\n"}, {"/etc/profile.d/z.sh", "TMOUT=7200 # long\n"}},
	 CHECK_FAIL,
	 "7200"},
	{"shell: another name",
	 TMOUT,
	 {{"/etc/profile", "XTMOUT=6\n#TMOUT=6\n"}},
	 CHECK_FAIL,
	 "not set"},
	{"shell: computed",
	 TMOUT,
	 {{"/etc/profile", "TMOUT=$LONG\n"}},
	 CHECK_ERROR,
	 "not a number"},

	{"unit setting: of the file",
	 RESCUE,
	 {{UNIT, "[Unit]\nExecStart=x\n[Service]\nExecStart=-/usr/lib/systemd/"
		 "systemd-sulogin-shell \\\n rescue\n"}},
	 CHECK_PASS,
	 "systemd-sulogin-shell rescue"},
	{"unit setting: a drop-in takes it back",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/rescue.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh (/etc/systemd/system/rescue.service.d/a.conf)"},
	{"unit setting: only taken back",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/rescue.service.d/a.conf", "[Service]\nExecStart=\n"}},
	 CHECK_FAIL,
	 "not set"},
	{"unit setting: masked",
	 RESCUE,
	 {{UNIT, "[Service]\n"}, {"/etc/systemd/system/rescue.service", "-> /dev/null"}},
	 CHECK_NOT_APPLICABLE,
	 "is masked"},
	{"unit setting: no such unit", RESCUE, {{NULL}}, CHECK_NOT_APPLICABLE, "is not there"},
	{"unit setting: a fifo", RESCUE, {{UNIT, "|fifo"}}, CHECK_ERROR, "not a regular file"},
	{"unit setting: of a template",
	 TTY,
	 {{"/usr/lib/systemd/system/getty@.service", "[Service]\nType=idle\n"}},
	 CHECK_PASS,
	 "idle"},
	{"unit setting: of the instance",
	 TTY,
	 {{"/usr/lib/systemd/system/getty@.service", "[Service]\nType=idle\n"},
	  {"/etc/systemd/system/getty@tty1.service.d/a.conf", "[Service]\nType=simple\n"}},
	 CHECK_FAIL,
	 "simple"},
	{"unit: found by a wildcard",
	 TIMERS,
	 {{TIMER, "[Timer]\n"},
	  {"/etc/systemd/system/timers.target.wants/nightly-backup.timer", "-> x"}},
	 CHECK_PASS,
	 "nightly-backup.timer is enabled"},
	{"unit: there but not enabled", TIMERS, {{TIMER, "[Timer]\n"}}, CHECK_FAIL, "none"},

	{"sources: signed",
	 UNSIGNED,
	 {{"/etc/apt/sources.list", "deb https://d.example/ a b\n"},
	  {"/etc/apt/apt.conf.d/1", "APT::Get::AllowUnauthenticated \"false\";\n"},
	  {"/etc/yum.repos.d/a.repo", "[a]\ngpgcheck=1\n[b]\ngpgcheck=0\nenabled=0\n"}},
	 CHECK_PASS,
	 "none"},
	{"sources: trusted by a word",
	 UNSIGNED,
	 {{"/etc/apt/sources.list", "\ndeb [arch=x trusted=yes] https://u:p@d.example/ a b\n"}},
	 CHECK_FAIL,
	 "=/etc/apt/sources.list line 2: taken without a signature"},
	{"sources: trusted in a paragraph",
	 UNSIGNED,
	 {{"/etc/apt/sources.list.d/a.sources",
	   "URIs: https://d/\n\nURIs: https://e/\nTrusted: yes\n"}},
	 CHECK_FAIL,
	 "a.sources line 2"},
	{"sources: a paragraph that is off",
	 UNSIGNED,
	 {{"/etc/apt/sources.list.d/a.sources", "Trusted: yes\nEnabled: no\n"}},
	 CHECK_PASS,
	 "none"},
	{"sources: settings in braces",
	 UNSIGNED,
	 {{"/etc/apt/apt.conf.d/1", "APT {\n Get {\n  AllowUnauthenticated \"true\";\n };\n};\n"}},
	 CHECK_FAIL,
	 "AllowUnauthenticated"},
	{"sources: dnf",
	 UNSIGNED,
	 {{"/etc/yum.repos.d/a.repo", "[a]\nbaseurl=https://a/\ngpgcheck = 0\n"}},
	 CHECK_FAIL,
	 "a.repo line 1"},
	{"sources: in the clear",
	 PLAIN,
	 {{"/etc/apt/sources.list", "deb http://d.example/ a b\n"},
	  {"/etc/apt/sources.list.d/a.sources", "Types: deb\nURIs: ftp://d/\n"}},
	 CHECK_FAIL,
	 "sources.list line 1: not encrypted"},
	{"sources: encrypted",
	 PLAIN,
	 {{"/etc/apt/sources.list", "#deb http://x\n"}},
	 CHECK_PASS,
	 "none"},
	{"sources: none", UNSIGNED, {{NULL}}, CHECK_NOT_APPLICABLE, "no settings"},
	{"sources: a folder for a file",
	 UNSIGNED,
	 {{"/etc/apt/sources.list/", NULL}},
	 CHECK_ERROR,
	 "not a regular"},

	{"usb rules: named",
	 GUARD,
	 {{RULES, "allow id 046d:c31c serial \"\"\nblock id 1:*\nreject\n"}},
	 CHECK_PASS,
	 "none"},
	{"usb rules: by class",
	 GUARD,
	 {{RULES, "\nallow with-interface one-of { 03:00:01 }\n"}},
	 CHECK_FAIL,
	 "rules.conf line 2"},
	{"usb rules: any product", GUARD, {{RULES, "allow id 046d:*\n"}}, CHECK_FAIL, "line 1"},
	{"usb rules: none", GUARD, {{NULL}}, CHECK_NOT_APPLICABLE, "no rules"},
	{"usb rules: a fifo", GUARD, {{RULES, "|fifo"}}, CHECK_ERROR, "not a regular file"},

	{"group: nobody",
	 DOCKER,
	 {{"/etc/group", "docker:x:9:\ndisk:x:6:backup\n"}},
	 CHECK_PASS,
	 "none"},
	{"group: a member",
	 DOCKER,
	 {{"/etc/group", "docker:x:9:anna,bert\n"}},
	 CHECK_FAIL,
	 "anna (docker), bert (docker)"},
	{"group: by the first group",
	 DOCKER,
	 {{"/etc/group", "docker:x:9:\n"}, {"/etc/passwd", "eve:x:7:9::/:/bin/sh\n"}},
	 CHECK_FAIL,
	 "=eve (docker)"},
	{"group: a line that is none",
	 DOCKER,
	 {{"/etc/group", "docker:x\n"}},
	 CHECK_ERROR,
	 "no group"},

	{"account: only root",
	 LOGIN,
	 {{"/etc/passwd", "root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\n"}},
	 CHECK_PASS,
	 "=root"},
	{"account: somebody else",
	 LOGIN,
	 {{"/etc/passwd", "eve:x:1000:9::/:/bin/zsh\n"}},
	 CHECK_FAIL,
	 "eve"},
	{"account: of a vendor, locked",
	 VENDOR,
	 {{"/etc/shadow", "admin:!$y$a:1::::::\nhmi:*:1::::::\nanna:$y$b:1::::::\n"}},
	 CHECK_PASS,
	 "none"},
	{"account: of a vendor, in use",
	 VENDOR,
	 {{"/etc/shadow", "admin:$6$secret:1::::::\n"}},
	 CHECK_FAIL,
	 "=admin"},
	{"account: a password for ever",
	 AGE,
	 {{"/etc/shadow", "a:$y$b:1:0:99999:7:::\nb:$y$b:1:0:90:7:::\n"}},
	 CHECK_FAIL,
	 "=a"},
	{"account: closed when unused",
	 INACTIVE,
	 {{"/etc/shadow", "a:$y$b:1:0:90:7:35::\nb:!:1::::::\n"}},
	 CHECK_PASS,
	 "none"},
	{"account: never closed",
	 INACTIVE,
	 {{"/etc/shadow", "a:$y$b:1:0:90:7:::\n"}},
	 CHECK_FAIL,
	 "=a"},
	{"account: groups", GID, {{"/etc/group", "a:x:5:\nb:x:5:\n"}}, CHECK_FAIL, "=b"},
	{"pam: any of several modules",
	 LASTLOG,
	 {{"/etc/pam.d/login", "session optional pam_lastlog2.so silent\n"}},
	 CHECK_PASS,
	 "silent"},
	{"pam: none of several modules",
	 LASTLOG,
	 {{"/etc/pam.d/login", "session optional pam_lastlogx/pam_z.so\n"}},
	 CHECK_FAIL,
	 "not in the stack"},
};

START_TEST(finds)
{
	run_case(&cases[_i]);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, finds, 0, (int)ARRAY_SIZE(cases));
}

UNIT_MAIN("checks_settings")
