/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/xt_filter.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/words.h"
#include "checks/kernel_dump.h"

/* Whether the kernel has a filter table of @family: 1, 0, or negative errno with @value. */
static int is_there(const struct root *root, uint8_t family, struct probe_value *value)
{
	cleanup_strbuf struct strbuf names = STRBUF_INIT;
	int r = root_read_text(root, XT_NAMES(family), 4096, &names);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(value, "the tables of legacy iptables", r);
		return r;
	}
	return names.data && words_contain(words_squash(names.data), WORDS_SPACE, XT_FILTER_TABLE);
}

int xt_filter_chain(const struct root *root, uint8_t family, uint32_t hook,
		    struct probe_value *value, struct xt_chain *ret_chain)
{
	enum kernel_part part = family == NFPROTO_IPV6 ? KERNEL_IP6TABLES : KERNEL_IPTABLES;
	cleanup_strbuf struct strbuf storage = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r = is_there(root, family, value);

	if (r <= 0)
		return r;
	r = kernel_dump_read(root, part, &storage, &bytes, value);
	if (r == -ENOMEM)
		return r;
	if (r > 0 && bytes.len > 0) {
		r = xt_table_read(bytes, family, hook, ret_chain);
		if (r == 0 || r == -ENOENT)
			return r == 0;
		(void)probe_error(value, "the kernel's dump of legacy iptables is damaged");
		return -EPERM;
	}
	if (r > 0 || value->outcome != CHECK_ERROR)
		(void)probe_error(value, "legacy iptables has a filter table, whose rules are not "
					 "known here");
	return -EPERM;
}
