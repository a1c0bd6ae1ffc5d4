/* SPDX-License-Identifier: Apache-2.0 */
/* Escaped paths: any bytes survive the way there and back; any text is either refused or was
 * written by us. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "fuzz/fuzz.h"

static void check_equal(const struct strbuf *sb, const uint8_t *data, size_t size)
{
	if (sb->len != size || (size > 0 && memcmp(sb->data, data, size) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, back = STRBUF_INIT, raw = STRBUF_INIT;

	str_escape(&text, (const char *)data, size);
	if (strbuf_check(&text) < 0)
		return 0;
	if (str_unescape(&back, text.data ? text.data : "", text.len) < 0)
		abort();
	check_equal(&back, data, size);

	/* The input taken as escaped text. */
	(void)str_unescape(&raw, (const char *)data, size);
	return 0;
}
