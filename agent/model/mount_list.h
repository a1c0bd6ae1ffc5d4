/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted where: a place, and in words what is on top there. In the
 * order of their names; a list of its own can be written as text and read again.
 */
#ifndef PLUMBLINE_MODEL_MOUNT_LIST_H
#define PLUMBLINE_MODEL_MOUNT_LIST_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

#define MOUNT_LIST_MAX 1024
/* What is said of a place where nothing is mounted. */
#define MOUNT_LIST_NOTHING "nothing mounted"

struct mount_list {
	struct mount_list_item {
		char *point; /* raw bytes */
		char *what;  /* shown text */
	} * items;
	size_t count, room;
};

void mount_list_done(struct mount_list *list);
#define cleanup_mount_list cleanup_with(mount_list_done)

/* @what MOUNT_LIST_NOTHING takes the place out. -ENOBUFS beyond MOUNT_LIST_MAX, -ENOMEM. */
int mount_list_set(struct mount_list *list, const char *point, const char *what);
/* MOUNT_LIST_NOTHING where there is nothing. Borrowed. */
const char *mount_list_get(const struct mount_list *list, const char *point);

/* A line per place: its name escaped, a tab, and what is there. */
void mount_list_write(const struct mount_list *list, struct strbuf *sb);
/* -EBADMSG when it is not such a text. */
int mount_list_read(const char *text, struct mount_list *ret_list);

#endif
