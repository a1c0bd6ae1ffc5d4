/* SPDX-License-Identifier: Apache-2.0 */
/* Sub-verbs of `plumbline baseline`, and what they share. argv[0] is the sub-verb. */
#ifndef PLUMBLINE_CLI_BASELINE_VERBS_H
#define PLUMBLINE_CLI_BASELINE_VERBS_H

#include "base/diag.h"
#include "baseline/baseline.h"

int baseline_create(int argc, char **argv);
int baseline_sign(int argc, char **argv);
int baseline_request_approval(int argc, char **argv);
int baseline_attach(int argc, char **argv);
int baseline_show(int argc, char **argv);
int baseline_verify(int argc, char **argv);
int baseline_diff_verb(int argc, char **argv);
int baseline_explain(int argc, char **argv);
int baseline_export_verb(int argc, char **argv);
int baseline_propose(int argc, char **argv);
int baseline_import_verb(int argc, char **argv);
int baseline_load(int argc, char **argv);
int baseline_unload(int argc, char **argv);

/* Opens and checks the file at @path. */
int baseline_open_path(const char *path, struct baseline **ret_baseline, struct diag *diag);

/* The whole small file as text (@max bytes at most, no NUL within); -EINVAL etc. with @diag. */
int read_small_file(const char *path, char **ret_text, struct diag *diag);

struct signature_key;

/* A signer's key or certificate: a PEM file, or a PKCS #11 URI. Pass phrase and PIN are asked for
 * on the terminal. Negative errno with @diag. */
int baseline_open_key(const char *where, struct signature_key **ret_key, struct diag *diag);
int baseline_open_certificate(const char *where, char **ret_pem, struct diag *diag);

/* Replaces an allocated text by a copy of @text. */
int baseline_set_text(char **field, const char *text);

/* Who, where and when: the user (before sudo), the host, and now. A claim; the approvals are what
 * counts. */
int baseline_set_maker(struct baseline_statement *statement);

/* Names the revision before, and takes the next number unless there is a higher one. NULL: there
 * was none before. */
int baseline_follow_previous(struct baseline_statement *statement, const char *file,
			     struct diag *diag);

/* Prints @diag, or the error @r where it is empty; returns EXIT_ERROR. */
int fail_with(int r, const struct diag *diag);
/* Prints printf-style text about wrong usage and names --help; returns EXIT_ERROR. */
int fail_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
