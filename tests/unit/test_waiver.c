/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/waiver.h: what is a waiver, and what it counts for. */
#include "model/waiver.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "unit/unit.h"

#define START	1793491200LL /* 2026-11-01T00:00:00Z */
#define EXPIRES 1801440000LL /* 2027-02-01T00:00:00Z */
#define TIMES	"start = 2026-11-01T00:00:00Z\nexpires = 2027-02-01T00:00:00Z\n"
#define WHO	"owner = line 4\napprover = anna\nrisk = medium\n"
#define WHY	"reason = the vendor\n  needs it\n"
#define KEYS	WHO WHY TIMES
#define DIGITS	"123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PRINT	"0" DIGITS
#define OTHER	"1" DIGITS

static int read_list(const char *text, struct waiver_list *list, struct diag *diag)
{
	return waiver_list_read(list, "w.ini", text, strlen(text), diag);
}

START_TEST(keeps_what_is_written)
{
	cleanup_waiver_list struct waiver_list list = {0};
	const struct waiver *waiver;

	ck_assert_int_eq(read_list("[SSH-003]\n" KEYS "ticket = 12\n", &list, NULL), 0);
	ck_assert_int_eq(read_list("[software.unknown]\nhosts = a  b\n" KEYS, &list, NULL), 0);
	ck_assert_uint_eq(list.count, 2);
	waiver = &list.waivers[0];
	ck_assert_str_eq(waiver->subject, "SSH-003");
	ck_assert_str_eq(waiver->owner, "line 4");
	ck_assert_str_eq(waiver->approver, "anna");
	ck_assert_str_eq(waiver->reason, "the vendor needs it");
	ck_assert_str_eq(waiver->ticket, "12");
	ck_assert_int_eq(waiver->risk, SEVERITY_MEDIUM);
	ck_assert_int_eq(waiver->start_ns, START * NSEC_PER_SEC);
	ck_assert_int_eq(waiver->expires_ns, EXPIRES * NSEC_PER_SEC);
	ck_assert_ptr_null(waiver->hosts);
	ck_assert_str_eq(list.waivers[1].hosts, "a b");
}
END_TEST

START_TEST(counts_from_its_start_to_before_its_end)
{
	cleanup_waiver_list struct waiver_list list = {0};
	const int64_t start = START * NSEC_PER_SEC, end = EXPIRES * NSEC_PER_SEC;

	ck_assert_int_eq(read_list("[SSH-003]\n" KEYS, &list, NULL), 0);
	ck_assert_ptr_null(waiver_for_check(&list, "h", "SSH-003", start - 1));
	ck_assert_ptr_eq(waiver_for_check(&list, "h", "SSH-003", start), &list.waivers[0]);
	ck_assert_ptr_eq(waiver_for_check(&list, NULL, "SSH-003", end - 1), &list.waivers[0]);
	ck_assert_ptr_null(waiver_for_check(&list, "h", "SSH-003", end));
	ck_assert_ptr_null(waiver_for_check(&list, "h", "SSH-004", start));
	ck_assert_ptr_null(waiver_for_check(NULL, "h", "SSH-003", start));
}
END_TEST

START_TEST(counts_for_the_hosts_it_names)
{
	cleanup_waiver_list struct waiver_list list = {0};
	const int64_t start = START * NSEC_PER_SEC;

	ck_assert_int_eq(read_list("[SSH-003]\nhosts = hmi-07 hmi-08\n" KEYS, &list, NULL), 0);
	ck_assert_ptr_nonnull(waiver_for_check(&list, "hmi-08", "SSH-003", start));
	ck_assert_ptr_null(waiver_for_check(&list, "hmi-0", "SSH-003", start));
	ck_assert_ptr_null(waiver_for_check(&list, NULL, "SSH-003", start));
}
END_TEST

static const struct {
	const char *section;
	enum finding_kind kind;
	const char *path;
	bool counts;
} kinds[] = {
	{"[software.unknown]\n", FINDING_SOFTWARE_UNKNOWN, "/x", true},
	{"[software.unknown]\n", FINDING_SOFTWARE_MODIFIED, "/x", false},
	{"[finding x]\nfingerprint = " PRINT "\n", FINDING_SOFTWARE_UNKNOWN, "/x", true},
	{"[finding x]\nfingerprint = " OTHER "\n", FINDING_SOFTWARE_UNKNOWN, "/x", false},
	/* The finding of a failed check has its id as path. */
	{"[SSH-003]\n", FINDING_HARDENING_FAILED, "SSH-003", true},
	{"[SSH-003]\n", FINDING_HARDENING_REGRESSED, "SSH-003", true},
	{"[SSH-003]\n", FINDING_HARDENING_FAILED, "SSH-004", false},
	{"[SSH-003]\n", FINDING_SOFTWARE_UNKNOWN, "SSH-003", false},
};

START_TEST(counts_for_the_findings_it_means)
{
	cleanup_waiver_list struct waiver_list list = {0};
	struct finding finding = {.kind = kinds[_i].kind, .path = (char *)kinds[_i].path};
	cleanup_free char *text = NULL;
	const struct waiver *waiver;

	strcpy(finding.fingerprint, PRINT);
	ck_assert_int_gt(asprintf(&text, "%s" KEYS, kinds[_i].section), 0);
	ck_assert_int_eq(read_list(text, &list, NULL), 0);
	waiver = waiver_for_finding(&list, "h", &finding, START * NSEC_PER_SEC);
	ck_assert(kinds[_i].counts == (waiver != NULL));
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *words; /* that the message has */
} refused[] = {
	{"owner = a\n", 1, "before any section"},
	{"[SSH-003]\n", 1, "has no owner"},
	{"\n[SSH-003]\n" WHO TIMES, 2, "has no reason"},
	{"[SSH-003]\n" WHO WHY "expires = 2027-02-01T00:00:00Z\n", 1, "has no start"},
	{"[SSH-003]\n" WHO WHY "start = 2026-11-01T00:00:00Z\n", 1, "has no expires"},
	{"[SSH-003]\nowner = a\napprover = b\n" WHY TIMES, 1, "has no risk"},
	{"[SSH-003]\nrisk = some\n", 2, "unknown risk 'some'"},
	{"[SSH-003]\nowner = a\nowner = b\n", 3, "'owner' is set twice"},
	{"[SSH-003]\nstart = 2026-11-01T00:00:00Z\nstart = 2026-11-01T00:00:00Z\n", 3,
	 "'start' is set twice"},
	{"[SSH-003]\nreason =\n", 2, "'reason' is empty"},
	{"[SSH-003]\nreason = \x1b[2J\n", 2, "no screen shows"},
	{"[SSH-003]\nowner = caf\xe9\n", 2, "no screen shows"},
	{"[finding \x1b[2J]\nfingerprint = " PRINT "\n" KEYS, 1, "is no check id"},
	{"[SSH-003]\nstart = 2026-11-01\n", 2, "a time in UTC"},
	{"[SSH-003]\nexpires = 2027-02-01T00:00:00+01:00\n", 2, "a time in UTC"},
	{"[SSH-003]\nexpires = 1960-02-01T00:00:00Z\n", 2, "a time in UTC"},
	{"[SSH-003]\n" WHO WHY "start = 2027-02-01T00:00:00Z\nexpires = 2027-02-01T00:00:00Z\n", 1,
	 "expires before it starts"},
	{"[SSH-003]\ncolour = red\n", 2, "unknown key 'colour'"},
	{"[everything]\n" KEYS, 1, "is no check id"},
	{"[none]\n" KEYS, 1, "is no check id"},
	{"[S-1]\n" KEYS, 1, "is no check id"},
	{"[SSH-]\n" KEYS, 1, "is no check id"},
	{"[SSH-3a]\n" KEYS, 1, "is no check id"},
	{"[finding x]\n" KEYS, 1, "is no check id"},
	{"[finding x]\nfingerprint = 3f\n" KEYS, 1, "is no check id"},
	{"[SSH-003]\nfingerprint = " PRINT "\n" KEYS, 1, "is no check id"},
};

START_TEST(refuses_with_file_and_line)
{
	cleanup_waiver_list struct waiver_list list = {0};
	struct diag diag = {0};

	ck_assert_int_eq(read_list(refused[_i].text, &list, &diag), -EINVAL);
	ck_assert_str_eq(diag.file, "w.ini");
	ck_assert_msg(diag.line == refused[_i].line && strstr(diag.text, refused[_i].words),
		      "%u: %s", diag.line, diag.text);
}
END_TEST

START_TEST(refuses_more_than_anybody_reads)
{
	cleanup_waiver_list struct waiver_list list = {0};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};

	for (int i = 0; i <= 10000; i++)
		strbuf_add_str(&text, "[A-1]\n");
	ck_assert_int_eq(read_list(text.data, &list, &diag), -EINVAL);
	ck_assert_str_eq(diag.text, "more than 10000 waivers");
	ck_assert_uint_eq(diag.line, 10001);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, keeps_what_is_written);
	tcase_add_test(tcase, counts_from_its_start_to_before_its_end);
	tcase_add_test(tcase, counts_for_the_hosts_it_names);
	tcase_add_loop_test(tcase, counts_for_the_findings_it_means, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(tcase, refuses_with_file_and_line, 0, ARRAY_SIZE(refused));
	tcase_add_test(tcase, refuses_more_than_anybody_reads);
}

UNIT_MAIN("waiver")
