/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Change-sets: what one transaction of a trusted updater did, as one row.
 *
 * Grouping is for the reader. It approves nothing: each finding in a set stays
 * as open as it is, and the set is as severe as the worst of them.
 */
#ifndef PLUMBLINE_REPORT_CHANGE_SETS_H
#define PLUMBLINE_REPORT_CHANGE_SETS_H

#include <stddef.h>

#include "base/strbuf.h"
#include "model/finding.h"

struct change_set {
	const char *id; /* of its findings; borrowed */
	enum finding_severity worst;
	int64_t first_ns, last_ns;
	size_t count, kinds[FINDING_KIND_COUNT];
	const struct finding *example; /* whose subject tells who did it, where one does */
	char **packages; /* approved ones that it touched, "libssl3 3.0.15"; sorted, each once */
	size_t package_count;
};

struct change_sets {
	struct change_set *sets; /* worst first, then newest */
	size_t count;
	size_t finding_count; /* in all of them */
};

/*
 * Counts @finding in. The set, all zero but for its id, borrows the one that it takes as its
 * example. -ENOMEM.
 */
int change_set_add(struct change_set *set, const struct finding *finding);
void change_set_done(struct change_set *set);

/* Open findings only: what is over, or has an owner, is no news. */
bool change_sets_take(const struct finding *finding);

/* Borrows what the @count pointers lead to. -ENOMEM. */
int change_sets_collect(const struct finding *const *findings, size_t count,
			struct change_sets *ret_sets);
void change_sets_done(struct change_sets *sets);
#define cleanup_change_sets cleanup_with(change_sets_done)

/* "120 library.modified, 30 data.added", most first. */
void change_set_add_kinds(const struct change_set *set, struct strbuf *out);

/* "libssl3 3.0.15, openssl 3.0.15 and 12 more"; nothing where no approved package was touched. */
void change_set_add_packages(const struct change_set *set, struct strbuf *out);

#endif
