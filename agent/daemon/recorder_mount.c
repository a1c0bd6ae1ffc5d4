/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts over, at and above approved paths. What was mounted there when the
 * baseline was loaded on this machine is the state that later ones are compared
 * with: a baseline file itself names no mounts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "daemon/recorder.h"

#define KEY_REFERENCE "mounts"
#define KEY_DIGEST    "mounts_baseline"
#define PAGE_LIMIT    256

static int put_finding(struct recorder *recorder, const char *point, const char *expected,
		       const char *actual, const struct event *event)
{
	struct record_match others = {.path = point, .kinds = 1ULL << FINDING_MOUNT_CHANGED};
	cleanup_finding struct finding finding = {0};
	struct event shown = *event;
	int r;

	/* The sentence leaves the host as it is. */
	if (recorder->policy.user_names != WIRE_PRIVACY_CLEAR)
		shown.subject.user = NULL;
	r = engine_make_mount_finding(point, expected, actual, &shown, &finding);
	if (r == 0 && event->subject.user && !finding.subject.user)
		r = recorder_set_text(&finding.subject.user, event->subject.user);
	if (r < 0)
		return r;
	str_copy(finding.baseline, sizeof(finding.baseline),
		 baseline_index_digest(recorder->index));
	r = recorder_put_finding(recorder, &finding);
	if (r < 0)
		return r;
	others.except_id = finding.id;
	return recorder_resolve(recorder, &others, clock_real_ns());
}

static int judge(struct recorder *recorder, const char *point, const struct event *event)
{
	struct record_match all = {.path = point, .kinds = 1ULL << FINDING_MOUNT_CHANGED};
	const char *expected = mount_list_get(&recorder->mounts.approved, point);
	const char *actual = mount_list_get(&recorder->mounts.present, point);
	int r;

	if (str_equal(expected, actual))
		return recorder_resolve(recorder, &all, clock_real_ns());
	r = baseline_index_has_below(recorder->index, point);
	return r <= 0 ? r : put_finding(recorder, point, expected, actual, event);
}

static int judge_list(struct recorder *recorder, const struct mount_list *list)
{
	const struct event nobody = {.kind = EVENT_MOUNT, .time_ns = clock_real_ns()};
	int r = 0;

	for (size_t i = 0; i < list->count && r == 0; i++)
		r = judge(recorder, list->items[i].point, &nobody);
	return r;
}

static int collect_open(const struct finding *finding, void *userdata)
{
	struct mount_list *list = userdata;
	int r;

	if (finding->kind != FINDING_MOUNT_CHANGED || !finding->path)
		return 0;
	r = mount_list_set(list, finding->path, "");
	return r == -ENOBUFS ? 0 : r;
}

/* What was open before this process began may have ended without an event. */
static int judge_open(struct recorder *recorder)
{
	struct record_page page = {.limit = PAGE_LIMIT, .only_open = true};
	cleanup_mount_list struct mount_list open = {0};
	int r;

	do {
		r = record_page_findings(recorder->record, &page, collect_open, &open);
		if (r < 0)
			return r;
	} while (r == PAGE_LIMIT);
	return judge_list(recorder, &open);
}

static int store_reference(struct recorder *recorder, const char *digest)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r;

	mount_list_write(&recorder->mounts.present, &sb);
	r = mount_list_read(sb.data ? sb.data : "", &recorder->mounts.approved);
	if (r == 0)
		r = record_set(recorder->record, KEY_REFERENCE, sb.data ? sb.data : "");
	return r < 0 ? r : record_set(recorder->record, KEY_DIGEST, digest);
}

/* What was mounted when this baseline came, or what is mounted now that it does. */
static int find_reference(struct recorder *recorder)
{
	const char *digest = baseline_index_digest(recorder->index);
	cleanup_free char *of = NULL, *text = NULL;
	int r;

	mount_list_done(&recorder->mounts.approved);
	r = record_get(recorder->record, KEY_DIGEST, &of);
	if (r == 0)
		r = record_get(recorder->record, KEY_REFERENCE, &text);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && str_equal(of, digest) &&
	    mount_list_read(text, &recorder->mounts.approved) == 0)
		return 0;
	return store_reference(recorder, digest);
}

static int end_list(struct recorder *recorder)
{
	int r;

	recorder->mounts.is_listing = false;
	if (!recorder_has_baseline(recorder))
		return 0;
	r = find_reference(recorder);
	if (r == 0)
		r = judge_list(recorder, &recorder->mounts.approved);
	if (r == 0)
		r = judge_list(recorder, &recorder->mounts.present);
	if (r == 0)
		r = judge_open(recorder);
	recorder->mounts.is_known = r == 0;
	return r;
}

static int on_place(struct recorder *recorder, struct event *event)
{
	const char *point = event->object.path;
	int r = mount_list_set(&recorder->mounts.present, point, event->text);

	if (r == -ENOBUFS)
		return recorder_put_agent(recorder, FINDING_AGENT_GAP, "mounts", "too many",
					  "More is mounted in monitored places than is followed.");
	if (r < 0 || recorder->mounts.is_listing)
		return r;
	r = record_add_event(recorder->record, event, NULL);
	if (r < 0 || !recorder->mounts.is_known)
		return r;
	return judge(recorder, point, event);
}

int recorder_on_mount(struct recorder *recorder, struct event *event)
{
	if (event->object.path)
		return on_place(recorder, event);
	if (str_equal(event->text, EVENT_MOUNT_END))
		return end_list(recorder);
	mount_list_done(&recorder->mounts.present);
	recorder->mounts.is_listing = true;
	return 0;
}

void recorder_mounts_forget(struct recorder *recorder)
{
	recorder->mounts.is_known = false;
}

void recorder_mounts_done(struct recorder *recorder)
{
	mount_list_done(&recorder->mounts.present);
	mount_list_done(&recorder->mounts.approved);
}
