/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/elf_interpreter.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The kernel itself takes no more than a page of program headers on most machines. */
#define MAX_HEADERS 128

/* What both widths have in common. */
struct table {
	uint64_t offset;
	uint16_t count, entry_size;
};

struct segment {
	uint32_t type;
	uint64_t offset, size;
};

static int read_at(int fd, void *to, size_t len, uint64_t offset)
{
	ssize_t n;

	if (offset > INT64_MAX - len)
		return -ENOEXEC;
	n = pread(fd, to, len, (off_t)offset);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOEXEC;
}

static int read_head(int fd, bool *ret_is_wide, struct table *ret_table)
{
	const unsigned char order = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} head = {0};
	int r = read_at(fd, &head.narrow, sizeof(head.narrow), 0);

	if (r < 0)
		return r;
	if (memcmp(head.ident, ELFMAG, SELFMAG) != 0 || head.ident[EI_DATA] != order)
		return -ENOEXEC;
	*ret_is_wide = head.ident[EI_CLASS] == ELFCLASS64;
	if (!*ret_is_wide) {
		*ret_table = (struct table){head.narrow.e_phoff, head.narrow.e_phnum,
					    head.narrow.e_phentsize};
		return 0;
	}
	r = read_at(fd, &head.wide, sizeof(head.wide), 0);
	if (r == 0)
		*ret_table =
			(struct table){head.wide.e_phoff, head.wide.e_phnum, head.wide.e_phentsize};
	return r;
}

static int read_segment(int fd, bool is_wide, uint64_t offset, struct segment *ret_segment)
{
	Elf32_Phdr narrow;
	Elf64_Phdr wide;
	int r;

	if (is_wide) {
		r = read_at(fd, &wide, sizeof(wide), offset);
		if (r == 0)
			*ret_segment = (struct segment){wide.p_type, wide.p_offset, wide.p_filesz};
		return r;
	}
	r = read_at(fd, &narrow, sizeof(narrow), offset);
	if (r == 0)
		*ret_segment = (struct segment){narrow.p_type, narrow.p_offset, narrow.p_filesz};
	return r;
}

int elf_interpreter(int fd, char *path, size_t size)
{
	struct segment segment = {0};
	struct table table = {0};
	bool is_wide = false;
	int r;

	path[0] = '\0';
	r = read_head(fd, &is_wide, &table);
	if (r < 0)
		return r;
	if (table.entry_size != (is_wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
	    table.count > MAX_HEADERS || table.offset > INT64_MAX / 2)
		return -ENOEXEC;
	for (unsigned i = 0; i < table.count && segment.type != PT_INTERP; i++) {
		r = read_segment(fd, is_wide, table.offset + i * table.entry_size, &segment);
		if (r < 0)
			return r;
	}
	if (segment.type != PT_INTERP)
		return -ENOENT;
	if (segment.size < 2 || segment.size > size)
		return segment.size < 2 ? -ENOEXEC : -ENAMETOOLONG;
	r = read_at(fd, path, segment.size, segment.offset);
	if (r == 0 && memchr(path, '\0', segment.size) != path + segment.size - 1)
		r = -ENOEXEC;
	if (r < 0)
		path[0] = '\0';
	return r;
}
