/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline data-dictionary: every field that may leave this machine, from the table that the codec
 * runs on. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "cli/verbs.h"
#include "wire/codec.h"

static const char *const record_titles[WIRE_RECORD_TYPE_COUNT] = {
	[WIRE_NONE] = "In every record",
	[WIRE_HELLO] = "hello: who this agent is",
	[WIRE_FINDING] = "finding: one difference from the approved state",
	[WIRE_CHECK] = "check: the result of one hardening check",
	[WIRE_COVERAGE] = "coverage: when the machine was watched, and when not",
	[WIRE_BASELINE] = "baseline: a baseline was loaded or refused",
	[WIRE_HEAD] = "head: signature over the records so far",
	[WIRE_BATCH] = "batch: the first line of what is sent",
};

static void usage(FILE *out)
{
	fputs("usage: plumbline data-dictionary [--json]\n\n"
	      "Lists every field that may leave this machine. Nothing else can: the same table\n"
	      "encodes what is sent. 'personal' marks what names or may name a person.\n\n"
	      "  --json          one JSON array\n",
	      out);
}

static void print_text(const struct wire_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct wire_field *field = &fields[i];

		if (i == 0 || field->record != fields[i - 1].record)
			printf("%s%s\n", i ? "\n" : "", record_titles[field->record]);
		printf("  %-18s %-11s %s\n", field->name, wire_field_type(field), field->purpose);
		printf("  %-18s %-11s kept %s; seen by %s%s%s\n", "", "", field->retention,
		       field->audience, field->is_personal ? "; personal" : "",
		       field->is_required ? "" : "; optional");
	}
}

static int print_json(const struct wire_field *fields, size_t count)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json j = JSON_INIT(&out);

	json_begin_array(&j);
	for (const struct wire_field *field = fields; field < fields + count; field++) {
		json_begin_object(&j);
		json_put_string(&j, "record",
				field->record ? wire_record_type_name(field->record) : "all");
		json_put_string(&j, "name", field->name);
		json_put_string(&j, "type", wire_field_type(field));
		json_put_string(&j, "purpose", field->purpose);
		json_put_string(&j, "retention", field->retention);
		json_put_string(&j, "audience", field->audience);
		json_put_bool(&j, "personal", field->is_personal);
		json_put_bool(&j, "required", field->is_required);
		if (field->max_bytes)
			json_put_u64(&j, "max_bytes", field->max_bytes);
		json_end_object(&j);
	}
	json_end_array(&j);
	if (strbuf_check(&out) < 0)
		return -1;
	puts(out.data);
	return 0;
}

int cmd_data_dictionary(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const struct wire_field *fields;
	bool is_json = false;
	size_t count;
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option != 'j') {
			usage(stderr);
			return EXIT_ERROR;
		}
		is_json = true;
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_ERROR;
	}

	fields = codec_fields(&count);
	if (!is_json)
		print_text(fields, count);
	else if (print_json(fields, count) < 0)
		return EXIT_ERROR;
	return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_ERROR;
}
