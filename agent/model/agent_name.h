/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a host in records and at the collector.
 */
#ifndef PLUMBLINE_MODEL_AGENT_NAME_H
#define PLUMBLINE_MODEL_AGENT_NAME_H

#include <stdbool.h>

#define AGENT_NAME_SIZE 128

/* 1 to 127 letters, digits, '.', '_' and '-': it stands in certificates, addresses and file names.
 */
bool agent_name_is_valid(const char *name);

#endif
