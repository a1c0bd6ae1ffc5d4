/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one sensor hands on to the next, so that the kernel's verdicts do not
 * begin anew with it: maps of what was found in files, of the decisions in
 * force, and of the switch.
 *
 * Both sets of programs use the same maps while both are there: they judge alike at each moment, a
 * write voids for both, and the older set can go at any time. Maps of another form (EV_ABI, sizes)
 * are not taken; then the kernel denies nothing until the new sensor has warmed.
 */
#ifndef PLUMBLINE_SENSOR_CARRY_H
#define PLUMBLINE_SENSOR_CARRY_H

#include "base/cleanup.h"
#include "sensor/pins.h"

#define CARRY_MAPS 7

struct bpf_object;

struct carry {
	int fds[CARRY_MAPS]; /* -1: none */
};

/* Nothing yet, which carry_done() bears. */
void carry_init(struct carry *carry);
void carry_done(struct carry *carry);
#define cleanup_carry cleanup_with(carry_done)

/*
 * Opens the maps of the newest earlier set in @pins. -ENOENT when no set has them all, with the
 * programs that kept them true; @carry then stays as it was.
 */
int carry_open(const struct pins *pins, struct carry *carry);
/* Makes @object, which is not loaded yet, use them. -EMEDIUMTYPE when one does not fit. */
int carry_use(const struct carry *carry, struct bpf_object *object);
/* Puts the maps of @object, which is loaded, into the own set of @pins. */
int carry_put(const struct bpf_object *object, struct pins *pins);

#endif
