/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/self/mountinfo and of fstab. Pure: cuts up text that the caller owns. */
#ifndef PLUMBLINE_CHECKS_MOUNTINFO_H
#define PLUMBLINE_CHECKS_MOUNTINFO_H

#include <stdbool.h>

#define MOUNTINFO "/proc/self/mountinfo"

struct mount_line {
	char *device;		    /* "253:0" */
	char *point;		    /* with \040 and the like resolved */
	char *options, *fs_options; /* of the mount, of the file system; comma lists */
	char *type, *source;
};

/* Whether @line (cut up in place) is one of mountinfo. */
bool mountinfo_parse(char *line, struct mount_line *ret_mount);

/* \040 and the like, in place. */
void mountinfo_decode(char *text);

/* Whether the comma list @options names @option, with or without a value. */
bool mount_has_option(const char *options, const char *option);

#endif
