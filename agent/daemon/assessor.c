/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-assessor: checks. It runs the profile's hardening checks at its
 * interval and when the recorder asks, and hands each result on. It starts no
 * program, opens nothing for writing and decides nothing about findings.
 *
 * A run goes in slices between turns of the loop, so that a slow file system
 * does not look like a hung process, and pauses while the recorder is behind.
 * What only privilege can ask of the kernel, a dumper asks before the run begins.
 */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "checks/checks.h"
#include "checks/kernel_dump.h"
#include "privsep/child.h"
#include "privsep/payload.h"

#define SLICE_NS	 (20 * NSEC_PER_MSEC)
#define NEXT_SLICE_MS	 1
#define BEHIND_MS	 200   /* until a queue that was full is tried again */
#define DUMP_WAIT_MS	 15000 /* then the checks that need a dump are errors */
#define MAX_QUEUED_BYTES (1024 * 1024)
#define MAX_RESULT_BYTES 16384 /* room that must be left before a check is run */

struct assessor {
	struct check_set *set;
	struct loop_source *slice_timer, *interval_timer;
	bool is_running;
	size_t next, end; /* of the run at hand */
	size_t sent;

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

static int tell_result(struct child *child, const struct check_result *result)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_RESULT);

	m_put_check_result(&message, result);
	return channel_send(child->peers[ROLE_RECORDER], &message);
}

/* Parts of a dump that the run at hand needs. */
static unsigned parts_asked(const struct assessor *assessor)
{
	unsigned parts = 0;

	for (size_t i = assessor->next; i < assessor->end; i++)
		parts |= check_set_asks(assessor->set, i);
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

/* Checks @first to before @end. */
static int begin_run(struct child *child, size_t first, size_t end)
{
	struct assessor *assessor = child->userdata;
	int r;

	r = tell_begin(child, end - first);
	if (r < 0)
		return log_error(r, "cannot begin a run of checks");
	check_set_forget(assessor->set);
	assessor->is_running = true;
	assessor->next = first;
	assessor->end = end;
	assessor->sent = 0;
	return await_dump(child);
}

static int begin_whole_run(struct child *child)
{
	struct assessor *assessor = child->userdata;

	if (!assessor->set || !child->peers[ROLE_RECORDER] || assessor->is_running)
		return 0;
	return begin_run(child, 0, check_set_count(assessor->set));
}

/* 0, or -ENOBUFS when the recorder is behind: the same check is run again later. */
static int run_one(struct child *child)
{
	struct assessor *assessor = child->userdata;
	cleanup_check_result struct check_result result = {0};
	int r;

	if (channel_queued(child->peers[ROLE_RECORDER]) > MAX_QUEUED_BYTES - MAX_RESULT_BYTES)
		return -ENOBUFS;
	r = check_run(assessor->set, assessor->next, "/", &result);
	if (r == 0)
		r = tell_result(child, &result);
	if (r == -ENOBUFS)
		return r;
	if (r < 0)
		log_error(r, "no result of check %s", check_set_id(assessor->set, assessor->next));
	else
		assessor->sent++;
	assessor->next++;
	child->work++;
	return 0;
}

static int on_slice(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct assessor *assessor = child->userdata;
	int64_t until_ns = clock_mono_ns() + SLICE_NS;

	if (!assessor->is_running || !child->peers[ROLE_RECORDER]) {
		assessor->is_running = false;
		return 0;
	}
	give_up_dump(assessor);
	while (assessor->next < assessor->end) {
		if (run_one(child) == -ENOBUFS)
			return loop_set_timer(assessor->slice_timer, BEHIND_MS, 0);
		if (clock_mono_ns() >= until_ns)
			return loop_set_timer(assessor->slice_timer, NEXT_SLICE_MS, 0);
	}
	if (tell_end(child, assessor->sent) == -ENOBUFS)
		return loop_set_timer(assessor->slice_timer, BEHIND_MS, 0);
	assessor->is_running = false;
	log_debug("%zu checks told", assessor->sent);
	return 0;
}

static int on_interval(struct loop *loop, void *userdata)
{
	return begin_whole_run(userdata);
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
	return begin_run(child, (size_t)index, (size_t)index + 1);
}

static void on_peer(struct child *child, enum process_role role)
{
	struct assessor *assessor = child->userdata;

	if (role != ROLE_RECORDER)
		return;
	/* It gets a new run over its new link; what it had of the old one stands. */
	assessor->is_running = false;
	if (begin_whole_run(child) < 0)
		child_report_degraded(child, "checks", "a run could not be started");
}

/*
 * Checks that cannot be read must not take the process into a circle of restarts: it stays, says
 * so, and gives no result, which the recorder shows as checks that were not run.
 */
static int prepare(struct child *child)
{
	struct assessor *assessor = child->userdata;
	const struct check_choice choice = {
		.profile = child->config->profile,
		.overlay = child->config->overlay,
		.category = child->config->category,
	};
	struct diag diag = {0};
	char text[1024];

	if (check_set_load_for(child->config->data_dir, &choice, &assessor->set, &diag) < 0) {
		log_error(0, "No checks will run: %s", diag_format(&diag, text, sizeof(text)));
		return 0;
	}
	/* A walk would hold the process for seconds: "plumbline check --walk" does it on request.
	 */
	(void)check_set_drop_walks(assessor->set);
	check_set_agent(assessor->set, child->config->state_dir, child->config->run_dir);
	check_set_kernel(assessor->set, &assessor->dump);
	return 0;
}

static int start(struct child *child)
{
	struct assessor *assessor = child->userdata;
	uint64_t interval_ms = child->config->check_interval_s * 1000;
	int r;

	if (!assessor->set)
		child_report_degraded(child, "checks", "the checks or the profile cannot be read");
	r = loop_add_timer(child->loop, 0, 0, on_slice, child, &assessor->slice_timer);
	if (r < 0)
		return log_error(r, "cannot arm a timer");
	r = loop_add_timer(child->loop, interval_ms, interval_ms, on_interval, child,
			   &assessor->interval_timer);
	if (r < 0)
		return log_error(r, "cannot arm a timer");
	return begin_whole_run(child);
}

int main(int argc, char **argv)
{
	static const channel_handler handlers[MSG_COUNT] = {
		[MSG_CHECK_RUN] = on_check_run,
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

	kernel_dump_init(&assessor.dump);
	status = child_main(argc, argv, &ops, &assessor);
	check_set_free(assessor.set);
	kernel_dump_done(&assessor.dump);
	return status;
}
