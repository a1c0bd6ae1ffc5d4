/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading below a root folder. openat2(RESOLVE_IN_ROOT) does the work where the kernel has it; else
 * a walk in user space that opens one component at a time and never follows a link by itself.
 */
#include "checks/root.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/str.h"
#include "checks/text.h"

#define MAX_LINKS 40 /* as the kernel */
#define MAX_PATH  4096
#define SYSFS_MAX 65536 /* sysfs says a page of each file, whatever is in it; the largest page */

int root_open(const char *path, struct root *ret_root)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat host, here;

	if (fd < 0)
		return -errno;
	if (stat("/", &host) < 0 || fstat(fd, &here) < 0)
		return -errno;
	*ret_root = (struct root){
		.fd = TAKE_FD(fd),
		.state_dir = "/var/lib/plumbline",
		.run_dir = "/run/plumbline",
		.is_live = host.st_dev == here.st_dev && host.st_ino == here.st_ino,
		.use_openat2 = true,
	};
	return 0;
}

void root_done(struct root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

/* Opens @path, which holds neither links nor "..", component by component. */
static int open_plain(const struct root *root, const char *path, int flags)
{
	cleanup_close int at = fcntl(root->fd, F_DUPFD_CLOEXEC, 3);
	char part[MAX_PATH];

	while (at >= 0) {
		size_t len;
		int next;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!len)
			return TAKE_FD(at);
		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, len);
		part[len] = '\0';
		path += len;
		next = openat(at, part,
			      O_NOFOLLOW | O_CLOEXEC | (path[strspn(path, "/")] ? O_PATH : flags));
		if (next < 0)
			return -errno;
		close(at);
		at = next;
	}
	return -errno;
}

/* One step of the walk: @done is the plain path so far, @todo what is left. */
struct walk {
	char done[MAX_PATH], todo[MAX_PATH];
	unsigned links;
	bool wants_folder; /* a slash stands behind the last component */
};

/* @done's last component is a link: put its text before what is left. */
static int walk_link(const struct root *root, struct walk *walk)
{
	char target[MAX_PATH], rest[MAX_PATH];
	cleanup_close int fd = open_plain(root, walk->done, O_PATH);
	ssize_t len;

	if (fd < 0)
		return fd;
	if (++walk->links > MAX_LINKS)
		return -ELOOP;
	len = readlinkat(fd, "", target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	memcpy(rest, walk->todo, strlen(walk->todo) + 1);
	if ((size_t)snprintf(walk->todo, sizeof(walk->todo), "%s%s", target, rest) >=
	    sizeof(walk->todo))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		walk->done[0] = '\0';
	else
		*strrchr(walk->done, '/') = '\0';
	return 0;
}

static int walk_step(const struct root *root, struct walk *walk, bool follow_last)
{
	size_t skip = strspn(walk->todo, "/"), len = strcspn(walk->todo + skip, "/");
	size_t used = strlen(walk->done);
	char *rest = walk->todo + skip + len;
	bool is_last = !rest[strspn(rest, "/")];
	cleanup_close int fd = -1;
	struct stat st;

	if (len == 2 && strncmp(walk->todo + skip, "..", 2) == 0) {
		char *slash = strrchr(walk->done, '/');

		if (slash)
			*slash = '\0';
	} else if (len != 1 || walk->todo[skip] != '.') {
		if (used + len + 2 > sizeof(walk->done))
			return -ENAMETOOLONG;
		snprintf(walk->done + used, sizeof(walk->done) - used, "/%.*s", (int)len,
			 walk->todo + skip);
	}
	walk->wants_folder = *rest == '/';
	memmove(walk->todo, rest, strlen(rest) + 1);
	if (is_last && !follow_last)
		return 0;
	fd = open_plain(root, walk->done, O_PATH);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISLNK(st.st_mode) ? walk_link(root, walk) : 0;
}

static int open_by_walk(const struct root *root, const char *path, int flags)
{
	struct walk walk = {0};
	int r;

	if (!str_copy(walk.todo, sizeof(walk.todo), path))
		return -ENAMETOOLONG;
	while (walk.todo[strspn(walk.todo, "/")]) {
		r = walk_step(root, &walk, !(flags & O_NOFOLLOW));
		if (r < 0)
			return r;
	}
	return open_plain(root, walk.done, flags | (walk.wants_folder ? O_DIRECTORY : 0));
}

static int open_below(const struct root *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	/* O_PATH takes no other flags, and opens nothing that could block. */
	if (!(flags & O_PATH))
		how.flags |= O_NONBLOCK | O_NOCTTY;
	if (root->use_openat2) {
		fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
		/* -EAGAIN: a rename elsewhere raced with ".."; the walk has no such case. */
		if (fd >= 0 || (errno != ENOSYS && errno != EAGAIN && errno != EPERM))
			return fd >= 0 ? fd : -errno;
	}
	/* There is nothing to be led out of. */
	if (root->is_live) {
		fd = openat(root->fd, path, (int)how.flags);
		return fd >= 0 ? fd : -errno;
	}
	return open_by_walk(root, path, (int)how.flags);
}

/* The agent's own state changes all the time, and is no setting of the machine. */
static bool is_own(const struct root *root, const char *path)
{
	return path_is_below(path, root->state_dir) || path_is_below(path, root->run_dir);
}

void root_note_look(const struct root *root, enum looked_how how, const char *path)
{
	if (root->looked && !is_own(root, path))
		looked_add(root->looked, how, path);
}

/* Where links at @path led to @fd, into @real of MAX_PATH bytes; "" when that is not to be noted.
 */
static const char *find_real(const struct root *root, int fd, const char *path, char *real)
{
	if (!root->looked || fd < 0 || fd_get_path(fd, real, MAX_PATH) < 0 || str_equal(real, path))
		return "";
	return real;
}

/* What a link leads to changes elsewhere. */
static void note_both(const struct root *root, enum looked_how how, const char *path,
		      const char *real)
{
	root_note_look(root, how, path);
	if (*real)
		root_note_look(root, how, real);
}

int root_open_path(const struct root *root, const char *path, int flags)
{
	bool is_list = flags & O_DIRECTORY && !(flags & O_PATH);
	int fd = open_below(root, path, flags);
	char real[MAX_PATH];

	note_both(root, is_list ? LOOKED_NAMES : LOOKED_AT, path, find_real(root, fd, path, real));
	return fd;
}

const struct kept_item *root_find_kept(const struct root *root, enum kept_what what,
				       const char *path)
{
	const struct kept_item *item = kept_find(root->kept, what, path);

	if (item)
		note_both(root, what == KEPT_NAMES ? LOOKED_NAMES : LOOKED_AT, path, item->real);
	return item;
}

/* @fd is open at @path. */
static void keep(const struct root *root, enum kept_what what, const char *path, int fd,
		 const struct strbuf *bytes, size_t from)
{
	char real[MAX_PATH];

	kept_add(root->kept, &(struct kept_item){
				     .what = what,
				     .path = path,
				     .real = find_real(root, fd, path, real),
				     .data = bytes->len > from ? bytes->data + from : "",
				     .len = bytes->len - from,
			     });
}

static int read_all(int fd, size_t max, struct strbuf *sb)
{
	char chunk[16384];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return strbuf_check(sb);
		total += (size_t)n;
		if (total > max)
			return -EFBIG;
		strbuf_add(sb, chunk, (size_t)n);
	}
}

/* A regular file of @max bytes at most, as far as can be told before it is read. */
static int open_file(const struct root *root, const char *path, size_t max)
{
	cleanup_close int fd = root_open_path(root, path, O_RDONLY);
	struct stat st;

	/* What an open of a socket or of a device without driver says. */
	if (fd == -ENXIO || fd == -ENODEV)
		return -EINVAL;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > SYSFS_MAX && (uintmax_t)st.st_size > max)
		return -EFBIG;
	return TAKE_FD(fd);
}

int root_read_bytes(const struct root *root, const char *path, size_t max, struct strbuf *sb)
{
	const struct kept_item *item = root_find_kept(root, KEPT_BYTES, path);
	cleanup_close int fd = -1;
	size_t before = sb->len;
	int r;

	if (item) {
		if (item->len > max)
			return -EFBIG;
		if (item->len)
			strbuf_add(sb, item->data, item->len);
		return strbuf_check(sb);
	}
	fd = open_file(root, path, max);
	r = fd < 0 ? fd : read_all(fd, max, sb);
	if (r == 0 && root->kept)
		keep(root, KEPT_BYTES, path, fd, sb, before);
	return r;
}

int root_read_text(const struct root *root, const char *path, size_t max, struct strbuf *sb)
{
	size_t before = sb->len;
	int r = root_read_bytes(root, path, max, sb);

	if (r < 0)
		return r;
	return sb->data && memchr(sb->data + before, '\0', sb->len - before) ? -EBADMSG : 0;
}

/* The lines that end in the first @len bytes of @text, which then begins with what is left. */
static int tell_lines(struct strbuf *text, size_t len, root_line_fn fn, void *userdata)
{
	char *cursor = text->data, *line, next;
	int r = 0;

	if (!len)
		return 0;
	next = text->data[len];
	text->data[len] = '\0';
	while (r == 0 && (line = text_next_line(&cursor)))
		r = fn(line, userdata);
	text->data[len] = next;
	text->len -= len;
	memmove(text->data, text->data + len, text->len);
	return r;
}

/* Appends what one read gives to @text, whose lines then end at *@ret_whole: 1, or 0 at the end. */
static int read_portion(int fd, size_t portion, struct strbuf *text, size_t *ret_whole)
{
	char chunk[ROOT_MAX_PORTION];
	const char *end;
	ssize_t n;

	do {
		n = read(fd, chunk, portion);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (memchr(chunk, '\0', (size_t)n))
		return -EBADMSG;
	end = memrchr(chunk, '\n', (size_t)n);
	*ret_whole = end ? text->len + (size_t)(end + 1 - chunk) : 0;
	strbuf_add(text, chunk, (size_t)n);
	if (strbuf_check(text) < 0)
		return -ENOMEM;
	return n > 0 && (n == (ssize_t)portion || portion > ROOT_KERNEL_PORTION);
}

int root_read_lines(const struct root *root, const char *path, size_t portion, root_line_fn fn,
		    void *userdata)
{
	cleanup_close int fd = open_file(root, path, ROOT_MAX_TABLE_BYTES);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t whole = 0;
	int more = fd < 0 ? fd : 1, r = 0;

	for (size_t total = 0; r == 0 && more > 0; total += portion) {
		if (total > ROOT_MAX_TABLE_BYTES)
			return -EFBIG;
		more = read_portion(fd, portion, &text, &whole);
		if (more >= 0)
			r = tell_lines(&text, whole, fn, userdata);
	}
	if (r == 0 && more == 0)
		r = tell_lines(&text, text.len, fn, userdata);
	return more < 0 ? more : r;
}

int root_stat(const struct root *root, const char *path, struct stat *ret_stat)
{
	cleanup_close int fd = root_open_path(root, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, ret_stat) < 0 ? -errno : 0;
}

bool root_exists(const struct root *root, const char *path)
{
	struct stat st;
	int r = root_stat(root, path, &st);

	return r != -ENOENT && r != -ENOTDIR;
}

int root_read_link(const struct root *root, const char *path, char *buf, size_t size)
{
	cleanup_close int fd = root_open_path(root, path, O_PATH | O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode))
		return -EINVAL;
	n = readlinkat(fd, "", buf, size);
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

struct glob {
	root_glob_fn fn;
	void *userdata;
};

struct names {
	char **list;
	size_t count, room;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static int names_add(struct names *names, const char *name)
{
	if (names->count == ROOT_MAX_ENTRIES)
		return -E2BIG;
	if (array_grow(&names->list, names->count, &names->room, sizeof(*names->list)) < 0)
		return -ENOMEM;
	names->list[names->count] = strdup(name);
	if (!names->list[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int take_match(const char *name, const char *part, struct names *names)
{
	return fnmatch(part, name, FNM_PERIOD) == 0 ? names_add(names, name) : 0;
}

/* The names in @dir that match @part. A folder that is not there holds none. */
static int read_matches(const struct root *root, const char *dir, const char *part,
			struct names *names)
{
	cleanup_strbuf struct strbuf all = STRBUF_INIT;
	cleanup_closedir DIR *stream = NULL;
	struct dirent *entry;
	int fd = root_open_path(root, dir, O_RDONLY | O_DIRECTORY), r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream) {
		r = -errno;
		close(fd);
		return r;
	}
	while ((entry = readdir(stream))) {
		r = take_match(entry->d_name, part, names);
		if (r < 0)
			return r;
		if (root->kept && all.len <= KEPT_MAX_BYTES)
			strbuf_add(&all, entry->d_name, strlen(entry->d_name) + 1);
	}
	if (root->kept && strbuf_check(&all) == 0)
		keep(root, KEPT_NAMES, dir, fd, &all, 0);
	return 0;
}

/* The same, ordered. */
static int list_matches(const struct root *root, const char *dir, const char *part,
			struct names *names)
{
	const struct kept_item *item;
	int r = 0;

	if (!*dir)
		dir = "/";
	item = root_find_kept(root, KEPT_NAMES, dir);
	if (!item)
		r = read_matches(root, dir, part, names);
	for (size_t at = 0; item && r == 0 && at < item->len; at += strlen(item->data + at) + 1)
		r = take_match(item->data + at, part, names);
	if (names->count)
		qsort(names->list, names->count, sizeof(names->list[0]), compare_names);
	return r;
}

/* A link counts by itself, wherever it leads: units are enabled by links that may dangle. */
static bool is_there(const struct root *root, const char *path)
{
	cleanup_close int fd = root_open_path(root, path, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

/* @done is fixed, @todo starts at a component or is empty; @is_listed: @done was just read from its
 * folder. */
static int glob_from(const struct root *root, const char *done, const char *todo, bool is_listed,
		     const struct glob *glob)
{
	cleanup_with(names_done) struct names names = {0};
	char part[256], path[MAX_PATH];
	bool has_wildcard;
	size_t len;
	int r;

	todo += strspn(todo, "/");
	len = strcspn(todo, "/");
	if (!len)
		return is_listed || is_there(root, done) ? glob->fn(done, glob->userdata) : 0;
	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, todo, len);
	part[len] = '\0';
	has_wildcard = strpbrk(part, "*?[");
	r = has_wildcard ? list_matches(root, done, part, &names) : names_add(&names, part);
	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", done, names.list[i]) >=
		    sizeof(path))
			return -ENAMETOOLONG;
		r = glob_from(root, path, todo + len, has_wildcard, glob);
	}
	return r;
}

int root_glob(const struct root *root, const char *pattern, root_glob_fn fn, void *userdata)
{
	const struct glob glob = {fn, userdata};

	return glob_from(root, "", pattern, false, &glob);
}

const char *root_reason(int r)
{
	switch (-r) {
	case ELOOP:
		return "symbolic links go in circles or lead out of the tree";
	case EINVAL:
		return "not a regular file";
	case EFBIG:
		return "larger than a file of this kind may be";
	case EBADMSG:
		return "holds binary data";
	case E2BIG:
		return "the folder holds too many names";
	default:
		return strerror(-r);
	}
}
