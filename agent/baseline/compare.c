/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/id_names.h"
#include "base/pool.h"
#include "base/str.h"
#include "baseline/content.h"
#include "baseline/walk.h"

/* A path that was found now. */
struct found {
	char *path;
	struct statx stx;
};

/* A path to look at closer: approved, found, or both. */
struct pair {
	const struct file_fact *approved; /* NULL: added */
	uint64_t number;		  /* of the entry */
	const char *path;
	struct statx stx; /* before the file was read */
	uint64_t size;
	struct pair *next_link; /* another name of the same inode, read by the same worker */
	bool is_chained;
	struct file_fact now;
	const char *why;
	int64_t read_ns;
};

struct compare {
	const struct compare_options *options;
	struct baseline_rules rules;
	struct file_fact *entries;
	size_t entry_count, entry_room;
	struct found *found;
	size_t found_count, found_room;
	struct pair *pairs;
	size_t pair_count, pair_room;
	struct pair **work; /* largest first; of an inode with many names the first one */
	size_t work_count;
	struct id_names *names;
	struct fact_collector *collectors[16];
	struct compare_totals totals;
};

/* Makes room for one more item of @size bytes. */
static int grow(void *list, size_t count, size_t *room, size_t size)
{
	void **slot = list, *larger;
	size_t wanted = *room ? *room * 2 : 1024;

	if (count < *room)
		return 0;
	larger = reallocarray(*slot, wanted, size);
	if (!larger)
		return -ENOMEM;
	*slot = larger;
	*room = wanted;
	return 0;
}

static int read_entries(struct compare *c, struct baseline *baseline, struct diag *diag)
{
	int r;

	for (;;) {
		r = grow(&c->entries, c->entry_count, &c->entry_room, sizeof(*c->entries));
		if (r == 0)
			r = baseline_next(baseline, &c->entries[c->entry_count], diag);
		if (r <= 0)
			return r;
		c->entry_count++;
	}
}

static int on_path(const char *path, const struct statx *stx, void *userdata)
{
	struct compare *c = userdata;
	int r;

	r = grow(&c->found, c->found_count, &c->found_room, sizeof(*c->found));
	if (r < 0)
		return r;
	c->found[c->found_count] = (struct found){.path = strdup(path), .stx = *stx};
	if (!c->found[c->found_count].path)
		return -ENOMEM;
	c->found_count++;
	return 0;
}

static int on_problem(const char *path, int error, void *userdata)
{
	struct compare *c = userdata;

	c->totals.unread += error != EXDEV;
	return c->options->on_unread(path, error, c->options->userdata);
}

static int compare_found(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->path, ((const struct found *)b)->path);
}

/* Walks the trees; entries that lie in none of them are looked for one by one. */
static int find_all(struct compare *c)
{
	struct walk walk = {
		.rules = &c->rules, .on_path = on_path, .on_problem = on_problem, .userdata = c};
	int r = 0;

	for (char *const *tree = c->rules.trees; r == 0 && tree && *tree; tree++) {
		r = walk_tree(&walk, *tree);
		if (r == -ENOENT)
			r = 0; /* its entries are missing then */
	}
	for (size_t i = 0; r == 0 && i < c->entry_count; i++) {
		const char *path = c->entries[i].path;
		struct statx stx;
		bool is_walked = false;

		for (char *const *tree = c->rules.trees; tree && *tree && !is_walked; tree++)
			is_walked = path_is_below(path, *tree);
		if (!is_walked && walk_stat(AT_FDCWD, path, &stx) == 0)
			r = on_path(path, &stx, c);
	}
	if (r == 0 && c->found_count > 0)
		qsort(c->found, c->found_count, sizeof(*c->found), compare_found);
	return r;
}

/* -1, 0, 1 as paths compare; an end of the list is behind all. */
static int compare_next(const struct compare *c, size_t entry, size_t found)
{
	if (entry == c->entry_count)
		return 1;
	if (found == c->found_count)
		return -1;
	return strcmp(c->entries[entry].path, c->found[found].path);
}

static int add_pair(struct compare *c, const struct file_fact *approved, uint64_t number,
		    const struct found *found)
{
	struct pair *pair;
	int r;

	r = grow(&c->pairs, c->pair_count, &c->pair_room, sizeof(*c->pairs));
	if (r < 0)
		return r;
	pair = &c->pairs[c->pair_count++];
	*pair = (struct pair){
		.approved = approved,
		.number = number,
		.path = approved ? approved->path : found->path,
	};
	if (found) {
		pair->stx = found->stx;
		pair->size = S_ISREG(found->stx.stx_mode) ? found->stx.stx_size : 0;
	}
	return 0;
}

/* Leaves out what a stamp says is as it was. */
static bool is_stamped(struct compare *c, uint64_t number, const struct found *found)
{
	const struct compare_options *o = c->options;

	if (!o->stamps || o->is_full || !stamps_match(o->stamps, number, &found->stx))
		return false;
	if (S_ISREG(found->stx.stx_mode)) {
		c->totals.files++;
		c->totals.stamped++;
	}
	return true;
}

/* Both lists are sorted: one pass finds what is in one, the other, or both. */
static int merge(struct compare *c)
{
	size_t e = 0, f = 0;
	int r = 0;

	while (r == 0 && (e < c->entry_count || f < c->found_count)) {
		int order = compare_next(c, e, f);
		bool is_twice = f > 0 && f < c->found_count &&
				strcmp(c->found[f - 1].path, c->found[f].path) == 0;

		if (order > 0 && is_twice) { /* trees overlap */
			f++;
		} else if (order < 0) {
			if (!baseline_rules_ignore(&c->rules, c->entries[e].path))
				r = add_pair(c, &c->entries[e], e, NULL);
			e++;
		} else if (order > 0) {
			r = add_pair(c, NULL, 0, &c->found[f]);
			f++;
		} else {
			if (!is_stamped(c, e, &c->found[f]))
				r = add_pair(c, &c->entries[e], e, &c->found[f]);
			e++;
			f++;
		}
	}
	return r;
}

/* What cannot be read stands with the type that the walk saw, and no content. */
static int set_unread(struct pair *pair)
{
	pair->now.path = strdup(pair->path);
	pair->now.type = file_type_from_mode(pair->stx.stx_mode);
	pair->now.mode = pair->stx.stx_mode & 07777;
	pair->now.uid = pair->stx.stx_uid;
	pair->now.gid = pair->stx.stx_gid;
	return pair->now.path ? 0 : -ENOMEM;
}

/* The stamp must be of the time before the file was read. */
static int read_one(struct fact_collector *collector, struct pair *pair, struct content *content)
{
	int r;

	if (walk_stat(AT_FDCWD, pair->path, &pair->stx) < 0)
		pair->stx = (struct statx){0};
	r = content_read(collector, pair->path, content, &pair->now, &pair->why);
	pair->read_ns = clock_real_ns();
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		pair->why = r == -EAGAIN ? "changed while it was read" : strerrordesc_np(-r);
		return set_unread(pair);
	}
	return 0;
}

static int read_pair(size_t item, unsigned worker, void *userdata)
{
	struct compare *c = userdata;
	struct content content = {0};
	int r = 0;

	for (struct pair *pair = c->work[item]; r == 0 && pair; pair = pair->next_link)
		r = read_one(c->collectors[worker], pair, &content);
	return r;
}

static int compare_sizes(const void *a, const void *b)
{
	uint64_t x = (*(struct pair *const *)a)->size, y = (*(struct pair *const *)b)->size;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Chains the names of each inode that has several; only the first of a chain stays in the work. */
static int chain_links(struct compare *c)
{
	cleanup_free struct inode_key *keys = calloc(c->pair_count + 1, sizeof(*keys));
	size_t count = 0;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < c->pair_count; i++)
		if (S_ISREG(c->pairs[i].stx.stx_mode) && c->pairs[i].stx.stx_nlink > 1)
			keys[count++] = inode_key_of(&c->pairs[i].stx, i);
	qsort(keys, count, sizeof(*keys), inode_key_compare);
	for (size_t i = 1; i < count; i++)
		if (inode_key_equal(&keys[i - 1], &keys[i])) {
			c->pairs[keys[i - 1].index].next_link = &c->pairs[keys[i].index];
			c->pairs[keys[i].index].is_chained = true;
		}
	return 0;
}

static int plan(struct compare *c)
{
	int r;

	r = chain_links(c);
	if (r < 0)
		return r;
	c->work = calloc(c->pair_count + 1, sizeof(*c->work));
	if (!c->work)
		return -ENOMEM;
	for (size_t i = 0; i < c->pair_count; i++)
		if (!c->pairs[i].is_chained)
			c->work[c->work_count++] = &c->pairs[i];
	qsort(c->work, c->work_count, sizeof(*c->work), compare_sizes);
	return 0;
}

static int read_pairs(struct compare *c)
{
	unsigned workers = c->options->workers ? c->options->workers : pool_default_workers();
	int r;

	if (workers > ARRAY_SIZE(c->collectors))
		return -EINVAL;
	r = plan(c);
	if (r == 0)
		r = id_names_new("/etc/passwd", "/etc/group", &c->names);
	for (unsigned i = 0; r == 0 && c->work_count > 0 && i < workers; i++)
		r = fact_collector_new(c->names, &c->collectors[i]);
	return r < 0 ? r : pool_run(workers, c->work_count, read_pair, c);
}

/* The stamp is of the look before the file was read; what came after is seen by fact_collect()
 * itself. */
static void keep_stamp(struct compare *c, const struct pair *pair, bool is_equal)
{
	if (!c->options->stamps || !pair->approved)
		return;
	if (is_equal)
		stamps_note(c->options->stamps, pair->number, &pair->stx, pair->read_ns);
	else
		stamps_drop(c->options->stamps, pair->number);
}

static int report(struct compare *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->pair_count; i++) {
		struct pair *pair = &c->pairs[i];
		bool is_equal;

		if (pair->now.type == FILE_TYPE_REGULAR) {
			c->totals.files++;
			c->totals.hashed += pair->now.has_digest;
		}
		/* Gone between the walk and the look: nothing was added. */
		if (!pair->approved && pair->now.type == FILE_TYPE_NONE)
			continue;
		is_equal = pair->approved && !pair->why &&
			   file_fact_diff(pair->approved, &pair->now) == 0;
		keep_stamp(c, pair, is_equal);
		if (is_equal)
			continue;
		c->totals.different++;
		r = c->options->on_difference(pair->approved, &pair->now, pair->why,
					      c->options->userdata);
	}
	return r;
}

static void compare_done(struct compare *c)
{
	for (size_t i = 0; i < c->entry_count; i++)
		file_fact_done(&c->entries[i]);
	for (size_t i = 0; i < c->found_count; i++)
		free(c->found[i].path);
	for (size_t i = 0; i < c->pair_count; i++)
		file_fact_done(&c->pairs[i].now);
	for (size_t i = 0; i < ARRAY_SIZE(c->collectors); i++)
		fact_collector_free(c->collectors[i]);
	free(c->entries);
	free(c->found);
	free(c->pairs);
	free(c->work);
	id_names_free(c->names);
	baseline_rules_done(&c->rules);
}

int baseline_compare(struct baseline *baseline, const struct compare_options *options,
		     struct compare_totals *ret_totals, struct diag *diag)
{
	struct compare c = {.options = options};
	const char *rules;
	size_t rules_len;
	int r;

	rules = baseline_get_rules(baseline, &rules_len);
	r = baseline_rules_parse(rules, rules_len, &c.rules, diag);
	if (r == 0)
		r = baseline_rewind(baseline);
	if (r == 0)
		r = read_entries(&c, baseline, diag);
	if (r == 0)
		r = find_all(&c);
	if (r == 0)
		r = merge(&c);
	if (r == 0)
		r = read_pairs(&c);
	if (r == 0)
		r = report(&c);
	if (r == 0)
		*ret_totals = c.totals;
	compare_done(&c);
	return r;
}
