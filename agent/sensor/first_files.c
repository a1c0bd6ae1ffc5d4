/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/first_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_key.h"
#include "base/str.h"
#include "sensor/elf_libraries.h"

/* Power of two, above FIRST_FILES_MAX. */
#define SEEN_SLOTS     8192
#define LINE_BYTES     (PATH_MAX + 256)
#define UNIT_MAX_LINES 2000

enum stage {
	STAGE_RUNNING,
	STAGE_UNITS,
	STAGE_END,
};

struct first_files {
	char root[PATH_MAX]; /* resolved; "": this machine's */
	const struct watch_set *set;
	enum stage stage;
	char *paths[FIRST_FILES_MAX];
	size_t count, next;
	size_t running;		   /* this many run; what they need, they have mapped */
	uint64_t seen[SEEN_SLOTS]; /* hashes of paths; 0: free */
};

int first_files_new(const char *root, const struct watch_set *set, struct first_files **ret_files)
{
	cleanup_with(first_files_freep) struct first_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	if (*root && !realpath(root, files->root))
		return -errno;
	files->set = set;
	*ret_files = TAKE_PTR(files);
	return 0;
}

struct first_files *first_files_free(struct first_files *files)
{
	if (!files)
		return NULL;
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files);
	return NULL;
}

/* Whether @path is new; two paths of one hash cost the second its place in the order. */
static bool note(struct first_files *files, const char *path)
{
	uint64_t hash = hash_key(path, strlen(path)) | 1;

	for (size_t i = 0; i < SEEN_SLOTS; i++) {
		uint64_t *slot = &files->seen[(hash + i) % SEEN_SLOTS];

		if (*slot == hash)
			return false;
		if (*slot == 0) {
			*slot = hash;
			return true;
		}
	}
	return false;
}

/* Without room or memory it comes in its turn. */
static void add_real(struct first_files *files, const char *path)
{
	if (files->count == FIRST_FILES_MAX || !watch_set_has(files->set, path) ||
	    !note(files, path))
		return;
	files->paths[files->count] = strdup(path);
	files->count += files->paths[files->count] != NULL;
}

/* @path may lead over links: /lib is one. A tree is walked by the names that do not. */
static int add(const char *path, void *userdata)
{
	struct first_files *files = userdata;
	size_t root_len = strlen(files->root);
	char full[PATH_MAX], real[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", files->root, path) >= (int)sizeof(full) ||
	    !realpath(full, real) || strncmp(real, files->root, root_len) != 0)
		return 0;
	add_real(files, real + root_len);
	return 0;
}

static FILE *open_below(const char *root, const char *dir, const char *name, const char *rest)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s%s/%s%s", root, dir, name, rest) >= (int)sizeof(path))
		return NULL;
	return fopen(path, "re");
}

/* "7f12-7f34 r-xp 00001000 fe:01 4711   /path" */
static void add_mapping(struct first_files *files, char *line)
{
	char *path = strchr(line, '/');
	const char *rights = strchr(line, ' ');

	if (!path || !rights || strlen(rights) < 4 || rights[3] != 'x')
		return;
	path[strcspn(path, "\n")] = '\0';
	/* Written with escapes, or gone. */
	if (!strchr(path, '\\') && !str_ends(path, " (deleted)"))
		add_real(files, path);
}

static void add_process(struct first_files *files, const char *pid)
{
	cleanup_fclose FILE *maps = open_below(files->root, "/proc", pid, "/maps");
	char line[LINE_BYTES];

	while (maps && fgets(line, sizeof(line), maps))
		add_mapping(files, line);
}

/* "ExecStart=-@/usr/bin/program arguments": the path behind the marks of systemd.service(5). */
static void add_command(struct first_files *files, char *line)
{
	static const char *const keys[] = {
		"ExecStart=", "ExecStartPre=", "ExecStartPost=", "ExecCondition="};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *path = line + strlen(keys[i]);

		if (!str_starts(line, keys[i]))
			continue;
		path += strspn(path, "@-:+!|");
		path[strcspn(path, " \t\n")] = '\0';
		if (path[0] == '/' && path_normalize(path) == 0)
			(void)add(path, files);
		return;
	}
}

static void add_unit(struct first_files *files, const char *dir, const char *name)
{
	cleanup_fclose FILE *unit = NULL;
	char line[LINE_BYTES];

	if (!str_ends(name, ".service"))
		return;
	unit = open_below(files->root, dir, name, "");
	for (int i = 0; unit && i < UNIT_MAX_LINES && fgets(line, sizeof(line), unit); i++)
		add_command(files, line);
}

static void each_entry(struct first_files *files, const char *dir,
		       void (*fn)(struct first_files *files, const char *dir, const char *name))
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *stream;

	if (snprintf(path, sizeof(path), "%s%s", files->root, dir) >= (int)sizeof(path))
		return;
	stream = opendir(path);
	while (stream && (entry = readdir(stream)))
		fn(files, dir, entry->d_name);
	if (stream)
		closedir(stream);
}

static void on_proc(struct first_files *files, const char *dir, const char *name)
{
	if (name[0] >= '0' && name[0] <= '9')
		add_process(files, name);
}

/* A stage is looked up when the one before is done, so that it is not old by then. */
static void fill(struct first_files *files)
{
	static const char *const unit_dirs[] = {"/etc/systemd/system", "/run/systemd/system",
						"/usr/local/lib/systemd/system",
						"/usr/lib/systemd/system"};

	if (files->stage == STAGE_RUNNING)
		each_entry(files, "/proc", on_proc);
	for (size_t i = 0; files->stage == STAGE_UNITS && i < ARRAY_SIZE(unit_dirs); i++)
		each_entry(files, unit_dirs[i], add_unit);
	if (files->stage == STAGE_RUNNING)
		files->running = files->count;
	files->stage++;
}

const char *first_files_next(struct first_files *files)
{
	const char *path;

	while (files->next == files->count && files->stage < STAGE_END)
		fill(files);
	if (files->next == files->count)
		return NULL;
	path = files->paths[files->next++];
	/* Its libraries come behind, and theirs behind them. */
	if (files->next > files->running)
		(void)elf_libraries_each(files->root, path, add, files);
	return path;
}
