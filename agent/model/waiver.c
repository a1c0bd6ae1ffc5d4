/* SPDX-License-Identifier: Apache-2.0 */
/* Waivers, read from ini. */
#include "model/waiver.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"

/* More than anybody reads, and a bound on memory. */
#define WAIVERS_MAX 10000

/* What the visitor works on: those before @first are of files read earlier. */
struct reader {
	struct waiver_list *list;
	size_t first;
};

static int begin_waiver(struct reader *reader, const char *section, unsigned line,
			struct diag *diag)
{
	struct waiver_list *list = reader->list;
	struct waiver *grown;

	if (list->count >= WAIVERS_MAX)
		return diag_set(diag, "", line, -EINVAL, "more than %d waivers", WAIVERS_MAX);
	/* Doubles at powers of two. */
	if ((list->count & (list->count - 1)) == 0) {
		grown = reallocarray(list->waivers, list->count ? 2 * list->count : 1,
				     sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->waivers = grown;
	}
	list->waivers[list->count] =
		(struct waiver){.subject = strdup(section), .line = line, .risk = SEVERITY_COUNT};
	return list->waivers[list->count].subject ? (list->count++, 0) : -ENOMEM;
}

static int set_text(char **field, const char *key, const char *value, unsigned line,
		    struct diag *diag)
{
	if (*field)
		return diag_set(diag, "", line, -EINVAL, "'%s' is set twice", key);
	*field = strdup(value);
	if (!*field)
		return -ENOMEM;
	words_squash(*field);
	if (!str_is_shown(*field))
		return diag_set(diag, "", line, -EINVAL,
				"'%s' has characters that no screen shows as they are", key);
	return **field ? 0 : diag_set(diag, "", line, -EINVAL, "'%s' is empty", key);
}

/* In UTC and said so: a local time would end at another moment on another machine. */
static int set_time(int64_t *field, const char *key, const char *value, unsigned line,
		    struct diag *diag)
{
	if (*field)
		return diag_set(diag, "", line, -EINVAL, "'%s' is set twice", key);
	if (!str_ends(value, "Z") || clock_parse(value, field) < 0 || *field <= 0)
		return diag_set(diag, "", line, -EINVAL,
				"%s is a time in UTC such as 2027-02-01T00:00:00Z, not '%s'", key,
				value);
	return 0;
}

static int visit(const char *section, const char *key, const char *value, unsigned line,
		 void *userdata, struct diag *diag)
{
	struct reader *reader = userdata;
	struct waiver *waiver;

	if (!key)
		return begin_waiver(reader, section, line, diag);
	if (reader->list->count == reader->first)
		return diag_set(diag, "", line, -EINVAL, "'%s' stands before any section", key);
	waiver = &reader->list->waivers[reader->list->count - 1];
	if (str_equal(key, "owner"))
		return set_text(&waiver->owner, key, value, line, diag);
	if (str_equal(key, "approver"))
		return set_text(&waiver->approver, key, value, line, diag);
	if (str_equal(key, "reason"))
		return set_text(&waiver->reason, key, value, line, diag);
	if (str_equal(key, "hosts"))
		return set_text(&waiver->hosts, key, value, line, diag);
	if (str_equal(key, "fingerprint"))
		return set_text(&waiver->fingerprint, key, value, line, diag);
	if (str_equal(key, "ticket"))
		return set_text(&waiver->ticket, key, value, line, diag);
	if (str_equal(key, "start"))
		return set_time(&waiver->start_ns, key, value, line, diag);
	if (str_equal(key, "expires"))
		return set_time(&waiver->expires_ns, key, value, line, diag);
	if (!str_equal(key, "risk"))
		return diag_set(diag, "", line, -EINVAL, "unknown key '%s'", key);
	if (finding_severity_parse(value, &waiver->risk) < 0)
		return diag_set(diag, "", line, -EINVAL, "unknown risk '%s'", value);
	return 0;
}

/* A check id, a kind of finding, or one finding by its fingerprint. */
static bool is_subject(const struct waiver *waiver)
{
	const char *subject = waiver->subject, *fingerprint = waiver->fingerprint;
	enum finding_kind kind;
	uint8_t digest[SHA256_SIZE];
	size_t letters = strspn(subject, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (fingerprint || str_starts(subject, "finding "))
		return fingerprint && str_starts(subject, "finding ") &&
		       hex_decode(fingerprint, strlen(fingerprint), digest, SHA256_SIZE) == 0;
	if (finding_kind_parse(subject, &kind) == 0 && kind != FINDING_NONE)
		return true;
	return letters >= 2 && subject[letters] == '-' &&
	       strspn(subject + letters + 1, "0123456789") == strlen(subject + letters + 1) &&
	       subject[letters + 1];
}

static int check_waiver(const struct waiver *waiver, const char *name, struct diag *diag)
{
	const struct {
		const char *key;
		bool is_there;
	} must[] = {
		{"owner", waiver->owner},    {"approver", waiver->approver},
		{"reason", waiver->reason},  {"risk", waiver->risk != SEVERITY_COUNT},
		{"start", waiver->start_ns}, {"expires", waiver->expires_ns},
	};

	if (!is_subject(waiver) || !str_is_shown(waiver->subject))
		return diag_set(diag, name, waiver->line, -EINVAL,
				"[%s] is no check id, kind of finding or one finding with its "
				"fingerprint",
				waiver->subject);
	for (size_t i = 0; i < ARRAY_SIZE(must); i++)
		if (!must[i].is_there)
			return diag_set(diag, name, waiver->line, -EINVAL, "[%s] has no %s",
					waiver->subject, must[i].key);
	if (waiver->expires_ns <= waiver->start_ns)
		return diag_set(diag, name, waiver->line, -EINVAL, "[%s] expires before it starts",
				waiver->subject);
	return 0;
}

int waiver_list_read(struct waiver_list *list, const char *name, const char *text, size_t len,
		     struct diag *diag)
{
	struct reader reader = {.list = list, .first = list->count};
	int r;

	r = ini_visit_buffer(name, text, len, visit, &reader, diag);
	for (size_t i = reader.first; r == 0 && i < list->count; i++) {
		r = check_waiver(&list->waivers[i], name, diag);
		if (r == 0 && !(list->waivers[i].file = strdup(name)))
			r = -ENOMEM;
	}
	return r;
}

void waiver_list_done(struct waiver_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct waiver *waiver = &list->waivers[i];

		free(waiver->subject);
		free(waiver->fingerprint);
		free(waiver->owner);
		free(waiver->approver);
		free(waiver->reason);
		free(waiver->hosts);
		free(waiver->ticket);
		free(waiver->file);
	}
	free(list->waivers);
	*list = (struct waiver_list){0};
}

const char *waiver_check_id(const struct waiver *waiver)
{
	enum finding_kind kind;

	return waiver->fingerprint || finding_kind_parse(waiver->subject, &kind) == 0
		       ? NULL
		       : waiver->subject;
}

static bool is_in_force(const struct waiver *waiver, const char *host, int64_t now_ns)
{
	if (now_ns < waiver->start_ns || now_ns >= waiver->expires_ns)
		return false;
	return !waiver->hosts || (host && words_contain(waiver->hosts, WORDS_SPACE, host));
}

const struct waiver *waiver_for_check(const struct waiver_list *list, const char *host,
				      const char *check_id, int64_t now_ns)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (str_equal(list->waivers[i].subject, check_id) &&
		    is_in_force(&list->waivers[i], host, now_ns))
			return &list->waivers[i];
	return NULL;
}

static bool is_hardening(const struct finding *finding)
{
	return finding->kind == FINDING_HARDENING_FAILED ||
	       finding->kind == FINDING_HARDENING_REGRESSED;
}

const struct waiver *waiver_for_finding(const struct waiver_list *list, const char *host,
					const struct finding *finding, int64_t now_ns)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const char *subject = list->waivers[i].subject;
		const char *fingerprint = list->waivers[i].fingerprint;
		bool is_meant = (fingerprint && str_equal(fingerprint, finding->fingerprint)) ||
				str_equal(subject, finding_kind_name(finding->kind)) ||
				(is_hardening(finding) && str_equal(subject, finding->path));

		if (is_meant && is_in_force(&list->waivers[i], host, now_ns))
			return &list->waivers[i];
	}
	return NULL;
}
