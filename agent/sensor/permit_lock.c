/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the permission mode that no disk is waited for: the program itself,
 * the C library and the loader, stack and state. Not all libraries of the
 * process, which are several times as large as what it may lock.
 */
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sensor/permit_replier.h"

#define STACK_BYTES ((size_t)64 * 1024)

static int lock(const void *start, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)start & ~(page - 1), end = (uintptr_t)start + len;

	return mlock((const void *)from, end - from) < 0 ? -errno : 0;
}

/* The program has no name here. */
static bool is_needed(const char *name)
{
	return !*name || strstr(name, "/libc.so") || strstr(name, "/ld-linux") ||
	       strstr(name, "/ld-musl");
}

static int lock_object(struct dl_phdr_info *object, size_t size, void *userdata)
{
	int r = 0;

	for (unsigned i = 0; is_needed(object->dlpi_name) && r == 0 && i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_LOAD)
			r = lock((const char *)object->dlpi_addr + object->dlpi_phdr[i].p_vaddr,
				 object->dlpi_phdr[i].p_memsz);
	return r;
}

/* What the functions that are called from here on will use of it. */
static int lock_stack(void)
{
	char room[STACK_BYTES];

	explicit_bzero(room, sizeof(room));
	return lock(room, sizeof(room));
}

int permit_lock_memory(const struct replier *r)
{
	int error = dl_iterate_phdr(lock_object, NULL);

	if (error == 0)
		error = lock_stack();
	if (error == 0)
		error = lock(r, sizeof(*r));
	if (error == 0)
		error = lock(r->options, sizeof(*r->options));
	return error < 0 ? error : lock(r->shared, sizeof(*r->shared));
}
