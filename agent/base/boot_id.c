/* SPDX-License-Identifier: Apache-2.0 */
#include "base/boot_id.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/strbuf.h"

#define TEXT_BYTES 36

int boot_id_read(char ret_id[static BOOT_ID_SIZE])
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &text);

	if (r < 0)
		return r;
	if (text.len < TEXT_BYTES)
		return -EBADMSG;
	memset(ret_id, 0, BOOT_ID_SIZE);
	memcpy(ret_id, text.data, TEXT_BYTES);
	return 0;
}
