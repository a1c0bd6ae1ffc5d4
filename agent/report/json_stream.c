/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_stream.h"

#include <errno.h>

int json_stream(struct json *j, FILE *out)
{
	struct strbuf *sb = j->out;

	if (strbuf_check(sb) < 0)
		return -ENOMEM;
	if (sb->len > 0 && fwrite(sb->data, 1, sb->len, out) != sb->len)
		return -EIO;
	strbuf_clear(sb);
	return 0;
}
