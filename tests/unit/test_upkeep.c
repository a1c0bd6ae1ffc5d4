/* SPDX-License-Identifier: Apache-2.0 */
/* agent/base/upkeep.c: when memory goes back, by made-up times and page faults. */
#include "base/upkeep.h"

#include "base/clock.h"
#include "unit/unit.h"

#define MS  NSEC_PER_MSEC
#define S   NSEC_PER_SEC
#define NOW (1000 * S)

/* One that gave back at NOW, when it had @faults. */
static struct upkeep after_giving_back(uint64_t faults)
{
	struct upkeep upkeep;

	upkeep_init(&upkeep, NOW);
	ck_assert(upkeep_look(&upkeep, NOW, faults));
	upkeep_gave(&upkeep, NOW, faults);
	return upkeep;
}

START_TEST(what_a_start_took_goes_when_it_is_quiet)
{
	struct upkeep upkeep;

	upkeep_init(&upkeep, NOW);
	ck_assert_int_eq(upkeep_wait_ms(&upkeep, NOW), 500);
	ck_assert(!upkeep_is_due(&upkeep, NOW + 400 * MS, false));
	ck_assert(upkeep_is_due(&upkeep, NOW + 500 * MS, true));
	ck_assert(upkeep_look(&upkeep, NOW + 500 * MS, 20));
	/* Without quiet, too, but not soon. */
	ck_assert(upkeep_is_due(&upkeep, NOW + 31 * S, false));
}
END_TEST

START_TEST(nothing_is_looked_at_while_nothing_happens)
{
	struct upkeep upkeep = after_giving_back(5000);

	ck_assert_int_eq(upkeep_wait_ms(&upkeep, NOW + 3600 * S), -1);
	upkeep_count(&upkeep, 1);
	ck_assert_int_eq(upkeep_wait_ms(&upkeep, NOW + 5 * S), -1);
	ck_assert_int_eq(upkeep_wait_ms(&upkeep, NOW + 31 * S), 500);
}
END_TEST

START_TEST(a_load_waits_for_the_pause_alone)
{
	struct upkeep upkeep = after_giving_back(5000);

	for (int i = 0; i < 16; i++)
		upkeep_count(&upkeep, 1);
	ck_assert_int_eq(upkeep_wait_ms(&upkeep, NOW + 4 * S), 6000);
	ck_assert_int_eq(upkeep_wait_ms(&upkeep, NOW + 11 * S), 500);
	ck_assert(upkeep_look(&upkeep, NOW + 12 * S, 5000 + 1000));
}
END_TEST

/* Each 30 s what its heartbeat uses would go, and come back. */
START_TEST(a_process_at_rest_keeps_what_it_uses)
{
	struct upkeep upkeep = after_giving_back(5000);
	unsigned given = 0;

	for (unsigned s = 30; s <= 600; s += 30) {
		if (!upkeep_look(&upkeep, NOW + s * S, 5000 + 60 * (given + 1)))
			continue;
		given++;
		upkeep_gave(&upkeep, NOW + s * S, 5000 + 60 * given);
	}
	ck_assert_uint_eq(given, 2);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, what_a_start_took_goes_when_it_is_quiet);
	tcase_add_test(tcase, nothing_is_looked_at_while_nothing_happens);
	tcase_add_test(tcase, a_load_waits_for_the_pause_alone);
	tcase_add_test(tcase, a_process_at_rest_keeps_what_it_uses);
}

UNIT_MAIN("upkeep")
