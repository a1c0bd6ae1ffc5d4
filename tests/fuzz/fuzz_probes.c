/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a host as the probes read them. The first byte chooses the probe; the rest is the
 * content of the one file that it looks at, below a root that holds nothing else.
 */
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "checks/expect.h"
#include "checks/probe.h"

#define MAX_PAIRS 5

static const struct target {
	const char *kind, *path;
	const char *params[2 * MAX_PAIRS + 1]; /* name, value, ... */
} targets[] = {
	{"account", "/etc/passwd", {"fact", "duplicate_uid"}},
	{"account", "/etc/passwd", {"fact", "system_with_shell"}},
	{"account", "/etc/shadow", {"fact", "weak_hash"}},
	{"audit_rule",
	 "/etc/audit/audit.rules",
	 {"paths", "/etc/passwd /etc/x", "syscalls", "mount"}},
	{"file_key",
	 "/etc/a.conf",
	 {"file", "/etc/*.conf", "section", "Journal", "key", "Storage", "separator", "equals"}},
	{"file_key",
	 "/etc/login.defs",
	 {"file", "/etc/login.defs", "key", "UMASK", "separator", "blank"}},
	{"file_text", "/sys/x", {"file", "/sys/x", "pick", "bracketed"}},
	{"file_text", "/sys/x", {"file", "/sys/x", "pick", "list"}},
	{"kernel_cmdline", "/proc/cmdline", {"key", "audit"}},
	{"kernel_cmdline", "/proc/cmdline", {"any", "nopti pti=off"}},
	{"kernel_module", "/etc/modprobe.d/a.conf", {"modules", "usb-storage dccp"}},
	{"kernel_module", "/proc/modules", {"modules", "usb-storage dccp"}},
	{"limit", "/etc/security/limits.conf", {"item", "core", "type", "hard"}},
	{"listener", "/proc/net/tcp", {NULL}},
	{"mount", "/proc/self/mountinfo", {"path", "/tmp"}},
	{"mount", "/etc/fstab", {"path", "/tmp", "option", "size"}},
	{"package", "/var/lib/dpkg/status", {"names", "telnetd gcc-[0-9]*"}},
	{"pam",
	 "/etc/pam.d/x",
	 {"service", "x", "type", "auth", "module", "pam_unix", "option", "deny"}},
	{"pam", "/etc/pam.d/x", {"service", "x", "type", "auth", "module", "pam_unix"}},
	{"secure_boot",
	 "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
	 {NULL}},
	{"sshd",
	 "/etc/ssh/sshd_config",
	 {"option", "permitrootlogin", "type", "word", "default", "yes"}},
	{"sshd", "/etc/ssh/sshd_config", {"option", "ciphers", "type", "list", "default", "a, b"}},
	{"sshd", "/etc/ssh/sshd_config", {"option", "clientaliveinterval", "type", "time"}},
	{"sudo", "/etc/sudoers", {"option", "use_pty"}},
	{"sudo", "/etc/sudoers", {"rules_with", "NOPASSWD"}},
	{"sysctl", "/proc/sys/k", {"key", "k"}},
	{"sysctl", "/etc/sysctl.conf", {"key", "net.ipv4.ip_forward"}},
	{"unit", "/etc/systemd/system/a.service", {"units", "a.service", "list", "unmasked"}},
	{"usb", "/sys/bus/usb/devices/usb1/authorized_default", {NULL}},
	/* New ones go to the end: the corpus names them by their number. */
	{"file_lines", "/etc/a", {"file", "/etc/a", "begins", "* a*", "line", "*b"}},
	{"file_values", "/sys/a", {"files", "/sys/*", "without", "x"}},
	{"shell_variable", "/etc/profile", {"file", "/etc/profile", "name", "TMOUT"}},
	{"unit_setting",
	 "/etc/systemd/system/a.service",
	 {"unit", "a.service", "section", "Service", "key", "ExecStart"}},
	{"package_source", "/etc/apt/sources.list", {"list", "unsigned"}},
	{"package_source", "/etc/apt/sources.list.d/a.sources", {"list", "plain"}},
	{"package_source", "/etc/apt/apt.conf.d/a", {"list", "unsigned"}},
	{"package_source", "/etc/yum.repos.d/a.repo", {"list", "unsigned"}},
	{"usbguard", "/etc/usbguard/rules.conf", {"list", "wide"}},
	{"group", "/etc/group", {"groups", "docker sudo"}},
	{"mounts",
	 "/proc/self/mountinfo",
	 {"points", "/media/*", "lack", "nosuid", "without", "x"}},
	{"encryption", "/proc/self/mountinfo", {"of", "mounts", "paths", "/ /home"}},
	{"account", "/etc/shadow", {"fact", "no_max_age"}},
	{"audit_rule",
	 "/etc/audit/audit.rules",
	 {"syscalls", "open openat", "exits", "EACCES EPERM"}},
	{"log_target", "/etc/rsyslog.conf", {"list", "all"}},
	{"log_target", "/etc/audit/audisp-remote.conf", {"list", "plain"}},
	{"time_source", "/etc/chrony.conf", {"list", "unproven"}},
	{"time_source", "/etc/systemd/timesyncd.conf", {"list", "all"}},
	{"display", "/etc/gdm3/daemon.conf", {"list", "autologin"}},
	{"display", "/etc/lightdm/lightdm.conf", {"list", "network"}},
	{"certificate", "/etc/a.pem", {"paths", "/etc/a.pem", "days", "30"}},
	{"secure_boot",
	 "/sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23",
	 {"fact", "owner_keys"}},
};

static char folder[] = "/tmp/plumbline-fuzz.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

static void clean_up(void)
{
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void set_up(void)
{
	static bool is_done;

	if (is_done)
		return;
	if (!mkdtemp(folder) || atexit(clean_up) != 0)
		abort();
	is_done = true;
}

static void put(const char *name, const uint8_t *data, size_t size, char *path, size_t path_size)
{
	int fd;

	snprintf(path, path_size, "%s%s", folder, name);
	for (char *slash = strchr(path + sizeof(folder), '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void fill_params(const struct target *target, const struct probe_ops *probe,
			struct probe_params *params)
{
	for (int i = 0; target->params[i]; i += 2)
		for (int k = 0; probe->keys[k].name; k++)
			if (str_equal(probe->keys[k].name, target->params[i]))
				params->values[k] = target->params[i + 1];
}

static void check_value(const struct probe_value *value)
{
	size_t lines = value->count > 0;

	if (value->outcome != CHECK_PASS && !value->reason.len)
		abort();
	if (value->outcome == CHECK_FAIL)
		abort(); /* a probe judges nothing */
	if (value->outcome != CHECK_PASS || value->kind != PROBE_LIST)
		return;
	for (size_t i = 0; i < value->text.len; i++)
		lines += value->text.data[i] == '\n';
	if (lines != value->count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct target *target;
	const struct probe_ops *probe;
	struct probe_params params = {0};
	cleanup_probe_value struct probe_value value = {0};
	cleanup_expect struct expect expect = {0};
	cleanup_strbuf struct strbuf reason = STRBUF_INIT;
	cleanup_root struct root root = ROOT_INIT;
	char path[512];

	if (size == 0)
		return 0;
	set_up();
	target = &targets[data[0] % ARRAY_SIZE(targets)];
	probe = probe_find(target->kind);
	if (!probe || root_open(folder, &root) < 0)
		abort();
	fill_params(target, probe, &params);
	put(target->path, data + 1, size - 1, path, sizeof(path));
	if (probe->run(&params, &root, &value) < 0)
		abort();
	unlink(path);
	check_value(&value);
	if (expect_parse("present", probe->gives, &expect, NULL) < 0)
		abort();
	if (value.outcome == CHECK_PASS)
		(void)expect_judge(&expect, &value, &reason);
	return 0;
}
