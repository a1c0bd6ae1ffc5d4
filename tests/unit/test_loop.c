/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "unit/unit.h"

struct counter {
	unsigned calls;
	unsigned stop_at;
	struct loop_source *source, *other;
	int answer;
};

static int on_timer(struct loop *loop, void *userdata)
{
	struct counter *counter = userdata;

	if (++counter->calls == counter->stop_at)
		loop_stop(loop);
	return counter->answer;
}

static int on_fd(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct counter *counter = userdata;
	char c;

	counter->calls++;
	if (events & EPOLLIN)
		ck_assert_int_eq(read(fd, &c, 1), 1);
	return counter->answer;
}

/* Two of these are ready at once; the first that runs removes both. */
static int on_fd_remove_both(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct counter *counter = userdata;

	counter->calls++;
	counter->source = loop_remove(counter->source);
	counter->other = loop_remove(counter->other);
	return 0;
}

static int on_signal(struct loop *loop, int signo, void *userdata)
{
	struct counter *counter = userdata;

	ck_assert_int_eq(signo, SIGUSR1);
	counter->calls++;
	loop_stop(loop);
	return 0;
}

START_TEST(a_timer_repeats)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {.stop_at = 3};
	int64_t start = clock_boot_ns();

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, 1, 5, on_timer, &counter, NULL), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(counter.calls, 3);
	ck_assert_int_ge(clock_boot_ns() - start, 11 * NSEC_PER_MSEC);
}
END_TEST

START_TEST(a_timer_for_now_fires_and_can_be_armed_again)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {0};

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, 0, 0, on_timer, &counter, &counter.source), 0);
	ck_assert_int_eq(loop_run_once(loop, 1000), 1);
	ck_assert_int_eq(loop_run_once(loop, 10), 0); /* once */
	ck_assert_int_eq(loop_set_timer(counter.source, 1, 0), 0);
	ck_assert_int_eq(loop_run_once(loop, 1000), 1);
	ck_assert_uint_eq(counter.calls, 2);
}
END_TEST

START_TEST(an_error_of_a_callback_ends_the_loop)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {.answer = -EPROTO};

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, 0, 1, on_timer, &counter, NULL), 0);
	ck_assert_int_eq(loop_run(loop), -EPROTO);
	ck_assert_uint_eq(counter.calls, 1);
}
END_TEST

START_TEST(events_can_be_turned_off_and_on)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {0};
	int ends[2];

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(loop_add_fd(loop, ends[0], EPOLLIN, on_fd, &counter, &counter.source), 0);
	ck_assert_int_eq(write(ends[1], "ab", 2), 2);
	ck_assert_int_eq(loop_set_events(counter.source, 0), 0);
	ck_assert_int_eq(loop_run_once(loop, 0), 0);
	ck_assert_int_eq(loop_set_events(counter.source, EPOLLIN), 0);
	ck_assert_int_eq(loop_run_once(loop, 0), 1);
	ck_assert_int_eq(loop_run_once(loop, 0), 1);
	ck_assert_int_eq(loop_run_once(loop, 0), 0);
	ck_assert_uint_eq(counter.calls, 2);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_source_removed_by_another_is_not_called)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {0};
	int first[2], second[2];

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(pipe2(first, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(second, O_CLOEXEC), 0);
	ck_assert_int_eq(loop_add_fd(loop, first[0], EPOLLIN, on_fd_remove_both, &counter,
				     &counter.source),
			 0);
	ck_assert_int_eq(loop_add_fd(loop, second[0], EPOLLIN, on_fd_remove_both, &counter,
				     &counter.other),
			 0);
	ck_assert_int_eq(write(first[1], "x", 1), 1);
	ck_assert_int_eq(write(second[1], "x", 1), 1);
	ck_assert_int_eq(loop_run_once(loop, 0), 2);
	ck_assert_uint_eq(counter.calls, 1);
	ck_assert_int_eq(loop_run_once(loop, 0), 0);
	ck_assert_int_eq(fcntl(first[0], F_GETFD), FD_CLOEXEC); /* borrowed: still open */
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
}
END_TEST

START_TEST(a_signal_arrives_in_the_loop)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {0};

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_signal(loop, SIGUSR1, on_signal, &counter), 0);
	ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(counter.calls, 1);
}
END_TEST

START_TEST(a_closed_peer_is_reported)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter counter = {.answer = -EPIPE};
	int ends[2];

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(loop_add_fd(loop, ends[0], 0, on_fd, &counter, NULL), 0);
	close(ends[1]);
	ck_assert_int_eq(loop_run(loop), -EPIPE);
	close(ends[0]);
}
END_TEST

static int on_tick(struct loop *loop, void *userdata)
{
	struct counter *counter = userdata;

	counter->calls++;
	return counter->answer;
}

/* It ran once after the start; from then on it rests for longer than any test takes. */
static struct loop *loop_with_resting_tick(struct counter *counter)
{
	struct loop *loop;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_tick(loop, 1, 600000, on_tick, counter), 0);
	ck_assert_int_eq(loop_run_once(loop, 1000), 1);
	ck_assert_uint_eq(counter->calls, 1);
	return loop;
}

START_TEST(a_tick_rests_until_something_happens)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter ticks = {0}, timers = {0};

	loop = loop_with_resting_tick(&ticks);
	ck_assert_int_eq(loop_run_once(loop, 20), 0);
	ck_assert_int_eq(loop_add_timer(loop, 0, 0, on_timer, &timers, NULL), 0);
	ck_assert_int_eq(loop_run_once(loop, 1000), 1); /* the timer, */
	ck_assert_int_eq(loop_run_once(loop, 1000), 1); /* after it a tick, */
	ck_assert_uint_eq(ticks.calls, 2);
	ck_assert_int_eq(loop_run_once(loop, 20), 0); /* and rest */
}
END_TEST

START_TEST(a_tick_comes_back_while_it_has_work)
{
	cleanup_with(loop_freep) struct loop *loop = NULL;
	struct counter ticks = {.answer = 1};

	loop = loop_with_resting_tick(&ticks);
	ck_assert_int_eq(loop_run_once(loop, 1000), 1);
	ticks.answer = 0;
	ck_assert_int_eq(loop_run_once(loop, 1000), 1);
	ck_assert_uint_eq(ticks.calls, 3);
	ck_assert_int_eq(loop_run_once(loop, 20), 0);
}
END_TEST

#ifndef PLUMBLINE_ASAN /* its allocator is another one */
static size_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	size_t pages;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*u %zu", &pages), 1);
	(void)fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int on_timer_stop(struct loop *loop, void *userdata)
{
	loop_stop(loop);
	return 0;
}

/* One block stays at the end, or the allocator would give all before it back by itself. */
START_TEST(free_memory_goes_back_when_it_is_quiet)
{
	enum {
		COUNT = 40000,
		SIZE = 256
	};
	cleanup_with(loop_freep) struct loop *loop = NULL;
	static char *blocks[COUNT];
	size_t before;

	for (int i = 0; i < COUNT; i++) {
		blocks[i] = malloc(SIZE);
		memset(blocks[i], 1, SIZE);
	}
	for (int i = 0; i < COUNT - 1; i++)
		free(blocks[i]);
	before = resident_bytes();
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_add_timer(loop, 1500, 0, on_timer_stop, NULL, NULL), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_lt(resident_bytes() + COUNT * SIZE / 2, before);
	free(blocks[COUNT - 1]);
}
END_TEST
#endif

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_timer_repeats);
	tcase_add_test(tcase, a_timer_for_now_fires_and_can_be_armed_again);
	tcase_add_test(tcase, an_error_of_a_callback_ends_the_loop);
	tcase_add_test(tcase, events_can_be_turned_off_and_on);
	tcase_add_test(tcase, a_source_removed_by_another_is_not_called);
	tcase_add_test(tcase, a_signal_arrives_in_the_loop);
	tcase_add_test(tcase, a_closed_peer_is_reported);
	tcase_add_test(tcase, a_tick_rests_until_something_happens);
	tcase_add_test(tcase, a_tick_comes_back_while_it_has_work);
#ifndef PLUMBLINE_ASAN
	tcase_add_test(tcase, free_memory_goes_back_when_it_is_quiet);
#endif
}

UNIT_MAIN("loop")
