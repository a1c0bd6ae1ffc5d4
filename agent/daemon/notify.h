/* SPDX-License-Identifier: Apache-2.0 */
/* The service manager's notification socket (sd_notify protocol), without its library. */
#ifndef PLUMBLINE_DAEMON_NOTIFY_H
#define PLUMBLINE_DAEMON_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;		      /* connected; -1 when no service manager asked */
	uint64_t watchdog_ms; /* how often to say WATCHDOG=1; 0: never */
};

/* From $NOTIFY_SOCKET and $WATCHDOG_USEC. Without them, and on any failure, nothing is sent later.
 */
void notify_init(struct notify *notify);
void notify_done(struct notify *notify);

/* @state: "READY=1\nSTATUS=..." */
void notify_send(const struct notify *notify, const char *state);

#endif
