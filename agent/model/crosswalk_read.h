/* SPDX-License-Identifier: Apache-2.0 */
/* How the crosswalk lies in memory, for the file that reads it and the one that answers. */
#ifndef PLUMBLINE_MODEL_CROSSWALK_READ_H
#define PLUMBLINE_MODEL_CROSSWALK_READ_H

#include "model/crosswalk.h"

/* Lists of pairs that a control may have. */
#define PAIR_KEY_COUNT 7

/* Texts of a framework in frameworks.ini. */
enum framework_text {
	FRAMEWORK_NAME,
	FRAMEWORK_TITLE,
	FRAMEWORK_IDS,
	FRAMEWORK_SOURCE,
	FRAMEWORK_PAIRS,
	FRAMEWORK_UNVERIFIED,
	FRAMEWORK_CAUTION,
	FRAMEWORK_NOTICE,
	FRAMEWORK_TEXT_COUNT,
};

struct named_text {
	char *name, *text;
};

struct framework_data {
	struct framework view; /* borrows from what follows */
	char *texts[FRAMEWORK_TEXT_COUNT];
	int pair_key; /* index of the list; -1: none */
	struct named_text *groups;
	size_t group_count;
	struct framework_item *items;
	size_t item_count;
	struct framework_pair *pairs;
	size_t pair_count;
};

/* What the crosswalk file says of the control with the same index in the pivot. */
struct control_pairs {
	char *ids[PAIR_KEY_COUNT], *sources[PAIR_KEY_COUNT];
	unsigned lines[PAIR_KEY_COUNT];
};

struct crosswalk {
	struct framework_data *frameworks; /* the pivot is the first */
	size_t framework_count;
	struct control_pairs *controls;
	size_t control_count;
	struct named_text *sources;
	size_t source_count;
};

#endif
