/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of what `rpm -qa --qf RPM_TEXT_FORMAT` prints: one record per line, of
 *
 *   P 'name' epoch 'version' 'release' 'arch' digest-algorithm files
 *   F 'path' mode flags verify state 'digest' 'user' 'group' 'target' 'capabilities'
 *   E
 *
 * P once, F once per file, E. Texts are quoted as rpm's :shescape does it: any byte stands for
 * itself but the quote, which is written '\''. So no file name, whatever it holds, can end its
 * field or its record. What the database does not have is (none) without quotes.
 */
#ifndef PLUMBLINE_BASELINE_RPM_TEXT_H
#define PLUMBLINE_BASELINE_RPM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Tags and formats that rpm has had since 4.12. */
#define RPM_TEXT_FORMAT                                                                         \
	"P %{NAME:shescape} %{EPOCHNUM} %{VERSION:shescape} %{RELEASE:shescape} "               \
	"%{ARCH:shescape} %{FILEDIGESTALGO} "                                                   \
	"%|FILENAMES?{%{FILENAMES:arraysize}}:{0}|\n"                                           \
	"%|FILENAMES?{%|FILECAPS?{[" RPM_TEXT_FILE " %{FILECAPS:shescape}\n]}:{[" RPM_TEXT_FILE \
	" (none)\n]}|}|E\n"
#define RPM_TEXT_FILE                                                                 \
	"F %{FILENAMES:shescape} %{FILEMODES:octal} %{FILEFLAGS} %{FILEVERIFYFLAGS} " \
	"%{FILESTATES} %{FILEDIGESTS:shescape} "                                      \
	"%{FILEUSERNAME:shescape} %{FILEGROUPNAME:shescape} "                         \
	"%{FILELINKTOS:shescape}"

enum {
	RPM_FILE_CONFIG = 1 << 0,
	RPM_FILE_GHOST = 1 << 6, /* not in the package; made later by its programs */

	RPM_VERIFY_DIGEST = 1 << 0,
	RPM_VERIFY_TARGET = 1 << 2,
	RPM_VERIFY_USER = 1 << 3,
	RPM_VERIFY_GROUP = 1 << 4,
	RPM_VERIFY_MODE = 1 << 6,
	RPM_VERIFY_CAPABILITIES = 1 << 8,
};

/* Texts live as long as the call that gets them; "" where the database has none. */
struct rpm_package {
	const char *name, *version, *release, *arch;
	uint64_t epoch;
	uint64_t digest_algorithm; /* as OpenPGP numbers them; 0: MD5, of old packages */
};

struct rpm_file {
	const char *path, *digest, *user, *group, *target, *capabilities;
	uint16_t mode;
	uint32_t flags;	   /* RPM_FILE_* */
	uint32_t verify;   /* RPM_VERIFY_*: what the package wants to be compared */
	bool is_installed; /* not left out, and not replaced by another package's */
};

struct rpm_text_sink {
	/* 0, or negative errno, which ends the reading. */
	int (*on_package)(const struct rpm_package *package, void *userdata);
	int (*on_file)(const struct rpm_file *file, void *userdata); /* of the package before */
	void *userdata;
};

struct rpm_text;

int rpm_text_new(const struct rpm_text_sink *sink, struct rpm_text **ret_text);
struct rpm_text *rpm_text_free(struct rpm_text *text);
DEFINE_CLEANUP(struct rpm_text *, rpm_text_free)

/* Takes the next bytes, cut anywhere. 0, -EBADMSG for what rpm would not print, or the sink's
 * error; no more may be given after an error. */
int rpm_text_add(struct rpm_text *text, const void *data, size_t len);
/* Whether the last package was ended: 0 or -EBADMSG. */
int rpm_text_finish(const struct rpm_text *text);

/* Number of the record at work, from 1. */
uint64_t rpm_text_record(const struct rpm_text *text);

#endif
