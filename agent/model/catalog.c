/* SPDX-License-Identifier: Apache-2.0 */
/* Catalog of control, requirement and technique ids, read from ini files. */
#include "model/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"
#include "model/crosswalk.h"

/* The same as struct catalog_item with owned strings. */
struct item {
	char *id, *title, *not_on_host;
	unsigned lowest_sl, second_reading;
	unsigned line; /* where it begins in its file */
};

/* Ordered by id once loaded. */
struct shelf {
	struct item *items;
	size_t count, room;
};

struct catalog {
	struct shelf shelves[CATALOG_KIND_COUNT];
	struct catalog_item *views[CATALOG_KIND_COUNT];
};

static int shelf_add(struct shelf *shelf, const char *id, unsigned line, struct item **ret_item)
{
	struct item *item;

	if (array_grow(&shelf->items, shelf->count, &shelf->room, sizeof(*shelf->items)) < 0)
		return -ENOMEM;
	item = &shelf->items[shelf->count];
	*item = (struct item){.id = strdup(id), .line = line};
	if (!item->id)
		return -ENOMEM;
	shelf->count++;
	*ret_item = item;
	return 0;
}

static int set_text(char **field, const char *value, const char *key, unsigned line,
		    struct diag *diag)
{
	if (*field)
		return diag_set(diag, "", line, -EINVAL, "'%s' is set twice", key);
	*field = strdup(value);
	if (!*field)
		return -ENOMEM;
	words_squash(*field);
	return 0;
}

static int set_level(unsigned *field, const char *value, unsigned line, struct diag *diag)
{
	uint64_t level;

	if (str_to_u64(value, 10, &level) < 0 || level < 1 || level > 4)
		return diag_set(diag, "", line, -EINVAL, "'%s' is not a security level (1 to 4)",
				value);
	*field = (unsigned)level;
	return 0;
}

static int unknown_key(const char *key, unsigned line, struct diag *diag)
{
	return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
}

static int visit_control(const char *section, const char *key, const char *value, unsigned line,
			 void *userdata, struct diag *diag)
{
	struct shelf *shelf = userdata;
	struct item *item;

	if (!key)
		return shelf_add(shelf, section, line, &item);
	if (!shelf->count)
		return unknown_key(key, line, diag);
	item = &shelf->items[shelf->count - 1];
	if (str_equal(key, "title"))
		return set_text(&item->title, value, key, line, diag);
	return crosswalk_is_control_key(key) ? 0 : unknown_key(key, line, diag);
}

static int visit_requirement(const char *section, const char *key, const char *value, unsigned line,
			     void *userdata, struct diag *diag)
{
	struct shelf *shelf = userdata;
	struct item *item;

	if (!key)
		return shelf_add(shelf, section, line, &item);
	if (!shelf->count)
		return unknown_key(key, line, diag);
	item = &shelf->items[shelf->count - 1];
	if (str_equal(key, "title"))
		return set_text(&item->title, value, key, line, diag);
	if (str_equal(key, "lowest_sl"))
		return set_level(&item->lowest_sl, value, line, diag);
	if (str_equal(key, "second_reading"))
		return set_level(&item->second_reading, value, line, diag);
	if (str_equal(key, "not_on_host"))
		return set_text(&item->not_on_host, value, key, line, diag);
	return unknown_key(key, line, diag);
}

/* Here a section is a domain and each key an id. */
static int visit_technique(const char *section, const char *key, const char *value, unsigned line,
			   void *userdata, struct diag *diag)
{
	struct item *item;
	int r;

	if (!key)
		return 0;
	r = shelf_add(userdata, key, line, &item);
	return r < 0 ? r : set_text(&item->title, value, key, line, diag);
}

static const struct {
	const char *file;
	ini_visit_fn visit;
} sources[CATALOG_KIND_COUNT] = {
	[CATALOG_CONTROL] = {"nist-800-53r5.ini", visit_control},
	[CATALOG_REQUIREMENT] = {"iec62443-3-3.ini", visit_requirement},
	[CATALOG_TECHNIQUE] = {"attack.ini", visit_technique},
};

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->id, ((const struct item *)b)->id);
}

/* Sorts, refuses what is incomplete or doubled, and makes the read-only views. */
static int shelf_finish(struct catalog *catalog, enum catalog_kind kind, const char *path,
			struct diag *diag)
{
	struct shelf *shelf = &catalog->shelves[kind];

	if (!shelf->count)
		return diag_set(diag, path, 0, -EINVAL, "the file names no id");
	qsort(shelf->items, shelf->count, sizeof(shelf->items[0]), compare_items);
	catalog->views[kind] = calloc(shelf->count, sizeof(struct catalog_item));
	if (!catalog->views[kind])
		return -ENOMEM;
	for (size_t i = 0; i < shelf->count; i++) {
		const struct item *item = &shelf->items[i];

		if (i && str_equal(item->id, item[-1].id))
			return diag_set(diag, path, item->line, -EINVAL, "'%s' stands twice",
					item->id);
		if (!item->title)
			return diag_set(diag, path, item->line, -EINVAL, "'%s' has no title",
					item->id);
		if (kind == CATALOG_REQUIREMENT && !item->lowest_sl)
			return diag_set(diag, path, item->line, -EINVAL, "'%s' has no lowest_sl",
					item->id);
		catalog->views[kind][i] = (struct catalog_item){
			.id = item->id,
			.title = item->title,
			.lowest_sl = item->lowest_sl,
			.second_reading = item->second_reading,
			.line = item->line,
			.not_on_host = item->not_on_host,
		};
	}
	return 0;
}

int catalog_load(const char *data_dir, struct catalog **ret_catalog, struct diag *diag)
{
	cleanup_with(catalog_freep) struct catalog *catalog = calloc(1, sizeof(*catalog));
	int r;

	if (!catalog)
		return -ENOMEM;
	for (int kind = 0; kind < CATALOG_KIND_COUNT; kind++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/controls/%s", data_dir, sources[kind].file) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = ini_visit(path, sources[kind].visit, &catalog->shelves[kind], diag);
		if (r == -ENOENT)
			return diag_set(diag, path, 0, r, "no such file");
		if (r < 0)
			return r;
		r = shelf_finish(catalog, kind, path, diag);
		if (r < 0)
			return r;
	}
	*ret_catalog = TAKE_PTR(catalog);
	return 0;
}

struct catalog *catalog_free(struct catalog *catalog)
{
	if (!catalog)
		return NULL;
	for (int kind = 0; kind < CATALOG_KIND_COUNT; kind++) {
		struct shelf *shelf = &catalog->shelves[kind];

		for (size_t i = 0; i < shelf->count; i++) {
			free(shelf->items[i].id);
			free(shelf->items[i].title);
			free(shelf->items[i].not_on_host);
		}
		free(shelf->items);
		free(catalog->views[kind]);
	}
	free(catalog);
	return NULL;
}

size_t catalog_count(const struct catalog *catalog, enum catalog_kind kind)
{
	return catalog->shelves[kind].count;
}

const struct catalog_item *catalog_item(const struct catalog *catalog, enum catalog_kind kind,
					size_t index)
{
	return &catalog->views[kind][index];
}

const struct catalog_item *catalog_find(const struct catalog *catalog, enum catalog_kind kind,
					const char *id, size_t id_len)
{
	size_t low = 0, high = catalog->shelves[kind].count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *known = catalog->views[kind][middle].id;
		int order = strncmp(id, known, id_len);

		if (!order && known[id_len])
			order = -1;
		if (!order)
			return &catalog->views[kind][middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

char *catalog_first_unknown(const struct catalog *catalog, enum catalog_kind kind, const char *ids)
{
	enum words_separator separator = kind == CATALOG_REQUIREMENT ? WORDS_COMMA : WORDS_SPACE;
	const char *cursor = ids, *word;
	size_t len;

	while (ids && words_next(&cursor, separator, &word, &len))
		if (!catalog_find(catalog, kind, word, len))
			return strndup(word, len);
	return NULL;
}
