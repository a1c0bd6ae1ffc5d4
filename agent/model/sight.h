/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each rung of the ladder sees, and what it does not: for the sensor's
 * back ends, `doctor`, and every report, which must say both.
 */
#ifndef PLUMBLINE_MODEL_SIGHT_H
#define PLUMBLINE_MODEL_SIGHT_H

struct sensor_sight {
	const char *what; /* "exec", "exec.script", "file.content", "module.load", ... */
	int is_seen;	  /* 1 yes, 0 no */
	const char *note; /* why not, or by what; static text */
};

/* Ended by a NULL what. */
extern const struct sensor_sight sight_lsm[];
extern const struct sensor_sight sight_trace[];
extern const struct sensor_sight sight_fanotify[];
extern const struct sensor_sight sight_scan[];

/* The table of the rung called @rung ("lsm", "trace", "fanotify", "scan"); NULL when there is no
 * such rung. */
const struct sensor_sight *sight_of_rung(const char *rung);

#endif
