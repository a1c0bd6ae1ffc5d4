/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network interfaces by sysfs: wired ones that have a link, wireless ones and other radios that can
 * send. Virtual interfaces (bridges, tunnels, containers) are not wired.
 */
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"

#define NET    "/sys/class/net"
#define RFKILL "/sys/class/rfkill"
#define IS_UP  1 /* IFF_UP */
#define WHAT   "interfaces"

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "wired wireless radios"},
	{NULL},
};

struct search {
	const struct root *root;
	struct probe_value *value;
	bool wants_wireless;
	bool is_blocked; /* of the interface at hand */
};

/* The squashed text of a small file; empty where it is not there or says nothing, as an interface
 * that is down does for some. */
static void read_small(const struct root *root, const char *dir, const char *file, char *buf,
		       size_t size)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[512];

	*buf = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (root_read_text(root, path, 256, &text) == 0 && text.data)
		str_copy(buf, size, words_squash(text.data));
}

static bool has(const struct root *root, const char *dir, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return root_exists(root, path);
}

static bool is_blocked(const struct root *root, const char *rfkill)
{
	char soft[8], hard[8];

	read_small(root, rfkill, "soft", soft, sizeof(soft));
	read_small(root, rfkill, "hard", hard, sizeof(hard));
	return str_equal(soft, "1") || str_equal(hard, "1");
}

static int note_blocked(const char *path, void *userdata)
{
	struct search *search = userdata;

	if (is_blocked(search->root, path))
		search->is_blocked = true;
	return 0;
}

static int take_wireless(struct search *search, const char *dir, const char *name)
{
	char pattern[512], flags[32];
	uint64_t bits = 0;
	int r;

	search->is_blocked = false;
	snprintf(pattern, sizeof(pattern), "%s/phy80211/rfkill*", dir);
	r = root_glob(search->root, pattern, note_blocked, search);
	if (r < 0)
		return r;
	read_small(search->root, dir, "flags", flags, sizeof(flags));
	(void)str_to_u64(flags, 0, &bits);
	if (search->is_blocked && !(bits & IS_UP))
		return 0;
	return probe_list_found(search->value, WHAT, "%s %s", name,
				bits & IS_UP ? "is up" : "is not blocked");
}

static int take_interface(const char *dir, void *userdata)
{
	struct search *search = userdata;
	const char *name = strrchr(dir, '/') + 1;
	bool is_wireless = has(search->root, dir, "phy80211") || has(search->root, dir, "wireless");
	char state[32];

	if (search->wants_wireless)
		return is_wireless ? take_wireless(search, dir, name) : 0;
	if (is_wireless || !has(search->root, dir, "device"))
		return 0;
	read_small(search->root, dir, "operstate", state, sizeof(state));
	return str_equal(state, "up") ? probe_list_found(search->value, WHAT, "%s", name) : 0;
}

static int take_radio(const char *dir, void *userdata)
{
	struct search *search = userdata;
	char type[32];

	read_small(search->root, dir, "type", type, sizeof(type));
	if (!*type || is_blocked(search->root, dir))
		return 0;
	return probe_list_found(search->value, WHAT, "%s (%s)", type, strrchr(dir, '/') + 1);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	bool is_radios = str_equal(params->values[0], "radios");
	struct search search = {
		.root = root,
		.value = value,
		.wants_wireless = str_equal(params->values[0], "wireless"),
	};
	int r;

	if (!root_exists(root, NET))
		return probe_not_applicable(value, "no running kernel below this root");
	probe_list_add(value, NULL);
	r = probe_glob(root, is_radios ? RFKILL "/*" : NET "/*",
		       is_radios ? take_radio : take_interface, &search, value);
	return r < 0 ? r : 0;
}

const struct probe_ops probe_interface = {"interface", keys, PROBE_GIVES_LIST, run};
