/* SPDX-License-Identifier: Apache-2.0 */
#include "base/upkeep.h"

#include "base/clock.h"

/*
 * A look is due when nothing happened for QUIET_MS: after many events (a start and a load take much
 * more than what follows them), or when the last was long ago. Then it is due without quiet, too.
 */
#define QUIET_MS    500
#define MANY_EVENTS 16
#define PAUSE_MS    10000
#define LONG_MS	    30000
/*
 * To give back costs page faults, in which it comes again. Where only a few came since the last
 * time, next to nothing is to be had: a heartbeat and a tick alone cause 20 to 70 in 30 s, each
 * time the same.
 */
#define FEW_FAULTS 128
#define REST_MS	   300000

void upkeep_init(struct upkeep *upkeep, int64_t now_ns)
{
	*upkeep = (struct upkeep){
		.looked_ns = now_ns - PAUSE_MS * NSEC_PER_MSEC,
		.events = MANY_EVENTS,
		.given_ns = now_ns - REST_MS * NSEC_PER_MSEC,
	};
}

void upkeep_count(struct upkeep *upkeep, unsigned events)
{
	if (upkeep->events < MANY_EVENTS)
		upkeep->events += events;
}

static int64_t ms_since(int64_t then_ns, int64_t now_ns)
{
	return (now_ns - then_ns) / NSEC_PER_MSEC;
}

int upkeep_wait_ms(const struct upkeep *upkeep, int64_t now_ns)
{
	int64_t since_ms = ms_since(upkeep->looked_ns, now_ns);

	if (upkeep->events < MANY_EVENTS && (!upkeep->events || since_ms < LONG_MS))
		return -1;
	if (since_ms + QUIET_MS < PAUSE_MS)
		return (int)(PAUSE_MS - since_ms);
	return QUIET_MS;
}

bool upkeep_is_due(const struct upkeep *upkeep, int64_t now_ns, bool is_quiet)
{
	return is_quiet || ms_since(upkeep->looked_ns, now_ns) >= LONG_MS;
}

bool upkeep_look(struct upkeep *upkeep, int64_t now_ns, uint64_t faults)
{
	upkeep->looked_ns = now_ns;
	upkeep->events = 0;
	return faults - upkeep->faults >= FEW_FAULTS ||
	       ms_since(upkeep->given_ns, now_ns) >= REST_MS;
}

void upkeep_gave(struct upkeep *upkeep, int64_t now_ns, uint64_t faults)
{
	upkeep->given_ns = now_ns;
	upkeep->faults = faults;
}
