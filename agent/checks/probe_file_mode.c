/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, group and permission bits of files: lists those that are looser than wanted. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/names.h"
#include "checks/probe.h"

#define MAX_IDS 8
/* So many are noted one by one as looked at, then whole folders. */
#define FEW_FILES 32

enum {
	KEY_PATH,
	KEY_OWNER,
	KEY_GROUP,
	KEY_MAX_MODE,
	KEY_MISSING
};

static const struct probe_key keys[] = {
	[KEY_PATH] = {"path", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	[KEY_OWNER] = {"owner", PROBE_KEY_WORDS},
	[KEY_GROUP] = {"group", PROBE_KEY_WORDS},
	[KEY_MAX_MODE] = {"max_mode", PROBE_KEY_OCTAL},
	[KEY_MISSING] = {"missing", PROBE_KEY_CHOICE, false, "not_applicable fail"},
	{NULL},
};

struct ids {
	uint32_t list[MAX_IDS];
	size_t count;
};

struct walk {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	struct ids owners, groups;
	uint32_t max_mode;
	size_t seen;
	/* The folder of the newest path: a folder's files come one after another. */
	char dir[256];
	int dir_fd;
};

static void walk_done(struct walk *walk)
{
	if (walk->dir_fd >= 0)
		close(walk->dir_fd);
}

/* Names that this system does not have cannot own a file and are left out. */
static int resolve(const struct root *root, const char *file, const char *names, struct ids *ids)
{
	const char *cursor = names, *word;
	size_t len;

	while (names && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		int64_t id = names_find(root, file, word, len);

		if (id == -ENOENT)
			continue;
		if (id < 0)
			return (int)id;
		if (ids->count == MAX_IDS)
			return -E2BIG;
		ids->list[ids->count++] = (uint32_t)id;
	}
	return 0;
}

static bool is_one_of(const struct ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->list[i] == id)
			return true;
	return false;
}

/* As root_stat(), with one system call for most files of a folder. */
static int stat_path(struct walk *walk, const char *path, struct stat *ret_stat)
{
	const char *name = strrchr(path, '/') + 1;
	size_t len = (size_t)(name - path);

	if (len >= sizeof(walk->dir))
		return root_stat(walk->root, path, ret_stat);
	if (walk->dir_fd < 0 || strlen(walk->dir) != len || strncmp(walk->dir, path, len) != 0) {
		if (walk->dir_fd >= 0)
			close(walk->dir_fd);
		memcpy(walk->dir, path, len);
		walk->dir[len] = '\0';
		walk->dir_fd = root_open_path(walk->root, walk->dir, O_PATH | O_DIRECTORY);
		if (walk->dir_fd < 0)
			return walk->dir_fd;
		if (walk->seen > FEW_FILES)
			root_note_look(walk->root, LOOKED_ALL, walk->dir);
	}
	if (walk->seen < FEW_FILES)
		root_note_look(walk->root, LOOKED_AT, path);
	else if (walk->seen == FEW_FILES)
		root_note_look(walk->root, LOOKED_ALL, walk->dir);
	/* Of the running system no link leads out: the kernel may follow it at once. */
	if (fstatat(walk->dir_fd, name, ret_stat, walk->root->is_live ? 0 : AT_SYMLINK_NOFOLLOW) <
	    0)
		return -errno;
	return S_ISLNK(ret_stat->st_mode) ? root_stat(walk->root, path, ret_stat) : 0;
}

static int look(const char *path, void *userdata)
{
	struct walk *walk = userdata;
	char user[64], group[64];
	struct stat st;
	int r = stat_path(walk, path, &st);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(walk->value, path, r);
		return r;
	}
	walk->seen++;
	if ((!walk->params->values[KEY_OWNER] || is_one_of(&walk->owners, st.st_uid)) &&
	    (!walk->params->values[KEY_GROUP] || is_one_of(&walk->groups, st.st_gid)) &&
	    !(st.st_mode & 07777 & ~walk->max_mode))
		return 0;
	names_of(walk->root, NAMES_USERS, st.st_uid, user, sizeof(user));
	names_of(walk->root, NAMES_GROUPS, st.st_gid, group, sizeof(group));
	return probe_list_found(walk->value, "files that are looser than wanted",
				"%s is %04o %s:%s", path, st.st_mode & 07777, user, group);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_with(walk_done) struct walk walk = {
		.root = root,
		.params = params,
		.value = value,
		.max_mode = 07777,
		.dir_fd = -1,
	};
	uint64_t mode;
	int r;

	if (params->values[KEY_MAX_MODE] && str_to_u64(params->values[KEY_MAX_MODE], 8, &mode) == 0)
		walk.max_mode = (uint32_t)mode;
	r = resolve(root, NAMES_USERS, params->values[KEY_OWNER], &walk.owners);
	if (r == 0)
		r = resolve(root, NAMES_GROUPS, params->values[KEY_GROUP], &walk.groups);
	r = probe_end(value, "the names of users and groups", r);
	if (r <= 0)
		return r;
	probe_list_add(value, NULL);
	r = probe_glob(root, params->values[KEY_PATH], look, &walk, value);
	if (r <= 0)
		return r;
	if (walk.seen) {
		/* Only a good result: the number differs between equal hosts. */
		if (!value->count)
			strbuf_printf(&value->where, "%zu looked at", walk.seen);
		return 0;
	}
	if (!str_equal(params->values[KEY_MISSING], "fail"))
		return probe_not_applicable(value, "%s is not there", params->values[KEY_PATH]);
	probe_list_add(value, params->values[KEY_PATH]);
	strbuf_add_str(&value->text, " is not there");
	return 0;
}

const struct probe_ops probe_file_mode = {"file_mode", keys, PROBE_GIVES_LIST, run};
