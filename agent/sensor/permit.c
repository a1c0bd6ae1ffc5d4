/* SPDX-License-Identifier: Apache-2.0 */
/* The permission mode from outside the loop: marks, hasher, watchdog, start and end. */
#include "sensor/permit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensor/mounts.h"
#include "sensor/permit_replier.h"

#define HASH_BUFFER   ((size_t)256 * 1024)
#define LOOK_MS	      100
#define CMSG_ROOM     CMSG_SPACE(sizeof(int))
#define START_WAIT_MS 5000

/* Writes are asked for, too: they void what is known of a file. */
#define EVENTS (FAN_OPEN_EXEC_PERM | FAN_MODIFY | FAN_CLOSE_WRITE)

struct permit {
	struct permit_shared *shared;
	pid_t watchdog, hasher;
	int lifeline;
};

/* Ends with its parent, also when that ended just before. */
static void end_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
}

static ssize_t receive_question(int fd, struct permit_question *question, int *ret_file)
{
	struct iovec iov = {.iov_base = question, .iov_len = sizeof(*question)};
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
	ssize_t len = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	*ret_file = -1;
	if (len > 0 && head && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_file, CMSG_DATA(head), sizeof(int));
	return len;
}

static void run_hasher(int fd, const struct permit_options *options)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	cleanup_free void *buffer = malloc(HASH_BUFFER);
	struct permit_question question;
	uint8_t sha256[SHA256_SIZE];

	if (!buffer || hash_new(&hash) < 0)
		return;
	for (;;) {
		cleanup_close int file = -1;
		ssize_t len = receive_question(fd, &question, &file);
		int64_t r;

		if (len < 0 && errno == EINTR)
			continue;
		if (len != sizeof(question))
			return;
		r = file < 0 ? -EBADF : hash_fd(hash, file, buffer, HASH_BUFFER, sha256);
		question.answer = r < 0 ? (int32_t)r : options->decide(sha256, options->userdata);
		if (send(fd, &question, sizeof(question), MSG_NOSIGNAL) < 0)
			return;
	}
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

static int mark_mount(struct replier *r, const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if (changes_unseen(&fs))
		r->uncacheable[r->uncacheable_count++] = st.st_dev;
	return fanotify_mark(r->group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, EVENTS, fd, NULL) < 0
		       ? -errno
		       : 0;
}

/* With "survives modification": without it the kernel drops the mark at the next write, and makes
 * none, without a word, while somebody has the file open for writing. */
static int mark_never_wait(const struct replier *r, const char *path)
{
	const unsigned flags = FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY;

	if (fanotify_mark(r->group, flags, FAN_OPEN_EXEC_PERM, AT_FDCWD, path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 0;
}

static int open_group(struct replier *r)
{
	int error = 0;

	r->group =
		fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE,
			      O_RDONLY | O_LARGEFILE | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	if (r->group < 0)
		return -errno;
	/* First what never waits, so that there is no moment in which it does. */
	for (char **path = r->options->never_wait; path && *path && error == 0; path++)
		error = mark_never_wait(r, *path);
	for (char **mount = r->options->mounts; *mount && error == 0; mount++)
		error = mark_mount(r, *mount);
	return error;
}

/* Others wait for it, so it waits for none of them. */
static void hurry(void)
{
	(void)setpriority(PRIO_PROCESS, 0, -20);
}

/* The group is made here, so that nobody else ever holds it: when this process ends, all passes. */
static void run_replier(struct replier *r)
{
	int error = mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;

	hurry();
	if (error == 0)
		error = open_group(r);
	r->shared->replier = getpid();
	r->shared->marked = error < 0 ? error : 1;
	if (error < 0)
		return;
	permit_replier_run(r);
	r->shared->state = PERMIT_ENDED;
}

static bool has_stalled(const struct permit_shared *shared, uint64_t *beat, int64_t *since_ns,
			int64_t stall_ns)
{
	int64_t now_ns = clock_boot_ns();

	if (shared->replier_beat != *beat || shared->marked == 0) {
		*beat = shared->replier_beat;
		*since_ns = now_ns;
	}
	return now_ns - *since_ns >= stall_ns;
}

static void watch(struct permit_shared *shared, pid_t replier, int64_t stall_ns)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * NSEC_PER_MSEC};
	int64_t since_ns = clock_boot_ns();
	uint64_t beat = 0;

	while (waitpid(replier, NULL, WNOHANG) == 0) {
		shared->watchdog_beat++;
		if (has_stalled(shared, &beat, &since_ns, stall_ns)) {
			shared->state = PERMIT_STALLED;
			/* It is our child and not reaped: the number is still its own. */
			kill(replier, SIGKILL);
			waitpid(replier, NULL, 0);
			return;
		}
		nanosleep(&look, NULL);
	}
	shared->state = PERMIT_ENDED;
}

static void run_watchdog(struct replier *r)
{
	pid_t self = getpid(), replier;

	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	hurry();
	replier = fork();
	if (replier == 0) {
		end_with_parent(self);
		run_replier(r);
		_exit(0);
	}
	/* What the replier must see closed when it ends elsewhere is not held here. */
	close(r->hasher);
	close(r->lifeline);
	if (replier > 0)
		watch(r->shared, replier, r->options->stall_ns);
	else
		r->shared->marked = -EAGAIN;
}

struct check {
	const struct permit_options *options;
	uint64_t dev;
	const char *elsewhere;
	struct strbuf *reterr;
};

static bool is_asked_for(const struct permit_options *options, const char *point)
{
	for (char **mount = options->mounts; *mount; mount++)
		if (str_equal(*mount, point))
			return true;
	return false;
}

static int check_mount(const char *point, const char *type, void *userdata)
{
	struct check *check = userdata;
	struct stat st;

	if (!mounts_type_has_files(type) || is_asked_for(check->options, point) ||
	    stat(point, &st) < 0 || st.st_dev != check->dev)
		return 0;
	str_escape(check->reterr, point, strlen(point));
	strbuf_add_str(check->reterr, " is of the same file system and was not asked for");
	return -EXDEV;
}

/* A mark counts for a whole file system, so that no other mount of it is a way around; so none
 * may be marked that is also what somebody else works on. */
static int check_mounts(const struct permit_options *options, struct strbuf *reterr)
{
	size_t count = 0;
	int r = 0;

	for (char **mount = options->mounts; *mount && r == 0; mount++) {
		struct check check = {.options = options, .reterr = reterr};
		struct stat st;

		if (++count > PERMIT_MAX_MOUNTS)
			return -E2BIG;
		if (stat(*mount, &st) < 0)
			return -errno;
		check.dev = st.st_dev;
		r = mounts_visit(check_mount, &check);
	}
	return count ? r : -EINVAL;
}

static int wait_for_marks(const struct permit_shared *shared)
{
	const struct timespec look = {.tv_nsec = NSEC_PER_MSEC};

	for (int i = 0; i < START_WAIT_MS && shared->marked == 0; i++) {
		if (shared->state != PERMIT_WORKS)
			break;
		nanosleep(&look, NULL);
	}
	return shared->marked == 1 ? 0 : shared->marked < 0 ? shared->marked : -ETIMEDOUT;
}

static int start_all(struct permit *permit, struct replier *r, const int pair[2],
		     const int lifeline[2])
{
	pid_t self = getpid();

	permit->hasher = fork();
	if (permit->hasher == 0) {
		end_with_parent(self);
		close(pair[0]);
		close(lifeline[0]);
		close(lifeline[1]);
		run_hasher(pair[1], r->options);
		_exit(0);
	}
	if (permit->hasher < 0)
		return -errno;
	permit->watchdog = fork();
	if (permit->watchdog == 0) {
		end_with_parent(self);
		close(pair[1]);
		close(lifeline[1]);
		run_watchdog(r);
		_exit(0);
	}
	return permit->watchdog < 0 ? -errno : 0;
}

int permit_start(const struct permit_options *options, struct permit **ret_permit,
		 struct strbuf *reterr)
{
	cleanup_with(permit_stopp) struct permit *permit = calloc(1, sizeof(*permit));
	cleanup_free struct replier *r = calloc(1, sizeof(*r));
	int pair[2], lifeline[2];
	int error = check_mounts(options, reterr);

	if (error < 0)
		return error;
	if (!permit || !r)
		return -ENOMEM;
	permit->lifeline = -1;
	permit->shared = mmap(NULL, sizeof(*permit->shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (permit->shared == MAP_FAILED) {
		permit->shared = NULL;
		return -ENOMEM;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	if (pipe2(lifeline, O_CLOEXEC) < 0) {
		error = -errno;
		close(pair[0]);
		close(pair[1]);
		return error;
	}
	*r = (struct replier){
		.options = options,
		.shared = permit->shared,
		.group = -1,
		.hasher = pair[0],
		.lifeline = lifeline[0],
	};
	permit->lifeline = lifeline[1];
	error = start_all(permit, r, pair, lifeline);
	close(pair[0]);
	close(pair[1]);
	close(lifeline[0]);
	if (error == 0)
		error = wait_for_marks(permit->shared);
	if (error < 0) {
		strbuf_printf(reterr, "no permission events: %s", strerror(-error));
		return error;
	}
	*ret_permit = TAKE_PTR(permit);
	return 0;
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The replier ends with the watchdog, its parent. */
struct permit *permit_stop(struct permit *permit)
{
	if (!permit)
		return NULL;
	if (permit->lifeline >= 0)
		close(permit->lifeline);
	end(permit->watchdog);
	end(permit->hasher);
	if (permit->shared)
		munmap(permit->shared, sizeof(*permit->shared));
	free(permit);
	return NULL;
}

void permit_decisions_changed(struct permit *permit)
{
	permit->shared->generation++;
}

enum permit_state permit_state(struct permit *permit)
{
	/* A watchdog that was killed took the replier along, and told nobody. */
	if (permit->watchdog > 0 && waitpid(permit->watchdog, NULL, WNOHANG) == permit->watchdog) {
		permit->watchdog = 0;
		if (permit->shared->state == PERMIT_WORKS)
			permit->shared->state = PERMIT_ENDED;
	}
	return (enum permit_state)permit->shared->state;
}

const struct permit_counters *permit_counters(const struct permit *permit)
{
	return &permit->shared->counters;
}

void permit_pids(const struct permit *permit, pid_t *ret_watchdog, pid_t *ret_replier,
		 pid_t *ret_hasher)
{
	*ret_watchdog = permit->watchdog;
	*ret_replier = permit->shared->replier;
	*ret_hasher = permit->hasher;
}
