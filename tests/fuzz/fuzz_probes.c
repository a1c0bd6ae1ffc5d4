/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a host as the probes read them. The first byte chooses the probe and its root; the rest
 * is the content of the one file that it looks at, or, for probes that look at names alone, the
 * names of files in a folder, each ends with NUL. What else the probe needs is always there.
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
#include "checks/inventory.h"
#include "checks/probe.h"

#define MAX_PAIRS 5
#define MAX_FIXED 4
#define MAX_NAMES 16

/* Chain "c" of table "filter" of inet: a base chain of input whose policy is to drop. */
static const char chain[] = "P\000\000\000\003\012\000\000\000\000\000\000\000\000\000\000"
			    "\001\000\000\000"
			    "\013\000\001\000filter\000\000"
			    "\006\000\003\000c\000\000\000"
			    "\024\000\004\200\010\000\001\000\000\000\000\001"
			    "\010\000\002\000\000\000\000\000"
			    "\010\000\005\000\000\000\000\000"
			    "\013\000\007\000filter\000";
#define CHAIN                                                    \
	{                                                        \
		"/proc/plumbline/nftables", chain, sizeof(chain) \
	}
#define WANTS "/etc/systemd/system/a.wants/"
#define NET   "/sys/class/net/e/"
#define SOMEBODY                                    \
	{"/etc/passwd", "a:x:0:0::/:/bin/sh\n", 0}, \
	{                                           \
		"/etc/group", "a:x:0:\n", 0         \
	}

static const struct target {
	const char *kind, *path; /* a path that ends in a slash: names of files there */
	const char *params[2 * MAX_PAIRS + 1]; /* name, value, ... */
	struct {
		const char *path, *content;
		size_t len; /* 0: up to the first NUL */
	} fixed[MAX_FIXED];
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
	{"firewall_kept", "/etc/nftables.conf", {NULL}, {CHAIN, {WANTS "nftables.service", "", 0}}},
	{"firewall_kept",
	 "/etc/iptables/rules.v4",
	 {NULL},
	 {CHAIN, {WANTS "iptables.service", "", 0}}},
	{"interface", NET "operstate", {"list", "wired"}, {{NET "device", "", 0}}},
	{"interface",
	 NET "flags",
	 {"list", "wireless"},
	 {{NET "wireless", "", 0}, {NET "phy80211/rfkill0/soft", "1\n", 0}}},
	{"interface", "/sys/class/rfkill/r/type", {"list", "radios"}, {{NET "device", "", 0}}},
	{"path", "/d/", {"paths", "/d/* /d/[a-m]*"}, {{NULL}}},
	{"newest", "/d/", {"paths", "/d/*", "unit", "hours"}, {{NULL}}},
	{"changed", "/d/", {"paths", "/d/*"}, {{"/var/lib/plumbline/baseline/host.tar", "", 0}}},
	{"walk", "/d/", {"fact", "setuid", "except", "/d/a /d/b"}, {SOMEBODY}},
	{"walk", "/etc/passwd", {"fact", "unowned"}, {SOMEBODY}},
	{"file_mode",
	 "/etc/group",
	 {"path", "/etc/*", "group", "a b", "max_mode", "0600"},
	 {SOMEBODY}},
	{"kernel_config", "/proc/config.gz", {"key", "CONFIG_SECCOMP"}},
	{"package", "/var/lib/rpm/rpmdb.sqlite", {"names", "telnet-server gcc-[0-9]*"}},
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

static void put(const char *root, const char *name, const void *data, size_t size, mode_t mode)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = strchr(path + sizeof(folder), '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, mode) < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* The root of each target, made when it is first needed. */
static void set_up(const struct target *target, char root[64])
{
	static bool is_done[ARRAY_SIZE(targets)], has_folder;
	size_t index = (size_t)(target - targets);

	if (!has_folder && (!mkdtemp(folder) || atexit(clean_up) != 0))
		abort();
	has_folder = true;
	snprintf(root, 64, "%s/%zu", folder, index);
	if (is_done[index])
		return;
	is_done[index] = true;
	(void)mkdir(root, 0700);
	for (size_t i = 0; i < MAX_FIXED && target->fixed[i].path; i++)
		put(root, target->fixed[i].path, target->fixed[i].content,
		    target->fixed[i].len ? target->fixed[i].len : strlen(target->fixed[i].content),
		    0600);
}

/* Calls @fn with each name of a file in the folder that ends @path. */
static void each_name(const char *root, const char *path, const uint8_t *data, size_t size,
		      void (*fn)(const char *root, const char *path, mode_t mode))
{
	const char *name = (const char *)data, *end = name + size, *next;

	for (unsigned count = 0;
	     count < MAX_NAMES && (next = memchr(name, '\0', (size_t)(end - name)));
	     count++, name = next + 1) {
		char whole[320];

		if (!*name || next - name > 255 || strchr(name, '/') || str_equal(name, ".") ||
		    str_equal(name, ".."))
			continue;
		snprintf(whole, sizeof(whole), "%s%s", path, name);
		fn(root, whole, *name % 2 ? 04755 : 0666);
	}
}

static void put_name(const char *root, const char *path, mode_t mode)
{
	put(root, path, "", 0, mode);
}

static void remove_name(const char *root, const char *path, mode_t mode)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	(void)unlink(whole);
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

static void run(const struct target *target, const char *path, struct probe_value *value)
{
	const struct probe_ops *probe = probe_find(target->kind);
	cleanup_with(inventory_done) struct inventory inventory = {0};
	cleanup_expect struct expect expect = {0};
	cleanup_strbuf struct strbuf reason = STRBUF_INIT;
	cleanup_root struct root root = ROOT_INIT;
	struct probe_params params = {0};

	if (!probe || root_open(path, &root) < 0)
		abort();
	fill_params(target, probe, &params);
	if (probe->needs_walk) {
		inventory_walk(&root, &inventory);
		root.inventory = &inventory;
	}
	if (probe->run(&params, &root, value) < 0)
		abort();
	check_value(value);
	if (expect_parse("present", probe->gives, &expect, NULL) < 0)
		abort();
	if (value->outcome == CHECK_PASS)
		(void)expect_judge(&expect, value, &reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_probe_value struct probe_value value = {0};
	const struct target *target;
	bool has_names;
	char root[64];

	if (size == 0)
		return 0;
	target = &targets[data[0] % ARRAY_SIZE(targets)];
	has_names = str_ends(target->path, "/");
	set_up(target, root);
	if (has_names)
		each_name(root, target->path, data + 1, size - 1, put_name);
	else
		put(root, target->path, data + 1, size - 1, 0600);
	run(target, root, &value);
	if (has_names)
		each_name(root, target->path, data + 1, size - 1, remove_name);
	else
		remove_name(root, target->path, 0);
	return 0;
}
