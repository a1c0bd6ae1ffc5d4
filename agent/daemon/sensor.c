/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-sensor: sees. Opens the best back end while it may, proves it by a
 * self-test, gives up what it no longer needs, and hands facts to the recorder.
 *
 * It knows no baseline. While the recorder is away or behind, the back end is
 * on hold: what happens waits in the kernel, and what finds no room there is
 * counted and told as a gap.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/boot_id.h"
#include "base/clock.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/enforcing.h"
#include "daemon/sensor_looks.h"
#include "privsep/child.h"
#include "privsep/payload.h"
#include "sensor/pins.h"
#include "sensor/self_test.h"
#include "sensor/sensor.h"
#include "sensor/stamp_store.h"

#define QUEUE_MAX_BYTES (4U * 1024 * 1024)
/* Between the marks the channel takes what one round of work may add. */
#define QUEUE_HIGH_BYTES (512U * 1024)
#define QUEUE_LOW_BYTES	 (128U * 1024)
#define QUEUE_LOOK_MS	 20
/* Of the 3 s that it has to end; without a supervisor the recorder waits as long, too. */
#define FLUSH_MS      2500
#define PARTS_LOOK_MS 60000

struct sensing {
	struct child *child;
	const struct sensor_ops *ops;
	struct sensor *sensor;
	struct stamp_store *stamps; /* NULL: each start hashes all */
	char *why;		    /* not a higher rung, a line per rung */
	char *phase, *phase_detail; /* the last that was told */
	uint64_t phase_count;
	struct standing standing;
	struct pins *pins; /* NULL: the kernel's side ends with this process */
	int pins_error;
	bool is_held_told;
	int64_t looked_ns; /* when its parts were looked at last */
	bool is_started;
	bool is_held;
	struct permission *permission; /* NULL: not wanted, not needed, or not to be had */
	char *no_permission;	       /* why not to be had */
	struct enforcing enforcing;
	struct looks looks;
	struct loop_source *look; /* while on hold: whether the channel has room again */

	uint64_t sequence; /* of the last event that was sent */
	uint64_t dropped;  /* events that the full channel refused */
	int64_t dropped_since_ns;
};

static struct channel *recorder_of(const struct sensing *s)
{
	return s->child->peers[ROLE_RECORDER];
}

static int send_event(struct sensing *s, const struct event *event)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_EVENT);
	struct event numbered = *event;
	int r;

	if (!recorder_of(s))
		return -EPIPE;
	numbered.sequence = s->sequence + 1;
	m_put_event(&message, &numbered);
	r = message_check(&message);
	if (r == 0)
		r = channel_send(recorder_of(s), &message);
	s->sequence += r == 0;
	return r;
}

static void hold(struct sensing *s, bool is_held)
{
	int r;

	if (!s->is_started || s->is_held == is_held)
		return;
	r = s->ops->hold(s->sensor, is_held);
	if (r < 0)
		log_warning(r, "cannot %s the sensor, ignoring", is_held ? "hold" : "release");
	s->is_held = is_held;
	if (s->permission)
		permission_hold(s->permission, is_held);
	if (is_held)
		(void)loop_set_timer(s->look, QUEUE_LOOK_MS, QUEUE_LOOK_MS);
	else
		(void)loop_set_timer(s->look, 0, 0);
}

/* What the channel refused is told as soon as it takes something again. */
static void tell_dropped(struct sensing *s)
{
	struct event gap = {
		.kind = EVENT_GAP,
		.text = (char *)"events were dropped because the recorder was behind or away",
		.detail = (char *)"program starts and loads of code; who made changes at that "
				  "time; changes that were undone before the next walk",
		.count = s->dropped,
		.time_ns = s->dropped_since_ns,
		.until_ns = clock_real_ns(),
	};

	if (s->dropped > 0 && send_event(s, &gap) == 0)
		s->dropped = 0;
}

static int look_at_queue(struct loop *loop, void *userdata)
{
	struct sensing *s = userdata;

	/* Its return is told by on_peer(). */
	if (!recorder_of(s))
		return loop_set_timer(s->look, 0, 0);
	if (channel_queued(recorder_of(s)) > QUEUE_LOW_BYTES)
		return 0;
	tell_dropped(s);
	hold(s, false);
	return 0;
}

static void on_event(const struct event *event, void *userdata)
{
	struct sensing *s = userdata;
	int r = send_event(s, event);

	s->child->work++;
	looks_on_event(&s->looks, event);
	if (r < 0 && s->dropped++ == 0)
		s->dropped_since_ns = event->time_ns;
	if (event->kind == EVENT_PHASE) {
		free(s->phase);
		free(s->phase_detail);
		s->phase = strdup(event->text);
		s->phase_detail = event->detail ? strdup(event->detail) : NULL;
		s->phase_count = event->count;
		log_info("phase: %s", event->text);
		if (str_equal(event->text, "covered"))
			enforcing_covered(&s->enforcing, event->count);
	}
	if (r < 0 || channel_queued(recorder_of(s)) > QUEUE_HIGH_BYTES)
		hold(s, true);
}

static void settle(struct sensing *s)
{
	if (s->ops && s->ops->settle && recorder_of(s) && channel_queued(recorder_of(s)) == 0)
		s->ops->settle(s->sensor);
}

static int on_ready(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct sensing *s = userdata;
	int r = s->ops->dispatch(s->sensor);

	settle(s);
	return r < 0 ? log_error(r, "the %s back end failed", s->ops->name) : 0;
}

/* Here, while a file may still be opened for writing. Without it each start hashes all. */
static int open_stamps(const struct config *config, struct stamp_store **ret_stamps)
{
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	char boot_id[BOOT_ID_SIZE];
	int r;

	r = boot_id_read(boot_id);
	if (r < 0)
		return r;
	if (asprintf(&path, "%s/sensor/stamps", config->state_dir) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = stamp_store_open(fd, boot_id, ret_stamps);
	if (r == 0)
		(void)TAKE_FD(fd);
	return r;
}

static void on_release(enum sensor_release what, void *userdata)
{
	struct sensing *s = userdata;
	cleanup_message struct message message = MESSAGE_INIT(MSG_PINS);

	m_put_u32(&message, what);
	m_put_string(&message, pins_set(s->pins));
	if (s->child->supervisor)
		(void)channel_send(s->child->supervisor, &message);
}

static void on_rights(const char *path, bool has_below, uint32_t pid, void *userdata)
{
	struct sensing *s = userdata;

	looks_on_rights(&s->looks, path, has_below, pid);
}

/* Without them the sensor works as well, but a restart has a gap. */
static void open_pins(struct sensing *s)
{
	const char *dir = s->child->pins;

	s->pins_error = dir ? pins_open(dir, &s->pins) : 0;
	if (s->pins_error < 0)
		log_warning(s->pins_error, "nothing outlives this process in %s", dir);
}

/* Without it the sensor works as well, and denies nothing. */
static void open_permission(struct sensing *s)
{
	cleanup_strbuf struct strbuf why = STRBUF_INIT;
	int r;

	if (!permission_is_wanted(s->child->config) || s->ops->verdicts || enforcing_is_forbidden())
		return;
	if (s->ops->tell) {
		r = permission_start(s->child, &s->permission, &why);
	} else {
		r = -EOPNOTSUPP;
		strbuf_add_str(&why, "this rung sees no starts of programs");
	}
	if (r < 0)
		s->no_permission = strbuf_take(&why);
}

static int prepare(struct child *child)
{
	cleanup_strbuf struct strbuf why = STRBUF_INIT;
	struct sensing *s = child->userdata;
	struct sensor_choice choice = {
		.highest = child->config->rung,
		.self_test_dir = child->config->run_dir,
		.fn = on_event,
		.userdata = s,
		.ret_standing = &s->standing,
		.release = on_release,
		.rights = on_rights,
	};
	int r;

	s->child = child;
	open_pins(s);
	choice.pins = s->pins;
	r = sensor_choose(&choice, &s->ops, &s->sensor, &why);
	s->why = strbuf_take(&why);
	if (!s->why)
		return log_error(-ENOMEM, "out of memory");
	if (r < 0)
		return log_error(r, "no back end works here: %s", s->why);
	log_info("rung: %s", s->ops->name);
	r = open_stamps(child->config, &s->stamps);
	if (r < 0)
		log_warning(r, "cannot keep stamps, each start hashes all files");
	/* A rung that takes nothing over leaves nothing there. */
	if (s->pins && !s->ops->held)
		pins_drop_earlier(s->pins);
	open_permission(s);
	looks_prepare(&s->looks, child, s->ops, s->sensor);
	return 0;
}

static void tell_standing(struct sensing *s)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_STANDING);

	m_put_standing(&message, &s->standing);
	if (recorder_of(s) && message_check(&message) == 0)
		(void)channel_send(recorder_of(s), &message);
}

static void list_parts(struct sensing *s)
{
	struct standing *standing = &s->standing;
	struct standing_part *part = &standing->parts[0];

	sensor_list_parts(s->ops, s->sensor, standing);
	if ((!s->permission && !s->no_permission) || standing->part_count == STANDING_PARTS_MAX)
		return;
	part = &standing->parts[standing->part_count++];
	*part = (struct standing_part){.state = s->permission ? PART_ATTACHED : PART_REFUSED,
				       .error = s->permission ? 0 : -EOPNOTSUPP};
	str_copy(part->name, sizeof(part->name), "fanotify FAN_OPEN_EXEC_PERM");
}

/* What changes while it runs is how often the kernel left a program out. */
static int look_at_parts(struct loop *loop, void *userdata)
{
	struct sensing *s = userdata;
	struct standing before = s->standing;
	struct event gap = {
		.kind = EVENT_GAP,
		.text = (char *)"the kernel left out runs of BPF programs, since they ran on that "
				"processor already",
		.detail = (char *)"program starts, loads of code and write-opens of that time",
		.time_ns = s->looked_ns,
		.until_ns = clock_real_ns(),
	};

	list_parts(s);
	if (!standing_is_same(&before, &s->standing))
		tell_standing(s);
	gap.count = standing_skipped_since(&s->standing, &before);
	if (gap.count > 0)
		on_event(&gap, s);
	s->looked_ns = gap.until_ns;
	enforcing_look(&s->enforcing);
	return 0;
}

/* Before the phase: what was held is no time without sight. */
static void tell_held(struct sensing *s)
{
	struct sensor_held held;
	struct event event = {.kind = EVENT_HELD, .time_ns = clock_real_ns()};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (s->is_held_told || !s->ops->held || s->ops->held(s->sensor, &held) < 0)
		return;
	s->is_held_told = true;
	strbuf_printf(&text, "held by the kernel: %" PRIu64 " records waited, %" PRIu64 " lost",
		      held.waited, held.lost);
	if (strbuf_check(&text) < 0)
		return;
	event.text = text.data;
	event.detail = (char *)held.missed;
	event.count = held.waited;
	log_info("%s", text.data);
	(void)send_event(s, &event);
}

/* First of all that a recorder hears: the rung, and how far this process has come. */
static void introduce(struct sensing *s)
{
	struct event rung = {
		.kind = EVENT_RUNG,
		.time_ns = clock_real_ns(),
		.text = (char *)s->ops->name,
		.detail = s->why,
	};
	struct event phase = {
		.kind = EVENT_PHASE,
		.time_ns = clock_real_ns(),
		.text = s->phase,
		.detail = s->phase_detail,
		.count = s->phase_count,
	};

	tell_standing(s);
	on_event(&rung, s);
	tell_held(s);
	(void)send_event(s, &phase);
	enforcing_tell(&s->enforcing);
}

static void report_parts(struct sensing *s)
{
	if (s->pins_error < 0)
		child_report_degraded(s->child, "sensor without programs that outlive it",
				      strerror(-s->pins_error));
	for (size_t i = 0; i < s->standing.part_count; i++) {
		const struct standing_part *part = &s->standing.parts[i];
		char what[128];

		if (!standing_part_is_missing(part))
			continue;
		snprintf(what, sizeof(what), "sensor without %s", part->name);
		log_warning(part->error, "%s, ignoring", what);
		child_report_degraded(s->child, what, standing_part_problem(part));
	}
}

static int rescan_all(struct loop *loop, void *userdata)
{
	struct sensing *s = userdata;

	return s->ops->rescan(s->sensor, NULL);
}

static int start(struct child *child)
{
	struct sensing *s = child->userdata;
	uint64_t interval_ms = child->config->scan_interval_s * 1000;
	const struct denier denier = {
		.ops = s->ops,
		.sensor = s->sensor,
		.verdicts = s->ops->verdicts ? s->ops->verdicts(s->sensor) : NULL,
		.permission = s->permission,
		.no_permission = s->no_permission,
	};
	int r;

	s->phase = strdup("observing");
	if (!s->phase)
		return -ENOMEM;
	r = loop_add_fd(child->loop, s->ops->fd(s->sensor), EPOLLIN, on_ready, s, NULL);
	if (r == 0)
		r = loop_add_timer(child->loop, 0, 0, look_at_queue, s, &s->look);
	if (r == 0)
		r = loop_add_timer(child->loop, PARTS_LOOK_MS, PARTS_LOOK_MS, look_at_parts, s,
				   NULL);
	if (r == 0)
		r = loop_add_timer(child->loop, interval_ms, interval_ms, rescan_all, s, NULL);
	if (r < 0)
		return log_error(r, "cannot set up the loop");
	list_parts(s);
	s->looked_ns = clock_real_ns();
	r = enforcing_start(&s->enforcing, child, &denier, on_event, s);
	if (r < 0)
		return log_error(r, "cannot prepare verdicts");
	r = looks_start(&s->looks);
	if (r < 0)
		return log_error(r, "cannot watch what the checks look at");
	s->is_started = true;
	introduce(s);
	report_parts(s);
	r = s->ops->inventory(s->sensor);
	return r < 0 ? log_error(r, "cannot list what runs") : 0;
}

/* A recorder that came back knows neither what runs nor what changed while it was away. */
static void on_peer(struct child *child, enum process_role role)
{
	struct sensing *s = child->userdata;
	int r;

	if (role != ROLE_RECORDER || !s->is_started)
		return;
	introduce(s);
	tell_dropped(s);
	hold(s, false);
	r = s->ops->inventory(s->sensor);
	if (r == 0)
		r = s->ops->rescan(s->sensor, NULL);
	if (r < 0)
		log_warning(r, "cannot tell the recorder all again, ignoring");
}

struct rule_lists {
	char **trees, **ignores, **updaters;
};

static int append(char ***list, const char *text)
{
	size_t count = 0;
	char **longer;

	while (*list && (*list)[count])
		count++;
	longer = reallocarray(*list, count + 2, sizeof(**list));
	if (!longer)
		return -ENOMEM;
	*list = longer;
	longer[count] = strdup(text);
	if (!longer[count])
		return -ENOMEM;
	longer[count + 1] = NULL;
	return 0;
}

/* The verifier has checked the text; other sections are for others. */
static int on_rule(const char *section, const char *key, const char *value, unsigned line,
		   void *userdata, struct diag *diag)
{
	struct rule_lists *lists = userdata;

	if (!key)
		return 0;
	if (str_equal(section, "monitor") && str_equal(key, "tree"))
		return append(&lists->trees, value);
	if (str_equal(section, "ignore") && str_equal(key, "path"))
		return append(&lists->ignores, value);
	if (str_equal(section, "updaters") && str_equal(key, "program"))
		return append(&lists->updaters, value);
	return 0;
}

static int watch(struct sensing *s, const char *text)
{
	struct rule_lists lists = {0};
	struct diag diag = {0};
	int r;

	r = ini_visit_buffer("rules.ini", text, strlen(text), on_rule, &lists, &diag);
	/* What Plumbline itself writes is no drift. */
	if (r == 0)
		r = append(&lists.ignores, s->child->config->state_dir);
	if (r == 0)
		r = append(&lists.ignores, s->child->config->run_dir);
	if (r == 0)
		r = s->ops->watch(s->sensor, &(struct sensor_rules){lists.trees, lists.ignores,
								    lists.updaters, s->stamps});
	strv_free(lists.trees);
	strv_free(lists.ignores);
	strv_free(lists.updaters);
	if (r < 0)
		log_error(r, "cannot watch by the new rules: %s", diag.text);
	return r;
}

static int on_rules(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;
	cleanup_free char *text = m_get_string(message);
	cleanup_free char *digest = m_get_string(message);
	int r;

	r = message_check(message);
	if (r < 0)
		return r;
	if (!text)
		return -EBADMSG;
	log_info("watching by the rules of baseline %.12s", digest ? digest : "");
	enforcing_warming(&s->enforcing, digest);
	r = watch(s, text);
	if (r < 0)
		child_report_degraded(child, "sensor cannot watch by the new rules", strerror(-r));
	return 0;
}

static int on_recheck(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;
	cleanup_free char *path = m_get_string(message);
	size_t known_len;
	const uint8_t *known = m_get_bytes(message, &known_len);
	int r;

	r = message_check(message);
	if (r < 0)
		return r;
	if (!path || path_normalize(path) < 0 || (known_len && known_len != SHA256_SIZE))
		return -EBADMSG;
	r = s->ops->recheck(s->sensor, path, known_len ? known : NULL);
	if (r < 0)
		log_warning(r, "cannot look at %s again, ignoring", path);
	return 0;
}

static int on_rescan(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;
	cleanup_free char *tree = m_get_string(message);
	int r;

	r = message_check(message);
	if (r < 0)
		return r;
	if (tree && path_normalize(tree) < 0)
		return -EBADMSG;
	r = s->ops->rescan(s->sensor, tree);
	if (r < 0)
		log_warning(r, "cannot walk %s again, ignoring", tree ? tree : "all trees");
	return 0;
}

static int on_decisions_begin(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;

	return enforcing_on_begin(&s->enforcing, message);
}

static int on_decisions(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;

	return enforcing_on_decisions(&s->enforcing, message);
}

static int on_decisions_end(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;

	return enforcing_on_end(&s->enforcing, message);
}

static int on_looks(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct sensing *s = child->userdata;

	return looks_on_looks(&s->looks, message);
}

static const channel_handler handlers[MSG_COUNT] = {
	[MSG_LOOKS] = on_looks,		 [MSG_DECISIONS_BEGIN] = on_decisions_begin,
	[MSG_DECISIONS] = on_decisions,	 [MSG_DECISIONS_END] = on_decisions_end,
	[MSG_BASELINE_RULES] = on_rules, [MSG_RECHECK] = on_recheck,
	[MSG_RESCAN] = on_rescan,
};

/* What was read from the kernel no other sensor will find there. */
static void stop(struct child *child)
{
	struct channel *recorder = child->peers[ROLE_RECORDER];
	int r = recorder ? channel_flush(recorder, FLUSH_MS) : 0;

	if (r < 0)
		log_warning(r, "%zu bytes of events were not told", channel_queued(recorder));
	settle(child->userdata);
}

static const struct child_ops ops = {
	.role = ROLE_SENSOR,
	.max_queued_bytes = QUEUE_MAX_BYTES,
	.prepare = prepare,
	.start = start,
	.on_peer = on_peer,
	.stop = stop,
	.handlers = handlers,
	.handler_count = MSG_COUNT,
};

int main(int argc, char **argv)
{
	struct sensing sensing = {.looks = LOOKS_INIT};
	int status;

	/* The program whose start the self-test wants to see. */
	if (argc == 2 && str_equal(argv[1], SELF_TEST_ARGUMENT))
		return 0;
	log_init("plumbline-sensor", LOG_LEVEL_INFO);
	status = child_main(argc, argv, &ops, &sensing);
	enforcing_done(&sensing.enforcing);
	permission_stop(sensing.permission);
	looks_done(&sensing.looks);
	if (sensing.ops)
		sensing.ops->close(sensing.sensor);
	stamp_store_close(sensing.stamps);
	pins_close(sensing.pins);
	free(sensing.why);
	free(sensing.no_permission);
	free(sensing.phase);
	free(sensing.phase_detail);
	return status;
}
