/* SPDX-License-Identifier: Apache-2.0 */
#include "model/finding.h"

#include "unit/unit.h"

static struct finding sample(void)
{
	return (struct finding){
		.kind = FINDING_SOFTWARE_MODIFIED,
		.path = strdup("/usr/bin/hmi"),
		.expected = strdup("sha256:aa"),
		.actual = strdup("sha256:bb"),
		.subject = {.is_known = true, .pid = 42, .exe = strdup("/usr/bin/vi")},
	};
}

START_TEST(fingerprint_is_the_documented_digest)
{
	cleanup_finding struct finding finding = sample();

	/* printf 'software.modified\0/usr/bin/hmi\0sha256:aa\0sha256:bb\0' | sha256sum */
	ck_assert_int_eq(finding_seal(&finding, "hmi-07"), 0);
	ck_assert_str_eq(finding.fingerprint,
			 "09b495238fc61728f69148ab0b6fb658b8691fee880aa45c8d92b76a4add1c2b");
	/* printf 'hmi-07\0%s\0' FINGERPRINT | sha256sum */
	ck_assert_str_eq(finding.id,
			 "4f1549bb228a0080f69157987952ee939fd1d337092ee039b5cb6a4dc517f8e5");
}
END_TEST

START_TEST(fingerprint_is_the_same_on_every_host)
{
	cleanup_finding struct finding here = sample(), there = sample();

	there.subject.pid = 43;
	there.count = 9;
	there.first_seen_ns = 12345;
	ck_assert_int_eq(finding_seal(&here, "hmi-07"), 0);
	ck_assert_int_eq(finding_seal(&there, "hmi-08"), 0);
	ck_assert_str_eq(here.fingerprint, there.fingerprint);
	ck_assert_str_ne(here.id, there.id);
}
END_TEST

START_TEST(parts_do_not_run_together)
{
	struct finding a = {
		.kind = FINDING_DATA_ADDED, .path = (char *)"/x", .expected = (char *)"ab"};
	struct finding b = {
		.kind = FINDING_DATA_ADDED, .path = (char *)"/xa", .expected = (char *)"b"};

	ck_assert_int_eq(finding_seal(&a, "h"), 0);
	ck_assert_int_eq(finding_seal(&b, "h"), 0);
	ck_assert_str_ne(a.fingerprint, b.fingerprint);
}
END_TEST

START_TEST(a_copy_owns_its_strings)
{
	cleanup_finding struct finding copy = {0};
	struct finding finding = sample();

	ck_assert_int_eq(finding_copy(&finding, &copy), 0);
	finding_done(&finding);
	ck_assert_str_eq(copy.path, "/usr/bin/hmi");
	ck_assert_str_eq(copy.subject.exe, "/usr/bin/vi");
	ck_assert_ptr_null(copy.package);
	ck_assert_ptr_null(finding.path);
}
END_TEST

START_TEST(names_go_both_ways)
{
	enum finding_kind kind;
	enum finding_severity severity;
	enum finding_state state;

	for (enum finding_kind k = 0; k < FINDING_KIND_COUNT; k++) {
		ck_assert_str_ne(finding_kind_name(k), "unknown");
		ck_assert_int_eq(finding_kind_parse(finding_kind_name(k), &kind), 0);
		ck_assert_int_eq(kind, k);
	}
	for (enum finding_severity s = 0; s < SEVERITY_COUNT; s++) {
		ck_assert_int_eq(finding_severity_parse(finding_severity_name(s), &severity), 0);
		ck_assert_int_eq(severity, s);
	}
	for (enum finding_state s = 0; s < FINDING_STATE_COUNT; s++) {
		ck_assert_int_eq(finding_state_parse(finding_state_name(s), &state), 0);
		ck_assert_int_eq(state, s);
	}
	ck_assert_int_eq(finding_kind_parse("software.imagined", &kind), -EINVAL);
	ck_assert_str_eq(finding_kind_name(FINDING_KIND_COUNT), "unknown");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, fingerprint_is_the_documented_digest);
	tcase_add_test(tcase, fingerprint_is_the_same_on_every_host);
	tcase_add_test(tcase, parts_do_not_run_together);
	tcase_add_test(tcase, a_copy_owns_its_strings);
	tcase_add_test(tcase, names_go_both_ways);
}

UNIT_MAIN("finding")
