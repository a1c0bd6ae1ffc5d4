/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/ring_view.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct ring_view {
	uint64_t *consumer;	  /* its page is shared with the kernel, as the next */
	const uint64_t *producer; /* the data follows a page later, twice in a row */
	const uint8_t *data;
	size_t page, bytes;
};

static void *map_pages(int fd, size_t len, int protection, size_t offset)
{
	void *at = mmap(NULL, len, protection, MAP_SHARED, fd, (off_t)offset);

	return at == MAP_FAILED ? NULL : at;
}

int ring_view_open(int map_fd, struct ring_view **ret_view)
{
	cleanup_with(ring_view_closep) struct ring_view *view = NULL;
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &len) < 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	view = calloc(1, sizeof(*view));
	if (!view)
		return -ENOMEM;
	view->page = (size_t)sysconf(_SC_PAGESIZE);
	view->bytes = info.max_entries;
	view->consumer = map_pages(map_fd, view->page, PROT_READ | PROT_WRITE, 0);
	if (!view->consumer)
		return -errno;
	view->producer = map_pages(map_fd, view->page + 2 * view->bytes, PROT_READ, view->page);
	if (!view->producer)
		return -errno;
	view->data = (const uint8_t *)view->producer + view->page;
	*ret_view = TAKE_PTR(view);
	return 0;
}

struct ring_view *ring_view_close(struct ring_view *view)
{
	if (!view)
		return NULL;
	if (view->consumer)
		munmap(view->consumer, view->page);
	if (view->producer)
		munmap((void *)view->producer, view->page + 2 * view->bytes);
	free(view);
	return NULL;
}

static uint64_t filled_to(const struct ring_view *view)
{
	return __atomic_load_n(view->producer, __ATOMIC_ACQUIRE);
}

/* The record at @position: its header's word, or 0 when nothing is there. */
static uint32_t word_at(const struct ring_view *view, uint64_t position)
{
	const uint32_t *head = (const void *)(view->data + (position & (view->bytes - 1)));

	return position < filled_to(view) ? __atomic_load_n(head, __ATOMIC_ACQUIRE) : 0;
}

/* The same of one that is written to its end; else 0. */
static uint32_t whole_at(const struct ring_view *view, uint64_t position)
{
	uint32_t word = word_at(view, position);

	return word & BPF_RINGBUF_BUSY_BIT ? 0 : word;
}

static uint64_t step_of(uint32_t word)
{
	uint32_t len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return ((uint64_t)len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
}

static void move_on(struct ring_view *view, uint32_t word)
{
	__atomic_store_n(view->consumer, *view->consumer + step_of(word), __ATOMIC_RELEASE);
}

int ring_view_peek(struct ring_view *view, const void **ret_data, size_t *ret_len)
{
	uint32_t word = word_at(view, *view->consumer);

	while (!(word & BPF_RINGBUF_BUSY_BIT) && word & BPF_RINGBUF_DISCARD_BIT) {
		move_on(view, word);
		word = word_at(view, *view->consumer);
	}
	if (word == 0)
		return 0;
	if (word & BPF_RINGBUF_BUSY_BIT)
		return -EBUSY;
	*ret_len = word;
	*ret_data = view->data + (*view->consumer & (view->bytes - 1)) + BPF_RINGBUF_HDR_SZ;
	return 1;
}

void ring_view_take(struct ring_view *view)
{
	uint32_t word = whole_at(view, *view->consumer);

	if (word)
		move_on(view, word);
}

uint64_t ring_view_count(const struct ring_view *view)
{
	uint64_t position = *view->consumer, count = 0;
	uint32_t word;

	while ((word = whole_at(view, position))) {
		count += !(word & BPF_RINGBUF_DISCARD_BIT);
		position += step_of(word);
	}
	return count;
}

uint64_t ring_view_used(const struct ring_view *view)
{
	return filled_to(view) - *view->consumer;
}

uint64_t ring_view_size(const struct ring_view *view)
{
	return view->bytes;
}
