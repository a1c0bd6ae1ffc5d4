/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/looked.h"

#include <limits.h>
#include <string.h>

#include "base/str.h"
#include "checks/mountinfo.h"

void looked_done(struct looked *looked)
{
	strbuf_done(&looked->paths);
	looked->count = 0;
}

void looked_clear(struct looked *looked)
{
	strbuf_clear(&looked->paths);
	looked->count = 0;
}

static bool has_events(const char *path)
{
	if (path_is_below(path, "/dev"))
		return false;
	return !path_is_below(path, "/proc") || path_is_below(path, "/proc/sys") ||
	       str_equal(path, MOUNTINFO) || str_equal(path, "/proc/modules");
}

void looked_add(struct looked *looked, enum looked_how how, const char *path)
{
	char plain[PATH_MAX];

	if (!str_copy(plain, sizeof(plain), path) || path_normalize(plain) < 0 ||
	    !has_events(plain) || looked->count > (looked->max ? looked->max : LOOKED_MAX))
		return;
	looked->count++;
	strbuf_add_char(&looked->paths, (char)how);
	strbuf_add(&looked->paths, plain, strlen(plain) + 1);
}

bool looked_next(const struct looked *looked, size_t *at, enum looked_how *ret_how,
		 const char **ret_path)
{
	if (*at >= looked->paths.len)
		return false;
	*ret_how = (enum looked_how)looked->paths.data[*at];
	*ret_path = looked->paths.data + *at + 1;
	*at += 1 + strlen(*ret_path) + 1;
	return true;
}
