/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counts as run time of a BPF program that does nothing: its two looks at the
 * clock, which are in the count of every program. Picoseconds of one run; the kernel must be
 * counting (bpf_stats_enabled).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define RUNS 1000

static int measure(unsigned long long *ret_picoseconds)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	cleanup_close int program = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "nothing", "GPL",
						  nothing, ARRAY_SIZE(nothing), NULL);
	const char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = RUNS);
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	if (program < 0 || bpf_prog_test_run_opts(program, &options) < 0 ||
	    bpf_obj_get_info_by_fd(program, &info, &len) < 0)
		return -errno;
	if (info.run_cnt == 0)
		return -ENODATA;
	*ret_picoseconds = 1000 * info.run_time_ns / info.run_cnt;
	return 0;
}

int main(void)
{
	unsigned long long picoseconds = 0;
	int r = measure(&picoseconds);

	if (r < 0) {
		fprintf(stderr, "bench_counting: %s\n", strerror(-r));
		return 1;
	}
	printf("%llu\n", picoseconds);
	return 0;
}
