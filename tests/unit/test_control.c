/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/control.h and model/catalog.h, on the shipped data and on broken copies of it. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/words.h"
#include "model/catalog.h"
#include "model/control.h"

#define DATA_DIR PLUMBLINE_SOURCE_DIR "/baselines"
#define FINDINGS DATA_DIR "/controls/findings.ini"

static char dir[64], path[96];

static void setup(void)
{
	strcpy(dir, "/tmp/plumbline-control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/findings.ini", dir);
}

static void teardown(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void write_file(const char *text)
{
	cleanup_fclose FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
}

/* A complete map in which the section of software.unknown is @section. */
static void write_map(const char *section)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_add_str(&text, section);
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		if (kind == FINDING_SOFTWARE_UNKNOWN)
			continue;
		strbuf_printf(&text,
			      "[%s]\ntitle = t\nseverity = low\ncontrols = CM-3\n"
			      "controls_source = s\nrequirements = SR 3.4\n"
			      "requirements_source = s\n",
			      finding_kind_name(kind));
	}
	ck_assert_int_eq(strbuf_check(&text), 0);
	write_file(text.data);
}

START_TEST(shipped_map_has_every_kind_with_known_ids)
{
	cleanup_with(control_map_freep) struct control_map *map = NULL;
	cleanup_with(catalog_freep) struct catalog *catalog = NULL;
	struct diag diag = {0};

	ck_assert_msg(control_map_load(FINDINGS, &map, &diag) == 0, "%u: %s", diag.line, diag.text);
	ck_assert_msg(catalog_load(DATA_DIR, &catalog, &diag) == 0, "%s", diag.text);
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		const struct control_ids *ids = control_map_lookup(map, kind);
		cleanup_free char *control = NULL, *requirement = NULL, *technique = NULL;

		ck_assert_ptr_nonnull(ids);
		ck_assert_str_ne(ids->controls, "");
		ck_assert_str_ne(ids->requirements, "");
		control = catalog_first_unknown(catalog, CATALOG_CONTROL, ids->controls);
		requirement =
			catalog_first_unknown(catalog, CATALOG_REQUIREMENT, ids->requirements);
		technique = catalog_first_unknown(catalog, CATALOG_TECHNIQUE, ids->techniques);
		ck_assert_ptr_null(control);
		ck_assert_ptr_null(requirement);
		ck_assert_ptr_null(technique);
	}
	ck_assert_ptr_null(control_map_lookup(map, FINDING_NONE));
	ck_assert_ptr_null(control_map_lookup(map, FINDING_KIND_COUNT));
}
END_TEST

START_TEST(apply_replaces_ids_and_severity)
{
	cleanup_with(control_map_freep) struct control_map *map = NULL;
	cleanup_finding struct finding finding = {
		.kind = FINDING_SOFTWARE_UNKNOWN,
		.controls = strdup("old"),
		.techniques = strdup("old"),
	};

	write_map("[software.unknown]\ntitle = t\nseverity = high\ncontrols = CM-7(5)\n\tSI-7\n"
		  "controls_source = s\nrequirements = SR 3.2,\n\tSR 3.4 RE 1\n"
		  "requirements_source = s\n");
	ck_assert_int_eq(control_map_load(path, &map, NULL), 0);
	ck_assert_int_eq(control_map_apply(map, &finding), 0);
	ck_assert_str_eq(finding.controls, "CM-7(5) SI-7");
	ck_assert_str_eq(finding.requirements, "SR 3.2, SR 3.4 RE 1");
	ck_assert_ptr_null(finding.techniques);
	ck_assert_int_eq(finding.severity, SEVERITY_HIGH);
	finding.kind = FINDING_NONE;
	ck_assert_int_eq(control_map_apply(map, &finding), -EINVAL);
}
END_TEST

#define GOOD_HEAD "[software.unknown]\ntitle = t\nseverity = high\n"
#define GOOD_TAIL \
	"controls = CM-3\ncontrols_source = s\nrequirements = SR 3.4\nrequirements_source = s\n"

static const struct {
	const char *section, *message;
	unsigned line;
} refused[] = {
	{"", "finding kind 'software.unknown' is missing", 1},
	{"[software.unheard]\ntitle = t\n", "unknown finding kind 'software.unheard'", 1},
	{"[none]\ntitle = t\n", "unknown finding kind 'none'", 1},
	{GOOD_HEAD GOOD_TAIL GOOD_HEAD, "'software.unknown' stands already on line 1", 8},
	{GOOD_HEAD "colour = red\n" GOOD_TAIL, "unknown key 'colour'", 4},
	{GOOD_HEAD "severity = low\n" GOOD_TAIL, "'severity' is set twice", 4},
	{"[software.unknown]\ntitle = t\nseverity = loud\n", "unknown severity 'loud'", 3},
	{"[software.unknown]\ntitle = t\n" GOOD_TAIL, "'software.unknown' has no severity", 1},
	{GOOD_HEAD GOOD_TAIL "techniques = T1059\n",
	 "'software.unknown' needs both techniques and techniques_source, or neither", 1},
};

START_TEST(load_names_the_fault_and_its_line)
{
	struct control_map *map = NULL;
	struct diag diag = {0};

	write_map(refused[_i].section);
	ck_assert_int_eq(control_map_load(path, &map, &diag), -EINVAL);
	ck_assert_ptr_null(map);
	ck_assert_str_eq(diag.text, refused[_i].message);
	ck_assert_uint_eq(diag.line, refused[_i].line);
	ck_assert_str_eq(diag.file, path);
}
END_TEST

START_TEST(catalog_finds_whole_ids_only)
{
	cleanup_with(catalog_freep) struct catalog *catalog = NULL;
	const struct catalog_item *item;
	cleanup_free char *unknown = NULL;
	unsigned at_sl3 = 0;

	ck_assert_int_eq(catalog_load(DATA_DIR, &catalog, NULL), 0);
	item = catalog_find(catalog, CATALOG_CONTROL, "SI-7(1)", strlen("SI-7(1)"));
	ck_assert_ptr_nonnull(item);
	ck_assert_str_eq(item->id, "SI-7(1)");
	item = catalog_find(catalog, CATALOG_CONTROL, "SI-7(1)", strlen("SI-7"));
	ck_assert_str_eq(item->id, "SI-7");
	ck_assert_ptr_null(catalog_find(catalog, CATALOG_CONTROL, "SI-", 3));
	unknown =
		catalog_first_unknown(catalog, CATALOG_REQUIREMENT, "SR 3.4, SR 3.4 RE 9, SR 1.1");
	ck_assert_str_eq(unknown, "SR 3.4 RE 9");

	for (size_t i = 0; i < catalog_count(catalog, CATALOG_REQUIREMENT); i++)
		if (catalog_item(catalog, CATALOG_REQUIREMENT, i)->lowest_sl <= 3)
			at_sl3++;
	ck_assert_uint_eq(at_sl3, 90);
}
END_TEST

START_TEST(words_walk_both_kinds_of_list)
{
	const char *cursor = " SR 3.4 ,, SR 3.4 RE 1 ", *word;
	char text[] = " a\n\t b  c ";
	size_t len;

	ck_assert(words_next(&cursor, WORDS_COMMA, &word, &len));
	ck_assert(len == 6 && strncmp(word, "SR 3.4", len) == 0);
	ck_assert(words_next(&cursor, WORDS_COMMA, &word, &len));
	ck_assert(len == 11 && strncmp(word, "SR 3.4 RE 1", len) == 0);
	ck_assert(!words_next(&cursor, WORDS_COMMA, &word, &len));
	ck_assert(words_contain("CM-3 SI-7(1)", WORDS_SPACE, "SI-7(1)"));
	ck_assert(!words_contain("CM-3 SI-7(1)", WORDS_SPACE, "SI-7"));
	ck_assert(!words_contain(NULL, WORDS_SPACE, "SI-7"));
	ck_assert_str_eq(words_squash(text), "a b c");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failures;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, shipped_map_has_every_kind_with_known_ids);
	tcase_add_test(tcase, apply_replaces_ids_and_severity);
	tcase_add_loop_test(tcase, load_names_the_fault_and_its_line, 0, ARRAY_SIZE(refused));
	tcase_add_test(tcase, catalog_finds_whole_ids_only);
	tcase_add_test(tcase, words_walk_both_kinds_of_list);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failures = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failures != 0;
}
