/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface on our loop; see reporter_uplink.h. */
#include "daemon/reporter_uplink.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define CONNECT_TIMEOUT_S 10L
#define TOTAL_TIMEOUT_S	  30L

struct uplink {
	struct loop *loop;
	struct loop_source *timer;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	char *url;
	char error[CURL_ERROR_SIZE];
	struct strbuf answer;
	bool is_busy;
	uplink_done_fn fn;
	void *userdata;
};

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
	struct uplink *uplink = userdata;

	/* Less than was offered ends the transfer. */
	if (uplink->answer.len + size * count > UPLINK_MAX_ANSWER)
		return 0;
	strbuf_add(&uplink->answer, data, size * count);
	return strbuf_check(&uplink->answer) < 0 ? 0 : size * count;
}

static void report(struct uplink *uplink, CURLcode code)
{
	struct uplink_result result = {.body = uplink->answer.data ? uplink->answer.data : "",
				       .len = uplink->answer.len};
	curl_off_t retry_after = 0;

	if (code != CURLE_OK) {
		result.reason = uplink->error[0] ? uplink->error : curl_easy_strerror(code);
	} else {
		curl_easy_getinfo(uplink->easy, CURLINFO_RESPONSE_CODE, &result.status);
		curl_easy_getinfo(uplink->easy, CURLINFO_RETRY_AFTER, &retry_after);
		result.retry_after_s = retry_after > 0 ? (uint64_t)retry_after : 0;
	}
	uplink->fn(&result, uplink->userdata);
}

/* Whether the transfer ended is only known after libcurl was let work. */
static void collect(struct uplink *uplink)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(uplink->multi, &left))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_multi_remove_handle(uplink->multi, uplink->easy);
		uplink->is_busy = false;
		report(uplink, code);
	}
}

static int on_socket_ready(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct uplink *uplink = userdata;
	int running, action = 0;

	if (events & EPOLLIN)
		action |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		action |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		action |= CURL_CSELECT_ERR;
	curl_multi_socket_action(uplink->multi, fd, action, &running);
	collect(uplink);
	return 0;
}

static int on_timer(struct loop *loop, void *userdata)
{
	struct uplink *uplink = userdata;
	int running;

	curl_multi_socket_action(uplink->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(uplink);
	return 0;
}

static int on_want_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socketdata)
{
	struct uplink *uplink = userdata;
	struct loop_source *source = socketdata;
	uint32_t events = 0;

	if (what == CURL_POLL_REMOVE) {
		loop_remove(source);
		curl_multi_assign(uplink->multi, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	if (source)
		return loop_set_events(source, events) < 0 ? -1 : 0;
	if (loop_add_fd(uplink->loop, fd, events, on_socket_ready, uplink, &source) < 0)
		return -1;
	curl_multi_assign(uplink->multi, fd, source);
	return 0;
}

static int on_want_timer(CURLM *multi, long timeout_ms, void *userdata)
{
	struct uplink *uplink = userdata;

	/* -1 asks to forget the timer; one that fires without need does no harm. */
	if (timeout_ms >= 0)
		loop_set_timer(uplink->timer, (uint64_t)timeout_ms, 0);
	return 0;
}

static void set_blob(CURL *easy, CURLoption option, const struct strbuf *pem)
{
	struct curl_blob blob = {pem->data, pem->len, CURL_BLOB_NOCOPY};

	curl_easy_setopt(easy, option, &blob);
}

static int set_options(struct uplink *uplink, const struct uplink_config *config)
{
	CURL *easy = uplink->easy;
	CURLcode code = CURLE_OK;

#define SET(option, value) (code = code ? code : curl_easy_setopt(easy, option, value))
	SET(CURLOPT_URL, uplink->url);
	/* What decides whom we talk to: all of it must hold, hence checked. */
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	SET(CURLOPT_TIMEOUT, TOTAL_TIMEOUT_S);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_USERAGENT, "plumbline/" PLUMBLINE_VERSION);
	SET(CURLOPT_ERRORBUFFER, uplink->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, uplink);
#undef SET
	set_blob(easy, CURLOPT_CAINFO_BLOB, &config->ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, &config->certificate);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, &config->key);
	return code == CURLE_OK ? 0 : -EINVAL;
}

int uplink_new(struct loop *loop, const struct uplink_config *config, uplink_done_fn fn,
	       void *userdata, struct uplink **ret_uplink)
{
	cleanup_with(uplink_freep) struct uplink *uplink = calloc(1, sizeof(*uplink));
	int r;

	if (!uplink)
		return -ENOMEM;

	uplink->loop = loop;
	uplink->fn = fn;
	uplink->userdata = userdata;
	uplink->multi = curl_multi_init();
	uplink->easy = curl_easy_init();
	if (!uplink->multi || !uplink->easy ||
	    asprintf(&uplink->url, "%s/v1/batches", config->url) < 0)
		return -ENOMEM;

	r = loop_add_timer(loop, 0, 0, on_timer, uplink, &uplink->timer);
	if (r < 0)
		return r;
	curl_multi_setopt(uplink->multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
	curl_multi_setopt(uplink->multi, CURLMOPT_SOCKETDATA, uplink);
	curl_multi_setopt(uplink->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
	curl_multi_setopt(uplink->multi, CURLMOPT_TIMERDATA, uplink);
	r = set_options(uplink, config);
	if (r < 0)
		return r;

	*ret_uplink = TAKE_PTR(uplink);
	return 0;
}

struct uplink *uplink_free(struct uplink *uplink)
{
	if (!uplink)
		return NULL;

	if (uplink->is_busy)
		curl_multi_remove_handle(uplink->multi, uplink->easy);
	curl_easy_cleanup(uplink->easy);
	curl_multi_cleanup(uplink->multi);
	curl_slist_free_all(uplink->headers);
	loop_remove(uplink->timer);
	strbuf_done(&uplink->answer);
	free(uplink->url);
	free(uplink);
	return NULL;
}

static int set_headers(struct uplink *uplink, uint64_t first, uint64_t last)
{
	/* Without "Expect", or each batch would wait for a 100 Continue. */
	static const char *const fixed[] = {"Content-Type: application/x-ndjson",
					    "Content-Encoding: zstd", "Expect:"};
	struct curl_slist *list = NULL, *longer;
	char numbers[2][64];

	snprintf(numbers[0], sizeof(numbers[0]), "X-Plumbline-First: %" PRIu64, first);
	snprintf(numbers[1], sizeof(numbers[1]), "X-Plumbline-Last: %" PRIu64, last);
	for (size_t i = 0; i < ARRAY_SIZE(fixed) + 2; i++) {
		longer = curl_slist_append(list, i < 2 ? numbers[i] : fixed[i - 2]);
		if (!longer) {
			curl_slist_free_all(list);
			return -ENOMEM;
		}
		list = longer;
	}
	curl_easy_setopt(uplink->easy, CURLOPT_HTTPHEADER, list);
	curl_slist_free_all(uplink->headers);
	uplink->headers = list;
	return 0;
}

int uplink_post(struct uplink *uplink, const struct strbuf *frame, uint64_t first, uint64_t last)
{
	int r;

	if (uplink->is_busy)
		return -EBUSY;

	r = set_headers(uplink, first, last);
	if (r < 0)
		return r;
	strbuf_clear(&uplink->answer);
	uplink->error[0] = '\0';
	curl_easy_setopt(uplink->easy, CURLOPT_POSTFIELDS, frame->data);
	curl_easy_setopt(uplink->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)frame->len);
	if (curl_multi_add_handle(uplink->multi, uplink->easy) != CURLM_OK)
		return -EIO;
	uplink->is_busy = true;
	return 0;
}
