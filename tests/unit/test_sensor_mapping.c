/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/mapping.h, of files that this process has. */
#include "sensor/mapping.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "unit.h"

#define PAGE 4096

static bool is_over;

static int make_file(uint64_t *ret_ino)
{
	int fd = memfd_create("mapping", MFD_CLOEXEC);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PAGE), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*ret_ino = st.st_ino;
	return fd;
}

static void *map_file(int fd)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static int find(uint64_t ino, char link[static 64])
{
	return mapping_find((uint32_t)getpid(), ino, link, 64);
}

START_TEST(a_mapped_file_is_found_when_its_descriptor_is_closed)
{
	char link[64], wanted[64];
	uint64_t ino;
	int fd = make_file(&ino);
	void *at = map_file(fd);

	close(fd);
	ck_assert_int_eq(find(ino, link), 0);
	snprintf(wanted, sizeof(wanted), "/proc/%d/map_files/%lx-%lx", getpid(), (long)at,
		 (long)at + PAGE);
	ck_assert_str_eq(link, wanted);
	munmap(at, PAGE);
	ck_assert_int_eq(find(ino, link), -ENOENT);
}
END_TEST

START_TEST(a_file_that_is_not_mapped_yet_is_found_by_its_descriptor)
{
	char link[64], wanted[64];
	uint64_t ino;
	struct stat st;
	int fd = make_file(&ino);

	ck_assert_int_eq(find(ino, link), 0);
	snprintf(wanted, sizeof(wanted), "/proc/%d/fd/%d", getpid(), fd);
	ck_assert_str_eq(link, wanted);
	ck_assert_int_eq(stat(link, &st), 0);
	ck_assert_uint_eq(st.st_ino, ino);
	close(fd);
	ck_assert_int_eq(find(ino, link), -ENOENT);
}
END_TEST

START_TEST(what_is_mapped_and_open_is_found_by_its_mapping)
{
	char link[64];
	uint64_t ino;
	int fd = make_file(&ino);
	void *at = map_file(fd);

	ck_assert_int_eq(find(ino, link), 0);
	ck_assert_ptr_nonnull(strstr(link, "/map_files/"));
	munmap(at, PAGE);
	close(fd);
}
END_TEST

START_TEST(no_pipe_and_nothing_anonymous_is_taken_for_a_file)
{
	struct stat st;
	char link[64];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fstat(ends[0], &st), 0);
	ck_assert_int_eq(find(st.st_ino, link), -ENOENT);
	ck_assert_int_eq(find(0, link), -ENOENT);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(a_process_that_is_gone_has_none)
{
	char link[64];

	ck_assert_int_lt(mapping_find(UINT32_MAX, 1, link, sizeof(link)), 0);
}
END_TEST

/* A mapping that is one range, then two, and again one. */
static void *split_for_ever(void *at)
{
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		(void)mprotect(at, PAGE, PROT_READ | PROT_WRITE);
		(void)mprotect(at, PAGE, PROT_READ);
	}
	return NULL;
}

START_TEST(a_range_that_changes_meanwhile_is_found_again)
{
	pthread_t thread;
	uint64_t ino;
	int fd = make_file(&ino);
	void *at;

	ck_assert_int_eq(ftruncate(fd, 2 * PAGE), 0);
	at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	close(fd);
	ck_assert_int_eq(pthread_create(&thread, NULL, split_for_ever, at), 0);
	for (int i = 0; i < 200; i++) {
		fd = mapping_open((uint32_t)getpid(), ino);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	munmap(at, 2 * PAGE);
	ck_assert_int_eq(mapping_open((uint32_t)getpid(), ino), -ENOENT);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_mapped_file_is_found_when_its_descriptor_is_closed);
	tcase_add_test(tcase, a_file_that_is_not_mapped_yet_is_found_by_its_descriptor);
	tcase_add_test(tcase, what_is_mapped_and_open_is_found_by_its_mapping);
	tcase_add_test(tcase, no_pipe_and_nothing_anonymous_is_taken_for_a_file);
	tcase_add_test(tcase, a_range_that_changes_meanwhile_is_found_again);
	tcase_add_test(tcase, a_process_that_is_gone_has_none);
}

UNIT_MAIN("mapping")
