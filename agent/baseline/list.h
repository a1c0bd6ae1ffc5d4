/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of files with their digests, as vendors deliver them: sha256sum,
 * BSD mtree, CycloneDX.
 *
 * One parser per form; each gives an entry for what the list says of a path,
 * and names what it leaves out. Nobody vouches for the bytes: a parser holds no
 * more than one line or component, and a path that leads elsewhere than it
 * looks is refused. What is approved is for people to say, not for the list.
 */
#ifndef PLUMBLINE_BASELINE_LIST_H
#define PLUMBLINE_BASELINE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "model/file_fact.h"

#define LIST_LINE_MAX  ((size_t)65536)
#define LIST_BYTES_MAX ((uint64_t)2 << 30)

struct list_input; /* bytes and the number of the line */

/* From @fd (borrowed), or from @len bytes of @data (borrowed) where @fd is -1. */
int list_input_new(int fd, const void *data, size_t len, struct list_input **ret_input);
struct list_input *list_input_free(struct list_input *input);
DEFINE_CLEANUP(struct list_input *, list_input_free)
/* The next byte, or -1 at the end and after an error. */
int list_input_get(struct list_input *input);
/* 0, or why the input ended early: -EFBIG, -EIO etc. */
int list_input_error(const struct list_input *input);
unsigned list_input_line(const struct list_input *input);
/* Of all bytes, once they were read. */
int list_input_digest(struct list_input *input, uint8_t digest[static SHA256_SIZE]);

/* Where in the list something stands, for people: the line, and in JSON which component. */
struct list_place {
	unsigned line;
	char component[128]; /* "" where the form has none */
};

struct list {
	struct list_input *input;
	const char *name;   /* of the file, in messages */
	const char *prefix; /* goes before relative paths, normalized; NULL: they are refused */
	struct list_place place;

	/* The entry is the caller's: copy or serialize it. Its role was guessed unless stated. */
	int (*on_entry)(const struct file_fact *entry, const struct list_place *place,
			void *userdata);
	/* A file that the list names without what an entry needs; @path as the list has it. */
	int (*on_left_out)(const char *path, const char *why, const struct list_place *place,
			   void *userdata);
	/* A keyword that says nothing that an entry can hold. */
	int (*on_ignored)(const char *keyword, void *userdata);
	void *userdata;
	struct diag *diag;
};

/* 0, -EBADMSG with the list's diag filled, or another negative errno. */
typedef int (*list_read_fn)(struct list *list);
int list_read_sha256sum(struct list *list);
int list_read_mtree(struct list *list);
int list_read_cyclonedx(struct list *list);

/* For parsers. */

/* Fills the diag with the place; returns -EBADMSG. */
int list_refuse(struct list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line without its end (LF or CR LF) into @line: 1, 0 at the end of the input, or negative errno
 * with the diag filled. Sets the place. */
int list_read_line(struct list *list, struct strbuf *line);

/* The absolute path that @len bytes at @raw stand for. Empty ones, a NUL, a ".." and relative ones
 * without prefix are refused. */
int list_make_path(struct list *list, const char *raw, size_t len, char **ret_path);

/* Guesses the role where @is_guess, and gives the entry on. */
int list_give_entry(struct list *list, struct file_fact *entry, bool is_guess);
int list_leave_out(struct list *list, const char *path, const char *why);

/* 64 hex digits of either case into @entry. -EINVAL. */
int list_take_digest(const char *text, size_t len, struct file_fact *entry);

#endif
