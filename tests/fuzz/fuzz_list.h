/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for each list of a vendor, whatever its form. */
#ifndef PLUMBLINE_TESTS_FUZZ_LIST_H
#define PLUMBLINE_TESTS_FUZZ_LIST_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "baseline/list.h"
#include "fuzz/fuzz.h"

/* A path that is approved lies where it says, and nothing but what may be unstated is. */
static int fuzz_on_entry(const struct file_fact *entry, const struct list_place *place,
			 void *userdata)
{
	char *path = strdup(entry->path);

	if (path_normalize(path) < 0 || strcmp(path, entry->path) != 0)
		abort();
	if (entry->unstated & ~(unsigned)FILE_FIELDS_UNSTATED || entry->type >= FILE_TYPE_COUNT ||
	    entry->role >= FILE_ROLE_COUNT || place->line == 0)
		abort();
	free(path);
	return 0;
}

static int fuzz_on_left_out(const char *path, const char *why, const struct list_place *place,
			    void *userdata)
{
	if (!path || !why || place->line == 0)
		abort();
	return 0;
}

static int fuzz_on_ignored(const char *keyword, void *userdata)
{
	if (!keyword[0])
		abort();
	return 0;
}

static void fuzz_list(list_read_fn read, const uint8_t *data, size_t size)
{
	struct diag diag = {0};
	struct list list = {.name = "list",
			    .prefix = size % 2 ? "/opt" : NULL,
			    .on_entry = fuzz_on_entry,
			    .on_left_out = fuzz_on_left_out,
			    .on_ignored = fuzz_on_ignored,
			    .diag = &diag};
	int r;

	if (list_input_new(-1, data, size, &list.input) < 0)
		abort();
	r = read(&list);
	if (r == -EBADMSG && (!diag.text[0] || diag.line == 0))
		abort();
	list_input_free(list.input);
}

#endif
