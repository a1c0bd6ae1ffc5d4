/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP of the collector: routes, limits, answers, one log line per refusal.
 *
 *   POST /v1/batches    one batch frame; answered after the store's commit
 *
 * A body over BODY_HARD_BYTES is cut off by evhttp itself, with a bare 413.
 */
#include "worker.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ingest.h"
#include "store.h"
#include "wire/batch.h"
#include "wire/reply.h"

#define MAX_HEADER_BYTES 8192
#define BODY_HARD_BYTES	 (2 * BATCH_MAX_BYTES)
#define LOG_WINDOW_S	 10
#define LOG_WINDOW_LINES 20
#define SWEEP_S		 1
#define PRUNE_S		 3600
#define RETRY_AFTER_S	 "5"
#define LISTEN_BACKLOG	 128

struct worker {
	const struct settings *settings;
	struct listener_tls *tls;
	struct store *store;
	struct event_base *base;
	struct evconnlistener *listener;
	struct evhttp *http;
	struct event *events[4];
	/* Strangers may not fill the log: lines of this window, and what was left out. */
	int64_t window_ns;
	unsigned lines, left_out;
};

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 429:
		return "Too Many Requests";
	default:
		return "Service Unavailable";
	}
}

static void answer(struct evhttp_request *request, int status, const struct wire_answer *content)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct evbuffer *body = evbuffer_new();

	evhttp_add_header(headers, "Content-Type", "application/json");
	if (status == INGEST_BUSY || status == INGEST_UNAVAILABLE)
		evhttp_add_header(headers, "Retry-After", RETRY_AFTER_S);
	if (body && wire_answer_encode(content, &text) == 0)
		evbuffer_add(body, text.data, text.len);
	evhttp_send_reply(request, status, reason_of(status), body);
	if (body)
		evbuffer_free(body);
}

static const char *address_of(struct evhttp_request *request)
{
	char *address = NULL;
	uint16_t port;

	evhttp_connection_get_peer(evhttp_request_get_connection(request), &address, &port);
	return address ? address : "?";
}

static void refuse(struct evhttp_request *request, const char *peer, int status, const char *why)
{
	struct wire_answer content = {.error = (char *)why};

	log_warning(0, "refused a request of %s from %s: %d %s", peer, address_of(request), status,
		    why);
	answer(request, status, &content);
}

static void take_batch(struct worker *worker, struct evhttp_request *request, const char *peer)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(body);
	struct ingest_result result;
	struct wire_answer content = {0};

	ingest_frame(worker->store, peer, evbuffer_pullup(body, -1), len, &result);
	if (result.status == INGEST_STORED) {
		content.acked = result.acked;
		log_debug("%s: stored %" PRIu64 " records up to %" PRIu64, peer, result.stored,
			  result.acked);
	} else {
		content.error = result.error;
		content.expected_first = result.expected_first;
		log_warning(0, "refused a batch of %s from %s: %d %s", peer, address_of(request),
			    result.status, result.error);
	}
	answer(request, result.status, &content);
}

static void on_request(struct evhttp_request *request, void *userdata)
{
	struct worker *worker = userdata;
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct bufferevent *stream = evhttp_connection_get_bufferevent(connection);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	char peer[AGENT_NAME_SIZE];

	if (listener_tls_peer(stream, peer) < 0) {
		refuse(request, "a stranger", 403, "the client certificate names no agent");
		return;
	}
	listener_tls_touch(stream);

	if (!path || strcmp(path, "/v1/batches") != 0)
		refuse(request, peer, 404, "no such address");
	else if (evhttp_request_get_command(request) != EVHTTP_REQ_POST)
		refuse(request, peer, 405, "only POST is allowed here");
	else if (!str_equal(evhttp_find_header(headers, "Content-Encoding"), "zstd"))
		refuse(request, peer, 415, "the body must have Content-Encoding: zstd");
	else
		take_batch(worker, request, peer);
}

static struct bufferevent *on_connection(struct event_base *base, void *userdata)
{
	struct worker *worker = userdata;
	struct bufferevent *connection = listener_tls_accept(worker->tls, base);

	/* evhttp would go on in the clear without one; on_request() refuses such a client. */
	return connection;
}

/* Called on refusals and by the sweep, so that the number is told even when nobody comes any more.
 */
static void turn_window(struct worker *worker)
{
	int64_t now_ns = clock_boot_ns();

	if (now_ns - worker->window_ns < LOG_WINDOW_S * NSEC_PER_SEC)
		return;
	if (worker->left_out)
		log_warning(0, "refused %u more TLS clients", worker->left_out);
	worker->window_ns = now_ns;
	worker->lines = worker->left_out = 0;
}

static void on_refused(const char *why, void *userdata)
{
	struct worker *worker = userdata;

	turn_window(worker);
	if (worker->lines >= LOG_WINDOW_LINES) {
		worker->left_out++;
		return;
	}
	worker->lines++;
	log_warning(0, "refused a TLS client: %s", why);
}

static void on_count(unsigned count, void *userdata)
{
	struct worker *worker = userdata;

	if (!worker->listener)
		return;
	if (count >= worker->settings->max_connections)
		evconnlistener_disable(worker->listener);
	else
		evconnlistener_enable(worker->listener);
}

static const struct listener_tls_ops tls_ops = {.on_refused = on_refused, .on_count = on_count};

static void on_sweep(evutil_socket_t fd, short what, void *userdata)
{
	struct worker *worker = userdata;

	turn_window(worker);
	listener_tls_sweep(worker->tls, (int64_t)worker->settings->idle_s * 1000);
}

static void on_prune(evutil_socket_t fd, short what, void *userdata)
{
	struct worker *worker = userdata;
	uint64_t days = worker->settings->retention_days;
	int64_t now_ns = clock_real_ns();
	int r;

	if (days == 0)
		return;
	r = worker->store->ops->prune(worker->store, now_ns - (int64_t)days * 86400 * NSEC_PER_SEC,
				      now_ns);
	if (r < 0)
		log_warning(r, "cannot drop what is older than %" PRIu64 " days, ignoring", days);
}

static void on_signal(evutil_socket_t signo, short what, void *userdata)
{
	struct worker *worker = userdata;

	event_base_loopexit(worker->base, NULL);
}

static int add_event(struct worker *worker, size_t slot, struct event *event, time_t seconds)
{
	struct timeval interval = {.tv_sec = seconds};

	worker->events[slot] = event;
	return event && event_add(event, seconds ? &interval : NULL) == 0 ? 0 : -ENOMEM;
}

static int prepare(struct worker *worker, int listen_fd)
{
	struct event_base *base = event_base_new();
	int r = 0;

	worker->base = base;
	worker->http = base ? evhttp_new(base) : NULL;
	if (!worker->http)
		return -ENOMEM;

	worker->listener =
		evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
				   LISTEN_BACKLOG, listen_fd);
	if (!worker->listener || !evhttp_bind_listener(worker->http, worker->listener))
		return -ENOMEM;

	evhttp_set_allowed_methods(worker->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
							 EVHTTP_REQ_DELETE | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(worker->http, MAX_HEADER_BYTES);
	evhttp_set_max_body_size(worker->http, BODY_HARD_BYTES);
	evhttp_set_timeout(worker->http, (int)worker->settings->idle_s);
	evhttp_set_bevcb(worker->http, on_connection, worker);
	evhttp_set_gencb(worker->http, on_request, worker);
	listener_tls_watch(worker->tls, &tls_ops, worker);

	r = r ?: add_event(worker, 0, event_new(base, -1, EV_PERSIST, on_sweep, worker), SWEEP_S);
	r = r ?: add_event(worker, 1, event_new(base, -1, EV_PERSIST, on_prune, worker), PRUNE_S);
	r = r ?: add_event(worker, 2, evsignal_new(base, SIGTERM, on_signal, worker), 0);
	r = r ?: add_event(worker, 3, evsignal_new(base, SIGINT, on_signal, worker), 0);
	return r;
}

static void finish(struct worker *worker)
{
	for (size_t i = 0; i < ARRAY_SIZE(worker->events); i++)
		if (worker->events[i])
			event_free(worker->events[i]);
	worker->listener = NULL; /* belongs to evhttp */
	if (worker->http)
		evhttp_free(worker->http);
	if (worker->base)
		event_base_free(worker->base);
	store_closep(&worker->store);
}

int worker_run(const struct settings *settings, struct listener_tls *tls, int listen_fd)
{
	struct worker worker = {.settings = settings, .tls = tls};
	int r;

	r = store_sqlite.open(settings->path, &worker.store);
	if (r < 0) {
		log_error(r, "cannot open the store in %s", settings->path);
		return EXIT_FAILURE;
	}
	r = prepare(&worker, listen_fd);
	if (r == 0)
		r = event_base_dispatch(worker.base) < 0 ? -EIO : 0;
	if (r < 0)
		log_error(r, "cannot serve");
	finish(&worker);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
