/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INI files through inih: a table of known keys, or a visitor for files whose
 * sections are data. Unknown keys, repeated keys and a comment behind a value
 * are errors with file:line.
 */
#ifndef PLUMBLINE_BASE_INI_H
#define PLUMBLINE_BASE_INI_H

#include <stddef.h>

#include "base/diag.h"

/* Parses @text into the object's field at @field. Fills only diag->text through @reterr on error.
 */
typedef int (*ini_parse_fn)(const char *text, void *field, struct diag *diag);

struct ini_key {
	const char *section;
	const char *key;
	ini_parse_fn parse;
	size_t offset; /* of the field within the object */
};

/* The table ends with a NULL section. Returns 0, -ENOENT, -EINVAL with @diag filled, or another
 * negative errno. */
int ini_load(const char *path, const struct ini_key *table, void *object, struct diag *diag);

/* Called once per key in file order; @key NULL announces a new section. Values are trimmed; a
 * continuation line (indented) is joined by one newline. */
typedef int (*ini_visit_fn)(const char *section, const char *key, const char *value, unsigned line,
			    void *userdata, struct diag *diag);
int ini_visit(const char *path, ini_visit_fn fn, void *userdata, struct diag *diag);
/* The same over bytes in memory; @name stands for the file in messages. */
int ini_visit_buffer(const char *name, const char *data, size_t len, ini_visit_fn fn,
		     void *userdata, struct diag *diag);

/* Field parsers for tables. Strings are allocated and replace (free) the old value. */
int ini_field_string(const char *text, void *field, struct diag *diag); /* char * */
int ini_field_path(const char *text, void *field, struct diag *diag);	/* char *, absolute */
int ini_field_bool(const char *text, void *field, struct diag *diag); /* bool: yes/no/true/false */
int ini_field_u64(const char *text, void *field, struct diag *diag);  /* uint64_t */
int ini_field_seconds(const char *text, void *field,
		      struct diag *diag); /* uint64_t s: 30, 5m, 2h, 7d */
int ini_field_list(const char *text, void *field,
		   struct diag *diag); /* char **, NULL-ended; white space splits */

char **strv_free(char **list);
/* Appends a copy of @text to *@list (NULL: a new list). 0 or -ENOMEM. */
int strv_append(char ***list, const char *text);

#endif
