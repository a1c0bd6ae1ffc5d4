/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "ebpf/event.h"

struct set {
	char name[PINS_NAME_SIZE];
	unsigned abi, number;
};

struct pins {
	int dir; /* locked */
	char path[PATH_MAX / 2];
	struct set own;
	struct set earlier[PINS_MAX_SETS];
	size_t earlier_count;
};

static void name_set(struct set *set)
{
	snprintf(set->name, sizeof(set->name), "set-%u-%u", set->abi, set->number);
}

static bool parse_set(const char *name, struct set *ret_set)
{
	struct set set = {0};
	char *end;

	if (strncmp(name, "set-", 4) != 0)
		return false;
	set.abi = (unsigned)strtoul(name + 4, &end, 10);
	if (*end != '-')
		return false;
	set.number = (unsigned)strtoul(end + 1, NULL, 10);
	name_set(&set);
	if (strcmp(set.name, name) != 0)
		return false;
	*ret_set = set;
	return true;
}

static int by_number(const void *a, const void *b)
{
	unsigned one = ((const struct set *)a)->number, other = ((const struct set *)b)->number;

	return one < other ? -1 : one > other;
}

static int list_earlier(struct pins *pins)
{
	int fd = openat(pins->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct set set;

	if (!dir) {
		int r = -errno;

		if (fd >= 0)
			close(fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		if (!parse_set(entry->d_name, &set))
			continue;
		/* More than that nobody leaves who is allowed to end in order now and then. */
		if (pins->earlier_count == PINS_MAX_SETS)
			(void)fd_remove_folder(pins->dir, set.name);
		else
			pins->earlier[pins->earlier_count++] = set;
	}
	closedir(dir);
	qsort(pins->earlier, pins->earlier_count, sizeof(*pins->earlier), by_number);
	return 0;
}

int pins_open(const char *dir, struct pins **ret_pins)
{
	cleanup_with(pins_closep) struct pins *pins = calloc(1, sizeof(*pins));
	struct statfs fs;
	struct stat st;
	int r;

	if (!pins)
		return -ENOMEM;
	pins->dir = -1;
	if (snprintf(pins->path, sizeof(pins->path), "%s", dir) >= (int)sizeof(pins->path))
		return -ENAMETOOLONG;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	pins->dir = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pins->dir < 0 || fstatfs(pins->dir, &fs) < 0)
		return -errno;
	if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		return -EMEDIUMTYPE;
	/* Whoever may write here can take the programs out of the kernel. */
	if (fstat(pins->dir, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return -EPERM;
	if (flock(pins->dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	r = list_earlier(pins);
	if (r < 0)
		return r;
	*ret_pins = TAKE_PTR(pins);
	return 0;
}

struct pins *pins_close(struct pins *pins)
{
	if (!pins)
		return NULL;
	if (pins->dir >= 0)
		close(pins->dir);
	free(pins);
	return NULL;
}

int pins_begin(struct pins *pins)
{
	unsigned number =
		pins->earlier_count ? pins->earlier[pins->earlier_count - 1].number + 1 : 1;
	struct set own = {.abi = EV_ABI, .number = number};

	name_set(&own);
	if (mkdirat(pins->dir, own.name, 0700) < 0)
		return -errno;
	pins->own = own;
	return 0;
}

const char *pins_set(const struct pins *pins)
{
	return pins->own.name;
}

static int object_path(const struct pins *pins, const char *set, const char *kind, const char *name,
		       char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s/%s-%s", pins->path, set, kind, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int pins_put(struct pins *pins, const char *kind, const char *name, int fd)
{
	char path[PATH_MAX];
	int r = object_path(pins, pins->own.name, kind, name, path);

	if (r < 0)
		return r;
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

void pins_abandon(struct pins *pins)
{
	if (pins->own.name[0])
		(void)fd_remove_folder(pins->dir, pins->own.name);
	pins->own = (struct set){0};
}

const char *pins_earlier(const struct pins *pins, size_t index)
{
	return index < pins->earlier_count ? pins->earlier[index].name : NULL;
}

unsigned pins_abi(const char *name)
{
	struct set set;

	return parse_set(name, &set) ? set.abi : 0;
}

int pins_get(const struct pins *pins, const char *set, const char *kind, const char *name)
{
	char path[PATH_MAX];
	int r = object_path(pins, set, kind, name, path);

	if (r < 0)
		return r;
	r = bpf_obj_get(path);
	return r < 0 ? -errno : r;
}

bool pins_has(const struct pins *pins, const char *set, const char *kind, const char *name)
{
	char path[PATH_MAX];

	return object_path(pins, set, kind, name, path) == 0 && access(path, F_OK) == 0;
}

void pins_drop_earlier(struct pins *pins)
{
	for (size_t i = 0; i < pins->earlier_count; i++)
		(void)fd_remove_folder(pins->dir, pins->earlier[i].name);
	pins->earlier_count = 0;
}
