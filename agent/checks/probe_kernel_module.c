/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel modules that can be used although they should not: loaded now, or
 * neither blacklisted nor overridden in modprobe.d. A module that was not
 * built for the running kernel cannot be used and is not listed.
 */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_MODULES 32

static const struct probe_key keys[] = {
	{"modules", PROBE_KEY_WORDS, true},
	{NULL},
};

static const char *const dirs[] = {"/etc/modprobe.d",		"/run/modprobe.d",
				   "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
				   "/lib/modprobe.d",		NULL};

struct module {
	char name[64]; /* with underscores */
	bool is_blocked, is_loaded, is_built;
};

struct search {
	const struct root *root;
	struct probe_value *value;
	struct module modules[MAX_MODULES];
	size_t count;
};

static void normalize(char *name)
{
	for (; *name; name++)
		if (*name == '-')
			*name = '_';
}

static struct module *find(struct search *search, char *name)
{
	normalize(name);
	for (size_t i = 0; i < search->count; i++)
		if (str_equal(search->modules[i].name, name))
			return &search->modules[i];
	return NULL;
}

static bool does_nothing(const char *command)
{
	return words_contain("/bin/true /bin/false /usr/bin/true /usr/bin/false", WORDS_SPACE,
			     command);
}

static int read_modprobe(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char *word = text_next_word(&line), *name = text_next_word(&line), *command;
		struct module *module = name ? find(search, name) : NULL;

		if (!module)
			continue;
		command = text_next_word(&line);
		if (str_equal(word, "blacklist") ||
		    (str_equal(word, "install") && command && does_nothing(command)))
			module->is_blocked = true;
	}
	return 0;
}

/* Absent below a made-up root: then nothing is loaded there. */
static int read_loaded(struct search *search)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, "/proc/modules", ROOT_MAX_CONFIG_BYTES, &text,
			   search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char *name = text_next_word(&line);
		struct module *module = name ? find(search, name) : NULL;

		if (module)
			module->is_loaded = true;
	}
	return 0;
}

/* Marks what /lib/modules/RELEASE/@file names as a module file. -ENOENT when it is not there. */
static int read_built(struct search *search, const char *release, const char *file)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[256], *cursor, *line;
	int r;

	snprintf(path, sizeof(path), "/lib/modules/%.128s/%s", release, file);
	r = root_read_text(search->root, path, ROOT_MAX_TABLE_BYTES, &text);
	if (r < 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char *base;

		line[strcspn(line, ":")] = '\0';
		base = strrchr(line, '/');
		base = base ? base + 1 : line;
		base[strcspn(base, ".")] = '\0';
		struct module *module = find(search, base);
		if (module)
			module->is_built = true;
	}
	return 0;
}

/* Without a module index nobody knows what can be loaded: then all counts as built. */
static void find_built(struct search *search)
{
	cleanup_strbuf struct strbuf release = STRBUF_INIT;
	int r = root_read_text(search->root, "/proc/sys/kernel/osrelease", 256, &release);

	if (r == 0) {
		words_squash(release.data);
		r = read_built(search, release.data, "modules.dep");
	}
	if (r == 0)
		(void)read_built(search, release.data, "modules.builtin");
	else
		for (size_t i = 0; i < search->count; i++)
			search->modules[i].is_built = true;
}

static void report(const struct search *search)
{
	probe_list_add(search->value, NULL);
	for (size_t i = 0; i < search->count; i++) {
		const struct module *module = &search->modules[i];
		char item[96];

		if (!module->is_loaded && (module->is_blocked || !module->is_built))
			continue;
		snprintf(item, sizeof(item), "%s %s", module->name,
			 module->is_loaded ? "is loaded" : "can be loaded");
		probe_list_add(search->value, item);
	}
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	const char *cursor = params->values[0], *word;
	size_t len;
	int r;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		struct module *module = &search.modules[search.count];

		if (search.count == MAX_MODULES || len >= sizeof(module->name))
			return probe_error(value, "too many modules, or too long a name");
		memcpy(module->name, word, len);
		normalize(module->name);
		search.count++;
	}
	if (root->is_live && !root_exists(root, "/proc/modules"))
		return probe_not_applicable(value, "this kernel loads no modules");
	r = dropin_each(root, dirs, ".conf", read_modprobe, &search);
	if (r >= 0)
		r = read_loaded(&search);
	r = probe_end(value, "the modprobe.d folders", r);
	if (r <= 0)
		return r;
	find_built(&search);
	report(&search);
	return 0;
}

const struct probe_ops probe_kernel_module = {"kernel_module", keys, PROBE_GIVES_LIST, run};
