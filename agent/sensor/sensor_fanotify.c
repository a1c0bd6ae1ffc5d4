/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fanotify rung: program starts from a group that tells of files opened to
 * be run, changes from a group that tells of names, who it was from /proc. It
 * needs CAP_SYS_ADMIN and no BPF at all: for kernels without BTF, and where a
 * container or policy refuses bpf(). It observes; nothing waits for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "sensor/exec_fan.h"
#include "sensor/fan_changes.h"
#include "sensor/mounts.h"
#include "sensor/observer.h"
#include "sensor/open_exec.h"
#include "sensor/self_test.h"
#include "sensor/wakeups.h"

enum {
	SOURCE_EXECS,
	SOURCE_CHANGES,
};

/* After a round of changes the group rests so long: what piles up meanwhile is folded by the kernel
 * and wakes nobody. Starts do not rest: the process must be there still. */
#define REST_NS	     (50 * NSEC_PER_MSEC)
#define CHANGE_READS 8
#define EXEC_READS   16
#define FIND_HELD_NS (60 * NSEC_PER_SEC)
#define SWEEP_NS     (10 * NSEC_PER_SEC)

struct sensor {
	struct observer *observer;
	struct open_exec *opens;
	struct exec_fan *execs;
	struct fan *fan;
	int mounts;
	struct wakeups wakeups;
	sensor_event_fn fn;
	sensor_rights_fn rights;
	void *userdata;

	bool is_held;
	int64_t resume_ns; /* of the changes; 0: not resting */
	int64_t read_ns;   /* boot clock of the last look at the changes */
	int64_t held_due_ns, sweep_due_ns;
};

static void ignore_change(const struct fan_event *event, void *userdata)
{
}

static void ignore_exec(const struct exec_fan_event *event, void *userdata)
{
}

static int fanotify_probe(struct strbuf *reterr)
{
	struct exec_fan *execs = NULL;
	struct fan *fan = NULL;
	int r = fan_open(ignore_change, NULL, &fan);

	if (r == 0)
		r = exec_fan_open(ignore_exec, NULL, &execs);
	if (r < 0)
		strbuf_printf(
			reterr,
			"the kernel refused a fanotify group (%s): it needs CAP_SYS_ADMIN, and "
			"Linux 5.9 with CONFIG_FANOTIFY",
			strerror(-r));
	exec_fan_close(execs);
	fan_close(fan);
	return r;
}

static struct sensor *fanotify_close(struct sensor *sensor)
{
	if (!sensor)
		return NULL;
	exec_fan_close(sensor->execs);
	fan_close(sensor->fan);
	if (sensor->mounts >= 0)
		close(sensor->mounts);
	open_exec_free(sensor->opens);
	observer_free(sensor->observer);
	wakeups_done(&sensor->wakeups);
	free(sensor);
	return NULL;
}
DEFINE_CLEANUP(struct sensor *, fanotify_close)

static void on_exec(const struct exec_fan_event *event, void *userdata)
{
	struct sensor *sensor = userdata;

	open_exec_take(sensor->opens, event);
}

static void on_change(const struct fan_event *event, void *userdata)
{
	struct sensor *sensor = userdata;

	/* Before it ends: who it was is asked of /proc. */
	if (event->path && !event->is_mount && !event->is_outside && event->pid &&
	    event->pid != (uint32_t)getpid())
		open_exec_note(sensor->opens, event->pid);
	fan_changes_take(sensor->observer, event, sensor->read_ns);
	fan_changes_tell_rights(event, sensor->rights, sensor->userdata);
}

static bool is_reported(uint64_t dev, void *userdata)
{
	const struct sensor *sensor = userdata;

	return fan_covers(sensor->fan, dev);
}

/* @failed mounts, named in @text, have no events of a kind. */
static int tell_unmarked(struct sensor *sensor, struct strbuf *text, int failed,
			 const struct sensor_gap *gap)
{
	int64_t now_ns = clock_boot_ns();

	if (failed <= 0)
		return failed;
	strbuf_add_str(text, gap->cause);
	if (strbuf_check(text) < 0)
		return -ENOMEM;
	observer_gap(sensor->observer, &(struct sensor_gap){text->data, gap->missed,
							    (uint64_t)failed, now_ns, now_ns});
	return 0;
}

static int mark_for_execs(struct sensor *sensor)
{
	static const struct sensor_gap gap = {"no events of starts", "programs that start there"};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = exec_fan_mark(sensor->execs, &text);

	return tell_unmarked(sensor, &text, r, &gap);
}

static int open_sources(struct sensor *sensor)
{
	int r = fan_open(on_change, sensor, &sensor->fan);

	if (r == 0)
		r = exec_fan_open(on_exec, sensor, &sensor->execs);
	if (r == 0)
		r = sensor->mounts = mounts_open();
	if (r < 0)
		return r;
	r = wakeups_add(&sensor->wakeups, exec_fan_fd(sensor->execs), SOURCE_EXECS, EPOLLIN);
	if (r == 0)
		r = wakeups_add(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_CHANGES, EPOLLIN);
	return r;
}

static int fanotify_open(const struct sensor_choice *choice, struct sensor **ret_sensor)
{
	cleanup_with(fanotify_closep) struct sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return -ENOMEM;
	sensor->mounts = -1;
	sensor->wakeups = WAKEUPS_NONE;
	sensor->fn = choice->fn;
	sensor->rights = choice->rights;
	sensor->userdata = choice->userdata;
	sensor->read_ns = clock_boot_ns();
	r = wakeups_init(&sensor->wakeups);
	if (r == 0)
		r = observer_new(choice->fn, choice->userdata, &sensor->observer);
	if (r == 0)
		r = open_exec_new(sensor->observer, &sensor->opens);
	if (r == 0)
		r = open_sources(sensor);
	if (r < 0)
		return r;
	observer_set_reported(sensor->observer, is_reported, sensor);
	r = mark_for_execs(sensor);
	/* Who runs already is known from the start; it is told by fanotify_inventory(). */
	if (r == 0)
		r = open_exec_list_running(sensor->opens, false);
	if (r < 0)
		return r;
	*ret_sensor = TAKE_PTR(sensor);
	return 0;
}

static int arm(struct sensor *sensor)
{
	int64_t due_ns = observer_due(sensor->observer);

	if (!sensor->is_held && sensor->resume_ns && sensor->resume_ns < due_ns)
		due_ns = sensor->resume_ns;
	return wakeups_arm(&sensor->wakeups, due_ns);
}

static int mark_for_changes(struct sensor *sensor)
{
	static const struct sensor_gap gap = {"no change events",
					      "changes there that were undone before a walk"};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = fan_watch(sensor->fan, observer_watch_set(sensor->observer), &text);

	return tell_unmarked(sensor, &text, r, &gap);
}

static int find_held(struct sensor *sensor)
{
	sensor->held_due_ns = clock_boot_ns() + FIND_HELD_NS;
	return observer_find_held(sensor->observer);
}

static int fanotify_watch(struct sensor *sensor, const struct sensor_rules *rules)
{
	int r = observer_watch(sensor->observer, rules);

	/* Marked before the walk that is queued now reads anything, so no change falls between. */
	if (r == 0)
		r = mark_for_changes(sensor);
	if (r == 0)
		r = find_held(sensor);
	if (r == 0)
		r = observer_list_mounts(sensor->observer);
	return r < 0 ? r : arm(sensor);
}

static int fanotify_fd(const struct sensor *sensor)
{
	return sensor->wakeups.epoll;
}

static int read_changes(struct sensor *sensor, int mask)
{
	int64_t now_ns = clock_boot_ns();
	int r;

	/* The next round is told when there is something: to look here would be to rest again. */
	if (sensor->resume_ns && now_ns >= sensor->resume_ns) {
		sensor->resume_ns = 0;
		return wakeups_set(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_CHANGES, EPOLLIN);
	}
	if (!(mask & 1 << (WAKEUP_USER + SOURCE_CHANGES))) {
		if (!sensor->resume_ns)
			sensor->read_ns = now_ns; /* there was nothing */
		return 0;
	}
	r = fan_dispatch(sensor->fan, CHANGE_READS);
	sensor->read_ns = now_ns;
	if (r != 0)
		return r;
	sensor->resume_ns = now_ns + REST_NS;
	return wakeups_set(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_CHANGES, 0);
}

static int on_tick(struct sensor *sensor)
{
	int64_t now_ns = clock_boot_ns();

	if (now_ns >= sensor->sweep_due_ns) {
		open_exec_sweep(sensor->opens);
		sensor->sweep_due_ns = now_ns + SWEEP_NS;
	}
	return now_ns >= sensor->held_due_ns ? find_held(sensor) : 0;
}

static int on_wakeups(struct sensor *sensor, int mask)
{
	int r = 0;

	if (mask & 1 << WAKEUP_CLOCK) {
		observer_void_stamps(sensor->observer);
		observer_clock(sensor->observer, wakeups_clock_step(&sensor->wakeups));
	}
	/* Looked at in each round: before any start or change of it is told by what was learned
	 * before. */
	if (mounts_have_changed(sensor->mounts)) {
		observer_mounts_changed(sensor->observer);
		r = mark_for_execs(sensor);
		if (r == 0)
			r = mark_for_changes(sensor);
		if (r == 0)
			r = observer_look_at_mounts(sensor->observer, false);
	}
	if (r == 0 && mask & 1 << WAKEUP_TICK)
		r = on_tick(sensor);
	return r;
}

static int fanotify_dispatch(struct sensor *sensor)
{
	int mask = wakeups_take(&sensor->wakeups);
	int starts, changes, work, r;

	if (mask < 0)
		return mask;
	if (sensor->is_held)
		return 0;
	r = on_wakeups(sensor, mask);
	if (r < 0)
		return r;
	/* Starts first: who is behind them may be gone soon. */
	starts = exec_fan_dispatch(sensor->execs, EXEC_READS, clock_boot_ns() + WAKEUPS_ROUND_NS);
	if (starts < 0)
		return starts;
	changes = read_changes(sensor, mask);
	if (changes < 0)
		return changes;
	work = observer_work(sensor->observer);
	if (work < 0)
		return work;
	r = arm(sensor);
	return r < 0 ? r : starts || changes || work;
}

static int fanotify_self_test(struct sensor *sensor, const char *dir, struct strbuf *reterr)
{
	struct self_test test = {
		.ops = &sensor_fanotify,
		.sensor = sensor,
		.observer = sensor->observer,
		.has_exec = true,
	};
	int r = self_test_run(&test, dir, reterr);

	observer_set_sink(sensor->observer, sensor->fn, sensor->userdata);
	return r;
}

static int fanotify_inventory(struct sensor *sensor)
{
	int r = open_exec_list_running(sensor->opens, true);

	return r < 0 ? r : observer_list_mounts(sensor->observer);
}

static int fanotify_rescan(struct sensor *sensor, const char *tree)
{
	int r = observer_rescan(sensor->observer, tree);

	return r < 0 ? r : arm(sensor);
}

static int fanotify_recheck(struct sensor *sensor, const char *path, const uint8_t *known)
{
	int r = observer_recheck(sensor->observer, path, known);

	return r < 0 ? r : arm(sensor);
}

static int fanotify_hold(struct sensor *sensor, int is_held)
{
	uint32_t events = is_held ? 0 : EPOLLIN;
	int r;

	if (sensor->is_held == (is_held != 0))
		return 0;
	sensor->is_held = is_held;
	observer_hold(sensor->observer, is_held);
	r = wakeups_set(&sensor->wakeups, exec_fan_fd(sensor->execs), SOURCE_EXECS, events);
	if (r == 0 && !sensor->resume_ns)
		r = wakeups_set(&sensor->wakeups, fan_fd(sensor->fan), SOURCE_CHANGES, events);
	return r < 0 ? r : arm(sensor);
}

static void fanotify_tell(struct sensor *sensor, const struct observer_exec *exec)
{
	open_exec_note(sensor->opens, exec->pid);
	observer_exec(sensor->observer, exec);
}

static int fanotify_who(struct sensor *sensor, uint32_t pid, struct subject *ret_subject)
{
	open_exec_note(sensor->opens, pid);
	return observer_who(sensor->observer, pid, ret_subject);
}

static int fanotify_part(const struct sensor *sensor, size_t index, struct sensor_part *ret_part)
{
	static const char *const names[] = {
		"fanotify FAN_OPEN_EXEC",
		"fanotify (FID, notification only)",
		"fanotify FAN_REPORT_PIDFD",
	};

	/* Without pidfds a process is known by its number alone, which is enough where numbers are
	 * not used again at once: no part is missing then, it is only not listed. */
	if (index >= (exec_fan_has_pidfd(sensor->execs) ? 3U : 2U))
		return -ENOENT;
	*ret_part = (struct sensor_part){.name = names[index], .state = PART_ATTACHED};
	return 0;
}

const struct sensor_ops sensor_fanotify = {
	.name = "fanotify",
	.sights = sight_fanotify,
	.probe = fanotify_probe,
	.open = fanotify_open,
	.watch = fanotify_watch,
	.fd = fanotify_fd,
	.dispatch = fanotify_dispatch,
	.self_test = fanotify_self_test,
	.close = fanotify_close,
	.inventory = fanotify_inventory,
	.rescan = fanotify_rescan,
	.recheck = fanotify_recheck,
	.hold = fanotify_hold,
	.who = fanotify_who,
	.part = fanotify_part,
	.tell = fanotify_tell,
};
