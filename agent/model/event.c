/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include "model/name_table.h"

static const char *const kind_names[EVENT_KIND_COUNT] = {
	[EVENT_NONE] = "none",
	[EVENT_EXEC] = "exec",
	[EVENT_RUNNING] = "running",
	[EVENT_FILE] = "file",
	[EVENT_SCANNED] = "scanned",
	[EVENT_SCAN_BEGIN] = "scan-begin",
	[EVENT_SCAN_END] = "scan-end",
	[EVENT_GAP] = "gap",
	[EVENT_PHASE] = "phase",
	[EVENT_RUNG] = "rung",
	[EVENT_LOAD] = "load",
	[EVENT_CLOCK] = "clock",
	[EVENT_MOUNT] = "mount",
	[EVENT_HELD] = "held",
	[EVENT_ENFORCEMENT] = "enforcement",
};

void event_done(struct event *event)
{
	subject_done(&event->subject);
	file_fact_done(&event->object);
	file_fact_done(&event->script);
	free(event->text);
	free(event->detail);
	*event = (struct event){0};
}

const char *event_kind_name(enum event_kind kind)
{
	return name_of(kind_names, EVENT_KIND_COUNT, kind);
}
