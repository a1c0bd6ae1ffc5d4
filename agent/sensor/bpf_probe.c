/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/bpf_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

struct probe {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	const char *hook; /* looked up in the kernel's BTF; NULL: needs none */
	unsigned flags;
};

static const struct probe probes[BPF_PROBE_COUNT] = {
	[BPF_PROBE_LSM] = {"lsm", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bprm_check_security", 0},
	[BPF_PROBE_LSM_SLEEPABLE] = {"lsm.s", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bprm_check_security",
				     BPF_F_SLEEPABLE},
	[BPF_PROBE_FENTRY] = {"fentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY,
			      "security_bprm_check", 0},
	[BPF_PROBE_FMOD_RET] = {"fmod_ret", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN,
				"security_bprm_check", 0},
	[BPF_PROBE_TP_BTF] = {"tp_btf", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP,
			      "sched_process_exec", 0},
	[BPF_PROBE_RAW_TRACEPOINT] = {"raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL, 0},
	[BPF_PROBE_TRACEPOINT] = {"tp", BPF_PROG_TYPE_TRACEPOINT, 0, NULL, 0},
	[BPF_PROBE_ITERATOR] = {"iter", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "task", 0},
};

const char *bpf_probe_name(enum bpf_probe_type type)
{
	return probes[type].name;
}

int bpf_probe_load(enum bpf_probe_type type)
{
	const struct probe *probe = &probes[type];
	/* r0 = 0; exit */
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = probe->attach,
		    .prog_flags = probe->flags);
	cleanup_close int fd = -1;

	libbpf_set_print(NULL);
	if (probe->hook) {
		int id = libbpf_find_vmlinux_btf_id(probe->hook, probe->attach);

		if (id <= 0)
			return id < 0 ? id : -ENOENT;
		options.attach_btf_id = (uint32_t)id;
	}
	fd = bpf_prog_load(probe->type, "plumbline_probe", "Dual BSD/GPL", insns, ARRAY_SIZE(insns),
			   &options);
	return fd < 0 ? -errno : 0;
}

bool bpf_probe_is_call_refused(void)
{
	union bpf_attr attr = {0};

	/* No kernel has this command, and says so to who may ask at all. */
	return syscall(SYS_bpf, -1, &attr, sizeof(attr)) < 0 && errno == EPERM;
}
