/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/observer_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id_names.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "model/fact_collect.h"
#include "sensor/digest_cache.h"
#include "sensor/found.h"
#include "sensor/held_files.h"
#include "sensor/large_files.h"
#include "sensor/linked_files.h"
#include "sensor/tree_walk.h"

#define MAX_PENDING   8192
#define MAX_PROCESSES 8192
#define MAX_DIGESTS   4096
#define MAX_TRIES     8
#define MAX_LARGE     64
#define MAX_HELD      512

/* One piece of a walk ends after so many files or bytes, whichever is first. */
#define SLICE_FILES 64
#define SLICE_BYTES (8U * 1024 * 1024)
#define SETTLE_MAX  64

void observer_emit(struct observer *o, struct event *event)
{
	if (event->time_ns == 0)
		event->time_ns = clock_real_ns();
	o->fn(event, o->userdata);
}

static void emit_text(struct observer *o, enum event_kind kind, const char *text,
		      const char *detail)
{
	observer_emit(
		o, &(struct event){.kind = kind, .text = (char *)text, .detail = (char *)detail});
}

static uint64_t mount_ns(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

int observer_new(sensor_event_fn fn, void *userdata, struct observer **ret_observer)
{
	cleanup_with(observer_freep) struct observer *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->fn = fn;
	o->userdata = userdata;
	o->large_fd = -1;
	o->own_ns = mount_ns("/proc/self/ns/mnt");
	o->host_ns = mount_ns("/proc/1/ns/mnt");
	r = watch_set_new(&(struct sensor_rules){0}, &o->set);
	if (r == 0)
		r = pending_new(MAX_PENDING, &o->pending);
	if (r == 0)
		r = proc_table_new(MAX_PROCESSES, &o->processes);
	if (r == 0)
		r = digest_cache_new(MAX_DIGESTS, &o->digests);
	if (r == 0)
		r = large_files_new(MAX_LARGE, &o->large);
	if (r == 0)
		r = linked_files_new(&o->linked);
	if (r == 0)
		r = held_files_new(MAX_HELD, &o->held);
	if (r == 0)
		r = mount_watch_new(&o->mounts);
	if (r == 0)
		r = id_names_new("/etc/passwd", "/etc/group", &o->names);
	if (r == 0)
		r = fact_collector_new(o->names, &o->collector);
	if (r < 0)
		return r;
	*ret_observer = TAKE_PTR(o);
	return 0;
}

static void drop_walks(struct observer *o)
{
	for (size_t i = 0; i < o->walk_count; i++)
		free(o->walks[i].root);
	o->walk_count = 0;
	o->walk = tree_walk_free(o->walk);
	o->first = first_files_free(o->first);
}

struct observer *observer_free(struct observer *o)
{
	if (!o)
		return NULL;
	drop_walks(o);
	mount_watch_free(o->mounts);
	subject_done(&o->clock_setter);
	subject_done(&o->mounter);
	large_files_free(o->large);
	linked_files_free(o->linked);
	held_files_free(o->held);
	fact_collector_free(o->collector);
	id_names_free(o->names);
	digest_cache_free(o->digests);
	proc_table_free(o->processes);
	pending_free(o->pending);
	watch_set_free(o->set);
	free(o);
	return NULL;
}

void observer_set_sink(struct observer *o, sensor_event_fn fn, void *userdata)
{
	o->fn = fn;
	o->userdata = userdata;
}

const struct watch_set *observer_watch_set(const struct observer *o)
{
	return o->set;
}

struct proc_table *observer_processes(struct observer *o)
{
	return o->processes;
}

void observer_set_reported(struct observer *o, bool (*fn)(uint64_t dev, void *userdata),
			   void *userdata)
{
	o->is_reported = fn;
	o->is_reported_userdata = userdata;
}

void observer_hold(struct observer *o, bool is_held)
{
	o->is_held = is_held;
}

static int queue_walk(struct observer *o, const char *root, enum walk_trust trust)
{
	char *copy;

	/* A walk that goes on may have passed the place already. */
	for (size_t i = o->walk ? 1 : 0; i < o->walk_count; i++) {
		if (!path_is_below(root, o->walks[i].root))
			continue;
		if (trust < o->walks[i].trust)
			o->walks[i].trust = trust;
		return 0;
	}
	if (o->walk_count == MAX_WALKS)
		return -ENOBUFS;
	copy = strdup(root);
	if (!copy)
		return -ENOMEM;
	o->walks[o->walk_count++] = (struct walk_order){copy, trust};
	return 0;
}

static int queue_all(struct observer *o, enum walk_trust trust)
{
	int r = 0;

	for (size_t i = 0; i < watch_set_count(o->set) && r == 0; i++)
		r = queue_walk(o, watch_set_tree(o->set, i), trust);
	return r;
}

int observer_warm(struct observer *o, enum walk_trust trust, const char *cause)
{
	drop_walks(o);
	o->is_warming = watch_set_count(o->set) > 0;
	o->has_begun_warming = false;
	o->warming_cause = cause;
	o->is_rehashing = false;
	o->by_stamps = o->warmed_files = 0;
	/* Without memory all comes in the order of the walk. */
	if (o->is_warming)
		(void)first_files_new("", o->set, &o->first);
	return queue_all(o, trust);
}

int observer_watch(struct observer *o, const struct sensor_rules *rules)
{
	struct watch_set *set = NULL;
	bool is_first = watch_set_count(o->set) == 0;
	int r;

	r = proc_table_set_updaters(o->processes, rules->updaters);
	if (r == 0)
		r = watch_set_new(rules, &set);
	if (r < 0)
		return r;
	drop_walks(o);
	watch_set_free(o->set);
	o->set = set;
	o->stamps = rules->stamps;
	return observer_warm(o, WALK_TAKES_STAMPS,
			     is_first ? NULL : "the rules of a baseline came anew");
}

/* What was lost moved ctime all the same. */
static enum walk_trust trust_now(const struct observer *o)
{
	return o->is_warming ? WALK_TAKES_STAMPS : WALK_TAKES_THIS_RUN;
}

int observer_look_again(struct observer *o, const char *tree)
{
	if (!tree)
		return queue_all(o, trust_now(o));
	return watch_set_has(o->set, tree) ? queue_walk(o, tree, trust_now(o)) : 0;
}

int observer_rescan(struct observer *o, const char *tree)
{
	if (!tree)
		return queue_all(o, WALK_HASHES);
	return watch_set_has(o->set, tree) ? queue_walk(o, tree, WALK_HASHES) : 0;
}

void observer_gap(struct observer *o, const struct sensor_gap *gap)
{
	int64_t offset_ns = clock_real_ns() - clock_boot_ns();

	observer_emit(o, &(struct event){
				 .kind = EVENT_GAP,
				 .text = (char *)gap->cause,
				 .detail = (char *)gap->missed,
				 .count = gap->count,
				 .time_ns = gap->from_ns + offset_ns,
				 .until_ns = gap->until_ns + offset_ns,
			 });
}

void observer_set_verdicts(struct observer *o, struct verdicts *verdicts)
{
	o->verdicts = verdicts;
}

static void find_subject(struct observer *o, struct pending_change *change)
{
	if (!change->subject.is_known && change->pid)
		(void)proc_table_subject_of_pid(o->processes, change->pid, o->names,
						&change->subject);
}

static void add_change(struct observer *o, const struct pending_change *change)
{
	struct pending_change known = *change;

	find_subject(o, &known);
	if (pending_add(o->pending, &known) < 0 && o->refused++ == 0)
		o->refused_since_ns = change->first_ns;
	if (!change->subject.is_known)
		subject_done(&known.subject);
}

/* A directory that moves takes the trees below it along, or brings them. */
static void change_trees_below(struct observer *o, const struct pending_change *change)
{
	struct pending_change of_tree = *change;

	if (!(change->changes & OBSERVER_CHANGE_DIR) ||
	    !(change->changes & (EVENT_CHANGE_RENAME_FROM | EVENT_CHANGE_RENAME_TO)))
		return;
	for (size_t i = 0; i < watch_set_count(o->set); i++) {
		of_tree.path = (char *)watch_set_tree(o->set, i);
		if (path_is_below(of_tree.path, change->path))
			add_change(o, &of_tree);
	}
}

void observer_change(struct observer *o, const struct pending_change *change)
{
	if (watch_set_has(o->set, change->path))
		add_change(o, change);
	else
		change_trees_below(o, change);
}

void observer_opened(struct observer *o, const char *path, uint32_t pid)
{
	/* Without memory its close tells, or the next walk. */
	if (watch_set_has(o->set, path))
		(void)held_files_opened(o->held, path, pid, clock_boot_ns());
}

void observer_opened_elsewhere(struct observer *o, uint64_t dev, uint64_t ino, uint32_t pid)
{
	const char *path = linked_files_find(o->linked, dev, ino);
	struct pending_change change = {
		.path = (char *)path,
		.changes = EVENT_CHANGE_OPEN_WRITE,
		.first_ns = clock_boot_ns(),
		.pid = pid,
	};

	if (!path) {
		(void)observer_look_again(o, NULL);
		return;
	}
	observer_change(o, &change);
	observer_opened(o, path, pid);
}

void observer_linked(struct observer *o, uint64_t dev, uint64_t ino,
		     const struct pending_change *change)
{
	if (!watch_set_has(o->set, change->path))
		return;
	(void)linked_files_put(o->linked, dev, ino, change->path);
	observer_change(o, change);
}

void observer_attributes(struct observer *o, uint64_t dev, const struct pending_change *change)
{
	/* Where each change is reported, that comes with the process too, and only if it was made:
	 * anybody may try. */
	if (!o->is_reported || !o->is_reported(dev, o->is_reported_userdata))
		observer_change(o, change);
}

/* Without memory a write by its other name is found by a walk. */
static void note_links(struct observer *o, const struct found *found)
{
	if (found->fact.path && S_ISREG(found->st.st_mode) && found->st.st_nlink > 1)
		(void)linked_files_put(o->linked, found->st.st_dev, found->st.st_ino,
				       found->fact.path);
}

void observer_closed(struct observer *o, const char *path)
{
	held_files_closed(o->held, path);
}

int observer_find_held(struct observer *o)
{
	return held_files_add_running(o->held, "/proc", o->set);
}

static void look_at_held(struct observer *o, int64_t now_ns)
{
	struct pending_change change = {.changes = EVENT_CHANGE_WRITE, .first_ns = now_ns};

	while ((change.path = (char *)held_files_next(o->held, now_ns, &change.pid)))
		observer_change(o, &change);
}

void observer_refresh_names(struct observer *o, int64_t now_ns)
{
	if (now_ns < o->names_due_ns)
		return;
	o->names_due_ns = now_ns + NSEC_PER_SEC;
	/* On failure the old names stay: better than none. */
	(void)id_names_refresh(o->names);
}

static void forget_digest(struct observer *o, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	digest_cache_remove(o->digests, &st);
	stamp_store_remove(o->stamps, &st);
}

/* @hashed_ns: wall clock before the reading began. */
static void note_hashed(struct observer *o, const struct stat *st, const struct file_fact *fact,
			int64_t hashed_ns)
{
	if (S_ISREG(st->st_mode) && fact->has_digest)
		stamp_store_put(o->stamps, st, fact, hashed_ns,
				o->is_reported &&
					o->is_reported(st->st_dev, o->is_reported_userdata));
}

/* Without a look nothing is kept of it: a miss the next time. */
static void look_at_large(struct observer *o, int fd, struct large_file *file)
{
	bool is_used = file->event.kind != EVENT_FILE && file->event.kind != EVENT_SCANNED;

	if (!o->verdicts || (!is_used && !(file->st.st_mode & 0111)))
		return;
	file->look_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (file->look_fd < 0 ||
	    verdicts_look(o->verdicts, fd, &file->st, is_used, &file->look) == 0)
		return;
	close(file->look_fd);
	file->look_fd = -1;
}

int observer_queue_large(struct observer *o, struct event *event, struct found *found,
			 struct pending_change *change)
{
	struct large_file file = {.event = *event, .st = found->st, .look_fd = -1};
	int r;

	file.event.object = found->fact;
	if (change)
		file.change = *change;
	look_at_large(o, found->fd, &file);
	r = large_files_add(o->large, &file, found->fd);
	if (r < 0) {
		cleanup_closep(&file.look_fd);
		return r;
	}
	found->fact = (struct file_fact){0};
	found->fd = -1;
	*event = (struct event){0};
	if (change)
		*change = (struct pending_change){0};
	return 0;
}

/* What a directory holds came, or went, with it. */
static void follow_directory(struct observer *o, const struct pending_change *change)
{
	if (change->changes &
	    (EVENT_CHANGE_RENAME_FROM | EVENT_CHANGE_RENAME_TO | EVENT_CHANGE_DELETE))
		if (queue_walk(o, change->path, trust_now(o)) == -ENOBUFS)
			(void)observer_look_again(o, NULL);
}

static bool has_links(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1;
}

/* False when there was no room for it. */
static bool put_back(struct observer *o, struct pending_change *change)
{
	change->first_ns = clock_boot_ns();
	return pending_add(o->pending, change) == 0;
}

static void tell_change(struct observer *o, struct event *event,
			const struct pending_change *change)
{
	if (event->changes & EVENT_CHANGE_CREATE && has_links(change->path))
		event->changes |= EVENT_CHANGE_LINK;
	event->subject = change->subject;
	observer_emit(o, event);
	event->subject = (struct subject){0};
	if (change->changes & OBSERVER_CHANGE_DIR)
		follow_directory(o, change);
}

/* Reports @change with what is there now; puts it back while the file does not hold still. */
static void settle(struct observer *o, struct pending_change *change)
{
	int64_t age_ns = clock_boot_ns() - change->first_ns;
	struct event event = {
		.kind = EVENT_FILE,
		.changes = change->changes & ~OBSERVER_CHANGE_DIR,
		.time_ns = clock_real_ns() - age_ns,
	};
	const struct found_by by = {.verdicts = o->verdicts};
	struct found found = {.fd = -1};
	int64_t begun_ns = clock_real_ns();
	int r;

	if (observer_is_as_told(o, change))
		return;
	find_subject(o, change);
	forget_digest(o, change->path);
	r = found_collect(o->collector, AT_FDCWD, change->path, &by, &found);
	if (r == 0)
		note_links(o, &found);
	/* What was just changed is too young for a stamp. */
	if (r == 0 && !change->changes)
		note_hashed(o, &found.st, &found.fact, begun_ns);
	if (r == -EAGAIN && change->tries++ < MAX_TRIES && put_back(o, change))
		return;
	if (r == 0 && found.fd >= 0) {
		r = observer_queue_large(o, &event, &found, change);
		if (r == 0 || ((r == -EBUSY || r == -ENOBUFS) && put_back(o, change))) {
			found_done(&found);
			return;
		}
	}
	event.object = found.fact;
	if (r < 0) {
		/* It could not be read at all: say which path, and no more. */
		event.object = (struct file_fact){.path = change->path, .type = FILE_TYPE_REGULAR};
		event.detail = strerror(-r);
	}
	/* A program lives on when its file goes. */
	if (event.object.type == FILE_TYPE_NONE)
		event.count = proc_table_runs(o->processes, change->path);
	tell_change(o, &event, change);
	found_done(&found);
}

/* A large file has been read to its end, or in vain. */
static void finish_large(struct observer *o, struct large_file *file, int error)
{
	struct event *event = &file->event;
	char *detail = event->detail;

	if (error == -EAGAIN && event->kind == EVENT_FILE && file->change.tries++ < MAX_TRIES &&
	    put_back(o, &file->change))
		return;
	if (error == 0 && file->look_fd >= 0)
		(void)verdicts_keep(o->verdicts, file->look_fd, &file->look, event->object.sha256);
	if (error == 0 && event->kind != EVENT_FILE)
		digest_cache_put(o->digests, &file->st, &event->object, file->begun_ns, false);
	if (error == 0)
		note_hashed(o, &file->st, &event->object, file->begun_ns);
	if (error < 0)
		event->detail = strerror(-error);
	if (event->kind == EVENT_FILE)
		tell_change(o, event, &file->change);
	else
		observer_emit(o, event);
	event->detail = detail;
}

/* IOPRIO_WHO_PROCESS of this thread; class 3 is idle, 0 goes back to what the nice value says. */
static void set_io_class(int class)
{
	(void)syscall(SYS_ioprio_set, 1, 0, class << 13);
}

/* 1 while there is more to read. */
static int read_large(struct observer *o)
{
	struct large_file file;
	int error, r;

	if (large_files_is_empty(o->large))
		return 0;
	set_io_class(large_files_has_scanned(o->large) ? 3 : 0);
	r = large_files_step(o->large, o->collector, SLICE_BYTES, &file, &error);
	set_io_class(0);
	if (r > 0) {
		finish_large(o, &file, error);
		large_file_done(&file);
	}
	return !large_files_is_empty(o->large);
}

static int settle_due(struct observer *o, int64_t now_ns)
{
	struct pending_change change;

	for (int i = 0; i < SETTLE_MAX; i++) {
		if (!pending_take(o->pending, now_ns, &change))
			return 0;
		settle(o, &change);
		pending_change_done(&change);
	}
	return 1;
}

static void report_refused(struct observer *o, int64_t now_ns)
{
	if (o->refused == 0)
		return;
	observer_gap(o, &(struct sensor_gap){
				.cause = "more files changed at once than can be followed",
				.missed = OBSERVER_MISSED_CHANGES,
				.count = o->refused,
				.from_ns = o->refused_since_ns,
				.until_ns = now_ns,
			});
	o->refused = 0;
	(void)observer_look_again(o, NULL);
}

static void begin_warming(struct observer *o)
{
	if (!o->is_warming || o->has_begun_warming)
		return;
	o->has_begun_warming = true;
	emit_text(o, EVENT_PHASE, "warming", o->warming_cause);
}

static void begin_walk(struct observer *o)
{
	begin_warming(o);
	o->walk_files = 0;
	o->walk_begun_ns = clock_boot_ns();
	observer_emit(o, &(struct event){.kind = EVENT_SCAN_BEGIN,
					 .object.path = (char *)tree_walk_root(o->walk)});
}

/* All walks are done. What rests on stamps of an earlier run is read after all, behind all else. */
static void end_warming(struct observer *o)
{
	struct event covered = {.kind = EVENT_PHASE, .text = (char *)"covered"};
	cleanup_free char *detail = NULL;

	o->is_warming = false;
	o->is_rehashing = o->by_stamps > 0;
	covered.count = o->by_stamps;
	if (o->by_stamps > 0 &&
	    asprintf(&detail,
		     "%" PRIu64 " of %" PRIu64 " files have the stamp that they had when "
		     "they were hashed before the sensor started anew; they are read again",
		     o->by_stamps, o->warmed_files) < 0)
		detail = NULL;
	covered.detail = detail;
	observer_emit(o, &covered);
	if (o->is_rehashing)
		(void)queue_all(o, WALK_TAKES_THIS_RUN);
}

static void end_walk(struct observer *o)
{
	uint64_t unread = tree_walk_unread(o->walk);
	const char *detail = unread ? "directories could not be read" : NULL;
	int64_t now_ns = clock_boot_ns();

	if (unread)
		observer_tell_unread(o, unread, now_ns);
	observer_emit(o, &(struct event){
				 .kind = EVENT_SCAN_END,
				 .object.path = (char *)tree_walk_root(o->walk),
				 .count = o->walk_files,
				 .detail = (char *)detail,
			 });
	o->walk = tree_walk_free(o->walk);
	free(o->walks[0].root);
	o->walk_count--;
	memmove(o->walks, o->walks + 1, o->walk_count * sizeof(*o->walks));
	if (o->walk_count > 0)
		return;
	if (o->is_warming) {
		end_warming(o);
	} else if (o->is_rehashing) {
		o->is_rehashing = false;
		emit_text(o, EVENT_PHASE, "covered", NULL);
	}
}

/* Returns the bytes that were read for it. */
static uint64_t scan_one(struct observer *o, int dirfd, const char *path, enum walk_trust trust)
{
	const struct found_by by = {
		.verdicts = o->verdicts,
		.stamps = trust == WALK_HASHES ? NULL : o->stamps,
		.takes_earlier = trust == WALK_TAKES_STAMPS,
	};
	struct event event = {.kind = EVENT_SCANNED};
	struct found found = {.fd = -1};
	int64_t begun_ns = clock_real_ns();
	uint64_t bytes;
	int r = -EAGAIN;

	for (int i = 0; i < MAX_TRIES && r == -EAGAIN; i++)
		r = found_collect(o->collector, dirfd, path, &by, &found);
	if (r == 0)
		note_links(o, &found);
	if (r == 0 && found.origin == STAMP_NONE)
		note_hashed(o, &found.st, &found.fact, begun_ns);
	if (r == 0 && found.fact.type == FILE_TYPE_NONE) {
		found_done(&found);
		return 0;
	}
	if (o->walk) {
		o->walk_files++;
		o->warmed_files++;
		o->by_stamps += found.origin == STAMP_OF_EARLIER_RUN;
	}
	bytes = found.origin == STAMP_NONE ? found.fact.size : 0;
	if (found.fd >= 0 && observer_queue_large(o, &event, &found, NULL) == 0)
		return bytes;
	/* The queue is full of changes: this one is read now after all. */
	if (found.fd >= 0)
		r = fact_hash(o->collector, found.fd, &found.st, &found.fact);
	event.object = found.fact;
	if (r < 0 && !found.fact.path)
		event.object = (struct file_fact){.path = (char *)path, .type = FILE_TYPE_REGULAR};
	if (r < 0)
		event.detail = strerror(-r);
	observer_emit(o, &event);
	found_done(&found);
	return bytes;
}

/* Code that is in use is read, whatever its stamp says. 1 while there is more of it. */
static int first_slice(struct observer *o)
{
	uint64_t bytes = 0;

	begin_warming(o);
	set_io_class(3);
	for (int i = 0; i < SLICE_FILES && bytes < SLICE_BYTES && o->first; i++) {
		const char *path = first_files_next(o->first);

		if (path)
			bytes += scan_one(o, AT_FDCWD, path, WALK_TAKES_THIS_RUN);
		else
			o->first = first_files_free(o->first);
	}
	set_io_class(0);
	return o->first != NULL;
}

static int walk_slice(struct observer *o)
{
	uint64_t bytes = 0;
	int r = 1;

	if (o->first && first_slice(o))
		return 0;
	if (!o->walk) {
		r = tree_walk_new(o->walks[0].root, o->set, &o->walk);
		if (r < 0)
			return r;
		begin_walk(o);
		r = 1;
	}
	set_io_class(3);
	for (int i = 0; i < SLICE_FILES && bytes < SLICE_BYTES && r > 0; i++) {
		const char *path;
		int dirfd;

		r = tree_walk_next(o->walk, &dirfd, &path);
		if (r > 0)
			bytes += scan_one(o, dirfd, path, o->walks[0].trust);
	}
	set_io_class(0);
	if (r == 0)
		end_walk(o);
	return r < 0 ? r : 0;
}

static int64_t cpu_time_ns(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int observer_work(struct observer *o)
{
	int64_t now_ns = clock_boot_ns();
	int64_t used_ns;
	int r;

	if (o->is_held)
		return 0;
	observer_refresh_names(o, now_ns);
	look_at_held(o, now_ns);
	r = settle_due(o, now_ns);
	if (r != 0)
		return r;
	report_refused(o, now_ns);
	r = read_large(o);
	if (o->walk_count == 0 || now_ns < o->walk_due_ns || large_files_has_scanned(o->large))
		return r;
	used_ns = cpu_time_ns();
	r = walk_slice(o);
	/* Rest as long as it computed, so that a walk never has more than half of a processor; time
	 * that it waited for others was rest already. */
	o->walk_due_ns = clock_boot_ns() + cpu_time_ns() - used_ns;
	return r;
}

int64_t observer_due(const struct observer *o)
{
	int64_t due_ns = pending_due(o->pending);

	if (o->is_held)
		return INT64_MAX;
	if (!large_files_is_empty(o->large))
		return 1;
	if (o->walk_count > 0 && o->walk_due_ns < due_ns)
		due_ns = o->walk_due_ns;
	if (held_files_due(o->held) < due_ns)
		due_ns = held_files_due(o->held);
	return due_ns;
}
