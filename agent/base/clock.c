/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts = {0};

	(void)clock_gettime(id, &ts); /* fails only for an unknown clock */
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t clock_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_boot_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_thread_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

const char *clock_format(int64_t unix_ns, char buf[static RFC3339_SIZE])
{
	time_t seconds = unix_ns / NSEC_PER_SEC;
	int64_t rest = unix_ns % NSEC_PER_SEC;
	char date[24];
	struct tm tm;

	if (rest < 0) {
		rest += NSEC_PER_SEC;
		seconds--;
	}
	if (!gmtime_r(&seconds, &tm) || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		memcpy(date, "0000-00-00T00:00:00", 20);
	(void)snprintf(buf, RFC3339_SIZE, "%s.%03dZ", date, (int)(rest / NSEC_PER_MSEC));
	return buf;
}

/* Digits after the point as nanoseconds; moves @text behind them. */
static int parse_fraction(const char **text, int64_t *ret_ns)
{
	int64_t ns = 0, unit = NSEC_PER_SEC;
	const char *p = *text;

	if (*p != '.')
		return 0;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		unit /= 10;
		if (unit == 0)
			return -EINVAL;
		ns += (*p - '0') * unit;
	}
	if (unit == NSEC_PER_SEC)
		return -EINVAL;
	*text = p;
	*ret_ns = ns;
	return 0;
}

/* "Z", "+HH:MM" or "-HH:MM", and nothing after it. */
static int parse_zone(const char *text, int64_t *ret_seconds)
{
	int hours, minutes;

	if (strcmp(text, "Z") == 0) {
		*ret_seconds = 0;
		return 0;
	}
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':' ||
	    strspn(text + 1, "0123456789") != 2 || strspn(text + 4, "0123456789") != 2)
		return -EINVAL;
	hours = (text[1] - '0') * 10 + text[2] - '0';
	minutes = (text[4] - '0') * 10 + text[5] - '0';
	if (hours > 23 || minutes > 59)
		return -EINVAL;
	*ret_seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
	return 0;
}

int clock_parse(const char *text, int64_t *ret_unix_ns)
{
	int64_t ns = 0, offset, seconds, result;
	struct tm tm = {0}, given;
	const char *rest;

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || parse_fraction(&rest, &ns) < 0 || parse_zone(rest, &offset) < 0)
		return -EINVAL;
	given = tm;
	seconds = timegm(&tm) - offset;
	if (tm.tm_mday != given.tm_mday) /* 30 February was moved to March */
		return -EINVAL;
	if (__builtin_mul_overflow(seconds, NSEC_PER_SEC, &result) ||
	    __builtin_add_overflow(result, ns, &result))
		return -EINVAL;
	*ret_unix_ns = result;
	return 0;
}
