/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found at a path: the attributes that a baseline approves.
 *
 * The same value serves the baseline (what was approved), the sensor (what is
 * there now) and verify. Strings are owned; file_fact_done() frees them.
 */
#ifndef PLUMBLINE_MODEL_FILE_FACT_H
#define PLUMBLINE_MODEL_FILE_FACT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "model/layer.h"

enum file_type {
	FILE_TYPE_NONE, /* nothing is there */
	FILE_TYPE_REGULAR,
	FILE_TYPE_DIRECTORY,
	FILE_TYPE_SYMLINK,
	FILE_TYPE_FIFO,
	FILE_TYPE_SOCKET,
	FILE_TYPE_CHAR_DEVICE,
	FILE_TYPE_BLOCK_DEVICE,
	FILE_TYPE_COUNT,
};

enum file_role {
	FILE_ROLE_DATA,
	FILE_ROLE_CONFIG,
	FILE_ROLE_SCRIPT,
	FILE_ROLE_LIBRARY,
	FILE_ROLE_MODULE,
	FILE_ROLE_EXECUTABLE,
	FILE_ROLE_IMAGE,
	FILE_ROLE_COUNT,
};

struct file_fact {
	char *path; /* absolute, normalized, raw bytes */
	enum file_type type;
	enum file_role role;
	bool has_digest; /* regular files that could be read */
	uint8_t sha256[SHA256_SIZE];
	uint64_t size; /* bytes; regular files only */
	uint32_t mode; /* permission bits, 07777 */
	uint32_t uid, gid;
	char *user, *group; /* NULL when the number has no name */
	char *capabilities; /* text as of cap_to_text(), NULL when none */
	char *xattrs; /* "name=hex" of security.* except capability, sorted, space-separated; NULL
		       */
	char *link_target; /* symlinks; raw bytes */
	char *package;	   /* owner in the package database; NULL when none */
	char *version;	   /* of that package */
	bool differs;	   /* baseline only: when it was made, the content was not what the package
			      shipped */
	bool attributes_differ; /* likewise: mode, owner, capabilities or link target */
	unsigned unstated; /* baseline only: FILE_DIFF_* of the fields that it says nothing about */
	enum layer layer;  /* baseline only: which one states it; LAYER_NONE otherwise */
};

void file_fact_done(struct file_fact *fact);
int file_fact_copy(const struct file_fact *from,
		   struct file_fact *to); /* @to is overwritten, not freed */
#define cleanup_file_fact cleanup_with(file_fact_done)

/* "regular", "directory", ...; and back (-EINVAL). */
const char *file_type_name(enum file_type type);
int file_type_parse(const char *name, enum file_type *ret_type);
enum file_type file_type_from_mode(mode_t mode);
const char *file_role_name(enum file_role role);
int file_role_parse(const char *name, enum file_role *ret_role);

/*
 * Role from path, mode and the first bytes of the file (@head, may be empty): ELF with an
 * interpreter or entry is executable or library, `#!` is script, .ko* is module, below /etc is
 * config, squashfs or AppImage is image.
 */
enum file_role file_role_guess(const char *path, uint32_t mode, const void *head, size_t head_len);

/* The same where nothing is known but a name and perhaps a mode (NULL: it is not): by the endings
 * of libraries, modules, scripts and images, then the x bit, then the folder. */
enum file_role file_role_guess_by_name(const char *path, const uint32_t *mode);

/* Bits that differ; what the engine and `verify` speak about. */
enum {
	FILE_DIFF_TYPE = 1 << 0,
	FILE_DIFF_CONTENT = 1 << 1, /* digest, or link target */
	FILE_DIFF_MODE = 1 << 2,
	FILE_DIFF_OWNER = 1 << 3,
	FILE_DIFF_CAPABILITIES = 1 << 4,
	FILE_DIFF_XATTRS = 1 << 5,
	FILE_DIFF_UNREADABLE = 1 << 6, /* regular, but no digest could be had now */
	/* Never a difference of its own, but a baseline may say nothing about it. */
	FILE_DIFF_SIZE = 1 << 7,
	FILE_DIFF_PACKAGE = 1 << 8, /* and version */
};
#define FILE_DIFF_ATTRIBUTES \
	(FILE_DIFF_MODE | FILE_DIFF_OWNER | FILE_DIFF_CAPABILITIES | FILE_DIFF_XATTRS)

/* A field that one of the two does not state is no difference. */
unsigned file_fact_diff(const struct file_fact *approved, const struct file_fact *now);

/*
 * The fields that an entry may leave unstated, in the order in which they are named; ends with a
 * NULL name. Its path, type, role, digest and link target are always stated.
 */
struct file_field {
	unsigned bit; /* FILE_DIFF_* */
	const char *name;
};
extern const struct file_field file_fields_unstated[];
#define FILE_FIELDS_UNSTATED (FILE_DIFF_ATTRIBUTES | FILE_DIFF_SIZE | FILE_DIFF_PACKAGE)

#endif
