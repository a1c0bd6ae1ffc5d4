/* SPDX-License-Identifier: Apache-2.0 */
/* What the rpm program prints: the same comes out however the bytes are cut, and each path is one
 * that was quoted. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "baseline/rpm_text.h"
#include "fuzz/fuzz.h"

static int on_package(const struct rpm_package *p, void *userdata)
{
	if (!p->name[0])
		abort();
	strbuf_printf(userdata, "P%s/%s/%s/%s\n", p->name, p->version, p->release, p->arch);
	return 0;
}

static int on_file(const struct rpm_file *f, void *userdata)
{
	if (!f->path[0])
		abort();
	strbuf_printf(userdata, "F%s/%s/%s/%s/%s/%s/%o/%u\n", f->path, f->digest, f->user, f->group,
		      f->target, f->capabilities, f->mode, f->flags);
	return 0;
}

static int read_pieces(const uint8_t *data, size_t size, size_t piece, struct strbuf *out)
{
	const struct rpm_text_sink sink = {on_package, on_file, out};
	struct rpm_text *text = NULL;
	int r = rpm_text_new(&sink, &text);

	for (size_t i = 0; i < size && r == 0; i += piece)
		r = rpm_text_add(text, data + i, size - i < piece ? size - i : piece);
	if (r == 0)
		r = rpm_text_finish(text);
	rpm_text_free(text);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf whole = STRBUF_INIT, cut = STRBUF_INIT;
	int r = read_pieces(data, size, size + 1, &whole);

	if (read_pieces(data, size, 3, &cut) != r || whole.len != cut.len ||
	    (whole.len > 0 && memcmp(whole.data, cut.data, cut.len) != 0))
		abort();
	strbuf_done(&whole);
	strbuf_done(&cut);
	return 0;
}
