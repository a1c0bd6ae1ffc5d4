/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/stamps.h: when a stamp counts, and above all when it does not. */
#include "unit/unit.h"

#include "base/clock.h"
#include "base/hash.h"
#include "baseline/stamps.h"
#include "baseline/walk.h"

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER  "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define COUNT  10

static char *folder;
static int dirfd_of_folder;
static struct statx stx;

static void setup(void)
{
	folder = unit_folder_new();
	dirfd_of_folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stx = (struct statx){
		.stx_mask = STATX_BASIC_STATS | STATX_MNT_ID,
		.stx_mode = S_IFREG | 0755,
		.stx_ino = 77,
		.stx_size = 4096,
		.stx_mnt_id = 5,
		.stx_ctime = {.tv_sec = 1000, .tv_nsec = 5},
		.stx_mtime = {.tv_sec = 900, .tv_nsec = 6},
	};
}

static void teardown(void)
{
	close(dirfd_of_folder);
	unit_folder_free(folder);
}

static struct stamps *open_stamps(const char *digest, uint64_t entries)
{
	struct stamps *stamps = NULL;

	ck_assert_int_eq(stamps_open(dirfd_of_folder, "s", digest, entries, &stamps), 0);
	return stamps;
}

/* A cache with one stamp, made long after the file's last change. */
static void save_one(void)
{
	struct stamps *stamps = open_stamps(DIGEST, COUNT);

	stamps_note(stamps, 3, &stx, 2000 * NSEC_PER_SEC);
	ck_assert_int_eq(stamps_save(stamps), 0);
	stamps_close(stamps);
}

static bool has_stamp(const char *digest, uint64_t entries)
{
	struct stamps *stamps = open_stamps(digest, entries);
	bool has = stamps_match(stamps, 3, &stx);

	stamps_close(stamps);
	return has;
}

START_TEST(a_stamp_is_kept_for_its_entry)
{
	struct stamps *stamps;

	save_one();
	stamps = open_stamps(DIGEST, COUNT);
	ck_assert(stamps_match(stamps, 3, &stx));
	ck_assert(!stamps_match(stamps, 2, &stx));
	ck_assert(!stamps_match(stamps, COUNT, &stx));
	ck_assert(!stamps_match(stamps, UINT64_MAX, &stx));
	stamps_drop(stamps, 3);
	ck_assert(!stamps_match(stamps, 3, &stx));
	stamps_close(stamps);
}
END_TEST

START_TEST(any_other_look_is_no_match)
{
	struct statx others[11];
	struct stamps *stamps;

	save_one();
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = stx;
	others[0].stx_ino++;
	others[1].stx_size++;
	others[2].stx_mnt_id++;
	others[3].stx_ctime.tv_sec++;
	others[4].stx_ctime.tv_nsec++;
	others[5].stx_mtime.tv_nsec++;
	others[6].stx_mode ^= 01;
	others[7].stx_uid++;
	others[8].stx_gid++;
	others[9].stx_dev_major++;
	others[10].stx_dev_minor++;
	stamps = open_stamps(DIGEST, COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ck_assert_msg(!stamps_match(stamps, 3, &others[i]), "%zu", i);
	stamps_close(stamps);
}
END_TEST

START_TEST(another_baseline_has_no_stamps)
{
	save_one();
	ck_assert(has_stamp(DIGEST, COUNT));
	ck_assert(!has_stamp(OTHER, COUNT));
	ck_assert(!has_stamp(DIGEST, COUNT + 1));
}
END_TEST

/* A write in the tick of the hash leaves the same times. */
START_TEST(a_file_that_changed_just_now_gets_none)
{
	const int64_t changed_ns = 1000 * NSEC_PER_SEC + 5;
	struct stamps *stamps = open_stamps(DIGEST, COUNT);

	stamps_note(stamps, 3, &stx, changed_ns + 2 * NSEC_PER_SEC - 1);
	ck_assert(!stamps_match(stamps, 3, &stx));
	stamps_note(stamps, 3, &stx, changed_ns + 2 * NSEC_PER_SEC);
	ck_assert(stamps_match(stamps, 3, &stx));
	/* A later hash that came too early takes the stamp away again. */
	stamps_note(stamps, 3, &stx, changed_ns - 1);
	ck_assert(!stamps_match(stamps, 3, &stx));
	stamps_close(stamps);
}
END_TEST

START_TEST(a_file_whose_mount_is_unknown_gets_none)
{
	struct stamps *stamps = open_stamps(DIGEST, COUNT);

	stx.stx_mask = STATX_BASIC_STATS;
	stamps_note(stamps, 3, &stx, 2000 * NSEC_PER_SEC);
	ck_assert(!stamps_match(stamps, 3, &stx));
	stx.stx_mask = STATX_BASIC_STATS | WALK_MNT_ID_UNIQUE;
	stamps_note(stamps, 3, &stx, 2000 * NSEC_PER_SEC);
	ck_assert(stamps_match(stamps, 3, &stx));
	stamps_close(stamps);
}
END_TEST

START_TEST(a_device_that_nobody_knows_gets_none)
{
	struct stamps *stamps = open_stamps(DIGEST, COUNT);

	stx.stx_dev_major = 4095;
	stx.stx_dev_minor = 1048575;
	stamps_note(stamps, 3, &stx, 2000 * NSEC_PER_SEC);
	ck_assert(!stamps_match(stamps, 3, &stx));
	stamps_close(stamps);
}
END_TEST

/* The header as stamps.c has it: magic, boot id, digest, then the clock's offset. */
#define OFFSET_OF_BOOT_ID 16
#define OFFSET_OF_CLOCK	  (16 + 40 + SHA256_SIZE)

static void change_cache(off_t offset, const void *bytes, size_t len)
{
	int fd = openat(dirfd_of_folder, "s", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, len, offset), (ssize_t)len);
	close(fd);
}

START_TEST(a_clock_that_went_back_voids_all)
{
	int64_t offset;
	int fd;

	save_one();
	fd = openat(dirfd_of_folder, "s", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &offset, sizeof(offset), OFFSET_OF_CLOCK), sizeof(offset));
	close(fd);
	ck_assert_int_lt(llabs(offset - (clock_real_ns() - clock_boot_ns())), NSEC_PER_SEC / 2);

	/* It was written by a clock that stood 1/4 s further, which steering may explain. */
	offset += NSEC_PER_SEC / 4;
	change_cache(OFFSET_OF_CLOCK, &offset, sizeof(offset));
	ck_assert(has_stamp(DIGEST, COUNT));
	/* And now by one that stood 2 s further. */
	offset += 2 * NSEC_PER_SEC;
	change_cache(OFFSET_OF_CLOCK, &offset, sizeof(offset));
	ck_assert(!has_stamp(DIGEST, COUNT));
}
END_TEST

START_TEST(many_small_steps_back_do_not_pass)
{
	struct stamps *stamps;
	int64_t offset, kept;
	int fd;

	save_one();
	offset = clock_real_ns() - clock_boot_ns() + NSEC_PER_SEC / 2;
	change_cache(OFFSET_OF_CLOCK, &offset, sizeof(offset));
	stamps = open_stamps(DIGEST, COUNT);
	ck_assert(stamps_match(stamps, 3, &stx));
	stamps_note(stamps, 4, &stx, 2000 * NSEC_PER_SEC);
	ck_assert_int_eq(stamps_save(stamps), 0);
	stamps_close(stamps);
	/* What is written again is the highest that was ever seen. */
	fd = openat(dirfd_of_folder, "s", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &kept, sizeof(kept), OFFSET_OF_CLOCK), sizeof(kept));
	close(fd);
	ck_assert_int_eq(kept, offset);
}
END_TEST

START_TEST(another_boot_voids_all)
{
	save_one();
	change_cache(OFFSET_OF_BOOT_ID, "X", 1);
	ck_assert(!has_stamp(DIGEST, COUNT));
}
END_TEST

START_TEST(a_cut_or_writable_cache_is_not_used)
{
	save_one();
	ck_assert_int_eq(fchmodat(dirfd_of_folder, "s", 0620, 0), 0);
	ck_assert(!has_stamp(DIGEST, COUNT));
	ck_assert_int_eq(fchmodat(dirfd_of_folder, "s", 0600, 0), 0);
	ck_assert(has_stamp(DIGEST, COUNT));
	if (fchownat(dirfd_of_folder, "s", 65534, 65534, 0) == 0) {
		ck_assert(!has_stamp(DIGEST, COUNT));
		ck_assert_int_eq(fchownat(dirfd_of_folder, "s", 0, 0, 0), 0);
	}
	change_cache(4096, "x", 1);
	ck_assert(!has_stamp(DIGEST, COUNT));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_stamp_is_kept_for_its_entry);
	tcase_add_test(tcase, any_other_look_is_no_match);
	tcase_add_test(tcase, another_baseline_has_no_stamps);
	tcase_add_test(tcase, a_file_that_changed_just_now_gets_none);
	tcase_add_test(tcase, a_file_whose_mount_is_unknown_gets_none);
	tcase_add_test(tcase, a_device_that_nobody_knows_gets_none);
	tcase_add_test(tcase, a_clock_that_went_back_voids_all);
	tcase_add_test(tcase, many_small_steps_back_do_not_pass);
	tcase_add_test(tcase, another_boot_voids_all);
	tcase_add_test(tcase, a_cut_or_writable_cache_is_not_used);
}

int main(void)
{
	Suite *suite = suite_create("baseline_stamps");
	TCase *tcase = tcase_create("baseline_stamps");

	if (geteuid() != 0)
		return unit_skip("only root's caches are used");
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
