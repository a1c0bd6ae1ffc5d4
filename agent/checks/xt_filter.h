/* SPDX-License-Identifier: Apache-2.0 */
/* The filter table of legacy iptables below a root: whether it is there, and what its chains do. */
#ifndef PLUMBLINE_CHECKS_XT_FILTER_H
#define PLUMBLINE_CHECKS_XT_FILTER_H

#include "checks/probe.h"
#include "checks/xt_table.h"

/* Bits of the parts of a kernel dump that it reads. */
#define XT_FILTER_ASKS (1u << KERNEL_IPTABLES | 1u << KERNEL_IP6TABLES)

/*
 * 1 with @ret_chain; 0 when there is no such table of @family, or no chain at @hook; -EPERM when
 * only its presence is known, which @value says as an error; or -ENOMEM.
 */
int xt_filter_chain(const struct root *root, uint8_t family, uint32_t hook,
		    struct probe_value *value, struct xt_chain *ret_chain);

#endif
