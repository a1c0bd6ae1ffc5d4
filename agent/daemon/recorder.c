/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-recorder: remembers. It judges the sensor's facts beside the
 * baseline, keeps findings, coverage and evidence in one database, and answers
 * the control socket. It sees no file of the host and no network.
 */
#include "daemon/recorder.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder_control.h"
#include "wire/batch.h"

#define TICK_MS		 1000 /* after news, and while work is left; else RECORDER_REST_MS */
#define TRIM_EVERY_NS	 (30 * NSEC_PER_SEC)
#define MAX_QUEUED_BYTES (4 * 1024 * 1024) /* a whole batch for the reporter, and more */
#define MAX_KEY_BYTES	 16384
#define MAX_SALT_BYTES	 1024
#define GIVE_UP_COMMITS	 60 /* in a row; a restart then reopens the database */

int recorder_set_text(char **field, const char *text)
{
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
	}
	free(*field);
	*field = copy;
	return 0;
}

bool recorder_has_baseline(const struct recorder *recorder)
{
	return *baseline_index_digest(recorder->index) != '\0';
}

/* ---- transactions */

static void give_up_changes(struct recorder *recorder, int r)
{
	unsigned lost = record_rollback(recorder->record);

	recorder->lost_changes += lost;
	control_server_committed(recorder->control, false);
	/* A full disk fails each second; every power of two is told. */
	if (recorder->commit_failures & (recorder->commit_failures - 1))
		return;
	log_error(r, "The record could not be written; %u changes are lost", lost);
}

void recorder_commit(struct recorder *recorder)
{
	int r;

	recorder->is_commit_armed = false;
	if (!record_pending(recorder->record))
		return;
	r = record_commit(recorder->record);
	if (r < 0) {
		recorder->commit_failures++;
		give_up_changes(recorder, r);
		return;
	}
	recorder->commit_failures = 0;
	control_server_committed(recorder->control, true);
	recorder_outbox_committed(recorder);
}

static int on_commit_timer(struct loop *loop, void *userdata)
{
	recorder_commit(userdata);
	return 0;
}

int recorder_settle(struct recorder *recorder, int r)
{
	if (r < 0) {
		give_up_changes(recorder, r);
		return 0;
	}
	if (record_pending(recorder->record) >= RECORDER_COMMIT_CHANGES) {
		recorder_commit(recorder);
		return 0;
	}
	if (record_pending(recorder->record) && !recorder->is_commit_armed) {
		recorder->is_commit_armed = true;
		return loop_set_timer(recorder->commit_timer, RECORDER_COMMIT_MS, 0);
	}
	return 0;
}

/* The caches fill again in a few hundred small reads, so how busy it is need not be known. */
static void trim(struct recorder *recorder)
{
	int64_t now_ns = clock_boot_ns();

	if (now_ns - recorder->trimmed_ns < TRIM_EVERY_NS)
		return;
	recorder->trimmed_ns = now_ns;
	record_trim(recorder->record);
	baseline_index_trim(recorder->index);
}

static int on_tick(struct loop *loop, void *userdata)
{
	struct recorder *recorder = userdata;
	bool has_work;
	int r;

	trim(recorder);
	r = recorder_coverage_tick(recorder);
	if (r == 0)
		r = recorder_scan_tick(recorder);
	if (r == 0)
		r = recorder_outbox_tick(recorder);
	control_server_tick(recorder->control);
	if (recorder->commit_failures >= GIVE_UP_COMMITS)
		return log_error(-EIO, "The record has not been written for long, ending");
	has_work = r < 0 || record_pending(recorder->record) || recorder_scan_is_due(recorder) ||
		   recorder_outbox_is_due(recorder);
	r = recorder_settle(recorder, r);
	return r < 0 ? r : has_work;
}

/* ---- messages that fit nowhere else */

static int on_load_result(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	uint64_t request = m_get_u64(message);
	int64_t result = m_get_i64(message);
	cleanup_free char *text = m_get_string(message);
	int r = 0;

	if (message_check(message) < 0 || result > 0 || result < -4095)
		return -EBADMSG;
	/* A refusal by the verifier: this process has not heard of it before. */
	if (result < 0 && !recorder->is_refusal_told) {
		r = recorder_refuse_baseline(recorder, NULL, (int)result,
					     text ? text : strerror((int)-result));
		recorder_load_done(&recorder->load);
	}
	recorder->is_refusal_told = false;
	r = recorder_settle(recorder, r);
	/* Whoever asked sees the new state when it asks next. */
	recorder_commit(recorder);
	control_server_load_done(recorder->control, request, (int)result, text);
	return r;
}

/* ---- life */

static char *read_os_name(void)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	char *start, *end;

	if (fd_read_file(-1, "/etc/os-release", 65536, &sb) < 0)
		return NULL;
	start = strstr(sb.data, "PRETTY_NAME=\"");
	if (!start)
		return NULL;
	start += strlen("PRETTY_NAME=\"");
	end = strchr(start, '"');
	return end ? strndup(start, (size_t)(end - start)) : NULL;
}

static enum wire_privacy parse_privacy(const char *text)
{
	if (str_equal(text, "clear"))
		return WIRE_PRIVACY_CLEAR;
	return str_equal(text, "hashed") ? WIRE_PRIVACY_HASHED : WIRE_PRIVACY_OFF;
}

static int load_controls(struct recorder *recorder)
{
	cleanup_free char *path = NULL;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (asprintf(&path, "%s/controls/findings.ini", recorder->child->config->data_dir) < 0)
		return -ENOMEM;
	r = control_map_load(path, &recorder->controls, &diag);
	if (r < 0)
		log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
	return r;
}

static void find_group(struct recorder *recorder)
{
	const struct group *group = getgrnam(recorder->child->config->user_prefix);

	recorder->has_group = group != NULL;
	if (group)
		recorder->group = group->gr_gid;
}

/* Without the site's secret a hash of a name is a riddle for a minute, so then names stay here. */
static void read_salt(struct recorder *recorder)
{
	cleanup_strbuf struct strbuf salt = STRBUF_INIT;
	const char *path = recorder->child->config->salt_file;
	int r;

	if (recorder->policy.user_names != WIRE_PRIVACY_HASHED)
		return;
	r = fd_read_file(-1, path, MAX_SALT_BYTES, &salt);
	if (r == 0)
		recorder->salt = strbuf_take(&salt);
	else
		log_warning(r, "%s cannot be read, leaving user names out", path);
	recorder->policy.salt = recorder->salt;
}

/* The files of the host are read here, while they can be. */
static int prepare(struct child *child)
{
	struct recorder *recorder = child->userdata;
	cleanup_strbuf struct strbuf key = STRBUF_INIT;
	cleanup_free char *path = NULL;
	struct utsname names;
	int r;

	recorder->child = child;
	recorder->batch_records = BATCH_MAX_RECORDS;
	recorder->policy.user_names = parse_privacy(child->config->user_names);
	read_salt(recorder);
	recorder->os = read_os_name();
	if (uname(&names) == 0)
		recorder->kernel = strdup(names.release);
	find_group(recorder);
	recorder_read_boot_id(recorder);
	if (asprintf(&path, "%s/key/evidence.pub", child->config->state_dir) < 0)
		return -ENOMEM;
	r = fd_read_file(-1, path, MAX_KEY_BYTES, &key);
	if (r == 0)
		recorder->evidence_key = strbuf_take(&key);
	else
		log_warning(r, "No evidence key: chain heads cannot be checked by others");
	return load_controls(recorder);
}

static int open_stores(struct recorder *recorder)
{
	const struct config *config = recorder->child->config;
	cleanup_free char *dir = NULL, *index = NULL;
	int r;

	if (asprintf(&dir, "%s/recorder", config->state_dir) < 0 ||
	    asprintf(&index, "%s/baseline.index", dir) < 0)
		return -ENOMEM;
	r = record_open(dir, config->outbox_max_bytes, &recorder->record);
	if (r < 0)
		return log_error(r, "The record in %s cannot be opened", dir);
	r = baseline_index_open(index, &recorder->index);
	if (r < 0)
		return log_error(r, "The index %s cannot be opened", index);
	return 0;
}

static int restore(struct recorder *recorder)
{
	int r;

	r = record_get(recorder->record, "rung", &recorder->rung);
	if (r < 0 && r != -ENOENT)
		return r;
	r = record_get(recorder->record, "rung_reason", &recorder->rung_reason);
	if (r < 0 && r != -ENOENT)
		return r;
	r = recorder_outbox_start(recorder);
	if (r < 0)
		return r;
	r = recorder_emit_hello(recorder);
	if (r < 0)
		return r;
	r = recorder_coverage_start(recorder);
	if (r < 0)
		return r;
	r = recorder_restore_baseline(recorder);
	if (r < 0)
		return r;
	recorder_commit(recorder);
	return 0;
}

static int start(struct child *child)
{
	struct recorder *recorder = child->userdata;
	const gid_t *group = recorder->has_group ? &recorder->group : NULL;
	int r;

	r = open_stores(recorder);
	if (r < 0)
		return r;
	r = loop_add_timer(child->loop, 0, 0, on_commit_timer, recorder, &recorder->commit_timer);
	if (r < 0)
		return r;
	r = control_server_new(recorder, child->control_fd, group, &recorder->control);
	if (r < 0)
		return log_error(r, "The control socket cannot be served");
	r = restore(recorder);
	if (r < 0)
		return log_error(r, "The record cannot be continued");
	return loop_add_tick(child->loop, TICK_MS, RECORDER_REST_MS, on_tick, recorder);
}

static void on_peer(struct child *child, enum process_role role)
{
	struct recorder *recorder = child->userdata;

	/* However short it was away: a new link is a new sensor, which starts from nothing. */
	if (role == ROLE_SENSOR)
		recorder_settle(recorder, recorder_sensor_away(recorder));
	if (role == ROLE_REPORTER)
		recorder->is_wanted = false; /* a new one asks for itself */
	if (role == ROLE_CONTROL && control_server_listen(recorder->control, child->control_fd) < 0)
		log_warning(0, "The control socket cannot be served");
}

static void stop(struct child *child)
{
	struct recorder *recorder = child->userdata;
	int r;

	/* One that lost its supervisor ends as well, but nobody asked for that. */
	r = recorder_end_coverage(recorder, child->is_told_to_stop);
	if (r < 0)
		give_up_changes(recorder, r);
	recorder_commit(recorder);
	/* Its sources end with the loop, before recorder_done(). */
	recorder->control = control_server_free(recorder->control);
}

static void recorder_done(struct recorder *recorder)
{
	recorder_load_done(&recorder->load);
	recorder_layers_done(recorder->layers);
	recorder_mounts_done(recorder);
	record_close(recorder->record);
	baseline_index_close(recorder->index);
	control_map_free(recorder->controls);
	baseline_rules_done(&recorder->rules);
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		free(recorder->processes[i].what);
	for (unsigned i = 0; i < RECORDER_MAX_TREES; i++)
		free(recorder->walks[i].tree);
	free(recorder->salt);
	free(recorder->evidence_key);
	free(recorder->kernel);
	free(recorder->os);
	free(recorder->rung);
	free(recorder->rung_reason);
	free(recorder->enforcement);
	free(recorder->enforcement_reason);
	free(recorder->rung_before);
	free(recorder->lacks);
	free(recorder->lacks_told);
	free(recorder->assessor_end);
	free(recorder->standing);
	free(recorder->head.signature);
	free(recorder->head.key_id);
	free(recorder->link_url);
	free(recorder->link_reason);
}

int main(int argc, char **argv)
{
	static const channel_handler handlers[MSG_COUNT] = {
		[MSG_EVENT] = recorder_on_event,
		[MSG_STANDING] = recorder_on_standing,
		[MSG_BASELINE_BEGIN] = recorder_on_baseline_begin,
		[MSG_BASELINE_LAYER] = recorder_on_baseline_layer,
		[MSG_BASELINE_RULES] = recorder_on_baseline_rules,
		[MSG_BASELINE_ENTRY] = recorder_on_baseline_entry,
		[MSG_BASELINE_END] = recorder_on_baseline_end,
		[MSG_CHECK_BEGIN] = recorder_on_check_begin,
		[MSG_CHECK_RESULT] = recorder_on_check_result,
		[MSG_CHECK_END] = recorder_on_check_end,
		[MSG_WANT] = recorder_on_want,
		[MSG_ACK] = recorder_on_ack,
		[MSG_REJECT] = recorder_on_reject,
		[MSG_LINK] = recorder_on_link,
		[MSG_HEAD_SIGNED] = recorder_on_head_signed,
		[MSG_CHILD] = recorder_on_child,
		[MSG_CTL_LOAD_RESULT] = on_load_result,
	};
	const struct child_ops ops = {
		.role = ROLE_RECORDER,
		.max_queued_bytes = MAX_QUEUED_BYTES,
		.outlives_peers = true,
		.prepare = prepare,
		.start = start,
		.on_peer = on_peer,
		.stop = stop,
		.handlers = handlers,
		.handler_count = MSG_COUNT,
	};
	struct recorder recorder = {0};
	int status;

	status = child_main(argc, argv, &ops, &recorder);
	recorder_done(&recorder);
	return status;
}
