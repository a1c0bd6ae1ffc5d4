/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/large_files.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash_key.h"
#include "base/str.h"

#define RESTING 16

struct item {
	struct large_file file;
	struct fact_hashing *hashing;
	int64_t begun_ns;
	struct item *next;
};

struct large_files {
	struct item *first, *last;
	size_t count, max;
	/* Paths that were read lately, by hash: a collision only lets one rest that need not. */
	struct {
		uint64_t path;
		int64_t until_ns;
	} resting[RESTING];
	unsigned next_resting;
};

void large_file_done(struct large_file *file)
{
	file_fact_done(&file->event.object);
	file_fact_done(&file->event.script);
	subject_done(&file->event.subject);
	pending_change_done(&file->change);
	cleanup_closep(&file->look_fd);
	*file = (struct large_file){.look_fd = -1};
}

int large_files_new(size_t max_files, struct large_files **ret_files)
{
	struct large_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	files->max = max_files;
	*ret_files = files;
	return 0;
}

static struct item *take_first(struct large_files *files)
{
	struct item *item = files->first;

	files->first = item->next;
	if (!files->first)
		files->last = NULL;
	files->count--;
	return item;
}

struct large_files *large_files_free(struct large_files *files)
{
	if (!files)
		return NULL;
	while (files->first) {
		struct item *item = take_first(files);

		large_file_done(&item->file);
		fact_hashing_free(item->hashing);
		free(item);
	}
	free(files);
	return NULL;
}

static bool is_resting(const struct large_files *files, const char *path)
{
	uint64_t key = hash_key(path, strlen(path));
	int64_t now_ns = clock_boot_ns();

	for (size_t i = 0; i < RESTING; i++)
		if (files->resting[i].path == key && files->resting[i].until_ns > now_ns)
			return true;
	for (const struct item *item = files->first; item; item = item->next)
		if (item->file.event.kind == EVENT_FILE &&
		    str_equal(item->file.event.object.path, path))
			return true;
	return false;
}

int large_files_add(struct large_files *files, struct large_file *file, int fd)
{
	struct item *item;
	int r;

	/* Only changes come again and again; a walk and a start are told each time. */
	if (file->event.kind == EVENT_FILE && is_resting(files, file->event.object.path))
		return -EBUSY;
	if (files->count == files->max)
		return -ENOBUFS;
	item = calloc(1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	r = fact_hashing_new(fd, &file->st, &item->hashing);
	if (r < 0) {
		free(item);
		return r;
	}
	item->file = *file;
	*file = (struct large_file){.look_fd = -1};
	*(files->last ? &files->last->next : &files->first) = item;
	files->last = item;
	files->count++;
	return 0;
}

static void rest(struct large_files *files, const struct item *item)
{
	const char *path = item->file.event.object.path;
	int64_t now_ns = clock_boot_ns();
	unsigned slot = files->next_resting++ % RESTING;

	files->resting[slot].path = hash_key(path, strlen(path));
	files->resting[slot].until_ns = now_ns + LARGE_FILE_REST * (now_ns - item->begun_ns);
}

int large_files_step(struct large_files *files, struct fact_collector *collector, size_t max_bytes,
		     struct large_file *ret_file, int *ret_error)
{
	struct item *item = files->first;
	int r;

	if (!item)
		return 0;
	if (!item->begun_ns) {
		item->begun_ns = clock_boot_ns();
		item->file.begun_ns = clock_real_ns();
	}
	r = fact_hashing_step(item->hashing, collector, max_bytes, &item->file.event.object);
	if (r > 0)
		return 0;
	take_first(files);
	rest(files, item);
	*ret_file = item->file;
	*ret_error = r;
	fact_hashing_free(item->hashing);
	free(item);
	return 1;
}

bool large_files_is_empty(const struct large_files *files)
{
	return !files->first;
}

bool large_files_has_used(const struct large_files *files)
{
	for (const struct item *item = files->first; item; item = item->next)
		if (item->file.event.kind == EVENT_EXEC || item->file.event.kind == EVENT_RUNNING ||
		    item->file.event.kind == EVENT_LOAD)
			return true;
	return false;
}

bool large_files_has_scanned(const struct large_files *files)
{
	for (const struct item *item = files->first; item; item = item->next)
		if (item->file.event.kind == EVENT_SCANNED)
			return true;
	return false;
}
