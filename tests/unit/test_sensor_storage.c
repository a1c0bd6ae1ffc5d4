/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/storage.h, with what this machine has. */
#include "sensor/storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit.h"

static unsigned look(int fd)
{
	struct storage_cache cache = {0};
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return storage_look(&cache, fd, &st);
}

START_TEST(memory_is_ours_and_no_fixed_disk)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(look(fd), STORAGE_OURS);
	close(fd);
}
END_TEST

START_TEST(what_the_kernel_makes_up_is_not_ours)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(look(fd), 0);
	close(fd);
}
END_TEST

START_TEST(loops_and_unknown_devices_do_not_stay)
{
	/* Major 7: a loop, whether it is there or not. */
	ck_assert(!storage_is_fixed(makedev(7, 0)));
	ck_assert(!storage_is_fixed(makedev(4095, 1)));
}
END_TEST

/* The answer for each disk is the one that its place in the kernel's tree of devices gives. */
START_TEST(a_disk_stays_unless_it_is_removable_or_virtual)
{
	DIR *dir = opendir("/sys/dev/block");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char folder[320], target[512] = "";
		unsigned numbers[2];
		ssize_t n;

		if (sscanf(entry->d_name, "%u:%u", &numbers[0], &numbers[1]) != 2)
			continue;
		snprintf(folder, sizeof(folder), "/sys/dev/block/%s", entry->d_name);
		n = readlink(folder, target, sizeof(target) - 1);
		ck_assert_int_gt(n, 0);
		if (strstr(target, "/usb") || strstr(target, "/virtual/block/loop") ||
		    strstr(target, "/virtual/block/zram") || strstr(target, "/virtual/block/nbd"))
			ck_assert_msg(!storage_is_fixed(makedev(numbers[0], numbers[1])), "%s",
				      target);
		if (strstr(target, "/virtio") && !strstr(target, "/virtual/"))
			ck_assert_msg(storage_is_fixed(makedev(numbers[0], numbers[1])), "%s",
				      target);
	}
	if (dir)
		closedir(dir);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, memory_is_ours_and_no_fixed_disk);
	tcase_add_test(tcase, what_the_kernel_makes_up_is_not_ours);
	tcase_add_test(tcase, loops_and_unknown_devices_do_not_stay);
	tcase_add_test(tcase, a_disk_stays_unless_it_is_removable_or_virtual);
}

UNIT_MAIN("sensor_storage")
