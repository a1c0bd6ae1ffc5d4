/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/strbuf.h"

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *data, size_t len)
{
	char *p = data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, p + done, len - done);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_read_file(int dirfd, const char *path, size_t max, struct strbuf *sb)
{
	cleanup_close int fd = -1;
	char chunk[16384];
	struct stat st;
	size_t total = 0;

	/* O_NONBLOCK: opening a fifo must not wait for a writer. */
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;

	for (;;) {
		ssize_t n = fd_read_full(fd, chunk, sizeof(chunk));

		if (n < 0)
			return (int)n;
		total += (size_t)n;
		if (total > max)
			return -EFBIG;
		strbuf_add(sb, chunk, (size_t)n);
		if ((size_t)n < sizeof(chunk))
			break;
	}
	return strbuf_check(sb);
}

int fd_replace_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
	cleanup_close int fd = -1;
	char temporary[300];
	unsigned long long salt;
	int r;

	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		return -EIO;
	if ((size_t)snprintf(temporary, sizeof(temporary), ".%s.%016llx", name, salt) >=
	    sizeof(temporary))
		return -ENAMETOOLONG;

	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, data, len);
	if (r == 0 && fchmod(fd, mode) < 0) /* the umask may have cut it */
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, temporary, 0);
		return r;
	}

	/* The rename itself must survive a power cut too. */
	close(TAKE_FD(fd));
	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int fd_empty_folder(int dirfd, const char *name, const char *prefix)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int r = dir ? 0 : -errno;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type != DT_DIR &&
		    strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    unlinkat(fd, entry->d_name, 0) < 0 && errno != ENOENT)
			r = -errno;
	closedir(dir);
	return r;
}

int fd_remove_folder(int dirfd, const char *name)
{
	int r = fd_empty_folder(dirfd, name, "");

	if (r == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int fd_get_path(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}
