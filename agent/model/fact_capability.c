/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of file capabilities. Written here and not by cap_to_text(), whose text
 * depends on the libcap and on the kernel that run: the same file must read the
 * same on every machine of a fleet.
 */
#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/strbuf.h"
#include "model/fact_collect.h"

enum {
	FLAG_EFFECTIVE = 1 << 0,
	FLAG_INHERITABLE = 1 << 1,
	FLAG_PERMITTED = 1 << 2,
	FLAG_COMBINATIONS = 1 << 3,
};

static const char *const capability_names[] = {
	"cap_chown",
	"cap_dac_override",
	"cap_dac_read_search",
	"cap_fowner",
	"cap_fsetid",
	"cap_kill",
	"cap_setgid",
	"cap_setuid",
	"cap_setpcap",
	"cap_linux_immutable",
	"cap_net_bind_service",
	"cap_net_broadcast",
	"cap_net_admin",
	"cap_net_raw",
	"cap_ipc_lock",
	"cap_ipc_owner",
	"cap_sys_module",
	"cap_sys_rawio",
	"cap_sys_chroot",
	"cap_sys_ptrace",
	"cap_sys_pacct",
	"cap_sys_admin",
	"cap_sys_boot",
	"cap_sys_nice",
	"cap_sys_resource",
	"cap_sys_time",
	"cap_sys_tty_config",
	"cap_mknod",
	"cap_lease",
	"cap_audit_write",
	"cap_audit_control",
	"cap_setfcap",
	"cap_mac_override",
	"cap_mac_admin",
	"cap_syslog",
	"cap_wake_alarm",
	"cap_block_suspend",
	"cap_audit_read",
	"cap_perfmon",
	"cap_bpf",
	"cap_checkpoint_restore",
};

struct file_caps {
	uint64_t permitted, inheritable;
	bool is_effective;
	uint32_t rootid;
};

/* Layout: vfs_cap_data and vfs_ns_cap_data of <linux/capability.h>, little endian. */
static int parse_caps(const void *xattr, size_t len, struct file_caps *caps)
{
	uint32_t words[6] = {0};
	uint32_t revision;

	if (len < XATTR_CAPS_SZ_1 || len > sizeof(words))
		return -EINVAL;
	memcpy(words, xattr, len);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = le32toh(words[i]);

	revision = words[0] & VFS_CAP_REVISION_MASK;
	if (!(revision == VFS_CAP_REVISION_1 && len == XATTR_CAPS_SZ_1) &&
	    !(revision == VFS_CAP_REVISION_2 && len == XATTR_CAPS_SZ_2) &&
	    !(revision == VFS_CAP_REVISION_3 && len == XATTR_CAPS_SZ_3))
		return -EINVAL;
	*caps = (struct file_caps){
		.permitted = words[1] | (uint64_t)words[3] << 32,
		.inheritable = words[2] | (uint64_t)words[4] << 32,
		.is_effective = words[0] & VFS_CAP_FLAGS_EFFECTIVE,
		.rootid = words[5],
	};
	return 0;
}

static unsigned flags_of(const struct file_caps *caps, unsigned capability)
{
	uint64_t bit = UINT64_C(1) << capability;
	unsigned flags = 0;

	if (caps->permitted & bit)
		flags |= FLAG_PERMITTED;
	if (caps->inheritable & bit)
		flags |= FLAG_INHERITABLE;
	if (flags && caps->is_effective)
		flags |= FLAG_EFFECTIVE;
	return flags;
}

static void add_group(struct strbuf *sb, const struct file_caps *caps, unsigned flags)
{
	const char *separator = sb->len > 0 ? " " : "";
	bool is_empty = true;

	for (unsigned i = 0; i < 64; i++) {
		if (flags_of(caps, i) != flags)
			continue;
		strbuf_add_str(sb, separator);
		if (i < ARRAY_SIZE(capability_names))
			strbuf_add_str(sb, capability_names[i]);
		else
			strbuf_printf(sb, "%u", i);
		separator = ",";
		is_empty = false;
	}
	if (!is_empty)
		strbuf_printf(sb, "=%s%s%s", flags & FLAG_EFFECTIVE ? "e" : "",
			      flags & FLAG_INHERITABLE ? "i" : "",
			      flags & FLAG_PERMITTED ? "p" : "");
}

int fact_format_capabilities(const void *xattr, size_t len, char **ret_text)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct file_caps caps;
	char *text;
	int r;

	r = parse_caps(xattr, len, &caps);
	if (r < 0)
		return r;
	for (unsigned flags = 1; flags < FLAG_COMBINATIONS; flags++)
		add_group(&sb, &caps, flags);
	/* An empty set is written too: it takes away what the file's uid would give. */
	if (sb.len == 0)
		strbuf_add_char(&sb, '=');
	if (caps.rootid)
		strbuf_printf(&sb, " [rootid=%u]", caps.rootid);
	text = strbuf_take(&sb);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}
