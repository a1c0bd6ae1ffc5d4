/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-assessor: checks. It runs the profile's hardening checks at its
 * interval and when the recorder asks, and those alone whose files or settings
 * the sensor saw touched, and hands each result on. It starts no program,
 * opens nothing for writing and decides nothing about findings.
 *
 * A run goes in slices between turns of the loop, so that a slow file system
 * does not look like a hung process, and pauses while the recorder is behind.
 * What only privilege can ask of the kernel, a dumper asks before the run begins.
 *
 * With --check-config [FILE] it only says whether it could read the checks: plumblined
 * --check-config ends so, because plumblined itself parses no content.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "checks/checks.h"
#include "checks/kernel_dump.h"
#include "daemon/assessor_recheck.h"
#include "daemon/assessor_walk.h"
#include "privsep/child.h"
#include "privsep/payload.h"

#define SLICE_NS	 (20 * NSEC_PER_MSEC)
#define NEXT_SLICE_MS	 1
#define BEHIND_MS	 200   /* until a queue that was full is tried again */
#define DUMP_WAIT_MS	 15000 /* then the checks that need a dump are errors */
#define MAX_QUEUED_BYTES (1024 * 1024)
#define MAX_RESULT_BYTES 16384 /* room that must be left before a check is run */
#define LOOKS_BYTES	 32768 /* of one message */
#define EXIT_REFUSED	 2     /* as plumblined ends for other settings */

struct assessor {
	struct check_set *set;
	char refusal[1024]; /* why there is none */
	struct loop_source *slice_timer, *interval_timer, *recheck_timer;
	bool is_running;
	bool *wanted; /* of the run at hand, per check */
	size_t next;  /* of the run at hand */
	size_t sent;

	struct recheck *recheck; /* NULL: no checks could be read */
	struct assessor_walk *walk;
	bool is_list_new; /* the sensor knows nothing of what is looked at */
	bool wants_all;	  /* a whole run must follow this one */

	struct kernel_dump dump;
	unsigned awaited; /* parts (bits) that the dumper has not ended */
};

/* The profile, and what the site and the category made of it: no view may hide that. */
static int tell_begin(struct child *child, size_t count)
{
	const struct assessor *assessor = child->userdata;
	const char *tailoring = check_set_tailoring(assessor->set);
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_BEGIN);
	cleanup_free char *profile = NULL;

	if (asprintf(&profile, "%s%s%s%s", child->config->profile, tailoring ? " (" : "",
		     tailoring ? tailoring : "", tailoring ? ")" : "") < 0) {
		profile = NULL;
		return -ENOMEM;
	}
	m_put_string(&message, profile);
	m_put_u64(&message, count);
	return channel_send(child->peers[ROLE_RECORDER], &message);
}

static int tell_end(struct child *child, size_t count)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_END);

	m_put_u64(&message, count);
	return channel_send(child->peers[ROLE_RECORDER], &message);
}

static int tell_result(struct child *child, const struct check_result *result,
		       const struct recheck_cause *cause)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_RESULT);

	m_put_check_result(&message, result);
	m_put_string(&message, cause->path);
	m_put_subject(&message, cause->who);
	return channel_send(child->peers[ROLE_RECORDER], &message);
}

/* @len bytes of paths that end with one. 0, or negative errno when they did not go out. */
static int tell_looks(struct child *child, const char *list, size_t len, bool is_last)
{
	struct assessor *assessor = child->userdata;
	cleanup_message struct message message = MESSAGE_INIT(MSG_LOOKS);
	int r;

	m_put_u32(&message, assessor->is_list_new);
	m_put_u32(&message, is_last);
	m_put_bytes(&message, list, len);
	r = message_check(&message);
	if (r == 0)
		r = channel_send(child->peers[ROLE_SENSOR], &message);
	if (r == 0)
		assessor->is_list_new = false;
	return r;
}

/* What was looked at for the first time. When it does not go out all is told by the next run. */
static void tell_news(struct child *child)
{
	struct assessor *assessor = child->userdata;
	struct looked *news = look_index_news(recheck_index(assessor->recheck));
	size_t at = 0, len = news->paths.len;
	int r = 0;

	/* A list that begins is told as one. */
	if (!child->peers[ROLE_SENSOR] || !len || assessor->wants_all)
		return;
	while (r == 0 && at < len) {
		size_t end = at;

		for (size_t next = at; next < len && next - at <= LOOKS_BYTES;) {
			end = next;
			next += 1 + strlen(news->paths.data + next + 1) + 1;
			if (next == len)
				end = len;
		}
		r = tell_looks(child, news->paths.data + at, end - at, end == len);
		at = end;
	}
	log_debug("%zu paths are looked at for the first time", news->count);
	/* Most of it comes once: its memory is not kept. */
	looked_done(news);
	if (r < 0)
		assessor->is_list_new = true;
	if (r < 0)
		look_index_forget_told(recheck_index(assessor->recheck));
}

/* Parts of a dump that the run at hand needs. */
static unsigned parts_asked(const struct assessor *assessor)
{
	unsigned parts = 0;

	for (size_t i = 0; i < check_set_count(assessor->set); i++)
		parts |= assessor->wanted[i] ? check_set_asks(assessor->set, i) : 0;
	return parts;
}

/* Sets a timer: for the first slice, or for the end of the wait for a dump. */
static int await_dump(struct child *child)
{
	struct assessor *assessor = child->userdata;
	cleanup_message struct message message = MESSAGE_INIT(MSG_DUMP_WANT);

	kernel_dump_done(&assessor->dump);
	kernel_dump_init(&assessor->dump);
	assessor->awaited = parts_asked(assessor);
	if (assessor->awaited && child->supervisor &&
	    channel_send(child->supervisor, &message) == 0)
		return loop_set_timer(assessor->slice_timer, DUMP_WAIT_MS, 0);
	assessor->awaited = 0;
	return loop_set_timer(assessor->slice_timer, NEXT_SLICE_MS, 0);
}

/* Nobody waits (any more) for what comes in now. */
static bool is_late(const struct assessor *assessor, uint32_t part)
{
	return !assessor->is_running || !(assessor->awaited & (1u << part));
}

static int on_dump_part(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	uint32_t part = m_get_u32(message);
	size_t len;
	const void *bytes = m_get_bytes(message, &len);

	if (message_check(message) < 0 || part >= KERNEL_PART_COUNT)
		return -EBADMSG;
	if (is_late(assessor, part))
		return 0;
	if (len > KERNEL_PART_MAX_BYTES - assessor->dump.parts[part].bytes.len)
		return -EBADMSG;
	strbuf_add(&assessor->dump.parts[part].bytes, bytes, len);
	return 0;
}

static int on_dump_end(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	uint32_t part = m_get_u32(message);
	int64_t result = m_get_i64(message);

	if (message_check(message) < 0 || part >= KERNEL_PART_COUNT || result > 0 || result < -4095)
		return -EBADMSG;
	if (is_late(assessor, part))
		return 0;
	if (result == 0)
		result = strbuf_check(&assessor->dump.parts[part].bytes);
	assessor->dump.parts[part].result = (int)result;
	assessor->awaited &= ~(1u << part);
	return assessor->awaited ? 0 : loop_set_timer(assessor->slice_timer, NEXT_SLICE_MS, 0);
}

/* The wait is over: what has not come is known to be missing. */
static void give_up_dump(struct assessor *assessor)
{
	for (; assessor->awaited; assessor->awaited &= assessor->awaited - 1) {
		unsigned part = (unsigned)__builtin_ctz(assessor->awaited);

		log_warning(0, "no dump of part %u of the kernel's state came", part);
		assessor->dump.parts[part].result = -ETIMEDOUT;
	}
}

/* The checks that are wanted, @count of them. */
static int begin_run(struct child *child, size_t count)
{
	struct assessor *assessor = child->userdata;
	int r;

	r = tell_begin(child, count);
	if (r < 0)
		return log_error(r, "cannot begin a run of checks");
	assessor->is_running = true;
	assessor->next = 0;
	assessor->sent = 0;
	return await_dump(child);
}

/* To walk here and now would hold the process for seconds: "plumbline check --walk" does that. */
static bool can_run(const struct assessor *assessor, size_t check)
{
	return !check_set_walks(assessor->set, check) || check_set_has_inventory(assessor->set);
}

static int begin_whole_run(struct child *child)
{
	struct assessor *assessor = child->userdata;
	size_t count = 0;

	if (!assessor->set || !child->peers[ROLE_RECORDER])
		return 0;
	assessor->wants_all = assessor->is_running;
	if (assessor->is_running)
		return 0;
	for (size_t i = 0; i < check_set_count(assessor->set); i++) {
		assessor->wanted[i] = can_run(assessor, i);
		count += assessor->wanted[i];
	}
	return begin_run(child, count);
}

/* The timer stands for the first check that is due. */
static int arm_recheck(struct assessor *assessor)
{
	int64_t due_ns = recheck_due(assessor->recheck), wait_ns = due_ns - clock_boot_ns();

	if (due_ns == RECHECK_NEVER)
		return 0;
	return loop_set_timer(assessor->recheck_timer,
			      wait_ns > 0 ? (uint64_t)(wait_ns / NSEC_PER_MSEC) + 1 : 1, 0);
}

static void on_walked(struct inventory *inventory, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	int r = check_set_keep_inventory(assessor->set, inventory);

	if (r < 0) {
		log_warning(r, "what a walk found is lost, ignoring");
		return;
	}
	for (size_t i = 0; i < check_set_count(assessor->set); i++)
		if (check_set_walks(assessor->set, i))
			recheck_want(assessor->recheck, i, clock_boot_ns());
	if (!assessor->is_running)
		(void)arm_recheck(assessor);
}

/* What was touched is due. A run at hand comes first: its end asks again. */
static int on_recheck(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	size_t count;

	if (!assessor->set || assessor->is_running || !child->peers[ROLE_RECORDER])
		return 0;
	memset(assessor->wanted, false, check_set_count(assessor->set) * sizeof(*assessor->wanted));
	count = recheck_take(assessor->recheck, clock_boot_ns(), assessor->wanted);
	for (size_t i = 0; i < check_set_count(assessor->set); i++)
		assessor->wanted[i] &= can_run(assessor, i);
	log_debug("%zu checks are run again for what was touched", count);
	return count ? begin_run(child, count) : arm_recheck(assessor);
}

/* What a walk found is kept true without another: the checks that it answers are due when that made
 * a difference. */
static int update_walk(struct assessor *assessor, const char *path, uint32_t how,
		       const struct subject *who)
{
	bool has_below = how & TOUCH_BELOW;
	enum inventory_look look =
		how & TOUCH_RIGHTS ? (has_below ? INVENTORY_BELOW : INVENTORY_AT)
				   : (has_below ? INVENTORY_LISTED_BELOW : INVENTORY_LISTED);
	int64_t now_ns = clock_boot_ns();
	int r = check_set_look_again(assessor->set, path, look);

	if (assessor->walk)
		assessor_walk_touched(assessor->walk, path, look);
	for (size_t i = 0; r > 0 && i < check_set_count(assessor->set); i++)
		if (check_set_walks(assessor->set, i))
			r = recheck_touched_one(assessor->recheck, i, path, who, now_ns) < 0
				    ? -ENOMEM
				    : 1;
	return r < 0 ? r : 0;
}

static int on_touched(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	cleanup_subject struct subject who = {0};
	cleanup_free char *path = m_get_string(message);
	uint32_t how = m_get_u32(message);
	int64_t now_ns = clock_boot_ns();
	int r = 0;

	m_get_subject(message, &who);
	if (message_check(message) < 0 || !path || path[0] != '/')
		return -EBADMSG;
	if (!assessor->set)
		return 0;
	r = update_walk(assessor, path, how, &who);
	if (r < 0)
		log_debug("what a walk found at %s is as old as the walk: %s", path, strerror(-r));
	r = 0;
	if (str_equal(path, "/") && how & TOUCH_BELOW)
		recheck_all(assessor->recheck, now_ns);
	else
		r = recheck_touched(assessor->recheck, path, how, &who, now_ns);
	if (r < 0)
		log_warning(r, "who touched %s will not be told", path);
	return assessor->is_running ? 0 : arm_recheck(assessor);
}

/* 0, or -ENOBUFS when the recorder is behind: the same check is run again later. */
static int run_one(struct child *child)
{
	struct assessor *assessor = child->userdata;
	cleanup_check_result struct check_result result = {0};
	struct recheck_cause cause = recheck_cause_of(assessor->recheck, assessor->next);
	int r;

	if (channel_queued(child->peers[ROLE_RECORDER]) > MAX_QUEUED_BYTES - MAX_RESULT_BYTES)
		return -ENOBUFS;
	r = check_run(assessor->set, assessor->next, "/", &result);
	if (r == 0)
		r = tell_result(child, &result, &cause);
	if (r == -ENOBUFS)
		return r;
	if (r == 0)
		r = recheck_ran(assessor->recheck, assessor->next, &result,
				check_set_looked(assessor->set), clock_boot_ns());
	if (r < 0)
		log_error(r, "no result of check %s", check_set_id(assessor->set, assessor->next));
	else
		assessor->sent++;
	assessor->next++;
	child->work++;
	return 0;
}

static int run_slice(struct child *child)
{
	struct assessor *assessor = child->userdata;
	int64_t until_ns = clock_mono_ns() + SLICE_NS;

	if (!assessor->is_running || !child->peers[ROLE_RECORDER]) {
		assessor->is_running = false;
		return 0;
	}
	give_up_dump(assessor);
	while (assessor->next < check_set_count(assessor->set)) {
		if (!assessor->wanted[assessor->next]) {
			assessor->next++;
			continue;
		}
		if (run_one(child) == -ENOBUFS)
			return loop_set_timer(assessor->slice_timer, BEHIND_MS, 0);
		if (clock_mono_ns() >= until_ns)
			return loop_set_timer(assessor->slice_timer, NEXT_SLICE_MS, 0);
	}
	if (tell_end(child, assessor->sent) == -ENOBUFS)
		return loop_set_timer(assessor->slice_timer, BEHIND_MS, 0);
	assessor->is_running = false;
	log_debug("%zu checks told", assessor->sent);
	tell_news(child);
	return assessor->wants_all ? begin_whole_run(child) : arm_recheck(assessor);
}

/* What its checks have read is true for one slice: then others are heard, who tell of changes. */
static int on_slice(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	int r = run_slice(child);

	if (assessor->set)
		check_set_forget(assessor->set);
	return r;
}

static int on_interval(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;

	return assessor->is_running ? 0 : begin_whole_run(child);
}

/* The recorder asks for one check, or for all with NULL. */
static int on_check_run(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	cleanup_free char *id = m_get_string(message);
	int index;

	if (message_check(message) < 0)
		return -EBADMSG;
	/* A run at hand covers what is asked for. */
	if (!assessor->set || assessor->is_running)
		return 0;
	if (!id)
		return begin_whole_run(child);
	index = check_set_find(assessor->set, id);
	if (index < 0) {
		log_warning(0, "check %s is not in profile %s", id, child->config->profile);
		return 0;
	}
	memset(assessor->wanted, false, check_set_count(assessor->set) * sizeof(*assessor->wanted));
	if (!can_run(assessor, (size_t)index)) {
		log_info("check %s is answered by a walk, and none was made yet", id);
		return 0;
	}
	assessor->wanted[index] = true;
	return begin_run(child, 1);
}

static void on_peer(struct child *child, enum process_role role)
{
	struct assessor *assessor = child->userdata;

	/* What it is to watch comes with a run. */
	if (role == ROLE_SENSOR && assessor->set) {
		assessor->is_list_new = true;
		look_index_forget_told(recheck_index(assessor->recheck));
	} else if (role != ROLE_RECORDER) {
		return;
	} else {
		assessor->is_running = false;
	}
	/* It gets a new run over its new link; what it had of the old one stands. */
	if (begin_whole_run(child) < 0)
		child_report_degraded(child, "checks", "a run could not be started");
}

static int load_checks(const struct config *config, struct check_set **ret_set, struct diag *diag)
{
	const struct check_choice choice = {
		.profile = config->profile,
		.overlay = config->overlay,
		.category = config->category,
	};

	return check_set_load_for(config->data_dir, &choice, ret_set, diag);
}

/*
 * Checks that cannot be read must not take the process into a circle of restarts: it stays, says
 * so, and gives no result, which the recorder shows as checks that were not run.
 */
static int prepare(struct child *child)
{
	struct assessor *assessor = child->userdata;
	struct diag diag = {0};

	if (load_checks(child->config, &assessor->set, &diag) < 0) {
		(void)diag_format(&diag, assessor->refusal, sizeof(assessor->refusal));
		log_error(0, "No checks will run: %s", assessor->refusal);
		return 0;
	}
	check_set_note_looks(assessor->set);
	check_set_agent(assessor->set, child->config->state_dir, child->config->run_dir);
	check_set_kernel(assessor->set, &assessor->dump);
	assessor->is_list_new = true;
	assessor->wanted = calloc(check_set_count(assessor->set) + 1, sizeof(*assessor->wanted));
	if (!assessor->wanted ||
	    recheck_new(check_set_count(assessor->set), &assessor->recheck) < 0)
		return log_error(-ENOMEM, "out of memory");
	return 0;
}

static int start(struct child *child)
{
	struct assessor *assessor = child->userdata;
	uint64_t interval_ms = child->config->check_interval_s * 1000;
	int r;

	if (!assessor->set)
		child_report_degraded(child, "checks", assessor->refusal);
	r = loop_add_timer(child->loop, 0, 0, on_slice, child, &assessor->slice_timer);
	if (r < 0)
		return log_error(r, "cannot arm a timer");
	r = loop_add_timer(child->loop, interval_ms, interval_ms, on_interval, child,
			   &assessor->interval_timer);
	if (r == 0)
		r = loop_add_timer(child->loop, 0, 0, on_recheck, child, &assessor->recheck_timer);
	if (r == 0 && assessor->set)
		r = assessor_walk_new(child->loop, child->config->walk_interval_s * 1000, on_walked,
				      child, &assessor->walk);
	if (r < 0)
		return log_error(r, "cannot arm a timer");
	return begin_whole_run(child);
}

/* Without @path the settings have their defaults. */
static int check_config(const char *path)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	struct diag diag = {0};
	char text[1024];
	int r = config_load(path, &config, &diag);

	log_init("plumblined", LOG_LEVEL_INFO);
	if (r == 0)
		r = load_checks(config, &set, &diag);
	if (r == 0)
		return EXIT_SUCCESS;
	/* A profile's name and a category stand in the settings. */
	if (!diag.file[0] && path)
		str_copy(diag.file, sizeof(diag.file), path);
	log_error(diag.text[0] ? 0 : r, "%s", diag_format(&diag, text, sizeof(text)));
	return EXIT_REFUSED;
}

int main(int argc, char **argv)
{
	static const channel_handler handlers[MSG_COUNT] = {
		[MSG_CHECK_RUN] = on_check_run,
		[MSG_TOUCHED] = on_touched,
		[MSG_DUMP_PART] = on_dump_part,
		[MSG_DUMP_END] = on_dump_end,
	};
	const struct child_ops ops = {
		.role = ROLE_ASSESSOR,
		.max_queued_bytes = MAX_QUEUED_BYTES,
		.prepare = prepare,
		.start = start,
		.on_peer = on_peer,
		.handlers = handlers,
		.handler_count = MSG_COUNT,
	};
	struct assessor assessor = {0};
	int status;

	if (argc > 1 && str_equal(argv[1], "--check-config"))
		return check_config(argv[2]);
	kernel_dump_init(&assessor.dump);
	status = child_main(argc, argv, &ops, &assessor);
	check_set_free(assessor.set);
	recheck_free(assessor.recheck);
	assessor_walk_free(assessor.walk);
	free(assessor.wanted);
	kernel_dump_done(&assessor.dump);
	return status;
}
