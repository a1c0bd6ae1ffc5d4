/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the file system mounted at a path: from mountinfo, or, below a root without a
 * running kernel, from fstab.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_PATH,
	KEY_OPTION
};

static const struct probe_key keys[] = {
	[KEY_PATH] = {"path", PROBE_KEY_PATH, true},
	/* Gives the value of this one option as text; without it, a list of all options. */
	[KEY_OPTION] = {"option", PROBE_KEY_TEXT},
	{NULL},
};

/* \040 and the like, in place. */
static void decode_octal(char *text)
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

static void take_options(char *options, const char *wanted, struct probe_value *value)
{
	char *option;

	while (options && (option = strsep(&options, ","))) {
		size_t len = strcspn(option, "=");

		if (!wanted)
			probe_list_add(value, option);
		else if (strlen(wanted) == len && strncmp(option, wanted, len) == 0)
			(void)probe_text(value, option[len] ? option + len + 1 : "set");
	}
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static void read_mountinfo_line(char *line, const struct probe_params *params,
				struct probe_value *value)
{
	char *point = NULL, *own = NULL, *shared = NULL, *word;

	for (int i = 0; i < 6 && (word = text_next_word(&line)); i++) {
		if (i == 4)
			point = word;
		own = i == 5 ? word : NULL;
	}
	while (own && (word = text_next_word(&line)))
		if (str_equal(word, "-")) {
			(void)text_next_word(&line);
			(void)text_next_word(&line);
			shared = text_next_word(&line);
			break;
		}
	if (!own)
		return;
	decode_octal(point);
	if (!str_equal(point, params->values[KEY_PATH]))
		return;
	/* A later mount at the same place covers the earlier one. */
	strbuf_clear(&value->text);
	value->count = 0;
	(void)probe_absent(value, "not set");
	if (!params->values[KEY_OPTION])
		probe_list_add(value, NULL);
	take_options(own, params->values[KEY_OPTION], value);
	take_options(shared, params->values[KEY_OPTION], value);
}

static void read_fstab_line(char *line, const struct probe_params *params,
			    struct probe_value *value)
{
	char *point, *options;

	if (*line == '#')
		return;
	(void)text_next_word(&line);
	point = text_next_word(&line);
	(void)text_next_word(&line);
	options = text_next_word(&line);
	if (!options)
		return;
	decode_octal(point);
	if (!str_equal(point, params->values[KEY_PATH]))
		return;
	(void)probe_absent(value, "not set");
	if (!params->values[KEY_OPTION])
		probe_list_add(value, NULL);
	take_options(options, params->values[KEY_OPTION], value);
	probe_set_where(value, "/etc/fstab");
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *path = "/proc/self/mountinfo";
	bool is_running = true;
	char *cursor, *line;
	int r = root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOENT && !root->is_live) {
		is_running = false;
		path = "/etc/fstab";
		r = root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, &text);
		if (r == -ENOENT)
			return probe_not_applicable(value,
						    "neither mountinfo nor fstab below this root");
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return probe_unreadable(value, path, r);
	(void)probe_absent(value, "no file system of its own");
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		if (is_running)
			read_mountinfo_line(line, params, value);
		else
			read_fstab_line(line, params, value);
	}
	return 0;
}

const struct probe_ops probe_mount = {"mount", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
