/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/start_texts.h and ebpf/start.bpf.h: a start is told with its own text, with the
 * real kernel, whatever was told before. */
#include "sensor/start_texts.h"

#include <bpf/bpf.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "sensor/bpf_source.h"
#include "sensor/record.h"
#include "unit.h"

#define PROGRAM "/bin/true"
#define TRIES	100
/* With so many of others half of the kernel's slots are no more the same. */
#define OTHERS 200
#define NAMED  8

static struct start_texts *texts;

/* A start of slot 7 whose text is @exe (a file in the root) and @filename, or goes without. */
static size_t make(char *to, uint32_t serial, const char *exe, const char *filename)
{
	size_t exe_len = exe ? strlen(exe) + 1 : 0, name_len = filename ? strlen(filename) + 1 : 0;
	struct ev_exec exec = {
		.hdr = {.abi = EV_ABI, .type = EV_EXEC, .cpu = 0},
		.flags = EV_EXEC_NAMES_TEXT | EV_EXEC_INTERPRETED,
		.text = {.slot = 7, .serial = serial},
		.exe = {.length = (uint16_t)exe_len},
		.filename = {.offset = (uint16_t)exe_len, .length = (uint16_t)name_len},
	};

	exec.hdr.size = (uint32_t)(sizeof(exec) + exe_len + name_len);
	memcpy(to, &exec, sizeof(exec));
	if (exe)
		memcpy(to + sizeof(exec), exe, exe_len);
	if (filename)
		memcpy(to + sizeof(exec) + exe_len, filename, name_len);
	return exec.hdr.size;
}

/* Decoded after it was completed. */
static struct record complete(const char *from, size_t len)
{
	const void *data = from;
	struct record record;

	start_texts_complete(texts, &data, &len);
	ck_assert_int_eq(record_decode(data, len, &record), 0);
	return record;
}

static void check_record(const struct record *record, const char *exe, const char *filename)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;

	ck_assert_int_eq(record_path(record, &record->exec.exe, &path), 0);
	ck_assert_str_eq(path.data, exe);
	ck_assert_str_eq(record_string(record, &record->exec.filename), filename);
	ck_assert_uint_eq(record->exec.flags, EV_EXEC_INTERPRETED);
	ck_assert_uint_eq(record->exec.cwd.length, 0);
}

START_TEST(a_text_comes_with_the_first_and_stays)
{
	char buffer[512];
	struct record record = complete(buffer, make(buffer, 1, "sh", "/bin/sh"));

	check_record(&record, "/sh", "/bin/sh");
	for (int i = 0; i < 3; i++) {
		record = complete(buffer, make(buffer, 1, NULL, NULL));
		check_record(&record, "/sh", "/bin/sh");
	}
	record = complete(buffer, make(buffer, 2, "true", "/bin/true"));
	check_record(&record, "/true", "/bin/true");
	record = complete(buffer, make(buffer, 2, NULL, NULL));
	check_record(&record, "/true", "/bin/true");
}
END_TEST

START_TEST(what_nobody_knows_is_cut_and_never_of_another)
{
	char buffer[512];
	struct record record;

	(void)complete(buffer, make(buffer, 1, "sh", "/bin/sh"));
	record = complete(buffer, make(buffer, 2, NULL, NULL));
	ck_assert_uint_eq(record.exec.exe.length, 0);
	ck_assert_uint_eq(record.exec.exe.flags, EV_TEXT_CUT);
	ck_assert_uint_eq(record.exec.filename.flags, EV_TEXT_CUT);
	record = complete(buffer, make(buffer, 1, NULL, NULL));
	check_record(&record, "/sh", "/bin/sh");
}
END_TEST

/* Each of these, alone, in a record that is refused then. */
static const struct {
	size_t offset;
	uint16_t value;
} hostile[] = {
	{offsetof(struct ev_exec, text.slot), EV_START_SLOTS},
	{offsetof(struct ev_exec, text.slot), 0xffff},
	{offsetof(struct ev_exec, hdr.cpu), 0xffff},
	{offsetof(struct ev_exec, hdr.size), EV_FIXED - 1},
	{offsetof(struct ev_exec, hdr.size), EV_FIXED + 1000},
};

START_TEST(a_hostile_name_is_refused)
{
	char buffer[1024] = {0};
	size_t len = make(buffer, 1, "sh", "/bin/sh");
	const void *data = buffer;
	struct record record;

	memcpy(buffer + hostile[_i].offset, &hostile[_i].value, sizeof(uint16_t));
	len = hostile[_i].value > EV_FIXED && hostile[_i].value < sizeof(buffer) ? sizeof(buffer)
										 : len;
	start_texts_complete(texts, &data, &len);
	ck_assert_ptr_eq(data, buffer);
	ck_assert_int_eq(record_decode(data, len, &record), -EBADMSG);
}
END_TEST

static void new_texts(void)
{
	ck_assert_int_eq(start_texts_new(-1, &texts), 0);
}

static void free_texts(void)
{
	texts = start_texts_free(texts);
}

/* What follows starts programs of its own under the kernel's programs. */
static struct bpf_source *source;
static char *folder;

/* The last start by a child of this process. */
static struct told {
	unsigned count;
	char exe[PATH_MAX], filename[PATH_MAX], cwd[PATH_MAX], group[PATH_MAX];
	uint32_t exe_flags;
} told;

static void copy_path(const struct record *record, const struct ev_text *text, char *to)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;

	ck_assert_int_eq(record_path(record, text, &path), 0);
	(void)snprintf(to, PATH_MAX, "%s", path.data ? path.data : "");
}

static int note(const void *data, size_t len, void *userdata)
{
	struct record record;
	const char *name;

	ck_assert_int_eq(record_decode(data, len, &record), 0);
	if (record.hdr.type != EV_EXEC || record.hdr.ppid != (uint32_t)getpid())
		return 0;
	told.count++;
	told.exe_flags = record.exec.exe.flags;
	copy_path(&record, &record.exec.exe, told.exe);
	copy_path(&record, &record.exec.cwd, told.cwd);
	copy_path(&record, &record.exec.cgroup, told.group);
	name = record_string(&record, &record.exec.filename);
	(void)snprintf(told.filename, sizeof(told.filename), "%s", name ? name : "");
	return 0;
}

/* Starts the program at @name, or that which @fd is, unless it is -1. */
static void run(const char *name, int fd)
{
	char *const words[] = {(char *)"program", NULL};
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (fd >= 0)
			(void)fexecve(fd, words, environ);
		else
			(void)execv(name, words);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* What was told of it. */
static const struct told *start(const char *name, int fd)
{
	run(name, fd);
	told = (struct told){0};
	while (told.count == 0)
		ck_assert_int_ge(bpf_source_dispatch(source), 0);
	ck_assert_uint_eq(told.count, 1);
	return &told;
}

static const char *in_folder(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
	return path;
}

/* Twice: the second time the text is known. */
static void check_start(const char *name, const char *exe)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(start(name, -1)->exe, exe);
		ck_assert_str_eq(told.filename, name);
		ck_assert_uint_eq(told.exe_flags, 0);
	}
}

static int open_newest_map(const char *name)
{
	int found = -1;
	uint32_t id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		int fd = bpf_map_get_fd_by_id(id);
		struct bpf_map_info info = {0};
		uint32_t len = sizeof(info);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		    strcmp(info.name, name) == 0) {
			if (found >= 0)
				close(found);
			found = fd;
		} else if (fd >= 0) {
			close(fd);
		}
	}
	ck_assert_int_ge(found, 0);
	return found;
}

/* Serial of the text that this processor has for the file name @name; 0: none. */
static uint32_t serial_of(const char *name)
{
	cleanup_close int map = open_newest_map("start_texts");
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	cleanup_free struct ev_start *all = calloc((size_t)cpus, sizeof(*all));
	uint32_t serial = 0;

	ck_assert_ptr_nonnull(all);
	for (uint32_t slot = 0; slot < EV_START_SLOTS; slot++) {
		const struct ev_start *one = &all[sched_getcpu()];

		ck_assert_int_eq(bpf_map_lookup_elem(map, &slot, all), 0);
		if (one->serial && strcmp(one->text + one->filename_text.offset, name) == 0)
			serial = one->serial;
	}
	return serial;
}

/* Programs of others, which start meanwhile, may need the slot. */
START_TEST(a_start_told_again_goes_by_its_name)
{
	const char *path = in_folder("dir/program");
	uint32_t before = 0, serial = 0;

	for (int i = 0; i < TRIES && (serial == 0 || serial != before); i++) {
		check_start(path, path);
		before = serial;
		serial = serial_of(path);
	}
	ck_assert_uint_ne(serial, 0);
	ck_assert_uint_eq(serial, before);
}
END_TEST

START_TEST(a_new_name_is_told)
{
	const char *path = in_folder("dir/program");

	check_start(path, path);
	ck_assert_int_eq(rename(path, in_folder("dir/progrbm")), 0);
	check_start(in_folder("dir/progrbm"), in_folder("dir/progrbm"));
	/* Whose name is the same as before, in a folder that has another. */
	ck_assert_int_eq(rename(in_folder("dir"), in_folder("did")), 0);
	ck_assert_int_eq(symlink("did", in_folder("dir")), 0);
	check_start(in_folder("dir/progrbm"), in_folder("did/progrbm"));
	ck_assert_int_eq(link(in_folder("did/progrbm"), in_folder("did/other")), 0);
	check_start(in_folder("did/other"), in_folder("did/other"));
	check_start(in_folder("did/progrbm"), in_folder("did/progrbm"));
}
END_TEST

/* The file is the same, and so are its beginning and its length. */
START_TEST(the_name_as_given_is_told)
{
	ck_assert_int_eq(symlink("dir/program", in_folder("link-a")), 0);
	ck_assert_int_eq(symlink("dir/program", in_folder("link-b")), 0);
	ck_assert_int_eq(symlink("dir/program", in_folder("link")), 0);
	for (int i = 0; i < 3; i++) {
		check_start(in_folder("link-a"), in_folder("dir/program"));
		check_start(in_folder("link-b"), in_folder("dir/program"));
		check_start(in_folder("link"), in_folder("dir/program"));
	}
}
END_TEST

START_TEST(what_has_no_room_is_told_whole)
{
	char name[EV_START_TEXT] = "dir/";

	memset(name + 4, 'x', EV_START_NAME);
	ck_assert_int_eq(rename(in_folder("dir/program"), in_folder(name)), 0);
	check_start(in_folder(name), in_folder(name));
	ck_assert_uint_eq(serial_of(in_folder(name)), 0);
}
END_TEST

START_TEST(a_relative_name_is_told_with_its_folder)
{
	ck_assert_int_eq(chdir(folder), 0);
	check_start("dir/program", in_folder("dir/program"));
	ck_assert_str_eq(told.cwd, folder);
	ck_assert_int_eq(chdir(in_folder("dir")), 0);
	check_start("./program", in_folder("dir/program"));
	ck_assert_str_eq(told.cwd, in_folder("dir"));
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(that_the_name_is_gone_is_told)
{
	const char *path = in_folder("dir/program");
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char given[PATH_MAX];

	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(start(NULL, fd)->exe_flags, 0);
	(void)snprintf(given, sizeof(given), "%s", told.filename);
	ck_assert_int_eq(unlink(path), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(start(NULL, fd)->exe_flags, EV_TEXT_DELETED);
	ck_assert_str_eq(told.filename, given);
}
END_TEST

/* More than there are slots: two of them share one. */
#define GROUPS (EV_START_SLOTS + 1)

static void group_path(char path[static PATH_MAX], const char *at, unsigned number)
{
	(void)snprintf(path, PATH_MAX, "%s/plumbline-unit-%03u", at, number);
}

static bool move_to(const char *group, pid_t pid)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	f = fopen(path, "w");
	return f && fprintf(f, "%d\n", pid) > 0 && fclose(f) == 0;
}

/* With the groups mounted at @at, what enter_group() says of the process @pid. */
static bool enter_mounted(const char *at, unsigned number, pid_t pid)
{
	char path[PATH_MAX];

	if (number < GROUPS) {
		group_path(path, at, number);
		(void)mkdir(path, 0700);
		return move_to(path, pid);
	}
	if (!move_to(at, pid) || !move_to(at, getpid()))
		return false;
	for (unsigned i = 0; i < GROUPS; i++) {
		group_path(path, at, i);
		(void)rmdir(path);
	}
	return true;
}

/* Puts this process into a cgroup of its own below the root, or, with GROUPS, into the root, and
 * removes the others; the mount is seen by nobody else. */
static bool enter_group(unsigned number)
{
	const char *at = in_folder("groups");
	pid_t pid, self = getpid();
	int status;

	(void)mkdir(at, 0700);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		bool is_ok = unshare(CLONE_NEWNS) == 0 &&
			     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
			     mount("none", at, "cgroup2", 0, NULL) == 0 &&
			     enter_mounted(at, number, self);

		_exit(is_ok ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

START_TEST(another_cgroup_is_told)
{
	char path[PATH_MAX];

	if (!enter_group(GROUPS)) {
		printf("skip: no cgroups to be had\n");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/dir/program", folder);
	for (unsigned i = 0; i < GROUPS; i++) {
		char group[PATH_MAX];

		ck_assert(enter_group(i));
		check_start(path, path);
		group_path(group, "", i);
		ck_assert_str_eq(told.group, group);
	}
	ck_assert(enter_group(GROUPS));
}
END_TEST

static void copy_program(const char *to)
{
	cleanup_close int in = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	cleanup_close int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	char buffer[4096];
	ssize_t n;

	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		ck_assert_int_eq(write(out, buffer, (size_t)n), n);
	ck_assert_int_eq(n, 0);
}

static const char *numbered(const char *name, unsigned number)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "dir/%s-%03u", name, number);
	return in_folder(path);
}

/* What a reader that was told nothing makes of the record of @serial in @slot. */
static bool is_completed(uint32_t serial, uint32_t slot, const char *path)
{
	char buffer[512];
	struct record record;
	struct ev_exec exec;

	make(buffer, serial, NULL, NULL);
	memcpy(&exec, buffer, sizeof(exec));
	exec.hdr.cpu = (uint32_t)sched_getcpu();
	exec.text.slot = (uint16_t)slot;
	memcpy(buffer, &exec, sizeof(exec));
	record = complete(buffer, sizeof(exec));
	if (record.exec.exe.length == 0)
		return false;
	check_record(&record, path, path);
	return true;
}

/* Another sensor comes, while starts that it has to read name what the one before was told; and
 * others were started since. */
START_TEST(the_kernel_knows_what_an_earlier_reader_was_told)
{
	cleanup_close int map = open_newest_map("start_texts");
	uint32_t serials[NAMED];
	unsigned known = 0;

	for (unsigned i = 0; i < NAMED; i++) {
		copy_program(numbered("named", i));
		check_start(numbered("named", i), numbered("named", i));
	}
	for (unsigned i = 0; i < NAMED; i++)
		run(numbered("named", i), -1);
	/* Two may have met in one slot, or one and somebody else's. */
	for (unsigned i = 0; i < NAMED; i++) {
		serials[i] = serial_of(numbered("named", i));
		known += serials[i] != 0;
	}
	ck_assert_uint_gt(known, 0);
	for (unsigned i = 0; i < OTHERS; i++) {
		copy_program(numbered("other", i));
		run(numbered("other", i), -1);
	}
	ck_assert_int_eq(start_texts_new(map, &texts), 0);
	for (unsigned i = 0; i < NAMED; i++) {
		uint32_t slot = 0;

		while (serials[i] && slot < EV_START_SLOTS &&
		       !is_completed(serials[i], slot, numbered("named", i)))
			slot++;
		ck_assert_uint_lt(slot, EV_START_SLOTS);
	}
	free_texts();
}
END_TEST

static void open_source(void)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	folder = unit_folder_new();
	ck_assert_int_eq(mkdir(in_folder("dir"), 0700), 0);
	copy_program(in_folder("dir/program"));
	ck_assert_int_eq(bpf_source_open(NULL, &source, &text), 0);
	bpf_source_set_reader(source, note, NULL);
}

static void close_source(void)
{
	source = bpf_source_close(source);
	unit_folder_free(folder);
}

static void add_kernel_tests(TCase *tcase)
{
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, open_source, close_source);
	tcase_add_test(tcase, a_start_told_again_goes_by_its_name);
	tcase_add_test(tcase, a_new_name_is_told);
	tcase_add_test(tcase, the_name_as_given_is_told);
	tcase_add_test(tcase, what_has_no_room_is_told_whole);
	tcase_add_test(tcase, a_relative_name_is_told_with_its_folder);
	tcase_add_test(tcase, that_the_name_is_gone_is_told);
	tcase_add_test(tcase, another_cgroup_is_told);
	tcase_add_test(tcase, the_kernel_knows_what_an_earlier_reader_was_told);
}

int main(void)
{
	Suite *suite = suite_create("sensor_start_texts");
	TCase *alone = tcase_create("alone"), *kernel = tcase_create("kernel");
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	tcase_add_checked_fixture(alone, new_texts, free_texts);
	tcase_add_test(alone, a_text_comes_with_the_first_and_stays);
	tcase_add_test(alone, what_nobody_knows_is_cut_and_never_of_another);
	tcase_add_loop_test(alone, a_hostile_name_is_refused, 0, (int)ARRAY_SIZE(hostile));
	suite_add_tcase(suite, alone);
	if (bpf_source_open(NULL, &source, &text) == 0) {
		source = bpf_source_close(source);
		add_kernel_tests(kernel);
		suite_add_tcase(suite, kernel);
	} else {
		printf("skip: %s\n", text.data ? text.data : "no BPF here");
	}
	return unit_run(suite);
}
