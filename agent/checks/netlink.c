/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

/* The padding behind the last item may be left off. */
static void cut(struct nl_bytes *rest, size_t len)
{
	size_t aligned = NLMSG_ALIGN(len);

	if (aligned > rest->len)
		aligned = rest->len;
	rest->data += aligned;
	rest->len -= aligned;
}

int nl_next_message(struct nl_bytes *rest, struct nl_message *ret_message)
{
	struct nlmsghdr header;

	if (!rest->len)
		return 0;
	if (rest->len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, rest->data, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > rest->len)
		return -EBADMSG;
	*ret_message = (struct nl_message){
		.type = header.nlmsg_type,
		.flags = header.nlmsg_flags,
		.sequence = header.nlmsg_seq,
		.payload = {rest->data + sizeof(header), header.nlmsg_len - sizeof(header)},
	};
	cut(rest, header.nlmsg_len);
	return 1;
}

int nl_next_attribute(struct nl_bytes *rest, struct nl_attribute *ret_attribute)
{
	struct nlattr header;

	if (!rest->len)
		return 0;
	if (rest->len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, rest->data, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > rest->len)
		return -EBADMSG;
	*ret_attribute = (struct nl_attribute){
		.type = header.nla_type & NLA_TYPE_MASK,
		.value = {rest->data + sizeof(header), header.nla_len - sizeof(header)},
	};
	cut(rest, header.nla_len);
	return 1;
}

int nl_find_attribute(struct nl_bytes rest, uint16_t type, struct nl_attribute *ret_attribute)
{
	struct nl_attribute attribute;
	int r, found = -ENOENT;

	while ((r = nl_next_attribute(&rest, &attribute)) > 0)
		if (attribute.type == type) {
			*ret_attribute = attribute;
			found = 0;
		}
	return r < 0 ? r : found;
}

const void *nl_take(struct nl_bytes *rest, size_t len)
{
	const void *head = rest->data;

	if (rest->len < len)
		return NULL;
	cut(rest, len);
	return head;
}

const char *nl_text(const struct nl_attribute *attribute)
{
	const struct nl_bytes *value = &attribute->value;

	if (!value->len || memchr(value->data, '\0', value->len) != value->data + value->len - 1)
		return NULL;
	return (const char *)value->data;
}

int nl_be32(const struct nl_attribute *attribute, uint32_t *ret_value)
{
	uint32_t value;

	if (attribute->value.len != sizeof(value))
		return -EBADMSG;
	memcpy(&value, attribute->value.data, sizeof(value));
	*ret_value = ntohl(value);
	return 0;
}
