/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/digest_cache.h. */
#include "sensor/digest_cache.h"

#include "base/clock.h"
#include "unit.h"

#define NOW_NS (INT64_C(1000000) * NSEC_PER_SEC)

static struct digest_cache *cache;

static void setup(void)
{
	ck_assert_int_eq(digest_cache_new(64, &cache), 0);
}

static void teardown(void)
{
	cache = digest_cache_free(cache);
}

static struct stat stamp(ino_t ino, int64_t age_ns)
{
	struct stat st = {.st_dev = 5, .st_ino = ino, .st_size = 100};

	st.st_ctim.tv_sec = (NOW_NS - age_ns) / NSEC_PER_SEC;
	st.st_ctim.tv_nsec = (NOW_NS - age_ns) % NSEC_PER_SEC;
	return st;
}

static bool put_and_get(const struct stat *st, bool is_reported)
{
	struct file_fact known = {
		.has_digest = true, .sha256 = {0xaa}, .role = FILE_ROLE_EXECUTABLE};
	struct file_fact found = {0};

	digest_cache_put(cache, st, &known, NOW_NS, is_reported);
	if (!digest_cache_get(cache, st, &found))
		return false;
	ck_assert(found.has_digest);
	ck_assert_mem_eq(found.sha256, known.sha256, SHA256_SIZE);
	ck_assert_int_eq(found.role, FILE_ROLE_EXECUTABLE);
	return true;
}

START_TEST(a_fresh_ctime_is_not_believed)
{
	struct stat fresh = stamp(1, DIGEST_CACHE_AGE_NS - 1), old = stamp(2, DIGEST_CACHE_AGE_NS);

	ck_assert(!put_and_get(&fresh, true));
	ck_assert(put_and_get(&old, true));
}
END_TEST

START_TEST(unreported_file_systems_need_more_age)
{
	struct stat young = stamp(1, DIGEST_CACHE_FAR_AGE_NS - 1),
		    old = stamp(2, DIGEST_CACHE_FAR_AGE_NS);

	ck_assert(!put_and_get(&young, false));
	ck_assert(put_and_get(&old, false));
}
END_TEST

START_TEST(a_ctime_in_the_future_is_not_believed)
{
	struct stat future = stamp(1, -NSEC_PER_SEC);

	ck_assert(!put_and_get(&future, true));
}
END_TEST

START_TEST(any_other_stamp_is_another_file)
{
	struct stat st = stamp(1, DIGEST_CACHE_AGE_NS), other = st;
	struct file_fact found = {0};

	ck_assert(put_and_get(&st, true));
	other.st_size++;
	ck_assert(!digest_cache_get(cache, &other, &found));
	other = st;
	other.st_ctim.tv_nsec++;
	ck_assert(!digest_cache_get(cache, &other, &found));
	other = st;
	other.st_dev++;
	ck_assert(!digest_cache_get(cache, &other, &found));
	ck_assert(digest_cache_get(cache, &st, &found));
}
END_TEST

START_TEST(a_change_and_a_clear_void_entries)
{
	struct stat a = stamp(1, DIGEST_CACHE_AGE_NS), b = stamp(2, DIGEST_CACHE_AGE_NS);
	struct file_fact found = {0};

	ck_assert(put_and_get(&a, true));
	ck_assert(put_and_get(&b, true));
	digest_cache_remove(cache, &a);
	ck_assert(!digest_cache_get(cache, &a, &found));
	ck_assert(digest_cache_get(cache, &b, &found));
	digest_cache_clear(cache);
	ck_assert(!digest_cache_get(cache, &b, &found));
}
END_TEST

START_TEST(another_file_system_on_a_device_voids_its_entries)
{
	struct stat a = stamp(1, DIGEST_CACHE_AGE_NS), b = stamp(2, DIGEST_CACHE_AGE_NS);
	struct file_fact found = {0};

	b.st_dev++;
	ck_assert(put_and_get(&a, true));
	ck_assert(put_and_get(&b, true));
	digest_cache_remove_device(cache, a.st_dev);
	ck_assert(!digest_cache_get(cache, &a, &found));
	ck_assert(digest_cache_get(cache, &b, &found));
}
END_TEST

START_TEST(a_fresh_change_voids_the_older_entry)
{
	struct stat old = stamp(1, DIGEST_CACHE_AGE_NS), fresh = stamp(1, 0);
	struct file_fact found = {0};

	ck_assert(put_and_get(&old, true));
	ck_assert(!put_and_get(&fresh, true));
	ck_assert(!digest_cache_get(cache, &old, &found));
}
END_TEST

START_TEST(is_bounded)
{
	unsigned hits = 0;

	for (ino_t ino = 1; ino <= 10000; ino++) {
		struct stat st = stamp(ino, DIGEST_CACHE_AGE_NS);

		ck_assert(put_and_get(&st, true));
	}
	for (ino_t ino = 1; ino <= 10000; ino++) {
		struct stat st = stamp(ino, DIGEST_CACHE_AGE_NS);
		struct file_fact found = {0};

		hits += digest_cache_get(cache, &st, &found);
	}
	ck_assert_uint_le(hits, 64);
	ck_assert_uint_ge(hits, 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_fresh_ctime_is_not_believed);
	tcase_add_test(tcase, unreported_file_systems_need_more_age);
	tcase_add_test(tcase, a_ctime_in_the_future_is_not_believed);
	tcase_add_test(tcase, any_other_stamp_is_another_file);
	tcase_add_test(tcase, a_change_and_a_clear_void_entries);
	tcase_add_test(tcase, another_file_system_on_a_device_voids_its_entries);
	tcase_add_test(tcase, a_fresh_change_voids_the_older_entry);
	tcase_add_test(tcase, is_bounded);
}

UNIT_MAIN("sensor_digest_cache")
