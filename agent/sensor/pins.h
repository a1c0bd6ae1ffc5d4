/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel objects that outlive this process: links and maps in a folder of a
 * bpffs, so that the programs go on while no agent runs.
 *
 * DIR/set-ABI-N/ holds what one sensor made: `link-PROGRAM`, `map-NAME`. ABI is
 * the form of its records (EV_ABI), N counts. Who unlinks a set detaches it,
 * once no process has it open any more.
 */
#ifndef PLUMBLINE_SENSOR_PINS_H
#define PLUMBLINE_SENSOR_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

#define PINS_MAX_SETS  8
#define PINS_NAME_SIZE 64

struct pins;

/* Makes @dir when it is missing. -EBUSY when another sensor has it, -EMEDIUMTYPE when it is on no
 * bpffs, -EPERM when others may write there. */
int pins_open(const char *dir, struct pins **ret_pins);
/* What was pinned stays. */
struct pins *pins_close(struct pins *pins);
DEFINE_CLEANUP(struct pins *, pins_close)

/* A set of its own for this process. */
int pins_begin(struct pins *pins);
/* Its name; "" before pins_begin(). */
const char *pins_set(const struct pins *pins);
/* Pins @fd, a link or a map, as @kind-@name in the own set. */
int pins_put(struct pins *pins, const char *kind, const char *name, int fd);
/* Takes the own set away again. */
void pins_abandon(struct pins *pins);

/* What earlier sensors left, oldest first, @index from 0; NULL past the last. */
const char *pins_earlier(const struct pins *pins, size_t index);
/* The form of the records of such a set. */
unsigned pins_abi(const char *set);
/* Opens an object of @set; negative errno. */
int pins_get(const struct pins *pins, const char *set, const char *kind, const char *name);
bool pins_has(const struct pins *pins, const char *set, const char *kind, const char *name);
/* Takes away all that earlier sensors left. */
void pins_drop_earlier(struct pins *pins);

#endif
