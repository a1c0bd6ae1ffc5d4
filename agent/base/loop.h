/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event loop on epoll: one per process, one thread.
 *
 * A callback that returns a negative errno ends loop_run() with it. A source
 * may be removed from within any callback.
 */
#ifndef PLUMBLINE_BASE_LOOP_H
#define PLUMBLINE_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct loop;
struct loop_source;

typedef int (*loop_fd_fn)(struct loop *loop, int fd, uint32_t epoll_events, void *userdata);
typedef int (*loop_timer_fn)(struct loop *loop, void *userdata);
typedef int (*loop_signal_fn)(struct loop *loop, int signo, void *userdata);

int loop_new(struct loop **ret_loop);
struct loop *loop_free(struct loop *loop); /* frees its sources; never closes the user's fds */
DEFINE_CLEANUP(struct loop *, loop_free)

/* @events is an EPOLL* mask; @fd is borrowed. @ret_source may be NULL. */
int loop_add_fd(struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *userdata,
		struct loop_source **ret_source);
int loop_set_events(struct loop_source *source, uint32_t events);

/* First call after @first_ms, then every @every_ms (0: once, the source stays and can be re-armed).
 * CLOCK_BOOTTIME. */
int loop_add_timer(struct loop *loop, uint64_t first_ms, uint64_t every_ms, loop_timer_fn fn,
		   void *userdata, struct loop_source **ret_source);
int loop_set_timer(struct loop_source *source, uint64_t first_ms, uint64_t every_ms);

/*
 * For what time alone brings about: @fn runs @busy_ms after the first event of another source, and
 * again after @busy_ms for as long as it returns more than 0; else after @rest_ms, so that a
 * process at rest rarely wakes up. A loop has one tick at most.
 */
int loop_add_tick(struct loop *loop, uint64_t busy_ms, uint64_t rest_ms, loop_timer_fn fn,
		  void *userdata);

/* Blocks @signo for the process and reads it by signalfd. */
int loop_add_signal(struct loop *loop, int signo, loop_signal_fn fn, void *userdata);

/* NULL is allowed; returns NULL. */
struct loop_source *loop_remove(struct loop_source *source);

/* Until loop_stop() or an error. Gives memory back (base/memory.h) when nothing happens any more.
 */
int loop_run(struct loop *loop);
int loop_run_once(struct loop *loop,
		  int timeout_ms); /* number of callbacks run, or negative errno */
void loop_stop(struct loop *loop);

#endif
