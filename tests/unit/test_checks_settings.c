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
#define BEFORE                                                                                 \
	"kind = unit_setting\nunit = rescue.service\nsection = Unit\nkey = Before\nseveral = " \
	"add\n"                                                                                \
	"expect = like *a.target*\n"
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

#define LOGS	"kind = log_target\nlist = all\nexpect = some\n"
#define OPENLY	"kind = log_target\nlist = plain\nexpect = none\n"
#define RSYSLOG "/etc/rsyslog.d/a.conf"
#define TIME	"kind = time_source\nlist = all\nexpect = unlike *.pool.ntp.org\n"
#define PROVEN	"kind = time_source\nlist = unproven\nexpect = none\n"
#define CHRONY	"/etc/chrony/chrony.conf"
#define AUTO	"kind = display\nlist = autologin\nexpect = only kiosk\n"
#define NETWORK "kind = display\nlist = network\nexpect = none\n"
#define KIOSK	"kind = display\nlist = ways_out\nexpect = none\n"
#define XORG	"/etc/X11/xorg.conf.d/k.conf"
#define JOBS	"kind = changed\npaths = /etc/cron.d/*\nexpect = none\n"
#define LOADED	"/var/lib/plumbline/baseline/host.tar"

#define DENIED "kind = audit_rule\nsyscalls = openat\nexits = EACCES EPERM\nexpect = none\n"
#define OPENED "kind = audit_rule\nsyscalls = openat\nexpect = none\n"
#define AUDIT  "/etc/audit/rules.d/a.rules"
#define RULE(f) \
	"-a always,exit -F arch=b64 -S openat " f "\n-a always,exit -F arch=b32 -S openat " f "\n"

static const struct probe_case cases[] = {
	{"audit: both ends",
	 DENIED,
	 {{AUDIT, RULE("-F exit=-EACCES") RULE("-F exit=-EPERM")}},
	 CHECK_PASS,
	 "none"},
	{"audit: one end", DENIED, {{AUDIT, RULE("-F exit=-EACCES")}}, CHECK_FAIL, "=openat EPERM"},
	{"audit: any end is both", DENIED, {{AUDIT, RULE("")}}, CHECK_PASS, "none"},
	{"audit: failures are both", DENIED, {{AUDIT, RULE("-F success=0")}}, CHECK_PASS, "none"},
	{"audit: nothing ends below 0",
	 DENIED,
	 {{AUDIT, RULE("-F exit<0")}},
	 CHECK_FAIL,
	 "openat EACCES"},
	{"audit: successes are neither",
	 DENIED,
	 {{AUDIT, RULE("-F success!=0")}},
	 CHECK_FAIL,
	 "openat EACCES"},
	{"audit: refusals only", OPENED, {{AUDIT, RULE("-F exit=-EACCES")}}, CHECK_FAIL, "=openat"},
	{"audit: failures only", OPENED, {{AUDIT, RULE("-F success=0")}}, CHECK_FAIL, "=openat"},
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
	{"unit setting: a comment goes on in no other line, nor does it end one",
	 RESCUE,
	 {{UNIT, "[Service]\n; x \\\nExecStart=-/usr/lib/systemd/systemd-sulogin-shell \\\n"
		 "# y \\\n rescue\n"}},
	 CHECK_PASS,
	 "systemd-sulogin-shell rescue"},
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
	{"unit setting: drop-ins of an instance and of its template stand in one order",
	 TTY,
	 {{"/usr/lib/systemd/system/getty@.service", "[Service]\nType=idle\n"},
	  {"/usr/lib/systemd/system/getty@.service.d/z.conf", "[Service]\nType=simple\n"},
	  {"/etc/systemd/system/getty@tty1.service.d/a.conf", "[Service]\nType=idle\n"}},
	 CHECK_FAIL,
	 "simple"},
	{"unit setting: for all units of a type",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/service.d/a.conf", "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh (/etc/systemd/system/service.d/a.conf)"},
	{"unit setting: what is for one unit hides what is for its type",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {UNIT ".d/a.conf", "[Service]\n"},
	  {"/etc/systemd/system/service.d/a.conf", "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_PASS,
	 "sulogin"},
	{"unit setting: for names with one beginning",
	 "kind = unit_setting\nunit = a-b-c.service\nsection = Service\nkey = Type\n"
	 "expect = equals idle\n",
	 {{"/usr/lib/systemd/system/a-b-c.service", "[Service]\nType=idle\n"},
	  {"/etc/systemd/system/a-b-.service.d/y.conf", "[Service]\nType=exec\n"},
	  {"/etc/systemd/system/a-.service.d/z.conf", "[Service]\nType=simple\n"}},
	 CHECK_FAIL,
	 "simple"},
	{"unit setting: as somebody set it at run time",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/run/systemd/system.control/rescue.service.d/50-x.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh (/run/"},
	{"unit setting: what a link leads to is looked for by its own name",
	 RESCUE,
	 {{UNIT, "-> other.service"},
	  {"/usr/lib/systemd/system/other.service", "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/other.service", "[Service]\nExecStart=-/bin/sh\n"}},
	 CHECK_FAIL,
	 "-/bin/sh (/etc/systemd/system/other.service)"},
	{"unit setting: drop-ins of what a link leads to",
	 RESCUE,
	 {{UNIT, "-> other.service"},
	  {"/usr/lib/systemd/system/other.service", "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/other.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh ("},
	/* systemd-analyze verify of systemd 252 was asked which of such drop-ins it reads. */
	{"unit setting: drop-ins of a link that leads to it",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/other.service", "-> /lib/systemd/system/rescue.service"},
	  {"/etc/systemd/system/other.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh ("},
	{"unit setting: drop-ins of a link to a link",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/other.service", "-> third.service"},
	  {"/etc/systemd/system/third.service",
	   "-> ../../../usr/lib/systemd/system/rescue.service"},
	  {"/etc/systemd/system/other.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh ("},
	{"unit setting: drop-ins of the beginning of a link's name",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/a-b.service", "-> rescue.service"},
	  {"/etc/systemd/system/a-.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_FAIL,
	 "/bin/sh ("},
	{"unit setting: a link that a stronger folder hides",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/usr/lib/systemd/system/other.service", "-> rescue.service"},
	  {"/etc/systemd/system/other.service", "[Service]\n"},
	  {"/etc/systemd/system/other.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_PASS,
	 "sulogin"},
	{"unit setting: a link to what lies elsewhere",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/other.service", "-> /opt/rescue.service"},
	  {"/etc/systemd/system/other.service.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_PASS,
	 "sulogin"},
	{"unit setting: a link of another type",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/other.socket", "-> rescue.service"},
	  {"/etc/systemd/system/other.socket.d/a.conf",
	   "[Service]\nExecStart=\nExecStart=/bin/sh\n"}},
	 CHECK_PASS,
	 "sulogin"},
	{"unit setting: a link to the template",
	 TTY,
	 {{"/usr/lib/systemd/system/getty@.service", "[Service]\nType=idle\n"},
	  {"/usr/lib/systemd/system/autovt@.service", "-> getty@.service"},
	  {"/etc/systemd/system/autovt@tty1.service.d/a.conf", "[Service]\nType=simple\n"}},
	 CHECK_FAIL,
	 "simple"},
	{"unit setting: links that lead to each other",
	 RESCUE,
	 {{UNIT, "-> other.service"},
	  {"/usr/lib/systemd/system/other.service", "-> rescue.service"}},
	 CHECK_ERROR,
	 "go in circles"},
	{"unit setting: an empty file masks",
	 RESCUE,
	 {{UNIT, "[Service]\nExecStart=-/bin/sulogin\n"},
	  {"/etc/systemd/system/rescue.service", ""}},
	 CHECK_NOT_APPLICABLE,
	 "is masked"},
	{"unit setting: a byte order mark",
	 RESCUE,
	 {{UNIT, "\xef\xbb\xbf[Service]\nExecStart=-/bin/sulogin\n"}},
	 CHECK_PASS,
	 "sulogin"},
	{"unit setting: what adds up",
	 BEFORE,
	 {{UNIT, "[Unit]\nBefore=a.target\nBefore=\nBefore=b.target\n"}},
	 CHECK_PASS,
	 "a.target b.target"},
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
	{"logs: by an action",
	 LOGS,
	 {{RSYSLOG, "*.* action(type=\"omfwd\"\n target=\"10.0.0.9\" protocol=\"tcp\")\n"}},
	 CHECK_PASS,
	 "=rsyslog-tcp 10.0.0.9 (/etc/rsyslog.d/a.conf)"},
	{"logs: by the old way",
	 LOGS,
	 {{RSYSLOG, "*.* @@(o)logs:514\n"}},
	 CHECK_PASS,
	 "rsyslog-tcp logs:514"},
	{"logs: a comment sends nothing",
	 LOGS,
	 {{RSYSLOG, "# action(type=\"omfwd\" target=\"x\")\n  #*.* @x\n*.* /var/log/x\n"}},
	 CHECK_FAIL,
	 "none"},
	{"logs: by the agent",
	 OPENLY,
	 {{"/etc/plumbline/plumbline.conf", "[collector]\nurl = https://c \n"}},
	 CHECK_PASS,
	 "none"},
	{"logs: encrypted",
	 OPENLY,
	 {{RSYSLOG, "action(type=\"omfwd\" target=\"a\" protocol=\"tcp\" StreamDriverMode=\"1\")"}},
	 CHECK_PASS,
	 "none"},
	{"logs: TLS that is switched off",
	 OPENLY,
	 {{RSYSLOG, "action(type=\"omfwd\" target=\"a\" protocol=\"tcp\" StreamDriverMode=\"0\")"}},
	 CHECK_FAIL,
	 "rsyslog-tcp a"},
	{"logs: encrypted by UDP is not",
	 OPENLY,
	 {{RSYSLOG, "action(type=\"omfwd\" target=\"a\" StreamDriverMode=\"1\")"}},
	 CHECK_FAIL,
	 "rsyslog-udp a"},
	{"logs: a driver alone encrypts nothing",
	 OPENLY,
	 {{RSYSLOG, "global(DefaultNetstreamDriver=\"gtls\")\naction(type=\"omfwd\" target=\"a\" "
		    "protocol=\"tcp\")\n"}},
	 CHECK_FAIL,
	 "rsyslog-tcp a"},
	{"logs: the journal in the clear",
	 OPENLY,
	 {{"/etc/systemd/journal-upload.conf", "[Upload]\nURL=http://c\n"}},
	 CHECK_FAIL,
	 "journal-upload http://c"},
	{"logs: the audit daemon",
	 OPENLY,
	 {{"/etc/audit/audisp-remote.conf", "remote_server = 10.1.1.1 \ntransport = KRB5\n"}},
	 CHECK_PASS,
	 "none"},
	{"logs: settings are a fifo",
	 LOGS,
	 {{"/etc/rsyslog.conf", "|fifo"}},
	 CHECK_ERROR,
	 "not a regular file"},

	{"time: of the site",
	 TIME,
	 {{CHRONY, "server ntp1.site iburst\n! pool x.pool.ntp.org\n"}},
	 CHECK_PASS,
	 "ntp1.site"},
	{"time: of a public pool",
	 TIME,
	 {{CHRONY, "pool 2.debian.pool.ntp.org iburst\n"}},
	 CHECK_FAIL,
	 "2.debian.pool"},
	{"time: proven",
	 PROVEN,
	 {{CHRONY, "server a nts\nserver b key 3\nrefclock PPS /dev/pps0\n"}},
	 CHECK_PASS,
	 "none"},
	{"time: unproven",
	 PROVEN,
	 {{"/etc/systemd/timesyncd.conf.d/a.conf", "[Time]\nNTP=a b\n"}},
	 CHECK_FAIL,
	 "a (/etc/systemd/timesyncd.conf.d/a.conf), b"},
	{"time: no settings", TIME, {{NULL}}, CHECK_NOT_APPLICABLE, "no time service"},
	{"time: binary junk", TIME, {{CHRONY, "server a\0\n", 10}}, CHECK_ERROR, "binary data"},

	{"screen: nobody",
	 AUTO,
	 {{"/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLogin=anna\n"}},
	 CHECK_PASS,
	 "none"},
	{"screen: by gdm",
	 AUTO,
	 {{"/etc/gdm3/daemon.conf",
	   "[daemon]\nAutomaticLoginEnable = True\nAutomaticLogin=anna\n"}},
	 CHECK_FAIL,
	 "=anna (/etc/gdm3/daemon.conf)"},
	{"screen: the kiosk by lightdm",
	 AUTO,
	 {{"/etc/lightdm/lightdm.conf", "[Seat:*]\n#autologin-user=x\nautologin-user=kiosk\n"}},
	 CHECK_PASS,
	 "kiosk"},
	{"screen: no settings", AUTO, {{NULL}}, CHECK_NOT_APPLICABLE, "no login screen"},
	{"screen: open to the network",
	 NETWORK,
	 {{"/etc/gdm/custom.conf", "[security]\nDisallowTCP=false\n"}},
	 CHECK_FAIL,
	 "DisallowTCP"},
	{"screen: closed", NETWORK, {{"/etc/gdm/custom.conf", "[security]\n"}}, CHECK_PASS, "none"},
	{"screen: a fifo",
	 NETWORK,
	 {{"/etc/sddm.conf", "|fifo"}},
	 CHECK_ERROR,
	 "not a regular file"},
	{"kiosk: keys are off",
	 KIOSK,
	 {{"/usr/bin/Xorg", ""}, {XORG, "Option \"DontVTSwitch\" \"on\"\nOption \"DontZap\"\n"}},
	 CHECK_PASS,
	 "none"},
	{"kiosk: a key works",
	 KIOSK,
	 {{"/usr/bin/Xorg", ""},
	  {XORG, "Option \"DontVTSwitch\" \"off\"\nOption \"DontZap\" \"true\"\n"}},
	 CHECK_FAIL,
	 "Ctrl-Alt-F2"},
	{"kiosk: no X", KIOSK, {{NULL}}, CHECK_NOT_APPLICABLE, "no X server"},

	{"changed: before the baseline",
	 JOBS,
	 {{"/etc/cron.d/a", ""}, {LOADED, ""}},
	 CHECK_PASS,
	 "none (1 looked at)"},
	{"changed: no baseline",
	 JOBS,
	 {{"/etc/cron.d/a", ""}},
	 CHECK_NOT_APPLICABLE,
	 "no baseline"},
	{"changed: nothing there", JOBS, {{LOADED, ""}}, CHECK_NOT_APPLICABLE, "is not there"},
	{"changed: a circle",
	 JOBS,
	 {{LOADED, ""}, {"/etc/cron.d/a", "-> a"}},
	 CHECK_ERROR,
	 "circles"},
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

static const struct long_case long_cases[] = {
	{"lines", SNMP, CONF, "rocommunity x\n", "such lines"},
	{"package sources", UNSIGNED, "/etc/apt/sources.list", "deb [trusted=yes] http://a b c\n",
	 "such package sources"},
	{"usbguard", GUARD, RULES, "allow\n", "wide rules"},
	{"group", DOCKER, "/etc/group", "docker:x:1:a\n", "members"},
	{"log target", "kind = log_target\nlist = all\nexpect = none\n", "/etc/rsyslog.conf",
	 "*.* @@a\n", "targets"},
	{"display", NETWORK, "/etc/lightdm/lightdm.conf", "[VNCServer]\nenabled=true\n",
	 "such settings"},
	{"time source", "kind = time_source\nlist = all\nexpect = none\n", "/etc/chrony.conf",
	 "server a\n", "time sources"},
	{"sudo", "kind = sudo\nrules_with = NOPASSWD\nexpect = none\n", "/etc/sudoers",
	 "a ALL=NOPASSWD:ALL\n", "such rules"},
	{"mounts", "kind = mounts\npoints = /m*\nlack = nosuid\nwithout = w\nexpect = none\n",
	 "/proc/self/mountinfo", "1 2 8:1 / /m rw - ext4 /dev/a rw\n", "mounts"},
};

START_TEST(what_is_too_long_to_list_says_so)
{
	run_long_case(&long_cases[_i]);
}
END_TEST

static const struct probe_case unreadable_cases[] = {
	{"the pattern that cannot be read, not its neighbours",
	 "kind = path\npaths = /a/*.x /b/*.x\nexpect = none\n",
	 {{"/a/1.y", ""}, {"/b", "-> b"}},
	 CHECK_ERROR,
	 "=cannot read /b/*.x: symbolic links go in circles or lead out of the tree"},
	{"the file, where one of many cannot be read",
	 GUARD,
	 {{"/etc/usbguard/rules.d/a.conf", "allow id 1:2\n"},
	  {"/etc/usbguard/rules.d/b.conf", "-> b.conf"}},
	 CHECK_ERROR,
	 "=cannot read /etc/usbguard/rules.d/b.conf: symbolic links go in circles or lead out of "
	 "the tree"},
};

START_TEST(what_cannot_be_read_is_named)
{
	run_case(&unreadable_cases[_i]);
}
END_TEST

static bool is_same_time(const struct stat *a, const struct stat *b)
{
	return a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Clocks of file systems tick: touches @path until its change is later than that of @than. */
static void touch_after(const char *path, const char *than)
{
	struct stat first, second;

	ck_assert_int_eq(stat(than, &first), 0);
	do {
		ck_assert_int_eq(chmod(path, 0644), 0);
		ck_assert_int_eq(stat(path, &second), 0);
	} while (is_same_time(&second, &first));
}

/* The same with a link at @path. */
static void link_after(const char *path, const char *than)
{
	struct stat first, second;

	ck_assert_int_eq(stat(than, &first), 0);
	do {
		(void)unlink(path);
		ck_assert_int_eq(symlink("/usr/share/old", path), 0);
		ck_assert_int_eq(lstat(path, &second), 0);
	} while (is_same_time(&second, &first));
}

/* A job that @touch makes later than the baseline is listed. */
static void run_job_case(const struct node *nodes,
			 void (*touch)(const char *job, const char *loaded))
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_check_result struct check_result result = {0};
	char *folder = unit_folder_new(), root[256], data[256], job[320], loaded[320];

	snprintf(root, sizeof(root), "%s/root", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	snprintf(job, sizeof(job), "%s/etc/cron.d/a", root);
	snprintf(loaded, sizeof(loaded), "%s" LOADED, root);
	make_data(data, JOBS);
	make_tree(root, nodes);
	touch(job, loaded);
	ck_assert_int_eq(check_set_load(data, "p", &set, NULL), 0);
	ck_assert_int_eq(check_run(set, 0, root, &result), 0);
	unit_folder_free(folder);
	ck_assert_int_eq(result.outcome, CHECK_FAIL);
	ck_assert_str_eq(result.actual, "/etc/cron.d/a");
}

START_TEST(what_was_touched_after_the_baseline_is_listed)
{
	const struct node nodes[MAX_NODES] = {{LOADED, ""}, {"/etc/cron.d/a", ""}};

	run_job_case(nodes, touch_after);
}
END_TEST

START_TEST(a_new_link_to_an_old_file_is_listed)
{
	const struct node nodes[MAX_NODES] = {
		{"/usr/share/old", ""}, {LOADED, ""}, {"/etc/cron.d/", ""}};

	run_job_case(nodes, link_after);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, finds, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(tcase, what_is_too_long_to_list_says_so, 0,
			    (int)ARRAY_SIZE(long_cases));
	tcase_add_loop_test(tcase, what_cannot_be_read_is_named, 0,
			    (int)ARRAY_SIZE(unreadable_cases));
	tcase_add_test(tcase, what_was_touched_after_the_baseline_is_listed);
	tcase_add_test(tcase, a_new_link_to_an_old_file_is_listed);
}

UNIT_MAIN("checks_settings")
