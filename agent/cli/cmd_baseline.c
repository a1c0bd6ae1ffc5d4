/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline: chooses the sub-verb, and what the sub-verbs share. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/id_names.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"

#define SMALL_FILE_MAX ((size_t)1 << 20)

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} sub_verbs[] = {
	{"create", baseline_create, "hash this machine's files into a new baseline file"},
	{"sign", baseline_sign, "add an approval to a baseline file"},
	{"request-approval", baseline_request_approval, "write what is to be signed elsewhere"},
	{"attach", baseline_attach, "add an approval that was signed elsewhere"},
	{"verify", baseline_verify, "check a baseline file and its approvals"},
	{"show", baseline_show, "print statement, approvals and entries"},
	{"diff", baseline_diff_verb, "tell what one baseline approves otherwise than another"},
	{"propose", baseline_propose, "make the next revision from differences that people accept"},
	{"explain", baseline_explain, "say what a baseline's layers state about a path, and why"},
	{"export", baseline_export_verb, "write a baseline in a form that other tools read"},
	{"import", baseline_import_verb, "make a baseline of a list that a vendor delivers"},
	{"load", baseline_load, "give a baseline file to the running agent"},
	{"unload", baseline_unload, "take a layer out of what the agent has loaded"},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: plumbline baseline VERB [ARGUMENT...]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(sub_verbs); i++)
		fprintf(out, "  %-18s %s\n", sub_verbs[i].name, sub_verbs[i].help);
	fprintf(out, "\nplumbline baseline VERB --help describes one.\n");
}

int cmd_baseline(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return EXIT_GOOD;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sub_verbs); i++)
		if (strcmp(argv[1], sub_verbs[i].name) == 0)
			return sub_verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "plumbline baseline: unknown verb '%s'\n", argv[1]);
	usage(stderr);
	return EXIT_ERROR;
}

int baseline_open_path(const char *path, struct baseline **ret_baseline, struct diag *diag)
{
	/* O_NONBLOCK: a fifo in its place must not hold the program. */
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return diag_set(diag, path, 0, -errno, "cannot open: %s", strerror(errno));
	return baseline_open(fd, path, ret_baseline, diag);
}

int read_small_file(const char *path, char **ret_text, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	r = fd_read_file(AT_FDCWD, path, SMALL_FILE_MAX, &text);
	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot read: %s", strerror(-r));
	if (text.len > 0 && memchr(text.data, '\0', text.len))
		return diag_set(diag, path, 0, -EINVAL, "it is no text; PEM is wanted");
	*ret_text = strbuf_take(&text);
	return *ret_text ? 0 : -ENOMEM;
}

int baseline_set_text(char **field, const char *text)
{
	free(*field);
	*field = strdup(text);
	return *field ? 0 : -ENOMEM;
}

int baseline_set_maker(struct baseline_statement *statement)
{
	cleanup_with(id_names_freep) struct id_names *names = NULL;
	const char *user = getenv("SUDO_USER");
	char host[HOST_NAME_MAX + 1] = "", number[16];
	int r;

	r = id_names_new("/etc/passwd", "/etc/group", &names);
	if (r < 0)
		return r;
	if (getuid() != 0 || !user || !user[0])
		user = id_names_user(names, getuid());
	(void)snprintf(number, sizeof(number), "%u", getuid());
	if (gethostname(host, sizeof(host) - 1) < 0)
		return -errno;
	r = baseline_set_text(&statement->made_by, user ? user : number);
	if (r == 0)
		r = baseline_set_text(&statement->made_on, host);
	statement->made_at_ns = clock_real_ns() / NSEC_PER_MSEC * NSEC_PER_MSEC;
	return r;
}

int baseline_follow_previous(struct baseline_statement *statement, const char *file,
			     struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *previous = NULL;
	uint64_t revision;
	int r;

	if (!file) {
		if (statement->revision == 0)
			statement->revision = 1;
		return 0;
	}
	r = baseline_open_path(file, &previous, diag);
	if (r < 0)
		return r;
	revision = baseline_get_statement(previous)->revision;
	str_copy(statement->previous, sizeof(statement->previous), baseline_get_digest(previous));
	if (statement->revision == 0)
		statement->revision = revision + 1;
	if (statement->revision <= revision)
		return diag_set(diag, file, 0, -EINVAL,
				"it is revision %" PRIu64 "; the new one must be higher", revision);
	return 0;
}

int fail_with(int r, const struct diag *diag)
{
	char text[1024];

	if (diag->text[0])
		(void)log_error(0, "%s", diag_format(diag, text, sizeof(text)));
	else
		(void)log_error(r, "failed");
	return EXIT_ERROR;
}

int fail_usage(const char *verb, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "plumbline %s: ", verb);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see plumbline %s --help\n", verb);
	return EXIT_ERROR;
}
