/* SPDX-License-Identifier: Apache-2.0 */
/* What the paragraphs of DFARS 252.204-7012 have to do with a host; see framework_clauses.h. */
#include "report/framework_clauses.h"

#include "base/clock.h"
#include "base/str.h"

/* The paragraph numbers stand beside the figures in model/incident.h as well. */
static const struct framework_clause clauses[] = {
	{"252.204-7012(c)(1)(ii)", ASPECT_REPORT,
	 "no finding is declared an incident, so no clock of a report runs"},
	{"252.204-7012(e)", ASPECT_HOLD,
	 "no finding is declared an incident, so no evidence is held for one"},
};

const struct framework_clause *framework_find_clause(const struct framework_item *item)
{
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (str_equal(clauses[i].id, item->id))
			return &clauses[i];
	return NULL;
}

/* A report that is not due yet decides nothing. */
enum evidence_stand framework_aspect_stand(enum incident_aspect aspect,
					   const struct incident *incident, int64_t now_ns)
{
	if (aspect == ASPECT_HOLD)
		return EVIDENCE_FOR;
	if (incident_is_late(incident, now_ns))
		return EVIDENCE_AGAINST;
	return incident->reported_ns ? EVIDENCE_FOR : EVIDENCE_NOT_ASSESSED;
}

void framework_put_aspect(enum incident_aspect aspect, const struct incident *incident,
			  int64_t now_ns, struct strbuf *out)
{
	char when[RFC3339_SIZE];

	strbuf_printf(out, "incident discovered %s: ", clock_format(incident->discovered_ns, when));
	if (aspect == ASPECT_REPORT) {
		incident_put_clock(incident, now_ns, out);
		return;
	}
	incident_put_hold(incident, now_ns, out);
	strbuf_add_str(out, "; by the records of the agent alone: images are for people to take");
}
