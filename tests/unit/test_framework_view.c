/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of report/framework_view.h: what stands beside a requirement, and what it adds up to. */
#include "report/framework_view.h"

#include "base/clock.h"
#include "base/str.h"
#include "unit/unit.h"

#define DATA_DIR PLUMBLINE_SOURCE_DIR "/baselines"
#define HOUR	 (3600 * NSEC_PER_SEC)
#define NOW	 (1795000000LL * NSEC_PER_SEC) /* within the waiver */
#define WAIVER                                                      \
	"owner = line 4\napprover = anna\nreason = r\nrisk = low\n" \
	"start = 2026-11-01T00:00:00Z\nexpires = 2027-02-01T00:00:00Z\n"

static struct crosswalk *crosswalk;
static struct control_map *map;

/* One host that tells nothing; what a test needs is put into these. */
static struct coverage coverage[1];
static struct finding findings[3];
static struct check_result checks[4];
static struct report_host host;
static struct report report;
static struct framework_question question;
static struct framework_view view;

static void setup(void)
{
	ck_assert_int_eq(crosswalk_load(DATA_DIR, &crosswalk, NULL), 0);
	ck_assert_int_eq(control_map_load(DATA_DIR "/controls/findings.ini", &map, NULL), 0);
	coverage[0] =
		(struct coverage){.state = COVERAGE_COVERED, .start_ns = NOW - HOUR, .end_ns = NOW};
	host = (struct report_host){
		.name = "hmi-07", .coverage = coverage, .findings = findings, .checks = checks};
	report = (struct report){.made_at_ns = NOW, .hosts = &host, .host_count = 1};
	question = (struct framework_question){
		.report = &report,
		.crosswalk = crosswalk,
		.framework = crosswalk_find(crosswalk, "800-53"),
		.map = map,
		.target_sl = {3, 3, 3, 3, 3, 3, 3},
	};
}

static void teardown(void)
{
	framework_view_done(&view);
	map = control_map_free(map);
	crosswalk = crosswalk_free(crosswalk);
}

static void add_check(const char *id, enum check_outcome outcome, const char *controls)
{
	checks[host.check_count++] = (struct check_result){
		.id = (char *)id,
		.outcome = outcome,
		.severity = SEVERITY_MEDIUM,
		.controls = (char *)controls,
		.requirements = (char *)"",
		.techniques = (char *)"",
	};
}

static struct finding *add_finding(enum finding_kind kind, const char *path, const char *controls)
{
	struct finding *finding = &findings[host.finding_count++];

	*finding = (struct finding){
		.kind = kind,
		.severity = SEVERITY_HIGH,
		.path = (char *)path,
		.controls = (char *)controls,
		.requirements = (char *)"",
		.techniques = (char *)"",
	};
	return finding;
}

static void look(const char *framework)
{
	framework_view_done(&view);
	question.framework = crosswalk_find(crosswalk, framework);
	ck_assert_ptr_nonnull(question.framework);
	ck_assert_int_eq(framework_view_init(&question, &view), 0);
}

/* NULL when the target does not select it. */
static const struct framework_row *find_row(const char *id)
{
	for (size_t i = 0; i < view.row_count; i++)
		if (str_equal(view.rows[i].item->id, id))
			return &view.rows[i];
	return NULL;
}

static enum row_state state_of(const char *id)
{
	ck_assert_ptr_nonnull(find_row(id));
	return find_row(id)->state;
}

static const struct {
	enum check_outcome outcomes[3];
	size_t count;
	enum row_state state;
} sums[] = {
	{{CHECK_PASS}, 1, ROW_FOR},
	{{CHECK_FAIL}, 1, ROW_AGAINST},
	{{CHECK_ERROR}, 1, ROW_NOT_ASSESSED},
	{{CHECK_NOT_APPLICABLE}, 1, ROW_NOT_ASSESSED},
	{{CHECK_PASS, CHECK_ERROR, CHECK_NOT_APPLICABLE}, 3, ROW_FOR},
	{{CHECK_PASS, CHECK_FAIL, CHECK_PASS}, 3, ROW_AGAINST},
	{{CHECK_PASS}, 0, ROW_NOT_ASSESSED},
};

START_TEST(one_failure_outweighs_what_passes)
{
	for (size_t i = 0; i < sums[_i].count; i++)
		add_check("SYS-001", sums[_i].outcomes[i], "CM-6");
	look("800-53");
	ck_assert_int_eq(state_of("CM-6"), sums[_i].state);
	ck_assert_uint_eq(find_row("CM-6")->count, sums[_i].count);
}
END_TEST

static enum row_state state_of_clause(const char *paragraph)
{
	char id[64];

	snprintf(id, sizeof(id), "252.204-7012%s", paragraph);
	look("dfars");
	return state_of(id);
}

START_TEST(an_incident_speaks_for_the_paragraphs_about_its_report_and_hold)
{
	struct finding *finding = add_finding(FINDING_SOFTWARE_UNKNOWN, "/x", "");
	struct incident *incident = &finding->incident;

	ck_assert_int_eq(state_of_clause("(c)(1)(ii)"), ROW_NOT_ASSESSED);
	ck_assert_int_eq(state_of_clause("(e)"), ROW_NOT_ASSESSED);
	ck_assert_int_eq(state_of_clause("(g)"), ROW_NOT_ASSESSABLE);
	ck_assert_ptr_nonnull(strstr(find_row("252.204-7012(e)")->why_not, "no finding"));
	ck_assert_ptr_nonnull(strstr(find_row("252.204-7012(g)")->why_not, "is for people"));

	*incident = (struct incident){
		.is_there = true, .declared_ns = NOW - HOUR, .discovered_ns = NOW - 2 * HOUR};
	ck_assert_int_eq(state_of_clause("(c)(1)(ii)"), ROW_NOT_ASSESSED);
	ck_assert_int_eq(state_of_clause("(e)"), ROW_FOR);
	incident->discovered_ns = NOW - 73 * HOUR;
	ck_assert_int_eq(state_of_clause("(c)(1)(ii)"), ROW_AGAINST);
	incident->reported_ns = NOW - 2 * HOUR;
	ck_assert_int_eq(state_of_clause("(c)(1)(ii)"), ROW_FOR);
	/* What was declared outlives its finding. */
	finding->state = FINDING_STATE_RESOLVED;
	ck_assert_int_eq(state_of_clause("(e)"), ROW_FOR);
}
END_TEST

START_TEST(what_no_host_can_show_is_no_gap)
{
	const struct framework_row *row;

	look("800-53");
	row = find_row("CM-1");
	ck_assert_int_eq(row->state, ROW_NOT_ASSESSABLE);
	ck_assert_ptr_nonnull(row->why_not);
	ck_assert_int_eq(state_of("CM-6"), ROW_NOT_ASSESSED);
	/* Evidence that names it all the same counts. */
	add_check("SYS-001", CHECK_PASS, "CM-1");
	look("800-53");
	ck_assert_int_eq(state_of("CM-1"), ROW_FOR);
}
END_TEST

START_TEST(a_waiver_is_no_pass)
{
	cleanup_waiver_list struct waiver_list waivers = {0};

	ck_assert_int_eq(waiver_list_read(&waivers, "w", "[SYS-001]\n" WAIVER,
					  strlen("[SYS-001]\n" WAIVER), NULL),
			 0);
	question.waivers = &waivers;
	add_check("SYS-001", CHECK_FAIL, "CM-6");
	look("800-53");
	ck_assert_int_eq(state_of("CM-6"), ROW_WAIVED);
	ck_assert_int_eq(find_row("CM-6")->state_without_waivers, ROW_AGAINST);
	ck_assert_ptr_eq(view.evidence[find_row("CM-6")->first].waiver, &waivers.waivers[0]);
	ck_assert_uint_eq(view.states[ROW_AGAINST], 0);
	ck_assert_uint_eq(view.states_without_waivers[ROW_AGAINST], 1);
	/* Of what passes there is nothing to waive; beside another failure it does not help. */
	checks[0].outcome = CHECK_PASS;
	look("800-53");
	ck_assert_int_eq(state_of("CM-6"), ROW_FOR);
	checks[0].outcome = CHECK_FAIL;
	add_check("SYS-002", CHECK_FAIL, "CM-6");
	look("800-53");
	ck_assert_int_eq(state_of("CM-6"), ROW_AGAINST);
}
END_TEST

static const struct {
	enum finding_state state;
	enum row_state row;
} found[] = {
	{FINDING_STATE_OPEN, ROW_AGAINST},	     {FINDING_STATE_INCIDENT, ROW_AGAINST},
	{FINDING_STATE_ACKNOWLEDGED, ROW_AGAINST},   {FINDING_STATE_WAIVED, ROW_WAIVED},
	{FINDING_STATE_EXPLAINED, ROW_NOT_ASSESSED}, {FINDING_STATE_RESOLVED, ROW_NOT_ASSESSED},
};

START_TEST(findings_count_while_they_are_open)
{
	add_finding(FINDING_SOFTWARE_UNKNOWN, "/x", "SI-7")->state = found[_i].state;
	look("800-53");
	ck_assert_int_eq(state_of("SI-7"), found[_i].row);
}
END_TEST

START_TEST(a_failed_check_is_told_once)
{
	add_check("SYS-001", CHECK_FAIL, "CM-6");
	add_finding(FINDING_HARDENING_FAILED, "SYS-001", "CM-6");
	look("800-53");
	ck_assert_uint_eq(find_row("CM-6")->count, 1);
	/* Of a check that is no longer run only the finding is left. */
	host.check_count = 0;
	look("800-53");
	ck_assert_uint_eq(find_row("CM-6")->stands[EVIDENCE_AGAINST], 1);
}
END_TEST

START_TEST(findings_are_what_the_clause_of_incidents_asks_for)
{
	add_finding(FINDING_SOFTWARE_UNKNOWN, "/x", "SI-7(1)");
	look("dfars");
	ck_assert_int_eq(state_of("252.204-7012(c)(1)(i)"), ROW_FOR);
	look("csf-2.0");
	ck_assert_int_eq(state_of("DE.CM-09"), ROW_AGAINST);
	ck_assert_int_eq(view.evidence[find_row("DE.CM-09")->first].touch, TOUCH_INHERITED);
}
END_TEST

START_TEST(watching_counts_beside_a_baseline_while_it_lasts)
{
	look("800-53");
	ck_assert_int_eq(state_of("SI-7"), ROW_NOT_ASSESSED);
	host.baseline_digest = "12";
	look("800-53");
	ck_assert_int_eq(state_of("SI-7"), ROW_NOT_ASSESSED);
	host.coverage_count = 1;
	look("800-53");
	ck_assert_int_eq(state_of("SI-7"), ROW_FOR);
	ck_assert_int_eq(view.evidence[find_row("SI-7")->first].watched_ns, HOUR);
	/* When it was last heard, it was no longer watched. */
	coverage[0].end_ns = NOW - HOUR / 2;
	look("800-53");
	ck_assert_int_eq(state_of("SI-7"), ROW_NOT_ASSESSED);
	coverage[0].end_ns = NOW;
	add_finding(FINDING_SOFTWARE_UNKNOWN, "/x", "SI-7");
	look("800-53");
	ck_assert_uint_eq(find_row("SI-7")->count, 1);
	ck_assert_int_eq(state_of("SI-7"), ROW_AGAINST);
}
END_TEST

START_TEST(a_target_selects)
{
	look("62443-3-3");
	ck_assert_uint_eq(view.row_count, 90);
	ck_assert_ptr_nonnull(find_row("SR 1.1 RE 1"));
	question.target_sl[0] = 1;
	look("62443-3-3");
	ck_assert_ptr_null(find_row("SR 1.1 RE 1"));
	ck_assert_ptr_nonnull(find_row("SR 3.4 RE 1"));

	look("800-53");
	ck_assert_ptr_nonnull(find_row("SI-7"));
	question.baseline = BASELINE_LOW;
	look("800-53");
	ck_assert_ptr_null(find_row("SI-7"));
	ck_assert_ptr_nonnull(find_row("CM-6"));
}
END_TEST

START_TEST(what_speaks_against_comes_first)
{
	const struct framework_evidence *evidence;

	add_check("SYS-001", CHECK_PASS, "CM-6");
	add_check("SYS-003", CHECK_FAIL, "CM-6");
	add_check("SYS-002", CHECK_FAIL, "CM-6");
	add_check("SYS-004", CHECK_ERROR, "CM-6");
	add_finding(FINDING_CONFIG_MODIFIED, "/etc/x", "CM-6");
	look("800-53");
	evidence = &view.evidence[find_row("CM-6")->first];
	ck_assert_ptr_eq(evidence[0].finding, &findings[0]); /* it is high */
	ck_assert_str_eq(evidence[1].check->id, "SYS-002");
	ck_assert_str_eq(evidence[2].check->id, "SYS-003");
	ck_assert_str_eq(evidence[3].check->id, "SYS-004");
	ck_assert_str_eq(evidence[4].check->id, "SYS-001");
}
END_TEST

START_TEST(decisions_stand_beside_and_change_nothing)
{
	cleanup_with(scope_freep) struct scope *scope = NULL;
	char *folder = unit_folder_new(), path[256];

	unit_write(folder, "s.ini", "[800-53]\nCM-6 = no: not ours\n");
	snprintf(path, sizeof(path), "%s/s.ini", folder);
	ck_assert_int_eq(scope_load(path, crosswalk, &scope, NULL), 0);
	unit_folder_free(folder);
	question.scope = scope;
	add_check("SYS-001", CHECK_FAIL, "CM-6");
	look("800-53");
	ck_assert(find_row("CM-6")->is_decided && !find_row("CM-6")->decision.applies);
	ck_assert_str_eq(find_row("CM-6")->decision.reason, "not ours");
	ck_assert_int_eq(state_of("CM-6"), ROW_AGAINST);
	ck_assert(!find_row("CM-7")->is_decided);
}
END_TEST

START_TEST(every_row_is_counted_once)
{
	add_check("SYS-001", CHECK_FAIL, "CM-6 SI-7(1)");
	for (size_t i = 0; i < crosswalk_count(crosswalk); i++) {
		size_t sum = 0;

		look(crosswalk_get(crosswalk, i)->name);
		for (int state = 0; state < ROW_STATE_COUNT; state++)
			sum += view.states[state];
		ck_assert_uint_eq(sum, view.row_count);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, one_failure_outweighs_what_passes, 0, ARRAY_SIZE(sums));
	tcase_add_test(tcase, an_incident_speaks_for_the_paragraphs_about_its_report_and_hold);
	tcase_add_test(tcase, what_no_host_can_show_is_no_gap);
	tcase_add_test(tcase, a_waiver_is_no_pass);
	tcase_add_loop_test(tcase, findings_count_while_they_are_open, 0, ARRAY_SIZE(found));
	tcase_add_test(tcase, a_failed_check_is_told_once);
	tcase_add_test(tcase, findings_are_what_the_clause_of_incidents_asks_for);
	tcase_add_test(tcase, watching_counts_beside_a_baseline_while_it_lasts);
	tcase_add_test(tcase, a_target_selects);
	tcase_add_test(tcase, what_speaks_against_comes_first);
	tcase_add_test(tcase, decisions_stand_beside_and_change_nothing);
	tcase_add_test(tcase, every_row_is_counted_once);
}

UNIT_MAIN("framework_view")
