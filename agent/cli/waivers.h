/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waivers as the verbs count them: by the clock of the moment in which somebody
 * asks, so that one that ended is gone at once and nothing has to run for that.
 */
#ifndef PLUMBLINE_CLI_WAIVERS_H
#define PLUMBLINE_CLI_WAIVERS_H

#include "base/json.h"
#include "baseline/waiver_folder.h"
#include "model/config.h"

/* Those of the folder in the settings; which files were refused is said on stderr, and what
 * waivers_tell_unknown() says. -ENOMEM. */
int waivers_load(const struct config *config, const char *data, struct waiver_folder *ret_folder);

/* Says on stderr which of @list are of a check that nobody has: no profile of @data (NULL: the
 * folder in the settings). Another machine may have it, so that nothing is refused. */
void waivers_tell_unknown(const struct waiver_list *list, const struct config *config,
			  const char *data);

/* "waived    until 2027-02-01 00:00:00 UTC by anna for line 4: why" behind @indent. */
void waivers_print(const struct waiver *waiver, const char *indent);
/* "waiver":{...} of the object that is open. */
void waivers_put(struct json *j, const struct waiver *waiver);
/* "refused":[...] of the object that is open. */
void waivers_put_refused(struct json *j, const struct waiver_folder *folder);

#endif
