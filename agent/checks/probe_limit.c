/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that pam_limits sets for every login (domain `*`), from limits.conf and limits.d. */
#include <string.h>

#include "base/str.h"
#include "checks/probe.h"
#include "checks/text.h"

#define LIMITS "/etc/security/limits.conf /etc/security/limits.d/*.conf"

enum {
	KEY_ITEM,
	KEY_TYPE
};

static const struct probe_key keys[] = {
	[KEY_ITEM] = {"item", PROBE_KEY_TEXT, true},
	[KEY_TYPE] = {"type", PROBE_KEY_CHOICE, true, "hard soft"},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
};

/* "DOMAIN TYPE ITEM VALUE"; type `-` sets both kinds. The last line wins. */
static int read_limits(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char *domain, *type, *item, *value;

		line[strcspn(line, "#")] = '\0';
		domain = text_next_word(&line);
		type = text_next_word(&line);
		item = text_next_word(&line);
		value = text_next_word(&line);
		if (!value || !str_equal(domain, "*") ||
		    !str_equal(item, search->params->values[KEY_ITEM]) ||
		    (!str_equal(type, "-") && !str_equal(type, search->params->values[KEY_TYPE])))
			continue;
		(void)probe_text(search->value, value);
		probe_set_where(search->value, path);
	}
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params, value};
	int r = probe_glob(root, LIMITS, read_limits, &search, value);

	return r < 0 ? r : 0;
}

const struct probe_ops probe_limit = {"limit", keys, PROBE_GIVES_TEXT, run};
