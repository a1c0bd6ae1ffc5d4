/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/entries.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"

/* All texts go through str_escape(), so that JSON has only quote and backslash left to escape. */
static void add_escaped(struct strbuf *out, const char *raw)
{
	cleanup_strbuf struct strbuf escaped = STRBUF_INIT;

	str_escape(&escaped, raw, strlen(raw));
	if (strbuf_check(&escaped) < 0)
		out->failed = true;
	else
		json_quote(out, escaped.data ? escaped.data : "", escaped.len);
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
	if (!text)
		return;
	strbuf_add_str(out, key);
	add_escaped(out, text);
}

static void add_content(const struct file_fact *entry, struct strbuf *out)
{
	char hex[SHA256_HEX_SIZE];

	strbuf_add_str(out, "{\"path\":");
	add_escaped(out, entry->path);
	strbuf_add_str(out, ",\"type\":\"");
	strbuf_add_str(out, file_type_name(entry->type));
	strbuf_add_char(out, '"');
	if (entry->has_digest) {
		hex_encode(entry->sha256, SHA256_SIZE, hex);
		strbuf_add_str(out, ",\"sha256\":\"");
		strbuf_add(out, hex, SHA256_HEX_SIZE - 1);
		strbuf_add_char(out, '"');
	}
	if (entry->type == FILE_TYPE_SYMLINK) {
		strbuf_add_str(out, ",\"target\":");
		add_escaped(out, entry->link_target ? entry->link_target : "");
	}
}

static void add_unstated(const struct file_fact *entry, struct strbuf *out)
{
	const char *before = ",\"unstated\":[\"";

	for (const struct file_field *f = file_fields_unstated; f->name; f++) {
		if (!(entry->unstated & f->bit))
			continue;
		strbuf_add_str(out, before);
		strbuf_add_str(out, f->name);
		before = "\",\"";
	}
	if (entry->unstated)
		strbuf_add_str(out, "\"]");
}

static bool has(const struct file_fact *entry, unsigned field)
{
	return !(entry->unstated & field);
}

static void add_numbers(const struct file_fact *entry, struct strbuf *out)
{
	char text[96]; /* strbuf_printf() is too slow for each of 150,000 lines */
	int n = 0;

	if (entry->type == FILE_TYPE_REGULAR && has(entry, FILE_DIFF_SIZE))
		n += snprintf(text, sizeof(text), ",\"size\":%" PRIu64, entry->size);
	if (has(entry, FILE_DIFF_MODE))
		n += snprintf(text + n, sizeof(text) - (size_t)n, ",\"mode\":\"%04" PRIo32 "\"",
			      entry->mode);
	if (has(entry, FILE_DIFF_OWNER))
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      ",\"uid\":%" PRIu32 ",\"gid\":%" PRIu32, entry->uid, entry->gid);
	strbuf_add(out, text, (size_t)n);
}

static void add_attributes(const struct file_fact *entry, struct strbuf *out)
{
	strbuf_add_str(out, ",\"role\":\"");
	strbuf_add_str(out, file_role_name(entry->role));
	strbuf_add_char(out, '"');
	add_unstated(entry, out);
	add_numbers(entry, out);
	if (has(entry, FILE_DIFF_OWNER)) {
		add_text(out, ",\"user\":", entry->user);
		add_text(out, ",\"group\":", entry->group);
	}
	if (has(entry, FILE_DIFF_CAPABILITIES))
		add_text(out, ",\"capabilities\":", entry->capabilities);
	if (has(entry, FILE_DIFF_XATTRS))
		add_text(out, ",\"xattrs\":", entry->xattrs);
	if (has(entry, FILE_DIFF_PACKAGE)) {
		add_text(out, ",\"package\":", entry->package);
		add_text(out, ",\"version\":", entry->version);
	}
}

int entry_write(const struct file_fact *entry, struct strbuf *out)
{
	size_t start = out->len;

	add_content(entry, out);
	add_attributes(entry, out);
	if (entry->differs)
		strbuf_add_str(out, ",\"differs\":true");
	if (entry->attributes_differ)
		strbuf_add_str(out, ",\"attributes_differ\":true");
	strbuf_add_str(out, "}\n");
	if (strbuf_check(out) < 0)
		return -ENOMEM;
	if (out->len - start > ENTRY_LINE_MAX) {
		out->len = start;
		out->data[start] = '\0';
		return -EMSGSIZE;
	}
	return 0;
}

/*
 * Reader. It accepts what follows the grammar in the one order that there is; numbers, names and
 * escapes in other than their one form are left to the comparison in entry_read().
 */
struct cursor {
	const char *at, *end;
	bool bad;
};

static bool take(struct cursor *c, const char *literal, size_t len)
{
	if ((size_t)(c->end - c->at) < len || memcmp(c->at, literal, len) != 0)
		return false;
	c->at += len;
	return true;
}
#define TAKE(c, literal) take(c, literal, sizeof(literal) - 1)

static void need(struct cursor *c, const char *literal, size_t len)
{
	if (!take(c, literal, len))
		c->bad = true;
}
#define NEED(c, literal) need(c, literal, sizeof(literal) - 1)

/* The text of a JSON string behind its opening quote; the escapes of json_quote() for quote and
 * backslash alone. */
static void take_string(struct cursor *c, struct strbuf *out)
{
	while (!c->bad && c->at < c->end) {
		const char *run = c->at;

		while (run < c->end && *run != '"' && *run != '\\')
			run++;
		strbuf_add(out, c->at, (size_t)(run - c->at));
		c->at = run;
		if (TAKE(c, "\""))
			return;
		if (c->end - c->at < 2 || (c->at[1] != '"' && c->at[1] != '\\'))
			break;
		strbuf_add_char(out, c->at[1]);
		c->at += 2;
	}
	c->bad = true;
}

static char *take_text(struct cursor *c)
{
	cleanup_strbuf struct strbuf escaped = STRBUF_INIT, raw = STRBUF_INIT;

	take_string(c, &escaped);
	if (c->bad || strbuf_check(&escaped) < 0 ||
	    str_unescape(&raw, escaped.data ? escaped.data : "", escaped.len) < 0 ||
	    (raw.len > 0 && memchr(raw.data, '\0', raw.len))) {
		c->bad = true;
		return NULL;
	}
	return strbuf_take(&raw);
}

static uint64_t take_number(struct cursor *c, unsigned base, uint64_t max)
{
	const char *start = c->at;
	uint64_t value = 0;

	for (; c->at < c->end && *c->at >= '0' && *c->at < (char)('0' + base); c->at++) {
		unsigned digit = (unsigned)(*c->at - '0');

		if (value > (max - digit) / base) {
			c->bad = true;
			return 0;
		}
		value = value * base + digit;
	}
	if (c->at == start)
		c->bad = true;
	return value;
}

/* A name up to the closing quote, into @name; the enumerations have short ones. */
static void take_name(struct cursor *c, char name[static 32])
{
	size_t len = 0;

	while (c->at + len < c->end && len < 31 && c->at[len] != '"')
		len++;
	memcpy(name, c->at, len);
	name[len] = '\0';
	c->at += len;
	NEED(c, "\"");
}

static void read_content(struct cursor *c, struct file_fact *entry)
{
	char name[32];

	NEED(c, "{\"path\":\"");
	entry->path = take_text(c);
	NEED(c, ",\"type\":\"");
	take_name(c, name);
	if (c->bad || file_type_parse(name, &entry->type) < 0) {
		c->bad = true;
		return;
	}
	if (TAKE(c, ",\"sha256\":\"")) {
		if (c->end - c->at < 2 * SHA256_SIZE ||
		    hex_decode(c->at, 2 * (size_t)SHA256_SIZE, entry->sha256, SHA256_SIZE) < 0) {
			c->bad = true;
			return;
		}
		c->at += 2 * SHA256_SIZE;
		NEED(c, "\"");
		entry->has_digest = true;
	}
	if (TAKE(c, ",\"target\":\""))
		entry->link_target = take_text(c);
}

/* An absent field may only be one that is named here: forgotten is not the same as unstated. */
static void read_unstated(struct cursor *c, struct file_fact *entry)
{
	char name[32];

	if (!TAKE(c, ",\"unstated\":[\""))
		return;
	do {
		const struct file_field *f = file_fields_unstated;

		take_name(c, name);
		while (f->name && strcmp(f->name, name) != 0)
			f++;
		if (!f->name)
			c->bad = true;
		entry->unstated |= f->bit;
	} while (!c->bad && TAKE(c, ",\""));
	NEED(c, "]");
}

static void read_numbers(struct cursor *c, struct file_fact *entry)
{
	if (TAKE(c, ",\"size\":"))
		entry->size = take_number(c, 10, INT64_MAX);
	if (has(entry, FILE_DIFF_MODE)) {
		NEED(c, ",\"mode\":\"");
		entry->mode = (uint32_t)take_number(c, 8, 07777);
		NEED(c, "\"");
	}
	if (has(entry, FILE_DIFF_OWNER)) {
		NEED(c, ",\"uid\":");
		entry->uid = (uint32_t)take_number(c, 10, UINT32_MAX);
		NEED(c, ",\"gid\":");
		entry->gid = (uint32_t)take_number(c, 10, UINT32_MAX);
	}
}

static void read_attributes(struct cursor *c, struct file_fact *entry)
{
	char name[32];

	NEED(c, ",\"role\":\"");
	take_name(c, name);
	if (c->bad || file_role_parse(name, &entry->role) < 0)
		c->bad = true;
	read_unstated(c, entry);
	read_numbers(c, entry);
	if (TAKE(c, ",\"user\":\""))
		entry->user = take_text(c);
	if (TAKE(c, ",\"group\":\""))
		entry->group = take_text(c);
	if (TAKE(c, ",\"capabilities\":\""))
		entry->capabilities = take_text(c);
	if (TAKE(c, ",\"xattrs\":\""))
		entry->xattrs = take_text(c);
	if (TAKE(c, ",\"package\":\""))
		entry->package = take_text(c);
	if (TAKE(c, ",\"version\":\""))
		entry->version = take_text(c);
	entry->differs = TAKE(c, ",\"differs\":true");
	entry->attributes_differ = TAKE(c, ",\"attributes_differ\":true");
	NEED(c, "}");
}

/* What is not there has no attributes, so that there is one text for it. */
static bool is_bare(const struct file_fact *entry)
{
	return entry->role == FILE_ROLE_DATA && entry->mode == 0 && entry->uid == 0 &&
	       entry->gid == 0 && !entry->user && !entry->group && !entry->capabilities &&
	       !entry->xattrs && !entry->package && !entry->version && !entry->unstated &&
	       !entry->attributes_differ;
}

/* What the grammar cannot say. */
static bool is_sound(const struct file_fact *entry)
{
	cleanup_free char *path = NULL;

	if (!entry->path || entry->path[0] != '/' || strlen(entry->path) >= PATH_MAX ||
	    (entry->type == FILE_TYPE_NONE && !is_bare(entry)))
		return false;
	if ((entry->type == FILE_TYPE_REGULAR) != entry->has_digest ||
	    (entry->type == FILE_TYPE_SYMLINK) != (entry->link_target != NULL) ||
	    (entry->differs && !entry->has_digest))
		return false;
	if ((entry->type != FILE_TYPE_REGULAR && !has(entry, FILE_DIFF_SIZE)) ||
	    ((entry->differs || entry->attributes_differ) && !has(entry, FILE_DIFF_PACKAGE)))
		return false;
	/* Only these can make a path other than its normal form. */
	if (!strstr(entry->path, "//") && !strstr(entry->path, "/.") &&
	    !(entry->path[1] && str_ends(entry->path, "/")))
		return true;
	path = strdup(entry->path);
	return path && path_normalize(path) == 0 && strcmp(path, entry->path) == 0;
}

int entry_read(const char *line, size_t len, struct file_fact *ret_entry)
{
	cleanup_file_fact struct file_fact entry = {0};
	cleanup_strbuf struct strbuf again = STRBUF_INIT;
	struct cursor c = {.at = line, .end = line + len};
	int r;

	if (len >= ENTRY_LINE_MAX)
		return -EBADMSG;
	read_content(&c, &entry);
	if (!c.bad)
		read_attributes(&c, &entry);
	if (c.bad || c.at != c.end || !is_sound(&entry))
		return -EBADMSG;

	r = entry_write(&entry, &again);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || again.len != len + 1 || memcmp(again.data, line, len) != 0)
		return -EBADMSG;
	*ret_entry = entry;
	entry = (struct file_fact){0};
	return 0;
}

size_t entry_content_length(const char *line, size_t len)
{
	static const char role[] = ",\"role\":\"", config[] = "config\"";
	const char *at = memmem(line, len, role, sizeof(role) - 1);

	/* A quote within a string is escaped, so this text is the key. */
	if (!at)
		return 0;
	if ((size_t)(line + len - at) >= sizeof(role) - 1 + sizeof(config) - 1 &&
	    memcmp(at + sizeof(role) - 1, config, sizeof(config) - 1) == 0)
		return 0;
	return (size_t)(at - line);
}
