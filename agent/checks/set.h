/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of struct check_set, for the set and the runner only. */
#ifndef PLUMBLINE_CHECKS_SET_H
#define PLUMBLINE_CHECKS_SET_H

#include "checks/check.h"
#include "checks/looked.h"
#include "model/catalog.h"

struct check_set {
	struct catalog *catalog;
	struct check_list list;
	char *title;
	char *tailoring; /* what an overlay or a category changed, in words; NULL: nothing */
	size_t left_out;
	struct strbuf left_out_ids;	 /* each with a blank behind it */
	const char *state_dir, *run_dir; /* NULL: the usual ones */
	char *root;			 /* that the two below are of */
	struct kept kept;		 /* as in struct root; owned */
	struct inventory *inventory;	 /* of the first check that needed a walk; owned */
	bool is_kept;			 /* it was given, and stays until there is a newer one */
	const struct kernel_dump *dump;	 /* NULL: nobody asked the kernel */
	bool notes_looks;
	struct looked looked; /* at by the last run; owned */
};

#endif
