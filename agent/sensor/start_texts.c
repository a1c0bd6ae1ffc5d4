/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/start_texts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ebpf/event.h"

/* As it is behind its record; what is in it is checked with the record (record.h). */
struct text {
	uint32_t serial;
	uint32_t length;
	struct ev_text exe, filename, cgroup;
	char bytes[];
};

struct start_texts {
	int map; /* -1: none */
	uint32_t cpus;
	struct text *(*slots)[EV_START_SLOTS]; /* per CPU */
	struct {
		struct ev_exec exec;
		char text[EV_START_TEXT];
	} whole;
};

_Static_assert(offsetof(struct start_texts, whole.text) - offsetof(struct start_texts, whole) ==
		       EV_FIXED,
	       "text stands right behind its record");

/* The map's own number of CPUs; anything else is no such map. */
static int open_map(struct start_texts *texts, int map_fd)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);

	if (map_fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(map_fd, &info, &len) < 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY || info.value_size != sizeof(struct ev_start) ||
	    info.max_entries != EV_START_SLOTS)
		return 0;
	texts->map = fcntl(map_fd, F_DUPFD_CLOEXEC, 0);
	return texts->map < 0 ? -errno : 0;
}

int start_texts_new(int map_fd, struct start_texts **ret_texts)
{
	cleanup_with(start_texts_freep) struct start_texts *texts = calloc(1, sizeof(*texts));
	int cpus = libbpf_num_possible_cpus();
	int r;

	if (!texts)
		return -ENOMEM;
	texts->map = -1;
	if (cpus < 0)
		return cpus;
	texts->cpus = (uint32_t)cpus;
	texts->slots = calloc(texts->cpus, sizeof(*texts->slots));
	if (!texts->slots)
		return -ENOMEM;
	r = open_map(texts, map_fd);
	if (r < 0)
		return r;
	*ret_texts = TAKE_PTR(texts);
	return 0;
}

struct start_texts *start_texts_free(struct start_texts *texts)
{
	if (!texts)
		return NULL;
	for (uint32_t cpu = 0; texts->slots && cpu < texts->cpus; cpu++)
		for (uint32_t slot = 0; slot < EV_START_SLOTS; slot++)
			free(texts->slots[cpu][slot]);
	free(texts->slots);
	if (texts->map >= 0)
		close(texts->map);
	free(texts);
	return NULL;
}

/* Puts a copy of @text, with @bytes behind it, in the place of what @slot has. */
static void keep(struct text **slot, const struct text *text, const char *bytes)
{
	struct text *copy = malloc(sizeof(*copy) + text->length);

	free(*slot);
	*slot = copy;
	if (!copy)
		return;
	*copy = *text;
	memcpy(copy->bytes, bytes, text->length);
}

/* From @exec, which has it behind it. */
static void learn(struct text **slot, const struct ev_exec *exec, const char *bytes, size_t length)
{
	const struct text text = {
		.serial = exec->text.serial,
		.length = (uint32_t)length,
		.exe = exec->exe,
		.filename = exec->filename,
		.cgroup = exec->cgroup,
	};

	keep(slot, &text, bytes);
}

/*
 * What the kernel has in @number for @cpu. It may be writing just now. It takes the serial behind
 * away first and puts it there last, and this copy is made from the front to the back: so where
 * both are the one that is wanted, all between belongs to it.
 */
static void ask(const struct start_texts *texts, uint32_t cpu, uint32_t number, uint32_t serial,
		struct text **slot)
{
	cleanup_free struct ev_start *all =
		texts->map >= 0 ? calloc(texts->cpus, sizeof(*all)) : NULL;
	const struct ev_start *start;

	if (!all || bpf_map_lookup_elem(texts->map, &number, all) < 0)
		return;
	start = &all[cpu];
	if (start->serial == serial && start->serial_behind == serial &&
	    start->length <= sizeof(start->text)) {
		const struct text text = {
			.serial = serial,
			.length = start->length,
			.exe = start->exe,
			.filename = start->filename_text,
			.cgroup = start->cgroup_text,
		};

		keep(slot, &text, start->text);
	}
}

/* Makes texts->whole of @exec and @text; NULL: nobody knows it. */
static void put_together(struct start_texts *texts, const struct ev_exec *exec,
			 const struct text *text)
{
	static const struct ev_text unknown = {.flags = EV_TEXT_CUT};
	struct ev_exec *whole = &texts->whole.exec;
	uint32_t length = text ? text->length : 0;

	*whole = *exec;
	whole->flags &= ~(uint32_t)EV_EXEC_NAMES_TEXT;
	whole->cwd = (struct ev_text){0};
	whole->exe = text ? text->exe : unknown;
	whole->filename = text ? text->filename : unknown;
	whole->cgroup = text ? text->cgroup : (struct ev_text){0};
	whole->hdr.size = EV_FIXED + length;
	if (text)
		memcpy(texts->whole.text, text->bytes, length);
}

void start_texts_complete(struct start_texts *texts, const void **data, size_t *len)
{
	struct text **slot;
	struct ev_exec exec;
	size_t length;

	if (*len < sizeof(exec))
		return;
	memcpy(&exec, *data, sizeof(exec));
	if (exec.hdr.type != EV_EXEC || !(exec.flags & EV_EXEC_NAMES_TEXT))
		return;
	/* Never so; left to who decodes it, who refuses it. */
	if (exec.hdr.size < sizeof(exec) || exec.hdr.size > *len ||
	    exec.hdr.size - sizeof(exec) > EV_START_TEXT || exec.hdr.cpu >= texts->cpus ||
	    exec.text.slot >= EV_START_SLOTS)
		return;
	length = exec.hdr.size - sizeof(exec);
	slot = &texts->slots[exec.hdr.cpu][exec.text.slot];
	if (length > 0)
		learn(slot, &exec, (const char *)*data + sizeof(exec), length);
	else if (!*slot || (*slot)->serial != exec.text.serial)
		ask(texts, exec.hdr.cpu, exec.text.slot, exec.text.serial, slot);
	put_together(texts, &exec, *slot && (*slot)->serial == exec.text.serial ? *slot : NULL);
	*data = &texts->whole;
	*len = texts->whole.exec.hdr.size;
}
