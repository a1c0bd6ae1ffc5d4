/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel settings: the running value, or, below a root without a running
 * kernel, the value that its sysctl files would set at boot.
 */
#include <errno.h>
#include <string.h>

#include "base/words.h"
#include "checks/kernel_dump.h"
#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_KEY,
	KEY_WITHOUT
};

static const struct probe_key keys[] = {
	[KEY_KEY] = {"key", PROBE_KEY_TEXT, true},
	/* Why the check means nothing on a kernel that lacks the setting. */
	[KEY_WITHOUT] = {"without", PROBE_KEY_TEXT},
	{NULL},
};

static const char *const dirs[] = {"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d",
				   "/usr/lib/sysctl.d", NULL};

struct search {
	const struct root *root;
	const char *key;
	struct probe_value *value;
};

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" name the same. */
static bool same_key(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '/' ? '.' : *a) != (*b == '/' ? '.' : *b))
			return false;
	return *a == *b;
}

/* A later line wins over an earlier one. */
static int search_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char *equals = strchr(line, '=');

		if (*line == '#' || *line == ';' || !equals)
			continue;
		*equals = '\0';
		words_squash(line);
		/* A leading minus only says that a failure to set it is ignored. */
		if (!same_key(*line == '-' ? line + 1 : line, search->key))
			continue;
		(void)probe_text(search->value, words_squash(equals + 1));
		probe_set_where(search->value, path);
	}
	return 0;
}

static int run_configured(struct search *search)
{
	int r = dropin_each(search->root, dirs, ".conf", search_file, search);

	if (r >= 0)
		r = search_file("/etc/sysctl.conf", search);
	r = probe_end(search->value, "the sysctl.d folders", r);
	if (r <= 0 || search->value->kind != PROBE_ABSENT)
		return r < 0 ? r : 0;
	return probe_not_applicable(search->value,
				    "no running kernel below this root, and no sysctl file sets %s",
				    search->key);
}

/* The one setting that not even the assessor may read: the dump has it. */
static bool is_closed(const char *key)
{
	return same_key(key, "net.core.bpf_jit_harden");
}

static int run_closed(const struct root *root, struct probe_value *value)
{
	cleanup_strbuf struct strbuf storage = STRBUF_INIT, text = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r = kernel_dump_read(root, KERNEL_JIT_HARDEN, &storage, &bytes, value);

	if (r <= 0)
		return r;
	strbuf_add(&text, bytes.data, bytes.len);
	r = strbuf_check(&text);
	return r < 0 ? r : probe_text(value, words_squash(text.data ? text.data : (char[]){""}));
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params->values[KEY_KEY], value};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[256];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "/proc/sys/%s", search.key) >= sizeof(path))
		return probe_error(value, "the key is too long");
	for (char *p = path + strlen("/proc/sys/"); *p; p++)
		if (*p == '.')
			*p = '/';
	r = root_read_text(root, path, ROOT_MAX_CONFIG_BYTES, &text);
	if (r == -ENOMEM)
		return r;
	if (r == 0)
		return probe_text(value, words_squash(text.data ? text.data : (char[]){""}));
	if ((r == -EACCES || r == -EPERM) && root->is_live && is_closed(search.key))
		return run_closed(root, value);
	if (r != -ENOENT)
		return probe_unreadable(value, path, r);
	if (!root_exists(root, "/proc/sys"))
		return run_configured(&search);
	if (params->values[KEY_WITHOUT])
		return probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
	return probe_absent(value, "this kernel does not have it");
}

static unsigned asks(const struct probe_params *params)
{
	return is_closed(params->values[KEY_KEY]) ? 1u << KERNEL_JIT_HARDEN : 0;
}

const struct probe_ops probe_sysctl = {"sysctl", keys, PROBE_GIVES_TEXT, run, asks};
