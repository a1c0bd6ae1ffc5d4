/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message channel over a SOCK_SEQPACKET socket pair: datagrams in and out, one
 * passed descriptor each, and the queue of what the kernel did not take yet.
 */
#include "privsep/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"

/* Messages handled per wake-up, so that one talkative peer cannot starve the others. */
#define CHANNEL_BURST 64

/* More descriptors than a good message carries, so that a second one is seen instead of cut off by
 * the kernel. */
#define CONTROL_MAX_FDS 4

union control {
	struct cmsghdr align;
	char data[CMSG_SPACE(CONTROL_MAX_FDS * sizeof(int))];
};

struct queued {
	struct queued *next;
	int fd;
	size_t len;
	uint8_t datagram[];
};

struct channel {
	struct loop *loop;
	struct loop_source *source;
	int fd;
	const struct channel_ops *ops;
	void *userdata;

	struct queued *head, **tail;
	size_t queued_bytes, max_queued_bytes;

	bool is_dispatching; /* channel_free() must leave the memory to the dispatcher */
	bool is_freed;
	uint8_t buffer[MESSAGE_MAX_BYTES];
};

int channel_pair(int ret_fds[static 2])
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

/* 0, -EAGAIN, or another negative errno. */
static int send_datagram(int fd, const struct iovec *parts, size_t part_count, int passed_fd)
{
	union control control = {0};
	struct msghdr header = {.msg_iov = (struct iovec *)parts, .msg_iovlen = part_count};

	if (passed_fd >= 0) {
		struct cmsghdr *c;

		header.msg_control = control.data;
		header.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed_fd, sizeof(int));
	}
	for (;;) {
		if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno == ECONNRESET)
			return -EPIPE;
		return -errno;
	}
}

static int send_message(int fd, const struct message *message)
{
	uint8_t header[MESSAGE_HEADER_BYTES];
	const struct iovec parts[] = {
		{header, sizeof(header)},
		{message->data, message->len},
	};

	message_write_header(message, header);
	return send_datagram(fd, parts, ARRAY_SIZE(parts), message->fd);
}

/* The one descriptor of the control data, or -1. -EBADMSG, all closed, when there are more or some
 * were cut off. */
static int take_fd(struct msghdr *header, int *ret_fd)
{
	int fds[CONTROL_MAX_FDS], count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t len;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		len = c->cmsg_len - CMSG_LEN(0);
		for (size_t at = 0; at + sizeof(int) <= len && count < CONTROL_MAX_FDS;
		     at += sizeof(int))
			memcpy(&fds[count++], CMSG_DATA(c) + at, sizeof(int));
	}
	if (count > 1 || (header->msg_flags & MSG_CTRUNC)) {
		while (count > 0)
			close(fds[--count]);
		return -EBADMSG;
	}
	*ret_fd = count == 1 ? fds[0] : -1;
	return 0;
}

/*
 * One datagram into @buffer; @message borrows it. 0, -EAGAIN, -EPIPE at the end, -EBADMSG, or
 * another negative errno.
 */
static int recv_message(int fd, uint8_t buffer[static MESSAGE_MAX_BYTES], struct message *message)
{
	union control control;
	struct iovec part = {buffer, MESSAGE_MAX_BYTES};
	struct msghdr header;
	cleanup_close int passed_fd = -1;
	ssize_t n;
	int r;

	do {
		header = (struct msghdr){.msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control.data,
					 .msg_controllen = sizeof(control)};
		n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		/* ECONNRESET says once that the peer closed with our data unread; what it sent
		 * before can still be read. */
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;

	r = take_fd(&header, &passed_fd);
	if (r < 0)
		return r;
	if (n == 0)
		return -EPIPE;
	if (header.msg_flags & MSG_TRUNC)
		return -EBADMSG;

	*message = (struct message){.is_received = true, .is_borrowed = true, .fd = -1};
	r = message_read_header(message, buffer, (size_t)n);
	if (r < 0)
		return r;
	message->data = buffer + MESSAGE_HEADER_BYTES;
	message->len = (size_t)n - MESSAGE_HEADER_BYTES;
	message->fd = TAKE_FD(passed_fd);
	return 0;
}

static void queued_free(struct queued *item)
{
	if (item->fd >= 0)
		close(item->fd);
	free(item);
}

static int update_events(struct channel *channel)
{
	return loop_set_events(channel->source, EPOLLIN | (channel->head ? EPOLLOUT : 0));
}

static int enqueue(struct channel *channel, const struct message *message)
{
	struct queued *item;
	size_t len = MESSAGE_HEADER_BYTES + message->len;
	int r;

	if (len > channel->max_queued_bytes - channel->queued_bytes)
		return -ENOBUFS;
	item = malloc(sizeof(*item) + len);
	if (!item)
		return -ENOMEM;
	item->next = NULL;
	item->len = len;
	item->fd = -1;
	message_write_header(message, item->datagram);
	if (message->len > 0)
		memcpy(item->datagram + MESSAGE_HEADER_BYTES, message->data, message->len);
	if (message->fd >= 0) {
		item->fd = fcntl(message->fd, F_DUPFD_CLOEXEC, 0);
		if (item->fd < 0) {
			r = -errno;
			queued_free(item);
			return r;
		}
	}
	*channel->tail = item;
	channel->tail = &item->next;
	channel->queued_bytes += len;
	return update_events(channel);
}

int channel_send(struct channel *channel, struct message *message)
{
	int r = message->bad ? message->error : 0;

	if (r < 0)
		return r;
	if (channel->is_freed)
		return -EPIPE;
	/* Behind what already waits, or the order would change. */
	if (channel->head)
		return enqueue(channel, message);
	r = send_message(channel->fd, message);
	return r == -EAGAIN ? enqueue(channel, message) : r;
}

size_t channel_queued(const struct channel *channel)
{
	return channel->queued_bytes;
}

static int flush_queue(struct channel *channel)
{
	while (channel->head) {
		struct queued *item = channel->head;
		const struct iovec part = {item->datagram, item->len};
		int r = send_datagram(channel->fd, &part, 1, item->fd);

		if (r == -EAGAIN)
			break;
		/* Nobody will read the rest; what the peer sent before is still to be read, so its
		 * end is seen there. */
		if (r < 0 && r != -EPIPE)
			return r;
		channel->head = item->next;
		if (!channel->head)
			channel->tail = &channel->head;
		channel->queued_bytes -= item->len;
		queued_free(item);
	}
	return update_events(channel);
}

int channel_flush(struct channel *channel, int timeout_ms)
{
	int64_t end_ns = clock_boot_ns() + timeout_ms * NSEC_PER_MSEC;

	while (channel->head) {
		struct pollfd fd = {.fd = channel->fd, .events = POLLOUT};
		int64_t left_ns = end_ns - clock_boot_ns();
		int r;

		if (left_ns <= 0)
			return -ETIMEDOUT;
		if (poll(&fd, 1, (int)(left_ns / NSEC_PER_MSEC) + 1) < 0 && errno != EINTR)
			return -errno;
		if (fd.revents & (POLLHUP | POLLERR))
			return -EPIPE;
		r = flush_queue(channel);
		if (r < 0)
			return r;
	}
	return 0;
}

static int dispatch_one(struct channel *channel)
{
	cleanup_message struct message message = MESSAGE_INIT(0);
	channel_handler handler = NULL;
	int r;

	r = recv_message(channel->fd, channel->buffer, &message);
	if (r < 0)
		return r;
	if (message.type < channel->ops->handler_count)
		handler = channel->ops->handlers[message.type];
	if (!handler)
		return -EBADMSG;
	r = handler(channel, &message, channel->userdata);
	return r < 0 ? r : 0;
}

static void channel_release(struct channel *channel)
{
	struct queued *next;

	for (struct queued *item = channel->head; item; item = next) {
		next = item->next;
		queued_free(item);
	}
	free(channel);
}

static int on_socket(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct channel *channel = userdata;
	int r = 0;

	channel->is_dispatching = true;
	if (events & EPOLLOUT)
		r = flush_queue(channel);
	for (int i = 0; i < CHANNEL_BURST && r == 0 && !channel->is_freed; i++)
		r = dispatch_one(channel);

	if (!channel->is_freed && r < 0 && r != -EAGAIN) {
		channel->ops->on_close(channel, r == -EPIPE ? 0 : r, channel->userdata);
		channel_free(channel);
	}
	channel->is_dispatching = false;
	if (channel->is_freed)
		channel_release(channel);
	return 0;
}

int channel_new(struct loop *loop, int fd, size_t max_queued_bytes, const struct channel_ops *ops,
		void *userdata, struct channel **ret_channel)
{
	cleanup_close int owned_fd = fd;
	cleanup_free struct channel *channel = NULL;
	int r, flags;

	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	channel = malloc(sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	memset(channel, 0, offsetof(struct channel, buffer));
	channel->loop = loop;
	channel->ops = ops;
	channel->userdata = userdata;
	channel->max_queued_bytes = max_queued_bytes;
	channel->tail = &channel->head;
	r = loop_add_fd(loop, fd, EPOLLIN, on_socket, channel, &channel->source);
	if (r < 0)
		return r;
	channel->fd = TAKE_FD(owned_fd);
	*ret_channel = TAKE_PTR(channel);
	return 0;
}

struct channel *channel_free(struct channel *channel)
{
	if (!channel || channel->is_freed)
		return NULL;
	channel->source = loop_remove(channel->source);
	close(channel->fd);
	channel->fd = -1;
	channel->is_freed = true;
	if (!channel->is_dispatching)
		channel_release(channel);
	return NULL;
}

/* Waits for @events until @deadline_ns. 0, -ETIMEDOUT or another negative errno. */
static int wait_fd(int fd, short events, int64_t deadline_ns)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	for (;;) {
		int64_t left_ms =
			(deadline_ns - clock_mono_ns() + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
		int n;

		if (left_ms < 0)
			left_ms = 0;
		n = poll(&pfd, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (left_ms == 0)
			return -ETIMEDOUT;
	}
}

int message_send_fd(int fd, struct message *message, int timeout_ms)
{
	int64_t deadline_ns = clock_mono_ns() + timeout_ms * NSEC_PER_MSEC;
	int r;

	if (message->bad)
		return message->error;
	for (;;) {
		r = send_message(fd, message);
		if (r != -EAGAIN)
			return r;
		r = wait_fd(fd, POLLOUT, deadline_ns);
		if (r < 0)
			return r;
	}
}

int message_recv_fd(int fd, int timeout_ms, struct message *ret_message)
{
	int64_t deadline_ns = clock_mono_ns() + timeout_ms * NSEC_PER_MSEC;
	struct message message;
	uint8_t *buffer, *fields;
	int r;

	buffer = malloc(MESSAGE_MAX_BYTES);
	if (!buffer)
		return -ENOMEM;
	for (;;) {
		r = recv_message(fd, buffer, &message);
		if (r != -EAGAIN)
			break;
		r = wait_fd(fd, POLLIN, deadline_ns);
		if (r < 0)
			break;
	}
	if (r < 0) {
		free(buffer);
		return r;
	}
	memmove(buffer, message.data, message.len);
	fields = realloc(buffer, message.len + 1);
	message.data = fields ? fields : buffer;
	message.is_borrowed = false;
	*ret_message = message;
	return 0;
}
