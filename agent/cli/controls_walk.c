/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the crosswalk for `plumbline controls`. */
#include "cli/controls_walk.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"

/* Finding kinds come first among the users, without FINDING_NONE. */
#define KIND_USERS (FINDING_KIND_COUNT - 1)

static const char *const host_words[] = {
	[HOST_EVIDENCE_NONE] = "a host cannot show it",
	[HOST_EVIDENCE_SUPPORTING] = "a host can support it",
	[HOST_EVIDENCE_DIRECT] = "a host can show it",
};
static const char *const host_names[] = {"none", "supporting", "direct"};
static const char *const touch_names[] = {"", "inherited", "paired", "direct"};

static bool is_pivot(const struct controls_walk *walk)
{
	return walk->framework == crosswalk_pivot(walk->map->crosswalk);
}

static void user_ids(const struct controls_map *map, size_t user, struct control_ids *ret_ids)
{
	if (user < KIND_USERS)
		*ret_ids = *control_map_lookup(map->findings, (enum finding_kind)(user + 1));
	else
		check_set_ids(map->set, user - KIND_USERS, ret_ids);
}

static const char *user_id(const struct controls_map *map, size_t user)
{
	return user < KIND_USERS ? finding_kind_name((enum finding_kind)(user + 1))
				 : check_set_id(map->set, user - KIND_USERS);
}

static const char *user_title(const struct controls_map *map, size_t user)
{
	return user < KIND_USERS ? control_map_title(map->findings, (enum finding_kind)(user + 1))
				 : check_set_title(map->set, user - KIND_USERS);
}

int controls_walk_init(const struct controls_map *map, const struct framework *framework,
		       struct controls_walk *ret_walk)
{
	size_t users = KIND_USERS + check_set_count(map->set);
	unsigned char *touches = calloc(users, framework->item_count);

	if (!touches)
		return -ENOMEM;
	for (size_t user = 0; user < users; user++) {
		struct control_ids ids;

		user_ids(map, user, &ids);
		crosswalk_touch(map->crosswalk, framework, &ids,
				touches + user * framework->item_count);
	}
	*ret_walk = (struct controls_walk){map, framework, touches, users};
	return 0;
}

void controls_walk_done(struct controls_walk *walk)
{
	free(walk->touches);
}

static enum touch touch_of(const struct controls_walk *walk, size_t user, size_t item)
{
	return walk->touches[user * walk->framework->item_count + item];
}

/* Of those from @first to before @end, how many touch the item. */
static size_t count_users(const struct controls_walk *walk, size_t item, size_t first, size_t end)
{
	size_t count = 0;

	for (size_t user = first; user < end; user++)
		count += touch_of(walk, user, item) != TOUCH_NONE;
	return count;
}

/* What a check or a finding touches can be shown, whatever the pairs say. */
static enum host_evidence host_of(const struct controls_walk *walk, size_t item)
{
	enum host_evidence host =
		crosswalk_host_evidence(walk->map->crosswalk, walk->framework, item);

	if (host == HOST_EVIDENCE_NONE && count_users(walk, item, 0, walk->user_count))
		return HOST_EVIDENCE_SUPPORTING;
	return host;
}

static const char *baselines_text(unsigned baselines, char buf[static 40])
{
	snprintf(buf, 40, "%s%s%s%s", baselines & BASELINE_LOW ? "low " : "",
		 baselines & BASELINE_MODERATE ? "moderate " : "",
		 baselines & BASELINE_HIGH ? "high " : "",
		 baselines & BASELINE_ADDED ? "added " : "");
	if (*buf)
		buf[strlen(buf) - 1] = '\0';
	return buf;
}

void controls_walk_print_head(const struct framework *framework)
{
	printf("%-18s %s: %zu requirements\n", framework->name, framework->title,
	       framework->item_count);
	if (framework->unverified)
		printf("%-18s unverified: %s\n", "", framework->unverified);
}

static void print_terms(const struct framework *framework)
{
	printf("%s\n  source: %s\n", framework->title, framework->source);
	if (framework->unverified)
		printf("  unverified: %s\n", framework->unverified);
	if (framework->caution)
		printf("  %s\n", framework->caution);
	if (framework->notice)
		printf("  %s\n", framework->notice);
}

void controls_walk_print_checks(const struct controls_map *map)
{
	const char *tailoring = check_set_tailoring(map->set);
	unsigned with, all;

	check_set_requirements(map->set, &with, &all);
	printf("%u of %u SL 3 requirements can have host evidence by the checks of profile "
	       "%s%s%s%s\n",
	       with, all, map->profile, tailoring ? " (tailored: " : "", tailoring ? tailoring : "",
	       tailoring ? ")" : "");
}

void controls_walk_json_checks(const struct controls_map *map, struct json *j)
{
	unsigned with, all;

	check_set_requirements(map->set, &with, &all);
	json_key(j, "checks");
	json_begin_object(j);
	json_put_string(j, "profile", map->profile);
	if (check_set_tailoring(map->set))
		json_put_string(j, "tailoring", check_set_tailoring(map->set));
	json_put_u64(j, "count", check_set_count(map->set));
	json_put_u64(j, "sl3_requirements", with);
	json_put_u64(j, "of", all);
	json_end_object(j);
}

void controls_walk_print(const struct controls_walk *walk)
{
	const struct framework *framework = walk->framework;
	const char *group = "";

	print_terms(framework);
	controls_walk_print_checks(walk->map);
	for (size_t i = 0; i < framework->item_count; i++) {
		const struct framework_item *item = &framework->items[i];
		size_t kinds = count_users(walk, i, 0, KIND_USERS);
		size_t checks = count_users(walk, i, KIND_USERS, walk->user_count);

		if (!str_equal(item->group, group))
			printf("\n%s\n", item->group);
		group = item->group;
		printf("  %-16s %s\n  %-16s   ", item->id, item->title, "");
		if (item->lowest_sl)
			printf("from SL %u; ", item->lowest_sl);
		if (item->baselines) {
			char buf[40];

			printf("%s; ", baselines_text(item->baselines, buf));
		}
		printf("%s; %zu kinds of finding, %zu checks\n", host_words[host_of(walk, i)],
		       kinds, checks);
	}
}

/* Names in @sources, and kept in @legend for print_legend(). */
static void print_sources(const char *sources, struct strbuf *legend)
{
	const char *cursor = sources, *word;
	const char *before = "; by";
	size_t len;

	while (cursor && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		printf("%s %s", before, name);
		before = ",";
		if (!words_contain(legend->data, WORDS_SPACE, name))
			strbuf_printf(legend, " %s", name);
	}
}

static void print_legend(const struct crosswalk *crosswalk, const struct strbuf *legend)
{
	const char *cursor = legend->data, *word;
	size_t len;

	while (cursor && words_next(&cursor, WORDS_SPACE, &word, &len))
		printf("  %.*s: %s\n", (int)len, word,
		       crosswalk_source_words(crosswalk, word, len));
}

/* What one control is paired with in every other framework. */
static void print_pairs(const struct controls_walk *walk, size_t control, struct strbuf *legend)
{
	const struct crosswalk *crosswalk = walk->map->crosswalk;
	const struct framework *pivot = crosswalk_pivot(crosswalk);

	for (size_t f = 1; f < crosswalk_count(crosswalk); f++) {
		const struct framework *other = crosswalk_get(crosswalk, f);
		size_t from = crosswalk_pairs_of(crosswalk, other, control);
		size_t first;

		if (from == SIZE_MAX)
			continue;
		first = framework_first_pair(other, from);
		printf("  paired with %s", other->name);
		for (size_t i = first; i < other->pair_count && other->pairs[i].control == from;
		     i++)
			printf("%s %s", i > first ? "," : "",
			       other->items[other->pairs[i].item].id);
		if (from != control)
			printf(" (inherited from %s", pivot->items[from].id);
		else
			printf(" (its own");
		print_sources(crosswalk_pair_source(crosswalk, other, from), legend);
		printf("%s)\n", other->unverified ? "; unverified" : "");
	}
}

/* The controls that an item of another framework is paired with. */
static void print_controls(const struct controls_walk *walk, size_t item, struct strbuf *legend)
{
	const struct crosswalk *crosswalk = walk->map->crosswalk;
	const struct framework *pivot = crosswalk_pivot(crosswalk);
	const struct framework *framework = walk->framework;
	size_t count = 0;

	for (size_t i = 0; i < framework->pair_count; i++) {
		size_t control = framework->pairs[i].control;

		if (framework->pairs[i].item != item)
			continue;
		printf("  paired with %s %s (%s", pivot->items[control].id,
		       pivot->items[control].title, host_words[pivot->items[control].host]);
		print_sources(crosswalk_pair_source(crosswalk, framework, control), legend);
		printf(")\n");
		count++;
	}
	if (!count)
		printf("  no sourced pair leads to a control of %s\n", pivot->title);
}

static void print_about(const struct controls_walk *walk, const struct framework_item *about)
{
	char buf[40];

	printf("%s %s: %s\n", walk->framework->title, about->id, about->title);
	if (*about->group)
		printf("  %s\n", about->group);
	if (about->lowest_sl) {
		printf("  lowest SL %u", about->lowest_sl);
		if (about->second_reading)
			printf(" (another reading says %u)", about->second_reading);
		printf("\n");
	}
	if (about->not_on_host)
		printf("  not assessable from a host: %s\n", about->not_on_host);
	if (about->baselines)
		printf("  baselines: %s\n", baselines_text(about->baselines, buf));
	if (walk->framework->unverified)
		printf("  unverified: %s\n", walk->framework->unverified);
}

void controls_walk_print_item(const struct controls_walk *walk, size_t item)
{
	cleanup_strbuf struct strbuf legend = STRBUF_INIT;
	size_t users = 0;

	print_about(walk, &walk->framework->items[item]);
	printf("  %s\n", host_words[host_of(walk, item)]);
	if (is_pivot(walk))
		print_pairs(walk, item, &legend);
	else
		print_controls(walk, item, &legend);
	for (size_t user = 0; user < walk->user_count; user++) {
		enum touch touch = touch_of(walk, user, item);

		if (touch == TOUCH_NONE)
			continue;
		printf("  %s  %-24s %s%s\n", user < KIND_USERS ? "finding" : "check  ",
		       user_id(walk->map, user), user_title(walk->map, user),
		       touch == TOUCH_INHERITED ? " (inherited)" : "");
		users++;
	}
	if (!users)
		printf("  no finding and no check of this profile touches it\n");
	print_legend(walk->map->crosswalk, &legend);
	if (walk->framework->notice)
		printf("  %s\n", walk->framework->notice);
}

void controls_walk_json_head(const struct framework *framework, struct json *j)
{
	json_put_string(j, "framework", framework->name);
	json_put_string(j, "title", framework->title);
	json_put_string(j, "source", framework->source);
	if (framework->unverified)
		json_put_string(j, "unverified", framework->unverified);
	if (framework->caution)
		json_put_string(j, "caution", framework->caution);
	if (framework->notice)
		json_put_string(j, "notice", framework->notice);
}

static void json_words(struct json *j, const char *key, const char *words)
{
	const char *cursor = words, *word;
	size_t len;

	json_key(j, key);
	json_begin_array(j);
	while (cursor && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		json_string(j, name);
	}
	json_end_array(j);
}

static void json_pairs(const struct controls_walk *walk, size_t control, struct json *j)
{
	const struct crosswalk *crosswalk = walk->map->crosswalk;
	const struct framework *pivot = crosswalk_pivot(crosswalk);

	for (size_t f = 1; f < crosswalk_count(crosswalk); f++) {
		const struct framework *other = crosswalk_get(crosswalk, f);
		size_t from = crosswalk_pairs_of(crosswalk, other, control);

		if (from == SIZE_MAX)
			continue;
		json_begin_object(j);
		json_put_string(j, "framework", other->name);
		if (from != control)
			json_put_string(j, "inherited_from", pivot->items[from].id);
		json_key(j, "ids");
		json_begin_array(j);
		for (size_t i = framework_first_pair(other, from);
		     i < other->pair_count && other->pairs[i].control == from; i++)
			json_string(j, other->items[other->pairs[i].item].id);
		json_end_array(j);
		json_words(j, "sources", crosswalk_pair_source(crosswalk, other, from));
		json_put_bool(j, "verified", !other->unverified);
		json_end_object(j);
	}
}

static void json_controls(const struct controls_walk *walk, size_t item, struct json *j)
{
	const struct crosswalk *crosswalk = walk->map->crosswalk;
	const struct framework *pivot = crosswalk_pivot(crosswalk);
	const struct framework *framework = walk->framework;

	for (size_t i = 0; i < framework->pair_count; i++) {
		size_t control = framework->pairs[i].control;

		if (framework->pairs[i].item != item)
			continue;
		json_begin_object(j);
		json_put_string(j, "framework", pivot->name);
		json_key(j, "ids");
		json_begin_array(j);
		json_string(j, pivot->items[control].id);
		json_end_array(j);
		json_words(j, "sources", crosswalk_pair_source(crosswalk, framework, control));
		json_put_bool(j, "verified", !framework->unverified);
		json_end_object(j);
	}
}

void controls_walk_json_item(const struct controls_walk *walk, size_t item, struct json *j)
{
	const struct framework_item *about = &walk->framework->items[item];
	char buf[40];

	json_begin_object(j);
	json_put_string(j, "id", about->id);
	json_put_string(j, "title", about->title);
	json_put_string(j, "group", about->group);
	if (about->lowest_sl)
		json_put_u64(j, "lowest_sl", about->lowest_sl);
	if (about->second_reading)
		json_put_u64(j, "second_reading", about->second_reading);
	if (about->not_on_host)
		json_put_string(j, "not_on_host", about->not_on_host);
	if (about->baselines)
		json_words(j, "baselines", baselines_text(about->baselines, buf));
	json_put_string(j, "host", host_names[host_of(walk, item)]);
	json_key(j, "pairs");
	json_begin_array(j);
	if (is_pivot(walk))
		json_pairs(walk, item, j);
	else
		json_controls(walk, item, j);
	json_end_array(j);
	json_key(j, "touched_by");
	json_begin_array(j);
	for (size_t user = 0; user < walk->user_count; user++) {
		enum touch touch = touch_of(walk, user, item);

		if (touch == TOUCH_NONE)
			continue;
		json_begin_object(j);
		json_put_string(j, user < KIND_USERS ? "finding" : "check",
				user_id(walk->map, user));
		json_put_string(j, "how", touch_names[touch]);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

void controls_walk_json(const struct controls_walk *walk, struct json *j)
{
	json_begin_object(j);
	controls_walk_json_head(walk->framework, j);
	controls_walk_json_checks(walk->map, j);
	json_key(j, "requirements");
	json_begin_array(j);
	for (size_t i = 0; i < walk->framework->item_count; i++)
		controls_walk_json_item(walk, i, j);
	json_end_array(j);
	json_end_object(j);
}
