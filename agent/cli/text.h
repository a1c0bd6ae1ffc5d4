/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing what came from a machine to a person's terminal: nothing of it may
 * move the cursor or hide other text.
 */
#ifndef PLUMBLINE_CLI_TEXT_H
#define PLUMBLINE_CLI_TEXT_H

#include <stdint.h>

#include "cli/change_packages.h"
#include "model/finding.h"
#include "report/change_sets.h"

/* @text with control characters and bytes outside UTF-8 escaped; "-" for NULL. */
void text_print(const char *text);
/* "2026-11-21 20:13:07 UTC"; "-" for 0. */
void text_print_time(int64_t unix_ns);
/* The steps of an incident, its clock and its hold, below the line of its finding. */
void text_print_incident(const struct incident *incident, int64_t now_ns);
/* A finding as a few lines. */
void text_print_finding(const struct finding *finding);
/* A change-set in its place; @look may be NULL. */
void text_print_change_set(const struct change_set *set, const struct change_packages *look);

#endif
