/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the waivers of this machine, and tells them. */
#include "cli/waivers.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/text.h"

int waivers_load(const struct config *config, struct waiver_folder *ret_folder)
{
	cleanup_waiver_folder struct waiver_folder folder = {0};
	int r = waiver_folder_read(config->waivers, config->approver_ca, &folder);

	if (r < 0)
		return log_error(r, "cannot load the waivers");
	for (size_t i = 0; i < folder.refused_count; i++)
		fprintf(stderr, "plumbline: waivers that do not count: %s\n", folder.refused[i]);
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
