/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines and words of a PAM service file, cut as libpam does it. What the words mean is not known
 * here.
 */
#ifndef PLUMBLINE_CHECKS_PAM_LINE_H
#define PLUMBLINE_CHECKS_PAM_LINE_H

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

#endif
