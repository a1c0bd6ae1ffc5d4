/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the waivers of this machine, and tells them. */
#include "cli/waivers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "checks/checks.h"
#include "cli/data_dir.h"
#include "cli/text.h"

void waivers_tell_unknown(const struct waiver_list *list, const struct config *config,
			  const char *data)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_free char *dir = NULL;
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;
	struct diag diag = {0};
	char text[1024];

	for (size_t i = 0; i < list->count; i++) {
		const struct waiver *waiver = &list->waivers[i];
		const char *id = waiver_check_id(waiver);

		if (!id)
			continue;
		/* Where the checks cannot be loaded somebody else says so, if it matters. */
		if (!set && (data_dir_find(data, config, &dir) < 0 ||
			     check_set_load(dir, config->profile, &set, &diag) < 0))
			return;
		if (check_set_knows(set, id))
			continue;
		diag_set(&diag, waiver->file, waiver->line, -ENOENT,
			 "[%s] is no check that is known here: it waives nothing", id);
		strbuf_clear(&shown);
		str_show(&shown, diag_format(&diag, text, sizeof(text)));
		fprintf(stderr, "plumbline: %s\n", shown.data ? shown.data : "");
	}
}

int waivers_load(const struct config *config, const char *data, struct waiver_folder *ret_folder)
{
	cleanup_waiver_folder struct waiver_folder folder = {0};
	int r = waiver_folder_read(config->waivers, config->approver_ca, &folder);

	if (r < 0)
		return log_error(r, "cannot load the waivers");
	for (size_t i = 0; i < folder.refused_count; i++)
		fprintf(stderr, "plumbline: waivers that do not count: %s\n", folder.refused[i]);
	waivers_tell_unknown(&folder.list, config, data);
	*ret_folder = folder;
	folder = (struct waiver_folder){0};
	return 0;
}

void waivers_print(const struct waiver *waiver, const char *indent)
{
	printf("%suntil ", indent);
	text_print_time(waiver->expires_ns);
	fputs(" by ", stdout);
	text_print(waiver->approver);
	fputs(" for ", stdout);
	text_print(waiver->owner);
	fputs(": ", stdout);
	text_print(waiver->reason);
	putchar('\n');
}

void waivers_put(struct json *j, const struct waiver *waiver)
{
	json_key(j, "waiver");
	json_begin_object(j);
	json_put_string(j, "owner", waiver->owner);
	json_put_string(j, "approver", waiver->approver);
	json_put_string(j, "reason", waiver->reason);
	json_put_string(j, "risk", finding_severity_name(waiver->risk));
	json_put_time(j, "start", waiver->start_ns);
	json_put_time(j, "expires", waiver->expires_ns);
	if (waiver->ticket)
		json_put_string(j, "ticket", waiver->ticket);
	json_end_object(j);
}

void waivers_put_refused(struct json *j, const struct waiver_folder *folder)
{
	json_key(j, "refused");
	json_begin_array(j);
	for (size_t i = 0; i < folder->refused_count; i++)
		json_string(j, folder->refused[i]);
	json_end_array(j);
}
