/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model values as message fields.
 *
 * The getters stand between a process and a peer that may be taken over: enum
 * values, sizes and mandatory texts are checked here, so that handlers can use
 * what they get.
 */
#include "privsep/payload.h"

#include <string.h>

#include "base/str.h"

_Static_assert(sizeof(struct decision) == SHA256_SIZE + 1, "decisions travel as they are");

static uint32_t get_enum(struct message *message, uint32_t count)
{
	uint32_t value = m_get_u32(message);

	if (value < count)
		return value;
	message_set_bad(message);
	return 0;
}

static bool get_bool(struct message *message)
{
	return get_enum(message, 2) == 1;
}

void m_put_file_fact(struct message *message, const struct file_fact *fact)
{
	m_put_string(message, fact->path);
	m_put_u32(message, fact->type);
	m_put_u32(message, fact->role);
	m_put_bytes(message, fact->sha256, fact->has_digest ? SHA256_SIZE : 0);
	m_put_u64(message, fact->size);
	m_put_u32(message, fact->mode);
	m_put_u32(message, fact->uid);
	m_put_u32(message, fact->gid);
	m_put_string(message, fact->user);
	m_put_string(message, fact->group);
	m_put_string(message, fact->capabilities);
	m_put_string(message, fact->xattrs);
	m_put_string(message, fact->link_target);
	m_put_string(message, fact->package);
	m_put_string(message, fact->version);
	m_put_u32(message, fact->unstated);
	m_put_u32(message, fact->layer);
}

/* A path is absolute or absent: what is below builds on it. */
static char *get_path(struct message *message)
{
	char *path = m_get_string(message);

	if (path && path[0] != '/')
		message_set_bad(message);
	return path;
}

void m_get_file_fact(struct message *message, struct file_fact *to)
{
	const void *digest;
	size_t digest_len;

	*to = (struct file_fact){.path = get_path(message)};
	to->type = get_enum(message, FILE_TYPE_COUNT);
	to->role = get_enum(message, FILE_ROLE_COUNT);
	digest = m_get_bytes(message, &digest_len);
	if (digest && digest_len == SHA256_SIZE) {
		memcpy(to->sha256, digest, SHA256_SIZE);
		to->has_digest = true;
	} else if (digest_len != 0) {
		message_set_bad(message);
	}
	to->size = m_get_u64(message);
	to->mode = m_get_u32(message);
	if (to->mode > 07777)
		message_set_bad(message);
	to->uid = m_get_u32(message);
	to->gid = m_get_u32(message);
	to->user = m_get_string(message);
	to->group = m_get_string(message);
	to->capabilities = m_get_string(message);
	to->xattrs = m_get_string(message);
	to->link_target = m_get_string(message);
	to->package = m_get_string(message);
	to->version = m_get_string(message);
	to->unstated = m_get_u32(message);
	if (to->unstated & ~(unsigned)FILE_FIELDS_UNSTATED)
		message_set_bad(message);
	to->layer = get_enum(message, LAYER_COUNT);
}

void m_put_subject(struct message *message, const struct subject *subject)
{
	m_put_u32(message, subject->is_known);
	m_put_u64(message, subject->cookie);
	m_put_u32(message, subject->pid);
	m_put_u32(message, subject->ppid);
	m_put_u32(message, subject->uid);
	m_put_u32(message, subject->euid);
	m_put_u32(message, subject->login_uid);
	m_put_string(message, subject->exe);
	m_put_string(message, subject->comm);
	m_put_string(message, subject->unit);
	m_put_string(message, subject->parents);
	m_put_string(message, subject->user);
	m_put_string(message, subject->change_set);
}

void m_get_subject(struct message *message, struct subject *to)
{
	*to = (struct subject){.is_known = get_bool(message)};
	to->cookie = m_get_u64(message);
	to->pid = m_get_u32(message);
	to->ppid = m_get_u32(message);
	to->uid = m_get_u32(message);
	to->euid = m_get_u32(message);
	to->login_uid = m_get_u32(message);
	to->exe = m_get_string(message);
	to->comm = m_get_string(message);
	to->unit = m_get_string(message);
	to->parents = m_get_string(message);
	to->user = m_get_string(message);
	to->change_set = m_get_string(message);
}

void m_put_event(struct message *message, const struct event *event)
{
	m_put_u32(message, event->kind);
	m_put_u32(message, event->changes);
	m_put_i64(message, event->time_ns);
	m_put_i64(message, event->until_ns);
	m_put_u64(message, event->count);
	m_put_u64(message, event->sequence);
	m_put_subject(message, &event->subject);
	m_put_file_fact(message, &event->object);
	m_put_file_fact(message, &event->script);
	m_put_u32(message, event->kernel.answer);
	m_put_u32(message, event->kernel.outcome);
	m_put_u32(message, event->kernel.generation);
	m_put_string(message, event->text);
	m_put_string(message, event->detail);
}

void m_get_event(struct message *message, struct event *to)
{
	*to = (struct event){.kind = get_enum(message, EVENT_KIND_COUNT)};
	to->changes = m_get_u32(message);
	to->time_ns = m_get_i64(message);
	to->until_ns = m_get_i64(message);
	to->count = m_get_u64(message);
	to->sequence = m_get_u64(message);
	m_get_subject(message, &to->subject);
	m_get_file_fact(message, &to->object);
	m_get_file_fact(message, &to->script);
	to->kernel.answer = get_enum(message, ANSWER_COUNT);
	to->kernel.outcome = get_enum(message, OUTCOME_COUNT);
	to->kernel.generation = m_get_u32(message);
	to->text = m_get_string(message);
	to->detail = m_get_string(message);
	if (to->kind == EVENT_NONE)
		message_set_bad(message);
}

void m_put_decisions(struct message *message, const struct decision *decisions, size_t count)
{
	m_put_bytes(message, decisions, count * sizeof(*decisions));
}

const struct decision *m_get_decisions(struct message *message, size_t *ret_count)
{
	size_t len;
	const struct decision *decisions = m_get_bytes(message, &len);

	*ret_count = len / sizeof(*decisions);
	if (len % sizeof(*decisions) != 0)
		message_set_bad(message);
	for (size_t i = 0; i < *ret_count; i++)
		if (decisions[i].kind == DECISION_NONE || decisions[i].kind >= DECISION_KIND_COUNT)
			message_set_bad(message);
	return decisions;
}

void m_put_check_result(struct message *message, const struct check_result *result)
{
	m_put_string(message, result->id);
	m_put_string(message, result->title);
	m_put_u32(message, result->outcome);
	m_put_u32(message, result->severity);
	m_put_string(message, result->expected);
	m_put_string(message, result->actual);
	m_put_string(message, result->reason);
	m_put_string(message, result->remediation);
	m_put_string(message, result->ot_caution);
	m_put_string(message, result->controls);
	m_put_string(message, result->requirements);
	m_put_string(message, result->techniques);
	m_put_i64(message, result->time_ns);
	m_put_u64(message, result->duration_ns);
}

void m_get_check_result(struct message *message, struct check_result *to)
{
	*to = (struct check_result){.id = m_get_string(message)};
	if (!to->id)
		message_set_bad(message);
	to->title = m_get_string(message);
	to->outcome = get_enum(message, CHECK_OUTCOME_COUNT);
	to->severity = get_enum(message, SEVERITY_COUNT);
	to->expected = m_get_string(message);
	to->actual = m_get_string(message);
	to->reason = m_get_string(message);
	to->remediation = m_get_string(message);
	to->ot_caution = m_get_string(message);
	to->controls = m_get_string(message);
	to->requirements = m_get_string(message);
	to->techniques = m_get_string(message);
	to->time_ns = m_get_i64(message);
	to->duration_ns = m_get_u64(message);
}

void m_put_standing(struct message *message, const struct standing *standing)
{
	m_put_u64(message, standing->capabilities);
	m_put_u32(message, standing->hindrances);
	m_put_u32(message, (uint32_t)standing->rung_count);
	for (size_t i = 0; i < standing->rung_count; i++) {
		m_put_string(message, standing->rungs[i].name);
		m_put_i64(message, standing->rungs[i].error);
	}
	m_put_u32(message, (uint32_t)standing->part_count);
	for (size_t i = 0; i < standing->part_count; i++) {
		m_put_string(message, standing->parts[i].name);
		m_put_i64(message, standing->parts[i].error);
		m_put_u32(message, standing->parts[i].state);
		m_put_u64(message, standing->parts[i].skipped);
	}
}

/* A name that fits, and an errno. */
static int get_name(struct message *message, char *to, size_t size)
{
	cleanup_free char *name = m_get_string(message);
	int64_t error = m_get_i64(message);

	if (!name || !str_copy(to, size, name) || error > 0 || error < -4095) {
		message_set_bad(message);
		return 0;
	}
	return (int)error;
}

void m_get_standing(struct message *message, struct standing *to)
{
	*to = (struct standing){.capabilities = m_get_u64(message)};
	to->hindrances = m_get_u32(message);
	to->rung_count = get_enum(message, STANDING_RUNGS_MAX + 1);
	for (size_t i = 0; i < to->rung_count; i++)
		to->rungs[i].error =
			get_name(message, to->rungs[i].name, sizeof(to->rungs[i].name));
	to->part_count = get_enum(message, STANDING_PARTS_MAX + 1);
	for (size_t i = 0; i < to->part_count; i++) {
		struct standing_part *part = &to->parts[i];

		part->error = get_name(message, part->name, sizeof(part->name));
		part->state = get_enum(message, PART_STATE_COUNT);
		part->skipped = m_get_u64(message);
	}
}
