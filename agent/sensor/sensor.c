/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

const struct sensor_ops *const sensor_backends[] = {
	&sensor_lsm,
	&sensor_trace,
	&sensor_scan,
	NULL,
};

static void explain(struct strbuf *why, const char *name, const struct strbuf *text, int r)
{
	if (why->len > 0)
		strbuf_add_char(why, '\n');
	strbuf_printf(why, "%s: %s", name, text->len > 0 ? text->data : strerror(-r));
}

static int try_backend(const struct sensor_ops *ops, const struct sensor_choice *choice,
		       struct sensor **ret_sensor, struct strbuf *why)
{
	struct sensor *sensor = NULL;
	int r;

	r = ops->probe(why);
	if (r < 0)
		return r;
	r = ops->open(choice->fn, choice->userdata, &sensor);
	if (r < 0)
		return r;
	r = ops->self_test(sensor, choice->self_test_dir, why);
	if (r < 0) {
		ops->close(sensor);
		return r;
	}
	*ret_sensor = sensor;
	return 0;
}

static bool is_above(const struct sensor_ops *ops, const char *highest)
{
	if (str_equal(highest, "auto") || str_equal(highest, ops->name))
		return false;
	/* The list is in order: what stands before the wanted one is above it. */
	for (const struct sensor_ops *const *p = sensor_backends; *p && *p != ops; p++)
		if (str_equal((*p)->name, highest))
			return false;
	return true;
}

int sensor_choose(const struct sensor_choice *choice, const struct sensor_ops **ret_ops,
		  struct sensor **ret_sensor, struct strbuf *ret_why)
{
	int r = -EOPNOTSUPP;

	for (const struct sensor_ops *const *p = sensor_backends; *p; p++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (is_above(*p, choice->highest)) {
			strbuf_add_str(&text, "not tried, [sensor] rung says so");
			explain(ret_why, (*p)->name, &text, 0);
			continue;
		}
		r = try_backend(*p, choice, ret_sensor, &text);
		if (r == 0) {
			*ret_ops = *p;
			return 0;
		}
		explain(ret_why, (*p)->name, &text, r);
	}
	return r;
}
