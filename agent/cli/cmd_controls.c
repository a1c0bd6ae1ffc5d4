/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline controls: walks the shipped map between findings, checks, controls,
 * requirements and techniques. It reads data only and says nothing about this host.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/checks.h"
#include "cli/data_dir.h"
#include "cli/verbs.h"
#include "model/catalog.h"
#include "model/control.h"

#define UNVERIFIED "unverified: not checked against the standard"

struct map {
	struct catalog *catalog;
	struct control_map *findings;
	struct check_set *set;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline controls [--profile NAME] [--data DIR] [--config FILE] [ID]\n\n"
	      "Without ID: every kind of finding and what it touches. ID is a kind of finding\n"
	      "(software.unknown), a check (SYS-001), a control of NIST SP 800-53r5 (SI-7), a\n"
	      "requirement of IEC 62443-3-3 (\"SR 3.4\") or a technique of MITRE ATT&CK (T1059).\n",
	      out);
}

static void map_done(struct map *map)
{
	catalog_free(map->catalog);
	control_map_free(map->findings);
	check_set_free(map->set);
}

static int load(const char *data_dir, const char *profile, struct map *map)
{
	cleanup_free char *path = NULL;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (asprintf(&path, "%s/controls/findings.ini", data_dir) < 0) {
		path = NULL;
		return log_error(-ENOMEM, "cannot load the map");
	}
	r = catalog_load(data_dir, &map->catalog, &diag);
	if (r == 0)
		r = control_map_load(path, &map->findings, &diag);
	if (r == 0)
		r = check_set_load(data_dir, profile, &map->set, &diag);
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

static void print_all(const struct map *map)
{
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		const struct control_ids *ids = control_map_lookup(map->findings, kind);

		printf("%s [%s]\n  %s\n", finding_kind_name(kind),
		       finding_severity_name(ids->severity),
		       control_map_title(map->findings, kind));
		print_ids(ids, "  ");
	}
}

static const char *ids_of(const struct control_ids *ids, enum catalog_kind kind)
{
	switch (kind) {
	case CATALOG_CONTROL:
		return ids->controls;
	case CATALOG_REQUIREMENT:
		return ids->requirements;
	case CATALOG_TECHNIQUE:
		return ids->techniques;
	case CATALOG_KIND_COUNT:
		break;
	}
	return "";
}

/* Which findings and checks touch the item. */
static void print_users(const struct map *map, enum catalog_kind kind, const char *id)
{
	enum words_separator separator = kind == CATALOG_REQUIREMENT ? WORDS_COMMA : WORDS_SPACE;
	size_t users = 0;

	for (int finding = FINDING_NONE + 1; finding < FINDING_KIND_COUNT; finding++) {
		const struct control_ids *ids = control_map_lookup(map->findings, finding);

		if (!words_contain(ids_of(ids, kind), separator, id))
			continue;
		printf("  finding  %-24s %s\n", finding_kind_name(finding),
		       control_map_title(map->findings, finding));
		users++;
	}
	for (size_t i = 0; i < check_set_count(map->set); i++) {
		struct control_ids ids;

		check_set_ids(map->set, i, &ids);
		if (!words_contain(ids_of(&ids, kind), separator, id))
			continue;
		printf("  check    %-24s %s\n", check_set_id(map->set, i),
		       check_set_title(map->set, i));
		users++;
	}
	if (!users)
		printf("  no finding and no check of this profile touches it\n");
}

static void print_item(const struct map *map, enum catalog_kind kind,
		       const struct catalog_item *item)
{
	static const char *const names[CATALOG_KIND_COUNT] = {
		[CATALOG_CONTROL] = "NIST SP 800-53r5",
		[CATALOG_REQUIREMENT] = "IEC 62443-3-3",
		[CATALOG_TECHNIQUE] = "MITRE ATT&CK",
	};

	printf("%s %s: %s\n", names[kind], item->id, item->title);
	if (kind == CATALOG_REQUIREMENT) {
		printf("  lowest SL %u", item->lowest_sl);
		if (item->second_reading)
			printf(" (another reading says %u)", item->second_reading);
		printf("; %s\n", UNVERIFIED);
	}
	if (item->requirements)
		printf("  paired with %s by %s\n", item->requirements, item->requirements_source);
	print_users(map, kind, item->id);
}

static bool print_finding(const struct map *map, const char *id)
{
	enum finding_kind kind;
	const struct control_ids *ids;

	if (finding_kind_parse(id, &kind) < 0 || kind == FINDING_NONE)
		return false;
	ids = control_map_lookup(map->findings, kind);
	printf("finding %s [%s]: %s\n", id, finding_severity_name(ids->severity),
	       control_map_title(map->findings, kind));
	print_ids(ids, "  ");
	return true;
}

static bool print_check(const struct map *map, const char *id)
{
	int index = check_set_find(map->set, id);
	struct control_ids ids;

	if (index < 0)
		return false;
	check_set_ids(map->set, (size_t)index, &ids);
	printf("check %s [%s]: %s\n", id, finding_severity_name(ids.severity),
	       check_set_title(map->set, (size_t)index));
	print_ids(&ids, "  ");
	return true;
}

static int print_one(const struct map *map, const char *id)
{
	if (print_finding(map, id) || print_check(map, id))
		return EXIT_GOOD;
	for (int kind = 0; kind < CATALOG_KIND_COUNT; kind++) {
		const struct catalog_item *item = catalog_find(map->catalog, kind, id, strlen(id));

		if (item) {
			print_item(map, kind, item);
			return EXIT_GOOD;
		}
	}
	(void)log_error(0, "'%s' is no finding, check, control, requirement or technique", id);
	return EXIT_ERROR;
}

int cmd_controls(int argc, char **argv)
{
	static const struct option known[] = {
		{"profile", required_argument, NULL, 'p'},
		{"data", required_argument, NULL, 'd'},
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *profile = NULL, *data = NULL, *config_path = NULL;
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_with(map_done) struct map map = {0};
	cleanup_free char *data_dir = NULL;
	int option, status = EXIT_GOOD;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'p') {
			profile = optarg;
		} else if (option == 'd') {
			data = optarg;
		} else if (option == 'c') {
			config_path = optarg;
		} else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_GOOD : EXIT_ERROR;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return EXIT_ERROR;
	}
	if (data_dir_load_config(config_path, &config) < 0 ||
	    data_dir_find(data, config, &data_dir) < 0 ||
	    load(data_dir, profile ? profile : config->profile, &map) < 0)
		return EXIT_ERROR;
	if (optind < argc)
		status = print_one(&map, argv[optind]);
	else
		print_all(&map);
	return fflush(stdout) == 0 ? status : EXIT_ERROR;
}
