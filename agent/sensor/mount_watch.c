/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/mount_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "sensor/mounts.h"

#define MAX_ACTS 64

struct act {
	enum ev_mount_how how;
	char *path; /* NULL: not known */
	int64_t time_ns;
	bool is_used; /* it explains what this look found */
	struct subject subject;
};

struct mount_watch {
	struct mount_list now, next;
	bool is_cut;
	struct act acts[MAX_ACTS]; /* a ring */
	size_t newest;
};

int mount_watch_new(struct mount_watch **ret_watch)
{
	*ret_watch = calloc(1, sizeof(**ret_watch));
	return *ret_watch ? 0 : -ENOMEM;
}

static void act_done(struct act *act)
{
	free(act->path);
	subject_done(&act->subject);
	*act = (struct act){0};
}

struct mount_watch *mount_watch_free(struct mount_watch *watch)
{
	if (!watch)
		return NULL;
	for (size_t i = 0; i < MAX_ACTS; i++)
		act_done(&watch->acts[i]);
	mount_list_done(&watch->now);
	mount_list_done(&watch->next);
	free(watch);
	return NULL;
}

void mount_watch_note(struct mount_watch *watch, enum ev_mount_how how, const char *path,
		      const struct subject *subject, int64_t time_ns)
{
	struct act act = {.how = how, .time_ns = time_ns};

	if (subject_copy(subject, &act.subject) < 0)
		return;
	act.path = path ? strdup(path) : NULL;
	if (path && !act.path) {
		act_done(&act);
		return;
	}
	watch->newest = (watch->newest + 1) % MAX_ACTS;
	act_done(&watch->acts[watch->newest]);
	watch->acts[watch->newest] = act;
}

/* Whether @name is one of the comma-separated @options. */
static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);

	while (options) {
		if (strncmp(options, name, len) == 0 &&
		    (options[len] == '\0' || options[len] == ','))
			return true;
		options = strchr(options, ',');
		if (options)
			options++;
	}
	return false;
}

/* "ext4 /dev/vdb folder /opt (ro,noexec)": what another file system there would change, and of its
 * options those that decide about writing and running. */
static char *describe(const struct mount_line *line)
{
	static const char *const told[] = {"nosuid", "nodev", "noexec"};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	str_escape(&sb, line->type, strlen(line->type));
	if (line->source && !str_equal(line->source, "none")) {
		strbuf_add_char(&sb, ' ');
		str_escape(&sb, line->source, strlen(line->source));
	}
	if (!str_equal(line->root, "/")) {
		strbuf_add_str(&sb, " folder ");
		str_escape(&sb, line->root, strlen(line->root));
	}
	strbuf_add_str(&sb, has_option(line->options, "ro") || has_option(line->super_options, "ro")
				    ? " (ro"
				    : " (rw");
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (has_option(line->options, told[i]))
			strbuf_printf(&sb, ",%s", told[i]);
	strbuf_add_char(&sb, ')');
	return strbuf_take(&sb);
}

void mount_watch_begin(struct mount_watch *watch)
{
	mount_list_done(&watch->next);
	watch->is_cut = false;
}

int mount_watch_add(struct mount_watch *watch, const struct watch_set *set,
		    const struct mount_line *line)
{
	cleanup_free char *what = NULL;
	int r;

	if (!watch_set_meets(set, line->point))
		return 0;
	what = describe(line);
	if (!what)
		return -ENOMEM;
	/* At a place that has one already, the later one is on top. */
	r = mount_list_set(&watch->next, line->point, what);
	if (r != -ENOBUFS)
		return r;
	watch->is_cut = true;
	return 0;
}

struct change {
	const char *point, *before, *now;
};

/* How well @act explains @change; 0: not at all. */
static unsigned fits(const struct mount_watch *watch, const struct act *act,
		     const struct change *change)
{
	bool is_gone = str_equal(change->now, MOUNT_LIST_NOTHING);
	bool is_new = str_equal(change->before, MOUNT_LIST_NOTHING);
	bool is_mounting = act->how == EV_MOUNT_NEW || act->how == EV_MOUNT_BIND;

	if (act->how == EV_MOUNT_NONE || act->how == EV_MOUNT_SUPER ||
	    (is_gone && (is_mounting || act->how == EV_MOUNT_CHANGE)) ||
	    (is_new && (act->how == EV_MOUNT_UNMOUNT || act->how == EV_MOUNT_CHANGE)))
		return 0;
	/* Where a mount was moved from is not told, but it is at the other place now. */
	if (is_gone && act->how == EV_MOUNT_MOVE)
		return act->path &&
		       str_equal(mount_list_get(&watch->next, act->path), change->before);
	if (!act->path)
		return 1;
	/* What is mounted below goes along. */
	return str_equal(act->path, change->point)	 ? 3
	       : path_is_below(change->point, act->path) ? 2
							 : 0;
}

static struct act *find_act(struct mount_watch *watch, const struct change *change, int64_t now_ns)
{
	struct act *best = NULL;
	unsigned best_fit = 0;

	for (size_t i = 0; i < MAX_ACTS; i++) {
		/* From the newest back. */
		struct act *act = &watch->acts[(watch->newest + MAX_ACTS - i) % MAX_ACTS];
		unsigned fit = fits(watch, act, change);

		if (fit > best_fit && act->time_ns > now_ns - MOUNT_WATCH_JOIN_NS) {
			best = act;
			best_fit = fit;
		}
	}
	return best;
}

typedef bool (*change_fn)(struct mount_watch *watch, const struct change *change, void *userdata);

/* Each place where the next table differs, until @fn returns false. */
static bool each_change(struct mount_watch *watch, change_fn fn, void *userdata)
{
	const struct mount_list *old = &watch->now, *new = &watch->next;

	for (size_t i = 0; i < old->count; i++) {
		struct change change = {old->items[i].point, old->items[i].what,
					mount_list_get(new, old->items[i].point)};

		if (str_equal(change.now, MOUNT_LIST_NOTHING) && !fn(watch, &change, userdata))
			return false;
	}
	for (size_t i = 0; i < new->count; i++) {
		struct change change = {new->items[i].point,
					mount_list_get(old, new->items[i].point),
					new->items[i].what};

		if (!str_equal(change.now, change.before) && !fn(watch, &change, userdata))
			return false;
	}
	return true;
}

static bool has_doer(struct mount_watch *watch, const struct change *change, void *userdata)
{
	const int64_t *now_ns = userdata;

	return find_act(watch, change, *now_ns);
}

struct telling {
	mount_watch_fn fn;
	void *userdata;
	int64_t now_ns;
};

static bool tell(struct mount_watch *watch, const struct change *change, void *userdata)
{
	struct telling *telling = userdata;
	struct act *act = find_act(watch, change, telling->now_ns);

	if (act)
		act->is_used = true;
	telling->fn(change->point, change->now, act && act->subject.is_known ? &act->subject : NULL,
		    telling->userdata);
	return true;
}

bool mount_watch_is_explained(struct mount_watch *watch, int64_t now_ns)
{
	return each_change(watch, has_doer, &now_ns);
}

int mount_watch_end(struct mount_watch *watch, int64_t now_ns, mount_watch_fn fn, void *userdata)
{
	struct telling telling = {fn, userdata, now_ns};

	each_change(watch, tell, &telling);
	/* The same mount is not made twice by one call; what is below it changed in this look. */
	for (size_t i = 0; i < MAX_ACTS; i++)
		if (watch->acts[i].is_used)
			act_done(&watch->acts[i]);
	mount_list_done(&watch->now);
	watch->now = watch->next;
	watch->next = (struct mount_list){0};
	return watch->is_cut ? -ENOBUFS : 0;
}

void mount_watch_each(const struct mount_watch *watch, mount_watch_fn fn, void *userdata)
{
	for (size_t i = 0; i < watch->now.count; i++)
		fn(watch->now.items[i].point, watch->now.items[i].what, NULL, userdata);
}
