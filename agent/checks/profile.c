/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles (a kind of host), overlays (a site) and categories (FIPS 199). A profile leaves out and
 * expects as its makers see fit; an overlay must say why, for each check that it touches.
 */
#include "checks/profile.h"

#include <errno.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/check.h"
#include "model/crosswalk.h"

/* It leaves the host in the agent's hello record, whose field takes it whole with the counts beside
 * it, a profile's file name and a category. */
#define TITLE_MAX ((size_t)256)

/* What an overlay did to a check. */
struct touched {
	unsigned changed_at; /* line, the first; 0: it did not */
	bool is_explained;   /* what is changed needs a reason */
	bool is_placed;	     /* left out or taken in */
	bool has_expect;
	uint64_t params; /* bit by place in the probe's table */
};

struct reader {
	struct check_set *set;
	bool is_overlay;
	unsigned level; /* of the profile */
	bool has_level;
	unsigned head_at; /* line of [profile] or [overlay]; 0: none */
	char *title;
	/* Of an overlay: what it did to a check, by place in the list. */
	struct touched *touched;
	size_t loosened, tightened, changed, added;
};

static void reader_done(struct reader *reader)
{
	free(reader->title);
	free(reader->touched);
}

/* [expect] SYS-009 = one_of 0 176: another value is wanted. */
static int take_expect(struct check *check, const char *value, unsigned line, struct diag *diag)
{
	cleanup_expect struct expect expect = {0};
	int r = expect_parse(value, check->probe->gives, &expect, diag);

	if (r < 0) {
		if (diag)
			diag->line = line;
		return r;
	}
	expect_done(&check->expect);
	check->expect = expect;
	expect.words = NULL;
	/* The check's own words would describe the value that no longer counts. */
	free(check->fields[CHECK_EXPECTED]);
	check->fields[CHECK_EXPECTED] = NULL;
	return 0;
}

static int take_level(struct reader *reader, const char *value, unsigned line, struct diag *diag)
{
	uint64_t level;

	if (str_to_u64(value, 10, &level) < 0 || level < 1 || level > 4)
		return diag_set(diag, "", line, -EINVAL, "'%s' is not a security level (1 to 4)",
				value);
	reader->has_level = true;
	if (!reader->level)
		reader->level = (unsigned)level;
	return 0;
}

/* Checks of the site itself: they stand in a file of the usual form. */
static int take_own_checks(struct reader *reader, const char *path, unsigned line,
			   struct diag *diag)
{
	size_t before = reader->set->list.count;
	struct touched *touched;
	int r;

	if (*path != '/')
		return diag_set(diag, "", line, -EINVAL, "checks: '%s' is not an absolute path",
				path);
	r = check_list_read(&reader->set->list, path, reader->set->catalog, diag);
	if (r < 0)
		return r;
	touched = reallocarray(reader->touched, reader->set->list.count, sizeof(*touched));
	if (!touched)
		return -ENOMEM;
	memset(touched + before, 0, (reader->set->list.count - before) * sizeof(*touched));
	reader->touched = touched;
	reader->added += reader->set->list.count - before;
	return 0;
}

static int take_head(struct reader *reader, const char *key, const char *value, unsigned line,
		     struct diag *diag)
{
	if (str_equal(key, "title") && !reader->title) {
		if (strlen(value) > TITLE_MAX)
			return diag_set(diag, "", line, -EINVAL,
					"the title is longer than %zu bytes", TITLE_MAX);
		reader->title = strdup(value);
		return reader->title ? 0 : -ENOMEM;
	}
	if (!reader->is_overlay && str_equal(key, "lowest_sl") && !reader->has_level)
		return take_level(reader, value, line, diag);
	if (reader->is_overlay && str_equal(key, "checks"))
		return take_own_checks(reader, value, line, diag);
	return diag_set(diag, "", line, -EINVAL, "unknown or repeated key '%s'", key);
}

static void note_change(struct touched *touched, unsigned line)
{
	if (!touched->changed_at)
		touched->changed_at = line;
}

/* The later of two would count, and who reads the file may see the other. */
static int once(bool *seen, const char *key, unsigned line, struct diag *diag)
{
	if (*seen)
		return diag_set(diag, "", line, -EINVAL, "'%s' stands twice", key);
	*seen = true;
	return 0;
}

static int set_once(struct touched *touched, const struct check *check, const char *key,
		    unsigned line, struct diag *diag)
{
	const char *name = strchr(key, '.') + 1;
	uint64_t bit = 0;
	bool seen;

	for (unsigned i = 0; check->probe->keys[i].name && i < 64; i++)
		if (str_equal(check->probe->keys[i].name, name))
			bit = UINT64_C(1) << i;
	seen = touched->params & bit;
	touched->params |= bit;
	return once(&seen, key, line, diag);
}

/* [set] BKP-001.paths = /srv/x: another value of a parameter. */
static int take_set(struct reader *reader, const char *key, const char *value, unsigned line,
		    struct diag *diag)
{
	const char *dot = strchr(key, '.');
	cleanup_free char *id = dot ? strndup(key, (size_t)(dot - key)) : NULL;
	struct check *check;
	int r;

	if (!dot)
		return diag_set(diag, "", line, -EINVAL, "'%s' is not of the form ID.KEY", key);
	if (!id)
		return -ENOMEM;
	check = check_list_find(&reader->set->list, id);
	if (!check)
		return diag_set(diag, "", line, -EINVAL, "unknown check '%s'", id);
	r = check_set_param(check, dot + 1, value, line, diag);
	if (r < 0 || !reader->touched)
		return r;
	note_change(&reader->touched[check - reader->set->list.items], line);
	return set_once(&reader->touched[check - reader->set->list.items], check, key, line, diag);
}

static int take_check(struct reader *reader, const char *section, struct check *check,
		      const char *value, unsigned line, struct diag *diag)
{
	struct touched ignored = {0};
	struct touched *touched =
		reader->touched ? &reader->touched[check - reader->set->list.items] : &ignored;
	int r;

	if (str_equal(section, "expect")) {
		note_change(touched, line);
		r = once(&touched->has_expect, check->id, line, diag);
		return r < 0 ? r : take_expect(check, value, line, diag);
	}
	if (!*value)
		return diag_set(diag, "", line, -EINVAL, "%s is %s without a reason", check->id,
				str_equal(section, "leave_out") ? "left out" : "changed");
	if (str_equal(section, "because"))
		return once(&touched->is_explained, check->id, line, diag);
	r = once(&touched->is_placed, check->id, line, diag);
	if (r < 0)
		return r;
	if (check->is_left_out != str_equal(section, "leave_out")) {
		check->is_left_out = !check->is_left_out;
		reader->loosened += check->is_left_out;
		reader->tightened += !check->is_left_out;
	}
	return 0;
}

static bool is_section(const struct reader *reader, const char *section)
{
	if (str_equal(section, reader->is_overlay ? "overlay" : "profile") ||
	    str_equal(section, "leave_out") || str_equal(section, "expect") ||
	    str_equal(section, "set"))
		return true;
	return reader->is_overlay &&
	       (str_equal(section, "take_in") || str_equal(section, "because"));
}

static int visit(const char *section, const char *key, const char *value, unsigned line,
		 void *userdata, struct diag *diag)
{
	struct reader *reader = userdata;
	struct check *check;
	bool is_head;

	if (!is_section(reader, section))
		return diag_set(diag, "", line, -EINVAL, "unknown section [%s]", section);
	is_head = str_equal(section, "profile") || str_equal(section, "overlay");
	if (!key) {
		if (is_head && !reader->head_at)
			reader->head_at = line;
		return 0;
	}
	if (!str_is_utf8(value))
		return diag_set(diag, "", line, -EINVAL, "'%s' holds bytes that are not UTF-8",
				key);
	if (is_head)
		return take_head(reader, key, value, line, diag);
	if (str_equal(section, "set"))
		return take_set(reader, key, value, line, diag);
	check = check_list_find(&reader->set->list, key);
	if (!check)
		return diag_set(diag, "", line, -EINVAL, "unknown check '%s'", key);
	return take_check(reader, section, check, value, line, diag);
}

/* What a head lacks is told where it stands; of a file without one, on its first line. */
static int refuse_head(const struct reader *reader, const char *path, const char *wants,
		       struct diag *diag)
{
	const char *name = reader->is_overlay ? "overlay" : "profile";

	if (!reader->head_at)
		return diag_set(diag, path, 1, -EINVAL, "there is no [%s], which has %s", name,
				wants);
	return diag_set(diag, path, reader->head_at, -EINVAL, "[%s] needs %s", name, wants);
}

int profile_read(const char *path, unsigned level, struct check_set *set, struct diag *diag)
{
	cleanup_with(reader_done) struct reader reader = {.set = set, .level = level};
	int r = ini_visit(path, visit, &reader, diag);

	if (r < 0)
		return r;
	if (!reader.title || !reader.has_level)
		return refuse_head(&reader, path, "title and lowest_sl", diag);
	for (size_t i = 0; i < set->list.count; i++)
		if (set->list.items[i].lowest_sl > reader.level)
			set->list.items[i].is_left_out = true;
	free(set->title);
	if (asprintf(&set->title, "%s, checks up to SL %u", reader.title, reader.level) < 0) {
		set->title = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* "hmi-sl2" -> "hmi", 2; other names stay as they are, with level 0. */
static unsigned split_level(char *name)
{
	size_t len = strlen(name);

	if (len <= strlen("-slN") || !str_starts(name + len - strlen("-slN"), "-sl") ||
	    name[len - 1] < '1' || name[len - 1] > '4')
		return 0;
	name[len - strlen("-slN")] = '\0';
	return (unsigned)(name[len - 1] - '0');
}

int profile_apply(const char *data_dir, const char *name, struct check_set *set, struct diag *diag)
{
	cleanup_free char *base = strdup(name), *path = NULL;
	unsigned level;

	if (!base)
		return -ENOMEM;
	/* The name comes from a user: it must not wander through the file system. */
	if (!*name || strchr(name, '/') || name[0] == '.')
		return diag_set(diag, "", 0, -EINVAL, "'%s' is no profile name", name);
	level = split_level(base);
	if (asprintf(&path, "%s/profiles/%s.ini", data_dir, base) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return profile_read(path, level, set, diag);
}

/* Adds to what the set says of its tailoring; takes @text over. */
static int add_tailoring(struct check_set *set, char *text)
{
	cleanup_free char *own = text, *before = set->tailoring;

	set->tailoring = NULL;
	if (!own)
		return -ENOMEM;
	if (asprintf(&set->tailoring, "%s%s%s", before ? before : "", before ? "; " : "", own) <
	    0) {
		set->tailoring = NULL;
		return -ENOMEM;
	}
	return 0;
}

int overlay_apply(const char *path, struct check_set *set, struct diag *diag)
{
	cleanup_with(reader_done) struct reader reader = {.set = set, .is_overlay = true};
	char *text;
	int r;

	reader.touched = calloc(set->list.count + 1, sizeof(*reader.touched));
	if (!reader.touched)
		return -ENOMEM;
	r = ini_visit(path, visit, &reader, diag);
	if (r < 0)
		return r;
	if (!reader.title)
		return refuse_head(&reader, path, "a title", diag);
	for (size_t i = 0; i < set->list.count; i++) {
		const struct touched *touched = &reader.touched[i];

		if (touched->changed_at && !touched->is_explained)
			return diag_set(diag, path, touched->changed_at, -EINVAL,
					"[because] has no reason for the change of %s",
					set->list.items[i].id);
		reader.changed += touched->changed_at != 0;
	}
	if (asprintf(&text, "overlay '%s': %zu taken in, %zu left out, %zu changed, %zu added",
		     reader.title, reader.tightened, reader.loosened, reader.changed,
		     reader.added) < 0)
		text = NULL;
	return add_tailoring(set, text);
}

static const struct mark {
	const char *name;
	unsigned baseline;
} marks[] = {
	{"low", BASELINE_LOW},
	{"moderate", BASELINE_MODERATE},
	{"high", BASELINE_HIGH},
};

/* "low", "integrity=high": raises @mark (an index into marks, -1: none yet). */
static int take_category_word(const char *word, size_t len, int *mark, struct diag *diag)
{
	const char *equals = memchr(word, '=', len);
	const char *level = equals ? equals + 1 : word;
	size_t level_len = len - (size_t)(level - word), name_len = (size_t)(level - word);
	cleanup_free char *name = strndup(word, name_len ? name_len - 1 : 0);

	if (!name)
		return -ENOMEM;
	if (equals && !words_contain("confidentiality integrity availability", WORDS_SPACE, name))
		return diag_set(diag, "", 0, -EINVAL, "category: '%s' is no objective", name);
	for (int i = 0; i < (int)ARRAY_SIZE(marks); i++)
		if (strlen(marks[i].name) == level_len &&
		    strncmp(marks[i].name, level, level_len) == 0) {
			*mark = i > *mark ? i : *mark;
			return 0;
		}
	return diag_set(diag, "", 0, -EINVAL, "category: '%.*s' is none of: low moderate high",
			(int)level_len, level);
}

static bool is_asked(const struct framework *pivot, const char *controls, unsigned baseline)
{
	const char *cursor = controls, *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		const struct framework_item *item = framework_find_item(pivot, word, len);

		if (item && item->baselines & baseline)
			return true;
	}
	return false;
}

int category_apply(const char *data_dir, const char *category, struct check_set *set,
		   struct diag *diag)
{
	cleanup_with(crosswalk_freep) struct crosswalk *crosswalk = NULL;
	const char *cursor = category, *word;
	size_t len, dropped = 0;
	int mark = -1, r = 0;
	char *text;

	while (r == 0 && words_next(&cursor, WORDS_SPACE, &word, &len))
		r = take_category_word(word, len, &mark, diag);
	if (r == 0 && mark < 0)
		r = diag_set(diag, "", 0, -EINVAL, "category: it names no level");
	if (r == 0)
		r = crosswalk_load(data_dir, &crosswalk, diag);
	if (r < 0)
		return r;
	for (size_t i = 0; i < set->list.count; i++) {
		struct check *check = &set->list.items[i];

		if (check->is_left_out ||
		    is_asked(crosswalk_pivot(crosswalk), check->fields[CHECK_CONTROLS],
			     marks[mark].baseline))
			continue;
		check->is_left_out = true;
		dropped++;
	}
	if (asprintf(&text, "category %s by the high-water mark: %zu left out", marks[mark].name,
		     dropped) < 0)
		text = NULL;
	return add_tailoring(set, text);
}

void check_set_cut_down(struct check_set *set)
{
	struct check_list *list = &set->list;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].is_left_out) {
			strbuf_printf(&set->left_out_ids, "%s ", list->items[i].id);
			check_done(&list->items[i]);
			set->left_out++;
		} else {
			list->items[kept++] = list->items[i];
		}
	}
	list->count = kept;
}
