/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of sections and keys, which every input goes through three times: as such (settings, check
 * content, rules.ini), as waivers, and as the decisions of an organization.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/ini.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "model/scope.h"
#include "model/waiver.h"

struct seen {
	unsigned line;
};

/* An error has a place and a reason. */
static void check_diag(int r, const struct diag *diag)
{
	if (r < 0 && (diag->line == 0 || !diag->text[0] || !diag->file[0]))
		abort();
}

static int on_key(const char *section, const char *key, const char *value, unsigned line,
		  void *userdata, struct diag *diag)
{
	struct seen *seen = userdata;

	/* Lines only go up: a section is announced, then its keys follow. */
	if (!section || line < seen->line || (key && (!*key || !value)))
		abort();
	seen->line = line;
	if (value && strcmp(value, "refuse") == 0)
		return diag_set(diag, "", 0, -1, "refused");
	return 0;
}

static void read_as_ini(const uint8_t *data, size_t size)
{
	struct seen seen = {0};
	struct diag diag = {0};
	int r = ini_visit_buffer("fuzz.ini", (const char *)data, size, on_key, &seen, &diag);

	check_diag(r, &diag);
}

/* What was taken is whole, counts from its start and is over at its end. */
static void check_waiver(const struct waiver *waiver)
{
	const struct waiver_list one = {(struct waiver *)waiver, 1};

	if (!*waiver->owner || !*waiver->approver || !*waiver->reason ||
	    waiver->risk >= SEVERITY_COUNT || waiver->start_ns >= waiver->expires_ns)
		abort();
	if (!waiver->hosts && !waiver_for_check(&one, "h", waiver->subject, waiver->expires_ns - 1))
		abort();
	if (waiver_for_check(&one, "h", waiver->subject, waiver->start_ns - 1) ||
	    waiver_for_check(&one, "h", waiver->subject, waiver->expires_ns))
		abort();
}

static void read_as_waivers(const uint8_t *data, size_t size)
{
	cleanup_waiver_list struct waiver_list list = {0};
	struct diag diag = {0};
	int r = waiver_list_read(&list, "fuzz.ini", (const char *)data, size, &diag);

	check_diag(r, &diag);
	for (size_t i = 0; r == 0 && i < list.count; i++)
		check_waiver(&list.waivers[i]);
}

static void check_decisions(const struct scope *scope, const struct framework *framework)
{
	struct scope_decision decision;

	for (size_t i = 0; i < framework->item_count; i++)
		if (scope_find(scope, framework, framework->items[i].id, &decision) &&
		    !*decision.reason)
			abort();
}

static void read_as_scope(const uint8_t *data, size_t size)
{
	static struct crosswalk *crosswalk; /* read once */
	static int fd = -1;
	cleanup_with(scope_freep) struct scope *scope = NULL;
	struct diag diag = {0};
	char path[32];
	int r;

	if (!crosswalk && crosswalk_load(PLUMBLINE_SOURCE_DIR "/baselines", &crosswalk, NULL) < 0)
		abort();
	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = scope_load(path, crosswalk, &scope, &diag);
	check_diag(r, &diag);
	if (r == 0)
		check_decisions(scope, crosswalk_find(crosswalk, "iso-27002"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as_ini(data, size);
	read_as_waivers(data, size);
	read_as_scope(data, size);
	return 0;
}
