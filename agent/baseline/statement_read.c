/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of statement.json: takes the fields leniently, then compares with what
 * the writer makes of them. A file of its own, for jansson and base/json.h have
 * names in common.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json_depth.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/statement.h"

/* The statement has three levels; the parser recurses, so more are not given to it. */
#define DEPTH_MAX 3

struct reader {
	const json_t *root;
	const char *missing; /* first key that was not there or of another type */
};

static const json_t *get(struct reader *reader, const char *key, int type)
{
	const json_t *value = json_object_get(reader->root, key);

	if (!value || json_typeof(value) != (json_type)type) {
		if (!reader->missing)
			reader->missing = key;
		return NULL;
	}
	return value;
}

static char *get_text(struct reader *reader, const char *key)
{
	const json_t *value = get(reader, key, JSON_STRING);

	/* A NUL within would cut the copy; the comparison then refuses the text. */
	return value ? strdup(json_string_value(value)) : NULL;
}

static uint64_t get_u64(struct reader *reader, const char *key)
{
	const json_t *value = get(reader, key, JSON_INTEGER);

	if (value && json_integer_value(value) < 0 && !reader->missing)
		reader->missing = key;
	return value ? (uint64_t)json_integer_value(value) : 0;
}

static void get_digest(struct reader *reader, const char *key, char hex[static SHA256_HEX_SIZE])
{
	const json_t *value = get(reader, key, JSON_STRING);
	uint8_t digest[SHA256_SIZE];

	if (!value)
		return;
	if (hex_decode(json_string_value(value), json_string_length(value), digest, SHA256_SIZE) ==
	    0)
		hex_encode(digest, SHA256_SIZE, hex);
	else if (!reader->missing)
		reader->missing = key;
}

static char *unescape(const json_t *value)
{
	cleanup_strbuf struct strbuf raw = STRBUF_INIT;

	if (!json_is_string(value) ||
	    str_unescape(&raw, json_string_value(value), json_string_length(value)) < 0)
		return NULL;
	return strbuf_take(&raw);
}

static int get_trees(struct reader *reader, struct baseline_statement *s)
{
	const json_t *list = get(reader, "trees", JSON_ARRAY);

	if (!list)
		return 0;
	s->trees = calloc(json_array_size(list) + 1, sizeof(*s->trees));
	if (!s->trees)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		s->trees[i] = unescape(json_array_get(list, i));
		if (!s->trees[i]) {
			reader->missing = "trees";
			return 0;
		}
	}
	return 0;
}

static int get_problems(struct reader *reader, struct baseline_statement *s)
{
	const json_t *list = get(reader, "problems", JSON_ARRAY);

	for (size_t i = 0; list && i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		cleanup_free char *path = unescape(json_object_get(item, "path"));
		const char *problem = json_string_value(json_object_get(item, "problem"));
		int r;

		if (!path || !problem) {
			reader->missing = "problems";
			return 0;
		}
		r = statement_add_problem(s, path, problem);
		if (r < 0)
			return r;
	}
	s->not_read = get_u64(reader, "not_read");
	return 0;
}

static void get_packages(struct reader *reader, struct baseline_statement *s)
{
	const json_t *packages = get(reader, "packages", JSON_OBJECT);
	struct reader inner = {.root = packages};

	if (!packages)
		return;
	s->package_checked = get_u64(&inner, "checksum_compared");
	s->package_unchanged = get_u64(&inner, "unchanged_since_install");
	s->differs_from_package = get_u64(&inner, "differs");
	s->not_packaged = get_u64(&inner, "not_packaged");
	if (inner.missing)
		reader->missing = inner.missing;
}

static void get_source(struct reader *reader, struct baseline_statement *s)
{
	const json_t *source = json_object_get(reader->root, "source");
	struct reader inner = {.root = source};

	if (!source)
		return;
	s->source_format = get_text(&inner, "format");
	s->source_name = unescape(json_object_get(source, "name"));
	get_digest(&inner, "sha256", s->source_sha256);
	if (inner.missing || !s->source_name)
		reader->missing = "source";
}

static int get_review(struct reader *reader, struct baseline_statement *s)
{
	struct reader counts = {.root = get(reader, "review", JSON_OBJECT)};
	struct reader lists = {.root = get(reader, "listed", JSON_OBJECT)};
	int r = 0;

	for (unsigned i = 0; i < REVIEW_COUNT && !reader->missing && r == 0; i++) {
		const char *key = review_kinds[i].key;
		const json_t *list = NULL;

		if (review_kinds[i].is_listed)
			list = get(&lists, key, JSON_ARRAY);
		for (size_t n = 0; list && n < json_array_size(list) && r == 0; n++) {
			cleanup_free char *path = unescape(json_array_get(list, n));

			if (!path)
				lists.missing = key;
			else
				r = statement_add_review(s, 1u << i, path);
		}
		s->review[i] = get_u64(&counts, key);
		reader->missing = counts.missing ? counts.missing : lists.missing;
	}
	return r;
}

static int read_fields(struct reader *reader, struct baseline_statement *s)
{
	cleanup_free char *made_at = get_text(reader, "made_at");
	int r;

	s->name = get_text(reader, "name");
	s->layer = get_text(reader, "layer");
	s->revision = get_u64(reader, "revision");
	if (!json_is_null(json_object_get(reader->root, "previous")))
		get_digest(reader, "previous", s->previous);
	if (!json_is_null(json_object_get(reader->root, "ticket")))
		s->ticket = get_text(reader, "ticket");
	s->made_by = get_text(reader, "made_by");
	s->made_on = get_text(reader, "made_on");
	if (made_at && clock_parse(made_at, &s->made_at_ns) < 0)
		reader->missing = "made_at";
	get_source(reader, s);
	r = get_trees(reader, s);
	if (r < 0)
		return r;
	s->entries = get_u64(reader, "entries");
	s->files = get_u64(reader, "files");
	s->bytes_hashed = get_u64(reader, "bytes_hashed");
	s->unstated = get_u64(reader, "unstated");
	get_packages(reader, s);
	r = get_review(reader, s);
	if (r == 0)
		r = get_problems(reader, s);
	if (r < 0)
		return r;
	get_digest(reader, "content_digest", s->content_digest);
	get_digest(reader, "full_digest", s->full_digest);
	get_digest(reader, "entries_sha256", s->entries_sha256);
	s->entries_bytes = get_u64(reader, "entries_bytes");
	get_digest(reader, "rules_sha256", s->rules_sha256);
	s->rules_bytes = get_u64(reader, "rules_bytes");
	if (json_object_get(reader->root, "changes")) {
		s->changes = get_u64(reader, "changes");
		get_digest(reader, "changes_sha256", s->changes_sha256);
		s->changes_bytes = get_u64(reader, "changes_bytes");
	}
	return 0;
}

static int refuse(struct diag *diag, const char *text)
{
	return diag_set(diag, "statement.json", 0, -EBADMSG, "%s", text);
}

static int parse(const char *text, size_t len, struct baseline_statement *s, struct diag *diag)
{
	json_error_t error;
	json_t *root;
	struct reader reader = {0};
	int r;

	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return diag_set(diag, "statement.json", (unsigned)error.line, -EBADMSG, "%s",
				error.text);
	if (!json_is_object(root) ||
	    !str_equal(json_string_value(json_object_get(root, "format")), STATEMENT_FORMAT)) {
		r = refuse(diag, "its format is not " STATEMENT_FORMAT);
	} else {
		reader.root = root;
		r = read_fields(&reader, s);
		if (r == 0 && reader.missing)
			r = diag_set(diag, "statement.json", 0, -EBADMSG,
				     "\"%s\" is missing or wrong", reader.missing);
	}
	json_decref(root);
	return r;
}

int statement_read(const char *text, size_t len, struct baseline_statement *ret_statement,
		   struct diag *diag)
{
	cleanup_with(baseline_statement_done) struct baseline_statement s = {0};
	cleanup_strbuf struct strbuf again = STRBUF_INIT;
	int r;

	if (len > STATEMENT_MAX)
		return refuse(diag, "it is too long");
	if (!json_is_shallow(text, len, DEPTH_MAX))
		return refuse(diag, "it is nested too deeply");
	r = parse(text, len, &s, diag);
	if (r < 0)
		return r;
	r = statement_write(&s, &again);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || again.len != len || memcmp(again.data, text, len) != 0)
		return refuse(diag, "it is not in canonical form");
	*ret_statement = s;
	s = (struct baseline_statement){0};
	return 0;
}
