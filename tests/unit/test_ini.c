/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ini.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "unit/unit.h"

/* Writes what it is told as one line each. */
static int note(const char *section, const char *key, const char *value, unsigned line,
		void *userdata, struct diag *diag)
{
	struct strbuf *notes = userdata;

	if (key && strcmp(key, "refused") == 0)
		return diag_set(diag, "", 0, -ERANGE, "this key is refused");
	if (key)
		strbuf_printf(notes, "%u %s/%s=%s|", line, section, key, value);
	else
		strbuf_printf(notes, "%u [%s]|", line, section);
	return 0;
}

/* @notes may be NULL. */
static int visit(const char *text, struct strbuf *notes, struct diag *diag)
{
	cleanup_strbuf struct strbuf unread = STRBUF_INIT;

	return ini_visit_buffer("test.ini", text, strlen(text), note, notes ? notes : &unread,
				diag);
}

START_TEST(visits_in_order_with_lines)
{
	cleanup_strbuf struct strbuf notes = STRBUF_INIT;

	ck_assert_int_eq(visit("# head\n\n[a]\nx = 1\ny=2\n; more\n[b]\n x = 3 \n", &notes, NULL),
			 0);
	ck_assert_str_eq(notes.data, "3 [a]|4 a/x=1|5 a/y=2|7 [b]|8 b/x=3|");
}
END_TEST

START_TEST(joins_indented_lines)
{
	cleanup_strbuf struct strbuf notes = STRBUF_INIT;

	ck_assert_int_eq(visit("[rules]\ntrees = /usr\n  /opt\n\t/etc\nnext = 1\n", &notes, NULL),
			 0);
	ck_assert_str_eq(notes.data, "1 [rules]|2 rules/trees=/usr\n/opt\n/etc|5 rules/next=1|");
}
END_TEST

START_TEST(names_the_line_that_is_wrong)
{
	struct diag diag = {0};
	char text[800];

	ck_assert_int_eq(visit("[a]\nx = 1\nnonsense\n", NULL, &diag), -EINVAL);
	ck_assert_str_eq(diag.file, "test.ini");
	ck_assert_uint_eq(diag.line, 3);
	ck_assert_str_eq(diag_format(&diag, text, sizeof(text)),
			 "test.ini:3: neither [section] nor key = value");
}
END_TEST

START_TEST(keeps_the_visitors_words)
{
	struct diag diag = {0};

	ck_assert_int_eq(visit("[a]\n\nrefused = 1\n", NULL, &diag), -ERANGE);
	ck_assert_uint_eq(diag.line, 3);
	ck_assert_str_eq(diag.text, "this key is refused");
}
END_TEST

START_TEST(refuses_what_inih_would_cut)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};

	strbuf_add_str(&text, "[a]\nx = ");
	for (int i = 0; i < 5000; i++)
		strbuf_add_char(&text, 'v');
	ck_assert_int_eq(visit(text.data, NULL, &diag), -EINVAL);
	ck_assert_uint_eq(diag.line, 2);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
} comments_behind[] = {
	{"[a]\nname = hmi-07 ; line 4\n", 2},
	{"[a]\nx = 1\n 2\t;3\ny = 4\n", 3},
	{"[a]\nx = 1\n [b] ; one\n", 3},
	{"[a]\nx = ;\n", 2},
	{"[a]\nx = 1;2 ;3\n", 2},
};

START_TEST(refuses_a_comment_behind_a_value)
{
	struct diag diag = {0};

	ck_assert_int_eq(visit(comments_behind[_i].text, NULL, &diag), -EINVAL);
	ck_assert_uint_eq(diag.line, comments_behind[_i].line);
	ck_assert_msg(strstr(diag.text, "' ;'"), "'%s'", diag.text);
}
END_TEST

START_TEST(takes_semicolons_that_cut_nothing)
{
	cleanup_strbuf struct strbuf notes = STRBUF_INIT;

	ck_assert_int_eq(visit("; a ; b\n[a]\nx = 1;2; # 3\n ; c ; d\n\n\t\n# e ; f\n 4;\n", &notes,
			       NULL),
			 0);
	ck_assert_str_eq(notes.data, "2 [a]|3 a/x=1;2; # 3\n4;|");
}
END_TEST

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

START_TEST(keeps_long_names_whole)
{
	cleanup_strbuf struct strbuf notes = STRBUF_INIT;

	ck_assert_int_eq(visit("[" FIFTY "!]\n" FIFTY "? = 1\n 2\n", &notes, NULL), 0);
	ck_assert_str_eq(notes.data, "1 [" FIFTY "!]|2 " FIFTY "!/" FIFTY "?=1\n2|");
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *word;
} bad_names[] = {
	{"[a]\nx = 1\n[" FIFTY FIFTY FIFTY "]\n", 3, "127 bytes"},
	{"[a]\n\n" FIFTY FIFTY FIFTY " = 1\n", 3, "127 bytes"},
	{"[a]\n = 1\n", 2, "has a name"},
	{"[a\nx = 1\n", 1, "neither"},
	{"[a] x = 1\n", 1, "neither"},
};

START_TEST(refuses_names_that_are_none)
{
	struct diag diag = {0};

	ck_assert_int_eq(visit(bad_names[_i].text, NULL, &diag), -EINVAL);
	ck_assert_uint_eq(diag.line, bad_names[_i].line);
	ck_assert_msg(strstr(diag.text, bad_names[_i].word), "'%s'", diag.text);
}
END_TEST

START_TEST(tells_of_every_section)
{
	cleanup_strbuf struct strbuf notes = STRBUF_INIT;

	ck_assert_int_eq(visit("\xef\xbb\xbf[a] ; one\n[b]\nx = 1\n[c]\n x = 2\n [d]\n[e] # last",
			       &notes, NULL),
			 0);
	ck_assert_str_eq(notes.data, "1 [a]|2 [b]|3 b/x=1|4 [c]|5 c/x=2\n[d]|7 [e]|");
}
END_TEST

START_TEST(refuses_a_nul_byte)
{
	cleanup_strbuf struct strbuf notes = STRBUF_INIT;
	struct diag diag = {0};

	ck_assert_int_eq(ini_visit_buffer("n", "[a]\nx = \0\n", 10, note, &notes, &diag), -EINVAL);
	ck_assert_uint_eq(diag.line, 2);
}
END_TEST

struct settings {
	char *name;
	char *path;
	bool is_on;
	uint64_t size, wait_s;
	char **list;
};

static const struct ini_key keys[] = {
	{"main", "name", ini_field_string, offsetof(struct settings, name)},
	{"main", "path", ini_field_path, offsetof(struct settings, path)},
	{"main", "on", ini_field_bool, offsetof(struct settings, is_on)},
	{"limits", "size", ini_field_u64, offsetof(struct settings, size)},
	{"limits", "wait", ini_field_seconds, offsetof(struct settings, wait_s)},
	{"limits", "list", ini_field_list, offsetof(struct settings, list)},
	{NULL, NULL, NULL, 0},
};

static void settings_done(struct settings *settings)
{
	free(settings->name);
	free(settings->path);
	strv_free(settings->list);
}

static int load(const char *text, struct settings *settings, struct diag *diag)
{
	char *folder = unit_folder_new();
	cleanup_free char *path = NULL;
	int r;

	unit_write(folder, "settings.ini", text);
	ck_assert_int_gt(asprintf(&path, "%s/settings.ini", folder), 0);
	r = ini_load(path, keys, settings, diag);
	unit_folder_free(folder);
	return r;
}

START_TEST(loads_every_kind_of_field)
{
	cleanup_with(settings_done) struct settings s = {.name = strdup("default")};

	ck_assert_int_eq(load("[main]\nname = hmi 7\npath = /etc\non = yes\n"
			      "[limits]\nsize = 12\nwait = 2h\nlist = a b\n  c\n",
			      &s, NULL),
			 0);
	ck_assert_str_eq(s.name, "hmi 7");
	ck_assert_str_eq(s.path, "/etc");
	ck_assert(s.is_on);
	ck_assert_uint_eq(s.size, 12);
	ck_assert_uint_eq(s.wait_s, 7200);
	ck_assert_str_eq(s.list[0], "a");
	ck_assert_str_eq(s.list[2], "c");
	ck_assert_ptr_null(s.list[3]);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *word; /* that the message has */
} bad_settings[] = {
	{"[main]\ncolour = red\n", 2, "colour"},
	{"[other]\nname = x\n", 1, "other"},
	{"[main]\nname = a\nname = b\n", 3, "twice"},
	{"[main]\npath = etc\n", 2, "absolute"},
	{"[main]\non = maybe\n", 2, "maybe"},
	{"[limits]\nsize = -1\n", 2, "-1"},
	{"[limits]\nsize = 1k\n", 2, "1k"},
	{"[limits]\nwait = 5 parsecs\n", 2, "parsecs"},
	{"[limits]\nwait =\n", 2, "time"},
	{"[limits]\nwait = 99999999999999999999d\n", 2, "long"},
	{"name = before any section\n", 1, "name"},
};

START_TEST(refuses_with_the_line)
{
	cleanup_with(settings_done) struct settings s = {0};
	struct diag diag = {0};

	ck_assert_int_eq(load(bad_settings[_i].text, &s, &diag), -EINVAL);
	ck_assert_uint_eq(diag.line, bad_settings[_i].line);
	ck_assert_msg(strstr(diag.text, bad_settings[_i].word), "'%s' lacks '%s'", diag.text,
		      bad_settings[_i].word);
}
END_TEST

START_TEST(an_absent_file_is_named)
{
	struct settings s = {0};
	struct diag diag = {0};

	ck_assert_int_eq(ini_load("/nonexistent/x.ini", keys, &s, &diag), -ENOENT);
	ck_assert_str_eq(diag.file, "/nonexistent/x.ini");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, visits_in_order_with_lines);
	tcase_add_test(tcase, joins_indented_lines);
	tcase_add_test(tcase, names_the_line_that_is_wrong);
	tcase_add_test(tcase, keeps_the_visitors_words);
	tcase_add_test(tcase, refuses_what_inih_would_cut);
	tcase_add_loop_test(tcase, refuses_a_comment_behind_a_value, 0,
			    ARRAY_SIZE(comments_behind));
	tcase_add_test(tcase, takes_semicolons_that_cut_nothing);
	tcase_add_test(tcase, keeps_long_names_whole);
	tcase_add_loop_test(tcase, refuses_names_that_are_none, 0, ARRAY_SIZE(bad_names));
	tcase_add_test(tcase, tells_of_every_section);
	tcase_add_test(tcase, refuses_a_nul_byte);
	tcase_add_test(tcase, loads_every_kind_of_field);
	tcase_add_loop_test(tcase, refuses_with_the_line, 0, ARRAY_SIZE(bad_settings));
	tcase_add_test(tcase, an_absent_file_is_named);
}

UNIT_MAIN("ini")
