/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/rpm_text.h. */
#include "unit/unit.h"

#include "base/strbuf.h"
#include "baseline/rpm_text.h"

#define HEAD   "P 'a' 0 '1' '2' 'noarch' 8 "
#define RECORD "F '/x' 100644 1 4294967295 0 'd' 'root' 'root' '' "

/* What came out, one line per call. */
static struct strbuf seen;

static int on_package(const struct rpm_package *p, void *userdata)
{
	strbuf_printf(&seen, "%s|%llu|%s|%s|%s|%llu\n", p->name, (unsigned long long)p->epoch,
		      p->version, p->release, p->arch, (unsigned long long)p->digest_algorithm);
	return 0;
}

static int on_file(const struct rpm_file *f, void *userdata)
{
	strbuf_printf(&seen, "%s|%o|%u|%u|%d|%s|%s|%s|%s|%s\n", f->path, f->mode, f->flags,
		      f->verify, f->is_installed, f->digest, f->user, f->group, f->target,
		      f->capabilities);
	return strcmp(f->path, "/stop") == 0 ? -EDOM : 0;
}

/* 0 or the first error, of @text given in pieces of @piece bytes. */
static int read_pieces(const char *text, size_t len, size_t piece)
{
	const struct rpm_text_sink sink = {on_package, on_file, NULL};
	struct rpm_text *reader = NULL;
	int r = 0;

	strbuf_clear(&seen);
	ck_assert_int_eq(rpm_text_new(&sink, &reader), 0);
	for (size_t i = 0; i < len && r == 0; i += piece)
		r = rpm_text_add(reader, text + i, len - i < piece ? len - i : piece);
	if (r == 0)
		r = rpm_text_finish(reader);
	rpm_text_free(reader);
	return r;
}

static int read_all(const char *text)
{
	return read_pieces(text, strlen(text), SIZE_MAX);
}

static void teardown(void)
{
	strbuf_done(&seen);
}

START_TEST(packages_and_files_are_given_as_they_stand)
{
	static const char text[] =
		"P 'pump' 2 '1.0' '3.el8' 'x86_64' (none) 2\n"
		"F '/opt/a' 40755 0 4294967295 0 '' 'root' 'wheel' '' (none)\n"
		"F '/opt/l' 120777 64 0 3 '' 'root' 'root' '/opt/a' 'cap_net_raw=ep'\nE\n"
		"P 'empty' 0 '1' '1' (none) 8 0\nE\n";
	static const char expected[] = "pump|2|1.0|3.el8|x86_64|0\n"
				       "/opt/a|40755|0|4294967295|1||root|wheel||\n"
				       "/opt/l|120777|64|0|0||root|root|/opt/a|cap_net_raw=ep\n"
				       "empty|0|1|1||8\n";

	ck_assert_int_eq(read_all(text), 0);
	ck_assert_str_eq(seen.data, expected);
	for (size_t piece = 1; piece < 9; piece++) {
		ck_assert_int_eq(read_pieces(text, strlen(text), piece), 0);
		ck_assert_str_eq(seen.data, expected);
	}
}
END_TEST

START_TEST(no_name_ends_its_field)
{
	ck_assert_int_eq(read_all(HEAD "1\n"
				       "F '/a b\nE\nP '\\''x'\\'' (none)\\' 100644 0 0 0 '' '' '' "
				       "'' ''\nE\n"),
			 0);
	ck_assert_str_eq(seen.data,
			 "a|0|1|2|noarch|8\n/a b\nE\nP 'x' (none)\\|100644|0|0|1|||||\n");
}
END_TEST

static const char *const refused[] = {
	"x",
	"\n",
	"E\n",
	"E",
	"'E'\n",
	" E\n",
	"Q\n",
	RECORD "''\n",
	HEAD "0\n",				   /* no end */
	HEAD "1\nE\n",				   /* fewer files than told */
	HEAD "1\n" RECORD "''\n" RECORD "''\nE\n", /* more */
	HEAD "0\n" HEAD "0\nE\n",		   /* a package in a package */
	HEAD "0\nE \n",
	HEAD "0\nE 1\n",
	HEAD "0 0\nE\n",
	HEAD "\nE\n",
	HEAD "-1\nE\n",
	HEAD "99999999999999999999\nE\n",
	HEAD "'0'\nE\n",
	HEAD "0x0\nE\n",
	HEAD "0\n\nE\n",
	"P a 0 '1' '2' 'noarch' 8 0\nE\n",  /* a text without quotes */
	"P '' 0 '1' '2' 'noarch' 8 0\nE\n", /* a package without a name */
	"P 'a'b 0 '1' '2' 'noarch' 8 0\nE\n",
	"P 'a'\\b 0 '1' '2' 'noarch' 8 0\nE\n",
	"P 'a'\\'b' 0 '1' '2' 'noarch' 8 0\nE\n",
	"P 'a''b' 0 '1' '2' 'noarch' 8 0\nE\n",
	"P 'a' 0 '1' '2' 'noarch' 8 0\rE\n",
	HEAD "1\nF '' 100644 1 0 0 'd' '' '' '' ''\nE\n", /* a file without a path */
	HEAD "1\nF (none) 100644 1 0 0 'd' '' '' '' ''\nE\n",
	HEAD "1\nF '/x' 1000000 1 0 0 'd' '' '' '' ''\nE\n", /* beyond any mode */
	HEAD "1\nF '/x' 8 1 0 0 'd' '' '' '' ''\nE\n",
	HEAD "1\nF '/x' 100644 4294967296 0 0 'd' '' '' '' ''\nE\n",
	HEAD "1\nF '/x' 100644 0 4294967296 0 'd' '' '' '' ''\nE\n",
	HEAD "1\n" RECORD "'' ''\nE\n",
	HEAD "1\n" RECORD "\nE\n",
	HEAD "1\nF\nE\n",
};

START_TEST(what_rpm_would_not_print_is_refused)
{
	ck_assert_int_eq(read_all(refused[_i]), -EBADMSG);
}
END_TEST

START_TEST(a_nul_is_refused)
{
	static const char text[] = "P 'a\0' 0 '1' '2' 'noarch' 8 0\nE\n";

	ck_assert_int_eq(read_pieces(text, sizeof(text) - 1, SIZE_MAX), -EBADMSG);
}
END_TEST

START_TEST(a_record_is_bounded)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_add_str(&text, "P '");
	for (int i = 0; i < 100000; i++)
		strbuf_add_char(&text, 'a');
	ck_assert_int_eq(read_all(text.data), -EBADMSG);
	strbuf_done(&text);
}
END_TEST

START_TEST(the_sink_ends_it)
{
	ck_assert_int_eq(read_all(HEAD "1\nF '/stop' 100644 0 0 0 '' '' '' '' ''\nE\n"), -EDOM);
}
END_TEST

START_TEST(nothing_is_no_package)
{
	ck_assert_int_eq(read_all(""), 0);
	ck_assert_uint_eq(seen.len, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, packages_and_files_are_given_as_they_stand);
	tcase_add_test(tcase, no_name_ends_its_field);
	tcase_add_loop_test(tcase, what_rpm_would_not_print_is_refused, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, a_nul_is_refused);
	tcase_add_test(tcase, a_record_is_bounded);
	tcase_add_test(tcase, the_sink_ends_it);
	tcase_add_test(tcase, nothing_is_no_package);
}

UNIT_MAIN("baseline_rpm_text")
