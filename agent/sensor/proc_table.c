/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proc_table.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash_key.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"

#define MAX_PARENTS	8
#define MAX_GENERATIONS 64

struct process {
	uint64_t cookie, parent_cookie;
	uint32_t pid, ppid;
	uint32_t uid, euid, login_uid;
	int64_t start_ns, end_ns;    /* end 0: it runs */
	int64_t exec_ns;	     /* when @exe took the place of @exe_before */
	int64_t program_ns, wall_ns; /* start of its newest program, by both clocks */
	uint64_t updater;	     /* cookie of the updater whose work it does; 0: none's */
	int64_t updater_ns;	     /* since when */
	char comm[16];
	char *exe, *exe_before, *script, *unit;
	char *change_set; /* of an updater itself */
	struct process *cookie_chain, *pid_chain;
	struct process *older, *newer; /* by last use */
};

struct proc_table {
	struct process **by_cookie, **by_pid;
	size_t mask, count, max;
	struct process *oldest, *newest;
	char **updaters;
};

int proc_table_new(size_t max_entries, struct proc_table **ret_table)
{
	cleanup_with(proc_table_freep) struct proc_table *table = calloc(1, sizeof(*table));
	size_t buckets = 16;

	if (!table)
		return -ENOMEM;
	while (buckets < max_entries)
		buckets *= 2;
	table->by_cookie = calloc(buckets, sizeof(*table->by_cookie));
	table->by_pid = calloc(buckets, sizeof(*table->by_pid));
	if (!table->by_cookie || !table->by_pid)
		return -ENOMEM;
	table->mask = buckets - 1;
	table->max = max_entries;
	*ret_table = TAKE_PTR(table);
	return 0;
}

static void process_free(struct process *p)
{
	free(p->exe);
	free(p->exe_before);
	free(p->script);
	free(p->unit);
	free(p->change_set);
	free(p);
}

struct proc_table *proc_table_free(struct proc_table *table)
{
	if (!table)
		return NULL;
	for (struct process *p = table->oldest; p;) {
		struct process *newer = p->newer;

		process_free(p);
		p = newer;
	}
	free(table->by_cookie);
	free(table->by_pid);
	strv_free(table->updaters);
	free(table);
	return NULL;
}

static struct process **cookie_slot(const struct proc_table *table, uint64_t cookie)
{
	struct process **slot = &table->by_cookie[hash_key(&cookie, sizeof(cookie)) & table->mask];

	while (*slot && (*slot)->cookie != cookie)
		slot = &(*slot)->cookie_chain;
	return slot;
}

static struct process **pid_bucket(const struct proc_table *table, uint32_t pid)
{
	return &table->by_pid[hash_key(&pid, sizeof(pid)) & table->mask];
}

static void unlink_use(struct proc_table *table, struct process *p)
{
	*(p->older ? &p->older->newer : &table->oldest) = p->newer;
	*(p->newer ? &p->newer->older : &table->newest) = p->older;
}

static void append_use(struct proc_table *table, struct process *p)
{
	p->older = table->newest;
	p->newer = NULL;
	*(table->newest ? &table->newest->newer : &table->oldest) = p;
	table->newest = p;
}

static void touch(struct proc_table *table, struct process *p)
{
	unlink_use(table, p);
	append_use(table, p);
}

static void drop(struct proc_table *table, struct process *p)
{
	struct process **slot = pid_bucket(table, p->pid);

	while (*slot != p)
		slot = &(*slot)->pid_chain;
	*slot = p->pid_chain;
	*cookie_slot(table, p->cookie) = p->cookie_chain;
	unlink_use(table, p);
	process_free(p);
	table->count--;
}

static struct process *find(struct proc_table *table, uint64_t cookie)
{
	return cookie ? *cookie_slot(table, cookie) : NULL;
}

static int set_text(char **field, const char *text)
{
	char *copy;

	if (!text || str_equal(*field, text))
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static struct process *add(struct proc_table *table, const struct proc_news *news)
{
	struct process *p = calloc(1, sizeof(*p));
	struct process **slot;

	if (!p)
		return NULL;
	if (table->count >= table->max)
		drop(table, table->oldest);
	p->cookie = news->cookie;
	p->pid = news->pid;
	p->start_ns = news->time_ns;

	slot = cookie_slot(table, p->cookie);
	p->cookie_chain = *slot;
	*slot = p;
	/* Newest in front, so that a pid that was used again finds its latest owner. */
	slot = pid_bucket(table, p->pid);
	p->pid_chain = *slot;
	*slot = p;
	append_use(table, p);
	table->count++;
	return p;
}

/* The program that @p ran then; a shell often starts another one in its own place at the end. */
static const char *exe_at(const struct process *p, int64_t time_ns)
{
	return p->exe_before && time_ns < p->exec_ns ? p->exe_before : p->exe;
}

static int apply(struct process *p, const struct proc_news *news)
{
	int r;

	p->parent_cookie = news->parent_cookie;
	p->ppid = news->ppid;
	p->uid = news->uid;
	p->euid = news->euid;
	p->login_uid = news->login_uid;
	if (news->comm)
		str_copy(p->comm, sizeof(p->comm), news->comm);
	r = set_text(&p->exe, news->exe);
	return r < 0 ? r : set_text(&p->unit, news->unit);
}

static bool is_updater(const struct proc_table *table, const struct process *p)
{
	for (char **updater = table->updaters; updater && *updater; updater++)
		if (str_equal(p->exe, *updater) || str_equal(p->script, *updater))
			return true;
	return false;
}

static char *name_change_set(const struct process *p)
{
	const char *program = p->script ? p->script : p->exe;
	time_t seconds = (time_t)(p->wall_ns / NSEC_PER_SEC);
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct tm tm = {0};
	char text[32];

	program = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
	str_escape(&sb, program, strnlen(program, 64));
	strbuf_printf(&sb, "-%s-%u", text, p->pid);
	return strbuf_take(&sb);
}

/* Makes @p part of the work that its parent did when it made it, or the first of its own. */
static int join_updater(struct proc_table *table, struct process *p)
{
	const struct process *parent = find(table, p->parent_cookie);

	if (p->updater)
		return 0;
	if (parent && parent->updater && parent->updater_ns <= p->start_ns) {
		p->updater = parent->updater;
		p->updater_ns = p->start_ns;
		return 0;
	}
	if (!p->cookie || !is_updater(table, p))
		return 0;
	p->change_set = name_change_set(p);
	if (!p->change_set)
		return -ENOMEM;
	p->updater = p->cookie;
	p->updater_ns = p->program_ns;
	return 0;
}

static int join_with_parents(struct proc_table *table, struct process *p)
{
	struct process *line[MAX_GENERATIONS];
	unsigned count = 0;
	int r = 0;

	for (; p && !p->updater && count < MAX_GENERATIONS; p = find(table, p->parent_cookie))
		line[count++] = p;
	while (count > 0 && r == 0)
		r = join_updater(table, line[--count]);
	return r;
}

int proc_table_set_updaters(struct proc_table *table, char **updaters)
{
	char **copy = NULL;
	int r = 0;

	for (; updaters && *updaters && r == 0; updaters++)
		r = strv_append(&copy, *updaters);
	if (r < 0) {
		strv_free(copy);
		return r;
	}
	strv_free(table->updaters);
	table->updaters = copy;
	/* One may be at work already: it may be what brought this agent. */
	for (struct process *p = table->oldest; p && r == 0; p = p->newer)
		r = join_with_parents(table, p);
	return r;
}

static int apply_program(struct proc_table *table, struct process *p, const struct proc_news *news)
{
	int r = apply(p, news);

	p->wall_ns = news->wall_ns;
	p->program_ns = news->time_ns;
	free(p->script);
	p->script = NULL;
	if (r == 0)
		r = set_text(&p->script, news->script);
	return r < 0 ? r : join_updater(table, p);
}

int proc_table_exec(struct proc_table *table, const struct proc_news *news)
{
	struct process *p = find(table, news->cookie);

	if (!p) {
		p = add(table, news);
		return p ? apply_program(table, p, news) : -ENOMEM;
	}
	touch(table, p);
	if (p->exe && news->exe && !str_equal(p->exe, news->exe)) {
		free(p->exe_before);
		p->exe_before = TAKE_PTR(p->exe);
		p->exec_ns = news->time_ns;
	}
	return apply_program(table, p, news);
}

int proc_table_fork(struct proc_table *table, const struct proc_news *news)
{
	const struct process *parent;
	struct process *p;
	int r;

	/* What it did may have been told before this: see ring_pair.h. */
	if (find(table, news->cookie))
		return 0;
	p = add(table, news);
	if (!p)
		return -ENOMEM;
	r = apply(p, news);
	parent = find(table, news->parent_cookie);
	if (r < 0 || !parent)
		return r;
	r = set_text(&p->exe, exe_at(parent, p->start_ns));
	if (r == 0)
		r = set_text(&p->unit, parent->unit);
	return r < 0 ? r : join_updater(table, p);
}

void proc_table_exit(struct proc_table *table, uint64_t cookie, int64_t time_ns)
{
	struct process *p = find(table, cookie);

	if (p && !p->end_ns)
		p->end_ns = time_ns;
}

void proc_table_forget(struct proc_table *table, int64_t ended_before_ns)
{
	for (struct process *p = table->oldest; p;) {
		struct process *newer = p->newer;

		if (p->end_ns && p->end_ns < ended_before_ns)
			drop(table, p);
		p = newer;
	}
}

/* Each with the program that it ran when it started the one before. */
static void add_parents(struct proc_table *table, const struct process *p, struct strbuf *sb)
{
	uint64_t cookie = p->parent_cookie;
	int64_t start_ns = p->start_ns;

	for (int i = 0; i < MAX_PARENTS; i++) {
		const struct process *parent = find(table, cookie);
		const char *name;

		/* The first process of all is its own parent. */
		if (!parent || parent->parent_cookie == cookie)
			break;
		name = exe_at(parent, start_ns);
		if (!name)
			name = parent->comm;
		if (sb->len > 0)
			strbuf_add_str(sb, " < ");
		str_escape(sb, name, strlen(name));
		strbuf_printf(sb, "(%u)", parent->pid);
		cookie = parent->parent_cookie;
		start_ns = parent->start_ns;
	}
}

static int describe(struct proc_table *table, const struct process *p, const struct id_names *names,
		    struct subject *ret_subject)
{
	cleanup_strbuf struct strbuf parents = STRBUF_INIT;
	struct process *updater = find(table, p->updater);
	struct subject subject = {
		.is_known = true,
		.cookie = p->cookie,
		.pid = p->pid,
		.ppid = p->ppid,
		.uid = p->uid,
		.euid = p->euid,
		.login_uid = p->login_uid,
	};
	int r;

	/* It counts as in use for as long as any of its processes does something. */
	if (updater)
		touch(table, updater);
	add_parents(table, p, &parents);
	r = strbuf_check(&parents);
	if (r == 0)
		r = set_text(&subject.exe, p->exe);
	if (r == 0)
		r = set_text(&subject.comm, p->comm);
	if (r == 0)
		r = set_text(&subject.unit, p->unit);
	if (r == 0)
		r = set_text(&subject.user, id_names_user(names, p->uid));
	if (r == 0 && parents.len > 0)
		r = set_text(&subject.parents, parents.data);
	if (r == 0 && updater)
		r = set_text(&subject.change_set, updater->change_set);
	if (r < 0) {
		subject_done(&subject);
		return r;
	}
	*ret_subject = subject;
	return 0;
}

int proc_table_subject(struct proc_table *table, uint64_t cookie, const struct id_names *names,
		       struct subject *ret_subject)
{
	struct process *p = find(table, cookie);

	if (!p)
		return -ENOENT;
	touch(table, p);
	return describe(table, p, names, ret_subject);
}

int proc_table_subject_of_pid(struct proc_table *table, uint32_t pid, const struct id_names *names,
			      struct subject *ret_subject)
{
	struct process *p = *pid_bucket(table, pid);

	while (p && p->pid != pid)
		p = p->pid_chain;
	if (!p)
		return -ENOENT;
	touch(table, p);
	return describe(table, p, names, ret_subject);
}

size_t proc_table_runs(const struct proc_table *table, const char *path)
{
	size_t count = 0;

	for (const struct process *p = table->oldest; p; p = p->newer)
		if (p->end_ns == 0 && str_equal(p->exe, path))
			count++;
	return count;
}

bool proc_table_has(const struct proc_table *table, uint64_t cookie)
{
	return cookie && *cookie_slot(table, cookie);
}

void proc_table_sweep(struct proc_table *table, bool (*is_running)(uint64_t cookie, uint32_t pid),
		      int64_t now_ns)
{
	for (struct process *p = table->oldest; p; p = p->newer)
		if (!p->end_ns && !is_running(p->cookie, p->pid))
			p->end_ns = now_ns;
}

size_t proc_table_count(const struct proc_table *table)
{
	return table->count;
}
