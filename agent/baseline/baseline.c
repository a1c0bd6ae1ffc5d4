/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of a baseline file.
 *
 * Nothing of the file is believed before its digest was checked, and what
 * baseline_next() gives is hashed once more as it goes by: the file may change
 * between the check and the use.
 */
#include "baseline/baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/changes.h"
#include "baseline/entries.h"
#include "baseline/signature.h"
#include "baseline/span_lines.h"
#include "baseline/statement.h"
#include "baseline/tar.h"

#define APPROVALS_MAX ((unsigned)99)
#define APPROVAL_MAX  ((uint64_t)65536)
#define ENTRIES_MAX   ((uint64_t)1 << 31)

struct baseline {
	int fd;
	char *name;
	struct baseline_statement statement;
	struct strbuf json, rules;
	char digest[SHA256_HEX_SIZE];
	struct span entries, changes;
	bool has_changes;
	struct span approvals[APPROVALS_MAX];
	unsigned approval_count;
	uint64_t length; /* up to the end-of-archive blocks */

	/* state of baseline_next() */
	struct span_lines *lines; /* of the entries */
	struct hash *content;
	char *previous; /* path */
	uint64_t count, files, bytes, unstated, differs, not_packaged, review[REVIEW_COUNT];
	bool is_over;
	struct changes *reader; /* of the changes, beside the entries */
	struct baseline_change change;
	bool has_change; /* @change is the next one */
};

static int refuse(const struct baseline *b, struct diag *diag, const char *text)
{
	return diag_set(diag, b->name, 0, -EBADMSG, "%s", text);
}

/* Reads exactly @len bytes. A file that is shorter than its headers say is a bad one. */
static int read_at(const struct baseline *b, uint64_t offset, void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(b->fd, (char *)data + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int read_span(const struct baseline *b, struct span span, struct strbuf *out)
{
	char block[4096];
	int r;

	for (uint64_t done = 0; done < span.size;) {
		size_t n = span.size - done < sizeof(block) ? (size_t)(span.size - done)
							    : sizeof(block);

		r = read_at(b, span.offset + done, block, n);
		if (r < 0)
			return r;
		strbuf_add(out, block, n);
		done += n;
	}
	strbuf_add(out, "", 0); /* "" for an empty member */
	return strbuf_check(out);
}

/* Whether @len bytes (less than a block) from @offset are zero. */
static int check_zeros(const struct baseline *b, uint64_t offset, uint64_t len)
{
	static const char zeros[TAR_BLOCK];
	char block[TAR_BLOCK];
	int r;

	r = read_at(b, offset, block, (size_t)len);
	if (r < 0)
		return r;
	return memcmp(block, zeros, (size_t)len) == 0 ? 0 : -EBADMSG;
}

/*
 * Reads the member at *@offset, which must be called @name and hold at most @max bytes, and moves
 * *@offset behind it. 1, 0 when the archive ends here, or negative errno.
 */
static int read_member(const struct baseline *b, const char *name, uint64_t max, uint64_t *offset,
		       struct span *ret_span, struct diag *diag)
{
	uint8_t block[TAR_BLOCK];
	struct tar_member member;
	struct span span;
	int r;

	r = read_at(b, *offset, block, sizeof(block));
	if (r == -EBADMSG)
		return refuse(b, diag, "the file is cut off");
	if (r < 0)
		return diag_set(diag, b->name, 0, r, "cannot read: %s", strerror(-r));
	r = tar_read_header(block, &member);
	if (r < 0)
		return refuse(b, diag, "a member's header is not that of a baseline file");
	if (r == 0)
		return 0;
	if (strcmp(member.name, name) != 0)
		return diag_set(diag, b->name, 0, -EBADMSG, "member %s where %s belongs",
				member.name, name);
	if (member.size > max)
		return diag_set(diag, b->name, 0, -EBADMSG, "%s is too long", name);

	span = (struct span){.offset = *offset + TAR_BLOCK, .size = member.size};
	r = check_zeros(b, span.offset + span.size, tar_padding(span.size));
	if (r < 0)
		return diag_set(diag, b->name, 0, -EBADMSG,
				"%s is cut off or not followed by zeros", name);
	*offset = span.offset + span.size + tar_padding(span.size);
	*ret_span = span;
	return 1;
}

/* At least two blocks of zeros, then nothing but zeros. */
static int check_end(const struct baseline *b, uint64_t offset, struct diag *diag)
{
	off_t end = lseek(b->fd, 0, SEEK_END);

	if (end < 0)
		return -errno;
	if ((uint64_t)end < offset + 2 * (uint64_t)TAR_BLOCK ||
	    (uint64_t)end > offset + 40 * (uint64_t)TAR_BLOCK || end % TAR_BLOCK != 0)
		return refuse(b, diag, "the file is cut off or longer than its archive");
	for (; offset < (uint64_t)end; offset += TAR_BLOCK)
		if (check_zeros(b, offset, TAR_BLOCK) < 0)
			return refuse(b, diag, "the archive is followed by something");
	return 0;
}

static bool is_next_member(const struct baseline *b, const char *name, uint64_t offset)
{
	char block[TAR_BLOCK];

	return read_at(b, offset, block, sizeof(block)) == 0 &&
	       strncmp(block, name, TAR_NAME_MAX) == 0;
}

static int read_members(struct baseline *b, struct diag *diag)
{
	struct span statement, rules;
	uint64_t offset = 0;
	int r;

	r = read_member(b, "statement.json", STATEMENT_MAX, &offset, &statement, diag);
	if (r > 0)
		r = read_member(b, "entries.jsonl", ENTRIES_MAX, &offset, &b->entries, diag);
	if (r > 0)
		r = read_member(b, "rules.ini", BASELINE_RULES_MAX, &offset, &rules, diag);
	if (r == 0)
		r = refuse(b, diag, "statement.json, entries.jsonl or rules.ini is missing");
	if (r > 0 && is_next_member(b, "changes.jsonl", offset)) {
		b->has_changes = true;
		r = read_member(b, "changes.jsonl", CHANGES_MAX, &offset, &b->changes, diag);
	}
	if (r < 0)
		return r;

	while (b->approval_count < APPROVALS_MAX) {
		char name[32];

		(void)snprintf(name, sizeof(name), "approvals/%02u.p7m", b->approval_count + 1);
		r = read_member(b, name, APPROVAL_MAX, &offset, &b->approvals[b->approval_count],
				diag);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		b->approval_count++;
	}
	b->length = offset;
	r = check_end(b, offset, diag);
	if (r == 0)
		r = read_span(b, statement, &b->json);
	if (r == 0)
		r = read_span(b, rules, &b->rules);
	return r;
}

static int check_digest(struct baseline *b, const void *data, size_t len, const char *expected,
			const char *what, struct diag *diag)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t digest[SHA256_SIZE];
	int r = hash_buffer(data, len, digest);

	if (r < 0)
		return r;
	hex_encode(digest, SHA256_SIZE, hex);
	if (strcmp(hex, expected) != 0)
		return diag_set(diag, b->name, 0, -EBADMSG,
				"%s is not what the statement names: expected sha256 %s, actual %s",
				what, expected, hex);
	return 0;
}

static int check_statement(struct baseline *b, struct diag *diag)
{
	struct baseline_statement *s = &b->statement;
	cleanup_with(baseline_statement_done) struct baseline_statement sealed = {0};
	char hex[SHA256_HEX_SIZE];
	uint8_t digest[SHA256_SIZE];
	int r;

	r = statement_read(b->json.data, b->json.len, s, diag);
	if (r < 0)
		return r;
	r = hash_buffer(b->json.data, b->json.len, digest);
	if (r < 0)
		return r;
	hex_encode(digest, SHA256_SIZE, b->digest);

	memcpy(sealed.entries_sha256, s->entries_sha256, SHA256_HEX_SIZE);
	memcpy(sealed.rules_sha256, s->rules_sha256, SHA256_HEX_SIZE);
	r = statement_seal(&sealed);
	if (r < 0)
		return r;
	if (strcmp(sealed.full_digest, s->full_digest) != 0)
		return refuse(b, diag, "the full digest is not that of entries and rules");
	if (s->entries_bytes != b->entries.size || s->rules_bytes != b->rules.len)
		return refuse(b, diag, "entries or rules are not as long as the statement says");
	r = check_digest(b, b->rules.data, b->rules.len, s->rules_sha256, "rules.ini", diag);
	if (r < 0)
		return r;
	r = span_lines_new(b->fd, b->entries, ENTRY_LINE_MAX, &b->lines);
	if (r == 0)
		r = span_lines_hash_all(b->lines, hex);
	if (r < 0)
		return r;
	if (strcmp(hex, s->entries_sha256) != 0)
		return diag_set(diag, b->name, 0, -EBADMSG,
				"entries.jsonl is not what the statement names: expected sha256 "
				"%s, actual %s",
				s->entries_sha256, hex);
	return 0;
}

int baseline_open_changes(const struct baseline *b, struct changes **ret_changes)
{
	struct changes_source source = {
		.fd = b->fd,
		.span = b->changes,
		.count = b->statement.changes,
	};

	if (!b->has_changes)
		return -ENOENT;
	memcpy(source.sha256, b->statement.changes_sha256, SHA256_HEX_SIZE);
	return changes_open(&source, ret_changes);
}

/* Reads them once to the end: from here on the file is known to be good but for its entries. */
static int check_changes(const struct baseline *b, struct diag *diag)
{
	cleanup_with(changes_closep) struct changes *changes = NULL;
	int r;

	if (b->has_changes != (b->statement.changes > 0) ||
	    b->changes.size != b->statement.changes_bytes)
		return refuse(b, diag,
			      "changes.jsonl is not there or not as long as the statement says");
	if (!b->has_changes)
		return 0;
	r = baseline_open_changes(b, &changes);
	while (r >= 0) {
		cleanup_with(baseline_change_done) struct baseline_change change = {0};

		r = changes_next(changes, &change, diag);
		if (r == 0)
			break;
	}
	return r;
}

static int check_rules(const struct baseline *b, struct diag *diag)
{
	struct baseline_rules rules = {0};
	int r;

	r = baseline_rules_parse(b->rules.data, b->rules.len, &rules, diag);
	baseline_rules_done(&rules);
	return r == -EINVAL ? -EBADMSG : r;
}

static int open_all(struct baseline *b, int fd, const char *name, struct diag *diag)
{
	struct stat st;
	int r;

	b->name = strdup(name);
	if (!b->name)
		return -ENOMEM;
	b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (b->fd < 0 || fstat(b->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return refuse(b, diag, "it is no regular file");
	r = hash_new(&b->content);
	if (r == 0)
		r = read_members(b, diag);
	if (r == 0)
		r = check_statement(b, diag);
	if (r == 0)
		r = check_rules(b, diag);
	if (r == 0)
		r = check_changes(b, diag);
	return r;
}

int baseline_open(int fd, const char *name, struct baseline **ret_baseline, struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *b = NULL;
	int r;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->fd = -1;
	diag_set(diag, name, 0, 0, "%s", "");
	r = open_all(b, fd, name, diag);
	if (r < 0) {
		if (diag && !diag->text[0])
			diag_set(diag, name, 0, r, "cannot read: %s", strerror(-r));
		return r;
	}
	r = baseline_rewind(b);
	if (r < 0)
		return r;
	*ret_baseline = TAKE_PTR(b);
	return 0;
}

struct baseline *baseline_close(struct baseline *b)
{
	if (!b)
		return NULL;
	cleanup_closep(&b->fd);
	baseline_statement_done(&b->statement);
	strbuf_done(&b->json);
	strbuf_done(&b->rules);
	span_lines_free(b->lines);
	hash_free(b->content);
	free(b->previous);
	baseline_change_done(&b->change);
	changes_close(b->reader);
	free(b->name);
	free(b);
	return NULL;
}

const struct baseline_statement *baseline_get_statement(const struct baseline *baseline)
{
	return &baseline->statement;
}

const char *baseline_get_statement_json(const struct baseline *baseline)
{
	return baseline->json.data;
}

const char *baseline_get_digest(const struct baseline *baseline)
{
	return baseline->digest;
}

const char *baseline_get_rules(const struct baseline *baseline, size_t *ret_len)
{
	*ret_len = baseline->rules.len;
	return baseline->rules.data;
}

uint64_t baseline_get_length(const struct baseline *baseline)
{
	return baseline->length;
}

unsigned baseline_count_approvals(const struct baseline *baseline)
{
	return baseline->approval_count;
}

int baseline_rewind(struct baseline *b)
{
	span_lines_rewind(b->lines);
	b->count = b->files = b->bytes = b->unstated = b->differs = b->not_packaged = 0;
	memset(b->review, 0, sizeof(b->review));
	b->is_over = false;
	free(b->previous);
	b->previous = NULL;
	hash_reset(b->content);
	baseline_change_done(&b->change);
	b->has_change = false;
	b->reader = changes_close(b->reader);
	return b->has_changes ? baseline_open_changes(b, &b->reader) : 0;
}

static int check_totals(struct baseline *b, struct diag *diag)
{
	const struct baseline_statement *s = &b->statement;
	uint8_t content[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];

	if (span_lines_digest(b->lines, hex) < 0 || hash_final(b->content, content) < 0)
		return -EIO;
	b->is_over = true;
	if (strcmp(hex, s->entries_sha256) != 0)
		return refuse(b, diag, "the file changed while it was read");
	hex_encode(content, SHA256_SIZE, hex);
	if (strcmp(hex, s->content_digest) != 0)
		return refuse(b, diag, "the content digest is not that of the entries");
	if (b->count != s->entries || b->files != s->files || b->bytes != s->bytes_hashed ||
	    b->unstated != s->unstated || b->differs != s->differs_from_package ||
	    b->not_packaged != s->not_packaged ||
	    memcmp(b->review, s->review, sizeof(b->review)) != 0)
		return refuse(b, diag, "the counts of the statement are not those of the entries");
	return 0;
}

/*
 * Passes the changes up to @path (NULL: to the end): what was removed is no entry, and all else is
 * one.
 */
static int follow_changes(struct baseline *b, const char *path, struct diag *diag)
{
	int r, order = -1;

	while (b->reader && order < 0) {
		if (!b->has_change) {
			r = changes_next(b->reader, &b->change, diag);
			if (r <= 0) {
				b->reader = changes_close(b->reader);
				return r;
			}
			b->has_change = true;
		}
		order = path ? strcmp(b->change.path, path) : -1;
		if (order > 0)
			break;
		if ((order == 0) == (b->change.kind == DIFF_REMOVED))
			return diag_set(diag, "changes.jsonl", 0, -EBADMSG,
					"it does not fit the entries: a path is %s and is %s entry",
					diff_kind_name(b->change.kind), order == 0 ? "an" : "no");
		baseline_change_done(&b->change);
		b->has_change = false;
	}
	return 0;
}

/* Strictly ascending paths: no path twice, and one order for one set. */
static int check_order(struct baseline *b, const struct file_fact *entry, struct diag *diag)
{
	if (b->previous && strcmp(b->previous, entry->path) >= 0)
		return diag_set(diag, "entries.jsonl", (unsigned)b->count, -EBADMSG,
				"path twice or out of order");
	free(b->previous);
	b->previous = strdup(entry->path);
	return b->previous ? 0 : -ENOMEM;
}

/* What approvers are told to look at is part of what they sign: no entry hides from it. */
static void count_entry(struct baseline *b, const struct file_fact *entry)
{
	unsigned review = review_of(entry);

	b->unstated += entry->unstated != 0;
	for (unsigned i = 0; i < REVIEW_COUNT; i++)
		b->review[i] += review >> i & 1;
	if (entry->type != FILE_TYPE_REGULAR)
		return;
	b->files++;
	b->bytes += entry->size;
	b->differs += entry->differs;
	b->not_packaged += !entry->package && !(entry->unstated & FILE_DIFF_PACKAGE);
}

static int take_line(struct baseline *b, const char *line, size_t len, struct file_fact *entry,
		     struct diag *diag)
{
	size_t content = entry_content_length(line, len);
	int r;

	b->count++;
	r = entry_read(line, len, entry);
	if (r < 0)
		return diag_set(diag, "entries.jsonl", (unsigned)b->count, r,
				"not an entry in canonical form");
	if (content > 0) {
		hash_update(b->content, line, content);
		hash_update(b->content, "\n", 1);
	}
	count_entry(b, entry);
	return check_order(b, entry, diag);
}

int baseline_next(struct baseline *b, struct file_fact *ret_entry, struct diag *diag)
{
	cleanup_file_fact struct file_fact entry = {0};
	const char *line;
	size_t len;
	int r;

	if (b->is_over)
		return 0;
	r = span_lines_next(b->lines, &line, &len);
	if (r == 0) {
		r = follow_changes(b, NULL, diag);
		return r < 0 ? r : check_totals(b, diag);
	}
	if (r < 0)
		return diag_set(diag, "entries.jsonl", (unsigned)b->count + 1, r,
				"cannot read the line");
	r = take_line(b, line, len, &entry, diag);
	if (r == 0)
		r = follow_changes(b, entry.path, diag);
	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct file_fact){0};
	return 1;
}

int baseline_read_approval(struct baseline *b, unsigned index, const char *ca_pem,
			   struct baseline_approval *ret_approval, struct diag *diag)
{
	cleanup_strbuf struct strbuf cms = STRBUF_INIT;
	int r;

	if (index >= b->approval_count)
		return -ENOENT;
	r = read_span(b, b->approvals[index], &cms);
	if (r < 0)
		return diag_set(diag, b->name, 0, r, "cannot read approval %u", index + 1);
	return signature_verify(cms.data, cms.len, b->digest, b->statement.made_at_ns, ca_pem,
				ret_approval);
}
