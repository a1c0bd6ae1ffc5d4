/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "sensor/rights.h"

const struct sensor_ops *const sensor_backends[] = {
	&sensor_lsm, &sensor_trace, &sensor_fanotify, &sensor_scan, NULL,
};

static void pass_over(const struct sensor_choice *choice, const char *name, int error)
{
	struct standing *standing = choice->ret_standing;
	struct standing_rung *rung;

	if (!standing || standing->rung_count == STANDING_RUNGS_MAX)
		return;
	if (error == -EPERM && rights_are_namespaced())
		standing->hindrances |= STANDING_NAMESPACED;
	if (error == -EPERM && rights_are_filtered())
		standing->hindrances |= STANDING_FILTERED;
	rung = &standing->rungs[standing->rung_count++];
	str_copy(rung->name, sizeof(rung->name), name);
	rung->error = error;
}

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
	r = ops->open(choice, &sensor);
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

	if (choice->ret_standing)
		*choice->ret_standing = (struct standing){.capabilities = rights_capabilities()};
	for (const struct sensor_ops *const *p = sensor_backends; *p; p++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (is_above(*p, choice->highest)) {
			strbuf_add_str(&text, "not tried, [sensor] rung says so");
			explain(ret_why, (*p)->name, &text, 0);
			pass_over(choice, (*p)->name, -ECANCELED);
			continue;
		}
		r = try_backend(*p, choice, ret_sensor, &text);
		if (r == 0) {
			*ret_ops = *p;
			return 0;
		}
		explain(ret_why, (*p)->name, &text, r);
		pass_over(choice, (*p)->name, r);
	}
	return r;
}

void sensor_list_parts(const struct sensor_ops *ops, const struct sensor *sensor,
		       struct standing *standing)
{
	struct sensor_part part = {0};

	standing->part_count = 0;
	for (size_t i = 0; i < STANDING_PARTS_MAX && ops->part(sensor, i, &part) == 0; i++) {
		struct standing_part *to = &standing->parts[standing->part_count++];

		*to = (struct standing_part){
			.state = part.state,
			.error = part.error,
			.skipped = part.skipped,
		};
		str_copy(to->name, sizeof(to->name), part.name);
		part = (struct sensor_part){0};
	}
}
