/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How deep a JSON text goes, asked before a parser that recurses gets it. Not in json.h, whose
 * names some parser's own header has too.
 */
#ifndef PLUMBLINE_BASE_JSON_DEPTH_H
#define PLUMBLINE_BASE_JSON_DEPTH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether lists and objects lie at most @limit deep. Says nothing of whether @text is JSON. */
bool json_is_shallow(const char *text, size_t len, unsigned limit);

#endif
