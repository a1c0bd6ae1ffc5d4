/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/policy.h that need no signature. Signed files are judged in integration/024.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "baseline/policy.h"

static const char path[] = "/tmp/plumbline-test.XXXXXX";

static int load(const char *text, struct policy **ret_policy, struct diag *diag)
{
	char name[sizeof(path)];
	int fd, r;

	memcpy(name, path, sizeof(path));
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	r = policy_new(name, NULL, ret_policy, diag);
	unlink(name);
	return r;
}

/* "role:name:subject:certificate" each; "!" before it: does not hold. */
static unsigned make(const char *const *list, struct baseline_approval *approvals)
{
	unsigned count = 0;

	for (; list[count]; count++) {
		struct baseline_approval *a = &approvals[count];
		char digit;

		a->is_verified = list[count][0] != '!';
		a->refusal = a->is_verified ? NULL : strdup("it is bad");
		ck_assert_int_eq(sscanf(list[count] + !a->is_verified, "%m[^:]:%m[^:]:%m[^:]:%c",
					&a->role, &a->name, &a->certificate, &digit),
				 4);
		memset(a->certificate_sha256, digit, SHA256_HEX_SIZE - 1);
	}
	return count;
}

#define TWO	"[policy]\napprovals = 2\n"
#define AUTHOR	"author:A:CN=a:1"
#define ROLES	"[policy]\nroles = author reviewer approver\n"
#define SAME_OK "distinct_persons = no\n"

static const struct {
	const char *policy;
	const char *approvals[5];
	const char *reason; /* NULL: enough */
} cases[] = {
	{"", {AUTHOR}, NULL},
	{"", {NULL}, "it has no approval"},
	{"", {"!author:A:CN=a:1"}, "no approval holds: it is bad"},
	{"", {"!author:A:CN=a:1", "approver:B:CN=b:2"}, NULL},
	{TWO, {AUTHOR, "author:B:CN=b:2"}, NULL},
	{TWO, {AUTHOR}, "of 1 people hold, the policy wants 2"},
	{TWO, {AUTHOR, "!author:B:CN=b:2"}, "of 1 people"},
	{TWO, {AUTHOR, "approver:B:CN=b:1"}, "of 1 people"}, /* one certificate */
	{TWO, {AUTHOR, "approver:B:CN=a:2"}, "of 1 people"}, /* one subject */
	{TWO, {AUTHOR, "approver:A:CN=b:2"}, "of 1 people"}, /* one name */
	/* The third is the same as each of the others, which have nothing in common. */
	{TWO, {AUTHOR, "x:B:CN=b:2", "y:A:CN=b:3"}, "of 1 people"},
	{TWO, {"y:A:CN=b:3", AUTHOR, "x:B:CN=b:2"}, "of 1 people"},
	{TWO SAME_OK, {AUTHOR, "approver:A:CN=a:1"}, NULL},
	{TWO SAME_OK, {AUTHOR, AUTHOR}, "of 1 signatures"},
	{ROLES, {AUTHOR, "reviewer:B:CN=b:2", "approver:C:CN=c:3"}, NULL},
	{ROLES, {AUTHOR, "approver:C:CN=c:3"}, "nobody approved it as reviewer"},
	{ROLES, {AUTHOR, "!reviewer:B:CN=b:2", "approver:C:CN=c:3"}, "as reviewer"},
	{ROLES, {AUTHOR, "reviewer:A:CN=a:1", "approver:C:CN=c:3"}, "wants different people"},
	{ROLES SAME_OK, {AUTHOR, "reviewer:A:CN=a:1", "approver:A:CN=a:1"}, NULL},
	/* A does what only A can; the one who came first moves on. */
	{ROLES, {AUTHOR, "author:B:CN=b:2", "reviewer:A:CN=a:1", "approver:C:CN=c:3"}, NULL},
	{ROLES "approvals = 4\n",
	 {AUTHOR, "reviewer:B:CN=b:2", "approver:C:CN=c:3", "guest:D:CN=d:4"},
	 "of 3 people"},
};

START_TEST(enough_is_what_the_policy_says)
{
	struct baseline_approval approvals[5] = {0};
	struct policy *policy = NULL;
	struct diag diag = {0};
	unsigned count = make(cases[_i].approvals, approvals);
	int r;

	ck_assert_msg(load(cases[_i].policy, &policy, &diag) == 0, "%s", diag.text);
	r = policy_decide(policy, approvals, count, &diag);
	if (!cases[_i].reason)
		ck_assert_msg(r == 0, "%s", diag.text);
	else
		ck_assert_msg(r < 0 && strstr(diag.text, cases[_i].reason), "%d %s", r, diag.text);
	for (unsigned i = 0; i < count; i++)
		baseline_approval_done(&approvals[i]);
	policy_free(policy);
}
END_TEST

static const struct {
	const char *role, *refusal;
} certificates[] = {
	{"eku = 1.2.3", NULL},
	{"eku = 1.2", "key usage 1.2 "},
	{"eku = 2.3", "key usage 2.3 "},
	{"eku = 1.2.3.4", "key usage 1.2.3.4 "},
	{"extension = 2.5.29.37", NULL},
	{"extension = 1.2.3", "extension 1.2.3 "},
	{"subject = CN=*,O=Plant", NULL},
	{"subject = CN=*,O=Other", "subject CN=a,O=Plant"},
	{"eku = 1.2.3\nsubject = x", "subject"},
};

START_TEST(a_role_asks_for_its_certificate)
{
	struct baseline_approval a = {
		.role = strdup("approver"),
		.certificate = strdup("CN=a,O=Plant"),
		.usages = strdup("1.3 1.2.3"),
		.extensions = strdup("2.5.29.37 2.5.29.19"),
		.is_verified = true,
	};
	struct policy *policy = NULL;
	char text[128];

	snprintf(text, sizeof(text), "[role approver]\n%s\n", certificates[_i].role);
	ck_assert_int_eq(load(text, &policy, NULL), 0);
	ck_assert_int_eq(policy_judge_role(policy, &a), 0);
	ck_assert_int_eq(a.is_verified, !certificates[_i].refusal);
	if (certificates[_i].refusal)
		ck_assert_msg(strstr(a.refusal, certificates[_i].refusal), "%s", a.refusal);
	else
		ck_assert_ptr_null(a.refusal);
	policy_free(policy);
	baseline_approval_done(&a);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
} wrongs[] = {
	{"approvals = 1\n", 1},
	{"[policy]\napprovals = 0\n", 2},
	{"[policy]\napprovals = 100\n", 2},
	{"[policy]\napprovals = two\n", 2},
	{"[policy]\napprovals = 1\napprovals = 2\n", 3},
	{"[policy]\ndistinct_persons = maybe\n", 2},
	{"[policy]\nroles = a b a\n", 0},
	{"[policy]\nca = x\n", 2},
	{"[other]\nca = x\n", 1},
	{"[role ]\nca = x\n", 1},
	{"[role a]\nca = /nonexistent/ca.pem\n", 2},
	{"[role a]\neku = serverAuth\n", 2},
	{"[role a]\nextension = 1.\n", 2},
	{"[role a]\napprovals = 2\n", 2},
	{"[role a]\nsubject = a\n[role a]\nsubject = b\n", 3},
};

START_TEST(a_wrong_policy_is_refused_with_its_line)
{
	struct policy *policy = NULL;
	struct diag diag = {0};

	ck_assert_int_lt(load(wrongs[_i].text, &policy, &diag), 0);
	ck_assert_ptr_null(policy);
	ck_assert_str_ne(diag.text, "");
	ck_assert_msg(diag.line == wrongs[_i].line, "line %u: %s", diag.line, diag.text);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, enough_is_what_the_policy_says, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(tcase, a_role_asks_for_its_certificate, 0, ARRAY_SIZE(certificates));
	tcase_add_loop_test(tcase, a_wrong_policy_is_refused_with_its_line, 0, ARRAY_SIZE(wrongs));
}

UNIT_MAIN("baseline_policy")
