/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop that others wait for. From here on no call may wait for a disk, a
 * lock of another process, or memory: poll, read of one event, statx of what
 * the kernel has in memory, send and receive without waiting, write of the answer;
 * and marks of what others have opened.
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

#include "base/cleanup.h"
#include "base/clock.h"

/* Some at a time, so that answers of the hasher do not wait behind new questions. */
#define EVENTS_A_ROUND 32

static void reply(struct replier *r, int fd, bool is_allowed)
{
	struct fanotify_response response = {.fd = fd,
					     .response = is_allowed ? FAN_ALLOW : FAN_DENY};

	/* When the one who waited was killed, the kernel knows the event no more. */
	(void)!write(r->group, &response, sizeof(response));
}

/* After the answer: nobody waits for what is told. */
static void tell(struct replier *r, int fd, enum permit_outcome outcome, uint32_t pid)
{
	struct permit_news news = {.outcome = outcome, .pid = pid};

	if (permit_send(r->link, &news, sizeof(news), fd, MSG_DONTWAIT) < 0)
		r->shared->counters.untold++;
}

static void reply_default(struct replier *r, int fd, uint32_t pid, _Atomic uint64_t *counter)
{
	bool is_allowed = !r->options->is_enforcing || !r->options->denies_late;

	(*counter)++;
	reply(r, fd, is_allowed);
	if (r->options->is_enforcing)
		tell(r, fd, is_allowed ? PERMIT_LATE_PASSED : PERMIT_LATE_DENIED, pid);
	close(fd);
}

static void count_verdict(struct replier *r, enum permit_verdict verdict)
{
	struct permit_counters *counters = &r->shared->counters;

	(*(verdict == PERMIT_APPROVE ? &counters->approved
	   : verdict == PERMIT_SPARE ? &counters->spared
				     : &counters->denied))++;
}

static void reply_verdict(struct replier *r, int fd, uint32_t pid, enum permit_verdict verdict)
{
	count_verdict(r, verdict);
	reply(r, fd, verdict != PERMIT_DENY || !r->options->is_enforcing);
	if (r->options->is_enforcing && verdict != PERMIT_APPROVE)
		tell(r, fd, verdict == PERMIT_SPARE ? PERMIT_SPARED : PERMIT_DENIED, pid);
	close(fd);
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

	return permit_send(r->hasher, &question, sizeof(question), fd, MSG_DONTWAIT);
}

static void ask(struct replier *r, int fd, uint32_t pid, const struct permit_key *key)
{
	struct permit_slot *slot =
		permit_slots_take(&r->slots, key, fd, clock_boot_ns() + r->options->deadline_ns);

	if (slot && send_question(r, slot->serial, fd) < 0) {
		permit_slots_free(slot);
		slot = NULL;
	}
	if (!slot) {
		reply_default(r, fd, pid, &r->shared->counters.full);
		return;
	}
	slot->pid = pid;
	if (r->options->is_enforcing)
		return;
	/* Nobody waits where nothing is denied; the digest comes later and is counted. */
	slot->fd = -1;
	reply(r, fd, true);
	close(fd);
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

/* What was written is not known: nothing is any more. */
static void on_overflow(struct replier *r)
{
	r->shared->counters.overflows++;
	permit_cache_clear(&r->cache);
	r->uncertain = r->slots.serial;
}

/* One event a read: so never more than one new descriptor. 1, 0 when there is none. */
static int read_event(int group, struct fanotify_event_metadata *ret_event)
{
	return read(group, ret_event, sizeof(*ret_event)) == sizeof(*ret_event);
}

/* Whether all that was written before now is known. */
static bool read_writes(struct replier *r)
{
	struct fanotify_event_metadata event;

	for (int i = 0; i < EVENTS_A_ROUND; i++) {
		if (!read_event(r->writes, &event))
			return true;
		if (event.mask & FAN_Q_OVERFLOW)
			on_overflow(r);
		else if (event.fd >= 0)
			on_write(r, event.fd);
	}
	r->uncertain = r->slots.serial;
	return false;
}

/* Looked at before each answer: none from before the change is given after it. */
static void look_at_decisions(struct replier *r)
{
	uint64_t generation = r->shared->generation;

	if (r->generation == generation)
		return;
	r->generation = generation;
	permit_cache_clear(&r->cache);
	permit_slots_all_stale(&r->slots);
}

static void on_question(struct replier *r, int fd, uint32_t pid)
{
	struct permit_key key;
	bool is_approved, is_known;

	r->shared->counters.asked++;
	is_known = read_writes(r);
	look_at_decisions(r);
	if (!stat_event(fd, &key)) {
		reply_default(r, fd, pid, &r->shared->counters.late);
	} else if (is_known && is_cacheable(r, &key) &&
		   permit_cache_get(&r->cache, &key, &is_approved)) {
		r->shared->counters.cached++;
		reply_verdict(r, fd, pid, is_approved ? PERMIT_APPROVE : PERMIT_DENY);
	} else {
		ask(r, fd, pid, &key);
	}
}

static void read_questions(struct replier *r)
{
	struct fanotify_event_metadata event;

	for (int i = 0; i < EVENTS_A_ROUND && read_event(r->group, &event); i++) {
		if (event.fd < 0)
			continue;
		if (event.mask & FAN_OPEN_EXEC_PERM)
			on_question(r, event.fd, (uint32_t)event.pid);
		else
			close(event.fd);
	}
}

/* True when the question was asked again, as the decisions have become others. */
static bool ask_again(struct replier *r, struct permit_slot *slot)
{
	if (!slot->is_stale || slot->fd < 0 || send_question(r, slot->serial, slot->fd) < 0)
		return false;
	slot->is_stale = false;
	return true;
}

static bool is_answer_good(const struct permit_slot *slot, const struct permit_question *answer)
{
	struct permit_key now;

	if (answer->answer < 0 || slot->is_written || slot->is_stale)
		return false;
	/* Of a write that the queue holds still, the file itself tells. */
	return slot->fd < 0 ||
	       (stat_event(slot->fd, &now) && memcmp(&now, &slot->key, sizeof(now)) == 0);
}

static void on_answer(struct replier *r, const struct permit_question *answer)
{
	struct permit_slot *slot = permit_slots_find(&r->slots, answer->serial);
	enum permit_verdict verdict = (enum permit_verdict)answer->answer;
	bool is_good;

	if (!slot)
		return;
	(void)read_writes(r);
	look_at_decisions(r);
	if (ask_again(r, slot))
		return;
	is_good = is_answer_good(slot, answer);
	/* What is spared is told each time. */
	if (is_good && verdict != PERMIT_SPARE && slot->serial > r->uncertain &&
	    is_cacheable(r, &slot->key))
		permit_cache_put(&r->cache, &slot->key, verdict == PERMIT_APPROVE);
	if (slot->fd >= 0 && is_good)
		reply_verdict(r, slot->fd, slot->pid, verdict);
	else if (slot->fd >= 0)
		reply_default(r, slot->fd, slot->pid,
			      answer->answer < 0 ? &r->shared->counters.late
						 : &r->shared->counters.written);
	else if (is_good && !r->options->is_enforcing)
		count_verdict(r, verdict);
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

static void note_uncacheable(struct replier *r, uint64_t dev)
{
	const struct permit_key key = {.dev = dev};

	if (is_cacheable(r, &key) && r->uncacheable_count < PERMIT_MAX_MOUNTS)
		r->uncacheable[r->uncacheable_count++] = dev;
}

static int mark_file_system(struct replier *r, const struct permit_order *order, int fd)
{
	const unsigned flags = FAN_MARK_ADD | FAN_MARK_FILESYSTEM;

	if (order->is_uncacheable)
		note_uncacheable(r, order->dev);
	/* Writes are asked for, too, and first: they void what is known of a file. */
	if (fanotify_mark(r->writes, flags, FAN_MODIFY | FAN_CLOSE_WRITE, fd, NULL) < 0 ||
	    fanotify_mark(r->group, flags, FAN_OPEN_EXEC_PERM, fd, NULL) < 0)
		return -errno;
	return 0;
}

/* With "survives modification": without it the kernel drops the mark at the next write, and makes
 * none, without a word, while somebody has the file open for writing. */
static int mark_never_wait(const struct replier *r, int fd)
{
	const unsigned flags = FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY;

	return fanotify_mark(r->group, flags, FAN_OPEN_EXEC_PERM, fd, NULL) < 0 ? -errno : 0;
}

/* False when the caller has ended. */
static bool read_order(struct replier *r)
{
	struct permit_order order;
	int fd = -1, error;
	ssize_t len = permit_recv(r->link, &order, sizeof(order), &fd, MSG_DONTWAIT);

	if (len != sizeof(order) || fd < 0) {
		if (fd >= 0)
			close(fd);
		return len == -EAGAIN || len == -EINTR;
	}
	error = order.kind == PERMIT_ORDER_NEVER_WAIT ? mark_never_wait(r, fd)
						      : mark_file_system(r, &order, fd);
	close(fd);
	if (error < 0 && r->shared->order_error == 0)
		r->shared->order_error = error;
	r->shared->orders_done++;
	return true;
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
	int64_t beat_ns = r->options->stall_ns / PERMIT_BEATS;
	int64_t due_ns = permit_slots_due(&r->slots);

	if (due_ns <= now_ns)
		return 0;
	if (due_ns - now_ns < beat_ns)
		beat_ns = due_ns - now_ns;
	return (int)(beat_ns / NSEC_PER_MSEC) + 1;
}

static bool turn(struct replier *r)
{
	struct pollfd fds[] = {
		{.fd = r->group, .events = POLLIN},
		{.fd = r->writes, .events = POLLIN},
		{.fd = r->hasher, .events = POLLIN},
		{.fd = r->link, .events = POLLIN},
	};
	struct permit_slot *slot;
	int64_t now_ns;

	if (poll(fds, ARRAY_SIZE(fds), timeout_ms(r, clock_boot_ns())) < 0 && errno != EINTR)
		return false;
	r->shared->replier_beat++;
	now_ns = clock_boot_ns();
	if (!is_watched(r, now_ns) || (fds[3].revents && !read_order(r)))
		return false;
	if (fds[1].revents)
		(void)read_writes(r);
	read_questions(r);
	if (!read_answers(r))
		return false;
	while ((slot = permit_slots_late(&r->slots, now_ns))) {
		reply_default(r, slot->fd, slot->pid, &r->shared->counters.late);
		slot->fd = -1;
	}
	return true;
}

void permit_replier_run(struct replier *r)
{
	while (turn(r))
		;
}
