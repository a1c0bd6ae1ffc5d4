/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/carry.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "sensor/record.h"

static const char *const names[CARRY_MAPS] = {"inodes",	   "facts",   "stamps",	    "epochs",
					      "decisions", "closure", "enforcement"};

/* Without them a write was overlooked, and what the maps say of files is not true any more. */
static const char *const keepers[] = {"on_exec_level", "on_file_open"};

void carry_init(struct carry *carry)
{
	for (size_t i = 0; i < CARRY_MAPS; i++)
		carry->fds[i] = -1;
}

void carry_done(struct carry *carry)
{
	for (size_t i = 0; i < CARRY_MAPS; i++)
		if (carry->fds[i] >= 0)
			close(carry->fds[i]);
	carry_init(carry);
}

static int open_set(const struct pins *pins, const char *set, struct carry *carry)
{
	struct carry opened;
	int r = 0;

	if (!record_knows_form(pins_abi(set)))
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(keepers); i++)
		if (!pins_has(pins, set, "link", keepers[i]))
			return -ENOENT;
	carry_init(&opened);
	for (size_t i = 0; i < CARRY_MAPS && r == 0; i++) {
		opened.fds[i] = pins_get(pins, set, "map", names[i]);
		r = opened.fds[i] < 0 ? opened.fds[i] : 0;
	}
	if (r < 0) {
		carry_done(&opened);
		return r;
	}
	*carry = opened;
	return 0;
}

int carry_open(const struct pins *pins, struct carry *carry)
{
	size_t count = 0;

	while (pins_earlier(pins, count))
		count++;
	while (count > 0)
		if (open_set(pins, pins_earlier(pins, --count), carry) == 0)
			return 0;
	return -ENOENT;
}

static bool fits(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

int carry_use(const struct carry *carry, struct bpf_object *object)
{
	struct bpf_map *maps[CARRY_MAPS];
	int r = 0;

	for (size_t i = 0; i < CARRY_MAPS; i++) {
		maps[i] = bpf_object__find_map_by_name(object, names[i]);
		if (!maps[i] || !fits(carry->fds[i], maps[i]))
			return -EMEDIUMTYPE;
	}
	/* All or none: a fact without the generation that it is about would be no fact. */
	for (size_t i = 0; i < CARRY_MAPS && r == 0; i++)
		r = bpf_map__reuse_fd(maps[i], carry->fds[i]);
	return r;
}

int carry_put(const struct bpf_object *object, struct pins *pins)
{
	int r = 0;

	for (size_t i = 0; i < CARRY_MAPS && r == 0; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(object, names[i]);

		r = map ? pins_put(pins, "map", names[i], bpf_map__fd(map)) : -ENOENT;
	}
	return r;
}
