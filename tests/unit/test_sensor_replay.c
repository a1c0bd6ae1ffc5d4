/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/record_sink.h and sensor/observer.h, with kernel records from a file. */
#include "sensor/sensor_replay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/str.h"
#include "ebpf/event.h"
#include "sensor/large_files.h"
#include "unit.h"

#define MAX_EVENTS 64

static char *folder, *tree, *records;
static FILE *out;
static struct sensor *sensor;
static struct event events[MAX_EVENTS];
static size_t event_count;

static void keep(const struct event *event, void *userdata)
{
	struct event *copy = &events[event_count++];

	ck_assert_uint_le(event_count, MAX_EVENTS);
	*copy = *event;
	copy->text = event->text ? strdup(event->text) : NULL;
	copy->detail = event->detail ? strdup(event->detail) : NULL;
	ck_assert_int_eq(subject_copy(&event->subject, &copy->subject), 0);
	ck_assert_int_eq(file_fact_copy(&event->object, &copy->object), 0);
	ck_assert_int_eq(file_fact_copy(&event->script, &copy->script), 0);
}

static char *join(const char *dir, const char *name)
{
	char *path = NULL;

	ck_assert_int_gt(asprintf(&path, "%s/%s", dir, name), 0);
	return path;
}

static void setup(void)
{
	folder = unit_folder_new();
	tree = join(folder, "tree");
	records = join(folder, "records");
	ck_assert_int_eq(mkdir(tree, 0755), 0);
	out = fopen(records, "we");
	ck_assert_ptr_nonnull(out);
}

static void teardown(void)
{
	if (sensor)
		sensor = sensor_replay.close(sensor);
	for (size_t i = 0; i < event_count; i++)
		event_done(&events[i]);
	event_count = 0;
	unit_folder_free(folder);
	free(tree);
	free(records);
}

/* "/usr/bin/sh" as components from the leaf up. */
static uint16_t put_path(char *tail, const char *path)
{
	cleanup_free char *copy = strdup(path);
	uint16_t len = 0;
	char *slash;

	while ((slash = strrchr(copy, '/'))) {
		len += (uint16_t)sprintf(tail + len, "%s", slash + 1) + 1;
		*slash = '\0';
	}
	return len;
}

static struct ev_hdr header(uint16_t type, uint32_t pid, uint32_t ppid)
{
	return (struct ev_hdr){
		.abi = EV_ABI,
		.type = type,
		.size = sizeof(struct ev_hdr),
		.ktime = (uint64_t)clock_boot_ns(),
		.cookie = 1000 + pid,
		.parent_cookie = 1000 + ppid,
		.pid = pid,
		.ppid = ppid,
		.comm = "worker",
	};
}

static void put_exec(uint32_t pid, uint32_t ppid, const char *exe, const char *script)
{
	struct {
		struct ev_exec exec;
		char tail[EV_TAIL_MAX];
	} record = {.exec = {.hdr = header(EV_EXEC, pid, ppid), .nlink = 1}};
	struct stat st = {0};
	size_t len;

	(void)stat(exe, &st);
	record.exec.ino = st.st_ino;
	record.exec.bytes = (uint64_t)st.st_size;
	record.exec.exe.length = put_path(record.tail, exe);
	len = record.exec.exe.length;
	if (script) {
		record.exec.flags = EV_EXEC_INTERPRETED;
		record.exec.filename.offset = (uint16_t)len;
		record.exec.filename.length =
			(uint16_t)sprintf(record.tail + len, "%s", script) + 1;
		len += record.exec.filename.length;
	}
	record.exec.hdr.size = (uint32_t)(EV_FIXED + len);
	fwrite(&record, record.exec.hdr.size, 1, out);
}

static void put_open(uint32_t pid, const char *below_tree)
{
	struct {
		struct ev_open open;
		char tail[EV_TAIL_MAX];
	} record = {.open = {.hdr = header(EV_OPEN, pid, 1), .tree = 1}};

	record.open.path.length = put_path(record.tail, below_tree);
	record.open.hdr.size = EV_FIXED + record.open.path.length;
	fwrite(&record, record.open.hdr.size, 1, out);
}

static void put_load(uint32_t pid, const char *path, uint32_t how, uint32_t nlink)
{
	struct {
		struct ev_load load;
		char tail[EV_TAIL_MAX];
	} record = {.load = {.hdr = header(EV_LOAD, pid, 1), .how = how, .nlink = nlink}};
	struct stat st = {0};

	if (path) {
		(void)stat(path, &st);
		record.load.path.length = put_path(record.tail, path);
	}
	record.load.ino = st.st_ino;
	record.load.bytes = (uint64_t)st.st_size;
	record.load.hdr.size = EV_FIXED + record.load.path.length;
	fwrite(&record, record.load.hdr.size, 1, out);
}

/* The clock, set by @pid to @by_s from what it shows; INT64_MIN: nobody knows to what. */
static void put_clock(uint32_t pid, int64_t by_s)
{
	struct ev_clock record = {.hdr = header(EV_CLOCK, pid, 1)};

	record.hdr.size = sizeof(record);
	if (by_s != INT64_MIN)
		record.set_ns = (uint64_t)(clock_real_ns() + by_s * NSEC_PER_SEC);
	fwrite(&record, sizeof(record), 1, out);
}

static char *make_file(const char *name, const char *text)
{
	char *path = join(tree, name);
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static const struct event *find(enum event_kind kind, const char *path)
{
	for (size_t i = 0; i < event_count; i++)
		if (events[i].kind == kind && str_equal(events[i].object.path, path))
			return &events[i];
	return NULL;
}

static void dispatch_for(int64_t ns)
{
	int64_t end_ns = clock_boot_ns() + ns;

	while (clock_boot_ns() < end_ns) {
		struct pollfd poll_fd = {.fd = sensor_replay.fd(sensor), .events = POLLIN};
		int r = sensor_replay.dispatch(sensor);

		ck_assert_int_ge(r, 0);
		if (r == 0)
			(void)poll(&poll_fd, 1, 10);
	}
}

static const struct event *wait_for(enum event_kind kind, const char *path)
{
	for (int i = 0; i < 300 && !find(kind, path); i++)
		dispatch_for(10 * NSEC_PER_MSEC);
	ck_assert_msg(find(kind, path), "no event of kind %d for %s", kind, path ? path : "-");
	return find(kind, path);
}

static void replay(void)
{
	char *trees[] = {tree, NULL};

	fclose(out);
	ck_assert_int_eq(sensor_replay_open(records, keep, NULL, &sensor), 0);
	ck_assert_int_eq(sensor_replay.watch(sensor, &(struct sensor_rules){.trees = trees}), 0);
}

START_TEST(a_start_has_digest_and_parents)
{
	cleanup_free char *program = make_file("program", "\177ELF of a kind");
	uint8_t digest[SHA256_SIZE];
	const struct event *event;

	put_exec(10, 1, "/bin/nowhere-shell", NULL);
	put_exec(11, 10, program, NULL);
	replay();
	event = wait_for(EVENT_EXEC, program);
	ck_assert_int_eq(hash_buffer("\177ELF of a kind", 14, digest), 0);
	ck_assert(event->object.has_digest);
	ck_assert_mem_eq(event->object.sha256, digest, SHA256_SIZE);
	ck_assert_uint_eq(event->subject.pid, 11);
	ck_assert_str_eq(event->subject.parents, "/bin/nowhere-shell(10)");
	ck_assert_int_le(llabs(event->time_ns - clock_real_ns()), 5 * NSEC_PER_SEC);
}
END_TEST

START_TEST(a_program_that_is_gone_has_no_digest_and_says_so)
{
	const struct event *event;

	put_exec(10, 1, "/bin/nowhere-program", NULL);
	replay();
	event = wait_for(EVENT_EXEC, "/bin/nowhere-program");
	ck_assert(!event->object.has_digest);
	ck_assert_int_eq(event->object.type, FILE_TYPE_REGULAR);
	ck_assert_ptr_nonnull(event->detail);
}
END_TEST

START_TEST(another_file_under_the_name_is_not_taken_for_the_program)
{
	cleanup_free char *program = make_file("program", "what ran");
	cleanup_free char *other = NULL;
	const struct event *event;

	put_exec(4000000, 1, program, NULL); /* no such process */
	other = make_file("other", "what came after");
	ck_assert_int_eq(rename(other, program), 0);
	replay();
	event = wait_for(EVENT_EXEC, program);
	ck_assert(!event->object.has_digest);
}
END_TEST

START_TEST(a_script_is_told_by_its_real_path)
{
	cleanup_free char *script = make_file("job.sh", "#!/bin/sh\n");
	cleanup_free char *link = join(tree, "link.sh");
	const struct event *event;

	ck_assert_int_eq(symlink("job.sh", link), 0);
	put_exec(10, 1, "/bin/nowhere-shell", link);
	replay();
	event = wait_for(EVENT_EXEC, "/bin/nowhere-shell");
	ck_assert_str_eq(event->script.path, script);
	ck_assert(event->script.has_digest);
	ck_assert_int_eq(event->script.role, FILE_ROLE_SCRIPT);
}
END_TEST

START_TEST(a_library_is_told_with_digest_and_process)
{
	cleanup_free char *library = make_file("lib.so", "code");
	const struct event *event;

	/* Of a process that no record came of before. */
	put_load(4000001, library, EV_LOAD_LIBRARY, 1);
	replay();
	event = wait_for(EVENT_LOAD, library);
	ck_assert_str_eq(event->text, "library");
	ck_assert(event->object.has_digest);
	ck_assert_uint_eq(event->subject.pid, 4000001);
	ck_assert_str_eq(event->subject.comm, "worker");
}
END_TEST

START_TEST(another_file_under_the_name_is_not_taken_for_the_library)
{
	cleanup_free char *library = make_file("lib.so", "what was loaded");
	cleanup_free char *other = NULL;
	const struct event *event;

	put_load(4000001, library, EV_LOAD_LIBRARY, 1); /* no such process */
	other = make_file("other", "what came after");
	ck_assert_int_eq(rename(other, library), 0);
	replay();
	event = wait_for(EVENT_LOAD, library);
	ck_assert(!event->object.has_digest);
	ck_assert_ptr_nonnull(event->detail);
}
END_TEST

START_TEST(a_deleted_library_is_read_through_its_mapping)
{
	cleanup_free char *library = make_file("lib.so", "mapped code");
	cleanup_close int fd = open(library, O_RDONLY | O_CLOEXEC);
	uint8_t digest[SHA256_SIZE];
	const struct event *event;
	void *at;

	if (geteuid() != 0)
		return; /* the kernel gives these links to root alone */
	at = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	put_load((uint32_t)getpid(), library, EV_LOAD_LIBRARY, 0);
	ck_assert_int_eq(unlink(library), 0);
	replay();
	event = wait_for(EVENT_LOAD, library);
	ck_assert_int_eq(hash_buffer("mapped code", 11, digest), 0);
	ck_assert(event->object.has_digest);
	ck_assert_mem_eq(event->object.sha256, digest, SHA256_SIZE);
	munmap(at, 1);
}
END_TEST

START_TEST(a_module_from_memory_is_told_as_such)
{
	const struct event *event;

	put_load((uint32_t)getpid(), NULL, EV_LOAD_MODULE_MEMORY, 0);
	replay();
	event = wait_for(EVENT_LOAD, "/memory:module");
	ck_assert_str_eq(event->text, "module");
	ck_assert(!event->object.has_digest);
	ck_assert_str_eq(event->detail, "it came from memory, without a file");
}
END_TEST

START_TEST(a_clock_that_was_set_back_for_a_moment_is_told_with_who_did_it)
{
	cleanup_free char *program = make_file("program", "x");
	const struct event *event;

	put_exec(10, 1, "/bin/nowhere-date", NULL);
	put_clock(9, INT64_MIN);
	put_clock(10, -3600);
	put_clock(11, 0);
	put_exec(13, 1, program, NULL);
	replay();
	event = wait_for(EVENT_CLOCK, NULL);
	ck_assert_int_le(llabs((int64_t)event->count - 3600 * NSEC_PER_SEC), 5 * NSEC_PER_SEC);
	ck_assert_uint_eq(event->subject.pid, 10);
	ck_assert_ptr_nonnull(wait_for(EVENT_SCANNED, program));
	for (const struct event *other = event + 1; other < events + event_count; other++)
		ck_assert_int_ne(other->kind, EVENT_CLOCK);
}
END_TEST

START_TEST(a_write_open_becomes_the_state_of_the_file)
{
	cleanup_free char *file = make_file("conf", "new");
	const struct event *event;

	put_exec(10, 1, "/bin/nowhere-editor", NULL);
	put_open(10, "/conf");
	replay();
	event = wait_for(EVENT_FILE, file);
	ck_assert_uint_eq(event->changes, EVENT_CHANGE_OPEN_WRITE);
	ck_assert(event->object.has_digest);
	ck_assert_str_eq(event->subject.exe, "/bin/nowhere-editor");
}
END_TEST

START_TEST(a_record_that_makes_no_sense_is_a_gap)
{
	cleanup_free char *program = make_file("program", "x");
	struct ev_hdr bad = header(EV_TYPE_COUNT, 1, 1);
	const struct event *gap;

	fwrite(&bad, sizeof(bad), 1, out);
	put_exec(11, 10, program, NULL);
	replay();
	ck_assert_ptr_nonnull(wait_for(EVENT_EXEC, program)); /* the next one is good */
	gap = wait_for(EVENT_GAP, NULL);
	ck_assert_uint_eq(gap->count, 1);
}
END_TEST

START_TEST(phases_come_in_order_around_the_walk)
{
	cleanup_free char *file = make_file("a", "a");
	const struct event *end;

	replay();
	end = wait_for(EVENT_SCAN_END, tree);
	ck_assert_uint_eq(end->count, 2);
	ck_assert_ptr_nonnull(find(EVENT_SCANNED, file));
	ck_assert_str_eq(events[0].text, "warming");
	ck_assert_int_eq(events[1].kind, EVENT_SCAN_BEGIN);
	ck_assert_str_eq(events[event_count - 1].text, "covered");
}
END_TEST

/* A hole of zeros: long to hash and quick to make. */
static char *make_large_file(const char *name, uint8_t digest[static SHA256_SIZE])
{
	char *path = make_file(name, "large");
	static uint8_t buffer[65536];
	struct hash *hash = NULL;
	int fd;

	ck_assert_int_eq(truncate(path, LARGE_FILE_BYTES + 12345), 0);
	ck_assert_int_eq(hash_new(&hash), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(hash_fd(hash, fd, buffer, sizeof(buffer), digest), 0);
	close(fd);
	hash_free(hash);
	return path;
}

static void check_digest(const struct event *event, const uint8_t digest[static SHA256_SIZE])
{
	ck_assert(event->object.has_digest);
	ck_assert_mem_eq(event->object.sha256, digest, SHA256_SIZE);
}

START_TEST(a_large_file_is_told_before_its_walk_ends)
{
	uint8_t digest[SHA256_SIZE];
	cleanup_free char *large = make_large_file("large", digest);
	const struct event *end, *scanned;

	replay();
	end = wait_for(EVENT_SCAN_END, tree);
	scanned = find(EVENT_SCANNED, large);
	ck_assert_ptr_nonnull(scanned);
	ck_assert(scanned < end);
	check_digest(scanned, digest);
	ck_assert_uint_eq(end->count, 2);
}
END_TEST

START_TEST(a_large_program_and_a_large_change_have_their_digest)
{
	uint8_t digest[SHA256_SIZE];
	cleanup_free char *large = make_large_file("large", digest);
	const struct event *event;

	put_exec(10, 1, large, NULL);
	put_open(10, "/large");
	replay();
	event = wait_for(EVENT_EXEC, large);
	check_digest(event, digest);
	ck_assert_uint_eq(event->subject.pid, 10);
	event = wait_for(EVENT_FILE, large);
	check_digest(event, digest);
	ck_assert_uint_eq(event->changes, EVENT_CHANGE_OPEN_WRITE);
	ck_assert_str_eq(event->subject.exe, large);
}
END_TEST

START_TEST(a_large_file_that_changes_meanwhile_is_read_again)
{
	uint8_t before[SHA256_SIZE];
	cleanup_free char *large = make_large_file("large", before);
	char *trees[] = {tree, NULL};
	struct pollfd poll_fd;
	int fd;

	put_open(10, "/large");
	fclose(out);
	ck_assert_int_eq(sensor_replay_open(records, keep, NULL, &sensor), 0);
	ck_assert_int_eq(sensor_replay.watch(sensor, &(struct sensor_rules){.trees = trees}), 0);
	/* The walk has begun to read it when the first piece is done. */
	for (int i = 0; i < 3; i++) {
		poll_fd = (struct pollfd){.fd = sensor_replay.fd(sensor), .events = POLLIN};
		ck_assert_int_ge(poll(&poll_fd, 1, 1000), 0);
		ck_assert_int_ge(sensor_replay.dispatch(sensor), 0);
	}
	fd = open(large, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "changed", 7, 0), 7);
	close(fd);
	ck_assert(wait_for(EVENT_FILE, large)->object.has_digest);
	ck_assert_mem_ne(find(EVENT_FILE, large)->object.sha256, before, SHA256_SIZE);
}
END_TEST

START_TEST(nothing_is_told_while_on_hold)
{
	cleanup_free char *file = make_file("a", "a");

	replay();
	ck_assert_int_eq(sensor_replay.hold(sensor, 1), 0);
	dispatch_for(300 * NSEC_PER_MSEC);
	ck_assert_uint_eq(event_count, 0);
	ck_assert_int_eq(sensor_replay.hold(sensor, 0), 0);
	ck_assert_ptr_nonnull(wait_for(EVENT_SCANNED, file));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_start_has_digest_and_parents);
	tcase_add_test(tcase, a_program_that_is_gone_has_no_digest_and_says_so);
	tcase_add_test(tcase, another_file_under_the_name_is_not_taken_for_the_program);
	tcase_add_test(tcase, a_script_is_told_by_its_real_path);
	tcase_add_test(tcase, a_library_is_told_with_digest_and_process);
	tcase_add_test(tcase, another_file_under_the_name_is_not_taken_for_the_library);
	tcase_add_test(tcase, a_deleted_library_is_read_through_its_mapping);
	tcase_add_test(tcase, a_module_from_memory_is_told_as_such);
	tcase_add_test(tcase, a_clock_that_was_set_back_for_a_moment_is_told_with_who_did_it);
	tcase_add_test(tcase, a_write_open_becomes_the_state_of_the_file);
	tcase_add_test(tcase, a_record_that_makes_no_sense_is_a_gap);
	tcase_add_test(tcase, phases_come_in_order_around_the_walk);
	tcase_add_test(tcase, a_large_file_is_told_before_its_walk_ends);
	tcase_add_test(tcase, a_large_program_and_a_large_change_have_their_digest);
	tcase_add_test(tcase, a_large_file_that_changes_meanwhile_is_read_again);
	tcase_add_test(tcase, nothing_is_told_while_on_hold);
}

UNIT_MAIN("sensor_replay")
