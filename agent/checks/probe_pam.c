/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module in a PAM stack and its options. With `option`, its value as the module sees it: from the
 * module's own file, overridden by its line in the stack. Without, the module's name and arguments.
 *
 * A service without lines of the type has those of "other", as libpam does it; where neither of its
 * folders is there, the lines of all services stand in one file.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/pam_line.h"
#include "checks/probe.h"
#include "checks/text.h"

#define ONE_FILE  "/etc/pam.conf"
#define OTHER	  "other"
#define MAX_FILES 64 /* read for one stack, which bounds its depth too */

enum {
	KEY_SERVICE,
	KEY_TYPE,
	KEY_MODULE,
	KEY_OPTION,
	KEY_FILE,
	KEY_DROPINS,
	KEY_MATCH,
	KEY_DEFAULT
};

static const struct probe_key keys[] = {
	[KEY_SERVICE] = {"service", PROBE_KEY_WORDS, true}, /* several: the first that exists */
	[KEY_TYPE] = {"type", PROBE_KEY_CHOICE, true, "auth account password session"},
	[KEY_MODULE] = {"module", PROBE_KEY_WORDS, true}, /* without .so; several, wildcards */
	[KEY_OPTION] = {"option", PROBE_KEY_TEXT},
	[KEY_FILE] = {"file", PROBE_KEY_PATH},	     /* the module's own settings */
	[KEY_DROPINS] = {"dropins", PROBE_KEY_PATH}, /* folder that is read before that file */
	[KEY_MATCH] = {"match", PROBE_KEY_CHOICE, false, "exact any_case"}, /* of the option */
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT},			    /* of the module */
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	struct strbuf setting;	     /* of the option in the module's own files... */
	struct strbuf setting_where; /* ...and in which; empty if in none */
	const char *path;	     /* that is being read */
	unsigned files;
	uint64_t reached; /* of the lines of the type that come next: bit 0 for the next one */
	bool has_service; /* lines of it, whatever their type */
	bool has_lines;	  /* of the type */
	bool has_module;
	char fallen[128];    /* the service that has those of "other"; empty: none */
	const char *why_not; /* what keeps a module that is named from being run */
};

static int read_service(struct search *search, const char *service);
static bool is_installed(const struct root *root, const char *file);

static void search_done(struct search *search)
{
	strbuf_done(&search->setting);
	strbuf_done(&search->setting_where);
}

static bool is_option(const struct search *search, const char *argument)
{
	const char *option = search->params->values[KEY_OPTION];
	size_t len = strcspn(argument, "= \t");

	if (strlen(option) != len)
		return false;
	return str_equal(search->params->values[KEY_MATCH], "any_case")
		       ? strncasecmp(option, argument, len) == 0
		       : strncmp(option, argument, len) == 0;
}

/*
 * The option as one line of the stack has it. A module may stand there more than once (pam_faillock
 * counts in one line and refuses in another), and each has its own: all are judged.
 */
static void take_option(struct search *search, const char *text, const char *path)
{
	struct probe_value *value = search->value;

	if (!text && search->setting_where.len) {
		text = search->setting.data;
		path = search->setting_where.data;
	}
	if (!text) {
		text = search->params->values[KEY_DEFAULT];
		path = NULL;
	}
	if (!text)
		return;
	if (value->kind == PROBE_ABSENT) {
		(void)(path ? probe_text(value, text) : probe_builtin(value, text));
		if (path)
			probe_set_where(value, path);
	} else if (!str_equal(value->text.data, text)) {
		strbuf_add_str(&value->others, text);
		strbuf_add_char(&value->others, '\n');
	}
}

static void take_arguments(struct search *search, char *rest, const char *path)
{
	bool wants_option = search->params->values[KEY_OPTION];
	const char *text = NULL;
	char *argument;

	while ((argument = pam_word_next(&rest))) {
		if (!wants_option)
			probe_list_add(search->value, argument);
		else if (is_option(search, argument))
			text = strchr(argument, '=') ? strchr(argument, '=') + 1 : "set";
	}
	if (wants_option)
		take_option(search, text, path);
}

/* "/usr/lib/security/pam_unix.so" is pam_unix; without .so libpam finds none. */
static const char *cut_to_name(char *file)
{
	char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	if (!str_ends(base, ".so"))
		return "";
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

static bool is_next_reached(struct search *search)
{
	bool is_reached = search->reached & 1;

	search->reached >>= 1;
	return is_reached;
}

/* One that stands there, and is not always jumped over, and can be loaded. */
static int take_module(struct search *search, char *control, char *file, char *rest)
{
	char path[256];
	const char *name;
	bool is_wanted;

	snprintf(path, sizeof(path), "%s", file);
	name = cut_to_name(file);
	is_wanted = is_module(search, name);
	if (!is_next_reached(search)) {
		if (is_wanted)
			search->why_not = "no way through the lines in front leads to it";
		return 0;
	}
	search->reached |= pam_control_next(control, name);
	if (!is_wanted)
		return 0;
	if (!is_installed(search->root, path)) {
		search->why_not = "its file is not installed";
		return 0;
	}
	search->has_module = true;
	if (!search->params->values[KEY_OPTION])
		probe_list_add(search->value, name);
	take_arguments(search, rest, search->path);
	return 0;
}

/* A stack of its own: one line to who jumps, and its end ends nothing else. */
static int read_substack(struct search *search, const char *service)
{
	uint64_t outer;
	int r;

	if (!is_next_reached(search))
		return 0;
	outer = search->reached;
	search->reached = 1;
	r = read_service(search, service);
	search->reached = outer | 1;
	return r;
}

/* "-auth [success=1 default=ignore] pam_unix.so nullok", "@include common-auth", "auth include x"
 */
static int take_line(struct search *search, char *line)
{
	char *type = pam_word_next(&line), *control, *file;

	if (!type)
		return 0;
	type += *type == '-';
	if (strcasecmp(type, "@include") == 0) {
		file = pam_word_next(&line);
		return file ? read_service(search, file) : 0;
	}
	if (strcasecmp(type, search->params->values[KEY_TYPE]) != 0)
		return 0;
	control = pam_word_next(&line);
	file = control ? pam_word_next(&line) : NULL;
	if (!file) {
		/* Refuses all. */
		search->has_lines = true;
		return 0;
	}
	if (strcasecmp(control, "include") == 0)
		return read_service(search, file);
	search->has_lines = true;
	if (strcasecmp(control, "substack") == 0)
		return read_substack(search, file);
	return take_module(search, control, file, line);
}

/* Where libpam of Debian, of Fedora and of others has its modules. */
static bool is_installed(const struct root *root, const char *file)
{
	static const char *const folders[] = {
		"/usr/lib64/security",
		"/usr/lib/x86_64-linux-gnu/security",
		"/usr/lib/aarch64-linux-gnu/security",
		"/usr/lib/arm-linux-gnueabihf/security",
		"/usr/lib/i386-linux-gnu/security",
		"/usr/lib/riscv64-linux-gnu/security",
		"/usr/lib/security",
		"/lib64/security",
		"/lib/x86_64-linux-gnu/security",
		"/lib/aarch64-linux-gnu/security",
		"/lib/arm-linux-gnueabihf/security",
		"/lib/i386-linux-gnu/security",
		"/lib/security",
	};
	const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	/* "$ISA" stands for a folder that is one of these. */
	bool is_path = *file == '/' && !strchr(file, '$'), knows_folder = false;

	if (is_path && root_exists(root, file))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[512];

		if (!root_exists(root, folders[i]))
			continue;
		knows_folder = true;
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (!is_path && root_exists(root, path))
			return true;
	}
	/* Modules that are kept elsewhere are not looked for. */
	return !knows_folder;
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
	cursor = text.data;
	while ((r = pam_line_next(&cursor, &line)) > 0) {
		search->path = path;
		r = take_line(search, line);
		if (r < 0)
			return r;
	}
	if (r < 0)
		(void)probe_error(search->value, "%s ends with a backslash, which PAM refuses",
				  path);
	return r;
}

/* "deny = 5", "deny 5" and bare switches; `#` begins a comment. */
static int read_settings(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		line[strcspn(line, "#")] = '\0';
		if (!is_option(search, words_squash(line)))
			continue;
		line += strcspn(line, "= ");
		line += strspn(line, " ");
		line += *line == '=';
		strbuf_clear(&search->setting);
		strbuf_clear(&search->setting_where);
		strbuf_add_str(&search->setting, *words_squash(line) ? line : "set");
		strbuf_add_str(&search->setting_where, path);
	}
	return 0;
}

/* Of several settings the last one counts, and the file comes after its drop-ins. */
static int read_all_settings(struct search *search)
{
	const char *const *values = search->params->values;
	const char *const dirs[] = {values[KEY_DROPINS], NULL};
	int r;

	if (!values[KEY_FILE] || !values[KEY_OPTION])
		return 0;
	r = probe_end(search->value, values[KEY_DROPINS] ?: "",
		      dropin_each(search->root, dirs, ".conf", read_settings, search));
	return r > 0 ? read_settings(values[KEY_FILE], search) : r;
}

/* "su auth required pam_wheel.so": the lines of one service. */
static int read_one_file(struct search *search, const char *service)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = root_read_text(search->root, ONE_FILE, ROOT_MAX_CONFIG_BYTES, &text);

	if (r < 0) {
		(void)probe_unreadable(search->value, ONE_FILE, r);
		return r;
	}
	cursor = text.data;
	while ((r = pam_line_next(&cursor, &line)) > 0) {
		const char *name = pam_word_next(&line);

		if (!name || strcasecmp(name, service) != 0)
			continue;
		search->has_service = true;
		search->path = ONE_FILE;
		r = take_line(search, line);
		if (r < 0)
			return r;
	}
	if (r < 0)
		(void)probe_error(search->value, "%s ends with a backslash, which PAM refuses",
				  ONE_FILE);
	return r;
}

static bool has_folder(const struct root *root)
{
	return root_exists(root, "/etc/pam.d") || root_exists(root, "/usr/lib/pam.d");
}

/* Sets has_service where there is one of that name. */
static int read_named(struct search *search, const char *service)
{
	char path[256];

	search->has_service = false;
	if (!has_folder(search->root))
		return read_one_file(search, service);
	search->has_service = find_file(search->root, service, path, sizeof(path));
	return search->has_service ? read_service(search, path) : 0;
}

/* Whether something asks for @service: a program of its name. What others include has none. */
static bool has_program(const struct root *root, const char *service)
{
	static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/bin", "/sbin"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", folders[i], service);
		if (root_exists(root, path))
			return true;
	}
	return false;
}

static int fall_to_other(struct search *search, const char *service)
{
	(void)str_copy(search->fallen, sizeof(search->fallen), service);
	/* Without that, too, libpam refuses all. */
	return read_named(search, OTHER);
}

static int find_service(struct search *search)
{
	const char *cursor = search->params->values[KEY_SERVICE], *word;
	bool has_pam = has_folder(search->root) || root_exists(search->root, ONE_FILE);
	size_t len;

	while (has_pam && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char service[128];
		int r;

		snprintf(service, sizeof(service), "%.*s", (int)len, word);
		r = read_named(search, service);
		if (r < 0)
			return r;
		if (search->has_service || has_program(search->root, service))
			return search->has_lines ? 0 : fall_to_other(search, service);
	}
	return probe_not_applicable(search->value, "no PAM service %s",
				    search->params->values[KEY_SERVICE]);
}

static int tell_missing(const struct search *search)
{
	const char *module = search->params->values[KEY_MODULE], *why_not = search->why_not;
	bool is_fallen = *search->fallen && !str_equal(search->fallen, OTHER);
	const char *of = is_fallen ? " of other, which is used for " : "",
		   *service = is_fallen ? search->fallen : "";

	return why_not ? probe_absent(search->value, "%s is in the stack%s%s, but %s", module, of,
				      service, why_not)
		       : probe_absent(search->value, "%s is not in the stack%s%s", module, of,
				      service);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_with(search_done) struct search search = {
		.root = root, .params = params, .value = value, .reached = 1};
	int r = read_all_settings(&search);

	if (r >= 0 && value->outcome == CHECK_PASS)
		r = find_service(&search);
	if (r < 0 || value->outcome != CHECK_PASS)
		return r == -ENOMEM ? r : 0;
	if (strbuf_check(&search.setting) < 0 || strbuf_check(&search.setting_where) < 0)
		return -ENOMEM;
	if (!search.has_module)
		return tell_missing(&search);
	return 0;
}

const struct probe_ops probe_pam = {"pam", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
