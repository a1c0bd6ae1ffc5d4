/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/permission.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/str.h"
#include "base/words.h"
#include "privsep/process_table.h"
#include "sensor/closure.h"
#include "sensor/mounts.h"
#include "sensor/observer.h"
#include "sensor/permit.h"

/* So that a storm of denials leaves the loop to others. */
#define NEWS_A_ROUND 64

#define LOCKED_MAX ((rlim_t)8 << 20)

#define TROUBLE_LATE                                                                           \
	"programs were started before their content was known, since it could not be read in " \
	"time; see the records of this host"

struct permission {
	struct child *child;
	struct permit *permit;
	struct permit_set *set;
	char **mounts;
	char **closure; /* in order */
	size_t closure_count;
	struct permission_ops ops; /* once it enforces */
	struct loop_source *news, *mounts_changed;
	int mount_table;
	bool is_late_told;
	char *unmarked; /* why a mount could not be marked again; NULL */
};

/* What the sensor's helpers keep. No Landlock where it would forbid the work itself: the replier
 * gets files that the kernel opens for it, and the end of the watchdog, by whatever it comes, must
 * end the replier: since Linux 6.12 Landlock keeps back that signal, too. */
static const struct sandbox_path no_paths[] = {{NULL}};
static const struct sandbox_spec sandboxes[] = {
	[PERMIT_REPLIER] = {.role = ROLE_REPLIER,
			    .capabilities = (const int[]){CAP_SYS_ADMIN, -1},
			    .max_files = 1024},
	[PERMIT_WATCHDOG] = {.role = ROLE_WATCHDOG,
			     .capabilities = (const int[]){-1},
			     .max_files = 16},
	[PERMIT_HASHER] = {.role = ROLE_HASHER,
			   .capabilities = (const int[]){-1},
			   .paths = no_paths,
			   .max_files = 64},
};

bool permission_is_wanted(const struct config *config)
{
	return str_equal(config->enforce, "yes") && config->permission_mounts[0];
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_named(const struct permission *p, const char *path)
{
	return bsearch(&path, p->closure, p->closure_count, sizeof(*p->closure), compare_paths);
}

/* A file of root's alone, at a place of the closure as this machine sees it. */
static bool is_spared(const struct permission *p, int fd)
{
	struct stat st, there;
	char path[PATH_MAX];

	return fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	       fd_get_path(fd, path, sizeof(path)) == 0 && is_named(p, path) &&
	       stat(path, &there) == 0 && there.st_dev == st.st_dev && there.st_ino == st.st_ino;
}

static enum permit_verdict decide(const uint8_t sha256[SHA256_SIZE], int fd, void *userdata)
{
	const struct permission *p = userdata;

	if (permit_set_has(p->set, sha256))
		return PERMIT_APPROVE;
	return is_spared(p, fd) ? PERMIT_SPARE : PERMIT_DENY;
}

static int confine(enum permit_process process, void *userdata)
{
	const struct permission *p = userdata;
	struct diag diag = {0};
	unsigned missing = 0;
	int r = sandbox_enter_with(&sandboxes[process], p->child->config, p->child->sandbox_mode,
				   &missing, &diag);

	return r < 0 ? log_error(r, "permission mode: %s", diag.text) : 0;
}

static void shed(void *userdata)
{
	struct permission *p = userdata;

	p->set = permit_set_free(p->set);
}

static int add_to_closure(const char *path, void *userdata)
{
	return strv_append(userdata, path);
}

static int list_closure(struct permission *p)
{
	int r = closure_each(p->child->config->libexec_dir, add_to_closure, &p->closure);

	if (r < 0)
		return r;
	while (p->closure && p->closure[p->closure_count])
		p->closure_count++;
	if (p->closure)
		qsort(p->closure, p->closure_count, sizeof(*p->closure), compare_paths);
	return 0;
}

static int list_mounts(struct permission *p)
{
	const char *cursor = p->child->config->permission_mounts, *word;
	size_t len;
	int r = 0;

	while (r == 0 && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *mount = strndup(word, len);

		r = mount ? strv_append(&p->mounts, mount) : -ENOMEM;
	}
	return r;
}

static int start(struct permission *p, struct strbuf *reterr)
{
	const struct permit_options options = {
		.is_enforcing = true,
		.denies_late = str_equal(p->child->config->permission_late, "deny"),
		.deadline_ns = (int64_t)p->child->config->permission_deadline_ms * NSEC_PER_MSEC,
		.stall_ns = PERMIT_STALL_NS,
		.decide = decide,
		.confine = confine,
		.shed = shed,
		.userdata = p,
	};
	/* Two of them lock what they need into memory: a few megabytes. */
	const struct rlimit locked = {LOCKED_MAX, LOCKED_MAX};
	int r;

	(void)setrlimit(RLIMIT_MEMLOCK, &locked);
	r = list_mounts(p);
	if (r == 0)
		r = list_closure(p);
	if (r == 0)
		r = permit_set_new(&p->set);
	if (r == 0)
		r = mounts_open();
	if (r < 0)
		return r;
	p->mount_table = r;
	return permit_start(&options, &p->permit, reterr);
}

int permission_start(struct child *child, struct permission **ret_permission, struct strbuf *reterr)
{
	cleanup_with(permission_stopp) struct permission *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->child = child;
	p->mount_table = -1;
	r = start(p, reterr);
	if (r < 0) {
		if (reterr->len == 0)
			strbuf_add_str(reterr, strerror(-r));
		return r;
	}
	*ret_permission = TAKE_PTR(p);
	return 0;
}

struct permission *permission_stop(struct permission *p)
{
	if (!p)
		return NULL;
	permit_stop(p->permit);
	permit_set_free(p->set);
	if (p->mount_table >= 0)
		close(p->mount_table);
	strv_free(p->mounts);
	strv_free(p->closure);
	free(p->unmarked);
	free(p);
	return NULL;
}

struct permit_set *permission_set(struct permission *p)
{
	return p->set;
}

void permission_changed(struct permission *p)
{
	permit_decisions_changed(p->permit);
}

static const struct kernel_answer answers[PERMIT_OUTCOME_COUNT] = {
	[PERMIT_DENIED] = {.answer = ANSWER_UNKNOWN, .outcome = OUTCOME_DENIED},
	[PERMIT_SPARED] = {.answer = ANSWER_UNKNOWN, .outcome = OUTCOME_SPARED},
	[PERMIT_LATE_PASSED] = {.answer = ANSWER_UNVERIFIED, .outcome = OUTCOME_LATE},
	[PERMIT_LATE_DENIED] = {.answer = ANSWER_UNVERIFIED, .outcome = OUTCOME_DENIED},
};

static bool is_script(int fd)
{
	char head[2];

	return pread(fd, head, sizeof(head), 0) == sizeof(head) && memcmp(head, "#!", 2) == 0;
}

/* The sensor reads the file again: what it tells, it has seen itself. */
static void tell(struct permission *p, const struct permit_news *news, int fd)
{
	char path[PATH_MAX], link[32];
	struct observer_exec exec = {
		.kind = EVENT_LOAD,
		.how = is_script(fd) ? "script" : "program",
		.exe = path,
		.link = link,
		.pid = news->pid,
		.is_by_pid = true,
		.kernel = answers[news->outcome],
		.time_ns = clock_real_ns(),
	};
	struct stat st;

	if (fstat(fd, &st) < 0 || fd_get_path(fd, path, sizeof(path)) < 0)
		return;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	exec.dev = st.st_dev;
	exec.ino = st.st_ino;
	exec.bytes = (uint64_t)st.st_size;
	exec.is_gone = st.st_nlink == 0;
	exec.kernel.generation = permit_set_generation(p->set);
	p->ops.sensor_ops->tell(p->ops.sensor, &exec);
}

static void on_end(struct permission *p)
{
	p->news = loop_remove(p->news);
	p->mounts_changed = loop_remove(p->mounts_changed);
	p->ops.ended(permit_state(p->permit) == PERMIT_STALLED
			     ? "the replier of the permission mode stood still and was ended, so "
			       "all passes until the agent starts again"
			     : "the permission mode has ended, so all passes until the agent "
			       "starts again",
		     p->ops.userdata);
}

static int on_news(struct loop *loop, int link, uint32_t events, void *userdata)
{
	struct permission *p = userdata;
	const char *trouble = NULL;
	int r = 1;

	/* Who it was may be told there still. */
	(void)p->ops.sensor_ops->dispatch(p->ops.sensor);
	for (int i = 0; i < NEWS_A_ROUND && r > 0; i++) {
		cleanup_close int fd = -1;
		struct permit_news news;

		r = permit_receive(p->permit, &news, &fd);
		if (r <= 0)
			break;
		p->child->work++;
		tell(p, &news, fd);
		if (news.outcome >= PERMIT_LATE_PASSED && !p->is_late_told) {
			p->is_late_told = true;
			trouble = TROUBLE_LATE;
		}
	}
	if (r < 0)
		on_end(p);
	else
		p->ops.changed(trouble, p->ops.userdata);
	return 0;
}

/* A mark goes with the last mount of its file system. */
static int on_mounts_changed(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct permission *p = userdata;
	cleanup_strbuf struct strbuf why = STRBUF_INIT;
	cleanup_free char *before = TAKE_PTR(p->unmarked);
	int r = permit_mark(p->permit, p->mounts, p->closure, &why);

	if (r == -EPIPE)
		return 0; /* told by on_news() */
	if (r != 0)
		p->unmarked = strdup(why.len ? why.data : strerror(-r));
	if (before != p->unmarked && !str_equal(before, p->unmarked))
		p->ops.changed(p->unmarked, p->ops.userdata);
	return 0;
}

int permission_enforce(struct permission *p, const struct permission_ops *ops,
		       struct strbuf *reterr)
{
	struct loop *loop = p->child->loop;
	int r;

	p->ops = *ops;
	r = loop_add_fd(loop, permit_fd(p->permit), EPOLLIN, on_news, p, &p->news);
	if (r == 0)
		r = loop_add_fd(loop, p->mount_table, EPOLLPRI, on_mounts_changed, p,
				&p->mounts_changed);
	if (r == 0)
		r = permit_mark(p->permit, p->mounts, p->closure, reterr);
	if (r < 0) {
		p->news = loop_remove(p->news);
		p->mounts_changed = loop_remove(p->mounts_changed);
		return r;
	}
	if (r > 0) {
		p->unmarked = strdup(reterr->data);
		p->ops.changed(reterr->data, p->ops.userdata);
	}
	return 0;
}

void permission_hold(struct permission *p, bool is_held)
{
	if (p->news)
		(void)loop_set_events(p->news, is_held ? 0 : EPOLLIN);
}

uint64_t permission_asked(const struct permission *p)
{
	return permit_counters(p->permit)->asked;
}

void permission_describe(const struct permission *p, struct strbuf *out)
{
	const struct permit_counters *counters = permit_counters(p->permit);

	strbuf_add_str(out, "starts of programs on");
	for (char **mount = p->mounts; *mount; mount++) {
		strbuf_add_char(out, ' ');
		strbuf_add_str(out, *mount);
	}
	strbuf_printf(out,
		      ", by fanotify permission events: %" PRIu64 " asked about, %" PRIu64
		      " denied, %" PRIu64 " never blocked, %" PRIu64 " %s before it was known what "
		      "they are",
		      counters->asked, counters->denied, counters->spared,
		      counters->late + counters->full + counters->written,
		      str_equal(p->child->config->permission_late, "deny") ? "denied" : "let pass");
	if (counters->untold > 0)
		strbuf_printf(out, ", %" PRIu64 " not told", counters->untold);
	if (p->unmarked)
		strbuf_printf(out, "; %s", p->unmarked);
}
