/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch: consecutive records as one zstd frame of NDJSON.
 *
 * First line:
 * {"plumbline":1,"agent":NAME,"first":N,"last":M,"count":C,"chain_before":HEX,"chain":HEX}; then
 * one record per line, each {"seq":N,...}: the payload with the sequence put in front. Frames can
 * be written one after another into a file: that is the offline road (`zstdcat` reads it).
 */
#ifndef PLUMBLINE_WIRE_BATCH_H
#define PLUMBLINE_WIRE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/hash.h"
#include "base/strbuf.h"

#define BATCH_MAX_BYTES	  (1024 * 1024) /* of NDJSON, before compression; also of the frame */
#define BATCH_MAX_RECORDS 1000

struct batch_header {
	char agent[128];
	uint64_t first, last, count;
	char chain_before[SHA256_HEX_SIZE], chain[SHA256_HEX_SIZE];
};

struct batch_builder;
int batch_builder_new(const char *agent, uint64_t first,
		      const uint8_t chain_before[static SHA256_SIZE],
		      struct batch_builder **ret_builder);
struct batch_builder *batch_builder_free(struct batch_builder *builder);
DEFINE_CLEANUP(struct batch_builder *, batch_builder_free)
/* 0, or -ENOSPC when the batch is full (then finish it). @sequence must follow the last. */
int batch_builder_add(struct batch_builder *builder, uint64_t sequence, const void *payload,
		      size_t len);
/* The compressed frame. */
int batch_builder_finish(struct batch_builder *builder, struct strbuf *out,
			 struct batch_header *ret_header);

/* Length of the first frame in @data, or -EBADMSG. */
int64_t batch_frame_length(const void *data, size_t len);

struct batch;
/*
 * Decompresses (at most BATCH_MAX_BYTES) and checks header, count, sequence numbers and chain.
 * -EBADMSG or -E2BIG with @diag.
 */
int batch_parse(const void *frame, size_t len, struct batch **ret_batch, struct diag *diag);
struct batch *batch_free(struct batch *batch);
DEFINE_CLEANUP(struct batch *, batch_free)
const struct batch_header *batch_get_header(const struct batch *batch);
/* Record @index from 0: its JSON object with "seq"; 0 or -ENOENT. */
int batch_get_record(const struct batch *batch, size_t index, const char **ret_json,
		     size_t *ret_len);

#endif
