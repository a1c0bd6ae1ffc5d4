/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS side of the listener: TLS 1.3 only, client certificate required, one name per client.
 *
 * Knows no HTTP. Also keeps the list of connections, to bound their number and
 * to end those that complete no request in time, and sees to it that a refused
 * client can read why.
 */
#ifndef PLUMBLINE_COLLECTORS_LISTENER_TLS_H
#define PLUMBLINE_COLLECTORS_LISTENER_TLS_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "settings.h"
#include "wire/codec.h"

struct bufferevent;
struct event_base;
struct listener_tls;

struct listener_tls_ops {
	/* A client was refused during the handshake; @why is plain text. */
	void (*on_refused)(const char *why, void *userdata);
	/* The number of connections changed. */
	void (*on_count)(unsigned count, void *userdata);
};

/* Reads all files now, so that the caller can give up privilege after it. */
int listener_tls_new(const struct settings *settings, struct listener_tls **ret_tls,
		     struct diag *diag);
struct listener_tls *listener_tls_free(struct listener_tls *tls);
DEFINE_CLEANUP(struct listener_tls *, listener_tls_free)

/* Who is told; once per worker process. */
void listener_tls_watch(struct listener_tls *tls, const struct listener_tls_ops *ops,
			void *userdata);

/* A server-side connection without a socket yet, for evhttp; never NULL short of an exhausted
 * memory. */
struct bufferevent *listener_tls_accept(struct listener_tls *tls, struct event_base *base);

/* The name in the client's certificate. -EACCES when the connection has none, or one that cannot be
 * an agent's. */
int listener_tls_peer(struct bufferevent *connection, char ret_name[static AGENT_NAME_SIZE]);

/* The connection completed a request: its time starts again. */
void listener_tls_touch(struct bufferevent *connection);
/*
 * Ends connections whose last request, or beginning, is more than @idle_ms ago. Whoever has not
 * shown a certificate by then has less: HANDSHAKE_MS, so that strangers cannot keep the places.
 */
void listener_tls_sweep(struct listener_tls *tls, int64_t idle_ms);

#endif
