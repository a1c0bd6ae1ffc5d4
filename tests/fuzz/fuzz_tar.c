/* SPDX-License-Identifier: Apache-2.0 */
/* A header of a baseline file: what is taken is what the writer writes, and no name leads out of
 * the folder. */
#include <stdlib.h>
#include <string.h>

#include "baseline/tar.h"
#include "fuzz/fuzz.h"

/* Whether a component of @name is "..": "a..b" is a good name. */
static int leads_out(const char *name)
{
	for (const char *p = name; (p = strstr(p, "..")); p++)
		if ((p == name || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return 1;
	return name[0] == '/';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t block[TAR_BLOCK] = {0}, again[TAR_BLOCK];
	struct tar_member member;
	int r;

	memcpy(block, data, size < TAR_BLOCK ? size : TAR_BLOCK);
	/* A sum is hard to guess; a second byte behind the block asks for a right one. */
	if (size > TAR_BLOCK && data[TAR_BLOCK] & 1) {
		unsigned sum = 0;

		memset(block + 148, ' ', 8);
		for (unsigned i = 0; i < TAR_BLOCK; i++)
			sum += block[i];
		for (unsigned i = 0; i < 6; i++)
			block[148 + i] = (uint8_t)('0' + (sum >> 3 * (5 - i) & 7));
		block[154] = '\0';
	}
	r = tar_read_header(block, &member);
	if (r <= 0)
		return 0;
	if (leads_out(member.name) || member.size > TAR_SIZE_MAX)
		abort();
	if (tar_write_header(&member, again) < 0 || memcmp(block, again, TAR_BLOCK) != 0)
		abort();
	return 0;
}
