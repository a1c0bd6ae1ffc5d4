/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel was built with, from /boot/config-RELEASE. /proc/config.gz is not read.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

static const struct probe_key keys[] = {
	{"key", PROBE_KEY_TEXT, true}, /* CONFIG_... */
	{NULL},
};

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf release = STRBUF_INIT, text = STRBUF_INIT;
	char path[256], *cursor, *line;
	const char *key = params->values[0];
	int r = root_read_text(root, "/proc/sys/kernel/osrelease", 256, &release);

	if (r == -ENOENT && !root->is_live)
		return probe_not_applicable(value, "no running kernel below this root");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, "/proc/sys/kernel/osrelease", r);
	snprintf(path, sizeof(path), "/boot/config-%.128s",
		 release.data ? words_squash(release.data) : "");
	r = root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, &text);
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, path, r);
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		size_t len = strcspn(line, "=");

		if (line[len] && strlen(key) == len && strncmp(line, key, len) == 0)
			return probe_text(value, line + len + 1);
	}
	/* "# CONFIG_X is not set", or not known to this kernel: the same to the reader. */
	return probe_text(value, "n");
}

const struct probe_ops probe_kernel_config = {"kernel_config", keys, PROBE_GIVES_TEXT, run};
