/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes of auditing: what rules record, as configured and as the kernel lists them,
 * and what the kernel says of itself, over made-up answers. */
#include "checks_tree.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#include "netlink_bytes.h"

#define WATCH	   "kind = audit_rule\npaths = /etc/passwd /etc/sudoers.d/x\nperms = wa\nexpect = none\n"
#define CALLS	   "kind = audit_rule\nsyscalls = mount umount2\nexpect = none\n"
#define RULES	   "/etc/audit/rules.d/a.rules"
#define CONFIGURED "-w /etc/passwd -p wa\n-w /etc/sudoers.d -p wa\n"
#define CALLED_64  "-a always,exit -F arch=b64 -S mount,umount2\n"
#define CALLED_32  "-a always,exit -F arch=b32 -S mount,umount2\n"
#define CALLED	   CALLED_64 CALLED_32
#define BOTH                                   \
	{                                      \
		SYS_mount, SYS_umount2, 21, 52 \
	} /* as 32-bit programs number them, too */
#define OTHER_ARCH (AUDIT_ARCH_S390X)

struct field {
	uint32_t field, value;
	const char *text;
};

struct loaded {
	uint32_t action; /* 0, unless it is for tasks: none */
	struct field fields[3];
	int calls[4]; /* 0: all */
	bool is_for_tasks;
};

/* "never" is 0. */
static bool is_there(const struct loaded *loaded)
{
	return loaded->action || loaded->is_for_tasks || loaded->fields[0].field;
}

static void put_audit_rule(struct strbuf *out, const struct loaded *loaded)
{
	struct audit_rule_data rule = {.action = loaded->action};
	cleanup_strbuf struct strbuf payload = STRBUF_INIT, texts = STRBUF_INIT;

	rule.flags = loaded->is_for_tasks ? AUDIT_FILTER_TASK : AUDIT_FILTER_EXIT;
	for (size_t i = 0; i < ARRAY_SIZE(loaded->fields) && loaded->fields[i].field; i++) {
		const struct field *field = &loaded->fields[i];

		rule.fields[rule.field_count] = field->field;
		rule.fieldflags[rule.field_count] = AUDIT_EQUAL;
		rule.values[rule.field_count++] =
			field->text ? (uint32_t)strlen(field->text) : field->value;
		strbuf_add_str(&texts, field->text ? field->text : "");
	}
	if (!loaded->calls[0])
		memset(rule.mask, 0xff, sizeof(rule.mask));
	for (size_t i = 0; i < ARRAY_SIZE(loaded->calls) && loaded->calls[i]; i++)
		rule.mask[loaded->calls[i] / 32] |= 1u << loaded->calls[i] % 32;
	rule.buflen = (uint32_t)texts.len;
	strbuf_add(&payload, &rule, sizeof(rule));
	strbuf_add(&payload, texts.data, texts.len);
	put_message(out, AUDIT_LIST_RULES, payload.data, payload.len);
}

static const struct {
	const char *name, *keys, *configured;
	struct loaded loaded[3];
	enum check_outcome outcome;
	const char *text;
} audits[] = {
	{"a rule for all tasks ends it",
	 CALLS,
	 CALLED,
	 {{.action = AUDIT_NEVER, .is_for_tasks = true}, {AUDIT_ALWAYS, {{0}}, BOTH}},
	 CHECK_FAIL,
	 "mount (a rule in front says never)"},
	{"a rule for some tasks does not",
	 CALLS,
	 CALLED "-a never,task -F uid=33\n",
	 {{.action = AUDIT_NEVER, .fields = {{AUDIT_UID, 33, NULL}}, .is_for_tasks = true},
	  {AUDIT_ALWAYS, {{0}}, BOTH}},
	 CHECK_PASS,
	 "none"},
	{"a rule for all tasks will end it",
	 CALLS,
	 "-a task,never\n" CALLED,
	 {{AUDIT_ALWAYS, {{0}}, BOTH}},
	 CHECK_FAIL,
	 "mount (a rule in front says never)"},
	{"a rule in front ends it in the kernel alone",
	 WATCH,
	 CONFIGURED,
	 {{AUDIT_NEVER, {{AUDIT_PERM, AUDIT_PERM_WRITE}}},
	  {AUDIT_ALWAYS, {{AUDIT_DIR, 0, "/etc"}}}},
	 CHECK_FAIL,
	 "=/etc/passwd (a rule in front says never), "
	 "/etc/sudoers.d/x (a rule in front says never)"},
	{"calls chosen for the permission",
	 "kind = audit_rule\npaths = /etc/passwd\nperms = x\nexpect = none\n",
	 "-w /etc/passwd -p x\n",
	 {{AUDIT_ALWAYS,
	   {{AUDIT_ARCH, AUDIT_ARCH_X86_64, NULL},
	    {AUDIT_WATCH, 0, "/etc/passwd"},
	    {AUDIT_PERM, 1}},
	   {SYS_execve, SYS_execveat}},
	  {AUDIT_ALWAYS,
	   {{AUDIT_ARCH, AUDIT_ARCH_I386, NULL}, {AUDIT_WATCH, 0, "/etc/passwd"}, {AUDIT_PERM, 1}},
	   {11, 358}}},
	 CHECK_PASS,
	 "none"},
	{"calls that 32-bit programs number otherwise",
	 "kind = audit_rule\npaths = /etc/passwd\nperms = x\nexpect = none\n",
	 "-w /etc/passwd -p x\n",
	 {{AUDIT_ALWAYS,
	   {{AUDIT_WATCH, 0, "/etc/passwd"}, {AUDIT_PERM, 1}},
	   {SYS_execve, SYS_execveat}}},
	 CHECK_FAIL,
	 "=/etc/passwd b32 (not loaded)"},
	{"calls of another permission",
	 "kind = audit_rule\npaths = /etc/passwd\nperms = wa\nexpect = none\n",
	 "-w /etc/passwd -p wa\n",
	 {{AUDIT_ALWAYS,
	   {{AUDIT_WATCH, 0, "/etc/passwd"}, {AUDIT_PERM, 10}},
	   {SYS_openat, SYS_execve}}},
	 CHECK_FAIL,
	 "=/etc/passwd (not loaded)"},
	{"configured and loaded",
	 WATCH,
	 CONFIGURED,
	 {{AUDIT_ALWAYS,
	   {{AUDIT_WATCH, 0, "/etc/passwd"}, {AUDIT_PERM, 2 | 8}, {AUDIT_FILTERKEY, 0, "k"}}},
	  {AUDIT_ALWAYS, {{AUDIT_DIR, 0, "/etc/sudoers.d"}, {AUDIT_PERM, 15}}}},
	 CHECK_PASS,
	 "none"},
	{"configured only",
	 WATCH,
	 CONFIGURED,
	 {{AUDIT_ALWAYS, {{AUDIT_DIR, 0, "/etc/sudoers.d"}}}},
	 CHECK_FAIL,
	 "=/etc/passwd (not loaded)"},
	{"loaded only",
	 WATCH,
	 "-w /etc/passwd -p wa\n",
	 {{AUDIT_ALWAYS, {{AUDIT_DIR, 0, "/etc"}}}},
	 CHECK_FAIL,
	 "=/etc/sudoers.d/x (loaded, not configured)"},
	{"neither",
	 WATCH,
	 "-w /etc/passwd -p wa\n",
	 {{0}},
	 CHECK_FAIL,
	 "=/etc/passwd (not loaded), /etc/sudoers.d/x"},
	{"loaded for reading",
	 WATCH,
	 CONFIGURED,
	 {{AUDIT_ALWAYS, {{AUDIT_WATCH, 0, "/etc/passwd"}, {AUDIT_PERM, 4}}},
	  {AUDIT_ALWAYS, {{AUDIT_DIR, 0, "/etc/sudoers.d"}}}},
	 CHECK_FAIL,
	 "=/etc/passwd (not loaded)"},
	{"configured for reading",
	 WATCH,
	 "-w /etc/passwd -p r\n-a always,exit -F dir=/etc/sudoers.d -F perm=wa\n",
	 {{AUDIT_ALWAYS, {{AUDIT_DIR, 0, "/etc"}}}},
	 CHECK_FAIL,
	 "=/etc/passwd (loaded, not configured)"},
	{"loaded as never",
	 WATCH,
	 CONFIGURED,
	 {{AUDIT_NEVER, {{AUDIT_DIR, 0, "/etc"}}}},
	 CHECK_FAIL,
	 "/etc/passwd (a rule in front says never)"},
	{"the text before the path is not the path",
	 WATCH,
	 CONFIGURED,
	 {{AUDIT_ALWAYS, {{AUDIT_FILTERKEY, 0, "/etc"}, {AUDIT_DIR, 0, "/srv"}}}},
	 CHECK_FAIL,
	 "/etc/passwd (not loaded)"},
	{"calls", CALLS, CALLED, {{AUDIT_ALWAYS, {{0}}, BOTH}}, CHECK_PASS, "none"},
	{"one of the calls",
	 CALLS,
	 CALLED,
	 {{AUDIT_ALWAYS, {{0}}, {SYS_mount, 21}}},
	 CHECK_FAIL,
	 "=umount2 (not loaded)"},
	{"calls of 64-bit programs alone",
	 CALLS,
	 CALLED,
	 {{AUDIT_ALWAYS, {{AUDIT_ARCH, AUDIT_ARCH_X86_64, NULL}}, BOTH}},
	 CHECK_FAIL,
	 "=mount b32 (not loaded), umount2 b32 (not loaded)"},
	{"calls of 64-bit programs alone are configured",
	 CALLS,
	 CALLED_64,
	 {{AUDIT_ALWAYS, {{0}}, BOTH}},
	 CHECK_FAIL,
	 "=mount b32 (loaded, not configured), umount2 b32 (loaded, not configured)"},
	{"numbers without an arch",
	 CALLS,
	 CALLED,
	 {{AUDIT_ALWAYS, {{0}}, {SYS_mount, SYS_umount2}}},
	 CHECK_FAIL,
	 "=mount b32 (not loaded), umount2 b32 (not loaded)"},
	{"calls of another machine",
	 CALLS,
	 CALLED,
	 {{AUDIT_ALWAYS, {{AUDIT_ARCH, OTHER_ARCH}}, BOTH}},
	 CHECK_FAIL,
	 "mount (not loaded)"},
	{"calls on one file only",
	 CALLS,
	 CALLED,
	 {{AUDIT_ALWAYS, {{AUDIT_WATCH, 0, "/srv/x"}}}},
	 CHECK_FAIL,
	 "mount (not loaded)"},
	{"a call that is none",
	 "kind = audit_rule\nsyscalls = mount mnt\nexpect = none\n",
	 CALLED,
	 {{0}},
	 CHECK_ERROR,
	 "mnt is no system call"},
};

START_TEST(judges_audit_rules)
{
	cleanup_strbuf struct strbuf dump = STRBUF_INIT;
	struct probe_case c = {
		.name = audits[_i].name,
		.keys = audits[_i].keys,
		.outcome = audits[_i].outcome,
		.text = audits[_i].text,
		.nodes = {{RULES, audits[_i].configured}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(audits[_i].loaded); i++)
		if (is_there(&audits[_i].loaded[i]))
			put_audit_rule(&dump, &audits[_i].loaded[i]);
	c.nodes[1] =
		(struct node){"/proc/plumbline/audit_rules", dump.len ? dump.data : "", dump.len};
	run_case(&c);
}
END_TEST

START_TEST(damaged_audit_rules_are_an_error)
{
	const struct loaded rule = {AUDIT_ALWAYS, {{AUDIT_WATCH, 0, "/etc/passwd"}}};
	struct probe_case c = {
		.keys = WATCH,
		.outcome = CHECK_ERROR,
		.text = "damaged",
		.nodes = {{RULES, CONFIGURED}},
	};
	const size_t field_count = sizeof(struct nlmsghdr) +
				   offsetof(struct audit_rule_data, field_count),
		     length = sizeof(struct nlmsghdr) + offsetof(struct audit_rule_data, values),
		     buflen = sizeof(struct nlmsghdr) + offsetof(struct audit_rule_data, buflen);
	const struct {
		const char *name;
		size_t offset;
		char byte;
	} breaks[] = {
		{"more fields than there can be", field_count, 65},
		{"a text longer than all texts", length, 12},
		{"texts longer than the message", buflen, 40},
		{"a message of another kind", offsetof(struct nlmsghdr, nlmsg_type), 1},
		{"a message longer than the answer", offsetof(struct nlmsghdr, nlmsg_len) + 2, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		cleanup_strbuf struct strbuf dump = STRBUF_INIT;

		put_audit_rule(&dump, &rule);
		dump.data[breaks[i].offset] = breaks[i].byte;
		c.name = breaks[i].name;
		c.nodes[1] = (struct node){"/proc/plumbline/audit_rules", dump.data, dump.len};
		run_case(&c);
	}
}
END_TEST

#define LOCKED "kind = audit_status\nfield = enabled\nexpect = equals 2\n"

START_TEST(judges_audit_status)
{
	const struct audit_status status = {
		.enabled = 2, .failure = 1, .pid = 77, .backlog_limit = 8192};
	const struct {
		const char *name, *keys;
		uint16_t type;
		size_t len;
		enum check_outcome outcome;
		const char *text;
	} cases[] = {
		{"locked", LOCKED, AUDIT_GET, sizeof(status), CHECK_PASS, "=2"},
		{"an older kernel's", LOCKED, AUDIT_GET, 32, CHECK_PASS, "=2"},
		{"too short", LOCKED, AUDIT_GET, 31, CHECK_ERROR, "damaged"},
		{"another message", LOCKED, AUDIT_SET, sizeof(status), CHECK_ERROR, "damaged"},
		{"failure", "kind = audit_status\nfield = failure\nexpect = one_of 0 1\n",
		 AUDIT_GET, sizeof(status), CHECK_PASS, "=1"},
		{"backlog", "kind = audit_status\nfield = backlog_limit\nexpect = at_least 9000\n",
		 AUDIT_GET, sizeof(status), CHECK_FAIL, "=8192"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_strbuf struct strbuf dump = STRBUF_INIT;
		struct probe_case c = {
			cases[i].name, cases[i].keys, {{NULL}}, cases[i].outcome, cases[i].text};

		put_message(&dump, cases[i].type, &status, cases[i].len);
		c.nodes[0] = (struct node){"/proc/plumbline/audit_status", dump.data, dump.len};
		run_case(&c);
	}
}
END_TEST

#define SHORT_RULES \
	"kind = audit_rule\npaths = /etc/passwd\nperms = wa\nsyscalls = mount\nexpect = none\n"
#define M	  "-a always,exit -F arch=b64 -S mount "
#define W	  "-w /etc/passwd -p wa\n"
#define M32	  "always,exit -F arch=b32 -S mount\n"
#define M32_FIRST "-A " M32

/*
 * Which of a write to /etc/passwd and a mount, by somebody with auid 1000 who is root, is not
 * recorded. Linux 6.1 and auditctl 3.0.9 were asked, each with these lines, for a 64-bit program. A
 * rule for the mounts of 32-bit ones stands behind them.
 */
static const struct {
	const char *lines, *missing;
} fronts[] = {
	{W M "\n", "=none"},
	{"-a never,exit -S all\n" W M "\n", "never), mount (a rule in front"},
	{"-a exit,never\n" W M "\n", "never), mount (a rule in front"},
	{W M "\n-a " M32 "-a never,exit -S all\n", "=none"},
	{W M "\n-A never,exit -S all\n", "never), mount (a rule in front"},
	{"-a never,exit -S all\n" W "-A always,exit -F arch=b64 -S mount\n" M32_FIRST,
	 "=/etc/passwd (a rule in front says never)"},
	{"-a never,exit -F arch=b64 -S mount\n" W M "\n",
	 "=mount b64 (a rule in front says never)"},
	{"-a never,exit -F arch=b64 -S unlink\n" W M "\n", "=none"},
	{"-a never,exit -F arch=b32 -S all\n" W M "\n", "never), mount b32 (a rule in front"},
	{"-a never,exit -F arch!=b32 -S all\n" W M "\n", "never), mount b64 (a rule in front"},
	/* The call of that number of a 32-bit program is another. */
	{"-a never,exit -F arch!=b64 -S mount\n" W M "\n", "=none"},
	{"-a never,exit -F arch!=b64 -S 21\n" W M "\n", "=mount b32 (a rule in front says never)"},
	{"-a never,exit -S all -F auid=unset\n" W M "\n", "=none"},
	{"-a never,exit -S all -F auid>=1000\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -S all -F uid=0\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -S all -F uid=root\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -S all -F uid=110\n" W M "\n", "=none"},
	{"-a never,exit -S all -F pid>0\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -S all -F exe=/usr/sbin/chronyd\n" W M "\n", "=none"},
	{"-a never,exit -S all -F success=1\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -S all -F success!=0\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -S all -F success=0\n" W M "\n", "=none"},
	{"-a never,exit -F dir=/ -S all\n" W M "\n", "never), mount (a rule in front"},
	{"-a never,exit -F path=/etc/passwd\n" W M "\n",
	 "=/etc/passwd (a rule in front says never)"},
	{"-a never,exit -F path=/etc/passwd -F perm=r\n" W M "\n", "=none"},
	{"-a never,exit -F dir=/etc -F perm=wa\n" W M "\n",
	 "=/etc/passwd (a rule in front says never)"},
	{"-a never,exit -F arch=b64 -S openat\n" W M "\n",
	 "=/etc/passwd b64 (a rule in front says never)"},
	{W M "\n-A never,task\n", "never), mount (a rule in front"},
	{W M "\n-a never,task -F uid=0\n", "never), mount (a rule in front"},
	{W M "\n-a never,task -F uid=110\n", "=none"},
	{W M "\n-a always,exclude -F msgtype=SYSCALL\n", "never), mount (a rule in front"},
	{W M "\n-a never,exclude -F msgtype>=1300\n", "never), mount (a rule in front"},
	{W M "\n-a always,exclude -F msgtype=CWD\n", "=none"},
	{W M "\n-a always,exclude -F auid=1000\n", "never), mount (a rule in front"},
	{W M "-F auid=0\n", "=mount b64"},
	{W M "-F auid>=1000 -F auid!=unset\n", "=none"},
	{W M "-F auid!=-1\n", "=none"},
	{W M "-F auid>=2000\n", "=mount b64"},
	{W M "-F uid=1\n", "=mount b64"},
	{W M "-F uid!=110\n", "=none"},
	{W M "-F exe=/usr/bin/mount\n", "=mount b64"},
	{W M "-F pid=1\n", "=mount b64"},
	{W M "-F success=0\n", "=mount b64"},
	{W M "-F a2=5\n", "=mount b64"},
	{W M "-C uid!=euid\n", "=mount b64"},
	{W "-a always,exit -F arch=b32 -S mount\n", "=mount b64"},
	{W "-a always,exit -F arch=0xc000003e -S mount\n", "=none"},
	{W "-a always,exit -S mount -F arch=b64\n" M "\n", "=mount b64"},
	{W "-a always,exit -S umount2 -S mount\n", "=none"},
	{W "-a always,exit -S all\n", "=none"},
	{W "   -aalways,exit -Smount\n", "=none"},
	{M "\n-a always,exit -F path=/etc/passwd -F perm=wa -F auid=0\n", "=/etc/passwd"},
	{M "\n-a always,exit -F path=/etc/passwd -F perm=wa -F auid>=1000\n", "=none"},
	{M "\n-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -S unlink\n",
	 "=/etc/passwd"},
	{M "\n-a always,exit -F arch=b32 -F path=/etc/passwd -F perm=wa\n", "=/etc/passwd b64"},
	{M "\n-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa\n", "=/etc/passwd b32"},
	{M "\n-w /etc/passwd -p xa\n", "=/etc/passwd"},
	{M "\n-w/etc/passwd -pwa\n", "=none"},
	{M "\n-w /etc/ -p wa\n", "=none"},
	{W M "\n-W /etc/passwd -p wa\n", "=/etc/passwd"},
	{W M "\n-d always,exit -F arch=b64 -S mount\n", "=mount b64"},
	{W M " # all of them\n", "=mount b64"},
	{"-p wa -w /etc/passwd\n" M "\n", "=/etc/passwd, mount b64"},
	{"-i\n-p wa -w /etc/passwd\n" M "\n", "=/etc/passwd"},
	{W "-a\talways,exit -F arch=b64 -S mount\n", "=mount b64"},
	{"--backlog_wait_time 60000\n-b 8192\n-f 1\n-D\n" W M "-k \"a\"\n", "=none"},
};

START_TEST(judges_what_rules_do_to_each_other)
{
	const bool passes = strcmp(fronts[_i].missing, "=none") == 0;
	const struct probe_case c = {
		.name = fronts[_i].lines,
		.keys = SHORT_RULES,
		.outcome = passes ? CHECK_PASS : CHECK_FAIL,
		.text = fronts[_i].missing,
		.nodes = {{RULES, fronts[_i].lines},
			  {"/etc/audit/rules.d/b.rules", "-a " M32},
			  {"/etc/passwd", "chrony:x:110:1::/:/bin/sh\n"}},
	};

	run_case(&c);
}
END_TEST

static const struct probe_case plain[] = {
	{"a folder by path is not what is in it",
	 "kind = audit_rule\npaths = /etc/sudoers.d\nexpect = none\n",
	 {{RULES, "-a always,exit -F path=/etc/sudoers.d\n"}, {"/etc/sudoers.d/", ""}},
	 CHECK_FAIL,
	 "=/etc/sudoers.d"},
	{"no auditing in this kernel",
	 LOCKED,
	 {{"/proc/plumbline/audit_status", ""}},
	 CHECK_FAIL,
	 "=this kernel has no auditing"},
	{"no kernel: status", LOCKED, {{NULL}}, CHECK_NOT_APPLICABLE, "no running kernel"},
	{"no kernel: rules are judged as configured", CALLS, {{RULES, CALLED}}, CHECK_PASS, "none"},
};

START_TEST(judges_without_a_kernel)
{
	run_case(&plain[_i]);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, judges_audit_rules, 0, (int)ARRAY_SIZE(audits));
	tcase_add_loop_test(tcase, judges_what_rules_do_to_each_other, 0, (int)ARRAY_SIZE(fronts));
	tcase_add_test(tcase, damaged_audit_rules_are_an_error);
	tcase_add_test(tcase, judges_audit_status);
	tcase_add_loop_test(tcase, judges_without_a_kernel, 0, (int)ARRAY_SIZE(plain));
}

UNIT_MAIN("checks_audit")
