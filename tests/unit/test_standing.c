/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/standing.h, and of str_has_word() by which modules are looked for. */
#include "model/standing.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "unit.h"

static const struct {
	struct standing_part part;
	bool is_missing;
	const char *says;
} cases[] = {
	{{.name = "iter/task", .state = PART_ATTACHED}, false, ""},
	{{.name = "iter/task", .state = PART_UNNEEDED}, false, ""},
	{{.name = "lsm/file_open", .state = PART_ABSENT, .error = -ENOENT}, true, "no such hook"},
	{{.name = "lsm/file_open", .state = PART_REFUSED, .error = -EPERM}, true, "not permitted"},
	{{.name = "tracepoint/syscalls/sys_exit_open", .state = PART_REFUSED, .error = -ENOENT},
	 true,
	 "tracefs is not mounted"},
	{{.name = "inode storage", .state = PART_REFUSED, .error = -ENOMEM},
	 true,
	 "facts about files cannot be kept on this processor"},
	{{.name = "lsm/file_open", .state = PART_REFUSED, .error = -ENOMEM}, true, "memory"},
};

START_TEST(a_problem_has_its_words)
{
	const struct standing_part *part = &cases[_i].part;

	ck_assert_int_eq(standing_part_is_missing(part), cases[_i].is_missing);
	if (*cases[_i].says)
		ck_assert_ptr_nonnull(strstr(standing_part_problem(part), cases[_i].says));
	else
		ck_assert_str_eq(standing_part_problem(part), "");
}
END_TEST

START_TEST(each_state_has_a_name)
{
	for (int state = 0; state < PART_STATE_COUNT; state++)
		ck_assert_str_ne(part_state_name(state), "unknown");
	ck_assert_str_eq(part_state_name(PART_STATE_COUNT), "unknown");
}
END_TEST

START_TEST(a_part_that_is_not_known_has_no_words)
{
	ck_assert_ptr_null(standing_part_serves("lsm/made_up"));
	ck_assert_ptr_nonnull(standing_part_serves("iter/task"));
}
END_TEST

static const struct {
	const char *list;
	bool has_bpf;
} lists[] = {
	{"lockdown,capability,bpf", true},
	{"bpf", true},
	{"bpf,yama", true},
	{"yama,bpf,ipe", true},
	{"", false},
	{"lockdown,bpfx", false},
	{"xbpf,yama", false},
	{",bpf", true},
	{",,", false},
	{"lockdown,capability,yama", false},
};

START_TEST(a_word_is_found_whole)
{
	ck_assert_int_eq(str_has_word(lists[_i].list, "bpf", ','), lists[_i].has_bpf);
}
END_TEST

START_TEST(runs_left_out_are_counted_since_the_last_look)
{
	static const struct standing before = {
		.parts = {{.name = "iter/task", .skipped = 3},
			  {.name = "lsm/file_open", .skipped = 5}},
		.part_count = 2,
	};
	struct standing now = before;

	ck_assert_uint_eq(standing_skipped_since(&now, &before), 0);
	now.parts[0].skipped = 4;
	now.parts[1].skipped = 15;
	ck_assert_uint_eq(standing_skipped_since(&now, &before), 11);
	/* A program that was loaded anew counts from nothing. */
	now.parts[1].skipped = 2;
	ck_assert_uint_eq(standing_skipped_since(&now, &before), 1);
	now.parts[1] = (struct standing_part){.name = "lsm/mmap_file", .skipped = 2};
	ck_assert_uint_eq(standing_skipped_since(&now, &before), 3);
	ck_assert_uint_eq(standing_skipped_since(&now, &(struct standing){0}), 6);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_problem_has_its_words, 0, ARRAY_SIZE(cases));
	tcase_add_test(tcase, each_state_has_a_name);
	tcase_add_test(tcase, a_part_that_is_not_known_has_no_words);
	tcase_add_test(tcase, runs_left_out_are_counted_since_the_last_look);
	tcase_add_loop_test(tcase, a_word_is_found_whole, 0, ARRAY_SIZE(lists));
}

UNIT_MAIN("standing")
