/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answer of the agent to `standing`: how its sensor stands. It stays on the
 * host (control socket only), so it is no part of the data dictionary.
 *
 * {"type":"standing","capabilities","hindrances",
 *  "rungs":[{"name","error"}], "parts":[{"name","state","error","skipped"}]}; errors are errno
 * values.
 */
#ifndef PLUMBLINE_WIRE_STANDING_H
#define PLUMBLINE_WIRE_STANDING_H

#include "base/diag.h"
#include "base/strbuf.h"
#include "model/standing.h"

/* Appends one JSON object without newline; -ENOMEM. */
int standing_encode(const struct standing *standing, struct strbuf *out);
/* Unknown members are passed over, and what is beyond the limits of struct standing; else -EBADMSG
 * with @diag. */
int standing_decode(const char *text, size_t len, struct standing *ret_standing, struct diag *diag);

#endif
