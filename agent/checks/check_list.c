/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads checks from ini files. A section is collected whole and then resolved, so that `kind` may
 * stand after the parameters that it defines.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/check.h"

#define MAX_KEYS (CHECK_FIELD_COUNT + PROBE_MAX_KEYS)

static const struct {
	const char *name;
	bool is_required;
} fields[CHECK_FIELD_COUNT] = {
	[CHECK_TITLE] = {"title", true},
	[CHECK_WHY] = {"why", true},
	[CHECK_KIND] = {"kind", true},
	[CHECK_EXPECT] = {"expect", true},
	[CHECK_EXPECTED] = {"expected", false},
	[CHECK_SEVERITY] = {"severity", true},
	[CHECK_CONTROLS] = {"controls", true},
	[CHECK_REQUIREMENTS] = {"requirements", true},
	[CHECK_TECHNIQUES] = {"techniques", false},
	[CHECK_REMEDIATION] = {"remediation", true},
	[CHECK_OT_CAUTION] = {"ot_caution", true},
	[CHECK_APPLIES] = {"applies", false},
	[CHECK_OTHERWISE] = {"otherwise", false},
	[CHECK_SOURCE] = {"source", true},
};

struct raw_key {
	char *key, *value;
	unsigned line;
};

struct reader {
	struct check_list *list;
	const struct catalog *catalog;
	char *family;
	char *section; /* id of the check at hand; NULL before the first one */
	bool in_family;
	unsigned section_line;
	struct raw_key keys[MAX_KEYS];
	size_t key_count;
};

static void reader_forget(struct reader *reader)
{
	for (size_t i = 0; i < reader->key_count; i++) {
		free(reader->keys[i].key);
		free(reader->keys[i].value);
	}
	reader->key_count = 0;
	free(reader->section);
	reader->section = NULL;
}

static void reader_done(struct reader *reader)
{
	reader_forget(reader);
	free(reader->family);
}

static int key_fault(const struct raw_key *key, struct diag *diag, const char *text)
{
	return diag_set(diag, "", key->line, -EINVAL, "%s: %s", key->key, text);
}

/* Which key of @probe; -1 when it has none of this name. */
static int find_probe_key(const struct probe_ops *probe, const char *name)
{
	for (int i = 0; probe->keys[i].name; i++)
		if (str_equal(probe->keys[i].name, name))
			return i;
	return -1;
}

static int check_paths(const struct raw_key *key, struct diag *diag)
{
	const char *cursor = key->value, *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len))
		if (*word != '/')
			return diag_set(diag, "", key->line, -EINVAL,
					"%s: '%.*s' is not an absolute path", key->key, (int)len,
					word);
	return 0;
}

static int check_param(const struct probe_key *type, const struct raw_key *key, struct diag *diag)
{
	uint64_t number;

	if (!*key->value)
		return key_fault(key, diag, "has no value");
	switch (type->type) {
	case PROBE_KEY_PATH:
		if (strchr(key->value, ' '))
			return key_fault(key, diag, "takes one path");
		return check_paths(key, diag);
	case PROBE_KEY_PATHS:
		return check_paths(key, diag);
	case PROBE_KEY_NUMBER:
		if (str_to_u64(key->value, 10, &number) < 0)
			return key_fault(key, diag, "is not a number");
		return 0;
	case PROBE_KEY_OCTAL:
		if (str_to_u64(key->value, 8, &number) < 0 || number > 07777)
			return key_fault(key, diag, "is not an octal file mode");
		return 0;
	case PROBE_KEY_CHOICE:
		if (!words_contain(type->choices, WORDS_SPACE, key->value))
			return diag_set(diag, "", key->line, -EINVAL, "%s: '%s' is none of: %s",
					key->key, key->value, type->choices);
		return 0;
	case PROBE_KEY_TEXT:
	case PROBE_KEY_WORDS:
		return 0;
	}
	return 0;
}

int check_set_param(struct check *check, const char *name, const char *value, unsigned line,
		    struct diag *diag)
{
	const struct raw_key key = {.key = (char *)name, .value = (char *)value, .line = line};
	int at = find_probe_key(check->probe, name), r;
	char *copy;

	if (at < 0)
		return diag_set(diag, "", line, -EINVAL,
				"unknown key '%s' for a check of kind '%s'", name,
				check->probe->name);
	r = check_param(&check->probe->keys[at], &key, diag);
	if (r < 0)
		return r;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free((char *)check->params.values[at]);
	check->params.values[at] = words_squash(copy);
	return 0;
}

/* Moves every key of the section into the check's field or its probe's parameter. */
static int place_keys(struct reader *reader, struct check *check, struct diag *diag)
{
	for (size_t i = 0; i < reader->key_count; i++) {
		struct raw_key *key = &reader->keys[i];
		int at, r;

		for (at = 0; at < CHECK_FIELD_COUNT; at++)
			if (str_equal(key->key, fields[at].name))
				break;
		if (at < CHECK_FIELD_COUNT) {
			check->fields[at] = TAKE_PTR(key->value);
			continue;
		}
		at = find_probe_key(check->probe, key->key);
		if (at < 0)
			return diag_set(diag, "", key->line, -EINVAL,
					"unknown key '%s' for a check of kind '%s'", key->key,
					check->probe->name);
		r = check_param(&check->probe->keys[at], key, diag);
		if (r < 0)
			return r;
		check->params.values[at] = TAKE_PTR(key->value);
	}
	return 0;
}

static const struct raw_key *find_raw(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->key_count; i++)
		if (str_equal(reader->keys[i].key, name))
			return &reader->keys[i];
	return NULL;
}

static unsigned line_of(const struct reader *reader, enum check_field field)
{
	const struct raw_key *key = find_raw(reader, fields[field].name);

	return key ? key->line : reader->section_line;
}

/* The first that stands twice, which the caller frees; NULL: none. @list may be NULL. */
static char *first_double(const char *list, enum words_separator separator)
{
	const char *cursor = list, *word;
	size_t len;

	while (cursor && words_next(&cursor, separator, &word, &len)) {
		cleanup_free char *copy = strndup(word, len);

		if (copy && words_contain(cursor, separator, copy))
			return TAKE_PTR(copy);
	}
	return NULL;
}

/* The ids must be known, each once; the lowest level of the requirements becomes the check's own.
 */
static int resolve_ids(const struct reader *reader, struct check *check, struct diag *diag)
{
	static const struct {
		enum check_field field;
		enum catalog_kind kind;
		enum words_separator separator;
	} lists[] = {
		{CHECK_CONTROLS, CATALOG_CONTROL, WORDS_SPACE},
		{CHECK_REQUIREMENTS, CATALOG_REQUIREMENT, WORDS_COMMA},
		{CHECK_TECHNIQUES, CATALOG_TECHNIQUE, WORDS_SPACE},
	};
	const char *cursor = check->fields[CHECK_REQUIREMENTS], *word;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		cleanup_free char *unknown = catalog_first_unknown(reader->catalog, lists[i].kind,
								   check->fields[lists[i].field]);
		cleanup_free char *twice =
			first_double(check->fields[lists[i].field], lists[i].separator);

		if (twice)
			return diag_set(diag, "", line_of(reader, lists[i].field), -EINVAL,
					"%s: '%s' stands twice", fields[lists[i].field].name,
					twice);
		if (unknown)
			return diag_set(diag, "", line_of(reader, lists[i].field), -EINVAL,
					"%s: unknown id '%s'", fields[lists[i].field].name,
					unknown);
	}
	check->lowest_sl = 4;
	while (words_next(&cursor, WORDS_COMMA, &word, &len)) {
		const struct catalog_item *item =
			catalog_find(reader->catalog, CATALOG_REQUIREMENT, word, len);

		if (item->lowest_sl < check->lowest_sl)
			check->lowest_sl = item->lowest_sl;
	}
	return 0;
}

static int resolve(const struct reader *reader, struct check *check, struct diag *diag)
{
	int r;

	for (int i = 0; i < CHECK_FIELD_COUNT; i++)
		if (fields[i].is_required && (!check->fields[i] || !*check->fields[i]))
			return diag_set(diag, "", reader->section_line, -EINVAL, "%s has no '%s'",
					check->id, fields[i].name);
	for (int i = 0; check->probe->keys[i].name; i++)
		if (check->probe->keys[i].is_required && !check->params.values[i])
			return diag_set(diag, "", reader->section_line, -EINVAL,
					"%s has no '%s', which kind '%s' needs", check->id,
					check->probe->keys[i].name, check->probe->name);
	if (finding_severity_parse(check->fields[CHECK_SEVERITY], &check->severity) < 0)
		return diag_set(diag, "", line_of(reader, CHECK_SEVERITY), -EINVAL,
				"unknown severity '%s'", check->fields[CHECK_SEVERITY]);
	if (!check->fields[CHECK_APPLIES] != !check->fields[CHECK_OTHERWISE])
		return diag_set(diag, "", reader->section_line, -EINVAL,
				"%s needs both 'applies' and 'otherwise', or neither", check->id);
	if (check->fields[CHECK_APPLIES]) {
		r = condition_check(check->fields[CHECK_APPLIES], diag);
		if (r < 0) {
			if (diag)
				diag->line = line_of(reader, CHECK_APPLIES);
			return r;
		}
	}
	r = expect_parse(check->fields[CHECK_EXPECT], check->probe->gives, &check->expect, diag);
	if (r < 0) {
		if (diag)
			diag->line = line_of(reader, CHECK_EXPECT);
		return r;
	}
	return resolve_ids(reader, check, diag);
}

static struct check *list_append(struct check_list *list)
{
	if (array_grow(&list->items, list->count, &list->room, sizeof(*list->items)) < 0)
		return NULL;
	list->items[list->count] = (struct check){0};
	return &list->items[list->count++];
}

/* Makes a check of the section at hand. */
static int finish_section(struct reader *reader, struct diag *diag)
{
	const struct raw_key *kind;
	struct check *check;
	int r;

	if (!reader->section)
		return 0;
	if (check_list_find(reader->list, reader->section))
		return diag_set(diag, "", reader->section_line, -EINVAL,
				"a check '%s' is already there", reader->section);
	kind = find_raw(reader, "kind");
	if (!kind)
		return diag_set(diag, "", reader->section_line, -EINVAL, "%s has no 'kind'",
				reader->section);
	if (!probe_find(kind->value))
		return diag_set(diag, "", kind->line, -EINVAL, "unknown kind '%s'", kind->value);
	if (!reader->family)
		return diag_set(diag, "", reader->section_line, -EINVAL,
				"the file needs a first section [family] with a title");
	check = list_append(reader->list);
	if (!check)
		return -ENOMEM;
	check->probe = probe_find(kind->value);
	check->id = strdup(reader->section);
	check->family = strdup(reader->family);
	if (!check->id || !check->family)
		return -ENOMEM;
	r = place_keys(reader, check, diag);
	if (r == 0)
		r = resolve(reader, check, diag);
	reader_forget(reader);
	return r;
}

/* "SYS-001": three capitals, three digits. */
static bool is_check_id(const char *text)
{
	if (strlen(text) != 7 || text[3] != '-')
		return false;
	for (int i = 0; i < 7; i++)
		if (i != 3 &&
		    !(i < 3 ? isupper((unsigned char)text[i]) : isdigit((unsigned char)text[i])))
			return false;
	return true;
}

static int begin_section(struct reader *reader, const char *section, unsigned line,
			 struct diag *diag)
{
	int r = finish_section(reader, diag);

	if (r < 0)
		return r;
	reader->in_family = str_equal(section, "family");
	if (reader->in_family)
		return 0;
	if (!is_check_id(section))
		return diag_set(diag, "", line, -EINVAL, "'%s' is no check id such as SYS-001",
				section);
	reader->section = strdup(section);
	reader->section_line = line;
	return reader->section ? 0 : -ENOMEM;
}

static int visit(const char *section, const char *key, const char *value, unsigned line,
		 void *userdata, struct diag *diag)
{
	struct reader *reader = userdata;
	struct raw_key *raw;

	if (!key)
		return begin_section(reader, section, line, diag);
	if (!str_is_utf8(value))
		return diag_set(diag, "", line, -EINVAL, "'%s' holds bytes that are not UTF-8",
				key);
	if (reader->in_family) {
		if (!str_equal(key, "title") || reader->family)
			return diag_set(diag, "", line, -EINVAL, "[family] has one 'title'");
		reader->family = strdup(value);
		return reader->family ? 0 : -ENOMEM;
	}
	if (!reader->section)
		return diag_set(diag, "", line, -EINVAL, "'%s' stands before any section", key);
	if (find_raw(reader, key))
		return diag_set(diag, "", line, -EINVAL, "'%s' is set twice", key);
	if (reader->key_count == MAX_KEYS)
		return diag_set(diag, "", line, -EINVAL, "too many keys");
	raw = &reader->keys[reader->key_count];
	*raw = (struct raw_key){.key = strdup(key), .value = strdup(value), .line = line};
	reader->key_count++;
	if (!raw->key || !raw->value)
		return -ENOMEM;
	words_squash(raw->value);
	return 0;
}

int check_list_read(struct check_list *list, const char *path, const struct catalog *catalog,
		    struct diag *diag)
{
	cleanup_with(reader_done) struct reader reader = {.list = list, .catalog = catalog};
	struct diag seen = {0};
	int r;

	r = ini_visit(path, visit, &reader, &seen);
	if (r == 0) {
		r = finish_section(&reader, &seen);
		str_copy(seen.file, sizeof(seen.file), path);
	}
	if (r < 0 && diag)
		*diag = seen;
	return r;
}

struct check *check_list_find(const struct check_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(list->items[i].id, id))
			return &list->items[i];
	return NULL;
}

void check_done(struct check *check)
{
	free(check->id);
	free(check->family);
	for (int i = 0; i < CHECK_FIELD_COUNT; i++)
		free(check->fields[i]);
	for (int i = 0; i < PROBE_MAX_KEYS; i++)
		free((char *)check->params.values[i]);
	expect_done(&check->expect);
	*check = (struct check){0};
}

void check_list_done(struct check_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		check_done(&list->items[i]);
	free(list->items);
	*list = (struct check_list){0};
}
