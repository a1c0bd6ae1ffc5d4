/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the crosswalk: first frameworks.ini, then each framework's ids, then the
 * pairs. Nothing unknown, doubled or unsourced gets in.
 */
#include "model/crosswalk_read.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"

#define PIVOT_FILE    "nist-800-53r5.ini"
#define OVERLAY	      "800-82"
#define GROUPS_PREFIX "groups "

static const struct {
	const char *ids, *source;
	enum words_separator separator;
} pair_keys[PAIR_KEY_COUNT] = {
	{"requirements", "requirements_source", WORDS_COMMA},
	{"csf", "csf_source", WORDS_SPACE},
	{"iso", "iso_source", WORDS_SPACE},
	{"sp800_171", "sp800_171_source", WORDS_SPACE},
	{"dfars", "dfars_source", WORDS_SPACE},
	{"attack", "attack_source", WORDS_SPACE},
	{"ics", "ics_source", WORDS_SPACE},
};

static const char *const text_keys[FRAMEWORK_TEXT_COUNT] = {
	[FRAMEWORK_TITLE] = "title",	       [FRAMEWORK_IDS] = "ids",
	[FRAMEWORK_SOURCE] = "source",	       [FRAMEWORK_PAIRS] = "pairs",
	[FRAMEWORK_UNVERIFIED] = "unverified", [FRAMEWORK_CAUTION] = "caution",
	[FRAMEWORK_NOTICE] = "notice",
};

/* What the visitors work on. */
struct reader {
	struct crosswalk *crosswalk;
	struct framework_data *framework; /* whose file or section is read; NULL: none */
	bool has_sources;		  /* in [sources] */
	bool has_groups;		  /* in [groups NAME] */
};

/* Room for one more element of @size, zeroed; doubles at powers of two. */
static void *add_one(void *list, size_t *count, size_t size)
{
	void **array = list;
	char *grown = *array;

	if ((*count & (*count - 1)) == 0) {
		grown = reallocarray(*array, *count ? 2 * *count : 1, size);
		if (!grown)
			return NULL;
		*array = grown;
	}
	return memset(grown + (*count)++ * size, 0, size);
}

static int set_text(char **field, const char *key, const char *value, unsigned line,
		    struct diag *diag)
{
	if (*field)
		return diag_set(diag, "", line, -EINVAL, "'%s' is set twice", key);
	*field = strdup(value);
	if (!*field)
		return -ENOMEM;
	words_squash(*field);
	if (!**field)
		return diag_set(diag, "", line, -EINVAL, "'%s' is empty", key);
	return 0;
}

static int add_named(struct named_text **list, size_t *count, const char *name, const char *text,
		     unsigned line, struct diag *diag)
{
	struct named_text *named;

	for (size_t i = 0; i < *count; i++)
		if (str_equal((*list)[i].name, name))
			return diag_set(diag, "", line, -EINVAL, "'%s' stands twice", name);
	named = add_one(list, count, sizeof(*named));
	if (!named)
		return -ENOMEM;
	named->name = strdup(name);
	return named->name ? set_text(&named->text, name, text, line, diag) : -ENOMEM;
}

static struct framework_data *find_framework(struct crosswalk *crosswalk, const char *name)
{
	for (size_t i = 0; i < crosswalk->framework_count; i++)
		if (str_equal(crosswalk->frameworks[i].texts[FRAMEWORK_NAME], name))
			return &crosswalk->frameworks[i];
	return NULL;
}

static int begin_framework(struct reader *reader, const char *section, unsigned line,
			   struct diag *diag)
{
	struct crosswalk *crosswalk = reader->crosswalk;

	reader->has_sources = str_equal(section, "sources");
	reader->has_groups = str_starts(section, GROUPS_PREFIX);
	reader->framework = NULL;
	if (reader->has_sources)
		return 0;
	if (reader->has_groups) {
		reader->framework = find_framework(crosswalk, section + strlen(GROUPS_PREFIX));
		return reader->framework ? 0
					 : diag_set(diag, "", line, -EINVAL,
						    "[%s]: no such framework", section);
	}
	if (find_framework(crosswalk, section))
		return diag_set(diag, "", line, -EINVAL, "'%s' stands twice", section);
	if (!crosswalk->framework_count && !str_equal(section, FRAMEWORK_PIVOT))
		return diag_set(diag, "", line, -EINVAL, "the first framework is %s",
				FRAMEWORK_PIVOT);
	reader->framework = add_one(&crosswalk->frameworks, &crosswalk->framework_count,
				    sizeof(*reader->framework));
	if (!reader->framework)
		return -ENOMEM;
	reader->framework->pair_key = -1;
	return set_text(&reader->framework->texts[FRAMEWORK_NAME], "name", section, line, diag);
}

static int visit_frameworks(const char *section, const char *key, const char *value, unsigned line,
			    void *userdata, struct diag *diag)
{
	struct reader *reader = userdata;
	struct framework_data *framework = reader->framework;

	if (!key)
		return begin_framework(reader, section, line, diag);
	if (reader->has_sources)
		return add_named(&reader->crosswalk->sources, &reader->crosswalk->source_count, key,
				 value, line, diag);
	if (reader->has_groups)
		return add_named(&framework->groups, &framework->group_count, key, value, line,
				 diag);
	for (int i = 0; framework && i < FRAMEWORK_TEXT_COUNT; i++) {
		if (!str_equal(key, text_keys[i]))
			continue;
		if (i != FRAMEWORK_PAIRS)
			return set_text(&framework->texts[i], key, value, line, diag);
		for (int k = 0; k < PAIR_KEY_COUNT; k++)
			if (str_equal(value, pair_keys[k].ids))
				framework->pair_key = k;
		if (framework->pair_key < 0)
			return diag_set(diag, "", line, -EINVAL, "'%s' is no list of pairs", value);
		return set_text(&framework->texts[i], key, value, line, diag);
	}
	return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
}

static const char *group_of(const struct framework_data *framework, const char *id)
{
	const struct named_text *best = NULL;

	for (size_t i = 0; i < framework->group_count; i++) {
		const struct named_text *group = &framework->groups[i];

		if (str_starts(id, group->name) &&
		    (!best || strlen(group->name) > strlen(best->name)))
			best = group;
	}
	return best ? best->text : "";
}

static int add_item(struct framework_data *framework, const char *id, const char *title,
		    unsigned line, struct diag *diag)
{
	struct framework_item *item;
	char *text = NULL;
	int r;

	item = add_one(&framework->items, &framework->item_count, sizeof(*item));
	if (!item)
		return -ENOMEM;
	item->line = line;
	item->group = group_of(framework, id);
	item->id = strdup(id);
	if (!item->id)
		return -ENOMEM;
	if (framework->group_count && !*item->group)
		return diag_set(diag, "", line, -EINVAL, "no group of %s begins like '%s'",
				framework->texts[FRAMEWORK_NAME], id);
	if (!title)
		return 0;
	r = set_text(&text, id, title, line, diag);
	item->title = text;
	return r;
}

/* The texts of an item are its own, and const to all others. */
static int set_item_text(const char **field, const char *key, const char *value, unsigned line,
			 struct diag *diag)
{
	char *text = (char *)*field;
	int r = set_text(&text, key, value, line, diag);

	*field = text;
	return r;
}

static int add_reason(struct framework_data *framework, const char *id, const char *value,
		      unsigned line, struct diag *diag)
{
	for (size_t i = 0; i < framework->item_count; i++)
		if (str_equal(framework->items[i].id, id))
			return set_item_text(&framework->items[i].not_on_host, "not_on_host", value,
					     line, diag);
	return diag_set(diag, "", line, -EINVAL, "'%s' is not in [ids] above", id);
}

/* Frameworks whose requirements are an id and a title: [ids], and [not_on_host] of some of them. */
static int visit_ids(const char *section, const char *key, const char *value, unsigned line,
		     void *userdata, struct diag *diag)
{
	struct framework_data *framework = ((struct reader *)userdata)->framework;

	if (str_equal(section, "ids"))
		return key ? add_item(framework, key, value, line, diag) : 0;
	if (str_equal(section, "not_on_host"))
		return key ? add_reason(framework, key, value, line, diag) : 0;
	return diag_set(diag, "", line, -EINVAL, "unknown section [%s]", section);
}

/* attack.ini: one section per domain. */
static int visit_techniques(const char *section, const char *key, const char *value, unsigned line,
			    void *userdata, struct diag *diag)
{
	struct reader *reader = userdata;
	const char *name = reader->framework->texts[FRAMEWORK_NAME];

	if (!str_equal(section, "enterprise") && !str_equal(section, "ics"))
		return diag_set(diag, "", line, -EINVAL, "unknown section [%s]", section);
	if (!key || !str_ends(name, section))
		return 0;
	return add_item(reader->framework, key, value, line, diag);
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

static int visit_requirements(const char *section, const char *key, const char *value,
			      unsigned line, void *userdata, struct diag *diag)
{
	struct framework_data *framework = ((struct reader *)userdata)->framework;
	struct framework_item *item;

	if (!key)
		return add_item(framework, section, NULL, line, diag);
	if (!framework->item_count)
		return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
	item = &framework->items[framework->item_count - 1];
	if (str_equal(key, "title"))
		return set_item_text(&item->title, key, value, line, diag);
	if (str_equal(key, "lowest_sl"))
		return set_level(&item->lowest_sl, value, line, diag);
	if (str_equal(key, "second_reading"))
		return set_level(&item->second_reading, value, line, diag);
	if (str_equal(key, "not_on_host"))
		return set_item_text(&item->not_on_host, key, value, line, diag);
	return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
}

static int parse_baselines(const char *value, unsigned *ret_bits, unsigned line, struct diag *diag)
{
	static const char *const names[] = {"low", "moderate", "high"};
	const char *cursor = value, *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		unsigned bit = 0;

		for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
			if (strlen(names[i]) == len && memcmp(names[i], word, len) == 0)
				bit = 1u << i;
		if (!bit)
			return diag_set(diag, "", line, -EINVAL, "'%.*s' is no baseline", (int)len,
					word);
		*ret_bits |= bit;
	}
	return 0;
}

static int parse_host(const char *value, enum host_evidence *ret_host, unsigned line,
		      struct diag *diag)
{
	static const char *const names[] = {"none", "supporting", "direct"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!str_equal(value, names[i]))
			continue;
		*ret_host = (enum host_evidence)i;
		return 0;
	}
	return diag_set(diag, "", line, -EINVAL, "host is none, supporting or direct, not '%s'",
			value);
}

static int visit_controls(const char *section, const char *key, const char *value, unsigned line,
			  void *userdata, struct diag *diag)
{
	struct reader *reader = userdata;
	struct crosswalk *crosswalk = reader->crosswalk;
	struct framework_item *item;
	struct control_pairs *pairs;

	if (!key) {
		if (!add_one(&crosswalk->controls, &crosswalk->control_count, sizeof(*pairs)))
			return -ENOMEM;
		return add_item(reader->framework, section, NULL, line, diag);
	}
	if (!crosswalk->control_count)
		return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
	item = &reader->framework->items[reader->framework->item_count - 1];
	pairs = &crosswalk->controls[crosswalk->control_count - 1];
	if (str_equal(key, "title"))
		return set_item_text(&item->title, key, value, line, diag);
	if (str_equal(key, "baselines"))
		return parse_baselines(value, &item->baselines, line, diag);
	if (str_equal(key, "host"))
		return parse_host(value, &item->host, line, diag);
	for (size_t k = 0; k < PAIR_KEY_COUNT; k++) {
		if (str_equal(key, pair_keys[k].source))
			return set_text(&pairs->sources[k], key, value, line, diag);
		if (!str_equal(key, pair_keys[k].ids))
			continue;
		pairs->lines[k] = line;
		return set_text(&pairs->ids[k], key, value, line, diag);
	}
	return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
}

bool crosswalk_is_control_key(const char *key)
{
	for (size_t k = 0; k < PAIR_KEY_COUNT; k++)
		if (str_equal(key, pair_keys[k].ids) || str_equal(key, pair_keys[k].source))
			return true;
	return str_equal(key, "baselines") || str_equal(key, "host");
}

static int compare_items(const void *a, const void *b)
{
	return strcmp((*(const struct framework_item *const *)a)->id,
		      (*(const struct framework_item *const *)b)->id);
}

/* Refuses what is doubled or incomplete. */
static int check_items(const struct framework_data *framework, const char *path, struct diag *diag)
{
	cleanup_free const struct framework_item **order =
		calloc(framework->item_count + 1, sizeof(struct framework_item *));
	const char *name = framework->texts[FRAMEWORK_NAME];

	if (!order)
		return -ENOMEM;
	if (!framework->item_count)
		return diag_set(diag, path, 0, -EINVAL, "the file names no id");
	for (size_t i = 0; i < framework->item_count; i++)
		order[i] = &framework->items[i];
	qsort(order, framework->item_count, sizeof(struct framework_item *), compare_items);
	for (size_t i = 0; i < framework->item_count; i++) {
		if (i && str_equal(order[i]->id, order[i - 1]->id))
			return diag_set(diag, path, order[i]->line, -EINVAL, "'%s' stands twice",
					order[i]->id);
		if (!order[i]->title)
			return diag_set(diag, path, order[i]->line, -EINVAL, "'%s' has no title",
					order[i]->id);
		if (str_equal(name, "62443-3-3") && !order[i]->lowest_sl)
			return diag_set(diag, path, order[i]->line, -EINVAL,
					"'%s' has no lowest_sl", order[i]->id);
	}
	return 0;
}

static int read_items(struct reader *reader, const char *data_dir, struct diag *diag)
{
	const char *name = reader->framework->texts[FRAMEWORK_NAME];
	const char *file = reader->framework->texts[FRAMEWORK_IDS];
	ini_visit_fn visit = visit_ids;
	cleanup_free char *path = NULL;
	int r;

	if (reader->framework == &reader->crosswalk->frameworks[0]) {
		file = PIVOT_FILE;
		visit = visit_controls;
	} else if (str_equal(name, "62443-3-3")) {
		file = "iec62443-3-3.ini";
		visit = visit_requirements;
	} else if (str_starts(name, "attack-")) {
		file = "attack.ini";
		visit = visit_techniques;
	}
	if (!file)
		return diag_set(diag, "frameworks.ini", 0, -EINVAL, "[%s] has no ids", name);
	if (asprintf(&path, "%s/controls/%s", data_dir, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = ini_visit(path, visit, reader, diag);
	if (r == -ENOENT)
		return diag_set(diag, path, 0, r, "no such file");
	return r < 0 ? r : check_items(reader->framework, path, diag);
}

/* The overlay: the controls of the baselines, and its additions. */
static int lay_over(struct crosswalk *crosswalk, struct framework_data *overlay, struct diag *diag)
{
	const struct framework_data *pivot = &crosswalk->frameworks[0];
	struct framework_item *additions = overlay->items;
	size_t addition_count = overlay->item_count, met = 0;
	int r = 0;

	overlay->items = NULL;
	overlay->item_count = 0;
	for (size_t i = 0; i < pivot->item_count && r == 0; i++) {
		const struct framework_item *control = &pivot->items[i];
		unsigned baselines = control->baselines;

		for (size_t n = 0; n < addition_count; n++)
			if (str_equal(additions[n].id, control->id)) {
				baselines |= BASELINE_ADDED;
				met++;
			}
		if (!baselines)
			continue;
		r = add_item(overlay, control->id, control->title, 0, diag);
		if (r == 0) {
			overlay->items[overlay->item_count - 1].baselines = baselines;
			overlay->items[overlay->item_count - 1].host = control->host;
			overlay->items[overlay->item_count - 1].group = control->group;
		}
	}
	if (r == 0 && met != addition_count)
		r = diag_set(diag, overlay->texts[FRAMEWORK_IDS], 0, -EINVAL,
			     "an addition is no control of %s", FRAMEWORK_PIVOT);
	for (size_t n = 0; n < addition_count; n++) {
		free((char *)additions[n].id);
		free((char *)additions[n].title);
	}
	free(additions);
	return r;
}

/* Index of the item that a pair means: by its whole id, or by what stands behind its first dash
 * where two frameworks share a list (CMMC numbers its practices as SP 800-171 does). */
static size_t find_paired(const struct framework_data *framework, const char *id, size_t len)
{
	for (size_t i = 0; i < framework->item_count; i++) {
		const char *known = framework->items[i].id, *dash = strchr(known, '-');

		if (strncmp(known, id, len) == 0 && known[len] == '\0')
			return i;
		if (str_starts(framework->texts[FRAMEWORK_NAME], "cmmc") && dash &&
		    strncmp(dash + 1, id, len) == 0 && dash[1 + len] == '\0')
			return i;
	}
	return SIZE_MAX;
}

static int add_pair(struct framework_data *framework, size_t control, size_t item)
{
	struct framework_pair *pair =
		add_one(&framework->pairs, &framework->pair_count, sizeof(*pair));

	if (!pair)
		return -ENOMEM;
	*pair = (struct framework_pair){control, item};
	return 0;
}

static int add_own_pairs(const struct crosswalk *crosswalk, struct framework_data *framework)
{
	const struct framework_data *pivot = &crosswalk->frameworks[0];

	for (size_t i = 0; i < pivot->item_count; i++) {
		const char *id = pivot->items[i].id;
		size_t item = find_paired(framework, id, strlen(id));

		if (item != SIZE_MAX && add_pair(framework, i, item) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int check_sources(const struct crosswalk *crosswalk, const struct control_pairs *pairs,
			 int key, const char *path, struct diag *diag)
{
	const char *cursor = pairs->sources[key], *word;
	size_t len;

	if (!cursor)
		return diag_set(diag, path, pairs->lines[key], -EINVAL, "'%s' names no source",
				pair_keys[key].ids);
	while (words_next(&cursor, WORDS_SPACE, &word, &len))
		if (!crosswalk_source_words(crosswalk, word, len))
			return diag_set(diag, path, pairs->lines[key], -EINVAL,
					"'%.*s' is no source that frameworks.ini knows", (int)len,
					word);
	return 0;
}

static int add_pairs(const struct crosswalk *crosswalk, struct framework_data *framework,
		     const char *path, struct diag *diag)
{
	int key = framework->pair_key;

	for (size_t i = 0; i < crosswalk->control_count; i++) {
		const struct control_pairs *pairs = &crosswalk->controls[i];
		const char *cursor = pairs->ids[key], *word;
		size_t len;
		int r;

		if (!cursor && pairs->sources[key])
			return diag_set(diag, path, crosswalk->frameworks[0].items[i].line, -EINVAL,
					"[%s] has %s without %s",
					crosswalk->frameworks[0].items[i].id, pair_keys[key].source,
					pair_keys[key].ids);
		if (!cursor)
			continue;
		r = check_sources(crosswalk, pairs, key, path, diag);
		while (r == 0 && words_next(&cursor, pair_keys[key].separator, &word, &len)) {
			size_t item = find_paired(framework, word, len);

			r = item == SIZE_MAX ? diag_set(diag, path, pairs->lines[key], -EINVAL,
							"'%.*s' is no id of %s", (int)len, word,
							framework->texts[FRAMEWORK_NAME])
					     : add_pair(framework, i, item);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_texts(const struct framework_data *framework, const char *path, struct diag *diag)
{
	static const enum framework_text must[] = {FRAMEWORK_TITLE, FRAMEWORK_SOURCE};

	for (size_t i = 0; i < ARRAY_SIZE(must); i++)
		if (!framework->texts[must[i]])
			return diag_set(diag, path, 0, -EINVAL, "[%s] has no %s",
					framework->texts[FRAMEWORK_NAME], text_keys[must[i]]);
	return 0;
}

static void make_view(struct framework_data *data)
{
	data->view = (struct framework){
		.name = data->texts[FRAMEWORK_NAME],
		.title = data->texts[FRAMEWORK_TITLE],
		.source = data->texts[FRAMEWORK_SOURCE],
		.caution = data->texts[FRAMEWORK_CAUTION],
		.unverified = data->texts[FRAMEWORK_UNVERIFIED],
		.notice = data->texts[FRAMEWORK_NOTICE],
		.items = data->items,
		.item_count = data->item_count,
		.pairs = data->pairs,
		.pair_count = data->pair_count,
	};
}

static int fill_framework(struct reader *reader, const char *data_dir, const char *pairs_path,
			  struct diag *diag)
{
	struct framework_data *framework = reader->framework;
	int r;

	r = check_texts(framework, "frameworks.ini", diag);
	if (r == 0)
		r = read_items(reader, data_dir, diag);
	if (r == 0 && str_equal(framework->texts[FRAMEWORK_NAME], OVERLAY))
		r = lay_over(reader->crosswalk, framework, diag);
	if (r < 0)
		return r;
	r = framework->pair_key < 0 ? add_own_pairs(reader->crosswalk, framework)
				    : add_pairs(reader->crosswalk, framework, pairs_path, diag);
	make_view(framework);
	return r;
}

int crosswalk_load(const char *data_dir, struct crosswalk **ret_crosswalk, struct diag *diag)
{
	cleanup_with(crosswalk_freep) struct crosswalk *crosswalk = calloc(1, sizeof(*crosswalk));
	struct reader reader = {.crosswalk = crosswalk};
	cleanup_free char *path = NULL, *pairs_path = NULL;
	int r;

	if (!crosswalk)
		return -ENOMEM;
	if (asprintf(&path, "%s/controls/frameworks.ini", data_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (asprintf(&pairs_path, "%s/controls/" PIVOT_FILE, data_dir) < 0) {
		pairs_path = NULL;
		return -ENOMEM;
	}
	r = ini_visit(path, visit_frameworks, &reader, diag);
	if (r == -ENOENT)
		return diag_set(diag, path, 0, r, "no such file");
	for (size_t i = 0; r == 0 && i < crosswalk->framework_count; i++) {
		reader.framework = &crosswalk->frameworks[i];
		r = fill_framework(&reader, data_dir, pairs_path, diag);
	}
	if (r < 0)
		return r;
	if (!crosswalk->framework_count)
		return diag_set(diag, path, 0, -EINVAL, "the file names no framework");
	*ret_crosswalk = TAKE_PTR(crosswalk);
	return 0;
}
