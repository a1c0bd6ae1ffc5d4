/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/wakeups.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static struct itimerspec at_ns(int64_t ns, int64_t every_ns)
{
	return (struct itimerspec){
		.it_value = {.tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC},
		.it_interval = {.tv_sec = every_ns / NSEC_PER_SEC,
				.tv_nsec = every_ns % NSEC_PER_SEC},
	};
}

/* A timer far in the future that the kernel cancels when somebody sets the clock. */
static int watch_clock(int fd)
{
	struct itimerspec far = at_ns(clock_real_ns() + INT64_C(3650) * 86400 * NSEC_PER_SEC, 0);

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) < 0)
		return -errno;
	return 0;
}

static int add(struct wakeups *w, int fd, enum wakeup wakeup, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = wakeup};

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_all(struct wakeups *w)
{
	struct itimerspec every =
		at_ns(WAKEUPS_TICK_MS * NSEC_PER_MSEC, WAKEUPS_TICK_MS * NSEC_PER_MSEC);
	int r;

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	w->tick = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	w->clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->epoll < 0 || w->timer < 0 || w->tick < 0 || w->clock < 0)
		return -errno;
	if (timerfd_settime(w->tick, 0, &every, NULL) < 0)
		return -errno;
	r = watch_clock(w->clock);
	if (r == 0)
		r = add(w, w->timer, WAKEUP_DUE, EPOLLIN);
	if (r == 0)
		r = add(w, w->tick, WAKEUP_TICK, EPOLLIN);
	if (r == 0)
		r = add(w, w->clock, WAKEUP_CLOCK, EPOLLIN);
	return r;
}

int wakeups_init(struct wakeups *w)
{
	struct wakeups new = WAKEUPS_NONE;
	int r;

	r = open_all(&new);
	if (r < 0) {
		wakeups_done(&new);
		return r;
	}
	new.offset_ns = new.highest_ns = clock_real_ns() - clock_boot_ns();
	new.armed_ns = INT64_MAX;
	*w = new;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void wakeups_done(struct wakeups *w)
{
	close_fd(&w->timer);
	close_fd(&w->tick);
	close_fd(&w->clock);
	close_fd(&w->epoll);
}

int wakeups_add(struct wakeups *w, int fd, unsigned number, uint32_t events)
{
	return add(w, fd, WAKEUP_USER + number, events);
}

int wakeups_set(struct wakeups *w, int fd, unsigned number, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u32 = WAKEUP_USER + number};

	return epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int wakeups_arm(struct wakeups *w, int64_t due_ns)
{
	struct itimerspec spec = {0};

	if (due_ns == w->armed_ns)
		return 0;
	/* A time of zero would disarm it. */
	if (due_ns != INT64_MAX)
		spec = at_ns(due_ns > 0 ? due_ns : 1, 0);
	if (timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return -errno;
	w->armed_ns = due_ns;
	return 0;
}

static void drain(struct wakeups *w, uint32_t wakeup)
{
	uint64_t count;
	ssize_t n = 0;

	if (wakeup == WAKEUP_DUE) {
		n = read(w->timer, &count, sizeof(count));
		w->armed_ns = INT64_MAX;
	} else if (wakeup == WAKEUP_TICK) {
		n = read(w->tick, &count, sizeof(count));
	} else if (wakeup == WAKEUP_CLOCK) {
		/* Fails with ECANCELED, and is armed anew for the next time. */
		n = read(w->clock, &count, sizeof(count));
		(void)watch_clock(w->clock);
	}
	(void)n;
}

int wakeups_take(struct wakeups *w)
{
	struct epoll_event events[16];
	int n = epoll_wait(w->epoll, events, 16, 0);
	int mask = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		drain(w, events[i].data.u32);
		mask |= 1 << events[i].data.u32;
	}
	return mask;
}

/* Any time may be set, so the difference of two need not fit. */
static int64_t less(int64_t a, int64_t b)
{
	int64_t difference;

	if (__builtin_sub_overflow(a, b, &difference))
		return a > b ? INT64_MAX : INT64_MIN;
	return difference;
}

static int64_t move_to(struct wakeups *w, int64_t offset_ns)
{
	int64_t back_ns = less(w->highest_ns, offset_ns);

	w->offset_ns = offset_ns;
	if (back_ns > 0 && back_ns <= WAKEUPS_TOLERANCE_NS)
		return 0;
	w->highest_ns = offset_ns;
	return back_ns > 0 ? back_ns : 0;
}

static bool is_near(int64_t a, int64_t b)
{
	int64_t apart = less(a, b);

	return apart <= WAKEUPS_TOLERANCE_NS && apart >= -WAKEUPS_TOLERANCE_NS;
}

static int64_t settled_ns(const struct wakeups *w)
{
	return less(w->told_at_ns, -WAKEUPS_SETTLED_NS);
}

int64_t wakeups_clock_told(struct wakeups *w, int64_t set_ns, int64_t boot_ns)
{
	/* What the clocks showed after this one began says nothing of the one before. */
	bool was_made = w->is_told &&
			(!w->doubted_ns || less(boot_ns, w->doubted_ns) <= WAKEUPS_TOLERANCE_NS);
	int64_t back_ns = was_made ? move_to(w, w->told_ns) : 0;

	w->is_told = true;
	w->told_ns = less(set_ns, boot_ns);
	w->told_at_ns = boot_ns;
	w->doubted_ns = 0;
	return back_ns;
}

int64_t wakeups_clock_step_to(struct wakeups *w, int64_t offset_ns, int64_t boot_ns)
{
	if (is_near(offset_ns, w->told_ns))
		w->is_told = false;
	else if (!w->doubted_ns && boot_ns >= settled_ns(w))
		w->doubted_ns = boot_ns;
	return move_to(w, offset_ns);
}

int64_t wakeups_clock_due(const struct wakeups *w)
{
	return w->is_told && !w->doubted_ns ? settled_ns(w) : 0;
}

int64_t wakeups_clock_step(struct wakeups *w)
{
	int64_t boot_ns = clock_boot_ns();

	return wakeups_clock_step_to(w, clock_real_ns() - boot_ns, boot_ns);
}
