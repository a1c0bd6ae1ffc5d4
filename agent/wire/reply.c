/* SPDX-License-Identifier: Apache-2.0 */
/* Answers and receipts through the same field tables as records; these tables are not part of the
 * data dictionary, since nothing in them comes from a host. */
#include "wire/reply.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "wire/field.h"
#include "wire/signature.h"

#define ROW(struct_, member_, name_, how_, ...)                             \
	{                                                                   \
		.record = WIRE_NONE, .name = name_, .shape = &shape_##how_, \
		.offset = offsetof(struct struct_, member_), __VA_ARGS__    \
	}

static const struct wire_field answer_fields[] = {
	ROW(wire_answer, acked, "acked", number),
	ROW(wire_answer, error, "error", text, .max_bytes = 1024),
	ROW(wire_answer, expected_first, "expected_first", number),
};

static const struct wire_field receipt_fields[] = {
	ROW(wire_receipt, version, "plumbline", number, .is_required = true),
	ROW(wire_receipt, is_there, "receipt", group, .is_required = true),
	ROW(wire_receipt, agent, "receipt.agent", name, .is_required = true),
	ROW(wire_receipt, acked, "receipt.acked", number, .is_required = true),
	ROW(wire_receipt, chain, "receipt.chain", digest, .is_required = true),
	ROW(wire_receipt, time_ns, "receipt.time", time, .is_required = true),
	ROW(wire_receipt, certificate, "certificate", pem, .max_bytes = 8192, .is_required = true),
	ROW(wire_receipt, signature, "signature", pem, .max_bytes = 1400, .is_required = true),
};

void wire_answer_done(struct wire_answer *answer)
{
	free(answer->error);
	*answer = (struct wire_answer){0};
}

void wire_receipt_done(struct wire_receipt *receipt)
{
	free(receipt->certificate);
	free(receipt->signature);
	*receipt = (struct wire_receipt){0};
}

static int encode(const struct wire_field *fields, size_t count, const void *object,
		  struct strbuf *out)
{
	struct json j = JSON_INIT(out);
	int r;

	json_begin_object(&j);
	r = field_encode(fields, count, WIRE_NONE, object, NULL, &j);
	json_end_object(&j);
	return r ?: strbuf_check(out);
}

int wire_answer_encode(const struct wire_answer *answer, struct strbuf *out)
{
	return encode(answer_fields, ARRAY_SIZE(answer_fields), answer, out);
}

int wire_answer_decode(const char *text, size_t len, struct wire_answer *ret_answer,
		       struct diag *diag)
{
	cleanup_with(field_unloadp) struct json_t *tree = NULL;
	cleanup_wire_answer struct wire_answer answer = {0};
	int r;

	r = field_load(text, len, REPLY_MAX_BYTES, &tree, diag);
	if (r < 0)
		return r;
	r = field_decode(answer_fields, ARRAY_SIZE(answer_fields), WIRE_NONE, tree, &answer, diag);
	if (r < 0)
		return r;
	if (!answer.acked == !answer.error)
		return diag_set(diag, "", 0, -EBADMSG, "neither or both of 'acked' and 'error'");

	*ret_answer = answer;
	answer = (struct wire_answer){0};
	return 0;
}

static int signed_text(const struct wire_receipt *receipt, struct strbuf *out)
{
	char when[RFC3339_SIZE];

	strbuf_printf(out, "plumbline-receipt\n%s\n%" PRIu64 "\n%s\n%s\n", receipt->agent,
		      receipt->acked, receipt->chain, clock_format(receipt->time_ns, when));
	return strbuf_check(out);
}

int receipt_write(struct wire_receipt *receipt, const char *certificate_path, const char *key_path,
		  struct strbuf *out, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, signature = STRBUF_INIT,
				     certificate = STRBUF_INIT;
	int r;

	r = fd_read_file(AT_FDCWD, certificate_path, 8192, &certificate);
	if (r < 0)
		return diag_set(diag, certificate_path, 0, r, "cannot read: %s", strerror(-r));
	r = signed_text(receipt, &text);
	if (r < 0)
		return r;
	r = signature_make(key_path, text.data, text.len, &signature, diag);
	if (r < 0)
		return r;

	free(receipt->certificate);
	free(receipt->signature);
	receipt->version = 1;
	receipt->is_there = true;
	receipt->certificate = strbuf_take(&certificate);
	receipt->signature = strbuf_take(&signature);
	r = encode(receipt_fields, ARRAY_SIZE(receipt_fields), receipt, out);
	if (r < 0)
		return r;
	strbuf_add_char(out, '\n');
	return strbuf_check(out);
}

int receipt_verify(const char *text, size_t len, const char *ca_path,
		   struct wire_receipt *ret_receipt, struct diag *diag)
{
	cleanup_with(field_unloadp) struct json_t *tree = NULL;
	cleanup_wire_receipt struct wire_receipt receipt = {0};
	cleanup_strbuf struct strbuf canonical = STRBUF_INIT;
	int r;

	r = field_load(text, len, REPLY_MAX_BYTES, &tree, diag);
	if (r < 0)
		return r;
	r = field_refuse_unknown(receipt_fields, ARRAY_SIZE(receipt_fields), WIRE_NONE, tree, diag);
	if (r < 0)
		return r;
	r = field_decode(receipt_fields, ARRAY_SIZE(receipt_fields), WIRE_NONE, tree, &receipt,
			 diag);
	if (r < 0)
		return r;
	if (receipt.version != 1)
		return diag_set(diag, "", 0, -EBADMSG, "format version %" PRIu64 " is not known",
				receipt.version);

	r = signed_text(&receipt, &canonical);
	if (r < 0)
		return r;
	r = signature_check_certificate(receipt.certificate, ca_path, canonical.data, canonical.len,
					receipt.signature, diag);
	if (r < 0)
		return r;

	*ret_receipt = receipt;
	receipt = (struct wire_receipt){0};
	return 0;
}
