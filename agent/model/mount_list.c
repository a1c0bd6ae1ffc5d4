/* SPDX-License-Identifier: Apache-2.0 */
#include "model/mount_list.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"

void mount_list_done(struct mount_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].point);
		free(list->items[i].what);
	}
	free(list->items);
	*list = (struct mount_list){0};
}

/* Where @point is, or would be. */
static size_t find(const struct mount_list *list, const char *point, bool *ret_is_there)
{
	size_t low = 0, high = list->count;

	*ret_is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(list->items[middle].point, point);

		if (order == 0) {
			*ret_is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void take_out(struct mount_list *list, size_t at)
{
	free(list->items[at].point);
	free(list->items[at].what);
	list->count--;
	memmove(&list->items[at], &list->items[at + 1], (list->count - at) * sizeof(*list->items));
}

static int make_room(struct mount_list *list)
{
	if (list->count == MOUNT_LIST_MAX)
		return -ENOBUFS;
	return array_grow(&list->items, list->count, &list->room, sizeof(*list->items));
}

int mount_list_set(struct mount_list *list, const char *point, const char *what)
{
	cleanup_free char *new_what = NULL, *new_point = NULL;
	bool is_there;
	size_t at = find(list, point, &is_there);
	int r;

	if (str_equal(what, MOUNT_LIST_NOTHING)) {
		if (is_there)
			take_out(list, at);
		return 0;
	}
	new_what = strdup(what);
	if (!new_what)
		return -ENOMEM;
	if (is_there) {
		free(list->items[at].what);
		list->items[at].what = TAKE_PTR(new_what);
		return 0;
	}
	new_point = strdup(point);
	r = new_point ? make_room(list) : -ENOMEM;
	if (r < 0)
		return r;
	memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(*list->items));
	list->items[at] = (struct mount_list_item){TAKE_PTR(new_point), TAKE_PTR(new_what)};
	list->count++;
	return 0;
}

const char *mount_list_get(const struct mount_list *list, const char *point)
{
	bool is_there;
	size_t at = find(list, point, &is_there);

	return is_there ? list->items[at].what : MOUNT_LIST_NOTHING;
}

void mount_list_write(const struct mount_list *list, struct strbuf *sb)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct mount_list_item *item = &list->items[i];

		str_escape(sb, item->point, strlen(item->point));
		strbuf_add_char(sb, '\t');
		strbuf_add_str(sb, item->what);
		strbuf_add_char(sb, '\n');
	}
}

static int read_line(struct mount_list *list, const char *line, size_t len)
{
	const char *tab = memchr(line, '\t', len);
	cleanup_strbuf struct strbuf point = STRBUF_INIT;
	cleanup_free char *what = NULL;
	int r;

	if (!tab || tab == line || str_unescape(&point, line, (size_t)(tab - line)) < 0)
		return -EBADMSG;
	r = strbuf_check(&point);
	what = strndup(tab + 1, len - (size_t)(tab + 1 - line));
	if (r < 0 || !what)
		return -ENOMEM;
	return mount_list_set(list, point.data, what);
}

int mount_list_read(const char *text, struct mount_list *ret_list)
{
	cleanup_mount_list struct mount_list list = {0};

	while (*text) {
		const char *end = strchr(text, '\n');
		int r = end ? read_line(&list, text, (size_t)(end - text)) : -EBADMSG;

		if (r < 0)
			return r;
		text = end + 1;
	}
	*ret_list = list;
	list = (struct mount_list){0};
	return 0;
}
