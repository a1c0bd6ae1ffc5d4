/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of programs: what comes out ends within its buffer, and is "" on failure. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "sensor/elf_interpreter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	char path[64];
	int r;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	memset(path, 'x', sizeof(path));
	r = elf_interpreter(fd, path, sizeof(path));
	if (!memchr(path, '\0', sizeof(path)) || (r < 0 && path[0] != '\0'))
		abort();
	close(fd);
	return 0;
}
