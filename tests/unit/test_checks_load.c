/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of checks/checks.h about reading checks and profiles: what is refused, and with which
 * line. */
#include "unit.h"

#include "base/cleanup.h"
#include "checks_tree.h"

#define SHIPPED PLUMBLINE_SOURCE_DIR "/baselines/controls"

static char *data;

static void setup(void)
{
	const struct node controls = {"/controls",
				      "-> " PLUMBLINE_SOURCE_DIR "/baselines/controls"};

	data = unit_folder_new();
	make_node(data, &controls);
}

static void teardown(void)
{
	unit_folder_free(data);
}

#define HEAD "[family]\ntitle = f\n\n" /* lines 1 to 3 */
#define TEXTS                                                                          \
	"title = t\nwhy = w\nseverity = low\ncontrols = CM-6\nrequirements = SR 7.6\n" \
	"remediation = r\not_caution = c\nsource = s\n"	       /* lines 5 to 12 after the section */
#define SYSCTL	 "kind = sysctl\nkey = k\nexpect = equals 1\n" /* lines 13 to 15 */
#define GOOD(id) "[" id "]\n" TEXTS SYSCTL

static void put(const char *name, const char *text)
{
	const struct node node = {name, text};

	make_node(data, &node);
}

static const struct {
	const char *text;
	unsigned line;
	const char *message;
} refused[] = {
	{HEAD "[TST-1]\n" TEXTS SYSCTL, 4, "'TST-1' is no check id such as SYS-001"},
	{HEAD "[tst-001]\n" TEXTS SYSCTL, 4, "'tst-001' is no check id such as SYS-001"},
	{GOOD("TST-001"), 1, "the file needs a first section [family] with a title"},
	{"[family]\nname = f\n", 2, "[family] has one 'title'"},
	{HEAD GOOD("TST-001") GOOD("TST-001"), 16, "a check 'TST-001' is already there"},
	{HEAD "[TST-001]\n" TEXTS "kind = sysctrl\n", 13, "unknown kind 'sysctrl'"},
	{HEAD "[TST-001]\n" TEXTS "key = k\n", 4, "TST-001 has no 'kind'"},
	{HEAD "[TST-001]\n" TEXTS "kind = sysctl\nexpect = equals 1\n", 4,
	 "TST-001 has no 'key', which kind 'sysctl' needs"},
	{HEAD "[TST-001]\n" TEXTS "kind = sysctl\nkey = k\n", 4, "TST-001 has no 'expect'"},
	{HEAD "[TST-001]\n" TEXTS SYSCTL "path = /x\n", 16,
	 "unknown key 'path' for a check of kind 'sysctl'"},
	{HEAD "[TST-001]\n" TEXTS SYSCTL "key = j\n", 16, "'key' is set twice"},
	{HEAD "[TST-001]\n" TEXTS "kind = sysctl\nkey = k\nexpect = equal 1\n", 15,
	 "unknown operator 'equal'"},
	{HEAD "[TST-001]\n" TEXTS "kind = sysctl\nkey = k\nexpect = none\n", 15,
	 "'none' does not fit what this kind finds"},
	{HEAD "[TST-001]\n" TEXTS SYSCTL "applies = live\n", 4,
	 "TST-001 needs both 'applies' and 'otherwise', or neither"},
	{HEAD "[TST-001]\n" TEXTS SYSCTL "otherwise = x\napplies = when it rains\n", 17,
	 "applies: 'when it rains' is none of 'path /P...', 'package P...', 'live'"},
	{HEAD "[TST-001]\n" TEXTS "kind = file_mode\npath = etc/x\nexpect = none\n", 14,
	 "path: 'etc/x' is not an absolute path"},
	{HEAD "[TST-001]\n" TEXTS "kind = file_mode\npath = /x\nmax_mode = 0888\nexpect = none\n",
	 15, "max_mode: is not an octal file mode"},
	{HEAD "[TST-001]\n" TEXTS "kind = unit\nunits = a\nlist = dead\nexpect = none\n", 15,
	 "list: 'dead' is none of: active running unmasked"},
	{HEAD "[TST-001]\ntitle = t\nwhy = w\nseverity = low\ncontrols = CM-6 CM-99\nrequirements "
	      "= SR 7.6\n"
	      "remediation = r\not_caution = c\nsource = s\n" SYSCTL,
	 8, "controls: unknown id 'CM-99'"},
	{HEAD "[TST-001]\ntitle = t\nwhy = w\nseverity = low\ncontrols = CM-6\nrequirements = SR "
	      "7.6, SR 9.9\n"
	      "remediation = r\not_caution = c\nsource = s\n" SYSCTL,
	 9, "requirements: unknown id 'SR 9.9'"},
	{HEAD "[TST-001]\n" TEXTS SYSCTL "techniques = T1078 T1110 T1078\n", 16,
	 "techniques: 'T1078' stands twice"},
	{HEAD "[TST-001]\n" TEXTS SYSCTL "techniques = T0000\n", 16,
	 "techniques: unknown id 'T0000'"},
	{HEAD
	 "[TST-001]\ntitle = t\nwhy = w\nseverity = grave\ncontrols = CM-6\nrequirements = SR 7.6\n"
	 "remediation = r\not_caution = c\nsource = s\n" SYSCTL,
	 7, "unknown severity 'grave'"},
	{HEAD "[TST-001]\nwhy = w\nseverity = low\ncontrols = CM-6\nrequirements = SR 7.6\n"
	      "remediation = r\not_caution = c\nsource = s\n" SYSCTL,
	 4, "TST-001 has no 'title'"},
	{HEAD "[TST-001]\ntitle = t\nsource =\n", 4, "TST-001 has no 'kind'"},
	{HEAD "[TST-001]\ntitle = t\xe9tat\n", 5, "'title' holds bytes that are not UTF-8"},
	{"[family]\ntitle = \xc3\xa9t\xe9\n", 2, "'title' holds bytes that are not UTF-8"},
};

START_TEST(a_faulty_check_is_refused_with_its_line)
{
	struct diag diag = {0};
	char path[256];
	size_t count;

	put("/checks/a.ini", refused[_i].text);
	snprintf(path, sizeof(path), "%s/checks/a.ini", data);
	ck_assert_int_eq(check_lint(data, path, &count, &diag), -EINVAL);
	ck_assert_str_eq(diag.text, refused[_i].message);
	ck_assert_uint_eq(diag.line, refused[_i].line);
	ck_assert_str_eq(diag.file, path);
}
END_TEST

START_TEST(the_order_of_keys_does_not_matter)
{
	struct diag diag = {0};
	char path[256];
	size_t count = 0;

	put("/checks/a.ini",
	    HEAD "[TST-001]\nexpect = equals\n\t1\nkey = k\nkind = sysctl\n" TEXTS GOOD("TST-002"));
	snprintf(path, sizeof(path), "%s/checks/a.ini", data);
	ck_assert_msg(check_lint(data, path, &count, &diag) == 0, "%s", diag.text);
	ck_assert_uint_eq(count, 2);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *message;
} bad_profiles[] = {
	{"[profile]\ntitle = t\n", 1, "[profile] needs title and lowest_sl"},
	{"# c\n[leave_out]\n[profile]\nlowest_sl = 3\n", 3, "[profile] needs title and lowest_sl"},
	{"# c\n[leave_out]\nTST-001 = r\n", 1,
	 "there is no [profile], which has title and lowest_sl"},
	{"[profile]\nlowest_sl = 3\ntitle = a\xe4t\n", 3, "'title' holds bytes that are not UTF-8"},
	{"[profile]\ntitle = t\nlowest_sl = 5\n", 3, "'5' is not a security level (1 to 4)"},
	{"[profile]\ntitle = t\nname = n\n", 3, "unknown or repeated key 'name'"},
	{"[leave_out]\nTST-009 = no\n", 2, "unknown check 'TST-009'"},
	{"[leave_out]\nTST-001 =\n", 2, "TST-001 is left out without a reason"},
	{"[expect]\nTST-001 = none\n", 2, "'none' does not fit what this kind finds"},
	{"[wishes]\nTST-001 = x\n", 1, "unknown section [wishes]"},
};

START_TEST(a_faulty_profile_is_refused_with_its_line)
{
	struct check_set *set = NULL;
	struct diag diag = {0};

	put("/checks/a.ini", HEAD GOOD("TST-001"));
	put("/profiles/p.ini", bad_profiles[_i].text);
	ck_assert_int_eq(check_set_load(data, "p", &set, &diag), -EINVAL);
	ck_assert_ptr_null(set);
	ck_assert_str_eq(diag.text, bad_profiles[_i].message);
	ck_assert_uint_eq(diag.line, bad_profiles[_i].line);
}
END_TEST

START_TEST(a_profile_name_is_no_path)
{
	static const char *const names[] = {"", "../profiles/p", "/etc/x", ".p"};
	struct check_set *set = NULL;
	struct diag diag = {0};

	put("/checks/a.ini", HEAD GOOD("TST-001"));
	put("/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 4\n");
	put("/profiles/.p.ini", "[profile]\ntitle = t\nlowest_sl = 4\n");
	ck_assert_int_eq(check_set_load(data, names[_i], &set, &diag), -EINVAL);
	ck_assert_ptr_nonnull(strstr(diag.text, "is no profile name"));
}
END_TEST

/* SR 7.6 is of SL 1, SR 2.8 RE 1 of SL 3, SR 2.1 RE 4 of SL 4. */
#define OF(id, requirement)                                                                   \
	"[" id                                                                                \
	"]\ntitle = t\nwhy = w\nseverity = low\ncontrols = CM-6\nrequirements = " requirement \
	"\nremediation = r\not_caution = c\nsource = s\n" SYSCTL

START_TEST(a_profile_filters_and_tailors)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_check_result struct check_result result = {0};
	const struct node sysctl = {"/host/proc/sys/k", "7\n"};
	struct diag diag = {0};
	char root[256];
	unsigned with, all;

	put("/checks/a.ini",
	    HEAD OF("TST-001", "SR 7.6") OF("TST-002", "SR 2.8 RE 1") OF("TST-003", "SR 2.1 RE 4")
		    OF("TST-004", "SR 2.1 RE 4, SR 7.6"));
	put("/profiles/p.ini",
	    "[profile]\ntitle = t\nlowest_sl = 3\n[leave_out]\nTST-002 = why not\n"
	    "[expect]\nTST-004 = one_of 7 8\n");
	make_node(data, &sysctl);
	snprintf(root, sizeof(root), "%s/host", data);
	ck_assert_msg(check_set_load(data, "p", &set, &diag) == 0, "%s", diag.text);
	ck_assert_uint_eq(check_set_count(set), 2);
	ck_assert_uint_eq(check_set_left_out(set), 2);
	ck_assert_str_eq(check_set_id(set, 0), "TST-001");
	ck_assert_str_eq(check_set_id(set, 1), "TST-004");
	ck_assert_int_eq(check_set_find(set, "TST-004"), 1);
	ck_assert_int_eq(check_set_find(set, "TST-002"), -ENOENT);
	check_set_requirements(set, &with, &all);
	ck_assert_uint_eq(with, 1); /* SR 2.1 RE 4 is beyond SL 3 */
	ck_assert_uint_eq(all, 90);

	ck_assert_int_eq(check_run(set, 1, root, &result), 0);
	ck_assert_int_eq(result.outcome, CHECK_PASS);
	ck_assert_str_eq(result.expected, "7 or 8");
}
END_TEST

static const struct {
	const char *requirement;
	bool is_own;
} readings[] = {
	{"SR 3.2", false}, {"SR 7.6", false},
	{"SR 3.7", true},  {"SR 3.7 RE 1", true}, /* of which the source does not speak */
	{"SR 3", true},
};

START_TEST(a_requirement_without_pairs_is_an_own_reading)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	struct diag diag = {0};

	put("/checks/a.ini",
	    HEAD "[TST-001]\ntitle = t\nwhy = w\nseverity = low\ncontrols = CM-6\n"
		 "requirements = SR 3.2, SR 7.6, SR 3.7\nremediation = r\not_caution = c\n"
		 "source = controls: CM-6 as in X; SR 3.2, SR 7.6: pairs of\n"
		 "\tnist-800-53r5.ini; SR 3.7: own reading\n" SYSCTL);
	put("/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 3\n");
	ck_assert_msg(check_set_load(data, "p", &set, &diag) == 0, "%s", diag.text);
	ck_assert_int_eq(check_set_is_own_reading(set, 0, readings[_i].requirement),
			 readings[_i].is_own);
}
END_TEST

#define FIFTY "A packaging line with a very long name of its own."

static const struct {
	const char *text;
	unsigned line;
	const char *message;
} bad_overlays[] = {
	{"[leave_out]\nTST-001 = r\n", 1, "there is no [overlay], which has a title"},
	{"[leave_out]\nTST-001 = r\n[overlay]\n", 3, "[overlay] needs a title"},
	{"[overlay]\ntitle = t\n[leave_out]\nTST-001 = d\xe9j\xe0 vu\n", 4,
	 "'TST-001' holds bytes that are not UTF-8"},
	{"[overlay]\ntitle = " FIFTY "\n\t" FIFTY "\n\t" FIFTY "\n\t" FIFTY "\n\t" FIFTY
	 "\n\t" FIFTY "\n",
	 2, "the title is longer than 256 bytes"},
	{"[overlay]\ntitle = t\nlowest_sl = 3\n", 3, "unknown or repeated key 'lowest_sl'"},
	{"[overlay]\ntitle = t\n[leave_out]\nTST-001 =\n", 4,
	 "TST-001 is left out without a reason"},
	{"[overlay]\ntitle = t\n[take_in]\nTST-009 = r\n", 4, "unknown check 'TST-009'"},
	{"[overlay]\ntitle = t\n[expect]\nTST-001 = equals 3\n", 4,
	 "[because] has no reason for the change of TST-001"},
	{"[overlay]\ntitle = t\n[expect]\nTST-001 = below 3\n", 4, "unknown operator 'below'"},
	{"[overlay]\ntitle = t\n[set]\nTST-001 = x\n", 4, "'TST-001' is not of the form ID.KEY"},
	{"[overlay]\ntitle = t\n[set]\nTST-001.path = x\n", 4,
	 "unknown key 'path' for a check of kind 'sysctl'"},
	{"[overlay]\ntitle = t\nchecks = x\n", 3, "checks: 'x' is not an absolute path"},
	{"[overlay]\ntitle = t\n[waive]\nTST-001 = r\n", 3, "unknown section [waive]"},
	{"[overlay]\ntitle = t\n[leave_out]\nTST-001 = r\nTST-001 = s\n", 5,
	 "'TST-001' stands twice"},
	{"[overlay]\ntitle = t\n[leave_out]\nTST-001 = r\n[take_in]\nTST-001 = r\n", 6,
	 "'TST-001' stands twice"},
	{"[overlay]\ntitle = t\n[expect]\nTST-001 = equals 3\nTST-001 = equals 4\n", 5,
	 "'TST-001' stands twice"},
	{"[overlay]\ntitle = t\n[set]\nTST-001.key = x\nTST-001.key = y\n", 5,
	 "'TST-001.key' stands twice"},
};

static void make_tailored(const char *overlay)
{
	put("/checks/a.ini",
	    HEAD OF("TST-001", "SR 7.6") OF("TST-002", "SR 2.8 RE 1") OF("TST-003", "SR 2.1 RE 4"));
	put("/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 3\n[leave_out]\nTST-002 = x\n");
	put("/overlay.ini", overlay);
}

START_TEST(a_faulty_overlay_is_refused_with_its_line)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	struct diag diag = {0};
	char path[256];

	snprintf(path, sizeof(path), "%s/overlay.ini", data);
	make_tailored(bad_overlays[_i].text);
	ck_assert_int_eq(check_set_load_for(data,
					    &(struct check_choice){.profile = "p", .overlay = path},
					    &set, &diag),
			 -EINVAL);
	ck_assert_str_eq(diag.text, bad_overlays[_i].message);
	ck_assert_uint_eq(diag.line, bad_overlays[_i].line);
}
END_TEST

START_TEST(an_overlay_tightens_loosens_and_adds)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	struct diag diag = {0};
	char path[256], overlay[1024];

	snprintf(path, sizeof(path), "%s/overlay.ini", data);
	snprintf(overlay, sizeof(overlay),
		 "[overlay]\ntitle = o\nchecks = %s/own.ini\n[take_in]\nTST-002 = r\nTST-003 = r\n"
		 "[leave_out]\nTST-001 = r\n[set]\nOWN-001.key = other\n[because]\nOWN-001 = r\n",
		 data);
	make_tailored(overlay);
	put("/own.ini", HEAD OF("OWN-001", "SR 7.6"));
	ck_assert_msg(check_set_load_for(data,
					 &(struct check_choice){.profile = "p", .overlay = path},
					 &set, &diag) == 0,
		      "%s", diag.text);
	ck_assert_uint_eq(check_set_count(set), 3);
	ck_assert_int_eq(check_set_find(set, "TST-001"), -ENOENT);
	ck_assert_int_ge(check_set_find(set, "TST-003"), 0);
	ck_assert_int_ge(check_set_find(set, "OWN-001"), 0);
	ck_assert_str_eq(check_set_tailoring(set),
			 "overlay 'o': 2 taken in, 1 left out, 1 changed, 1 added");
}
END_TEST

/* CM-6 is in every baseline, so only the name of the mark differs here. */
static const struct {
	const char *category, *tailoring;
} categories[] = {
	{"low", "category low by the high-water mark: 0 left out"},
	{"confidentiality=low integrity=high availability=moderate",
	 "category high by the high-water mark: 0 left out"},
	{"availability=moderate low", "category moderate by the high-water mark: 0 left out"},
	{"safety=low", NULL},
	{"integrity=medium", NULL},
	{"=low", NULL},
	{" ", NULL},
};

START_TEST(the_highest_objective_is_the_category)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	int r;

	make_tailored("");
	r = check_set_load_for(data,
			       &(struct check_choice){.profile = "p-sl4",
						      .category = categories[_i].category},
			       &set, NULL);
	ck_assert_int_eq(r, categories[_i].tailoring ? 0 : -EINVAL);
	if (r < 0)
		return;
	ck_assert_str_eq(check_set_tailoring(set), categories[_i].tailoring);
	ck_assert_str_eq(check_set_profile_title(set), "t, checks up to SL 4");
	ck_assert_uint_eq(check_set_count(set), 2);
}
END_TEST

static enum check_outcome run_first(struct check_set *set, const char *root)
{
	cleanup_check_result struct check_result result = {0};

	ck_assert_int_eq(check_run(set, 0, root, &result), 0);
	return result.outcome;
}

START_TEST(a_second_run_looks_again)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	char root[256];

	put("/checks/a.ini", HEAD
	    "[TST-001]\ntitle = t\nwhy = w\nseverity = low\ncontrols = CM-6\nrequirements = SR "
	    "7.6\nremediation = r\not_caution = c\nsource = s\nkind = package\nnames = x\n"
	    "expect = none\n");
	put("/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 3\n");
	put("/a/var/lib/dpkg/status", "Package: x\nStatus: install ok installed\n");
	put("/b/var/lib/dpkg/status", "Package: y\nStatus: install ok installed\n");
	snprintf(root, sizeof(root), "%s/a", data);
	ck_assert_int_eq(check_set_load(data, "p", &set, NULL), 0);
	ck_assert_int_eq(run_first(set, root), CHECK_FAIL);
	put("/a/var/lib/dpkg/status", "Package: z\nStatus: install ok installed\n");
	check_set_forget(set);
	ck_assert_int_eq(run_first(set, root), CHECK_PASS);
	/* Another root is another system, forgotten or not. */
	put("/a/var/lib/dpkg/status", "Package: x\nStatus: install ok installed\n");
	root[strlen(root) - 1] = 'b';
	ck_assert_int_eq(run_first(set, root), CHECK_PASS);
	root[strlen(root) - 1] = 'a';
	ck_assert_int_eq(run_first(set, root), CHECK_FAIL);
}
END_TEST

START_TEST(only_what_was_found_out_is_evidence)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	struct check_result results[3] = {
		{.outcome = CHECK_PASS, .requirements = "SR 7.6, SR 2.1 RE 4"},
		{.outcome = CHECK_FAIL, .requirements = "SR 2.8 RE 1"},
		{.outcome = CHECK_PASS, .requirements = "SR 7.6"},
	};
	unsigned with, all;

	put("/checks/a.ini", HEAD GOOD("TST-001"));
	put("/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 3\n");
	ck_assert_int_eq(check_set_load(data, "p", &set, NULL), 0);
	check_set_evidence(set, results, 3, &with, &all);
	ck_assert_uint_eq(with, 2);
	results[1].outcome = CHECK_ERROR;
	check_set_evidence(set, results, 3, &with, &all);
	ck_assert_uint_eq(with, 1);
	results[0].outcome = results[2].outcome = CHECK_NOT_APPLICABLE;
	check_set_evidence(set, results, 3, &with, &all);
	ck_assert_uint_eq(with, 0);
}
END_TEST

/* Every shipped check against an empty folder: nothing may pass there as if it had been looked at.
 */
START_TEST(shipped_checks_say_little_of_an_empty_folder)
{
	static const char *const profiles[] = {"hmi-sl3", "ews-sl3", "server-sl3"};
	/* These pass because the thing itself is gone: no such file, no such rule. */
	static const char may_pass[] = "INT-006 CRN-001";
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	struct diag diag = {0};

	ck_assert_msg(check_set_load(PLUMBLINE_SOURCE_DIR "/baselines", profiles[_i], &set,
				     &diag) == 0,
		      "%s:%u: %s", diag.file, diag.line, diag.text);
	ck_assert_uint_ge(check_set_count(set), 100);
	for (size_t i = 0; i < check_set_count(set); i++) {
		cleanup_check_result struct check_result result = {0};

		ck_assert_int_eq(check_run(set, i, data, &result), 0);
		ck_assert_ptr_nonnull(result.expected);
		ck_assert_msg(result.outcome != CHECK_PASS ||
				      strstr(result.actual, "built-in default") ||
				      strstr(may_pass, result.id),
			      "%s passes: %s", result.id, result.actual);
		/* An operator that does not fit would show here. */
		ck_assert_msg(!result.reason || !strstr(result.reason, "was found where"), "%s: %s",
			      result.id, result.reason);
	}
}
END_TEST

/* The shipped control map with another id in its third section, and the line of that. */
static unsigned put_spoilt_map(void)
{
	cleanup_fclose FILE *from = fopen(SHIPPED "/findings.ini", "re");
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct node map = {"/controls/findings.ini", NULL};
	unsigned line = 0, spoilt = 0, sections = 0;
	char buf[512];

	ck_assert_ptr_nonnull(from);
	while (fgets(buf, sizeof(buf), from)) {
		line++;
		sections += *buf == '[';
		if (sections == 3 && !spoilt && strncmp(buf, "requirements = ", 15) == 0) {
			strbuf_add_str(&text, "requirements = SR 3.4, SR 9.9\n");
			spoilt = line;
		} else {
			strbuf_add_str(&text, buf);
		}
	}
	ck_assert_int_eq(strbuf_check(&text), 0);
	map.content = text.data;
	make_node(data, &map);
	return spoilt;
}

START_TEST(an_unknown_id_of_the_control_map_is_told_with_its_line)
{
	static const char *const others[] = {"attack",	      "cmmc-2.0-l2",
					     "csf-2.0",	      "dfars-252.204-7012",
					     "frameworks",    "iec62443-3-3",
					     "iso27002-2022", "nist-800-53r5",
					     "sp800-171r2",   "sp800-82r3"};
	struct diag diag = {0};
	char path[256];
	unsigned line;
	size_t count;

	snprintf(path, sizeof(path), "%s/controls", data);
	ck_assert_int_eq(unlink(path), 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char name[64], target[256];

		snprintf(name, sizeof(name), "/controls/%s.ini", others[i]);
		snprintf(target, sizeof(target), "-> " SHIPPED "/%s.ini", others[i]);
		put(name, target);
	}
	line = put_spoilt_map();
	put("/checks/a.ini", HEAD GOOD("TST-001"));
	put("/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 3\n");
	ck_assert_int_eq(check_lint(data, NULL, &count, &diag), -EINVAL);
	ck_assert_msg(strstr(diag.text, "unknown id 'SR 9.9'"), "%s", diag.text);
	ck_assert_uint_eq(diag.line, line);
	ck_assert_msg(strstr(diag.file, "/controls/findings.ini"), "%s", diag.file);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_faulty_check_is_refused_with_its_line, 0,
			    (int)ARRAY_SIZE(refused));
	tcase_add_test(tcase, the_order_of_keys_does_not_matter);
	tcase_add_loop_test(tcase, a_faulty_profile_is_refused_with_its_line, 0,
			    (int)ARRAY_SIZE(bad_profiles));
	tcase_add_loop_test(tcase, a_profile_name_is_no_path, 0, 4);
	tcase_add_test(tcase, a_profile_filters_and_tailors);
	tcase_add_test(tcase, a_second_run_looks_again);
	tcase_add_loop_test(tcase, a_faulty_overlay_is_refused_with_its_line, 0,
			    (int)ARRAY_SIZE(bad_overlays));
	tcase_add_test(tcase, an_overlay_tightens_loosens_and_adds);
	tcase_add_loop_test(tcase, a_requirement_without_pairs_is_an_own_reading, 0,
			    ARRAY_SIZE(readings));
	tcase_add_loop_test(tcase, the_highest_objective_is_the_category, 0,
			    (int)ARRAY_SIZE(categories));
	tcase_add_test(tcase, only_what_was_found_out_is_evidence);
	tcase_add_test(tcase, an_unknown_id_of_the_control_map_is_told_with_its_line);
	tcase_add_loop_test(tcase, shipped_checks_say_little_of_an_empty_folder, 0, 3);
}

UNIT_MAIN("checks_load")
