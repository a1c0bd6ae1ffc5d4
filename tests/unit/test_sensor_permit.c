/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/permit_cache.h and sensor/permit_slots.h, with a clock of our own. */
#include "sensor/permit_slots.h"

#include "unit.h"

static struct permit_cache cache;
static struct permit_slots slots;

static void setup(void)
{
	permit_cache_clear(&cache);
	slots = (struct permit_slots){0};
}

static struct permit_key key_of(uint64_t ino)
{
	return (struct permit_key){.dev = 7, .ino = ino, .size = 100, .ctime_ns = 5};
}

static bool has(const struct permit_key *key, bool *ret_is_approved)
{
	return permit_cache_get(&cache, key, ret_is_approved);
}

START_TEST(the_same_stamp_has_the_same_answer)
{
	struct permit_key good = key_of(1), bad = key_of(2);
	bool is_approved = false;

	ck_assert(!has(&good, &is_approved));
	permit_cache_put(&cache, &good, true);
	permit_cache_put(&cache, &bad, false);
	ck_assert(has(&good, &is_approved));
	ck_assert(is_approved);
	ck_assert(has(&bad, &is_approved));
	ck_assert(!is_approved);
}
END_TEST

START_TEST(another_size_time_device_or_inode_has_none)
{
	struct permit_key key = key_of(1), other[4] = {key, key, key, key};
	bool is_approved;

	permit_cache_put(&cache, &key, true);
	other[0].size++;
	other[1].ctime_ns++;
	other[2].dev++;
	other[3].ino++;
	for (int i = 0; i < 4; i++)
		ck_assert(!has(&other[i], &is_approved));
}
END_TEST

START_TEST(a_write_forgets_the_inode_alone)
{
	struct permit_key written = key_of(1), other = key_of(2);
	bool is_approved;

	permit_cache_put(&cache, &written, true);
	permit_cache_put(&cache, &other, true);
	permit_cache_forget(&cache, written.dev, written.ino);
	ck_assert(!has(&written, &is_approved));
	ck_assert(has(&other, &is_approved));
}
END_TEST

START_TEST(a_new_stamp_of_an_inode_takes_the_place_of_the_old)
{
	struct permit_key old = key_of(1), new = old;
	bool is_approved;

	new.ctime_ns++;
	permit_cache_put(&cache, &old, true);
	permit_cache_put(&cache, &new, false);
	ck_assert(!has(&old, &is_approved));
	ck_assert(has(&new, &is_approved));
	ck_assert(!is_approved);
}
END_TEST

START_TEST(an_inode_of_number_0_is_nobodys)
{
	struct permit_key none = {0};
	bool is_approved;

	permit_cache_put(&cache, &none, true);
	ck_assert(!has(&none, &is_approved));
}
END_TEST

START_TEST(a_question_is_late_at_its_deadline_and_not_before)
{
	struct permit_key key = key_of(1);
	struct permit_slot *slot = permit_slots_take(&slots, &key, 5, 1000);

	ck_assert_int_eq(permit_slots_due(&slots), 1000);
	ck_assert_ptr_null(permit_slots_late(&slots, 999));
	ck_assert_ptr_eq(permit_slots_late(&slots, 1000), slot);
}
END_TEST

START_TEST(what_was_answered_keeps_its_slot_until_the_digest_or_the_end)
{
	struct permit_key key = key_of(1);
	struct permit_slot *slot = permit_slots_take(&slots, &key, 5, 1000);
	uint64_t serial = slot->serial;

	slot->fd = -1;
	ck_assert_ptr_null(permit_slots_late(&slots, 1000 + PERMIT_SLOT_NS - 1));
	ck_assert_ptr_eq(permit_slots_find(&slots, serial), slot);
	ck_assert_int_eq(permit_slots_due(&slots), 1000 + PERMIT_SLOT_NS);
	ck_assert_ptr_null(permit_slots_late(&slots, 1000 + PERMIT_SLOT_NS));
	ck_assert_ptr_null(permit_slots_find(&slots, serial));
	ck_assert_int_eq(permit_slots_due(&slots), INT64_MAX);
}
END_TEST

START_TEST(an_answer_never_finds_the_next_owner_of_its_slot)
{
	struct permit_key key = key_of(1);
	struct permit_slot *slot = permit_slots_take(&slots, &key, 5, 1000);
	uint64_t serial = slot->serial;

	permit_slots_free(slot);
	ck_assert_ptr_eq(permit_slots_take(&slots, &key, 6, 1000), slot);
	ck_assert_ptr_null(permit_slots_find(&slots, serial));
	ck_assert_ptr_null(permit_slots_find(&slots, 0));
}
END_TEST

START_TEST(there_is_room_for_so_many_and_no_more)
{
	struct permit_key key = key_of(1);
	struct permit_slot *last = NULL;

	for (int i = 0; i < PERMIT_SLOTS; i++) {
		last = permit_slots_take(&slots, &key, 5, 1000 + i);
		ck_assert_ptr_nonnull(last);
	}
	ck_assert_ptr_null(permit_slots_take(&slots, &key, 5, 1000));
	permit_slots_free(last);
	ck_assert_ptr_nonnull(permit_slots_take(&slots, &key, 5, 1000));
}
END_TEST

START_TEST(a_write_marks_what_is_asked_about_the_file)
{
	struct permit_key written = key_of(1), other = key_of(2);
	struct permit_slot *a = permit_slots_take(&slots, &written, 5, 1000);
	struct permit_slot *b = permit_slots_take(&slots, &other, 6, 1000);

	permit_slots_written(&slots, written.dev, written.ino);
	ck_assert(a->is_written);
	ck_assert(!b->is_written);
	ck_assert(!b->is_stale);
	permit_slots_all_stale(&slots);
	ck_assert(b->is_stale && a->is_stale);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_same_stamp_has_the_same_answer);
	tcase_add_test(tcase, another_size_time_device_or_inode_has_none);
	tcase_add_test(tcase, a_write_forgets_the_inode_alone);
	tcase_add_test(tcase, a_new_stamp_of_an_inode_takes_the_place_of_the_old);
	tcase_add_test(tcase, an_inode_of_number_0_is_nobodys);
	tcase_add_test(tcase, a_question_is_late_at_its_deadline_and_not_before);
	tcase_add_test(tcase, what_was_answered_keeps_its_slot_until_the_digest_or_the_end);
	tcase_add_test(tcase, an_answer_never_finds_the_next_owner_of_its_slot);
	tcase_add_test(tcase, there_is_room_for_so_many_and_no_more);
	tcase_add_test(tcase, a_write_marks_what_is_asked_about_the_file);
}

UNIT_MAIN("permit")
