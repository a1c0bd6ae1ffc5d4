/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target once over each file of its corpus, under any compiler.
 *
 * It finds nothing new: it keeps what fuzzing found once from coming back.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "fuzz/fuzz.h"

static int replay_file(int dirfd, const char *name)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	cleanup_free uint8_t *data = NULL;
	struct stat st;
	ssize_t len;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	/* The exact size, so that ASan sees a read past the end. */
	data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (!data)
		return -1;
	len = read(fd, data, (size_t)st.st_size);
	if (len != st.st_size)
		return -1;
	LLVMFuzzerTestOneInput(data, (size_t)len);
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_closedir DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned count = 0;

	if (!dir) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 1;
	}
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay_file(dirfd(dir), entry->d_name) < 0) {
			fprintf(stderr, "%s/%s: cannot be read\n", argv[1], entry->d_name);
			return 1;
		}
		count++;
	}
	printf("%u inputs\n", count);
	return count == 0;
}
