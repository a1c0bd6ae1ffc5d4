/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message channel over a SOCK_SEQPACKET socket pair, with a bounded send queue.
 *
 * Nothing here waits but channel_flush(): what the kernel does not take is queued up to the bound,
 * then channel_send() says -ENOBUFS and the caller decides (the sensor counts a
 * gap, a walk pauses until channel_queued() falls).
 */
#ifndef PLUMBLINE_PRIVSEP_CHANNEL_H
#define PLUMBLINE_PRIVSEP_CHANNEL_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/loop.h"
#include "privsep/message.h"

struct channel;

/*
 * Handler of one message type. The handler may take message->fd (set it to -1). A negative return
 * closes this channel with on_close(), nothing else.
 */
typedef int (*channel_handler)(struct channel *channel, struct message *message, void *userdata);

/* Why the channel ended: 0 peer closed, -EBADMSG bad message, or another negative errno. The
 * channel is freed after it. */
typedef void (*channel_close_fn)(struct channel *channel, int reason, void *userdata);

struct channel_ops {
	const channel_handler *handlers; /* indexed by enum msg_type; NULL slots are bad messages */
	size_t handler_count;
	channel_close_fn on_close; /* must not be NULL */
};

/* Takes @fd (closes it on failure too) and makes it non-blocking; reads when @loop runs. */
int channel_new(struct loop *loop, int fd, size_t max_queued_bytes, const struct channel_ops *ops,
		void *userdata, struct channel **ret_channel);
struct channel *channel_free(struct channel *channel); /* no on_close() */
DEFINE_CLEANUP(struct channel *, channel_free)

/* Sends or queues; the message stays the caller's, its fd is duplicated. -ENOBUFS, -EMSGSIZE,
 * -ENOMEM, -EPIPE. */
int channel_send(struct channel *channel, struct message *message);
size_t channel_queued(const struct channel *channel); /* bytes */
/* Waits up to @timeout_ms until all that is queued was sent, at the end of a process: nothing else
 * happens meanwhile. -ETIMEDOUT, -EPIPE, or another negative errno. */
int channel_flush(struct channel *channel, int timeout_ms);

/* The fd, for programs without a loop (verifier, command line): these two wait up to @timeout_ms.
 */
int message_send_fd(int fd, struct message *message, int timeout_ms);
int message_recv_fd(int fd, int timeout_ms,
		    struct message *ret_message); /* -EPIPE at end, -ETIMEDOUT */

int channel_pair(int ret_fds[static 2]); /* SOCK_SEQPACKET | SOCK_CLOEXEC */

#endif
