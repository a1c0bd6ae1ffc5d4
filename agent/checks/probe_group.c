/* SPDX-License-Identifier: Apache-2.0 */
/* Members of groups that give rights, as "NAME (GROUP)": those listed, and those whose first group
 * it is. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define GROUPS "/etc/group"
#define USERS  "/etc/passwd"

enum {
	KEY_GROUPS,
	KEY_EXCEPT
};

static const struct probe_key keys[] = {
	[KEY_GROUPS] = {"groups", PROBE_KEY_WORDS, true},
	[KEY_EXCEPT] = {"except", PROBE_KEY_WORDS}, /* members that are not listed */
	{NULL},
};

struct search {
	const struct probe_params *params;
	struct probe_value *value;
};

static int add(const struct search *search, const char *member, const char *group)
{
	if (!*member || words_contain(search->params->values[KEY_EXCEPT], WORDS_SPACE, member))
		return 0;
	return probe_list_found(search->value, "members", "%s (%s)", member, group);
}

/* @users is read anew for each group: there are few of these. */
static int add_by_first_group(const struct search *search, const char *users, const char *group,
			      const char *gid)
{
	cleanup_free char *copy = strdup(users);
	char *cursor = copy, *line;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	while (r == 0 && (line = text_next_line(&cursor))) {
		char *name = strsep(&line, ":");

		(void)strsep(&line, ":");
		(void)strsep(&line, ":");
		if (line && str_equal(strsep(&line, ":"), gid))
			r = add(search, name, group);
	}
	return r;
}

static int take_line(const struct search *search, char *line, const char *users)
{
	char *group = strsep(&line, ":"), *gid, *member;
	int r = 0;

	if (!words_contain(search->params->values[KEY_GROUPS], WORDS_SPACE, group))
		return 0;
	(void)strsep(&line, ":");
	gid = strsep(&line, ":");
	if (!gid || !line)
		return probe_error(search->value, "%s has a line that is no group", GROUPS),
		       -EBADMSG;
	while (r == 0 && (member = strsep(&line, ",")))
		r = add(search, member, group);
	return r == 0 ? add_by_first_group(search, users, group, gid) : r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf groups = STRBUF_INIT, users = STRBUF_INIT;
	struct search search = {params, value};
	char *cursor, *line;
	int r = root_read_text(root, GROUPS, ROOT_MAX_CONFIG_BYTES, &groups);

	if (r == -ENOENT && !root->is_live)
		return probe_not_applicable(value, "%s is not there", GROUPS);
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, GROUPS, r);
	r = root_read_text(root, USERS, ROOT_MAX_CONFIG_BYTES, &users);
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, USERS, r);
	probe_list_add(value, NULL);
	cursor = groups.data;
	while (r == 0 && (line = text_next_line(&cursor)))
		r = take_line(&search, line, users.data ? users.data : "");
	return r == -ENOMEM ? r : 0;
}

const struct probe_ops probe_group = {"group", keys, PROBE_GIVES_LIST, run};
