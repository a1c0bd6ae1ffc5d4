/* SPDX-License-Identifier: Apache-2.0 */
/* Parser and writer of a delta; see delta.h. */
#include "baseline/delta.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/changes.h"
#include "baseline/entries.h"

struct parser {
	const char *name;
	unsigned line; /* number of the one in work */
	struct delta *delta;
	size_t group_room, path_room;
	bool has_from;
	unsigned seen; /* keys of this section, bits of enum key */
	struct diag *diag;
};

enum key {
	KEY_DECISION,
	KEY_REASON,
	KEY_FINDING,
	KEY_NOW,
	KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {"decision", "reason", "finding", "now"};

static int refuse(const struct parser *p, const char *text)
{
	return diag_set(p->diag, p->name, p->line, -EINVAL, "%s", text);
}

static void verdict_done(struct delta_verdict *verdict)
{
	free(verdict->reason);
}

void delta_done(struct delta *delta)
{
	for (size_t i = 0; i < delta->group_count; i++) {
		free(delta->groups[i].package);
		verdict_done(&delta->groups[i].verdict);
	}
	for (size_t i = 0; i < delta->path_count; i++) {
		free(delta->paths[i].path);
		strv_free(delta->paths[i].findings);
		verdict_done(&delta->paths[i].verdict);
	}
	free(delta->groups);
	free(delta->paths);
	*delta = (struct delta){0};
}

/* The raw bytes of an escaped text without NUL; NULL when it is none. */
static char *unescape(const char *text, size_t len)
{
	cleanup_strbuf struct strbuf raw = STRBUF_INIT, again = STRBUF_INIT;

	if (len == 0 || str_unescape(&raw, text, len) < 0 || memchr(raw.data, '\0', raw.len))
		return NULL;
	str_escape(&again, raw.data, raw.len);
	if (strbuf_check(&again) < 0 || again.len != len || memcmp(again.data, text, len) != 0)
		return NULL;
	return strbuf_take(&raw);
}

static int begin_group(struct parser *p, const char *package, size_t len)
{
	struct delta *d = p->delta;
	cleanup_free char *name = package ? unescape(package, len) : NULL;
	int r;

	if (package && !name)
		return refuse(p, "the name of the package is not escaped as in a baseline");
	r = array_grow(&d->groups, d->group_count, &p->group_room, sizeof(*d->groups));
	if (r < 0)
		return r;
	d->groups[d->group_count++] = (struct delta_group){.package = TAKE_PTR(name)};
	return 0;
}

static int begin_path(struct parser *p, enum diff_kind kind, const char *text, size_t len)
{
	struct delta *d = p->delta;
	cleanup_free char *path = unescape(text, len);
	int r;

	if (!path || path[0] != '/')
		return refuse(p, "the path is not absolute or not escaped as in a baseline");
	if (d->group_count == 0)
		return refuse(p, "a path belongs below [package NAME] or [no package]");
	if (d->path_count == DELTA_PATHS_MAX)
		return diag_set(p->diag, p->name, p->line, -E2BIG,
				"more than %zu paths; make a new baseline instead",
				DELTA_PATHS_MAX);
	r = array_grow(&d->paths, d->path_count, &p->path_room, sizeof(*d->paths));
	if (r < 0)
		return r;
	d->paths[d->path_count++] = (struct delta_path){
		.path = TAKE_PTR(path),
		.kind = kind,
		.group = d->group_count - 1,
		.line = p->line,
	};
	return 0;
}

/* The section that ends here has what it needs. */
static int end_section(struct parser *p)
{
	const struct delta *d = p->delta;
	const struct delta_path *path = d->path_count ? &d->paths[d->path_count - 1] : NULL;

	if (!path || path->group + 1 != d->group_count)
		return 0;
	if ((path->now == NULL) != (path->kind == DIFF_REMOVED))
		return diag_set(p->diag, p->name, path->line, -EINVAL, "%s",
				path->now ? "what was removed has no \"now\""
					  : "\"now\" is missing");
	return 0;
}

/* @text is what stands between the brackets. */
static int begin_section(struct parser *p, const char *text, size_t len)
{
	static const char package[] = "package ", none[] = "no package";
	const char *blank = memchr(text, ' ', len);
	char name[16];
	enum diff_kind kind;
	int r = end_section(p);

	if (r < 0)
		return r;
	p->seen = 0;
	if (!p->has_from)
		return refuse(p, "\"from = DIGEST\" belongs before the first section");
	if (len == sizeof(none) - 1 && memcmp(text, none, len) == 0)
		return begin_group(p, NULL, 0);
	if (len >= sizeof(package) - 1 && memcmp(text, package, sizeof(package) - 1) == 0)
		return begin_group(p, text + sizeof(package) - 1, len - (sizeof(package) - 1));
	if (!blank || (size_t)(blank - text) >= sizeof(name))
		return refuse(p, "no section of a delta");
	memcpy(name, text, (size_t)(blank - text));
	name[blank - text] = '\0';
	if (diff_kind_parse(name, &kind) < 0 || kind == DIFF_SAME)
		return refuse(p, "no section of a delta");
	return begin_path(p, kind, blank + 1, len - (size_t)(blank + 1 - text));
}

static int take_from(struct parser *p, const char *value, size_t len)
{
	uint8_t digest[SHA256_SIZE];

	if (p->has_from || hex_decode(value, len, digest, SHA256_SIZE) < 0)
		return refuse(p, "\"from\" stands once and is a SHA-256 in lower-case hex");
	hex_encode(digest, SHA256_SIZE, p->delta->from);
	p->has_from = true;
	return 0;
}

static int take_decision(struct parser *p, struct delta_verdict *verdict, const char *value,
			 size_t len)
{
	if (len == 0)
		return 0;
	if (len == 6 && memcmp(value, "accept", len) == 0)
		verdict->decision = DELTA_ACCEPT;
	else if (len == 6 && memcmp(value, "refuse", len) == 0)
		verdict->decision = DELTA_REFUSE;
	else
		return refuse(p, "a decision is \"accept\" or \"refuse\"");
	return 0;
}

static int take_reason(struct parser *p, struct delta_verdict *verdict, const char *value,
		       size_t len)
{
	cleanup_free char *reason = strndup(value, len);

	if (!reason)
		return -ENOMEM;
	if (len == 0)
		return 0;
	if (!change_is_reason(reason))
		return diag_set(p->diag, p->name, p->line, -EINVAL,
				"a reason is UTF-8 text without control characters, of at most %d "
				"bytes",
				CHANGE_REASON_MAX);
	verdict->reason = TAKE_PTR(reason);
	return 0;
}

static int take_finding(struct parser *p, struct delta_path *path, const char *value, size_t len)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	size_t count = 0;

	while (path->findings && path->findings[count])
		count++;
	if (count == CHANGE_FINDINGS_MAX || hex_decode(value, len, digest, SHA256_SIZE) < 0)
		return refuse(p, "\"finding\" is the id of a finding, at most 8 times");
	hex_encode(digest, SHA256_SIZE, hex);
	return strv_append(&path->findings, hex);
}

static int take_now(struct parser *p, struct delta_path *path, const char *value, size_t len)
{
	cleanup_file_fact struct file_fact entry = {0};
	int r = entry_read(value, len, &entry);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || strcmp(entry.path, path->path) != 0)
		return refuse(p, "\"now\" is not the entry of this path in canonical form");
	path->now = value;
	path->now_len = len;
	return 0;
}

static int take_path_key(struct parser *p, enum key key, const char *value, size_t len)
{
	struct delta_path *path = &p->delta->paths[p->delta->path_count - 1];

	switch (key) {
	case KEY_DECISION:
		return take_decision(p, &path->verdict, value, len);
	case KEY_REASON:
		return take_reason(p, &path->verdict, value, len);
	case KEY_FINDING:
		return take_finding(p, path, value, len);
	case KEY_NOW:
		return take_now(p, path, value, len);
	case KEY_COUNT:
		break;
	}
	return -EINVAL;
}

/* A key of the section in work; there is one. */
static int take_key(struct parser *p, enum key key, const char *value, size_t len)
{
	struct delta *d = p->delta;
	struct delta_verdict *verdict = &d->groups[d->group_count - 1].verdict;

	if (p->seen & 1U << key && key != KEY_FINDING)
		return refuse(p, "this key stands in its section already");
	p->seen |= 1U << key;
	if (d->path_count > 0 && d->paths[d->path_count - 1].group == d->group_count - 1)
		return take_path_key(p, key, value, len);
	if (key == KEY_DECISION)
		return take_decision(p, verdict, value, len);
	if (key == KEY_REASON)
		return take_reason(p, verdict, value, len);
	return refuse(p, "a package has a decision and a reason, nothing else");
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && strchr(" \t", (*text)[0])) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && strchr(" \t", (*text)[*len - 1]))
		(*len)--;
}

static int take_pair(struct parser *p, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len), *value;
	size_t key_len, value_len;

	if (!equals)
		return refuse(p, "neither a section nor KEY = VALUE");
	key_len = (size_t)(equals - text);
	value = equals + 1;
	value_len = len - key_len - 1;
	trim(&text, &key_len);
	trim(&value, &value_len);
	if (p->delta->group_count == 0) {
		if (key_len == 4 && memcmp(text, "from", 4) == 0)
			return take_from(p, value, value_len);
		return refuse(p, "only \"from = DIGEST\" stands before the first section");
	}
	for (int key = 0; key < KEY_COUNT; key++)
		if (strlen(key_names[key]) == key_len && memcmp(text, key_names[key], key_len) == 0)
			return take_key(p, (enum key)key, value, value_len);
	return refuse(p, "no key of a delta");
}

static int take_line(struct parser *p, const char *text, size_t len)
{
	if (memchr(text, '\0', len))
		return refuse(p, "a NUL byte");
	if (p->line == 1) {
		if (len == strlen(DELTA_FORMAT) && memcmp(text, DELTA_FORMAT, len) == 0)
			return 0;
		return refuse(p, "its first line is not " DELTA_FORMAT);
	}
	trim(&text, &len);
	if (len == 0 || text[0] == '#')
		return 0;
	if (text[0] != '[')
		return take_pair(p, text, len);
	if (text[len - 1] != ']')
		return refuse(p, "a section ends with ]");
	return begin_section(p, text + 1, len - 2);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct delta_path *)a)->path, ((const struct delta_path *)b)->path);
}

static int sort_paths(struct parser *p)
{
	struct delta *d = p->delta;

	if (d->path_count > 0)
		qsort(d->paths, d->path_count, sizeof(*d->paths), compare_paths);
	for (size_t i = 1; i < d->path_count; i++) {
		unsigned a = d->paths[i - 1].line, b = d->paths[i].line;

		if (strcmp(d->paths[i - 1].path, d->paths[i].path) != 0)
			continue;
		return diag_set(p->diag, p->name, a > b ? a : b, -EINVAL,
				"the path of line %u once more", a > b ? b : a);
	}
	return 0;
}

int delta_parse(const char *name, const char *text, size_t len, struct delta *ret_delta,
		struct diag *diag)
{
	cleanup_with(delta_done) struct delta delta = {0};
	struct parser p = {.name = name, .delta = &delta, .diag = diag};
	const char *end = text + len;
	int r = 0;

	if (len > DELTA_MAX)
		return diag_set(diag, name, 0, -E2BIG, "it is too long; make a new baseline");
	while (r == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((newline ? newline : end) - text);

		p.line++;
		r = take_line(&p, text, n);
		text = newline ? newline + 1 : end;
	}
	if (r == 0)
		r = end_section(&p);
	if (r == 0 && !p.has_from)
		r = refuse(&p, "\"from = DIGEST\" is missing");
	if (r == 0)
		r = sort_paths(&p);
	if (r < 0)
		return r;
	*ret_delta = delta;
	delta = (struct delta){0};
	return 0;
}

enum delta_decision delta_decision_of(const struct delta *delta, const struct delta_path *path)
{
	return path->verdict.decision ? path->verdict.decision
				      : delta->groups[path->group].verdict.decision;
}

const char *delta_reason_of(const struct delta *delta, const struct delta_path *path)
{
	return path->verdict.reason ? path->verdict.reason
				    : delta->groups[path->group].verdict.reason;
}

int delta_check_decided(const char *name, const struct delta *delta, struct diag *diag)
{
	const struct delta_path *first = NULL; /* at fault, in the order of the file */
	bool is_accepted = false;

	for (size_t i = 0; i < delta->path_count; i++) {
		const struct delta_path *path = &delta->paths[i];
		enum delta_decision decision = delta_decision_of(delta, path);

		is_accepted |= decision == DELTA_ACCEPT;
		if ((decision == DELTA_UNDECIDED ||
		     (decision == DELTA_ACCEPT && !delta_reason_of(delta, path))) &&
		    (!first || path->line < first->line))
			first = path;
	}
	if (first)
		return diag_set(diag, name, first->line, -EINVAL, "%s",
				delta_decision_of(delta, first) == DELTA_ACCEPT
					? "it is accepted without a reason"
					: "neither it nor its package has a decision");
	if (!is_accepted)
		return diag_set(diag, name, 0, -EINVAL,
				"nothing is accepted, so there is no next revision");
	return 0;
}

void delta_write_head(const char *from, const char *comment, struct strbuf *out)
{
	strbuf_printf(out, DELTA_FORMAT "\n%sfrom = %s\n", comment, from);
}

static void write_verdict(const struct delta_verdict *verdict, struct strbuf *out)
{
	static const char *const decisions[] = {"", " accept", " refuse"};

	strbuf_printf(out, "decision =%s\nreason =", decisions[verdict->decision]);
	if (verdict->reason)
		strbuf_printf(out, " %s", verdict->reason);
	strbuf_add_char(out, '\n');
}

void delta_write_group(const struct delta_group *group, const char *comment, struct strbuf *out)
{
	strbuf_add_str(out, group->package ? "\n[package " : "\n[no package");
	if (group->package)
		str_escape(out, group->package, strlen(group->package));
	strbuf_add_str(out, "]\n");
	strbuf_add_str(out, comment);
	write_verdict(&group->verdict, out);
}

void delta_write_path(const struct delta_path *path, const char *comment, struct strbuf *out)
{
	strbuf_printf(out, "\n[%s ", diff_kind_name(path->kind));
	str_escape(out, path->path, strlen(path->path));
	strbuf_add_str(out, "]\n");
	strbuf_add_str(out, comment);
	write_verdict(&path->verdict, out);
	for (char *const *id = path->findings; id && *id; id++)
		strbuf_printf(out, "finding = %s\n", *id);
	if (path->now) {
		strbuf_add_str(out, "now = ");
		strbuf_add(out, path->now, path->now_len);
		strbuf_add_char(out, '\n');
	}
}
