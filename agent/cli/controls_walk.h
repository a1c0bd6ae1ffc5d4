/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shipped data says of one framework or one of its requirements, as
 * text for a person or as JSON. It says nothing about this host.
 */
#ifndef PLUMBLINE_CLI_CONTROLS_WALK_H
#define PLUMBLINE_CLI_CONTROLS_WALK_H

#include "base/json.h"
#include "checks/checks.h"
#include "model/control.h"
#include "model/crosswalk.h"

struct controls_map {
	struct crosswalk *crosswalk;
	struct control_map *findings;
	struct check_set *set;
	const char *profile; /* of the set */
};

/* One framework beside everything that may touch it. */
struct controls_walk {
	const struct controls_map *map;
	const struct framework *framework;
	unsigned char *touches; /* a row of enum touch per finding kind, then one per check */
	size_t user_count;
};

int controls_walk_init(const struct controls_map *map, const struct framework *framework,
		       struct controls_walk *ret_walk);
void controls_walk_done(struct controls_walk *walk);

void controls_walk_print(const struct controls_walk *walk);
void controls_walk_print_item(const struct controls_walk *walk, size_t item);
void controls_walk_json(const struct controls_walk *walk, struct json *j);
void controls_walk_json_item(const struct controls_walk *walk, size_t item, struct json *j);

/* Whose checks these are, how they are tailored, and for how many SL 3 requirements they look. */
void controls_walk_print_checks(const struct controls_map *map);
void controls_walk_json_checks(const struct controls_map *map, struct json *j);

/* "name  title (N requirements)" and what is unverified of it. */
void controls_walk_print_head(const struct framework *framework);
void controls_walk_json_head(const struct framework *framework, struct json *j);

#endif
