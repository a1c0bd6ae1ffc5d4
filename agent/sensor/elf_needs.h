/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ELF file needs to run: its interpreter, the names of its libraries
 * and where it wants them to be looked for. Believes no number in the file.
 */
#ifndef PLUMBLINE_SENSOR_ELF_NEEDS_H
#define PLUMBLINE_SENSOR_ELF_NEEDS_H

#include "base/cleanup.h"

struct elf_needs {
	char *interpreter; /* NULL: none */
	char *path;	   /* DT_RUNPATH, or DT_RPATH: folders with ':' between; NULL: none */
	char **names;	   /* NULL-ended; NULL: none */
};

void elf_needs_done(struct elf_needs *needs);
#define cleanup_elf_needs cleanup_with(elf_needs_done)

/* -ENOEXEC when @fd is no ELF file of this machine's width, -EBADMSG when it makes no sense,
 * -ENOMEM. */
int elf_needs_read(int fd, struct elf_needs *ret_needs);

#endif
