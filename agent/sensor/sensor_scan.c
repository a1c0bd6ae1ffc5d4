/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lowest rung: walks the monitored trees and sees what is there, not how it
 * came there. Needs nothing but the right to read.
 */
#include <errno.h>

#include "sensor/observer.h"
#include "sensor/self_test.h"
#include "sensor/wakeups.h"

struct sensor {
	struct observer *observer;
	struct wakeups wakeups;
	sensor_event_fn fn;
	void *userdata;
};

static int scan_probe(struct strbuf *reterr)
{
	return 0;
}

static struct sensor *scan_close(struct sensor *sensor)
{
	if (!sensor)
		return NULL;
	observer_free(sensor->observer);
	wakeups_done(&sensor->wakeups);
	free(sensor);
	return NULL;
}
DEFINE_CLEANUP(struct sensor *, scan_close)

static int scan_open(const struct sensor_choice *choice, struct sensor **ret_sensor)
{
	cleanup_with(scan_closep) struct sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return -ENOMEM;
	sensor->wakeups = WAKEUPS_NONE;
	sensor->fn = choice->fn;
	sensor->userdata = choice->userdata;
	r = wakeups_init(&sensor->wakeups);
	if (r == 0)
		r = observer_new(choice->fn, choice->userdata, &sensor->observer);
	if (r < 0)
		return r;
	*ret_sensor = TAKE_PTR(sensor);
	return 0;
}

static int arm(struct sensor *sensor)
{
	return wakeups_arm(&sensor->wakeups, observer_due(sensor->observer));
}

static int scan_watch(struct sensor *sensor, const struct sensor_rules *rules)
{
	int r = observer_watch(sensor->observer, rules);

	return r < 0 ? r : arm(sensor);
}

static int scan_fd(const struct sensor *sensor)
{
	return sensor->wakeups.epoll;
}

static int scan_dispatch(struct sensor *sensor)
{
	int mask = wakeups_take(&sensor->wakeups);
	int more, r;

	if (mask < 0)
		return mask;
	if (mask & 1 << WAKEUP_CLOCK) {
		observer_void_stamps(sensor->observer);
		observer_clock(sensor->observer, wakeups_clock_step(&sensor->wakeups));
	}
	more = observer_work(sensor->observer);
	if (more < 0)
		return more;
	r = arm(sensor);
	return r < 0 ? r : more;
}

static int scan_self_test(struct sensor *sensor, const char *dir, struct strbuf *reterr)
{
	struct self_test test = {
		.ops = &sensor_scan,
		.sensor = sensor,
		.observer = sensor->observer,
	};
	int r = self_test_run(&test, dir, reterr);

	observer_set_sink(sensor->observer, sensor->fn, sensor->userdata);
	return r;
}

static int scan_inventory(struct sensor *sensor)
{
	return 0;
}

static int scan_rescan(struct sensor *sensor, const char *tree)
{
	int r = observer_rescan(sensor->observer, tree);

	return r < 0 ? r : arm(sensor);
}

static int scan_recheck(struct sensor *sensor, const char *path, const uint8_t *known)
{
	int r = observer_recheck(sensor->observer, path, known);

	return r < 0 ? r : arm(sensor);
}

static int scan_hold(struct sensor *sensor, int is_held)
{
	observer_hold(sensor->observer, is_held);
	return arm(sensor);
}

static int scan_part(const struct sensor *sensor, size_t index, struct sensor_part *ret_part)
{
	return -ENOENT;
}

const struct sensor_ops sensor_scan = {
	.name = "scan",
	.sights = sight_scan,
	.probe = scan_probe,
	.open = scan_open,
	.watch = scan_watch,
	.fd = scan_fd,
	.dispatch = scan_dispatch,
	.self_test = scan_self_test,
	.close = scan_close,
	.inventory = scan_inventory,
	.rescan = scan_rescan,
	.recheck = scan_recheck,
	.hold = scan_hold,
	.part = scan_part,
};
