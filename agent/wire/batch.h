/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch: consecutive records as one zstd frame of NDJSON.
 *
 * First line: {"type":"batch","plumbline":1,"agent":NAME,"first":N,"last":M,"count":C,
 * "chain_before":HEX,"chain":HEX}; then one record per line, each {"seq":N,...}: the payload with
 * the sequence put in front. Frames can be written one after another into a file: that is the
 * offline road (`zstdcat` reads it).
 *
 * The chain hash of a record is SHA-256 over the hash before it, the sequence as 8 bytes
 * big-endian, and the payload (without "seq"). Before record 1 it is 32 zero bytes.
 */
#ifndef PLUMBLINE_WIRE_BATCH_H
#define PLUMBLINE_WIRE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "wire/codec.h"

#define BATCH_VERSION	  1
#define BATCH_MAX_BYTES	  (1024 * 1024) /* of NDJSON, before compression; also of the frame */
#define BATCH_MAX_RECORDS 1000

/* The chain hash after record @sequence; @chain is read and replaced. */
int batch_chain_next(uint8_t chain[static SHA256_SIZE], uint64_t sequence, const void *payload,
		     size_t len);

struct batch_builder;

/* -EINVAL for an agent name that agent_name_is_valid() refuses, or @first 0. */
int batch_builder_new(const char *agent, uint64_t first,
		      const uint8_t chain_before[static SHA256_SIZE],
		      struct batch_builder **ret_builder);
struct batch_builder *batch_builder_free(struct batch_builder *builder);
DEFINE_CLEANUP(struct batch_builder *, batch_builder_free)

/*
 * 0, or -ENOSPC when the batch is full (then finish it and begin the next). @sequence must follow
 * the last, and @payload must be one JSON object as codec_encode() writes, else -EINVAL.
 */
int batch_builder_add(struct batch_builder *builder, uint64_t sequence, const void *payload,
		      size_t len);
uint64_t batch_builder_count(const struct batch_builder *builder);
/* Appends the compressed frame to @out. @ret_header may be NULL. -ENODATA when nothing was added.
 */
int batch_builder_finish(struct batch_builder *builder, struct strbuf *out,
			 struct batch_header *ret_header);

/* Length of the first frame in @data, or -EBADMSG. */
int64_t batch_frame_length(const void *data, size_t len);

struct batch;

/*
 * Decompresses (at most BATCH_MAX_BYTES) and checks header, count, sequence numbers and chain; the
 * records' fields are codec_decode()'s to check. -EBADMSG or -E2BIG with @diag.
 */
int batch_parse(const void *frame, size_t len, struct batch **ret_batch, struct diag *diag);
struct batch *batch_free(struct batch *batch);
DEFINE_CLEANUP(struct batch *, batch_free)

const struct batch_header *batch_get_header(const struct batch *batch);
/* Record @index from 0: its JSON object with "seq" (not NUL-terminated); 0 or -ENOENT. */
int batch_get_record(const struct batch *batch, size_t index, const char **ret_json,
		     size_t *ret_len);
/* Chain hash after record @sequence, from the one before the first record on; -ENOENT. */
int batch_get_chain(const struct batch *batch, uint64_t sequence,
		    uint8_t ret_chain[static SHA256_SIZE]);

#endif
