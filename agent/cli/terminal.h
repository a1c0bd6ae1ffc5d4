/* SPDX-License-Identifier: Apache-2.0 */
/* A question to the person at the terminal whose answer nobody may see. */
#ifndef PLUMBLINE_CLI_TERMINAL_H
#define PLUMBLINE_CLI_TERMINAL_H

#include <stddef.h>

/*
 * Asks for the secret of @what on the terminal of this process, whatever standard input is, and
 * shows nothing of the answer. -ENOTTY without a terminal, -ECANCELED after ^C or ^D, -ETIMEDOUT
 * after five minutes, -E2BIG.
 */
int terminal_ask_secret(const char *what, char *buf, size_t size);

#endif
