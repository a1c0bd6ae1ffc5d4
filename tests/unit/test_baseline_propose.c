/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/propose.h: the next revision holds what was accepted, as it is now, and
 * nothing else. */
#include "unit/unit.h"

#include "base/strbuf.h"
#include "baseline/changes.h"
#include "baseline/entries.h"
#include "baseline/packages.h"
#include "baseline/present.h"
#include "baseline/propose.h"
#include "baseline/writer.h"

static char *folder;
static struct present *present;
static unsigned refused_line;
static char refused_why[128];
static unsigned refused_count;

static char *path_of(const char *name)
{
	char *path;

	ck_assert_int_gt(asprintf(&path, "%s/%s", folder, name), 0);
	return path;
}

static void setup(void)
{
	char *dpkg;

	folder = unit_folder_new();
	dpkg = path_of("dpkg");
	ck_assert_int_eq(mkdir(dpkg, 0755), 0);
	free(dpkg);
	unit_write(folder, "dpkg/status", "");
	unit_write(folder, "a", "a");
	unit_write(folder, "b", "b");
	unit_write(folder, "c", "c");
	refused_count = 0;
}

static void teardown(void)
{
	present = present_free(present);
	unit_folder_free(folder);
}

static void renew_present(void)
{
	char *dpkg = path_of("dpkg");
	const struct packages_source packages = {.dir = dpkg, .root = ""};
	struct diag diag = {0};

	present_free(present);
	ck_assert_msg(present_new(&packages, &present, &diag) == 0, "%s", diag.text);
	free(dpkg);
}

/* The entry of what is there, without newline; "" for nothing. */
static char *entry_of(const char *name)
{
	char *path = path_of(name);
	struct strbuf line = STRBUF_INIT;
	struct file_fact fact = {0};
	const char *why = NULL;

	ck_assert_int_eq(present_read(present, path, &fact, &why), 0);
	ck_assert_int_eq(entry_write(&fact, &line), 0);
	line.data[line.len - 1] = '\0';
	file_fact_done(&fact);
	free(path);
	return strbuf_take(&line);
}

static struct baseline *open_file(const char *name)
{
	char *path = path_of(name);
	struct baseline *baseline = NULL;
	struct diag diag = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(baseline_open(fd, path, &baseline, &diag) == 0, "%s", diag.text);
	close(fd);
	free(path);
	return baseline;
}

/* A baseline of a and b; c is not in it. */
static struct baseline *make_from(void)
{
	static const char rules[] = "[monitor]\ntree = /t\n";
	struct baseline_statement s = {
		.name = strdup("n"),
		.layer = strdup("site"),
		.revision = 4,
		.ticket = strdup("old"),
		.made_by = strdup("u"),
		.made_on = strdup("h"),
		.made_at_ns = 1764000000000000000,
		.entries = 2,
		.files = 2,
		.bytes_hashed = 2,
		.not_packaged = 2,
		.review[REVIEW_FILE] = 2,
	};
	char *path = path_of("from.plb");
	struct writer *writer = NULL;

	renew_present();
	ck_assert_int_eq(writer_new(path, &writer, NULL), 0);
	for (const char *name = "a\0b\0"; *name; name += 2) {
		char *entry = entry_of(name), *line;

		ck_assert_int_gt(asprintf(&line, "%s\n", entry), 0);
		ck_assert_int_eq(writer_add(writer, line, strlen(line)), 0);
		free(line);
		free(entry);
	}
	ck_assert_int_eq(writer_finish(writer, &s, rules, sizeof(rules) - 1, NULL), 0);
	writer_free(writer);
	baseline_statement_done(&s);
	free(path);
	return open_file("from.plb");
}

static void on_refused(const char *path, unsigned line, const char *why, void *userdata)
{
	refused_line = line;
	refused_count++;
	snprintf(refused_why, sizeof(refused_why), "%s", why);
}

static void add_section(struct strbuf *text, const char *kind, const char *name,
			const char *decision)
{
	char *path = path_of(name);

	strbuf_printf(text, "[%s %s]\ndecision = %s\nreason = why %s\n", kind, path, decision,
		      name);
	if (strcmp(kind, "removed") != 0) {
		char *entry = entry_of(name);

		strbuf_printf(text, "now = %s\n", entry);
		free(entry);
	}
	free(path);
}

static void begin(struct strbuf *text, const struct baseline *from)
{
	delta_write_head(baseline_get_digest(from), "", text);
	strbuf_add_str(text, "[no package]\n");
}

/* Applies and gives the new file's statement in @s. */
static int apply(struct baseline *from, const struct strbuf *text, struct baseline_statement *s,
		 struct diag *diag)
{
	char *path = path_of("next.plb");
	struct delta delta = {0};
	struct propose_apply apply = {
		.from = from,
		.delta = &delta,
		.delta_name = "d",
		.ticket = "T-5",
		.made_by = "me",
		.made_on = "here",
		.made_at_ns = 1764000001000000000,
		.on_refused = on_refused,
	};
	int r;

	renew_present();
	apply.present = present;
	ck_assert_msg(delta_parse("d", text->data, text->len, &delta, diag) == 0, "%s", diag->text);
	r = propose_apply(&apply, path, s, diag);
	if (r < 0)
		ck_assert_int_lt(access(path, F_OK), 0);
	delta_done(&delta);
	free(path);
	return r;
}

/* The names of the entries, one after the other. */
static void list_entries(struct baseline *baseline, char names[static 16])
{
	struct diag diag = {0};
	size_t count = 0;

	for (;;) {
		struct file_fact entry = {0};
		int r = baseline_next(baseline, &entry, &diag);

		ck_assert_msg(r >= 0, "%s", diag.text);
		if (r == 0)
			break;
		ck_assert_uint_lt(count, 15);
		names[count++] = entry.path[strlen(entry.path) - 1];
		file_fact_done(&entry);
	}
	names[count] = '\0';
}

START_TEST(accepted_is_taken_and_the_rest_stays)
{
	struct baseline *from = make_from(), *next;
	struct strbuf text = STRBUF_INIT;
	struct baseline_statement s = {0};
	struct baseline_change change;
	struct changes *changes = NULL;
	struct diag diag = {0};
	char names[16], *path = path_of("b");

	unit_write(folder, "a", "other");
	unlink(path);
	free(path);
	renew_present();
	begin(&text, from);
	add_section(&text, "added", "c", "accept");
	add_section(&text, "removed", "b", "accept");
	add_section(&text, "content", "a", "refuse");
	ck_assert_msg(apply(from, &text, &s, &diag) == 0, "%s", diag.text);
	ck_assert_str_eq(s.name, "n");
	ck_assert_str_eq(s.layer, "site");
	ck_assert_uint_eq(s.revision, 5);
	ck_assert_str_eq(s.previous, baseline_get_digest(from));
	ck_assert_str_eq(s.ticket, "T-5");
	ck_assert_str_eq(s.made_by, "me");
	ck_assert_uint_eq(s.changes, 2);
	ck_assert_uint_eq(s.not_packaged, 2);
	ck_assert_uint_eq(s.bytes_hashed, 2); /* "a" as before, and "c" */
	baseline_statement_done(&s);

	next = open_file("next.plb");
	list_entries(next, names);
	ck_assert_str_eq(names, "ac");
	ck_assert_int_eq(baseline_open_changes(from, &changes), -ENOENT);
	ck_assert_int_eq(baseline_open_changes(next, &changes), 0);
	ck_assert_int_eq(changes_next(changes, &change, NULL), 1);
	ck_assert_int_eq(change.kind, DIFF_REMOVED);
	ck_assert_str_eq(change.reason, "why b");
	baseline_change_done(&change);
	ck_assert_int_eq(changes_next(changes, &change, NULL), 1);
	ck_assert_int_eq(change.kind, DIFF_ADDED);
	baseline_change_done(&change);
	ck_assert_int_eq(changes_next(changes, &change, NULL), 0);
	changes_close(changes);
	baseline_close(next);
	baseline_close(from);
	strbuf_done(&text);
}
END_TEST

/* What happens between the delta and its use; the path's section is line 4. */
static const struct {
	const char *kind, *name;
	const char *before, *after; /* content; NULL: nothing is there */
	const char *why;
} races[] = {
	{"content", "a", "other", "again", "changed since"},
	{"content", "a", "other", NULL, "changed since"},
	{"added", "c", "c", "d", "changed since"},
	{"added", "c", "c", NULL, "changed since"},
	{"removed", "b", NULL, "b", "changed since"},
	/* The head of the section says another thing than its entry. */
	{"attributes", "a", "other", "other", "another kind"},
	{"added", "a", "other", "other", "another kind"},
	{"content", "c", "c", "c", "another kind"},
	{"content", "a", "a", "a", "another kind"}, /* no change at all */
	{"removed", "z", NULL, NULL, "another kind"},
};

static void put(const char *name, const char *content)
{
	char *path = path_of(name);

	unlink(path);
	if (content)
		unit_write(folder, name, content);
	free(path);
}

START_TEST(what_is_not_as_the_delta_says_is_refused_by_name)
{
	struct baseline *from = make_from();
	struct strbuf text = STRBUF_INIT;
	struct baseline_statement s = {0};
	struct diag diag = {0};

	put(races[_i].name, races[_i].before);
	renew_present();
	begin(&text, from);
	add_section(&text, races[_i].kind, races[_i].name, "accept");
	put(races[_i].name, races[_i].after);
	ck_assert_int_eq(apply(from, &text, &s, &diag), -ESTALE);
	ck_assert_uint_eq(refused_count, 1);
	ck_assert_uint_eq(refused_line, 4);
	ck_assert_msg(strstr(refused_why, races[_i].why), "%s", refused_why);
	baseline_close(from);
	strbuf_done(&text);
}
END_TEST

START_TEST(a_delta_of_another_file_is_refused)
{
	struct baseline *from = make_from();
	struct strbuf text = STRBUF_INIT;
	struct baseline_statement s = {0};
	struct diag diag = {0};

	begin(&text, from);
	add_section(&text, "added", "c", "accept");
	memcpy(strstr(text.data, "from = ") + 7, "0000", 4);
	ck_assert_int_eq(apply(from, &text, &s, &diag), -ESTALE);
	ck_assert_ptr_nonnull(strstr(diag.text, baseline_get_digest(from)));
	ck_assert_uint_eq(refused_count, 0);
	baseline_close(from);
	strbuf_done(&text);
}
END_TEST

/* Writes a file whose one change does not fit its one entry, and reads it. */
static int read_with_change(const char *path_in_change, enum diff_kind kind, bool has_previous)
{
	struct baseline_statement s = {
		.name = strdup("n"),
		.layer = strdup("host"),
		.revision = 2,
		.made_by = strdup("u"),
		.made_on = strdup("h"),
		.made_at_ns = 1764000000000000000,
		.entries = 1,
	};
	const struct baseline_change change = {
		.path = (char *)path_in_change, .kind = kind, .reason = (char *)"r"};
	struct file_fact entry = {.path = (char *)"/m", .type = FILE_TYPE_DIRECTORY, .mode = 0755};
	char *path = path_of("bad.plb");
	struct strbuf line = STRBUF_INIT;
	struct writer *writer = NULL;
	struct baseline *baseline;
	struct file_fact read = {0};
	int r;

	memset(s.previous, has_previous ? 'a' : '\0', SHA256_HEX_SIZE - 1);
	ck_assert_int_eq(writer_new(path, &writer, NULL), 0);
	ck_assert_int_eq(entry_write(&entry, &line), 0);
	ck_assert_int_eq(writer_add(writer, line.data, line.len), 0);
	ck_assert_int_eq(writer_add_change(writer, &change), 0);
	r = writer_finish(writer, &s, "[monitor]\ntree = /m\n", 20, NULL);
	writer_free(writer);
	baseline_statement_done(&s);
	strbuf_done(&line);
	free(path);
	if (r < 0)
		return r;
	baseline = open_file("bad.plb");
	do {
		file_fact_done(&read);
		r = baseline_next(baseline, &read, NULL);
	} while (r > 0);
	file_fact_done(&read);
	baseline_close(baseline);
	return r;
}

START_TEST(changes_fit_the_entries_and_a_revision_before)
{
	ck_assert_int_eq(read_with_change("/m", DIFF_ADDED, true), 0);
	teardown();
	setup();
	ck_assert_int_eq(read_with_change("/m", DIFF_REMOVED, true), -EBADMSG);
	teardown();
	setup();
	ck_assert_int_eq(read_with_change("/l", DIFF_REMOVED, true), 0);
	teardown();
	setup();
	ck_assert_int_eq(read_with_change("/l", DIFF_ADDED, true), -EBADMSG);
	teardown();
	setup();
	ck_assert_int_eq(read_with_change("/n", DIFF_CONTENT, true), -EBADMSG);
	teardown();
	setup();
	ck_assert_int_eq(read_with_change("/m", DIFF_ADDED, false), -EINVAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, accepted_is_taken_and_the_rest_stays);
	tcase_add_loop_test(tcase, what_is_not_as_the_delta_says_is_refused_by_name, 0,
			    (int)(sizeof(races) / sizeof(races[0])));
	tcase_add_test(tcase, a_delta_of_another_file_is_refused);
	tcase_add_test(tcase, changes_fit_the_entries_and_a_revision_before);
}

UNIT_MAIN("baseline_propose")
