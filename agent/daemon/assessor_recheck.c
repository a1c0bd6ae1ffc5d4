/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/assessor_recheck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash_key.h"

/* Pauses begin with it. */
#define FIRST_PAUSE_MS 1000
/* After so many pauses without a touch the next is answered at once again. */
#define CALM_PAUSES 4

struct waiting {
	int64_t due_ns; /* RECHECK_NEVER: nothing calls for it */
	int64_t ran_ns;
	uint64_t result; /* of the last run, as a key */
	uint32_t pause_ms;
	char *path; /* that was touched; NULL: none */
	struct subject who;
};

struct recheck {
	struct look_index *index;
	size_t count;
	struct waiting *checks;
};

int recheck_new(size_t checks, struct recheck **ret_recheck)
{
	cleanup_with(recheck_freep) struct recheck *recheck = calloc(1, sizeof(*recheck));
	int r;

	if (!recheck)
		return -ENOMEM;
	recheck->checks = calloc(checks ? checks : 1, sizeof(*recheck->checks));
	if (!recheck->checks)
		return -ENOMEM;
	recheck->count = checks;
	for (size_t i = 0; i < checks; i++)
		recheck->checks[i].due_ns = RECHECK_NEVER;
	r = look_index_new(checks, &recheck->index);
	if (r < 0)
		return r;
	*ret_recheck = TAKE_PTR(recheck);
	return 0;
}

static void forget_cause(struct waiting *waiting)
{
	free(waiting->path);
	waiting->path = NULL;
	subject_done(&waiting->who);
}

struct recheck *recheck_free(struct recheck *recheck)
{
	if (!recheck)
		return NULL;
	for (size_t i = 0; i < recheck->count; i++)
		forget_cause(&recheck->checks[i]);
	free(recheck->checks);
	look_index_free(recheck->index);
	free(recheck);
	return NULL;
}

struct look_index *recheck_index(struct recheck *recheck)
{
	return recheck->index;
}

struct touch {
	struct recheck *recheck;
	const char *path;
	const struct subject *who;
	int64_t now_ns;
	int error;
};

static void wait_for(struct waiting *waiting, int64_t now_ns)
{
	int64_t pause_ns = (int64_t)waiting->pause_ms * NSEC_PER_MSEC;
	int64_t due_ns = now_ns + RECHECK_SETTLE_MS * NSEC_PER_MSEC;

	if (now_ns - waiting->ran_ns > CALM_PAUSES * pause_ns)
		waiting->pause_ms = 0;
	else if (due_ns < waiting->ran_ns + pause_ns)
		due_ns = waiting->ran_ns + pause_ns;
	if (due_ns < waiting->due_ns)
		waiting->due_ns = due_ns;
}

/* One who is known is not forgotten for one who is not. */
static void touch_one(size_t check, void *userdata)
{
	struct touch *touch = userdata;
	struct waiting *waiting = &touch->recheck->checks[check];
	struct subject who = {0};
	char *path;

	wait_for(waiting, touch->now_ns);
	if (waiting->who.is_known && !touch->who->is_known)
		return;
	path = strdup(touch->path);
	if (!path || subject_copy(touch->who, &who) < 0) {
		free(path);
		touch->error = -ENOMEM;
		return;
	}
	forget_cause(waiting);
	waiting->path = path;
	waiting->who = who;
}

int recheck_touched(struct recheck *recheck, const char *path, unsigned how,
		    const struct subject *who, int64_t now_ns)
{
	struct touch touch = {recheck, path, who, now_ns, 0};

	look_index_find(recheck->index, path, how, touch_one, &touch);
	return touch.error;
}

int recheck_touched_one(struct recheck *recheck, size_t check, const char *path,
			const struct subject *who, int64_t now_ns)
{
	struct touch touch = {recheck, path, who, now_ns, 0};

	touch_one(check, &touch);
	return touch.error;
}

void recheck_want(struct recheck *recheck, size_t check, int64_t now_ns)
{
	wait_for(&recheck->checks[check], now_ns);
}

void recheck_all(struct recheck *recheck, int64_t now_ns)
{
	for (size_t i = 0; i < recheck->count; i++)
		wait_for(&recheck->checks[i], now_ns);
}

int64_t recheck_due(const struct recheck *recheck)
{
	int64_t due_ns = RECHECK_NEVER;

	for (size_t i = 0; i < recheck->count; i++)
		if (recheck->checks[i].due_ns < due_ns)
			due_ns = recheck->checks[i].due_ns;
	return due_ns;
}

size_t recheck_take(struct recheck *recheck, int64_t now_ns, bool *wanted)
{
	size_t taken = 0;

	for (size_t i = 0; i < recheck->count; i++) {
		if (recheck->checks[i].due_ns > now_ns)
			continue;
		recheck->checks[i].due_ns = RECHECK_NEVER;
		wanted[i] = true;
		taken++;
	}
	return taken;
}

struct recheck_cause recheck_cause_of(const struct recheck *recheck, size_t check)
{
	const struct waiting *waiting = &recheck->checks[check];

	return (struct recheck_cause){waiting->path, &waiting->who};
}

static uint64_t key_of_result(const struct check_result *result)
{
	const char *actual = result->actual ? result->actual : "";

	return hash_key(actual, strlen(actual)) * CHECK_OUTCOME_COUNT + (uint64_t)result->outcome;
}

int recheck_ran(struct recheck *recheck, size_t check, const struct check_result *result,
		const struct looked *looked, int64_t now_ns)
{
	struct waiting *waiting = &recheck->checks[check];
	uint64_t key = key_of_result(result);

	if (key != waiting->result)
		waiting->pause_ms = 0;
	else if (waiting->path && waiting->pause_ms < FIRST_PAUSE_MS)
		waiting->pause_ms = FIRST_PAUSE_MS;
	else if (waiting->path && waiting->pause_ms < RECHECK_LONGEST_MS)
		waiting->pause_ms *= 2;
	waiting->result = key;
	waiting->ran_ns = now_ns;
	/* What was touched while it ran is looked at again, with its own cause. */
	if (waiting->due_ns == RECHECK_NEVER)
		forget_cause(waiting);
	return look_index_put(recheck->index, check, looked);
}
