/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Layout of POSIX.1-1988 ustar. */
struct ustar {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char typeflag;
	char linkname[100];
	char magic[8]; /* "ustar", NUL, and the version "00" */
	char uname[32];
	char gname[32];
	char devmajor[8];
	char devminor[8];
	char prefix[155];
	char padding[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

/* Member names are relative, of plain characters, and have no empty or dotted component. */
static int check_name(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	for (const char *part = name;; part++) {
		size_t len = strspn(part, plain);

		if (len == 0 || *part == '.')
			return -EINVAL;
		part += len;
		if (*part == '\0')
			return 0;
		if (*part != '/')
			return -EINVAL;
	}
}

static unsigned sum_bytes(const struct ustar *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	return sum;
}

int tar_write_header(const struct tar_member *member, uint8_t block[static TAR_BLOCK])
{
	struct ustar header = {.typeflag = '0'};

	if (check_name(member->name) < 0 || member->size > TAR_SIZE_MAX || member->time_s < 0 ||
	    member->time_s > (int64_t)TAR_SIZE_MAX)
		return -EINVAL;

	memcpy(header.name, member->name, strlen(member->name));
	memcpy(header.mode, "0000644", 8);
	memcpy(header.uid, "0000000", 8);
	memcpy(header.gid, "0000000", 8);
	(void)snprintf(header.size, sizeof(header.size), "%011" PRIo64, member->size);
	(void)snprintf(header.mtime, sizeof(header.mtime), "%011" PRIo64, (uint64_t)member->time_s);
	memcpy(header.magic, "ustar\00000", 8);
	memcpy(header.uname, "root", 4);
	memcpy(header.gname, "root", 4);
	memcpy(header.devmajor, "0000000", 8);
	memcpy(header.devminor, "0000000", 8);

	/* The sum counts its own field as spaces; six digits, NUL and a space are its form. */
	memset(header.checksum, ' ', sizeof(header.checksum));
	(void)snprintf(header.checksum, sizeof(header.checksum), "%06o", sum_bytes(&header));
	memcpy(block, &header, sizeof(header));
	return 0;
}

/* Eleven octal digits and a NUL. */
static int read_octal(const char field[static 12], uint64_t *ret_value)
{
	uint64_t value = 0;

	for (int i = 0; i < 11; i++) {
		if (field[i] < '0' || field[i] > '7')
			return -EBADMSG;
		value = value << 3 | (uint64_t)(field[i] - '0');
	}
	*ret_value = value;
	return 0;
}

int tar_read_header(const uint8_t block[static TAR_BLOCK], struct tar_member *ret_member)
{
	static const uint8_t zeros[TAR_BLOCK];
	struct tar_member member = {0};
	uint8_t again[TAR_BLOCK];
	struct ustar header;
	uint64_t time_s;

	if (memcmp(block, zeros, TAR_BLOCK) == 0)
		return 0;

	memcpy(&header, block, sizeof(header));
	if (header.name[TAR_NAME_MAX - 1] != '\0')
		return -EBADMSG;
	memcpy(member.name, header.name, TAR_NAME_MAX);
	if (read_octal(header.size, &member.size) < 0 || read_octal(header.mtime, &time_s) < 0)
		return -EBADMSG;
	member.time_s = (int64_t)time_s;

	if (tar_write_header(&member, again) < 0 || memcmp(again, block, TAR_BLOCK) != 0)
		return -EBADMSG;
	*ret_member = member;
	return 1;
}
