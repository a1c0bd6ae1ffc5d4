/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/host_rule.h"

bool host_rule_runs(enum file_role role)
{
	switch (role) {
	case FILE_ROLE_EXECUTABLE:
	case FILE_ROLE_LIBRARY:
	case FILE_ROLE_SCRIPT:
	case FILE_ROLE_MODULE:
	case FILE_ROLE_IMAGE:
		return true;
	case FILE_ROLE_DATA:
	case FILE_ROLE_CONFIG:
	case FILE_ROLE_COUNT:
		break;
	}
	return false;
}

/* By what is claimed, and by what mode, name and capabilities show in spite of the claim. */
static bool is_runnable(const struct file_fact *entry)
{
	return entry->type == FILE_TYPE_REGULAR &&
	       (host_rule_runs(entry->role) || entry->capabilities ||
		host_rule_runs(file_role_guess(entry->path, entry->mode, "", 0)));
}

/* To say nothing where a layer below says something is to let it be anything. */
static bool says_less(const struct file_fact *entry, const struct file_fact *below, unsigned fields)
{
	return entry->unstated & ~below->unstated & fields;
}

static bool is_same(const struct file_fact *entry, const struct file_fact *below)
{
	return entry->role == below->role && file_fact_diff(below, entry) == 0 &&
	       !says_less(entry, below, FILE_DIFF_ATTRIBUTES);
}

/* Who may write into a folder can put anything into the place of what is approved there. */
static bool opens_folder(const struct file_fact *entry, const struct file_fact *below)
{
	return says_less(entry, below, FILE_DIFF_MODE | FILE_DIFF_OWNER) ||
	       entry->uid != below->uid || (entry->mode & ~below->mode & 022) ||
	       (entry->gid != below->gid && (entry->mode & 020));
}

static const char *object_to_change(const struct file_fact *entry, const struct file_fact *below)
{
	if (is_same(entry, below))
		return NULL;
	if (is_runnable(below))
		return "changes a program, library, script or module of a layer below";
	if (below->type == FILE_TYPE_SYMLINK)
		return "changes a link of a layer below";
	if (entry->type != below->type &&
	    !(entry->type == FILE_TYPE_NONE && below->type == FILE_TYPE_REGULAR))
		return "replaces a file or folder of a layer below by something else";
	if (entry->type == FILE_TYPE_DIRECTORY && opens_folder(entry, below))
		return "gives a folder of a layer below to other writers";
	return NULL;
}

const char *host_rule_objection(const struct file_fact *entry, const struct file_fact *below)
{
	const char *objection = below ? object_to_change(entry, below) : NULL;

	if (objection || (below && is_same(entry, below)))
		return objection;
	switch (entry->type) {
	case FILE_TYPE_REGULAR:
		return is_runnable(entry) ? "states a program, library, script or module" : NULL;
	case FILE_TYPE_NONE:
	case FILE_TYPE_DIRECTORY:
	case FILE_TYPE_SYMLINK:
		return NULL;
	case FILE_TYPE_FIFO:
	case FILE_TYPE_SOCKET:
	case FILE_TYPE_CHAR_DEVICE:
	case FILE_TYPE_BLOCK_DEVICE:
	case FILE_TYPE_COUNT:
		break;
	}
	return "states a device, pipe or socket";
}

bool host_rule_is_lie(const struct file_fact *entry, const struct file_fact *now)
{
	return entry->layer == LAYER_HOST && host_rule_runs(now->role) &&
	       !host_rule_runs(entry->role);
}
