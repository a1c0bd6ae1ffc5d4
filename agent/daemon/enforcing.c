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

bool enforcing_is_forbidden(void)
{
	return kernel_line_has("plumbline.mode=observe");
}

static bool can_deny(const struct enforcing *e)
{
	return e->denier.verdicts || e->denier.permission;
}

static uint32_t generation_of(const struct enforcing *e)
{
	const struct denier *d = &e->denier;

	if (d->permission)
		return permit_set_generation(permission_set(d->permission));
	return d->verdicts ? verdicts_generation(d->verdicts) : 0;
}

static uint64_t count_of(const struct enforcing *e)
{
	const struct denier *d = &e->denier;

	if (d->permission)
		return permit_set_count(permission_set(d->permission));
	return d->verdicts ? verdicts_count(d->verdicts) : 0;
}

static const char *verdicts_obstacle(struct verdicts *verdicts)
{
	cleanup_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || verdicts_try(verdicts, fd) < 0)
		return "this kernel keeps no facts about files on this machine (its inode storage "
		       "stays empty), so each use of code would be a miss";
	return NULL;
}

static const char *find_obstacle(const struct enforcing *e)
{
	const struct denier *d = &e->denier;

	if (enforcing_is_forbidden())
		return "the kernel line says plumbline.mode=observe";
	if (d->verdicts)
		return verdicts_obstacle(d->verdicts);
	if (d->permission)
		return NULL;
	if (d->no_permission)
		return d->no_permission;
	return "this rung gives no verdicts in the kernel: the lsm rung does; on this one, "
	       "programs are denied on the mounts that [sensor] permission_mounts names";
}

static const char *why_not(const struct enforcing *e)
{
	if (e->obstacle)
		return e->obstacle;
	if (!is_wanted(e))
		return "[sensor] enforce is not yes";
	if (generation_of(e) == 0)
		return "no baseline is loaded";
	if (!e->is_covered)
		return "warming has not ended";
	return e->failure ? e->failure : "";
}

void enforcing_tell(struct enforcing *e)
{
	cleanup_strbuf struct strbuf where = STRBUF_INIT;
	struct event event = {
		.kind = EVENT_ENFORCEMENT,
		.time_ns = clock_real_ns(),
		.text = (char *)(e->is_on ? "enforce" : "observe"),
		.detail = (char *)(e->is_on ? "" : why_not(e)),
		.count = count_of(e),
		.kernel.generation = generation_of(e),
	};

	if (e->is_on && e->denier.permission) {
		e->asked = permission_asked(e->denier.permission);
		permission_describe(e->denier.permission, &where);
		if (strbuf_check(&where) == 0)
			event.detail = where.data;
	}
	e->fn(&event, e->userdata);
}

void enforcing_look(struct enforcing *e)
{
	if (e->is_on && e->denier.permission && permission_asked(e->denier.permission) != e->asked)
		enforcing_tell(e);
}

/* The permission mode needs no word of this process: it ends with it. */
static int renew(struct enforcing *e)
{
	int64_t silence_ns = (int64_t)e->child->config->dead_man_s * NSEC_PER_SEC;
	struct verdict_switch on = {.is_on = true, .deadline_ns = PASSED_NS};

	if (!e->denier.verdicts || e->misses == MISSES_LEFT)
		return 0;
	if (e->misses == MISSES_DENIED)
		on.deadline_ns = clock_boot_ns() + silence_ns;
	memcpy(on.covered, e->covered, SHA256_SIZE);
	return verdicts_set_switch(e->denier.verdicts, &on);
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

/* The permission mode marks its closure itself. */
static int fill_closure(struct enforcing *e)
{
	struct verdicts *verdicts = e->denier.verdicts;
	int r = verdicts ? closure_each(e->child->config->libexec_dir, never_block, verdicts) : 0;

	if (r == 0 && verdicts)
		verdicts_end_closure(verdicts);
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
	return verdicts_set_switch(e->denier.verdicts, &(struct verdict_switch){0});
}

static void on_changed(const char *trouble, void *userdata)
{
	struct enforcing *e = userdata;

	if (trouble) {
		log_warning(0, "enforcement: %s", trouble);
		child_report_degraded(e->child, "enforcement", trouble);
	}
	enforcing_tell(e);
}

static void on_ended(const char *why, void *userdata)
{
	struct enforcing *e = userdata;

	e->is_on = false;
	e->obstacle = why;
	on_changed(why, e);
}

static int switch_permission_on(struct enforcing *e, struct strbuf *reterr)
{
	const struct permission_ops ops = {
		.sensor_ops = e->denier.ops,
		.sensor = e->denier.sensor,
		.changed = on_changed,
		.ended = on_ended,
		.userdata = e,
	};

	return permission_enforce(e->denier.permission, &ops, reterr);
}

static int switch_verdicts_on(struct enforcing *e)
{
	int r;

	e->misses = MISSES_DENIED;
	r = fill_closure(e);
	if (r == 0)
		r = renew(e);
	if (r == 0)
		r = start_heartbeat(e);
	if (r < 0)
		(void)switch_off(e);
	return r;
}

static int switch_on(struct enforcing *e, struct strbuf *reterr)
{
	int r = e->denier.permission ? switch_permission_on(e, reterr) : switch_verdicts_on(e);

	if (r < 0)
		return r;
	e->is_on = true;
	log_notice("enforcing: code that generation %" PRIu32 " does not approve is denied",
		   generation_of(e));
	return 0;
}

static void set_failure(struct enforcing *e, const char *why)
{
	free(e->failure);
	e->failure = why ? strdup(why) : NULL;
}

/* Switches on when nothing is in the way; what is on stays on, with the deadline of now. */
static void settle(struct enforcing *e)
{
	cleanup_strbuf struct strbuf why = STRBUF_INIT;
	int r = 0;

	set_failure(e, NULL);
	if (e->is_on && e->is_covered && !e->has_closure)
		r = fill_closure(e);
	if (e->is_on && r == 0)
		r = renew(e);
	else if (!e->is_on && !*why_not(e))
		r = switch_on(e, &why);
	if (r < 0) {
		if (why.len == 0)
			strbuf_add_str(&why, strerror(-r));
		set_failure(e, why.data);
		log_warning(r, "cannot switch enforcement: %s", why.data);
		child_report_degraded(e->child, "enforcement", why.data);
	}
	enforcing_tell(e);
}

void enforcing_done(struct enforcing *e)
{
	set_failure(e, NULL);
}

/* What the kernel does already goes on, unless it is to stop. */
static int take_over(struct enforcing *e)
{
	struct verdict_switch left;
	int r = e->denier.verdicts ? verdicts_get_switch(e->denier.verdicts, &left) : 0;

	if (r < 0 || !e->denier.verdicts || !left.is_on)
		return r;
	if (e->obstacle || !is_wanted(e))
		return switch_off(e);
	e->is_on = true;
	e->misses = MISSES_LEFT;
	memcpy(e->covered, left.covered, SHA256_SIZE);
	log_notice("enforcing goes on with generation %" PRIu32, generation_of(e));
	return start_heartbeat(e);
}

int enforcing_start(struct enforcing *e, struct child *child, const struct denier *denier,
		    sensor_event_fn fn, void *userdata)
{
	*e = (struct enforcing){
		.child = child,
		.denier = *denier,
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
	if (by_stamps > 0 && e->denier.verdicts && e->misses != MISSES_DENIED)
		return;
	e->is_covered = true;
	e->misses = MISSES_DENIED;
	memcpy(e->covered, e->rules, SHA256_SIZE);
	settle(e);
}

static int begin(const struct denier *d, uint64_t count)
{
	if (d->permission)
		return permit_set_begin(permission_set(d->permission), count);
	return d->verdicts ? verdicts_begin(d->verdicts, count) : 0;
}

static int add(const struct denier *d, const struct decision *decisions, size_t count)
{
	if (d->permission)
		return permit_set_add(permission_set(d->permission), decisions, count);
	return d->verdicts ? verdicts_add(d->verdicts, decisions, count) : 0;
}

static int commit(const struct denier *d)
{
	int r;

	if (!d->permission)
		return verdicts_commit(d->verdicts);
	r = permit_set_commit(permission_set(d->permission));
	if (r == 0)
		permission_changed(d->permission);
	return r;
}

static void give_up(struct enforcing *e, int error)
{
	log_warning(error, "cannot put the decisions of the baseline in force");
	child_report_degraded(e->child, "decisions of the baseline", strerror(-error));
}

int enforcing_on_begin(struct enforcing *e, struct message *message)
{
	uint64_t count = m_get_u64(message);
	cleanup_free char *digest = m_get_string(message);
	int r = message_check(message);

	if (r < 0 || !digest || count > DECISIONS_MAX)
		return -EBADMSG;
	r = begin(&e->denier, count);
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
	r = add(&e->denier, decisions, count);
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
	if (!can_deny(e))
		return 0;
	r = commit(&e->denier);
	if (r < 0) {
		give_up(e, r);
		return 0;
	}
	log_info("decisions: generation %" PRIu32 ", %" PRIu64 " digests", generation_of(e),
		 count_of(e));
	settle(e);
	return 0;
}
