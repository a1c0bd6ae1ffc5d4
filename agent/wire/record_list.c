/* SPDX-License-Identifier: Apache-2.0 */
/* Finds where each object of the array ends; what it holds is for the codec. */
#include "wire/record_list.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "wire/codec.h"

/* Behind the object or list that begins at @text; NULL when it has no end. */
static const char *find_end(const char *text, const char *end)
{
	unsigned depth = 0;
	bool in_string = false;

	for (; text < end; text++) {
		if (in_string && *text == '\\')
			text++;
		else if (*text == '"')
			in_string = !in_string;
		else if (!in_string && (*text == '{' || *text == '['))
			depth++;
		else if (!in_string && (*text == '}' || *text == ']') && --depth == 0)
			return text + 1;
	}
	return NULL;
}

static const char *skip_blanks(const char *text, const char *end)
{
	while (text < end && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n'))
		text++;
	return text;
}

static int refuse_at(const char *name, const char *start, const char *at, const char *text,
		     struct diag *diag)
{
	unsigned line = 1;

	for (; start < at; start++)
		line += *start == '\n';
	return diag_set(diag, name, line, -EBADMSG, "%s", text);
}

int record_list_read(const char *name, const char *text, size_t len,
		     int (*fn)(struct wire_record *record, void *userdata), void *userdata,
		     struct diag *diag)
{
	const char *end = text + len, *at = skip_blanks(text, end);
	bool has_more = true;

	if (at == end || *at != '[')
		return refuse_at(name, text, at, "it is no JSON array of records", diag);
	at = skip_blanks(at + 1, end);
	while (has_more && at < end && *at == '{') {
		cleanup_wire_record struct wire_record record = {0};
		const char *next = find_end(at, end);
		struct diag inner = {0};
		int r;

		if (!next)
			return refuse_at(name, text, at, "this object has no end", diag);
		r = codec_decode(at, (size_t)(next - at), &record, &inner);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return refuse_at(name, text, at,
					 inner.text[0] ? inner.text : "this is no record", diag);
		r = fn(&record, userdata);
		if (r != 0)
			return r;
		at = skip_blanks(next, end);
		has_more = at < end && *at == ',';
		if (has_more)
			at = skip_blanks(at + 1, end);
		if (has_more && (at == end || *at != '{'))
			return refuse_at(name, text, at, "a record belongs behind a comma", diag);
	}
	if (at == end || *at != ']' || skip_blanks(at + 1, end) != end)
		return refuse_at(name, text, at, "a record or the end of the array belongs here",
				 diag);
	return 0;
}
