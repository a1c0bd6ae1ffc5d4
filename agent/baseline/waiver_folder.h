/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of signed files of waivers (baseline/waiver_file.h): what agent and
 * collector load by themselves.
 *
 * One bad file takes none of the others with it. It counts for nothing, and why
 * stays to be told wherever waivers are counted.
 */
#ifndef PLUMBLINE_BASELINE_WAIVER_FOLDER_H
#define PLUMBLINE_BASELINE_WAIVER_FOLDER_H

#include "base/diag.h"
#include "model/waiver.h"

struct waiver_folder {
	struct waiver_list list;
	char **refused; /* "FILE:LINE: why", by name of file, as a screen may show it */
	size_t refused_count;
};

/*
 * Adds the waivers of each *.ini of @dir that is signed against the PEM file @ca_path. No such
 * folder, or an empty one, is none; one that cannot be read is told as refused. -ENOMEM alone.
 */
int waiver_folder_read(const char *dir, const char *ca_path, struct waiver_folder *folder);
/* The same for one file that somebody named: what is wrong with it is the error, in @diag. */
int waiver_folder_add(const char *path, const char *ca_path, struct waiver_folder *folder,
		      struct diag *diag);
void waiver_folder_done(struct waiver_folder *folder);
#define cleanup_waiver_folder cleanup_with(waiver_folder_done)

#endif
