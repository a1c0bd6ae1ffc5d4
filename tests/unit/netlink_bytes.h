/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink messages as a kernel would send them, for tests of what reads them. */
#ifndef PLUMBLINE_TESTS_NETLINK_BYTES_H
#define PLUMBLINE_TESTS_NETLINK_BYTES_H

#include <linux/netlink.h>

#include "base/strbuf.h"

static inline void pad(struct strbuf *out)
{
	while (out->len % 4)
		strbuf_add_char(out, '\0');
}

static inline void put_message(struct strbuf *out, uint16_t type, const void *payload, size_t len)
{
	struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof(header) + len),
				  .nlmsg_type = type};

	strbuf_add(out, &header, sizeof(header));
	strbuf_add(out, payload, len);
	pad(out);
}

#endif
