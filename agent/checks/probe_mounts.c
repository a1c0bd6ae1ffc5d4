/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a kind that lack an option, as "POINT lacks OPTIONS". What is mounted now counts. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/words.h"
#include "checks/mountinfo.h"
#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_POINTS,
	KEY_TYPES,
	KEY_LACK,
	KEY_WITHOUT
};

static const struct probe_key keys[] = {
	[KEY_POINTS] = {"points", PROBE_KEY_PATHS}, /* where; `*` stands for slashes too */
	[KEY_TYPES] = {"types", PROBE_KEY_WORDS},   /* of the file system; wildcards allowed */
	[KEY_LACK] = {"lack", PROBE_KEY_WORDS, true},
	[KEY_WITHOUT] = {"without", PROBE_KEY_TEXT, true},
	{NULL},
};

static bool matches(const char *patterns, const char *text)
{
	const char *cursor = patterns, *word;
	size_t len;

	while (patterns && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char pattern[512];

		if (len >= sizeof(pattern))
			continue;
		memcpy(pattern, word, len);
		pattern[len] = '\0';
		if (fnmatch(pattern, text, 0) == 0)
			return true;
	}
	return !patterns;
}

static int take_mount(const struct probe_params *params, const struct mount_line *mount,
		      struct probe_value *value)
{
	cleanup_strbuf struct strbuf item = STRBUF_INIT;
	const char *cursor = params->values[KEY_LACK], *word;
	size_t len, lacking = 0;

	strbuf_printf(&item, "%s lacks ", mount->point);
	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char option[64];

		snprintf(option, sizeof(option), "%.*s", (int)len, word);
		if (mount_has_option(mount->options, option) ||
		    mount_has_option(mount->fs_options, option))
			continue;
		strbuf_printf(&item, "%s%s", lacking++ ? "," : "", option);
	}
	if (strbuf_check(&item) < 0)
		return -ENOMEM;
	return lacking ? probe_list_found(value, "mounts", "%s", item.data) : 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t seen = 0;
	char *cursor, *line;
	int r = root_read_text(root, MOUNTINFO, ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOENT && !root->is_live)
		return probe_not_applicable(value, "no running kernel below this root");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, MOUNTINFO, r);
	probe_list_add(value, NULL);
	cursor = text.data;
	while (r == 0 && (line = text_next_line(&cursor))) {
		struct mount_line mount;

		if (!mountinfo_parse(line, &mount) ||
		    !matches(params->values[KEY_POINTS], mount.point) ||
		    !matches(params->values[KEY_TYPES], mount.type))
			continue;
		seen++;
		r = take_mount(params, &mount, value);
	}
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return seen ? 0 : probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
}

const struct probe_ops probe_mounts = {"mounts", keys, PROBE_GIVES_LIST, run};
