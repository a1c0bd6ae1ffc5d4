/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline-collector: reads the command line and the settings, and runs one verb. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "verbs.h"

static const struct verb verbs[] = {
	{"serve", {""}, "take batches from agents over mutual TLS 1.3", "", verb_serve},
	{"agents", {"[--json]"}, "who reports, since when, and what is open", "j", verb_agents},
	{"findings",
	 {"[--agent NAME] [--each] [--change-set ID] [--json] [--follow]"},
	 "differences that agents reported",
	 "ajwes",
	 verb_findings},
	{"report",
	 {"[--format FORMAT] -o FILE [--agent NAME] [--framework NAME [--level LEVEL] "
	  "[--scope FILE]] [--waivers FILE [--ca FILE]]"},
	 "write a report",
	 "afokldvp",
	 verb_report},
	{"incident",
	 {"declare FINDING --agent NAME --by NAME --reason TEXT [--at TIME]",
	  "report FINDING --agent NAME --by NAME [--reference TEXT] [--at TIME]",
	  "close FINDING --agent NAME --by NAME --reason TEXT",
	  "list [--agent NAME] [--all] [--json]"},
	 "incidents, their report clock and what they hold",
	 "12abrtunj",
	 verb_incident},
	{"import", {"FILE [-o RECEIPT]"}, "take batches that came by file", "1o", verb_import},
	{"receipt",
	 {"AGENT [-o RECEIPT]"},
	 "sign how far an agent's records are stored",
	 "1o",
	 verb_receipt},
	{"retire",
	 {"AGENT"},
	 "keep an agent's past under another name, for a machine set up anew",
	 "1",
	 verb_retire},
	{.name = NULL},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: plumbline-collector VERB [--config FILE] [OPTION...]\n\n");
	for (const struct verb *verb = verbs; verb->name; verb++) {
		fprintf(out, "  %-9s %s\n", verb->name, verb->help);
		for (const char *const *form = verb->forms; *form; form++)
			if ((*form)[0])
				fprintf(out, "            %s\n", *form);
	}
	fprintf(out, "\nThe settings are in %s unless --config names another file.\n",
		SETTINGS_PATH_DEFAULT);
}

/* The slot of an option that takes a value, or NULL. */
static const char **value_slot(struct options *options, const char *word, char *ret_letter)
{
	if (strcmp(word, "--config") == 0)
		return *ret_letter = 'c', &options->config;
	if (strcmp(word, "--agent") == 0)
		return *ret_letter = 'a', &options->agent;
	if (strcmp(word, "--format") == 0)
		return *ret_letter = 'f', &options->format;
	if (strcmp(word, "--framework") == 0)
		return *ret_letter = 'k', &options->framework;
	if (strcmp(word, "--level") == 0)
		return *ret_letter = 'l', &options->level;
	if (strcmp(word, "--scope") == 0)
		return *ret_letter = 'd', &options->scope;
	if (strcmp(word, "--waivers") == 0)
		return *ret_letter = 'v', &options->waivers;
	if (strcmp(word, "--ca") == 0)
		return *ret_letter = 'p', &options->ca;
	if (strcmp(word, "--by") == 0)
		return *ret_letter = 'b', &options->by;
	if (strcmp(word, "--reason") == 0)
		return *ret_letter = 'r', &options->reason;
	if (strcmp(word, "--reference") == 0)
		return *ret_letter = 't', &options->reference;
	if (strcmp(word, "--at") == 0)
		return *ret_letter = 'u', &options->at;
	if (strcmp(word, "-o") == 0)
		return *ret_letter = 'o', &options->output;
	if (strcmp(word, "--change-set") == 0)
		return *ret_letter = 's', &options->change_set;
	return NULL;
}

static void verb_usage(const struct verb *verb, FILE *out)
{
	for (const char *const *form = verb->forms; *form; form++)
		fprintf(out, "%s plumbline-collector %s [--config FILE]%s%s\n",
			form == verb->forms ? "usage:" : "      ", verb->name,
			(*form)[0] ? " " : "", *form);
}

static int bad_option(const struct verb *verb, const char *problem, const char *word)
{
	fprintf(stderr, "plumbline-collector: %s %s%s\n", verb->name, problem, word);
	verb_usage(verb, stderr);
	return -EINVAL;
}

static int parse_options(const struct verb *verb, int argc, char **argv, struct options *options)
{
	for (int i = 0; i < argc; i++) {
		char letter = '1';
		const char **slot = value_slot(options, argv[i], &letter);
		bool *flag = NULL;

		if (strcmp(argv[i], "--json") == 0)
			letter = 'j', flag = &options->as_json;
		else if (strcmp(argv[i], "--follow") == 0)
			letter = 'w', flag = &options->follow;
		else if (strcmp(argv[i], "--each") == 0)
			letter = 'e', flag = &options->each;
		else if (strcmp(argv[i], "--all") == 0)
			letter = 'n', flag = &options->all;
		else if (!slot && (argv[i][0] == '-' || options->second))
			return bad_option(verb, "does not take ", argv[i]);
		else if (!slot && options->argument)
			letter = '2';

		if (letter != 'c' && !strchr(verb->allowed, letter))
			return bad_option(verb, "does not take ", argv[i]);
		if (slot && ++i == argc)
			return bad_option(verb, "needs a value after ", argv[i - 1]);

		if (slot)
			*slot = argv[i];
		else if (flag)
			*flag = true;
		else if (letter == '2')
			options->second = argv[i];
		else
			options->argument = argv[i];
	}
	if (strchr(verb->allowed, '1') && !options->argument)
		return bad_option(verb, "needs ",
				  strcmp(verb->name, "import") == 0 ? "FILE"
				  : strcmp(verb->name, "incident") == 0
					  ? "declare, report, close or list"
					  : "AGENT");
	return 0;
}

int verb_open_store(const struct settings *settings, struct store **ret_store)
{
	struct stat st;
	int r;

	if (stat(settings->path, &st) < 0)
		return log_error(-errno, "cannot reach the store in %s", settings->path);
	if (geteuid() == 0 && st.st_uid != 0 &&
	    (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 || setuid(st.st_uid) < 0))
		return log_error(-errno, "cannot become the owner of %s", settings->path);

	r = store_sqlite.open(settings->path, ret_store);
	if (r < 0)
		return log_error(r, "cannot open the store in %s", settings->path);
	return 0;
}

int verb_load_waivers(const struct settings *settings, const struct options *options,
		      struct waiver_folder *ret_folder)
{
	const char *ca = options->ca ? options->ca : settings->approver_ca;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (options->waivers) {
		r = waiver_folder_add(options->waivers, ca, ret_folder, &diag);
		return r < 0 ? log_error(diag.text[0] ? 0 : r, "%s",
					 diag.text[0] ? diag_format(&diag, text, sizeof(text))
						      : options->waivers),
		       r     : 0;
	}
	r = waiver_folder_read(settings->waivers, ca, ret_folder);
	for (size_t i = 0; i < ret_folder->refused_count; i++)
		log_warning(0, "waivers that do not count: %s", ret_folder->refused[i]);
	return r < 0 ? log_error(r, "cannot load the waivers") : 0;
}

int verb_open_output(const char *path, FILE **ret_file)
{
	cleanup_close int fd = -1;
	FILE *file;

	if (!path) {
		*ret_file = NULL;
		return 0;
	}
	fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
				    : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return log_error(-errno, "cannot write %s", path);
	file = fdopen(fd, "w");
	if (!file)
		return log_error(-errno, "cannot write %s", path);
	(void)TAKE_FD(fd);
	*ret_file = file;
	return 0;
}

int verb_finish_output(FILE *file)
{
	struct stat st;

	if (fflush(file) != 0)
		return -errno;
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) &&
	    ftruncate(fileno(file), ftello(file)) < 0)
		return -errno;
	return 0;
}

static int run(int argc, char **argv)
{
	cleanup_with(settings_freep) struct settings *settings = NULL;
	struct options options = {.config = SETTINGS_PATH_DEFAULT};
	const struct verb *verb = verbs;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		usage(stdout);
		return EXIT_GOOD;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("plumbline-collector %s\n", PLUMBLINE_VERSION);
		return EXIT_GOOD;
	}

	while (verb->name && (argc < 2 || strcmp(verb->name, argv[1]) != 0))
		verb++;
	if (!verb->name) {
		usage(stderr);
		return EXIT_ERROR;
	}
	if (argc == 3 && strcmp(argv[2], "--help") == 0) {
		verb_usage(verb, stdout);
		printf("\n%s.\n", verb->help);
		return EXIT_GOOD;
	}
	if (parse_options(verb, argc - 2, argv + 2, &options) < 0)
		return EXIT_ERROR;

	r = settings_load(options.config, &settings, &diag);
	if (r < 0) {
		if (diag.text[0])
			log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
		else
			log_error(r, "cannot read %s", options.config);
		return EXIT_ERROR;
	}
	return verb->run(settings, &options);
}

/* An answer that did not arrive whole, as on a full disk, is none. */
int main(int argc, char **argv)
{
	int status;

	log_init("plumbline-collector", LOG_LEVEL_INFO);
	status = run(argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error(0, "standard output could not be written whole");
	return EXIT_ERROR;
}
