/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline export: what waits for the collector, as a file to carry there. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/control.h"
#include "cli/verbs.h"

struct output {
	int fd;
	uint64_t bytes;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline export --since SEQUENCE -o FILE\n\n"
	      "Writes the records from SEQUENCE on that no collector has acknowledged, in the form "
	      "that\n"
	      "`plumbline-collector import` takes and `zstdcat` reads. FILE must not exist.\n\n"
	      "  --since SEQUENCE  first record number; 1 is all of them\n" CONTROL_OPTIONS_HELP,
	      out);
}

static int on_data(const void *data, size_t len, void *userdata)
{
	struct output *output = userdata;
	int r;

	r = fd_write_all(output->fd, data, len);
	if (r < 0)
		return r;
	output->bytes += len;
	return 0;
}

static int fetch(const struct control_target *target, const char *since, struct output *output)
{
	const char *const arguments[] = {since, NULL};
	const struct control_request request = {
		.verb = "export",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_data = on_data,
		.userdata = output,
	};

	if (control_run_loud(target, &request) < 0)
		return EXIT_ERROR;
	if (fsync(output->fd) < 0) {
		fprintf(stderr, "plumbline: export: the file could not be written: %s\n",
			strerror(errno));
		return EXIT_ERROR;
	}
	return EXIT_GOOD;
}

/* A file that holds only a part would be imported without complaint, so it does not stay. */
static int export_to(const struct control_target *target, const char *since, const char *path)
{
	cleanup_close int fd = -1;
	struct output output = {0};
	int status;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		fprintf(stderr, "plumbline: export: %s: %s\n", path, strerror(errno));
		return EXIT_ERROR;
	}
	output.fd = fd;
	status = fetch(target, since, &output);
	if (status != EXIT_GOOD) {
		unlink(path);
		return status;
	}
	fprintf(stderr, "plumbline: export: %" PRIu64 " bytes in %s%s\n", output.bytes, path,
		output.bytes ? "" : "; nothing waits for the collector");
	return EXIT_GOOD;
}

int cmd_export(int argc, char **argv)
{
	static const struct option table[] = {
		{"since", required_argument, NULL, 's'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	const char *since = NULL, *path = NULL;
	uint64_t sequence;
	int option;

	while ((option = getopt_long(argc, argv, "o:h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 's')
			since = optarg;
		else if (option == 'o')
			path = optarg;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc || !since || !path) {
		if (optind < argc)
			fprintf(stderr, "plumbline: export: what is '%s'?\n", argv[optind]);
		else
			fprintf(stderr, "plumbline: export: --since and -o are needed\n");
		usage(stderr);
		return EXIT_ERROR;
	}
	if (str_to_u64(since, 10, &sequence) < 0) {
		fprintf(stderr, "plumbline: export: --since takes a record number, not '%s'\n",
			since);
		return EXIT_ERROR;
	}
	return export_to(&target, since, path);
}
