/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers of the approved state, in the order in which one overrides the other:
 * what the vendor delivers, what this model of machine has, what the site wants,
 * what this one host has.
 */
#ifndef PLUMBLINE_MODEL_LAYER_H
#define PLUMBLINE_MODEL_LAYER_H

enum layer {
	LAYER_NONE, /* not from a baseline */
	LAYER_VENDOR,
	LAYER_MODEL,
	LAYER_SITE,
	LAYER_HOST,
	LAYER_COUNT,
};

#define LAYER_FIRST LAYER_VENDOR /* the lowest */

/* "vendor", "model", "site", "host"; and back (-EINVAL, also for "none" and NULL). */
const char *layer_name(enum layer layer);
int layer_parse(const char *name, enum layer *ret_layer);

#endif
