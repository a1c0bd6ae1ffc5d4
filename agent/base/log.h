/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on standard error, as `PRIORITY program: text`.
 *
 * Control characters and bytes outside UTF-8 are escaped here, so callers may
 * pass paths and command names as they came. Only daemon/, cli/ and
 * collectors/main.c log above debug level: other modules return an error and
 * the caller logs it once.
 */
#ifndef PLUMBLINE_BASE_LOG_H
#define PLUMBLINE_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3, /* the numbers of syslog, which systemd reads from the prefix */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Names the program in every line, by 31 bytes of @name at most. Under systemd (JOURNAL_STREAM set)
 * lines start with `<N>` and carry no time; else with a UTC time. */
void log_init(const char *name, enum log_level level);
void log_set_level(enum log_level level);

/*
 * Each logs printf-style text followed by ": " and the text of the error @r (negative errno; 0
 * leaves it out), and returns @r, so that `return log_error(r, "cannot open %s", path);` is one
 * line.
 */
int log_error(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));
int log_warning(int r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
