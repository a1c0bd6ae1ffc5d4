/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of programs: what comes out ends within its buffer, and is "" on failure; what they need
 * has an end too, and nothing of it is left on failure. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "sensor/elf_interpreter.h"
#include "sensor/elf_needs.h"

static size_t length_of_all(const struct elf_needs *needs)
{
	size_t sum = needs->path ? strlen(needs->path) : 0;

	sum += needs->interpreter ? strlen(needs->interpreter) : 0;
	for (char **name = needs->names; name && *name; name++)
		sum += strlen(*name);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct elf_needs needs = {0};
	char path[64];
	int r;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	memset(path, 'x', sizeof(path));
	r = elf_interpreter(fd, path, sizeof(path));
	if (!memchr(path, '\0', sizeof(path)) || (r < 0 && path[0] != '\0'))
		abort();
	r = elf_needs_read(fd, &needs);
	/* One string table of a MiB, and 256 names that may all be the whole of it. */
	if (length_of_all(&needs) > ((size_t)258 << 20) || (r < 0 && (needs.path || needs.names)))
		abort();
	elf_needs_done(&needs);
	close(fd);
	return 0;
}
