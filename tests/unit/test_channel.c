/* SPDX-License-Identifier: Apache-2.0 */
/* agent/privsep/channel.c */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privsep/channel.h"
#include "privsep/protocol.h"

#define QUEUE_BYTES 200000

/* What one end of a pair saw. */
struct seen {
	struct channel *channel;
	unsigned messages, closed;
	int reason;
	uint32_t next_value; /* messages carry 0, 1, 2, ... */
	int passed_fd;
	int answer; /* of the handler */
	bool must_free;
};

static int on_check_begin(struct channel *channel, struct message *message, void *userdata)
{
	struct seen *seen = userdata;
	uint32_t value = m_get_u32(message);
	size_t len;

	m_get_bytes(message, &len);
	if (message_check(message) < 0)
		return -EBADMSG;
	ck_assert_uint_eq(value, seen->next_value);
	seen->next_value++;
	seen->messages++;
	if (message->fd >= 0)
		seen->passed_fd = TAKE_FD(message->fd);
	if (seen->must_free)
		seen->channel = channel_free(channel);
	return seen->answer;
}

static void on_close(struct channel *channel, int reason, void *userdata)
{
	struct seen *seen = userdata;

	seen->closed++;
	seen->reason = reason;
	seen->channel = NULL;
}

static const channel_handler handlers[] = {[MSG_CHECK_BEGIN] = on_check_begin};
static const struct channel_ops ops = {handlers, ARRAY_SIZE(handlers), on_close};

static struct loop *loop;
static struct seen seen;
static int raw; /* the other end */

static void setup(void)
{
	int fds[2];

	seen = (struct seen){.passed_fd = -1};
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(channel_pair(fds), 0);
	raw = fds[1];
	ck_assert_int_eq(channel_new(loop, fds[0], QUEUE_BYTES, &ops, &seen, &seen.channel), 0);
}

static void teardown(void)
{
	channel_free(seen.channel);
	loop_free(loop);
	if (raw >= 0)
		close(raw);
	if (seen.passed_fd >= 0)
		close(seen.passed_fd);
}

/* Until nothing is left to do. */
static void run(void)
{
	while (loop_run_once(loop, 0) > 0)
		;
}

static int send_value(int fd, uint32_t value, size_t bytes, int passed_fd)
{
	static const char data[60000];
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_BEGIN);
	int r;

	m_put_u32(&message, value);
	m_put_bytes(&message, data, bytes);
	message.fd = passed_fd;
	if (fd >= 0)
		r = message_send_fd(fd, &message, 1000);
	else
		r = channel_send(seen.channel, &message);
	message.fd = -1;
	return r;
}

START_TEST(messages_arrive_in_order)
{
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_int_eq(send_value(raw, i, 10, -1), 0);
	run();
	ck_assert_uint_eq(seen.messages, 3);
	ck_assert_uint_eq(seen.closed, 0);
}
END_TEST

START_TEST(a_descriptor_travels_along_and_is_close_on_exec)
{
	struct stat want, got;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(send_value(raw, 0, 0, fd), 0);
	run();
	ck_assert_int_ge(seen.passed_fd, 0);
	ck_assert_int_eq(fstat(fd, &want), 0);
	ck_assert_int_eq(fstat(seen.passed_fd, &got), 0);
	ck_assert_uint_eq(want.st_rdev, got.st_rdev);
	ck_assert_int_eq(fcntl(seen.passed_fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}
END_TEST

static int count_open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void send_fds(const int *fds, unsigned count)
{
	uint8_t header[MESSAGE_HEADER_BYTES];
	struct message message = MESSAGE_INIT(MSG_CHECK_BEGIN);
	struct iovec part = {header, sizeof(header)};
	char control[CMSG_SPACE(16 * sizeof(int))] = {0};
	struct msghdr msg = {.msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	message_write_header(&message, header);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	ck_assert_int_eq(sendmsg(raw, &msg, 0), sizeof(header));
}

/* 2 fit the receiver's control buffer, 16 are cut off by the kernel: all are closed. */
START_TEST(more_than_one_descriptor_closes_the_channel_and_leaks_none)
{
	static const unsigned counts[] = {2, 16};
	int fds[16] = {0};
	int before = count_open_fds();

	send_fds(fds, counts[_i]);
	run();
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_int_eq(seen.reason, -EBADMSG);
	/* Only the channel's own is gone. */
	ck_assert_int_eq(count_open_fds(), before - 1);
}
END_TEST

START_TEST(a_bad_datagram_closes_the_channel)
{
	static const struct {
		uint8_t version;
		uint16_t type;
		uint8_t claimed, real; /* bytes of fields */
	} cases[] = {
		{1, MSG_COUNT, 0, 0},	    /* no such type */
		{1, MSG_GO, 0, 0},	    /* a type that has no handler here */
		{2, MSG_CHECK_BEGIN, 0, 0}, /* no such version */
		{1, MSG_CHECK_BEGIN, 9, 0}, /* a length that is not there */
		{1, MSG_CHECK_BEGIN, 5, 5}, /* a wrong field */
	};
	uint8_t datagram[MESSAGE_HEADER_BYTES + 5] = {
		cases[_i].version, 0, (uint8_t)cases[_i].type, (uint8_t)(cases[_i].type >> 8),
		cases[_i].claimed,
	};
	ssize_t len = MESSAGE_HEADER_BYTES + cases[_i].real;

	ck_assert_int_eq(send(raw, datagram, len, 0), len);
	run();
	ck_assert_uint_eq(seen.messages, 0);
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_int_eq(seen.reason, -EBADMSG);
}
END_TEST

START_TEST(a_datagram_shorter_than_a_header_closes_the_channel)
{
	ck_assert_int_eq(send(raw, "x", 1, 0), 1);
	run();
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_int_eq(seen.reason, -EBADMSG);
}
END_TEST

START_TEST(an_oversized_datagram_closes_the_channel)
{
	struct message whole = MESSAGE_INIT(MSG_CHECK_BEGIN), cut;
	static uint8_t big[MESSAGE_MAX_BYTES + 1];
	int fds[2];

	/* What fits says that it is all there is: only the kernel knows that more was sent. */
	whole.len = MESSAGE_MAX_BYTES - MESSAGE_HEADER_BYTES;
	message_write_header(&whole, big);
	ck_assert_int_eq(channel_pair(fds), 0);
	ck_assert_int_ge(send(fds[0], big, sizeof(big), 0), 0);
	ck_assert_int_eq(message_recv_fd(fds[1], 0, &cut), -EBADMSG);
	close(fds[0]);
	close(fds[1]);

	ck_assert_int_ge(send(raw, big, sizeof(big), 0), 0);
	run();
	ck_assert_int_eq(seen.reason, -EBADMSG);
	ck_assert_uint_eq(seen.closed, 1);
}
END_TEST

START_TEST(a_handler_that_fails_closes_the_channel)
{
	seen.answer = -EPERM;
	send_value(raw, 0, 0, -1);
	run();
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_int_eq(seen.reason, -EPERM);
}
END_TEST

START_TEST(a_handler_may_free_its_channel)
{
	seen.must_free = true;
	send_value(raw, 0, 0, -1);
	send_value(raw, 1, 0, -1);
	run();
	ck_assert_uint_eq(seen.messages, 1);
	ck_assert_uint_eq(seen.closed, 0);
}
END_TEST

START_TEST(what_was_sent_before_the_end_still_arrives)
{
	/* Data that the peer never reads makes its end a reset. */
	ck_assert_int_eq(send_value(-1, 7, 100, -1), 0);
	send_value(raw, 0, 0, -1);
	send_value(raw, 1, 0, -1);
	close(raw);
	raw = -1;
	run();
	ck_assert_uint_eq(seen.messages, 2);
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_int_eq(seen.reason, 0);
}
END_TEST

START_TEST(queues_up_to_the_bound_and_delivers_in_order)
{
	uint32_t sent = 0;
	int r;

	while ((r = send_value(-1, sent, 50000, -1)) == 0)
		sent++;
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_gt(channel_queued(seen.channel), 0);
	ck_assert_uint_le(channel_queued(seen.channel), QUEUE_BYTES);
	/* A small one would fit the kernel's buffer no sooner: order is kept. */
	for (uint32_t i = 0; i < sent; i++) {
		cleanup_message struct message message = MESSAGE_INIT(0);

		loop_run_once(loop, 0);
		ck_assert_int_eq(message_recv_fd(raw, 1000, &message), 0);
		ck_assert_uint_eq(m_get_u32(&message), i);
	}
	run();
	ck_assert_uint_eq(channel_queued(seen.channel), 0);
}
END_TEST

static uint32_t fill_queue(void)
{
	uint32_t sent = 0;

	while (channel_queued(seen.channel) < QUEUE_BYTES / 2)
		ck_assert_int_eq(send_value(-1, sent++, 50000, -1), 0);
	return sent;
}

/* 0 when all came, in order; in a process of its own. */
static int receive_all(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		cleanup_message struct message message = MESSAGE_INIT(0);

		if (message_recv_fd(raw, 5000, &message) < 0 || m_get_u32(&message) != i)
			return 1;
	}
	return 0;
}

START_TEST(a_flush_ends_when_the_peer_has_all)
{
	uint32_t sent = fill_queue();
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(receive_all(sent));
	ck_assert_int_eq(channel_flush(seen.channel, 5000), 0);
	ck_assert_uint_eq(channel_queued(seen.channel), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_flush_waits_no_longer_than_was_said)
{
	(void)fill_queue();
	ck_assert_int_eq(channel_flush(seen.channel, 50), -ETIMEDOUT);
	ck_assert_uint_gt(channel_queued(seen.channel), 0);
	close(raw);
	raw = -1;
	ck_assert_int_eq(channel_flush(seen.channel, 5000), -EPIPE);
}
END_TEST

START_TEST(a_queued_descriptor_is_its_own)
{
	int pipe_fds[2];
	uint32_t sent = 0;
	char byte;

	while (channel_queued(seen.channel) == 0)
		send_value(-1, sent++, 50000, -1);
	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	ck_assert_int_eq(send_value(-1, sent, 0, pipe_fds[1]), 0);
	close(pipe_fds[1]);
	for (uint32_t i = 0; i <= sent; i++) {
		cleanup_message struct message message = MESSAGE_INIT(0);

		loop_run_once(loop, 0);
		ck_assert_int_eq(message_recv_fd(raw, 1000, &message), 0);
		if (i < sent)
			continue;
		ck_assert_int_ge(message.fd, 0);
		ck_assert_int_eq(write(message.fd, "x", 1), 1);
	}
	ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
	/* No copy is left anywhere: the pipe ends. */
	ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 0);
	close(pipe_fds[0]);
}
END_TEST

START_TEST(sending_to_a_gone_peer_is_epipe)
{
	close(raw);
	raw = -1;
	ck_assert_int_eq(send_value(-1, 0, 0, -1), -EPIPE);
}
END_TEST

START_TEST(a_bad_message_is_not_sent)
{
	static const char big[MESSAGE_MAX_BYTES];
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_BEGIN);

	m_put_bytes(&message, big, sizeof(big));
	ck_assert_int_eq(channel_send(seen.channel, &message), -EMSGSIZE);
	ck_assert_int_eq(message_send_fd(raw, &message, 0), -EMSGSIZE);
}
END_TEST

START_TEST(waits_are_bounded)
{
	cleanup_message struct message message = MESSAGE_INIT(0);

	ck_assert_int_eq(message_recv_fd(raw, 20, &message), -ETIMEDOUT);
	seen.channel = channel_free(seen.channel);
	ck_assert_int_eq(message_recv_fd(raw, 20, &message), -EPIPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("channel");
	TCase *tcase = tcase_create("channel");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, messages_arrive_in_order);
	tcase_add_test(tcase, a_descriptor_travels_along_and_is_close_on_exec);
	tcase_add_loop_test(tcase, more_than_one_descriptor_closes_the_channel_and_leaks_none, 0,
			    2);
	tcase_add_loop_test(tcase, a_bad_datagram_closes_the_channel, 0, 5);
	tcase_add_test(tcase, a_datagram_shorter_than_a_header_closes_the_channel);
	tcase_add_test(tcase, an_oversized_datagram_closes_the_channel);
	tcase_add_test(tcase, a_handler_that_fails_closes_the_channel);
	tcase_add_test(tcase, a_handler_may_free_its_channel);
	tcase_add_test(tcase, what_was_sent_before_the_end_still_arrives);
	tcase_add_test(tcase, queues_up_to_the_bound_and_delivers_in_order);
	tcase_add_test(tcase, a_flush_ends_when_the_peer_has_all);
	tcase_add_test(tcase, a_flush_waits_no_longer_than_was_said);
	tcase_add_test(tcase, a_queued_descriptor_is_its_own);
	tcase_add_test(tcase, sending_to_a_gone_peer_is_epipe);
	tcase_add_test(tcase, a_bad_message_is_not_sent);
	tcase_add_test(tcase, waits_are_bounded);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
