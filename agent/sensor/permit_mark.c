/* SPDX-License-Identifier: Apache-2.0 */
/* The permission mode's side that opens: what may be marked, and is handed to the replier. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensor/mounts.h"
#include "sensor/permit_replier.h"

#define CMSG_ROOM     CMSG_SPACE(sizeof(int))
#define ORDER_WAIT_MS 5000

int permit_send(int socket, const void *data, size_t len, int fd, int flags)
{
	struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
	union {
		struct cmsghdr head;
		char room[CMSG_ROOM];
	} control = {0};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, flags | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t permit_recv(int socket, void *data, size_t len, int *ret_fd, int flags)
{
	struct iovec iov = {.iov_base = data, .iov_len = len};
	union {
		struct cmsghdr head;
		char room[CMSG_ROOM];
	} control;
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head;

	if (got < 0)
		return -errno;
	head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(head), sizeof(int));
	return got;
}

struct check {
	char **mounts;
	const char *own; /* the one that is looked at */
	uint64_t dev;
	bool is_point;
	struct strbuf *reterr;
};

static bool is_asked_for(char **mounts, const char *point)
{
	for (; *mounts; mounts++)
		if (str_equal(*mounts, point))
			return true;
	return false;
}

static int check_mount(const char *point, const char *type, void *userdata)
{
	struct check *check = userdata;
	struct stat st;

	if (str_equal(point, check->own))
		check->is_point = true;
	if (!mounts_type_has_files(type) || is_asked_for(check->mounts, point) ||
	    stat(point, &st) < 0 || st.st_dev != check->dev)
		return 0;
	str_escape(check->reterr, point, strlen(point));
	strbuf_add_str(check->reterr, " is of the same file system and was not asked for");
	return -EXDEV;
}

/* A mark counts for a whole file system, so that no other mount of it is a way around; so none
 * may be marked that is also what somebody else works on. */
static int check_one(char **mounts, const char *own, struct strbuf *reterr)
{
	struct check check = {.mounts = mounts, .own = own, .reterr = reterr};
	struct stat st;
	int r;

	if (stat(own, &st) < 0)
		r = -errno;
	else {
		check.dev = st.st_dev;
		r = mounts_visit(check_mount, &check);
		if (r == 0 && !check.is_point)
			r = -EXDEV;
	}
	if (r < 0 && reterr->len == 0) {
		str_escape(reterr, own, strlen(own));
		strbuf_printf(reterr, ": %s",
			      r == -EXDEV ? "nothing is mounted there" : strerror(-r));
	}
	return r;
}

/* Another machine, or a program of a user, decides what is in its files. */
static bool changes_unseen(const struct statfs *fs)
{
	static const uint32_t types[] = {NFS_SUPER_MAGIC,  FUSE_SUPER_MAGIC, SMB_SUPER_MAGIC,
					 0xff534d42U,	   SMB2_SUPER_MAGIC, V9FS_MAGIC,
					 CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((uint32_t)fs->f_type == types[i])
			return true;
	return false;
}

static int send_order(struct permit *permit, const struct permit_order *order, int fd)
{
	int r = permit_send(permit->link, order, sizeof(*order), fd, 0);

	permit->orders += r == 0;
	return r;
}

/* Files elsewhere are not asked about anyway. */
static bool is_on(char **mounts, uint64_t dev)
{
	struct stat st;

	for (; *mounts; mounts++)
		if (stat(*mounts, &st) == 0 && st.st_dev == dev)
			return true;
	return false;
}

static int order_never_wait(struct permit *permit, char **mounts, const char *path)
{
	struct permit_order order = {.kind = PERMIT_ORDER_NEVER_WAIT};
	cleanup_close int fd = -1;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !is_on(mounts, st.st_dev))
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return send_order(permit, &order, fd);
}

static int order_mount(struct permit *permit, const char *path)
{
	struct permit_order order = {.kind = PERMIT_ORDER_FILE_SYSTEM};
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	order.dev = st.st_dev;
	order.is_uncacheable = changes_unseen(&fs);
	return send_order(permit, &order, fd);
}

static int wait_for_orders(const struct permit *permit)
{
	const struct timespec look = {.tv_nsec = NSEC_PER_MSEC};
	const struct permit_shared *shared = permit->shared;

	for (int i = 0; i < ORDER_WAIT_MS; i++) {
		if (shared->orders_done >= permit->orders)
			return shared->order_error;
		if (shared->state != PERMIT_WORKS)
			return -EPIPE;
		nanosleep(&look, NULL);
	}
	return -ETIMEDOUT;
}

/* Those that may be marked, into @ret_good, which has room for all; how many may not. */
static int choose(char **mounts, char **ret_good, struct strbuf *why)
{
	int failed = 0;

	for (char **mount = mounts; *mount; mount++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (check_one(mounts, *mount, &text) == 0) {
			*ret_good++ = *mount;
			continue;
		}
		failed++;
		strbuf_add_str(why, why->len ? "; " : "");
		strbuf_add_str(why, text.data ? text.data : "no memory");
	}
	*ret_good = NULL;
	return failed;
}

static int order_all(struct permit *permit, char **mounts, char **never_wait)
{
	int r = 0;

	permit->shared->order_error = 0;
	/* First what never waits, so that there is no moment in which it does. */
	for (char **path = never_wait; path && *path && r == 0; path++)
		r = order_never_wait(permit, mounts, *path);
	for (char **mount = mounts; *mount && r == 0; mount++)
		r = order_mount(permit, *mount);
	return r < 0 ? r : wait_for_orders(permit);
}

int permit_mark(struct permit *permit, char **mounts, char **never_wait, struct strbuf *reterr)
{
	char *good[PERMIT_MAX_MOUNTS + 1];
	size_t count = 0;
	int failed, r;

	while (mounts[count])
		count++;
	if (count > PERMIT_MAX_MOUNTS)
		return -E2BIG;
	failed = choose(mounts, good, reterr);
	if (!good[0])
		return -EXDEV;
	r = order_all(permit, good, never_wait);
	if (r < 0)
		strbuf_printf(reterr, "no permission events: %s", strerror(-r));
	return r < 0 ? r : failed;
}
