/* SPDX-License-Identifier: Apache-2.0 */
/* Proof that a back end sees: it must notice a program that starts and a file that is made, both
 * ours. */
#ifndef PLUMBLINE_SENSOR_SELF_TEST_H
#define PLUMBLINE_SENSOR_SELF_TEST_H

#include <stdbool.h>

#include "sensor/observer.h"
#include "sensor/sensor.h"

/* The program of ours that ends at once, with status 0, when it gets this single argument. */
#define SELF_TEST_ARGUMENT "--self-test-child"

struct self_test {
	const struct sensor_ops *ops;
	struct sensor *sensor;
	struct observer *observer;
	bool has_exec; /* starts are seen by this back end */
	bool has_load; /* and what is mapped executable */
};

/*
 * Takes over the observer's sink and rules for the time of the test, in a folder of its own below
 * @dir. 0 when all was seen within 8 s; -ETIMEDOUT with what was not seen in @reterr; or another
 * negative errno.
 */
int self_test_run(const struct self_test *test, const char *dir, struct strbuf *reterr);

#endif
