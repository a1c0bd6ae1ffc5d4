/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/bpf_source.h, with the real kernel: what is not delivered is counted. */
#include "sensor/bpf_source.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "sensor/record.h"
#include "unit.h"

#define RING_BYTES 4096 /* some ten records */
#define STARTS	   200
#define LISTS	   400
#define PIDS	   (1 << 22) /* PID_MAX_LIMIT */

static struct bpf_source *source;
static uint64_t delivered[EV_TYPE_COUNT], bad, holes;
static uint64_t last_sequence[EV_RING_COUNT][1024];

static int count_record(const void *data, size_t len, void *userdata)
{
	struct record record;
	uint64_t *last;

	if (record_decode(data, len, &record) < 0) {
		bad++;
		return 0;
	}
	delivered[record.hdr.type]++;
	last = &last_sequence[record.hdr.type != EV_EXEC][record.hdr.cpu % 1024];
	holes += record.hdr.sequence - *last - 1;
	*last = record.hdr.sequence;
	return 0;
}

static void run_true(void)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

/* Other programs start meanwhile: at some moment all that was tried is either read or counted. */
static bool is_balanced(struct ev_counters *ret_sum)
{
	int64_t end_ns = clock_boot_ns() + 20 * NSEC_PER_SEC;

	while (clock_boot_ns() < end_ns) {
		bool is_equal = true;

		ck_assert_int_ge(bpf_source_dispatch(source), 0);
		ck_assert_int_eq(bpf_source_counters(source, ret_sum), 0);
		for (int type = 0; type < EV_TYPE_COUNT; type++)
			is_equal &=
				ret_sum->attempts[type] == delivered[type] + ret_sum->lost[type];
		if (is_equal)
			return true;
	}
	return false;
}

START_TEST(attempts_are_delivered_or_counted_as_lost)
{
	struct ev_counters sum;

	for (int i = 0; i < STARTS; i++)
		run_true();
	ck_assert(is_balanced(&sum));
	ck_assert_uint_ge(sum.attempts[EV_EXEC], STARTS);
	ck_assert_uint_gt(sum.lost[EV_EXEC], 0);
	ck_assert_uint_gt(delivered[EV_EXEC], 0);
	ck_assert_uint_gt(sum.lost[EV_FORK], 0);
	ck_assert_uint_eq(bad, 0);
	/* A hole shows when the next record of that processor comes; what was lost behind the last
	 * one shows in the counters alone. */
	for (int i = 0; i < 20; i++) {
		run_true();
		ck_assert_int_ge(bpf_source_dispatch(source), 0);
	}
	ck_assert(is_balanced(&sum));
	ck_assert_uint_gt(holes, 0);
	ck_assert_uint_le(holes, sum.ring_lost[EV_RING_ALERT] + sum.ring_lost[EV_RING_TELEMETRY]);
}
END_TEST

/* Takes one record of each ring a round. */
static int take_one(const void *data, size_t len, void *userdata)
{
	(void)count_record(data, len, userdata);
	return -ECANCELED;
}

/* Alerts beyond the half of their ring. */
START_TEST(a_half_full_ring_of_alerts_comes_first)
{
	ck_assert_int_ge(bpf_source_dispatch(source), 0);
	memset(delivered, 0, sizeof(delivered));
	for (int i = 0; i < 15; i++)
		run_true();
	bpf_source_set_reader(source, take_one, NULL);
	ck_assert_int_eq(bpf_source_dispatch(source), 1);
	ck_assert_uint_eq(delivered[EV_EXEC], 1);
}
END_TEST

/* The lives of this process's children, by pid: what of each has come until now. */
static int follow_life(const void *data, size_t len, void *userdata)
{
	uint16_t *last = userdata;
	struct record record;

	ck_assert_int_eq(record_decode(data, len, &record), 0);
	if (record.hdr.pid >= PIDS)
		return 0;
	last += record.hdr.pid;
	/* That of an end names no parent. */
	if (record.hdr.type == EV_EXIT && *last)
		bad += *last != EV_EXEC, delivered[EV_EXIT]++, *last = EV_NONE;
	if (record.hdr.ppid != (uint32_t)getpid())
		return 0;
	if (record.hdr.type == EV_FORK)
		*last = EV_FORK;
	else if (record.hdr.type == EV_EXEC)
		bad += *last != EV_FORK, *last = EV_EXEC;
	return 0;
}

START_TEST(records_of_both_rings_come_in_order_of_time)
{
	const struct bpf_source_options options = {
		.alert_bytes = 1 << 20,
		.telemetry_bytes = 1 << 20,
	};
	cleanup_free uint16_t *last = calloc(PIDS, sizeof(*last));
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	ck_assert_ptr_nonnull(last);
	source = bpf_source_close(source);
	ck_assert_int_eq(bpf_source_open(&options, &source, &text), 0);
	bpf_source_set_reader(source, follow_life, last);
	for (int i = 0; i < 100; i++)
		run_true();
	while (bpf_source_dispatch(source) > 0)
		;
	ck_assert_uint_eq(delivered[EV_EXIT], 100);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

START_TEST(lists_this_very_process)
{
	ck_assert_int_eq(bpf_source_list_tasks(source), 0);
	ck_assert_uint_gt(delivered[EV_TASK], 1);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* What two lists and the ring said of one program's processes. */
struct sighting {
	uint64_t cookie;
	uint32_t exec_id;
	uint16_t type;
};

struct sightings {
	uint64_t ino;
	uint32_t parent; /* others start the same program */
	size_t count, listed;
	struct sighting all[8192];
};

static int note_sighting(const void *data, size_t len, void *userdata)
{
	struct sightings *seen = userdata;
	struct record record;

	ck_assert_int_eq(record_decode(data, len, &record), 0);
	if ((record.hdr.type != EV_EXEC && record.hdr.type != EV_TASK) ||
	    record.exec.ino != seen->ino || record.hdr.ppid != seen->parent ||
	    seen->count == sizeof(seen->all) / sizeof(*seen->all))
		return 0;
	seen->listed += record.hdr.type == EV_TASK;
	seen->all[seen->count++] =
		(struct sighting){record.hdr.cookie, record.exec.exec_id, record.hdr.type};
	return 0;
}

/* Starts @path again and again, in the way that lets the parent go on in the midst of the start. */
static void start_for_ever(const char *path)
{
	char *const words[] = {(char *)path, NULL};
	int status;
	pid_t pid;

	while (posix_spawn(&pid, path, NULL, NULL, words, NULL) == 0)
		(void)waitpid(pid, &status, 0);
	_exit(1);
}

static size_t count_other_number(const struct sightings *seen, const struct sighting *task)
{
	size_t count = 0;

	for (size_t i = 0; i < seen->count; i++)
		count += seen->all[i].type == EV_EXEC && seen->all[i].cookie == task->cookie &&
			 seen->all[i].exec_id != task->exec_id;
	return count;
}

START_TEST(what_is_listed_as_running_has_the_number_of_its_start)
{
	static struct sightings seen;
	struct stat st;
	pid_t pid;

	ck_assert_int_eq(stat("/bin/true", &st), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		start_for_ever("/bin/true");
	seen = (struct sightings){.ino = st.st_ino, .parent = (uint32_t)pid};
	bpf_source_set_reader(source, note_sighting, &seen);
	/* On a busy machine it may take its time to begin. */
	for (int i = 0; i < LISTS || (seen.listed == 0 && i < 50 * LISTS); i++) {
		ck_assert_int_eq(bpf_source_list_tasks(source), 0);
		ck_assert_int_ge(bpf_source_dispatch(source), 0);
	}
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_ge(bpf_source_dispatch(source), 0);
	for (size_t i = 0; i < seen.count; i++)
		if (seen.all[i].type == EV_TASK)
			ck_assert_uint_eq(count_other_number(&seen, &seen.all[i]), 0);
	ck_assert_uint_gt(seen.listed, 0);
}
END_TEST

START_TEST(unmonitored_files_are_filtered_in_the_kernel)
{
	char *folder = unit_folder_new();
	char inside[512], tree[512], outside[512];
	struct ev_counters before, after;

	snprintf(tree, sizeof(tree), "%s/tree", folder);
	snprintf(inside, sizeof(inside), "%s/tree/file", folder);
	snprintf(outside, sizeof(outside), "%s/file", folder);
	ck_assert_int_eq(mkdir(tree, 0700), 0);
	ck_assert_int_eq(bpf_source_watch(source, (char *const[]){tree, NULL}), 0);
	ck_assert(is_balanced(&before));
	if (fork() == 0) {
		for (int i = 0; i < 5; i++) {
			close(open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
			close(open(outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
			close(open(inside, O_RDONLY | O_CLOEXEC));
		}
		_exit(0);
	}
	wait(NULL);
	ck_assert(is_balanced(&after));
	ck_assert_uint_eq(after.attempts[EV_OPEN] - before.attempts[EV_OPEN], 5);
	ck_assert_uint_ge(after.filtered - before.filtered, 5);
	unit_folder_free(folder);
}
END_TEST

static void setup(void)
{
	const struct bpf_source_options options = {
		.alert_bytes = RING_BYTES,
		.telemetry_bytes = RING_BYTES,
	};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	memset(delivered, 0, sizeof(delivered));
	memset(last_sequence, 0, sizeof(last_sequence));
	bad = holes = 0;
	ck_assert_int_eq(bpf_source_open(&options, &source, &text), 0);
	bpf_source_set_reader(source, count_record, NULL);
}

static void teardown(void)
{
	source = bpf_source_close(source);
}

int main(void)
{
	Suite *suite = suite_create("sensor_bpf_source");
	TCase *tcase = tcase_create("kernel");
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (bpf_source_open(NULL, &source, &text) < 0)
		return unit_skip(text.data ? text.data : "no BPF here");
	source = bpf_source_close(source);
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, attempts_are_delivered_or_counted_as_lost);
	tcase_add_test(tcase, a_half_full_ring_of_alerts_comes_first);
	tcase_add_test(tcase, records_of_both_rings_come_in_order_of_time);
	tcase_add_test(tcase, lists_this_very_process);
	tcase_add_test(tcase, what_is_listed_as_running_has_the_number_of_its_start);
	tcase_add_test(tcase, unmonitored_files_are_filtered_in_the_kernel);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
