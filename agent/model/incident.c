/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of an incident's life, and its clock in words. Keeps nothing. */
#include "model/incident.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "model/name_table.h"

#define HOUR_NS (3600 * NSEC_PER_SEC)
#define DAY_NS	(24 * HOUR_NS)

void incident_done(struct incident *incident)
{
	free(incident->declared_by);
	free(incident->reason);
	free(incident->reported_by);
	free(incident->reference);
	free(incident->closed_by);
	free(incident->outcome);
	*incident = (struct incident){0};
}

int incident_copy(const struct incident *from, struct incident *to)
{
	struct incident copy = *from;
	int r = 0;

	r |= copy_string(from->declared_by, &copy.declared_by);
	r |= copy_string(from->reason, &copy.reason);
	r |= copy_string(from->reported_by, &copy.reported_by);
	r |= copy_string(from->reference, &copy.reference);
	r |= copy_string(from->closed_by, &copy.closed_by);
	r |= copy_string(from->outcome, &copy.outcome);
	if (r < 0) {
		incident_done(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}

static int check_text(const char *what, const char *text, size_t max, struct diag *diag)
{
	if (!text || !*text)
		return diag_set(diag, "", 0, -EINVAL, "it is not said %s", what);
	if (strlen(text) > max)
		return diag_set(diag, "", 0, -EINVAL, "%s takes more than %zu bytes", what, max);
	return 0;
}

static int check_word(const struct incident_word *word, const char *why, int64_t now_ns,
		      struct diag *diag)
{
	int r = check_text("who", word->by, INCIDENT_NAME_MAX, diag);

	if (r == 0 && (why || word->text))
		r = check_text(why ? why : "what", word->text, INCIDENT_TEXT_MAX, diag);
	if (r == 0 && word->time_ns > now_ns)
		return diag_set(diag, "", 0, -EINVAL, "the time lies ahead");
	return r;
}

/* Takes two texts over into their fields, or none. */
static int set_texts(const struct incident_word *word, char **by, char **text)
{
	cleanup_free char *new_by = NULL, *new_text = NULL;

	if (copy_string(word->by, &new_by) < 0 || copy_string(word->text, &new_text) < 0)
		return -ENOMEM;
	free(*by);
	free(*text);
	*by = TAKE_PTR(new_by);
	*text = TAKE_PTR(new_text);
	return 0;
}

/* Times leave the host in milliseconds; kept so, they are the same on both ends. */
static int64_t in_milliseconds(int64_t ns)
{
	return ns / NSEC_PER_MSEC * NSEC_PER_MSEC;
}

int incident_declare(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		     struct diag *diag)
{
	struct incident declared = {.is_there = true, .declared_ns = in_milliseconds(now_ns)};
	char when[RFC3339_SIZE];
	int r;

	if (incident_is_open(incident))
		return diag_set(diag, "", 0, -EEXIST,
				"it is an incident already, declared at %s by %s",
				clock_format(incident->declared_ns, when), incident->declared_by);
	r = check_word(word, "why", now_ns, diag);
	if (r < 0)
		return r;
	declared.discovered_ns = in_milliseconds(word->time_ns ? word->time_ns : now_ns);
	/* Or it would be the one that was closed. */
	if (incident->is_there && declared.discovered_ns <= incident->closed_ns)
		return diag_set(diag, "", 0, -EINVAL,
				"its earlier incident was closed at %s, after this discovery",
				clock_format(incident->closed_ns, when));
	r = set_texts(word, &declared.declared_by, &declared.reason);
	if (r < 0)
		return r;
	incident_done(incident);
	*incident = declared;
	return 0;
}

static int need_open(const struct incident *incident, struct diag *diag)
{
	char when[RFC3339_SIZE];

	if (!incident->is_there)
		return diag_set(diag, "", 0, -ENOENT, "it was not declared an incident");
	if (incident->closed_ns)
		return diag_set(diag, "", 0, -ENOENT, "its incident was closed at %s",
				clock_format(incident->closed_ns, when));
	return 0;
}

int incident_report(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		    struct diag *diag)
{
	int64_t time_ns = in_milliseconds(word->time_ns ? word->time_ns : now_ns);
	char when[RFC3339_SIZE];
	int r = need_open(incident, diag);

	if (r == 0 && incident->reported_ns)
		return diag_set(diag, "", 0, -EALREADY, "it was reported at %s",
				clock_format(incident->reported_ns, when));
	if (r == 0)
		r = check_word(word, NULL, now_ns, diag);
	if (r == 0 && time_ns < incident->discovered_ns)
		return diag_set(diag, "", 0, -EINVAL, "that is before its discovery at %s",
				clock_format(incident->discovered_ns, when));
	if (r == 0)
		r = set_texts(word, &incident->reported_by, &incident->reference);
	if (r == 0)
		incident->reported_ns = time_ns;
	return r;
}

int incident_close(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		   struct diag *diag)
{
	int r = need_open(incident, diag);

	if (r == 0)
		r = check_word(word, "why", now_ns, diag);
	if (r == 0)
		r = set_texts(word, &incident->closed_by, &incident->outcome);
	/* A clock that was set back closes nothing before it was declared. */
	if (r == 0)
		incident->closed_ns = now_ns > incident->declared_ns ? in_milliseconds(now_ns)
								     : incident->declared_ns;
	return r;
}

int64_t incident_due_ns(const struct incident *incident)
{
	return incident->discovered_ns + INCIDENT_REPORT_HOURS * HOUR_NS;
}

bool incident_is_late(const struct incident *incident, int64_t now_ns)
{
	int64_t until_ns = incident->reported_ns ? incident->reported_ns
			   : incident->closed_ns ? incident->closed_ns
						 : now_ns;

	return incident->is_there && until_ns > incident_due_ns(incident);
}

int64_t incident_hold_until_ns(const struct incident *incident)
{
	int64_t from_ns = incident->reported_ns ? incident->reported_ns : incident->closed_ns;

	if (!incident->is_there)
		return 0;
	if (!incident->closed_ns)
		return INT64_MAX;
	return from_ns + INCIDENT_HOLD_DAYS * DAY_NS;
}

/* The earlier of two steps that both may have been made; its texts come along. */
static bool is_earlier(int64_t a_ns, int64_t b_ns)
{
	return a_ns && (!b_ns || a_ns < b_ns);
}

static bool is_after(const struct incident *later, const struct incident *earlier)
{
	return earlier->closed_ns && later->declared_ns > earlier->closed_ns;
}

int incident_merge(struct incident *into, const struct incident *from)
{
	cleanup_incident struct incident copy = {0};
	int r;

	if (!from->is_there || is_after(into, from))
		return 0;
	r = incident_copy(from, &copy);
	if (r < 0)
		return r;
	if (!into->is_there || is_after(from, into)) {
		struct incident before = *into;

		*into = copy;
		copy = before;
		return 0;
	}
	if (is_earlier(copy.declared_ns, into->declared_ns)) {
		SWAP(into->declared_ns, copy.declared_ns);
		SWAP(into->declared_by, copy.declared_by);
		SWAP(into->reason, copy.reason);
	}
	if (is_earlier(copy.discovered_ns, into->discovered_ns))
		into->discovered_ns = copy.discovered_ns;
	if (is_earlier(copy.reported_ns, into->reported_ns)) {
		SWAP(into->reported_ns, copy.reported_ns);
		SWAP(into->reported_by, copy.reported_by);
		SWAP(into->reference, copy.reference);
	}
	if (is_earlier(copy.closed_ns, into->closed_ns)) {
		SWAP(into->closed_ns, copy.closed_ns);
		SWAP(into->closed_by, copy.closed_by);
		SWAP(into->outcome, copy.outcome);
	}
	return 0;
}

/* Hours are not folded into days: the clause counts in hours. */
static void put_hours(int64_t ns, struct strbuf *out)
{
	strbuf_printf(out, "%lld h %lld min", (long long)(ns / HOUR_NS),
		      (long long)(ns % HOUR_NS / (60 * NSEC_PER_SEC)));
}

void incident_put_clock(const struct incident *incident, int64_t now_ns, struct strbuf *out)
{
	int64_t due_ns = incident_due_ns(incident);
	char when[RFC3339_SIZE];

	if (incident->reported_ns) {
		strbuf_printf(out, "reported at %s, ", clock_format(incident->reported_ns, when));
		put_hours(incident->reported_ns - incident->discovered_ns, out);
		strbuf_add_str(out, " after its discovery");
		if (incident_is_late(incident, now_ns)) {
			strbuf_add_str(out, ": late by ");
			put_hours(incident->reported_ns - due_ns, out);
		}
		return;
	}
	if (incident->closed_ns) {
		strbuf_add_str(out, "closed without a report");
		return;
	}
	strbuf_printf(out, "report due %s, ", clock_format(due_ns, when));
	if (now_ns > due_ns) {
		strbuf_add_str(out, "OVERDUE by ");
		put_hours(now_ns - due_ns, out);
	} else {
		put_hours(due_ns - now_ns, out);
		strbuf_add_str(out, " left");
	}
}

void incident_put_hold(const struct incident *incident, int64_t now_ns, struct strbuf *out)
{
	int64_t until_ns = incident_hold_until_ns(incident);
	char when[RFC3339_SIZE];

	if (until_ns == INT64_MAX) {
		strbuf_add_str(out, "evidence is kept while it is open, and at least ");
		if (incident->reported_ns)
			strbuf_printf(
				out, "until %s",
				clock_format(incident->reported_ns + INCIDENT_HOLD_DAYS * DAY_NS,
					     when));
		else
			strbuf_printf(out, "%d days from the report", INCIDENT_HOLD_DAYS);
		return;
	}
	strbuf_printf(out, "evidence %s kept until %s", now_ns < until_ns ? "is" : "was",
		      clock_format(until_ns, when));
	if (!incident->reported_ns)
		strbuf_printf(out, ", %d days from the closing", INCIDENT_HOLD_DAYS);
}
