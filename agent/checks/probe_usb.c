/* SPDX-License-Identifier: Apache-2.0 */
/* USB controllers that let every new device in (authorized_default 1). */
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"

#define PATTERN "/sys/bus/usb/devices/usb*/authorized_default"

static const struct probe_key keys[] = {{NULL}};

struct search {
	const struct root *root;
	struct probe_value *value;
	size_t seen;
};

static int look(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *name = path + strlen("/sys/bus/usb/devices/");
	/* None: unplugged meanwhile. */
	int r = probe_read(search->root, path, 64, &text, search->value);

	if (r <= 0)
		return r;
	search->seen++;
	/* 0: none; 2: only what is soldered in; -1: all but wireless. */
	if (text.data && (str_equal(words_squash(text.data), "0") || str_equal(text.data, "2")))
		return 0;
	return probe_list_found(search->value, "controllers", "%.*s", (int)strcspn(name, "/"),
				name);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r;

	probe_list_add(value, NULL);
	r = probe_glob(root, PATTERN, look, &search, value);
	if (r <= 0)
		return r;
	return search.seen ? 0 : probe_not_applicable(value, "no USB controller");
}

const struct probe_ops probe_usb = {"usb", keys, PROBE_GIVES_LIST, run};
