/* SPDX-License-Identifier: Apache-2.0 */
/* `import` and `receipt`: batches that came by file, and the signed word that they are stored. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "ingest.h"
#include "verbs.h"
#include "wire/batch.h"
#include "wire/reply.h"

/* One frame is read whole; twice that lets the next begin in the same buffer. */
#define WINDOW_BYTES (2 * (size_t)BATCH_MAX_BYTES)

struct import {
	struct store *store;
	const char *path;
	char agent[AGENT_NAME_SIZE]; /* of the first frame; one file is one agent's */
	uint64_t batches, stored, acked;
};

static int take_frame(struct import *import, const void *frame, size_t len)
{
	struct ingest_result result;

	/* What the first batch says binds those after it. */
	ingest_frame(import->store, import->agent[0] ? import->agent : NULL, frame, len, &result);
	if (result.status != INGEST_STORED)
		return log_error(-EBADMSG, "%s: batch %" PRIu64 " is refused (%s)", import->path,
				 import->batches + 1, result.error);
	str_copy(import->agent, sizeof(import->agent), result.agent);
	import->batches++;
	import->stored += result.stored;
	import->acked = result.acked;
	return 0;
}

/* Frame by frame; memory stays at one window whatever the file's size is. */
static int take_file(struct import *import, int fd)
{
	cleanup_free char *window = malloc(WINDOW_BYTES);
	size_t held = 0;

	if (!window)
		return -ENOMEM;

	for (;;) {
		ssize_t n = fd_read_full(fd, window + held, WINDOW_BYTES - held);
		size_t pos = 0;
		int64_t len;

		if (n < 0)
			return log_error((int)n, "cannot read %s", import->path);
		held += n;
		if (held == 0)
			return 0;
		while ((len = batch_frame_length(window + pos, held - pos)) > 0) {
			int r = take_frame(import, window + pos, len);

			if (r < 0)
				return r;
			pos += len;
		}
		if (pos == 0)
			return log_error(-EBADMSG,
					 "%s: what follows batch %" PRIu64 " is not a batch",
					 import->path, import->batches);
		memmove(window, window + pos, held - pos);
		held -= pos;
	}
}

static int write_receipt(const struct settings *settings, const struct store_agent *agent,
			 FILE *out)
{
	cleanup_wire_receipt struct wire_receipt receipt = {0};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};
	char message[1024];
	int r;

	str_copy(receipt.agent, sizeof(receipt.agent), agent->name);
	receipt.acked = agent->last_seq;
	receipt.time_ns = clock_real_ns() / NSEC_PER_MSEC * NSEC_PER_MSEC;
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(receipt.chain + 2 * i, 3, "%02x", agent->chain[i]);

	r = receipt_write(&receipt, settings->certificate, settings->key, &text, &diag);
	if (r < 0)
		return log_error(diag.text[0] ? 0 : r, "cannot sign the receipt: %s",
				 diag_format(&diag, message, sizeof(message)))
			       ?: r;
	if (fwrite(text.data, 1, text.len, out) != text.len)
		return log_error(-errno, "cannot write the receipt");
	r = verb_finish_output(out);
	if (r < 0)
		return log_error(r, "cannot write the receipt");
	return 0;
}

static int receipt_of(const struct settings *settings, struct store *store, const char *name,
		      FILE *out)
{
	cleanup_store_agent struct store_agent agent = {0};
	int r;

	r = store->ops->get_agent(store, name, &agent);
	if (r == -ENOENT)
		return log_error(0, "no agent '%s' has reported", name) ?: r;
	if (r < 0)
		return log_error(r, "cannot read the store");
	return write_receipt(settings, &agent, out);
}

int verb_import(const struct settings *settings, const struct options *options)
{
	struct import import = {.path = options->argument};
	cleanup_store struct store *store = NULL;
	cleanup_fclose FILE *output = NULL;
	cleanup_close int fd = -1;
	int r;

	fd = open(options->argument, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		log_error(-errno, "cannot read %s", options->argument);
		return EXIT_ERROR;
	}
	if (verb_open_output(options->output, &output) < 0 || verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	import.store = store;
	r = take_file(&import, fd);
	if (r == 0 && import.batches == 0)
		r = log_error(-EBADMSG, "%s holds no batch", import.path);
	if (r < 0)
		return r == -EBADMSG ? EXIT_REFUSED : EXIT_ERROR;

	log_info("%s: %" PRIu64 " batches of %s, %" PRIu64
		 " records were new, stored up to %" PRIu64,
		 import.path, import.batches, import.agent, import.stored, import.acked);
	if (output && receipt_of(settings, store, import.agent, output) < 0)
		return EXIT_ERROR;
	return EXIT_GOOD;
}

int verb_receipt(const struct settings *settings, const struct options *options)
{
	cleanup_store struct store *store = NULL;
	cleanup_fclose FILE *output = NULL;

	if (verb_open_output(options->output, &output) < 0 || verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;
	if (receipt_of(settings, store, options->argument, output ? output : stdout) < 0)
		return EXIT_ERROR;
	return EXIT_GOOD;
}
