/* SPDX-License-Identifier: Apache-2.0 */
/* agent/report/: the three writers, on values a friend or an enemy may have chosen. */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/html.h"
#include "report/report.h"
#include "report/view.h"
#include "report/words.h"

#define HOUR (3600 * NSEC_PER_SEC)
#define NOON (1790000000LL * NSEC_PER_SEC) /* some time in 2026 */

/* A name that wants to be markup, a formula, a second row and an end of the JSON string. */
#define HOSTILE "=/srv/<script>alert('x')</script>\"&\n,\x01\xff\xe2\x80\xaegpj"

static char *text;
static size_t text_size;

static const char *write_report(const char *format, const struct report *report)
{
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &text_size);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(report_find_format(format)->write(report, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static json_t *write_json(const struct report *report)
{
	json_error_t error;
	json_t *tree = json_loads(write_report("json", report), JSON_REJECT_DUPLICATES, &error);

	ck_assert_msg(tree, "line %d: %s", error.line, error.text);
	return tree;
}

static struct finding make_finding(enum finding_severity severity, const char *path)
{
	struct finding finding = {
		.kind = FINDING_SOFTWARE_UNKNOWN,
		.severity = severity,
		.first_seen_ns = NOON - HOUR,
		.last_seen_ns = NOON - HOUR,
		.count = 1,
		.path = (char *)path,
		.actual =
			(char *)"sha256:" /* a digest, to be broken into groups */
				"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		.controls = (char *)"CM-7 SI-7(1)",
		.requirements = (char *)"SR 3.4, SR 3.4 RE 1",
		.techniques = (char *)"T1554",
		.subject = {.is_known = true,
			    .pid = 42,
			    .uid = 1000,
			    .euid = 1000,
			    .login_uid = SUBJECT_UID_NONE,
			    .exe = (char *)"/usr/bin/cp",
			    .user = (char *)"operator"},
	};

	memset(finding.fingerprint, 'a' + (int)severity, SHA256_HEX_SIZE - 1);
	memset(finding.id, 'a', SHA256_HEX_SIZE - 1);
	return finding;
}

/* One host, covered for the whole of the last day; what a test changes stands in these. */
static struct coverage coverage[4];
static struct finding findings[4];
static struct check_result checks[4];
static struct report_host host;
static struct report report;

static void setup(void)
{
	coverage[0] = (struct coverage){
		.state = COVERAGE_COVERED, .start_ns = NOON - 24 * HOUR, .rung = (char *)"trace"};
	findings[0] = make_finding(SEVERITY_HIGH, "/opt/one");
	findings[1] = make_finding(SEVERITY_CRITICAL, "/opt/two");
	checks[0] = (struct check_result){.id = (char *)"SYS-001",
					  .title = (char *)"Good",
					  .outcome = CHECK_PASS,
					  .expected = (char *)"2",
					  .actual = (char *)"2"};
	checks[1] = (struct check_result){.id = (char *)"SYS-002",
					  .title = (char *)"Bad",
					  .outcome = CHECK_FAIL,
					  .severity = SEVERITY_LOW,
					  .expected = (char *)"1",
					  .actual = (char *)"0",
					  .remediation = (char *)"Set it.",
					  .ot_caution = (char *)"Try it first."};
	host = (struct report_host){.name = "hmi-07",
				    .rung = "trace",
				    .baseline_digest = findings[0].fingerprint,
				    .baseline_name = "line 4",
				    .baseline_revision = 7,
				    .coverage = coverage,
				    .coverage_count = 1,
				    .findings = findings,
				    .checks = checks};
	report = (struct report){.title = "hmi-07",
				 .made_by = "plumbline test",
				 .made_at_ns = NOON,
				 .since_ns = NOON - 24 * HOUR,
				 .hosts = &host,
				 .host_count = 1};
}

static void teardown(void)
{
	free(text);
	text = NULL;
}

#define has(needle)   ck_assert_msg(strstr(text, needle), "no %s in:\n%.2000s", needle, text)
#define hasnt(needle) ck_assert_msg(!strstr(text, needle), "%s in:\n%.2000s", needle, text)
#define has_in_order(first, second)                                          \
	do {                                                                 \
		has(first);                                                  \
		has(second);                                                 \
		ck_assert_msg(strstr(text, first) < strstr(text, second),    \
			      "%s does not stand before %s", first, second); \
	} while (0)

START_TEST(finds_formats_by_name)
{
	ck_assert_str_eq(report_find_format("csv")->name, "csv");
	ck_assert_ptr_null(report_find_format("pdf"));
	ck_assert_ptr_null(report_find_format(""));
}
END_TEST

/* Coverage records -> seconds in each state. */
static const struct {
	struct coverage records[3];
	int64_t covered_h, gap_h, down_h, no_record_h;
} periods[] = {
	{{{0}}, 0, 0, 0, 24},
	{{{COVERAGE_COVERED, NOON - 48 * HOUR, 0}}, 24, 0, 0, 0},
	{{{COVERAGE_COVERED, NOON - 12 * HOUR, 0}}, 12, 0, 0, 12},
	{{{COVERAGE_COVERED, NOON - 24 * HOUR, NOON - 4 * HOUR}}, 20, 0, 0, 4},
	/* a gap within a covered time takes away from it */
	{{{COVERAGE_COVERED, NOON - 24 * HOUR, 0},
	  {COVERAGE_GAP, NOON - 9 * HOUR, NOON - 8 * HOUR}},
	 23,
	 1,
	 0,
	 0},
	/* where they overlap, the blindest counts */
	{{{COVERAGE_COVERED, NOON - 24 * HOUR, 0},
	  {COVERAGE_GAP, NOON - 9 * HOUR, NOON - 6 * HOUR},
	  {COVERAGE_DOWN, NOON - 8 * HOUR, NOON - 7 * HOUR}},
	 21,
	 2,
	 1,
	 0},
	/* what lies outside the period, or runs backwards, adds nothing */
	{{{COVERAGE_COVERED, NOON - 24 * HOUR, 0},
	  {COVERAGE_DOWN, NOON - 99 * HOUR, NOON - 50 * HOUR},
	  {COVERAGE_GAP, NOON - 2 * HOUR, NOON - 3 * HOUR}},
	 24,
	 0,
	 0,
	 0},
};

START_TEST(counts_the_blindest_record_of_each_moment)
{
	cleanup_view_host struct view_host view = {0};
	int64_t sum = 0;

	host.coverage = periods[_i].records;
	host.coverage_count = 0;
	while (host.coverage_count < 3 && periods[_i].records[host.coverage_count].start_ns != 0)
		host.coverage_count++;
	ck_assert_int_eq(view_host_init(&report, &host, &view), 0);
	ck_assert_int_eq(view.time_ns[COVERAGE_COVERED], periods[_i].covered_h * HOUR);
	ck_assert_int_eq(view.time_ns[COVERAGE_GAP], periods[_i].gap_h * HOUR);
	ck_assert_int_eq(view.time_ns[COVERAGE_DOWN], periods[_i].down_h * HOUR);
	ck_assert_int_eq(view.time_ns[VIEW_NO_RECORD], periods[_i].no_record_h * HOUR);
	for (size_t i = 0; i < view.span_count; i++) {
		ck_assert_int_eq(view.spans[i].start_ns, view.from_ns + sum);
		sum += view.spans[i].end_ns - view.spans[i].start_ns;
	}
	ck_assert_int_eq(sum, 24 * HOUR);
}
END_TEST

START_TEST(period_begins_with_the_earliest_record_not_the_first)
{
	cleanup_view_host struct view_host view = {0};

	/* The clock ran a year ahead at first. */
	coverage[0] = (struct coverage){.state = COVERAGE_COVERED,
					.start_ns = NOON + 365 * 24 * HOUR,
					.end_ns = NOON + 365 * 24 * HOUR + 1};
	coverage[1] = (struct coverage){.state = COVERAGE_COVERED, .start_ns = NOON - 5 * HOUR};
	host.coverage_count = 2;
	report.since_ns = 0;
	ck_assert_int_eq(view_host_init(&report, &host, &view), 0);
	ck_assert_int_eq(view.time_ns[COVERAGE_COVERED], 5 * HOUR);
}
END_TEST

START_TEST(does_not_let_a_state_last_beyond_what_was_heard)
{
	cleanup_view_host struct view_host view = {0};

	host.heard_ns = NOON - 3 * HOUR;
	ck_assert_int_eq(view_host_init(&report, &host, &view), 0);
	ck_assert_int_eq(view.time_ns[COVERAGE_COVERED], 21 * HOUR);
	ck_assert_int_eq(view.time_ns[VIEW_NO_RECORD], 3 * HOUR);
}
END_TEST

START_TEST(never_rounds_up_to_wholly_covered)
{
	cleanup_view_host struct view_host view = {0};

	coverage[1] = (struct coverage){
		.state = COVERAGE_GAP, .start_ns = NOON - HOUR, .end_ns = NOON - HOUR + 1};
	host.coverage_count = 2;
	ck_assert_int_eq(view_host_init(&report, &host, &view), 0);
	ck_assert_uint_eq(view_covered_permille(&view), 999);
}
END_TEST

START_TEST(html_says_first_what_was_covered)
{
	host.finding_count = 2;
	write_report("html", &report);
	has_in_order("What was covered, and what was not",
		     "2 findings are open</strong>: 1 critical, 1 high.");
	has_in_order("100 % of the time", ">Summary<");
	has("There was no gap.");
	has_in_order(">Summary<", ">Findings<");
	has_in_order("<code>/opt/two</code>", "<code>/opt/one</code>");
	has("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}
END_TEST

START_TEST(html_lists_gaps_with_cause_and_what_was_missed)
{
	coverage[1] = (struct coverage){.state = COVERAGE_GAP,
					.start_ns = NOON - 2 * HOUR,
					.end_ns = NOON - HOUR,
					.cause = (char *)"ring full",
					.missed = (char *)"up to 12 events"};
	host.coverage_count = 2;
	write_report("html", &report);
	has("ring full");
	has("up to 12 events");
	has("95.8 % of the time");
	has("For <strong>1 h it was not</strong>");
	has("Changes in the time that was not covered (1 h) may be missing here.");
}
END_TEST

START_TEST(html_lists_intervals_in_order_and_leaves_out_empty_ones)
{
	coverage[0] = (struct coverage){.state = COVERAGE_DOWN,
					.start_ns = NOON - 20 * HOUR,
					.end_ns = NOON - 10 * HOUR,
					.cause = (char *)"power cut"};
	coverage[1] = (struct coverage){.state = COVERAGE_WARMING,
					.start_ns = NOON - 10 * HOUR,
					.end_ns = NOON - 10 * HOUR};
	coverage[2] = (struct coverage){.state = COVERAGE_COVERED, .start_ns = NOON - 10 * HOUR};
	host.coverage_count = 3;
	host.heard_ns = NOON - HOUR;
	write_report("html", &report);
	has_in_order("no coverage record exists for this time", "power cut");
	has_in_order("power cut", "nothing was heard of the agent after this");
	hasnt("key warming");
}
END_TEST

START_TEST(every_report_says_what_the_rung_does_not_see)
{
	host.rung = "scan";
	write_report("html", &report);
	has("a walk finds what is there, not who did it");
	has("files compared at each scan");
	write_report("json", &report);
	has("a walk finds what is there, not who did it");
	host.rung = "trace";
	write_report("html", &report);
	has("<code>module.load</code>");
	hasnt("a walk finds what is there");
}
END_TEST

START_TEST(html_tells_hardening_findings_once)
{
	findings[0].kind = FINDING_HARDENING_FAILED;
	findings[0].path = (char *)"SYS-002";
	findings[0].severity = SEVERITY_CRITICAL;
	host.finding_count = 2;
	host.check_count = 2;
	write_report("html", &report);
	has("2 findings are open</strong>: 2 critical. Of these, 1 is a failed hardening check.");
	has_in_order("<code>/opt/two</code></p>", "Open findings of hardening checks");
	hasnt("<code>SYS-002</code></p>");
	has("<code>SYS-002</code></td>");
}
END_TEST

START_TEST(html_calls_a_time_without_records_not_covered)
{
	host.coverage_count = 0;
	write_report("html", &report);
	has("0 % of the time");
	has("no coverage record exists for this time");
	has("No finding is open, but nothing was covered either.");
}
END_TEST

START_TEST(html_shows_gaps_that_are_too_short_for_a_pixel)
{
	coverage[1] = (struct coverage){.state = COVERAGE_GAP,
					.start_ns = NOON - 12 * HOUR,
					.end_ns = NOON - 12 * HOUR + NSEC_PER_MSEC};
	host.coverage_count = 2;
	write_report("html", &report);
	has("<rect class=\"gap\" x=\"500\" y=\"0\" width=\"1\"");
}
END_TEST

START_TEST(html_admits_that_nothing_was_compared)
{
	host.baseline_digest = NULL;
	write_report("html", &report);
	has("no baseline is loaded");
	has("No baseline is loaded. Nothing can be compared.");
	hasnt("No finding is open.</strong>");
}
END_TEST

START_TEST(html_keeps_hostile_text_as_text)
{
	findings[0] = make_finding(SEVERITY_HIGH, HOSTILE);
	findings[0].detail = (char *)HOSTILE;
	findings[0].subject.exe = (char *)HOSTILE;
	findings[0].subject.user = (char *)HOSTILE;
	findings[0].subject.parents = (char *)HOSTILE;
	findings[0].expected = (char *)HOSTILE;
	checks[1].title = (char *)HOSTILE;
	checks[1].actual = (char *)HOSTILE;
	coverage[0].cause = (char *)HOSTILE;
	coverage[0].state = COVERAGE_GAP;
	host.finding_count = 1;
	host.check_count = 2;
	host.name = HOSTILE;
	host.baseline_name = HOSTILE;
	report.title = HOSTILE;
	report.made_by = "\"}</style><script>";
	write_report("html", &report);

	hasnt("<script");
	hasnt("alert('x')");
	hasnt("\xff");
	hasnt("\x01");
	hasnt("\xe2\x80\xae");
	has("&lt;script&gt;");
	has("[U+202E]gpj");
	has("\\x01\\xff"); /* a path says its bytes */
	ck_assert_ptr_null(strstr(strstr(text, "</style>\n</head>") + 1, "</style"));
}
END_TEST

START_TEST(html_shows_what_an_update_did_as_one_card)
{
	findings[0] = make_finding(SEVERITY_HIGH, "/usr/bin/brought");
	findings[0].change_set = (char *)"apt-20261122T021503Z-812";
	findings[1] = make_finding(SEVERITY_LOW, "/usr/share/brought-too");
	findings[1].change_set = findings[0].change_set;
	findings[0].package = (char *)"pump 1.2";
	findings[1].package = (char *)"line3 1.0";
	findings[2] = make_finding(SEVERITY_LOW, "/usr/bin/by-hand");
	findings[3] = findings[1];
	findings[3].path = (char *)"/usr/share/gone-again";
	findings[3].state = FINDING_STATE_RESOLVED;
	host.finding_count = 4;
	write_report("html", &report);
	has_in_order("<code>/usr/bin/by-hand", "An update made 2 differences");
	has_in_order("An update made 2 differences", "apt-20261122T021503Z-812");
	has_in_order("Approved packages", "line3 1.0, pump 1.2");
	has_in_order("<details>", "/usr/bin/brought");
	has_in_order("/usr/share/brought-too", "</details>");
	ck_assert_ptr_null(strstr(strstr(text, "<details>") + 1, "<details>"));
	has_in_order("</details>", "/usr/share/gone-again");
}
END_TEST

START_TEST(html_loads_and_runs_nothing)
{
	host.finding_count = 2;
	host.check_count = 2;
	write_report("html", &report);
	has("default-src 'none'; style-src 'sha256-");
	hasnt("unsafe-inline");
	hasnt("http:");
	hasnt("https:");
	hasnt("url(");
	hasnt("src=");
	hasnt(" style=");
	hasnt("@import");
}
END_TEST

START_TEST(html_never_calls_a_host_compliant)
{
	host.requirements_with_evidence = 22;
	host.requirements_all = 90;
	host.check_count = 2;
	write_report("html", &report);
	has("22 of 90 SL 3 requirements have host evidence here.");
	hasnt("ompliant");
	hasnt("ertified");
	hasnt("is SL 3");
}
END_TEST

START_TEST(counts_requirements_that_a_check_really_shows)
{
	cleanup_with(catalog_freep) struct catalog *catalog = NULL;

	ck_assert_int_eq(catalog_load(PLUMBLINE_SOURCE_DIR "/baselines", &catalog, NULL), 0);
	checks[0].requirements = (char *)"SR 1.1, SR 3.4 RE 1"; /* passed */
	checks[1].requirements = (char *)"SR 7.6, SR 1.1";	/* failed */
	checks[2] = checks[0];
	checks[2].outcome = CHECK_ERROR;
	checks[2].requirements = (char *)"SR 2.8";
	checks[3] = checks[0];
	checks[3].outcome = CHECK_NOT_APPLICABLE;
	checks[3].requirements = (char *)"SR 2.9, SR 1.1 RE 3"; /* the last is SL 4 */
	host.check_count = 4;
	report_count_requirements(catalog, &host);
	ck_assert_uint_eq(host.requirements_with_evidence, 3);
	ck_assert_uint_eq(host.requirements_all, 90);
}
END_TEST

START_TEST(counts_a_requirement_once_whichever_host_shows_it)
{
	cleanup_with(catalog_freep) struct catalog *catalog = NULL;
	struct report_host hosts[2] = {host, host};
	unsigned char marks[512] = {0};
	struct report marked = {0};

	ck_assert_int_eq(catalog_load(PLUMBLINE_SOURCE_DIR "/baselines", &catalog, NULL), 0);
	ck_assert_uint_lt(catalog_count(catalog, CATALOG_REQUIREMENT), sizeof(marks));
	checks[0].requirements = (char *)"SR 1.1, SR 3.4 RE 1";
	checks[1].requirements = (char *)"SR 7.6, SR 1.1, SR 1.1 RE 3"; /* the last is SL 4 */
	hosts[0].check_count = hosts[1].check_count = 1;
	hosts[1].checks = &checks[1];
	report.hosts = hosts;
	report.host_count = 2;
	report_count_all_requirements(catalog, &report);
	ck_assert_uint_eq(report.requirements_with_evidence, 3);
	ck_assert_uint_eq(report.requirements_all, 90);

	report_mark_requirements(catalog, &checks[0], marks);
	report_mark_requirements(catalog, &checks[1], marks);
	report_sum_requirements(catalog, marks, &marked);
	ck_assert_uint_eq(marked.requirements_with_evidence, 3);
	ck_assert_uint_eq(marked.requirements_all, 90);

	write_report("html", &report);
	has("By the checks of 2 hosts together, 3 of 90 SL 3 requirements have host evidence "
	    "here.");
	write_report("csv", &report);
	has("3 of 90 SL 3 requirements have host evidence here");
}
END_TEST

START_TEST(tells_waivers_that_do_not_count)
{
	char bad[] = "w.ini:3: '<b>' is no key";
	char *const refused[] = {bad};

	report.refused_waivers = refused;
	report.refused_waiver_count = 1;
	write_report("html", &report);
	has("1 file of waivers does not count.");
	has("w.ini:3: &#39;&lt;b&gt;&#39; is no key");
	write_report("csv", &report);
	has("\"refused_waiver\"");
	has(bad);
}
END_TEST

START_TEST(html_puts_failed_checks_before_passed_ones)
{
	host.check_count = 2;
	write_report("html", &report);
	has_in_order("SYS-002", "SYS-001");
	has("Set it.");
	has("Try it first.");
	has("Of 2 checks, <strong>1 failed</strong>, 1 passed, 0 could not be carried out");
}
END_TEST

START_TEST(html_tells_checks_by_family)
{
	cleanup_with(check_families_freep) struct check_families *families = NULL;
	struct diag diag = {0};

	ck_assert_msg(check_families_load(PLUMBLINE_SOURCE_DIR "/baselines", &families, &diag) == 0,
		      "%s:%u: %s", diag.file, diag.line, diag.text);
	report.families = families;
	host.check_count = 4;
	checks[0].id = (char *)"SSH-001";
	checks[2] = checks[3] = checks[1];
	checks[2].id = (char *)"SITE-1";
	checks[2].severity = SEVERITY_CRITICAL;
	checks[3].id = (char *)"SYS-003";
	checks[3].severity = SEVERITY_HIGH;
	write_report("html", &report);
	/* By the order of the data, not by what is worst; what no file has comes last. */
	has_in_order(">By family<", ">Kernel settings</h3>");
	has_in_order(">Kernel settings</h3>", "<p class=\"note\">2 failed</p>");
	has_in_order("<code>SYS-003</code>", "<code>SYS-002</code>");
	has_in_order("<code>SYS-002</code>", ">Remote login (SSH)</h3>");
	has_in_order(">Remote login (SSH)</h3>", "<code>SSH-001</code>");
	has_in_order("<code>SSH-001</code>", ">Other checks</h3>");
	has_in_order(">Other checks</h3>", "<code>SITE-1</code>");
	has("<a href=\"#h0-family0\">Kernel settings</a></td><td data-label=\"Failed\">2</td>");
	hasnt(">Backup and recovery<");
}
END_TEST

START_TEST(html_shows_errors_as_errors)
{
	checks[0].outcome = CHECK_ERROR;
	checks[0].actual = NULL;
	checks[0].reason = (char *)"Operation not permitted";
	host.check_count = 2;
	write_report("html", &report);
	has("1 failed, 1 could not be carried out</p>");
	has("Operation not permitted");
	has("nothing could be read");
	has("0 passed, 1 could not be carried out");
}
END_TEST

START_TEST(every_format_writes_an_empty_report)
{
	struct report empty = {.title = "none", .made_at_ns = NOON};

	for (size_t i = 0; report_formats[i]; i++)
		ck_assert_uint_gt(strlen(write_report(report_formats[i]->name, &empty)), 0);

	host = (struct report_host){.name = "new"};
	report.since_ns = 0;
	for (size_t i = 0; report_formats[i]; i++)
		ck_assert_uint_gt(strlen(write_report(report_formats[i]->name, &report)), 0);
	ck_assert_ptr_eq(strstr(text, "\r\n"), text + strlen(text) - 2); /* titles only */
}
END_TEST

START_TEST(every_format_reports_a_full_disk)
{
	host.finding_count = 2;
	for (size_t i = 0; report_formats[i]; i++) {
		FILE *out = fopen("/dev/full", "w");

		ck_assert_ptr_nonnull(out);
		setvbuf(out, NULL, _IONBF, 0);
		ck_assert_int_lt(report_formats[i]->write(&report, out), 0);
		fclose(out);
	}
}
END_TEST

START_TEST(json_holds_what_the_page_says)
{
	json_t *tree, *first, *item;

	findings[0].path = (char *)HOSTILE;
	findings[1].state = FINDING_STATE_RESOLVED;
	host.finding_count = 2;
	host.check_count = 2;
	tree = write_json(&report);
	first = json_array_get(json_object_get(tree, "hosts"), 0);
	ck_assert_int_eq(
		json_integer_value(json_object_get(json_object_get(first, "summary"), "open")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(first, "coverage"),
							    "covered_permille")),
			 1000);
	ck_assert_uint_eq(json_array_size(json_object_get(first, "findings")), 2);
	item = json_array_get(json_object_get(first, "findings"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(item, "path")),
			 "=/srv/<script>alert('x')</script>\"&\\x0a,\\x01\\xff\\xe2\\x80\\xaegpj");
	ck_assert_uint_eq(json_array_size(json_object_get(item, "requirements")), 2);
	ck_assert_str_eq(
		json_string_value(json_array_get(json_object_get(item, "requirements"), 1)),
		"SR 3.4 RE 1");
	ck_assert_uint_eq(json_array_size(json_object_get(item, "controls")), 2);
	ck_assert(json_is_null(json_object_get(item, "expected")));
	item = json_array_get(json_object_get(json_object_get(first, "checks"), "results"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(item, "id")), "SYS-002");
	json_decref(tree);
}
END_TEST

START_TEST(csv_quotes_cells_and_disarms_formulas)
{
	findings[0].path = (char *)"/opt/a \"b\", c";
	findings[0].detail = (char *)"=HYPERLINK(\"x\")";
	findings[0].subject.user = (char *)"@admin";
	findings[0].package = (char *)"-1+2";
	findings[0].expected = (char *)"two\nlines";
	findings[0].actual = (char *)"\n =1+1";
	host.finding_count = 1;
	write_report("csv", &report);
	has("\"/opt/a \"\"b\"\", c\"");
	has("\"'=HYPERLINK(\"\"x\"\")\"");
	has("\"'@admin\"");
	has("\"'-1+2\"");
	has("\"two\nlines\"");
	has("\"'\n =1+1\"");
	ck_assert_int_eq(strncmp(text, "\"record\",\"host\",\"id\"", 20), 0);
	ck_assert_str_eq(text + strlen(text) - 2, "\r\n");
}
END_TEST

START_TEST(fleet_shows_one_row_for_the_same_difference)
{
	struct report_host hosts[3] = {host, host, host};
	json_t *tree, *fleet;

	hosts[0].name = "hmi-1";
	hosts[0].finding_count = 2;
	hosts[1].name = "hmi-2";
	hosts[1].finding_count = 1;
	hosts[2].name = "hmi-3";
	report.hosts = hosts;
	report.host_count = 3;

	write_report("html", &report);
	has("on <strong>2 of 3 hosts</strong>: <span class=\"nowrap\">hmi-1</span>, "
	    "<span class=\"nowrap\">hmi-2</span></td>");
	has("on <strong>1 of 3 hosts</strong>: <span class=\"nowrap\">hmi-1</span></td>");
	has("2 differences are open.");
	has_in_order("All hosts of this report", "Differences across the hosts");

	tree = write_json(&report);
	fleet = json_object_get(tree, "fleet");
	ck_assert_uint_eq(json_array_size(fleet), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(fleet, 1), "hosts")), 2);
	json_decref(tree);
}
END_TEST

/* The bound on time is the test's own limit (60 s); memory is bounded by the writers' buffers. */
START_TEST(writes_ten_thousand_findings)
{
	size_t count = 10000;
	struct finding *many = calloc(count, sizeof(*many));
	char path[32];
	json_t *tree;

	ck_assert_ptr_nonnull(many);
	for (size_t i = 0; i < count; i++) {
		many[i] = make_finding((enum finding_severity)(i % SEVERITY_COUNT), NULL);
		snprintf(path, sizeof(path), "/opt/file-%05zu", i);
		many[i].path = strdup(path);
		snprintf(many[i].fingerprint, SHA256_HEX_SIZE, "%064zx", i);
	}
	host.findings = many;
	host.finding_count = count;

	write_report("html", &report);
	has("10000 findings are open");
	has("More open findings");
	has("file-00004");
	has("file-09995");
	write_report("csv", &report);
	has("file-09999");
	tree = write_json(&report);
	ck_assert_uint_eq(json_array_size(json_object_get(tree, "fleet")), count);
	json_decref(tree);

	for (size_t i = 0; i < count; i++)
		free(many[i].path);
	free(many);
}
END_TEST

static const struct {
	int64_t ns;
	const char *words;
} durations[] = {
	{0, "0 s"},
	{1, "under 1 s"},
	{59 * NSEC_PER_SEC, "59 s"},
	{60 * NSEC_PER_SEC, "1 min"},
	{61 * NSEC_PER_SEC, "1 min 1 s"},
	{HOUR - 1, "59 min 59 s"},
	{HOUR, "1 h"},
	{25 * HOUR, "1 d 1 h"},
	{48 * HOUR + NSEC_PER_SEC, "2 d"},
};

START_TEST(says_durations_in_two_units)
{
	char buf[WORDS_SIZE];

	ck_assert_str_eq(words_duration(durations[_i].ns, buf), durations[_i].words);
}
END_TEST

START_TEST(has_words_for_every_kind)
{
	ck_assert_str_ne(words_finding_kind((enum finding_kind)_i), "A difference");
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, finds_formats_by_name);
	tcase_add_loop_test(tcase, counts_the_blindest_record_of_each_moment, 0,
			    (int)ARRAY_SIZE(periods));
	tcase_add_test(tcase, period_begins_with_the_earliest_record_not_the_first);
	tcase_add_test(tcase, does_not_let_a_state_last_beyond_what_was_heard);
	tcase_add_test(tcase, never_rounds_up_to_wholly_covered);
	tcase_add_test(tcase, html_says_first_what_was_covered);
	tcase_add_test(tcase, html_lists_gaps_with_cause_and_what_was_missed);
	tcase_add_test(tcase, html_lists_intervals_in_order_and_leaves_out_empty_ones);
	tcase_add_test(tcase, every_report_says_what_the_rung_does_not_see);
	tcase_add_test(tcase, html_tells_hardening_findings_once);
	tcase_add_test(tcase, html_calls_a_time_without_records_not_covered);
	tcase_add_test(tcase, html_shows_gaps_that_are_too_short_for_a_pixel);
	tcase_add_test(tcase, html_admits_that_nothing_was_compared);
	tcase_add_test(tcase, html_keeps_hostile_text_as_text);
	tcase_add_test(tcase, html_shows_what_an_update_did_as_one_card);
	tcase_add_test(tcase, html_loads_and_runs_nothing);
	tcase_add_test(tcase, html_never_calls_a_host_compliant);
	tcase_add_test(tcase, counts_requirements_that_a_check_really_shows);
	tcase_add_test(tcase, counts_a_requirement_once_whichever_host_shows_it);
	tcase_add_test(tcase, tells_waivers_that_do_not_count);
	tcase_add_test(tcase, html_puts_failed_checks_before_passed_ones);
	tcase_add_test(tcase, html_tells_checks_by_family);
	tcase_add_test(tcase, html_shows_errors_as_errors);
	tcase_add_test(tcase, every_format_writes_an_empty_report);
	tcase_add_test(tcase, every_format_reports_a_full_disk);
	tcase_add_test(tcase, json_holds_what_the_page_says);
	tcase_add_test(tcase, csv_quotes_cells_and_disarms_formulas);
	tcase_add_test(tcase, fleet_shows_one_row_for_the_same_difference);
	tcase_add_test(tcase, writes_ten_thousand_findings);
	tcase_add_loop_test(tcase, says_durations_in_two_units, 0, (int)ARRAY_SIZE(durations));
	tcase_add_loop_test(tcase, has_words_for_every_kind, 0, FINDING_KIND_COUNT);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
