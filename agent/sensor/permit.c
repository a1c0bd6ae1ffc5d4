/* SPDX-License-Identifier: Apache-2.0 */
/* The permission mode's processes: hasher, watchdog, start and end. */
#include "sensor/permit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sensor/permit_replier.h"

#define HASH_BUFFER   ((size_t)256 * 1024)
#define START_WAIT_MS 5000
#define FIRST_FD      (STDERR_FILENO + 1)

/* What the caller has open is not theirs. @kept rises. */
static void close_others(const int *kept, size_t count)
{
	unsigned from = FIRST_FD;

	for (size_t i = 0; i < count; i++) {
		if ((unsigned)kept[i] > from)
			(void)close_range(from, (unsigned)kept[i] - 1, 0);
		from = (unsigned)kept[i] + 1;
	}
	(void)close_range(from, ~0U, 0);
}

/* Ends with its parent, also when that ended just before. */
static void end_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
}

static int confine(const struct permit_options *options, enum permit_process process)
{
	return options->confine ? options->confine(process, options->userdata) : 0;
}

static void run_hasher(int fd, const struct permit_options *options, pid_t parent)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	cleanup_free void *buffer = malloc(HASH_BUFFER);
	struct permit_question question;
	uint8_t sha256[SHA256_SIZE];

	if (!buffer || hash_new(&hash) < 0 || confine(options, PERMIT_HASHER) < 0)
		return;
	end_with_parent(parent);
	for (;;) {
		cleanup_close int file = -1;
		ssize_t len = permit_recv(fd, &question, sizeof(question), &file, 0);
		int64_t r;

		if (len == -EINTR)
			continue;
		if (len != sizeof(question))
			return;
		r = file < 0 ? -EBADF : hash_fd(hash, file, buffer, HASH_BUFFER, sha256);
		question.answer = r < 0 ? (int32_t)r
					: (int32_t)options->decide(sha256, file, options->userdata);
		if (send(fd, &question, sizeof(question), MSG_NOSIGNAL) < 0)
			return;
	}
}

/* Whoever asks waits, so none of them is lost: there are never more than processes. Of writes there
 * may be any number, and what finds no room is told. */
static int open_groups(struct replier *r)
{
	const unsigned flags = FAN_CLOEXEC | FAN_NONBLOCK;
	const unsigned files = O_RDONLY | O_LARGEFILE | O_NONBLOCK | O_NOATIME | O_CLOEXEC;

	r->group = fanotify_init(FAN_CLASS_CONTENT | FAN_UNLIMITED_QUEUE | flags, files);
	r->writes = fanotify_init(FAN_CLASS_NOTIF | flags, files);
	return r->group < 0 || r->writes < 0 ? -errno : 0;
}

/* Others wait for it, so it waits for none of them. */
static void hurry(void)
{
	(void)setpriority(PRIO_PROCESS, 0, -20);
}

/* The groups are made here, so that nobody else ever holds them: when this process ends, all
 * passes. */
static void run_replier(struct replier *r, pid_t parent)
{
	int error = permit_lock_memory(r);

	hurry();
	if (error == 0)
		error = open_groups(r);
	if (error == 0)
		error = confine(r->options, PERMIT_REPLIER);
	end_with_parent(parent);
	r->shared->replier = getpid();
	r->shared->ready = error < 0 ? error : 1;
	if (error < 0)
		return;
	permit_replier_run(r);
	r->shared->state = PERMIT_ENDED;
}

static bool has_stalled(const struct permit_shared *shared, uint64_t *beat, int64_t *since_ns,
			int64_t stall_ns)
{
	int64_t now_ns = clock_boot_ns();

	if (shared->replier_beat != *beat || shared->ready == 0) {
		*beat = shared->replier_beat;
		*since_ns = now_ns;
	}
	return now_ns - *since_ns >= stall_ns;
}

static void watch(struct permit_shared *shared, pid_t replier, int64_t stall_ns)
{
	const struct timespec look = {.tv_sec = stall_ns / PERMIT_BEATS / NSEC_PER_SEC,
				      .tv_nsec = stall_ns / PERMIT_BEATS % NSEC_PER_SEC};
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

static void run_watchdog(struct replier *r, pid_t parent)
{
	pid_t self = getpid(), replier;

	if (r->options->shed)
		r->options->shed(r->options->userdata);
	(void)permit_lock_memory(r);
	hurry();
	replier = fork();
	if (replier == 0) {
		end_with_parent(self);
		run_replier(r, self);
		_exit(0);
	}
	/* What the replier must see closed when it ends elsewhere is not held here. */
	close(r->hasher);
	close(r->link);
	if (replier < 0 || confine(r->options, PERMIT_WATCHDOG) < 0) {
		r->shared->ready = -EAGAIN;
		return;
	}
	end_with_parent(parent);
	watch(r->shared, replier, r->options->stall_ns);
}

static int wait_until_ready(const struct permit_shared *shared)
{
	const struct timespec look = {.tv_nsec = NSEC_PER_MSEC};

	for (int i = 0; i < START_WAIT_MS && shared->ready == 0; i++) {
		if (shared->state != PERMIT_WORKS)
			break;
		nanosleep(&look, NULL);
	}
	return shared->ready == 1 ? 0 : shared->ready < 0 ? shared->ready : -ETIMEDOUT;
}

static int fork_all(struct permit *permit, struct replier *r, int hasher)
{
	pid_t self = getpid();

	permit->hasher = fork();
	if (permit->hasher == 0) {
		close_others(&hasher, 1);
		run_hasher(hasher, r->options, self);
		_exit(0);
	}
	if (permit->hasher < 0)
		return -errno;
	permit->watchdog = fork();
	if (permit->watchdog == 0) {
		end_with_parent(self);
		close_others((const int[]){r->hasher, r->link}, 2);
		run_watchdog(r, self);
		_exit(0);
	}
	return permit->watchdog < 0 ? -errno : 0;
}

/* @ret_ends: questions, here and at the hasher; the link, here and at the caller. */
static int open_links(int ret_ends[4])
{
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) < 0)
		return -errno;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends + 2) == 0)
		return 0;
	error = -errno;
	close(ret_ends[0]);
	close(ret_ends[1]);
	return error;
}

static int share(struct permit *permit)
{
	void *page = mmap(NULL, sizeof(*permit->shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	permit->shared = page;
	return 0;
}

static int start(struct permit *permit, const struct permit_options *options)
{
	cleanup_free struct replier *r = calloc(1, sizeof(*r));
	int ends[4], error;

	error = r ? open_links(ends) : -ENOMEM;
	if (error < 0)
		return error;
	*r = (struct replier){
		.options = options,
		.shared = permit->shared,
		.group = -1,
		.writes = -1,
		.hasher = ends[0],
		.link = ends[2],
	};
	permit->link = ends[3];
	error = fork_all(permit, r, ends[1]);
	for (int i = 0; i < 3; i++)
		close(ends[i]);
	return error < 0 ? error : wait_until_ready(permit->shared);
}

int permit_start(const struct permit_options *options, struct permit **ret_permit,
		 struct strbuf *reterr)
{
	cleanup_with(permit_stopp) struct permit *permit = calloc(1, sizeof(*permit));
	int r;

	if (!permit)
		return -ENOMEM;
	permit->link = -1;
	r = share(permit);
	if (r == 0)
		r = start(permit, options);
	if (r < 0) {
		strbuf_printf(reterr, "no permission events: %s", strerror(-r));
		return r;
	}
	*ret_permit = TAKE_PTR(permit);
	return 0;
}

/* The link's end is that of the replier; hasher and watchdog end with it. */
struct permit *permit_stop(struct permit *permit)
{
	if (!permit)
		return NULL;
	if (permit->link >= 0)
		close(permit->link);
	if (permit->shared)
		munmap(permit->shared, sizeof(*permit->shared));
	free(permit);
	return NULL;
}

int permit_fd(const struct permit *permit)
{
	return permit->link;
}

int permit_receive(struct permit *permit, struct permit_news *ret_news, int *ret_fd)
{
	struct permit_news news;
	int fd = -1;
	ssize_t len = permit_recv(permit->link, &news, sizeof(news), &fd, MSG_DONTWAIT);

	if (len == -EAGAIN || len == -EINTR)
		return 0;
	if (len != sizeof(news) || fd < 0 || news.outcome >= PERMIT_OUTCOME_COUNT) {
		if (fd >= 0)
			close(fd);
		return -EPIPE;
	}
	*ret_news = news;
	*ret_fd = fd;
	return 1;
}

void permit_decisions_changed(struct permit *permit)
{
	permit->shared->generation++;
}

/* A replier that was killed told nobody, but its end of the link is closed. */
enum permit_state permit_state(const struct permit *permit)
{
	struct pollfd link = {.fd = permit->link};

	if (permit->shared->state == PERMIT_WORKS && poll(&link, 1, 0) > 0 &&
	    link.revents & (POLLHUP | POLLERR))
		return permit->shared->state == PERMIT_WORKS
			       ? PERMIT_ENDED
			       : (enum permit_state)permit->shared->state;
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
