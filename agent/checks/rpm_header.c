/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/rpm_header.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Two numbers (tags, bytes of data), then the tags, then the data; all numbers are big-endian. */
#define INTRO_SIZE 8
#define ENTRY_SIZE 16
#define MAX_TAGS   65535 /* as rpm */
#define TAG_NAME   1000
#define TYPE_TEXT  6

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int check_text(const uint8_t *text, size_t room, const char **ret_text)
{
	size_t len = strnlen((const char *)text, room);

	if (!len || len == room)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if (!isgraph(text[i]))
			return -EBADMSG;
	*ret_text = (const char *)text;
	return 0;
}

int rpm_header_name(const uint8_t *data, size_t len, size_t size, const char **ret_name)
{
	size_t tags, bytes, start;

	if (len < INTRO_SIZE || len > size)
		return -EBADMSG;
	tags = be32(data);
	bytes = be32(data + 4);
	start = INTRO_SIZE + tags * ENTRY_SIZE;
	if (!tags || tags > MAX_TAGS || start > len || bytes != size - start)
		return -EBADMSG;
	for (size_t i = 0; i < tags; i++) {
		const uint8_t *entry = data + INTRO_SIZE + i * ENTRY_SIZE;
		size_t at = be32(entry + 8);

		if (be32(entry) != TAG_NAME)
			continue;
		if (be32(entry + 4) != TYPE_TEXT || at >= len - start)
			return -EBADMSG;
		return check_text(data + start + at, len - start - at, ret_name);
	}
	return -EBADMSG;
}
