/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

const char *const build_default_updaters[] = {
	"/usr/bin/apt", "/usr/bin/apt-get", "/usr/bin/dpkg", "/usr/bin/unattended-upgrade", NULL,
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

/* One path on its way from the walk to a line of the file. */
struct item {
	char *path;
	char *line; /* result; NULL: @problem says why not */
	uint32_t line_len;
	bool is_regular, is_folder;
	bool is_unchanged; /* since its package was unpacked */
	bool differs;
	uint64_t size;
	int64_t changed_ns;
	bool has_links, is_chained;
	struct inode_key inode;
	struct item *next_link; /* another name of the same inode, read by the same worker */
	const struct package *package;
	const struct package_file *packaged; /* to be compared with; NULL: no checksum is known */
	const char *problem;		     /* static */
};

struct worker {
	struct fact_collector *collector;
	uint8_t *md5_buffer;
	struct strbuf line;
};

struct build {
	const struct build_options *options;
	struct packages *packages;
	struct id_names *names;
	struct item *items;
	size_t count, room;
	struct item **work; /* largest first; of an inode with many names the first one */
	size_t work_count;
	struct worker workers[16];
	unsigned worker_count;
	struct build_progress total;
	atomic_size_t files_done;
	_Atomic uint64_t bytes_done;
	int64_t progress_ns; /* of the last report; worker 0 alone */
};

static int add_item(struct build *b, const char *path, const struct statx *stx)
{
	struct item *item;

	if (b->count == b->room) {
		size_t room = b->room ? b->room * 2 : 1024;
		struct item *items = reallocarray(b->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		b->items = items;
		b->room = room;
	}
	item = &b->items[b->count];
	*item = (struct item){
		.path = strdup(path),
		.is_regular = S_ISREG(stx->stx_mode),
		.is_folder = S_ISDIR(stx->stx_mode),
		.size = S_ISREG(stx->stx_mode) ? stx->stx_size : 0,
		.changed_ns = stx->stx_ctime.tv_sec * NSEC_PER_SEC + stx->stx_ctime.tv_nsec,
		.has_links = S_ISREG(stx->stx_mode) && stx->stx_nlink > 1,
		.inode = inode_key_of(stx, 0),
	};
	if (!item->path)
		return -ENOMEM;
	b->count++;
	return 0;
}

static int on_path(const char *path, const struct statx *stx, void *userdata)
{
	return add_item(userdata, path, stx);
}

static int on_problem(const char *path, int error, void *userdata)
{
	struct build *b = userdata;

	return statement_add_problem(b->options->statement, path,
				     error == EXDEV ? "not read: network or kernel file system"
						    : strerror(error));
}

/* A path of a package: taken when no tree has it. */
static int on_packaged(const char *path, void *userdata)
{
	struct build *b = userdata;
	struct statx stx;

	for (char *const *tree = b->options->rules->trees; *tree; tree++)
		if (path_is_below(path, *tree))
			return 0;
	if (baseline_rules_ignore(b->options->rules, path) || walk_stat(AT_FDCWD, path, &stx) < 0)
		return 0;
	return add_item(b, path, &stx);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

/* Largest first keeps all workers busy to the end. */
static int compare_sizes(const void *a, const void *b)
{
	uint64_t x = (*(struct item *const *)a)->size, y = (*(struct item *const *)b)->size;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Trees may overlap and packages lie in them: each path once. */
static void sort_items(struct build *b)
{
	size_t kept = 0;

	qsort(b->items, b->count, sizeof(*b->items), compare_paths);
	for (size_t i = 0; i < b->count; i++) {
		if (kept > 0 && strcmp(b->items[kept - 1].path, b->items[i].path) == 0)
			free(b->items[i].path);
		else
			b->items[kept++] = b->items[i];
	}
	b->count = kept;
}

/*
 * A file that nobody touched since its package was unpacked needs no second reading with MD5: who
 * could set its change time back could rewrite the list of checksums as well.
 */
static int plan_checksum(struct build *b, struct item *item)
{
	const struct package_file *file;
	int r;

	if (!item->is_regular || !item->package)
		return 0;
	item->is_unchanged =
		item->changed_ns <= item->package->unpacked_ns && !b->options->has_all_checksums;
	if (item->is_unchanged)
		return 0;
	r = packages_get_file(b->packages, item->path, &file);
	if (r == 0 && file->digest_size > 0)
		item->packaged = file;
	return r == -ENOENT ? 0 : r;
}

/* Chains the names of each inode that has several; only the first of a chain stays in the work. */
static int chain_links(struct build *b)
{
	cleanup_free struct inode_key *keys = calloc(b->count + 1, sizeof(*keys));
	size_t count = 0;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].has_links) {
			keys[count] = b->items[i].inode;
			keys[count++].index = i;
		}
	qsort(keys, count, sizeof(*keys), inode_key_compare);
	for (size_t i = 1; i < count; i++)
		if (inode_key_equal(&keys[i - 1], &keys[i])) {
			b->items[keys[i - 1].index].next_link = &b->items[keys[i].index];
			b->items[keys[i].index].is_chained = true;
		}
	return 0;
}

static int plan(struct build *b)
{
	int r;

	sort_items(b);
	r = chain_links(b);
	if (r < 0)
		return r;
	b->work = calloc(b->count + 1, sizeof(*b->work));
	if (!b->work)
		return -ENOMEM;
	for (size_t i = 0; i < b->count; i++) {
		if (!b->items[i].is_folder) /* it has many owners */
			b->items[i].package = packages_find(b->packages, b->items[i].path);
		r = plan_checksum(b, &b->items[i]);
		if (r < 0)
			return r;
		b->total.bytes += b->items[i].size;
		if (!b->items[i].is_chained)
			b->work[b->work_count++] = &b->items[i];
	}
	b->total.files = b->count;
	qsort(b->work, b->work_count, sizeof(*b->work), compare_sizes);
	return 0;
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
		fd = open(item->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && hash_fd_md5(fd, w->md5_buffer, MD5_BUFFER, md5) == 0)
		item->differs = memcmp(md5, packaged->digest, MD5_SIZE) != 0;
	else
		item->packaged = NULL; /* counted as not compared */
}

static int write_line(struct worker *w, struct item *item, struct file_fact *fact)
{
	int r = 0;

	item->is_regular = fact->type == FILE_TYPE_REGULAR;
	item->size = item->is_regular ? fact->size : 0;
	if (item->package) {
		fact->package = strdup(item->package->name);
		fact->version = strdup(item->package->version);
		if (!fact->package || !fact->version)
			return -ENOMEM;
	}
	fact->differs = item->is_regular && item->differs;
	strbuf_clear(&w->line);
	r = entry_write(fact, &w->line);
	if (r == -EMSGSIZE) {
		item->problem = "its path and attributes are too long";
		return 0;
	}
	if (r < 0)
		return r;
	item->line = malloc(w->line.len);
	if (!item->line)
		return -ENOMEM;
	memcpy(item->line, w->line.data, w->line.len);
	item->line_len = (uint32_t)w->line.len;
	return 0;
}

static void report_progress(struct build *b, unsigned worker)
{
	int64_t now = clock_mono_ns();
	struct build_progress progress = b->total;

	if (worker != 0 || !b->options->on_progress || now - b->progress_ns < PROGRESS_EVERY_NS)
		return;
	b->progress_ns = now;
	progress.files_done = b->files_done;
	progress.bytes_done = b->bytes_done;
	b->options->on_progress(&progress, b->options->userdata);
}

static int read_one(struct worker *w, struct item *item, struct content *content)
{
	cleanup_file_fact struct file_fact fact = {0};
	int r;

	r = content_read(w->collector, item->path, content, &fact, &item->problem);
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
	return write_line(w, item, &fact);
}

static int read_item(size_t number, unsigned worker, void *userdata)
{
	struct build *b = userdata;
	struct content content = {0};
	int r = 0;

	for (struct item *item = b->work[number]; r == 0 && item; item = item->next_link) {
		uint64_t size = item->size; /* as planned; the progress ends at its sum */

		r = read_one(&b->workers[worker], item, &content);
		b->files_done++;
		b->bytes_done += size;
		report_progress(b, worker);
	}
	return r;
}

static int start_workers(struct build *b)
{
	b->worker_count = b->options->workers ? b->options->workers : pool_default_workers();
	if (b->worker_count > ARRAY_SIZE(b->workers))
		return -EINVAL;
	for (unsigned i = 0; i < b->worker_count; i++) {
		int r = fact_collector_new(b->names, &b->workers[i].collector);

		if (r < 0)
			return r;
		b->workers[i].md5_buffer = malloc(MD5_BUFFER);
		if (!b->workers[i].md5_buffer)
			return -ENOMEM;
	}
	return 0;
}

static int count_item(struct baseline_statement *s, const struct item *item)
{
	if (!item->line)
		return statement_add_problem(s, item->path, item->problem);
	s->entries++;
	if (!item->is_regular)
		return 0;
	s->files++;
	s->bytes_hashed += item->size;
	s->package_checked += item->packaged != NULL;
	s->package_unchanged += item->is_unchanged;
	s->differs_from_package += item->differs;
	s->not_packaged += item->package == NULL;
	return 0;
}

static int write_file(struct build *b, const char *path, struct diag *diag)
{
	struct baseline_statement *s = b->options->statement;
	cleanup_with(writer_freep) struct writer *writer = NULL;
	cleanup_strbuf struct strbuf rules = STRBUF_INIT;
	int r;

	r = baseline_rules_write(b->options->rules, &rules);
	if (r < 0)
		return diag_set(diag, "rules.ini", 0, r,
				"a tree or pattern is too long or cannot be written in ini");
	r = writer_new(path, &writer, diag);
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->count && r == 0; i++) {
		r = count_item(s, &b->items[i]);
		if (r == 0 && b->items[i].line)
			r = writer_add(writer, b->items[i].line, b->items[i].line_len);
	}
	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot write: %s", strerror(-r));
	return writer_finish(writer, s, rules.data ? rules.data : "", rules.len, diag);
}

static int walk_trees(struct build *b, struct diag *diag)
{
	const struct build_options *o = b->options;
	struct walk walk = {
		.rules = o->rules, .on_path = on_path, .on_problem = on_problem, .userdata = b};
	int r;

	for (char *const *tree = o->rules->trees; *tree; tree++) {
		r = walk_tree(&walk, *tree);
		if (r < 0)
			return diag_set(diag, *tree, 0, r, "cannot walk: %s", strerror(-r));
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
	};

	return packages_open(&source, &b->packages, diag);
}

/* The two things that are known without each other; each tells its own fault. */
struct survey {
	struct build *build;
	struct diag diags[2];
};

static int survey_part(size_t part, unsigned worker, void *userdata)
{
	struct survey *survey = userdata;

	return part == 0 ? walk_trees(survey->build, &survey->diags[0])
			 : open_packages(survey->build, &survey->diags[1]);
}

/* What is there, and whose it is. */
static int survey_all(struct build *b, struct diag *diag)
{
	struct survey survey = {.build = b};
	int r;

	r = pool_run(pool_default_workers(), ARRAY_SIZE(survey.diags), survey_part, &survey);
	if (r < 0) {
		if (diag)
			*diag = survey.diags[survey.diags[0].text[0] ? 0 : 1];
		return r;
	}
	return b->options->has_packaged_files ? packages_each(b->packages, on_packaged, b) : 0;
}

static int build_all(struct build *b, const char *path, struct diag *diag)
{
	int r;

	r = id_names_new("/etc/passwd", "/etc/group", &b->names);
	if (r == 0)
		r = survey_all(b, diag);
	if (r == 0)
		r = plan(b);
	if (r == 0)
		r = start_workers(b);
	if (r == 0)
		r = pool_run(b->worker_count, b->work_count, read_item, b);
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
	for (size_t i = 0; i < b.count; i++) {
		free(b.items[i].path);
		free(b.items[i].line);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(b.workers); i++) {
		fact_collector_free(b.workers[i].collector);
		free(b.workers[i].md5_buffer);
		strbuf_done(&b.workers[i].line);
	}
	free(b.items);
	free(b.work);
	id_names_free(b.names);
	packages_close(b.packages);
	return r;
}
