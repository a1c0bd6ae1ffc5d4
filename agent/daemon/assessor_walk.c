/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/assessor_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define FIRST_MS	 (10 * 60 * 1000) /* a machine that starts has other things to do */
#define ENTRIES_A_STEP	 256
#define RESTS_A_STEP	 9 /* times as long as it computed: a tenth of a processor at most */
#define SHORTEST_REST_MS 5
#define MAX_TOUCHED	 1024 /* while it walks; what is more is found by the next walk */

struct assessor_walk {
	struct inventory_walk *walk; /* NULL: none is under way */
	struct loop_source *timer;
	struct strbuf touched; /* since it began, each: how to look, as a byte, the path, NUL */
	size_t touched_count;
	uint64_t interval_ms;
	assessor_walk_fn fn;
	void *userdata;
};

/* IOPRIO_WHO_PROCESS of this thread; class 3 is idle, 0 goes back to what the nice value says. */
static void set_io_class(int class)
{
	(void)syscall(SYS_ioprio_set, 1, 0, class << 13);
}

static int begin(struct assessor_walk *walk)
{
	cleanup_root struct root root = ROOT_INIT;
	int r = root_open("/", &root);

	strbuf_done(&walk->touched);
	walk->touched_count = 0;
	return r < 0 ? r : inventory_begin(&root, &walk->walk);
}

void assessor_walk_touched(struct assessor_walk *walk, const char *path, enum inventory_look look)
{
	if (!walk->walk || walk->touched_count++ >= MAX_TOUCHED)
		return;
	strbuf_add_char(&walk->touched, (char)look);
	strbuf_add(&walk->touched, path, strlen(path) + 1);
}

/* It may have come by before the change. */
static void look_at_touched(struct assessor_walk *walk, struct inventory *inventory)
{
	cleanup_root struct root root = ROOT_INIT;
	const struct strbuf *touched = &walk->touched;
	int r = strbuf_check(touched);

	if (r == 0 && touched->len)
		r = root_open("/", &root);
	for (size_t at = 0; r >= 0 && at < touched->len;) {
		const char *path = touched->data + at + 1;

		r = inventory_look_again(inventory, &root, path,
					 (enum inventory_look)touched->data[at]);
		at += 1 + strlen(path) + 1;
	}
	if (r < 0 || walk->touched_count > MAX_TOUCHED)
		log_debug("not all that changed during the walk is known: %s",
			  r < 0 ? strerror(-r) : "it is too much");
	strbuf_done(&walk->touched);
}

static void end(struct assessor_walk *walk)
{
	struct inventory inventory;

	walk->walk = inventory_end(walk->walk, &inventory);
	log_debug("%zu names were walked over", inventory.entries);
	look_at_touched(walk, &inventory);
	walk->fn(&inventory, walk->userdata);
	inventory_done(&inventory);
}

static int on_timer(struct loop *loop, void *userdata)
{
	struct assessor_walk *walk = userdata;
	int64_t used_ns = clock_thread_cpu_ns();
	bool has_more;
	int r = walk->walk ? 0 : begin(walk);

	if (r < 0) {
		log_warning(r, "the file systems cannot be walked");
		return loop_set_timer(walk->timer, walk->interval_ms, 0);
	}
	set_io_class(3);
	has_more = inventory_step(walk->walk, ENTRIES_A_STEP);
	set_io_class(0);
	if (!has_more) {
		end(walk);
		return loop_set_timer(walk->timer, walk->interval_ms, 0);
	}
	used_ns = clock_thread_cpu_ns() - used_ns;
	return loop_set_timer(walk->timer,
			      SHORTEST_REST_MS + RESTS_A_STEP * (uint64_t)used_ns / NSEC_PER_MSEC,
			      0);
}

int assessor_walk_new(struct loop *loop, uint64_t interval_ms, assessor_walk_fn fn, void *userdata,
		      struct assessor_walk **ret_walk)
{
	struct assessor_walk *walk = calloc(1, sizeof(*walk));
	int r = 0;

	if (!walk)
		return -ENOMEM;
	walk->interval_ms = interval_ms;
	walk->fn = fn;
	walk->userdata = userdata;
	if (interval_ms)
		r = loop_add_timer(loop, interval_ms < FIRST_MS ? interval_ms : FIRST_MS, 0,
				   on_timer, walk, &walk->timer);
	if (r < 0) {
		free(walk);
		return r;
	}
	*ret_walk = walk;
	return 0;
}

struct assessor_walk *assessor_walk_free(struct assessor_walk *walk)
{
	if (walk) {
		inventory_walk_free(walk->walk);
		strbuf_done(&walk->touched);
	}
	free(walk);
	return NULL;
}
