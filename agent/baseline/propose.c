/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between a baseline file and the machine, as changes for people to decide; see
 * propose.h. propose_apply.c makes the file. */
#include "baseline/propose.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "baseline/present.h"

struct merge {
	const struct propose_survey *survey;
	const char **packages; /* of what is there now; sorted, some more than once */
	size_t package_count;
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_packages(struct merge *m)
{
	const struct propose_survey *s = m->survey;

	m->packages = calloc(s->count + 1, sizeof(*m->packages));
	if (!m->packages)
		return -ENOMEM;
	for (size_t i = 0; i < s->count; i++)
		if (s->now[i].package)
			m->packages[m->package_count++] = s->now[i].package;
	qsort(m->packages, m->package_count, sizeof(*m->packages), compare_texts);
	return 0;
}

static bool is_asked(const struct merge *m, const struct file_fact *entry)
{
	const char *package = entry->package;
	char *const *tree = m->survey->trees;

	while (tree && *tree && !path_is_below(entry->path, *tree))
		tree++;
	if (!package || (tree && !*tree))
		return false;
	return m->survey->is_all_packages || bsearch(&package, m->packages, m->package_count,
						     sizeof(*m->packages), compare_texts);
}

static int add(struct merge *m, const struct file_fact *old, const struct file_fact *now,
	       size_t index)
{
	struct diff_change change = {.old = old};

	if (now && now->type != FILE_TYPE_NONE)
		change.now = now;
	if (change.old || change.now)
		change.kind = diff_judge(change.old, change.now, &change.is_both);
	return m->survey->on_change(&change, index, m->survey->userdata);
}

/*
 * An entry that nobody asked for: its package may be another by now. Where it differs in more than
 * that, it is left as it is, for it is not among the differences that were asked for.
 */
static int check_origin(struct merge *m, const struct file_fact *entry)
{
	cleanup_file_fact struct file_fact owner = {0}, now = {0};
	const char *why;
	bool is_both;
	int r;

	if (!is_asked(m, entry))
		return 0;
	r = file_fact_copy(entry, &owner);
	if (r == 0)
		r = present_find_origin(m->survey->present, &owner);
	if (r < 0)
		return r;
	if (str_equal(entry->package, owner.package) && str_equal(entry->version, owner.version))
		return 0;
	r = present_read(m->survey->present, entry->path, &now, &why);
	if (r != 0 || now.type == FILE_TYPE_NONE ||
	    diff_judge(entry, &now, &is_both) != DIFF_ORIGIN)
		return r < 0 ? r : 0;
	return add(m, entry, &now, PROPOSE_NO_INDEX);
}

static int merge(struct merge *m, struct diag *diag)
{
	const struct propose_survey *s = m->survey;
	size_t i = 0;
	int r;

	for (;;) {
		cleanup_file_fact struct file_fact entry = {0};
		int order = 1;

		r = baseline_next(s->from, &entry, diag);
		if (r < 0)
			return r;
		while (i < s->count && order > 0) {
			order = r > 0 ? strcmp(entry.path, s->now[i].path) : 1;
			if (order > 0) {
				int added = add(m, NULL, &s->now[i], i);

				if (added != 0)
					return added;
				i++;
			}
		}
		if (r == 0)
			return 0;
		if (order == 0) {
			r = add(m, &entry, &s->now[i], i);
			i++;
		} else {
			r = check_origin(m, &entry);
		}
		if (r != 0)
			return r;
	}
}

int propose_survey(const struct propose_survey *survey, struct diag *diag)
{
	struct merge m = {.survey = survey};
	int r;

	r = baseline_rewind(survey->from);
	if (r == 0)
		r = list_packages(&m);
	if (r == 0)
		r = merge(&m, diag);
	free(m.packages);
	return r;
}
