/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor_bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "sensor/bpf_probe.h"
#include "sensor/bpf_source.h"
#include "sensor/fan_changes.h"
#include "sensor/handover.h"
#include "sensor/mounts.h"
#include "sensor/observer.h"
#include "sensor/record_sink.h"
#include "sensor/rights.h"
#include "sensor/self_test.h"
#include "sensor/wakeups.h"

enum {
	SOURCE_RINGS,
	SOURCE_FAN,
};

/* After a round of changes the group rests so long: what piles up meanwhile is folded by the kernel
 * and wakes nobody. */
#define FAN_REST_NS (50 * NSEC_PER_MSEC)
#define FAN_READS   8
/*
 * After a round of records, too: the kernel wakes a reader that has read all, once per record then,
 * and pays for it inside execve(). A lone record is read at once.
 */
#define RINGS_REST_NS	(10 * NSEC_PER_MSEC)
#define RECORDS_A_ROUND 256
/* Between the record of one who mounts and the mount table; a system call is told after it. */
#define MOUNT_LOOK_NS (20 * NSEC_PER_MSEC)
#define MOUNT_WAIT_NS NSEC_PER_SEC
#define COUNT_TRIES   100
/* Ended processes are known so long: longer than a change can wait. */
#define REMEMBER_NS (30 * NSEC_PER_SEC)

struct sensor {
	const struct sensor_ops *ops;
	bool has_lsm;
	struct observer *observer;
	struct bpf_source *bpf;
	struct verdicts *verdicts; /* NULL: not on this rung */
	struct handover *handover;
	bool is_testing, is_kept;
	int keep_error; /* why nothing outlives this process though it was asked to */
	struct fan *fan;
	int mounts;
	struct wakeups wakeups;
	sensor_event_fn fn;
	sensor_rights_fn rights;
	void *userdata;

	struct record_sink sink;
	unsigned records; /* of this round */
	int64_t round_end_ns;
	uint64_t ring_records; /* of all rounds */
	bool is_listing;       /* what comes now is from no ring */
	bool is_held;
	int64_t fan_resume_ns, rings_resume_ns; /* 0: not resting */

	/* What has changed is told when the rings were read, so that they name who did it. */
	int64_t mount_news_ns;	/* when the mount table is to be read; 0: it has not changed */
	int64_t mount_until_ns; /* so long who did it is waited for */
	int64_t mount_look_ns;	/* when to see whether it has; 0: in the next round */

	struct ev_counters seen; /* at the last look */
	int64_t seen_ns, opened_ns;
};

static void ignore_change(const struct fan_event *event, void *userdata)
{
}

static bool is_locked_down(void)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	return fd_read_file(AT_FDCWD, "/sys/kernel/security/lockdown", 4096, &text) >= 0 &&
	       text.data && strstr(text.data, "[confidentiality]");
}

int sensor_bpf_probe(struct strbuf *reterr)
{
	struct fan *fan = NULL;
	int r = bpf_probe_load(BPF_PROBE_TP_BTF);

	if (is_locked_down()) {
		strbuf_add_str(reterr, "the kernel lets no program read its memory: it needs "
				       "lockdown=integrity or none in place of "
				       "lockdown=confidentiality");
		return -EPERM;
	}
	if (r < 0) {
		strbuf_add_str(reterr, "no tracepoint programs: ");
		rights_explain(r, reterr);
		return r;
	}
	r = fan_open(ignore_change, NULL, &fan);
	if (r < 0) {
		strbuf_printf(
			reterr,
			"the kernel refused a fanotify group (%s): it needs CAP_SYS_ADMIN, and "
			"Linux 5.9 with CONFIG_FANOTIFY",
			strerror(-r));
		return r;
	}
	fan_close(fan);
	return 0;
}

static int count_record(const void *data, size_t len, void *userdata)
{
	struct sensor *sensor = userdata;

	sensor->ring_records++;
	return 0;
}

/* Whether attempts are what was read and what was lost. Tasks that are listed pass no ring. */
static bool is_balanced(struct sensor *sensor, uint64_t *ret_attempts, uint64_t *ret_lost)
{
	uint64_t attempts = 0, lost = 0;
	struct ev_counters sum;

	if (bpf_source_dispatch(sensor->bpf) < 0 || bpf_source_counters(sensor->bpf, &sum) < 0)
		return false;
	for (int type = 0; type < EV_TYPE_COUNT; type++) {
		attempts += type == EV_TASK ? 0 : sum.attempts[type];
		lost += type == EV_TASK ? 0 : sum.lost[type];
	}
	*ret_attempts = attempts;
	*ret_lost = lost;
	return attempts == sensor->ring_records + lost;
}

static void tell_counts(struct sensor *sensor)
{
	uint64_t attempts = 0, lost = 0;

	/* What the next sensor reads is not counted off here. */
	if (!sensor->bpf || sensor->is_kept)
		return;
	bpf_source_detach(sensor->bpf);
	bpf_source_set_reader(sensor->bpf, count_record, sensor);
	/* A program that another processor was just running may come to its end meanwhile. */
	for (int i = 0; i < COUNT_TRIES; i++)
		if (is_balanced(sensor, &attempts, &lost))
			break;
	log_info("rings: attempts %" PRIu64 ", read %" PRIu64 ", lost %" PRIu64, attempts,
		 sensor->ring_records, lost);
}

struct sensor *sensor_bpf_close(struct sensor *sensor)
{
	if (!sensor)
		return NULL;
	tell_counts(sensor);
	verdicts_free(sensor->verdicts);
	bpf_source_close(sensor->bpf);
	handover_close(sensor->handover);
	fan_close(sensor->fan);
	if (sensor->mounts >= 0)
		close(sensor->mounts);
	observer_free(sensor->observer);
	wakeups_done(&sensor->wakeups);
	record_sink_done(&sensor->sink);
	free(sensor);
	return NULL;
}
DEFINE_CLEANUP(struct sensor *, sensor_bpf_close)

static int on_old_record(const void *data, size_t len, void *userdata)
{
	struct sensor *sensor = userdata;

	return record_sink_take(&sensor->sink, data, len);
}

/* A round ends after so many records of a ring, or in time. */
static int on_record(const void *data, size_t len, void *userdata)
{
	struct sensor *sensor = userdata;
	int r;

	sensor->ring_records += !sensor->is_listing;
	handover_took(sensor->handover);
	if (sensor->sink.is_inventory)
		handover_note(sensor->handover, data, len);
	else if (handover_has_told(sensor->handover, data, len))
		return 0;
	r = record_sink_take(&sensor->sink, data, len);
	if (r < 0)
		return r;
	sensor->records++;
	return sensor->records % RECORDS_A_ROUND == 0 || clock_boot_ns() >= sensor->round_end_ns
		       ? -ECANCELED
		       : 0;
}

static void on_fan_event(const struct fan_event *event, void *userdata)
{
	struct sensor *sensor = userdata;

	fan_changes_take(sensor->observer, event, sensor->seen_ns);
	fan_changes_tell_rights(event, sensor->rights, sensor->userdata);
}

static bool is_reported(uint64_t dev, void *userdata)
{
	const struct sensor *sensor = userdata;

	return fan_covers(sensor->fan, dev);
}

static int open_verdicts(struct sensor *sensor)
{
	struct verdict_maps maps;
	int r = bpf_source_verdict_maps(sensor->bpf, &maps);

	if (r == -EOPNOTSUPP)
		return 0;
	if (r == 0)
		r = verdicts_new(&maps, &sensor->verdicts);
	if (r == 0)
		observer_set_verdicts(sensor->observer, sensor->verdicts);
	return r;
}

static int list_running(struct sensor *sensor, bool is_told)
{
	int r;

	sensor->sink.is_inventory = is_told;
	sensor->is_listing = true;
	r = bpf_source_list_tasks(sensor->bpf);
	sensor->is_listing = false;
	sensor->sink.is_inventory = false;
	return r == -EOPNOTSUPP ? 0 : r;
}

/* With what the sensor before has left, or else with nothing. */
static int open_source(struct sensor *sensor, const struct sensor_choice *choice,
		       struct strbuf *reterr)
{
	struct bpf_source_options options = {.has_lsm = sensor->has_lsm};
	cleanup_carry struct carry carry;
	int r = -ENOENT;

	carry_init(&carry);
	if (sensor->has_lsm && choice->pins)
		r = carry_open(choice->pins, &carry);
	if (r == 0) {
		options.carry = &carry;
		r = bpf_source_open(&options, &sensor->bpf, reterr);
		if (r == 0)
			return 0;
		log_warning(r, "what the sensor before knew of files cannot be taken over");
		options.carry = NULL;
		strbuf_clear(reterr);
	}
	return bpf_source_open(&options, &sensor->bpf, reterr);
}

int sensor_bpf_open(const struct sensor_bpf_kind *kind, const struct sensor_choice *choice,
		    struct sensor **ret_sensor)
{
	cleanup_with(sensor_bpf_closep) struct sensor *sensor = calloc(1, sizeof(*sensor));
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	if (!sensor)
		return -ENOMEM;
	sensor->ops = kind->ops;
	sensor->has_lsm = kind->has_lsm;
	sensor->mounts = -1;
	sensor->wakeups = WAKEUPS_NONE;
	sensor->fn = choice->fn;
	sensor->rights = choice->rights;
	sensor->userdata = choice->userdata;
	sensor->seen_ns = sensor->opened_ns = clock_boot_ns();
	r = wakeups_init(&sensor->wakeups);
	if (r == 0)
		r = observer_new(choice->fn, choice->userdata, &sensor->observer);
	if (r == 0)
		r = handover_open(choice, on_old_record, sensor, &sensor->handover);
	if (r == 0)
		r = open_source(sensor, choice, &text);
	if (text.data)
		log_debug("%s", text.data);
	if (r == 0)
		r = open_verdicts(sensor);
	if (r == 0)
		r = fan_open(on_fan_event, sensor, &sensor->fan);
	if (r == 0)
		r = sensor->mounts = mounts_open();
	if (r < 0)
		return r;
	sensor->sink.observer = sensor->observer;
	sensor->sink.wakeups = &sensor->wakeups;
	sensor->sink.offset_ns = sensor->wakeups.offset_ns;
	bpf_source_set_reader(sensor->bpf, on_record, sensor);
	observer_set_reported(sensor->observer, is_reported, sensor);
	r = wakeups_add(&sensor->wakeups, bpf_source_fd(sensor->bpf), SOURCE_RINGS, EPOLLIN);
	if (r == 0)
		r = wakeups_add(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_FAN, EPOLLIN);
	/* Who runs already is known from the start; it is told by sensor_bpf_inventory(). */
	if (r == 0)
		r = list_running(sensor, false);
	if (r < 0)
		return r;
	*ret_sensor = TAKE_PTR(sensor);
	return 0;
}

static int arm(struct sensor *sensor)
{
	int64_t due_ns = observer_due(sensor->observer);

	if (!sensor->is_held && sensor->fan_resume_ns && sensor->fan_resume_ns < due_ns)
		due_ns = sensor->fan_resume_ns;
	if (!sensor->is_held && sensor->mount_look_ns && sensor->mount_look_ns < due_ns)
		due_ns = sensor->mount_look_ns;
	if (!sensor->is_held && sensor->sink.clock_look_ns && sensor->sink.clock_look_ns < due_ns)
		due_ns = sensor->sink.clock_look_ns;
	if (!sensor->is_held && sensor->mount_news_ns && sensor->mount_news_ns < due_ns)
		due_ns = sensor->mount_news_ns;
	if (!sensor->is_held && sensor->rings_resume_ns && handover_is_over(sensor->handover) &&
	    sensor->rings_resume_ns < due_ns)
		due_ns = sensor->rings_resume_ns;
	if (!sensor->is_held && handover_due(sensor->handover) < due_ns)
		due_ns = handover_due(sensor->handover);
	return wakeups_arm(&sensor->wakeups, due_ns);
}

static int mark_file_systems(struct sensor *sensor)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int64_t now_ns = clock_boot_ns();
	int r = fan_watch(sensor->fan, observer_watch_set(sensor->observer), &text);

	if (r <= 0)
		return r;
	strbuf_add_str(&text, "no change events");
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	observer_gap(sensor->observer,
		     &(struct sensor_gap){text.data, "changes there that were undone before a walk",
					  (uint64_t)r, now_ns, now_ns});
	return 0;
}

/* Of the trees in their order (FNV-1a); never 0. */
static uint64_t number_rules(const struct watch_set *set)
{
	uint64_t number = 0xcbf29ce484222325;

	for (size_t i = 0; i < watch_set_count(set); i++)
		for (const char *p = watch_set_tree(set, i);; p++) {
			number = (number ^ (uint8_t)*p) * 0x100000001b3;
			if (*p == '\0')
				break;
		}
	return number ? number : 1;
}

int sensor_bpf_watch(struct sensor *sensor, const struct sensor_rules *rules)
{
	const struct watch_set *set;
	char **trees;
	int r;

	r = observer_watch(sensor->observer, rules);
	if (r < 0)
		return r;
	set = observer_watch_set(sensor->observer);
	trees = calloc(watch_set_count(set) + 1, sizeof(*trees));
	if (!trees)
		return -ENOMEM;
	for (size_t i = 0; i < watch_set_count(set); i++)
		trees[i] = (char *)watch_set_tree(set, i);
	r = bpf_source_watch(sensor->bpf, trees);
	free(trees);
	/* What was told to the rules before is told to these, too. */
	bpf_source_tell_anew(sensor->bpf);
	/* Marked before the walk that is queued now reads anything, so no change falls between. */
	if (r == 0)
		r = mark_file_systems(sensor);
	if (r == 0)
		r = observer_find_held(sensor->observer);
	if (r == 0)
		r = observer_list_mounts(sensor->observer);
	if (r == 0 && !sensor->is_testing)
		handover_set_rules(sensor->handover, number_rules(set));
	return r < 0 ? r : arm(sensor);
}

int sensor_bpf_fd(const struct sensor *sensor)
{
	return sensor->wakeups.epoll;
}

static void tell_loss(struct sensor *sensor, uint64_t count, int64_t now_ns, const char *cause,
		      const char *missed)
{
	if (count)
		observer_gap(sensor->observer,
			     &(struct sensor_gap){cause, missed, count, sensor->seen_ns, now_ns});
}

/* What the kernel could not hand over since the last look is told, and what can be made good is. */
static int check_losses(struct sensor *sensor)
{
	int64_t now_ns = clock_boot_ns();
	struct ev_counters now;
	uint64_t starts = 0, loads = 0, rest = 0;
	int r;

	r = bpf_source_counters(sensor->bpf, &now);
	if (r < 0)
		return r;
	for (int type = 0; type < EV_TYPE_COUNT; type++) {
		uint64_t lost = now.lost[type] - sensor->seen.lost[type];

		*(type == EV_EXEC ? &starts : type == EV_LOAD ? &loads : &rest) += lost;
	}
	tell_loss(sensor, starts, now_ns, "program starts were lost in the kernel's ring",
		  "that many program starts, but for those that still run");
	/* Libraries and scripts come again with their next use; modules do not. */
	tell_loss(sensor, loads, now_ns, "loads of code were lost in the kernel's ring",
		  "that many loads of libraries, scripts and kernel modules");
	tell_loss(sensor, rest, now_ns,
		  "records of processes and write-opens were lost in the kernel's ring",
		  "who made changes at that time, and changes to files that stay open");
	tell_loss(sensor, sensor->sink.bad_records, now_ns,
		  "records of the kernel could not be understood", "what they told");
	sensor->sink.bad_records = 0;
	handover_set_lost(sensor->handover,
			  now.ring_lost[EV_RING_ALERT] + now.ring_lost[EV_RING_TELEMETRY]);
	sensor->seen = now;
	sensor->seen_ns = now_ns;
	r = rest ? observer_find_held(sensor->observer) : 0;
	if (r == 0 && (starts || rest))
		r = list_running(sensor, starts > 0);
	return r;
}

/* As long as they are left alone they wake nobody. */
static int listen_to_rings(struct sensor *sensor)
{
	bool is_heard = !sensor->is_held && !sensor->rings_resume_ns &&
			(sensor->is_testing || handover_is_over(sensor->handover));

	return wakeups_set(&sensor->wakeups, bpf_source_fd(sensor->bpf), SOURCE_RINGS,
			   is_heard ? EPOLLIN : 0);
}

/* Whether the rings wake the sensor, or its own timer does. */
static int rest_rings(struct sensor *sensor, int64_t resume_ns)
{
	bool was_resting = sensor->rings_resume_ns != 0;

	sensor->rings_resume_ns = resume_ns;
	return was_resting == (resume_ns != 0) ? 0 : listen_to_rings(sensor);
}

static int read_rings(struct sensor *sensor)
{
	int64_t now_ns = clock_boot_ns();
	int rings, r = 0;

	sensor->records = 0;
	sensor->round_end_ns = now_ns + WAKEUPS_ROUND_NS;
	rings = bpf_source_dispatch(sensor->bpf);
	if (rings < 0)
		return rings;
	if (sensor->records > 0)
		r = rest_rings(sensor, now_ns + RINGS_REST_NS);
	else if (now_ns >= sensor->rings_resume_ns)
		r = rest_rings(sensor, 0);
	return r < 0 ? r : rings;
}

static int read_changes(struct sensor *sensor, int mask)
{
	int64_t now_ns = clock_boot_ns();
	int r;

	/* The next round is told when there is something: to look here would be to rest again. */
	if (sensor->fan_resume_ns && now_ns >= sensor->fan_resume_ns) {
		sensor->fan_resume_ns = 0;
		return wakeups_set(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_FAN, EPOLLIN);
	}
	if (!(mask & 1 << (WAKEUP_USER + SOURCE_FAN)))
		return 0;
	r = fan_dispatch(sensor->fan, FAN_READS);
	if (r != 0)
		return r;
	sensor->fan_resume_ns = now_ns + FAN_REST_NS;
	return wakeups_set(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_FAN, 0);
}

static int on_tick(struct sensor *sensor)
{
	proc_table_forget(observer_processes(sensor->observer), clock_boot_ns() - REMEMBER_NS);
	return check_losses(sensor);
}

static int on_wakeups(struct sensor *sensor, int mask)
{
	int r = 0;

	if (mask & 1 << WAKEUP_CLOCK)
		record_sink_clock_set(&sensor->sink);
	/* Looked at in each round: before any start or change of it is told by what was learned
	 * before. */
	if (mounts_have_changed(sensor->mounts)) {
		observer_mounts_changed(sensor->observer);
		sensor->mount_news_ns = clock_boot_ns() + MOUNT_LOOK_NS;
		sensor->mount_until_ns = clock_boot_ns() + MOUNT_WAIT_NS;
		r = mark_file_systems(sensor);
	}
	if (r == 0 && mask & 1 << WAKEUP_TICK)
		r = on_tick(sensor);
	return r;
}

/* After the rings were read to their end. */
static int tell_news(struct sensor *sensor)
{
	int64_t now_ns = clock_boot_ns();
	int r = 0;

	record_sink_tell_clock(&sensor->sink);
	if (sensor->mount_news_ns && now_ns >= sensor->mount_news_ns) {
		r = observer_look_at_mounts(sensor->observer, now_ns < sensor->mount_until_ns);
		sensor->mount_news_ns = r > 0 ? now_ns + MOUNT_LOOK_NS : 0;
	}
	if (sensor->mount_look_ns && now_ns >= sensor->mount_look_ns)
		sensor->mount_look_ns = 0;
	if (sensor->sink.has_mounted)
		sensor->mount_look_ns = now_ns + MOUNT_LOOK_NS;
	sensor->sink.has_mounted = false;
	return r < 0 ? r : 0;
}

static void tell_old_losses(struct sensor *sensor)
{
	struct handover_losses losses;
	struct sensor_gap gap = {
		.from_ns = sensor->opened_ns,
		.until_ns = clock_boot_ns(),
		.missed = "that many program starts, loads of code and opens for writing",
	};

	if (!handover_take_losses(sensor->handover, &losses))
		return;
	gap.count = losses.lost;
	gap.cause = "records were lost in the kernel's ring while no sensor read it";
	if (gap.count)
		observer_gap(sensor->observer, &gap);
	gap.count = losses.unreadable;
	gap.cause = "records of another version have another form and were not read";
	if (gap.count)
		observer_gap(sensor->observer, &gap);
	gap.count = losses.untold;
	gap.cause = "a sensor ended with records that it had taken and perhaps not told";
	gap.missed = "that many program starts, loads of code and opens for writing, at most";
	if (gap.count)
		observer_gap(sensor->observer, &gap);
}

/* What earlier programs told comes before what the own ones told. */
static int read_records(struct sensor *sensor)
{
	int r;

	if (sensor->is_testing || handover_is_over(sensor->handover))
		return read_rings(sensor);
	r = handover_work(sensor->handover);
	if (r < 0 || !handover_is_over(sensor->handover))
		return r;
	tell_old_losses(sensor);
	r = listen_to_rings(sensor);
	return r < 0 ? r : 1;
}

int sensor_bpf_dispatch(struct sensor *sensor)
{
	int mask = wakeups_take(&sensor->wakeups);
	int rings, changes, work, r;

	if (mask < 0)
		return mask;
	if (sensor->is_held)
		return 0;
	r = on_wakeups(sensor, mask);
	if (r < 0)
		return r;
	/* Processes first: a change is put down to a process that must be known by then. */
	rings = read_records(sensor);
	if (rings < 0)
		return rings;
	r = rings == 0 ? tell_news(sensor) : 0;
	if (r < 0)
		return r;
	changes = read_changes(sensor, mask);
	if (changes < 0)
		return changes;
	work = observer_work(sensor->observer);
	if (work < 0)
		return work;
	r = arm(sensor);
	return r < 0 ? r : rings || changes || work;
}

/* The test's own start must have come by the LSM hook, not by the tracepoint alone. */
static int check_exec_levels(const struct sensor *sensor, uint64_t before, struct strbuf *reterr)
{
	struct ev_counters now;
	int r = bpf_source_counters(sensor->bpf, &now);

	if (r < 0 || now.asked[EV_HOOK_EXEC] > before)
		return r;
	strbuf_add_str(reterr, "self-test: its program start came by no LSM hook");
	return -ETIMEDOUT;
}

int sensor_bpf_self_test(struct sensor *sensor, const char *dir, struct strbuf *reterr)
{
	struct self_test test = {
		.ops = sensor->ops,
		.sensor = sensor,
		.observer = sensor->observer,
		.has_exec = true,
		.has_load = sensor->has_lsm,
	};
	struct ev_counters before;
	int r;

	r = bpf_source_counters(sensor->bpf, &before);
	if (r < 0)
		return r;
	sensor->is_testing = true;
	r = self_test_run(&test, dir, reterr);
	sensor->is_testing = false;
	if (r == 0 && sensor->has_lsm)
		r = check_exec_levels(sensor, before.asked[EV_HOOK_EXEC], reterr);
	observer_set_sink(sensor->observer, sensor->fn, sensor->userdata);
	if (r < 0)
		return r;
	bpf_source_may_deny(sensor->bpf);
	sensor->keep_error = handover_keep(sensor->handover, sensor->bpf, &sensor->is_kept);
	return listen_to_rings(sensor);
}

void sensor_bpf_settle(struct sensor *sensor)
{
	if (!observer_owes(sensor->observer))
		handover_settle(sensor->handover);
}

int sensor_bpf_inventory(struct sensor *sensor)
{
	int r = list_running(sensor, true);

	return r < 0 ? r : observer_list_mounts(sensor->observer);
}

int sensor_bpf_rescan(struct sensor *sensor, const char *tree)
{
	int r = observer_rescan(sensor->observer, tree);

	return r < 0 ? r : arm(sensor);
}

int sensor_bpf_recheck(struct sensor *sensor, const char *path, const uint8_t *known)
{
	int r = observer_recheck(sensor->observer, path, known);

	return r < 0 ? r : arm(sensor);
}

int sensor_bpf_hold(struct sensor *sensor, int is_held)
{
	uint32_t events = is_held ? 0 : EPOLLIN;
	int r;

	if (sensor->is_held == (is_held != 0))
		return 0;
	sensor->is_held = is_held;
	observer_hold(sensor->observer, is_held);
	r = listen_to_rings(sensor);
	if (r == 0 && !sensor->fan_resume_ns)
		r = wakeups_set(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_FAN, events);
	if (r == 0 && !is_held)
		r = check_losses(sensor);
	return r < 0 ? r : arm(sensor);
}

void sensor_bpf_tell(struct sensor *sensor, const struct observer_exec *exec)
{
	observer_exec(sensor->observer, exec);
}

int sensor_bpf_who(struct sensor *sensor, uint32_t pid, struct subject *ret_subject)
{
	return observer_who(sensor->observer, pid, ret_subject);
}

int sensor_bpf_who_mounted(struct sensor *sensor, int64_t since_ns, struct subject *ret_subject)
{
	return observer_who_mounted(sensor->observer, since_ns, ret_subject);
}

struct verdicts *sensor_bpf_verdicts(struct sensor *sensor)
{
	return sensor->verdicts;
}

int sensor_bpf_held(const struct sensor *sensor, struct sensor_held *ret_held)
{
	ret_held->missed =
		sensor->has_lsm ? "what was done to files by name or to their attributes and was "
				  "undone before the next walk"
				: "loaded code; file changes that were undone before the next "
				  "walk";
	return handover_held(sensor->handover, ret_held);
}

int sensor_bpf_part(const struct sensor *sensor, size_t index, struct sensor_part *ret_part)
{
	const struct bpf_program_state *state;
	int error;

	if (index == 0) {
		*ret_part = (struct sensor_part){.name = "fanotify (FID, notification only)"};
		return 0;
	}
	if (index == 1) {
		error = sensor->has_lsm ? bpf_source_keeps_facts(sensor->bpf) : 0;
		*ret_part = (struct sensor_part){
			.name = "inode storage",
			.state = !sensor->has_lsm ? PART_UNNEEDED
				 : error	  ? PART_REFUSED
						  : PART_ATTACHED,
			.error = error,
		};
		return 0;
	}
	if (index == 2) {
		*ret_part = (struct sensor_part){
			.name = "bpffs",
			.state = sensor->keep_error ? PART_REFUSED
				 : !sensor->is_kept ? PART_UNNEEDED
						    : PART_ATTACHED,
			.error = sensor->keep_error,
		};
		return 0;
	}
	state = bpf_source_program(sensor->bpf, index - 3);
	if (!state)
		return -ENOENT;
	*ret_part = (struct sensor_part){
		.name = state->hook,
		.state = state->state,
		.error = state->error,
		.skipped = bpf_source_skipped(sensor->bpf, index - 3),
	};
	return 0;
}
