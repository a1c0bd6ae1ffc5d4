/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/str.h"
#include "baseline/entries.h"
#include "baseline/statement.h"
#include "baseline/writer.h"

#define BUFFER_SIZE ((size_t)256 * 1024)

/* A line of the file to come, which waits in the spill. */
struct key {
	char *path;
	uint64_t offset;
	uint32_t len;
	unsigned line;	 /* of the list */
	bool is_implied; /* a folder that the list does not name */
};

struct import {
	const struct import_options *options;
	struct list list;
	int spill;
	struct strbuf buffer, line; /* the buffer is what the spill has not got yet */
	uint64_t length;
	struct key *keys;
	size_t count, room, path_bytes;
	struct import_result result;
};

void import_result_done(struct import_result *result)
{
	for (size_t i = 0; i < result->ignored_count; i++)
		free(result->ignored[i]);
	*result = (struct import_result){0};
}

static int open_spill(void)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	cleanup_close int fd = -1;
	const char *folder = getenv("TMPDIR");

	strbuf_printf(&path, "%s/plumbline.XXXXXX", folder && *folder ? folder : "/tmp");
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	fd = mkostemp(path.data, O_CLOEXEC);
	if (fd < 0 || unlink(path.data) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int flush(struct import *m)
{
	int r = fd_write_all(m->spill, m->buffer.data, m->buffer.len);

	strbuf_clear(&m->buffer);
	return r;
}

/* Adds the line that is in m->line. */
static int add_line(struct import *m, const char *path, unsigned line, bool is_implied)
{
	size_t size = strlen(path) + 1;
	struct key *key;

	if (m->count == IMPORT_ENTRIES_MAX || m->path_bytes + size > IMPORT_PATHS_MAX)
		return list_refuse(&m->list, "the list is too large: %zu files or %zu MB of paths",
				   IMPORT_ENTRIES_MAX, IMPORT_PATHS_MAX >> 20);
	if (array_grow(&m->keys, m->count, &m->room, sizeof(*m->keys)) < 0)
		return -ENOMEM;
	key = &m->keys[m->count];
	*key = (struct key){.path = strdup(path),
			    .offset = m->length,
			    .len = (uint32_t)m->line.len,
			    .line = line,
			    .is_implied = is_implied};
	if (!key->path)
		return -ENOMEM;
	m->count++;
	m->path_bytes += size;
	strbuf_add(&m->buffer, m->line.data, m->line.len);
	m->length += m->line.len;
	if (strbuf_check(&m->buffer) < 0)
		return -ENOMEM;
	return m->buffer.len >= BUFFER_SIZE ? flush(m) : 0;
}

static int on_entry(const struct file_fact *entry, const struct list_place *place, void *userdata)
{
	struct import *m = userdata;
	struct file_fact again = {0};
	int r;

	strbuf_clear(&m->line);
	r = entry_write(entry, &m->line);
	if (r == -EMSGSIZE)
		return list_leave_out(&m->list, entry->path,
				      "its path and attributes are too long");
	if (r < 0)
		return r;
	/* The reader has the last word on what an entry is. */
	r = entry_read(m->line.data, m->line.len - 1, &again);
	if (r == -EBADMSG)
		return list_refuse(&m->list, "no entry can say this");
	if (r < 0)
		return r;
	file_fact_done(&again);
	return add_line(m, entry->path, place->line, false);
}

static int on_left_out(const char *path, const char *why, const struct list_place *place,
		       void *userdata)
{
	struct import *m = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, "%s%sline %u of the list: %s", place->component,
		      place->component[0] ? ", " : "", place->line, why);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	return statement_add_problem(m->options->statement, path, text.data);
}

static int on_ignored(const char *keyword, void *userdata)
{
	struct import *m = userdata;
	struct import_result *result = &m->result;

	for (size_t i = 0; i < result->ignored_count; i++)
		if (strcmp(result->ignored[i], keyword) == 0)
			return 0;
	if (result->ignored_count == IMPORT_IGNORED_MAX || strlen(keyword) > 64)
		return list_refuse(&m->list,
				   "more than %zu keywords that are not known, or too long ones",
				   IMPORT_IGNORED_MAX);
	result->ignored[result->ignored_count] = strdup(keyword);
	if (!result->ignored[result->ignored_count])
		return -ENOMEM;
	result->ignored_count++;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static int read_key(struct import *m, const struct key *key, struct strbuf *line)
{
	char block[4096];

	strbuf_clear(line);
	while (line->len < key->len) {
		size_t want = key->len - line->len;
		ssize_t n = pread(m->spill, block, want < sizeof(block) ? want : sizeof(block),
				  (off_t)(key->offset + line->len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		strbuf_add(line, block, (size_t)n);
		if (strbuf_check(line) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int count_entry(struct baseline_statement *s, const struct strbuf *line)
{
	cleanup_file_fact struct file_fact entry = {0};
	int r = entry_read(line->data, line->len - 1, &entry);

	if (r < 0)
		return r;
	s->entries++;
	s->unstated += entry.unstated != 0;
	r = statement_add_review(s, review_of(&entry), entry.path);
	if (r < 0 || entry.type != FILE_TYPE_REGULAR)
		return r;
	s->files++;
	s->bytes_hashed += entry.size;
	s->differs_from_package += entry.differs;
	s->not_packaged += !entry.package && !(entry.unstated & FILE_DIFF_PACKAGE);
	return 0;
}

static bool is_monitored(const struct import *m, const char *path)
{
	for (char *const *tree = m->options->rules->trees; tree && *tree; tree++)
		if (path_is_below(path, *tree))
			return true;
	return false;
}

/* The folders between a monitored tree and @path that are not also above the path before. */
static int imply_folders(struct import *m, const char *path, const char *before, unsigned line)
{
	cleanup_free char *folder = strdup(path);
	int r = 0;

	if (!folder)
		return -ENOMEM;
	for (char *slash = strrchr(folder, '/'); r == 0 && slash && slash > folder;
	     slash = strrchr(folder, '/')) {
		const struct file_fact entry = {.path = folder,
						.type = FILE_TYPE_DIRECTORY,
						.unstated = FILE_FIELDS_UNSTATED &
							    ~(unsigned)FILE_DIFF_SIZE};

		*slash = '\0';
		if (!is_monitored(m, folder) || path_is_below(before, folder))
			break;
		strbuf_clear(&m->line);
		r = entry_write(&entry, &m->line);
		if (r == 0)
			r = add_line(m, folder, line, true);
	}
	return r;
}

/*
 * Many lists name files alone. A folder that holds one is approved with it, or each would be an
 * addition to the tree that is monitored.
 */
static int imply_all(struct import *m)
{
	size_t count = m->count;
	int r = 0;

	qsort(m->keys, count, sizeof(*m->keys), compare_keys);
	for (size_t i = 0; i < count && r == 0; i++)
		r = imply_folders(m, m->keys[i].path, i > 0 ? m->keys[i - 1].path : "",
				  m->keys[i].line);
	if (m->count > count)
		qsort(m->keys, m->count, sizeof(*m->keys), compare_keys);
	return r < 0 ? r : flush(m);
}

/* A list may name a path twice, as long as it says the same. */
static int check_twice(struct import *m, const struct key *key, bool is_same)
{
	if (key->is_implied)
		return 0;
	m->list.place = (struct list_place){.line = key->line};
	if (!is_same)
		return list_refuse(&m->list, "line %u says otherwise of this path", key[-1].line);
	m->result.twice++;
	return 0;
}

static int write_entries(struct import *m, struct writer *writer)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT, before = STRBUF_INIT;
	int r;

	for (size_t i = 0; i < m->count; i++) {
		r = read_key(m, &m->keys[i], &line);
		if (r < 0)
			return r;
		if (i > 0 && strcmp(m->keys[i - 1].path, m->keys[i].path) == 0) {
			r = check_twice(m, &m->keys[i],
					line.len == before.len &&
						memcmp(line.data, before.data, line.len) == 0);
			if (r < 0)
				return r;
			continue;
		}
		m->result.implied += m->keys[i].is_implied;
		r = count_entry(m->options->statement, &line);
		if (r == 0)
			r = writer_add(writer, line.data, line.len);
		if (r < 0)
			return r;
		strbuf_clear(&before);
		strbuf_add(&before, line.data, line.len);
		if (strbuf_check(&before) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int read_list(struct import *m)
{
	struct baseline_statement *s = m->options->statement;
	uint8_t digest[SHA256_SIZE];
	int r;

	r = m->options->read(&m->list);
	if (r < 0)
		return r;
	r = flush(m);
	if (r == 0)
		r = list_input_digest(m->list.input, digest);
	if (r < 0)
		return r;
	hex_encode(digest, SHA256_SIZE, s->source_sha256);
	if (m->count > 0)
		return 0;
	m->list.place = (struct list_place){0};
	if (s->problem_count > 0)
		return list_refuse(&m->list, "nothing in it can be approved; %s: %s",
				   s->problems[0].path, s->problems[0].text);
	return list_refuse(&m->list, "it names no file");
}

static int write_file(struct import *m, const char *path, struct diag *diag)
{
	cleanup_with(writer_freep) struct writer *writer = NULL;
	cleanup_strbuf struct strbuf rules = STRBUF_INIT;
	int r;

	r = baseline_rules_write(m->options->rules, &rules);
	if (r < 0)
		return diag_set(diag, "rules.ini", 0, r,
				"a tree or pattern is too long or cannot be written in ini");
	r = writer_new(path, &writer, diag);
	if (r == 0)
		r = imply_all(m);
	if (r == 0)
		r = write_entries(m, writer);
	if (r < 0)
		return r;
	return writer_finish(writer, m->options->statement, rules.data ? rules.data : "", rules.len,
			     diag);
}

static int import_all(struct import *m, const char *path, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	if (access(path, F_OK) == 0)
		return diag_set(diag, path, 0, -EEXIST, "cannot create: %s", strerror(EEXIST));
	if (statement_write(m->options->statement, &text) == -EINVAL)
		return diag_set(diag, "", 0, -EINVAL,
				"name, layer (vendor, model, site or host) or ticket cannot be "
				"written in a statement");
	m->spill = open_spill();
	if (m->spill < 0)
		return diag_set(diag, "", 0, m->spill, "cannot make a temporary file: %s",
				strerror(-m->spill));
	r = list_input_new(m->options->fd, NULL, 0, &m->list.input);
	if (r == 0)
		r = read_list(m);
	return r < 0 ? r : write_file(m, path, diag);
}

int baseline_import(const struct import_options *options, const char *path,
		    struct import_result *ret_result, struct diag *diag)
{
	struct import m = {
		.options = options,
		.spill = -1,
		.list = {.name = options->name,
			 .prefix = options->prefix,
			 .on_entry = on_entry,
			 .on_left_out = on_left_out,
			 .on_ignored = on_ignored,
			 .diag = diag},
	};
	int r;

	m.list.userdata = &m;
	r = import_all(&m, path, diag);
	if (r < 0 && diag && !diag->text[0])
		diag_set(diag, options->name, 0, r, "cannot import: %s", strerror(-r));
	if (r == 0) {
		*ret_result = m.result;
		m.result = (struct import_result){0};
	}
	import_result_done(&m.result);
	list_input_free(m.list.input);
	cleanup_closep(&m.spill);
	strbuf_done(&m.buffer);
	strbuf_done(&m.line);
	for (size_t i = 0; i < m.count; i++)
		free(m.keys[i].path);
	free(m.keys);
	return r;
}
