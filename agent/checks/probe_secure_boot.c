/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the firmware started this system with Secure Boot enabled. */
#include <errno.h>

#include "checks/probe.h"

/* The global variable GUID of the UEFI specification. */
#define VARIABLE "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const struct probe_key keys[] = {{NULL}};

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf data = STRBUF_INIT;
	int r;

	if (!root_exists(root, "/sys/firmware/efi"))
		return probe_not_applicable(value, "not started by UEFI firmware");
	r = root_read_bytes(root, VARIABLE, 64, &data);
	if (r == -ENOENT)
		return probe_text(value, "not supported");
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return probe_unreadable(value, VARIABLE, r);
	/* Four bytes of attributes, then the value. */
	if (data.len != 5)
		return probe_error(value, "the SecureBoot variable has %zu bytes, not 5", data.len);
	return probe_text(value, data.data[4] == 1 ? "enabled" : "disabled");
}

const struct probe_ops probe_secure_boot = {"secure_boot", keys, PROBE_GIVES_TEXT, run};
