/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only as much DER as leads to the second time of Validity (RFC 5280, 4.1): Certificate, its
 * tbsCertificate, and there version, serialNumber, signature and issuer stepped over.
 */
#include "checks/certificate_time.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

#define BEGIN	"-----BEGIN CERTIFICATE-----"
#define BEGIN_2 "-----BEGIN TRUSTED CERTIFICATE-----"
#define END	"-----END "

#define DER_SEQUENCE	     0x30
#define DER_VERSION	     0xa0 /* [0], constructed */
#define DER_UTC_TIME	     0x17
#define DER_GENERALIZED_TIME 0x18

struct der {
	const uint8_t *data;
	size_t len;
};

/* Takes one element off @der: its tag, and its content. False when it does not fit. */
static bool next_element(struct der *der, uint8_t *ret_tag, struct der *ret_content)
{
	size_t len, head = 2;

	if (der->len < head)
		return false;
	len = der->data[1];
	if (len & 0x80) {
		size_t bytes = len & 0x7f;

		if (!bytes || bytes > 4 || der->len < head + bytes)
			return false;
		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | der->data[2 + i];
		head += bytes;
	}
	if (len > der->len - head)
		return false;
	*ret_tag = der->data[0];
	*ret_content = (struct der){der->data + head, len};
	der->data += head + len;
	der->len -= head + len;
	return true;
}

static bool enter(struct der *der, struct der *ret_content)
{
	uint8_t tag;

	return next_element(der, &tag, ret_content) && tag == DER_SEQUENCE;
}

/* "YYMMDDHHMMSSZ" (1950 to 2049) or "YYYYMMDDHHMMSSZ". */
static bool read_time(uint8_t tag, struct der text, int64_t *ret_s)
{
	size_t year_digits = tag == DER_UTC_TIME ? 2 : 4;
	int parts[6] = {0};
	struct tm tm = {0};

	if ((tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) || text.len != year_digits + 11 ||
	    text.data[text.len - 1] != 'Z')
		return false;
	for (size_t i = 0; i + 1 < text.len; i++) {
		size_t part = i < year_digits ? 0 : 1 + (i - year_digits) / 2;

		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		parts[part] = parts[part] * 10 + text.data[i] - '0';
	}
	if (tag == DER_UTC_TIME)
		parts[0] += parts[0] < 50 ? 2000 : 1900;
	if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 || parts[3] > 23 ||
	    parts[4] > 59 || parts[5] > 60)
		return false;
	tm.tm_year = parts[0] - 1900;
	tm.tm_mon = parts[1] - 1;
	tm.tm_mday = parts[2];
	tm.tm_hour = parts[3];
	tm.tm_min = parts[4];
	tm.tm_sec = parts[5];
	*ret_s = timegm(&tm);
	return true;
}

static int find_end(struct der der, int64_t *ret_end_s)
{
	struct der certificate, tbs, skipped, validity;
	uint8_t tag;

	if (!enter(&der, &certificate) || !enter(&certificate, &tbs) ||
	    !next_element(&tbs, &tag, &skipped))
		return -EBADMSG;
	/* The version is left out in version 1: then that was the serial number. */
	if (tag == DER_VERSION && !next_element(&tbs, &tag, &skipped))
		return -EBADMSG;
	/* The algorithm of the signature, then who issued it. */
	for (int i = 0; i < 2; i++)
		if (!enter(&tbs, &skipped))
			return -EBADMSG;
	if (!enter(&tbs, &validity))
		return -EBADMSG;
	/* When it begins, then when it ends. */
	for (int i = 0; i < 2; i++)
		if (!next_element(&validity, &tag, &skipped))
			return -EBADMSG;
	if (!read_time(tag, skipped, ret_end_s))
		return -EBADMSG;
	return 0;
}

/* The digit's value, -1 for what is passed over, -2 for what may not stand there. */
static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	if (found)
		return (int)(found - digits);
	return strchr(" \t\r\n=", c) ? -1 : -2;
}

/* @data needs room for 3/4 of @len. */
static int decode(const char *text, size_t len, uint8_t *data, size_t *ret_len)
{
	uint32_t bits = 0;
	unsigned count = 0;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);

		if (value == -2)
			return -EBADMSG;
		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			data[used++] = (uint8_t)(bits >> count);
		}
	}
	*ret_len = used;
	return 0;
}

static const char *find_begin(const char *text)
{
	const char *plain = strstr(text, BEGIN), *trusted = strstr(text, BEGIN_2);

	if (plain && (!trusted || plain < trusted))
		return plain + strlen(BEGIN);
	return trusted ? trusted + strlen(BEGIN_2) : NULL;
}

int certificate_next_end(const char **cursor, int64_t *ret_end_s)
{
	const char *begin = *cursor ? find_begin(*cursor) : NULL, *end;
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r;

	if (!begin)
		return 0;
	end = strstr(begin, END);
	if (!end)
		return -EBADMSG;
	*cursor = end + strlen(END);
	data = malloc((size_t)(end - begin) + 1);
	if (!data)
		return -ENOMEM;
	r = decode(begin, (size_t)(end - begin), data, &len);
	if (r == 0)
		r = find_end((struct der){data, len}, ret_end_s);
	return r < 0 ? r : 1;
}
