/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several baseline files as one effective baseline: at most one file for each
 * layer; of what they state about a path the highest layer wins.
 *
 * The files are read as streams side by side, so memory does not grow with them.
 * An entry of type "none" takes back what layers below state: the effective
 * baseline does not have the path. Signatures are not looked at here.
 */
#ifndef PLUMBLINE_BASELINE_LAYERS_H
#define PLUMBLINE_BASELINE_LAYERS_H

#include "baseline/baseline.h"

struct layers;

int layers_new(struct layers **ret_layers);
struct layers *layers_free(struct layers *layers); /* closes the files */
DEFINE_CLEANUP(struct layers *, layers_free)

/* From here on a host layer may state what it likes: to look at files, never to put them in force.
 */
void layers_trust_host(struct layers *layers);

/* Takes @baseline over, also on failure. -EEXIST with @diag when its layer is there. */
int layers_add(struct layers *layers, struct baseline *baseline, struct diag *diag);

/* NULL when there is no file of this layer. Its position is that of layers_next(). */
struct baseline *layers_get(const struct layers *layers, enum layer layer);
/* Gives the file back to the caller; NULL when there is none. */
struct baseline *layers_release(struct layers *layers, enum layer layer);
unsigned layers_count(const struct layers *layers);

/*
 * After the last layers_add(), before what follows: makes rules and digest. -EPERM with @diag when
 * a layer may not say what its rules say, -EMSGSIZE when all rules together are too long, -ENODATA
 * when there is no layer.
 */
int layers_combine(struct layers *layers, struct diag *diag);

/*
 * Digest of the effective baseline (hex). Of one file: that of its statement. Of several: SHA-256
 * over one line "LAYER STATEMENT_DIGEST\n" for each, the lowest first.
 */
const char *layers_digest(const struct layers *layers);
const struct baseline_rules *layers_rules(const struct layers *layers);
/* As rules.ini; of one file its own text. */
const char *layers_rules_text(const struct layers *layers, size_t *ret_len);
/* No effective baseline of these files has more. */
uint64_t layers_max_entries(const struct layers *layers);

/*
 * Effective entries in order of their paths, each with its layer. 1 with @ret_entry filled (the
 * caller's), 0 at the end, or with @diag -EBADMSG when a file is not good and -EPERM when the host
 * layer states what it may not.
 */
int layers_next(struct layers *layers, struct file_fact *ret_entry, struct diag *diag);
int layers_rewind(struct layers *layers);

/* Reads all once, to find what layers_next() would refuse; ends in a rewind. */
int layers_check(struct layers *layers, uint64_t *ret_entries, struct diag *diag);

#endif
