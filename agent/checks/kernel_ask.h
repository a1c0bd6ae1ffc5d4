/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the running kernel: by netlink for one dump of the firewall's rules and one of
 * the audit subsystem, by socket option for the rules of legacy iptables. It changes nothing, loads
 * no kernel module, reads nothing of what it gets but where an answer ends, and waits at most 2 s
 * for each.
 */
#ifndef PLUMBLINE_CHECKS_KERNEL_ASK_H
#define PLUMBLINE_CHECKS_KERNEL_ASK_H

#include "checks/kernel_dump.h"

/* What must be opened with more privilege than asking takes. */
struct kernel_ask {
	int fds[KERNEL_PART_COUNT]; /* negative errno where there is none */
	bool has_nftables;	    /* else there are no rules, and asking would load the module */
	int jit_result;		    /* 0: @jit_harden is the setting; else negative errno */
	char jit_harden[32];
	uint32_t sequence;
};

/*
 * Whether the kernel that runs below @root ("/") may be asked for its rules. A request for a
 * subsystem that is not there makes the kernel load its module, and a check must not widen what a
 * kernel has loaded; where nothing can be loaded, asking is harmless.
 */
bool kernel_has_nftables(const struct root *root);

/* Opens the sockets, and the one setting that is a file. What is not to be had is remembered for
 * kernel_ask_part(). */
void kernel_ask_open(struct kernel_ask *ask);
void kernel_ask_close(struct kernel_ask *ask);

/* Asks for @part. Appends the answer to @bytes and returns 0, or negative errno. What this kernel
 * does not have at all is an empty answer. */
int kernel_ask_part(struct kernel_ask *ask, enum kernel_part part, struct strbuf *bytes);

/* All of it in this process, for the parts in @wanted (bits). */
void kernel_ask_all(unsigned wanted, struct kernel_dump *dump);

#endif
