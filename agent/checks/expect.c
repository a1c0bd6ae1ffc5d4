/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of `expect`. */
#include "checks/expect.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"

enum arguments {
	ARGUMENTS_NONE,
	ARGUMENTS_ONE,	/* one text, blanks inside allowed */
	ARGUMENTS_SOME, /* one word or more */
	ARGUMENTS_NUMBER,
	ARGUMENTS_TWO_NUMBERS,
};

static const struct {
	const char *name;
	enum arguments arguments;
	unsigned judges; /* PROBE_GIVES_* */
} operators[EXPECT_OP_COUNT] = {
	[EXPECT_EQUALS] = {"equals", ARGUMENTS_ONE, PROBE_GIVES_TEXT},
	[EXPECT_DIFFERS] = {"differs", ARGUMENTS_ONE, PROBE_GIVES_TEXT},
	[EXPECT_ONE_OF] = {"one_of", ARGUMENTS_SOME, PROBE_GIVES_TEXT},
	[EXPECT_AT_LEAST] = {"at_least", ARGUMENTS_NUMBER, PROBE_GIVES_TEXT},
	[EXPECT_AT_MOST] = {"at_most", ARGUMENTS_NUMBER, PROBE_GIVES_TEXT},
	[EXPECT_BETWEEN] = {"between", ARGUMENTS_TWO_NUMBERS, PROBE_GIVES_TEXT},
	[EXPECT_PRESENT] = {"present", ARGUMENTS_NONE, PROBE_GIVES_TEXT | PROBE_GIVES_LIST},
	[EXPECT_ABSENT] = {"absent", ARGUMENTS_NONE, PROBE_GIVES_TEXT | PROBE_GIVES_LIST},
	[EXPECT_HAS] = {"has", ARGUMENTS_SOME, PROBE_GIVES_LIST},
	[EXPECT_LACKS] = {"lacks", ARGUMENTS_SOME, PROBE_GIVES_LIST},
	[EXPECT_ONLY] = {"only", ARGUMENTS_SOME, PROBE_GIVES_LIST},
	[EXPECT_NONE] = {"none", ARGUMENTS_NONE, PROBE_GIVES_LIST},
	[EXPECT_SOME] = {"some", ARGUMENTS_NONE, PROBE_GIVES_LIST},
	[EXPECT_COUNT] = {"count", ARGUMENTS_NUMBER, PROBE_GIVES_LIST},
	[EXPECT_LIKE] = {"like", ARGUMENTS_SOME, PROBE_GIVES_TEXT | PROBE_GIVES_LIST},
	[EXPECT_UNLIKE] = {"unlike", ARGUMENTS_SOME, PROBE_GIVES_TEXT | PROBE_GIVES_LIST},
};

static int parse_numbers(struct expect *expect, enum arguments arguments, struct diag *diag)
{
	char *blank = strchr(expect->words, ' ');
	int r;

	if (arguments == ARGUMENTS_NUMBER) {
		r = str_to_i64(expect->words, 10, &expect->low);
		expect->high = expect->low;
	} else {
		if (!blank)
			return diag_set(diag, "", 0, -EINVAL, "'between' needs two numbers");
		*blank = '\0';
		r = str_to_i64(expect->words, 10, &expect->low);
		if (r == 0)
			r = str_to_i64(blank + 1, 10, &expect->high);
		*blank = ' ';
	}
	if (r < 0)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is not a number", expect->words);
	if (expect->low > expect->high)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is an empty range", expect->words);
	if (expect->op == EXPECT_COUNT && expect->low < 0)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is not a count", expect->words);
	return 0;
}

int expect_parse(const char *text, unsigned gives, struct expect *ret_expect, struct diag *diag)
{
	size_t len = strcspn(text, " \t\n");
	cleanup_expect struct expect expect = {.op = EXPECT_OP_COUNT};
	enum arguments arguments;
	int r = 0;

	for (int op = 0; op < EXPECT_OP_COUNT; op++)
		if (strlen(operators[op].name) == len &&
		    strncmp(text, operators[op].name, len) == 0)
			expect.op = op;
	if (expect.op == EXPECT_OP_COUNT)
		return diag_set(diag, "", 0, -EINVAL, "unknown operator '%.*s'", (int)len, text);
	if (!(operators[expect.op].judges & gives))
		return diag_set(diag, "", 0, -EINVAL, "'%s' does not fit what this kind finds",
				operators[expect.op].name);
	expect.words = strdup(text + len);
	if (!expect.words)
		return -ENOMEM;
	words_squash(expect.words);
	arguments = operators[expect.op].arguments;
	if (arguments == ARGUMENTS_NONE && *expect.words)
		return diag_set(diag, "", 0, -EINVAL, "'%s' takes no argument",
				operators[expect.op].name);
	if (arguments != ARGUMENTS_NONE && !*expect.words)
		return diag_set(diag, "", 0, -EINVAL, "'%s' needs an argument",
				operators[expect.op].name);
	if (arguments == ARGUMENTS_NUMBER || arguments == ARGUMENTS_TWO_NUMBERS)
		r = parse_numbers(&expect, arguments, diag);
	if (r < 0)
		return r;
	*ret_expect = expect;
	expect.words = NULL;
	return 0;
}

void expect_done(struct expect *expect)
{
	free(expect->words);
	expect->words = NULL;
}

static void join(const char *words, const char *separator, struct strbuf *out)
{
	const char *cursor = words, *word;
	bool is_first = true;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		if (!is_first)
			strbuf_add_str(out, separator);
		strbuf_add(out, word, len);
		is_first = false;
	}
}

void expect_describe(const struct expect *expect, struct strbuf *out)
{
	switch (expect->op) {
	case EXPECT_EQUALS:
		strbuf_add_str(out, expect->words);
		break;
	case EXPECT_DIFFERS:
		strbuf_printf(out, "anything but %s", expect->words);
		break;
	case EXPECT_ONE_OF:
		join(expect->words, " or ", out);
		break;
	case EXPECT_AT_LEAST:
		strbuf_printf(out, "at least %s", expect->words);
		break;
	case EXPECT_AT_MOST:
		strbuf_printf(out, "at most %s", expect->words);
		break;
	case EXPECT_BETWEEN:
		join(expect->words, " to ", out);
		break;
	case EXPECT_PRESENT:
		strbuf_add_str(out, "set");
		break;
	case EXPECT_ABSENT:
		strbuf_add_str(out, "not set");
		break;
	case EXPECT_HAS:
		join(expect->words, ", ", out);
		break;
	case EXPECT_LACKS:
		strbuf_add_str(out, "none of ");
		join(expect->words, ", ", out);
		break;
	case EXPECT_ONLY:
		strbuf_add_str(out, "nothing but ");
		join(expect->words, ", ", out);
		break;
	case EXPECT_NONE:
		strbuf_add_str(out, "none");
		break;
	case EXPECT_SOME:
		strbuf_add_str(out, "at least one");
		break;
	case EXPECT_COUNT:
		strbuf_printf(out, "exactly %s", expect->words);
		break;
	case EXPECT_LIKE:
		strbuf_add_str(out, "like ");
		join(expect->words, " or ", out);
		break;
	case EXPECT_UNLIKE:
		strbuf_add_str(out, "nothing like ");
		join(expect->words, ", ", out);
		break;
	case EXPECT_OP_COUNT:
		break;
	}
}

static bool matches_any(const char *patterns, const char *text)
{
	const char *cursor = patterns, *word;
	char pattern[256];
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		if (len >= sizeof(pattern))
			continue;
		memcpy(pattern, word, len);
		pattern[len] = '\0';
		if (fnmatch(pattern, text, 0) == 0)
			return true;
	}
	return false;
}

static enum check_outcome pass_if(bool is_met)
{
	return is_met ? CHECK_PASS : CHECK_FAIL;
}

/* The whole numbers around "2.5", ".5" or "-15". */
static int parse_decimal(const char *text, int64_t *ret_floor, int64_t *ret_ceil)
{
	bool is_below_zero = *text == '-', has_fraction;
	const char *dot = strchr(text, '.');
	const char *fraction = dot ? dot + 1 : "";
	size_t digits = strspn(fraction, "0123456789"), sign = strspn(text, "+-");
	cleanup_free char *whole = strndup(text, strcspn(text, "."));
	int64_t number = 0;
	int r = 0;

	if (!whole)
		return -ENOMEM;
	if (fraction[digits] || sign > 1)
		return -EINVAL;
	/* Nothing stands before the point of ".5". */
	if (whole[sign] || !digits)
		r = str_to_i64(whole, 10, &number);
	if (r < 0)
		return r;
	has_fraction = strspn(fraction, "0") < digits;
	if (has_fraction && (number == INT64_MAX || number == INT64_MIN))
		return -ERANGE;
	*ret_floor = number - (has_fraction && is_below_zero);
	*ret_ceil = number + (has_fraction && !is_below_zero);
	return 0;
}

static int parse_found(const char *text, bool may_be_decimal, int64_t *ret_floor, int64_t *ret_ceil)
{
	int64_t number;
	int r;

	if (may_be_decimal)
		return parse_decimal(text, ret_floor, ret_ceil);
	r = str_to_i64(text, 10, &number);
	if (r == 0)
		*ret_floor = *ret_ceil = number;
	return r;
}

static enum check_outcome judge_text(const struct expect *expect, const char *text,
				     bool may_be_decimal, struct strbuf *reason)
{
	int64_t floor = 0, ceil = 0;

	switch (expect->op) {
	case EXPECT_EQUALS:
		return pass_if(strcmp(text, expect->words) == 0);
	case EXPECT_DIFFERS:
		return pass_if(strcmp(text, expect->words) != 0);
	case EXPECT_ONE_OF:
		return pass_if(words_contain(expect->words, WORDS_SPACE, text));
	case EXPECT_PRESENT:
		return CHECK_PASS;
	case EXPECT_ABSENT:
		return CHECK_FAIL;
	case EXPECT_LIKE:
		return pass_if(matches_any(expect->words, text));
	case EXPECT_UNLIKE:
		return pass_if(!matches_any(expect->words, text));
	case EXPECT_AT_LEAST:
	case EXPECT_AT_MOST:
	case EXPECT_BETWEEN:
		if (parse_found(text, may_be_decimal, &floor, &ceil) < 0) {
			strbuf_add_str(reason, "the value is not a number");
			return CHECK_ERROR;
		}
		if (expect->op != EXPECT_AT_MOST && floor < expect->low)
			return CHECK_FAIL;
		return pass_if(expect->op == EXPECT_AT_LEAST || ceil <= expect->high);
	case EXPECT_HAS:
	case EXPECT_LACKS:
	case EXPECT_ONLY:
	case EXPECT_NONE:
	case EXPECT_SOME:
	case EXPECT_COUNT:
	case EXPECT_OP_COUNT:
		break;
	}
	strbuf_add_str(reason, "one value was found where a list was expected");
	return CHECK_ERROR;
}

/* Whether an item of the list @items starts with @word. */
static bool list_holds(const char *items, const char *word, size_t len)
{
	for (const char *item = items; item && *item;) {
		if (strcspn(item, " \n") == len && strncmp(item, word, len) == 0)
			return true;
		item = strchr(item, '\n');
		item = item ? item + 1 : NULL;
	}
	return false;
}

static bool list_has_all(const char *items, const char *words)
{
	const char *cursor = words, *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len))
		if (!list_holds(items, word, len))
			return false;
	return true;
}

static bool list_has_any(const char *items, const char *words)
{
	const char *cursor = words, *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len))
		if (list_holds(items, word, len))
			return true;
	return false;
}

static bool list_has_only(const char *items, const char *words)
{
	for (const char *item = items; item && *item;) {
		cleanup_free char *word = strndup(item, strcspn(item, " \n"));

		if (!word || !words_contain(words, WORDS_SPACE, word))
			return false;
		item = strchr(item, '\n');
		item = item ? item + 1 : NULL;
	}
	return true;
}

/* How many items have a first word that matches one of @patterns. */
static size_t count_like(const char *items, const char *patterns)
{
	size_t count = 0;

	for (const char *item = items; item && *item;) {
		cleanup_free char *word = strndup(item, strcspn(item, " \n"));

		count += word && matches_any(patterns, word);
		item = strchr(item, '\n');
		item = item ? item + 1 : NULL;
	}
	return count;
}

static enum check_outcome judge_list(const struct expect *expect, const char *items, size_t count,
				     struct strbuf *reason)
{
	switch (expect->op) {
	case EXPECT_HAS:
		return pass_if(list_has_all(items, expect->words));
	case EXPECT_LACKS:
		return pass_if(!list_has_any(items, expect->words));
	case EXPECT_ONLY:
		return pass_if(list_has_only(items, expect->words));
	case EXPECT_NONE:
		return pass_if(count == 0);
	case EXPECT_SOME:
	case EXPECT_PRESENT:
		return pass_if(count > 0);
	case EXPECT_ABSENT:
		return CHECK_FAIL;
	case EXPECT_LIKE:
		return pass_if(count > 0 && count_like(items, expect->words) == count);
	case EXPECT_UNLIKE:
		return pass_if(count_like(items, expect->words) == 0);
	case EXPECT_COUNT:
		return pass_if(count == (uint64_t)expect->low);
	case EXPECT_EQUALS:
	case EXPECT_DIFFERS:
	case EXPECT_ONE_OF:
	case EXPECT_AT_LEAST:
	case EXPECT_AT_MOST:
	case EXPECT_BETWEEN:
	case EXPECT_OP_COUNT:
		break;
	}
	strbuf_add_str(reason, "a list was found where one value was expected");
	return CHECK_ERROR;
}

/* Each line of @others is judged as if it were the value; of a list, its words are the items. */
static enum check_outcome judge_others(const struct expect *expect, const struct probe_value *value,
				       struct strbuf *reason)
{
	cleanup_free char *lines = strdup(value->others.data ? value->others.data : "");
	char *rest = lines, *line;
	enum check_outcome outcome;

	if (!lines) {
		strbuf_add_str(reason, "out of memory");
		return CHECK_ERROR;
	}
	while ((line = strsep(&rest, "\n"))) {
		size_t count = *line != '\0';

		if (!count)
			continue;
		if (value->kind == PROBE_LIST ||
		    !(operators[expect->op].judges & PROBE_GIVES_TEXT)) {
			for (char *p = line; *p; p++)
				if (*p == ' ') {
					*p = '\n';
					count++;
				}
			outcome = judge_list(expect, line, count, reason);
		} else {
			outcome = judge_text(expect, line, value->may_be_decimal, reason);
		}
		if (outcome != CHECK_PASS)
			return outcome;
	}
	return CHECK_PASS;
}

enum check_outcome expect_judge(const struct expect *expect, const struct probe_value *value,
				struct strbuf *reason)
{
	const char *text = value->text.data ? value->text.data : "";
	enum check_outcome outcome = CHECK_FAIL;

	switch (value->kind) {
	case PROBE_ABSENT:
		outcome = pass_if(expect->op == EXPECT_ABSENT || expect->op == EXPECT_DIFFERS ||
				  expect->op == EXPECT_LACKS || expect->op == EXPECT_NONE ||
				  expect->op == EXPECT_UNLIKE);
		break;
	case PROBE_TEXT:
		outcome = judge_text(expect, text, value->may_be_decimal, reason);
		break;
	case PROBE_LIST:
		outcome = judge_list(expect, text, value->count, reason);
		break;
	}
	return outcome == CHECK_PASS ? judge_others(expect, value, reason) : outcome;
}
