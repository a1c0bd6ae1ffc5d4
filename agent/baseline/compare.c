/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merges two sorted streams, the entries of the file and the walk of the trees, into pairs, and has
 * workers read those that no stamp vouches for. What is kept is what is under way.
 */
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

/* Paths under way at once; a pair takes about 1.5 kB. */
#define WINDOW ((size_t)4096)
/* It is read as soon as the walk has met it. */
#define LARGE_FILE ((uint64_t)1 << 20)

/* A path to look at closer: approved, found, or both; or one that could not be looked at. */
struct pair {
	struct file_fact approved; /* without a path: added */
	struct file_fact now;
	char *path;
	uint64_t number;  /* of the entry */
	struct statx stx; /* before the file was read */
	const char *why;
	int64_t read_ns;
	int problem; /* errno of the walk */
};

struct compare {
	const struct compare_options *options;
	struct layers *layers;
	const struct baseline_rules *rules; /* of @layers */
	struct file_fact entry; /* the next one of the file; without a path: there is none */
	uint64_t number;	/* of it */
	struct diag *diag;
	struct id_names *names;
	struct content_cache *contents;
	struct fact_collector *collectors[POOL_MAX_WORKERS];
	struct pool *pool;
	struct compare_totals totals;
};

static int next_entry(struct compare *c)
{
	int r;

	if (c->entry.path)
		c->number++;
	file_fact_done(&c->entry);
	r = layers_next(c->layers, &c->entry, c->diag);
	return r < 0 ? r : 0;
}

/* Takes the next entry out, for the pair that it belongs to. */
static int take_entry(struct compare *c, struct pair *pair)
{
	pair->approved = c->entry;
	pair->number = c->number++;
	c->entry = (struct file_fact){0};
	return next_entry(c);
}

static int get_pair(struct compare *c, const char *path, struct pair **ret_pair)
{
	struct pair *pair;
	int r = pool_get(c->pool, (void **)&pair);

	if (r < 0)
		return r;
	*pair = (struct pair){.path = strdup(path)};
	if (!pair->path)
		return -ENOMEM;
	*ret_pair = pair;
	return 0;
}

/* Has @path read; @stx is NULL for what was not found. @is_approved: the next entry is its own. */
static int add_pair(struct compare *c, const char *path, const struct statx *stx, bool is_approved)
{
	struct pair *pair;
	bool is_large;
	int r = get_pair(c, path, &pair);

	if (r < 0)
		return r;
	if (stx)
		pair->stx = *stx;
	is_large = stx && S_ISREG(stx->stx_mode) && stx->stx_size >= LARGE_FILE;
	if (is_approved)
		r = take_entry(c, pair);
	if (r == 0)
		pool_put(c->pool, is_large ? POOL_FIRST : POOL_IN_TURN);
	return r;
}

/* Leaves out what a stamp says is as it was. */
static bool is_stamped(struct compare *c, const struct statx *stx)
{
	const struct compare_options *o = c->options;

	if (!o->stamps || o->is_full || !stamps_match(o->stamps, c->number, stx))
		return false;
	if (S_ISREG(stx->stx_mode)) {
		c->totals.files++;
		c->totals.stamped++;
	}
	return true;
}

/* The next entry, whose path was found. */
static int add_found(struct compare *c, const struct statx *stx)
{
	return is_stamped(c, stx) ? next_entry(c) : add_pair(c, c->entry.path, stx, true);
}

static bool is_walked(const struct compare *c, const char *path)
{
	for (char *const *tree = c->rules->trees; tree && *tree; tree++)
		if (path_is_below(path, *tree))
			return true;
	return false;
}

/* The next entry, which the walk did not find; one that lies in no tree is looked for here. */
static int add_unmet(struct compare *c)
{
	struct statx stx;

	if (!is_walked(c, c->entry.path) && walk_stat(AT_FDCWD, c->entry.path, &stx) == 0)
		return add_found(c, &stx);
	if (baseline_rules_ignore(c->rules, c->entry.path))
		return next_entry(c);
	return add_pair(c, c->entry.path, NULL, true);
}

/* Entries before @path; NULL: all that are left. */
static int add_entries(struct compare *c, const char *path)
{
	int r = 0;

	while (r == 0 && c->entry.path && (!path || strcmp(c->entry.path, path) < 0))
		r = add_unmet(c);
	return r;
}

static int on_path(const char *path, const struct statx *stx, void *userdata)
{
	struct compare *c = userdata;
	int r = add_entries(c, path);

	if (r < 0)
		return r;
	if (c->entry.path && strcmp(c->entry.path, path) == 0)
		return add_found(c, stx);
	return add_pair(c, path, stx, false);
}

static int on_problem(const char *path, int error, void *userdata)
{
	struct compare *c = userdata;
	struct pair *pair = NULL;
	int r;

	if (error == ENOENT) /* a tree that is not there: its entries are missing then */
		return 0;
	r = add_entries(c, path);
	if (r == 0)
		r = get_pair(c, path, &pair);
	if (r < 0)
		return r;
	pair->problem = error;
	pool_put(c->pool, POOL_NO_WORK);
	return 0;
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
static int read_pair(void *item, unsigned worker, void *userdata)
{
	struct compare *c = userdata;
	struct pair *pair = item;
	int r;

	if (walk_stat(AT_FDCWD, pair->path, &pair->stx) < 0)
		pair->stx = (struct statx){0};
	r = content_read(c->collectors[worker], pair->path, c->contents, &pair->now, &pair->why);
	pair->read_ns = clock_real_ns();
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		pair->why = r == -EAGAIN ? "changed while it was read" : strerrordesc_np(-r);
		return set_unread(pair);
	}
	return 0;
}

/* The stamp is of the look before the file was read; what came after is seen by fact_collect()
 * itself. */
static void keep_stamp(struct compare *c, const struct pair *pair, bool is_equal)
{
	if (!c->options->stamps || !pair->approved.path)
		return;
	if (is_equal)
		stamps_note(c->options->stamps, pair->number, &pair->stx, pair->read_ns);
	else
		stamps_drop(c->options->stamps, pair->number);
}

static int report_pair(struct compare *c, const struct pair *pair)
{
	const struct file_fact *approved = pair->approved.path ? &pair->approved : NULL;
	bool is_equal;

	if (pair->problem) {
		c->totals.unread += pair->problem != EXDEV;
		return c->options->on_unread(pair->path, pair->problem, c->options->userdata);
	}
	if (pair->now.type == FILE_TYPE_REGULAR) {
		c->totals.files++;
		c->totals.hashed += pair->now.has_digest;
	}
	/* Gone between the walk and the look: nothing was added. */
	if (!approved && pair->now.type == FILE_TYPE_NONE)
		return 0;
	is_equal = approved && !pair->why && file_fact_diff(approved, &pair->now) == 0;
	keep_stamp(c, pair, is_equal);
	if (is_equal)
		return 0;
	c->totals.different++;
	return c->options->on_difference(approved, &pair->now, pair->why, c->options->userdata);
}

static void pair_done(void *item)
{
	struct pair *pair = item;

	file_fact_done(&pair->approved);
	file_fact_done(&pair->now);
	free(pair->path);
	pair->path = NULL;
}

static int finish_pair(void *item, void *userdata)
{
	int r = report_pair(userdata, item);

	pair_done(item);
	return r;
}

static int start_workers(struct compare *c)
{
	static const struct pool_ops ops = {sizeof(struct pair), read_pair, finish_pair, pair_done};
	unsigned workers = c->options->workers ? c->options->workers : pool_default_workers();
	int r;

	if (workers > POOL_MAX_WORKERS)
		return -EINVAL;
	r = id_names_new("/etc/passwd", "/etc/group", &c->names);
	if (r == 0)
		r = content_cache_new(&c->contents);
	for (unsigned i = 0; r == 0 && i < workers; i++)
		r = fact_collector_new(c->names, &c->collectors[i]);
	return r < 0 ? r : pool_new(&ops, workers, WINDOW, c, &c->pool);
}

static int compare_all(struct compare *c)
{
	struct walk walk = {
		.rules = c->rules, .on_path = on_path, .on_problem = on_problem, .userdata = c};
	int r;

	r = layers_rewind(c->layers);
	if (r == 0)
		r = start_workers(c);
	if (r == 0)
		r = next_entry(c);
	if (r == 0)
		r = walk_trees(&walk, c->rules->trees);
	if (r == 0)
		r = add_entries(c, NULL);
	return r < 0 ? r : pool_drain(c->pool);
}

int baseline_compare(struct layers *layers, const struct compare_options *options,
		     struct compare_totals *ret_totals, struct diag *diag)
{
	struct compare c = {
		.options = options, .layers = layers, .rules = layers_rules(layers), .diag = diag};
	int r;

	r = compare_all(&c);
	if (r == 0)
		*ret_totals = c.totals;
	pool_free(c.pool);
	for (size_t i = 0; i < ARRAY_SIZE(c.collectors); i++)
		fact_collector_free(c.collectors[i]);
	content_cache_free(c.contents);
	id_names_free(c.names);
	file_fact_done(&c.entry);
	return r;
}
