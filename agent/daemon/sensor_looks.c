/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sensor_looks.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "checks/look_index.h"
#include "privsep/payload.h"
#include "sensor/mounts.h"

#define MAX_PENDING    1024
#define MAX_RIGHTS     512 /* pending in all, beyond which the next walk finds them */
#define REST_MS	       50  /* what piles up meanwhile is folded by the kernel */
#define LOST_MS	       500 /* until a full link is tried again */
#define MAX_NOTICES    64  /* that are read in one go */
#define KERNEL_NOTICES 1   /* multicast group of what the kernel itself says */
#define NOTICE_BYTES   8192
#define MOUNTS_PATH    "/proc/self/mountinfo"
#define MODULES_PATH   "/proc/modules"
#define MOUNT_JOIN_NS  NSEC_PER_SEC /* between who mounts and the mount table */

_Static_assert((int)LOOK_AT == LOOKED_AT && (int)LOOK_NAMES == LOOKED_NAMES &&
		       (int)LOOK_ALL == LOOKED_ALL,
	       "a MSG_LOOKS is read by look_watch as checks wrote it");

static void touch(struct looks *looks, const struct pending_change *change)
{
	struct pending_change known = *change;

	known.first_ns = clock_boot_ns();
	if (!known.subject.is_known && known.pid && looks->ops->who)
		(void)looks->ops->who(looks->sensor, known.pid, &known.subject);
	if (pending_add(looks->pending, &known) < 0)
		looks->is_lost = true;
	if (!change->subject.is_known)
		subject_done(&known.subject);
}

/* The timer stands for the first that is due, and for what could not be told. */
static int arm(struct looks *looks)
{
	int64_t due_ns = pending_due(looks->pending), wait_ns = due_ns - clock_boot_ns();

	if (looks->is_lost)
		return loop_set_timer(looks->due, LOST_MS, 0);
	if (due_ns == INT64_MAX)
		return 0;
	return loop_set_timer(looks->due, wait_ns > 0 ? (uint64_t)(wait_ns / NSEC_PER_MSEC) + 1 : 1,
			      0);
}

static void on_touch(const struct look_event *event, void *userdata)
{
	struct looks *looks = userdata;
	struct pending_change change = {
		.path = (char *)(event->path ? event->path : "/"),
		.changes = (event->is_name || !event->path ? TOUCH_NAME : 0) |
			   (event->is_below || !event->path ? TOUCH_BELOW : 0),
		.pid = event->pid,
	};

	if (event->pid != (uint32_t)getpid())
		touch(looks, &change);
}

static int open_notices(void)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_NOTICES};
	cleanup_close int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				      NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

void looks_prepare(struct looks *looks, struct child *child, const struct sensor_ops *ops,
		   struct sensor *sensor)
{
	int r;

	looks->child = child;
	looks->ops = ops;
	looks->sensor = sensor;
	r = pending_new(MAX_PENDING, &looks->pending);
	if (r == 0)
		r = look_watch_open(ops->who != NULL, on_touch, looks, &looks->watch);
	if (r < 0)
		log_warning(r, "what the checks look at cannot be watched, ignoring");
	if (r == 0)
		(void)id_names_new("/etc/passwd", "/etc/group", &looks->names);
	looks->mounts = mounts_open();
	looks->notices = open_notices();
	if (looks->notices < 0)
		log_warning(looks->notices, "the kernel's notices cannot be had, ignoring");
}

void looks_done(struct looks *looks)
{
	look_watch_close(looks->watch);
	pending_free(looks->pending);
	id_names_free(looks->names);
	if (looks->mounts >= 0)
		close(looks->mounts);
	if (looks->notices >= 0)
		close(looks->notices);
}

static int tell(struct looks *looks, const struct pending_change *change)
{
	struct channel *assessor = looks->child->peers[ROLE_ASSESSOR];
	cleanup_message struct message message = MESSAGE_INIT(MSG_TOUCHED);

	/* A new one looks at all anyway. */
	if (!assessor)
		return 0;
	log_debug("touched: %s", change->path);
	m_put_string(&message, change->path);
	m_put_u32(&message, change->changes);
	m_put_subject(&message, &change->subject);
	return message_check(&message) < 0 ? -EMSGSIZE : channel_send(assessor, &message);
}

/* Mounted since the first of these changes, and a little before: a record may come first. */
static void settle_mounts(struct looks *looks, struct pending_change *change)
{
	if (looks->ops->who_mounted)
		(void)looks->ops->who_mounted(looks->sensor, looks->mounting_ns - MOUNT_JOIN_NS,
					      &change->subject);
	looks->mounting_ns = 0;
	(void)look_watch_refresh(looks->watch, true);
}

static int on_due(struct loop *loop, void *userdata)
{
	struct looks *looks = userdata;
	struct pending_change change;

	if (looks->is_lost) {
		change = (struct pending_change){.path = (char *)"/",
						 .changes = TOUCH_NAME | TOUCH_BELOW};
		looks->is_lost = tell(looks, &change) < 0;
	}
	while (!looks->is_lost && pending_take(looks->pending, clock_boot_ns(), &change)) {
		if (str_equal(change.path, MOUNTS_PATH))
			settle_mounts(looks, &change);
		else if (!change.subject.is_known && change.pid && looks->ops->who)
			(void)looks->ops->who(looks->sensor, change.pid, &change.subject);
		looks->is_lost = tell(looks, &change) < 0;
		pending_change_done(&change);
	}
	return arm(looks);
}

static int on_rest_over(struct loop *loop, void *userdata)
{
	struct looks *looks = userdata;

	return loop_set_events(looks->source, EPOLLIN);
}

static int on_readable(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct looks *looks = userdata;
	int r = look_watch_dispatch(looks->watch);

	if (r < 0)
		return log_error(r, "what the checks look at cannot be watched any more");
	if (r == 0) {
		r = loop_set_events(looks->source, 0);
		if (r == 0)
			r = loop_set_timer(looks->rest, REST_MS, 0);
	}
	return r < 0 ? r : arm(looks);
}

static int on_mounts(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct looks *looks = userdata;
	const struct pending_change change = {.path = (char *)MOUNTS_PATH, .changes = TOUCH_NAME};

	if (!looks->mounting_ns)
		looks->mounting_ns = clock_boot_ns();
	touch(looks, &change);
	return arm(looks);
}

/* What of the machine a notice of @subsystem is about; NULL: nothing that a check looks at. */
static const char *place_of(const char *subsystem)
{
	static const struct {
		const char *subsystem, *path;
	} places[] = {
		{"module", MODULES_PATH},
		{"net", "/sys/class/net"},
		{"usb", "/sys/bus/usb/devices"},
		{"block", "/sys/block"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (str_equal(places[i].subsystem, subsystem))
			return places[i].path;
	return NULL;
}

/* "add@/module/dummy", then "KEY=VALUE" each with its NUL. */
static void on_notice(struct looks *looks, const char *text, size_t len)
{
	struct pending_change change = {.changes = TOUCH_NAME | TOUCH_BELOW};

	for (size_t at = 0; at < len; at += strnlen(text + at, len - at) + 1)
		if (str_starts(text + at, "SUBSYSTEM="))
			change.path = (char *)place_of(text + at + strlen("SUBSYSTEM="));
	if (change.path)
		touch(looks, &change);
}

static int on_notices(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct looks *looks = userdata;
	char text[NOTICE_BYTES + 1];

	for (unsigned i = 0; i < MAX_NOTICES; i++) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t len =
			recvfrom(fd, text, NOTICE_BYTES, 0, (struct sockaddr *)&from, &from_len);

		if (len < 0 && errno == ENOBUFS)
			on_touch(&(struct look_event){0}, looks);
		else if (len < 0)
			break;
		/* Other programs may send to the group, too. */
		if (len <= 0 || from.nl_pid)
			continue;
		text[len] = '\0';
		on_notice(looks, text, (size_t)len);
	}
	return arm(looks);
}

int looks_start(struct looks *looks)
{
	struct loop *loop = looks->child->loop;
	int r = 0;

	if (!looks->watch)
		return 0;
	r = loop_add_timer(loop, 0, 0, on_due, looks, &looks->due);
	if (r == 0)
		r = loop_add_timer(loop, 0, 0, on_rest_over, looks, &looks->rest);
	if (r == 0)
		r = loop_add_fd(loop, look_watch_fd(looks->watch), EPOLLIN, on_readable, looks,
				&looks->source);
	if (r == 0 && looks->mounts >= 0)
		r = loop_add_fd(loop, looks->mounts, EPOLLPRI, on_mounts, looks, NULL);
	if (r == 0 && looks->notices >= 0)
		r = loop_add_fd(loop, looks->notices, EPOLLIN, on_notices, looks, NULL);
	return r;
}

static int add_look(struct looks *looks, unsigned how, const char *path)
{
	struct pending_change change = {.path = (char *)path, .changes = TOUCH_NAME};
	char plain[PATH_MAX];
	int r;

	if (how >= LOOK_KIND_COUNT || !str_copy(plain, sizeof(plain), path) ||
	    path_normalize(plain) < 0 || !str_equal(plain, path))
		return -EBADMSG;
	/* These are told by others. */
	if (str_equal(path, MOUNTS_PATH) || str_equal(path, MODULES_PATH))
		return 0;
	r = look_watch_add(looks->watch, (enum look_kind)how, path);
	if (r < 0)
		log_debug("%s is not watched: %s", path, strerror(-r));
	/* Between the look and the mark it may have been touched. */
	if (!looks->is_new)
		touch(looks, &change);
	return 0;
}

static int end_list(struct looks *looks)
{
	size_t failed = look_watch_refresh(looks->watch, false);

	if (failed)
		log_warning(0, "%zu folders of what the checks look at cannot be watched, ignoring",
			    failed);
	if (looks->is_new)
		on_touch(&(struct look_event){0}, looks);
	looks->is_new = false;
	return arm(looks);
}

int looks_on_looks(struct looks *looks, struct message *message)
{
	bool is_first = m_get_u32(message);
	bool is_last = m_get_u32(message);
	size_t len, at = 0;
	const char *list = m_get_bytes(message, &len);

	if (message_check(message) < 0 || (len && list[len - 1] != '\0'))
		return -EBADMSG;
	if (!looks->watch)
		return 0;
	if (is_first) {
		look_watch_clear(looks->watch);
		looks->is_new = true;
	}
	while (at < len) {
		int r = add_look(looks, (unsigned char)list[at], list + at + 1);

		if (r < 0)
			return r;
		at += 1 + strlen(list + at + 1) + 1;
	}
	return is_last ? end_list(looks) : 0;
}

static bool is_owned(struct id_names *names, const struct stat *st)
{
	if (!st->st_uid && !st->st_gid)
		return true;
	if (!names)
		return false;
	(void)id_names_refresh(names);
	return id_names_user(names, st->st_uid) && id_names_group(names, st->st_gid);
}

/* What inventory.h lists: the most of what comes and goes on a machine ends here. */
static bool is_of_note(struct looks *looks, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return false;
	return (S_ISREG(st.st_mode) && st.st_mode & (S_ISUID | S_ISGID | S_IWOTH)) ||
	       (S_ISDIR(st.st_mode) && st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX)) ||
	       !is_owned(looks->names, &st);
}

void looks_on_rights(struct looks *looks, const char *path, bool has_below, uint32_t pid)
{
	struct pending_change change = {
		.path = (char *)path,
		.changes = TOUCH_RIGHTS | (has_below ? TOUCH_BELOW : 0),
		.pid = pid,
	};

	if (!looks->due || pending_count(looks->pending) >= MAX_RIGHTS ||
	    (!has_below && !is_of_note(looks, path)))
		return;
	touch(looks, &change);
	(void)arm(looks);
}

void looks_on_event(struct looks *looks, const struct event *event)
{
	struct pending_change change = {.path = (char *)MODULES_PATH, .changes = TOUCH_NAME};

	if (!looks->due || event->kind != EVENT_LOAD || !str_equal(event->text, "module"))
		return;
	change.subject = event->subject;
	touch(looks, &change);
	(void)arm(looks);
}
