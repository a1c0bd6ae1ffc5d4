/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/baseline.h"
#include "baseline/changes.h"
#include "baseline/entries.h"
#include "baseline/signature.h"
#include "baseline/statement.h"
#include "baseline/tar.h"

#define BUFFER_SIZE ((size_t)256 * 1024)

/* A file without a name yet, or with a temporary one where the file system cannot do without. */
struct draft {
	int dirfd, fd;
	char *name; /* the last component of the path it is for */
	char *temporary;
};

/* A member whose length is known at its end: it waits in a file of its own. */
struct part {
	struct draft draft;
	struct strbuf buffer; /* not written yet */
	uint64_t bytes;
	struct hash *hash;
};

struct writer {
	char *path;
	struct draft file;
	struct part entries, changes; /* changes: opened with the first one */
	uint64_t change_count;
	struct hash *content;
};

static int split_path(const char *path, int *ret_dirfd, char **ret_name)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
	cleanup_free char *name = strdup(slash ? slash + 1 : path);
	int fd;

	if (!dir || !name)
		return -ENOMEM;
	if (!name[0])
		return -EISDIR;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_dirfd = fd;
	*ret_name = TAKE_PTR(name);
	return 0;
}

static int open_named(struct draft *draft, mode_t mode)
{
	for (unsigned i = 0; i < 100; i++) {
		cleanup_free char *name = NULL;

		if (asprintf(&name, ".%s.%d.%u", draft->name, getpid(), i) < 0) {
			name = NULL;
			return -ENOMEM;
		}
		draft->fd = openat(draft->dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (draft->fd >= 0) {
			draft->temporary = TAKE_PTR(name);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int open_draft(const char *path, struct draft *draft)
{
	int r;

	r = split_path(path, &draft->dirfd, &draft->name);
	if (r < 0)
		return r;
	draft->fd = openat(draft->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
	if (draft->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return -errno;
	return open_named(draft, 0644);
}

static void drop_draft(struct draft *draft)
{
	if (draft->temporary)
		(void)unlinkat(draft->dirfd, draft->temporary, 0);
	cleanup_closep(&draft->fd);
	cleanup_closep(&draft->dirfd);
	free(draft->temporary);
	free(draft->name);
	*draft = (struct draft){.fd = -1, .dirfd = -1};
}

/* FAT, on a stick, has no hard links; other file systems cannot rename without replacing. */
static int name_temporary(struct draft *draft)
{
	if (linkat(draft->dirfd, draft->temporary, draft->dirfd, draft->name, 0) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP)
		return -errno;
	if (renameat2(draft->dirfd, draft->temporary, draft->dirfd, draft->name, RENAME_NOREPLACE) <
	    0)
		return -errno;
	free(draft->temporary);
	draft->temporary = NULL;
	return 0;
}

/* Gives the finished file its name, which must be free. */
static int link_draft(struct draft *draft)
{
	char link[64];
	int r = 0;

	if (fsync(draft->fd) < 0)
		return -errno;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", draft->fd);
	if (draft->temporary)
		r = name_temporary(draft);
	else if (linkat(AT_FDCWD, link, draft->dirfd, draft->name, AT_SYMLINK_FOLLOW) < 0)
		r = -errno;
	if (r == 0 && fsync(draft->dirfd) < 0)
		r = -errno;
	return r;
}

static int open_part(const char *path, struct part *part)
{
	int r = open_draft(path, &part->draft);

	return r < 0 ? r : hash_new(&part->hash);
}

static void drop_part(struct part *part)
{
	drop_draft(&part->draft);
	strbuf_done(&part->buffer);
	hash_free(part->hash);
}

static int flush(struct part *part)
{
	int r;

	hash_update(part->hash, part->buffer.data, part->buffer.len);
	r = fd_write_all(part->draft.fd, part->buffer.data, part->buffer.len);
	part->bytes += part->buffer.len;
	strbuf_clear(&part->buffer);
	return r;
}

static int flush_if_full(struct part *part)
{
	if (strbuf_check(&part->buffer) < 0)
		return -ENOMEM;
	return part->buffer.len >= BUFFER_SIZE ? flush(part) : 0;
}

/* The rest, and the digest of all. */
static int finish_part(struct part *part, char hex[static SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	int r;

	r = part->buffer.len > 0 ? flush(part) : 0;
	if (r == 0)
		r = hash_final(part->hash, digest);
	if (r == 0)
		hex_encode(digest, SHA256_SIZE, hex);
	return r;
}

static int init_writer(struct writer *w, const char *path)
{
	struct stat st;
	int r;

	if (lstat(path, &st) == 0)
		return -EEXIST;
	w->path = strdup(path);
	if (!w->path)
		return -ENOMEM;
	r = open_draft(path, &w->file);
	if (r == 0)
		r = open_part(path, &w->entries);
	if (r == 0)
		r = hash_new(&w->content);
	return r;
}

int writer_new(const char *path, struct writer **ret_writer, struct diag *diag)
{
	cleanup_with(writer_freep) struct writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->file = w->entries.draft = w->changes.draft = (struct draft){.fd = -1, .dirfd = -1};
	r = init_writer(w, path);
	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot create: %s", strerror(-r));
	*ret_writer = TAKE_PTR(w);
	return 0;
}

struct writer *writer_free(struct writer *w)
{
	if (!w)
		return NULL;
	drop_draft(&w->file);
	drop_part(&w->entries);
	drop_part(&w->changes);
	hash_free(w->content);
	free(w->path);
	free(w);
	return NULL;
}

int writer_add(struct writer *w, const char *line, size_t len)
{
	size_t content = entry_content_length(line, len);

	if (content > 0) {
		hash_update(w->content, line, content);
		hash_update(w->content, "\n", 1);
	}
	strbuf_add(&w->entries.buffer, line, len);
	return flush_if_full(&w->entries);
}

int writer_add_change(struct writer *w, const struct baseline_change *change)
{
	int r = w->changes.hash ? 0 : open_part(w->path, &w->changes);

	if (r == 0)
		r = change_write(change, &w->changes.buffer);
	if (r < 0)
		return r;
	w->change_count++;
	return flush_if_full(&w->changes);
}

static int fill_statement(struct writer *w, struct baseline_statement *s, const char *rules,
			  size_t rules_len)
{
	uint8_t content[SHA256_SIZE], of_rules[SHA256_SIZE];
	int r;

	r = finish_part(&w->entries, s->entries_sha256);
	if (r == 0 && w->change_count > 0)
		r = finish_part(&w->changes, s->changes_sha256);
	if (r == 0)
		r = hash_final(w->content, content);
	if (r == 0)
		r = hash_buffer(rules, rules_len, of_rules);
	if (r < 0)
		return r;
	hex_encode(content, SHA256_SIZE, s->content_digest);
	hex_encode(of_rules, SHA256_SIZE, s->rules_sha256);
	s->entries_bytes = w->entries.bytes;
	s->changes = w->change_count;
	s->changes_bytes = w->changes.bytes;
	s->rules_bytes = rules_len;
	return statement_seal(s);
}

static int write_header(int fd, const char *name, uint64_t size, int64_t time_ns)
{
	struct tar_member member = {.size = size, .time_s = time_ns / NSEC_PER_SEC};
	uint8_t block[TAR_BLOCK];
	int r;

	str_copy(member.name, sizeof(member.name), name);
	r = tar_write_header(&member, block);
	return r < 0 ? r : fd_write_all(fd, block, sizeof(block));
}

static int write_zeros(int fd, uint64_t len)
{
	static const uint8_t zeros[2 * TAR_BLOCK];

	return fd_write_all(fd, zeros, (size_t)len);
}

static int write_member(int fd, const char *name, const void *data, size_t len, int64_t time_ns)
{
	int r = write_header(fd, name, len, time_ns);

	if (r == 0)
		r = fd_write_all(fd, data, len);
	return r < 0 ? r : write_zeros(fd, tar_padding(len));
}

/* Appends @len bytes from the start of @from to @to. */
static int copy_bytes(int from, int to, uint64_t len)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	int r = 0;

	if (!buffer)
		return -ENOMEM;
	for (uint64_t done = 0; done < len && r == 0;) {
		size_t want = len - done < BUFFER_SIZE ? (size_t)(len - done) : BUFFER_SIZE;
		ssize_t n = pread(from, buffer, want, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = fd_write_all(to, buffer, (size_t)n);
		done += (uint64_t)n;
	}
	return r;
}

static int write_part(int fd, const char *name, const struct part *part, int64_t time_ns)
{
	int r = write_header(fd, name, part->bytes, time_ns);

	if (r == 0)
		r = copy_bytes(part->draft.fd, fd, part->bytes);
	return r < 0 ? r : write_zeros(fd, tar_padding(part->bytes));
}

static int write_members(struct writer *w, const struct baseline_statement *s, const char *rules,
			 size_t rules_len)
{
	cleanup_strbuf struct strbuf json = STRBUF_INIT;
	int fd = w->file.fd, r;

	r = statement_write(s, &json);
	if (r == 0)
		r = write_member(fd, "statement.json", json.data, json.len, s->made_at_ns);
	if (r == 0)
		r = write_part(fd, "entries.jsonl", &w->entries, s->made_at_ns);
	if (r == 0)
		r = write_member(fd, "rules.ini", rules, rules_len, s->made_at_ns);
	if (r == 0 && s->changes > 0)
		r = write_part(fd, "changes.jsonl", &w->changes, s->made_at_ns);
	return r < 0 ? r : write_zeros(fd, 2 * (uint64_t)TAR_BLOCK);
}

int writer_finish(struct writer *w, struct baseline_statement *statement, const char *rules,
		  size_t rules_len, struct diag *diag)
{
	int r;

	r = fill_statement(w, statement, rules, rules_len);
	if (r == 0)
		r = write_members(w, statement, rules, rules_len);
	if (r == 0)
		r = link_draft(&w->file);
	if (r < 0)
		return diag_set(diag, w->file.name, 0, r, "cannot write: %s", strerror(-r));
	return 0;
}

/* Copies what stands before the end of the archive, and puts the approval behind it. */
static int write_with_approval(int from, int to, const struct baseline *baseline, const void *cms,
			       size_t len, int64_t time_ns)
{
	char name[32];
	struct stat st;
	int r;

	if (fstat(from, &st) < 0)
		return -errno;
	/* A mode or an owner that cannot be kept, as on FAT, is no reason to refuse the approval.
	 */
	(void)!fchmod(to, st.st_mode & 0777);
	(void)!fchown(to, st.st_uid, st.st_gid);
	(void)snprintf(name, sizeof(name), "approvals/%02u.p7m",
		       baseline_count_approvals(baseline) + 1);
	r = copy_bytes(from, to, baseline_get_length(baseline));
	if (r == 0)
		r = write_member(to, name, cms, len, time_ns);
	if (r == 0)
		r = write_zeros(to, 2 * (uint64_t)TAR_BLOCK);
	if (r == 0 && fsync(to) < 0)
		r = -errno;
	return r;
}

/* The file that is at @path now, held against a second writer until it is closed. */
static int open_locked(const char *path)
{
	for (int i = 0; i < 10; i++) {
		cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		struct stat held, named;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (fstat(fd, &held) < 0 || stat(path, &named) < 0)
			return -errno;
		if (held.st_dev == named.st_dev && held.st_ino == named.st_ino)
			return TAKE_FD(fd);
	}
	return -EBUSY;
}

static int replace(struct draft *draft)
{
	if (renameat(draft->dirfd, draft->temporary, draft->dirfd, draft->name) < 0)
		return -errno;
	free(draft->temporary);
	draft->temporary = NULL;
	return fsync(draft->dirfd) < 0 ? -errno : 0;
}

/* One certificate approves once in one role: twice looks like two people and is none more. */
static int check_new(struct baseline *baseline, const void *cms, size_t len, struct diag *diag)
{
	cleanup_with(baseline_approval_done) struct baseline_approval added = {0};
	int r;

	r = signature_verify(cms, len, baseline_get_digest(baseline),
			     baseline_get_statement(baseline)->made_at_ns, NULL, &added);
	for (unsigned i = 0; r == 0 && i < baseline_count_approvals(baseline); i++) {
		cleanup_with(baseline_approval_done) struct baseline_approval old = {0};

		r = baseline_read_approval(baseline, i, NULL, &old, diag);
		if (r == 0 && added.role && old.role && strcmp(added.role, old.role) == 0 &&
		    strcmp(added.certificate_sha256, old.certificate_sha256) == 0)
			return diag_set(diag, "", 0, -EEXIST,
					"approval %u has this certificate and the role %s already",
					i + 1, old.role);
	}
	return r;
}

int writer_add_approval(const char *path, const void *cms, size_t len, int64_t time_ns,
			struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	cleanup_close int fd = open_locked(path);
	struct draft draft = {.fd = -1, .dirfd = -1};
	int r;

	if (fd < 0)
		return diag_set(diag, path, 0, fd, "cannot open: %s", strerror(-fd));
	r = baseline_open(fd, path, &baseline, diag);
	if (r < 0)
		return r;

	r = check_new(baseline, cms, len, diag);
	if (r < 0)
		return r;
	r = split_path(path, &draft.dirfd, &draft.name);
	if (r == 0)
		r = open_named(&draft, 0600);
	if (r == 0)
		r = write_with_approval(fd, draft.fd, baseline, cms, len, time_ns);
	if (r == 0)
		r = replace(&draft);
	drop_draft(&draft);
	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot write: %s", strerror(-r));
	return 0;
}
