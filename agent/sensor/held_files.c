/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/held_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash_key.h"
#include "base/str.h"

struct held_file {
	uint64_t hash;
	char *path;
	uint32_t pid;
	unsigned opens; /* closes of one process may be told as one, so never too few */
	struct stat st; /* as last seen */
	int64_t due_ns, rest_ns;
};

struct held_files {
	struct held_file *files; /* oldest first */
	size_t count, max;
	size_t at; /* of the look that goes on */
	int64_t due_ns;
};

int held_files_new(size_t max, struct held_files **ret_held)
{
	cleanup_with(held_files_freep) struct held_files *held = calloc(1, sizeof(*held));

	if (!held)
		return -ENOMEM;
	held->files = calloc(max, sizeof(*held->files));
	if (!held->files)
		return -ENOMEM;
	held->max = max;
	held->due_ns = INT64_MAX;
	*ret_held = TAKE_PTR(held);
	return 0;
}

struct held_files *held_files_free(struct held_files *held)
{
	if (!held)
		return NULL;
	for (size_t i = 0; i < held->count; i++)
		free(held->files[i].path);
	free(held->files);
	free(held);
	return NULL;
}

static void drop(struct held_files *held, size_t i)
{
	free(held->files[i].path);
	held->count--;
	memmove(&held->files[i], &held->files[i + 1], (held->count - i) * sizeof(*held->files));
	if (held->at > i)
		held->at--;
}

static struct held_file *find(struct held_files *held, const char *path)
{
	uint64_t hash = hash_key(path, strlen(path));

	for (size_t i = 0; i < held->count; i++)
		if (held->files[i].hash == hash && str_equal(held->files[i].path, path))
			return &held->files[i];
	return NULL;
}

static bool is_running(uint32_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return lstat(path, &st) == 0;
}

static void make_room(struct held_files *held)
{
	size_t victim = 0;

	while (victim < held->count && is_running(held->files[victim].pid))
		victim++;
	drop(held, victim < held->count ? victim : 0);
}

int held_files_opened(struct held_files *held, const char *path, uint32_t pid, int64_t now_ns)
{
	struct held_file *file = find(held, path);
	struct held_file added = {
		.hash = hash_key(path, strlen(path)),
		.pid = pid,
		.opens = 1,
		.due_ns = now_ns + HELD_FILES_LOOK_NS,
		.rest_ns = HELD_FILES_LOOK_NS,
	};

	if (file) {
		file->opens++;
		file->pid = pid;
		return 0;
	}
	if (lstat(path, &added.st) < 0 || !S_ISREG(added.st.st_mode))
		return 0;
	added.path = strdup(path);
	if (!added.path)
		return -ENOMEM;
	if (held->count == held->max)
		make_room(held);
	held->files[held->count++] = added;
	if (added.due_ns < held->due_ns)
		held->due_ns = added.due_ns;
	return 0;
}

void held_files_closed(struct held_files *held, const char *path)
{
	struct held_file *file = find(held, path);

	if (file && --file->opens == 0)
		drop(held, (size_t)(file - held->files));
}

/* The mode of the link in /proc tells how the descriptor was opened. */
static int add_fd(struct held_files *held, int dirfd, const char *name, uint32_t pid,
		  const struct watch_set *set)
{
	char path[PATH_MAX];
	struct stat st;
	ssize_t len;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode) ||
	    !(st.st_mode & S_IWUSR))
		return 0;
	len = readlinkat(dirfd, name, path, sizeof(path));
	if (len <= 0 || (size_t)len >= sizeof(path) || path[0] != '/')
		return 0;
	path[len] = '\0';
	return watch_set_has(set, path) && !find(held, path)
		       ? held_files_opened(held, path, pid, clock_boot_ns())
		       : 0;
}

static int add_process(struct held_files *held, const char *proc, const char *pid,
		       const struct watch_set *set)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), "%s/%s/fd", proc, pid);
	dir = opendir(path);
	if (!dir)
		return 0; /* it ended, or is of the kernel */
	while (r == 0 && (entry = readdir(dir)))
		r = add_fd(held, dirfd(dir), entry->d_name, (uint32_t)strtoul(pid, NULL, 10), set);
	closedir(dir);
	return r;
}

int held_files_add_running(struct held_files *held, const char *proc, const struct watch_set *set)
{
	struct dirent *entry;
	DIR *dir = opendir(proc);
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			r = add_process(held, proc, entry->d_name, set);
	closedir(dir);
	return r;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether it changed. One that keeps changing costs a hash each time, so it rests ever longer. */
static bool look(struct held_file *file, const struct stat *st, int64_t now_ns)
{
	bool is_changed = !is_same(&file->st, st);

	if (!is_changed)
		file->rest_ns = HELD_FILES_LOOK_NS;
	else if (file->rest_ns < HELD_FILES_LONGEST_NS)
		file->rest_ns *= 2;
	file->st = *st;
	file->due_ns = now_ns + file->rest_ns;
	return is_changed;
}

const char *held_files_next(struct held_files *held, int64_t now_ns, uint32_t *ret_pid)
{
	while (held->due_ns <= now_ns && held->at < held->count) {
		struct held_file *file = &held->files[held->at];
		struct stat st;

		if (file->due_ns > now_ns) {
			held->at++;
			continue;
		}
		/* Its name is gone; that was told when it went. */
		if (lstat(file->path, &st) < 0) {
			drop(held, held->at);
			continue;
		}
		held->at++;
		if (!look(file, &st, now_ns))
			continue;
		*ret_pid = file->pid;
		return file->path;
	}
	held->at = 0;
	held->due_ns = INT64_MAX;
	for (size_t i = 0; i < held->count; i++)
		if (held->files[i].due_ns < held->due_ns)
			held->due_ns = held->files[i].due_ns;
	return NULL;
}

int64_t held_files_due(const struct held_files *held)
{
	return held->due_ns;
}

size_t held_files_count(const struct held_files *held)
{
	return held->count;
}
