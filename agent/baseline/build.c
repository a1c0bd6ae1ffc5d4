/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/id_names.h"
#include "base/ini.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/content.h"
#include "baseline/entries.h"
#include "baseline/packages.h"
#include "baseline/statement.h"
#include "baseline/walk.h"
#include "baseline/writer.h"

#define MD5_BUFFER	  ((size_t)128 * 1024)
#define PROGRESS_EVERY_NS (200 * NSEC_PER_MSEC)

/*
 * Paths under way at once. As many as two workers read while a third reads one large file; each
 * takes about 700 bytes.
 */
#define WINDOW ((size_t)8192)
/* It is read as soon as the walk has met it. */
#define LARGE_FILE ((uint64_t)1 << 20)

const char *const build_default_trees[] = {"/usr", "/opt", "/etc", "/boot", "/srv", NULL};

/* Files that the system itself rewrites while nobody administers it. */
const char *const build_default_ignores[] = {
	"/etc/mtab",
	"/etc/adjtime",
	"/etc/resolv.conf",
	"/etc/printcap",
	"/etc/cups/subscriptions.conf",
	"/etc/cups/subscriptions.conf.O",
	"/etc/lvm/archive",
	"/etc/lvm/backup",
	"/etc/lvm/cache",
	"/etc/fake-hwclock.data",
	NULL,
};

/* As they run: what a link leads to, and a script by its own name. */
const char *const build_default_updaters[] = {
	"/usr/bin/apt",
	"/usr/bin/apt-get",
	"/usr/bin/aptitude-curses",
	"/usr/bin/dpkg",
	"/usr/bin/unattended-upgrade",
	"/usr/libexec/packagekitd",
	"/usr/bin/dnf-3",
	"/usr/bin/rpm",
	NULL,
};

const char *const build_default_never_block[] = {
	"/usr/lib/systemd/systemd",
	"/usr/bin/bash",
	"/usr/bin/dash",
	"/usr/bin/login",
	"/usr/sbin/agetty",
	"/usr/sbin/sulogin",
	"/usr/bin/systemctl",
	"/usr/bin/dpkg",
	"/usr/sbin/shutdown",
	"/usr/sbin/sshd",
	NULL,
};

/* One path on its way from the walk to a line of the file. Its two buffers are used again. */
struct item {
	struct strbuf path, line; /* no line: @problem says why not */
	bool is_regular;
	bool is_unchanged; /* since its package was unpacked */
	bool differs;
	uint64_t size;
	const struct package *package;
	const struct package_file *packaged; /* to be compared with; NULL: no checksum is known */
	const struct package_file *shipped;  /* for the attributes; NULL: they are not known */
	unsigned review;
	const char *problem; /* static */
};

struct worker {
	struct fact_collector *collector;
	uint8_t *md5_buffer;
};

struct build {
	const struct build_options *options;
	struct packages *packages;
	struct id_names *names;
	struct content_cache *contents;
	char **extra; /* sorted: what packages own outside the trees */
	size_t extra_count, extra_room, extra_next;
	struct worker workers[POOL_MAX_WORKERS];
	struct pool *pool;
	struct writer *writer;
	struct build_progress done;
	int64_t progress_ns; /* of the last report */
	size_t gone_count;   /* of the paths to take back, those that are written */
};

/*
 * A file that nobody touched since its package was unpacked needs no second reading with MD5: who
 * could set its change time back could rewrite the list of checksums as well.
 */
static int plan_checksum(struct build *b, struct item *item, const struct statx *stx)
{
	const struct package_file *file;
	int64_t changed_ns = stx->stx_ctime.tv_sec * NSEC_PER_SEC + stx->stx_ctime.tv_nsec;
	int r;

	item->is_unchanged =
		changed_ns <= item->package->unpacked_ns && !b->options->has_all_checksums;
	if (item->is_unchanged)
		return 0;
	r = packages_get_file(b->packages, item->path.data, &file);
	if (r == 0 && file->digest_size > 0)
		item->packaged = file;
	return r == -ENOENT ? 0 : r;
}

/* The next item with this path, all else empty. */
static int get_item(struct build *b, const char *path, struct item **ret_item)
{
	struct item *item;
	int r = pool_get(b->pool, (void **)&item);

	if (r < 0)
		return r;
	strbuf_clear(&item->path);
	strbuf_clear(&item->line);
	*item = (struct item){.path = item->path, .line = item->line};
	strbuf_add_str(&item->path, path);
	r = strbuf_check(&item->path);
	if (r == 0)
		*ret_item = item;
	return r;
}

static int add_path(struct build *b, const char *path, const struct statx *stx)
{
	struct item *item;
	int r = get_item(b, path, &item);

	if (r < 0)
		return r;
	item->is_regular = S_ISREG(stx->stx_mode);
	item->size = item->is_regular ? stx->stx_size : 0;
	if (!S_ISDIR(stx->stx_mode)) /* a folder has many owners */
		item->package = packages_find(b->packages, path);
	if (item->is_regular && item->package)
		r = plan_checksum(b, item, stx);
	if (item->package)
		item->shipped = packages_peek_file(b->packages, path);
	if (r == 0)
		pool_put(b->pool, item->size >= LARGE_FILE ? POOL_FIRST : POOL_IN_TURN);
	return r;
}

/* What packages own outside the trees and comes before @path; NULL: all that is left. */
static int add_extra(struct build *b, const char *path)
{
	int r = 0;

	while (r == 0 && b->extra_next < b->extra_count) {
		const char *extra = b->extra[b->extra_next];
		struct statx stx;

		if (path && strcmp(extra, path) >= 0)
			break;
		b->extra_next++;
		if (walk_stat(AT_FDCWD, extra, &stx) == 0)
			r = add_path(b, extra, &stx);
	}
	return r;
}

static int on_path(const char *path, const struct statx *stx, void *userdata)
{
	int r = add_extra(userdata, path);

	return r < 0 ? r : add_path(userdata, path, stx);
}

static int on_problem(const char *path, int error, void *userdata)
{
	struct build *b = userdata;
	struct item *item = NULL;
	int r = add_extra(b, path);

	if (r == 0)
		r = get_item(b, path, &item);
	if (r < 0)
		return r;
	item->problem =
		error == EXDEV ? "not read: network or kernel file system" : strerrordesc_np(error);
	pool_put(b->pool, POOL_NO_WORK);
	return 0;
}

/* A path of a package: kept when no tree has it. */
static int on_packaged(const char *path, void *userdata)
{
	struct build *b = userdata;

	for (char *const *tree = b->options->rules->trees; *tree; tree++)
		if (path_is_below(path, *tree))
			return 0;
	if (baseline_rules_ignore(b->options->rules, path))
		return 0;
	if (array_grow(&b->extra, b->extra_count, &b->extra_room, sizeof(*b->extra)) < 0)
		return -ENOMEM;
	b->extra[b->extra_count] = strdup(path);
	if (!b->extra[b->extra_count])
		return -ENOMEM;
	b->extra_count++;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int find_extra(struct build *b)
{
	int r;

	if (!b->options->has_packaged_files)
		return 0;
	r = packages_each(b->packages, on_packaged, b);
	if (r == 0 && b->extra_count > 0)
		qsort(b->extra, b->extra_count, sizeof(*b->extra), compare_paths);
	return r;
}

static void compare_digest(const struct worker *w, struct item *item, const struct file_fact *fact)
{
	const struct package_file *packaged = item->packaged;
	cleanup_close int fd = -1;
	uint8_t md5[MD5_SIZE];

	if (packaged->digest_size == SHA256_SIZE && fact->has_digest) {
		item->differs = memcmp(fact->sha256, packaged->digest, SHA256_SIZE) != 0;
		return;
	}
	if (packaged->digest_size == MD5_SIZE)
		fd = open(item->path.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && hash_fd_md5(fd, w->md5_buffer, MD5_BUFFER, md5) == 0)
		item->differs = memcmp(md5, packaged->digest, MD5_SIZE) != 0;
	else
		item->packaged = NULL; /* counted as not compared */
}

static int write_line(struct item *item, struct file_fact *fact)
{
	int r;

	item->is_regular = fact->type == FILE_TYPE_REGULAR;
	item->size = item->is_regular ? fact->size : 0;
	if (item->package) {
		fact->package = strdup(item->package->name);
		fact->version = strdup(item->package->version);
		if (!fact->package || !fact->version)
			return -ENOMEM;
	}
	fact->differs = item->is_regular && item->differs;
	package_file_judge(item->shipped, fact);
	item->review = review_of(fact);
	r = entry_write(fact, &item->line);
	if (r == -EMSGSIZE)
		item->problem = "its path and attributes are too long";
	return r == -EMSGSIZE ? 0 : r;
}

static int read_item(void *arg, unsigned worker, void *userdata)
{
	cleanup_file_fact struct file_fact fact = {0};
	struct build *b = userdata;
	struct item *item = arg;
	struct worker *w = &b->workers[worker];
	int r;

	r = content_read(w->collector, item->path.data, b->contents, &fact, &item->problem);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		item->problem = r == -EAGAIN ? "changed while it was read" : strerrordesc_np(-r);
	else if (fact.type == FILE_TYPE_NONE)
		item->problem = "vanished while it was read";
	if (item->problem)
		return 0;
	if (item->packaged)
		compare_digest(w, item, &fact);
	return write_line(item, &fact);
}

static void report_progress(struct build *b)
{
	int64_t now = clock_mono_ns();

	if (!b->options->on_progress || now - b->progress_ns < PROGRESS_EVERY_NS)
		return;
	b->progress_ns = now;
	b->options->on_progress(&b->done, b->options->userdata);
}

static int count_item(struct baseline_statement *s, const struct item *item)
{
	if (item->problem)
		return statement_add_problem(s, item->path.data, item->problem);
	s->entries++;
	if (!item->is_regular)
		return statement_add_review(s, item->review, item->path.data);
	s->files++;
	s->bytes_hashed += item->size;
	s->package_checked += item->packaged != NULL;
	s->package_unchanged += item->is_unchanged;
	s->differs_from_package += item->differs;
	s->not_packaged += item->package == NULL;
	return statement_add_review(s, item->review, item->path.data);
}

/* The paths to take back that come before @path (NULL: all that are left). */
static int write_gone(struct build *b, const char *path)
{
	char *const *gone = b->options->gone;

	for (; gone && gone[b->gone_count]; b->gone_count++) {
		cleanup_strbuf struct strbuf line = STRBUF_INIT;
		const struct file_fact fact = {.path = gone[b->gone_count]};
		int order = path ? strcmp(fact.path, path) : -1;
		int r;

		if (order >= 0)
			return order > 0 ? 0 : -EEXIST;
		r = entry_write(&fact, &line);
		if (r == 0)
			r = writer_add(b->writer, line.data, line.len);
		if (r < 0)
			return r;
		b->options->statement->entries++;
	}
	return 0;
}

static int finish_item(void *arg, void *userdata)
{
	struct build *b = userdata;
	const struct item *item = arg;
	int r;

	r = write_gone(b, item->path.data);
	if (r == 0)
		r = count_item(b->options->statement, item);
	if (r == 0 && !item->problem)
		r = writer_add(b->writer, item->line.data, item->line.len);
	b->done.files++;
	b->done.bytes += item->size;
	report_progress(b);
	return r;
}

static void item_done(void *arg)
{
	struct item *item = arg;

	strbuf_done(&item->path);
	strbuf_done(&item->line);
}

static int start_workers(struct build *b)
{
	static const struct pool_ops ops = {sizeof(struct item), read_item, finish_item, item_done};
	unsigned count = b->options->workers ? b->options->workers : pool_default_workers();
	int r;

	if (count > POOL_MAX_WORKERS)
		return -EINVAL;
	r = content_cache_new(&b->contents);
	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = fact_collector_new(b->names, &b->workers[i].collector);
		b->workers[i].md5_buffer = malloc(MD5_BUFFER);
		if (r == 0 && !b->workers[i].md5_buffer)
			r = -ENOMEM;
	}
	return r < 0 ? r : pool_new(&ops, count, WINDOW, b, &b->pool);
}

static int walk_all(struct build *b)
{
	const struct build_options *o = b->options;
	struct walk walk = {
		.rules = o->rules, .on_path = on_path, .on_problem = on_problem, .userdata = b};
	int r;

	r = walk_trees(&walk, o->rules->trees);
	if (r == 0)
		r = add_extra(b, NULL);
	return r < 0 ? r : pool_drain(b->pool);
}

/* A tree that is not there is a mistake of who asked; one that goes under way is a problem. */
static int check_trees(const struct build_options *o, struct diag *diag)
{
	for (char *const *tree = o->rules->trees; *tree; tree++) {
		struct statx stx;
		int r = walk_stat(AT_FDCWD, *tree, &stx);

		if (r == -ENOENT || r == -ENOTDIR)
			return diag_set(diag, *tree, 0, -ENOENT, "cannot walk: %s",
					strerror(ENOENT));
		r = strv_append(&o->statement->trees, *tree);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_packages(struct build *b, struct diag *diag)
{
	const struct build_options *o = b->options;
	const struct packages_source source = {
		.dir = o->packages_dir,
		.root = "",
		.trees = o->has_packaged_files ? NULL : o->rules->trees,
		.run_query = o->run_query,
	};
	int r;

	r = packages_open(&source, &b->packages, diag);
	return r < 0 ? r : find_extra(b);
}

static int write_file(struct build *b, const char *path, struct diag *diag)
{
	cleanup_strbuf struct strbuf rules = STRBUF_INIT;
	int r;

	r = baseline_rules_write(b->options->rules, &rules);
	if (r < 0)
		return diag_set(diag, "rules.ini", 0, r,
				"a tree or pattern is too long or cannot be written in ini");
	r = writer_new(path, &b->writer, diag);
	if (r == 0)
		r = start_workers(b);
	if (r == 0)
		r = walk_all(b);
	if (r == 0)
		r = write_gone(b, NULL);
	if (r < 0)
		return r;
	return writer_finish(b->writer, b->options->statement, rules.data ? rules.data : "",
			     rules.len, diag);
}

static int build_all(struct build *b, const char *path, struct diag *diag)
{
	int r;

	r = check_trees(b->options, diag);
	if (r == 0)
		r = id_names_new("/etc/passwd", "/etc/group", &b->names);
	if (r == 0)
		r = open_packages(b, diag);
	return r < 0 ? r : write_file(b, path, diag);
}

/* What can be told before the work; the writer has the last word on both. */
static int check_options(const struct build_options *options, const char *path, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (access(path, F_OK) == 0)
		return diag_set(diag, path, 0, -EEXIST, "cannot create: %s", strerror(EEXIST));
	if (statement_write(options->statement, &text) == -EINVAL)
		return diag_set(diag, "", 0, -EINVAL,
				"name, layer (vendor, model, site or host) or ticket cannot be "
				"written in a statement");
	return 0;
}

int baseline_build(const struct build_options *options, const char *path, struct diag *diag)
{
	struct build b = {.options = options};
	int r;

	r = check_options(options, path, diag);
	if (r < 0)
		return r;
	r = build_all(&b, path, diag);
	if (r < 0 && diag && !diag->text[0])
		diag_set(diag, path, 0, r, "cannot make the baseline: %s", strerror(-r));
	pool_free(b.pool);
	for (unsigned i = 0; i < ARRAY_SIZE(b.workers); i++) {
		fact_collector_free(b.workers[i].collector);
		free(b.workers[i].md5_buffer);
	}
	for (size_t i = 0; i < b.extra_count; i++)
		free(b.extra[i]);
	free(b.extra);
	writer_free(b.writer);
	content_cache_free(b.contents);
	id_names_free(b.names);
	packages_close(b.packages);
	return r;
}
