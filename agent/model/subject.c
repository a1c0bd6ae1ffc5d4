/* SPDX-License-Identifier: Apache-2.0 */
#include "model/subject.h"

#include "model/name_table.h"

void subject_done(struct subject *subject)
{
	free(subject->exe);
	free(subject->comm);
	free(subject->unit);
	free(subject->parents);
	free(subject->user);
	free(subject->change_set);
	*subject = (struct subject){0};
}

int subject_copy(const struct subject *from, struct subject *to)
{
	struct subject copy = *from;
	int r = 0;

	r |= copy_string(from->exe, &copy.exe);
	r |= copy_string(from->comm, &copy.comm);
	r |= copy_string(from->unit, &copy.unit);
	r |= copy_string(from->parents, &copy.parents);
	r |= copy_string(from->user, &copy.user);
	r |= copy_string(from->change_set, &copy.change_set);
	if (r < 0) {
		subject_done(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}
