/* SPDX-License-Identifier: Apache-2.0 */
/* approvals/NN.p7m, as CMS and as the text within one: nothing unsigned is ever verified. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "baseline/approval.h"
#include "baseline/signature.h"
#include "fuzz/fuzz.h"

#define DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

static void read_text(const char *text, size_t len)
{
	struct baseline_approval approval = {0};
	char statement[SHA256_HEX_SIZE];
	struct strbuf again = STRBUF_INIT;

	if (approval_read(text, len, &approval, statement, NULL) < 0)
		return;
	if (!approval.name || !approval.role || !approval.meaning)
		abort();
	/* What was read once reads as the same again. */
	if (approval_write(&approval, statement, &again) < 0)
		abort();
	baseline_approval_done(&approval);
	if (again.len <= APPROVAL_TEXT_MAX &&
	    approval_read(again.data, again.len, &approval, statement, NULL) < 0)
		abort();
	baseline_approval_done(&approval);
	strbuf_done(&again);
}

/* A CMS made elsewhere, with and without the content that it may be detached from. */
static void import(const uint8_t *data, size_t size)
{
	static const char text[] = "{\"role\":\"r\"}\n";

	for (int i = 0; i < 2; i++) {
		const struct signature_source source = {data, size, i ? text : NULL,
							i ? sizeof(text) - 1 : 0};
		struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

		if (signature_normalize(&source, &once, NULL) == 0) {
			const struct signature_source again = {once.data, once.len, NULL, 0};

			/* One form: what came out goes in as it is. */
			if (signature_normalize(&again, &twice, NULL) < 0 ||
			    twice.len != once.len || memcmp(twice.data, once.data, once.len) != 0)
				abort();
		}
		strbuf_done(&once);
		strbuf_done(&twice);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baseline_approval approval = {0};

	read_text((const char *)data, size);
	import(data, size);
	if (signature_verify(data, size, DIGEST, 0, NULL, &approval) < 0)
		return 0;
	if (approval.is_verified) /* without a CA nothing can be */
		abort();
	baseline_approval_done(&approval);
	return 0;
}
