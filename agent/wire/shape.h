/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: how a value of one C type is written and read. Private to wire/. */
#ifndef PLUMBLINE_WIRE_SHAPE_H
#define PLUMBLINE_WIRE_SHAPE_H

/* Our JSON writer has two of jansson's names; its constructors are not used here. */
#define json_string jansson_string
#define json_null   jansson_null
#include <jansson.h>
#undef json_string
#undef json_null

#include "base/json.h"
#include "wire/codec.h"

struct wire_shape {
	const char *name;
	bool (*is_absent)(const void *field);
	int (*encode)(const struct wire_field *row, const void *field, struct json *j);
	/* -EINVAL when @value does not fit; "what" is the shape's name in the message. */
	int (*decode)(const struct wire_field *row, const json_t *value, void *field);
	void (*set_absent)(void *field); /* NULL: zero means absent */
};

#endif
