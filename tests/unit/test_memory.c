/* SPDX-License-Identifier: Apache-2.0 */
/* agent/base/memory.c: what goes back to the system, and that nothing is lost by it. */
#include "base/memory.h"

#include <stdbool.h>

#include "unit/unit.h"

/* The kernel brings what is beside a page that is used, up to 2 MB of it where it keeps it so. */
#define TABLE_SIZE (8 * 1024 * 1024)
#define TABLE_KB   (TABLE_SIZE / 1024)

/* Never written to: a part of the program's file. */
static const char constants[TABLE_SIZE] = {[0] = 'c', [TABLE_SIZE - 1] = 'd'};
/* Written to by relocations, and then read-only. */
static const void *const pointers[] = {constants, constants + TABLE_SIZE - 1};
static char variables[TABLE_SIZE];

/* How much is resident of the mapping that @address is in. */
static unsigned resident_kb(const void *address)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	uintptr_t wanted = (uintptr_t)address;
	bool is_found = false;
	unsigned kb = 0;
	char line[512];

	ck_assert_ptr_nonnull(file);
	while (kb == 0 && fgets(line, sizeof(line), file)) {
		char *after;
		uintptr_t start = strtoul(line, &after, 16);

		if (*after == '-')
			is_found = wanted >= start && wanted < strtoul(after + 1, NULL, 16);
		else if (is_found && strncmp(line, "Rss:", 4) == 0)
			kb = (unsigned)strtoul(line + 4, NULL, 10);
	}
	(void)fclose(file);
	return kb;
}

static unsigned sum_of(const volatile char *bytes)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < TABLE_SIZE; i += 512)
		sum += (unsigned char)bytes[i];
	return sum + (unsigned char)bytes[TABLE_SIZE - 1];
}

START_TEST(pages_never_written_to_go_back)
{
	ck_assert_uint_eq(sum_of(constants), 'c' + 'd');
	ck_assert_uint_ge(resident_kb(constants), TABLE_KB);
	memory_give_back();
	ck_assert_uint_lt(resident_kb(constants), TABLE_KB * 3 / 4);
	ck_assert_uint_eq(sum_of(constants), 'c' + 'd');
}
END_TEST

START_TEST(what_was_written_stays)
{
	const void *const volatile *pointer = pointers;

	memset(variables, 1, sizeof(variables));
	memory_give_back();
	ck_assert_uint_eq(sum_of(variables), TABLE_SIZE / 512 + 1);
	ck_assert_ptr_eq(pointer[0], constants);
	ck_assert_ptr_eq(pointer[1], constants + TABLE_SIZE - 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, pages_never_written_to_go_back);
	tcase_add_test(tcase, what_was_written_stays);
}

UNIT_MAIN("memory")
