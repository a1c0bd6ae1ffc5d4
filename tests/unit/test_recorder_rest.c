/* SPDX-License-Identifier: Apache-2.0 */
/* agent/daemon/recorder_outbox.c: what an agent says that has nothing to tell. */
#include "recorder_rig.h"

START_TEST(an_agent_at_rest_says_that_it_is_there)
{
	const struct rig_wanted head = {.type = WIRE_HEAD};
	cleanup_wire_record struct wire_record first = {0}, second = {0};
	int64_t *passed_s;

	rig_free(rig);
	rig = rig_new("[collector]\nurl = https://127.0.0.1:1/\n");
	passed_s = rig_clock(rig) + 1;
	rig_start(rig);
	rig_sign_head(rig);
	while (!rig_find(rig, 1, rig_is_wanted, &head, &first))
		rig_fetch(rig);
	/* Not while the collector has not got it. */
	*passed_s += 10 * 60;
	rig_expect_no_head(rig);
	rig_ack(rig);
	ck_assert_uint_eq(rig_sign_head(rig), first.sequence);
	second = rig_expect(rig, first.sequence, &head);
	ck_assert_uint_eq(second.head.sequence, first.sequence);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, an_agent_at_rest_says_that_it_is_there);
}

RIG_MAIN("recorder_rest")
