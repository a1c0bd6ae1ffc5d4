/* SPDX-License-Identifier: Apache-2.0 */
/* Control map, read from baselines/controls/findings.ini. */
#include "model/control.h"

#include <errno.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"

enum field {
	FIELD_CONTROLS,
	FIELD_REQUIREMENTS,
	FIELD_TECHNIQUES,
	FIELD_TITLE,
	FIELD_CONTROLS_SOURCE,
	FIELD_REQUIREMENTS_SOURCE,
	FIELD_TECHNIQUES_SOURCE,
	FIELD_SEVERITY,
	FIELD_COUNT,
};

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_CONTROLS] = "controls",
	[FIELD_REQUIREMENTS] = "requirements",
	[FIELD_TECHNIQUES] = "techniques",
	[FIELD_TITLE] = "title",
	[FIELD_CONTROLS_SOURCE] = "controls_source",
	[FIELD_REQUIREMENTS_SOURCE] = "requirements_source",
	[FIELD_TECHNIQUES_SOURCE] = "techniques_source",
	[FIELD_SEVERITY] = "severity",
};

struct entry {
	unsigned line; /* of the section; 0 while the kind was not met */
	char *fields[FIELD_COUNT];
	unsigned lines[FIELD_COUNT]; /* of fields */
	struct control_ids ids;
};

struct control_map {
	struct entry entries[FINDING_KIND_COUNT];
	enum finding_kind current; /* while loading */
};

static int begin_section(struct control_map *map, const char *section, unsigned line,
			 struct diag *diag)
{
	enum finding_kind kind;

	if (finding_kind_parse(section, &kind) < 0 || kind == FINDING_NONE)
		return diag_set(diag, "", line, -EINVAL, "unknown finding kind '%s'", section);
	if (map->entries[kind].line)
		return diag_set(diag, "", line, -EINVAL, "'%s' stands already on line %u", section,
				map->entries[kind].line);
	map->entries[kind].line = line;
	map->current = kind;
	return 0;
}

static int visit(const char *section, const char *key, const char *value, unsigned line,
		 void *userdata, struct diag *diag)
{
	struct control_map *map = userdata;
	struct entry *entry;

	if (!key)
		return begin_section(map, section, line, diag);
	if (map->current == FINDING_NONE)
		return diag_set(diag, "", line, -EINVAL, "'%s' stands before any section", key);
	entry = &map->entries[map->current];
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!str_equal(key, field_names[i]))
			continue;
		if (i == FIELD_SEVERITY && finding_severity_parse(value, &entry->ids.severity) < 0)
			return diag_set(diag, "", line, -EINVAL, "unknown severity '%s'", value);
		if (entry->fields[i])
			return diag_set(diag, "", line, -EINVAL, "'%s' is set twice", key);
		entry->lines[i] = line;
		entry->fields[i] = strdup(value);
		if (!entry->fields[i])
			return -ENOMEM;
		words_squash(entry->fields[i]);
		return 0;
	}
	return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
}

/* Ids without a source, and a source without ids, are both refused: no pair ships unsourced. */
static int check_entry(struct entry *entry, enum finding_kind kind, const char *path,
		       struct diag *diag)
{
	static const enum field must[] = {FIELD_TITLE, FIELD_SEVERITY, FIELD_CONTROLS,
					  FIELD_REQUIREMENTS};
	static const enum field pairs[][2] = {
		{FIELD_CONTROLS, FIELD_CONTROLS_SOURCE},
		{FIELD_REQUIREMENTS, FIELD_REQUIREMENTS_SOURCE},
		{FIELD_TECHNIQUES, FIELD_TECHNIQUES_SOURCE},
	};
	const char *name = finding_kind_name(kind);

	if (!entry->line)
		return diag_set(diag, path, 1, -EINVAL, "finding kind '%s' is missing", name);
	for (size_t i = 0; i < ARRAY_SIZE(must); i++)
		if (!entry->fields[must[i]] || !*entry->fields[must[i]])
			return diag_set(diag, path, entry->line, -EINVAL, "'%s' has no %s", name,
					field_names[must[i]]);
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!entry->fields[pairs[i][0]] != !entry->fields[pairs[i][1]])
			return diag_set(diag, path, entry->line, -EINVAL,
					"'%s' needs both %s and %s, or neither", name,
					field_names[pairs[i][0]], field_names[pairs[i][1]]);
	entry->ids.controls = entry->fields[FIELD_CONTROLS];
	entry->ids.requirements = entry->fields[FIELD_REQUIREMENTS];
	entry->ids.techniques =
		entry->fields[FIELD_TECHNIQUES] ? entry->fields[FIELD_TECHNIQUES] : "";
	return 0;
}

int control_map_load(const char *path, struct control_map **ret_map, struct diag *diag)
{
	cleanup_with(control_map_freep) struct control_map *map = calloc(1, sizeof(*map));
	int r;

	if (!map)
		return -ENOMEM;
	r = ini_visit(path, visit, map, diag);
	if (r < 0)
		return r;
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		r = check_entry(&map->entries[kind], kind, path, diag);
		if (r < 0)
			return r;
	}
	*ret_map = TAKE_PTR(map);
	return 0;
}

struct control_map *control_map_free(struct control_map *map)
{
	if (!map)
		return NULL;
	for (int kind = 0; kind < FINDING_KIND_COUNT; kind++)
		for (int i = 0; i < FIELD_COUNT; i++)
			free(map->entries[kind].fields[i]);
	free(map);
	return NULL;
}

const struct control_ids *control_map_lookup(const struct control_map *map, enum finding_kind kind)
{
	if (kind <= FINDING_NONE || kind >= FINDING_KIND_COUNT)
		return NULL;
	return &map->entries[kind].ids;
}

unsigned control_map_line(const struct control_map *map, enum finding_kind kind, const char *key)
{
	if (kind <= FINDING_NONE || kind >= FINDING_KIND_COUNT)
		return 0;
	for (int i = 0; i < FIELD_COUNT; i++)
		if (str_equal(key, field_names[i]))
			return map->entries[kind].lines[i];
	return 0;
}

const char *control_map_title(const struct control_map *map, enum finding_kind kind)
{
	if (kind <= FINDING_NONE || kind >= FINDING_KIND_COUNT)
		return NULL;
	return map->entries[kind].fields[FIELD_TITLE];
}

int control_map_apply(const struct control_map *map, struct finding *finding)
{
	const struct control_ids *ids = control_map_lookup(map, finding->kind);
	cleanup_free char *controls = NULL, *requirements = NULL, *techniques = NULL;

	if (!ids)
		return -EINVAL;
	controls = strdup(ids->controls);
	requirements = strdup(ids->requirements);
	if (!controls || !requirements)
		return -ENOMEM;
	if (*ids->techniques) {
		techniques = strdup(ids->techniques);
		if (!techniques)
			return -ENOMEM;
	}
	free(finding->controls);
	free(finding->requirements);
	free(finding->techniques);
	finding->controls = TAKE_PTR(controls);
	finding->requirements = TAKE_PTR(requirements);
	finding->techniques = TAKE_PTR(techniques);
	finding->severity = ids->severity;
	return 0;
}
