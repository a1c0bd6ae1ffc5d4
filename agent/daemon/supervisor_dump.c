/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dumper, started when the assessor asks: one at a time, not more often
 * than every two seconds, and never longer than it may take. What it finds goes
 * to the assessor; nothing of it comes by here.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/supervisor.h"

#define PAUSE_NS    (2 * NSEC_PER_SEC)
#define LIFETIME_NS (10 * NSEC_PER_SEC)

void dump_on_tick(struct supervisor *supervisor)
{
	struct managed *dumper = &supervisor->children[ROLE_DUMPER];
	int64_t now_ns = clock_boot_ns();

	if (!supervisor->wants_dump || supervisor->stop_ns || dumper->pid > 0)
		return;
	if (dumper->started_ns && now_ns - dumper->started_ns < PAUSE_NS)
		return;
	supervisor->wants_dump = false;
	/* The assessor does not wait for ever: without a dumper those checks are errors. */
	if (child_start_one(dumper) < 0)
		log_warning(0, "no dump of the kernel's rules is made");
	dumper->kill_ns = now_ns + LIFETIME_NS;
}

int on_dump_want(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *assessor = userdata;

	if (message_check(message) < 0)
		return -EBADMSG;
	assessor->heard_ns = clock_boot_ns();
	assessor->supervisor->wants_dump = true;
	dump_on_tick(assessor->supervisor);
	return 0;
}
