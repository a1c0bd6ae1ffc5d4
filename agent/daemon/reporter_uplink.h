/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uplink: one HTTPS POST at a time to the collector, over mutual TLS 1.3, on the event loop.
 *
 * Knows neither the recorder nor when to try again; every call is bounded by
 * timeouts. The home of libcurl.
 */
#ifndef PLUMBLINE_DAEMON_REPORTER_UPLINK_H
#define PLUMBLINE_DAEMON_REPORTER_UPLINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/loop.h"
#include "base/strbuf.h"

struct uplink;

struct uplink_result {
	long status;	    /* of HTTP; 0 when there was no answer */
	const char *reason; /* why there was none, for a person; NULL else */
	const char *body;   /* at most UPLINK_MAX_ANSWER bytes, NUL-terminated */
	size_t len;
	uint64_t retry_after_s; /* 0: the collector did not say */
};

#define UPLINK_MAX_ANSWER 16384

/* May call uplink_post() again. */
typedef void (*uplink_done_fn)(const struct uplink_result *result, void *userdata);

struct uplink_config {
	const char *url;		    /* "https://host:8443"; nothing but https works */
	struct strbuf ca, certificate, key; /* PEM; must outlive the uplink */
};

int uplink_new(struct loop *loop, const struct uplink_config *config, uplink_done_fn fn,
	       void *userdata, struct uplink **ret_uplink);
struct uplink *uplink_free(struct uplink *uplink);
DEFINE_CLEANUP(struct uplink *, uplink_free)

/* Starts to post; @frame must stay until @fn was called. -EBUSY while one is under way. */
int uplink_post(struct uplink *uplink, const struct strbuf *frame, uint64_t first, uint64_t last);

#endif
