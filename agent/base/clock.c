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

int clock_parse(const char *text, int64_t *ret_unix_ns)
{
	int hours, minutes, used = 0;
	int64_t ns = 0, offset = 0;
	struct tm tm = {0};
	const char *rest;

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || parse_fraction(&rest, &ns) < 0)
		return -EINVAL;
	if ((*rest == '+' || *rest == '-') && strlen(rest) == 6 &&
	    sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &used) == 2 && used == 5)
		offset = (hours * 3600 + minutes * 60) * (*rest == '-' ? -1 : 1);
	else if (strcmp(rest, "Z") != 0)
		return -EINVAL;
	*ret_unix_ns = (timegm(&tm) - offset) * NSEC_PER_SEC + ns;
	return 0;
}
