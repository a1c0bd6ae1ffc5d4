/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A setting of a systemd unit as its files give it: the strongest unit file, then all drop-ins by
 * name. An empty assignment takes back what was set; of several the last one counts.
 */
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_UNIT,
	KEY_SECTION,
	KEY_KEY,
	KEY_DEFAULT
};

static const struct probe_key keys[] = {
	[KEY_UNIT] = {"unit", PROBE_KEY_TEXT, true},
	[KEY_SECTION] = {"section", PROBE_KEY_TEXT, true},
	[KEY_KEY] = {"key", PROBE_KEY_TEXT, true},
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT}, /* of systemd */
	{NULL},
};

static const char *const unit_dirs[] = {"/etc/systemd/system", "/run/systemd/system",
					"/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
					"/lib/systemd/system"};

#define DIR_COUNT ARRAY_SIZE(unit_dirs)

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
};

static void take_line(struct search *search, char *line, const char *path)
{
	char *setting = strchr(line, '=');

	if (!setting)
		return;
	*setting++ = '\0';
	if (!str_equal(words_squash(line), search->params->values[KEY_KEY]))
		return;
	words_squash(setting);
	if (*setting) {
		(void)probe_text(search->value, setting);
		probe_set_where(search->value, path);
	} else {
		strbuf_clear(&search->value->where);
		(void)probe_absent(search->value, "not set");
	}
}

/* 1 when read, 0 when it is not there: a drop-in that is a link to nowhere changes nothing. */
static int read_unit(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	bool is_inside = false;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	text_join_lines(text.data, "#;");
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		if (*line == '[') {
			line[strcspn(line, "]")] = '\0';
			is_inside = str_equal(line + 1, search->params->values[KEY_SECTION]);
		} else if (is_inside) {
			take_line(search, line, path);
		}
	}
	return 1;
}

/* 1 when read, 0 when there is none of that name. */
static int read_strongest(struct search *search, const char *unit)
{
	for (size_t i = 0; i < DIR_COUNT; i++) {
		char path[512], target[16];
		int r;

		snprintf(path, sizeof(path), "%s/%s", unit_dirs[i], unit);
		r = root_read_link(search->root, path, target, sizeof(target));
		if (r == 0 && str_equal(target, "/dev/null"))
			return probe_not_applicable(search->value, "%s is masked", unit);
		r = read_unit(path, search);
		if (r != 0)
			return r;
	}
	return 0;
}

static int read_dropins(struct search *search, const char *unit)
{
	char paths[DIR_COUNT][320];
	const char *dirs[DIR_COUNT + 1] = {NULL};

	for (size_t i = 0; i < DIR_COUNT; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%.255s.d", unit_dirs[i], unit);
		dirs[i] = paths[i];
	}
	return dropin_each(search->root, dirs, ".conf", read_unit, search);
}

/* "getty@tty1.service" -> "getty@.service"; false when it is no instance. */
static bool template_of(const char *unit, char *buf, size_t size)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');

	if (!at || !dot || dot <= at + 1)
		return false;
	snprintf(buf, size, "%.*s%s", (int)(at + 1 - unit), unit, dot);
	return true;
}

static int read_all(struct search *search)
{
	const char *unit = search->params->values[KEY_UNIT];
	char template[256];
	bool is_instance = template_of(unit, template, sizeof(template));
	int r = read_strongest(search, unit);

	if (r == 0 && search->value->outcome == CHECK_PASS && is_instance)
		r = read_strongest(search, template);
	if (r < 0 || search->value->outcome != CHECK_PASS)
		return r;
	if (r == 0)
		return probe_not_applicable(search->value, "%s is not there", unit);
	r = is_instance ? read_dropins(search, template) : 0;
	return r < 0 ? r : read_dropins(search, unit);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params, value};
	int r = probe_end(value, params->values[KEY_UNIT], read_all(&search));

	if (r <= 0 || value->outcome != CHECK_PASS || value->kind != PROBE_ABSENT)
		return r < 0 ? r : 0;
	return probe_builtin(value, params->values[KEY_DEFAULT]);
}

const struct probe_ops probe_unit_setting = {"unit_setting", keys, PROBE_GIVES_TEXT, run};
