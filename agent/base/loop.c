/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/upkeep.h"

#define LOOP_BATCH 32

enum source_kind {
	SOURCE_FD,
	SOURCE_TIMER,
	SOURCE_SIGNAL,
};

struct loop_source {
	struct loop *loop;
	struct loop_source *next; /* of the live list, or of the dead one */
	enum source_kind kind;
	int fd; /* borrowed for SOURCE_FD, owned else */
	int signo;
	bool is_dead;
	loop_fd_fn on_fd;
	loop_timer_fn on_timer;
	loop_signal_fn on_signal;
	void *userdata;
};

struct loop {
	int epoll_fd;
	bool is_stopped;
	unsigned depth; /* of loop_run_once(); a source is freed only at 0 */
	struct loop_source *live;
	struct loop_source *dead; /* removed, but perhaps still named by an event at hand */
	struct {
		struct loop_source *timer;
		uint64_t busy_ms, rest_ms;
		bool is_near; /* armed for busy_ms */
		loop_timer_fn fn;
		void *userdata;
	} tick;
};

int loop_new(struct loop **ret_loop)
{
	struct loop *loop;

	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		int r = -errno;

		free(loop);
		return r;
	}
	*ret_loop = loop;
	return 0;
}

static void free_list(struct loop_source **list)
{
	while (*list) {
		struct loop_source *source = *list;

		*list = source->next;
		free(source);
	}
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	while (loop->live)
		loop_remove(loop->live);
	free_list(&loop->dead);
	close(loop->epoll_fd);
	free(loop);
	return NULL;
}

static int add_source(struct loop *loop, const struct loop_source *wanted, uint32_t events,
		      struct loop_source **ret_source)
{
	struct epoll_event event = {.events = events};
	struct loop_source *source;

	source = malloc(sizeof(*source));
	if (!source)
		return -ENOMEM;
	*source = *wanted;
	source->loop = loop;
	event.data.ptr = source;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0) {
		int r = -errno;

		free(source);
		return r;
	}
	source->next = loop->live;
	loop->live = source;
	if (ret_source)
		*ret_source = source;
	return 0;
}

int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *userdata,
		struct loop_source **ret_source)
{
	struct loop_source source = {
		.kind = SOURCE_FD, .fd = fd, .on_fd = fn, .userdata = userdata};

	return add_source(loop, &source, events, ret_source);
}

int loop_set_events(struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno
											: 0;
}

static struct timespec to_timespec(uint64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000),
				 .tv_nsec = (long)(ms % 1000) * 1000000};
}

int loop_set_timer(struct loop_source *source, uint64_t first_ms, uint64_t every_ms)
{
	struct itimerspec when = {.it_value = to_timespec(first_ms),
				  .it_interval = to_timespec(every_ms)};

	if (first_ms == 0)
		when.it_value.tv_nsec = 1; /* zero would disarm it */
	return timerfd_settime(source->fd, 0, &when, NULL) < 0 ? -errno : 0;
}

int loop_add_timer(struct loop *loop, uint64_t first_ms, uint64_t every_ms, loop_timer_fn fn,
		   void *userdata, struct loop_source **ret_source)
{
	struct loop_source wanted = {.kind = SOURCE_TIMER, .on_timer = fn, .userdata = userdata};
	struct loop_source *source = NULL;
	cleanup_close int fd = -1;
	int r;

	fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	wanted.fd = fd;
	r = add_source(loop, &wanted, EPOLLIN, &source);
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	r = loop_set_timer(source, first_ms, every_ms);
	if (r < 0) {
		loop_remove(source);
		return r;
	}
	if (ret_source)
		*ret_source = source;
	return 0;
}

static int arm_tick(struct loop *loop, bool is_near)
{
	loop->tick.is_near = is_near;
	return loop_set_timer(loop->tick.timer, is_near ? loop->tick.busy_ms : loop->tick.rest_ms,
			      0);
}

static int on_tick(struct loop *loop, void *userdata)
{
	int r = loop->tick.fn(loop, loop->tick.userdata);

	return r < 0 ? r : arm_tick(loop, r > 0);
}

int loop_add_tick(struct loop *loop, uint64_t busy_ms, uint64_t rest_ms, loop_timer_fn fn,
		  void *userdata)
{
	loop->tick.busy_ms = busy_ms;
	loop->tick.rest_ms = rest_ms;
	loop->tick.is_near = true;
	loop->tick.fn = fn;
	loop->tick.userdata = userdata;
	return loop_add_timer(loop, busy_ms, 0, on_tick, NULL, &loop->tick.timer);
}

int loop_add_signal(struct loop *loop, int signo, loop_signal_fn fn, void *userdata)
{
	struct loop_source wanted = {
		.kind = SOURCE_SIGNAL, .signo = signo, .on_signal = fn, .userdata = userdata};
	cleanup_close int fd = -1;
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	wanted.fd = fd;
	r = add_source(loop, &wanted, EPOLLIN, NULL);
	if (r == 0)
		(void)TAKE_FD(fd);
	return r;
}

struct loop_source *loop_remove(struct loop_source *source)
{
	struct loop_source **link;
	struct loop *loop;

	if (!source || source->is_dead)
		return NULL;
	loop = source->loop;
	for (link = &loop->live; *link != source; link = &(*link)->next)
		;
	*link = source->next;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd,
			NULL); /* the user may have closed it */
	if (source->kind != SOURCE_FD)
		close(source->fd);
	source->is_dead = true;
	if (loop->depth == 0) {
		free(source);
		return NULL;
	}
	source->next = loop->dead;
	loop->dead = source;
	return NULL;
}

static int dispatch(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;
	uint64_t expirations;

	switch (source->kind) {
	case SOURCE_FD:
		return source->on_fd(source->loop, source->fd, events, source->userdata);
	case SOURCE_TIMER:
		if (read(source->fd, &expirations, sizeof(expirations)) < 0)
			return errno == EAGAIN ? 0 : -errno; /* re-armed meanwhile */
		return source->on_timer(source->loop, source->userdata);
	case SOURCE_SIGNAL:
		if (read(source->fd, &info, sizeof(info)) < 0)
			return errno == EAGAIN ? 0 : -errno;
		return source->on_signal(source->loop, source->signo, source->userdata);
	}
	return -EINVAL;
}

int loop_run_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[LOOP_BATCH];
	int count, r = 0;

	count = epoll_wait(loop->epoll_fd, events, LOOP_BATCH, timeout_ms);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;

	loop->depth++;
	for (int i = 0; i < count && r >= 0; i++) {
		struct loop_source *source = events[i].data.ptr;

		if (source->is_dead)
			continue;
		r = dispatch(source, events[i].events);
		if (r >= 0 && loop->tick.timer && source != loop->tick.timer && !loop->tick.is_near)
			r = arm_tick(loop, true);
	}
	if (--loop->depth == 0)
		free_list(&loop->dead);
	return r < 0 ? r : count;
}

static void keep_up(struct upkeep *upkeep)
{
	if (!upkeep_look(upkeep, clock_mono_ns(), memory_faults()))
		return;
	memory_give_back();
	upkeep_gave(upkeep, clock_mono_ns(), memory_faults());
}

int loop_run(struct loop *loop)
{
	struct upkeep upkeep;

	upkeep_init(&upkeep, clock_mono_ns());
	loop->is_stopped = false;
	while (!loop->is_stopped) {
		int wait_ms = upkeep_wait_ms(&upkeep, clock_mono_ns());
		int r = loop_run_once(loop, wait_ms);

		if (r < 0)
			return r;
		upkeep_count(&upkeep, (unsigned)r);
		if (wait_ms >= 0 && upkeep_is_due(&upkeep, clock_mono_ns(), r == 0))
			keep_up(&upkeep);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}
