/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Form of a CMS beyond what its signature covers.
 *
 * Versions, outer algorithm lists, certificates that no chain needs and the
 * like can be changed without breaking a signature. They mean nothing, but a
 * baseline file in which a byte can be changed unseen is hard to defend.
 */
#ifndef PLUMBLINE_BASELINE_SIGNATURE_FORM_H
#define PLUMBLINE_BASELINE_SIGNATURE_FORM_H

#include <openssl/cms.h>
#include <stddef.h>

/*
 * NULL when @cms, read from @data, has the one form that its signed parts allow; else what is odd
 * (static text). @chain is the verified one, NULL when there is none.
 */
const char *signature_form(CMS_ContentInfo *cms, const void *data, size_t len,
			   const STACK_OF(X509) * chain);

#endif
