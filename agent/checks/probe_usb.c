/* SPDX-License-Identifier: Apache-2.0 */
/* USB controllers that let every new device in (authorized_default 1). */
#include <errno.h>
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
	char item[64];
	int r = root_read_text(search->root, path, 64, &text);

	if (r == -ENOENT) /* unplugged meanwhile */
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	search->seen++;
	/* 0: none; 2: only what is soldered in; -1: all but wireless. */
	if (text.data && (str_equal(words_squash(text.data), "0") || str_equal(text.data, "2")))
		return 0;
	snprintf(item, sizeof(item), "%.*s", (int)strcspn(name, "/"), name);
	probe_list_add(search->value, item);
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r;

	probe_list_add(value, NULL);
	r = root_glob(root, PATTERN, look, &search);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value->outcome == CHECK_PASS ? probe_unreadable(value, PATTERN, r) : 0;
	return search.seen ? 0 : probe_not_applicable(value, "no USB controller");
}

const struct probe_ops probe_usb = {"usb", keys, PROBE_GIVES_LIST, run};
