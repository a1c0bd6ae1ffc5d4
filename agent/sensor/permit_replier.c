/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop that others wait for. From here on no call may wait for a disk, a
 * lock of another process, or memory: poll, read of one event, statx of what
 * the kernel has in memory, send and receive without waiting, write of the answer.
 */
#include "sensor/permit_replier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"

/* The watchdog must hear from us more often than it looks. */
#define BEAT_MS 100
/* Some at a time, so that answers of the hasher do not wait behind new questions. */
#define EVENTS_A_ROUND 32

static void reply(struct replier *r, int fd, bool is_allowed)
{
	struct fanotify_response response = {.fd = fd,
					     .response = is_allowed ? FAN_ALLOW : FAN_DENY};

	/* When the one who waited was killed, the kernel knows the event no more. */
	(void)!write(r->group, &response, sizeof(response));
	close(fd);
}

static void reply_default(struct replier *r, int fd, _Atomic uint64_t *counter)
{
	(*counter)++;
	reply(r, fd, !r->options->is_enforcing || !r->options->denies_late);
}

static void reply_verdict(struct replier *r, int fd, bool is_approved)
{
	if (is_approved)
		r->shared->counters.approved++;
	else
		r->shared->counters.denied++;
	reply(r, fd, is_approved || !r->options->is_enforcing);
}

/* Of what the kernel knows, without asking a server or a process for it. */
static bool stat_event(int fd, struct permit_key *ret_key)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_SIZE | STATX_CTIME,
		  &stx) < 0)
		return false;
	*ret_key = (struct permit_key){
		.dev = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.ino = stx.stx_ino,
		.size = stx.stx_size,
		.ctime_ns = stx.stx_ctime.tv_sec * NSEC_PER_SEC + stx.stx_ctime.tv_nsec,
	};
	return true;
}

static bool is_cacheable(const struct replier *r, const struct permit_key *key)
{
	for (size_t i = 0; i < r->uncacheable_count; i++)
		if (r->uncacheable[i] == key->dev)
			return false;
	return true;
}

static int send_question(const struct replier *r, uint64_t serial, int fd)
{
	struct permit_question question = {.serial = serial};
	struct iovec iov = {.iov_base = &question, .iov_len = sizeof(question)};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(r->hasher, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void ask(struct replier *r, int fd, const struct permit_key *key)
{
	struct permit_slot *slot =
		permit_slots_take(&r->slots, key, fd, clock_boot_ns() + r->options->deadline_ns);

	if (slot && send_question(r, slot->serial, fd) < 0) {
		permit_slots_free(slot);
		slot = NULL;
	}
	if (!slot) {
		reply_default(r, fd, &r->shared->counters.full);
		return;
	}
	if (r->options->is_enforcing)
		return;
	/* Nobody waits where nothing is denied; the digest comes later and is counted. */
	slot->fd = -1;
	reply(r, fd, true);
}

static void on_question(struct replier *r, int fd)
{
	struct permit_key key;
	bool is_approved;

	r->shared->counters.asked++;
	if (!stat_event(fd, &key)) {
		reply_default(r, fd, &r->shared->counters.late);
	} else if (is_cacheable(r, &key) && permit_cache_get(&r->cache, &key, &is_approved)) {
		r->shared->counters.cached++;
		reply_verdict(r, fd, is_approved);
	} else {
		ask(r, fd, &key);
	}
}

static void on_write(struct replier *r, int fd)
{
	struct permit_key key;

	if (stat_event(fd, &key)) {
		permit_cache_forget(&r->cache, key.dev, key.ino);
		permit_slots_written(&r->slots, key.dev, key.ino);
	} else {
		permit_cache_clear(&r->cache);
	}
	close(fd);
}

/* One event a read: so never more than one new descriptor. */
static bool read_event(struct replier *r)
{
	struct fanotify_event_metadata event;
	ssize_t len = read(r->group, &event, sizeof(event));

	if (len < (ssize_t)sizeof(event))
		return false;
	if (event.mask & FAN_Q_OVERFLOW) {
		/* What was written is not known: nothing is any more. */
		r->shared->counters.lost++;
		permit_cache_clear(&r->cache);
		return true;
	}
	if (event.fd < 0)
		return true;
	if (event.mask & FAN_OPEN_EXEC_PERM)
		on_question(r, event.fd);
	else
		on_write(r, event.fd);
	return true;
}

static void on_answer(struct replier *r, const struct permit_question *answer)
{
	struct permit_slot *slot = permit_slots_find(&r->slots, answer->serial);
	struct permit_key now;
	bool is_known;

	if (!slot)
		return;
	/* Of a write that the queue holds still, the file itself tells. */
	if (slot->fd >= 0 &&
	    (!stat_event(slot->fd, &now) || memcmp(&now, &slot->key, sizeof(now)) != 0))
		slot->is_written = true;
	is_known = answer->answer >= 0 && !slot->is_written;
	if (is_known && is_cacheable(r, &slot->key))
		permit_cache_put(&r->cache, &slot->key, answer->answer > 0);
	if (slot->fd >= 0 && is_known)
		reply_verdict(r, slot->fd, answer->answer > 0);
	else if (slot->fd >= 0)
		reply_default(r, slot->fd,
			      slot->is_written ? &r->shared->counters.written
					       : &r->shared->counters.late);
	else if (is_known && !r->options->is_enforcing)
		(*(answer->answer > 0 ? &r->shared->counters.approved
				      : &r->shared->counters.denied))++;
	permit_slots_free(slot);
}

/* False when the hasher has ended. */
static bool read_answers(struct replier *r)
{
	struct permit_question answer;
	ssize_t len;

	while ((len = recv(r->hasher, &answer, sizeof(answer), MSG_DONTWAIT)) > 0)
		if (len == sizeof(answer))
			on_answer(r, &answer);
	return len < 0 && (errno == EAGAIN || errno == EINTR);
}

/* A watchdog that does not watch is none. */
static bool is_watched(struct replier *r, int64_t now_ns)
{
	uint64_t beat = r->shared->watchdog_beat;

	if (beat != r->watchdog_beat || r->watchdog_ns == 0) {
		r->watchdog_beat = beat;
		r->watchdog_ns = now_ns;
	}
	return now_ns - r->watchdog_ns < r->options->stall_ns;
}

static int timeout_ms(const struct replier *r, int64_t now_ns)
{
	int64_t due_ns = permit_slots_due(&r->slots);

	if (due_ns <= now_ns)
		return 0;
	return due_ns - now_ns < BEAT_MS * NSEC_PER_MSEC
		       ? (int)((due_ns - now_ns) / NSEC_PER_MSEC) + 1
		       : BEAT_MS;
}

static bool turn(struct replier *r)
{
	struct pollfd fds[] = {
		{.fd = r->group, .events = POLLIN},
		{.fd = r->hasher, .events = POLLIN},
		{.fd = r->lifeline, .events = POLLIN},
	};
	int64_t now_ns = clock_boot_ns();
	struct permit_slot *slot;

	if (poll(fds, 3, timeout_ms(r, now_ns)) < 0 && errno != EINTR)
		return false;
	r->shared->replier_beat++;
	now_ns = clock_boot_ns();
	if (fds[2].revents || !is_watched(r, now_ns))
		return false;
	if (r->generation != r->shared->generation) {
		r->generation = r->shared->generation;
		permit_cache_clear(&r->cache);
		permit_slots_all_written(&r->slots);
	}
	for (int i = 0; i < EVENTS_A_ROUND && fds[0].revents; i++)
		if (!read_event(r))
			break;
	if (!read_answers(r))
		return false;
	while ((slot = permit_slots_late(&r->slots, now_ns))) {
		reply_default(r, slot->fd, &r->shared->counters.late);
		slot->fd = -1;
	}
	return true;
}

void permit_replier_run(struct replier *r)
{
	while (turn(r))
		;
}
