/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test has: a main() around one suite, a folder of its own,
 * and a skip that gives its reason.
 *
 * Names of tests are claims: `escape_keeps_utf8`.
 */
#ifndef PLUMBLINE_TESTS_UNIT_H
#define PLUMBLINE_TESTS_UNIT_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_SKIPPED 77

static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* main() of a test whose tests are added by `static void add_tests(TCase *tcase)`. */
#define UNIT_MAIN(name)                            \
	int main(void)                             \
	{                                          \
		Suite *suite = suite_create(name); \
		TCase *tcase = tcase_create(name); \
                                                   \
		add_tests(tcase);                  \
		suite_add_tcase(suite, tcase);     \
		return unit_run(suite);            \
	}

/* For a main() that finds that nothing can be tested here. */
static inline int unit_skip(const char *reason)
{
	printf("skip: %s\n", reason);
	return UNIT_SKIPPED;
}

/* A fresh folder below TMPDIR; the caller gives it to unit_folder_free(). */
static inline char *unit_folder_new(void)
{
	const char *parent = getenv("TMPDIR");
	char *path = NULL;

	ck_assert_int_gt(asprintf(&path, "%s/plumbline-unit.XXXXXX", parent ? parent : "/tmp"), 0);
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static inline int unit_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *where)
{
	return remove(path);
}

static inline void unit_folder_free(char *path)
{
	(void)nftw(path, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

/* Writes @text to @folder/@name. */
static inline void unit_write(const char *folder, const char *name, const char *text)
{
	int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	close(dirfd);
}

#endif
