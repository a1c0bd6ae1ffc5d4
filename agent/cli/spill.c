/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"

struct item {
	uint64_t offset;
	uint32_t number, len;
};

struct spill {
	FILE *file;
	uint64_t length;
	struct item *items;
	size_t count, room;
	bool is_sorted; /* by number, then as they came */
};

int spill_new(struct spill **ret_spill)
{
	cleanup_with(spill_freep) struct spill *s = calloc(1, sizeof(*s));
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	cleanup_close int fd = -1;
	const char *folder = getenv("TMPDIR");

	strbuf_printf(&path, "%s/plumbline.XXXXXX", folder && *folder ? folder : "/tmp");
	if (!s || strbuf_check(&path) < 0)
		return -ENOMEM;
	fd = mkostemp(path.data, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (unlink(path.data) < 0)
		return -errno;
	s->file = fdopen(fd, "w+");
	if (!s->file)
		return -errno;
	TAKE_FD(fd);
	*ret_spill = TAKE_PTR(s);
	return 0;
}

struct spill *spill_free(struct spill *s)
{
	if (!s)
		return NULL;
	if (s->file)
		fclose(s->file);
	free(s->items);
	free(s);
	return NULL;
}

int spill_add(struct spill *s, size_t number, const char *text, size_t len)
{
	if (number > UINT32_MAX || len > UINT32_MAX)
		return -EOVERFLOW;
	if (array_grow(&s->items, s->count, &s->room, sizeof(*s->items)) < 0)
		return -ENOMEM;
	if (fwrite(text, 1, len, s->file) != len)
		return -EIO;
	s->items[s->count++] = (struct item){s->length, (uint32_t)number, (uint32_t)len};
	s->length += len;
	s->is_sorted = false;
	return 0;
}

static int copy(struct spill *s, const struct item *item, FILE *out)
{
	char block[8192];

	for (uint64_t done = 0; done < item->len;) {
		size_t want = item->len - done < sizeof(block) ? (size_t)(item->len - done)
							       : sizeof(block);
		ssize_t n = pread(fileno(s->file), block, want, (off_t)(item->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		if (fwrite(block, 1, (size_t)n, out) != (size_t)n)
			return -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

static int compare_offsets(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->number != y->number ? (x->number > y->number ? 1 : -1) : compare_offsets(a, b);
}

static int sort(struct spill *s, bool by_number)
{
	if (fflush(s->file) != 0)
		return -errno;
	if (s->count > 0)
		qsort(s->items, s->count, sizeof(*s->items),
		      by_number ? compare_numbers : compare_offsets);
	s->is_sorted = by_number;
	return 0;
}

int spill_write(struct spill *s, const char *separator, FILE *out)
{
	int r = sort(s, false);

	for (size_t i = 0; i < s->count && r == 0; i++) {
		if (i > 0)
			fputs(separator, out);
		r = copy(s, &s->items[i], out);
	}
	return r;
}

/* The first item of @number, or the place where it would be; the items are sorted. */
static size_t find_first(const struct spill *s, size_t number)
{
	size_t begin = 0, end = s->count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (s->items[middle].number < number)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

int spill_write_number(struct spill *s, size_t number, const char *separator, FILE *out)
{
	int r = s->is_sorted ? 0 : sort(s, true);
	size_t begin = find_first(s, number);

	for (size_t i = begin; i < s->count && s->items[i].number == number && r == 0; i++) {
		if (i > begin)
			fputs(separator, out);
		r = copy(s, &s->items[i], out);
	}
	return r;
}
