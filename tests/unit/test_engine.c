/* SPDX-License-Identifier: Apache-2.0 */
/* agent/engine */
#include "unit.h"

#include "base/str.h"
#include "engine/engine.h"

static struct file_fact file(enum file_role role, uint8_t content)
{
	return (struct file_fact){
		.path = "/opt/hmi/pump",
		.type = FILE_TYPE_REGULAR,
		.role = role,
		.has_digest = true,
		.sha256 = {content},
		.mode = 0755,
		.user = "root",
		.group = "root",
	};
}

static const struct file_fact nothing = {.path = "/opt/hmi/pump"};

/* What is there now (0: nothing, -1: unreadable), what the path and the content are approved as. */
static const struct {
	int now, approved;
	bool same_content, is_exec;
	enum file_role role;
	enum verdict verdict;
	enum finding_kind kind;
} table[] = {
	{1, 1, false, false, FILE_ROLE_EXECUTABLE, VERDICT_APPROVED, FINDING_NONE},
	{1, 1, false, true, FILE_ROLE_EXECUTABLE, VERDICT_APPROVED, FINDING_NONE},
	{2, 1, false, false, FILE_ROLE_EXECUTABLE, VERDICT_MODIFIED, FINDING_SOFTWARE_MODIFIED},
	{2, 1, false, true, FILE_ROLE_EXECUTABLE, VERDICT_MODIFIED, FINDING_SOFTWARE_MODIFIED},
	{2, 1, false, false, FILE_ROLE_LIBRARY, VERDICT_MODIFIED, FINDING_LIBRARY_MODIFIED},
	{2, 1, false, true, FILE_ROLE_SCRIPT, VERDICT_MODIFIED, FINDING_SCRIPT_MODIFIED},
	{2, 1, false, false, FILE_ROLE_MODULE, VERDICT_MODIFIED, FINDING_MODULE_MODIFIED},
	{2, 1, false, false, FILE_ROLE_CONFIG, VERDICT_MODIFIED, FINDING_CONFIG_MODIFIED},
	{2, 1, false, false, FILE_ROLE_DATA, VERDICT_MODIFIED, FINDING_DATA_MODIFIED},
	{2, 1, false, false, FILE_ROLE_IMAGE, VERDICT_MODIFIED, FINDING_SOFTWARE_MODIFIED},
	{0, 1, false, false, FILE_ROLE_SCRIPT, VERDICT_REMOVED, FINDING_SCRIPT_REMOVED},
	{0, 1, false, false, FILE_ROLE_CONFIG, VERDICT_REMOVED, FINDING_CONFIG_REMOVED},
	{0, 0, false, false, FILE_ROLE_DATA, VERDICT_APPROVED, FINDING_NONE},
	{1, 0, false, false, FILE_ROLE_EXECUTABLE, VERDICT_ADDED, FINDING_SOFTWARE_ADDED},
	{1, 0, true, false, FILE_ROLE_EXECUTABLE, VERDICT_ADDED, FINDING_SOFTWARE_ADDED},
	{1, 0, false, false, FILE_ROLE_MODULE, VERDICT_ADDED, FINDING_MODULE_ADDED},
	{1, 0, false, true, FILE_ROLE_EXECUTABLE, VERDICT_UNKNOWN, FINDING_SOFTWARE_UNKNOWN},
	{1, 0, false, true, FILE_ROLE_SCRIPT, VERDICT_UNKNOWN, FINDING_SCRIPT_UNKNOWN},
	{1, 0, false, true, FILE_ROLE_LIBRARY, VERDICT_UNKNOWN, FINDING_LIBRARY_UNKNOWN},
	{1, 0, false, true, FILE_ROLE_MODULE, VERDICT_UNKNOWN, FINDING_MODULE_UNKNOWN},
	{1, 0, true, true, FILE_ROLE_EXECUTABLE, VERDICT_MOVED, FINDING_SOFTWARE_MOVED},
	{1, 0, true, true, FILE_ROLE_SCRIPT, VERDICT_MOVED, FINDING_SOFTWARE_MOVED},
	{-1, 0, false, true, FILE_ROLE_EXECUTABLE, VERDICT_UNVERIFIABLE,
	 FINDING_SOFTWARE_UNVERIFIABLE},
	{0, 0, false, true, FILE_ROLE_EXECUTABLE, VERDICT_UNVERIFIABLE,
	 FINDING_SOFTWARE_UNVERIFIABLE},
	{-1, 1, false, true, FILE_ROLE_EXECUTABLE, VERDICT_UNVERIFIABLE,
	 FINDING_SOFTWARE_UNVERIFIABLE},
	{-1, 1, false, false, FILE_ROLE_CONFIG, VERDICT_UNVERIFIABLE,
	 FINDING_SOFTWARE_UNVERIFIABLE},
};

START_TEST(judges_as_the_table_says)
{
	struct file_fact found = file(table[_i].role, (uint8_t)table[_i].now);
	struct file_fact approved = file(table[_i].role, (uint8_t)table[_i].approved);
	struct judgement judgement;

	found.has_digest = table[_i].now > 0;
	judgement = engine_judge(table[_i].now ? &found : &nothing,
				 table[_i].approved ? &approved : NULL,
				 table[_i].same_content ? &approved : NULL, table[_i].is_exec);
	ck_assert_msg(judgement.verdict == table[_i].verdict, "row %d: %s", _i,
		      verdict_name(judgement.verdict));
	ck_assert_int_eq(judgement.finding, table[_i].kind);
}
END_TEST

START_TEST(role_of_the_approved_entry_decides)
{
	struct file_fact approved = file(FILE_ROLE_LIBRARY, 1), found = file(FILE_ROLE_DATA, 2);

	ck_assert_int_eq(engine_judge(&found, &approved, NULL, false).finding,
			 FINDING_LIBRARY_MODIFIED);
}
END_TEST

START_TEST(attributes_alone_are_attributes)
{
	struct file_fact approved = file(FILE_ROLE_EXECUTABLE, 1), found = approved;
	struct event event = {.kind = EVENT_FILE, .time_ns = 5};
	cleanup_finding struct finding finding = {0};
	struct judgement judgement;

	found.mode = 04777;
	found.uid = 1000;
	found.user = "operator";
	found.capabilities = "cap_net_raw=ep";
	judgement = engine_judge(&found, &approved, NULL, false);
	ck_assert_int_eq(judgement.finding, FINDING_SOFTWARE_ATTRIBUTES);
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "d", &finding),
			 0);
	ck_assert_str_eq(finding.expected, "mode 0755, owner root:root, capabilities none");
	ck_assert_str_eq(finding.actual,
			 "mode 4777, owner operator:root, capabilities cap_net_raw=ep");
}
END_TEST

START_TEST(owners_of_equal_names_show_their_numbers)
{
	struct file_fact approved = file(FILE_ROLE_DATA, 1), found = approved;
	struct event event = {.kind = EVENT_FILE};
	cleanup_finding struct finding finding = {0};
	struct judgement judgement;

	found.gid = 7;
	judgement = engine_judge(&found, &approved, NULL, false);
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "", &finding),
			 0);
	ck_assert_str_eq(finding.expected, "owner 0:0");
	ck_assert_str_eq(finding.actual, "owner 0:7");
}
END_TEST

START_TEST(content_outweighs_attributes_but_names_both)
{
	struct file_fact approved = file(FILE_ROLE_EXECUTABLE, 1),
			 found = file(FILE_ROLE_EXECUTABLE, 2);
	struct event event = {.kind = EVENT_FILE};
	cleanup_finding struct finding finding = {0};
	struct judgement judgement;

	found.mode = 0777;
	judgement = engine_judge(&found, &approved, NULL, false);
	ck_assert_int_eq(judgement.verdict, VERDICT_MODIFIED);
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "", &finding),
			 0);
	ck_assert(str_starts(finding.expected, "sha256:01000000"));
	ck_assert(str_starts(finding.actual, "sha256:02000000"));
	ck_assert_ptr_nonnull(strstr(finding.detail, "nor are its attributes"));
}
END_TEST

START_TEST(sentence_says_who_did_what)
{
	struct file_fact approved = file(FILE_ROLE_EXECUTABLE, 1),
			 found = file(FILE_ROLE_EXECUTABLE, 2);
	struct event event = {
		.kind = EVENT_FILE,
		.changes = EVENT_CHANGE_WRITE,
		.subject = {.is_known = true,
			    .pid = 812,
			    .exe = "/usr/bin/vi",
			    .user = "operator",
			    .parents = "/bin/bash(700) < /sbin/init(1)"},
	};
	cleanup_finding struct finding finding = {0}, ran = {0}, walked = {0};
	struct judgement judgement = engine_judge(&found, &approved, NULL, false);

	approved.package = "hmi";
	approved.version = "2.1";
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "", &finding),
			 0);
	ck_assert_str_eq(finding.detail, "/opt/hmi/pump was changed by vi (pid 812, user "
					 "operator): its content is not the approved one.");
	ck_assert_str_eq(finding.package, "hmi 2.1");
	ck_assert_str_eq(finding.subject.exe, "/usr/bin/vi");

	event.kind = EVENT_EXEC;
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "", &ran), 0);
	ck_assert_str_eq(ran.detail,
			 "/opt/hmi/pump ran as pid 812, user operator, started by /bin/bash(700): "
			 "its content is not the approved one.");

	event = (struct event){.kind = EVENT_SCANNED};
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "", &walked),
			 0);
	ck_assert_str_eq(walked.detail,
			 "/opt/hmi/pump was found changed: its content is not the approved one.");
}
END_TEST

START_TEST(same_fact_has_the_same_fingerprint)
{
	struct file_fact approved = file(FILE_ROLE_SCRIPT, 1), found = file(FILE_ROLE_SCRIPT, 2);
	struct event seen = {.kind = EVENT_FILE, .time_ns = 5, .subject = {.pid = 3}};
	struct event ran = {.kind = EVENT_EXEC, .time_ns = 9, .subject = {.pid = 4}};
	cleanup_finding struct finding a = {0}, b = {0};
	struct judgement judgement;

	judgement = engine_judge(&found, &approved, NULL, false);
	ck_assert_int_eq(engine_make_finding(&judgement, &seen, &found, &approved, "x", &a), 0);
	judgement = engine_judge(&found, &approved, NULL, true);
	ck_assert_int_eq(engine_make_finding(&judgement, &ran, &found, &approved, "y", &b), 0);
	ck_assert_int_eq(finding_seal(&a, "hmi-1"), 0);
	ck_assert_int_eq(finding_seal(&b, "hmi-2"), 0);
	ck_assert_str_eq(a.fingerprint, b.fingerprint);
	ck_assert_str_ne(a.id, b.id);
}
END_TEST

START_TEST(links_and_types_are_described)
{
	struct file_fact approved = {.path = "/usr/lib/x.so",
				     .type = FILE_TYPE_SYMLINK,
				     .role = FILE_ROLE_LIBRARY,
				     .link_target = "x.so.1"};
	struct file_fact found = approved,
			 folder = {.path = "/usr/lib/x.so", .type = FILE_TYPE_DIRECTORY};
	struct event event = {.kind = EVENT_FILE};
	cleanup_finding struct finding link = {0}, type = {0};
	struct judgement judgement;

	found.link_target = "/tmp/\x1b[2J";
	judgement = engine_judge(&found, &approved, NULL, false);
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &found, &approved, "", &link), 0);
	ck_assert_str_eq(link.expected, "link to x.so.1");
	ck_assert_str_eq(link.actual, "link to /tmp/\\x1b[2J");

	judgement = engine_judge(&folder, &approved, NULL, false);
	ck_assert_int_eq(judgement.finding, FINDING_LIBRARY_MODIFIED);
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &folder, &approved, "", &type), 0);
	ck_assert_str_eq(type.actual, "directory");
}
END_TEST

START_TEST(moved_content_names_where_it_is_approved)
{
	struct file_fact origin = file(FILE_ROLE_EXECUTABLE, 1), copy = origin;
	struct event event = {.kind = EVENT_EXEC};
	cleanup_finding struct finding finding = {0};
	struct judgement judgement;

	copy.path = "/tmp/copy";
	judgement = engine_judge(&copy, NULL, &origin, true);
	ck_assert_int_eq(engine_make_finding(&judgement, &event, &copy, &origin, "", &finding), 0);
	ck_assert_ptr_null(finding.expected);
	ck_assert(str_starts(finding.actual, "sha256:01"));
	ck_assert_ptr_nonnull(strstr(finding.detail, "/opt/hmi/pump"));
}
END_TEST

START_TEST(approved_makes_no_finding)
{
	struct file_fact approved = file(FILE_ROLE_EXECUTABLE, 1);
	struct judgement judgement = engine_judge(&approved, &approved, NULL, false);
	struct event event = {.kind = EVENT_FILE};
	struct finding finding;

	ck_assert_int_eq(engine_make_finding(&judgement, &event, &approved, &approved, "",
					     &finding),
			 -EINVAL);
}
END_TEST

START_TEST(failed_check_that_passed_before_has_regressed)
{
	struct check_result result = {.id = "SYS-001",
				      .title = "Core dumps are off",
				      .outcome = CHECK_FAIL,
				      .severity = SEVERITY_MEDIUM,
				      .expected = "0",
				      .actual = "2",
				      .controls = "CM-6"};
	struct subject who = {.is_known = true, .pid = 7, .exe = "/usr/bin/vim"};
	const struct engine_check_history new = {0};
	const struct engine_check_history old = {
		.was_pass = true, .before = "0", .touched = "/etc/x\n", .who = &who};
	cleanup_finding struct finding first = {0}, later = {0};

	ck_assert_int_eq(engine_make_check_finding(&result, &new, &first), 0);
	ck_assert(!first.subject.is_known);
	ck_assert_str_eq(first.detail, "SYS-001 (Core dumps are off) fails: found 2, wanted 0.");
	ck_assert_int_eq(first.kind, FINDING_HARDENING_FAILED);
	ck_assert_str_eq(first.path, "SYS-001");
	ck_assert_int_eq(first.severity, SEVERITY_MEDIUM);
	ck_assert_int_eq(engine_make_check_finding(&result, &old, &later), 0);
	ck_assert_int_eq(later.kind, FINDING_HARDENING_REGRESSED);
	ck_assert_str_eq(later.subject.exe, "/usr/bin/vim");
	ck_assert_str_eq(later.detail,
			 "SYS-001 (Core dumps are off) passed before and now fails: found 2, "
			 "wanted 0, was 0 before; /etc/x\\x0a was touched.");
	result.outcome = CHECK_ERROR;
	ck_assert_int_eq(engine_make_check_finding(&result, &old, &later), -EINVAL);
}
END_TEST

START_TEST(kinds_of_state_and_of_running_do_not_overlap)
{
	ck_assert_uint_eq(engine_state_kinds() & engine_exec_kinds(), 0);
	ck_assert(engine_state_kinds() >> FINDING_DATA_ATTRIBUTES & 1);
	ck_assert(engine_exec_kinds() >> FINDING_SOFTWARE_MOVED & 1);
	ck_assert(!(engine_state_kinds() >> FINDING_AGENT_GAP & 1));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, judges_as_the_table_says, 0, ARRAY_SIZE(table));
	tcase_add_test(tcase, role_of_the_approved_entry_decides);
	tcase_add_test(tcase, attributes_alone_are_attributes);
	tcase_add_test(tcase, owners_of_equal_names_show_their_numbers);
	tcase_add_test(tcase, content_outweighs_attributes_but_names_both);
	tcase_add_test(tcase, sentence_says_who_did_what);
	tcase_add_test(tcase, same_fact_has_the_same_fingerprint);
	tcase_add_test(tcase, links_and_types_are_described);
	tcase_add_test(tcase, moved_content_names_where_it_is_approved);
	tcase_add_test(tcase, approved_makes_no_finding);
	tcase_add_test(tcase, failed_check_that_passed_before_has_regressed);
	tcase_add_test(tcase, kinds_of_state_and_of_running_do_not_overlap);
}

UNIT_MAIN("engine")
