/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two steps: bytes to the fields of a record, by a machine with one state per kind of byte that may
 * come next; then fields to a package or file. Knows nothing of databases.
 */
#include "baseline/rpm_text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/str.h"

#define RECORD_MAX  (4 * PATH_MAX) /* path, target and short texts */
#define FIELDS_MAX  11
#define NUMBER_TEXT 20

enum state {
	STATE_FIELD,	 /* a field begins */
	STATE_PLAIN,	 /* in one without quotes */
	STATE_QUOTED,	 /* in one with quotes */
	STATE_CLOSED,	 /* after a quote: the end of the field, or of its first part */
	STATE_BACKSLASH, /* after '\ : a quote stands for itself */
	STATE_REOPEN,	 /* after '\' : the quoted text goes on */
};

struct rpm_text {
	struct rpm_text_sink sink;
	enum state state;
	uint64_t record;
	uint64_t files_left;
	bool is_in_package;
	bool is_quoted[FIELDS_MAX];
	size_t starts[FIELDS_MAX]; /* of the fields in the record, each ended by a NUL */
	unsigned count;
	size_t len;
	char bytes[RECORD_MAX];
};

int rpm_text_new(const struct rpm_text_sink *sink, struct rpm_text **ret_text)
{
	struct rpm_text *text = calloc(1, sizeof(*text));

	if (!text)
		return -ENOMEM;
	text->sink = *sink;
	text->record = 1;
	*ret_text = text;
	return 0;
}

struct rpm_text *rpm_text_free(struct rpm_text *text)
{
	free(text);
	return NULL;
}

uint64_t rpm_text_record(const struct rpm_text *text)
{
	return text->record;
}

/* A text with quotes, or "" for (none). */
static const char *take_text(const struct rpm_text *t, unsigned field)
{
	const char *value = t->bytes + t->starts[field];

	if (t->is_quoted[field])
		return value;
	return strcmp(value, "(none)") == 0 ? "" : NULL;
}

/* Digits of @base, 8 or 10; (none) is 0. */
static bool take_number(const struct rpm_text *t, unsigned field, int base, uint64_t *ret_value)
{
	const char *value = t->bytes + t->starts[field];
	char text[NUMBER_TEXT + 3];

	if (t->is_quoted[field])
		return false;
	if (strcmp(value, "(none)") == 0) {
		*ret_value = 0;
		return true;
	}
	if (!value[0] || strlen(value) > NUMBER_TEXT ||
	    value[strspn(value, base == 8 ? "01234567" : "0123456789")] != '\0')
		return false;
	(void)snprintf(text, sizeof(text), "%s%s", base == 8 ? "0" : "", value);
	return str_to_u64(text, base == 8 ? 0 : 10, ret_value) == 0;
}

static int end_package_head(struct rpm_text *t)
{
	struct rpm_package package;
	uint64_t files;

	if (t->count != 8 || t->is_in_package || !take_number(t, 2, 10, &package.epoch) ||
	    !take_number(t, 6, 10, &package.digest_algorithm) || !take_number(t, 7, 10, &files))
		return -EBADMSG;
	package.name = take_text(t, 1);
	package.version = take_text(t, 3);
	package.release = take_text(t, 4);
	package.arch = take_text(t, 5);
	if (!package.name || !package.version || !package.release || !package.arch ||
	    !package.name[0])
		return -EBADMSG;
	t->files_left = files;
	t->is_in_package = true;
	return t->sink.on_package(&package, t->sink.userdata);
}

static int end_file(struct rpm_text *t)
{
	struct rpm_file file = {
		.path = t->count > 1 ? take_text(t, 1) : NULL,
	};
	uint64_t mode, flags, verify;

	if (t->count != 11 || t->files_left == 0 || !take_number(t, 2, 8, &mode) ||
	    !take_number(t, 3, 10, &flags) || !take_number(t, 4, 10, &verify) ||
	    mode > UINT16_MAX || flags > UINT32_MAX || verify > UINT32_MAX)
		return -EBADMSG;
	file.mode = (uint16_t)mode;
	file.flags = (uint32_t)flags;
	file.verify = (uint32_t)verify;
	/* 0: normal. Others: replaced, not installed, net shared, other colour; missing is -1. */
	file.is_installed = !t->is_quoted[5] && (strcmp(t->bytes + t->starts[5], "0") == 0 ||
						 strcmp(t->bytes + t->starts[5], "(none)") == 0);
	file.digest = take_text(t, 6);
	file.user = take_text(t, 7);
	file.group = take_text(t, 8);
	file.target = take_text(t, 9);
	file.capabilities = take_text(t, 10);
	if (!file.path || !file.path[0] || !file.digest || !file.user || !file.group ||
	    !file.target || !file.capabilities)
		return -EBADMSG;
	t->files_left--;
	return t->sink.on_file(&file, t->sink.userdata);
}

static int end_record(struct rpm_text *t)
{
	const char *kind = t->bytes + t->starts[0];
	int r = -EBADMSG;

	if (t->is_quoted[0])
		return -EBADMSG;
	if (strcmp(kind, "P") == 0)
		r = end_package_head(t);
	else if (strcmp(kind, "F") == 0)
		r = end_file(t);
	else if (strcmp(kind, "E") == 0 && t->count == 1 && t->is_in_package && t->files_left == 0)
		r = 0;
	if (r < 0)
		return r;
	if (kind[0] == 'E')
		t->is_in_package = false;
	t->record++;
	t->count = 0;
	t->len = 0;
	return 0;
}

static int add_byte(struct rpm_text *t, char c)
{
	/* One byte is kept for the NUL. A NUL in a name would hide what follows it. */
	if (t->len + 1 >= sizeof(t->bytes) || c == '\0')
		return -EBADMSG;
	t->bytes[t->len++] = c;
	return 0;
}

static int begin_field(struct rpm_text *t, char c)
{
	if (t->count == FIELDS_MAX)
		return -EBADMSG;
	t->starts[t->count] = t->len;
	t->is_quoted[t->count++] = c == '\'';
	t->state = c == '\'' ? STATE_QUOTED : STATE_PLAIN;
	return c == '\'' ? 0 : add_byte(t, c);
}

/* @c is a blank or a newline. */
static int end_field(struct rpm_text *t, char c)
{
	if (t->len >= sizeof(t->bytes))
		return -EBADMSG;
	t->bytes[t->len++] = '\0';
	t->state = STATE_FIELD;
	return c == '\n' ? end_record(t) : 0;
}

static int go_on(struct rpm_text *t, char c, char expected, enum state next)
{
	if (c != expected)
		return -EBADMSG;
	t->state = next;
	return 0;
}

static int step(struct rpm_text *t, char c)
{
	switch (t->state) {
	case STATE_FIELD:
		return c == ' ' || c == '\n' ? -EBADMSG : begin_field(t, c);
	case STATE_PLAIN:
		return c == ' ' || c == '\n' ? end_field(t, c) : add_byte(t, c);
	case STATE_QUOTED:
		if (c != '\'')
			return add_byte(t, c);
		t->state = STATE_CLOSED;
		return 0;
	case STATE_CLOSED:
		return c == ' ' || c == '\n' ? end_field(t, c) : go_on(t, c, '\\', STATE_BACKSLASH);
	case STATE_BACKSLASH:
		return go_on(t, c, '\'', STATE_REOPEN);
	case STATE_REOPEN:
		t->state = STATE_QUOTED;
		return c == '\'' ? add_byte(t, c) : -EBADMSG;
	}
	return -EBADMSG;
}

int rpm_text_add(struct rpm_text *t, const void *data, size_t len)
{
	const char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		int r = step(t, bytes[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int rpm_text_finish(const struct rpm_text *t)
{
	return t->is_in_package || t->count > 0 || t->state != STATE_FIELD ? -EBADMSG : 0;
}
