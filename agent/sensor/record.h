/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoder of the records that come out of the kernel rings. Believes nothing:
 * sizes, type, and every offset are checked before anything is read.
 */
#ifndef PLUMBLINE_SENSOR_RECORD_H
#define PLUMBLINE_SENSOR_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "ebpf/event.h"

struct record {
	union {
		struct ev_hdr hdr;
		struct ev_exec exec; /* EV_EXEC, EV_TASK */
		struct ev_open open;
		struct ev_path path;
		struct ev_load load;
		struct ev_mount mount;
		struct ev_clock clock;
	};
	const char *text; /* borrowed from the input */
	size_t text_len;
};

/* Whether records of this form, and maps that are handed on with it, are understood. */
bool record_knows_form(unsigned abi);

/* -EBADMSG when it is not a whole record of a known type. */
int record_decode(const void *data, size_t len, struct record *ret_record);

/*
 * Appends the path whose components @text holds from the leaf up: "/usr/bin/sh". A detached file is
 * shown as the kernel shows it, "/memfd:name", and a slash in such a name, which anyone can choose,
 * as "_". Nothing is appended for an empty one. -EBADMSG when a component would not be one name.
 */
int record_path(const struct record *record, const struct ev_text *text, struct strbuf *sb);
/* The first string of @text, or NULL. Borrowed from the input. */
const char *record_string(const struct record *record, const struct ev_text *text);

/* st_dev as stat() shows the kernel's @dev. */
uint64_t record_user_dev(uint32_t dev);

#endif
