/* SPDX-License-Identifier: Apache-2.0 */
/* Printing what came from a machine; see text.h. */
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"

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

void text_print_finding(const struct finding *finding)
{
	printf("%-8s %-24s ", finding_severity_name(finding->severity),
	       finding_kind_name(finding->kind));
	text_print(finding->path);
	putchar('\n');
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
	print_field("800-53", finding->controls);
	print_field("62443-3-3", finding->requirements);
	print_field("ATT&CK", finding->techniques);
}
