/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package sources and settings of apt and dnf that take packages without a signature, or over a way
 * that is not encrypted. Addresses are not repeated: they may hold a password.
 */
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "unsigned plain"},
	{NULL},
};

struct search;
typedef int (*line_fn)(struct search *search, char *line);

struct search {
	const struct root *root;
	struct probe_value *value;
	bool wants_plain;
	unsigned seen;
	line_fn take;
	const char *path; /* at hand */
	unsigned line;
	bool is_disabled, is_unsigned, is_plain; /* the source at hand: a paragraph or section */
	unsigned start;				 /* its first line */
};

static int add(struct search *search, const char *what, unsigned line)
{
	return probe_list_found(search->value, "such package sources", "%s line %u: %s",
				search->path, line, what);
}

static bool is_plain_address(const char *word)
{
	return str_starts(word, "http://") || str_starts(word, "ftp://");
}

static bool is_true(const char *word)
{
	return strcasecmp(word, "yes") == 0 || strcasecmp(word, "true") == 0 ||
	       strcasecmp(word, "on") == 0 || strcasecmp(word, "1") == 0;
}

static bool is_false(const char *word)
{
	return strcasecmp(word, "no") == 0 || strcasecmp(word, "false") == 0 ||
	       strcasecmp(word, "off") == 0 || strcasecmp(word, "0") == 0;
}

/* "deb [arch=amd64 trusted=yes] http://deb.example/ stable main" */
static int take_list_line(struct search *search, char *line)
{
	char *word = text_next_word(&line);
	bool is_unsigned = false, is_plain = false;

	if (!word || (!str_equal(word, "deb") && !str_equal(word, "deb-src")))
		return 0;
	while ((word = text_next_word(&line)) && *word != '#') {
		word += *word == '[';
		if (str_starts(word, "trusted=") || str_starts(word, "allow-insecure=")) {
			word[strcspn(word, "]")] = '\0';
			is_unsigned |= is_true(strchr(word, '=') + 1);
		}
		is_plain |= is_plain_address(word);
	}
	if (search->wants_plain)
		return is_plain ? add(search, "not encrypted", search->line) : 0;
	return is_unsigned ? add(search, "taken without a signature", search->line) : 0;
}

static int end_source(struct search *search)
{
	int r = 0;

	if (!search->is_disabled && search->wants_plain && search->is_plain)
		r = add(search, "not encrypted", search->start);
	else if (!search->is_disabled && !search->wants_plain && search->is_unsigned)
		r = add(search, "taken without a signature", search->start);
	search->is_disabled = search->is_unsigned = search->is_plain = false;
	search->start = search->line;
	return r;
}

static bool has_plain_address(char *words)
{
	char *word;

	while ((word = text_next_word(&words)))
		if (is_plain_address(word))
			return true;
	return false;
}

/* deb822: paragraphs of "Key: value", parted by empty lines. */
static int take_sources_line(struct search *search, char *line)
{
	char *value = strchr(line, ':');

	if (!*line)
		return end_source(search);
	if (*line == '#' || !value)
		return 0;
	if (!is_plain_address(line))
		*value++ = '\0';
	else
		value = line; /* an address on a line of its own */
	if (strcasecmp(line, "Enabled") == 0)
		search->is_disabled = is_false(words_squash(value));
	else if (strcasecmp(line, "Trusted") == 0 || strcasecmp(line, "Allow-Insecure") == 0)
		search->is_unsigned |= is_true(words_squash(value));
	else
		search->is_plain |= has_plain_address(value);
	return 0;
}

/* repo files of dnf: sections of "key=value". */
static int take_repo_line(struct search *search, char *line)
{
	char *value;

	if (*line == '[')
		return end_source(search);
	value = strchr(line, '=');
	if (!value || *line == '#' || *line == ';')
		return 0;
	*value++ = '\0';
	words_squash(line);
	words_squash(value);
	if (str_equal(line, "enabled"))
		search->is_disabled = is_false(value);
	else if (str_equal(line, "gpgcheck") || str_equal(line, "pkg_gpgcheck"))
		search->is_unsigned |= is_false(value);
	else if (str_equal(line, "sslverify"))
		search->is_plain |= is_false(value);
	else if (str_equal(line, "baseurl") || str_equal(line, "metalink") ||
		 str_equal(line, "mirrorlist"))
		search->is_plain |= has_plain_address(value);
	return 0;
}

/* `APT::Get::AllowUnauthenticated "true";`, also inside of braces. */
static int take_apt_line(struct search *search, char *line)
{
	static const char *const names[] = {"AllowUnauthenticated", "AllowInsecureRepositories",
					    "AllowWeakRepositories",
					    "AllowDowngradeToInsecureRepositories"};

	if (search->wants_plain || *line == '#' || str_starts(line, "//"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *found = strcasestr(line, names[i]), *value;

		if (!found)
			continue;
		value = found + strlen(names[i]);
		value += strspn(value, " \t\"");
		value[strcspn(value, " \t\";")] = '\0';
		return is_true(value) ? add(search, names[i], search->line) : 0;
	}
	return 0;
}

/* The main section of dnf.conf: what holds for repositories that do not say. */
static int take_dnf_line(struct search *search, char *line)
{
	char *value = strchr(line, '=');

	if (search->wants_plain || !value || *line == '#')
		return 0;
	*value++ = '\0';
	if ((str_equal(words_squash(line), "gpgcheck") || str_equal(line, "pkg_gpgcheck")) &&
	    is_false(words_squash(value)))
		return add(search, "gpgcheck is off", search->line);
	return 0;
}

static const struct format {
	const char *pattern;
	line_fn take;
} formats[] = {
	{"/etc/apt/sources.list", take_list_line},
	{"/etc/apt/sources.list.d/*.list", take_list_line},
	{"/etc/apt/sources.list.d/*.sources", take_sources_line},
	{"/etc/apt/apt.conf", take_apt_line},
	{"/etc/apt/apt.conf.d/*", take_apt_line},
	{"/etc/dnf/dnf.conf", take_dnf_line},
	{"/etc/yum.repos.d/*.repo", take_repo_line},
};

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	search->seen++;
	search->path = path;
	search->line = 0;
	search->start = 1;
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor))) {
		search->line++;
		r = search->take(search, line);
	}
	return r < 0 ? r : end_source(search);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {
		.root = root,
		.value = value,
		.wants_plain = str_equal(params->values[0], "plain"),
	};
	int r = 1;

	probe_list_add(value, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(formats) && r > 0; i++) {
		search.take = formats[i].take;
		r = probe_glob(root, formats[i].pattern, read_file, &search, value);
	}
	if (r <= 0)
		return r;
	return search.seen ? 0 : probe_not_applicable(value, "no settings of apt or dnf");
}

const struct probe_ops probe_package_source = {"package_source", keys, PROBE_GIVES_LIST, run};
