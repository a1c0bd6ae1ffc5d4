/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel was built with: from its own word in /proc/config.gz, or else from the
 * file that came with it. A kernel that brings neither is an error: nobody knows.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/gunzip.h"
#include "checks/probe.h"
#include "checks/text.h"

#define PACKED	  "/proc/config.gz"
#define OSRELEASE "/proc/sys/kernel/osrelease"

static const struct probe_key keys[] = {
	{"key", PROBE_KEY_TEXT, true}, /* CONFIG_... */
	{NULL},
};

static int read_packed(const struct root *root, struct strbuf *text)
{
	const struct kept_item *item = root_find_kept(root, KEPT_UNPACKED, PACKED);
	cleanup_strbuf struct strbuf packed = STRBUF_INIT;
	int r;

	if (item) {
		strbuf_add(text, item->data, item->len);
		return strbuf_check(text);
	}
	r = root_read_bytes(root, PACKED, ROOT_MAX_CONFIG_BYTES, &packed);
	if (r == 0)
		r = gunzip(&packed, ROOT_MAX_CONFIG_BYTES, text);
	if (r == 0 && text->data && memchr(text->data, '\0', text->len))
		return -EBADMSG;
	if (r == 0)
		kept_add(root->kept, &(struct kept_item){.what = KEPT_UNPACKED,
							 .path = PACKED,
							 .real = "",
							 .data = text->data,
							 .len = text->len});
	return r;
}

/* The file of the kernel @release in @path when there is one. */
static int read_shipped(const struct root *root, const char *release, struct strbuf *text,
			char *path, size_t size)
{
	int r;

	snprintf(path, size, "/boot/config-%.128s", release);
	r = root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, text);
	if (r != -ENOENT)
		return r;
	snprintf(path, size, "/lib/modules/%.128s/config", release);
	return root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, text);
}

static int find_key(const char *key, char *text, struct probe_value *value)
{
	char *cursor = text, *line;

	while ((line = text_next_line(&cursor))) {
		size_t len = strcspn(line, "=");

		if (line[len] && strlen(key) == len && strncmp(line, key, len) == 0)
			return probe_text(value, line + len + 1);
	}
	/* "# CONFIG_X is not set", or not known to this kernel: the same to the reader. */
	return probe_text(value, "n");
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf release = STRBUF_INIT, text = STRBUF_INIT;
	char path[256] = PACKED;
	int r = read_packed(root, &text);

	if (r == -ENOENT || r == -ENOTDIR) {
		r = root_read_text(root, OSRELEASE, 256, &release);
		if (r == -ENOENT && !root->is_live)
			return probe_not_applicable(value, "no running kernel below this root");
		if (r < 0)
			return r == -ENOMEM ? r : probe_unreadable(value, OSRELEASE, r);
		r = read_shipped(root, release.data ? words_squash(release.data) : "", &text, path,
				 sizeof(path));
	}
	if (r == -ENOENT)
		return probe_error(value,
				   "the running kernel tells nothing: neither %s nor "
				   "/boot/config-%s is there",
				   PACKED, release.data ? release.data : "");
	if (r == -EBADMSG && str_equal(path, PACKED))
		return probe_error(value, "%s is cut off or damaged", path);
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, path, r);
	probe_set_where(value, path);
	return find_key(params->values[0], text.data, value);
}

const struct probe_ops probe_kernel_config = {"kernel_config", keys, PROBE_GIVES_TEXT, run};
