/* SPDX-License-Identifier: Apache-2.0 */
/* The crosswalk as it is used; crosswalk_read.c reads it. */
#include "model/crosswalk.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "model/crosswalk_read.h"

size_t crosswalk_count(const struct crosswalk *crosswalk)
{
	return crosswalk->framework_count;
}

const struct framework *crosswalk_get(const struct crosswalk *crosswalk, size_t index)
{
	return &crosswalk->frameworks[index].view;
}

const struct framework *crosswalk_find(const struct crosswalk *crosswalk, const char *name)
{
	for (size_t i = 0; i < crosswalk->framework_count; i++)
		if (str_equal(crosswalk->frameworks[i].view.name, name))
			return &crosswalk->frameworks[i].view;
	return NULL;
}

const struct framework *crosswalk_pivot(const struct crosswalk *crosswalk)
{
	return &crosswalk->frameworks[0].view;
}

const struct framework_item *framework_find_item(const struct framework *framework, const char *id,
						 size_t id_len)
{
	for (size_t i = 0; i < framework->item_count; i++) {
		const struct framework_item *item = &framework->items[i];

		if (strncmp(item->id, id, id_len) == 0 && item->id[id_len] == '\0')
			return item;
	}
	return NULL;
}

/* The view is the first member of what it borrows from. */
static const struct framework_data *data_of(const struct framework *framework)
{
	return (const struct framework_data *)framework;
}

size_t framework_first_pair(const struct framework *framework, size_t control)
{
	size_t low = 0, high = framework->pair_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (framework->pairs[middle].control < control)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_pairs(const struct framework *framework, size_t control)
{
	size_t first = framework_first_pair(framework, control);

	return first < framework->pair_count && framework->pairs[first].control == control;
}

size_t crosswalk_pairs_of(const struct crosswalk *crosswalk, const struct framework *framework,
			  size_t control)
{
	const struct framework *pivot = crosswalk_pivot(crosswalk);
	const char *id = pivot->items[control].id, *enhancement = strchr(id, '(');
	const struct framework_item *base;

	if (has_pairs(framework, control))
		return control;
	/* In the pivot and its overlay each control stands for itself alone. */
	if (!enhancement || data_of(framework)->pair_key < 0)
		return SIZE_MAX;
	base = framework_find_item(pivot, id, (size_t)(enhancement - id));
	if (!base || !has_pairs(framework, (size_t)(base - pivot->items)))
		return SIZE_MAX;
	return (size_t)(base - pivot->items);
}

const char *crosswalk_pair_source(const struct crosswalk *crosswalk,
				  const struct framework *framework, size_t control)
{
	int key = data_of(framework)->pair_key;

	return key < 0 ? NULL : crosswalk->controls[control].sources[key];
}

const char *crosswalk_source_words(const struct crosswalk *crosswalk, const char *name, size_t len)
{
	for (size_t i = 0; i < crosswalk->source_count; i++) {
		const struct named_text *source = &crosswalk->sources[i];

		if (strncmp(source->name, name, len) == 0 && source->name[len] == '\0')
			return source->text;
	}
	return NULL;
}

static void raise_touch(unsigned char *touch, enum touch to)
{
	if (*touch < to)
		*touch = (unsigned char)to;
}

static void touch_by_id(const struct framework *framework, const char *ids,
			enum words_separator separator, unsigned char *touches)
{
	const char *cursor = ids, *word;
	size_t len;

	while (cursor && words_next(&cursor, separator, &word, &len)) {
		const struct framework_item *item = framework_find_item(framework, word, len);

		if (item)
			raise_touch(&touches[item - framework->items], TOUCH_DIRECT);
	}
}

static void touch_by_control(const struct crosswalk *crosswalk, const struct framework *framework,
			     const char *controls, unsigned char *touches)
{
	const struct framework *pivot = crosswalk_pivot(crosswalk);
	const char *cursor = controls, *word;
	size_t len;

	while (cursor && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		const struct framework_item *item = framework_find_item(pivot, word, len);
		size_t control, from;

		if (!item)
			continue;
		control = (size_t)(item - pivot->items);
		from = crosswalk_pairs_of(crosswalk, framework, control);
		if (from == SIZE_MAX)
			continue;
		for (size_t i = framework_first_pair(framework, from);
		     i < framework->pair_count && framework->pairs[i].control == from; i++)
			raise_touch(&touches[framework->pairs[i].item],
				    from == control ? TOUCH_PAIRED : TOUCH_INHERITED);
	}
}

void crosswalk_touch(const struct crosswalk *crosswalk, const struct framework *framework,
		     const struct control_ids *ids, unsigned char *touches)
{
	memset(touches, TOUCH_NONE, framework->item_count);
	if (data_of(framework)->pair_key < 0)
		touch_by_id(framework, ids->controls, WORDS_SPACE, touches);
	else if (framework_is_62443(framework))
		touch_by_id(framework, ids->requirements, WORDS_COMMA, touches);
	else if (framework_is_attack(framework))
		touch_by_id(framework, ids->techniques, WORDS_SPACE, touches);
	else
		touch_by_control(crosswalk, framework, ids->controls, touches);
}

bool framework_is_62443(const struct framework *framework)
{
	return str_equal(framework->name, "62443-3-3");
}

bool framework_is_attack(const struct framework *framework)
{
	return str_starts(framework->name, "attack-");
}

enum host_evidence crosswalk_host_evidence(const struct crosswalk *crosswalk,
					   const struct framework *framework, size_t item)
{
	const struct framework *pivot = crosswalk_pivot(crosswalk);
	enum host_evidence best = HOST_EVIDENCE_NONE;

	if (framework->items[item].not_on_host)
		return HOST_EVIDENCE_NONE;
	for (size_t i = 0; i < framework->pair_count; i++)
		if (framework->pairs[i].item == item &&
		    pivot->items[framework->pairs[i].control].host > best)
			best = pivot->items[framework->pairs[i].control].host;
	return best;
}

struct crosswalk *crosswalk_free(struct crosswalk *crosswalk)
{
	if (!crosswalk)
		return NULL;
	for (size_t i = 0; i < crosswalk->framework_count; i++) {
		struct framework_data *data = &crosswalk->frameworks[i];

		for (size_t f = 0; f < FRAMEWORK_TEXT_COUNT; f++)
			free(data->texts[f]);
		for (size_t g = 0; g < data->group_count; g++) {
			free(data->groups[g].name);
			free(data->groups[g].text);
		}
		for (size_t n = 0; n < data->item_count; n++) {
			free((char *)data->items[n].id);
			free((char *)data->items[n].title);
			free((char *)data->items[n].not_on_host);
		}
		free(data->groups);
		free(data->items);
		free(data->pairs);
	}
	for (size_t i = 0; i < crosswalk->control_count; i++)
		for (size_t k = 0; k < PAIR_KEY_COUNT; k++) {
			free(crosswalk->controls[i].ids[k]);
			free(crosswalk->controls[i].sources[k]);
		}
	for (size_t i = 0; i < crosswalk->source_count; i++) {
		free(crosswalk->sources[i].name);
		free(crosswalk->sources[i].text);
	}
	free(crosswalk->controls);
	free(crosswalk->sources);
	free(crosswalk->frameworks);
	free(crosswalk);
	return NULL;
}
