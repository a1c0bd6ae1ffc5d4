/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed message between Plumbline's processes: fields are put and got in the
 * same order, each with its own type tag, and every read is checked.
 *
 * A read that does not fit marks the message bad and returns zero values, so a
 * handler reads all fields and then asks message_check() once. A bad message
 * closes that peer, never the process.
 */
#ifndef PLUMBLINE_PRIVSEP_MESSAGE_H
#define PLUMBLINE_PRIVSEP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define MESSAGE_HEADER_BYTES 8
#define MESSAGE_MAX_BYTES    65536 /* header included; one SOCK_SEQPACKET datagram */

struct message {
	uint16_t type; /* enum msg_type */
	uint8_t *data; /* fields */
	size_t len, room;
	size_t pos;	  /* of the next get */
	bool bad;	  /* a put did not fit or a get did not match */
	int error;	  /* which of them: -EMSGSIZE, -ENOMEM, -EBADMSG */
	bool is_received; /* every field must be read */
	bool is_borrowed; /* @data is the channel's: gone when the handler returns */
	int fd;		  /* one descriptor that travels along; -1 when none. Owned. */
};

#define MESSAGE_INIT(message_type) ((struct message){.type = (message_type), .fd = -1})

void message_done(struct message *message); /* frees the data, closes the fd */
#define cleanup_message cleanup_with(message_done)

void m_put_u32(struct message *message, uint32_t value);
void m_put_u64(struct message *message, uint64_t value);
void m_put_i64(struct message *message, int64_t value);
void m_put_string(struct message *message, const char *text); /* NULL stays NULL */
void m_put_bytes(struct message *message, const void *data, size_t len);

uint32_t m_get_u32(struct message *message);
uint64_t m_get_u64(struct message *message);
int64_t m_get_i64(struct message *message);
char *m_get_string(
	struct message *message); /* allocated; NULL for NULL or when bad; embedded NUL is bad */
/* Points into the message; valid until message_done(). */
const void *m_get_bytes(struct message *message, size_t *ret_len);

/* For getters built on these: marks the message bad, as a field that did not match does. */
void message_set_bad(struct message *message);

/* After the gets: 0, or -EBADMSG when one did not match or fields are left over. After the puts: 0,
 * -EMSGSIZE or -ENOMEM. */
int message_check(const struct message *message);

/* The bytes before the fields, little-endian: u16 version, u16 type, u32 length of the fields. */
void message_write_header(const struct message *message,
			  uint8_t header[static MESSAGE_HEADER_BYTES]);
/* Sets the type from one whole datagram of @len bytes; -EBADMSG when header and length do not fit.
 */
int message_read_header(struct message *message, const uint8_t *datagram, size_t len);

#endif
