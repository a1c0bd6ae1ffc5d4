/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed message: a row of fields, each one tag byte and its value in
 * little-endian order. It knows no socket (channel.c) and no product value
 * (payload.c).
 */
#include "privsep/message.h"

#include <errno.h>
#include <string.h>

#define MESSAGE_VERSION		 1
#define MESSAGE_MAX_FIELDS_BYTES (MESSAGE_MAX_BYTES - MESSAGE_HEADER_BYTES)

enum field_tag {
	FIELD_U32 = 'u',
	FIELD_U64 = 'U',
	FIELD_I64 = 'i',
	FIELD_STRING = 's',
	FIELD_NULL = '0', /* a string that is NULL */
	FIELD_BYTES = 'b',
};

void message_done(struct message *message)
{
	if (!message->is_borrowed)
		free(message->data);
	if (message->fd >= 0)
		close(message->fd);
	*message = MESSAGE_INIT(0);
}

static void mark(struct message *message, int error)
{
	if (message->bad)
		return;
	message->bad = true;
	message->error = error;
}

void message_set_bad(struct message *message)
{
	mark(message, -EBADMSG);
}

/* Room for @len more bytes at the end, or NULL. */
static uint8_t *grow(struct message *message, size_t len)
{
	uint8_t *at;

	if (message->bad)
		return NULL;
	if (message->is_borrowed || len > MESSAGE_MAX_FIELDS_BYTES - message->len) {
		mark(message, -EMSGSIZE);
		return NULL;
	}
	if (message->len + len > message->room) {
		size_t room = message->room ? message->room : 256;
		uint8_t *data;

		while (room < message->len + len)
			room *= 2;
		data = realloc(message->data, room);
		if (!data) {
			mark(message, -ENOMEM);
			return NULL;
		}
		message->data = data;
		message->room = room;
	}
	at = message->data + message->len;
	message->len += len;
	return at;
}

static void store_le(uint8_t *to, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t load_le(const uint8_t *from, size_t len)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

static void put_number(struct message *message, enum field_tag tag, uint64_t value, size_t len)
{
	uint8_t *at = grow(message, 1 + len);

	if (!at)
		return;
	at[0] = (uint8_t)tag;
	store_le(at + 1, value, len);
}

static void put_run(struct message *message, enum field_tag tag, const void *data, size_t len)
{
	uint8_t *at;

	/* Checked here too, so that the sum below cannot wrap. */
	if (len > MESSAGE_MAX_FIELDS_BYTES) {
		mark(message, -EMSGSIZE);
		return;
	}
	at = grow(message, 1 + 4 + len);
	if (!at)
		return;
	at[0] = (uint8_t)tag;
	store_le(at + 1, len, 4);
	if (len > 0)
		memcpy(at + 5, data, len);
}

void m_put_u32(struct message *message, uint32_t value)
{
	put_number(message, FIELD_U32, value, 4);
}

void m_put_u64(struct message *message, uint64_t value)
{
	put_number(message, FIELD_U64, value, 8);
}

void m_put_i64(struct message *message, int64_t value)
{
	put_number(message, FIELD_I64, (uint64_t)value, 8);
}

void m_put_string(struct message *message, const char *text)
{
	if (text)
		put_run(message, FIELD_STRING, text, strlen(text));
	else
		put_number(message, FIELD_NULL, 0, 0);
}

void m_put_bytes(struct message *message, const void *data, size_t len)
{
	put_run(message, FIELD_BYTES, data, len);
}

/* The next @len bytes, or NULL with the message marked bad. */
static const uint8_t *take(struct message *message, size_t len)
{
	const uint8_t *at;

	if (message->bad)
		return NULL;
	if (len > message->len - message->pos) {
		message_set_bad(message);
		return NULL;
	}
	at = message->data + message->pos;
	message->pos += len;
	return at;
}

static bool take_tag(struct message *message, enum field_tag tag)
{
	const uint8_t *at = take(message, 1);

	if (!at)
		return false;
	if (*at != tag) {
		message_set_bad(message);
		return false;
	}
	return true;
}

static uint64_t get_number(struct message *message, enum field_tag tag, size_t len)
{
	const uint8_t *at;

	if (!take_tag(message, tag))
		return 0;
	at = take(message, len);
	return at ? load_le(at, len) : 0;
}

static const uint8_t *get_run(struct message *message, enum field_tag tag, size_t *ret_len)
{
	const uint8_t *at;
	size_t len;

	if (!take_tag(message, tag))
		return NULL;
	at = take(message, 4);
	if (!at)
		return NULL;
	len = load_le(at, 4);
	at = take(message, len);
	if (at)
		*ret_len = len;
	return at;
}

uint32_t m_get_u32(struct message *message)
{
	return (uint32_t)get_number(message, FIELD_U32, 4);
}

uint64_t m_get_u64(struct message *message)
{
	return get_number(message, FIELD_U64, 8);
}

int64_t m_get_i64(struct message *message)
{
	return (int64_t)get_number(message, FIELD_I64, 8);
}

char *m_get_string(struct message *message)
{
	const uint8_t *at;
	size_t len = 0;
	char *text;

	if (!message->bad && message->pos < message->len &&
	    message->data[message->pos] == FIELD_NULL) {
		message->pos++;
		return NULL;
	}
	at = get_run(message, FIELD_STRING, &len);
	if (!at)
		return NULL;
	if (memchr(at, 0, len)) {
		message_set_bad(message);
		return NULL;
	}
	text = malloc(len + 1);
	if (!text) {
		mark(message, -ENOMEM);
		return NULL;
	}
	memcpy(text, at, len);
	text[len] = 0;
	return text;
}

const void *m_get_bytes(struct message *message, size_t *ret_len)
{
	*ret_len = 0;
	return get_run(message, FIELD_BYTES, ret_len);
}

int message_check(const struct message *message)
{
	if (message->bad)
		return message->error;
	/* A message that was only built has nothing to be read; one that is being read must be read
	 * whole. */
	if ((message->is_received || message->pos > 0) && message->pos < message->len)
		return -EBADMSG;
	return 0;
}

void message_write_header(const struct message *message,
			  uint8_t header[static MESSAGE_HEADER_BYTES])
{
	store_le(header, MESSAGE_VERSION, 2);
	store_le(header + 2, message->type, 2);
	store_le(header + 4, message->len, 4);
}

int message_read_header(struct message *message, const uint8_t *datagram, size_t len)
{
	if (len < MESSAGE_HEADER_BYTES || len > MESSAGE_MAX_BYTES)
		return -EBADMSG;
	if (load_le(datagram, 2) != MESSAGE_VERSION)
		return -EBADMSG;
	if (load_le(datagram + 4, 4) != len - MESSAGE_HEADER_BYTES)
		return -EBADMSG;
	message->type = (uint16_t)load_le(datagram + 2, 2);
	return 0;
}
