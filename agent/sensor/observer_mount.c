/* SPDX-License-Identifier: Apache-2.0 */
/* The observer's side of mounts and of the wall clock: what they void, and who did it. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "sensor/mounts.h"
#include "sensor/observer_internal.h"

/* The one who set the clock is looked for so long before it is seen to be set. */
#define CLOCK_JOIN_NS (10 * NSEC_PER_SEC)

void observer_mounting(struct observer *o, const struct observer_mount *mount)
{
	cleanup_subject struct subject subject = {0};

	if (mount->how == EV_MOUNT_SUPER || mount->how == EV_MOUNT_UNMOUNT)
		observer_void_device(o, mount->dev);
	else if (mount->how == EV_MOUNT_NEW)
		observer_void_device(o, 0);
	observer_refresh_names(o, clock_boot_ns());
	(void)proc_table_subject(o->processes, mount->cookie, o->names, &subject);
	mount_watch_note(o->mounts, mount->how, mount->path, &subject, mount->time_ns);
	/* Containers mount all day, and nothing of it is seen here. */
	if (mount->how == EV_MOUNT_SUPER || !subject.is_known ||
	    (mount->ns != o->own_ns && mount->ns != o->host_ns))
		return;
	if (subject.cookie != o->mounter.cookie)
		o->other_mounted_ns = o->mounted_ns;
	o->mounted_ns = mount->time_ns;
	subject_done(&o->mounter);
	o->mounter = subject;
	subject = (struct subject){0};
}

int observer_who(struct observer *o, uint32_t pid, struct subject *ret_subject)
{
	observer_refresh_names(o, clock_boot_ns());
	return proc_table_subject_of_pid(o->processes, pid, o->names, ret_subject);
}

int observer_who_mounted(const struct observer *o, int64_t since_ns, struct subject *ret_subject)
{
	if (!o->mounter.is_known || o->mounted_ns < since_ns || o->other_mounted_ns >= since_ns)
		return -ENOENT;
	return subject_copy(&o->mounter, ret_subject);
}

void observer_void_device(struct observer *o, uint64_t dev)
{
	if (dev)
		digest_cache_remove_device(o->digests, dev);
	else
		digest_cache_clear(o->digests);
	if (o->verdicts)
		verdicts_mounts_changed(o->verdicts);
	stamp_store_mounts_changed(o->stamps);
}

void observer_void_stamps(struct observer *o)
{
	digest_cache_clear(o->digests);
	if (o->verdicts)
		verdicts_void_stamps(o->verdicts);
}

void observer_mounts_changed(struct observer *o)
{
	observer_void_device(o, 0);
}

static void tell(struct observer *o, const char *point, const char *now,
		 const struct subject *subject, uint64_t count)
{
	struct event event = {
		.kind = EVENT_MOUNT,
		.object = {.path = (char *)point, .type = FILE_TYPE_DIRECTORY},
		.text = (char *)now,
		.count = count,
	};

	if (subject)
		event.subject = *subject;
	observer_emit(o, &event);
}

/* What a mounted folder holds is walked; a mounted file is looked at. */
static void tell_change(const char *point, const char *now, const struct subject *subject,
			void *userdata)
{
	struct observer *o = userdata;
	struct stat st;

	tell(o, point, now, subject, 1);
	if (watch_set_has(o->set, point) && lstat(point, &st) == 0 && !S_ISDIR(st.st_mode))
		(void)observer_recheck(o, point, NULL);
}

static void tell_state(const char *point, const char *now, const struct subject *subject,
		       void *userdata)
{
	tell(userdata, point, now, NULL, 0);
}

static void tell_nothing(const char *point, const char *now, const struct subject *subject,
			 void *userdata)
{
}

static int add_line(const struct mount_line *line, void *userdata)
{
	struct observer *o = userdata;

	return mount_watch_add(o->mounts, o->set, line);
}

/* 1 when it is put off until a record tells who did it. */
static int look(struct observer *o, mount_watch_fn fn, bool may_wait)
{
	int64_t now_ns = clock_boot_ns();
	int r;

	mount_watch_begin(o->mounts);
	r = mounts_each(add_line, o);
	if (r < 0)
		return r;
	if (may_wait && !mount_watch_is_explained(o->mounts, now_ns))
		return 1;
	r = mount_watch_end(o->mounts, now_ns, fn, o);
	if (r == -ENOBUFS)
		observer_gap(o, &(struct sensor_gap){
					.cause = "more is mounted in monitored trees than can be "
						 "followed",
					.missed = "what is mounted there, and who mounts it",
					.from_ns = now_ns,
					.until_ns = now_ns,
				});
	return r == -ENOBUFS ? 0 : r;
}

int observer_look_at_mounts(struct observer *o, bool may_wait)
{
	return look(o, tell_change, may_wait);
}

int observer_list_mounts(struct observer *o)
{
	int r;

	if (watch_set_count(o->set) == 0)
		return 0;
	r = look(o, tell_nothing, false);
	if (r < 0)
		return r;
	observer_emit(o, &(struct event){.kind = EVENT_MOUNT, .text = (char *)EVENT_MOUNT_BEGIN});
	mount_watch_each(o->mounts, tell_state, o);
	observer_emit(o, &(struct event){.kind = EVENT_MOUNT, .text = (char *)EVENT_MOUNT_END});
	return 0;
}

void observer_setting_clock(struct observer *o, uint64_t cookie, int64_t time_ns)
{
	subject_done(&o->clock_setter);
	observer_refresh_names(o, clock_boot_ns());
	(void)proc_table_subject(o->processes, cookie, o->names, &o->clock_setter);
	o->clock_set_ns = time_ns;
}

static void tell_back(struct observer *o, int64_t back_ns, bool is_by_setter)
{
	struct event event = {.kind = EVENT_CLOCK, .count = (uint64_t)back_ns};

	if (o->clock_setter.is_known && is_by_setter)
		event.subject = o->clock_setter;
	observer_emit(o, &event);
}

void observer_clock_went_back(struct observer *o, int64_t back_ns)
{
	stamp_store_clock_set(o->stamps, true);
	o->has_clock_gone_back = true;
	tell_back(o, back_ns, true);
}

void observer_clock(struct observer *o, int64_t back_ns)
{
	bool is_by_setter = o->clock_set_ns > clock_boot_ns() - CLOCK_JOIN_NS;

	stamp_store_clock_set(o->stamps, back_ns > 0);
	if (back_ns > 0)
		tell_back(o, back_ns, is_by_setter);
	if ((back_ns > 0 || o->has_clock_gone_back) && watch_set_count(o->set) > 0)
		(void)observer_warm(o, WALK_HASHES,
				    "the wall clock was set back: all files are read again");
	o->has_clock_gone_back = false;
}

void observer_tell_unread(struct observer *o, uint64_t unread, int64_t now_ns)
{
	cleanup_free char *missed = NULL;

	if (asprintf(&missed,
		     "drift in directories below %s that could not be read or lie too "
		     "deep",
		     tree_walk_root(o->walk)) < 0)
		missed = NULL;
	observer_gap(o, &(struct sensor_gap){
				.cause = "directories could not be read",
				.missed = missed,
				.count = unread,
				.from_ns = o->walk_begun_ns,
				.until_ns = now_ns,
			});
}
