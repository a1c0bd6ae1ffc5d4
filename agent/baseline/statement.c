/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/statement.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ini.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"

void baseline_statement_done(struct baseline_statement *statement)
{
	free(statement->name);
	free(statement->layer);
	free(statement->ticket);
	free(statement->made_by);
	free(statement->made_on);
	free(statement->source_format);
	free(statement->source_name);
	strv_free(statement->trees);
	for (size_t i = 0; i < statement->problem_count; i++) {
		free(statement->problems[i].path);
		free(statement->problems[i].text);
	}
	free(statement->problems);
	statement_clear_review(statement);
	*statement = (struct baseline_statement){0};
}

int statement_add_problem(struct baseline_statement *statement, const char *path,
			  const char *problem)
{
	struct baseline_problem *list;

	statement->not_read++;
	/* Escaping makes at most five bytes of one; the frame of an item is 24. */
	statement->problem_bytes += 5 * strlen(path) + strlen(problem) + 24;
	if (statement->problem_bytes > STATEMENT_LIST_MAX)
		return 0;

	list = reallocarray(statement->problems, statement->problem_count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	statement->problems = list;
	list += statement->problem_count;
	*list = (struct baseline_problem){.path = strdup(path), .text = strdup(problem)};
	if (!list->path || !list->text) {
		free(list->path);
		free(list->text);
		return -ENOMEM;
	}
	statement->problem_count++;
	return 0;
}

void statement_clear_review(struct baseline_statement *statement)
{
	for (unsigned i = 0; i < REVIEW_COUNT; i++) {
		strv_free(statement->listed[i].paths);
		statement->listed[i] = (struct baseline_list){0};
		statement->review[i] = 0;
	}
}

int statement_add_review(struct baseline_statement *statement, unsigned kinds, const char *path)
{
	for (unsigned i = 0; i < REVIEW_COUNT; i++) {
		struct baseline_list *list = &statement->listed[i];
		int r;

		if (!(kinds & 1u << i))
			continue;
		statement->review[i]++;
		if (!review_kinds[i].is_listed)
			continue;
		/* Escaping makes at most five bytes of one; the frame of a path is three. */
		list->bytes += 5 * strlen(path) + 3;
		if (list->bytes > STATEMENT_REVIEW_MAX)
			continue;
		r = strv_append(&list->paths, path);
		if (r < 0)
			return r;
	}
	return 0;
}

int statement_seal(struct baseline_statement *statement)
{
	char text[2 * SHA256_HEX_SIZE + 1];
	uint8_t digest[SHA256_SIZE];
	int n, r;

	n = snprintf(text, sizeof(text), "%s\n%s\n", statement->entries_sha256,
		     statement->rules_sha256);
	r = hash_buffer(text, (size_t)n, digest);
	if (r == 0)
		hex_encode(digest, SHA256_SIZE, statement->full_digest);
	return r;
}

/* People read it on screens, so it may not make a screen show something else. */
static bool is_text(const char *text)
{
	return text && str_is_shown(text);
}

static bool are_problems_texts(const struct baseline_statement *s)
{
	for (size_t i = 0; i < s->problem_count; i++)
		if (!is_text(s->problems[i].text))
			return false;
	return true;
}

static bool is_layer(const char *name)
{
	enum layer layer;

	return layer_parse(name, &layer) == 0;
}

static void write_source(const struct baseline_statement *s, struct json *j)
{
	if (!s->source_format)
		return;
	json_key(j, "source");
	json_begin_object(j);
	json_put_string(j, "format", s->source_format);
	json_put_path(j, "name", s->source_name);
	json_put_string(j, "sha256", s->source_sha256);
	json_end_object(j);
}

static void write_review(const struct baseline_statement *s, struct json *j)
{
	json_key(j, "review");
	json_begin_object(j);
	for (unsigned i = 0; i < REVIEW_COUNT; i++)
		json_put_u64(j, review_kinds[i].key, s->review[i]);
	json_end_object(j);
	json_key(j, "listed");
	json_begin_object(j);
	for (unsigned i = 0; i < REVIEW_COUNT; i++) {
		if (!review_kinds[i].is_listed)
			continue;
		json_key(j, review_kinds[i].key);
		json_begin_array(j);
		for (char *const *path = s->listed[i].paths; path && *path; path++)
			json_path(j, *path);
		json_end_array(j);
	}
	json_end_object(j);
}

static void write_lists(const struct baseline_statement *s, struct json *j)
{
	json_key(j, "trees");
	json_begin_array(j);
	for (char *const *tree = s->trees; tree && *tree; tree++)
		json_path(j, *tree);
	json_end_array(j);
	json_put_u64(j, "entries", s->entries);
	json_put_u64(j, "files", s->files);
	json_put_u64(j, "bytes_hashed", s->bytes_hashed);
	json_put_u64(j, "unstated", s->unstated);
	json_key(j, "packages");
	json_begin_object(j);
	json_put_u64(j, "checksum_compared", s->package_checked);
	json_put_u64(j, "unchanged_since_install", s->package_unchanged);
	json_put_u64(j, "differs", s->differs_from_package);
	json_put_u64(j, "not_packaged", s->not_packaged);
	json_end_object(j);
	write_review(s, j);
	json_put_u64(j, "not_read", s->not_read);
	json_key(j, "problems");
	json_begin_array(j);
	for (size_t i = 0; i < s->problem_count; i++) {
		json_begin_object(j);
		json_put_path(j, "path", s->problems[i].path);
		json_put_string(j, "problem", s->problems[i].text);
		json_end_object(j);
	}
	json_end_array(j);
}

int statement_write(const struct baseline_statement *s, struct strbuf *out)
{
	struct json j = JSON_INIT(out);
	size_t start = out->len;

	if (!is_text(s->name) || !s->name[0] || !is_layer(s->layer) || !is_text(s->made_by) ||
	    !is_text(s->made_on) || (s->ticket && !is_text(s->ticket)) || s->revision == 0)
		return -EINVAL;
	/* Changes are against the revision before. */
	if (s->changes > 0 && !s->previous[0])
		return -EINVAL;
	if (!are_problems_texts(s) ||
	    (s->source_format && (!is_text(s->source_format) || !s->source_name)))
		return -EINVAL;

	json_begin_object(&j);
	json_put_string(&j, "format", STATEMENT_FORMAT);
	json_put_string(&j, "name", s->name);
	json_put_string(&j, "layer", s->layer);
	json_put_u64(&j, "revision", s->revision);
	json_put_string(&j, "previous", s->previous[0] ? s->previous : NULL);
	json_put_string(&j, "ticket", s->ticket);
	json_put_string(&j, "made_by", s->made_by);
	json_put_string(&j, "made_on", s->made_on);
	json_put_time(&j, "made_at", s->made_at_ns);
	write_source(s, &j);
	write_lists(s, &j);
	json_put_string(&j, "content_digest", s->content_digest);
	json_put_string(&j, "full_digest", s->full_digest);
	json_put_string(&j, "entries_sha256", s->entries_sha256);
	json_put_u64(&j, "entries_bytes", s->entries_bytes);
	json_put_string(&j, "rules_sha256", s->rules_sha256);
	json_put_u64(&j, "rules_bytes", s->rules_bytes);
	if (s->changes > 0) {
		json_put_u64(&j, "changes", s->changes);
		json_put_string(&j, "changes_sha256", s->changes_sha256);
		json_put_u64(&j, "changes_bytes", s->changes_bytes);
	}
	json_end_object(&j);
	strbuf_add_char(out, '\n');
	if (strbuf_check(out) < 0)
		return -ENOMEM;
	return out->len - start > STATEMENT_MAX ? -EMSGSIZE : 0;
}
