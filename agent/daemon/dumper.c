/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-dumper: asks the kernel once for what it shows to privilege only,
 * hands the bytes to the assessor as they are, and ends. It judges nothing and
 * looks at no more of an answer than where it ends.
 */
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "checks/kernel_ask.h"
#include "privsep/child.h"

#define PIECE_BYTES	 60000
#define MAX_QUEUED_BYTES ((KERNEL_PART_COUNT + 1) * KERNEL_PART_MAX_BYTES)
#define LIFETIME_S	 8
#define SENT_MS		 5 /* until the queue is looked at again */

struct dumper {
	struct kernel_ask ask;
	struct loop_source *timer;
	bool has_asked;
};

static int send_piece(struct child *child, uint32_t part, const char *data, size_t len)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_DUMP_PART);

	m_put_u32(&message, part);
	m_put_bytes(&message, data, len);
	return channel_send(child->peers[ROLE_ASSESSOR], &message);
}

static int send_end(struct child *child, uint32_t part, int result)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_DUMP_END);

	m_put_u32(&message, part);
	m_put_i64(&message, result);
	return channel_send(child->peers[ROLE_ASSESSOR], &message);
}

static int tell_part(struct child *child, enum kernel_part part)
{
	struct dumper *dumper = child->userdata;
	cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
	int r, result = kernel_ask_part(&dumper->ask, part, &bytes);

	for (size_t sent = 0; result == 0 && sent < bytes.len; sent += PIECE_BYTES) {
		size_t len = bytes.len - sent < PIECE_BYTES ? bytes.len - sent : PIECE_BYTES;

		r = send_piece(child, part, bytes.data + sent, len);
		if (r < 0)
			return log_error(r, "cannot hand the dump on");
	}
	r = send_end(child, part, result);
	return r < 0 ? log_error(r, "cannot hand the dump on") : 0;
}

/* First it asks; then it waits until the assessor has taken all of it. */
static int on_timer(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct dumper *dumper = child->userdata;
	int r = 0;

	for (unsigned part = 0; !dumper->has_asked && part < KERNEL_PART_COUNT && r == 0; part++)
		r = child->peers[ROLE_ASSESSOR] ? tell_part(child, part) : -EPIPE;
	dumper->has_asked = true;
	if (r == 0 && child->peers[ROLE_ASSESSOR] &&
	    channel_queued(child->peers[ROLE_ASSESSOR]) > 0)
		return loop_set_timer(dumper->timer, SENT_MS, 0);
	loop_stop(loop);
	return 0;
}

static int prepare(struct child *child)
{
	struct dumper *dumper = child->userdata;

	kernel_ask_open(&dumper->ask);
	return 0;
}

static int start(struct child *child)
{
	struct dumper *dumper = child->userdata;

	/* Whatever it hangs on, it must not keep its rights for longer. */
	alarm(LIFETIME_S);
	return loop_add_timer(child->loop, 0, 0, on_timer, child, &dumper->timer);
}

int main(int argc, char **argv)
{
	const struct child_ops ops = {
		.role = ROLE_DUMPER,
		.max_queued_bytes = MAX_QUEUED_BYTES,
		.prepare = prepare,
		.start = start,
	};
	struct dumper dumper = {0};
	int status;

	for (unsigned part = 0; part < KERNEL_PART_COUNT; part++)
		dumper.ask.fds[part] = -EBADF;
	status = child_main(argc, argv, &ops, &dumper);
	kernel_ask_close(&dumper.ask);
	return status;
}
