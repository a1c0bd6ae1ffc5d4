/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of entries.jsonl: the canonical text of an approved file.
 *
 * Keys in this order, those in brackets only where they apply:
 *   path type [sha256] [target] role [unstated] [size] mode uid gid [user] [group]
 *   [capabilities] [xattrs] [package] [version] [differs]
 *   [attributes_differ]
 * unstated is a list of the fields (file_fields_unstated) that the baseline says
 * nothing about; they do not stand in the line, all others do.
 * All texts go through str_escape(). There is one text for each entry:
 * the reader takes a line only if the writer would have written it. What comes
 * before role says what the content is, what follows says whose it is and where
 * it came from: the content digest covers the first part alone.
 */
#ifndef PLUMBLINE_BASELINE_ENTRIES_H
#define PLUMBLINE_BASELINE_ENTRIES_H

#include <stddef.h>

#include "model/file_fact.h"

struct strbuf;

#define ENTRY_LINE_MAX \
	49152 /* with the newline; such an entry also fits one message between processes */

/* Appends the line and its newline. -EMSGSIZE when it would be longer than ENTRY_LINE_MAX, -ENOMEM.
 */
int entry_write(const struct file_fact *entry, struct strbuf *out);

/* @line without newline. 0 with @ret_entry filled (the caller's), -EBADMSG, or -ENOMEM. */
int entry_read(const char *line, size_t len, struct file_fact *ret_entry);

/*
 * Length of the part of a line that the content digest covers: up to before `,"role":`; 0 for
 * an entry that it leaves out (role config). The digest is over these parts, each followed by a
 * newline.
 */
size_t entry_content_length(const char *line, size_t len);

#endif
