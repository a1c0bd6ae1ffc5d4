/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/elf_needs.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"
#include "sensor/elf_interpreter.h"

#define MAX_HEADERS 64
#define MAX_DYNAMIC 1024
#define MAX_STRINGS ((size_t)1 << 20)
#define MAX_NAMES   256

struct elf {
	int fd;
	ElfW(Phdr) headers[MAX_HEADERS];
	unsigned header_count;
	char *strings; /* with a NUL behind */
	size_t strings_len;
};

void elf_needs_done(struct elf_needs *needs)
{
	free(needs->interpreter);
	free(needs->path);
	strv_free(needs->names);
	*needs = (struct elf_needs){0};
}

static int read_at(int fd, void *to, size_t len, uint64_t offset)
{
	ssize_t n = offset > INT64_MAX ? 0 : pread(fd, to, len, (off_t)offset);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EBADMSG;
}

static int read_headers(struct elf *elf)
{
	const unsigned char width = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	ElfW(Ehdr) head;
	int r = read_at(elf->fd, &head, sizeof(head), 0);

	if (r < 0 || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != width)
		return -ENOEXEC;
	if (head.e_phnum > MAX_HEADERS || head.e_phentsize != sizeof(elf->headers[0]))
		return -EBADMSG;
	elf->header_count = head.e_phnum;
	return read_at(elf->fd, elf->headers, head.e_phnum * sizeof(elf->headers[0]), head.e_phoff);
}

static const ElfW(Phdr) * find_header(const struct elf *elf, uint32_t type)
{
	for (unsigned i = 0; i < elf->header_count; i++)
		if (elf->headers[i].p_type == type)
			return &elf->headers[i];
	return NULL;
}

/* Where in the file lies what is at @address once it runs. */
static int find_offset(const struct elf *elf, uint64_t address, uint64_t *ret_offset)
{
	for (unsigned i = 0; i < elf->header_count; i++) {
		const ElfW(Phdr) *h = &elf->headers[i];

		if (h->p_type == PT_LOAD && address >= h->p_vaddr &&
		    address - h->p_vaddr < h->p_filesz) {
			*ret_offset = h->p_offset + (address - h->p_vaddr);
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_interpreter(int fd, char **ret_text)
{
	char text[256];
	int r = elf_interpreter(fd, text, sizeof(text));

	if (r < 0)
		return r == -ENOENT ? 0 : -EBADMSG;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int read_strings(struct elf *elf, const ElfW(Dyn) * dynamic, size_t count)
{
	uint64_t address = 0, len = 0, offset;
	int r;

	for (size_t i = 0; i < count && dynamic[i].d_tag != DT_NULL; i++) {
		if (dynamic[i].d_tag == DT_STRTAB)
			address = dynamic[i].d_un.d_ptr;
		if (dynamic[i].d_tag == DT_STRSZ)
			len = dynamic[i].d_un.d_val;
	}
	if (len == 0 || len > MAX_STRINGS)
		return -EBADMSG;
	r = find_offset(elf, address, &offset);
	if (r < 0)
		return r;
	elf->strings = calloc(1, len + 1);
	if (!elf->strings)
		return -ENOMEM;
	elf->strings_len = len;
	return read_at(elf->fd, elf->strings, len, offset);
}

static int take(const struct elf *elf, const ElfW(Dyn) * entry, size_t *count,
		struct elf_needs *needs)
{
	const char *text;

	if (entry->d_tag != DT_NEEDED && entry->d_tag != DT_RUNPATH && entry->d_tag != DT_RPATH)
		return 0;
	if (entry->d_un.d_val >= elf->strings_len)
		return -EBADMSG;
	text = elf->strings + entry->d_un.d_val;
	if (entry->d_tag != DT_NEEDED) {
		if (needs->path)
			return 0;
		needs->path = strdup(text);
		return needs->path ? 0 : -ENOMEM;
	}
	if (*count == MAX_NAMES)
		return -EBADMSG;
	needs->names[*count] = strdup(text);
	return needs->names[(*count)++] ? 0 : -ENOMEM;
}

static int read_dynamic(struct elf *elf, struct elf_needs *needs)
{
	const ElfW(Phdr) *h = find_header(elf, PT_DYNAMIC);
	cleanup_free ElfW(Dyn) *dynamic = NULL;
	size_t count, names = 0;
	int r;

	if (!h)
		return 0;
	count = h->p_filesz / sizeof(*dynamic);
	if (count == 0 || count > MAX_DYNAMIC)
		return -EBADMSG;
	dynamic = calloc(count, sizeof(*dynamic));
	needs->names = calloc(MAX_NAMES + 1, sizeof(*needs->names));
	if (!dynamic || !needs->names)
		return -ENOMEM;
	r = read_at(elf->fd, dynamic, count * sizeof(*dynamic), h->p_offset);
	if (r == 0)
		r = read_strings(elf, dynamic, count);
	for (size_t i = 0; r == 0 && i < count && dynamic[i].d_tag != DT_NULL; i++)
		r = take(elf, &dynamic[i], &names, needs);
	return r;
}

int elf_needs_read(int fd, struct elf_needs *ret_needs)
{
	cleanup_elf_needs struct elf_needs needs = {0};
	struct elf elf = {.fd = fd};
	int r;

	r = read_headers(&elf);
	if (r == 0)
		r = read_interpreter(fd, &needs.interpreter);
	if (r == 0)
		r = read_dynamic(&elf, &needs);
	free(elf.strings);
	if (r < 0)
		return r;
	*ret_needs = needs;
	needs = (struct elf_needs){0};
	return 0;
}
