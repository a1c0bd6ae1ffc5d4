/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heimdall Data Format, the one of InSpec's exec-json: a control for each
 * check and for each kind of finding that is open, with a result per host or
 * finding. What could not be carried out is an error, never a pass.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"
#include "base/words.h"
#include "report/asides.h"
#include "report/framework_writers.h"
#include "report/json_stream.h"
#include "report/notes.h"
#include "report/words.h"

/* One check result or open finding. */
struct piece {
	int64_t made_at_ns; /* of the report */
	const struct report_host *host;
	const struct check_result *check;
	const struct finding *finding;
	enum evidence_stand stand;
	const struct waiver *waiver;
};

struct pieces {
	struct piece *list; /* by control */
	size_t count;
};

static const char *control_of(const struct piece *piece)
{
	return piece->check ? piece->check->id : finding_kind_name(piece->finding->kind);
}

static int compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int order = strcmp(control_of(x), control_of(y));

	if (!order)
		order = (x->host > y->host) - (x->host < y->host);
	return order ? order : (x->finding > y->finding) - (x->finding < y->finding);
}

static int collect(const struct framework_question *question, struct pieces *pieces)
{
	size_t room = 1;

	for (size_t i = 0; i < question->report->host_count; i++)
		room += question->report->hosts[i].check_count +
			question->report->hosts[i].finding_count;
	pieces->list = calloc(room, sizeof(*pieces->list));
	if (!pieces->list)
		return -ENOMEM;
	for (size_t i = 0; i < question->report->host_count; i++) {
		const struct report_host *host = &question->report->hosts[i];

		for (size_t n = 0; n < host->check_count; n++) {
			struct piece *piece = &pieces->list[pieces->count++];

			piece->made_at_ns = question->report->made_at_ns;
			piece->host = host;
			piece->check = &host->checks[n];
			piece->stand =
				framework_check_stand(question, host, piece->check, &piece->waiver);
		}
		for (size_t n = 0; n < host->finding_count; n++) {
			struct piece piece = {.made_at_ns = question->report->made_at_ns,
					      .host = host,
					      .finding = &host->findings[n]};

			if (framework_finding_stand(question, host, piece.finding, &piece.stand,
						    &piece.waiver))
				pieces->list[pieces->count++] = piece;
		}
	}
	qsort(pieces->list, pieces->count, sizeof(*pieces->list), compare_pieces);
	return 0;
}

/* In tenths; Heimdall takes 0 for "does not apply". */
static unsigned impact_of(const struct piece *piece)
{
	static const unsigned impacts[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = 1, [SEVERITY_LOW] = 3,      [SEVERITY_MEDIUM] = 5,
		[SEVERITY_HIGH] = 7, [SEVERITY_CRITICAL] = 9,
	};

	if (piece->check && piece->check->outcome == CHECK_NOT_APPLICABLE)
		return 0;
	return impacts[piece->check ? piece->check->severity : piece->finding->severity];
}

/*
 * Heimdall takes texts for HTML and drops what it does not like, so that a program could hide
 * its name from the reader: what would begin a tag or a character reference is escaped as bytes
 * of a path are.
 */
static void put_text(struct json *j, const char *key, const char *text)
{
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;

	for (const char *at = text; at && *at; at++) {
		if ((*at == '<' &&
		     (isalpha((unsigned char)at[1]) || (at[1] && strchr("/!?", at[1])))) ||
		    (*at == '&' && (isalnum((unsigned char)at[1]) || at[1] == '#')))
			strbuf_printf(&shown, "\\x%02x", (unsigned char)*at);
		else
			strbuf_add_char(&shown, *at);
	}
	if (strbuf_check(&shown) < 0)
		j->out->failed = true;
	json_put_string(j, key, shown.data ? shown.data : text);
}

static void put_words(struct json *j, const char *key, const char *text,
		      enum words_separator separator)
{
	const char *cursor = text, *word;
	size_t len;

	json_key(j, key);
	json_begin_array(j);
	while (cursor && words_next(&cursor, separator, &word, &len)) {
		cleanup_free char *item = strndup(word, len);

		json_string(j, item ? item : "");
	}
	json_end_array(j);
}

static void put_tags(struct json *j, const struct piece *piece)
{
	const struct check_result *check = piece->check;
	const struct finding *finding = piece->finding;

	json_key(j, "tags");
	json_begin_object(j);
	put_words(j, "nist", check ? check->controls : finding->controls, WORDS_SPACE);
	put_words(j, "iec62443", check ? check->requirements : finding->requirements, WORDS_COMMA);
	put_words(j, "attack", check ? check->techniques : finding->techniques, WORDS_SPACE);
	json_put_string(j, "severity",
			finding_severity_name(check ? check->severity : finding->severity));
	json_end_object(j);
}

static void put_description(struct json *j, const char *label, const char *text)
{
	if (!text)
		return;
	json_begin_object(j);
	json_put_string(j, "label", label);
	put_text(j, "data", text);
	json_end_object(j);
}

/* Heimdall shows descriptions of any label. */
static void put_incident(struct json *j, const struct piece *piece)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (!piece->finding || !piece->finding->incident.is_there)
		return;
	aside_put_incident(piece->host, piece->finding, piece->made_at_ns, &text);
	if (strbuf_check(&text) < 0)
		j->out->failed = true;
	put_description(j, "incident", text.data);
}

static const char *status_of(const struct piece *piece)
{
	if (!piece->check)
		return "failed";
	switch (piece->check->outcome) {
	case CHECK_PASS:
		return "passed";
	case CHECK_FAIL:
		return "failed";
	case CHECK_NOT_APPLICABLE:
		return "skipped";
	case CHECK_ERROR:
	case CHECK_OUTCOME_COUNT:
		break;
	}
	return "error";
}

/* What was found, beside what it was found in. */
static const char *message_of(const struct piece *piece, struct strbuf *text)
{
	const struct check_result *check = piece->check;

	if (!check)
		return piece->finding->detail ? piece->finding->detail
					      : words_finding_kind(piece->finding->kind);
	if (check->outcome == CHECK_ERROR)
		return check->reason ? check->reason : "no reason given";
	strbuf_printf(text, "wanted %s\nfound %s", check->expected ? check->expected : "?",
		      check->actual ? check->actual : "nothing");
	return text->data ? text->data : "";
}

static void put_result(struct json *j, const struct piece *piece)
{
	const struct framework_evidence evidence = {
		.host = piece->host, .check = piece->check, .finding = piece->finding};
	cleanup_strbuf struct strbuf text = STRBUF_INIT, message = STRBUF_INIT;
	const char *status = status_of(piece);

	strbuf_printf(&text, "%s: ", piece->host->name ? piece->host->name : "?");
	framework_put_evidence(&evidence, &text);
	json_begin_object(j);
	json_put_string(j, "status", status);
	put_text(j, "code_desc", text.data ? text.data : "");
	json_put_time(j, "start_time",
		      piece->check ? piece->check->time_ns : piece->finding->last_seen_ns);
	if (str_equal(status, "skipped"))
		put_text(j, "skip_message", piece->check->reason);
	else if (str_equal(status, "failed") || str_equal(status, "error"))
		put_text(j, "message", message_of(piece, &message));
	json_end_object(j);
}

static void put_waiver(struct json *j, const struct waiver *waiver)
{
	json_key(j, "waiver_data");
	json_begin_object(j);
	if (waiver) {
		json_put_time(j, "expiration_date", waiver->expires_ns);
		put_text(j, "justification", waiver->reason);
		json_put_bool(j, "run", true);
		json_put_bool(j, "skipped_due_to_waiver", false);
		put_text(j, "message", waiver->approver);
	}
	json_end_object(j);
}

static void put_desc(struct json *j, const struct piece *piece)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (!piece->check) {
		put_text(j, "desc", words_finding_kind(piece->finding->kind));
		return;
	}
	strbuf_printf(&text, "Wanted: %s", piece->check->expected ? piece->check->expected : "?");
	put_text(j, "desc", text.data ? text.data : "");
}

static void put_control(struct json *j, const struct piece *pieces, size_t count)
{
	const struct piece *first = &pieces[0];
	const struct waiver *waiver = NULL;

	json_begin_object(j);
	json_put_string(j, "id", control_of(first));
	put_text(j, "title",
		 first->check ? first->check->title : words_finding_kind(first->finding->kind));
	put_desc(j, first);
	json_key(j, "descriptions");
	json_begin_array(j);
	if (first->check) {
		put_description(j, "fix", first->check->remediation);
		put_description(j, "caution", first->check->ot_caution);
	}
	for (size_t i = 0; i < count; i++)
		put_incident(j, &pieces[i]);
	json_end_array(j);
	json_key(j, "impact");
	json_tenths(j, impact_of(first));
	json_key(j, "refs");
	json_begin_array(j);
	json_end_array(j);
	put_tags(j, first);
	json_put_string(j, "code", "");
	json_key(j, "source_location");
	json_begin_object(j);
	json_end_object(j);
	for (size_t i = 0; i < count && !waiver; i++)
		waiver = pieces[i].waiver;
	put_waiver(j, waiver);
	json_key(j, "results");
	json_begin_array(j);
	for (size_t i = 0; i < count; i++)
		put_result(j, &pieces[i]);
	json_end_array(j);
	json_end_object(j);
}

/* The profile's digest names the set of controls, so that two results of one set are seen as such.
 */
static int put_digest(struct json *j, const struct pieces *pieces)
{
	cleanup_strbuf struct strbuf names = STRBUF_INIT;
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	int r;

	for (size_t i = 0; i < pieces->count; i++)
		strbuf_printf(&names, "%s\n", control_of(&pieces->list[i]));
	if (strbuf_check(&names) < 0)
		return -ENOMEM;
	r = hash_buffer(names.data ? names.data : "", names.len, digest);
	if (r < 0)
		return r;
	hex_encode(digest, SHA256_SIZE, hex);
	json_put_string(j, "sha256", hex);
	return 0;
}

static int put_summary(struct json *j, const struct report *report)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_printf(&text, "%s ", report_notes[0]);
	aside_put_requirements(report, &text);
	if (report->refused_waiver_count)
		strbuf_add_char(&text, ' ');
	aside_put_refused(report, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	put_text(j, "summary", text.data);
	return 0;
}

/* What the format has no place for; Heimdall keeps it. */
static void put_passthrough(struct json *j, const struct report *report)
{
	json_key(j, "passthrough");
	json_begin_object(j);
	json_key(j, "plumbline");
	json_begin_object(j);
	aside_json_requirements(report, j);
	aside_json_refused(report, j);
	aside_json_incidents(report, j);
	json_end_object(j);
	json_end_object(j);
}

static int put_profile(const struct framework_question *question, const struct pieces *pieces,
		       struct json *j, FILE *out)
{
	int r;

	json_begin_object(j);
	json_put_string(j, "name", "plumbline");
	json_put_string(j, "title", "Plumbline: hardening checks and drift");
	json_put_string(j, "version", PLUMBLINE_VERSION);
	r = put_summary(j, question->report);
	json_put_string(j, "copyright", report_notes[3]);
	r = r ?: put_digest(j, pieces);
	for (size_t i = 0; i < 3; i++) {
		static const char *const empty[] = {"supports", "attributes", "groups"};

		json_key(j, empty[i]);
		json_begin_array(j);
		json_end_array(j);
	}
	json_key(j, "controls");
	json_begin_array(j);
	for (size_t first = 0, count; first < pieces->count && r == 0; first += count) {
		const struct piece *at = &pieces->list[first];

		for (count = 1; first + count < pieces->count &&
				str_equal(control_of(at), control_of(at + count));
		     count++)
			;
		put_control(j, at, count);
		r = json_stream(j, out);
	}
	json_end_array(j);
	json_end_object(j);
	return r;
}

static int write_hdf(const struct framework_view *view, FILE *out)
{
	const struct report *report = view->question->report;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	struct pieces pieces = {0};
	const struct report_host *one = report->host_count == 1 ? &report->hosts[0] : NULL;
	int r;

	r = collect(view->question, &pieces);
	if (r < 0)
		return r;
	json_begin_object(&j);
	json_key(&j, "platform");
	json_begin_object(&j);
	put_text(&j, "name", one && one->os ? one->os : "plumbline");
	put_text(&j, "release", one && one->kernel ? one->kernel : PLUMBLINE_VERSION);
	put_text(&j, "target_id", one && one->name ? one->name : report->title);
	json_end_object(&j);
	json_put_string(&j, "version", PLUMBLINE_VERSION);
	json_key(&j, "statistics");
	json_begin_object(&j);
	json_end_object(&j);
	json_key(&j, "profiles");
	json_begin_array(&j);
	r = put_profile(view->question, &pieces, &j, out);
	json_end_array(&j);
	put_passthrough(&j, report);
	json_end_object(&j);
	strbuf_add_char(&text, '\n');
	free(pieces.list);
	if (r == 0)
		r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_hdf = {
	.name = "hdf",
	.needs = FRAMEWORK_PIVOT,
	.write = write_hdf,
};
