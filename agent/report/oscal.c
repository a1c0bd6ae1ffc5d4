/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of OSCAL documents; see oscal.h. */
#include "report/oscal.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"
#include "report/asides.h"
#include "report/framework_report.h"
#include "report/words.h"

#define OSCAL_VERSION "1.1.2"
/* Names in our properties. */
#define NAMESPACE "urn:plumbline:oscal"

/* By name, in the form of version 5. Its bits are those of SHA-256 instead of SHA-1; version 8,
 * which is for that, is refused by OSCAL's schema. */
int oscal_uuid(const char *kind, const char *a, const char *b, const char *c,
	       char uuid[static OSCAL_UUID_SIZE])
{
	const char *const names[] = {kind, a, b, c};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i])
			strbuf_add(&text, names[i], strlen(names[i]) + 1);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	r = hash_buffer(text.data, text.len, digest);
	if (r < 0)
		return r;
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
	hex_encode(digest, SHA256_SIZE, hex);
	(void)snprintf(uuid, OSCAL_UUID_SIZE, "%.8s-%.4s-5%.3s-%.4s-%.12s", hex, hex + 8, hex + 13,
		       hex + 16, hex + 20);
	return 0;
}

void oscal_put_uuid(struct json *j, const char *key, const char *kind, const char *a, const char *b,
		    const char *c)
{
	char uuid[OSCAL_UUID_SIZE] = "";

	if (oscal_uuid(kind, a, b, c, uuid) < 0)
		j->out->failed = true;
	json_put_string(j, key, uuid);
}

/* The length of a blank at @text, in the sense of \S in OSCAL's patterns, whoever reads them; 0. */
static size_t blank_length(const char *text)
{
	static const char *const blanks[] = {
		" ",	  "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
		"\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
		"\u2009", "\u200a", "\u202f", "\u205f", "\u3000", "\ufeff",
	};

	for (size_t i = 0; i < ARRAY_SIZE(blanks); i++)
		if (str_starts(text, blanks[i]))
			return strlen(blanks[i]);
	return 0;
}

/* Line ends become blanks; what else acts instead of being shown, as line separators, an escape. */
void oscal_put_line(struct json *j, const char *key, const char *text)
{
	cleanup_free char *line = strdup(text ? text : "");
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;
	size_t start = 0, end = 0;

	if (!line) {
		j->out->failed = true;
		return;
	}
	for (char *at = line; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	str_show(&shown, line);
	if (strbuf_check(&shown) < 0) {
		j->out->failed = true;
		return;
	}
	for (size_t at = 0, blank; at < shown.len;) {
		blank = blank_length(shown.data + at);
		at += blank ? blank : utf8_length(shown.data + at, shown.len - at);
		if (!blank)
			end = at;
		else if (!end)
			start = at;
	}
	if (end)
		shown.data[end] = '\0';
	json_put_string(j, key, end ? shown.data + start : "-");
}

static void put_prop(struct json *j, const char *name, const char *value)
{
	json_begin_object(j);
	json_put_string(j, "name", name);
	json_put_string(j, "ns", NAMESPACE);
	oscal_put_line(j, "value", value);
	json_end_object(j);
}

void oscal_put_document(struct json *j, const char *kind, const struct report *report)
{
	char when[RFC3339_SIZE];

	oscal_put_uuid(j, "uuid", kind, report->made_by, report->title,
		       clock_format(report->made_at_ns, when));
}

static void put_remarks(struct json *j, const struct report *report)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_add_str(&text, "Evidence of hosts alone. Objectives are those of single checks; "
			      "whether a control is met is for an assessor to say. ");
	aside_put_requirements(report, &text);
	strbuf_add_char(&text, ' ');
	aside_put_refused(report, &text);
	if (strbuf_check(&text) < 0)
		j->out->failed = true;
	oscal_put_line(j, "remarks", text.data);
}

void oscal_put_metadata(struct json *j, const struct report *report, const char *title)
{
	json_key(j, "metadata");
	json_begin_object(j);
	json_put_string(j, "title", title);
	json_put_time(j, "last-modified", report->made_at_ns);
	json_put_string(j, "version", PLUMBLINE_VERSION);
	json_put_string(j, "oscal-version", OSCAL_VERSION);
	put_remarks(j, report);
	json_end_object(j);
}

void oscal_put_hosts(struct json *j, const struct report *report)
{
	json_key(j, "inventory-items");
	json_begin_array(j);
	for (size_t i = 0; i < report->host_count; i++) {
		const struct report_host *host = &report->hosts[i];

		json_begin_object(j);
		oscal_put_uuid(j, "uuid", "host", host->name, NULL, NULL);
		json_put_string(j, "description", host->name ? host->name : "a host without name");
		json_key(j, "props");
		json_begin_array(j);
		put_prop(j, "os", host->os);
		put_prop(j, "kernel", host->kernel);
		put_prop(j, "agent", host->version);
		put_prop(j, "baseline", host->baseline_digest);
		json_end_array(j);
		json_end_object(j);
	}
	json_end_array(j);
}

void oscal_put_control(struct json *j, const char *key, const char *id)
{
	char name[64];
	size_t len = 0;

	for (; *id && len + 1 < sizeof(name); id++) {
		if (*id == '(')
			name[len++] = '.';
		else if (*id != ')')
			name[len++] = (char)tolower((unsigned char)*id);
	}
	name[len] = '\0';
	json_put_string(j, key, name);
}

void oscal_put_objective(struct json *j, const char *key, const char *id)
{
	cleanup_strbuf struct strbuf name = STRBUF_INIT;

	/* What came from elsewhere stays a token. */
	for (; *id; id++)
		strbuf_add_char(
			&name, isalnum((unsigned char)*id) || *id == '-' || *id == '.' ? *id : '_');
	strbuf_add_str(&name, "_obj");
	json_put_string(j, key, name.data);
}

void oscal_put_reviewed(struct json *j, const struct framework_view *view)
{
	json_key(j, "reviewed-controls");
	json_begin_object(j);
	json_put_string(j, "description",
			"Controls of NIST SP 800-53 Rev. 5 that evidence of a host can speak for.");
	json_key(j, "control-selections");
	json_begin_array(j);
	json_begin_object(j);
	json_key(j, "include-controls");
	json_begin_array(j);
	for (size_t i = 0; i < view->row_count; i++) {
		if (view->rows[i].state == ROW_NOT_ASSESSABLE)
			continue;
		json_begin_object(j);
		oscal_put_control(j, "control-id", view->rows[i].item->id);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
	json_end_array(j);
	json_end_object(j);
}

const char *oscal_item_id(const struct oscal_item *item)
{
	return item->check ? item->check->id : finding_kind_name(item->finding->kind);
}

const char *oscal_item_title(const struct oscal_item *item)
{
	return item->check ? item->check->title : words_finding_kind(item->finding->kind);
}

/* What tells one sighting from another. */
static const char *item_name(const struct oscal_item *item)
{
	return item->check ? item->check->id : item->finding->id;
}

static int put_text(struct json *j, const char *key, const struct oscal_item *item)
{
	const struct framework_evidence evidence = {
		.host = item->host, .check = item->check, .finding = item->finding};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	framework_put_evidence(&evidence, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	json_put_string(j, key, text.data);
	return 0;
}

static int64_t item_time(const struct oscal_item *item)
{
	int64_t time_ns = item->check ? item->check->time_ns : item->finding->last_seen_ns;

	return time_ns ? time_ns : item->question->report->made_at_ns;
}

int oscal_put_observation(struct json *j, const struct oscal_item *item)
{
	int r;

	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "observation", item->host->name, item_name(item), NULL);
	json_put_string(j, "title", oscal_item_title(item));
	r = put_text(j, "description", item);
	json_key(j, "props");
	json_begin_array(j);
	put_prop(j, "id", item_name(item));
	put_prop(j, "stand", evidence_stand_name(item->stand));
	json_end_array(j);
	json_key(j, "methods");
	json_begin_array(j);
	json_string(j, "TEST");
	json_end_array(j);
	json_key(j, "subjects");
	json_begin_array(j);
	json_begin_object(j);
	oscal_put_uuid(j, "subject-uuid", "host", item->host->name, NULL, NULL);
	json_put_string(j, "type", "inventory-item");
	json_end_object(j);
	json_end_array(j);
	json_put_time(j, "collected", item_time(item));
	json_end_object(j);
	return r;
}

static void put_remedy(struct json *j, const struct oscal_item *item)
{
	const char *remedy = item->check ? item->check->remediation : NULL;

	json_key(j, "remediations");
	json_begin_array(j);
	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "remedy", item->host->name, item_name(item), NULL);
	json_put_string(j, "lifecycle", "recommendation");
	json_put_string(j, "title", "Remedy");
	json_put_string(j, "description", remedy ? remedy : words_finding_remedy());
	if (item->check && item->check->ot_caution)
		json_put_string(j, "remarks", item->check->ot_caution);
	json_end_object(j);
	json_end_array(j);
}

/* The clock of its incident, by the time of the document. */
static void put_incident_props(struct json *j, const struct oscal_item *item)
{
	cleanup_strbuf struct strbuf clock = STRBUF_INIT, hold = STRBUF_INIT;
	int64_t now_ns = item->question->report->made_at_ns;

	if (!item->finding || !item->finding->incident.is_there)
		return;
	incident_put_clock(&item->finding->incident, now_ns, &clock);
	incident_put_hold(&item->finding->incident, now_ns, &hold);
	if (strbuf_check(&clock) < 0 || strbuf_check(&hold) < 0)
		j->out->failed = true;
	put_prop(j, "incident-clock", clock.data);
	put_prop(j, "incident-evidence", hold.data);
}

int oscal_put_risk(struct json *j, const struct oscal_item *item)
{
	int r;

	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "risk", item->host->name, item_name(item), NULL);
	json_put_string(j, "title", oscal_item_title(item));
	r = put_text(j, "description", item);
	json_put_string(j, "statement",
			item->waiver ? item->waiver->reason
				     : "The machine differs from what was wanted or approved.");
	json_key(j, "props");
	json_begin_array(j);
	put_prop(j, "severity",
		 finding_severity_name(item->check ? item->check->severity
						   : item->finding->severity));
	if (item->waiver) {
		put_prop(j, "waiver-owner", item->waiver->owner);
		put_prop(j, "waiver-approver", item->waiver->approver);
		put_prop(j, "waiver-risk", finding_severity_name(item->waiver->risk));
	}
	put_incident_props(j, item);
	json_end_array(j);
	json_put_string(j, "status",
			item->stand == EVIDENCE_WAIVED ? "deviation-approved" : "open");
	if (item->waiver)
		json_put_time(j, "deadline", item->waiver->expires_ns);
	put_remedy(j, item);
	oscal_put_related(j, "related-observations", "observation-uuid", "observation", item);
	json_end_object(j);
	return r;
}

void oscal_put_related(struct json *j, const char *list, const char *key, const char *kind,
		       const struct oscal_item *item)
{
	json_key(j, list);
	json_begin_array(j);
	json_begin_object(j);
	oscal_put_uuid(j, key, kind, item->host->name, item_name(item), NULL);
	json_end_object(j);
	json_end_array(j);
}

static int each_of_host(const struct framework_question *question, const struct report_host *host,
			int (*fn)(const struct oscal_item *item, void *userdata), void *userdata)
{
	int r = 0;

	for (size_t i = 0; i < host->check_count && r == 0; i++) {
		struct oscal_item item = {question, host,	  &host->checks[i],
					  NULL,	    EVIDENCE_FOR, NULL};

		item.stand = framework_check_stand(question, host, item.check, &item.waiver);
		r = fn(&item, userdata);
	}
	for (size_t i = 0; i < host->finding_count && r == 0; i++) {
		struct oscal_item item = {question,	      host,	    NULL,
					  &host->findings[i], EVIDENCE_FOR, NULL};

		if (framework_finding_stand(question, host, item.finding, &item.stand,
					    &item.waiver))
			r = fn(&item, userdata);
	}
	return r;
}

int oscal_each(const struct framework_question *question,
	       int (*fn)(const struct oscal_item *item, void *userdata), void *userdata)
{
	int r = 0;

	for (size_t i = 0; i < question->report->host_count && r == 0; i++)
		r = each_of_host(question, &question->report->hosts[i], fn, userdata);
	return r;
}
