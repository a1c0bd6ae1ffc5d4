/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module in a PAM stack and its options. With `option`, its value as the module sees it: from the
 * module's own file, overridden by its line in the stack. Without, the module's name and arguments.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_FILES 64 /* read for one stack, which bounds its depth too */

enum {
	KEY_SERVICE,
	KEY_TYPE,
	KEY_MODULE,
	KEY_OPTION,
	KEY_FILE,
	KEY_DEFAULT
};

static const struct probe_key keys[] = {
	[KEY_SERVICE] = {"service", PROBE_KEY_WORDS, true}, /* several: the first that exists */
	[KEY_TYPE] = {"type", PROBE_KEY_CHOICE, true, "auth account password session"},
	[KEY_MODULE] = {"module", PROBE_KEY_WORDS, true}, /* without .so; several, wildcards */
	[KEY_OPTION] = {"option", PROBE_KEY_TEXT},
	[KEY_FILE] = {"file", PROBE_KEY_PATH},	     /* the module's own settings */
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT}, /* of the module */
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	unsigned files;
	bool has_module;
};

static int read_service(struct search *search, const char *service);

static void take_argument(struct search *search, const char *argument, const char *path)
{
	const char *option = search->params->values[KEY_OPTION];
	size_t len = strcspn(argument, "=");

	if (!option) {
		probe_list_add(search->value, argument);
	} else if (strlen(option) == len && strncmp(option, argument, len) == 0) {
		(void)probe_text(search->value, argument[len] ? argument + len + 1 : "set");
		probe_set_where(search->value, path);
	}
}

/* "/usr/lib/security/pam_unix.so" is pam_unix. */
static const char *cut_to_name(char *file)
{
	char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	if (str_ends(base, ".so"))
		base[strlen(base) - 3] = '\0';
	return base;
}

static bool is_module(const struct search *search, const char *name)
{
	const char *cursor = search->params->values[KEY_MODULE], *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char pattern[64];

		snprintf(pattern, sizeof(pattern), "%.*s", (int)len, word);
		if (fnmatch(pattern, name, 0) == 0)
			return true;
	}
	return false;
}

/* The control field: one word, or [value=action ...] with blanks inside. */
static char *next_control(char **rest)
{
	char *start = *rest + strspn(*rest, " \t"), *end;

	if (*start != '[')
		return text_next_word(rest);
	end = strchr(start, ']');
	if (!end)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return start;
}

/* "-auth [success=1 default=ignore] pam_unix.so nullok", "@include common-auth", "auth include x"
 */
static int take_line(struct search *search, char *line, const char *path)
{
	char *type = text_next_word(&line), *control, *file, *argument;
	const char *name;

	if (!type)
		return 0;
	if (str_equal(type, "@include")) {
		file = text_next_word(&line);
		return file ? read_service(search, file) : 0;
	}
	if (!str_equal(text_lower(type) + (*type == '-'), search->params->values[KEY_TYPE]))
		return 0;
	control = next_control(&line);
	file = control ? text_next_word(&line) : NULL;
	if (!file)
		return 0;
	if (str_equal(control, "include") || str_equal(control, "substack"))
		return read_service(search, file);
	name = cut_to_name(file);
	if (!is_module(search, name))
		return 0;
	search->has_module = true;
	if (!search->params->values[KEY_OPTION])
		probe_list_add(search->value, name);
	while ((argument = text_next_word(&line)) && *argument != '#')
		take_argument(search, argument, path);
	return 0;
}

/*
 * Where the file of a service is: that of the host, else that of its distribution. False when there
 * is neither: @path is where the host's would be.
 */
static bool find_file(const struct root *root, const char *service, char *path, size_t size)
{
	char shipped[256];

	if (*service == '/')
		return (size_t)snprintf(path, size, "%s", service) < size;
	snprintf(path, size, "/etc/pam.d/%s", service);
	snprintf(shipped, sizeof(shipped), "/usr/lib/pam.d/%s", service);
	if (root_exists(root, path))
		return true;
	if (!root_exists(root, shipped))
		return false;
	snprintf(path, size, "%s", shipped);
	return true;
}

static int read_service(struct search *search, const char *service)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[256], *cursor, *line;
	int r;

	if (++search->files > MAX_FILES) {
		(void)probe_error(search->value, "PAM includes are nested too deep or too many");
		return -ELOOP;
	}
	r = find_file(search->root, service, path, sizeof(path))
		    ? root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text)
		    : -ENOENT;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	text_join_lines(text.data, "#");
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor)))
		r = take_line(search, line, path);
	return r;
}

/* "deny = 5" and bare switches; `#` begins a comment. */
static int read_settings(struct search *search)
{
	const char *path = search->params->values[KEY_FILE];
	const char *option = search->params->values[KEY_OPTION];
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r;

	if (!path || !option)
		return 0;
	r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);
	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		char *value;

		line[strcspn(line, "#")] = '\0';
		value = line + strcspn(line, "=");
		if (*value)
			*value++ = '\0';
		if (!str_equal(words_squash(line), option))
			continue;
		words_squash(value);
		(void)probe_text(search->value, *value ? value : "set");
		probe_set_where(search->value, path);
	}
	return 0;
}

static int find_service(struct search *search)
{
	const char *cursor = search->params->values[KEY_SERVICE], *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char service[128], path[256];

		snprintf(service, sizeof(service), "%.*s", (int)len, word);
		if (find_file(search->root, service, path, sizeof(path)))
			return read_service(search, path);
	}
	return probe_not_applicable(search->value, "no PAM service %s",
				    search->params->values[KEY_SERVICE]);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .params = params, .value = value};
	int r = read_settings(&search);

	if (r >= 0)
		r = find_service(&search);
	if (r < 0 || value->outcome != CHECK_PASS)
		return r == -ENOMEM ? r : 0;
	if (!search.has_module) {
		strbuf_clear(&value->where);
		return probe_absent(value, "%s is not in the stack", params->values[KEY_MODULE]);
	}
	if (params->values[KEY_OPTION] && value->kind == PROBE_ABSENT)
		return probe_builtin(value, params->values[KEY_DEFAULT]);
	return 0;
}

const struct probe_ops probe_pam = {"pam", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
