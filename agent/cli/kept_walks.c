/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/kept_walks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/control.h"
#include "wire/codec.h"

#define TIMEOUT_MS 2000 /* an agent that is that busy is not waited for: the walks are left out */

/* Those of other kinds are run here, as they are at this moment. */
static bool is_walk(const struct check_set *set, const char *id)
{
	int index = check_set_find(set, id);

	return index >= 0 && check_set_walks(set, (size_t)index);
}

static int on_line(const char *json, void *userdata)
{
	struct kept_walks *kept = userdata;
	cleanup_wire_record struct wire_record record = {0};
	struct check_result *results;
	int r = codec_decode(json, strlen(json), &record, NULL);

	if (r < 0)
		return r;
	if (record.type != WIRE_CHECK || !is_walk(kept->set, record.check.id))
		return 0;
	results = reallocarray(kept->results, kept->count + 1, sizeof(*results));
	if (!results)
		return -ENOMEM;
	kept->results = results;
	r = check_result_copy(&record.check, &results[kept->count]);
	kept->count += r == 0;
	return r;
}

int kept_walks_ask(const struct check_set *set, const char *config, struct kept_walks *ret_kept)
{
	struct kept_walks kept = {.set = set};
	const struct control_target target = {.config = config};
	const struct control_request request = {
		.verb = "checks",
		.fd = -1,
		.timeout_ms = TIMEOUT_MS,
		.on_line = on_line,
		.userdata = &kept,
	};
	struct diag diag = {0};
	char text[256];
	int r = control_run(&target, &request, &diag);

	if (r < 0) {
		log_debug("no walk of the agent: %s", diag_format(&diag, text, sizeof(text)));
		kept_walks_done(&kept);
		return r == -ENOMEM ? r : 0;
	}
	*ret_kept = kept;
	return 0;
}

void kept_walks_done(struct kept_walks *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		check_result_done(&kept->results[i]);
	free(kept->results);
	kept->results = NULL;
	kept->count = 0;
}

const struct check_result *kept_walks_find(const struct kept_walks *kept, const char *id)
{
	for (size_t i = 0; i < kept->count; i++)
		if (str_equal(kept->results[i].id, id))
			return &kept->results[i];
	return NULL;
}
