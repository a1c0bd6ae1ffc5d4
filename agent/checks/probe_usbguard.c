/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of USBGuard that let in more than one named device, as "FILE line N". */
#include <string.h>

#include "base/str.h"
#include "checks/probe.h"
#include "checks/text.h"

#define RULES "/etc/usbguard/rules.conf /etc/usbguard/rules.d/*.conf"

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "wide"},
	{NULL},
};

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
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	search->seen++;
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor))) {
		char *word = text_next_word(&line);

		number++;
		if (word && str_equal(word, "allow") && !names_device(line))
			r = probe_list_found(search->value, "wide rules", "%s line %u", path,
					     number);
	}
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r;

	probe_list_add(value, NULL);
	r = probe_glob(root, RULES, read_rules, &search, value);
	if (r <= 0)
		return r;
	return search.seen ? 0 : probe_not_applicable(value, "usbguard has no rules here");
}

const struct probe_ops probe_usbguard = {"usbguard", keys, PROBE_GIVES_LIST, run};
