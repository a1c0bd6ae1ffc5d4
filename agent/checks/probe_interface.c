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

/* The squashed text of a small file, empty where it is not there. Negative errno when it cannot be
 * read, with the reason in the value. */
static int read_small(struct search *search, const char *dir, const char *file, char *buf,
		      size_t size)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[512];
	int r;

	*buf = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	r = probe_read(search->root, path, 256, &text, search->value);
	if (r > 0 && text.data)
		str_copy(buf, size, words_squash(text.data));
	return r < 0 ? r : 0;
}

static bool has(const struct root *root, const char *dir, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return root_exists(root, path);
}

/* By software or by a switch. */
static int add_block(const char *rfkill, void *userdata)
{
	struct search *search = userdata;
	char soft[8], hard[8];
	int r = read_small(search, rfkill, "soft", soft, sizeof(soft));

	if (r == 0)
		r = read_small(search, rfkill, "hard", hard, sizeof(hard));
	if (r == 0 && (str_equal(soft, "1") || str_equal(hard, "1")))
		search->is_blocked = true;
	return r;
}

static int take_wireless(struct search *search, const char *dir, const char *name)
{
	char pattern[512], flags[32];
	uint64_t bits = 0;
	int r;

	search->is_blocked = false;
	snprintf(pattern, sizeof(pattern), "%s/phy80211/rfkill*", dir);
	r = root_glob(search->root, pattern, add_block, search);
	if (r == 0)
		r = read_small(search, dir, "flags", flags, sizeof(flags));
	if (r < 0)
		return r;
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
	int r;

	if (search->wants_wireless)
		return is_wireless ? take_wireless(search, dir, name) : 0;
	if (is_wireless || !has(search->root, dir, "device"))
		return 0;
	r = read_small(search, dir, "operstate", state, sizeof(state));
	if (r < 0)
		return r;
	return str_equal(state, "up") ? probe_list_found(search->value, WHAT, "%s", name) : 0;
}

static int take_radio(const char *dir, void *userdata)
{
	struct search *search = userdata;
	char type[32];
	int r = read_small(search, dir, "type", type, sizeof(type));

	search->is_blocked = false;
	if (r == 0 && *type)
		r = add_block(dir, search);
	if (r < 0 || !*type || search->is_blocked)
		return r;
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
