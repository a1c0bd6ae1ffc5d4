/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the file system mounted at a path: from mountinfo, or, below a root without a
 * running kernel, from fstab.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/mountinfo.h"
#include "checks/probe.h"
#include "checks/text.h"

#define NO_MOUNT "no file system of its own"

enum {
	KEY_PATH,
	KEY_OPTION,
	KEY_WITHOUT
};

static const struct probe_key keys[] = {
	[KEY_PATH] = {"path", PROBE_KEY_PATH, true},
	/* Gives the value of this one option as text; without it, a list of all options. */
	[KEY_OPTION] = {"option", PROBE_KEY_TEXT},
	/* Why the check means nothing where no file system of its own is mounted there. */
	[KEY_WITHOUT] = {"without", PROBE_KEY_TEXT},
	{NULL},
};

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

static void read_mountinfo_line(char *line, const struct probe_params *params,
				struct probe_value *value)
{
	struct mount_line mount;

	if (!mountinfo_parse(line, &mount) || !str_equal(mount.point, params->values[KEY_PATH]))
		return;
	/* A later mount at the same place covers the earlier one. */
	strbuf_clear(&value->text);
	value->count = 0;
	(void)probe_absent(value, "not set");
	if (!params->values[KEY_OPTION])
		probe_list_add(value, NULL);
	take_options(mount.options, params->values[KEY_OPTION], value);
	take_options(mount.fs_options, params->values[KEY_OPTION], value);
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
	mountinfo_decode(point);
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
	const char *path = MOUNTINFO;
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
	(void)probe_absent(value, NO_MOUNT);
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		if (is_running)
			read_mountinfo_line(line, params, value);
		else
			read_fstab_line(line, params, value);
	}
	if (params->values[KEY_WITHOUT] && str_equal(value->reason.data, NO_MOUNT))
		return probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
	return 0;
}

const struct probe_ops probe_mount = {"mount", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
