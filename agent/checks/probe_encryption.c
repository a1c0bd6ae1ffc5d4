/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places whose data rest on a disk in the clear: file systems, or swap. A device counts as
 * encrypted when it is dm-crypt or when all that it is made of is (LVM on LUKS, RAID of LUKS).
 * What the disk itself encrypts cannot be seen from here.
 */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/mountinfo.h"
#include "checks/probe.h"
#include "checks/text.h"

#define SWAPS	  "/proc/swaps"
#define MAX_DEPTH 8
#define MAX_PARTS 256 /* devices looked at below one place */

enum {
	KEY_OF,
	KEY_PATHS
};

static const struct probe_key keys[] = {
	[KEY_OF] = {"of", PROBE_KEY_CHOICE, true, "mounts swaps"},
	[KEY_PATHS] = {"paths", PROBE_KEY_PATHS}, /* of mounts; those that hold these paths */
	{NULL},
};

struct descent {
	const struct root *root;
	unsigned depth, parts;
	size_t below;	/* devices that the one at hand is made of */
	bool is_closed; /* all of them are encrypted */
	bool is_lost;	/* too many of them, or nested too deep */
};

static bool is_crypt(const struct root *root, const char *device)
{
	cleanup_strbuf struct strbuf uuid = STRBUF_INIT;
	char path[512];

	snprintf(path, sizeof(path), "%s/dm/uuid", device);
	return root_read_text(root, path, 512, &uuid) == 0 && uuid.data &&
	       str_starts(uuid.data, "CRYPT-");
}

static int descend(struct descent *descent, const char *device, bool *ret_is_encrypted);

static int take_part(const char *path, void *userdata)
{
	struct descent *descent = userdata;
	bool is_encrypted = false;
	int r = descend(descent, path, &is_encrypted);

	descent->below++;
	if (!is_encrypted)
		descent->is_closed = false;
	return r;
}

/* @device is a folder of sysfs. */
static int descend(struct descent *descent, const char *device, bool *ret_is_encrypted)
{
	size_t below = descent->below;
	bool is_closed = descent->is_closed;
	char pattern[512];
	int r;

	if (descent->depth == MAX_DEPTH || ++descent->parts > MAX_PARTS) {
		descent->is_lost = true;
		return 0;
	}
	if (is_crypt(descent->root, device)) {
		*ret_is_encrypted = true;
		return 0;
	}
	descent->below = 0;
	descent->is_closed = true;
	descent->depth++;
	snprintf(pattern, sizeof(pattern), "%.400s/slaves/*", device);
	r = root_glob(descent->root, pattern, take_part, descent);
	descent->depth--;
	*ret_is_encrypted = descent->below && descent->is_closed;
	descent->below = below;
	descent->is_closed = is_closed;
	return r;
}

/* Lists @place unless its device is encrypted. */
static int judge(const struct root *root, const char *place, const char *device,
		 struct probe_value *value)
{
	struct descent descent = {.root = root};
	cleanup_strbuf struct strbuf item = STRBUF_INIT;
	bool is_encrypted = false;
	int r;

	if (!root_exists(root, device))
		return probe_error(value, "cannot tell what %s rests on", place);
	r = descend(&descent, device, &is_encrypted);
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, device, r);
	if (descent.is_lost)
		return probe_error(value, "%s rests on too many devices", place);
	if (is_encrypted)
		return 0;
	strbuf_printf(&item, "%s is not encrypted", place);
	if (strbuf_check(&item) < 0)
		return -ENOMEM;
	probe_list_add(value, item.data);
	return 0;
}

static bool is_memory(const char *type)
{
	return words_contain("tmpfs ramfs rootfs", WORDS_SPACE, type);
}

/* A file system without a device of its own (btrfs, overlay) names one as its source, or none. */
static int judge_mount(const struct root *root, const char *path, const struct mount_line *mount,
		       struct probe_value *value)
{
	char device[128];
	struct stat st;

	if (is_memory(mount->type))
		return 0;
	if (!str_starts(mount->device, "0:")) {
		snprintf(device, sizeof(device), "/sys/dev/block/%.32s", mount->device);
		return judge(root, path, device, value);
	}
	if (!str_starts(mount->source, "/dev/") || root_stat(root, mount->source, &st) < 0)
		return probe_error(value, "cannot tell what %s (%s) rests on", path, mount->type);
	snprintf(device, sizeof(device), "/sys/dev/block/%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	return judge(root, path, device, value);
}

/* The mount that holds @path: the longest point above it; of equal ones the last covers. */
static int judge_path(const struct root *root, const char *path, const char *mounts,
		      struct probe_value *value)
{
	cleanup_free char *copy = strdup(mounts);
	struct mount_line best = {0};
	size_t best_len = 0;
	char *cursor = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = text_next_line(&cursor))) {
		struct mount_line mount;

		if (!mountinfo_parse(line, &mount) || !path_is_below(path, mount.point) ||
		    strlen(mount.point) < best_len)
			continue;
		best = mount;
		best_len = strlen(mount.point);
	}
	if (!best.point)
		return probe_error(value, "no mount holds %s", path);
	return judge_mount(root, path, &best, value);
}

static int judge_paths(const char *paths, const struct root *root, const char *mounts,
		       struct probe_value *value)
{
	const char *cursor = paths, *word;
	size_t len;
	int r = 0;

	while (r == 0 && value->outcome == CHECK_PASS && paths &&
	       words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *path = strndup(word, len);

		if (!path)
			return -ENOMEM;
		r = judge_path(root, path, mounts, value);
	}
	return r;
}

/* "/dev/dm-1  partition  8388604  0  -2"; zram is memory. */
static int judge_swap(const struct root *root, char *line, const char *mounts,
		      struct probe_value *value)
{
	char *name = text_next_word(&line), *type = text_next_word(&line), device[128];

	if (!type)
		return 0;
	mountinfo_decode(name);
	if (str_equal(type, "file"))
		return judge_path(root, name, mounts, value);
	if (str_starts(name, "/dev/zram"))
		return 0;
	snprintf(device, sizeof(device), "/sys/class/block/%.64s", strrchr(name, '/') + 1);
	return judge(root, name, device, value);
}

static int judge_swaps(const struct root *root, char *swaps, const char *mounts,
		       struct probe_value *value)
{
	char *cursor = swaps, *line;
	int r = 0;

	(void)text_next_line(&cursor); /* column heads */
	while (r == 0 && value->outcome == CHECK_PASS && (line = text_next_line(&cursor))) {
		if (*line != '/')
			return probe_error(value, "%s has a line that is no swap", SWAPS);
		r = judge_swap(root, line, mounts, value);
	}
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf mounts = STRBUF_INIT, swaps = STRBUF_INIT;
	bool is_swaps = str_equal(params->values[KEY_OF], "swaps");
	int r = root_read_text(root, MOUNTINFO, ROOT_MAX_CONFIG_BYTES, &mounts);

	if (r == -ENOENT && !root->is_live)
		return probe_not_applicable(value, "no running kernel below this root");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, MOUNTINFO, r);
	r = is_swaps ? root_read_text(root, SWAPS, ROOT_MAX_CONFIG_BYTES, &swaps) : 0;
	if (r == -ENOENT)
		return probe_not_applicable(value, "this kernel has no swap");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, SWAPS, r);
	probe_list_add(value, NULL);
	if (is_swaps)
		return judge_swaps(root, swaps.data, mounts.data ? mounts.data : "", value);
	return judge_paths(params->values[KEY_PATHS], root, mounts.data ? mounts.data : "", value);
}

const struct probe_ops probe_encryption = {"encryption", keys, PROBE_GIVES_LIST, run};
