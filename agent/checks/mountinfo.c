/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/mountinfo.h"

#include <string.h>

#include "base/str.h"
#include "checks/text.h"

void mountinfo_decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
bool mountinfo_parse(char *line, struct mount_line *ret_mount)
{
	struct mount_line mount = {0};
	char *word;

	(void)text_next_word(&line);
	(void)text_next_word(&line);
	mount.device = text_next_word(&line);
	(void)text_next_word(&line);
	mount.point = text_next_word(&line);
	mount.options = text_next_word(&line);
	/* Optional fields end at a dash. */
	while ((word = text_next_word(&line)) && !str_equal(word, "-"))
		continue;
	mount.type = text_next_word(&line);
	mount.source = text_next_word(&line);
	mount.fs_options = text_next_word(&line);
	if (!mount.fs_options)
		return false;
	mountinfo_decode(mount.point);
	mountinfo_decode(mount.source);
	*ret_mount = mount;
	return true;
}

bool mount_has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	while (options && *options) {
		size_t here = strcspn(options, ",");

		if (here >= len && strncmp(options, option, len) == 0 &&
		    (here == len || options[len] == '='))
			return true;
		options += here + (options[here] == ',');
	}
	return false;
}
