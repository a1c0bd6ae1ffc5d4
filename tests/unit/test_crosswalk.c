/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/crosswalk.h, on the shipped data and on a small one with faults. */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/crosswalk.h"

#define DATA_DIR PLUMBLINE_SOURCE_DIR "/baselines"

static char dir[64];

static void setup(void)
{
	char path[128];

	strcpy(dir, "/tmp/plumbline-crosswalk.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/controls", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static const char *const files[] = {"frameworks.ini", "nist-800-53r5.ini", "ids.ini"};

static void teardown(void)
{
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/controls/%s", dir, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/controls", dir);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void write_file(const char *name, const char *text)
{
	cleanup_fclose FILE *file = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/controls/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
}

#define HEAD                                       \
	"[sources]\nus = our own reading\n"        \
	"[800-53]\ntitle = controls\nsource = s\n" \
	"[csf]\ntitle = t\nsource = s\nids = ids.ini\npairs = csf\n"
#define CONTROLS "[SI-7]\ntitle = Integrity\nhost = direct\n[SI-7(1)]\ntitle = Checks\n"
#define IDS	 "[ids]\nPR.A = one\nPR.B = two\n"

static int load(const char *frameworks, const char *controls, const char *ids,
		struct crosswalk **ret_crosswalk, struct diag *diag)
{
	write_file("frameworks.ini", frameworks);
	write_file("nist-800-53r5.ini", controls);
	write_file("ids.ini", ids);
	return crosswalk_load(dir, ret_crosswalk, diag);
}

START_TEST(shipped_data_has_ten_frameworks_with_pairs)
{
	cleanup_with(crosswalk_freep) struct crosswalk *crosswalk = NULL;
	struct diag diag = {0};

	ck_assert_msg(crosswalk_load(DATA_DIR, &crosswalk, &diag) == 0, "%s:%u: %s", diag.file,
		      diag.line, diag.text);
	ck_assert_uint_eq(crosswalk_count(crosswalk), 10);
	for (size_t i = 0; i < crosswalk_count(crosswalk); i++) {
		const struct framework *framework = crosswalk_get(crosswalk, i);

		ck_assert_ptr_eq(crosswalk_find(crosswalk, framework->name), framework);
		ck_assert_uint_gt(framework->item_count, 0);
		ck_assert_uint_gt(framework->pair_count, 0);
	}
	ck_assert_ptr_null(crosswalk_find(crosswalk, "csf"));
	ck_assert_uint_eq(crosswalk_find(crosswalk, "62443-3-3")->item_count, 100);
	ck_assert_ptr_nonnull(crosswalk_find(crosswalk, "800-82")->unverified);
	ck_assert_ptr_nonnull(
		strstr(crosswalk_find(crosswalk, "attack-ics")->notice, "The MITRE Corporation"));
}
END_TEST

static enum touch touch_of(const struct crosswalk *crosswalk, const char *name, const char *id,
			   const char *controls)
{
	const struct framework *framework = crosswalk_find(crosswalk, name);
	const struct framework_item *item = framework_find_item(framework, id, strlen(id));
	const struct control_ids ids = {controls, "SR 3.4", "T1059", SEVERITY_LOW};
	unsigned char touches[1024];

	ck_assert_ptr_nonnull(item);
	ck_assert_uint_lt(framework->item_count, sizeof(touches));
	crosswalk_touch(crosswalk, framework, &ids, touches);
	return touches[item - framework->items];
}

START_TEST(an_enhancement_inherits_only_what_it_has_not)
{
	cleanup_with(crosswalk_freep) struct crosswalk *crosswalk = NULL;
	const struct framework *pivot;
	size_t control;

	ck_assert_int_eq(crosswalk_load(DATA_DIR, &crosswalk, NULL), 0);
	ck_assert_int_eq(touch_of(crosswalk, "csf-2.0", "DE.CM-09", "SI-7"), TOUCH_PAIRED);
	ck_assert_int_eq(touch_of(crosswalk, "csf-2.0", "DE.CM-09", "SI-7(1)"), TOUCH_INHERITED);
	/* CM-7(5) is 3.4.8 of SP 800-171, its control CM-7 is 3.4.6. */
	ck_assert_int_eq(touch_of(crosswalk, "800-171", "3.4.8", "CM-7(5)"), TOUCH_PAIRED);
	ck_assert_int_eq(touch_of(crosswalk, "800-171", "3.4.6", "CM-7(5)"), TOUCH_NONE);
	ck_assert_int_eq(touch_of(crosswalk, "cmmc-2.0", "CM.L2-3.4.8", "CM-7(5)"), TOUCH_PAIRED);
	/* In the pivot and its overlay a control speaks for itself alone. */
	ck_assert_int_eq(touch_of(crosswalk, "800-53", "SI-7", "SI-7(1)"), TOUCH_NONE);
	ck_assert_int_eq(touch_of(crosswalk, "800-82", "SI-7", "SI-7"), TOUCH_DIRECT);
	ck_assert_int_eq(touch_of(crosswalk, "800-82", "SI-7", "SI-7(1)"), TOUCH_NONE);
	pivot = crosswalk_pivot(crosswalk);
	control = (size_t)(framework_find_item(pivot, "CM-3(3)", 7) - pivot->items);
	ck_assert_uint_eq(crosswalk_pairs_of(crosswalk, crosswalk_find(crosswalk, "800-82"),
					     control),
			  SIZE_MAX);
	ck_assert_int_eq(touch_of(crosswalk, "62443-3-3", "SR 3.4", "SI-7"), TOUCH_DIRECT);
	ck_assert_int_eq(touch_of(crosswalk, "62443-3-3", "SR 3.4 RE 1", "SI-7"), TOUCH_NONE);
	ck_assert_int_eq(touch_of(crosswalk, "attack-enterprise", "T1059", ""), TOUCH_DIRECT);
	ck_assert_int_eq(touch_of(crosswalk, "attack-enterprise", "T1059.004", "CM-2"), TOUCH_NONE);
}
END_TEST

START_TEST(a_pair_names_its_source_in_words)
{
	cleanup_with(crosswalk_freep) struct crosswalk *crosswalk = NULL;
	const struct framework *csf;
	const char *source;

	ck_assert_int_eq(
		load(HEAD, CONTROLS "csf = PR.B\ncsf_source = us\n", IDS, &crosswalk, NULL), 0);
	csf = crosswalk_find(crosswalk, "csf");
	ck_assert_uint_eq(crosswalk_pairs_of(crosswalk, csf, 0), SIZE_MAX);
	ck_assert_uint_eq(crosswalk_pairs_of(crosswalk, csf, 1), 1);
	source = crosswalk_pair_source(crosswalk, csf, 1);
	ck_assert_str_eq(source, "us");
	ck_assert_str_eq(crosswalk_source_words(crosswalk, source, 2), "our own reading");
	ck_assert_ptr_null(crosswalk_source_words(crosswalk, source, 1));
	ck_assert_int_eq(crosswalk_host_evidence(crosswalk, csf, 0), HOST_EVIDENCE_NONE);
	ck_assert_int_eq(crosswalk_host_evidence(crosswalk, crosswalk_pivot(crosswalk), 0),
			 HOST_EVIDENCE_DIRECT);
}
END_TEST

static const struct {
	const char *frameworks, *controls, *ids, *file, *message;
	unsigned line;
} refused[] = {
	{HEAD, CONTROLS "csf = PR.C\ncsf_source = us\n", IDS, "nist-800-53r5.ini",
	 "'PR.C' is no id of csf", 6},
	{HEAD, CONTROLS "csf = PR.A\n", IDS, "nist-800-53r5.ini", "'csf' names no source", 6},
	{HEAD, CONTROLS "csf = PR.A\ncsf_source = them\n", IDS, "nist-800-53r5.ini",
	 "'them' is no source that frameworks.ini knows", 6},
	{HEAD, CONTROLS "csf_source = us\n", IDS, "nist-800-53r5.ini",
	 "[SI-7(1)] has csf_source without csf", 4},
	{HEAD, CONTROLS "colour = red\n", IDS, "nist-800-53r5.ini", "unknown key 'colour'", 6},
	{HEAD, CONTROLS "host = perhaps\n", IDS, "nist-800-53r5.ini",
	 "host is none, supporting or direct, not 'perhaps'", 6},
	{HEAD, CONTROLS "baselines = low lower\n", IDS, "nist-800-53r5.ini",
	 "'lower' is no baseline", 6},
	{HEAD, "[SI-7]\nhost = direct\n", IDS, "nist-800-53r5.ini", "'SI-7' has no title", 1},
	{HEAD, CONTROLS "[SI-7]\ntitle = t\n", IDS, "nist-800-53r5.ini", "'SI-7' stands twice", 6},
	{HEAD, CONTROLS, "[names]\nPR.A = one\n", "ids.ini", "unknown section [names]", 1},
	{HEAD, CONTROLS, IDS "[not_on_host]\nPR.X = r\n", "ids.ini", "'PR.X' is not in [ids] above",
	 5},
	{"[800-53]\npairs = cfs\n", CONTROLS, IDS, "frameworks.ini", "'cfs' is no list of pairs",
	 2},
	{HEAD "[groups cfs]\nPR = p\n", CONTROLS, IDS, "frameworks.ini",
	 "[groups cfs]: no such framework", 11},
	{HEAD "[groups csf]\nPX = p\n", CONTROLS, IDS, "ids.ini",
	 "no group of csf begins like 'PR.A'", 2},
	{HEAD "colour = red\n", CONTROLS, IDS, "frameworks.ini", "unknown key 'colour'", 11},
	{"[csf]\ntitle = t\n", CONTROLS, IDS, "frameworks.ini", "the first framework is 800-53", 1},
};

START_TEST(load_names_the_fault_and_its_line)
{
	struct crosswalk *crosswalk = NULL;
	struct diag diag = {0};

	ck_assert_int_eq(load(refused[_i].frameworks, refused[_i].controls, refused[_i].ids,
			      &crosswalk, &diag),
			 -EINVAL);
	ck_assert_ptr_null(crosswalk);
	ck_assert_str_eq(diag.text, refused[_i].message);
	ck_assert_uint_eq(diag.line, refused[_i].line);
	ck_assert_ptr_nonnull(strstr(diag.file, refused[_i].file));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crosswalk");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failures;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, shipped_data_has_ten_frameworks_with_pairs);
	tcase_add_test(tcase, an_enhancement_inherits_only_what_it_has_not);
	tcase_add_test(tcase, a_pair_names_its_source_in_words);
	tcase_add_loop_test(tcase, load_names_the_fault_and_its_line, 0, ARRAY_SIZE(refused));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failures = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failures != 0;
}
