/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of USBGuard that let in more than one named device, as "FILE line N". */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_FOUND 64

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "wide"},
	{NULL},
};

static const char *const files[] = {"/etc/usbguard/rules.conf", "/etc/usbguard/rules.d/*.conf"};

struct search {
	const struct root *root;
	struct probe_value *value;
	unsigned seen;
};

/* "id 046d:c31c": both halves are given; "id 046d:*" and "id *:*" name no device. */
static bool names_device(char *rule)
{
	char *word;

	while ((word = text_next_word(&rule))) {
		if (!str_equal(word, "id"))
			continue;
		word = text_next_word(&rule);
		return word && strlen(word) == strlen("vvvv:pppp") && word[4] == ':' &&
		       !strchr(word, '*');
	}
	return false;
}

static int read_rules(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	unsigned number = 0;
	char *cursor, *line;
	int r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	search->seen++;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char item[320], *word;

		number++;
		word = text_next_word(&line);
		if (!word || !str_equal(word, "allow") || names_device(line))
			continue;
		if (search->value->count == MAX_FOUND)
			return -E2BIG;
		snprintf(item, sizeof(item), "%.256s line %u", path, number);
		probe_list_add(search->value, item);
	}
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r = 0;

	probe_list_add(value, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(files) && r >= 0; i++)
		r = root_glob(root, files[i], read_rules, &search);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value->outcome == CHECK_PASS
			       ? probe_unreadable(value, "the rules of usbguard", r)
			       : 0;
	return search.seen ? 0 : probe_not_applicable(value, "usbguard has no rules here");
}

const struct probe_ops probe_usbguard = {"usbguard", keys, PROBE_GIVES_LIST, run};
