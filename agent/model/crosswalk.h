/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crosswalk: each framework's requirements, and the pairs that join them
 * to the controls of NIST SP 800-53r5, the pivot.
 *
 * Data (baselines/controls: frameworks.ini and the files that it names), never code. It knows
 * nothing of hosts: what evidence there is for a requirement is in report/framework_view.h.
 */
#ifndef PLUMBLINE_MODEL_CROSSWALK_H
#define PLUMBLINE_MODEL_CROSSWALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "model/control.h"

/* Whether evidence from a host can speak for a control. Plumbline's own reading. */
enum host_evidence {
	HOST_EVIDENCE_NONE,
	HOST_EVIDENCE_SUPPORTING,
	HOST_EVIDENCE_DIRECT,
};

/* Bits of framework_item.baselines. */
enum {
	BASELINE_LOW = 1,
	BASELINE_MODERATE = 2,
	BASELINE_HIGH = 4,
	BASELINE_ADDED = 8, /* 800-82: an addition of the overlay; unverified */
};

struct framework_item {
	const char *id, *title;
	const char *group;	 /* its heading; "" where the framework has none */
	unsigned lowest_sl;	 /* 62443-3-3: 1 to 4 */
	const char *not_on_host; /* why no host can show it; NULL: one may */
	unsigned second_reading; /* 62443-3-3: the other reading's level, 0 when they agree */
	unsigned baselines;	 /* 800-53, 800-82 */
	enum host_evidence host; /* 800-53, 800-82 */
	unsigned line;		 /* where it begins in its file */
};

struct framework_pair {
	size_t control; /* index into the items of the pivot */
	size_t item;	/* index into the items of the framework */
};

struct framework {
	const char *name, *title, *source;
	const char *caution, *unverified, *notice; /* NULL: none */
	const struct framework_item *items;	   /* in the order of its file */
	size_t item_count;
	const struct framework_pair *pairs; /* ordered by control, then item */
	size_t pair_count;
};

/* The framework whose items are the controls themselves. */
#define FRAMEWORK_PIVOT "800-53"

struct crosswalk;

/* Reads what is below @data_dir/controls. -EINVAL with @diag filled for what is unknown, doubled or
 * unsourced, or another negative errno. */
int crosswalk_load(const char *data_dir, struct crosswalk **ret_crosswalk, struct diag *diag);
struct crosswalk *crosswalk_free(struct crosswalk *crosswalk);
DEFINE_CLEANUP(struct crosswalk *, crosswalk_free)

size_t crosswalk_count(const struct crosswalk *crosswalk);
const struct framework *crosswalk_get(const struct crosswalk *crosswalk, size_t index);
/* NULL when there is none of that name. */
const struct framework *crosswalk_find(const struct crosswalk *crosswalk, const char *name);
const struct framework *crosswalk_pivot(const struct crosswalk *crosswalk);

/* NULL when @framework has no such item. */
const struct framework_item *framework_find_item(const struct framework *framework, const char *id,
						 size_t id_len);

/*
 * The control that @control (an index into the pivot) inherits its pairs with @framework from: the
 * control itself when it has some, its base control when it is an enhancement without, else
 * SIZE_MAX.
 */
size_t crosswalk_pairs_of(const struct crosswalk *crosswalk, const struct framework *framework,
			  size_t control);

/* Index of the first pair of @control or, where it has none, of a later one. */
size_t framework_first_pair(const struct framework *framework, size_t control);

/* Names of the sources of the pairs between @control and @framework; NULL when it has none. */
const char *crosswalk_pair_source(const struct crosswalk *crosswalk,
				  const struct framework *framework, size_t control);
/* What a name among them stands for; NULL when it is none. */
const char *crosswalk_source_words(const struct crosswalk *crosswalk, const char *name, size_t len);

/* How something that names controls, requirements and techniques touches an item. */
enum touch {
	TOUCH_NONE,
	TOUCH_INHERITED, /* it names an enhancement, and the base control is paired with the item */
	TOUCH_PAIRED,	 /* it names a control that is paired with the item */
	TOUCH_DIRECT,	 /* it names the item itself */
};

/* Fills one enum touch for each item of @framework. */
void crosswalk_touch(const struct crosswalk *crosswalk, const struct framework *framework,
		     const struct control_ids *ids, unsigned char *touches);

/* The most that a host can say of the controls that @item is paired with. */
enum host_evidence crosswalk_host_evidence(const struct crosswalk *crosswalk,
					   const struct framework *framework, size_t item);

bool framework_is_62443(const struct framework *framework);
bool framework_is_attack(const struct framework *framework);

/* Whether nist-800-53r5.ini may use @key, for those who read the same file for other things. */
bool crosswalk_is_control_key(const char *key);

#endif
