/* SPDX-License-Identifier: Apache-2.0 */
/* Merges two sorted lists of entries; see diff.h. */
#include "baseline/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "baseline/changes.h"

struct merge {
	struct diff *diff;
	struct changes *changes; /* of the later file; NULL: it does not tell */
	struct baseline_change change;
	bool has_change; /* @change is the next one */
	bool has_reasons;
	struct diag *diag;
	int (*on_change)(const struct diff_change *change, void *userdata);
	void *userdata;
};

enum side {
	OLD,
	NOW
};

static const char *const kind_names[DIFF_KIND_COUNT] = {
	[DIFF_SAME] = "same",	    [DIFF_ADDED] = "added",	      [DIFF_REMOVED] = "removed",
	[DIFF_CONTENT] = "content", [DIFF_ATTRIBUTES] = "attributes", [DIFF_ORIGIN] = "origin",
};

const char *diff_kind_name(enum diff_kind kind)
{
	return kind_names[kind];
}

int diff_kind_parse(const char *name, enum diff_kind *ret_kind)
{
	for (int kind = DIFF_SAME; kind < DIFF_KIND_COUNT; kind++)
		if (strcmp(name, kind_names[kind]) == 0) {
			*ret_kind = (enum diff_kind)kind;
			return 0;
		}
	return -EINVAL;
}

bool diff_group_is_odd(const struct diff_group *group)
{
	return group->package && group->totals[DIFF_CONTENT] > 0 && !group->has_old_others &&
	       !group->has_now_others && str_equal(group->old_version, group->now_version);
}

bool diff_group_is_same(const struct diff_group *group)
{
	for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++)
		if (group->totals[kind] > 0)
			return false;
	return true;
}

bool diff_is_same(const struct diff *diff)
{
	for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++)
		if (diff->totals[kind] > 0)
			return false;
	return diff->rule_count == 0;
}

void diff_done(struct diff *diff)
{
	for (size_t i = 0; i < diff->group_count; i++) {
		free(diff->groups[i]->package);
		free(diff->groups[i]->old_version);
		free(diff->groups[i]->now_version);
		for (size_t k = 0; k < diff->groups[i]->reason_count; k++)
			free(diff->groups[i]->reasons[k].text);
		free(diff->groups[i]);
	}
	for (size_t i = 0; i < diff->rule_count; i++)
		free(diff->rules[i].value);
	free(diff->groups);
	free(diff->rules);
	*diff = (struct diff){0};
}

static int compare_packages(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* Adds a group at @at of the sorted list. */
static struct diff_group *insert_group(struct diff *diff, size_t at, const char *package)
{
	struct diff_group **groups;
	struct diff_group *group;

	groups = reallocarray(diff->groups, diff->group_count + 1, sizeof(struct diff_group *));
	if (!groups)
		return NULL;
	diff->groups = groups;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->package = package ? strdup(package) : NULL;
	if (package && !group->package) {
		free(group);
		return NULL;
	}
	group->id = diff->group_count;
	memmove(groups + at + 1, groups + at,
		(diff->group_count - at) * sizeof(struct diff_group *));
	groups[at] = group;
	diff->group_count++;
	return group;
}

static struct diff_group *find_group(struct diff *diff, const char *package)
{
	size_t begin = 0, end = diff->group_count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		int order = compare_packages(diff->groups[middle]->package, package);

		if (order == 0)
			return diff->groups[middle];
		if (order < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return insert_group(diff, begin, package);
}

/* The group of @entry, which learns the package's version on this side. NULL: no memory. */
static struct diff_group *join_group(struct diff *diff, enum side side,
				     const struct file_fact *entry)
{
	struct diff_group **last = side == OLD ? &diff->last_old : &diff->last_now;
	struct diff_group *group = *last;
	char **version;

	if (!group || !str_equal(group->package, entry->package))
		group = find_group(diff, entry->package);
	if (!group)
		return NULL;
	*last = group;
	if (!entry->package)
		return group;
	version = side == OLD ? &group->old_version : &group->now_version;
	if (!*version) {
		*version = strdup(entry->version ? entry->version : "");
		return *version ? group : NULL;
	}
	if (strcmp(*version, entry->version ? entry->version : "") != 0)
		*(side == OLD ? &group->has_old_others : &group->has_now_others) = true;
	return group;
}

static bool has_other_attributes(const struct file_fact *old, const struct file_fact *now)
{
	/* Which attributes a link has, or another type of file, follows from what it is. */
	if (old->type != now->type)
		return false;
	/* What one of the two files leaves open is approved otherwise, too. */
	return ((file_fact_diff(old, now) | (old->unstated ^ now->unstated)) &
		FILE_DIFF_ATTRIBUTES) != 0 ||
	       old->role != now->role || !str_equal(old->user, now->user) ||
	       !str_equal(old->group, now->group);
}

static bool has_other_origin(const struct file_fact *old, const struct file_fact *now)
{
	return ((old->unstated ^ now->unstated) & FILE_DIFF_PACKAGE) != 0 ||
	       !str_equal(old->package, now->package) || !str_equal(old->version, now->version) ||
	       old->differs != now->differs || old->attributes_differ != now->attributes_differ;
}

enum diff_kind diff_judge(const struct file_fact *old, const struct file_fact *now,
			  bool *ret_is_both)
{
	bool is_content, is_attributes;

	*ret_is_both = false;
	if (!old)
		return DIFF_ADDED;
	if (!now)
		return DIFF_REMOVED;
	is_content = (file_fact_diff(old, now) & ~(unsigned)FILE_DIFF_ATTRIBUTES) != 0;
	is_attributes = has_other_attributes(old, now);
	*ret_is_both = is_content && is_attributes;
	if (is_content)
		return DIFF_CONTENT;
	if (is_attributes)
		return DIFF_ATTRIBUTES;
	return has_other_origin(old, now) ? DIFF_ORIGIN : DIFF_SAME;
}

int diff_add(struct diff *diff, const struct file_fact *old, const struct file_fact *now,
	     struct diff_change *ret_change)
{
	struct diff_change change = {.old = old, .now = now};
	struct diff_group *group = NULL;
	enum file_role role = now ? now->role : old->role;

	if (old) {
		group = join_group(diff, OLD, old);
		if (!group)
			return -ENOMEM;
	}
	if (now) {
		group = join_group(diff, NOW, now);
		if (!group)
			return -ENOMEM;
	}
	change.kind = diff_judge(old, now, &change.is_both);
	change.group = group->id;
	group->counts[change.kind][role]++;
	group->totals[change.kind]++;
	diff->totals[change.kind]++;
	diff->both += change.is_both;
	*ret_change = change;
	return 0;
}

/* The reason for @path; NULL when there is none. Paths come in order. */
static int find_reason(struct merge *m, const char *path, const char **ret_reason)
{
	while (m->changes) {
		int order, r;

		if (!m->has_change) {
			baseline_change_done(&m->change);
			r = changes_next(m->changes, &m->change, m->diag);
			if (r < 0)
				return r;
			if (r == 0) {
				m->changes = changes_close(m->changes);
				return 0;
			}
			m->has_change = true;
		}
		order = strcmp(m->change.path, path);
		if (order > 0)
			return 0;
		m->has_change = false;
		if (order == 0) {
			*ret_reason = m->change.reason;
			return 0;
		}
	}
	return 0;
}

static int count_reason(struct diff_group *group, const char *reason)
{
	size_t i = 0;

	if (!reason) {
		group->unreasoned++;
		return 0;
	}
	while (i < group->reason_count && strcmp(group->reasons[i].text, reason) != 0)
		i++;
	if (i == DIFF_REASONS_MAX) {
		group->other_reasons++;
		return 0;
	}
	if (i == group->reason_count) {
		group->reasons[i].text = strdup(reason);
		if (!group->reasons[i].text)
			return -ENOMEM;
		group->reason_count++;
	}
	group->reasons[i].count++;
	return 0;
}

static struct diff_group *group_of(struct diff *diff, size_t id)
{
	return diff->last_now && diff->last_now->id == id ? diff->last_now : diff->last_old;
}

static int take_pair(struct merge *m, const struct file_fact *old, const struct file_fact *now)
{
	struct diff_change change;
	int r = diff_add(m->diff, old, now, &change);

	if (r < 0 || change.kind == DIFF_SAME)
		return r;
	if (m->has_reasons) {
		r = find_reason(m, now ? now->path : old->path, &change.reason);
		if (r == 0)
			r = count_reason(group_of(m->diff, change.group), change.reason);
	}
	return r < 0 || !m->on_change ? r : m->on_change(&change, m->userdata);
}

/* As baseline_next(), and an error says in which of the two files. */
static int next_entry(struct baseline *baseline, enum side side, struct file_fact *ret_entry,
		      struct diag *diag)
{
	struct diag inner = {0};
	int r = baseline_next(baseline, ret_entry, &inner);

	if (r < 0)
		return diag_set(diag, inner.file, inner.line, r, "in the %s file: %s",
				side == OLD ? "old" : "new", inner.text);
	return r;
}

static int merge_entries(struct merge *m, struct baseline *old, struct baseline *now,
			 struct diag *diag)
{
	cleanup_file_fact struct file_fact a = {0}, b = {0};
	int has_a = next_entry(old, OLD, &a, diag);
	int has_b = has_a < 0 ? 0 : next_entry(now, NOW, &b, diag);

	while (has_a >= 0 && has_b >= 0 && (has_a || has_b)) {
		int order = !has_a ? 1 : !has_b ? -1 : strcmp(a.path, b.path);
		int r = take_pair(m, order <= 0 ? &a : NULL, order >= 0 ? &b : NULL);

		if (r != 0)
			return r;
		if (order <= 0) {
			file_fact_done(&a);
			a = (struct file_fact){0};
			has_a = next_entry(old, OLD, &a, diag);
		}
		if (order >= 0 && has_a >= 0) {
			file_fact_done(&b);
			b = (struct file_fact){0};
			has_b = next_entry(now, NOW, &b, diag);
		}
	}
	return has_a < 0 ? has_a : has_b;
}

static bool has_item(char *const *list, const char *item)
{
	for (; list && *list; list++)
		if (strcmp(*list, item) == 0)
			return true;
	return false;
}

/* What @list has and @other lacks. */
static int add_rules(struct diff *diff, const char *name, char *const *list, char *const *other,
		     bool is_added)
{
	for (; list && *list; list++) {
		struct diff_rule *rules;

		if (has_item(other, *list))
			continue;
		rules = reallocarray(diff->rules, diff->rule_count + 1, sizeof(*rules));
		if (!rules)
			return -ENOMEM;
		diff->rules = rules;
		rules[diff->rule_count] = (struct diff_rule){
			.list = name, .value = strdup(*list), .is_added = is_added};
		if (!rules[diff->rule_count].value)
			return -ENOMEM;
		diff->rule_count++;
	}
	return 0;
}

static int compare_rules(struct diff *diff, const struct baseline_rules *old,
			 const struct baseline_rules *now)
{
	const struct {
		const char *name;
		char **old, **now;
	} lists[] = {
		{"tree", old->trees, now->trees},
		{"ignore", old->ignores, now->ignores},
		{"updater", old->updaters, now->updaters},
		{"never-block", old->never_block, now->never_block},
		{"host-program", old->host_programs, now->host_programs},
		{"host-ignore", old->host_ignores, now->host_ignores},
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++) {
		r = add_rules(diff, lists[i].name, lists[i].old, lists[i].now, false);
		if (r == 0)
			r = add_rules(diff, lists[i].name, lists[i].now, lists[i].old, true);
	}
	return r;
}

static int diff_rules(struct diff *diff, struct baseline *old, struct baseline *now,
		      struct diag *diag)
{
	cleanup_with(baseline_rules_done) struct baseline_rules a = {0}, b = {0};
	const char *text;
	size_t len;
	int r;

	text = baseline_get_rules(old, &len);
	r = baseline_rules_parse(text, len, &a, diag);
	if (r < 0)
		return r;
	text = baseline_get_rules(now, &len);
	r = baseline_rules_parse(text, len, &b, diag);
	return r < 0 ? r : compare_rules(diff, &a, &b);
}

/* Reasons are those for the step from the revision before; beside another file they say nothing. */
static int open_reasons(struct merge *m, const struct baseline *old, const struct baseline *now)
{
	int r;

	if (strcmp(baseline_get_statement(now)->previous, baseline_get_digest(old)) != 0)
		return 0;
	r = baseline_open_changes(now, &m->changes);
	m->has_reasons = r == 0;
	return r == -ENOENT ? 0 : r;
}

int baseline_diff(struct baseline *old, struct baseline *now,
		  int (*on_change)(const struct diff_change *change, void *userdata),
		  void *userdata, struct diff *ret_diff, struct diag *diag)
{
	cleanup_with(diff_done) struct diff diff = {0};
	struct merge m = {
		.diff = &diff, .diag = diag, .on_change = on_change, .userdata = userdata};
	int r;

	r = diff_rules(&diff, old, now, diag);
	if (r == 0)
		r = open_reasons(&m, old, now);
	if (r == 0)
		r = merge_entries(&m, old, now, diag);
	baseline_change_done(&m.change);
	changes_close(m.changes);
	if (r != 0)
		return r;
	*ret_diff = diff;
	diff = (struct diff){0};
	return 0;
}
