/* SPDX-License-Identifier: Apache-2.0 */
/* Printing what came from a machine; see text.h. */
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"

/* Of a change-set, before the rest is a number. */
#define NAMES_MAX ((size_t)20)

void text_print(const char *text)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	if (!text) {
		putchar('-');
		return;
	}
	str_escape(&sb, text, strlen(text));
	fputs(sb.data ? sb.data : "", stdout);
}

void text_print_time(int64_t unix_ns)
{
	char text[RFC3339_SIZE];

	if (!unix_ns) {
		putchar('-');
		return;
	}
	clock_format(unix_ns, text);
	printf("%.10s %.8s UTC", text, text + 11);
}

static void print_field(const char *label, const char *text)
{
	if (!text || !*text)
		return;
	printf("  %-12s ", label);
	text_print(text);
	putchar('\n');
}

static void print_subject(const struct subject *subject)
{
	if (!subject->is_known)
		return;
	printf("  %-12s ", "who");
	text_print(subject->exe ? subject->exe : subject->comm);
	printf(" (pid %" PRIu32 ", user ", subject->pid);
	if (subject->user)
		text_print(subject->user);
	else
		printf("%" PRIu32, subject->uid);
	putchar(')');
	if (subject->parents) {
		fputs(" < ", stdout);
		/* Escaped where it was made. */
		fputs(subject->parents, stdout);
	}
	putchar('\n');
}

static void print_step(const char *label, int64_t time_ns, const char *by, const char *text)
{
	printf("  %-12s ", label);
	text_print_time(time_ns);
	if (by) {
		fputs(" by ", stdout);
		text_print(by);
	}
	if (text) {
		fputs(": ", stdout);
		text_print(text);
	}
	putchar('\n');
}

void text_print_incident(const struct incident *incident, int64_t now_ns)
{
	cleanup_strbuf struct strbuf clock = STRBUF_INIT, hold = STRBUF_INIT;

	print_step("incident", incident->declared_ns, incident->declared_by, incident->reason);
	print_step("discovered", incident->discovered_ns, NULL, NULL);
	if (incident->reported_ns)
		print_step("reported", incident->reported_ns, incident->reported_by,
			   incident->reference);
	if (incident->closed_ns)
		print_step("closed", incident->closed_ns, incident->closed_by, incident->outcome);
	incident_put_clock(incident, now_ns, &clock);
	incident_put_hold(incident, now_ns, &hold);
	print_field("clock", clock.data);
	print_field("hold", hold.data);
}

void text_print_finding(const struct finding *finding)
{
	printf("%-8s %-24s ", finding_severity_name(finding->severity),
	       finding_kind_name(finding->kind));
	text_print(finding->path);
	putchar('\n');
	printf("  %-12s %.16s\n", "id", finding->id);
	print_field("what", finding->detail);
	print_subject(&finding->subject);
	print_field("expected", finding->expected);
	print_field("actual", finding->actual);
	print_field("package", finding->package);
	printf("  %-12s %s, %" PRIu64 " time%s, first ", "seen", finding_state_name(finding->state),
	       finding->count, finding->count == 1 ? "" : "s");
	text_print_time(finding->first_seen_ns);
	fputs(", last ", stdout);
	text_print_time(finding->last_seen_ns);
	putchar('\n');
	if (finding->incident.is_there)
		text_print_incident(&finding->incident, clock_real_ns());
	print_field("800-53", finding->controls);
	print_field("62443-3-3", finding->requirements);
	print_field("ATT&CK", finding->techniques);
}

static void print_packages(const struct change_packages *look)
{
	size_t shown = 0;

	for (char **name = look->names; name && *name; name++) {
		if (++shown > NAMES_MAX)
			continue;
		print_field(shown == 1 ? "packages" : "", *name);
	}
	if (shown > NAMES_MAX)
		printf("  %-12s and %zu more\n", "", shown - NAMES_MAX);
	printf("  %-12s %zu as their package shipped them, %zu of no package, %zu gone", "now",
	       look->as_shipped, look->of_none, look->gone);
	if (look->unknown)
		printf(", %zu without a checksum", look->unknown);
	printf(", %zu other than shipped\n", look->other);
	shown = 0;
	for (char **path = look->others; path && *path && shown < NAMES_MAX; path++, shown++)
		print_field(shown ? "" : "other", *path);
	if (look->other > NAMES_MAX)
		printf("  %-12s and %zu more\n", "", look->other - NAMES_MAX);
}

void text_print_change_set(const struct change_set *set, const struct change_packages *look)
{
	cleanup_strbuf struct strbuf kinds = STRBUF_INIT;

	printf("%-8s %-24s ", finding_severity_name(set->worst), "change-set");
	text_print(set->id);
	putchar('\n');
	change_set_add_kinds(set, &kinds);
	printf("  %-12s %zu difference%s: %s\n", "what", set->count, set->count == 1 ? "" : "s",
	       kinds.data ? kinds.data : "");
	print_subject(&set->example->subject);
	if (look)
		print_packages(look);
	printf("  %-12s open, first ", "seen");
	text_print_time(set->first_ns);
	fputs(", last ", stdout);
	text_print_time(set->last_ns);
	printf("\n  %-12s plumbline findings --change-set ", "each");
	text_print(set->id);
	putchar('\n');
}
