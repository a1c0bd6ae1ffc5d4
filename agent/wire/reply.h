/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes back from a collector: the answer to a batch, and the receipt for batches that came by
 * file.
 */
#ifndef PLUMBLINE_WIRE_REPLY_H
#define PLUMBLINE_WIRE_REPLY_H

#include <stdint.h>

#include "wire/codec.h"

#define REPLY_MAX_BYTES 16384

/* {"acked":N}, or {"error":TEXT} with "expected_first":N when the sequence was wrong. */
struct wire_answer {
	uint64_t acked;		 /* 0 when refused */
	char *error;		 /* NULL when taken */
	uint64_t expected_first; /* 0 when it does not matter */
};

void wire_answer_done(struct wire_answer *answer);
#define cleanup_wire_answer cleanup_with(wire_answer_done)
int wire_answer_encode(const struct wire_answer *answer, struct strbuf *out);
int wire_answer_decode(const char *text, size_t len, struct wire_answer *ret_answer,
		       struct diag *diag);

/* {"plumbline":1,"receipt":{"agent":..,"acked":N,"chain":HEX,"time":..},"certificate":PEM,"signature":BASE64}
 */
struct wire_receipt {
	uint64_t version;
	bool is_there; /* always true */
	char agent[AGENT_NAME_SIZE];
	uint64_t acked;
	char chain[SHA256_HEX_SIZE]; /* after record @acked */
	int64_t time_ns;	     /* whole milliseconds */
	char *certificate;
	char *signature; /* over "plumbline-receipt\nAGENT\nACKED\nCHAIN\nTIME\n" */
};

void wire_receipt_done(struct wire_receipt *receipt);
#define cleanup_wire_receipt cleanup_with(wire_receipt_done)

/*
 * Signs with the collector's key and certificate (PEM files) and appends the JSON text. Fills
 * certificate, signature and version.
 */
int receipt_write(struct wire_receipt *receipt, const char *certificate_path, const char *key_path,
		  struct strbuf *out, struct diag *diag);
/* Reads and checks signature and chain to @ca_path. -EBADMSG, -EINVAL or -E2BIG with @diag. */
int receipt_verify(const char *text, size_t len, const char *ca_path,
		   struct wire_receipt *ret_receipt, struct diag *diag);

#endif
