/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims about every kind of probe: each that there is has a row, by a file that it reads. What
 * single probes find is judged in the tests of their families.
 */
#include "checks_tree.h"

#include <sys/resource.h>

#include "base/str.h"
#include "checks/probe.h"

#define NOBODY	    65534
#define MAX_RSS_KIB (64 * 1024) /* of a whole test process: the catalogs and two whole tables */

static const struct row {
	const char *keys;
	struct node nodes[3]; /* the first is replaced */
	bool by_name;	      /* the file is looked at, never into */
	bool is_dump;	      /* what a kernel sent, which test_checks_dump.c makes */
} rows[] = {
	{"kind = account\nfact = uid_zero\nexpect = some\n",
	 {{"/etc/passwd", "root:x:0:0::/:/bin/sh\n"}}},
	{"kind = audit_rule\nsyscalls = mount\nexpect = none\n",
	 {{"/etc/audit/rules.d/a.rules", "-a always,exit -F arch=b64 -S mount\n"
					 "-a always,exit -F arch=b32 -S mount\n"}}},
	{"kind = audit_status\nfield = enabled\nexpect = present\n",
	 {{"/proc/plumbline/audit_status", "x"}},
	 .is_dump = true},
	{"kind = certificate\npaths = /etc/a/*\ndays = 30\nexpect = none\n",
	 {{"/etc/a/a.pem", "-----BEGIN CERTIFICATE-----\n"
			   "MDAwLqADAgECAgEBMAAwADAgFw0yMDAxMDEwMDAwMDBaGA8yMTk5MDIwMTAwMDAwMFo=\n"
			   "-----END CERTIFICATE-----\n"}}},
	{"kind = changed\npaths = /etc/cron.d/*\nexpect = none\n",
	 {{"/var/lib/plumbline/baseline/host.tar", ""}, {"/etc/cron.d/a", ""}},
	 .by_name = true},
	{"kind = display\nlist = network\nexpect = none\n", {{"/etc/gdm3/daemon.conf", "[a]\n"}}},
	{"kind = encryption\nof = swaps\nexpect = none\n",
	 {{"/proc/swaps", "Filename Type Size Used Priority\n"}, {"/proc/self/mountinfo", ""}}},
	{"kind = file_key\nfile = /etc/a\nkey = b\nseparator = equals\nexpect = equals c\n",
	 {{"/etc/a", "b=c\n"}}},
	{"kind = file_lines\nfile = /etc/a\nbegins = b\nwithout = x\nexpect = none\n",
	 {{"/etc/a", "c\n"}}},
	{"kind = file_mode\npath = /etc/a\nmax_mode = 7777\nexpect = none\n",
	 {{"/etc/a", ""}},
	 .by_name = true},
	{"kind = file_text\nfile = /etc/a\npick = whole\nexpect = equals b\n", {{"/etc/a", "b\n"}}},
	{"kind = file_values\nfiles = /sys/a/*\nwithout = x\nexpect = like b\n",
	 {{"/sys/a/b", "b\n"}}},
	{"kind = firewall_kept\nexpect = none\n",
	 {{"/proc/plumbline/nftables", "x"}},
	 .is_dump = true},
	{"kind = group\ngroups = disk\nexpect = none\n", {{"/etc/group", "disk:x:1:\n"}}},
	{"kind = interface\nlist = radios\nexpect = none\n",
	 {{"/sys/class/rfkill/rfkill0/type", "wlan\n"},
	  {"/sys/class/rfkill/rfkill0/soft", "1\n"},
	  {"/sys/class/net/", ""}}},
	{"kind = kernel_cmdline\nany = nopti\nexpect = none\n", {{"/proc/cmdline", "quiet\n"}}},
	{"kind = kernel_config\nkey = CONFIG_SECCOMP\nexpect = equals y\n",
	 {{"/boot/config-6.1", "CONFIG_SECCOMP=y\n"}, {"/proc/sys/kernel/osrelease", "6.1\n"}}},
	{"kind = kernel_module\nmodules = dccp\nexpect = none\n",
	 {{"/etc/modprobe.d/a.conf", "install dccp /bin/false\n"}}},
	{"kind = limit\nitem = core\ntype = hard\nexpect = equals 0\n",
	 {{"/etc/security/limits.conf", "* hard core 0\n"}}},
	{"kind = listener\nexpect = none\n",
	 {{"/proc/net/tcp", "  sl  local_address\n"}, {"/proc/net/udp", "  sl  local_address\n"}}},
	{"kind = log_target\nlist = all\nexpect = some\n", {{"/etc/rsyslog.conf", "*.* @@a\n"}}},
	{"kind = mount\npath = /tmp\nexpect = has nodev\n",
	 {{"/proc/self/mountinfo", "36 35 0:5 / /tmp rw,nodev - tmpfs tmpfs rw\n"}}},
	{"kind = mounts\npoints = /media/*\nlack = nosuid\nwithout = x\nexpect = none\n",
	 {{"/proc/self/mountinfo", "36 35 0:5 / /media/a rw,nosuid - tmpfs tmpfs rw\n"}}},
	{"kind = newest\npaths = /srv/*\nunit = days\nexpect = between 0 7\n",
	 {{"/srv/a", ""}},
	 .by_name = true},
	{"kind = nft\nhook = input\nlist = guards\nexpect = some\n",
	 {{"/proc/plumbline/nftables", "x"}},
	 .is_dump = true},
	{"kind = package\nnames = telnetd\nexpect = none\n",
	 {{"/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\n"}}},
	{"kind = package_source\nlist = unsigned\nexpect = none\n",
	 {{"/etc/apt/sources.list", "deb https://a b c\n"}}},
	{"kind = pam\nservice = a\ntype = auth\nmodule = pam_b\nexpect = present\n",
	 {{"/etc/pam.d/a", "auth required pam_b.so\n"}}},
	{"kind = path\npaths = /etc/a\nexpect = some\n", {{"/etc/a", ""}}, .by_name = true},
	{"kind = plumbline\nfact = baseline\nexpect = present\n",
	 {{"/var/lib/plumbline/baseline/host.tar", ""}},
	 .by_name = true},
	{"kind = secure_boot\nexpect = equals enabled\n",
	 {{"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
	   "\6\0\0\0\1", 5}}},
	{"kind = shell_variable\nfile = /etc/profile\nname = TMOUT\nexpect = equals 9\n",
	 {{"/etc/profile", "TMOUT=9\n"}}},
	{"kind = sshd\noption = permitrootlogin\ntype = word\nexpect = equals no\n",
	 {{"/etc/ssh/sshd_config", "PermitRootLogin no\n"}}},
	{"kind = sudo\nrules_with = NOPASSWD\nexpect = none\n",
	 {{"/etc/sudoers", "bob ALL = ALL\n"}}},
	{"kind = sysctl\nkey = kernel.sysrq\nexpect = equals 0\n",
	 {{"/proc/sys/kernel/sysrq", "0\n"}}},
	{"kind = time_source\nlist = unproven\nexpect = none\n",
	 {{"/etc/chrony/chrony.conf", "server a nts\n"}}},
	{"kind = unit\nunits = a.service\nlist = unmasked\nexpect = some\n",
	 {{"/usr/lib/systemd/system/a.service", "[Unit]\n"}},
	 .by_name = true},
	{"kind = unit_setting\nunit = a.service\nsection = Service\nkey = Type\nexpect = equals "
	 "idle\n",
	 {{"/usr/lib/systemd/system/a.service", "[Service]\nType=idle\n"}}},
	{"kind = usb\nexpect = none\n", {{"/sys/bus/usb/devices/usb1/authorized_default", "0\n"}}},
	{"kind = usbguard\nlist = wide\nexpect = none\n",
	 {{"/etc/usbguard/rules.conf", "allow id 046d:c31c serial \"3\"\n"}}},
	{"kind = walk\nfact = setuid\nexpect = none\n", {{"/etc/a", ""}}, .by_name = true},
};

static char junk[64 * 1024], line[1024 * 1024 + 1], words[sizeof(line)], lines[sizeof(line)];

static const struct form {
	const char *name, *content;
	size_t len;
	bool is_loop, is_folder, is_closed;
	bool may_pass; /* as text that says nothing */
} forms[] = {
	{.name = "links in a circle", .is_loop = true},
	{.name = "a fifo", .content = "|fifo"},
	{.name = "1 GB", .content = "%1073741824"},
	{.name = "a folder", .is_folder = true},
	{.name = "unreadable", .content = "a\n", .is_closed = true},
	{.name = "junk", .content = junk, .len = sizeof(junk)},
	{.name = "a long line", .content = line, .len = sizeof(line) - 1, .may_pass = true},
	{.name = "many words", .content = words, .len = sizeof(words) - 1, .may_pass = true},
	{.name = "many lines", .content = lines, .len = sizeof(lines) - 1, .may_pass = true},
};

static void fill(void)
{
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * i * 31 + i / 7);
	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		line[i] = 'a';
		words[i] = "a "[i % 2];
		lines[i] = "a=b\n"[i % 4];
	}
}

static void make_row(const char *root, const struct row *row, const struct form *form)
{
	struct node first = row->nodes[0];
	char path[256], target[256];

	make_names(root);
	for (size_t i = 1; i < ARRAY_SIZE(row->nodes) && row->nodes[i].path; i++)
		make_node(root, &row->nodes[i]);
	snprintf(path, sizeof(path), "%s%s", root, first.path);
	(void)unlink(path); /* of the names */
	snprintf(path, sizeof(path), "%s/", first.path);
	snprintf(target, sizeof(target), "-> %s", strrchr(first.path, '/') + 1);
	if (form) {
		first.content = form->is_loop ? target : form->content;
		first.len = form->len;
		first.path = form->is_folder ? path : first.path;
	}
	make_node(root, &first);
	snprintf(path, sizeof(path), "%s%s", root, row->nodes[0].path);
	if (form && form->is_closed)
		ck_assert_int_eq(chmod(path, 0), 0);
}

static enum check_outcome run_row(const struct row *row, const struct form *form, const char *more,
				  struct check_result *result)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	char *folder = unit_folder_new();
	char root[128], data[128], keys[512];
	struct diag diag = {0};
	uid_t self = geteuid();

	snprintf(root, sizeof(root), "%s/root", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	snprintf(keys, sizeof(keys), "%s%s", row->keys, more);
	make_data(data, keys);
	make_row(root, row, form);
	ck_assert_msg(check_set_load(data, "p", &set, &diag) == 0, "%s: %s", keys, diag.text);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if (self == 0 && form && form->is_closed)
		ck_assert_int_eq(seteuid(NOBODY), 0);
	alarm(20); /* a probe that blocks must not look like a slow machine */
	ck_assert_int_eq(check_run(set, 0, root, result), 0);
	alarm(0);
	ck_assert_int_eq(seteuid(self), 0);
	unit_folder_free(folder);
	return result->outcome;
}

START_TEST(every_kind_has_a_row)
{
	size_t count = 0;

	for (const struct probe_ops *const *probe = probe_kinds; *probe; probe++, count++) {
		char kind[64];
		bool is_there = false;

		snprintf(kind, sizeof(kind), "kind = %s\n", (*probe)->name);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			is_there |= str_starts(rows[i].keys, kind);
		ck_assert_msg(is_there, "%s has no row", (*probe)->name);
	}
	ck_assert_uint_eq(count, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(sound_files_pass)
{
	const struct row *row = &rows[_i];
	cleanup_check_result struct check_result result = {0};
	enum check_outcome outcome = run_row(row, NULL, "", &result);

	ck_assert_msg(outcome == CHECK_PASS || row->is_dump, "%s: %s", row->keys,
		      result.reason ? result.reason : result.actual);
}
END_TEST

START_TEST(what_does_not_apply_is_not_looked_at)
{
	const struct row *row = &rows[_i];
	cleanup_check_result struct check_result result = {0};

	ck_assert_int_eq(run_row(row, NULL, "applies = path /nowhere\notherwise = because\n",
				 &result),
			 CHECK_NOT_APPLICABLE);
	ck_assert_str_eq(result.reason, "because");
}
END_TEST

START_TEST(hostile_files_neither_pass_nor_hang)
{
	const struct row *row = &rows[_i];
	struct rusage usage;

	fill();
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		cleanup_check_result struct check_result result = {0};
		enum check_outcome outcome = run_row(row, &forms[i], "", &result);

		ck_assert_msg(row->by_name || forms[i].may_pass || outcome == CHECK_ERROR ||
				      outcome == CHECK_FAIL,
			      "%s: %s is a %s: %s", row->keys, forms[i].name,
			      check_outcome_name(outcome),
			      result.reason ? result.reason : result.actual);
	}
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
#ifndef __SANITIZE_ADDRESS__
	ck_assert_msg(usage.ru_maxrss < MAX_RSS_KIB, "%s: %ld KiB", row->keys, usage.ru_maxrss);
#endif
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_kind_has_a_row);
	tcase_add_loop_test(tcase, sound_files_pass, 0, (int)ARRAY_SIZE(rows));
	tcase_add_loop_test(tcase, what_does_not_apply_is_not_looked_at, 0, (int)ARRAY_SIZE(rows));
	tcase_add_loop_test(tcase, hostile_files_neither_pass_nor_hang, 0, (int)ARRAY_SIZE(rows));
}

UNIT_MAIN("checks_hostile")
