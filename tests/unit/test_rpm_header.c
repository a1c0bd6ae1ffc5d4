/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the reader of package headers in rpm's database. */
#include "unit.h"

#include <string.h>

#include "base/cleanup.h"
#include "checks/rpm_header.h"

struct tag {
	uint32_t tag, type, offset;
};

static void put(uint8_t **at, uint32_t number)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*(*at)++ = (uint8_t)(number >> shift);
}

/* A header of up to four tags; returns its size. */
static size_t make(uint8_t *out, const struct tag *tags, uint32_t count, const char *data,
		   size_t len)
{
	uint8_t *at = out;

	put(&at, count);
	put(&at, (uint32_t)len);
	for (uint32_t i = 0; i < count; i++) {
		put(&at, tags[i].tag);
		put(&at, tags[i].type);
		put(&at, tags[i].offset);
		put(&at, 1);
	}
	memcpy(at, data, len);
	return (size_t)(at - out) + len;
}

static const struct header_case {
	const char *what;
	struct tag tags[2];
	const char *data;
	size_t len;
	const char *name; /* NULL: -EBADMSG */
} cases[] = {
	{"a name", {{100, 8, 0}, {1000, 6, 2}}, "C\0pump\0", 7, "pump"},
	{"the first tag",
	 {{1000, 6, 0}, {1001, 6, 5}},
	 "pump\0"
	 "1\0",
	 7,
	 "pump"},
	{"no name", {{100, 8, 0}, {1001, 6, 2}}, "C\0pump\0", 7, NULL},
	{"another type", {{100, 8, 0}, {1000, 8, 2}}, "C\0pump\0", 7, NULL},
	{"no end", {{100, 8, 0}, {1000, 6, 2}}, "C\0pump", 6, NULL},
	{"outside", {{100, 8, 0}, {1000, 6, 7}}, "C\0pump\0", 7, NULL},
	{"far outside", {{100, 8, 0}, {1000, 6, UINT32_MAX}}, "C\0pump\0", 7, NULL},
	{"empty", {{100, 8, 0}, {1000, 6, 6}}, "C\0pump\0", 7, NULL},
	{"a line feed", {{100, 8, 0}, {1000, 6, 2}}, "C\0pu\np\0", 7, NULL},
};

START_TEST(a_name_is_found_or_refused)
{
	const struct header_case *c = &cases[_i];
	const char *name = NULL;
	uint8_t bytes[128];
	size_t size = make(bytes, c->tags, 2, c->data, c->len);
	int r = rpm_header_name(bytes, size, size, &name);

	ck_assert_msg(r == (c->name ? 0 : -EBADMSG), "%s: %d", c->what, r);
	ck_assert_msg(!c->name || strcmp(name, c->name) == 0, "%s: %s", c->what, name);
	ck_assert(c->name || !name);
}
END_TEST

/* Any cut is noticed, but for one behind the name of a header whose rest was not read. */
START_TEST(a_cut_is_noticed)
{
	uint8_t bytes[128];
	size_t size = make(bytes, (const struct tag[]){{1000, 6, 0}, {1001, 6, 5}}, 2,
			   "pump\0"
			   "1.0\0",
			   9);
	const char *name = NULL;

	for (size_t len = 0; len < size; len++)
		ck_assert_int_eq(rpm_header_name(bytes, len, len, &name), -EBADMSG);
	ck_assert_int_eq(rpm_header_name(bytes, size - 5, size, &name), -EBADMSG);
	ck_assert_int_eq(rpm_header_name(bytes, size - 4, size, &name), 0);
}
END_TEST

START_TEST(sizes_must_add_up)
{
	uint8_t bytes[128];
	size_t size = make(bytes, (const struct tag[]){{1000, 6, 0}}, 1, "pump\0", 5);
	const char *name = NULL;

	ck_assert_int_eq(rpm_header_name(bytes, size, size, &name), 0);
	ck_assert_int_eq(rpm_header_name(bytes, size, size + 1, &name), -EBADMSG);
	memset(bytes, 0xff, 4); /* tags */
	ck_assert_int_eq(rpm_header_name(bytes, size, size, &name), -EBADMSG);
	memset(bytes, 0, 4);
	ck_assert_int_eq(rpm_header_name(bytes, size, size, &name), -EBADMSG);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_name_is_found_or_refused, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tcase, a_cut_is_noticed);
	tcase_add_test(tcase, sizes_must_add_up);
}

UNIT_MAIN("rpm_header")
