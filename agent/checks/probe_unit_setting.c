/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A setting of a systemd unit as its files give it: the strongest unit file, then all drop-ins by
 * name: those of the unit, its template, the beginnings of its name, what it is a link to, other
 * links that lead to it, and all units of its type.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* systemd passes over it */

#define MAX_NAMES   16	 /* of a unit, with links to it and to links... */
#define MAX_LINKS   4096 /* in all folders */
#define MAX_FORMS   16	 /* of one name */
#define MAX_FOLDERS 512	 /* of drop-ins */

enum {
	KEY_UNIT,
	KEY_SECTION,
	KEY_KEY,
	KEY_SEVERAL,
	KEY_DEFAULT
};

static const struct probe_key keys[] = {
	[KEY_UNIT] = {"unit", PROBE_KEY_TEXT, true},
	[KEY_SECTION] = {"section", PROBE_KEY_TEXT, true},
	[KEY_KEY] = {"key", PROBE_KEY_TEXT, true},
	/* last (unless said): an empty one takes back what was set; add: it changes nothing */
	[KEY_SEVERAL] = {"several", PROBE_KEY_CHOICE, false, "last add"},
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT}, /* of systemd */
	{NULL},
};

/* The strongest first; the last is the one before where /lib is a link to usr/lib. */
static const char *const unit_dirs[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control",
	"/run/systemd/transient",      "/run/systemd/generator.early",
	"/etc/systemd/system",	       "/etc/systemd/system.attached",
	"/run/systemd/system",	       "/run/systemd/system.attached",
	"/run/systemd/generator",      "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",     "/lib/systemd/system",
	"/run/systemd/generator.late"};

#define DIR_COUNT ARRAY_SIZE(unit_dirs)

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	const char *dirs[DIR_COUNT]; /* those that are there */
	size_t dir_count;
	char names[MAX_NAMES][256]; /* of the unit, of what it is a link to, of links to it */
	size_t name_count;
	bool is_empty; /* the file that was read last */
};

struct folders {
	char *paths[MAX_FOLDERS + 1];
	size_t count;
};

static void folders_done(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		free(folders->paths[i]);
}

static void take_line(struct search *search, char *line, const char *path)
{
	bool adds = str_equal(search->params->values[KEY_SEVERAL], "add");
	struct probe_value *value = search->value;
	char *setting = strchr(line, '=');

	if (!setting)
		return;
	*setting++ = '\0';
	if (!str_equal(words_squash(line), search->params->values[KEY_KEY]))
		return;
	words_squash(setting);
	if (!*setting) {
		if (adds)
			return;
		strbuf_clear(&value->where);
		(void)probe_absent(value, "not set");
		return;
	}
	if (adds && value->kind == PROBE_TEXT) {
		strbuf_add_char(&value->text, ' ');
		strbuf_add_str(&value->text, setting);
	} else {
		(void)probe_text(value, setting);
	}
	probe_set_where(value, path);
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
	search->is_empty = !text.len;
	text_join_lines(text.data, "#;");
	cursor = text.data;
	if (cursor && str_starts(cursor, BYTE_ORDER_MARK))
		cursor += strlen(BYTE_ORDER_MARK);
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

static bool has_suffix_of(const char *unit, const char *other)
{
	const char *suffix = strrchr(other, '.');

	return suffix && str_ends(unit, suffix);
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

/* What a link makes of @unit: another name, which is looked for by itself; else NULL. */
static const char *follow(struct search *search, const char *unit, const char *target)
{
	const char *base = strrchr(target, '/');
	char template[256];

	base = base ? base + 1 : target;
	if (str_equal(base, unit) || !has_suffix_of(base, unit) ||
	    (template_of(unit, template, sizeof(template)) && str_equal(base, template)) ||
	    search->name_count == MAX_NAMES ||
	    !str_copy(search->names[search->name_count], sizeof(search->names[0]), base))
		return NULL;
	return search->names[search->name_count++];
}

/* 1 when read, 0 when there is none of that name. */
static int read_strongest(struct search *search, const char *unit)
{
	for (size_t i = 0; i < search->dir_count; i++) {
		char path[512], target[512];
		const char *other;
		int r;

		snprintf(path, sizeof(path), "%s/%s", search->dirs[i], unit);
		r = root_read_link(search->root, path, target, sizeof(target));
		if (r == 0 && str_equal(target, "/dev/null"))
			return probe_not_applicable(search->value, "%s is masked", unit);
		other = r == 0 ? follow(search, unit, target) : NULL;
		r = other ? read_strongest(search, other) : 0;
		if (r == 0 && search->value->outcome == CHECK_PASS)
			r = read_unit(path, search);
		if (r > 0 && search->is_empty)
			return probe_not_applicable(search->value, "%s is masked", unit);
		if (r != 0 || search->value->outcome != CHECK_PASS)
			return r;
	}
	return 0;
}

/*
 * The names below which drop-ins of @unit stand, the strongest first: "a-b@c.service",
 * "a-b@.service", "a-@.service", "a-.service".
 */
static size_t name_forms(const char *unit, char forms[MAX_FORMS][256])
{
	size_t count = 0, stem = strcspn(unit, "@.");
	const char *suffix = strrchr(unit, '.') ?: "";
	bool has_at = unit[stem] == '@';

	snprintf(forms[count++], sizeof(forms[0]), "%s", unit);
	count += template_of(unit, forms[count], sizeof(forms[0]));
	for (; stem > 1 && count + 2 <= MAX_FORMS; stem--) {
		if (unit[stem - 1] != '-')
			continue;
		if (has_at)
			snprintf(forms[count++], sizeof(forms[0]), "%.*s@%s", (int)stem, unit,
				 suffix);
		snprintf(forms[count++], sizeof(forms[0]), "%.*s%s", (int)stem, unit, suffix);
	}
	return count;
}

static int add_folder(struct folders *folders, const char *dir, const char *name)
{
	char *path;

	if (folders->count == MAX_FOLDERS)
		return -E2BIG;
	if (asprintf(&path, "%s/%s.d", dir, name) < 0)
		return -ENOMEM;
	folders->paths[folders->count++] = path;
	return 0;
}

static int read_dropins(struct search *search)
{
	cleanup_with(folders_done) struct folders folders = {0};
	const char *type = strrchr(search->names[0], '.');
	int r = 0;

	for (size_t n = 0; n < search->name_count; n++) {
		char forms[MAX_FORMS][256];
		size_t count = name_forms(search->names[n], forms);

		for (size_t i = 0; i < search->dir_count; i++)
			for (size_t f = 0; f < count && r == 0; f++)
				r = add_folder(&folders, search->dirs[i], forms[f]);
	}
	for (size_t i = 0; i < search->dir_count && r == 0 && type; i++)
		r = add_folder(&folders, search->dirs[i], type + 1);
	return r < 0 ? r
		     : dropin_each(search->root, (const char *const *)folders.paths, ".conf",
				   read_unit, search);
}

/* A link in one of the folders, by name. */
struct link {
	char name[256], target[256];
};

struct links {
	const struct search *search;
	size_t dir; /* that is being read */
	struct link *list;
	size_t count, room;
};

static void links_done(struct links *links)
{
	free(links->list);
}

static bool is_unit_dir(const char *path, size_t len)
{
	for (size_t i = 0; i < DIR_COUNT; i++)
		if (strlen(unit_dirs[i]) == len && strncmp(unit_dirs[i], path, len) == 0)
			return true;
	return false;
}

/* Whether a stronger folder has something of that name. */
static bool is_hidden(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->dir; i++) {
		char path[512], target[512];
		int r;

		snprintf(path, sizeof(path), "%s/%s", links->search->dirs[i], name);
		r = root_read_link(links->search->root, path, target, sizeof(target));
		if (r == 0 || r == -EINVAL)
			return true;
	}
	return false;
}

static int add_link(const char *path, void *userdata)
{
	struct links *links = userdata;
	const char *name = strrchr(path, '/') + 1, *base;
	char target[512];

	if (root_read_link(links->search->root, path, target, sizeof(target)) < 0)
		return 0;
	base = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	/* What lies elsewhere is a unit by the link's own name. */
	if ((*target == '/' && !is_unit_dir(target, (size_t)(base - target) - 1)) ||
	    is_hidden(links, name))
		return 0;
	if (links->count == MAX_LINKS)
		return -E2BIG;
	if (array_grow(&links->list, links->count, &links->room, sizeof(*links->list)) < 0)
		return -ENOMEM;
	if (str_copy(links->list[links->count].name, sizeof(links->list[0].name), name) &&
	    str_copy(links->list[links->count].target, sizeof(links->list[0].target), base))
		links->count++;
	return 0;
}

/* What @link, which leads to @name or its template, is called: of a template it is an instance. */
static bool alias_of(const struct link *link, const char *name, char alias[256])
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
	char template[256];
	size_t stem;

	if (str_equal(link->target, name))
		return str_copy(alias, 256, link->name);
	stem = strcspn(link->name, "@");
	if (!template_of(name, template, sizeof(template)) || !str_equal(link->target, template) ||
	    !str_starts(link->name + stem, "@."))
		return false;
	return snprintf(alias, 256, "%.*s%.*s%s", (int)stem, link->name, (int)(dot - at), at, dot) <
	       256;
}

static bool has_name(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->name_count; i++)
		if (str_equal(search->names[i], name))
			return true;
	return false;
}

/* Names that lead to one that is known, until there is no other. */
static int add_aliases(struct search *search, const struct links *links)
{
	for (size_t n = 0; n < search->name_count; n++)
		for (size_t i = 0; i < links->count; i++) {
			char alias[256];

			if (!alias_of(&links->list[i], search->names[n], alias) ||
			    has_name(search, alias))
				continue;
			if (search->name_count == MAX_NAMES)
				return -E2BIG;
			memcpy(search->names[search->name_count++], alias, sizeof(alias));
		}
	return 0;
}

static int find_aliases(struct search *search)
{
	cleanup_with(links_done) struct links links = {.search = search};
	const char *suffix = strrchr(search->names[0], '.') ?: "";
	int r = 0;

	for (; links.dir < search->dir_count && r == 0; links.dir++) {
		char pattern[512];

		snprintf(pattern, sizeof(pattern), "%s/*%s", search->dirs[links.dir], suffix);
		r = root_glob(search->root, pattern, add_link, &links);
	}
	return r < 0 ? r : add_aliases(search, &links);
}

static int read_all(struct search *search)
{
	const char *unit = search->params->values[KEY_UNIT];
	char template[256];
	int r;

	if (!str_copy(search->names[search->name_count++], sizeof(search->names[0]), unit))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < DIR_COUNT; i++)
		if (root_exists(search->root, unit_dirs[i]))
			search->dirs[search->dir_count++] = unit_dirs[i];
	r = read_strongest(search, unit);
	if (r == 0 && search->value->outcome == CHECK_PASS &&
	    template_of(unit, template, sizeof(template)))
		r = read_strongest(search, template);
	if (r < 0 || search->value->outcome != CHECK_PASS)
		return r;
	if (r == 0)
		return probe_not_applicable(search->value, "%s is not there", unit);
	r = find_aliases(search);
	return r < 0 ? r : read_dropins(search);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .params = params, .value = value};
	int r = probe_end(value, params->values[KEY_UNIT], read_all(&search));

	if (r <= 0 || value->outcome != CHECK_PASS || value->kind != PROBE_ABSENT)
		return r < 0 ? r : 0;
	return probe_builtin(value, params->values[KEY_DEFAULT]);
}

const struct probe_ops probe_unit_setting = {"unit_setting", keys, PROBE_GIVES_TEXT, run};
