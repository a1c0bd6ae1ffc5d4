/* SPDX-License-Identifier: Apache-2.0 */
/* Which dynamic loader a program names in its head. Reads the file with pread() and believes none
 * of its numbers. */
#ifndef PLUMBLINE_SENSOR_ELF_INTERPRETER_H
#define PLUMBLINE_SENSOR_ELF_INTERPRETER_H

#include <stddef.h>

/*
 * The path in the PT_INTERP header of the ELF file @fd, of either width and this machine's byte
 * order. -ENOENT when it names none, -ENOEXEC when it is no such file, -ENAMETOOLONG, or another
 * negative errno; @path is "" then.
 */
int elf_interpreter(int fd, char *path, size_t size);

#endif
