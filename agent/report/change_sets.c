/* SPDX-License-Identifier: Apache-2.0 */
#include "report/change_sets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

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

void change_set_add(struct change_set *set, const struct finding *finding)
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
		change_set_add(&sets.sets[sets.count - 1], taken[i]);
	}
	qsort(sets.sets, sets.count, sizeof(*sets.sets), worst_first);
	*ret_sets = sets;
	sets = (struct change_sets){0};
	return 0;
}

void change_sets_done(struct change_sets *sets)
{
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
