/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of changes.jsonl one after the other, and how one is written; change_read() has a file of
 * its own. */
#include "baseline/changes.h"

#include <errno.h>
#include <string.h>

#include "base/ini.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"

struct changes {
	struct changes_source source;
	struct span_lines *lines;
	char *previous; /* path */
	uint64_t count;
	bool is_over;
};

void baseline_change_done(struct baseline_change *change)
{
	free(change->path);
	free(change->reason);
	strv_free(change->findings);
	*change = (struct baseline_change){0};
}

bool change_is_reason(const char *text)
{
	cleanup_strbuf struct strbuf escaped = STRBUF_INIT;
	size_t len = strlen(text), backslashes = 0;

	for (const char *c = text; *c; c++)
		backslashes += *c == '\\';
	str_escape(&escaped, text, len);
	return strbuf_check(&escaped) == 0 && len > 0 && len <= CHANGE_REASON_MAX &&
	       escaped.len == len + backslashes;
}

static bool is_change_kind(enum diff_kind kind)
{
	return kind > DIFF_SAME && kind < DIFF_KIND_COUNT;
}

static int write_findings(struct json *j, char *const *findings)
{
	size_t count = 0;

	if (!findings || !*findings)
		return 0;
	json_key(j, "findings");
	json_begin_array(j);
	for (; *findings; findings++) {
		uint8_t digest[SHA256_SIZE];

		if (++count > CHANGE_FINDINGS_MAX ||
		    hex_decode(*findings, strlen(*findings), digest, SHA256_SIZE) < 0)
			return -EINVAL;
		json_string(j, *findings);
	}
	json_end_array(j);
	return 0;
}

int change_write(const struct baseline_change *change, struct strbuf *out)
{
	struct json j = JSON_INIT(out);
	size_t start = out->len;
	int r;

	if (!change->path || change->path[0] != '/' || !is_change_kind(change->kind) ||
	    !change->reason || !change_is_reason(change->reason))
		return -EINVAL;
	json_begin_object(&j);
	json_put_path(&j, "path", change->path);
	json_put_string(&j, "change", diff_kind_name(change->kind));
	json_put_string(&j, "reason", change->reason);
	r = write_findings(&j, change->findings);
	json_end_object(&j);
	strbuf_add_char(out, '\n');
	if (strbuf_check(out) < 0)
		return -ENOMEM;
	if (r == 0 && out->len - start > CHANGE_LINE_MAX)
		r = -EMSGSIZE;
	if (r < 0) {
		out->len = start;
		out->data[start] = '\0';
	}
	return r;
}

int changes_open(const struct changes_source *source, struct changes **ret_changes)
{
	cleanup_with(changes_closep) struct changes *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->source = *source;
	r = span_lines_new(source->fd, source->span, CHANGE_LINE_MAX, &c->lines);
	if (r < 0)
		return r;
	*ret_changes = TAKE_PTR(c);
	return 0;
}

struct changes *changes_close(struct changes *c)
{
	if (!c)
		return NULL;
	span_lines_free(c->lines);
	free(c->previous);
	free(c);
	return NULL;
}

static int refuse(const struct changes *c, struct diag *diag, const char *text)
{
	return diag_set(diag, "changes.jsonl", (unsigned)c->count, -EBADMSG, "%s", text);
}

static int check_totals(struct changes *c, struct diag *diag)
{
	char hex[SHA256_HEX_SIZE];

	if (span_lines_digest(c->lines, hex) < 0)
		return -EIO;
	c->is_over = true;
	if (strcmp(hex, c->source.sha256) != 0)
		return diag_set(diag, "changes.jsonl", 0, -EBADMSG,
				"it is not what the statement names: expected sha256 %s, actual %s",
				c->source.sha256, hex);
	if (c->count != c->source.count)
		return refuse(c, diag, "the count of the statement is not that of the lines");
	return 0;
}

int changes_next(struct changes *c, struct baseline_change *ret_change, struct diag *diag)
{
	struct baseline_change change;
	const char *line;
	size_t len;
	int r;

	if (c->is_over)
		return 0;
	r = span_lines_next(c->lines, &line, &len);
	if (r == 0)
		return check_totals(c, diag);
	c->count++;
	if (r > 0)
		r = change_read(line, len, &change);
	if (r == -EBADMSG)
		return refuse(c, diag, "not a change in canonical form");
	if (r < 0)
		return r;
	if (c->previous && strcmp(c->previous, change.path) >= 0)
		r = refuse(c, diag, "path twice or out of order");
	free(c->previous);
	c->previous = strdup(change.path);
	if (r == 0 && !c->previous)
		r = -ENOMEM;
	if (r < 0) {
		baseline_change_done(&change);
		return r;
	}
	*ret_change = change;
	return 1;
}
