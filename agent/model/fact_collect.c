/* SPDX-License-Identifier: Apache-2.0 */
#include "model/fact_collect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/str.h"
#include "base/strbuf.h"

#define READ_BUFFER_SIZE ((size_t)64 * 1024)
#define HEAD_SIZE	 512
/* XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel: no list or value is longer. */
#define XATTR_BUFFER_SIZE 65536

struct fact_collector {
	const struct id_names *names;
	struct hash *hash;
	uint8_t *buffer;  /* of READ_BUFFER_SIZE */
	char *xattr_list; /* of XATTR_BUFFER_SIZE, as the value */
	uint8_t *xattr_value;
	uid_t euid;
	int error;
};

int fact_collector_new(const struct id_names *names, struct fact_collector **ret_collector)
{
	cleanup_with(fact_collector_freep) struct fact_collector *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->names = names;
	c->euid = geteuid();
	c->buffer = malloc(READ_BUFFER_SIZE);
	c->xattr_list = malloc(XATTR_BUFFER_SIZE);
	c->xattr_value = malloc(XATTR_BUFFER_SIZE);
	if (!c->buffer || !c->xattr_list || !c->xattr_value)
		return -ENOMEM;
	r = hash_new(&c->hash);
	if (r < 0)
		return r;
	*ret_collector = TAKE_PTR(c);
	return 0;
}

struct fact_collector *fact_collector_free(struct fact_collector *collector)
{
	if (!collector)
		return NULL;
	hash_free(collector->hash);
	free(collector->buffer);
	free(collector->xattr_list);
	free(collector->xattr_value);
	free(collector);
	return NULL;
}

int fact_collector_error(const struct fact_collector *collector)
{
	return collector->error;
}

static int set_text(char **field, const char *text)
{
	if (!text)
		return 0;
	*field = strdup(text);
	return *field ? 0 : -ENOMEM;
}

static ssize_t list_xattrs(struct fact_collector *c, int fd, const char *path)
{
	return fd >= 0 ? flistxattr(fd, c->xattr_list, XATTR_BUFFER_SIZE)
		       : llistxattr(path, c->xattr_list, XATTR_BUFFER_SIZE);
}

static ssize_t get_xattr(struct fact_collector *c, int fd, const char *path, const char *name)
{
	return fd >= 0 ? fgetxattr(fd, name, c->xattr_value, XATTR_BUFFER_SIZE)
		       : lgetxattr(path, name, c->xattr_value, XATTR_BUFFER_SIZE);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names that begin with "security.", sorted, in @names (borrowed from @list). */
static size_t pick_security_names(const char *list, size_t len, const char **names, size_t max)
{
	size_t count = 0;

	for (const char *name = list; name < list + len && count < max; name += strlen(name) + 1)
		if (str_starts(name, "security."))
			names[count++] = name;
	if (count > 1)
		qsort(names, count, sizeof(*names), by_name);
	return count;
}

static void add_hex(struct strbuf *sb, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char text[3];

		hex_encode(data + i, 1, text);
		strbuf_add(sb, text, 2);
	}
}

static int add_xattr(struct fact_collector *c, const char *name, size_t len, struct strbuf *sb,
		     struct file_fact *fact)
{
	/* One that is malformed is shown as bytes: it is still a difference. */
	if (str_equal(name, "security.capability") &&
	    fact_format_capabilities(c->xattr_value, len, &fact->capabilities) == 0)
		return 0;
	if (sb->len > 0)
		strbuf_add_char(sb, ' ');
	str_escape(sb, name, strlen(name));
	strbuf_add_char(sb, '=');
	add_hex(sb, c->xattr_value, len);
	return strbuf_check(sb);
}

static int fill_xattrs(struct fact_collector *c, int fd, const char *path, struct file_fact *fact)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	const char *names[32];
	ssize_t len;
	size_t count;
	int r;

	len = list_xattrs(c, fd, path);
	/* Not every file system has them, and a path may be gone by now. */
	if (len <= 0)
		return 0;
	count = pick_security_names(c->xattr_list, (size_t)len, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < count; i++) {
		len = get_xattr(c, fd, path, names[i]);
		if (len < 0)
			continue;
		r = add_xattr(c, names[i], (size_t)len, &sb, fact);
		if (r < 0)
			return r;
	}
	if (sb.len == 0)
		return 0;
	fact->xattrs = strbuf_take(&sb);
	return fact->xattrs ? 0 : -ENOMEM;
}

static int fill_link_target(int dirfd, const char *name, struct file_fact *fact)
{
	char target[PATH_MAX + 1];
	ssize_t len = readlinkat(dirfd, name, target, sizeof(target) - 1);

	if (len < 0)
		return errno == EINVAL ? -EAGAIN : -errno;
	target[len] = '\0';
	return set_text(&fact->link_target, target);
}

static int fill_stat(struct fact_collector *c, const struct stat *st, struct file_fact *fact)
{
	int r;

	fact->type = file_type_from_mode(st->st_mode);
	fact->mode = st->st_mode & 07777;
	fact->uid = st->st_uid;
	fact->gid = st->st_gid;
	fact->size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	r = set_text(&fact->user, id_names_user(c->names, fact->uid));
	if (r < 0)
		return r;
	return set_text(&fact->group, id_names_group(c->names, fact->gid));
}

/* -EAGAIN when @name is no longer what was just seen. */
static int open_regular(struct fact_collector *c, int dirfd, const char *name,
			const struct stat *st)
{
	/* The owner may leave the access time alone, others may not ask for it. */
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		    (st->st_uid == c->euid ? O_NOATIME : 0);
	cleanup_close int fd = openat(dirfd, name, flags);
	struct stat now;

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO || errno == ENOENT ? -EAGAIN : -errno;
	if (fstat(fd, &now) < 0)
		return -errno;
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino || !S_ISREG(now.st_mode))
		return -EAGAIN;
	return TAKE_FD(fd);
}

static int open_into(struct fact_collector *c, int dirfd, struct file_fact *fact,
		     struct stat *ret_st, int *ret_fd)
{
	const char *slash = strrchr(fact->path, '/');
	const char *name = dirfd == AT_FDCWD || !slash || !slash[1] ? fact->path : slash + 1;
	cleanup_close int fd = -1;
	struct stat st = {0};
	int r;

	c->error = 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return -errno;
		*ret_st = st;
		*ret_fd = -1;
		return 0;
	}
	if (S_ISREG(st.st_mode)) {
		fd = open_regular(c, dirfd, name, &st);
		if (fd == -EAGAIN)
			return fd;
		if (fd < 0)
			c->error = -fd;
	}
	r = fill_stat(c, &st, fact);
	if (r < 0)
		return r;
	r = fill_xattrs(c, fd, fact->path, fact);
	if (r < 0)
		return r;
	if (S_ISLNK(st.st_mode)) {
		r = fill_link_target(dirfd, name, fact);
		if (r < 0)
			return r;
	}
	*ret_st = st;
	*ret_fd = fd < 0 ? -1 : TAKE_FD(fd);
	return 0;
}

int fact_open(struct fact_collector *collector, int dirfd, const char *path,
	      struct file_fact *ret_fact, struct stat *ret_st, int *ret_fd)
{
	struct file_fact fact = {0};
	int r;

	r = set_text(&fact.path, path);
	if (r == 0)
		r = open_into(collector, dirfd, &fact, ret_st, ret_fd);
	if (r < 0) {
		file_fact_done(&fact);
		return r;
	}
	*ret_fact = fact;
	return 0;
}

int fact_open_fd(struct fact_collector *collector, int fd, const char *path,
		 struct file_fact *ret_fact)
{
	struct file_fact fact = {0};
	struct stat st;
	int r;

	collector->error = 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = set_text(&fact.path, path);
	if (r == 0)
		r = fill_stat(collector, &st, &fact);
	if (r == 0)
		r = fill_xattrs(collector, fd, path, &fact);
	if (r < 0) {
		file_fact_done(&fact);
		return r;
	}
	*ret_fact = fact;
	return 0;
}

int fact_head(struct fact_collector *collector, int fd, struct file_fact *fact)
{
	ssize_t n = pread(fd, collector->buffer, HEAD_SIZE, 0);

	if (n < 0)
		return -(collector->error = errno);
	fact->role = file_role_guess(fact->path, fact->mode, collector->buffer, (size_t)n);
	return 0;
}

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* How far the hash of one file has come. */
struct progress {
	struct hash *hash;
	int fd;
	struct stat st;
	int64_t done;
	enum file_role role;
};

/* 1 when @max_bytes were read before the end, 0 at the end, or negative errno. */
static int hash_some(struct fact_collector *c, struct progress *p, size_t max_bytes,
		     const struct file_fact *fact)
{
	size_t bytes = 0;

	/* The size is known: no read only to meet the end. What grew meanwhile shows in the stat.
	 */
	while (p->done == 0 || p->done < p->st.st_size) {
		ssize_t n;

		if (bytes >= max_bytes)
			return 1;
		n = pread(p->fd, c->buffer, READ_BUFFER_SIZE, p->done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -(c->error = errno);
		if (p->done == 0)
			p->role = file_role_guess(fact->path, fact->mode, c->buffer,
						  n < HEAD_SIZE ? (size_t)n : HEAD_SIZE);
		if (n == 0)
			break;
		hash_update(p->hash, c->buffer, (size_t)n);
		p->done += n;
		bytes += (size_t)n;
	}
	return 0;
}

static int finish(struct progress *p, struct file_fact *fact)
{
	uint8_t digest[SHA256_SIZE];
	struct stat after;
	int r;

	r = hash_final(p->hash, digest);
	if (r < 0)
		return r;
	if (fstat(p->fd, &after) < 0)
		return -errno;
	if (p->done != p->st.st_size || !is_unchanged(&p->st, &after))
		return -EAGAIN;
	memcpy(fact->sha256, digest, sizeof(digest));
	fact->has_digest = true;
	fact->role = p->role;
	return 0;
}

int fact_hash(struct fact_collector *collector, int fd, const struct stat *st,
	      struct file_fact *fact)
{
	struct progress p = {.hash = collector->hash, .fd = fd, .st = *st, .role = fact->role};
	int r;

	hash_reset(p.hash);
	r = hash_some(collector, &p, SIZE_MAX, fact);
	return r < 0 ? r : finish(&p, fact);
}

struct fact_hashing {
	struct progress progress;
};

int fact_hashing_new(int fd, const struct stat *st, struct fact_hashing **ret_hashing)
{
	struct fact_hashing *hashing = calloc(1, sizeof(*hashing));
	int r;

	if (!hashing)
		return -ENOMEM;
	r = hash_new(&hashing->progress.hash);
	if (r < 0) {
		free(hashing);
		return r;
	}
	hashing->progress.fd = fd;
	hashing->progress.st = *st;
	*ret_hashing = hashing;
	return 0;
}

struct fact_hashing *fact_hashing_free(struct fact_hashing *hashing)
{
	if (!hashing)
		return NULL;
	hash_free(hashing->progress.hash);
	close(hashing->progress.fd);
	free(hashing);
	return NULL;
}

int fact_hashing_step(struct fact_hashing *hashing, struct fact_collector *collector,
		      size_t max_bytes, struct file_fact *fact)
{
	struct progress *p = &hashing->progress;
	int r = hash_some(collector, p, max_bytes, fact);

	return r != 0 ? r : finish(p, fact);
}

int fact_collect(struct fact_collector *collector, int dirfd, const char *path,
		 struct file_fact *ret_fact)
{
	struct file_fact fact = {0};
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	r = fact_open(collector, dirfd, path, &fact, &st, &fd);
	if (r < 0)
		return r;
	if (fd >= 0) {
		r = fact_hash(collector, fd, &st, &fact);
		if (r == -EAGAIN || r == -ENOMEM) {
			file_fact_done(&fact);
			return r;
		}
	} else if (fact.type == FILE_TYPE_REGULAR) {
		fact.role = file_role_guess(path, fact.mode, NULL, 0);
	}
	*ret_fact = fact;
	return fact.type == FILE_TYPE_REGULAR && !fact.has_digest;
}
