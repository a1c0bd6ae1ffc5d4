/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who must approve a baseline: how many people, in which roles, by which
 * certificates. Without a policy file one approval that holds is enough.
 *
 *	[policy]
 *	approvals = 2
 *	roles = author approver
 *	distinct_persons = yes
 *
 *	[role approver]
 *	ca = approvers.pem
 *	eku = 1.3.6.1.4.1.311.10.3.12
 *	extension = 1.3.6.1.4.1.99999.1
 *	subject = *,O=Plant*
 *
 * All files are read once, by policy_new(): judging needs no file.
 */
#ifndef PLUMBLINE_BASELINE_POLICY_H
#define PLUMBLINE_BASELINE_POLICY_H

#include <stddef.h>

#include "base/cleanup.h"
#include "baseline/baseline.h"

struct policy;

/*
 * @path NULL: one approval. @ca_pem (copied; NULL: none) is for roles that name no CA of their own.
 * -EINVAL with @diag filled (file and line), or another negative errno with @diag.
 */
int policy_new(const char *path, const char *ca_pem, struct policy **ret_policy, struct diag *diag);
struct policy *policy_free(struct policy *policy);
DEFINE_CLEANUP(struct policy *, policy_free)

/* As baseline_read_approval(), by the CA and the other wishes of its role. */
int policy_read_approval(const struct policy *policy, struct baseline *baseline, unsigned index,
			 struct baseline_approval *ret_approval, struct diag *diag);

/* Sees each approval after it was judged by its role; @number is that of its file. */
typedef void (*policy_seen_fn)(const struct baseline_approval *approval, unsigned number,
			       void *userdata);

/*
 * Judges every approval of @baseline, then all of them together. 0; -EKEYREJECTED when none holds,
 * -ENOKEY when they are not enough, both with @diag; or another negative errno.
 */
int policy_judge(const struct policy *policy, struct baseline *baseline, policy_seen_fn fn,
		 void *userdata, struct diag *diag);

/* What an approval's role wants of its certificate beyond its CA; one that falls short loses
 * is_verified and gets a refusal. 0 or -ENOMEM. */
int policy_judge_role(const struct policy *policy, struct baseline_approval *approval);

/*
 * Whether these approvals, each judged already, are enough; see policy_judge() for the result.
 *
 * Two approvals are of one person when certificate, subject or signed name are the same. Where the
 * policy names roles, only approvals in these count.
 */
int policy_decide(const struct policy *policy, const struct baseline_approval *approvals,
		  unsigned count, struct diag *diag);

#endif
