/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier_cost: what each BPF program costs the kernel's verifier here.
 *
 * Loads each program alone, attaches none, and prints a line for it:
 * "NAME SECTION INSTRUCTIONS" as the verifier counted them, or "NAME SECTION -ERRNO" when
 * the kernel does not take it, which is right for programs of other kernels.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/agent.skel.h"

/* BPF_LOG_STATS: the counts at the end and nothing of the way there. */
#define LOG_STATS 4
#define LOG_BYTES (1 << 16)

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

/* "processed 1234 insns (limit 1000000) ..." */
static long processed(const char *log)
{
	const char *at = strstr(log, "processed ");

	return at ? strtol(at + strlen("processed "), NULL, 10) : -1;
}

static int try_one(const char *name, char *log)
{
	struct agent_bpf *skel = agent_bpf__open();
	struct bpf_program *program, *wanted = NULL;
	int r;

	if (!skel)
		return -1;
	bpf_object__for_each_program(program, skel->obj)
	{
		bool is_wanted = strcmp(bpf_program__name(program), name) == 0;

		bpf_program__set_autoload(program, is_wanted);
		if (is_wanted)
			wanted = program;
	}
	log[0] = '\0';
	bpf_program__set_log_level(wanted, LOG_STATS);
	bpf_program__set_log_buf(wanted, log, LOG_BYTES);
	r = agent_bpf__load(skel);
	printf("%s %s %ld\n", name, bpf_program__section_name(wanted), r < 0 ? r : processed(log));
	agent_bpf__destroy(skel);
	return 0;
}

int main(void)
{
	struct agent_bpf *skel = agent_bpf__open();
	char *log = malloc(LOG_BYTES);
	struct bpf_program *program;
	int r = skel && log ? 0 : -1;

	libbpf_set_print(quiet);
	bpf_object__for_each_program(program, skel->obj) if (r == 0) r =
		try_one(bpf_program__name(program), log);
	agent_bpf__destroy(skel);
	free(log);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
