/* SPDX-License-Identifier: Apache-2.0 */
#include "model/layer.h"

#include "model/name_table.h"

static const char *const names[LAYER_COUNT] = {
	[LAYER_NONE] = "none", [LAYER_VENDOR] = "vendor", [LAYER_MODEL] = "model",
	[LAYER_SITE] = "site", [LAYER_HOST] = "host",
};

const char *layer_name(enum layer layer)
{
	return name_of(names, LAYER_COUNT, layer);
}

int layer_parse(const char *name, enum layer *ret_layer)
{
	int value = name ? value_of(names, LAYER_COUNT, name) : -EINVAL;

	if (value < LAYER_FIRST)
		return -EINVAL;
	*ret_layer = (enum layer)value;
	return 0;
}
