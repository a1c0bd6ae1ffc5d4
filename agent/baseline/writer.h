/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a baseline file, and adds an approval to one. Either the whole file is
 * there afterwards or nothing has changed, also after a kill or a power cut.
 */
#ifndef PLUMBLINE_BASELINE_WRITER_H
#define PLUMBLINE_BASELINE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"

struct writer;
struct baseline_statement;

/* -EEXIST when @path is there. Nothing is to be seen at @path before writer_finish(). */
int writer_new(const char *path, struct writer **ret_writer, struct diag *diag);
/* Without a writer_finish() before, nothing stays behind. Returns NULL. */
struct writer *writer_free(struct writer *writer);
DEFINE_CLEANUP(struct writer *, writer_free)

/* Appends one line of entries.jsonl, as entry_write() makes it; lines come in order of their paths.
 */
int writer_add(struct writer *writer, const char *line, size_t len);

/* Appends one line of changes.jsonl; they too come in order of their paths. */
struct baseline_change;
int writer_add_change(struct writer *writer, const struct baseline_change *change);

/* Fills the digests and lengths of @statement, and puts all at the path. */
int writer_finish(struct writer *writer, struct baseline_statement *statement, const char *rules,
		  size_t rules_len, struct diag *diag);

/* Adds the next approvals/NN.p7m to the file at @path, which must be a baseline file. -EEXIST with
 * @diag when the certificate has approved in this role before. */
int writer_add_approval(const char *path, const void *cms, size_t len, int64_t time_ns,
			struct diag *diag);

#endif
