/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enforcing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "privsep/payload.h"
#include "sensor/closure.h"

#define HEARTBEATS_A_DEADLINE 5
/* A deadline that has passed: denies what is known, and no miss. */
#define PASSED_NS 1

static bool is_wanted(const struct enforcing *e)
{
	return str_equal(e->child->config->enforce, "yes");
}

/* A word of its own on the kernel line. */
static bool kernel_line_has(const char *word)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	char *rest, *one;

	if (fd_read_file(AT_FDCWD, "/proc/cmdline", 65536, &line) < 0 || line.len == 0)
		return false;
	rest = line.data;
	while ((one = strsep(&rest, " \n")))
		if (str_equal(one, word))
			return true;
	return false;
}

static const char *find_obstacle(struct enforcing *e)
{
	cleanup_close int fd = -1;

	if (!e->verdicts)
		return "this rung gives no verdicts in the kernel: the lsm rung does";
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || verdicts_try(e->verdicts, fd) < 0)
		return "this kernel keeps no facts about files on this machine (its inode storage "
		       "stays empty), so each use of code would be a miss";
	if (kernel_line_has("plumbline.mode=observe"))
		return "the kernel line says plumbline.mode=observe";
	return NULL;
}

static const char *why_not(const struct enforcing *e)
{
	if (e->obstacle)
		return e->obstacle;
	if (!is_wanted(e))
		return "[sensor] enforce is not yes";
	if (verdicts_generation(e->verdicts) == 0)
		return "no baseline is loaded";
	return e->is_covered ? "" : "warming has not ended";
}

void enforcing_tell(struct enforcing *e)
{
	struct event event = {
		.kind = EVENT_ENFORCEMENT,
		.time_ns = clock_real_ns(),
		.text = (char *)(e->is_on ? "enforce" : "observe"),
		.detail = (char *)(e->is_on ? "" : why_not(e)),
		.count = e->verdicts ? verdicts_count(e->verdicts) : 0,
		.kernel.generation = e->verdicts ? verdicts_generation(e->verdicts) : 0,
	};

	e->fn(&event, e->userdata);
}

static int renew(struct enforcing *e)
{
	int64_t silence_ns = (int64_t)e->child->config->dead_man_s * NSEC_PER_SEC;
	struct verdict_switch on = {.is_on = true, .deadline_ns = PASSED_NS};

	if (e->misses == MISSES_LEFT)
		return 0;
	if (e->misses == MISSES_DENIED)
		on.deadline_ns = clock_boot_ns() + silence_ns;
	memcpy(on.covered, e->covered, SHA256_SIZE);
	return verdicts_set_switch(e->verdicts, &on);
}

static int on_heartbeat(struct loop *loop, void *userdata)
{
	struct enforcing *e = userdata;
	int r = renew(e);

	if (r < 0)
		log_warning(r, "cannot renew the deadline of enforcement, ignoring");
	return 0;
}

static int never_block(const char *path, void *userdata)
{
	struct verdicts *verdicts = userdata;
	int r = verdicts_never_block(verdicts, path);

	/* One that cannot be opened now is no reason to leave the others out. */
	if (r < 0 && r != -ENOMEM)
		log_warning(r, "%s is not in the never-block closure, ignoring", path);
	return r == -ENOMEM ? r : 0;
}

static int fill_closure(struct enforcing *e)
{
	int r = closure_each(e->child->config->libexec_dir, never_block, e->verdicts);

	if (r == 0)
		verdicts_end_closure(e->verdicts);
	e->has_closure = r == 0;
	return r;
}

static int start_heartbeat(struct enforcing *e)
{
	uint64_t each_ms = e->child->config->dead_man_s * 1000 / HEARTBEATS_A_DEADLINE + 1;

	return loop_add_timer(e->child->loop, each_ms, each_ms, on_heartbeat, e, &e->heartbeat);
}

static int switch_off(struct enforcing *e)
{
	return verdicts_set_switch(e->verdicts, &(struct verdict_switch){0});
}

static int switch_on(struct enforcing *e)
{
	int r;

	e->misses = MISSES_DENIED;
	r = fill_closure(e);
	if (r == 0)
		r = renew(e);
	if (r == 0)
		r = start_heartbeat(e);
	if (r < 0) {
		(void)switch_off(e);
		return r;
	}
	e->is_on = true;
	log_notice("enforcing: code that generation %" PRIu32 " does not approve is denied",
		   verdicts_generation(e->verdicts));
	return 0;
}

/* Switches on when nothing is in the way; what is on stays on, with the deadline of now. */
static void settle(struct enforcing *e)
{
	int r = 0;

	if (e->is_on && e->is_covered && !e->has_closure)
		r = fill_closure(e);
	if (e->is_on && r == 0)
		r = renew(e);
	else if (!e->is_on && !*why_not(e))
		r = switch_on(e);
	if (r < 0) {
		log_warning(r, "cannot switch enforcement");
		child_report_degraded(e->child, "enforcement", strerror(-r));
	}
	enforcing_tell(e);
}

/* What the kernel does already goes on, unless it is to stop. */
static int take_over(struct enforcing *e)
{
	struct verdict_switch left;
	int r = e->verdicts ? verdicts_get_switch(e->verdicts, &left) : 0;

	if (r < 0 || !e->verdicts || !left.is_on)
		return r;
	if (e->obstacle || !is_wanted(e))
		return switch_off(e);
	e->is_on = true;
	e->misses = MISSES_LEFT;
	memcpy(e->covered, left.covered, SHA256_SIZE);
	log_notice("enforcing goes on with generation %" PRIu32, verdicts_generation(e->verdicts));
	return start_heartbeat(e);
}

int enforcing_start(struct enforcing *e, struct child *child, struct verdicts *verdicts,
		    sensor_event_fn fn, void *userdata)
{
	*e = (struct enforcing){
		.child = child,
		.verdicts = verdicts,
		.fn = fn,
		.userdata = userdata,
	};
	e->obstacle = find_obstacle(e);
	if (is_wanted(e) && e->obstacle) {
		log_warning(0, "not enforcing: %s", e->obstacle);
		child_report_degraded(child, "enforcement", e->obstacle);
	}
	return take_over(e);
}

void enforcing_warming(struct enforcing *e, const char *digest)
{
	static const uint8_t none[SHA256_SIZE];
	bool is_known;

	memset(e->rules, 0, SHA256_SIZE);
	if (digest)
		(void)hex_decode(digest, strlen(digest), e->rules, SHA256_SIZE);
	/* What the kernel knows of these files it knows still: writes have voided it since. */
	is_known = memcmp(e->rules, none, SHA256_SIZE) != 0 &&
		   memcmp(e->rules, e->covered, SHA256_SIZE) == 0;
	if (!is_known)
		memset(e->covered, 0, SHA256_SIZE);
	e->misses = is_known ? MISSES_DENIED : MISSES_PASS;
	e->has_rules = true;
	e->is_covered = false;
	if (e->is_on)
		settle(e);
}

void enforcing_covered(struct enforcing *e, uint64_t by_stamps)
{
	/* Before the first rules there is nothing to warm. */
	if (e->is_covered || !e->has_rules)
		return;
	/* The kernel believes no such stamp: it comes again when they were read, unless the kernel
	 * knows them from the sensor before. */
	if (by_stamps > 0 && e->misses != MISSES_DENIED)
		return;
	e->is_covered = true;
	e->misses = MISSES_DENIED;
	memcpy(e->covered, e->rules, SHA256_SIZE);
	settle(e);
}

static void give_up(struct enforcing *e, int error)
{
	log_warning(error, "cannot put the decisions of the baseline into the kernel");
	child_report_degraded(e->child, "decisions of the baseline", strerror(-error));
}

int enforcing_on_begin(struct enforcing *e, struct message *message)
{
	uint64_t count = m_get_u64(message);
	cleanup_free char *digest = m_get_string(message);
	int r = message_check(message);

	if (r < 0 || !digest || count > DECISIONS_MAX)
		return -EBADMSG;
	r = e->verdicts ? verdicts_begin(e->verdicts, count) : 0;
	if (r < 0)
		give_up(e, r);
	return 0;
}

int enforcing_on_decisions(struct enforcing *e, struct message *message)
{
	size_t count;
	const struct decision *decisions = m_get_decisions(message, &count);
	int r = message_check(message);

	if (r < 0)
		return r;
	/* After a failed begin the rest is passed over. */
	r = e->verdicts ? verdicts_add(e->verdicts, decisions, count) : 0;
	if (r < 0 && r != -EINVAL)
		give_up(e, r);
	return 0;
}

int enforcing_on_end(struct enforcing *e, struct message *message)
{
	int r;

	(void)m_get_u64(message);
	r = message_check(message);
	if (r < 0)
		return r;
	if (!e->verdicts)
		return 0;
	r = verdicts_commit(e->verdicts);
	if (r < 0) {
		give_up(e, r);
		return 0;
	}
	log_info("decisions: generation %" PRIu32 ", %" PRIu64 " digests",
		 verdicts_generation(e->verdicts), verdicts_count(e->verdicts));
	settle(e);
	return 0;
}
