/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `expect` of a check: a typed operator and its arguments, judged against
 * what a probe found. Pure: no I/O.
 */
#ifndef PLUMBLINE_CHECKS_EXPECT_H
#define PLUMBLINE_CHECKS_EXPECT_H

#include <stdint.h>

#include "base/diag.h"
#include "checks/probe.h"

enum expect_op {
	EXPECT_EQUALS,
	EXPECT_DIFFERS, /* also met by an absent value */
	EXPECT_ONE_OF,
	EXPECT_AT_LEAST,
	EXPECT_AT_MOST,
	EXPECT_BETWEEN,
	EXPECT_PRESENT,
	EXPECT_ABSENT,
	EXPECT_HAS,    /* a list that holds all the words */
	EXPECT_LACKS,  /* a list that holds none of them; also met by an absent value */
	EXPECT_ONLY,   /* a list without any other word */
	EXPECT_NONE,   /* an empty list; also met by an absent value */
	EXPECT_SOME,   /* a list that is not empty */
	EXPECT_COUNT,  /* a list of so many items */
	EXPECT_LIKE,   /* a text, or each item of a list with one or more, matches a pattern */
	EXPECT_UNLIKE, /* neither the text nor any item does; also met by an absent value */
	EXPECT_OP_COUNT,
};

struct expect {
	enum expect_op op;
	char *words;	   /* arguments, squashed */
	int64_t low, high; /* of the numeric operators */
};

/* @gives (PROBE_GIVES_*) says what the probe finds. -EINVAL with @diag->text filled, or -ENOMEM. */
int expect_parse(const char *text, unsigned gives, struct expect *ret_expect, struct diag *diag);
void expect_done(struct expect *expect);
#define cleanup_expect cleanup_with(expect_done)

/* What is wanted, in words. */
void expect_describe(const struct expect *expect, struct strbuf *out);

/*
 * PASS or FAIL; ERROR with @reason when the value is of a kind that the operator cannot judge.
 * @value->outcome must be CHECK_PASS.
 */
enum check_outcome expect_judge(const struct expect *expect, const struct probe_value *value,
				struct strbuf *reason);

#endif
