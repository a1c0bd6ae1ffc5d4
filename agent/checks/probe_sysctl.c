/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel settings: the running value and, where the sysctl files set another at the next start,
 * that one too; below a root without a running kernel what the files set, alone.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/str.h"
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
	struct probe_value *value; /* gets errors */
	struct strbuf text, path;  /* what the files set, and which; no path: nothing */
	bool is_named;		   /* by its own name, which no pattern changes any more */
};

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" name the same. */
static bool same_key(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '/' ? '.' : *a) != (*b == '/' ? '.' : *b))
			return false;
	return *a == *b;
}

static void make_path(char *key)
{
	for (; *key; key++)
		if (*key == '.')
			*key = '/';
}

/* A star stands for one level. @pattern is changed. */
static bool is_pattern_of(char *pattern, const char *key)
{
	char path[256];

	if (!strpbrk(pattern, "*?[") || !str_copy(path, sizeof(path), key))
		return false;
	make_path(pattern);
	make_path(path);
	return fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

static void set(struct search *search, const char *text, const char *path)
{
	strbuf_clear(&search->text);
	strbuf_clear(&search->path);
	strbuf_add_str(&search->text, text);
	strbuf_add_str(&search->path, path);
}

/*
 * "key = value", "-key = value" that may fail, and "-key", which no pattern is to set. A later line
 * wins over an earlier one, and a name over a pattern, as systemd-sysctl has it.
 */
static void take_line(struct search *search, char *line, const char *path)
{
	char *equals = strchr(line, '='), *key = line + (*line == '-');

	if (equals)
		*equals = '\0';
	words_squash(key);
	if (!equals && *line != '-')
		return;
	if (same_key(key, search->key)) {
		search->is_named = true;
		if (equals)
			set(search, words_squash(equals + 1), path);
	} else if (equals && !search->is_named && is_pattern_of(key, search->key)) {
		set(search, words_squash(equals + 1), path);
	}
}

static int search_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor)))
		if (*line != '#' && *line != ';')
			take_line(search, line, path);
	return 0;
}

/* 1, or what probe_end() makes of an error. */
static int search_files(struct search *search)
{
	int r = dropin_each(search->root, dirs, ".conf", search_file, search);

	if (r >= 0)
		r = search_file("/etc/sysctl.conf", search);
	if (r >= 0 && (strbuf_check(&search->text) < 0 || strbuf_check(&search->path) < 0))
		r = -ENOMEM;
	return probe_end(search->value, "the sysctl.d folders", r);
}

static int run_configured(struct search *search)
{
	int r = search_files(search);

	if (r <= 0)
		return r;
	if (!search->path.len)
		return probe_not_applicable(
			search->value,
			"no running kernel below this root, and no sysctl file sets %s",
			search->key);
	probe_set_where(search->value, search->path.data);
	return probe_text(search->value, search->text.data ? search->text.data : "");
}

/* The running value is @text; the next start may bring another. */
static int run_both(struct search *search, char *text)
{
	struct probe_value *value = search->value;
	int r = search_files(search);

	if (r <= 0)
		return r;
	words_squash(text);
	if (search->path.len && !str_equal(search->text.data, text)) {
		strbuf_add_str(&value->others, search->text.data);
		value->others_are = "from the next start";
		probe_set_where(value, search->path.data);
	}
	return probe_text(value, text);
}

/* The one setting that not even the assessor may read: the dump has it. */
static bool is_closed(const char *key)
{
	return same_key(key, "net.core.bpf_jit_harden");
}

static int run_closed(struct search *search)
{
	cleanup_strbuf struct strbuf storage = STRBUF_INIT, text = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r = kernel_dump_read(search->root, KERNEL_JIT_HARDEN, &storage, &bytes, search->value);

	if (r <= 0)
		return r;
	strbuf_add(&text, bytes.data, bytes.len);
	r = strbuf_check(&text);
	return r < 0 ? r : run_both(search, text.data ? text.data : (char[]){""});
}

static int run_search(struct search *search, const char *without)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[256];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "/proc/sys/%s", search->key) >= sizeof(path))
		return probe_error(search->value, "the key is too long");
	make_path(path + strlen("/proc/sys/"));
	r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);
	if (r == -ENOMEM)
		return r;
	if (r == 0)
		return run_both(search, text.data ? text.data : (char[]){""});
	if ((r == -EACCES || r == -EPERM) && search->root->is_live && is_closed(search->key))
		return run_closed(search);
	if (r != -ENOENT)
		return probe_unreadable(search->value, path, r);
	if (!root_exists(search->root, "/proc/sys"))
		return run_configured(search);
	if (without)
		return probe_not_applicable(search->value, "%s", without);
	return probe_absent(search->value, "this kernel does not have it");
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params->values[KEY_KEY], value};
	int r = run_search(&search, params->values[KEY_WITHOUT]);

	strbuf_done(&search.text);
	strbuf_done(&search.path);
	return r;
}

static unsigned asks(const struct probe_params *params)
{
	return is_closed(params->values[KEY_KEY]) ? 1u << KERNEL_JIT_HARDEN : 0;
}

const struct probe_ops probe_sysctl = {"sysctl", keys, PROBE_GIVES_TEXT, run, asks};
