/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a small file, mostly of the kernel: whole, as a list of words, or the choice in
 * brackets of "none [integrity] confidentiality". */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"

enum {
	KEY_FILE,
	KEY_PICK,
	KEY_WITHOUT
};

static const struct probe_key keys[] = {
	[KEY_FILE] = {"file", PROBE_KEY_PATH, true},
	[KEY_PICK] = {"pick", PROBE_KEY_CHOICE, true, "whole bracketed list"},
	/* Why the check means nothing where the file is not there; without it the value is absent.
	 */
	[KEY_WITHOUT] = {"without", PROBE_KEY_TEXT},
	{NULL},
};

static int take_bracketed(char *text, const char *path, struct probe_value *value)
{
	char *start = strchr(text, '['), *end = start ? strchr(start, ']') : NULL;

	if (!end)
		return probe_error(value, "%s has no choice in brackets", path);
	*end = '\0';
	return probe_text(value, start + 1);
}

/* "lockdown,yama,bpf" */
static void take_list(char *text, struct probe_value *value)
{
	char *word;

	probe_list_add(value, NULL);
	while ((word = strsep(&text, ", ")))
		if (*word)
			probe_list_add(value, word);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *path = params->values[KEY_FILE], *pick = params->values[KEY_PICK];
	int r = root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT && params->values[KEY_WITHOUT])
		return probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
	if (r == -ENOENT)
		return probe_absent(value, "%s is not there", path);
	if (r < 0)
		return probe_unreadable(value, path, r);
	if (!text.data)
		return probe_text(value, "");
	words_squash(text.data);
	if (str_equal(pick, "bracketed"))
		return take_bracketed(text.data, path, value);
	if (str_equal(pick, "whole"))
		return probe_text(value, text.data);
	take_list(text.data, value);
	return 0;
}

const struct probe_ops probe_file_text = {"file_text", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST,
					  run};
