/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines and words of a PAM service file, cut as libpam does it, and where a stack goes on behind a
 * line. What else the words mean is not known here.
 */
#ifndef PLUMBLINE_CHECKS_PAM_LINE_H
#define PLUMBLINE_CHECKS_PAM_LINE_H

#include <stdint.h>

/*
 * Finds the next line that says something, in place, with what a backslash joins to it. *@cursor
 * starts at the text (NULL allowed). Returns 1 and sets @ret_line, 0 at the end, or -EBADMSG when
 * the file ends where a line was to go on: libpam then refuses the whole service.
 */
int pam_line_next(char **cursor, char **ret_line);

/*
 * The next word by blanks, in place, or what [] hold where a word begins with one; NULL at the end,
 * and where a bracket is never closed.
 */
char *pam_word_next(char **rest);

/*
 * Where a stack may go on behind a line with @control, as its module answers: bit 0 for the next
 * line, bit 1 for the one behind it...; none where the stack always ends. What pam_permit and
 * pam_deny (@module, without .so) answer is known. Cuts @control up.
 */
uint64_t pam_control_next(char *control, const char *module);

#endif
