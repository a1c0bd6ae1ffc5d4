/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline doctor: which rung this machine gives, why not a higher one, and what would change it.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/doctor.h"
#include "cli/text.h"
#include "cli/verbs.h"

static void usage(FILE *out)
{
	fputs("usage: plumbline doctor [--json] [--try]\n\n"
	      "Tells the rung of the ladder that the agent has on this machine, why not a\n"
	      "higher one, what is seen and what not, and what would change it. Asks the agent;\n"
	      "where none runs, tries in this process what it would use, with the same\n"
	      "self-test: as root for the agent, as another user for that user. Changes "
	      "nothing.\n\n"
	      "  --json          one JSON object\n"
	      "  --try           do not ask the agent\n" CONTROL_OPTIONS_HELP "\n"
	      "Status 0: changes and program starts are seen as they happen, and no part is "
	      "missing;\n"
	      "1: less than that; 2: it could not be found out.\n",
	      out);
}

static void print_lines(const char *title, const struct doctor_line *lines, size_t count)
{
	if (count > 0)
		printf("\n%s\n", title);
	for (size_t i = 0; i < count; i++)
		printf("  %-3s %-22s %s\n", lines[i].error ? "no" : "yes", lines[i].name,
		       lines[i].error  ? strerror(-lines[i].error)
		       : lines[i].note ? lines[i].note
				       : "");
}

static void print_changes(const struct doctor *d, const char *rung)
{
	for (size_t i = 0; i < d->change_count; i++) {
		const struct doctor_change *change = &d->changes[i];

		if (!str_equal(change->rung, rung))
			continue;
		printf("  change     %s: ", change->kind);
		text_print(change->what);
		printf("\n             ");
		text_print(change->how);
		printf("\n");
	}
}

static bool is_seen(const struct sensor_sight *sights, const char *what)
{
	for (; sights && sights->what; sights++)
		if (str_equal(sights->what, what))
			return sights->is_seen;
	return false;
}

/* The next thing that @higher sees and @d's rung does not; NULL at the end. Starts with *@at NULL.
 */
static const struct sensor_sight *next_gain(const struct doctor *d, const char *higher,
					    const struct sensor_sight **at)
{
	const struct sensor_sight *sight = *at ? *at + 1 : sight_of_rung(higher);

	for (; sight && sight->what; sight++)
		if (sight->is_seen && !is_seen(d->sights, sight->what))
			return *at = sight;
	return NULL;
}

static void print_higher(const struct doctor *d)
{
	for (size_t i = 0; i < d->standing.rung_count; i++) {
		const char *name = d->standing.rungs[i].name;
		const struct sensor_sight *gain = NULL;
		size_t len = 0;
		const char *why = doctor_why(d, name, &len);

		printf("\nRung %s: not here\n  why        %.*s\n", name, (int)len, why ? why : "");
		while (next_gain(d, name, &gain))
			printf("  would see  %s: %s\n", gain->what, gain->note);
		print_changes(d, name);
	}
}

static void print_parts(const struct doctor *d)
{
	if (d->standing.part_count > 0)
		printf("\nPrograms and facilities of the kernel\n");
	for (size_t i = 0; i < d->standing.part_count; i++) {
		const struct standing_part *part = &d->standing.parts[i];
		const char *serves = standing_part_serves(part->name);

		printf("  %-8s  %-42s %s\n", part_state_name(part->state), part->name,
		       serves ? serves : "");
		if (standing_part_is_missing(part))
			printf("            %s\n", standing_part_problem(part));
		if (part->skipped > 0)
			printf("            left out %" PRIu64 " times by the kernel\n",
			       part->skipped);
	}
	print_changes(d, NULL);
}

/* Each line of @text as an item of a list. */
static void print_list(const char *title, const struct strbuf *text)
{
	cleanup_free char *copy = NULL;
	char *rest;
	const char *line;

	if (text->len == 0 || !(copy = strdup(text->data)))
		return;
	printf("\n%s\n", title);
	rest = copy;
	while ((line = strsep(&rest, "\n"))) {
		printf("  ");
		text_print(line);
		printf("\n");
	}
}

static void print_sights(const struct doctor *d, bool is_seen_wanted, const char *title)
{
	if (d->sights)
		printf("\n%s\n", title);
	for (const struct sensor_sight *sight = d->sights; sight && sight->what; sight++)
		if (!sight->is_seen == !is_seen_wanted)
			printf("  %-22s %s\n", sight->what, sight->note);
}

static void print_text(const struct doctor *d)
{
	printf("rung      %s, %s\n", *d->rung ? d->rung : "none",
	       d->is_told ? "as the agent says that runs here" : "tried by this command");
	printf("kernel    %s\n", d->kernel);
	if (d->no_denial)
		printf("denial    cannot be had: %s\n", d->no_denial);
	else
		printf("denial    can be had; `plumbline status` tells whether the agent denies\n");
	printf("modules   %s\n", d->lsm.len ? d->lsm.data : "not known");
	printf("lockdown  %s\n", d->lockdown.len ? d->lockdown.data : "not known");
	printf("BTF       %s\n", d->has_btf ? "yes" : "no");
	print_higher(d);
	print_parts(d);
	print_lines("Types of programs that the kernel takes", d->types, d->type_count);
	print_lines("Capabilities", d->capabilities, d->capability_count);
	print_sights(d, true, "Seen on this rung");
	print_sights(d, false, "Not seen on this rung");
	print_list("Could not be looked at", &d->not_looked);
}

static void put_lines(struct json *j, const char *key, const struct doctor_line *lines,
		      size_t count)
{
	json_key(j, key);
	json_begin_array(j);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(j);
		json_put_string(j, "name", lines[i].name);
		json_put_bool(j, "works", lines[i].error == 0);
		json_put_string(j, "error",
				lines[i].error ? strerrorname_np(-lines[i].error) : NULL);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_changes(struct json *j, const struct doctor *d, const char *rung)
{
	json_key(j, "changes");
	json_begin_array(j);
	for (size_t i = 0; i < d->change_count; i++) {
		const struct doctor_change *change = &d->changes[i];

		if (!str_equal(change->rung, rung))
			continue;
		json_begin_object(j);
		json_put_string(j, "kind", change->kind);
		json_put_string(j, "change", change->what);
		json_put_string(j, "how", change->how);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_sight(struct json *j, const struct sensor_sight *sight)
{
	json_begin_object(j);
	json_put_string(j, "what", sight->what);
	json_put_bool(j, "seen", sight->is_seen);
	json_put_string(j, "note", sight->note);
	json_end_object(j);
}

static void put_higher(struct json *j, const struct doctor *d)
{
	json_key(j, "higher");
	json_begin_array(j);
	for (size_t i = 0; i < d->standing.rung_count; i++) {
		const struct standing_rung *rung = &d->standing.rungs[i];
		const struct sensor_sight *gain = NULL;
		size_t len = 0;
		const char *why = doctor_why(d, rung->name, &len);
		cleanup_free char *copy = why ? strndup(why, len) : NULL;

		json_begin_object(j);
		json_put_string(j, "rung", rung->name);
		json_put_string(j, "error", strerrorname_np(-rung->error));
		json_put_string(j, "why", copy);
		json_key(j, "would_see");
		json_begin_array(j);
		while (next_gain(d, rung->name, &gain))
			put_sight(j, gain);
		json_end_array(j);
		put_changes(j, d, rung->name);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_parts(struct json *j, const struct doctor *d)
{
	json_key(j, "parts");
	json_begin_array(j);
	for (size_t i = 0; i < d->standing.part_count; i++) {
		const struct standing_part *part = &d->standing.parts[i];

		json_begin_object(j);
		json_put_string(j, "name", part->name);
		json_put_string(j, "state", part_state_name(part->state));
		json_put_string(j, "serves", standing_part_serves(part->name));
		json_put_string(j, "error", part->error ? strerrorname_np(-part->error) : NULL);
		json_put_string(j, "problem",
				standing_part_is_missing(part) ? standing_part_problem(part)
							       : NULL);
		json_put_u64(j, "skipped", part->skipped);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_list(struct json *j, const char *key, const struct strbuf *text)
{
	cleanup_free char *copy = text->len ? strdup(text->data) : NULL;
	char *rest = copy;
	const char *line;

	json_key(j, key);
	json_begin_array(j);
	while (rest && (line = strsep(&rest, "\n")))
		json_string(j, line);
	json_end_array(j);
}

static int print_json(const struct doctor *d)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json j = JSON_INIT(&out);

	json_begin_object(&j);
	json_put_string(&j, "rung", *d->rung ? d->rung : NULL);
	json_put_string(&j, "source", d->is_told ? "agent" : "trial");
	json_put_string(&j, "kernel", d->kernel);
	json_put_string(&j, "lsm", d->lsm.len ? d->lsm.data : NULL);
	json_put_string(&j, "lockdown", d->lockdown.len ? d->lockdown.data : NULL);
	json_put_bool(&j, "btf", d->has_btf);
	json_put_bool(&j, "can_deny", !d->no_denial);
	json_put_string(&j, "no_denial", d->no_denial);
	put_higher(&j, d);
	put_parts(&j, d);
	put_changes(&j, d, NULL);
	put_lines(&j, "program_types", d->types, d->type_count);
	put_lines(&j, "capabilities", d->capabilities, d->capability_count);
	json_key(&j, "sights");
	json_begin_array(&j);
	for (const struct sensor_sight *sight = d->sights; sight && sight->what; sight++)
		put_sight(&j, sight);
	json_end_array(&j);
	put_list(&j, "not_looked_at", &d->not_looked);
	json_end_object(&j);
	if (strbuf_check(&out) < 0)
		return -1;
	puts(out.data);
	return 0;
}

static int status_of(const struct doctor *d)
{
	if (!*d->rung || str_equal(d->rung, "scan"))
		return EXIT_DRIFT;
	for (size_t i = 0; i < d->standing.part_count; i++)
		if (standing_part_is_missing(&d->standing.parts[i]))
			return EXIT_DRIFT;
	return EXIT_GOOD;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"try", no_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	bool is_json = false, is_trial = false;
	struct doctor doctor;
	int option, r, status;

	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (option == 'h')
			return usage(stdout), EXIT_GOOD;
		if (option == 'j')
			is_json = true;
		else if (option == 't')
			is_trial = true;
		else if (control_option(&target, option, optarg) < 0)
			return usage(stderr), EXIT_ERROR;
	}
	if (optind != argc)
		return usage(stderr), EXIT_ERROR;
	/* What a sensor tells its log is no part of the answer. */
	log_set_level(LOG_LEVEL_WARNING);
	r = doctor_look(is_trial ? NULL : &target, &doctor);
	if (r < 0)
		return log_error(r, "cannot look at this machine"), EXIT_ERROR;
	status = status_of(&doctor);
	if (!is_json)
		print_text(&doctor);
	else if (print_json(&doctor) < 0)
		status = EXIT_ERROR;
	doctor_done(&doctor);
	return status;
}
