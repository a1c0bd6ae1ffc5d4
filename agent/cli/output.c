/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

static int write_stream(FILE *out, int (*write)(FILE *out, void *userdata), void *userdata)
{
	int r = write(out, userdata);

	if (r < 0)
		return r;
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) ? -EIO : 0;
}

/* A device or a pipe is written to: a rename would put a plain file in its place. */
static int write_in_place(const char *path, int (*write)(FILE *out, void *userdata), void *userdata)
{
	cleanup_fclose FILE *out = fopen(path, "we");

	return out ? write_stream(out, write, userdata) : -errno;
}

int output_write(const char *path, int (*write)(FILE *out, void *userdata), void *userdata)
{
	cleanup_strbuf struct strbuf temporary = STRBUF_INIT;
	cleanup_fclose FILE *out = NULL;
	cleanup_close int fd = -1;
	struct stat st;
	mode_t mask;
	int r;

	if (strcmp(path, "-") == 0)
		return write_stream(stdout, write, userdata);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_in_place(path, write, userdata);
	strbuf_printf(&temporary, "%s.XXXXXX", path);
	if (strbuf_check(&temporary) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary.data, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	mask = umask(0);
	umask(mask);
	out = fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
	if (!out) {
		r = -errno;
	} else {
		TAKE_FD(fd); /* the stream's */
		r = write_stream(out, write, userdata);
	}
	if (r == 0 && (fsync(fileno(out)) < 0 || rename(temporary.data, path) < 0))
		r = -errno;
	if (r < 0)
		unlink(temporary.data);
	return r;
}
