/* SPDX-License-Identifier: Apache-2.0 */
/* What the running agent says about its sensor; nothing is tried here. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cli/doctor.h"
#include "wire/standing.h"
#include "wire/status.h"

struct answer {
	struct status status;
	struct standing standing;
};

static int on_status(const char *json, void *userdata)
{
	struct answer *answer = userdata;
	struct diag diag = {0};

	status_done(&answer->status);
	return status_decode(json, strlen(json), &answer->status, &diag);
}

static int on_standing(const char *json, void *userdata)
{
	struct answer *answer = userdata;
	struct diag diag = {0};

	return standing_decode(json, strlen(json), &answer->standing, &diag);
}

static int ask(const struct control_target *target, struct answer *answer, struct diag *diag)
{
	struct control_request request = {
		.verb = "standing",
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_standing,
		.userdata = answer,
	};
	int r = control_run(target, &request, diag);

	if (r < 0)
		return r;
	request.verb = "status";
	request.on_line = on_status;
	return control_run(target, &request, diag);
}

static const char *no_denial_of(const struct status *status)
{
	const char *reason = status->enforcement_reason;

	if (str_equal(status->enforcement, "enforce"))
		return NULL;
	if (!str_equal(status->rung, "lsm"))
		return DOCTOR_NO_LSM;
	return reason && strstr(reason, "inode storage") ? DOCTOR_NO_STORAGE : NULL;
}

int doctor_ask(const struct control_target *target, struct doctor *doctor)
{
	struct answer answer = {0};
	struct diag diag = {0};
	int r = ask(target, &answer, &diag);

	if (r == 0 && !answer.status.rung)
		r = -EAGAIN;
	if (r == 0) {
		str_copy(doctor->rung, sizeof(doctor->rung), answer.status.rung);
		doctor->sights = sight_of_rung(doctor->rung);
		strbuf_add_str(&doctor->why,
			       answer.status.rung_reason ? answer.status.rung_reason : "");
		doctor->no_denial = no_denial_of(&answer.status);
		doctor->standing = answer.standing;
		doctor->is_told = true;
	} else if (r != -ENOENT && r != -ECONNREFUSED) {
		doctor_add_line(&doctor->not_looked,
				"the agent: ", diag.text[0] ? diag.text : strerror(-r));
	}
	status_done(&answer.status);
	return r;
}
