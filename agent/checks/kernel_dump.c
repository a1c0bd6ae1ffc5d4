/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/kernel_dump.h"

#include <errno.h>
#include <string.h>

#include "checks/probe.h"

static const struct {
	const char *file; /* below /proc/plumbline of a made-up root; NULL: it has its own file */
	const char *what, *needs;
} parts[KERNEL_PART_COUNT] = {
	[KERNEL_NFTABLES] = {"nftables", "the firewall rules", "CAP_NET_ADMIN"},
	[KERNEL_IPTABLES] = {"iptables", "the rules of legacy iptables", "CAP_NET_ADMIN"},
	[KERNEL_IP6TABLES] = {"ip6tables", "the rules of legacy ip6tables", "CAP_NET_ADMIN"},
	[KERNEL_AUDIT_STATUS] = {"audit_status", "the state of auditing", "CAP_AUDIT_CONTROL"},
	[KERNEL_AUDIT_RULES] = {"audit_rules", "the audit rules", "CAP_AUDIT_CONTROL"},
	[KERNEL_JIT_HARDEN] = {NULL, "net.core.bpf_jit_harden", "CAP_NET_ADMIN and CAP_SYS_ADMIN"},
};

void kernel_dump_init(struct kernel_dump *dump)
{
	*dump = (struct kernel_dump){0};
	for (unsigned part = 0; part < KERNEL_PART_COUNT; part++)
		dump->parts[part].result = -ENODATA;
}

void kernel_dump_done(struct kernel_dump *dump)
{
	for (unsigned part = 0; part < KERNEL_PART_COUNT; part++)
		strbuf_done(&dump->parts[part].bytes);
}

static int explain(enum kernel_part part, int result, struct probe_value *value)
{
	const char *what = parts[part].what, *reason;

	switch (-result) {
	case EPERM:
	case EACCES:
		return probe_error(value, "the kernel does not show %s: needs %s", what,
				   parts[part].needs);
	case ECONNREFUSED:
		reason = "it answers in the first user and process name spaces only, and this is a "
			 "container";
		break;
	case ENODATA:
		reason = "nobody asked it";
		break;
	case EAGAIN:
	case ETIMEDOUT:
		reason = "no answer came in time";
		break;
	case EINTR:
		reason = "they changed while they were read";
		break;
	case EFBIG:
		reason = "they are more than 4 MiB";
		break;
	default:
		reason = strerror(-result);
	}
	return probe_error(value, "the kernel does not show %s: %s", what, reason);
}

static int read_recorded(const struct root *root, enum kernel_part part, struct strbuf *storage,
			 struct nl_bytes *ret_bytes, struct probe_value *value)
{
	char path[64];
	int r = -ENOENT;

	if (parts[part].file) {
		snprintf(path, sizeof(path), "/proc/plumbline/%s", parts[part].file);
		r = root_read_bytes(root, path, KERNEL_PART_MAX_BYTES, storage);
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return probe_not_applicable(value, "no running kernel below this root");
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return probe_unreadable(value, path, r);
	*ret_bytes = (struct nl_bytes){(const uint8_t *)storage->data, storage->len};
	return 1;
}

int kernel_dump_read(const struct root *root, enum kernel_part part, struct strbuf *storage,
		     struct nl_bytes *ret_bytes, struct probe_value *value)
{
	const struct strbuf *bytes;

	if (!root->is_live)
		return read_recorded(root, part, storage, ret_bytes, value);
	if (!root->dump)
		return explain(part, -ENODATA, value);
	if (root->dump->parts[part].result < 0)
		return explain(part, root->dump->parts[part].result, value);
	bytes = &root->dump->parts[part].bytes;
	*ret_bytes = (struct nl_bytes){(const uint8_t *)bytes->data, bytes->len};
	return 1;
}
