/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the OSCAL 1.1.2 documents share: ids that are the same in all of them
 * for the same thing, their head, the hosts, and one observation and risk for
 * each result and finding.
 *
 * OSCAL judges objectives. Ours are those of single checks ("SYS-001_obj"), so
 * that no document says that a control is satisfied: that is for an assessor.
 */
#ifndef PLUMBLINE_REPORT_OSCAL_H
#define PLUMBLINE_REPORT_OSCAL_H

#include "base/json.h"
#include "report/framework_view.h"

#define OSCAL_UUID_SIZE 37

/* A result of a check, or an open finding, on a host. */
struct oscal_item {
	const struct framework_question *question;
	const struct report_host *host;
	const struct check_result *check; /* or */
	const struct finding *finding;
	enum evidence_stand stand;
	const struct waiver *waiver;
};

/* The id of the thing that @kind and up to three names stand for. NULLs are left out. 0 or negative
 * errno of the digest. */
int oscal_uuid(const char *kind, const char *a, const char *b, const char *c,
	       char uuid[static OSCAL_UUID_SIZE]);

void oscal_put_uuid(struct json *j, const char *key, const char *kind, const char *a, const char *b,
		    const char *c);
/* "uuid" of a document or a result, another one each time it is made. */
void oscal_put_document(struct json *j, const char *kind, const struct report *report);
void oscal_put_metadata(struct json *j, const struct report *report, const char *title);
/* "inventory-items" of the hosts. */
void oscal_put_hosts(struct json *j, const struct report *report);
/* "reviewed-controls": the controls of the view that a host can show. */
void oscal_put_reviewed(struct json *j, const struct framework_view *view);
/* A control id as OSCAL has it: "si-7.1" for "SI-7(1)". */
void oscal_put_control(struct json *j, const char *key, const char *id);
/* The objective of a check or a kind of finding: "SYS-001_obj". */
void oscal_put_objective(struct json *j, const char *key, const char *id);
/* Text on one line without blanks at the ends, as OSCAL's strings must be; "-" for none. */
void oscal_put_line(struct json *j, const char *key, const char *text);
const char *oscal_item_id(const struct oscal_item *item);
const char *oscal_item_title(const struct oscal_item *item);
int oscal_put_observation(struct json *j, const struct oscal_item *item);
/* Only for what is against or waived. */
int oscal_put_risk(struct json *j, const struct oscal_item *item);
/* {"KEY": uuid} in an array of one. */
void oscal_put_related(struct json *j, const char *list, const char *key, const char *kind,
		       const struct oscal_item *item);

/* Hands each result and open finding to @fn, until it returns other than 0. */
int oscal_each(const struct framework_question *question,
	       int (*fn)(const struct oscal_item *item, void *userdata), void *userdata);

#endif
