/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters that the running kernel was started with. Not what the boot loader will pass next
 * time. */
#include <errno.h>
#include <string.h>

#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_KEY,
	KEY_ANY
};

static const struct probe_key keys[] = {
	[KEY_KEY] = {"key", PROBE_KEY_TEXT},  /* gives its value as text */
	[KEY_ANY] = {"any", PROBE_KEY_WORDS}, /* gives a list of those that are there */
	{NULL},
};

/* The last occurrence counts, as in the kernel. */
static void take_word(const struct probe_params *params, char *word, struct probe_value *value)
{
	const char *key = params->values[KEY_KEY];
	size_t len = strcspn(word, "=");

	if (!key) {
		if (words_contain(params->values[KEY_ANY], WORDS_SPACE, word))
			probe_list_add(value, word);
	} else if (strlen(key) == len && strncmp(word, key, len) == 0) {
		(void)probe_text(value, word[len] ? word + len + 1 : "set");
	}
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *word;
	int r = root_read_text(root, "/proc/cmdline", ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT && !root->is_live)
		return probe_not_applicable(value, "no running kernel below this root");
	if (r < 0)
		return probe_unreadable(value, "/proc/cmdline", r);
	if (!params->values[KEY_KEY])
		probe_list_add(value, NULL);
	cursor = text.data;
	while ((word = text_next_word(&cursor)))
		take_word(params, word, value);
	return 0;
}

const struct probe_ops probe_kernel_cmdline = {"kernel_cmdline", keys,
					       PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
