/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware says of Secure Boot: its state, whether anybody may still enrol keys, and how
 * many certificates of the machine's owner (MOK) shim trusts besides those of the firmware. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "checks/probe.h"

/* The global variable GUID of the UEFI specification, and that of shim. */
#define EFI_VARS "/sys/firmware/efi/efivars/"
#define GLOBAL	 "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define STATE	 EFI_VARS "SecureBoot" GLOBAL
#define SETUP	 EFI_VARS "SetupMode" GLOBAL
#define MOK_LIST EFI_VARS "MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"

#define ATTRIBUTES     4 /* bytes before the value of each variable */
#define MAX_LIST_BYTES (1024 * 1024)

static const struct probe_key keys[] = {
	{"fact", PROBE_KEY_CHOICE, false, "state setup_mode owner_keys"}, /* none: state */
	{NULL},
};

/* EFI_SIGNATURE_LIST: the kind, then three sizes; then a header and entries of one size. */
struct signature_list {
	uint8_t kind[16];
	uint32_t list_bytes, header_bytes, entry_bytes;
};

/* EFI_CERT_X509_GUID as it lies in memory. */
static const uint8_t x509[16] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
				 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};

/* -EBADMSG when the lists do not fit into each other. */
static int count_certificates(const char *data, size_t len, size_t *ret_count)
{
	size_t count = 0;

	while (len) {
		struct signature_list list;
		size_t entries;

		if (len < sizeof(list))
			return -EBADMSG;
		memcpy(&list, data, sizeof(list));
		if (list.list_bytes > len || list.list_bytes < sizeof(list) ||
		    list.header_bytes > list.list_bytes - sizeof(list) || !list.entry_bytes)
			return -EBADMSG;
		entries = (list.list_bytes - sizeof(list) - list.header_bytes) / list.entry_bytes;
		if (memcmp(list.kind, x509, sizeof(x509)) == 0)
			count += entries;
		data += list.list_bytes;
		len -= list.list_bytes;
	}
	*ret_count = count;
	return 0;
}

static int tell_owner_keys(const struct root *root, struct probe_value *value)
{
	cleanup_strbuf struct strbuf data = STRBUF_INIT;
	size_t count = 0;
	char text[24];
	int r = root_read_bytes(root, MOK_LIST, MAX_LIST_BYTES, &data);

	if (r == -ENOENT)
		return probe_text(value, "0");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, MOK_LIST, r);
	if (data.len < ATTRIBUTES ||
	    count_certificates(data.data + ATTRIBUTES, data.len - ATTRIBUTES, &count) < 0)
		return probe_error(value, "the list of the owner's keys is damaged");
	snprintf(text, sizeof(text), "%zu", count);
	return probe_text(value, text);
}

static int tell_switch(const struct root *root, const char *variable, const char *on,
		       const char *off, struct probe_value *value)
{
	cleanup_strbuf struct strbuf data = STRBUF_INIT;
	int r = root_read_bytes(root, variable, 64, &data);

	if (r == -ENOENT)
		return probe_text(value, "not supported");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, variable, r);
	if (data.len != ATTRIBUTES + 1)
		return probe_error(value, "%s has %zu bytes, not 5",
				   str_equal(variable, STATE) ? "the SecureBoot variable"
							      : variable,
				   data.len);
	return probe_text(value, data.data[ATTRIBUTES] == 1 ? on : off);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	if (!root_exists(root, "/sys/firmware/efi"))
		return probe_not_applicable(value, "not started by UEFI firmware");
	if (str_equal(params->values[0], "owner_keys"))
		return tell_owner_keys(root, value);
	if (str_equal(params->values[0], "setup_mode"))
		return tell_switch(root, SETUP, "on", "off", value);
	return tell_switch(root, STATE, "enabled", "disabled", value);
}

const struct probe_ops probe_secure_boot = {"secure_boot", keys, PROBE_GIVES_TEXT, run};
