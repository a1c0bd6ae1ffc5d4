/* SPDX-License-Identifier: Apache-2.0 */
#include "report/change_sets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"

/* Named in a row, before the rest is a number. */
#define PACKAGES_SHOWN 8

bool change_sets_take(const struct finding *finding)
{
	return finding->change_set && finding->state == FINDING_STATE_OPEN;
}

/* The updater itself or one of its children, not who ran later what it had brought. */
static bool did_it(const struct change_set *set, const struct finding *finding)
{
	const struct subject *subject = &finding->subject;
	const char *pid = strrchr(set->id, '-');
	char text[16];

	if (!pid || !subject->is_known)
		return false;
	snprintf(text, sizeof(text), "(%.10s)", pid + 1);
	return strtoul(pid + 1, NULL, 10) == subject->pid ||
	       (subject->parents && strstr(subject->parents, text));
}

/* What moved is at a path that is not its package's. */
static int add_package(struct change_set *set, const struct finding *finding)
{
	size_t low = 0, high = set->package_count;
	int r;

	if (!finding->package || finding->kind == FINDING_SOFTWARE_MOVED)
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(set->packages[middle], finding->package);

		if (order == 0)
			return 0;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	r = strv_append(&set->packages, finding->package);
	if (r < 0)
		return r;
	for (high = set->package_count++; high > low; high--) {
		char *last = set->packages[high];

		set->packages[high] = set->packages[high - 1];
		set->packages[high - 1] = last;
	}
	return 0;
}

int change_set_add(struct change_set *set, const struct finding *finding)
{
	if (!set->count || finding->severity > set->worst)
		set->worst = finding->severity;
	if (!set->example || (!did_it(set, set->example) && did_it(set, finding)))
		set->example = finding;
	if (!set->count || finding->first_seen_ns < set->first_ns)
		set->first_ns = finding->first_seen_ns;
	if (finding->last_seen_ns > set->last_ns)
		set->last_ns = finding->last_seen_ns;
	set->kinds[finding->kind]++;
	set->count++;
	return add_package(set, finding);
}

void change_set_done(struct change_set *set)
{
	strv_free(set->packages);
	*set = (struct change_set){0};
}

static int by_id(const void *a, const void *b)
{
	const struct finding *left = *(const struct finding *const *)a;
	const struct finding *right = *(const struct finding *const *)b;

	return strcmp(left->change_set, right->change_set);
}

static int worst_first(const void *a, const void *b)
{
	const struct change_set *left = a, *right = b;

	if (left->worst != right->worst)
		return left->worst > right->worst ? -1 : 1;
	if (left->last_ns != right->last_ns)
		return left->last_ns > right->last_ns ? -1 : 1;
	return strcmp(left->id, right->id);
}

int change_sets_collect(const struct finding *const *findings, size_t count,
			struct change_sets *ret_sets)
{
	cleanup_free const struct finding **taken = calloc(count + 1, sizeof(*taken));
	cleanup_change_sets struct change_sets sets = {0};

	if (!taken)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (change_sets_take(findings[i]))
			taken[sets.finding_count++] = findings[i];
	sets.sets = calloc(sets.finding_count + 1, sizeof(*sets.sets));
	if (!sets.sets)
		return -ENOMEM;
	qsort(taken, sets.finding_count, sizeof(*taken), by_id);
	for (size_t i = 0; i < sets.finding_count; i++) {
		if (i == 0 || by_id(&taken[i - 1], &taken[i]) != 0)
			sets.sets[sets.count++].id = taken[i]->change_set;
		if (change_set_add(&sets.sets[sets.count - 1], taken[i]) < 0)
			return -ENOMEM;
	}
	qsort(sets.sets, sets.count, sizeof(*sets.sets), worst_first);
	*ret_sets = sets;
	sets = (struct change_sets){0};
	return 0;
}

void change_sets_done(struct change_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		change_set_done(&sets->sets[i]);
	free(sets->sets);
	*sets = (struct change_sets){0};
}

void change_set_add_kinds(const struct change_set *set, struct strbuf *out)
{
	size_t left[FINDING_KIND_COUNT];
	const char *comma = "";

	memcpy(left, set->kinds, sizeof(left));
	for (;;) {
		size_t most = 0;

		for (size_t kind = 1; kind < FINDING_KIND_COUNT; kind++)
			if (left[kind] > left[most])
				most = kind;
		if (!left[most])
			return;
		strbuf_printf(out, "%s%zu %s", comma, left[most], finding_kind_name(most));
		left[most] = 0;
		comma = ", ";
	}
}

void change_set_add_packages(const struct change_set *set, struct strbuf *out)
{
	size_t shown = set->package_count;

	/* "and 1 more" is no shorter than its name. */
	if (shown > PACKAGES_SHOWN + 1)
		shown = PACKAGES_SHOWN;
	for (size_t i = 0; i < shown; i++) {
		strbuf_add_str(out, i ? ", " : "");
		str_escape(out, set->packages[i], strlen(set->packages[i]));
	}
	if (shown < set->package_count)
		strbuf_printf(out, " and %zu more", set->package_count - shown);
}
