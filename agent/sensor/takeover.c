/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/takeover.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ebpf/event.h"
#include "sensor/record.h"
#include "sensor/ring_pair.h"

/* The program that each set has. */
#define STARTS "on_exec"

/* Whose end is waited for: where both sets would deny, the kernel asks one of them alone, and what
 * that denies nobody else tells. */
static const char *const waited_for[] = {STARTS, "on_exec_level"};

static const char *const ring_names[EV_RING_COUNT] = {
	[EV_RING_ALERT] = "rb_alert",
	[EV_RING_TELEMETRY] = "rb_tele",
};

struct old_set {
	const char *name; /* borrowed from the pins */
	bool is_readable;
	/* One that was only half pinned when its sensor died never told anything to anybody. */
	bool has_rings;
	struct ring_pair rings;
	int counters;				   /* -1: none */
	uint32_t programs[ARRAY_SIZE(waited_for)]; /* the kernel's numbers; 0: none */
	uint64_t lost_before;			   /* told by their own sensor */
	uint64_t rules;
};

struct takeover {
	struct pins *pins; /* borrowed */
	struct old_set sets[PINS_MAX_SETS];
	size_t set_count;
	uint64_t waited, lost, untold, unreadable;
};

/* Only the start of the value is known to be alike in every build. */
static uint64_t read_lost(int counters)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info), zero = 0;
	int cpus = libbpf_num_possible_cpus();
	cleanup_free uint8_t *all = NULL;
	uint64_t sum = 0;

	if (counters < 0 || cpus < 0 || bpf_obj_get_info_by_fd(counters, &info, &len) < 0 ||
	    info.type != BPF_MAP_TYPE_PERCPU_ARRAY || info.value_size % 8 != 0 ||
	    info.value_size < sizeof(uint64_t) * EV_RING_COUNT)
		return 0;
	all = calloc((size_t)cpus, info.value_size);
	if (!all || bpf_map_lookup_elem(counters, &zero, all) < 0)
		return 0;
	for (int cpu = 0; cpu < cpus; cpu++) {
		uint64_t lost[EV_RING_COUNT];

		memcpy(lost, all + (size_t)cpu * info.value_size, sizeof(lost));
		for (int ring = 0; ring < EV_RING_COUNT; ring++)
			sum += lost[ring];
	}
	return sum;
}

/* Records that it took and has not told for sure. */
static uint64_t read_state(const struct pins *pins, struct old_set *set)
{
	cleanup_close int fd = pins_get(pins, set->name, "map", "state");
	struct takeover_state state = {0};
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info), zero = 0;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ||
	    info.value_size != sizeof(state) || bpf_map_lookup_elem(fd, &zero, &state) < 0 ||
	    state.size != sizeof(state))
		return 0;
	set->lost_before = state.lost;
	set->rules = state.rules;
	return state.taken > state.settled ? state.taken - state.settled : 0;
}

static uint32_t program_number(const struct pins *pins, const char *set, const char *name)
{
	cleanup_close int fd = pins_get(pins, set, "link", name);
	struct bpf_link_info info = {0};
	uint32_t len = sizeof(info);

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.prog_id : 0;
}

static int open_rings(const struct pins *pins, struct old_set *set)
{
	/* Sets of before EV_ABI 5 have none. */
	cleanup_close int texts = pins_get(pins, set->name, "map", "start_texts");
	int fds[EV_RING_COUNT] = {-1, -1};
	int r = 0;

	for (int i = 0; i < EV_RING_COUNT && r >= 0; i++)
		r = fds[i] = pins_get(pins, set->name, "map", ring_names[i]);
	if (r >= 0)
		r = ring_pair_open(fds, texts, &set->rings);
	set->has_rings = r == 0;
	for (int i = 0; i < EV_RING_COUNT; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return r == -ENOENT ? 0 : r;
}

static int open_set(struct takeover *takeover, const char *name)
{
	struct old_set *set = &takeover->sets[takeover->set_count];
	int r;

	*set = (struct old_set){
		.name = name,
		.is_readable = record_knows_form(pins_abi(name)),
		.counters = pins_get(takeover->pins, name, "map", "counters"),
	};
	takeover->set_count++;
	for (size_t i = 0; i < ARRAY_SIZE(waited_for); i++)
		set->programs[i] = program_number(takeover->pins, name, waited_for[i]);
	r = open_rings(takeover->pins, set);
	if (r < 0 || !set->has_rings)
		return r;
	takeover->untold += read_state(takeover->pins, set);
	takeover->waited += ring_pair_count(&set->rings);
	return 0;
}

int takeover_open(struct pins *pins, struct takeover **ret_takeover)
{
	cleanup_with(takeover_closep) struct takeover *takeover = NULL;
	const char *name;
	int r = 0;

	if (!pins_earlier(pins, 0))
		return -ENOENT;
	takeover = calloc(1, sizeof(*takeover));
	if (!takeover)
		return -ENOMEM;
	takeover->pins = pins;
	for (size_t i = 0; (name = pins_earlier(pins, i)) && r == 0; i++)
		r = open_set(takeover, name);
	if (r < 0)
		return r;
	takeover->lost = takeover_lost_by_now(takeover);
	*ret_takeover = TAKE_PTR(takeover);
	return 0;
}

struct takeover *takeover_close(struct takeover *takeover)
{
	if (!takeover)
		return NULL;
	for (size_t i = 0; i < takeover->set_count; i++) {
		ring_pair_close(&takeover->sets[i].rings);
		if (takeover->sets[i].counters >= 0)
			close(takeover->sets[i].counters);
	}
	free(takeover);
	return NULL;
}

uint64_t takeover_waited(const struct takeover *takeover)
{
	return takeover->waited;
}

uint64_t takeover_lost(const struct takeover *takeover)
{
	return takeover->lost;
}

uint64_t takeover_lost_by_now(const struct takeover *takeover)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < takeover->set_count; i++) {
		uint64_t lost = read_lost(takeover->sets[i].counters);

		if (lost > takeover->sets[i].lost_before)
			sum += lost - takeover->sets[i].lost_before;
	}
	return sum;
}

uint64_t takeover_untold(const struct takeover *takeover)
{
	return takeover->untold;
}

uint64_t takeover_unreadable(const struct takeover *takeover)
{
	return takeover->unreadable;
}

static int read_one(struct takeover *takeover, struct old_set *set, bpf_record_fn fn,
		    void *userdata)
{
	const void *data;
	size_t len;
	int r = set->has_rings ? ring_pair_peek(&set->rings, &data, &len) : 0;

	if (r != 1)
		return r;
	if (set->is_readable)
		r = fn(data, len, userdata);
	else
		takeover->unreadable++;
	ring_pair_take(&set->rings);
	return r < 0 ? r : 1;
}

int takeover_read(struct takeover *takeover, bpf_record_fn fn, void *userdata)
{
	for (size_t i = 0; i < takeover->set_count; i++) {
		int r;

		do
			r = read_one(takeover, &takeover->sets[i], fn, userdata);
		while (r > 0);
		if (r < 0)
			return r == -ECANCELED || r == -EBUSY ? 1 : r;
	}
	return 0;
}

/* The kernel takes an unlinked program off its hook by a worker, when it comes to it. */
static bool is_in_kernel(uint32_t program)
{
	cleanup_close int fd = program ? bpf_prog_get_fd_by_id(program) : -1;

	return fd >= 0;
}

bool takeover_is_detached(const struct takeover *takeover)
{
	for (size_t i = 0; i < takeover->set_count; i++) {
		const struct old_set *set = &takeover->sets[i];

		if (pins_has(takeover->pins, set->name, "link", STARTS))
			return false;
		for (size_t j = 0; j < ARRAY_SIZE(waited_for); j++)
			if (is_in_kernel(set->programs[j]))
				return false;
	}
	return true;
}

bool takeover_knows_trees(const struct takeover *takeover, uint64_t rules)
{
	for (size_t i = 0; i < takeover->set_count; i++)
		if (takeover->sets[i].rules != rules)
			return false;
	return true;
}
