/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control map: which controls, requirements and techniques a finding kind
 * touches. Data (baselines/controls/findings.ini), never code.
 */
#ifndef PLUMBLINE_MODEL_CONTROL_H
#define PLUMBLINE_MODEL_CONTROL_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "model/finding.h"

struct control_ids {
	const char *controls;	  /* "CM-3 SI-7 SI-7(1)" */
	const char *requirements; /* "SR 3.4, SR 3.4 RE 1" */
	const char *techniques;	  /* "T1554 T0851"; "" when none */
	enum finding_severity severity;
};

struct control_map;

/* Reads @path; every finding kind must be there once. -EINVAL with @diag filled, or another
 * negative errno. */
int control_map_load(const char *path, struct control_map **ret_map, struct diag *diag);
struct control_map *control_map_free(struct control_map *map);
DEFINE_CLEANUP(struct control_map *, control_map_free)

/* Never NULL for a real kind. The strings live as long as the map. */
const struct control_ids *control_map_lookup(const struct control_map *map, enum finding_kind kind);

/* Line of the file on which @key ("controls") of a kind stands; 0: nowhere. */
unsigned control_map_line(const struct control_map *map, enum finding_kind kind, const char *key);

/* What the kind means, for a person; NULL when @kind is not a real kind. */
const char *control_map_title(const struct control_map *map, enum finding_kind kind);

/* Copies the ids and the severity into @finding; -EINVAL when its kind is not real, -ENOMEM. */
int control_map_apply(const struct control_map *map, struct finding *finding);

#endif
