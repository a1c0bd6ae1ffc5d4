/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/approval.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/strbuf.h"

void baseline_approval_done(struct baseline_approval *approval)
{
	free(approval->name);
	free(approval->role);
	free(approval->meaning);
	free(approval->ticket);
	free(approval->certificate);
	free(approval->usages);
	free(approval->extensions);
	free(approval->refusal);
	free(approval->warning);
	*approval = (struct baseline_approval){0};
}

int approval_write(const struct baseline_approval *approval, const char *statement_sha256,
		   struct strbuf *out)
{
	struct json j = JSON_INIT(out);

	json_begin_object(&j);
	json_put_string(&j, "statement_sha256", statement_sha256);
	json_put_string(&j, "name", approval->name);
	json_put_string(&j, "role", approval->role);
	json_put_string(&j, "meaning", approval->meaning);
	json_put_string(&j, "ticket", approval->ticket);
	json_put_time(&j, "time", approval->time_ns);
	if (approval->certificate_sha256[0])
		json_put_string(&j, "certificate", approval->certificate_sha256);
	json_end_object(&j);
	strbuf_add_char(out, '\n');
	return strbuf_check(out);
}
