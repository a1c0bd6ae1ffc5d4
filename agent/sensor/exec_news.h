/* SPDX-License-Identifier: Apache-2.0 */
/* From a kernel record of a process to words: paths, unit, script. Looks at the disk only to
 * resolve a script's name. */
#ifndef PLUMBLINE_SENSOR_EXEC_NEWS_H
#define PLUMBLINE_SENSOR_EXEC_NEWS_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "sensor/proc_table.h"
#include "sensor/record.h"

/* Strings that a record's words point into; reused from record to record. */
struct exec_words {
	struct strbuf exe, unit, script;
};

void exec_words_done(struct exec_words *words);

/*
 * Fills @news from a record of EV_EXEC or EV_TASK. news->exe is NULL when the kernel could not tell
 * the whole path. Returns 0 or negative errno.
 */
int exec_news_fill(const struct record *record, struct exec_words *words, struct proc_news *news);

/* A script was named by a path that was cut: what is left may be the name of another file. */
bool exec_news_has_long_script(const struct record *record);
/* The script that the program of @record interprets, absolute and without links where it can be
 * found; NULL: none. */
const char *exec_news_script(const struct record *record, struct exec_words *words);

/* "/system.slice/cron.service" gives "cron.service"; a path without unit stays, the root gives
 * NULL. */
const char *exec_news_unit(const char *cgroup);

#endif
