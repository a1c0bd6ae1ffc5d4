/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the files lie that a program loads at its start: its interpreter, and
 * the libraries that it names, in every folder from which ld.so may take them.
 *
 * A guess by ld.so's own rules, without its cache and environment: good for an
 * order, or for a list of places. What is loaded, the sensor sees as it happens.
 */
#ifndef PLUMBLINE_SENSOR_ELF_LIBRARIES_H
#define PLUMBLINE_SENSOR_ELF_LIBRARIES_H

/* Called with the path of a file below the root, as it is found and not resolved; a negative
 * return ends it. */
typedef int (*elf_library_fn)(const char *path, void *userdata);

/*
 * Of the file at @path below @root ("": this machine's own); it finds what that names, not what
 * this needs in turn. A file that cannot be read, or is no program, has none. Negative errno of
 * @fn, or -ENOMEM.
 */
int elf_libraries_each(const char *root, const char *path, elf_library_fn fn, void *userdata);

#endif
