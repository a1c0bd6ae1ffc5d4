/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of checks/looked.h, checks/look_index.h, and of root.h about what it notes. */
#include "checks/look_index.h"
#include "checks/mountinfo.h"
#include "checks/root.h"
#include "unit.h"

static struct look_index *look;

static void setup(void)
{
	ck_assert_int_eq(look_index_new(3, &look), 0);
}

static void teardown(void)
{
	look = look_index_free(look);
}

static void put(size_t check, enum looked_how how, const char *path)
{
	cleanup_looked struct looked looked = {0};

	looked_add(&looked, how, path);
	ck_assert_int_eq(look_index_put(look, check, &looked), 0);
}

static void mark(size_t check, void *userdata)
{
	*(unsigned *)userdata |= 1u << check;
}

/* Bits of the checks that a touch brings back. */
static unsigned found(const char *path, unsigned how)
{
	unsigned checks = 0;

	look_index_find(look, path, how, mark, &checks);
	return checks;
}

START_TEST(only_what_was_looked_at_comes_back)
{
	put(0, LOOKED_AT, "/etc/passwd");
	put(1, LOOKED_NAMES, "/etc/sysctl.d");
	put(2, LOOKED_ALL, "/usr/bin");
	ck_assert_uint_eq(found("/etc/passwd", 0), 1 << 0);
	ck_assert_uint_eq(found("/etc/passwd-", TOUCH_NAME), 0);
	ck_assert_uint_eq(found("/etc/sysctl.d/x.conf", TOUCH_NAME), 1 << 1);
	ck_assert_uint_eq(found("/etc/sysctl.d/x.conf", 0), 0);
	ck_assert_uint_eq(found("/usr/bin/passwd", 0), 1 << 2);
	ck_assert_uint_eq(found("/usr/bin/x/y", 0), 0);
	ck_assert_uint_eq(found("/etc", 0), 0);
}
END_TEST

START_TEST(a_folder_that_goes_takes_all_below_along)
{
	put(0, LOOKED_AT, "/etc/ssh/sshd_config");
	put(1, LOOKED_NAMES, "/etc/ssh/sshd_config.d");
	put(2, LOOKED_AT, "/etc/sshd");
	ck_assert_uint_eq(found("/etc/ssh", TOUCH_NAME | TOUCH_BELOW), 1 << 0 | 1 << 1);
	ck_assert_uint_eq(found("/etc/ssh", TOUCH_NAME), 0);
	ck_assert_uint_eq(found("/etc/ssh/sshd_config.d", TOUCH_NAME | TOUCH_BELOW), 1 << 1);
}
END_TEST

START_TEST(a_new_run_takes_the_place_of_the_one_before)
{
	put(0, LOOKED_AT, "/a");
	put(0, LOOKED_AT, "/b");
	ck_assert_uint_eq(found("/a", 0), 0);
	ck_assert_uint_eq(found("/b", 0), 1);
}
END_TEST

START_TEST(a_path_is_handed_on_once)
{
	enum looked_how how;
	const char *path;
	size_t at = 0;

	put(0, LOOKED_AT, "/a");
	put(1, LOOKED_AT, "/a");
	put(2, LOOKED_NAMES, "/a");
	ck_assert_uint_eq(look_index_news(look)->count, 2);
	ck_assert(looked_next(look_index_news(look), &at, &how, &path));
	ck_assert_int_eq(how, LOOKED_AT);
	ck_assert_str_eq(path, "/a");
	ck_assert(looked_next(look_index_news(look), &at, &how, &path));
	ck_assert_int_eq(how, LOOKED_NAMES);
	ck_assert(!looked_next(look_index_news(look), &at, &how, &path));
	looked_clear(look_index_news(look));
	put(0, LOOKED_AT, "/a");
	ck_assert_uint_eq(look_index_news(look)->count, 0);
	look_index_forget_told(look);
	put(0, LOOKED_AT, "/a");
	ck_assert_uint_eq(look_index_news(look)->count, 1);
}
END_TEST

START_TEST(news_of_many_checks_are_many)
{
	cleanup_looked struct looked looked = {0};
	char path[32];

	for (size_t check = 0; check < 3; check++) {
		looked_clear(&looked);
		for (unsigned i = 0; i < LOOKED_MAX; i++) {
			snprintf(path, sizeof(path), "/many/%zu/%u", check, i);
			looked_add(&looked, LOOKED_AT, path);
		}
		ck_assert_int_eq(look_index_put(look, check, &looked), 0);
	}
	ck_assert_uint_eq(look_index_news(look)->count, 3 * LOOKED_MAX);
}
END_TEST

START_TEST(one_that_looks_everywhere_is_left_to_whole_runs)
{
	cleanup_looked struct looked looked = {0};
	char path[32];

	for (unsigned i = 0; i < 2 * LOOKED_MAX; i++) {
		snprintf(path, sizeof(path), "/many/%u", i);
		looked_add(&looked, LOOKED_AT, path);
	}
	ck_assert_int_eq(look_index_put(look, 0, &looked), 0);
	ck_assert_uint_eq(found("/many/0", 0), 0);
	ck_assert_uint_eq(look_index_news(look)->count, 0);
}
END_TEST

static const struct {
	const char *path, *noted; /* NULL: it is not */
} places[] = {
	{"/etc//ssh/../passwd", "/etc/passwd"},
	{"/proc/sys/kernel/kptr_restrict", "/proc/sys/kernel/kptr_restrict"},
	{"/proc/modules", "/proc/modules"},
	{MOUNTINFO, MOUNTINFO},
	{"/proc/1/exe", NULL},
	{"/proc/net/tcp", NULL},
	{"/dev/null", NULL},
	{"relative", NULL},
};

START_TEST(what_tells_no_change_is_not_noted)
{
	cleanup_looked struct looked looked = {0};
	enum looked_how how;
	const char *path;
	size_t at = 0;

	looked_add(&looked, LOOKED_AT, places[_i].path);
	ck_assert_int_eq(looked_next(&looked, &at, &how, &path), places[_i].noted != NULL);
	if (places[_i].noted)
		ck_assert_str_eq(path, places[_i].noted);
}
END_TEST

static bool has(const struct looked *looked, enum looked_how wanted, const char *name)
{
	enum looked_how how;
	const char *path;
	size_t at = 0;

	while (looked_next(looked, &at, &how, &path))
		if (how == wanted && strcmp(path, name) == 0)
			return true;
	return false;
}

static int pass(const char *path, void *userdata)
{
	return 0;
}

START_TEST(a_root_notes_links_folders_and_what_is_missing)
{
	cleanup_looked struct looked looked = {0};
	cleanup_root struct root root = ROOT_INIT;
	char *folder = unit_folder_new();
	char path[512], target[512], pattern[600];

	ck_assert_int_eq(root_open("/", &root), 0);
	root.looked = &looked;
	snprintf(target, sizeof(target), "%s/target", folder);
	snprintf(path, sizeof(path), "%s/link", folder);
	snprintf(pattern, sizeof(pattern), "%s/*.conf", folder);
	close(open(target, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(symlink("target", path), 0);
	ck_assert(root_exists(&root, path));
	ck_assert(has(&looked, LOOKED_AT, path) && has(&looked, LOOKED_AT, target));
	snprintf(path, sizeof(path), "%s/none/at/all", folder);
	ck_assert(!root_exists(&root, path));
	ck_assert(has(&looked, LOOKED_AT, path));
	ck_assert_int_eq(root_glob(&root, pattern, pass, NULL), 0);
	ck_assert(has(&looked, LOOKED_NAMES, folder));
	unit_folder_free(folder);
}
END_TEST

START_TEST(what_was_kept_is_a_look_of_each_who_takes_it)
{
	cleanup_with(kept_done) struct kept kept = {0};
	cleanup_looked struct looked looked = {0};
	cleanup_root struct root root = ROOT_INIT;
	char *folder = unit_folder_new();
	char link[512], target[512], linked[512], pattern[600];

	ck_assert_int_eq(root_open("/", &root), 0);
	root.looked = &looked;
	root.kept = &kept;
	snprintf(target, sizeof(target), "%s/target", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(linked, sizeof(linked), "%s/linked", folder);
	snprintf(pattern, sizeof(pattern), "%s/*", linked);
	unit_write(folder, "target", "text");
	ck_assert_int_eq(symlink("target", link), 0);
	ck_assert_int_eq(symlink(".", linked), 0);
	for (int i = 0; i < 2; i++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		looked_clear(&looked);
		ck_assert_int_eq(root_read_text(&root, link, 64, &text), 0);
		ck_assert_int_eq(root_glob(&root, pattern, pass, NULL), 0);
		ck_assert(has(&looked, LOOKED_AT, link) && has(&looked, LOOKED_AT, target));
		ck_assert(has(&looked, LOOKED_NAMES, linked) && has(&looked, LOOKED_NAMES, folder));
	}
	unit_folder_free(folder);
}
END_TEST

START_TEST(the_agents_own_state_is_not_noted)
{
	cleanup_looked struct looked looked = {0};
	cleanup_root struct root root = ROOT_INIT;

	ck_assert_int_eq(root_open("/", &root), 0);
	root.looked = &looked;
	(void)root_exists(&root, "/var/lib/plumbline/recorder/ledger.db");
	ck_assert_uint_eq(looked.count, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, only_what_was_looked_at_comes_back);
	tcase_add_test(tcase, a_folder_that_goes_takes_all_below_along);
	tcase_add_test(tcase, a_new_run_takes_the_place_of_the_one_before);
	tcase_add_test(tcase, a_path_is_handed_on_once);
	tcase_add_test(tcase, news_of_many_checks_are_many);
	tcase_add_test(tcase, one_that_looks_everywhere_is_left_to_whole_runs);
	tcase_add_loop_test(tcase, what_tells_no_change_is_not_noted, 0,
			    sizeof(places) / sizeof(places[0]));
	tcase_add_test(tcase, a_root_notes_links_folders_and_what_is_missing);
	tcase_add_test(tcase, what_was_kept_is_a_look_of_each_who_takes_it);
	tcase_add_test(tcase, the_agents_own_state_is_not_noted);
}

UNIT_MAIN("checks_look_index")
