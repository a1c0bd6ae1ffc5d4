/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes that look at files, units, packages, audit rules and the agent itself. */
#include "checks_tree.h"

#define SHADOW                                                                                     \
	"kind = file_mode\npath = /etc/shadow /etc/gshadow\nowner = owner nobody\ngroup = owner\n" \
	"max_mode = 0640\nexpect = none\n"
#define BIN	"kind = file_mode\npath = /usr/bin/*\nmax_mode = 7755\nexpect = none\n"
#define STRANGE "kind = file_mode\npath = /etc/shadow\nowner = nosuchuser\nexpect = none\n"
#define CUPS	"kind = unit\nunits = cups.service cups.socket\nlist = active\nexpect = none\n"
#define MASK	"kind = unit\nunits = ctrl-alt-del.target\nlist = unmasked\nexpect = none\n"
#define PRINTS	"kind = unit\nunits = cups.service\nlist = running\nexpect = some\n"
#define WANTED                                                                         \
	{                                                                              \
		"/etc/systemd/system/multi-user.target.wants/cups.service", "-> " UNIT \
	}
#define TIME		     "kind = unit\nunits = chrony.service ntp.service\nlist = active\nexpect = count 1\n"
#define TELNET		     "kind = package\nnames = telnetd gcc-[0-9][0-9]\nexpect = none\n"
#define STATUS		     "/var/lib/dpkg/status"
#define PACKAGE(name, state) "Package: " name "\nStatus: " state "\nVersion: 1\n\n"
#define WATCH		     "kind = audit_rule\npaths = /etc/passwd /etc/sudoers.d\nexpect = none\n"
#define CALLS		     "kind = audit_rule\nsyscalls = mount umount2\nexpect = none\n"
#define RULES		     "/etc/audit/rules.d/a.rules"
#define LOADED		     "kind = plumbline\nfact = baseline\nexpect = present\n"
#define RUNS		     "kind = plumbline\nfact = supervisor\nexpect = equals running\n"
#define UNIT		     "/usr/lib/systemd/system/cups.service"

static const struct probe_case cases[] = {
	{"mode: tight enough",
	 SHADOW,
	 {{"0640 /etc/shadow", ""}, {"0600 /etc/gshadow", ""}},
	 CHECK_PASS,
	 "none (2 looked at)"},
	{"mode: too loose",
	 SHADOW,
	 {{"0644 /etc/shadow", ""}, {"0600 /etc/gshadow", ""}},
	 CHECK_FAIL,
	 "/etc/shadow is 0644"},
	{"mode: setuid counts", SHADOW, {{"4600 /etc/shadow", ""}}, CHECK_FAIL, "is 4600"},
	{"mode: an owner that does not exist owns nothing",
	 STRANGE,
	 {{"/etc/shadow", ""}},
	 CHECK_FAIL,
	 "/etc/shadow is 0644"},
	{"mode: not there", SHADOW, {{NULL}}, CHECK_NOT_APPLICABLE, "is not there"},
	{"mode: must be there", SHADOW "missing = fail\n", {{NULL}}, CHECK_FAIL, "is not there"},
	{"mode: one of a folder",
	 BIN,
	 {{"0755 /usr/bin/a", ""}, {"0775 /usr/bin/b", ""}, {"4755 /usr/bin/c", ""}},
	 CHECK_FAIL,
	 "/usr/bin/b is 0775"},
	{"mode: links are followed within the root",
	 BIN,
	 {{"/usr/bin/a", "-> /opt/x"}, {"0777 /opt/x", ""}},
	 CHECK_FAIL,
	 "/usr/bin/a is 0777"},
	{"mode: links that dangle are passed over",
	 BIN,
	 {{"/usr/bin/a", "-> /nowhere"}, {"0755 /usr/bin/b", ""}},
	 CHECK_PASS,
	 "none (1 looked at)"},
	{"mode: links in a circle",
	 BIN,
	 {{"/usr/bin/a", "-> b"}, {"/usr/bin/b", "-> a"}},
	 CHECK_ERROR,
	 "circles"},
	{"mode: hostile names are escaped",
	 BIN,
	 {{"0777 /usr/bin/a\nb", ""}},
	 CHECK_FAIL,
	 "/usr/bin/a\\x0ab is 0777"},
	{"mode: a fifo has a mode too", BIN, {{"/usr/bin/a", "|fifo"}}, CHECK_PASS, "none"},

	{"unit: present but not wanted", CUPS, {{UNIT, "[Unit]\n"}}, CHECK_PASS, "none"},
	{"unit: enabled by a link that dangles",
	 CUPS,
	 {{UNIT, "[Unit]\n"},
	  {"/etc/systemd/system/multi-user.target.wants/cups.service", "-> " UNIT ".x"}},
	 CHECK_FAIL,
	 "cups.service is enabled"},
	{"unit: wanted but masked",
	 CUPS,
	 {{UNIT, "[Unit]\n"},
	  {"/etc/systemd/system/cups.service", "-> /dev/null"},
	  {"/etc/systemd/system/multi-user.target.wants/cups.service", "-> " UNIT}},
	 CHECK_PASS,
	 "none"},
	{"unit: runs although nothing wants it",
	 CUPS,
	 {{UNIT, "[Unit]\n"},
	  {"/sys/fs/cgroup/system.slice/cups.service/cgroup.events", "populated 1\nfrozen 0\n"}},
	 CHECK_FAIL,
	 "cups.service runs"},
	{"unit: an empty cgroup does not run",
	 CUPS,
	 {{UNIT, "[Unit]\n"},
	  {"/sys/fs/cgroup/system.slice/cups.service/cgroup.events", "populated 0\nfrozen 0\n"}},
	 CHECK_PASS,
	 "none"},
	{"unit: enabled, but not started by the systemd that runs",
	 PRINTS,
	 {{UNIT, "[Unit]\n"}, WANTED, {"/run/systemd/system/", ""}},
	 CHECK_FAIL,
	 "none"},
	{"unit: enabled where nobody started systemd",
	 PRINTS,
	 {{UNIT, "[Unit]\n"}, WANTED},
	 CHECK_PASS,
	 "cups.service is enabled"},
	{"unit: started, by control groups of the first version",
	 PRINTS,
	 {{UNIT, "[Unit]\n"},
	  {"/run/systemd/system/", ""},
	  {"/sys/fs/cgroup/systemd/system.slice/cups.service/cgroup.procs", "812\n"}},
	 CHECK_PASS,
	 "cups.service runs"},
	{"unit: in the last of the folders, which is one of its own",
	 MASK,
	 {{"/usr/lib/systemd/system/", ""},
	  {"/lib/systemd/system/ctrl-alt-del.target", "[Unit]\n"}},
	 CHECK_FAIL,
	 "=ctrl-alt-del.target"},
	{"unit: in the last of the folders, which is a link to another place",
	 MASK,
	 {{"/usr/lib/systemd/system/", ""},
	  {"/lib", "-> other"},
	  {"/other/systemd/system/ctrl-alt-del.target", "[Unit]\n"}},
	 CHECK_FAIL,
	 "=ctrl-alt-del.target"},
	{"unit: no systemd", CUPS, {{NULL}}, CHECK_NOT_APPLICABLE, "no systemd"},
	{"unit: links in a circle",
	 CUPS,
	 {{"/usr/lib/systemd/system/cups.service", "-> cups.socket"},
	  {"/usr/lib/systemd/system/cups.socket", "-> cups.service"}},
	 CHECK_ERROR,
	 "circles"},
	{"unit: masked by an empty file",
	 MASK,
	 {{"/usr/lib/systemd/system/ctrl-alt-del.target", "[Unit]\n"},
	  {"/etc/systemd/system/ctrl-alt-del.target", ""}},
	 CHECK_PASS,
	 "none"},
	{"unit: not masked",
	 MASK,
	 {{"/usr/lib/systemd/system/ctrl-alt-del.target", "-> reboot.target"},
	  {"/usr/lib/systemd/system/reboot.target", "[Unit]\n"}},
	 CHECK_FAIL,
	 "ctrl-alt-del.target"},
	{"unit: exactly one",
	 TIME,
	 {{"/usr/lib/systemd/system/chrony.service", "[Unit]\n"},
	  {"/usr/lib/systemd/system/multi-user.target.wants/chrony.service",
	   "-> ../chrony.service"}},
	 CHECK_PASS,
	 "chrony.service is enabled"},
	{"unit: none is not one",
	 TIME,
	 {{"/usr/lib/systemd/system/chrony.service", "[Unit]\n"}},
	 CHECK_FAIL,
	 "none"},

	{"package: only what is installed counts",
	 TELNET,
	 {{STATUS, PACKAGE("telnetd", "deinstall ok config-files")
			   PACKAGE("gcc-12-base", "install ok installed")}},
	 CHECK_PASS,
	 "none"},
	{"package: by pattern",
	 TELNET,
	 {{STATUS, PACKAGE("gcc-12", "install ok installed")}},
	 CHECK_FAIL,
	 "gcc-12"},
	{"package: names are whole, and patterns too",
	 TELNET,
	 {{STATUS,
	   PACKAGE("telnetd-doc", "install ok installed") PACKAGE("telnet", "install ok installed")
		   PACKAGE("gcc-1", "install ok installed")
			   PACKAGE("cpp-12", "install ok installed")}},
	 CHECK_PASS,
	 "none"},
	{"package: a state without a name",
	 TELNET,
	 {{STATUS, "Package: telnetd\n\nStatus: install ok installed\n"}},
	 CHECK_PASS,
	 "none"},
	{"package: no database is an error, no pass",
	 TELNET,
	 {{NULL}},
	 CHECK_ERROR,
	 "no database of dpkg or rpm"},
	{"package: a database of junk", TELNET, {{STATUS, "%70000"}}, CHECK_ERROR, "binary data"},
	{"package: as a condition",
	 TELNET "applies = package x y\notherwise = neither x nor y\n",
	 {{STATUS, PACKAGE("telnetd", "install ok installed")}},
	 CHECK_NOT_APPLICABLE,
	 "neither x nor y"},
	{"package: a condition that cannot be found out",
	 BIN "applies = package x\notherwise = o\n",
	 {{NULL}},
	 CHECK_ERROR,
	 "cannot tell whether"},

	{"audit: watched, also by the folder above",
	 WATCH,
	 {{RULES, "-w /etc/passwd -p wa -k a\n-a always,exit -F dir=/etc/ -F perm=wa\n"}},
	 CHECK_PASS,
	 "none"},
	{"audit: one is missing",
	 WATCH,
	 {{RULES, "-w /etc/passwd -p wa -k a\n# -w /etc/sudoers.d\n"}},
	 CHECK_FAIL,
	 "/etc/sudoers.d"},
	{"audit: a longer name is another file",
	 WATCH,
	 {{RULES, "-w /etc/passwd- -p wa\n-w /etc/pass -p wa\n-w /etc/sudoers.d/ -p wa\n"}},
	 CHECK_FAIL,
	 "=/etc/passwd"},
	{"audit: calls in one rule",
	 CALLS,
	 {{RULES, "-a always,exit -F arch=b64 -S mount,umount2 -k m\n"
		  "-a always,exit -F arch=b32 -S mount,umount2 -k m\n"}},
	 CHECK_PASS,
	 "none"},
	{"audit: calls that are never recorded",
	 CALLS,
	 {{RULES, "-a never,exit -S mount,umount2 -S 21 -S 52\n"}},
	 CHECK_FAIL,
	 "=mount (a rule in front says never), umount2 (a rule in front says never)"},
	{"audit: no rules at all", CALLS, {{NULL}}, CHECK_FAIL, "mount, umount2"},
	{"audit: a fifo", CALLS, {{RULES, "|fifo"}}, CHECK_ERROR, "not a regular file"},

	{"agent: a baseline",
	 LOADED,
	 {{"/var/lib/plumbline/baseline/site.tar", ""}},
	 CHECK_PASS,
	 "loaded"},
	{"agent: no baseline",
	 LOADED,
	 {{"/var/lib/plumbline/baseline/incoming-x", ""}},
	 CHECK_FAIL,
	 "no baseline is loaded"},
	{"agent: runs",
	 RUNS,
	 {{"/run/plumbline/plumblined.pid", "17\n"}, {"/proc/17/comm", "plumblined\n"}},
	 CHECK_PASS,
	 "running"},
	{"agent: the number is used by another",
	 RUNS,
	 {{"/run/plumbline/plumblined.pid", "17\n"}, {"/proc/17/comm", "bash\n"}},
	 CHECK_FAIL,
	 "left its pid"},
	{"agent: not running", RUNS, {{NULL}}, CHECK_FAIL, "does not run"},
	{"agent: a pid file of junk",
	 RUNS,
	 {{"/run/plumbline/plumblined.pid", "x\n"}},
	 CHECK_ERROR,
	 "no process number"},
};

START_TEST(finds)
{
	run_case(&cases[_i]);
}
END_TEST

/* The same file, named again and again, is as long a list as many files are. */
START_TEST(loose_files_are_counted_to_a_bound)
{
	cleanup_strbuf struct strbuf keys = STRBUF_INIT;
	struct probe_case inner = {.nodes = {{"0666 /loose", ""}}};

	strbuf_add_str(&keys, "kind = file_mode\nmax_mode = 0600\nexpect = none\npath = /loose\n");
	for (int i = 1; i < MAX_FOUND; i++)
		strbuf_add_str(&keys, "\t/loose\n");
	inner.name = "as many as are listed";
	inner.keys = keys.data;
	inner.outcome = CHECK_FAIL;
	inner.text = " and 248 more";
	run_case(&inner);
	strbuf_add_str(&keys, "\t/loose\n");
	ck_assert_int_eq(strbuf_check(&keys), 0);
	inner.name = "one more";
	inner.keys = keys.data;
	inner.outcome = CHECK_ERROR;
	inner.text = "=more than 256 files that are looser than wanted";
	run_case(&inner);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, loose_files_are_counted_to_a_bound);
	tcase_add_loop_test(tcase, finds, 0, (int)ARRAY_SIZE(cases));
}

UNIT_MAIN("checks_host")
