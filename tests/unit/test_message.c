/* SPDX-License-Identifier: Apache-2.0 */
/* agent/privsep/message.c and protocol.c */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "privsep/message.h"
#include "privsep/protocol.h"

/* The fields of @from as a receiver gets them. */
static struct message received(const struct message *from)
{
	return (struct message){.type = from->type,
				.data = from->data,
				.len = from->len,
				.is_received = true,
				.is_borrowed = true,
				.fd = -1};
}

START_TEST(fields_come_back_as_they_went_in)
{
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);
	struct message in;
	const void *bytes;
	char *text;
	size_t len;

	m_put_u32(&out, 0xfedcba98);
	m_put_u64(&out, UINT64_MAX - 1);
	m_put_i64(&out, -7);
	m_put_string(&out, "päth\n");
	m_put_string(&out, "");
	m_put_string(&out, NULL);
	m_put_bytes(&out, "a\0b", 3);
	m_put_bytes(&out, NULL, 0);
	ck_assert_int_eq(message_check(&out), 0);

	in = received(&out);
	ck_assert_uint_eq(m_get_u32(&in), 0xfedcba98);
	ck_assert_uint_eq(m_get_u64(&in), UINT64_MAX - 1);
	ck_assert_int_eq(m_get_i64(&in), -7);
	text = m_get_string(&in);
	ck_assert_str_eq(text, "päth\n");
	free(text);
	text = m_get_string(&in);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_ptr_null(m_get_string(&in));
	bytes = m_get_bytes(&in, &len);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(bytes, "a\0b", 3);
	m_get_bytes(&in, &len);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(message_check(&in), 0);
}
END_TEST

START_TEST(numbers_travel_little_endian)
{
	static const uint8_t want[] = {'u', 0x04, 0x03, 0x02, 0x01};
	uint8_t header[MESSAGE_HEADER_BYTES];
	cleanup_message struct message out = MESSAGE_INIT(0x0102);

	m_put_u32(&out, 0x01020304);
	ck_assert_uint_eq(out.len, sizeof(want));
	ck_assert_mem_eq(out.data, want, sizeof(want));
	message_write_header(&out, header);
	ck_assert_mem_eq(header, "\x01\x00\x02\x01\x05\x00\x00\x00", sizeof(header));
}
END_TEST

START_TEST(a_field_of_another_type_is_bad_and_reads_as_nothing)
{
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);
	struct message in;

	m_put_u64(&out, 5);
	m_put_string(&out, "text");
	in = received(&out);
	ck_assert_uint_eq(m_get_u32(&in), 0);
	ck_assert_int_eq(message_check(&in), -EBADMSG);
	/* Once bad, nothing more is read. */
	ck_assert_ptr_null(m_get_string(&in));
	ck_assert_uint_eq(m_get_u64(&in), 0);
}
END_TEST

START_TEST(left_over_fields_are_bad)
{
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);
	struct message in;

	m_put_u32(&out, 1);
	m_put_u32(&out, 2);
	in = received(&out);
	ck_assert_int_eq(message_check(&in), -EBADMSG);
	m_get_u32(&in);
	ck_assert_int_eq(message_check(&in), -EBADMSG);
	m_get_u32(&in);
	ck_assert_int_eq(message_check(&in), 0);
}
END_TEST

/* Every cut of a message with one field of each type. */
START_TEST(a_cut_message_is_bad_at_every_length)
{
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);

	m_put_u32(&out, 1);
	m_put_u64(&out, 2);
	m_put_string(&out, "three");
	m_put_string(&out, NULL);
	m_put_bytes(&out, "four", 4);
	for (size_t len = 0; len < out.len; len++) {
		struct message in = received(&out);
		size_t bytes_len;

		in.len = len;
		m_get_u32(&in);
		m_get_u64(&in);
		free(m_get_string(&in));
		free(m_get_string(&in));
		m_get_bytes(&in, &bytes_len);
		ck_assert_int_eq(message_check(&in), -EBADMSG);
	}
}
END_TEST

START_TEST(a_length_beyond_the_end_is_bad)
{
	static uint8_t data[] = {'s', 0xff, 0xff, 0xff, 0xff, 'a'};
	struct message in = {.data = data, .len = sizeof(data), .is_received = true, .fd = -1};

	ck_assert_ptr_null(m_get_string(&in));
	ck_assert_int_eq(message_check(&in), -EBADMSG);
}
END_TEST

START_TEST(a_text_with_a_nul_inside_is_bad)
{
	static uint8_t data[] = {'s', 3, 0, 0, 0, 'a', 0, 'b'};
	struct message in = {.data = data, .len = sizeof(data), .is_received = true, .fd = -1};

	ck_assert_ptr_null(m_get_string(&in));
	ck_assert_int_eq(message_check(&in), -EBADMSG);
}
END_TEST

START_TEST(more_than_a_datagram_does_not_fit)
{
	static char big[MESSAGE_MAX_BYTES];
	/* All of a datagram but header, tag and length. */
	size_t most = MESSAGE_MAX_BYTES - MESSAGE_HEADER_BYTES - 5;
	cleanup_message struct message fits = MESSAGE_INIT(MSG_EVENT);
	cleanup_message struct message over = MESSAGE_INIT(MSG_EVENT);
	cleanup_message struct message huge = MESSAGE_INIT(MSG_EVENT);

	m_put_bytes(&fits, big, most);
	ck_assert_int_eq(message_check(&fits), 0);
	m_put_string(&fits, NULL);
	ck_assert_int_eq(message_check(&fits), -EMSGSIZE);
	m_put_bytes(&over, big, most + 1);
	ck_assert_int_eq(message_check(&over), -EMSGSIZE);
	m_put_bytes(&huge, big, SIZE_MAX);
	ck_assert_int_eq(message_check(&huge), -EMSGSIZE);
}
END_TEST

START_TEST(a_header_must_fit_its_datagram)
{
	uint8_t datagram[MESSAGE_HEADER_BYTES + 5];
	cleanup_message struct message out = MESSAGE_INIT(MSG_GO);
	struct message in = MESSAGE_INIT(0);

	m_put_u32(&out, 9);
	message_write_header(&out, datagram);
	memcpy(datagram + MESSAGE_HEADER_BYTES, out.data, out.len);
	ck_assert_int_eq(message_read_header(&in, datagram, sizeof(datagram)), 0);
	ck_assert_int_eq(in.type, MSG_GO);

	for (size_t len = 0; len < sizeof(datagram); len++)
		ck_assert_int_eq(message_read_header(&in, datagram, len), -EBADMSG);
	datagram[0] = 2; /* version */
	ck_assert_int_eq(message_read_header(&in, datagram, sizeof(datagram)), -EBADMSG);
}
END_TEST

START_TEST(only_the_sensor_may_send_events_and_only_to_the_recorder)
{
	ck_assert(msg_may_flow(MSG_EVENT, ROLE_SENSOR, ROLE_RECORDER));
	ck_assert(!msg_may_flow(MSG_EVENT, ROLE_REPORTER, ROLE_RECORDER));
	ck_assert(!msg_may_flow(MSG_EVENT, ROLE_SENSOR, ROLE_SUPERVISOR));
	ck_assert(!msg_may_flow(MSG_COUNT, ROLE_SENSOR, ROLE_RECORDER));
}
END_TEST

/* Every message has a name, a sender and a receiver. */
START_TEST(the_flow_table_is_complete)
{
	int ways = 0;

	for (unsigned from = 0; from < ROLE_COUNT; from++)
		for (unsigned to = 0; to < ROLE_COUNT; to++)
			ways += msg_may_flow((enum msg_type)_i, from, to);
	ck_assert_ptr_nonnull(msg_type_name((enum msg_type)_i));
	ck_assert_int_ge(ways, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, fields_come_back_as_they_went_in);
	tcase_add_test(tcase, numbers_travel_little_endian);
	tcase_add_test(tcase, a_field_of_another_type_is_bad_and_reads_as_nothing);
	tcase_add_test(tcase, left_over_fields_are_bad);
	tcase_add_test(tcase, a_cut_message_is_bad_at_every_length);
	tcase_add_test(tcase, a_length_beyond_the_end_is_bad);
	tcase_add_test(tcase, a_text_with_a_nul_inside_is_bad);
	tcase_add_test(tcase, more_than_a_datagram_does_not_fit);
	tcase_add_test(tcase, a_header_must_fit_its_datagram);
	tcase_add_test(tcase, only_the_sensor_may_send_events_and_only_to_the_recorder);
	tcase_add_loop_test(tcase, the_flow_table_is_complete, MSG_NONE + 1, MSG_COUNT);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
