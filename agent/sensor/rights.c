/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "sensor/bpf_probe.h"

#define BIT(capability) (1ULL << (capability))

/* "CapEff:\t000001ffffffffff" */
uint64_t rights_capabilities(void)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	const char *line;

	if (fd_read_file(AT_FDCWD, "/proc/self/status", 16384, &sb) < 0)
		return 0;
	line = strstr(sb.data, "\nCapEff:");
	return line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

bool rights_may_load(uint64_t capabilities)
{
	const uint64_t both = BIT(CAP_BPF) | BIT(CAP_PERFMON);

	return (capabilities & both) == both || capabilities & BIT(CAP_SYS_ADMIN);
}

/* The first namespace maps all ids to themselves: "0 0 4294967295". */
bool rights_are_namespaced(void)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	unsigned long long map[3] = {0};
	char *at;

	if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", 4096, &sb) < 0 || sb.len == 0)
		return false;
	at = sb.data;
	for (int i = 0; i < 3; i++)
		map[i] = strtoull(at, &at, 10);
	return map[0] != 0 || map[1] != 0 || map[2] != UINT32_MAX;
}

bool rights_are_filtered(void)
{
	return rights_may_load(rights_capabilities()) && !rights_are_namespaced() &&
	       bpf_probe_is_call_refused();
}

bool rights_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

void rights_explain(int error, struct strbuf *out)
{
	bool is_refusal = error == -EPERM || error == -EACCES;

	if (error == -ENOSYS)
		strbuf_add_str(out, "there is no bpf() here: the kernel was built without "
				    "CONFIG_BPF_SYSCALL, or a filter of system calls hides it");
	else if (is_refusal && !rights_may_load(rights_capabilities()))
		strbuf_printf(out, "the kernel refused it (%s): it needs CAP_BPF and CAP_PERFMON",
			      strerror(-error));
	else if (is_refusal && rights_are_namespaced())
		strbuf_printf(out,
			      "the kernel refused it (%s): the capabilities of a user namespace "
			      "do not count for it",
			      strerror(-error));
	else if (is_refusal && rights_are_filtered())
		strbuf_printf(out,
			      "each call of bpf() is refused (%s) though CAP_BPF and CAP_PERFMON "
			      "are there: a filter of system calls of this container or service "
			      "forbids it",
			      strerror(-error));
	else if (!rights_has_btf())
		strbuf_add_str(out, "the kernel does not describe its types (BTF): it was built "
				    "without CONFIG_DEBUG_INFO_BTF");
	else
		strbuf_printf(out, "the kernel refused it (%s)", strerror(-error));
}
