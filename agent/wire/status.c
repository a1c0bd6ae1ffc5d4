/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's status to JSON and back; see status.h. */
#include "wire/status.h"

#include "base/json.h"

/* Our JSON writer has two of jansson's names; its constructors are not used here. */
#define json_string jansson_string
#define json_null   jansson_null
#include <jansson.h>
#undef json_string
#undef json_null

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "wire/field.h"

void status_done(struct status *status)
{
	free(status->agent);
	free(status->version);
	free(status->os);
	free(status->kernel);
	free(status->profile);
	free(status->phase);
	free(status->rung);
	free(status->rung_reason);
	free(status->coverage_basis);
	free(status->enforcement);
	free(status->enforcement_reason);
	free(status->baseline_name);
	free(status->link_url);
	free(status->link_reason);
	for (size_t i = 0; i < status->process_count; i++) {
		free(status->processes[i].role);
		free(status->processes[i].state);
	}
	free(status->processes);
	for (size_t i = 0; i < status->layer_count; i++) {
		free(status->layers[i].layer);
		free(status->layers[i].name);
	}
	free(status->layers);
	for (size_t i = 0; i < status->unseen_count; i++) {
		free(status->unseen[i].what);
		free(status->unseen[i].note);
	}
	free(status->unseen);
	free(status->head.signature);
	free(status->head.key_id);
	*status = (struct status){0};
}

static int copy_text(const char *text, char **ret_copy)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : -ENOMEM;
}

int status_add_process(struct status *status, const char *role, const char *state,
		       uint64_t restarts)
{
	struct status_process *list = reallocarray(status->processes, status->process_count + 1,
						   sizeof(*status->processes));
	struct status_process *added;

	if (!list)
		return -ENOMEM;
	status->processes = list;
	added = &list[status->process_count++];
	*added = (struct status_process){.restarts = restarts};
	return copy_text(role, &added->role) < 0 || copy_text(state, &added->state) < 0 ? -ENOMEM
											: 0;
}

int status_add_unseen(struct status *status, const char *what, const char *note)
{
	struct status_unseen *list =
		reallocarray(status->unseen, status->unseen_count + 1, sizeof(*status->unseen));
	struct status_unseen *added;

	if (!list)
		return -ENOMEM;
	status->unseen = list;
	added = &list[status->unseen_count++];
	*added = (struct status_unseen){0};
	return copy_text(what, &added->what) < 0 || copy_text(note, &added->note) < 0 ? -ENOMEM : 0;
}

int status_add_layer(struct status *status, const struct status_layer *layer)
{
	struct status_layer *list =
		reallocarray(status->layers, status->layer_count + 1, sizeof(*status->layers));
	struct status_layer *added;

	if (!list)
		return -ENOMEM;
	status->layers = list;
	added = &list[status->layer_count++];
	*added = *layer;
	added->layer = added->name = NULL;
	return copy_text(layer->layer, &added->layer) < 0 ||
			       copy_text(layer->name, &added->name) < 0
		       ? -ENOMEM
		       : 0;
}

static void put_layers(struct json *j, const struct status *status)
{
	json_key(j, "layers");
	json_begin_array(j);
	for (size_t i = 0; i < status->layer_count; i++) {
		const struct status_layer *layer = &status->layers[i];

		json_begin_object(j);
		json_put_string(j, "layer", layer->layer);
		json_put_string(j, "name", layer->name);
		json_put_u64(j, "revision", layer->revision);
		json_put_string(j, "digest", layer->digest);
		json_put_time(j, "made_at", layer->made_ns);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_baseline(struct json *j, const struct status *status)
{
	json_key(j, "baseline");
	if (!status->baseline_digest[0]) {
		json_null(j);
		return;
	}
	json_begin_object(j);
	json_put_string(j, "name", status->baseline_name);
	json_put_u64(j, "revision", status->baseline_revision);
	json_put_string(j, "digest", status->baseline_digest);
	json_put_u64(j, "entries", status->baseline_entries);
	json_put_time(j, "made_at", status->baseline_made_ns);
	put_layers(j, status);
	json_end_object(j);
}

static void put_counts(struct json *j, const struct status *status)
{
	json_key(j, "findings");
	json_begin_object(j);
	json_put_u64(j, "open", status->open);
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		json_put_u64(j, finding_severity_name(i), status->open_by_severity[i]);
	json_end_object(j);

	json_key(j, "checks");
	json_begin_object(j);
	for (unsigned i = 0; i < CHECK_OUTCOME_COUNT; i++)
		json_put_u64(j, check_outcome_name(i), status->checks[i]);
	json_end_object(j);

	json_key(j, "incidents");
	json_begin_object(j);
	json_put_u64(j, "open", status->incidents_open);
	json_put_u64(j, "unreported", status->incidents_unreported);
	json_put_u64(j, "held", status->incidents_held);
	json_put_time(j, "due", status->incident_due_ns);
	json_end_object(j);

	json_key(j, "outbox");
	json_begin_object(j);
	json_put_u64(j, "sequence", status->sequence);
	json_put_u64(j, "acked", status->acked);
	json_put_u64(j, "records", status->outbox_records);
	json_put_u64(j, "bytes", status->outbox_bytes);
	json_put_u64(j, "folded", status->folded);
	json_end_object(j);
}

static void put_link(struct json *j, const struct status *status)
{
	json_key(j, "link");
	if (!status->link_url) {
		json_null(j);
		return;
	}
	json_begin_object(j);
	json_put_bool(j, "up", status->link_is_up);
	json_put_string(j, "url", status->link_url);
	json_put_string(j, "reason", status->link_reason);
	json_end_object(j);
}

static void put_lists(struct json *j, const struct status *status)
{
	json_key(j, "processes");
	json_begin_array(j);
	for (size_t i = 0; i < status->process_count; i++) {
		json_begin_object(j);
		json_put_string(j, "role", status->processes[i].role);
		json_put_string(j, "state", status->processes[i].state);
		json_put_u64(j, "restarts", status->processes[i].restarts);
		json_end_object(j);
	}
	json_end_array(j);

	json_key(j, "not_seen");
	json_begin_array(j);
	for (size_t i = 0; i < status->unseen_count; i++) {
		json_begin_object(j);
		json_put_string(j, "what", status->unseen[i].what);
		json_put_string(j, "note", status->unseen[i].note);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_head(struct json *j, const struct wire_head *head)
{
	json_key(j, "head");
	if (head->sequence == 0) {
		json_null(j);
		return;
	}
	json_begin_object(j);
	json_put_u64(j, "sequence", head->sequence);
	json_put_string(j, "chain", head->chain);
	json_put_string(j, "signature", head->signature);
	json_put_string(j, "key_id", head->key_id);
	json_end_object(j);
}

int status_encode(const struct status *status, struct strbuf *out)
{
	struct json j = JSON_INIT(out);

	json_begin_object(&j);
	json_put_string(&j, "type", "status");
	json_put_time(&j, "time", status->time_ns);
	json_put_string(&j, "agent", status->agent);
	json_put_string(&j, "version", status->version);
	json_put_string(&j, "os", status->os);
	json_put_string(&j, "kernel", status->kernel);
	json_put_string(&j, "profile", status->profile);
	json_put_string(&j, "phase", status->phase);
	json_put_string(&j, "rung", status->rung);
	json_put_string(&j, "rung_reason", status->rung_reason);
	json_put_time(&j, "coverage_since", status->coverage_since_ns);
	json_put_string(&j, "coverage_basis", status->coverage_basis);
	json_put_string(&j, "enforcement", status->enforcement);
	json_put_string(&j, "enforcement_reason", status->enforcement_reason);
	json_put_u64(&j, "decisions", status->decisions);
	json_put_u64(&j, "generation", status->generation);
	put_baseline(&j, status);
	put_counts(&j, status);
	put_link(&j, status);
	put_lists(&j, status);
	put_head(&j, &status->head);
	json_end_object(&j);
	return strbuf_check(out);
}

/* Reading: the first problem stays, and every later call does nothing. */
struct reader {
	struct diag *diag;
	int error;
};

static void refuse(struct reader *reader, const char *key, const char *wanted)
{
	if (reader->error == 0)
		reader->error = diag_set(reader->diag, "", 0, -EBADMSG, "status: %s is not %s", key,
					 wanted);
}

static json_t *find(json_t *from, const char *key)
{
	json_t *found = json_object_get(from, key);

	return json_is_null(found) ? NULL : found;
}

static const char *read_borrowed(struct reader *reader, json_t *from, const char *key)
{
	json_t *found = find(from, key);

	if (found && !json_is_string(found))
		refuse(reader, key, "a string");
	return json_string_value(found);
}

static void read_text(struct reader *reader, json_t *from, const char *key, char **ret_text)
{
	const char *text = read_borrowed(reader, from, key);

	if (reader->error == 0)
		reader->error = copy_text(text, ret_text);
}

static void read_u64(struct reader *reader, json_t *from, const char *key, uint64_t *ret_value)
{
	json_t *found = find(from, key);

	if (!found)
		return;
	if (!json_is_integer(found) || json_integer_value(found) < 0)
		refuse(reader, key, "a number from 0");
	else
		*ret_value = (uint64_t)json_integer_value(found);
}

static void read_hex(struct reader *reader, json_t *from, const char *key,
		     char hex[static SHA256_HEX_SIZE])
{
	const char *text = read_borrowed(reader, from, key);
	uint8_t digest[SHA256_SIZE];

	if (!text)
		return;
	if (hex_decode(text, strlen(text), digest, sizeof(digest)) < 0)
		refuse(reader, key, "a SHA-256 in hex");
	else
		memcpy(hex, text, SHA256_HEX_SIZE);
}

static void read_time(struct reader *reader, json_t *from, const char *key, int64_t *ret_ns)
{
	const char *text = read_borrowed(reader, from, key);

	if (text && clock_parse(text, ret_ns) < 0)
		refuse(reader, key, "a time");
}

static json_t *read_object(struct reader *reader, json_t *from, const char *key)
{
	json_t *found = find(from, key);

	if (found && !json_is_object(found)) {
		refuse(reader, key, "an object");
		return NULL;
	}
	return found;
}

static void read_counts(struct reader *reader, json_t *tree, struct status *status)
{
	json_t *part = read_object(reader, tree, "findings");

	read_u64(reader, part, "open", &status->open);
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		read_u64(reader, part, finding_severity_name(i), &status->open_by_severity[i]);

	part = read_object(reader, tree, "checks");
	for (unsigned i = 0; i < CHECK_OUTCOME_COUNT; i++)
		read_u64(reader, part, check_outcome_name(i), &status->checks[i]);

	part = read_object(reader, tree, "incidents");
	read_u64(reader, part, "open", &status->incidents_open);
	read_u64(reader, part, "unreported", &status->incidents_unreported);
	read_u64(reader, part, "held", &status->incidents_held);
	read_time(reader, part, "due", &status->incident_due_ns);

	part = read_object(reader, tree, "outbox");
	read_u64(reader, part, "sequence", &status->sequence);
	read_u64(reader, part, "acked", &status->acked);
	read_u64(reader, part, "records", &status->outbox_records);
	read_u64(reader, part, "bytes", &status->outbox_bytes);
	read_u64(reader, part, "folded", &status->folded);
}

static void read_lists(struct reader *reader, json_t *tree, struct status *status)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(tree, "processes"), i, item)
	{
		uint64_t restarts = 0;

		read_u64(reader, item, "restarts", &restarts);
		if (reader->error == 0)
			reader->error =
				status_add_process(status, read_borrowed(reader, item, "role"),
						   read_borrowed(reader, item, "state"), restarts);
	}
	json_array_foreach(json_object_get(tree, "not_seen"), i, item)
	{
		if (reader->error == 0)
			reader->error =
				status_add_unseen(status, read_borrowed(reader, item, "what"),
						  read_borrowed(reader, item, "note"));
	}
}

static void read_layers(struct reader *reader, json_t *part, struct status *status)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(part, "layers"), i, item)
	{
		struct status_layer layer = {0};

		layer.layer = (char *)read_borrowed(reader, item, "layer");
		layer.name = (char *)read_borrowed(reader, item, "name");
		read_u64(reader, item, "revision", &layer.revision);
		read_hex(reader, item, "digest", layer.digest);
		read_time(reader, item, "made_at", &layer.made_ns);
		if (reader->error == 0)
			reader->error = status_add_layer(status, &layer);
	}
}

static void read_all(struct reader *reader, json_t *tree, struct status *status)
{
	json_t *part;

	read_time(reader, tree, "time", &status->time_ns);
	read_text(reader, tree, "agent", &status->agent);
	read_text(reader, tree, "version", &status->version);
	read_text(reader, tree, "os", &status->os);
	read_text(reader, tree, "kernel", &status->kernel);
	read_text(reader, tree, "profile", &status->profile);
	read_text(reader, tree, "phase", &status->phase);
	read_text(reader, tree, "rung", &status->rung);
	read_text(reader, tree, "rung_reason", &status->rung_reason);
	read_time(reader, tree, "coverage_since", &status->coverage_since_ns);
	read_text(reader, tree, "coverage_basis", &status->coverage_basis);
	read_text(reader, tree, "enforcement", &status->enforcement);
	read_text(reader, tree, "enforcement_reason", &status->enforcement_reason);
	read_u64(reader, tree, "decisions", &status->decisions);
	read_u64(reader, tree, "generation", &status->generation);

	part = read_object(reader, tree, "baseline");
	read_text(reader, part, "name", &status->baseline_name);
	read_u64(reader, part, "revision", &status->baseline_revision);
	read_hex(reader, part, "digest", status->baseline_digest);
	read_u64(reader, part, "entries", &status->baseline_entries);
	read_time(reader, part, "made_at", &status->baseline_made_ns);
	read_layers(reader, part, status);

	part = read_object(reader, tree, "link");
	read_text(reader, part, "url", &status->link_url);
	read_text(reader, part, "reason", &status->link_reason);
	status->link_is_up = json_is_true(json_object_get(part, "up"));

	part = read_object(reader, tree, "head");
	read_u64(reader, part, "sequence", &status->head.sequence);
	read_hex(reader, part, "chain", status->head.chain);
	read_text(reader, part, "signature", &status->head.signature);
	read_text(reader, part, "key_id", &status->head.key_id);

	read_counts(reader, tree, status);
	read_lists(reader, tree, status);
}

int status_decode(const char *text, size_t len, struct status *ret_status, struct diag *diag)
{
	cleanup_with(field_unloadp) json_t *tree = NULL;
	cleanup_status struct status status = {0};
	struct reader reader = {.diag = diag};
	int r;

	r = field_load(text, len, CODEC_MAX_BYTES, &tree, diag);
	if (r < 0)
		return r;
	read_all(&reader, tree, &status);
	if (reader.error < 0)
		return reader.error;

	*ret_status = status;
	status = (struct status){0};
	return 0;
}
