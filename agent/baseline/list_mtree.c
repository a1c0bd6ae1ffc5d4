/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BSD mtree(5) in both of its shapes: names below the folder that was named
 * last, with ".." to leave it, and whole paths.
 *
 * Of its keywords, type, mode, uid, gid, uname, gname, size, sha256 and link
 * are taken; the others are told to the caller. A folder of which a list says
 * only that it is there stands in it to hold names, and is no entry.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "baseline/list.h"

#define DEPTH_MAX 512

enum keyword {
	KEY_TYPE,
	KEY_MODE,
	KEY_UID,
	KEY_GID,
	KEY_UNAME,
	KEY_GNAME,
	KEY_SIZE,
	KEY_SHA256,
	KEY_LINK,
	KEY_COUNT,
	KEY_OTHER = KEY_COUNT,
};

struct values {
	char *values[KEY_COUNT]; /* NULL: not stated */
};

struct mtree {
	struct list *list;
	struct values defaults; /* of /set */
	struct strbuf folder;	/* of the names to come; each with a slash behind */
	size_t lengths[DEPTH_MAX];
	unsigned depth;
};

static void values_done(struct values *v)
{
	for (int i = 0; i < KEY_COUNT; i++)
		free(v->values[i]);
	*v = (struct values){0};
}

static enum keyword find_keyword(const char *name)
{
	static const struct {
		const char *name;
		enum keyword keyword;
	} names[] = {
		{"type", KEY_TYPE}, {"mode", KEY_MODE},	    {"uid", KEY_UID},
		{"gid", KEY_GID},   {"uname", KEY_UNAME},   {"gname", KEY_GNAME},
		{"size", KEY_SIZE}, {"sha256", KEY_SHA256}, {"sha256digest", KEY_SHA256},
		{"link", KEY_LINK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].keyword;
	return KEY_OTHER;
}

/* Whether a line goes on: it ends with a backslash that no other one escapes, and is no comment. */
static bool goes_on(const struct strbuf *line)
{
	size_t count = 0;

	if (line->data[strspn(line->data, " \t")] == '#')
		return false;
	while (count < line->len && line->data[line->len - 1 - count] == '\\')
		count++;
	return count % 2 == 1;
}

static int read_logical(struct list *list, struct strbuf *whole)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	struct list_place first = {0};
	int r;

	strbuf_clear(whole);
	do {
		r = list_read_line(list, &line);
		if (r < 0)
			return r;
		if (!first.line)
			first = list->place;
		strbuf_add(whole, r > 0 ? line.data : "", line.len);
		if (strbuf_check(whole) < 0)
			return -ENOMEM;
		if (whole->len > LIST_LINE_MAX)
			return list_refuse(list, "the line is longer than %zu bytes",
					   LIST_LINE_MAX);
		if (r == 0 || !goes_on(whole))
			break;
		whole->data[whole->len - 1] = ' ';
	} while (true);
	list->place = first;
	return r > 0 || whole->len > 0;
}

/* The escapes of vis(3) in octal, C and M- style. -EINVAL for what no vis writes. */
static int take_c_escape(char c)
{
	static const char letters[] = "nrbavtfsE", bytes[] = "\n\r\b\a\v\t\f \033";
	const char *at = c ? strchr(letters, c) : NULL;

	if (at)
		return (unsigned char)bytes[at - letters];
	/* vis puts a backslash before signs that mean something to a shell. */
	return c > ' ' && c < 0x7f && !strchr("MxUu^", c) && !(c >= 'a' && c <= 'z') &&
			       !(c >= 'A' && c <= 'Z')
		       ? (unsigned char)c
		       : -EINVAL;
}

/* What follows "\^" or "\M^" (a control character), or "\M-" (one with the high bit). */
static int take_meta(const char **at)
{
	const char *p = *at;
	int high = 0, c;

	if (*p == 'M') {
		high = 0x80;
		p++;
	}
	if (*p != '^' && !(high && *p == '-'))
		return -EINVAL;
	if (p[1] < ' ' || p[1] > '~')
		return -EINVAL;
	c = *p == '^' ? (p[1] == '?' ? 0x7f : p[1] & 0x1f) : p[1];
	*at = p + 2;
	return high | c;
}

static int unvis(const char *text, struct strbuf *raw)
{
	while (*text) {
		int byte;

		if (*text != '\\') {
			strbuf_add_char(raw, *text++);
			continue;
		}
		text++;
		if (*text >= '0' && *text <= '7') {
			byte = 0;
			for (int i = 0; i < 3 && *text >= '0' && *text <= '7'; i++)
				byte = byte * 8 + (*text++ - '0');
		} else if (*text == 'M' || *text == '^') {
			byte = take_meta(&text);
		} else {
			byte = take_c_escape(*text);
			text++;
		}
		if (byte < 0 || byte > 0xff)
			return -EINVAL;
		strbuf_add_char(raw, (char)byte);
	}
	strbuf_add(raw, "", 0);
	return strbuf_check(raw);
}

/* The words of a line up to a comment; @line is cut up. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t len = *word == '#' ? 0 : strcspn(word, " \t");

	*line = word + len;
	if (**line)
		*(*line)++ = '\0';
	return len > 0 ? word : NULL;
}

static int set_values(struct list *list, struct values *v, char *words)
{
	char *word;

	while ((word = next_word(&words))) {
		char *value = strchr(word, '=');
		enum keyword keyword;
		int r;

		if (value)
			*value++ = '\0';
		keyword = find_keyword(word);
		if (!*word)
			return list_refuse(list, "a value without a keyword");
		if (keyword == KEY_OTHER) {
			r = list->on_ignored(word, list->userdata);
			if (r < 0)
				return r;
			continue;
		}
		if (!value || !*value)
			return list_refuse(list, "%s without a value", word);
		free(v->values[keyword]);
		v->values[keyword] = strdup(value);
		if (!v->values[keyword])
			return -ENOMEM;
	}
	return 0;
}

static int unset_values(struct values *v, char *words)
{
	char *word;

	while ((word = next_word(&words))) {
		enum keyword keyword = find_keyword(word);

		if (strcmp(word, "all") == 0)
			values_done(v);
		else if (keyword != KEY_OTHER) {
			free(v->values[keyword]);
			v->values[keyword] = NULL;
		}
	}
	return 0;
}

/* Those of the line over those of /set. */
static int inherit(struct values *v, const struct values *defaults)
{
	for (int i = 0; i < KEY_COUNT; i++) {
		if (v->values[i] || !defaults->values[i])
			continue;
		v->values[i] = strdup(defaults->values[i]);
		if (!v->values[i])
			return -ENOMEM;
	}
	return 0;
}

static int take_type(const char *text, enum file_type *ret_type)
{
	static const char *const names[FILE_TYPE_COUNT] = {
		[FILE_TYPE_REGULAR] = "file",	    [FILE_TYPE_DIRECTORY] = "dir",
		[FILE_TYPE_SYMLINK] = "link",	    [FILE_TYPE_FIFO] = "fifo",
		[FILE_TYPE_SOCKET] = "socket",	    [FILE_TYPE_CHAR_DEVICE] = "char",
		[FILE_TYPE_BLOCK_DEVICE] = "block",
	};

	for (int i = 0; i < FILE_TYPE_COUNT; i++)
		if (str_equal(names[i], text)) {
			*ret_type = (enum file_type)i;
			return 0;
		}
	return -EINVAL;
}

static int take_number(struct list *list, const char *what, const char *text, uint64_t max,
		       uint64_t *ret_value)
{
	if (str_to_u64(text, strcmp(what, "mode") == 0 ? 8 : 10, ret_value) < 0 || *ret_value > max)
		return list_refuse(list, "%s is not a number that it can be: %s", what, text);
	return 0;
}

static int take_text(struct list *list, const char *what, const char *text, char **ret_text)
{
	cleanup_strbuf struct strbuf raw = STRBUF_INIT;
	int r = unvis(text, &raw);

	if (r == -EINVAL)
		return list_refuse(list, "%s has an escape that vis(3) does not write", what);
	if (r < 0)
		return r;
	if (raw.len == 0 || memchr(raw.data, '\0', raw.len))
		return list_refuse(list, "%s is empty or holds a NUL", what);
	*ret_text = strbuf_take(&raw);
	return *ret_text ? 0 : -ENOMEM;
}

/* Numbers decide who owns a file; a name alone may mean another number on each machine. */
static int take_owner(struct list *list, const struct values *v, struct file_fact *entry)
{
	uint64_t uid, gid;
	int r;

	if (!v->values[KEY_UID] || !v->values[KEY_GID]) {
		for (int i = KEY_UID; i <= KEY_GNAME; i++) {
			static const char *const alone[] = {"uid without gid", "gid without uid",
							    "uname without uid and gid",
							    "gname without uid and gid"};

			r = v->values[i] ? list->on_ignored(alone[i - KEY_UID], list->userdata) : 0;
			if (r < 0)
				return r;
		}
		entry->unstated |= FILE_DIFF_OWNER;
		return 0;
	}
	r = take_number(list, "uid", v->values[KEY_UID], UINT32_MAX, &uid);
	if (r == 0)
		r = take_number(list, "gid", v->values[KEY_GID], UINT32_MAX, &gid);
	if (r == 0 && v->values[KEY_UNAME])
		r = take_text(list, "uname", v->values[KEY_UNAME], &entry->user);
	if (r == 0 && v->values[KEY_GNAME])
		r = take_text(list, "gname", v->values[KEY_GNAME], &entry->group);
	if (r < 0)
		return r;
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	return 0;
}

static int take_mode(struct list *list, const char *text, struct file_fact *entry)
{
	uint64_t mode;
	int r;

	entry->unstated |= FILE_DIFF_MODE;
	if (!text || entry->type == FILE_TYPE_SYMLINK) /* a link's own mode means nothing */
		return 0;
	if (!(text[0] >= '0' && text[0] <= '7'))
		return list->on_ignored("mode in letters", list->userdata);
	r = take_number(list, "mode", text, 07777, &mode);
	if (r < 0)
		return r;
	entry->mode = (uint32_t)mode;
	entry->unstated &= ~(unsigned)FILE_DIFF_MODE;
	return 0;
}

static int take_facts(struct list *list, const struct values *v, struct file_fact *entry)
{
	int r;

	entry->unstated = FILE_DIFF_CAPABILITIES | FILE_DIFF_XATTRS | FILE_DIFF_PACKAGE;
	r = take_mode(list, v->values[KEY_MODE], entry);
	if (r == 0)
		r = take_owner(list, v, entry);
	if (r == 0 && entry->type == FILE_TYPE_REGULAR) {
		if (v->values[KEY_SIZE])
			r = take_number(list, "size", v->values[KEY_SIZE], INT64_MAX, &entry->size);
		else
			entry->unstated |= FILE_DIFF_SIZE;
	}
	if (r == 0 && entry->type == FILE_TYPE_SYMLINK)
		r = take_text(list, "link", v->values[KEY_LINK], &entry->link_target);
	return r;
}

static int give(struct list *list, const struct values *v, const char *raw, struct file_fact *entry)
{
	const unsigned nothing = FILE_FIELDS_UNSTATED & ~(unsigned)FILE_DIFF_SIZE;
	const char *digest = v->values[KEY_SHA256];
	int r;

	if (entry->type == FILE_TYPE_REGULAR && !digest)
		return list_leave_out(list, raw, "no sha256");
	if (entry->type == FILE_TYPE_SYMLINK && !v->values[KEY_LINK])
		return list_leave_out(list, raw, "no link target");
	if (entry->type == FILE_TYPE_REGULAR && list_take_digest(digest, strlen(digest), entry) < 0)
		return list_refuse(list, "sha256 is not 64 hex digits");
	r = take_facts(list, v, entry);
	if (r < 0)
		return r;
	if (entry->type == FILE_TYPE_DIRECTORY && entry->unstated == nothing)
		return 0;
	return list_give_entry(list, entry, true);
}

static int enter(struct mtree *m, const char *name, size_t len)
{
	if (m->depth == DEPTH_MAX)
		return list_refuse(m->list, "more than %d folders deep", DEPTH_MAX);
	m->lengths[m->depth++] = m->folder.len;
	strbuf_add(&m->folder, name, len);
	strbuf_add_char(&m->folder, '/');
	if (strbuf_check(&m->folder) < 0)
		return -ENOMEM;
	if (m->folder.len > LIST_LINE_MAX)
		return list_refuse(m->list, "a path of more than %zu bytes", LIST_LINE_MAX);
	return 0;
}

static int leave(struct mtree *m)
{
	if (m->depth == 0)
		return list_refuse(m->list, "\"..\" above the folder where the list begins");
	m->folder.len = m->lengths[--m->depth];
	m->folder.data[m->folder.len] = '\0';
	return 0;
}

/* A name with a slash is a whole path and leaves the folder as it is. */
static int take_entry(struct mtree *m, const char *word, char *words)
{
	cleanup_with(values_done) struct values v = {0};
	cleanup_strbuf struct strbuf name = STRBUF_INIT, path = STRBUF_INIT;
	cleanup_file_fact struct file_fact entry = {0};
	bool is_whole = strchr(word, '/');
	int r;

	r = unvis(word, &name);
	if (r == -EINVAL)
		return list_refuse(m->list, "a name with an escape that vis(3) does not write");
	if (r == 0)
		r = set_values(m->list, &v, words);
	if (r == 0)
		r = inherit(&v, &m->defaults);
	if (r < 0)
		return r;
	if (!is_whole && memchr(name.data, '/', name.len))
		return list_refuse(m->list, "a name with a slash in disguise");
	if (!is_whole)
		strbuf_add(&path, m->folder.data ? m->folder.data : "", m->folder.len);
	strbuf_add(&path, name.data, name.len);
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	r = list_make_path(m->list, path.data, path.len, &entry.path);
	if (r < 0)
		return r;
	if (!v.values[KEY_TYPE])
		return list_leave_out(m->list, path.data, "no type");
	if (take_type(v.values[KEY_TYPE], &entry.type) < 0)
		return list_refuse(m->list, "no type of file: %s", v.values[KEY_TYPE]);
	r = give(m->list, &v, path.data, &entry);
	if (r == 0 && entry.type == FILE_TYPE_DIRECTORY && !is_whole)
		r = enter(m, name.data, name.len);
	return r;
}

static int take_line(struct mtree *m, char *line)
{
	char *words = line, *word = next_word(&words);

	if (!word)
		return 0;
	if (strcmp(word, "/set") == 0)
		return set_values(m->list, &m->defaults, words);
	if (strcmp(word, "/unset") == 0)
		return unset_values(&m->defaults, words);
	if (strcmp(word, "..") == 0)
		return leave(m);
	return take_entry(m, word, words);
}

int list_read_mtree(struct list *list)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	struct mtree m = {.list = list};
	int r;

	while ((r = read_logical(list, &line)) > 0) {
		if (memchr(line.data, '\0', line.len))
			r = list_refuse(list, "a NUL in a line");
		else
			r = take_line(&m, line.data);
		if (r < 0)
			break;
	}
	values_done(&m.defaults);
	strbuf_done(&m.folder);
	return r;
}
