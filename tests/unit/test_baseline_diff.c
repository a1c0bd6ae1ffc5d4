/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/diff.h: each entry counts once, under what matters most about it. */
#include "unit/unit.h"

#include "base/strbuf.h"
#include "baseline/diff.h"
#include "baseline/entries.h"
#include "baseline/statement.h"
#include "baseline/writer.h"

static char *folder;

static void setup(void)
{
	folder = unit_folder_new();
}

static void teardown(void)
{
	unit_folder_free(folder);
}

static struct file_fact file(const char *path)
{
	return (struct file_fact){
		.path = (char *)path,
		.type = FILE_TYPE_REGULAR,
		.role = FILE_ROLE_LIBRARY,
		.has_digest = true,
		.size = 3,
		.mode = 0644,
		.user = (char *)"root",
		.package = (char *)"p",
		.version = (char *)"1",
	};
}

/* A baseline file with these entries, opened. */
static struct baseline *make(const char *name, const struct file_fact *facts, size_t count,
			     const char *rules)
{
	struct baseline_statement s = {
		.name = strdup("n"),
		.layer = strdup("host"),
		.revision = 1,
		.made_by = strdup("u"),
		.made_on = strdup("h"),
		.made_at_ns = 1764000000000000000,
		.entries = count,
	};
	struct baseline *baseline = NULL;
	struct writer *writer = NULL;
	char *path;
	int fd;

	ck_assert_int_gt(asprintf(&path, "%s/%s", folder, name), 0);
	ck_assert_int_eq(writer_new(path, &writer, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		struct strbuf line = STRBUF_INIT;

		s.files += facts[i].type == FILE_TYPE_REGULAR;
		s.unstated += facts[i].unstated != 0;
		s.differs_from_package += facts[i].differs;
		s.not_packaged += facts[i].type == FILE_TYPE_REGULAR && !facts[i].package &&
				  !(facts[i].unstated & FILE_DIFF_PACKAGE);
		ck_assert_int_eq(statement_add_review(&s, review_of(&facts[i]), facts[i].path), 0);
		s.bytes_hashed +=
			facts[i].type == FILE_TYPE_REGULAR && !(facts[i].unstated & FILE_DIFF_SIZE)
				? facts[i].size
				: 0;
		ck_assert_int_eq(entry_write(&facts[i], &line), 0);
		ck_assert_int_eq(writer_add(writer, line.data, line.len), 0);
		strbuf_done(&line);
	}
	ck_assert_int_eq(writer_finish(writer, &s, rules, strlen(rules), NULL), 0);
	writer_free(writer);
	baseline_statement_done(&s);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(baseline_open(fd, name, &baseline, NULL), 0);
	close(fd);
	free(path);
	return baseline;
}

static int append_field(const char *field, const char *old, const char *now, void *userdata)
{
	strbuf_printf(userdata, "%s %s>%s;", field, old ? old : "-", now ? now : "-");
	return 0;
}

/* "KIND PATH FIELD OLD>NEW;" for each change. */
static int append_change(const struct diff_change *change, void *userdata)
{
	strbuf_printf(userdata, "%s %s ", diff_kind_name(change->kind),
		      change->now ? change->now->path : change->old->path);
	if (change->kind == DIFF_ADDED || change->kind == DIFF_REMOVED)
		return 0;
	return diff_each_field(change, append_field, userdata);
}

static const char *const rules = "[monitor]\ntree = /usr\n";

static void diff_two(struct baseline *a, struct baseline *b, struct diff *ret_diff,
		     struct strbuf *changes)
{
	struct diag diag = {0};

	ck_assert_msg(baseline_diff(a, b, append_change, changes, ret_diff, &diag) == 0, "%s",
		      diag.text);
	strbuf_add(changes, "", 0);
	baseline_close(a);
	baseline_close(b);
}

static void change_content(struct file_fact *f)
{
	f->sha256[0] = 1;
}
static void change_mode(struct file_fact *f)
{
	f->mode = 04755;
}
static void change_content_and_mode(struct file_fact *f)
{
	f->sha256[0] = 1;
	f->mode = 04755;
}
static void change_owner_name(struct file_fact *f)
{
	f->user = (char *)"toor";
}
static void change_role(struct file_fact *f)
{
	f->role = FILE_ROLE_DATA;
}
static void change_capabilities(struct file_fact *f)
{
	f->capabilities = (char *)"cap_net_raw=ep";
}
static void change_type(struct file_fact *f)
{
	f->type = FILE_TYPE_SYMLINK;
	f->has_digest = false;
	f->link_target = (char *)"x";
}
static void change_version(struct file_fact *f)
{
	f->version = (char *)"2";
}
static void change_package(struct file_fact *f)
{
	f->package = f->version = NULL;
}
static void change_differs(struct file_fact *f)
{
	f->differs = true;
}

static void forget_attributes(struct file_fact *f)
{
	f->unstated = FILE_DIFF_MODE | FILE_DIFF_OWNER | FILE_DIFF_CAPABILITIES | FILE_DIFF_XATTRS |
		      FILE_DIFF_SIZE;
	f->user = NULL;
}
static void forget_package(struct file_fact *f)
{
	f->unstated = FILE_DIFF_PACKAGE;
	f->package = f->version = NULL;
}

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

static const struct {
	void (*change)(struct file_fact *f);
	enum diff_kind kind;
	bool is_both, is_odd;
	const char *text;
} cases[] = {
	{change_content, DIFF_CONTENT, false, true,
	 "content /usr/a sha256 00" ZEROS ">01" ZEROS ";"},
	{change_mode, DIFF_ATTRIBUTES, false, false, "attributes /usr/a mode 0644>4755;"},
	{change_content_and_mode, DIFF_CONTENT, true, true,
	 "content /usr/a sha256 00" ZEROS ">01" ZEROS ";mode 0644>4755;"},
	{change_owner_name, DIFF_ATTRIBUTES, false, false,
	 "attributes /usr/a owner 0:0 root:?>0:0 toor:?;"},
	{change_role, DIFF_ATTRIBUTES, false, false, "attributes /usr/a role library>data;"},
	{change_capabilities, DIFF_ATTRIBUTES, false, false,
	 "attributes /usr/a capabilities ->cap_net_raw=ep;"},
	{change_type, DIFF_CONTENT, false, true,
	 "content /usr/a type regular>symlink;sha256 00" ZEROS ">-;size 3>-;target ->x;"
	 "mode 0644>-;"},
	{change_version, DIFF_ORIGIN, false, false, "origin /usr/a version 1>2;"},
	{change_package, DIFF_ORIGIN, false, false, "origin /usr/a package p>-;version 1>-;"},
	{change_differs, DIFF_ORIGIN, false, false, "origin /usr/a differs ->true;"},
	{forget_attributes, DIFF_ATTRIBUTES, false, false,
	 "attributes /usr/a size 3>not stated;mode 0644>not stated;owner 0:0 root:?>not stated;"
	 "capabilities ->not stated;xattrs ->not stated;"},
	{forget_package, DIFF_ORIGIN, false, false,
	 "origin /usr/a package p>not stated;version 1>-;"},
};

START_TEST(an_entry_counts_once)
{
	struct file_fact old = file("/usr/a"), now = old;
	struct strbuf changes = STRBUF_INIT;
	struct diff diff = {0};
	const struct diff_group *group;

	cases[_i].change(&now);
	diff_two(make("a", &old, 1, rules), make("b", &now, 1, rules), &diff, &changes);
	ck_assert_str_eq(changes.data, cases[_i].text);
	for (int kind = 0; kind < DIFF_KIND_COUNT; kind++)
		ck_assert_uint_eq(diff.totals[kind], kind == (int)cases[_i].kind);
	ck_assert_uint_eq(diff.both, cases[_i].is_both);
	ck_assert(!diff_is_same(&diff));
	/* The first is what no package owns, where there is that. */
	group = diff.groups[0];
	ck_assert_uint_eq(group->counts[cases[_i].kind][now.role], 1);
	ck_assert_int_eq(diff_group_is_odd(group), cases[_i].is_odd);
	diff_done(&diff);
	strbuf_done(&changes);
}
END_TEST

START_TEST(paths_are_merged_as_bytes)
{
	const struct file_fact old[] = {file("/usr/Z"), file("/usr/a"), file("/usr/a-b"),
					file("/usr/a/b"), file("/usr/z")};
	const struct file_fact now[] = {file("/usr/a"), file("/usr/a/b"), file("/usr/b"),
					file("/usr/\xff")};
	struct strbuf changes = STRBUF_INIT;
	struct diff diff = {0};

	diff_two(make("a", old, 5, rules), make("b", now, 4, rules), &diff, &changes);
	ck_assert_str_eq(
		changes.data,
		"removed /usr/Z removed /usr/a-b added /usr/b removed /usr/z added /usr/\xff ");
	ck_assert_uint_eq(diff.totals[DIFF_SAME], 2);
	ck_assert_uint_eq(diff.group_count, 1);
	diff_done(&diff);
	strbuf_done(&changes);
}
END_TEST

START_TEST(an_empty_side_is_all_added_or_removed)
{
	const struct file_fact one = file("/usr/a");
	struct strbuf changes = STRBUF_INIT;
	struct diff diff = {0};

	diff_two(make("a", NULL, 0, rules), make("b", &one, 1, rules), &diff, &changes);
	ck_assert_str_eq(changes.data, "added /usr/a ");
	ck_assert_ptr_null(diff.groups[0]->old_version);
	ck_assert_str_eq(diff.groups[0]->now_version, "1");
	diff_done(&diff);
	strbuf_done(&changes);
}
END_TEST

START_TEST(an_upgrade_is_not_odd_and_mixed_versions_are_told)
{
	struct file_fact old[] = {file("/usr/a"), file("/usr/b")};
	struct file_fact now[] = {file("/usr/a"), file("/usr/b")};
	struct strbuf changes = STRBUF_INIT;
	struct diff diff = {0};

	change_content(&now[0]);
	change_version(&now[0]);
	diff_two(make("a", old, 2, rules), make("b", now, 2, rules), &diff, &changes);
	ck_assert_str_eq(diff.groups[0]->now_version, "2");
	ck_assert(diff.groups[0]->has_now_others && !diff.groups[0]->has_old_others);
	ck_assert(!diff_group_is_odd(diff.groups[0]));
	diff_done(&diff);
	strbuf_done(&changes);
}
END_TEST

START_TEST(rules_alone_are_a_difference)
{
	const struct file_fact one = file("/usr/a");
	struct strbuf changes = STRBUF_INIT;
	struct diff diff = {0};

	diff_two(make("a", &one, 1, "[monitor]\ntree = /usr\ntree = /opt\n"),
		 make("b", &one, 1, "[monitor]\ntree = /usr\n[ignore]\npath = /usr/x\n"), &diff,
		 &changes);
	ck_assert_uint_eq(diff.totals[DIFF_SAME], 1);
	ck_assert_uint_eq(diff.rule_count, 2);
	ck_assert_str_eq(diff.rules[0].value, "/opt");
	ck_assert(!diff.rules[0].is_added && diff.rules[1].is_added);
	ck_assert_str_eq(diff.rules[1].list, "ignore");
	ck_assert(!diff_is_same(&diff));
	diff_done(&diff);
	strbuf_done(&changes);
}
END_TEST

static int stop(const struct diff_change *change, void *userdata)
{
	return -ECANCELED;
}

START_TEST(a_callback_ends_the_work)
{
	const struct file_fact one = file("/usr/a");
	struct baseline *a = make("a", NULL, 0, rules), *b = make("b", &one, 1, rules);
	struct diff diff = {.both = 7};

	ck_assert_int_eq(baseline_diff(a, b, stop, NULL, &diff, NULL), -ECANCELED);
	ck_assert_uint_eq(diff.both, 7); /* untouched */
	baseline_close(a);
	baseline_close(b);
}
END_TEST

START_TEST(disorder_on_either_side_is_refused)
{
	const struct file_fact good[] = {file("/usr/a"), file("/usr/b")};
	const struct file_fact bad[] = {file("/usr/b"), file("/usr/a")};
	struct baseline *a = make("a", _i ? good : bad, 2, rules);
	struct baseline *b = make("b", _i ? bad : good, 2, rules);
	struct diag diag = {0};
	struct diff diff;

	ck_assert_int_eq(baseline_diff(a, b, NULL, NULL, &diff, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "out of order"));
	ck_assert_ptr_nonnull(strstr(diag.text, _i ? "the new file" : "the old file"));
	baseline_close(a);
	baseline_close(b);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, an_entry_counts_once, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, paths_are_merged_as_bytes);
	tcase_add_test(tcase, an_empty_side_is_all_added_or_removed);
	tcase_add_test(tcase, an_upgrade_is_not_odd_and_mixed_versions_are_told);
	tcase_add_test(tcase, rules_alone_are_a_difference);
	tcase_add_test(tcase, a_callback_ends_the_work);
	tcase_add_loop_test(tcase, disorder_on_either_side_is_refused, 0, 2);
}

UNIT_MAIN("baseline_diff")
