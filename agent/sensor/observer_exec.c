/* SPDX-License-Identifier: Apache-2.0 */
/* The observer's side of programs that start and of code that is loaded: from what the kernel told
 * to the very file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensor/mapping.h"
#include "sensor/observer_internal.h"

/*
 * Digest of an open file, from the cache where its stamp may be believed. A file with a change on
 * its way, or of which the kernel knows nothing, is always read.
 */
static int hash_open_file(struct observer *o, int fd, const struct stat *st, bool is_unverified,
			  struct file_fact *fact)
{
	int64_t began_ns = clock_real_ns();
	bool is_reported;
	int r;

	if (!is_unverified && !pending_has(o->pending, fact->path) &&
	    digest_cache_get(o->digests, st, fact))
		return 0;
	if ((uint64_t)st->st_size > LARGE_FILE_BYTES) {
		if (o->large_fd >= 0)
			close(o->large_fd);
		o->large_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		o->large_st = *st;
		return o->large_fd < 0 ? -errno : 0;
	}
	r = verdicts_hash_used(o->verdicts, o->collector, fd, st, fact);
	if (r < 0)
		return r;
	is_reported = o->is_reported && o->is_reported(st->st_dev, o->is_reported_userdata) &&
		      watch_set_has(o->set, fact->path);
	digest_cache_put(o->digests, st, fact, began_ns, is_reported);
	return 0;
}

static int collect_cached(struct observer *o, const char *path, bool is_unverified,
			  struct file_fact *ret_fact, struct stat *ret_st)
{
	struct file_fact fact = {0};
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	r = fact_open(o->collector, AT_FDCWD, path, &fact, &st, &fd);
	if (r < 0)
		return r;
	if (fd >= 0) {
		r = hash_open_file(o, fd, &st, is_unverified, &fact);
		if (r == -ENOMEM) {
			file_fact_done(&fact);
			return r;
		}
	}
	*ret_fact = fact;
	*ret_st = st;
	return 0;
}

/* A descriptor of the file that runs as @exec->pid, or that it has mapped. */
static int open_running(const struct observer_exec *exec)
{
	char link[64];
	int fd;

	if (!exec->link && exec->kind == EVENT_LOAD)
		return mapping_open(exec->pid, exec->ino);
	snprintf(link, sizeof(link), "/proc/%u/exe", exec->pid);
	fd = open(exec->link ? exec->link : link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* That file: right even when its name leads elsewhere by now. Its path is kept as the kernel told
 * it. */
static int collect_running(struct observer *o, const struct observer_exec *exec,
			   struct file_fact *ret_fact)
{
	cleanup_close int fd = open_running(exec);
	struct file_fact fact = {0};
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_ino != exec->ino || (uint64_t)st.st_size != exec->bytes)
		return -ESTALE;
	r = fact_open_fd(o->collector, fd, exec->exe, &fact);
	if (r < 0)
		return r;
	r = hash_open_file(o, fd, &st, exec->is_unverified, &fact);
	if (r < 0) {
		file_fact_done(&fact);
		return r;
	}
	*ret_fact = fact;
	return 0;
}

/* 0, or a fact without digest and the reason in @ret_detail. */
static int collect_program(struct observer *o, const struct observer_exec *exec,
			   struct file_fact *ret_fact, const char **ret_detail)
{
	struct stat st;
	int r = -ENOENT;

	if (!exec->is_gone)
		r = collect_cached(o, exec->exe, exec->is_unverified, ret_fact, &st);
	/* Some file systems show another device than the kernel's own. A user who can mount can
	 * have any inode number, so there it must be the same. */
	if (r == 0 && ret_fact->type == FILE_TYPE_REGULAR && st.st_ino == exec->ino &&
	    (st.st_dev == exec->dev || !exec->is_in_user_ns))
		return 0;
	if (r == 0)
		file_fact_done(ret_fact);
	r = collect_running(o, exec, ret_fact);
	if (r == 0) {
		*ret_detail = exec->is_gone ? "the file has no name in any directory"
					    : "another file has the name by now";
		return 0;
	}
	*ret_detail = exec->ino ? "the file was gone before it could be read"
				: "it came from memory, without a file";
	*ret_fact = (struct file_fact){.path = strdup(exec->exe), .type = FILE_TYPE_REGULAR};
	return ret_fact->path ? 0 : -ENOMEM;
}

/* The program is too large to be hashed now: it is told when that is done. */
static int tell_later(struct observer *o, struct event *event)
{
	struct found found = {.fact = event->object, .st = o->large_st, .fd = o->large_fd};
	int r;

	o->large_fd = -1;
	r = observer_queue_large(o, event, &found, NULL);
	if (r < 0)
		close(found.fd);
	return r;
}

void observer_exec(struct observer *o, const struct observer_exec *exec)
{
	struct event event = {.kind = exec->kind,
			      .time_ns = exec->time_ns,
			      .kernel = exec->kernel,
			      .text = (char *)exec->how};
	const char *detail = NULL;
	struct stat st;

	if (!exec->exe)
		return;
	observer_refresh_names(o, clock_boot_ns());
	/* The script first: only the program's descriptor is left over for tell_later(). What has
	 * its name here need not be what ran in a user namespace. */
	if (exec->script &&
	    (exec->is_in_user_ns ||
	     collect_cached(o, exec->script, exec->is_unverified, &event.script, &st) < 0))
		event.script.path = strdup(exec->script);
	if (o->large_fd >= 0)
		close(o->large_fd);
	o->large_fd = -1;
	if ((exec->is_by_pid
		     ? proc_table_subject_of_pid(o->processes, exec->pid, o->names, &event.subject)
		     : proc_table_subject(o->processes, exec->cookie, o->names, &event.subject)) <
	    0)
		event.subject.pid = exec->pid; /* and no more: it is not known */
	if (collect_program(o, exec, &event.object, &detail) == 0) {
		event.detail = (char *)detail;
		if (o->large_fd < 0 || tell_later(o, &event) < 0)
			observer_emit(o, &event);
	}
	file_fact_done(&event.object);
	file_fact_done(&event.script);
	subject_done(&event.subject);
}

bool observer_owes(const struct observer *o)
{
	return large_files_has_used(o->large);
}
