/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/record_sink.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensor/record.h"

/* A call that sets the clock wakes the sensor before it ends, which tells who made it. */
#define CLOCK_WAIT_NS (200 * NSEC_PER_MSEC)

static int64_t wall_ns(const struct record_sink *sink, uint64_t ktime)
{
	return (int64_t)ktime + sink->offset_ns;
}

static void tell_too_long(struct record_sink *sink, const struct record *record, const char *cause,
			  const char *missed)
{
	int64_t ns = (int64_t)record->hdr.ktime;

	observer_gap(sink->observer, &(struct sensor_gap){cause, missed, 1, ns, ns});
}

_Static_assert(EV_VERDICT_COUNT == (int)ANSWER_COUNT &&
		       EV_VERDICT_UNVERIFIABLE == (int)ANSWER_UNVERIFIABLE &&
		       EV_VERDICT_UNVERIFIED == (int)ANSWER_UNVERIFIED,
	       "answers stand in the order of the kernel's verdicts");

static struct kernel_answer answer_of(const struct ev_judgement *judged)
{
	struct kernel_answer answer = {
		.answer = (enum answer)judged->verdict,
		.outcome = judged->flags & EV_JUDGED_DENIED    ? OUTCOME_DENIED
			   : judged->flags & EV_JUDGED_CLOSURE ? OUTCOME_SPARED
			   : judged->flags & EV_JUDGED_LATE    ? OUTCOME_LATE
							       : OUTCOME_ALLOWED,
		.generation = judged->generation,
	};

	return answer;
}

static bool is_unverified(const struct ev_judgement *judged)
{
	return judged->verdict == EV_VERDICT_UNVERIFIED ||
	       judged->verdict == EV_VERDICT_UNVERIFIABLE;
}

static int on_program(struct record_sink *sink, const struct record *record)
{
	struct observer_exec exec = {
		.kind = record->hdr.type == EV_TASK ? EVENT_RUNNING : EVENT_EXEC,
		.dev = record_user_dev(record->exec.dev),
		.ino = record->exec.ino,
		.is_in_user_ns = record->exec.flags & EV_EXEC_USER_NS,
		.bytes = record->exec.bytes,
		.is_gone = record->exec.nlink == 0 ||
			   record->exec.exe.flags & (EV_TEXT_DELETED | EV_TEXT_DETACHED),
		.is_unverified = is_unverified(&record->exec.judged),
		.kernel = answer_of(&record->exec.judged),
		.pid = record->hdr.pid,
		.cookie = record->hdr.cookie,
		.time_ns = wall_ns(sink, record->hdr.ktime),
	};
	struct proc_news news;
	int r;

	r = exec_news_fill(record, &sink->words, &news);
	if (r < 0)
		return r;
	news.wall_ns = exec.time_ns;
	news.script = exec.script = exec_news_script(record, &sink->words);
	r = proc_table_exec(observer_processes(sink->observer), &news);
	if (r < 0)
		return r;
	if (record->hdr.type == EV_TASK && (!sink->is_inventory || record->exec.exe.length == 0))
		return 0;
	exec.exe = news.exe;
	if (exec_news_has_long_script(record))
		tell_too_long(sink, record, "a script with a path too long to follow has started",
			      "that script");
	if (!exec.exe) {
		tell_too_long(sink, record, "a program with a path too long to follow has started",
			      "that program start");
		return 0;
	}
	observer_exec(sink->observer, &exec);
	return 0;
}

static const char *load_word(uint32_t how)
{
	static const char *const words[EV_LOAD_HOW_COUNT] = {
		[EV_LOAD_SCRIPT] = "script",   [EV_LOAD_LIBRARY] = "library",
		[EV_LOAD_MODULE] = "module",   [EV_LOAD_MODULE_MEMORY] = "module",
		[EV_LOAD_PROGRAM] = "program",
	};

	return words[how];
}

/* The record of its fork may have been lost, or have come while alerts went first. */
static int learn_process(struct record_sink *sink, const struct record *record)
{
	struct proc_news news;
	int r = exec_news_fill(record, &sink->words, &news);

	return r < 0 ? r : proc_table_fork(observer_processes(sink->observer), &news);
}

static int on_load(struct record_sink *sink, const struct record *record)
{
	struct observer_exec load = {
		.kind = EVENT_LOAD,
		.how = load_word(record->load.how),
		.dev = record_user_dev(record->load.dev),
		.ino = record->load.ino,
		.is_in_user_ns = record->load.flags & EV_EXEC_USER_NS,
		.bytes = record->load.bytes,
		.is_gone = record->load.nlink == 0 ||
			   record->load.path.flags & (EV_TEXT_DELETED | EV_TEXT_DETACHED),
		.is_unverified = is_unverified(&record->load.judged),
		.kernel = answer_of(&record->load.judged),
		.pid = record->hdr.pid,
		.cookie = record->hdr.cookie,
		.time_ns = wall_ns(sink, record->hdr.ktime),
	};
	int r = learn_process(sink, record);

	if (r < 0)
		return r;
	strbuf_clear(&sink->words.exe);
	if (record->load.how == EV_LOAD_MODULE_MEMORY || record->load.path.length == 0)
		strbuf_add_str(&sink->words.exe, "/memory:module");
	r = record_path(record, &record->load.path, &sink->words.exe);
	if (r == 0)
		r = strbuf_check(&sink->words.exe);
	if (r < 0)
		return r;
	if (record->load.path.flags & EV_TEXT_CUT) {
		tell_too_long(sink, record, "code with a path too long to follow was loaded",
			      "that load");
		return 0;
	}
	load.exe = sink->words.exe.data;
	observer_exec(sink->observer, &load);
	return 0;
}

/* The place of a mount, or NULL. Borrowed from @path. */
static int mount_path(const struct record *record, struct strbuf *path, const char **ret_path)
{
	const struct ev_mount *mount = &record->mount;
	const char *name = mount->flags & EV_MOUNT_GIVEN ? record_string(record, &mount->path) : "";
	int r = 0;

	if ((mount->path.flags | mount->base.flags) & (EV_TEXT_CUT | EV_TEXT_DETACHED))
		return 0;
	if (!(mount->flags & EV_MOUNT_GIVEN))
		r = record_path(record, &mount->path, path);
	else if (!name || name[0] != '/')
		r = record_path(record, &mount->base, path);
	if (r == 0 && name && name[0]) {
		strbuf_add_char(path, '/');
		strbuf_add_str(path, name);
	}
	if (r == 0)
		r = strbuf_check(path);
	if (r == 0 && path->data && path_normalize(path->data) == 0)
		*ret_path = path->data;
	return r;
}

/* A folder may be named by another way; of what is gone the name is all there is. */
static const char *real_path(const char *path, char *buffer)
{
	return path && realpath(path, buffer) ? buffer : path;
}

static int on_mount(struct record_sink *sink, const struct record *record)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	struct observer_mount mount = {
		.how = record->mount.how,
		.dev = record->mount.dev ? record_user_dev(record->mount.dev) : 0,
		.ns = record->mount.mnt_ns,
		.cookie = record->hdr.cookie,
		.time_ns = (int64_t)record->hdr.ktime,
	};
	char buffer[PATH_MAX];
	int r;

	r = learn_process(sink, record);
	if (r == 0)
		r = mount_path(record, &path, &mount.path);
	if (r < 0)
		return r;
	mount.path = real_path(mount.path, buffer);
	observer_mounting(sink->observer, &mount);
	sink->has_mounted = true;
	return 0;
}

static int on_clock(struct record_sink *sink, const struct record *record)
{
	int64_t boot_ns = (int64_t)record->hdr.ktime, back_ns = 0;
	int r = learn_process(sink, record);

	if (r < 0)
		return r;
	sink->clock_look_ns = clock_boot_ns();
	observer_void_stamps(sink->observer);
	if (record->clock.set_ns)
		back_ns = wakeups_clock_told(sink->wakeups, (int64_t)record->clock.set_ns, boot_ns);
	/* Of the set before, by who made that. */
	if (back_ns > 0)
		observer_clock_went_back(sink->observer, back_ns);
	observer_setting_clock(sink->observer, record->hdr.cookie, boot_ns);
	return 0;
}

void record_sink_clock_set(struct record_sink *sink)
{
	int64_t now_ns = clock_boot_ns();

	sink->offset_ns = clock_real_ns() - now_ns;
	sink->clock_look_ns = sink->wakeups->is_told ? now_ns : now_ns + CLOCK_WAIT_NS;
	observer_void_stamps(sink->observer);
}

void record_sink_tell_clock(struct record_sink *sink)
{
	if (!sink->clock_look_ns || clock_boot_ns() < sink->clock_look_ns)
		return;
	observer_clock(sink->observer, wakeups_clock_step(sink->wakeups));
	sink->offset_ns = sink->wakeups->offset_ns;
	sink->clock_look_ns = wakeups_clock_due(sink->wakeups);
}

/* The path that the kernel gave below one of the trees. */
static int on_open(struct record_sink *sink, const struct record *record)
{
	const struct watch_set *set = observer_watch_set(sink->observer);
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	struct pending_change change = {
		.changes = EVENT_CHANGE_OPEN_WRITE,
		.first_ns = (int64_t)record->hdr.ktime,
		.pid = record->hdr.pid,
	};
	int r;

	if (record->open.flags & EV_OPEN_LINKED && record->open.tree == 0) {
		observer_opened_elsewhere(sink->observer, record_user_dev(record->open.dev),
					  record->open.ino, record->hdr.pid);
		return 0;
	}
	/* One of the rules before, or a path that was cut: fanotify tells its end. */
	if (record->open.tree == 0 || record->open.tree > watch_set_count(set) ||
	    record->open.path.flags & EV_TEXT_CUT)
		return 0;
	if (record->open.flags & EV_OPEN_CREATED)
		change.changes |= EVENT_CHANGE_CREATE;
	if (!str_equal(watch_set_tree(set, record->open.tree - 1), "/"))
		strbuf_add_str(&path, watch_set_tree(set, record->open.tree - 1));
	r = record_path(record, &record->open.path, &path);
	if (r < 0)
		return r;
	change.path = path.data;
	if (record->open.flags & EV_OPEN_ATTRIBUTE) {
		change.changes = EVENT_CHANGE_ATTRIBUTE;
		observer_attributes(sink->observer, record_user_dev(record->open.dev), &change);
		return 0;
	}
	if (record->open.flags & EV_OPEN_LINKED) {
		change.changes = EVENT_CHANGE_LINK;
		observer_linked(sink->observer, record_user_dev(record->open.dev), record->open.ino,
				&change);
		return 0;
	}
	observer_change(sink->observer, &change);
	observer_opened(sink->observer, path.data, record->hdr.pid);
	return 0;
}

static int on_path(struct record_sink *sink, const struct record *record)
{
	const char *name = record_string(record, &record->path.path);
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	cleanup_free char *real = NULL;
	struct pending_change change = {
		.changes = EVENT_CHANGE_WRITE,
		.first_ns = (int64_t)record->hdr.ktime,
		.pid = record->hdr.pid,
	};
	int r = 0;

	if (!name || name[0] == '\0')
		return 0;
	if (name[0] != '/') {
		r = record_path(record, &record->path.cwd, &path);
		strbuf_add_char(&path, '/');
	}
	strbuf_add_str(&path, name);
	if (r < 0 || strbuf_check(&path) < 0)
		return r < 0 ? r : -ENOMEM;
	real = realpath(path.data, NULL);
	if (!real)
		return 0;
	change.path = real;
	observer_change(sink->observer, &change);
	return 0;
}

static int on_life(struct record_sink *sink, const struct record *record)
{
	if (record->hdr.type != EV_EXIT)
		return learn_process(sink, record);
	proc_table_exit(observer_processes(sink->observer), record->hdr.cookie,
			(int64_t)record->hdr.ktime);
	return 0;
}

static int take(struct record_sink *sink, const struct record *record)
{
	switch ((enum ev_type)record->hdr.type) {
	case EV_EXEC:
	case EV_TASK:
		return on_program(sink, record);
	case EV_OPEN:
		return on_open(sink, record);
	case EV_PATH:
		return on_path(sink, record);
	case EV_LOAD:
		return on_load(sink, record);
	case EV_MOUNT:
		return on_mount(sink, record);
	case EV_CLOCK:
		return on_clock(sink, record);
	case EV_FORK:
	case EV_EXIT:
		return on_life(sink, record);
	case EV_NONE:
	case EV_TYPE_COUNT:
		break;
	}
	return -EBADMSG;
}

int record_sink_take(struct record_sink *sink, const void *data, size_t len)
{
	struct record record;
	int r = record_decode(data, len, &record);

	if (r == 0)
		r = take(sink, &record);
	if (r == -ENOMEM)
		return r;
	sink->bad_records += r < 0;
	return 0;
}

void record_sink_done(struct record_sink *sink)
{
	exec_words_done(&sink->words);
}
