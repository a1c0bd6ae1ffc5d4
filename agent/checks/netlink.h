/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking over netlink messages and their attributes in bytes that may be
 * anything. Pure: opens no socket and copies nothing.
 */
#ifndef PLUMBLINE_CHECKS_NETLINK_H
#define PLUMBLINE_CHECKS_NETLINK_H

#include <stddef.h>
#include <stdint.h>

struct nl_bytes {
	const uint8_t *data;
	size_t len;
};

struct nl_message {
	uint16_t type, flags;
	uint32_t sequence;
	struct nl_bytes payload;
};

struct nl_attribute {
	uint16_t type; /* without the flag bits */
	struct nl_bytes value;
};

/* 1 with the next message cut off the front of @rest, 0 at the end, -EBADMSG for what is none. */
int nl_next_message(struct nl_bytes *rest, struct nl_message *ret_message);
/* Likewise for attributes. */
int nl_next_attribute(struct nl_bytes *rest, struct nl_attribute *ret_attribute);
/* The last attribute of @type in @rest: 0, -ENOENT, or -EBADMSG. */
int nl_find_attribute(struct nl_bytes rest, uint16_t type, struct nl_attribute *ret_attribute);

/* Cuts a fixed header of @len bytes off the front of @rest; NULL when it is shorter. The bytes need
 * not be aligned: copy them out. */
const void *nl_take(struct nl_bytes *rest, size_t len);

/* The attribute's own bytes as text; NULL unless it ends with its only NUL. */
const char *nl_text(const struct nl_attribute *attribute);
/* 0, or -EBADMSG when it is not four bytes long. In network order, as nf_tables sends them. */
int nl_be32(const struct nl_attribute *attribute, uint32_t *ret_value);

#endif
