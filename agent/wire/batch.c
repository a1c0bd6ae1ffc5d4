/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building and checking of batches. The home of zstd. Records are opaque here but for the "seq" in
 * front.
 */
#include "wire/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/str.h"

#define HEADER_MAX_BYTES  1024
#define COMPRESSION_LEVEL 3
#define SEQ_FORMAT	  "{\"seq\":%" PRIu64 ","
#define SEQ_MAX_BYTES	  32

struct batch_builder {
	struct batch_header header;
	uint8_t chain[SHA256_SIZE];
	struct strbuf records;
};

struct batch_line {
	const char *text;
	size_t len;
	uint8_t chain[SHA256_SIZE]; /* after this record */
};

struct batch {
	struct batch_header header;
	char *text;
	size_t len;
	struct batch_line *lines; /* header.count of them */
};

int batch_chain_next(uint8_t chain[static SHA256_SIZE], uint64_t sequence, const void *payload,
		     size_t len)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	uint8_t number[8];
	int r;

	r = hash_new(&hash);
	if (r < 0)
		return r;

	for (size_t i = 0; i < sizeof(number); i++)
		number[i] = sequence >> (56 - 8 * i);
	hash_reset(hash);
	hash_update(hash, chain, SHA256_SIZE);
	hash_update(hash, number, sizeof(number));
	hash_update(hash, payload, len);
	return hash_final(hash, chain);
}

int batch_builder_new(const char *agent, uint64_t first,
		      const uint8_t chain_before[static SHA256_SIZE],
		      struct batch_builder **ret_builder)
{
	struct batch_builder *builder;

	if (!agent_name_is_valid(agent) || first == 0)
		return -EINVAL;

	builder = calloc(1, sizeof(*builder));
	if (!builder)
		return -ENOMEM;

	builder->header.version = BATCH_VERSION;
	builder->header.first = first;
	builder->header.last = first - 1;
	str_copy(builder->header.agent, sizeof(builder->header.agent), agent);
	hex_encode(chain_before, SHA256_SIZE, builder->header.chain_before);
	memcpy(builder->chain, chain_before, SHA256_SIZE);
	*ret_builder = builder;
	return 0;
}

struct batch_builder *batch_builder_free(struct batch_builder *builder)
{
	if (!builder)
		return NULL;

	strbuf_done(&builder->records);
	free(builder);
	return NULL;
}

/* What codec_encode() writes: one object with members, on one line, without "seq". */
static bool is_payload(const char *text, size_t len)
{
	return len > 3 && text[0] == '{' && text[1] == '"' && text[len - 1] == '}' &&
	       !memchr(text, '\n', len) && strncmp(text, "{\"seq\":", 7) != 0;
}

int batch_builder_add(struct batch_builder *builder, uint64_t sequence, const void *payload,
		      size_t len)
{
	struct batch_header *header = &builder->header;
	char seq[SEQ_MAX_BYTES];
	int r;

	if (sequence != header->last + 1 || len > CODEC_MAX_BYTES || !is_payload(payload, len))
		return -EINVAL;
	if (header->count >= BATCH_MAX_RECORDS ||
	    HEADER_MAX_BYTES + builder->records.len + SEQ_MAX_BYTES + len > BATCH_MAX_BYTES)
		return -ENOSPC;

	r = batch_chain_next(builder->chain, sequence, payload, len);
	if (r < 0)
		return r;

	snprintf(seq, sizeof(seq), SEQ_FORMAT, sequence);
	strbuf_add_str(&builder->records, seq);
	strbuf_add(&builder->records, (const char *)payload + 1, len - 1);
	strbuf_add_char(&builder->records, '\n');
	header->last = sequence;
	header->count++;
	return strbuf_check(&builder->records);
}

uint64_t batch_builder_count(const struct batch_builder *builder)
{
	return builder->header.count;
}

static int compress(const struct strbuf *text, struct strbuf *out)
{
	size_t room = ZSTD_compressBound(text->len), n;
	cleanup_free void *frame = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (!frame || !context) {
		ZSTD_freeCCtx(context);
		return -ENOMEM;
	}

	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(context, frame, room, text->data, text->len);
	ZSTD_freeCCtx(context);
	if (ZSTD_isError(n))
		return -EIO;

	strbuf_add(out, frame, n);
	return strbuf_check(out);
}

int batch_builder_finish(struct batch_builder *builder, struct strbuf *out,
			 struct batch_header *ret_header)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct wire_record record = {.type = WIRE_BATCH};
	int r;

	if (builder->header.count == 0)
		return -ENODATA;

	hex_encode(builder->chain, SHA256_SIZE, builder->header.chain);
	record.batch = builder->header;
	r = codec_encode(&record, NULL, &text);
	if (r < 0)
		return r;

	strbuf_add_char(&text, '\n');
	strbuf_add(&text, builder->records.data, builder->records.len);
	r = strbuf_check(&text) ?: strbuf_check(&builder->records);
	if (r < 0)
		return r;

	r = compress(&text, out);
	if (r < 0)
		return r;

	if (ret_header)
		*ret_header = builder->header;
	return 0;
}

int64_t batch_frame_length(const void *data, size_t len)
{
	size_t n = ZSTD_findFrameCompressedSize(data, len);

	if (ZSTD_isError(n) || n == 0 || n > BATCH_MAX_BYTES)
		return -EBADMSG;
	return n;
}

static int decompress(const void *frame, size_t len, struct batch *batch, struct diag *diag)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame, len);
	size_t n;

	if (len > BATCH_MAX_BYTES)
		return diag_set(diag, "", 0, -E2BIG, "frame of %zu bytes is over the limit of %d",
				len, BATCH_MAX_BYTES);
	if (size == ZSTD_CONTENTSIZE_ERROR || ZSTD_findFrameCompressedSize(frame, len) != len)
		return diag_set(diag, "", 0, -EBADMSG, "not one whole zstd frame");
	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == 0)
		return diag_set(diag, "", 0, -EBADMSG, "zstd frame does not state its size");
	if (size > BATCH_MAX_BYTES)
		return diag_set(diag, "", 0, -E2BIG, "batch of %llu bytes is over the limit of %d",
				size, BATCH_MAX_BYTES);

	batch->text = malloc(size);
	if (!batch->text)
		return -ENOMEM;

	n = ZSTD_decompress(batch->text, size, frame, len);
	if (ZSTD_isError(n) || n != size)
		return diag_set(diag, "", 0, -EBADMSG, "damaged zstd frame: %s",
				ZSTD_isError(n) ? ZSTD_getErrorName(n) : "short");
	batch->len = n;
	return 0;
}

static int parse_header(struct batch *batch, size_t len, struct diag *diag)
{
	struct batch_header *header = &batch->header;
	struct wire_record record = {0};
	int r;

	r = codec_decode(batch->text, len, &record, diag);
	if (r < 0)
		return r;
	if (record.type != WIRE_BATCH) {
		wire_record_done(&record);
		return diag_set(diag, "", 1, -EBADMSG, "first line is not a batch header");
	}

	*header = record.batch;
	if (header->version != BATCH_VERSION)
		return diag_set(diag, "", 1, -EBADMSG, "format version %" PRIu64 " is not known",
				header->version);
	if (header->count > BATCH_MAX_RECORDS)
		return diag_set(diag, "", 1, -E2BIG, "%" PRIu64 " records are over the limit of %d",
				header->count, BATCH_MAX_RECORDS);
	if (header->last < header->first || header->last - header->first != header->count - 1)
		return diag_set(diag, "", 1, -EBADMSG, "fields first, last and count do not fit");
	return 0;
}

/* Checks one record line against its place and moves @chain on. */
static int check_line(const struct batch_line *line, uint64_t sequence,
		      uint8_t chain[static SHA256_SIZE], struct strbuf *payload)
{
	char seq[SEQ_MAX_BYTES];
	int n = snprintf(seq, sizeof(seq), SEQ_FORMAT, sequence);

	if (line->len <= (size_t)n || memcmp(line->text, seq, n) != 0)
		return -EBADMSG;

	strbuf_clear(payload);
	strbuf_add_char(payload, '{');
	strbuf_add(payload, line->text + n, line->len - n);
	if (strbuf_check(payload) < 0)
		return -ENOMEM;
	if (!is_payload(payload->data, payload->len))
		return -EBADMSG;
	return batch_chain_next(chain, sequence, payload->data, payload->len);
}

static int parse_lines(struct batch *batch, size_t pos, struct diag *diag)
{
	const struct batch_header *header = &batch->header;
	cleanup_strbuf struct strbuf payload = STRBUF_INIT;
	char hex[SHA256_HEX_SIZE];
	uint8_t chain[SHA256_SIZE];

	hex_decode(header->chain_before, strlen(header->chain_before), chain, sizeof(chain));
	for (size_t i = 0; i < header->count; i++) {
		const char *start = batch->text + pos;
		const char *end = memchr(start, '\n', batch->len - pos);
		int r;

		if (!end)
			return diag_set(diag, "", i + 2, -EBADMSG,
					"record %zu of %" PRIu64 " is missing", i + 1,
					header->count);
		batch->lines[i] = (struct batch_line){.text = start, .len = end - start};
		r = check_line(&batch->lines[i], header->first + i, chain, &payload);
		if (r < 0)
			return diag_set(diag, "", i + 2, r, "not the record with sequence %" PRIu64,
					header->first + i);
		memcpy(batch->lines[i].chain, chain, sizeof(chain));
		pos = end + 1 - batch->text;
	}
	if (pos != batch->len)
		return diag_set(diag, "", header->count + 2, -EBADMSG,
				"more records than the header counts");

	hex_encode(chain, sizeof(chain), hex);
	if (strcmp(hex, header->chain) != 0)
		return diag_set(diag, "", 1, -EBADMSG,
				"records do not give the chain hash of the header");
	return 0;
}

int batch_parse(const void *frame, size_t len, struct batch **ret_batch, struct diag *diag)
{
	cleanup_with(batch_freep) struct batch *batch = calloc(1, sizeof(*batch));
	const char *end;
	int r;

	if (!batch)
		return -ENOMEM;

	r = decompress(frame, len, batch, diag);
	if (r < 0)
		return r;

	end = memchr(batch->text, '\n', batch->len);
	if (!end)
		return diag_set(diag, "", 1, -EBADMSG, "first line has no end");

	r = parse_header(batch, end - batch->text, diag);
	if (r < 0)
		return r;

	batch->lines = calloc(batch->header.count, sizeof(*batch->lines));
	if (!batch->lines)
		return -ENOMEM;

	r = parse_lines(batch, end + 1 - batch->text, diag);
	if (r < 0)
		return r;

	*ret_batch = TAKE_PTR(batch);
	return 0;
}

struct batch *batch_free(struct batch *batch)
{
	if (!batch)
		return NULL;

	free(batch->lines);
	free(batch->text);
	free(batch);
	return NULL;
}

const struct batch_header *batch_get_header(const struct batch *batch)
{
	return &batch->header;
}

int batch_get_record(const struct batch *batch, size_t index, const char **ret_json,
		     size_t *ret_len)
{
	if (index >= batch->header.count)
		return -ENOENT;

	*ret_json = batch->lines[index].text;
	*ret_len = batch->lines[index].len;
	return 0;
}

int batch_get_chain(const struct batch *batch, uint64_t sequence,
		    uint8_t ret_chain[static SHA256_SIZE])
{
	const struct batch_header *header = &batch->header;

	if (sequence > header->last || sequence + 1 < header->first)
		return -ENOENT;
	if (sequence + 1 == header->first)
		return hex_decode(header->chain_before, SHA256_HEX_SIZE - 1, ret_chain,
				  SHA256_SIZE);

	memcpy(ret_chain, batch->lines[sequence - header->first].chain, SHA256_SIZE);
	return 0;
}
