/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INI files through inih.
 *
 * inih reads lines through our reader, which counts them (its handler is not
 * told the line) and refuses what inih would cut in silence: a line that does
 * not fit, and a value in which a semicolon behind a blank would begin a
 * comment. The reader takes section names from the line: inih cuts them at 49
 * bytes, and tells of none without keys.
 */
#include "base/ini.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"

#define INI_MAX_BYTES (4 * 1024 * 1024)
#define BLANK	      " \t\r\n\v\f"
#define BOM	      "\xef\xbb\xbf"

/* One key is held back until the next one starts, because inih reports continuation lines one by
 * one. */
struct visit {
	const char *name;
	const char *next;
	size_t left;
	unsigned line;
	bool has_key;	  /* in the section at hand */
	bool is_indented; /* the line at hand: inih reports it as one more value of that key */
	ini_visit_fn fn;
	void *userdata;
	struct diag *diag;
	char section[128], key[128];
	struct strbuf value;
	unsigned key_line;
	int error;
};

static int fail(struct visit *visit, unsigned line, int r, const char *text)
{
	visit->error = diag_set(visit->diag, visit->name, line, r, "%s", text);
	return r;
}

/* The visitor's error keeps its own text; file and line are added here. */
static void call(struct visit *visit, const char *key, const char *value, unsigned line)
{
	int r;

	visit->diag->text[0] = '\0';
	r = visit->fn(visit->section, key, value, line, visit->userdata, visit->diag);
	if (r >= 0)
		return;
	visit->error = r;
	if (!visit->diag->text[0])
		(void)diag_set(visit->diag, visit->name, line, r, "[%s] %s: bad value",
			       visit->section, key ? key : "");
	str_copy(visit->diag->file, sizeof(visit->diag->file), visit->name);
	if (visit->diag->line == 0)
		visit->diag->line = line;
}

static void flush_key(struct visit *visit)
{
	if (visit->key[0] && visit->error == 0) {
		if (strbuf_check(&visit->value) < 0)
			visit->error = -ENOMEM;
		else
			call(visit, visit->key, visit->value.data, visit->key_line);
	}
	visit->key[0] = '\0';
}

/* @name stands behind the bracket. */
static void begin_section(struct visit *visit, const char *name)
{
	size_t len = strcspn(name, "]");
	const char *rest = name + len + (name[len] == ']');

	rest += strspn(rest, BLANK);
	flush_key(visit);
	visit->has_key = false;
	if (visit->error < 0)
		return;
	if (name[len] != ']' || !memchr(";#", *rest, 3))
		(void)fail(visit, visit->line, -EINVAL, "neither [section] nor key = value");
	else if (len >= sizeof(visit->section))
		(void)fail(visit, visit->line, -EINVAL,
			   "a section has a name of 127 bytes at most");
	if (visit->error < 0)
		return;
	memcpy(visit->section, name, len);
	visit->section[len] = '\0';
	call(visit, NULL, NULL, visit->line);
}

/* @line begins with no blank. What is a comment as a whole loses nothing. */
static bool has_comment_behind(const char *line)
{
	if (strchr(";#", *line))
		return false;
	for (const char *mark = strchr(line, ';'); mark; mark = strchr(mark + 1, ';'))
		if (isspace((unsigned char)mark[-1]))
			return true;
	return false;
}

static char *read_line(char *buf, int size, void *stream)
{
	struct visit *visit = stream;
	const char *end, *start;
	size_t len;

	if (visit->left == 0 || visit->error < 0)
		return NULL;
	visit->line++;
	end = memchr(visit->next, '\n', visit->left);
	len = end ? (size_t)(end - visit->next) + 1 : visit->left;
	if (len >= (size_t)size) {
		(void)fail(visit, visit->line, -EINVAL,
			   "line is too long (198 bytes at most; indent to continue a value)");
		return NULL;
	}
	if (memchr(visit->next, '\0', len)) {
		(void)fail(visit, visit->line, -EINVAL, "NUL byte in text");
		return NULL;
	}
	memcpy(buf, visit->next, len);
	buf[len] = '\0';
	visit->next += len;
	visit->left -= len;
	visit->is_indented = isspace((unsigned char)buf[0]);
	start = buf + strspn(buf, BLANK);
	if (*start == '[' && !(visit->is_indented && visit->has_key))
		begin_section(visit, start + 1);
	else if (has_comment_behind(start))
		(void)fail(visit, visit->line, -EINVAL,
			   "' ;' would cut the value: a comment has a line of its own");
	return visit->error < 0 ? NULL : buf;
}

static int on_key(void *userdata, const char *section, const char *key, const char *value)
{
	struct visit *visit = userdata;

	if (visit->error < 0)
		return 0;
	if (visit->has_key && visit->is_indented) {
		if (visit->value.len > 0)
			strbuf_add_char(&visit->value, '\n');
		strbuf_add_str(&visit->value, value);
		return 1;
	}

	flush_key(visit);
	if (visit->error < 0)
		return 0;
	if (!*key || !str_copy(visit->key, sizeof(visit->key), key)) {
		(void)fail(visit, visit->line, -EINVAL, "a key has a name, of 127 bytes at most");
		return 0;
	}
	visit->has_key = true;
	visit->key_line = visit->line;
	strbuf_clear(&visit->value);
	strbuf_add_str(&visit->value, value);
	return 1;
}

int ini_visit_buffer(const char *name, const char *data, size_t len, ini_visit_fn fn,
		     void *userdata, struct diag *diag)
{
	struct visit visit = {
		.name = name,
		.next = data,
		.left = len,
		.fn = fn,
		.userdata = userdata,
	};
	struct diag seen = {0};
	int line;

	if (len >= strlen(BOM) && memcmp(data, BOM, strlen(BOM)) == 0) {
		visit.next += strlen(BOM);
		visit.left -= strlen(BOM);
	}
	/* Visitors may fill the diag even when the caller does not want it. */
	visit.diag = &seen;
	line = ini_parse_stream(read_line, &visit, on_key, &visit);
	if (line > 0 && visit.error == 0)
		(void)fail(&visit, (unsigned)line, -EINVAL, "neither [section] nor key = value");
	if (line < 0 && visit.error == 0)
		visit.error = -ENOMEM;
	flush_key(&visit);
	strbuf_done(&visit.value);
	if (visit.error < 0 && diag)
		*diag = seen;
	return visit.error;
}

int ini_visit(const char *path, ini_visit_fn fn, void *userdata, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	r = fd_read_file(AT_FDCWD, path, INI_MAX_BYTES, &text);
	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot be read: %s", strerror(-r));
	return ini_visit_buffer(path, text.data ? text.data : "", text.len, fn, userdata, diag);
}

struct load {
	const struct ini_key *table;
	void *object;
	bool seen[64]; /* by place in the table */
};

static int on_table_key(const char *section, const char *key, const char *value, unsigned line,
			void *userdata, struct diag *diag)
{
	struct load *load = userdata;

	for (size_t i = 0; load->table[i].section; i++) {
		const struct ini_key *known = &load->table[i];

		if (strcmp(known->section, section) != 0)
			continue;
		if (!key)
			return 0; /* the section is known */
		if (strcmp(known->key, key) != 0)
			continue;
		if (i < ARRAY_SIZE(load->seen) && load->seen[i])
			return diag_set(diag, "", line, -EINVAL, "[%s] %s is set twice", section,
					key);
		if (i < ARRAY_SIZE(load->seen))
			load->seen[i] = true;
		return known->parse(value, (char *)load->object + known->offset, diag);
	}
	if (key)
		return diag_set(diag, "", line, -EINVAL, "unknown key '%s' in [%s]", key, section);
	return diag_set(diag, "", line, -EINVAL, "unknown section [%s]", section);
}

int ini_load(const char *path, const struct ini_key *table, void *object, struct diag *diag)
{
	struct load load = {.table = table, .object = object};

	return ini_visit(path, on_table_key, &load, diag);
}

int ini_field_string(const char *text, void *field, struct diag *diag)
{
	char **slot = field;
	char *copy;

	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	return 0;
}

int ini_field_path(const char *text, void *field, struct diag *diag)
{
	if (text[0] != '/')
		return diag_set(diag, "", 0, -EINVAL, "'%s' is not an absolute path", text);
	return ini_field_string(text, field, diag);
}

int ini_field_bool(const char *text, void *field, struct diag *diag)
{
	bool *slot = field;

	if (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0)
		*slot = true;
	else if (strcmp(text, "no") == 0 || strcmp(text, "false") == 0)
		*slot = false;
	else
		return diag_set(diag, "", 0, -EINVAL, "'%s' is neither yes nor no", text);
	return 0;
}

int ini_field_u64(const char *text, void *field, struct diag *diag)
{
	int r;

	r = str_to_u64(text, 10, field);
	if (r < 0)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is not a number", text);
	return 0;
}

int ini_field_seconds(const char *text, void *field, struct diag *diag)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t *slot = field, number, unit;
	char copy[24];

	switch (digits ? text[digits] : 'x') {
	case '\0':
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = 60;
		break;
	case 'h':
		unit = 3600;
		break;
	case 'd':
		unit = 86400;
		break;
	default:
		unit = 0;
		break;
	}
	if (unit == 0 || (text[digits] && text[digits + 1]) || digits >= sizeof(copy))
		return diag_set(diag, "", 0, -EINVAL,
				"'%s' is not a time such as 30s, 5m, 2h or 7d", text);
	memcpy(copy, text, digits);
	copy[digits] = '\0';
	if (str_to_u64(copy, 10, &number) < 0 || number > UINT32_MAX)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is too long a time", text);
	*slot = number * unit;
	return 0;
}

char **strv_free(char **list)
{
	for (char **item = list; item && *item; item++)
		free(*item);
	free(list);
	return NULL;
}

int strv_append(char ***list, const char *text)
{
	char **longer, *copy = strdup(text);
	size_t count = 0;

	while (*list && (*list)[count])
		count++;
	longer = reallocarray(*list, count + 2, sizeof(*longer));
	if (longer)
		*list = longer;
	if (!longer || !copy) {
		free(copy);
		return -ENOMEM;
	}
	longer[count] = copy;
	longer[count + 1] = NULL;
	return 0;
}

int ini_field_list(const char *text, void *field, struct diag *diag)
{
	static const char blank[] = " \t\n";
	char ***slot = field, **list;
	size_t count = 0;

	for (const char *p = text + strspn(text, blank); *p; p += strspn(p, blank)) {
		p += strcspn(p, blank);
		count++;
	}
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;

	count = 0;
	for (const char *p = text + strspn(text, blank); *p; p += strspn(p, blank)) {
		list[count] = strndup(p, strcspn(p, blank));
		if (!list[count++]) {
			strv_free(list);
			return -ENOMEM;
		}
		p += strcspn(p, blank);
	}
	strv_free(*slot);
	*slot = list;
	return 0;
}
