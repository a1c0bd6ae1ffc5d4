/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/build.h on trees that are hostile or change under way. */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/id_names.h"
#include "base/ini.h"
#include "base/strbuf.h"
#include "baseline/build.h"
#include "baseline/content.h"

static char *folder, *tree, *out;
static struct baseline_statement statement;
static struct baseline_rules rules;

/* As an ordinary user, so that "unreadable" means something. */
static void setup(void)
{
	folder = unit_folder_new();
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(folder, 65534, 65534), 0);
		ck_assert_int_eq(setegid(65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	ck_assert_int_gt(asprintf(&tree, "%s/tree", folder), 0);
	ck_assert_int_gt(asprintf(&out, "%s/b.tar", folder), 0);
	ck_assert_int_eq(mkdir(tree, 0755), 0);
	rules = (struct baseline_rules){0};
	ck_assert_int_eq(strv_append(&rules.trees, tree), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(setegid(getgid()), 0);
	baseline_statement_done(&statement);
	baseline_rules_done(&rules);
	unit_folder_free(folder);
	free(tree);
	free(out);
}

static struct build_options options_of(void)
{
	baseline_statement_done(&statement);
	statement = (struct baseline_statement){
		.name = strdup("n"),
		.layer = strdup("host"),
		.revision = 1,
		.made_by = strdup("u"),
		.made_on = strdup("h"),
		.made_at_ns = 1764000000000000000,
	};
	return (struct build_options){.statement = &statement, .rules = &rules, .workers = 1};
}

static void build(const struct build_options *options)
{
	struct diag diag = {0};

	ck_assert_msg(baseline_build(options, out, &diag) == 0, "%s", diag.text);
}

/* "type path" per entry below the tree, in file order, with the path escaped by the test's own
 * eyes. */
static void list(struct strbuf *text)
{
	int fd = open(out, O_RDONLY | O_CLOEXEC), r;
	struct baseline *b = NULL;
	struct diag diag = {0};

	ck_assert_msg(baseline_open(fd, out, &b, &diag) == 0, "%s", diag.text);
	for (;;) {
		struct file_fact entry = {0};

		r = baseline_next(b, &entry, &diag);
		if (r <= 0)
			break;
		strbuf_printf(text, "%s %s|", file_type_name(entry.type),
			      entry.path + strlen(tree));
		file_fact_done(&entry);
	}
	ck_assert_msg(r == 0, "%s", diag.text);
	baseline_close(b);
	close(fd);
}

static const char *problem_of(const char *name)
{
	for (size_t i = 0; i < statement.problem_count; i++)
		if (strcmp(statement.problems[i].path + strlen(tree), name) == 0)
			return statement.problems[i].text;
	return NULL;
}

static void make_special_files(void)
{
	int dirfd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(mkfifoat(dirfd, "fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("loop", dirfd, "loop"), 0);
	ck_assert_int_eq(symlinkat("/", dirfd, "root"), 0);
	ck_assert_int_eq(mkdirat(dirfd, "empty", 0755), 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket",
		       dirfd);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	close(dirfd);
}

START_TEST(hostile_names_and_types_are_entries)
{
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;

	make_special_files();
	unit_write(tree, "new\nline", "a");
	unit_write(tree, "\xff\xfe", "b");
	unit_write(tree, "back\\slash\"quote", "c");
	unit_write(tree, "a", "");
	build(&options);
	list(&text);
	ck_assert_str_eq(text.data,
			 "directory |regular /a|regular /back\\slash\"quote|directory /empty|"
			 "fifo /fifo|symlink /loop|regular /new\nline|symlink /root|"
			 "socket /socket|regular /\xff\xfe|");
	ck_assert_uint_eq(statement.entries, 10);
	ck_assert_uint_eq(statement.files, 4);
	ck_assert_uint_eq(statement.not_packaged, 4);
	ck_assert_uint_eq(statement.not_read, 0);
	strbuf_done(&text);
}
END_TEST

START_TEST(what_cannot_be_read_is_listed_and_not_approved)
{
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;
	char path[256];

	unit_write(tree, "secret", "a");
	unit_write(tree, "open", "a");
	(void)snprintf(path, sizeof(path), "%s/secret", tree);
	ck_assert_int_eq(chmod(path, 0), 0);
	(void)snprintf(path, sizeof(path), "%s/closed", tree);
	ck_assert_int_eq(mkdir(path, 0), 0);
	build(&options);
	list(&text);
	ck_assert_str_eq(text.data, "directory |directory /closed|regular /open|");
	ck_assert_uint_eq(statement.not_read, 2);
	ck_assert_pstr_eq(problem_of("/secret"), "Permission denied");
	ck_assert_pstr_eq(problem_of("/closed"), "Permission denied");
	ck_assert_int_eq(chmod(path, 0755), 0);
	strbuf_done(&text);
}
END_TEST

static atomic_bool is_over;

/* Without a pause: "victim" comes and goes, "other" is now a file and now a link. */
static void *swap(void *arg)
{
	const int *dirfd = arg;

	while (!is_over) {
		int fd = openat(*dirfd, "victim", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		ck_assert_int_ge(fd, 0);
		close(fd);
		ck_assert_int_eq(renameat(*dirfd, "file", *dirfd, "other"), 0);
		ck_assert_int_eq(linkat(*dirfd, "other", *dirfd, "file", 0), 0);
		ck_assert_int_eq(unlinkat(*dirfd, "victim", 0), 0);
		ck_assert_int_eq(symlinkat("large", *dirfd, "link"), 0);
		ck_assert_int_eq(renameat(*dirfd, "link", *dirfd, "other"), 0);
	}
	return NULL;
}

/* Many files before it, so that the walk is well ahead of the readers. */
START_TEST(what_vanishes_is_listed_and_what_changes_type_is_what_it_is)
{
	bool is_told = false, is_file = false, is_link = false;
	pthread_t swapper;
	char name[16];
	int dirfd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "a%03d", i);
		unit_write(tree, name, name);
	}
	unit_write(tree, "file", "a");
	is_over = false;
	ck_assert_int_eq(pthread_create(&swapper, NULL, swap, &dirfd), 0);
	while (!is_told || !is_file || !is_link) { /* the test's time limit ends it */
		struct build_options options = options_of();
		struct strbuf text = STRBUF_INIT;
		const char *problem;

		unlink(out);
		build(&options);
		list(&text);
		problem = problem_of("/victim");
		is_told |= problem && strcmp(problem, "vanished while it was read") == 0;
		is_file |= strstr(text.data, "regular /other|") != NULL;
		is_link |= strstr(text.data, "symlink /other|") != NULL;
		strbuf_done(&text);
	}
	is_over = true;
	pthread_join(swapper, NULL);
	close(dirfd);
}
END_TEST

/* Appends without a pause: no two looks see the same file. */
static void *append(void *arg)
{
	const int *fd = arg;

	while (!is_over)
		ck_assert_int_eq(write(*fd, "more", 4), 4);
	return NULL;
}

START_TEST(what_changes_under_way_is_listed_and_not_approved)
{
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;
	pthread_t writer;
	char path[256];
	int fd;

	unit_write(tree, "still", "a");
	(void)snprintf(path, sizeof(path), "%s/busy", tree);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	ck_assert_int_eq(ftruncate(fd, 32 << 20), 0);
	ck_assert_int_eq(pthread_create(&writer, NULL, append, &fd), 0);
	build(&options);
	is_over = true;
	pthread_join(writer, NULL);
	close(fd);
	list(&text);
	ck_assert_str_eq(text.data, "directory |regular /still|");
	ck_assert_pstr_eq(problem_of("/busy"), "changed while it was read");
	strbuf_done(&text);
}
END_TEST

START_TEST(two_runs_give_the_same_entries)
{
	char first[2][SHA256_HEX_SIZE];
	struct build_options options = options_of();

	make_special_files();
	unit_write(tree, "a", "a");
	unit_write(tree, "b", "b");
	options.workers = 1;
	build(&options);
	strcpy(first[0], statement.entries_sha256);
	strcpy(first[1], statement.content_digest);
	unlink(out);
	options = options_of();
	options.workers = 4;
	build(&options);
	ck_assert_str_eq(statement.entries_sha256, first[0]);
	ck_assert_str_eq(statement.content_digest, first[1]);
}
END_TEST

START_TEST(content_digest_leaves_out_attributes)
{
	char content[SHA256_HEX_SIZE], full[SHA256_HEX_SIZE], path[256];
	struct build_options options = options_of();

	unit_write(tree, "a", "a");
	build(&options);
	strcpy(content, statement.content_digest);
	strcpy(full, statement.full_digest);
	unlink(out);
	(void)snprintf(path, sizeof(path), "%s/a", tree);
	ck_assert_int_eq(chmod(path, 0600), 0);
	options = options_of();
	build(&options);
	ck_assert_str_eq(statement.content_digest, content);
	ck_assert_str_ne(statement.full_digest, full);
	unlink(out);
	unit_write(tree, "a", "b");
	options = options_of();
	build(&options);
	ck_assert_str_ne(statement.content_digest, content);
}
END_TEST

START_TEST(names_of_one_inode_have_one_digest)
{
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;
	char a[256], b[256];

	unit_write(tree, "a", "same content");
	(void)snprintf(a, sizeof(a), "%s/a", tree);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(b, sizeof(b), "%s/link%d", tree, i);
		ck_assert_int_eq(link(a, b), 0);
	}
	unit_write(tree, "z", "same content");
	build(&options);
	ck_assert_uint_eq(statement.files, 5);
	ck_assert_uint_eq(statement.bytes_hashed, 5 * strlen("same content"));
	strbuf_done(&text);

	int fd = open(out, O_RDONLY | O_CLOEXEC);
	struct baseline *baseline = NULL;
	struct file_fact entry = {0}, first = {0};

	ck_assert_int_eq(baseline_open(fd, out, &baseline, NULL), 0);
	while (baseline_next(baseline, &entry, NULL) == 1) {
		if (entry.type == FILE_TYPE_REGULAR && !first.path)
			ck_assert_int_eq(file_fact_copy(&entry, &first), 0);
		if (entry.type == FILE_TYPE_REGULAR)
			ck_assert_mem_eq(entry.sha256, first.sha256, SHA256_SIZE);
		file_fact_done(&entry);
		entry = (struct file_fact){0};
	}
	file_fact_done(&first);
	baseline_close(baseline);
	close(fd);
}
END_TEST

static bool is_settled(const char *path)
{
	struct timespec now;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
	return now.tv_sec > st.st_ctim.tv_sec + 2;
}

/* Bytes that this process has read so far. */
static unsigned long long bytes_read(void)
{
	unsigned long long bytes;
	uid_t uid = geteuid();
	FILE *file;

	/* A process that gave up its user may not look at itself. */
	ck_assert_int_eq(seteuid(getuid()), 0);
	file = fopen("/proc/self/io", "re");
	ck_assert_int_eq(seteuid(uid), 0);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "rchar: %llu", &bytes), 1);
	(void)fclose(file);
	return bytes;
}

static void check_digest(struct fact_collector *collector, struct content_cache *cache,
			 const char *name, const char *content)
{
	struct file_fact fact = {0};
	uint8_t digest[SHA256_SIZE];
	const char *why = NULL;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", tree, name);
	ck_assert_int_eq(content_read(collector, path, cache, &fact, &why), 0);
	ck_assert_int_eq(hash_buffer(content, strlen(content), digest), 0);
	ck_assert_mem_eq(fact.sha256, digest, SHA256_SIZE);
	file_fact_done(&fact);
}

/* Many files of one size in one tick of the clock, each with two names: only the inode tells them
 * apart. */
START_TEST(an_inode_is_hashed_once_for_its_names)
{
	char name[16], path[256], second[300], large[65536];
	struct fact_collector *collector = NULL;
	struct content_cache *cache = NULL;
	struct id_names *names = NULL;
	unsigned long long before;

	for (int i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "%03d", i);
		unit_write(tree, name, name);
		(void)snprintf(path, sizeof(path), "%s/%s", tree, name);
		(void)snprintf(second, sizeof(second), "%s-again", path);
		ck_assert_int_eq(link(path, second), 0);
	}
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	unit_write(tree, "large", large);
	(void)snprintf(path, sizeof(path), "%s/large", tree);
	(void)snprintf(second, sizeof(second), "%s-again", path);
	ck_assert_int_eq(link(path, second), 0);

	ck_assert_int_eq(id_names_new("/etc/passwd", "/etc/group", &names), 0);
	ck_assert_int_eq(fact_collector_new(names, &collector), 0);
	ck_assert_int_eq(content_cache_new(&cache), 0);
	while (!is_settled(path))
		usleep(10000);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "%03d", i);
		check_digest(collector, cache, name, name);
		(void)snprintf(second, sizeof(second), "%s-again", name);
		check_digest(collector, cache, second, name);
	}
	check_digest(collector, cache, "large", large);
	before = bytes_read();
	check_digest(collector, cache, "large-again", large);
	ck_assert_uint_lt(bytes_read() - before, sizeof(large) / 2);
	fact_collector_free(collector);
	content_cache_free(cache);
	id_names_free(names);
}
END_TEST

START_TEST(ignored_paths_are_no_entries)
{
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/log", tree);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "today", "a");
	ck_assert_int_eq(strv_append(&rules.ignores, path), 0);
	(void)snprintf(path, sizeof(path), "%s/*.tmp", tree);
	ck_assert_int_eq(strv_append(&rules.ignores, path), 0);
	unit_write(tree, "x.tmp", "a");
	unit_write(tree, "x.txt", "a");
	build(&options);
	list(&text);
	ck_assert_str_eq(text.data, "directory |regular /x.txt|");
	strbuf_done(&text);
}
END_TEST

START_TEST(overlapping_trees_give_each_path_once)
{
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/sub", tree);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(path, "a", "a");
	ck_assert_int_eq(strv_append(&rules.trees, path), 0);
	ck_assert_int_eq(strv_append(&rules.trees, tree), 0);
	build(&options);
	list(&text);
	ck_assert_str_eq(text.data, "directory |directory /sub|regular /sub/a|");
	strbuf_done(&text);
}
END_TEST

/* The order of strcmp(), in which "sub-", "sub.d" and a tree "sub-x" come before "sub/a". */
START_TEST(entries_are_in_order_of_their_bytes)
{
	static const char *const folders[] = {"sub", "sub-", "sub.d", "sub/sub", "sub0", "sub-x"};
	struct build_options options = options_of();
	struct strbuf text = STRBUF_INIT;
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", tree, folders[i]);
		ck_assert_int_eq(mkdir(path, 0755), 0);
		unit_write(path, "a", "a");
	}
	rules.trees = strv_free(rules.trees);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", tree, folders[i]);
		ck_assert_int_eq(strv_append(&rules.trees, path), 0);
	}
	for (int i = 0; i < 2; i++) { /* six trees, then the one above them */
		static const char expected[] =
			"directory /sub|directory /sub-|regular /sub-/a|directory /sub-x|"
			"regular /sub-x/a|directory /sub.d|regular /sub.d/a|regular /sub/a|"
			"directory /sub/sub|regular /sub/sub/a|directory /sub0|regular /sub0/a|";

		build(&options);
		list(&text);
		ck_assert_str_eq(text.data + (i ? strlen("directory |") : 0), expected);
		ck_assert_int_eq(strv_append(&rules.trees, tree), 0);
		strbuf_clear(&text);
		unlink(out);
		options = options_of();
	}
	strbuf_done(&text);
}
END_TEST

/* A database in which the tree's files belong to a package, unpacked at @unpacked. */
static char *make_packages(const char *md5_of_a, const char *md5_of_b)
{
	struct strbuf text = STRBUF_INIT;
	char *dir = NULL, info[256];

	ck_assert_int_gt(asprintf(&dir, "%s/dpkg", folder), 0);
	(void)snprintf(info, sizeof(info), "%s/info", dir);
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	ck_assert_int_eq(mkdir(info, 0755), 0);
	unit_write(dir, "status", "Package: p\nStatus: install ok installed\nVersion: 1\n");
	strbuf_printf(&text, "%s/a\n%s/b\n", tree, tree);
	unit_write(info, "p.list", text.data);
	strbuf_clear(&text);
	strbuf_printf(&text, "%s  %s/a\n%s  %s/b\n", md5_of_a, tree + 1, md5_of_b, tree + 1);
	unit_write(info, "p.md5sums", text.data);
	strbuf_done(&text);
	return dir;
}

static void set_list_time(const char *dir, time_t seconds)
{
	struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/info/p.list", dir);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(what_differs_from_its_package_is_counted)
{
	struct build_options options = options_of();
	char *dir;

	unit_write(tree, "a", "a");
	unit_write(tree, "b", "changed");
	unit_write(tree, "c", "of no package");
	/* md5 of "a" and of "b" */
	dir = make_packages("0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f");
	set_list_time(dir, 1000); /* the files changed later: they are compared */
	options.packages_dir = dir;
	build(&options);
	ck_assert_uint_eq(statement.package_checked, 2);
	ck_assert_uint_eq(statement.package_unchanged, 0);
	ck_assert_uint_eq(statement.differs_from_package, 1);
	ck_assert_uint_eq(statement.not_packaged, 1);

	/* Not touched since the package was unpacked: not read with MD5 unless asked for. */
	unlink(out);
	set_list_time(dir, 4000000000);
	options = options_of();
	options.packages_dir = dir;
	build(&options);
	ck_assert_uint_eq(statement.package_checked, 0);
	ck_assert_uint_eq(statement.package_unchanged, 2);
	ck_assert_uint_eq(statement.differs_from_package, 0);

	unlink(out);
	options = options_of();
	options.packages_dir = dir;
	options.has_all_checksums = true;
	build(&options);
	ck_assert_uint_eq(statement.package_checked, 2);
	ck_assert_uint_eq(statement.differs_from_package, 1);
	free(dir);
}
END_TEST

START_TEST(a_missing_tree_is_an_error)
{
	struct build_options options = options_of();
	struct diag diag = {0};

	ck_assert_int_eq(strv_append(&rules.trees, "/nonexistent/tree"), 0);
	ck_assert_int_eq(baseline_build(&options, out, &diag), -ENOENT);
	ck_assert_str_eq(diag.file, "/nonexistent/tree");
	ck_assert_int_eq(access(out, F_OK), -1);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, hostile_names_and_types_are_entries);
	tcase_add_test(tcase, what_cannot_be_read_is_listed_and_not_approved);
	tcase_add_test(tcase, what_vanishes_is_listed_and_what_changes_type_is_what_it_is);
	tcase_add_test(tcase, what_changes_under_way_is_listed_and_not_approved);
	tcase_add_test(tcase, two_runs_give_the_same_entries);
	tcase_add_test(tcase, content_digest_leaves_out_attributes);
	tcase_add_test(tcase, names_of_one_inode_have_one_digest);
	tcase_add_test(tcase, an_inode_is_hashed_once_for_its_names);
	tcase_add_test(tcase, ignored_paths_are_no_entries);
	tcase_add_test(tcase, overlapping_trees_give_each_path_once);
	tcase_add_test(tcase, entries_are_in_order_of_their_bytes);
	tcase_add_test(tcase, what_differs_from_its_package_is_counted);
	tcase_add_test(tcase, a_missing_tree_is_an_error);
}

UNIT_MAIN("baseline_build")
