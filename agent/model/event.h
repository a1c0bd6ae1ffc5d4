/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sensor tells the recorder. Facts only: no verdict, no baseline.
 */
#ifndef PLUMBLINE_MODEL_EVENT_H
#define PLUMBLINE_MODEL_EVENT_H

#include <stdint.h>

#include "model/decision.h"
#include "model/file_fact.h"
#include "model/subject.h"

enum event_kind {
	EVENT_NONE,
	EVENT_EXEC, /* @object: the program; @script: the script it interprets, path NULL when none
		     */
	EVENT_RUNNING, /* as EVENT_EXEC, for a program that ran before the sensor did */
	EVENT_FILE, /* @object: the state of a monitored path after a change settled; when nothing
		     * is there, @count: processes that still run what was */
	EVENT_SCANNED,	  /* @object: the state of a monitored path found by a walk, no subject */
	EVENT_SCAN_BEGIN, /* a walk of tree @object.path starts */
	EVENT_SCAN_END, /* it ended; entries below it that were not seen are missing. @count: files
			   seen; @detail: NULL, or why not all could be seen (a gap tells it too) */
	EVENT_GAP, /* something was not seen: @text says what, @count how many records, @time_ns to
		      @until_ns */
	EVENT_PHASE, /* coverage phase changed: @text is "observing", "warming" or "covered" */
	EVENT_RUNG,  /* @text is the rung's name; @detail says why not a higher one */
	EVENT_LOAD,  /* @object: a file that became code without being a program's start; @text is
		      * "script", "library" or "module"; or "program", the start of one that was
		      * denied */
	EVENT_CLOCK, /* the wall clock stepped back by @count ns */
	EVENT_MOUNT, /* at @object.path something else is mounted now: @text says what; @count 0: it
		      * was before. Without a path @text is EVENT_MOUNT_BEGIN or _END, and all that
		      * is mounted in monitored places stands between */
	EVENT_HELD,  /* the kernel went on telling while no sensor ran: @text says what, @detail
		      * what it did not see; @count: records that waited */
	EVENT_ENFORCEMENT, /* @text is "enforce" or "observe", @detail why not more; @count
			    * decisions are in force, of @kernel.generation */
	EVENT_KIND_COUNT,
};

/* What was seen happening to a path (EVENT_FILE). */
enum {
	EVENT_CHANGE_WRITE = 1 << 0,
	EVENT_CHANGE_CREATE = 1 << 1,
	EVENT_CHANGE_DELETE = 1 << 2,
	EVENT_CHANGE_RENAME_FROM = 1 << 3,
	EVENT_CHANGE_RENAME_TO = 1 << 4,
	EVENT_CHANGE_LINK = 1 << 5,
	EVENT_CHANGE_ATTRIBUTE = 1 << 6, /* mode, owner, times, xattr */
	EVENT_CHANGE_OPEN_WRITE = 1 << 7,
};

#define EVENT_MOUNT_BEGIN "begin"
#define EVENT_MOUNT_END	  "end"

struct event {
	enum event_kind kind;
	uint32_t changes; /* EVENT_CHANGE_* */
	int64_t time_ns;  /* wall clock of the (first) happening, ns since 1970 */
	int64_t until_ns; /* EVENT_GAP: its end */
	uint64_t count;
	uint64_t sequence; /* counted by the process that sends it, without holes */
	struct subject subject;
	struct file_fact object;
	struct file_fact script;
	struct kernel_answer kernel; /* EVENT_EXEC, EVENT_LOAD */
	char *text;		     /* see the kinds */
	char *detail;		     /* free words for a person; NULL */
};

void event_done(struct event *event);
#define cleanup_event cleanup_with(event_done)

const char *event_kind_name(enum event_kind kind);

#endif
