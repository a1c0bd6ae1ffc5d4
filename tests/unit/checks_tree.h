/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up roots for tests of probes: a case is the keys of a check, some files,
 * and the result that it must have.
 */
#ifndef PLUMBLINE_TESTS_CHECKS_TREE_H
#define PLUMBLINE_TESTS_CHECKS_TREE_H

#include "unit.h"

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "checks/checks.h"

#define MAX_NODES 8
#define MAX_FOUND 256 /* items that a list may have */

/*
 * A path that ends in a slash is a folder; content "-> TARGET" is a link, "|fifo" a fifo, "%SIZE" a
 * file of zero bytes of that size. A path may follow an octal mode: "0600 /etc/shadow".
 */
struct node {
	const char *path, *content;
	size_t len; /* of content that holds NUL bytes; 0: up to the first */
};

struct probe_case {
	const char *name;
	const char *keys; /* of the check, `kind` and `expect` among them */
	struct node nodes[MAX_NODES];
	enum check_outcome outcome;
	/* In the actual value, or in the reason; after "=" it is all of it. */
	const char *text;
};

/* A file that is @unit over and over, each of which is an item of the list. */
struct long_case {
	const char *name, *keys, *path, *unit;
	const char *what; /* of which there are too many */
};

static inline void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0)
			ck_assert_int_eq(errno, EEXIST);
		*slash = '/';
	}
}

static inline void make_file(const char *path, const char *content, size_t len, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	if (*content == '%')
		ck_assert_int_eq(ftruncate(fd, atol(content + 1)), 0);
	else
		ck_assert_int_eq(write(fd, content, len), (ssize_t)len);
	/* The umask of who runs the test must not matter. */
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static inline void make_node(const char *root, const struct node *node)
{
	cleanup_free char *path = NULL;
	const char *name = strchr(node->path, '/');
	unsigned mode = name == node->path ? 0644 : (unsigned)strtoul(node->path, NULL, 8);

	ck_assert_int_gt(asprintf(&path, "%s%s", root, name), 0);
	make_parents(path);
	if (path[strlen(path) - 1] == '/')
		ck_assert_int_eq(chmod(path, name == node->path ? 0755 : mode), 0);
	else if (strncmp(node->content, "-> ", 3) == 0)
		ck_assert_int_eq(symlink(node->content + 3, path), 0);
	else if (strcmp(node->content, "|fifo") == 0)
		ck_assert_int_eq(mkfifo(path, 0644), 0);
	else
		make_file(path, node->content, node->len ? node->len : strlen(node->content), mode);
}

/* The data folder that holds this one check, with the shipped catalogs. */
static inline void make_data(const char *data, const char *keys)
{
	cleanup_strbuf struct strbuf check = STRBUF_INIT;
	const struct node profile = {"/profiles/p.ini", "[profile]\ntitle = t\nlowest_sl = 4\n"};
	const struct node controls = {"/controls",
				      "-> " PLUMBLINE_SOURCE_DIR "/baselines/controls"};
	struct node file = {"/checks/a.ini", NULL};

	strbuf_printf(&check,
		      "[family]\ntitle = f\n\n[TST-001]\ntitle = t\nwhy = w\nseverity = low\n"
		      "controls = CM-6\nrequirements = SR 7.6\nremediation = r\not_caution = c\n"
		      "source = s\n%s\n",
		      keys);
	ck_assert_int_eq(strbuf_check(&check), 0);
	file.content = check.data;
	make_node(data, &profile);
	make_node(data, &controls);
	make_node(data, &file);
}

/* Every tree has the names of who runs the test, unless the case brings its own. */
static inline void make_names(const char *root)
{
	char users[64], groups[64];
	struct node passwd = {"/etc/passwd", users}, group = {"/etc/group", groups};

	snprintf(users, sizeof(users), "owner:x:%u:0::/:/bin/sh\n", getuid());
	snprintf(groups, sizeof(groups), "owner:x:%u:\n", getgid());
	make_node(root, &passwd);
	make_node(root, &group);
}

static inline void make_tree(const char *root, const struct node *nodes)
{
	make_names(root);
	for (size_t i = 0; i < MAX_NODES && nodes[i].path; i++)
		make_node(root, &nodes[i]);
}

static inline void run_case(const struct probe_case *c)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_check_result struct check_result result = {0};
	char *folder = unit_folder_new();
	char root[256], data[256];
	struct diag diag = {0};
	const char *text;

	snprintf(root, sizeof(root), "%s/root", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	make_data(data, c->keys);
	make_tree(root, c->nodes);
	ck_assert_msg(check_set_load(data, "p", &set, &diag) == 0, "%s: %s:%u: %s", c->name,
		      diag.file, diag.line, diag.text);
	alarm(20); /* a probe that blocks must not look like a slow machine */
	ck_assert_int_eq(check_run(set, 0, root, &result), 0);
	alarm(0);
	unit_folder_free(folder);

	text = result.outcome == CHECK_PASS || result.outcome == CHECK_FAIL ? result.actual
									    : result.reason;
	ck_assert_msg(result.outcome == c->outcome, "%s: %s, not %s (%s)", c->name,
		      check_outcome_name(result.outcome), check_outcome_name(c->outcome), text);
	ck_assert_msg(text && (*c->text == '=' ? strcmp(text, c->text + 1) == 0
					       : strstr(text, c->text) != NULL),
		      "%s: '%s' is not in '%s'", c->name, c->text, text);
	ck_assert_msg(!result.reason == (c->outcome == CHECK_PASS || c->outcome == CHECK_FAIL),
		      "%s: a reason goes with error and not applicable only", c->name);
}

/* As many items as a list may have are a list; one more is an error that says so. */
static inline void run_long_case(const struct long_case *c)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char too_many[128];
	struct probe_case inner = {.name = c->name, .keys = c->keys};

	for (int i = 0; i < MAX_FOUND; i++)
		strbuf_add_str(&text, c->unit);
	inner.nodes[0] = (struct node){.path = c->path, .content = text.data};
	inner.outcome = CHECK_FAIL;
	inner.text = " and 248 more";
	run_case(&inner);
	strbuf_add_str(&text, c->unit);
	ck_assert_int_eq(strbuf_check(&text), 0);
	inner.nodes[0].content = text.data;
	inner.outcome = CHECK_ERROR;
	snprintf(too_many, sizeof(too_many), "=more than %d %s", MAX_FOUND, c->what);
	inner.text = too_many;
	run_case(&inner);
}

#endif
