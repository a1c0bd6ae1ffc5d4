/* SPDX-License-Identifier: Apache-2.0 */
/* A vendor's list in the form of sha256sum; see fuzz_list.h for what must hold. */
#include "fuzz/fuzz_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_list(list_read_sha256sum, data, size);
	return 0;
}
