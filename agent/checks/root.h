/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading below a root folder: the running system or a made-up tree.
 *
 * Every path is resolved inside the root, symlinks included, so that a hostile tree cannot lead
 * out of it. Nothing here waits: fifos and devices are refused, sizes are bounded.
 */
#ifndef PLUMBLINE_CHECKS_ROOT_H
#define PLUMBLINE_CHECKS_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "checks/kept.h"
#include "checks/looked.h"

/* Bounds of what one check reads; a file beyond them is an error, never cut in silence. */
#define ROOT_MAX_CONFIG_BYTES (1024 * 1024)
#define ROOT_MAX_TABLE_BYTES  (32 * 1024 * 1024)
#define ROOT_MAX_ENTRIES      16384

struct inventory;
struct kernel_dump;

struct root {
	int fd;
	const char *state_dir,
		*run_dir;  /* the agent's own folders, for checks on itself; borrowed */
	struct kept *kept; /* by the checks of one run; NULL: nobody keeps anything. Borrowed */
	const struct inventory *inventory; /* of a walk; NULL: nobody walked. Borrowed */
	const struct kernel_dump *dump;	   /* of the running system; NULL: nobody asked. Borrowed */
	struct looked *looked;		   /* gets all paths that are looked at; NULL: nobody asks.
					      Borrowed */
	bool is_live;			   /* "/" itself: what is below is the running system */
	bool use_openat2; /* cleared at the first ENOSYS (kernel before 5.6, or a seccomp filter) */
};

#define ROOT_INIT ((struct root){.fd = -1})

/* @path is a folder. 0 or negative errno. */
int root_open(const char *path, struct root *ret_root);
void root_done(struct root *root);
#define cleanup_root cleanup_with(root_done)

/*
 * Opens @path inside the root with @flags (O_CLOEXEC, O_NONBLOCK and O_NOCTTY are added). Returns
 * the fd or negative errno; -ELOOP for symlinks that go in circles and for magic links of /proc.
 */
int root_open_path(const struct root *root, const char *path, int flags);

/* For who looks at @path by other ways than these functions, or knows already what is there. */
void root_note_look(const struct root *root, enum looked_how how, const char *path);

/*
 * Appends the whole regular file to @sb. -EINVAL when it is no regular file, -EFBIG beyond @max,
 * -EBADMSG when it holds NUL bytes, or another negative errno.
 */
int root_read_text(const struct root *root, const char *path, size_t max, struct strbuf *sb);
/* The same, NUL bytes allowed. */
int root_read_bytes(const struct root *root, const char *path, size_t max, struct strbuf *sb);

/*
 * Calls @fn for each line (as text_next_line()) of what is long, or dear to make: no more of it is
 * in memory, or asked for, than a portion of @portion bytes and the line that began before it. A
 * return of @fn other than 0 ends it: negative errno, or 1 for no error. As root_read_text()
 * besides, beyond ROOT_MAX_TABLE_BYTES -EFBIG.
 *
 * A table that the kernel makes line by line is to be read in ROOT_KERNEL_PORTION. A read that
 * gives less than that is its end, and the kernel is not asked again: it cuts a read short for want
 * of room only, where the next line would not fit into a buffer of a page or more (fs/seq_file.c).
 */
#define ROOT_MAX_PORTION    16384
#define ROOT_KERNEL_PORTION 2048
typedef int (*root_line_fn)(char *line, void *userdata);
int root_read_lines(const struct root *root, const char *path, size_t portion, root_line_fn fn,
		    void *userdata);

int root_stat(const struct root *root, const char *path, struct stat *ret_stat); /* follows */
/* Also what cannot be looked at is there: whoever reads it then has the reason. */
bool root_exists(const struct root *root, const char *path);

/* What an earlier check read of @path, and notes the look; NULL: it is to be read. */
const struct kept_item *root_find_kept(const struct root *root, enum kept_what what,
				       const char *path);

/* The link's own text; -EINVAL when @path is no symlink. */
int root_read_link(const struct root *root, const char *path, char *buf, size_t size);

/*
 * Calls @fn for each path that matches @pattern (wildcards of fnmatch in any component; none: the
 * path itself if it is there), ordered by name. A negative return of @fn ends the walk with it.
 * -E2BIG beyond ROOT_MAX_ENTRIES names in one folder.
 */
typedef int (*root_glob_fn)(const char *path, void *userdata);
int root_glob(const struct root *root, const char *pattern, root_glob_fn fn, void *userdata);

/* What a negative errno of these functions means, for a person. */
const char *root_reason(int r);

#endif
