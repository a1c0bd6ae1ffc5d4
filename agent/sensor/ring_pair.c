/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/ring_pair.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sensor/ring_view.h"
#include "sensor/start_texts.h"

struct head {
	int state; /* as ring_view_peek() */
	const void *data;
	size_t len;
};

int ring_pair_open(const int map_fds[static EV_RING_COUNT], int texts_fd,
		   struct ring_pair *ret_pair)
{
	struct ring_pair pair = {0};
	int r = start_texts_new(texts_fd, &pair.texts);

	for (int ring = 0; ring < EV_RING_COUNT && r == 0; ring++)
		r = ring_view_open(map_fds[ring], &pair.views[ring]);
	if (r < 0) {
		ring_pair_close(&pair);
		return r;
	}
	*ret_pair = pair;
	return 0;
}

void ring_pair_close(struct ring_pair *pair)
{
	for (int ring = 0; ring < EV_RING_COUNT; ring++)
		pair->views[ring] = ring_view_close(pair->views[ring]);
	pair->texts = start_texts_free(pair->texts);
}

static struct head look(const struct ring_pair *pair, enum ev_ring ring)
{
	struct head head = {0};

	head.state = ring_view_peek(pair->views[ring], &head.data, &head.len);
	return head;
}

/* One of a form that is not known has no time, and no order. */
static uint64_t time_of(const struct head *head)
{
	struct ev_hdr hdr = {0};

	if (head->len >= sizeof(hdr))
		memcpy(&hdr, head->data, sizeof(hdr));
	return hdr.ktime;
}

static bool is_half_full(const struct ring_view *view)
{
	return ring_view_used(view) > ring_view_size(view) / 2;
}

/*
 * What came before a record was there before it. So a ring that was empty is looked at again once
 * the other one had something: then what is earlier has been seen, or is still being written.
 */
int ring_pair_peek(struct ring_pair *pair, const void **ret_data, size_t *ret_len)
{
	struct head alert = look(pair, EV_RING_ALERT);
	struct head telemetry = look(pair, EV_RING_TELEMETRY);
	bool is_alert;

	if (alert.state == 0 && telemetry.state == 1)
		alert = look(pair, EV_RING_ALERT);
	if (alert.state == 1 && is_half_full(pair->views[EV_RING_ALERT]))
		is_alert = true;
	else if (alert.state < 0 || telemetry.state < 0)
		return -EBUSY;
	else if (alert.state == 0 && telemetry.state == 0)
		return 0;
	else
		is_alert = telemetry.state == 0 ||
			   (alert.state == 1 && time_of(&alert) < time_of(&telemetry));
	pair->next = is_alert ? EV_RING_ALERT : EV_RING_TELEMETRY;
	*ret_data = is_alert ? alert.data : telemetry.data;
	*ret_len = is_alert ? alert.len : telemetry.len;
	start_texts_complete(pair->texts, ret_data, ret_len);
	return 1;
}

void ring_pair_take(struct ring_pair *pair)
{
	ring_view_take(pair->views[pair->next]);
}

uint64_t ring_pair_count(const struct ring_pair *pair)
{
	uint64_t count = 0;

	for (int ring = 0; ring < EV_RING_COUNT; ring++)
		count += ring_view_count(pair->views[ring]);
	return count;
}
