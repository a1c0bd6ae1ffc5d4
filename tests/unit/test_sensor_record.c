/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/record.h, and the layout that ebpf/event.h promises. */
#include "sensor/record.h"

#include <stddef.h>
#include <sys/sysmacros.h>

#include "unit.h"

/* A record of EV_EXEC with @text as its exe. */
static size_t make_exec(char *out, const char *text, size_t len, uint32_t flags)
{
	struct ev_exec exec = {
		.hdr = {.abi = EV_ABI,
			.type = EV_EXEC,
			.size = (uint32_t)(EV_FIXED + len),
			.pid = 7},
		.exe = {.offset = 0, .length = (uint16_t)len, .flags = flags},
	};

	memcpy(out, &exec, sizeof(exec));
	memcpy(out + sizeof(exec), text, len);
	return sizeof(exec) + len;
}

static int path_of(const char *text, size_t len, uint32_t flags, struct strbuf *sb)
{
	char data[EV_FIXED + EV_TAIL_MAX];
	struct record record;
	int r;

	r = record_decode(data, make_exec(data, text, len, flags), &record);
	return r < 0 ? r : record_path(&record, &record.exec.exe, sb);
}

static const struct {
	const char *text;
	size_t len;
	uint32_t flags;
	int r;
	const char *path;
} paths[] = {
	{"sh\0bin\0usr", 11, 0, 0, "/usr/bin/sh"},
	{"f", 2, 0, 0, "/f"},
	{"memfd:x", 8, EV_TEXT_DETACHED, 0, "/memfd:x"},
	{"memfd:/../etc/x", 16, EV_TEXT_DETACHED, 0, "/memfd:_.._etc_x"},
	{"a\0\0b", 5, 0, -EBADMSG, NULL},
	{"a/b\0c", 6, 0, -EBADMSG, NULL},
	{"noend", 5, 0, -EBADMSG, NULL},
	{"cut\0off", 7, EV_TEXT_CUT, 0, "/off/cut"},
};

START_TEST(paths_are_put_together_from_the_root)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r = path_of(paths[_i].text, paths[_i].len, paths[_i].flags, &sb);

	ck_assert_int_eq(r, paths[_i].r);
	if (r == 0)
		ck_assert_str_eq(sb.data, paths[_i].path);
}
END_TEST

START_TEST(a_record_that_is_not_whole_is_refused)
{
	char data[EV_FIXED + 64];
	size_t len = make_exec(data, "sh\0bin", 7, 0);
	struct record record;

	ck_assert_int_eq(record_decode(data, len, &record), 0);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(record_decode(data, i, &record), -EBADMSG);
}
END_TEST

static const struct {
	size_t offset;
	uint32_t value; /* written as 16 bits */
} damages[] = {
	{offsetof(struct ev_hdr, abi), EV_ABI + 1},
	{offsetof(struct ev_hdr, abi), EV_ABI_ALIKE - 1},
	{offsetof(struct ev_hdr, type), EV_NONE},
	{offsetof(struct ev_hdr, type), EV_TYPE_COUNT},
	{offsetof(struct ev_hdr, size), 8},
	{offsetof(struct ev_hdr, size), EV_FIXED - 1},
	{offsetof(struct ev_hdr, size), 0xffff},
	{offsetof(struct ev_exec, exe.offset), 60000},
	{offsetof(struct ev_exec, exe.length), 60000},
	{offsetof(struct ev_exec, cgroup.length), 8},
	{offsetof(struct ev_exec, filename.offset), 7},
};

START_TEST(damage_is_refused)
{
	char data[EV_FIXED + 64];
	size_t len = make_exec(data, "sh\0bin", 7, 0);
	uint16_t value = (uint16_t)damages[_i].value;
	struct record record;

	/* An offset alone means nothing: the part must have a length too. */
	data[offsetof(struct ev_exec, filename.length)] = 1;
	memcpy(data + damages[_i].offset, &value, sizeof(value));
	ck_assert_int_eq(record_decode(data, len, &record), -EBADMSG);
}
END_TEST

static const uint32_t loads[] = {EV_LOAD_NONE, EV_LOAD_SCRIPT, EV_LOAD_MODULE_MEMORY,
				 EV_LOAD_HOW_COUNT, UINT32_MAX};

START_TEST(loaded_code_is_of_a_known_kind)
{
	bool is_good = loads[_i] != EV_LOAD_NONE && loads[_i] < EV_LOAD_HOW_COUNT;
	struct ev_load load = {
		.hdr = {.abi = EV_ABI, .type = EV_LOAD, .size = EV_FIXED},
		.how = loads[_i],
	};
	struct record record;

	ck_assert_int_eq(record_decode(&load, sizeof(load), &record), is_good ? 0 : -EBADMSG);
	load.path.length = 3;
	ck_assert_int_eq(record_decode(&load, sizeof(load), &record), -EBADMSG);
}
END_TEST

/* What an agent of before left in the kernel is read by the next. */
START_TEST(a_record_of_an_earlier_form_that_is_alike_is_read)
{
	struct ev_clock clock = {
		.hdr = {.abi = EV_ABI_ALIKE, .type = EV_CLOCK, .size = sizeof(clock)},
	};
	struct record record;

	ck_assert_int_eq(record_decode(&clock, sizeof(clock), &record), 0);
	ck_assert_uint_eq(record.clock.set_ns, 0);
}
END_TEST

START_TEST(a_time_is_one_that_a_clock_can_be_set_to)
{
	struct ev_clock clock = {
		.hdr = {.abi = EV_ABI, .type = EV_CLOCK, .size = sizeof(clock)},
		.set_ns = INT64_MAX,
	};
	struct record record;

	ck_assert_int_eq(record_decode(&clock, sizeof(clock), &record), 0);
	ck_assert_uint_eq(record.clock.set_ns, INT64_MAX);
	clock.set_ns++;
	ck_assert_int_eq(record_decode(&clock, sizeof(clock), &record), -EBADMSG);
	clock.set_ns = 0;
	clock.hdr.ktime = UINT64_MAX;
	ck_assert_int_eq(record_decode(&clock, sizeof(clock), &record), -EBADMSG);
}
END_TEST

/* Else fuzzing begins, and its replay ends, at the number of the form. */
START_TEST(seeds_of_fuzzing_have_the_form_of_today)
{
	const char *path = PLUMBLINE_SOURCE_DIR "/tests/fuzz/corpus/record/exec";
	char data[EV_FIXED + EV_TAIL_MAX];
	FILE *file = fopen(path, "re");
	struct record record;
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	ck_assert_int_eq(record_decode(data, len, &record), 0);
}
END_TEST

START_TEST(device_numbers_are_those_of_stat)
{
	struct stat st;

	ck_assert_int_eq(stat("/", &st), 0);
	ck_assert_uint_eq(record_user_dev(major(st.st_dev) << 20 | minor(st.st_dev)), st.st_dev);
}
END_TEST

START_TEST(layout_is_the_one_of_the_kernel_side)
{
	ck_assert_uint_eq(offsetof(struct ev_hdr, ktime), 8);
	ck_assert_uint_eq(offsetof(struct ev_hdr, cookie), 32);
	ck_assert_uint_eq(offsetof(struct ev_hdr, cpu), 48);
	ck_assert_uint_eq(offsetof(struct ev_hdr, comm), 72);
	ck_assert_uint_eq(offsetof(struct ev_exec, ino), 88);
	ck_assert_uint_eq(offsetof(struct ev_exec, exe), 128);
	ck_assert_uint_eq(offsetof(struct ev_open, path), 112);
	ck_assert_uint_eq(offsetof(struct ev_path, cwd), 96);
	ck_assert_uint_eq(offsetof(struct ev_load, path), 128);
	ck_assert_uint_eq(offsetof(struct ev_mount, path), 112);
	ck_assert_uint_eq(offsetof(struct ev_counters, filtered), 192);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, paths_are_put_together_from_the_root, 0,
			    sizeof(paths) / sizeof(paths[0]));
	tcase_add_test(tcase, a_record_that_is_not_whole_is_refused);
	tcase_add_loop_test(tcase, damage_is_refused, 0, sizeof(damages) / sizeof(damages[0]));
	tcase_add_loop_test(tcase, loaded_code_is_of_a_known_kind, 0, ARRAY_SIZE(loads));
	tcase_add_test(tcase, a_record_of_an_earlier_form_that_is_alike_is_read);
	tcase_add_test(tcase, a_time_is_one_that_a_clock_can_be_set_to);
	tcase_add_test(tcase, seeds_of_fuzzing_have_the_form_of_today);
	tcase_add_test(tcase, device_numbers_are_those_of_stat);
	tcase_add_test(tcase, layout_is_the_one_of_the_kernel_side);
}

UNIT_MAIN("sensor_record")
