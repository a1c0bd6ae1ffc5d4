/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines on standard error; the level and the name are the program's only mutable globals. */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"

static char log_name[32] = "plumbline";
static enum log_level log_max = LOG_LEVEL_INFO;
static bool log_is_journal;

void log_init(const char *name, enum log_level level)
{
	snprintf(log_name, sizeof(log_name), "%s", name);
	log_max = level;
	log_is_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level level)
{
	log_max = level;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_NOTICE:
		return "notice";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "error";
}

/* One write per line, so that lines of several processes do not mix. */
static __attribute__((format(printf, 3, 0))) void write_line(enum log_level level, int r,
							     const char *format, va_list args)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	char text[2048], stamp[RFC3339_SIZE];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		return;

	if (log_is_journal)
		strbuf_printf(&line, "<%d>%s: ", (int)level, log_name);
	else
		strbuf_printf(&line, "%s %s %s: ", clock_format(clock_real_ns(), stamp),
			      level_name(level), log_name);
	str_escape(&line, text, strlen(text));
	if (r < 0)
		strbuf_printf(&line, ": %s", strerror(-r));
	strbuf_add_char(&line, '\n');
	if (strbuf_check(&line) == 0)
		(void)fd_write_all(STDERR_FILENO, line.data, line.len);
}

#define LOG_AT(level, r)                                 \
	do {                                             \
		va_list args_;                           \
		if ((level) > log_max)                   \
			break;                           \
		va_start(args_, format);                 \
		write_line((level), (r), format, args_); \
		va_end(args_);                           \
	} while (0)

int log_error(int r, const char *format, ...)
{
	LOG_AT(LOG_LEVEL_ERROR, r);
	return r;
}

int log_warning(int r, const char *format, ...)
{
	LOG_AT(LOG_LEVEL_WARNING, r);
	return r;
}

void log_notice(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_NOTICE, 0);
}

void log_info(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_INFO, 0);
}

void log_debug(const char *format, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG, 0);
}
