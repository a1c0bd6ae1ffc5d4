/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensor: facts about program starts and changes of monitored files, from the
 * best rung of the ladder that this machine allows.
 *
 * A back end calls the event function from sensor_dispatch(), never from
 * elsewhere. It does not know the baseline; it is told which trees to watch.
 */
#ifndef PLUMBLINE_SENSOR_SENSOR_H
#define PLUMBLINE_SENSOR_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "model/event.h"
#include "model/sight.h"
#include "model/standing.h"

struct sensor;
struct stamp_store;
struct verdicts;
struct observer_exec;

typedef void (*sensor_event_fn)(const struct event *event, void *userdata);
/*
 * @path came or got other rights, in a monitored tree or not: as far as file systems with such
 * trees go, and where the rung hears of changes. By @pid, 0: not known. A folder that was moved
 * there @has_below what nobody tells.
 */
typedef void (*sensor_rights_fn)(const char *path, bool has_below, uint32_t pid, void *userdata);

/* What is monitored. Lists are NULL-ended and borrowed until the next sensor_watch(). */
struct sensor_rules {
	char **trees;	 /* absolute directories */
	char **ignores;	 /* absolute paths or trees, or glob patterns (fnmatch, FNM_PATHNAME) */
	char **updaters; /* programs and scripts whose work is one change-set */
	struct stamp_store *stamps; /* what was hashed before; NULL: nothing is known */
};

/* One program or kernel facility that a back end uses, as in struct standing_part. */
struct sensor_part {
	const char *name;
	enum part_state state;
	int error;
	uint64_t skipped;
};

struct pins;

/* What is asked of whoever may unlink pins, which a sandboxed sensor may not. */
enum sensor_release {
	SENSOR_RELEASE_LINKS, /* the programs of earlier sets: those of this one see all by now */
	SENSOR_RELEASE_ALL,   /* the earlier sets: what they told was read */
	SENSOR_RELEASE_COUNT,
};

/* How a sensor is opened. What it points to outlives the sensor. */
struct sensor_choice {
	const char *highest;
	const char *self_test_dir;
	sensor_event_fn fn;
	void *userdata; /* of all functions in here */
	/* Where the kernel's side goes on when this process has ended; NULL: it does not. */
	struct pins *pins;
	void (*release)(enum sensor_release what, void *userdata);
	/* NULL: nobody asks. */
	sensor_rights_fn rights;
	struct standing *ret_standing; /* NULL, or: gets the rights and the rungs passed over */
};

/* What the kernel held while no sensor ran. */
struct sensor_held {
	uint64_t waited, lost; /* records */
	const char *missed;    /* what it does not hold, for a person */
};

struct sensor_ops {
	const char *name;		   /* "lsm", "trace", "fanotify", "scan", "replay" */
	const struct sensor_sight *sights; /* ended by a NULL what */

	/* 0 when this machine allows it; else a negative errno and why, and what would change it,
	 * in @reterr. */
	int (*probe)(struct strbuf *reterr);
	int (*open)(const struct sensor_choice *choice, struct sensor **ret_sensor);
	/* Watches the trees from now on, and walks each once: EVENT_PHASE warming, ..., covered. */
	int (*watch)(struct sensor *sensor, const struct sensor_rules *rules);
	int (*fd)(const struct sensor *sensor); /* readable when dispatch has work */
	int (*dispatch)(struct sensor *sensor); /* bounded work; call again while it returns > 0 */
	/* Runs a known program and touches a known file in @dir, and returns 0 when both were seen
	 * within 8 s. */
	int (*self_test)(struct sensor *sensor, const char *dir, struct strbuf *reterr);
	struct sensor *(*close)(struct sensor *sensor);

	/* EVENT_RUNNING for each program that runs now. */
	int (*inventory)(struct sensor *sensor);
	/* Walks @tree (NULL: all trees) once more. */
	int (*rescan)(struct sensor *sensor, const char *tree);
	/* EVENT_FILE without subject for @path; none when its stamp says that it still is @known,
	 * the digest that was told of it last (SHA256_SIZE bytes; NULL: it is read). */
	int (*recheck)(struct sensor *sensor, const char *path, const uint8_t *known);
	/*
	 * Nothing is emitted while on hold. What happens meanwhile waits in the kernel; what finds
	 * no room there is lost and counted, and told by EVENT_GAP afterwards.
	 */
	int (*hold)(struct sensor *sensor, int is_held);
	/* Verdicts in the kernel; borrowed until close. NULL where the rung has none. */
	struct verdicts *(*verdicts)(struct sensor *sensor);
	/* Tells of code that somebody else has seen. NULL where the rung knows no processes. */
	void (*tell)(struct sensor *sensor, const struct observer_exec *exec);
	/* 0 when programs of an earlier sensor went on until this one took over. NULL: never. */
	int (*held)(const struct sensor *sensor, struct sensor_held *ret_held);
	/* All events that were emitted are out of this process: should it be ended now, none is
	 * lost. NULL: nobody keeps count. */
	void (*settle)(struct sensor *sensor);
	/* Who the process @pid is, or was a moment ago; who mounted or unmounted since @since_ns of
	 * the boot clock, when that was one process alone. 0, or -ENOENT when nobody knows. NULL:
	 * nobody ever does. */
	int (*who)(struct sensor *sensor, uint32_t pid, struct subject *ret_subject);
	int (*who_mounted)(struct sensor *sensor, int64_t since_ns, struct subject *ret_subject);
	/* Its programs and kernel facilities, @index from 0: 0, or -ENOENT past the last. */
	int (*part)(const struct sensor *sensor, size_t index, struct sensor_part *ret_part);
};

/* Highest first, NULL-ended. */
extern const struct sensor_ops *const sensor_backends[];
extern const struct sensor_ops sensor_lsm, sensor_trace, sensor_fanotify, sensor_scan;

/*
 * Opens the highest back end that probes, opens and passes its self-test in @self_test_dir;
 * @highest limits the climb ("auto" or a name). @ret_why gets one line per rung that was passed
 * over: name, error, remedy.
 */
int sensor_choose(const struct sensor_choice *choice, const struct sensor_ops **ret_ops,
		  struct sensor **ret_sensor, struct strbuf *ret_why);
/* Fills the parts of @standing as they are now. */
void sensor_list_parts(const struct sensor_ops *ops, const struct sensor *sensor,
		       struct standing *standing);

#endif
