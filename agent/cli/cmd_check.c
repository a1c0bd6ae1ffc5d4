/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline check: runs hardening checks in this process and prints what was
 * wanted beside what was found. It changes nothing. Of the agent it takes only
 * what a walk over all file systems found, so as not to walk again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/checks.h"
#include "checks/kernel_ask.h"
#include "cli/data_dir.h"
#include "cli/kept_walks.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/waivers.h"
#include "report/words.h"

#define LEVEL_NOTE  "levels from public readings, not checked against the standard"
#define OWN_READING " (own reading)"
#define OWN_NOTE    "own reading: assigned by who wrote the check, by no table of pairs"

struct options {
	const char *profile, *overlay, *category, *root, *data, *config;
	bool is_json, is_walk;
};

struct run {
	struct check_set *set;
	struct kernel_dump dump; /* what the running kernel says of itself */
	const char *profile, *root;
	size_t *indexes; /* of the results, in the set */
	struct check_result *results;
	size_t count;
	size_t totals[CHECK_OUTCOME_COUNT];
	unsigned with_evidence, all;
	struct kept_walks kept;
	bool *is_kept; /* of each result: the agent's, and of the time that it has */
	size_t walks;  /* checks that were left out: nobody has walked, and --walk was not given */
	struct waiver_folder waivers;
	const char *host;
	int64_t now_ns; /* at which waivers count */
	size_t waived;	/* of those that failed */
};

static void usage(FILE *out)
{
	fputs("usage: plumbline check [OPTION]... [ID]...\n"
	      "       plumbline check lint [--data DIR] [--config FILE] [FILE]...\n\n"
	      "  --profile NAME  hmi, ews or server, and the level: hmi-sl1 to hmi-sl4 (default: "
	      "that\n"
	      "                  of the configuration)\n"
	      "  --overlay FILE  what the site tightens, loosens or adds, with its reasons\n"
	      "  --category TEXT of FIPS 199: low, moderate or high, or \"integrity=high ...\"\n"
	      "  --root DIR      look at the tree below DIR instead of the running system\n"
	      "  --data DIR      checks, controls and profiles\n"
	      "  --config FILE   settings of the agent\n"
	      "  --walk          walk all local file systems here and now, which takes a while, "
	      "for\n"
	      "                  the checks that need it. Else they have what the agent keeps of "
	      "its\n"
	      "                  walk, with its age; without an agent they are left out, but "
	      "those\n"
	      "                  that are named are run in any case\n"
	      "  --json          one JSON document\n\n"
	      "Exit status: 0 all checks pass, do not apply or are waived, 1 some fail, 2 some\n"
	      "could not be found out, or the checks could not be run.\n",
	      out);
}

static void run_done(struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		check_result_done(&run->results[i]);
	free(run->results);
	free(run->indexes);
	free(run->is_kept);
	kept_walks_done(&run->kept);
	check_set_free(run->set);
	waiver_folder_done(&run->waivers);
	kernel_dump_done(&run->dump);
}

/* Only what the chosen checks will look at: asking takes a little time, and root. */
static void ask_kernel(struct run *run, size_t wanted)
{
	unsigned parts = 0;

	for (size_t i = 0; i < wanted; i++)
		parts |= check_set_asks(run->set, run->indexes[i]);
	kernel_ask_all(parts, &run->dump);
	check_set_kernel(run->set, &run->dump);
}

/* NULL: it did not fail, or nobody bears it now. */
static const struct waiver *waiver_of(const struct run *run, size_t at)
{
	const struct check_result *result = &run->results[at];

	return result->outcome == CHECK_FAIL
		       ? waiver_for_check(&run->waivers.list, run->host, result->id, run->now_ns)
		       : NULL;
}

static bool is_left_out(const struct run *run, size_t index, bool may_walk)
{
	return check_set_walks(run->set, index) && !may_walk &&
	       !kept_walks_find(&run->kept, check_set_id(run->set, index));
}

/* Appends the result of the check at @at of the indexes. */
static int run_one(struct run *run, size_t at)
{
	const struct check_result *kept =
		kept_walks_find(&run->kept, check_set_id(run->set, run->indexes[at]));
	struct check_result *result = &run->results[at];
	int r = kept ? check_result_copy(kept, result)
		     : check_run(run->set, run->indexes[at], run->root, result);

	if (r < 0)
		return r;
	run->is_kept[at] = kept != NULL;
	run->count++;
	run->totals[result->outcome]++;
	run->waived += waiver_of(run, at) != NULL;
	return 0;
}

/* The named checks, or all of the set. */
static int choose(struct run *run, char **ids, size_t id_count, bool walks_here)
{
	size_t wanted = id_count ? id_count : check_set_count(run->set), chosen = 0;

	run->indexes = calloc(wanted + 1, sizeof(*run->indexes));
	run->results = calloc(wanted + 1, sizeof(*run->results));
	run->is_kept = calloc(wanted + 1, sizeof(*run->is_kept));
	if (!run->indexes || !run->results || !run->is_kept)
		return log_error(-ENOMEM, "cannot run the checks");
	for (size_t i = 0; i < wanted; i++) {
		int index = id_count ? check_set_find(run->set, ids[i]) : (int)i;

		if (index < 0)
			return log_error(0, "profile %s has no check '%s'", run->profile, ids[i]),
			       -ENOENT;
		if (is_left_out(run, (size_t)index, id_count || walks_here))
			run->walks++;
		else
			run->indexes[chosen++] = (size_t)index;
	}
	ask_kernel(run, chosen);
	for (size_t i = 0; i < chosen; i++) {
		int r = run_one(run, i);

		if (r < 0)
			return log_error(r, "cannot run check %s",
					 check_set_id(run->set, run->indexes[i]));
	}
	check_set_evidence(run->set, run->results, run->count, &run->with_evidence, &run->all);
	return 0;
}

static void print_line(const char *name, const char *text)
{
	if (!text)
		return;
	printf("          %-9s ", name);
	text_print(text);
	putchar('\n');
}

/* Ids of requirements that the check's author assigned, and no table of pairs, are marked. */
static void print_touches(const struct run *run, size_t at)
{
	const struct check_result *result = &run->results[at];
	const char *cursor = result->requirements, *word, *before = "; ";
	size_t len;

	printf("          %-9s %s", "touches", result->controls);
	while (words_next(&cursor, WORDS_COMMA, &word, &len)) {
		char id[64];

		snprintf(id, sizeof(id), "%.*s", (int)len, word);
		printf("%s%s%s", before, id,
		       check_set_is_own_reading(run->set, run->indexes[at], id) ? OWN_READING : "");
		before = ", ";
	}
	putchar('\n');
}

static void print_age(int64_t time_ns, int64_t now_ns)
{
	char duration[WORDS_SIZE];

	printf("          %-9s %s ago by the agent; changes that it saw since are in it\n",
	       "walked", words_duration(now_ns - time_ns, duration));
}

static void print_result(const struct run *run, size_t at)
{
	const struct check_result *result = &run->results[at];
	static const char *const words[CHECK_OUTCOME_COUNT] = {
		[CHECK_PASS] = "pass",
		[CHECK_FAIL] = "FAIL",
		[CHECK_ERROR] = "ERROR",
		[CHECK_NOT_APPLICABLE] = "n/a",
	};

	printf("  %-5s %s  %s", words[result->outcome], result->id, result->title);
	if (result->outcome == CHECK_FAIL)
		printf("  [%s]", finding_severity_name(result->severity));
	putchar('\n');
	if (run->is_kept[at])
		print_age(result->time_ns, run->now_ns);
	if (result->outcome == CHECK_NOT_APPLICABLE) {
		print_line("because", result->reason);
		return;
	}
	print_line("expected", result->expected);
	print_line("actual", result->actual);
	if (waiver_of(run, at))
		waivers_print(waiver_of(run, at), "          waived    ");
	print_line("because", result->reason);
	if (result->outcome != CHECK_FAIL)
		return;
	print_line("remedy", result->remediation);
	print_line("caution", result->ot_caution);
	print_touches(run, at);
}

static void print_tailoring(const char *text)
{
	fputs("Tailored: ", stdout);
	text_print(text);
	putchar('\n');
}

static void print_text(const struct run *run)
{
	const char *family = NULL;

	printf("Profile %s: %s\n", run->profile, check_set_profile_title(run->set));
	if (check_set_tailoring(run->set))
		print_tailoring(check_set_tailoring(run->set));
	if (strcmp(run->root, "/") != 0)
		printf("Root %s\n", run->root);
	for (size_t i = 0; i < run->count; i++) {
		const char *next = check_set_family(run->set, run->indexes[i]);

		if (!str_equal(family, next))
			printf("\n%s\n", next);
		family = next;
		print_result(run, i);
	}
	printf("\n%zu pass, %zu fail, %zu error, %zu not applicable", run->totals[CHECK_PASS],
	       run->totals[CHECK_FAIL], run->totals[CHECK_ERROR],
	       run->totals[CHECK_NOT_APPLICABLE]);
	if (check_set_left_out(run->set))
		printf("; %zu left out by the profile", check_set_left_out(run->set));
	if (run->walks)
		printf("; %zu run with --walk only", run->walks);
	if (run->waived || run->waivers.refused_count)
		printf("\nscore: %zu of %zu checks without waivers, %zu with them; %zu files of "
		       "waivers refused",
		       run->totals[CHECK_PASS], run->totals[CHECK_PASS] + run->totals[CHECK_FAIL],
		       run->totals[CHECK_PASS] + run->waived, run->waivers.refused_count);
	printf("\n%u of %u SL 3 requirements have host evidence here (%s)\n", run->with_evidence,
	       run->all, LEVEL_NOTE);
	if (run->totals[CHECK_FAIL])
		puts("(" OWN_NOTE ")");
}

static int put_list(struct json *json, const char *key, const char *text,
		    enum words_separator separator)
{
	const char *cursor = text ? text : "", *word;
	size_t len;

	json_key(json, key);
	json_begin_array(json);
	while (words_next(&cursor, separator, &word, &len)) {
		cleanup_free char *copy = strndup(word, len);

		if (!copy)
			return -ENOMEM;
		json_string(json, copy);
	}
	json_end_array(json);
	return 0;
}

static int put_own_readings(struct json *json, const struct run *run, size_t at)
{
	const char *cursor = run->results[at].requirements, *word;
	size_t len;

	json_key(json, "own_reading");
	json_begin_array(json);
	while (words_next(&cursor, WORDS_COMMA, &word, &len)) {
		cleanup_free char *id = strndup(word, len);

		if (!id)
			return -ENOMEM;
		if (check_set_is_own_reading(run->set, run->indexes[at], id))
			json_string(json, id);
	}
	json_end_array(json);
	return 0;
}

static int put_result(struct json *json, const struct run *run, size_t at)
{
	const struct check_result *result = &run->results[at];
	int r;

	json_begin_object(json);
	json_put_string(json, "id", result->id);
	json_put_string(json, "title", result->title);
	json_put_string(json, "result", check_outcome_name(result->outcome));
	json_put_string(json, "severity", finding_severity_name(result->severity));
	json_put_string(json, "expected", result->expected);
	json_put_string(json, "actual", result->actual);
	json_put_string(json, "reason", result->reason);
	json_put_string(json, "remediation", result->remediation);
	json_put_string(json, "ot_caution", result->ot_caution);
	r = put_list(json, "controls", result->controls, WORDS_SPACE);
	if (r == 0)
		r = put_list(json, "requirements", result->requirements, WORDS_COMMA);
	if (r == 0)
		r = put_own_readings(json, run, at);
	if (r == 0)
		r = put_list(json, "techniques", result->techniques, WORDS_SPACE);
	if (waiver_of(run, at))
		waivers_put(json, waiver_of(run, at));
	json_put_time(json, "time", result->time_ns);
	if (run->is_kept[at])
		json_put_time(json, "walked", result->time_ns);
	json_put_u64(json, "duration_us", result->duration_ns / 1000);
	json_end_object(json);
	return r;
}

static int print_json(const struct run *run)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json json = JSON_INIT(&out);
	int r = 0;

	json_begin_object(&json);
	json_put_u64(&json, "plumbline", 1);
	json_put_string(&json, "profile", run->profile);
	if (check_set_tailoring(run->set))
		json_put_string(&json, "tailoring", check_set_tailoring(run->set));
	json_put_path(&json, "root", run->root);
	json_key(&json, "summary");
	json_begin_object(&json);
	for (int outcome = 0; outcome < CHECK_OUTCOME_COUNT; outcome++)
		json_put_u64(&json, check_outcome_name(outcome), run->totals[outcome]);
	json_put_u64(&json, "left_out", check_set_left_out(run->set));
	json_end_object(&json);
	json_key(&json, "waivers");
	json_begin_object(&json);
	json_put_u64(&json, "fail_waived", run->waived);
	json_put_u64(&json, "good_without", run->totals[CHECK_PASS]);
	json_put_u64(&json, "good_with", run->totals[CHECK_PASS] + run->waived);
	json_put_u64(&json, "assessed", run->totals[CHECK_PASS] + run->totals[CHECK_FAIL]);
	waivers_put_refused(&json, &run->waivers);
	json_end_object(&json);
	json_key(&json, "requirements");
	json_begin_object(&json);
	json_put_u64(&json, "with_host_evidence", run->with_evidence);
	json_put_u64(&json, "of", run->all);
	json_put_string(&json, "note", LEVEL_NOTE "; " OWN_NOTE);
	json_end_object(&json);
	json_key(&json, "results");
	json_begin_array(&json);
	for (size_t i = 0; i < run->count && r == 0; i++)
		r = put_result(&json, run, i);
	json_end_array(&json);
	json_end_object(&json);
	if (r == 0)
		r = strbuf_check(&out);
	if (r < 0)
		return log_error(r, "cannot write the results");
	printf("%s\n", out.data);
	return 0;
}

/* Whether a check means here what it means to the agent. */
static bool is_as_agent(const struct options *options, const struct config *config)
{
	return str_equal(options->root, "/") && !options->overlay && !options->category &&
	       !options->data &&
	       (!options->profile || str_equal(options->profile, config->profile));
}

static int check(const struct options *options, char **ids, size_t id_count)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_free char *data_dir = NULL;
	cleanup_with(run_done) struct run run = {.root = options->root};
	struct check_choice choice;
	struct diag diag = {0};
	struct stat st;
	char text[1024];

	if (data_dir_load_config(options->config, &config) < 0 ||
	    data_dir_find(options->data, config, &data_dir) < 0)
		return EXIT_ERROR;
	/* Every check would say the same; say it once. */
	if (stat(run.root, &st) < 0 || !S_ISDIR(st.st_mode)) {
		(void)log_error(0, "%s is no folder", run.root);
		return EXIT_ERROR;
	}
	run.profile = options->profile ? options->profile : config->profile;
	choice = (struct check_choice){
		.profile = run.profile,
		.overlay = options->overlay ? options->overlay : config->overlay,
		.category = options->category ? options->category : config->category,
	};
	if (check_set_load_for(data_dir, &choice, &run.set, &diag) < 0) {
		(void)log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
		return EXIT_ERROR;
	}
	/* What the agent has is of its own profile and of this machine. */
	if (!options->is_walk && is_as_agent(options, config) &&
	    kept_walks_ask(run.set, options->config, &run.kept) < 0)
		return log_error(-ENOMEM, "cannot ask the agent"), EXIT_ERROR;
	check_set_agent(run.set, config->state_dir, config->run_dir);
	run.host = config->name;
	run.now_ns = clock_real_ns();
	/* What is borne of this machine says nothing of another tree. */
	if (strcmp(run.root, "/") == 0 && waivers_load(config, options->data, &run.waivers) < 0)
		return EXIT_ERROR;
	if (choose(&run, ids, id_count, options->is_walk) < 0)
		return EXIT_ERROR;
	if (!options->is_json)
		print_text(&run);
	else if (print_json(&run) < 0)
		return EXIT_ERROR;
	return run.totals[CHECK_ERROR]		     ? EXIT_ERROR
	       : run.totals[CHECK_FAIL] > run.waived ? EXIT_DRIFT
						     : EXIT_GOOD;
}

static int lint(const struct options *options, char **files, size_t file_count)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_free char *data_dir = NULL;
	size_t checks = 0, total = 0;
	int status = EXIT_GOOD;

	if (data_dir_load_config(options->config, &config) < 0 ||
	    data_dir_find(options->data, config, &data_dir) < 0)
		return EXIT_ERROR;
	for (size_t i = 0; i < (file_count ? file_count : 1); i++) {
		struct diag diag = {0};
		char text[1024];

		if (check_lint(data_dir, file_count ? files[i] : NULL, &checks, &diag) < 0) {
			cleanup_strbuf struct strbuf shown = STRBUF_INIT;

			str_show(&shown, diag_format(&diag, text, sizeof(text)));
			fprintf(stderr, "%s\n", shown.data ? shown.data : "");
			status = EXIT_ERROR;
			continue;
		}
		total += checks;
	}
	if (status == EXIT_GOOD)
		printf("%zu %s well formed\n", total, total == 1 ? "check is" : "checks are");
	return status;
}

int cmd_check(int argc, char **argv)
{
	static const struct option known[] = {
		{"profile", required_argument, NULL, 'p'},
		{"overlay", required_argument, NULL, 'o'},
		{"category", required_argument, NULL, 'g'},
		{"root", required_argument, NULL, 'r'},
		{"data", required_argument, NULL, 'd'},
		{"config", required_argument, NULL, 'c'},
		{"walk", no_argument, NULL, 'w'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.root = "/"};
	bool is_lint = argc > 1 && strcmp(argv[1], "lint") == 0;
	int option;

	argc -= is_lint;
	argv += is_lint;
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'p':
			options.profile = optarg;
			break;
		case 'o':
			options.overlay = optarg;
			break;
		case 'g':
			options.category = optarg;
			break;
		case 'r':
			options.root = optarg;
			break;
		case 'd':
			options.data = optarg;
			break;
		case 'c':
			options.config = optarg;
			break;
		case 'w':
			options.is_walk = true;
			break;
		case 'j':
			options.is_json = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_GOOD;
		default:
			usage(stderr);
			return EXIT_ERROR;
		}
	}
	return is_lint ? lint(&options, argv + optind, (size_t)(argc - optind))
		       : check(&options, argv + optind, (size_t)(argc - optind));
}
