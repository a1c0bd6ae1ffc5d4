/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/exec_news.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

void exec_words_done(struct exec_words *words)
{
	strbuf_done(&words->exe);
	strbuf_done(&words->unit);
	strbuf_done(&words->script);
}

const char *exec_news_unit(const char *cgroup)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};
	const char *found = NULL;

	if (cgroup[0] == '\0')
		return NULL;
	for (const char *at = cgroup; at; at = strchr(at + 1, '/')) {
		const char *name = at + 1;
		size_t len = strcspn(name, "/");

		/* Of nested ones the last counts; what lies below a unit belongs to it. */
		for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
			size_t suffix = strlen(suffixes[i]);

			if (len > suffix && memcmp(name + len - suffix, suffixes[i], suffix) == 0)
				found = name;
		}
	}
	return found ? found : cgroup;
}

static int fill_unit(const struct record *record, struct exec_words *words, struct proc_news *news)
{
	const char *unit;
	int r;

	strbuf_clear(&words->unit);
	r = record_path(record, &record->exec.cgroup, &words->unit);
	if (r < 0)
		return r;
	unit = words->unit.data ? exec_news_unit(words->unit.data) : NULL;
	if (unit && unit != words->unit.data) {
		char *end = words->unit.data + (unit - words->unit.data) + strcspn(unit, "/");

		*end = '\0';
	}
	news->unit = unit;
	return 0;
}

int exec_news_fill(const struct record *record, struct exec_words *words, struct proc_news *news)
{
	int r;

	*news = (struct proc_news){
		.cookie = record->hdr.cookie,
		.parent_cookie = record->hdr.parent_cookie,
		.pid = record->hdr.pid,
		.ppid = record->hdr.ppid,
		.uid = record->hdr.uid,
		.euid = record->hdr.euid,
		.login_uid = record->hdr.login_uid,
		.time_ns = (int64_t)record->hdr.ktime,
		.comm = record->hdr.comm,
	};
	if (record->hdr.type != EV_EXEC && record->hdr.type != EV_TASK)
		return 0;
	strbuf_clear(&words->exe);
	r = record_path(record, &record->exec.exe, &words->exe);
	if (r < 0)
		return r;
	if (words->exe.len > 0 && !(record->exec.exe.flags & EV_TEXT_CUT))
		news->exe = words->exe.data;
	return fill_unit(record, words, news);
}

/* fexecve() of a script names it "/dev/fd/N"; the descriptor is gone if it was close-on-exec. */
static const char *through_descriptor(const struct record *record, const char *name, char *link)
{
	if (!str_starts(name, "/dev/fd/"))
		return name;
	snprintf(link, PATH_MAX, "/proc/%u/fd/%s", record->hdr.pid, name + strlen("/dev/fd/"));
	return link;
}

bool exec_news_has_long_script(const struct record *record)
{
	return record->exec.flags & EV_EXEC_INTERPRETED &&
	       (record->exec.filename.flags | record->exec.cwd.flags) & EV_TEXT_CUT;
}

const char *exec_news_script(const struct record *record, struct exec_words *words)
{
	const char *name = record_string(record, &record->exec.filename);
	char link[PATH_MAX], found[PATH_MAX];

	if (!(record->exec.flags & EV_EXEC_INTERPRETED) || !name ||
	    exec_news_has_long_script(record))
		return NULL;
	strbuf_clear(&words->script);
	if (name[0] != '/') {
		if (record_path(record, &record->exec.cwd, &words->script) < 0)
			return NULL;
		strbuf_add_char(&words->script, '/');
	}
	strbuf_add_str(&words->script, through_descriptor(record, name, link));
	if (strbuf_check(&words->script) < 0 || path_normalize(words->script.data) < 0)
		return NULL;
	/* A name in a monitored tree is approved under its real path; that of a name in a user
	 * namespace cannot be told from here. */
	if (!(record->exec.flags & EV_EXEC_USER_NS) && realpath(words->script.data, found)) {
		strbuf_clear(&words->script);
		strbuf_add_str(&words->script, found);
	}
	return strbuf_check(&words->script) < 0 ? NULL : words->script.data;
}
