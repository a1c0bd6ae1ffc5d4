/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host layer may not state without the site layer's leave: anything that
 * runs, and what would let something else run in an approved place.
 *
 * Who signs host layers is trusted with settings and data of one machine, not with
 * its software. A statement can lie about a role; what it claims is judged here,
 * and what the file turns out to be by host_rule_is_lie().
 */
#ifndef PLUMBLINE_BASELINE_HOST_RULE_H
#define PLUMBLINE_BASELINE_HOST_RULE_H

#include "model/file_fact.h"

/* Whether @role is that of something that runs: program, library, script, module, image. */
bool host_rule_runs(enum file_role role);

/*
 * Why a host layer may not state @entry over @below, what the layers below state at this path
 * (NULL: nothing), as words that follow "the host layer "; NULL when it may.
 */
const char *host_rule_objection(const struct file_fact *entry, const struct file_fact *below);

/* Whether @entry is of a host layer that called it plain data, and @now at that path or of that
 * content is something that runs. */
bool host_rule_is_lie(const struct file_fact *entry, const struct file_fact *now);

#endif
