/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of wire/batch.h. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/str.h"
#include "wire/batch.h"

static const uint8_t zero_chain[SHA256_SIZE];

static void make(uint64_t first, unsigned count, struct strbuf *frame, struct batch_header *header)
{
	cleanup_with(batch_builder_freep) struct batch_builder *builder = NULL;

	ck_assert_int_eq(batch_builder_new("hmi-07", first, zero_chain, &builder), 0);
	for (unsigned i = 0; i < count; i++) {
		char payload[64];
		int n = snprintf(payload, sizeof(payload), "{\"type\":\"hello\",\"n\":%u}", i);

		ck_assert_int_eq(batch_builder_add(builder, first + i, payload, n), 0);
	}
	ck_assert_int_eq(batch_builder_finish(builder, frame, header), 0);
}

START_TEST(parse_gives_back_what_was_built)
{
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	cleanup_with(batch_freep) struct batch *batch = NULL;
	struct batch_header header;
	struct diag diag = {0};
	const char *json;
	size_t len;

	make(41, 3, &frame, &header);
	ck_assert_msg(batch_parse(frame.data, frame.len, &batch, &diag) == 0, "%s", diag.text);
	ck_assert_mem_eq(batch_get_header(batch), &header, sizeof(header));
	ck_assert_uint_eq(header.first, 41);
	ck_assert_uint_eq(header.last, 43);
	ck_assert_uint_eq(header.count, 3);
	ck_assert_int_eq(batch_get_record(batch, 2, &json, &len), 0);
	ck_assert_uint_eq(len, strlen("{\"seq\":43,\"type\":\"hello\",\"n\":2}"));
	ck_assert_mem_eq(json, "{\"seq\":43,\"type\":\"hello\",\"n\":2}", len);
	ck_assert_int_eq(batch_get_record(batch, 3, &json, &len), -ENOENT);
}
END_TEST

/* Computed apart from the code: sha256(32 zero bytes, 8 bytes of 1, payload). */
START_TEST(chain_is_the_documented_hash)
{
	static const char payload[] = "{\"type\":\"hello\",\"n\":0}";
	uint8_t joined[SHA256_SIZE + 8 + sizeof(payload) - 1] = {0}, expected[SHA256_SIZE];
	uint8_t chain[SHA256_SIZE] = {0};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct batch_header header;
	char hex[SHA256_HEX_SIZE];

	joined[SHA256_SIZE + 7] = 1;
	memcpy(joined + SHA256_SIZE + 8, payload, sizeof(payload) - 1);
	ck_assert_int_eq(hash_buffer(joined, sizeof(joined), expected), 0);
	ck_assert_int_eq(batch_chain_next(chain, 1, payload, sizeof(payload) - 1), 0);
	ck_assert_mem_eq(chain, expected, sizeof(chain));

	make(1, 1, &frame, &header);
	hex_encode(expected, sizeof(expected), hex);
	ck_assert_str_eq(header.chain, hex);
}
END_TEST

START_TEST(builder_refuses_what_breaks_the_lines)
{
	static const char *const bad[] = {"{\"a\":1}\n{}",	 "[]", "{}", "\"a\"",
					  "{\"seq\":4,\"a\":1}", ""};
	cleanup_with(batch_builder_freep) struct batch_builder *builder = NULL;
	cleanup_strbuf struct strbuf out = STRBUF_INIT;

	ck_assert_int_eq(batch_builder_new("bad name", 1, zero_chain, &builder), -EINVAL);
	ck_assert_int_eq(batch_builder_new("a", 0, zero_chain, &builder), -EINVAL);
	ck_assert_int_eq(batch_builder_new("a", 1, zero_chain, &builder), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(batch_builder_add(builder, 1, bad[i], strlen(bad[i])), -EINVAL);
	ck_assert_int_eq(batch_builder_add(builder, 2, "{\"a\":1}", 7), -EINVAL);
	ck_assert_int_eq(batch_builder_finish(builder, &out, NULL), -ENODATA);
}
END_TEST

START_TEST(full_batch_still_parses)
{
	cleanup_with(batch_builder_freep) struct batch_builder *builder = NULL;
	cleanup_with(batch_freep) struct batch *batch = NULL;
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	static char payload[50000];
	uint64_t seq = 1;
	int r;

	/* Hard to compress is not needed: the limit is on the text. */
	memset(payload, 'x', sizeof(payload));
	memcpy(payload, "{\"a\":\"", 6);
	memcpy(payload + sizeof(payload) - 2, "\"}", 2);
	ck_assert_int_eq(batch_builder_new("a", 1, zero_chain, &builder), 0);
	while ((r = batch_builder_add(builder, seq, payload, sizeof(payload))) == 0)
		seq++;
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_uint_eq(seq, 21);
	ck_assert_int_eq(batch_builder_finish(builder, &out, NULL), 0);
	ck_assert_int_eq(batch_parse(out.data, out.len, &batch, NULL), 0);
}
END_TEST

START_TEST(count_is_bounded)
{
	cleanup_with(batch_builder_freep) struct batch_builder *builder = NULL;

	ck_assert_int_eq(batch_builder_new("a", 1, zero_chain, &builder), 0);
	for (uint64_t i = 1; i <= BATCH_MAX_RECORDS; i++)
		ck_assert_int_eq(batch_builder_add(builder, i, "{\"a\":1}", 7), 0);
	ck_assert_int_eq(batch_builder_add(builder, BATCH_MAX_RECORDS + 1, "{\"a\":1}", 7),
			 -ENOSPC);
}
END_TEST

static void compress(const char *text, size_t len, struct strbuf *out)
{
	size_t room = ZSTD_compressBound(len), n;
	void *frame = malloc(room);

	n = ZSTD_compress(frame, room, text, len, 1);
	ck_assert(!ZSTD_isError(n));
	strbuf_add(out, frame, n);
	free(frame);
}

/* Edits of the NDJSON text of a good batch of three. */
static const struct {
	const char *from, *to, *says;
} edits[] = {
	{"\"n\":1", "\"n\":7", "chain hash"},
	{"{\"seq\":42", "{\"seq\":43", "sequence 42"},
	{"\"count\":3", "\"count\":2", "do not fit"},
	{"\"count\":3", "\"count\":4", "do not fit"},
	{"\"last\":43,\"count\":3", "\"last\":42,\"count\":2", "more records"},
	{"\"last\":43,\"count\":3", "\"last\":44,\"count\":4", "record 4 of 4 is missing"},
	{"\"last\":43,\"count\":3", "\"last\":4300,\"count\":4260", "over the limit"},
	{"\"first\":41", "\"first\":42", "do not fit"},
	{"\"plumbline\":1", "\"plumbline\":2", "format version 2"},
	{"\"agent\":\"hmi-07\"", "\"agent\":\"hmi 07\"", "'agent'"},
	{"\"chain_before\":\"0", "\"chain_before\":\"1", "chain hash"},
	{"\"n\":2}\n", "\"n\":2}", "record 3 of 3 is missing"},
	{"\"n\":2}\n", "\"n\":2}\n\n", "more records"},
	{"{\"seq\":41,", "{ \"seq\":41,", "sequence 41"},
	{"{\"seq\":41,", "{\"seq\":041,", "sequence 41"},
};

START_TEST(edited_batch_is_refused)
{
	cleanup_strbuf struct strbuf frame = STRBUF_INIT, edited = STRBUF_INIT, again = STRBUF_INIT;
	struct batch *batch = NULL;
	static char text[8192];
	struct diag diag = {0};
	const char *at;
	size_t n;
	int r;

	make(41, 3, &frame, NULL);
	n = ZSTD_decompress(text, sizeof(text) - 1, frame.data, frame.len);
	ck_assert(!ZSTD_isError(n));
	text[n] = '\0';
	at = strstr(text, edits[_i].from);
	ck_assert_msg(at, "'%s' is not in: %s", edits[_i].from, text);
	strbuf_add(&edited, text, at - text);
	strbuf_add_str(&edited, edits[_i].to);
	strbuf_add_str(&edited, at + strlen(edits[_i].from));
	compress(edited.data, edited.len, &again);
	r = batch_parse(again.data, again.len, &batch, &diag);
	ck_assert_msg(r == -EBADMSG || r == -E2BIG, "%d", r);
	ck_assert_msg(strstr(diag.text, edits[_i].says), "'%s' does not say %s", diag.text,
		      edits[_i].says);
	ck_assert_ptr_null(batch);
}
END_TEST

START_TEST(every_flipped_byte_and_cut_is_refused)
{
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct batch *batch = NULL;

	make(1, 3, &frame, NULL);
	for (size_t i = 0; i < frame.len; i++) {
		ck_assert_int_lt(batch_parse(frame.data, i, &batch, NULL), 0);
		frame.data[i] ^= 0xff;
		if (batch_parse(frame.data, frame.len, &batch, NULL) == 0)
			ck_abort_msg("byte %zu of %zu", i, frame.len);
		frame.data[i] ^= 0xff;
	}
}
END_TEST

START_TEST(bomb_is_refused_before_it_grows)
{
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct batch *batch = NULL;
	struct diag diag = {0};
	size_t size = 64 << 20;
	char *zeros = calloc(1, size);

	ck_assert_ptr_nonnull(zeros);
	compress(zeros, size, &frame);
	free(zeros);
	ck_assert_uint_lt(frame.len, 16384);
	ck_assert_int_eq(batch_parse(frame.data, frame.len, &batch, &diag), -E2BIG);
	ck_assert_ptr_nonnull(strstr(diag.text, "over the limit"));
}
END_TEST

START_TEST(frames_can_stand_one_after_another)
{
	struct batch *hidden = NULL;
	cleanup_strbuf struct strbuf file = STRBUF_INIT;
	cleanup_with(batch_freep) struct batch *batch = NULL;
	int64_t n;

	make(1, 2, &file, NULL);
	n = batch_frame_length(file.data, file.len);
	ck_assert_int_eq(n, file.len);
	make(3, 2, &file, NULL);
	ck_assert_int_eq(batch_frame_length(file.data, file.len), n);
	ck_assert_int_eq(batch_parse(file.data + n, file.len - n, &batch, NULL), 0);
	ck_assert_uint_eq(batch_get_header(batch)->first, 3);
	/* Two frames are not one batch. */
	ck_assert_int_eq(batch_parse(file.data, file.len, &batch, NULL), -EBADMSG);
	ck_assert_int_eq(batch_frame_length("no frame", 8), -EBADMSG);
	ck_assert_int_eq(batch_frame_length(file.data, n - 1), -EBADMSG);
	/* Nor may anything hide in a frame that readers skip. */
	strbuf_clear(&file);
	make(1, 2, &file, NULL);
	strbuf_add(&file, "\x50\x2a\x4d\x18\x01\0\0\0x", 9);
	ck_assert_int_eq(batch_parse(file.data, file.len, &hidden, NULL), -EBADMSG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("batch");
	TCase *build = tcase_create("build"), *parse = tcase_create("parse");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(build, parse_gives_back_what_was_built);
	tcase_add_test(build, chain_is_the_documented_hash);
	tcase_add_test(build, builder_refuses_what_breaks_the_lines);
	tcase_add_test(build, full_batch_still_parses);
	tcase_add_test(build, count_is_bounded);
	suite_add_tcase(suite, build);
	tcase_add_loop_test(parse, edited_batch_is_refused, 0, ARRAY_SIZE(edits));
	tcase_add_test(parse, every_flipped_byte_and_cut_is_refused);
	tcase_add_test(parse, bomb_is_refused_before_it_grows);
	tcase_add_test(parse, frames_can_stand_one_after_another);
	suite_add_tcase(suite, parse);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
