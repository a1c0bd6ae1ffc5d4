/* SPDX-License-Identifier: Apache-2.0 */
/* The audit subsystem of the running kernel: one number of its status. */
#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <string.h>

#include "base/str.h"
#include "checks/kernel_dump.h"
#include "checks/probe.h"

enum {
	KEY_FIELD
};

static const struct probe_key keys[] = {
	[KEY_FIELD] = {"field", PROBE_KEY_CHOICE, true, "enabled failure backlog_limit"},
	{NULL},
};

/* Older kernels know fewer fields; these have been there from the start. */
#define LEAST_BYTES (offsetof(struct audit_status, backlog) + sizeof(uint32_t))

static int find(const char *field, struct nl_bytes bytes, struct probe_value *value)
{
	struct audit_status status = {0};
	struct nl_message message;
	uint32_t number;
	char text[16];

	if (!bytes.len)
		return probe_absent(value, "this kernel has no auditing");
	if (nl_next_message(&bytes, &message) <= 0 || message.type != AUDIT_GET ||
	    message.payload.len < LEAST_BYTES)
		return probe_error(value, "the kernel's answer about auditing is damaged");
	memcpy(&status, message.payload.data, LEAST_BYTES);
	number = str_equal(field, "enabled")   ? status.enabled
		 : str_equal(field, "failure") ? status.failure
					       : status.backlog_limit;
	snprintf(text, sizeof(text), "%" PRIu32, number);
	return probe_text(value, text);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf storage = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r = kernel_dump_read(root, KERNEL_AUDIT_STATUS, &storage, &bytes, value);

	return r <= 0 ? r : find(params->values[KEY_FIELD], bytes, value);
}

static unsigned asks(const struct probe_params *params)
{
	return 1u << KERNEL_AUDIT_STATUS;
}

const struct probe_ops probe_audit_status = {"audit_status", keys, PROBE_GIVES_TEXT, run, asks};
