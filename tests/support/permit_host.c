/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permission mode on mounts of a test.
 *
 *   permit_host [-e] [-l] [-d DEADLINE_MS] [-s STALL_MS] [-n NEVER_WAIT] -a HEX MOUNT...
 *
 * -e enforces, -l denies what comes late, -a names an approved digest. Prints the processes as one
 * line of JSON, then for each line of its input the state and the counters. Marks nothing but
 * file systems that a test mounted for it (tmpfs, source plumbline-test).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "sensor/mounts.h"
#include "sensor/permit.h"

#define MAX_APPROVED 8

struct approved {
	uint8_t sha256[MAX_APPROVED][SHA256_SIZE];
	size_t count;
};

static enum permit_verdict decide(const uint8_t sha256[SHA256_SIZE], int fd, void *userdata)
{
	const struct approved *approved = userdata;

	for (size_t i = 0; i < approved->count; i++)
		if (memcmp(approved->sha256[i], sha256, SHA256_SIZE) == 0)
			return PERMIT_APPROVE;
	return PERMIT_DENY;
}

static void print_counters(struct permit *permit)
{
	const struct permit_counters *c = permit_counters(permit);
	static const char *const states[] = {"works", "stalled", "ended"};

	printf("{\"state\":\"%s\",\"asked\":%" PRIu64 ",\"approved\":%" PRIu64
	       ",\"denied\":%" PRIu64 ",\"cached\":%" PRIu64 ",\"late\":%" PRIu64
	       ",\"full\":%" PRIu64 ",\"written\":%" PRIu64 ",\"overflows\":%" PRIu64 "}\n",
	       states[permit_state(permit)], c->asked, c->approved, c->denied, c->cached, c->late,
	       c->full, c->written, c->overflows);
}

static void run(struct permit *permit)
{
	pid_t watchdog, replier, hasher;
	char line[64];

	permit_pids(permit, &watchdog, &replier, &hasher);
	printf("{\"watchdog\":%d,\"replier\":%d,\"hasher\":%d}\n", watchdog, replier, hasher);
	while (fgets(line, sizeof(line), stdin)) {
		if (str_equal(line, "changed\n"))
			permit_decisions_changed(permit);
		print_counters(permit);
	}
}

static int find_own(const struct mount_line *line, void *userdata)
{
	return str_equal(line->point, userdata) && str_equal(line->type, "tmpfs") &&
	       str_equal(line->source, "plumbline-test");
}

static bool are_own(char **mounts)
{
	for (; *mounts; mounts++)
		if (mounts_each(find_own, *mounts) != 1)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct permit_options options = {
		.deadline_ns = PERMIT_DEADLINE_NS, .stall_ns = PERMIT_STALL_NS, .decide = decide};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *never_wait[] = {NULL, NULL};
	struct approved approved = {0};
	struct permit *permit = NULL;
	int option, r;

	log_init("permit_host", LOG_LEVEL_INFO);
	setvbuf(stdout, NULL, _IOLBF, 0);
	options.userdata = &approved;
	while ((option = getopt(argc, argv, "eld:s:n:a:")) != -1) {
		if (option == 'e')
			options.is_enforcing = true;
		else if (option == 'l')
			options.denies_late = true;
		else if (option == 'd')
			options.deadline_ns = atoll(optarg) * 1000000;
		else if (option == 's')
			options.stall_ns = atoll(optarg) * 1000000;
		else if (option == 'n')
			never_wait[0] = optarg;
		else if (option != 'a' || approved.count == MAX_APPROVED ||
			 hex_decode(optarg, strlen(optarg), approved.sha256[approved.count++],
				    SHA256_SIZE) < 0)
			return log_error(0, "usage: permit_host [OPTION]... MOUNT..."),
			       EXIT_FAILURE;
	}
	if (!are_own(argv + optind))
		return log_error(0, "no file system of a test"), EXIT_FAILURE;
	r = permit_start(&options, &permit, &text);
	if (r == 0)
		r = permit_mark(permit, argv + optind, never_wait, &text);
	if (r != 0)
		return log_error(r, "%s", text.len ? text.data : "refused"), EXIT_FAILURE;
	run(permit);
	permit_stop(permit);
	return EXIT_SUCCESS;
}
