/* SPDX-License-Identifier: Apache-2.0 */
/* A file beside what its package shipped: attributes; the content is compared where it is read. */
#include <string.h>
#include <sys/capability.h>

#include "base/str.h"
#include "baseline/packages.h"

static void cap_freep(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

/* As sets, since each release of libcap writes them in its own way. */
static bool are_capabilities_equal(const char *a, const char *b)
{
	cleanup_with(cap_freep) cap_t one = NULL;
	cleanup_with(cap_freep) cap_t other = NULL;

	if (!a[0] || !b[0])
		return !a[0] && !b[0];
	one = cap_from_text(a);
	other = cap_from_text(b);
	return one && other && cap_compare(one, other) == 0;
}

static bool do_attributes_differ(const struct package_file *file, const struct file_fact *fact)
{
	bool is_link = fact->type == FILE_TYPE_SYMLINK;

	/* A link has no mode of its own. */
	if (file->mode && (file_type_from_mode(file->mode) != fact->type ||
			   (!is_link && (file->mode & 07777) != fact->mode)))
		return true;
	if ((file->user && !str_equal(file->user, fact->user)) ||
	    (file->group && !str_equal(file->group, fact->group)))
		return true;
	if (file->target && is_link && !str_equal(file->target, fact->link_target))
		return true;
	return file->capabilities &&
	       !are_capabilities_equal(file->capabilities,
				       fact->capabilities ? fact->capabilities : "");
}

void package_file_judge(const struct package_file *file, struct file_fact *fact)
{
	fact->attributes_differ = file && do_attributes_differ(file, fact);
	if (file && file->is_config && fact->role == FILE_ROLE_DATA)
		fact->role = FILE_ROLE_CONFIG;
}
