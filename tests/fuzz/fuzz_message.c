/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a process that was taken over: a getter takes what it is given
 * and marks the rest bad, and what it took is what would be sent again.
 *
 * The first byte chooses the getter; the rest are the fields.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "privsep/payload.h"

static void take_file_fact(struct message *in, struct message *again)
{
	cleanup_file_fact struct file_fact fact = {0};

	m_get_file_fact(in, &fact);
	m_put_file_fact(again, &fact);
}

static void take_event(struct message *in, struct message *again)
{
	cleanup_event struct event event = {0};

	m_get_event(in, &event);
	m_put_event(again, &event);
}

static void take_check_result(struct message *in, struct message *again)
{
	cleanup_check_result struct check_result result = {0};

	m_get_check_result(in, &result);
	m_put_check_result(again, &result);
}

static void take_decisions(struct message *in, struct message *again)
{
	size_t count;
	const struct decision *decisions = m_get_decisions(in, &count);

	m_put_decisions(again, decisions, count);
}

static void take_plain_fields(struct message *in, struct message *again)
{
	cleanup_free char *text = NULL;
	const void *bytes;
	size_t len;

	m_put_u32(again, m_get_u32(in));
	m_put_u64(again, m_get_u64(in));
	m_put_i64(again, m_get_i64(in));
	text = m_get_string(in);
	m_put_string(again, text);
	bytes = m_get_bytes(in, &len);
	m_put_bytes(again, bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const takers[])(struct message *, struct message *) = {
		take_file_fact, take_event, take_check_result, take_plain_fields, take_decisions};
	cleanup_message struct message again = MESSAGE_INIT(0);
	struct message in = {.is_received = true, .is_borrowed = true, .fd = -1};

	(void)message_read_header(&again, data, size);
	if (size < 1 || size - 1 > MESSAGE_MAX_BYTES - MESSAGE_HEADER_BYTES)
		return 0;
	in.data = (uint8_t *)data + 1;
	in.len = size - 1;
	takers[data[0] % ARRAY_SIZE(takers)](&in, &again);
	if (message_check(&in) < 0)
		return 0;
	if (again.bad || again.len != in.len || memcmp(again.data, in.data, in.len) != 0)
		abort();
	return 0;
}
