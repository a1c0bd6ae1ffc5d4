/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel said when it was asked once: parts that ordinary
 * reading of files cannot get. A plain value; kernel_ask.h fills it, or the
 * assessor does from what plumbline-dumper sends.
 *
 * The bytes are as the kernel sent them. Who makes the dump has the privilege and reads nothing in
 * it; who reads it has none.
 */
#ifndef PLUMBLINE_CHECKS_KERNEL_DUMP_H
#define PLUMBLINE_CHECKS_KERNEL_DUMP_H

#include "base/strbuf.h"
#include "checks/netlink.h"
#include "checks/root.h"

struct probe_value;

enum kernel_part {
	KERNEL_NFTABLES,     /* netlink: tables, chains and rules of this network name space */
	KERNEL_AUDIT_STATUS, /* netlink: one AUDIT_GET */
	KERNEL_AUDIT_RULES,  /* netlink: AUDIT_LIST_RULES */
	KERNEL_IPTABLES,     /* legacy iptables: GET_INFO of table filter, then its entries */
	KERNEL_IP6TABLES,    /* the same for IPv6 */
	KERNEL_JIT_HARDEN,   /* text of net.core.bpf_jit_harden, which takes SYS_ADMIN to read */
	KERNEL_PART_COUNT,
};

/* Of legacy iptables: where the kernel names its tables, and the one that is read. */
#define XT_NAMES(family) \
	((family) == NFPROTO_IPV6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names")
#define XT_FILTER_TABLE "filter"

/* Of one part; a larger answer is -EFBIG, never cut. */
#define KERNEL_PART_MAX_BYTES (4 * 1024 * 1024)

struct kernel_dump {
	struct {
		int result; /* 0: @bytes is the whole answer; else negative errno */
		struct strbuf bytes;
	} parts[KERNEL_PART_COUNT];
};

/* All parts -ENODATA: not asked. */
void kernel_dump_init(struct kernel_dump *dump);
void kernel_dump_done(struct kernel_dump *dump);

/*
 * The bytes of @part for a probe: of the dump that @root carries, or, below a made-up root, of the
 * file /proc/plumbline/NAME (nftables, iptables, ip6tables, audit_status, audit_rules), into
 * @storage. 1 with
 * @ret_bytes; 0 when @value says why there are none; or -ENOMEM.
 */
int kernel_dump_read(const struct root *root, enum kernel_part part, struct strbuf *storage,
		     struct nl_bytes *ret_bytes, struct probe_value *value);

#endif
