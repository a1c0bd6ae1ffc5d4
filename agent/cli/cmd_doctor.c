/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline doctor: which rung this machine gives, why not a higher one, and what would change it.
 */
#include <getopt.h>
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
	fputs("usage: plumbline doctor [--json]\n\n"
	      "Tries, in this process, what the sensor would use on this machine, with the same\n"
	      "self-test, and tells what it would see and what not. Changes nothing. As root it\n"
	      "tells what the agent gets; as another user, what that user would get.\n\n"
	      "  --json          one JSON object\n\n"
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
		printf("  %-3s %-44s %s\n", lines[i].error ? "no" : "yes", lines[i].name,
		       lines[i].error  ? strerror(-lines[i].error)
		       : lines[i].note ? lines[i].note
				       : "");
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
		printf("  - ");
		text_print(line);
		printf("\n");
	}
}

static void print_sights(const struct sensor_ops *ops, int is_seen, const char *title)
{
	printf("\n%s\n", title);
	for (const struct sensor_sight *sight = ops->sights; sight->what; sight++)
		if (!sight->is_seen == !is_seen)
			printf("  %-22s %s\n", sight->what, sight->note);
}

static void print_text(const struct doctor *d)
{
	printf("rung      %s\n", d->ops ? d->ops->name : "none");
	printf("kernel    %s\n", d->kernel);
	printf("modules   %s\n", d->lsm.len ? d->lsm.data : "not known");
	printf("lockdown  %s\n", d->lockdown.len ? d->lockdown.data : "not known");
	printf("BTF       %s\n", d->has_btf ? "yes" : "no");
	print_list("Why not higher", &d->why);
	print_lines("Parts of this rung", d->parts, d->part_count);
	print_lines("Programs that the kernel takes", d->types, d->type_count);
	print_lines("Capabilities of this process", d->capabilities, d->capability_count);
	if (d->ops) {
		print_sights(d->ops, 1, "Seen on this rung");
		print_sights(d->ops, 0, "Not seen on this rung");
	}
	print_list("What would change it", &d->advice);
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

static void put_sights(struct json *j, const struct sensor_ops *ops)
{
	json_key(j, "sights");
	json_begin_array(j);
	for (const struct sensor_sight *sight = ops ? ops->sights : NULL; sight && sight->what;
	     sight++) {
		json_begin_object(j);
		json_put_string(j, "what", sight->what);
		json_put_bool(j, "seen", sight->is_seen);
		json_put_string(j, "note", sight->note);
		json_end_object(j);
	}
	json_end_array(j);
}

static int print_json(const struct doctor *d)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json j = JSON_INIT(&out);

	json_begin_object(&j);
	json_put_string(&j, "rung", d->ops ? d->ops->name : NULL);
	json_put_string(&j, "kernel", d->kernel);
	json_put_string(&j, "lsm", d->lsm.len ? d->lsm.data : NULL);
	json_put_string(&j, "lockdown", d->lockdown.len ? d->lockdown.data : NULL);
	json_put_bool(&j, "btf", d->has_btf);
	put_list(&j, "why_not_higher", &d->why);
	put_lines(&j, "parts", d->parts, d->part_count);
	put_lines(&j, "program_types", d->types, d->type_count);
	put_lines(&j, "capabilities", d->capabilities, d->capability_count);
	put_sights(&j, d->ops);
	put_list(&j, "advice", &d->advice);
	put_list(&j, "not_looked_at", &d->not_looked);
	json_end_object(&j);
	if (strbuf_check(&out) < 0)
		return -1;
	puts(out.data);
	return 0;
}

static int status_of(const struct doctor *d)
{
	if (!d->ops || str_equal(d->ops->name, "scan"))
		return EXIT_DRIFT;
	for (size_t i = 0; i < d->part_count; i++)
		if (d->parts[i].error)
			return EXIT_DRIFT;
	return EXIT_GOOD;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool is_json = false;
	struct doctor doctor;
	int option, r, status;

	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (option == 'h')
			return usage(stdout), EXIT_GOOD;
		if (option != 'j')
			return usage(stderr), EXIT_ERROR;
		is_json = true;
	}
	if (optind != argc)
		return usage(stderr), EXIT_ERROR;
	r = doctor_look(NULL, &doctor);
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
