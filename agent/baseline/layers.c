/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/layers.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/host_rule.h"
#include "baseline/rules_merge.h"

/* A file and the next of its entries that was not given out yet. */
struct source {
	struct baseline *baseline; /* NULL: there is no such layer */
	struct file_fact head;
	bool has_head;
};

struct layers {
	struct source sources[LAYER_COUNT];
	unsigned count;
	bool is_begun; /* each source has given its first entry */
	bool trusts_host;
	char digest[SHA256_HEX_SIZE];
	struct baseline_rules rules, unproven; /* see rules_merge() */
	struct strbuf rules_text;
};

int layers_new(struct layers **ret_layers)
{
	struct layers *layers = calloc(1, sizeof(*layers));

	if (!layers)
		return -ENOMEM;
	*ret_layers = layers;
	return 0;
}

struct layers *layers_free(struct layers *layers)
{
	if (!layers)
		return NULL;
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		file_fact_done(&layers->sources[layer].head);
		baseline_close(layers->sources[layer].baseline);
	}
	baseline_rules_done(&layers->rules);
	baseline_rules_done(&layers->unproven);
	strbuf_done(&layers->rules_text);
	free(layers);
	return NULL;
}

void layers_trust_host(struct layers *layers)
{
	layers->trusts_host = true;
}

int layers_add(struct layers *layers, struct baseline *baseline, struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *taken = baseline;
	const struct baseline_statement *s = baseline_get_statement(baseline);
	enum layer layer;
	int r;

	r = layer_parse(s->layer, &layer);
	if (r < 0)
		return r;
	if (layers->sources[layer].baseline)
		return diag_set(diag, "", 0, -EEXIST, "two files of the %s layer, %s and %s",
				s->layer,
				baseline_get_statement(layers->sources[layer].baseline)->name,
				s->name);
	layers->sources[layer].baseline = TAKE_PTR(taken);
	layers->count++;
	return 0;
}

struct baseline *layers_get(const struct layers *layers, enum layer layer)
{
	return layer < LAYER_COUNT ? layers->sources[layer].baseline : NULL;
}

struct baseline *layers_release(struct layers *layers, enum layer layer)
{
	layers->count -= layers->sources[layer].baseline != NULL;
	return TAKE_PTR(layers->sources[layer].baseline);
}

unsigned layers_count(const struct layers *layers)
{
	return layers->count;
}

static int merge_rules(struct layers *layers, struct diag *diag)
{
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		cleanup_with(baseline_rules_done) struct baseline_rules rules = {0};
		/* A site layer may say all that there is to say. */
		enum layer right = layers->trusts_host ? LAYER_SITE : layer;
		size_t len;
		const char *text;

		if (!layers->sources[layer].baseline)
			continue;
		text = baseline_get_rules(layers->sources[layer].baseline, &len);
		r = baseline_rules_parse(text, len, &rules, diag);
		if (r == 0)
			r = rules_merge(&layers->rules, &rules, right, &layers->unproven, diag);
		/* The file's own text stays as it was signed where it stands alone. */
		if (r == 0 && layers->count == 1) {
			strbuf_add(&layers->rules_text, text, len);
			return strbuf_check(&layers->rules_text);
		}
	}
	if (r == 0)
		r = baseline_rules_write(&layers->rules, &layers->rules_text);
	return r == -EMSGSIZE ? diag_set(diag, "rules.ini", 0, r,
					 "the rules of all layers together are too long")
			      : r;
}

static int make_digest(struct layers *layers)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *last = "";
	uint8_t digest[SHA256_SIZE];
	int r;

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		if (!layers->sources[layer].baseline)
			continue;
		last = baseline_get_digest(layers->sources[layer].baseline);
		strbuf_printf(&text, "%s %s\n", layer_name(layer), last);
	}
	r = strbuf_check(&text);
	if (r < 0)
		return r;
	if (layers->count == 1) {
		str_copy(layers->digest, sizeof(layers->digest), last);
		return 0;
	}
	r = hash_buffer(text.data, text.len, digest);
	if (r == 0)
		hex_encode(digest, SHA256_SIZE, layers->digest);
	return r;
}

int layers_combine(struct layers *layers, struct diag *diag)
{
	int r;

	if (layers->count == 0)
		return diag_set(diag, "", 0, -ENODATA, "there is no layer");
	r = merge_rules(layers, diag);
	if (r == 0)
		r = make_digest(layers);
	return r;
}

const char *layers_digest(const struct layers *layers)
{
	return layers->digest;
}

const struct baseline_rules *layers_rules(const struct layers *layers)
{
	return &layers->rules;
}

const char *layers_rules_text(const struct layers *layers, size_t *ret_len)
{
	*ret_len = layers->rules_text.len;
	return layers->rules_text.data ? layers->rules_text.data : "";
}

uint64_t layers_max_entries(const struct layers *layers)
{
	uint64_t count = 0;

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		if (layers->sources[layer].baseline)
			count += baseline_get_statement(layers->sources[layer].baseline)->entries;
	return count;
}

/* The next entry of this layer becomes its head. */
static int advance(struct layers *layers, enum layer layer, struct diag *diag)
{
	struct source *source = &layers->sources[layer];
	int r;

	file_fact_done(&source->head);
	source->has_head = false;
	if (!source->baseline)
		return 0;
	r = baseline_next(source->baseline, &source->head, diag);
	if (r <= 0)
		return r;
	source->head.layer = layer;
	source->has_head = true;
	return 0;
}

static int begin(struct layers *layers, struct diag *diag)
{
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++)
		r = advance(layers, layer, diag);
	layers->is_begun = r == 0;
	return r;
}

/* What the layers state about one path; borrowed from their heads. */
struct stated {
	const char *path;
	struct file_fact *by[LAYER_COUNT];
	struct file_fact *below_host; /* of the highest layer below the host's */
	struct file_fact *wins;
};

/* The first path that is left, and who states it. false at the end. */
static bool find_next(struct layers *layers, struct stated *ret_stated)
{
	struct stated stated = {0};

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		const struct source *source = &layers->sources[layer];

		if (source->has_head &&
		    (!stated.path || strcmp(source->head.path, stated.path) < 0))
			stated.path = source->head.path;
	}
	if (!stated.path)
		return false;
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		struct source *source = &layers->sources[layer];

		if (!source->has_head || strcmp(source->head.path, stated.path) != 0)
			continue;
		stated.by[layer] = stated.wins = &source->head;
		if (layer < LAYER_HOST)
			stated.below_host = &source->head;
	}
	*ret_stated = stated;
	return true;
}

static int refuse(const struct stated *stated, const char *why, struct diag *diag)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;

	str_escape(&path, stated->path, strlen(stated->path));
	return diag_set(diag, "", 0, -EPERM, "the host layer %s: %.200s; no site layer lets it",
			why, strbuf_check(&path) < 0 ? "?" : path.data);
}

static int check_host(const struct layers *layers, const struct stated *stated, struct diag *diag)
{
	const struct file_fact *below = stated->below_host;
	const char *objection = NULL;

	if (layers->trusts_host)
		return 0;
	/* What a layer below took back is not there for a host layer either. */
	if (below && below->type == FILE_TYPE_NONE)
		below = NULL;
	if (below && baseline_rules_ignore(&layers->unproven, stated->path))
		return refuse(stated, "ignores what a layer below states", diag);
	if (stated->by[LAYER_HOST])
		objection = host_rule_objection(stated->by[LAYER_HOST], below);
	if (!objection || baseline_rules_host_may(&layers->rules, stated->path))
		return 0;
	return refuse(stated, objection, diag);
}

int layers_next(struct layers *layers, struct file_fact *ret_entry, struct diag *diag)
{
	struct stated stated;
	int r = 0;

	if (!layers->is_begun)
		r = begin(layers, diag);
	while (r == 0 && find_next(layers, &stated)) {
		cleanup_file_fact struct file_fact entry = {0};

		r = check_host(layers, &stated, diag);
		if (r < 0)
			return r;
		/* The path is freed with the last head that has it. */
		entry = *stated.wins;
		*stated.wins = (struct file_fact){0};
		for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++)
			if (stated.by[layer])
				r = advance(layers, layer, diag);
		if (r == 0 && entry.type != FILE_TYPE_NONE) {
			*ret_entry = entry;
			entry = (struct file_fact){0};
			return 1;
		}
	}
	return r;
}

int layers_rewind(struct layers *layers)
{
	int r = 0;

	layers->is_begun = false;
	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		struct source *source = &layers->sources[layer];

		file_fact_done(&source->head);
		source->has_head = false;
		if (source->baseline)
			r = baseline_rewind(source->baseline);
	}
	return r;
}

int layers_check(struct layers *layers, uint64_t *ret_entries, struct diag *diag)
{
	uint64_t count = 0;
	int r;

	r = layers_rewind(layers);
	while (r >= 0) {
		cleanup_file_fact struct file_fact entry = {0};

		r = layers_next(layers, &entry, diag);
		if (r == 0)
			break;
		count++;
	}
	if (r == 0)
		r = layers_rewind(layers);
	if (r == 0)
		*ret_entries = count;
	return r;
}
