/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "ebpf/event.h"
#include "sensor/record_sink.h"
#include "sensor/wakeups.h"

#define MAX_BYTES	((size_t)16 * 1024 * 1024)
#define RECORDS_A_ROUND 64

struct sensor {
	struct observer *observer;
	struct wakeups wakeups;
	struct record_sink sink;
	struct strbuf records;
	size_t at; /* of the next record */
};

static const struct sensor_sight sights[] = {
	{"exec", 1, "from the file"},
	{"file.content", 1, "write-opens, from the file"},
	{NULL, 0, NULL},
};

static struct sensor *replay_close(struct sensor *sensor)
{
	if (!sensor)
		return NULL;
	observer_free(sensor->observer);
	wakeups_done(&sensor->wakeups);
	record_sink_done(&sensor->sink);
	strbuf_done(&sensor->records);
	free(sensor);
	return NULL;
}
DEFINE_CLEANUP(struct sensor *, replay_close)

int sensor_replay_open(const char *path, sensor_event_fn fn, void *userdata,
		       struct sensor **ret_sensor)
{
	cleanup_with(replay_closep) struct sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return -ENOMEM;
	sensor->wakeups = WAKEUPS_NONE;
	r = wakeups_init(&sensor->wakeups);
	if (r == 0)
		r = observer_new(fn, userdata, &sensor->observer);
	if (r == 0)
		r = fd_read_file(AT_FDCWD, path, MAX_BYTES, &sensor->records);
	if (r < 0)
		return r;
	sensor->sink.observer = sensor->observer;
	sensor->sink.wakeups = &sensor->wakeups;
	sensor->sink.offset_ns = sensor->wakeups.offset_ns;
	sensor->sink.is_inventory = true;
	*ret_sensor = TAKE_PTR(sensor);
	return 0;
}

static int replay_probe(struct strbuf *reterr)
{
	return 0;
}

static int replay_open(const struct sensor_choice *choice, struct sensor **ret_sensor)
{
	return -EOPNOTSUPP;
}

static int arm(struct sensor *sensor)
{
	int64_t due_ns = observer_due(sensor->observer);

	if (sensor->sink.clock_look_ns && sensor->sink.clock_look_ns < due_ns)
		due_ns = sensor->sink.clock_look_ns;
	return wakeups_arm(&sensor->wakeups, sensor->at < sensor->records.len ? 1 : due_ns);
}

static int replay_watch(struct sensor *sensor, const struct sensor_rules *rules)
{
	int r = observer_watch(sensor->observer, rules);

	return r < 0 ? r : arm(sensor);
}

static int replay_fd(const struct sensor *sensor)
{
	return sensor->wakeups.epoll;
}

/* Each record says its size; after one that lies about it nothing more can be found. */
static int take_next(struct sensor *sensor)
{
	size_t left = sensor->records.len - sensor->at;
	const char *data = sensor->records.data + sensor->at;
	struct ev_hdr hdr = {0};
	size_t size = left;

	if (left >= sizeof(hdr)) {
		memcpy(&hdr, data, sizeof(hdr));
		if (hdr.size >= sizeof(hdr) && hdr.size <= left)
			size = hdr.size;
	}
	sensor->at += size;
	return record_sink_take(&sensor->sink, data, size);
}

static void tell_bad_records(struct sensor *sensor)
{
	int64_t now_ns = clock_boot_ns();

	if (sensor->sink.bad_records)
		observer_gap(sensor->observer,
			     &(struct sensor_gap){"records of the kernel could not be understood",
						  "what they told", sensor->sink.bad_records,
						  now_ns, now_ns});
	sensor->sink.bad_records = 0;
}

static int replay_dispatch(struct sensor *sensor)
{
	int mask = wakeups_take(&sensor->wakeups);
	int work, r = 0;

	if (mask < 0)
		return mask;
	for (int i = 0; i < RECORDS_A_ROUND && sensor->at < sensor->records.len && r == 0; i++)
		r = take_next(sensor);
	if (r < 0)
		return r;
	record_sink_tell_clock(&sensor->sink);
	tell_bad_records(sensor);
	work = observer_work(sensor->observer);
	if (work < 0)
		return work;
	r = arm(sensor);
	return r < 0 ? r : work || sensor->at < sensor->records.len;
}

static int replay_self_test(struct sensor *sensor, const char *dir, struct strbuf *reterr)
{
	return 0;
}

static int replay_inventory(struct sensor *sensor)
{
	return 0;
}

static int replay_rescan(struct sensor *sensor, const char *tree)
{
	int r = observer_rescan(sensor->observer, tree);

	return r < 0 ? r : arm(sensor);
}

static int replay_recheck(struct sensor *sensor, const char *path, const uint8_t *known)
{
	int r = observer_recheck(sensor->observer, path, known);

	return r < 0 ? r : arm(sensor);
}

static int replay_hold(struct sensor *sensor, int is_held)
{
	observer_hold(sensor->observer, is_held);
	return arm(sensor);
}

static int replay_part(const struct sensor *sensor, size_t index, struct sensor_part *ret_part)
{
	return -ENOENT;
}

const struct sensor_ops sensor_replay = {
	.name = "replay",
	.sights = sights,
	.probe = replay_probe,
	.open = replay_open,
	.watch = replay_watch,
	.fd = replay_fd,
	.dispatch = replay_dispatch,
	.self_test = replay_self_test,
	.close = replay_close,
	.inventory = replay_inventory,
	.rescan = replay_rescan,
	.recheck = replay_recheck,
	.hold = replay_hold,
	.part = replay_part,
};
