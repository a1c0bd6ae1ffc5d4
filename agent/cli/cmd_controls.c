/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline controls: walks the shipped crosswalk between findings, checks and
 * the requirements of each framework. It reads data only and says nothing about this host.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/words.h"
#include "cli/controls_walk.h"
#include "cli/data_dir.h"
#include "cli/verbs.h"

#define UNVERIFIED "unverified: not checked against the standard"

struct options {
	const char *profile, *overlay, *category, *data, *config, *framework;
	bool json;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline controls [--framework NAME] [--json] [--profile NAME] [--overlay "
	      "FILE]\n"
	      "                          [--category TEXT] [--data DIR] [--config FILE] [ID]\n\n"
	      "Without ID: the frameworks, and every kind of finding and what it touches; with\n"
	      "--framework, all of its requirements. ID is a kind of finding (software.unknown), "
	      "a\n"
	      "check (SYS-001), or a requirement of a framework: SI-7, \"SR 3.4\", PR.PS-01, 8.9,\n"
	      "3.4.1, CM.L2-3.4.1, \"252.204-7012(e)\", T1059.\n",
	      out);
}

static void map_done(struct controls_map *map)
{
	crosswalk_free(map->crosswalk);
	control_map_free(map->findings);
	check_set_free(map->set);
}

static int load(const char *data_dir, const struct check_choice *choice, struct controls_map *map)
{
	cleanup_free char *path = NULL;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (asprintf(&path, "%s/controls/findings.ini", data_dir) < 0) {
		path = NULL;
		return log_error(-ENOMEM, "cannot load the map");
	}
	r = crosswalk_load(data_dir, &map->crosswalk, &diag);
	if (r == 0)
		r = control_map_load(path, &map->findings, &diag);
	if (r == 0)
		r = check_set_load_for(data_dir, choice, &map->set, &diag);
	if (r < 0)
		(void)log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
	return r;
}

static void print_ids(const struct control_ids *ids, const char *indent)
{
	printf("%scontrols      %s\n", indent, ids->controls);
	printf("%srequirements  %s (%s)\n", indent, ids->requirements, UNVERIFIED);
	if (*ids->techniques)
		printf("%stechniques    %s\n", indent, ids->techniques);
}

static void json_ids(const struct control_ids *ids, struct json *j)
{
	json_put_string(j, "severity", finding_severity_name(ids->severity));
	json_put_string(j, "controls", ids->controls);
	json_put_string(j, "requirements", ids->requirements);
	json_put_string(j, "techniques", ids->techniques);
}

/* A kind of finding or a check. */
struct user {
	const char *what, *id, *title;
	const char *own; /* its requirements by own reading; NULL: none, or all of a kind's */
};

/* One finding kind or check with what it touches. */
static void show_user(const struct options *options, const struct user *user,
		      const struct control_ids *ids)
{
	if (options->json) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;
		struct json j = JSON_INIT(&text);

		json_begin_object(&j);
		json_put_string(&j, user->what, user->id);
		json_put_string(&j, "title", user->title);
		json_ids(ids, &j);
		if (user->own)
			json_put_string(&j, "own_reading", user->own);
		json_end_object(&j);
		puts(text.data ? text.data : "");
		return;
	}
	printf("%s %s [%s]: %s\n", user->what, user->id, finding_severity_name(ids->severity),
	       user->title);
	print_ids(ids, "  ");
	if (user->own)
		printf("  own reading   %s (assigned by who wrote the check, by no table of "
		       "pairs)\n",
		       user->own);
}

/* Which requirements stand with the check by its author's reading alone. */
static int put_own_readings(const struct controls_map *map, size_t index, const char *requirements,
			    struct strbuf *out)
{
	const char *cursor = requirements, *word;
	size_t len;

	while (words_next(&cursor, WORDS_COMMA, &word, &len)) {
		cleanup_free char *id = strndup(word, len);

		if (!id)
			return -ENOMEM;
		if (check_set_is_own_reading(map->set, index, id))
			strbuf_printf(out, "%s%s", out->len ? ", " : "", id);
	}
	return strbuf_check(out);
}

static bool show_finding(const struct controls_map *map, const struct options *options,
			 const char *id)
{
	enum finding_kind kind;

	if (finding_kind_parse(id, &kind) < 0 || kind == FINDING_NONE)
		return false;
	show_user(options,
		  &(struct user){"finding", id, control_map_title(map->findings, kind), NULL},
		  control_map_lookup(map->findings, kind));
	return true;
}

static bool show_check(const struct controls_map *map, const struct options *options,
		       const char *id)
{
	int index = check_set_find(map->set, id);
	cleanup_strbuf struct strbuf own = STRBUF_INIT;
	struct control_ids ids;

	if (index < 0)
		return false;
	check_set_ids(map->set, (size_t)index, &ids);
	if (put_own_readings(map, (size_t)index, ids.requirements, &own) < 0)
		return false;
	show_user(options,
		  &(struct user){"check", id, check_set_title(map->set, (size_t)index),
				 own.len ? own.data : NULL},
		  &ids);
	return true;
}

static int show_framework(const struct controls_map *map, const struct options *options,
			  const struct framework *framework, const char *id)
{
	cleanup_with(controls_walk_done) struct controls_walk walk = {0};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	const struct framework_item *item =
		id ? framework_find_item(framework, id, strlen(id)) : NULL;

	if (id && !item)
		return -ENOENT;
	if (controls_walk_init(map, framework, &walk) < 0)
		return -ENOMEM;
	if (!options->json && !item) {
		controls_walk_print(&walk);
	} else if (!options->json) {
		controls_walk_print_item(&walk, (size_t)(item - framework->items));
	} else {
		if (item)
			controls_walk_json_item(&walk, (size_t)(item - framework->items), &j);
		else
			controls_walk_json(&walk, &j);
		if (strbuf_check(&text) < 0)
			return -ENOMEM;
		puts(text.data);
	}
	return 0;
}

/* An id of several frameworks (a control and its overlay) is shown in the first. */
static int show_anywhere(const struct controls_map *map, const struct options *options,
			 const char *id)
{
	int r = -ENOENT;

	if (show_finding(map, options, id) || show_check(map, options, id))
		return 0;
	for (size_t i = 0; r == -ENOENT && i < crosswalk_count(map->crosswalk); i++)
		r = show_framework(map, options, crosswalk_get(map->crosswalk, i), id);
	return r;
}

static void print_all(const struct controls_map *map)
{
	for (size_t i = 0; i < crosswalk_count(map->crosswalk); i++)
		controls_walk_print_head(crosswalk_get(map->crosswalk, i));
	controls_walk_print_checks(map);
	printf("\n");
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		const struct control_ids *ids = control_map_lookup(map->findings, kind);

		printf("%s [%s]\n  %s\n", finding_kind_name(kind),
		       finding_severity_name(ids->severity),
		       control_map_title(map->findings, kind));
		print_ids(ids, "  ");
	}
}

static int json_all(const struct controls_map *map)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);

	json_begin_object(&j);
	json_key(&j, "frameworks");
	json_begin_array(&j);
	for (size_t i = 0; i < crosswalk_count(map->crosswalk); i++) {
		const struct framework *framework = crosswalk_get(map->crosswalk, i);

		json_begin_object(&j);
		controls_walk_json_head(framework, &j);
		json_put_u64(&j, "requirement_count", framework->item_count);
		json_put_u64(&j, "pair_count", framework->pair_count);
		json_end_object(&j);
	}
	json_end_array(&j);
	controls_walk_json_checks(map, &j);
	json_key(&j, "findings");
	json_begin_array(&j);
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		json_begin_object(&j);
		json_put_string(&j, "finding", finding_kind_name(kind));
		json_put_string(&j, "title", control_map_title(map->findings, kind));
		json_ids(control_map_lookup(map->findings, kind), &j);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	puts(text.data);
	return 0;
}

static int show(const struct controls_map *map, const struct options *options, const char *id)
{
	const struct framework *framework = NULL;
	int r;

	if (options->framework) {
		framework = crosswalk_find(map->crosswalk, options->framework);
		if (!framework) {
			(void)log_error(0, "'%s' is no framework; plumbline controls lists them",
					options->framework);
			return -EINVAL;
		}
		r = show_framework(map, options, framework, id);
		if (r == -ENOENT)
			(void)log_error(0, "'%s' is no requirement of %s", id, framework->title);
		return r;
	}
	if (id) {
		r = show_anywhere(map, options, id);
		if (r == -ENOENT)
			(void)log_error(0, "'%s' is no finding, check or requirement", id);
		return r;
	}
	if (options->json)
		return json_all(map);
	print_all(map);
	return 0;
}

/* 0, 1 when help was printed, or -EINVAL. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"framework", required_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"profile", required_argument, NULL, 'p'},
		{"overlay", required_argument, NULL, 'o'},
		{"category", required_argument, NULL, 'g'},
		{"data", required_argument, NULL, 'd'},
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'f') {
			options->framework = optarg;
		} else if (option == 'j') {
			options->json = true;
		} else if (option == 'p') {
			options->profile = optarg;
		} else if (option == 'o') {
			options->overlay = optarg;
		} else if (option == 'g') {
			options->category = optarg;
		} else if (option == 'd') {
			options->data = optarg;
		} else if (option == 'c') {
			options->config = optarg;
		} else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? 1 : -EINVAL;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return -EINVAL;
	}
	return 0;
}

int cmd_controls(int argc, char **argv)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_with(map_done) struct controls_map map = {0};
	cleanup_free char *data_dir = NULL;
	struct options options = {0};
	struct check_choice choice;
	int r;

	r = parse_options(argc, argv, &options);
	if (r != 0)
		return r < 0 ? EXIT_ERROR : EXIT_GOOD;
	if (data_dir_load_config(options.config, &config) < 0 ||
	    data_dir_find(options.data, config, &data_dir) < 0)
		return EXIT_ERROR;
	choice = (struct check_choice){
		.profile = options.profile ? options.profile : config->profile,
		.overlay = options.overlay ? options.overlay : config->overlay,
		.category = options.category ? options.category : config->category,
	};
	map.profile = choice.profile;
	if (load(data_dir, &choice, &map) < 0 ||
	    show(&map, &options, optind < argc ? argv[optind] : NULL) < 0)
		return EXIT_ERROR;
	return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_ERROR;
}
