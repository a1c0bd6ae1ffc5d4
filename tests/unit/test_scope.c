/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/scope.h, beside the shipped crosswalk. */
#include "model/scope.h"

#include "unit/unit.h"

#define DATA_DIR PLUMBLINE_SOURCE_DIR "/baselines"

static char *folder;
static struct crosswalk *crosswalk;

static void setup(void)
{
	folder = unit_folder_new();
	ck_assert_int_eq(crosswalk_load(DATA_DIR, &crosswalk, NULL), 0);
}

static void teardown(void)
{
	crosswalk = crosswalk_free(crosswalk);
	unit_folder_free(folder);
}

static int load(const char *text, struct scope **ret_scope, struct diag *diag)
{
	char path[256];

	unit_write(folder, "s.ini", text);
	snprintf(path, sizeof(path), "%s/s.ini", folder);
	return scope_load(path, crosswalk, ret_scope, diag);
}

START_TEST(decisions_are_found_by_framework_and_id)
{
	cleanup_with(scope_freep) struct scope *scope = NULL;
	const struct framework *iso = crosswalk_find(crosswalk, "iso-27002");
	struct scope_decision decision = {false, "untouched"};

	ck_assert_int_eq(
		load("[iso-27002]\n8.9 = yes:  one\n  baseline \n7.4 = no: watched: by us\n"
		     "[csf-2.0]\nPR.PS-01 = yes: by summer\n",
		     &scope, NULL),
		0);
	ck_assert(!scope_find(scope, iso, "8.8", &decision));
	ck_assert(!scope_find(scope, crosswalk_find(crosswalk, "800-53"), "8.9", &decision));
	ck_assert(!scope_find(NULL, iso, "8.9", &decision));
	ck_assert_str_eq(decision.reason, "untouched");
	ck_assert(scope_find(scope, iso, "8.9", &decision));
	ck_assert(decision.applies);
	ck_assert_str_eq(decision.reason, "one baseline");
	ck_assert(scope_find(scope, iso, "7.4", &decision));
	ck_assert(!decision.applies);
	ck_assert_str_eq(decision.reason, "watched: by us");
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *words; /* that the message has */
} refused[] = {
	{"8.9 = yes: x\n", 1, "before any section"},
	{"[iso-9001]\n", 1, "'iso-9001' is no framework"},
	{"[iso-27002]\n8.99 = yes: x\n", 2, "'8.99' is no id of iso-27002"},
	{"[iso-27002]\n8.9 = yes: x\n[csf-2.0]\n[iso-27002]\n8.9 = no: y\n", 5,
	 "'8.9' stands twice"},
	{"[iso-27002]\n8.9 = yes\n", 2, "is not 'yes: REASON' or 'no: REASON'"},
	{"[iso-27002]\n8.9 = maybe: x\n", 2, "is not 'yes: REASON' or 'no: REASON'"},
	{"[iso-27002]\n8.9 = no:  \n", 2, "'8.9' gives no reason"},
};

START_TEST(refuses_with_file_and_line)
{
	cleanup_with(scope_freep) struct scope *scope = NULL;
	struct diag diag = {0};

	ck_assert_int_eq(load(refused[_i].text, &scope, &diag), -EINVAL);
	ck_assert_ptr_null(scope);
	ck_assert(strstr(diag.file, "/s.ini"));
	ck_assert_msg(diag.line == refused[_i].line && strstr(diag.text, refused[_i].words),
		      "%u: %s", diag.line, diag.text);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	cleanup_with(scope_freep) struct scope *scope = NULL;
	struct diag diag = {0};

	ck_assert_int_eq(scope_load("/nonexistent/s.ini", crosswalk, &scope, &diag), -ENOENT);
	ck_assert_str_eq(diag.file, "/nonexistent/s.ini");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, decisions_are_found_by_framework_and_id);
	tcase_add_loop_test(tcase, refuses_with_file_and_line, 0, ARRAY_SIZE(refused));
	tcase_add_test(tcase, a_file_that_is_not_there_is_named);
}

UNIT_MAIN("scope")
