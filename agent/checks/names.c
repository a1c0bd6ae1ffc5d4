/* SPDX-License-Identifier: Apache-2.0 */
/* User and group names, read from files; only the first and third field of a line are looked at. */
#include "checks/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "checks/text.h"

/* Splits "name:x:id:..."; false when the line is not of that form. */
static bool split(char *line, char **ret_name, uint64_t *ret_id)
{
	char *number;

	*ret_name = strsep(&line, ":");
	(void)strsep(&line, ":");
	number = strsep(&line, ":");
	return number && str_to_u64(number, 10, ret_id) == 0 && *ret_id <= UINT32_MAX;
}

int64_t names_find(const struct root *root, const char *file, const char *name, size_t name_len)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line, *found;
	uint64_t id;
	int r;

	/* True on every Linux system, and needs no file. */
	if (name_len == 4 && strncmp(name, "root", 4) == 0)
		return 0;
	r = root_read_text(root, file, ROOT_MAX_CONFIG_BYTES, &text);
	if (r < 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor)))
		if (split(line, &found, &id) && strlen(found) == name_len &&
		    strncmp(found, name, name_len) == 0)
			return (int64_t)id;
	return -ENOENT;
}

void names_of(const struct root *root, const char *file, uint32_t wanted, char *buf, size_t size)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line, *found;
	uint64_t id;

	snprintf(buf, size, wanted ? "%u" : "root", wanted);
	if (!wanted || root_read_text(root, file, ROOT_MAX_CONFIG_BYTES, &text) < 0)
		return;
	cursor = text.data;
	while ((line = text_next_line(&cursor)))
		if (split(line, &found, &id) && id == wanted) {
			str_copy(buf, size, found);
			return;
		}
}
