/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lsm rung: all that the trace rung sees, and from BPF programs on LSM hooks
 * what becomes code and each open for writing. It observes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "sensor/bpf_probe.h"
#include "sensor/rights.h"
#include "sensor/sensor_bpf.h"

/* The active security modules, "lockdown,capability,bpf"; "" when they cannot be read. */
static void read_lsm_list(struct strbuf *list)
{
	if (fd_read_file(AT_FDCWD, "/sys/kernel/security/lsm", 4096, list) < 0)
		strbuf_clear(list);
	while (list->len > 0 && list->data[list->len - 1] == '\n')
		list->data[--list->len] = '\0';
}

/* The kernel takes such programs also where it never calls them. */
static int check_list(const char *list, struct strbuf *reterr)
{
	if (str_has_word(list, "bpf", ','))
		return 0;
	if (list[0])
		strbuf_printf(
			reterr,
			"%sthe kernel calls no BPF programs on LSM hooks: bpf is not among its "
			"active modules; the kernel line needs lsm=%s,bpf",
			reterr->len ? "; " : "", list);
	return list[0] ? -EOPNOTSUPP : 0;
}

static void explain_refusal(int error, struct strbuf *reterr)
{
	bool is_alone = bpf_probe_load(BPF_PROBE_TP_BTF) == 0;

	if (error == -EPERM && is_alone)
		strbuf_add_str(reterr,
			       "the kernel refused the program with EPERM (Operation not "
			       "permitted) though it takes tracepoint programs: a policy of "
			       "this machine forbids it");
	else if (error == -ENOENT && is_alone)
		strbuf_add_str(reterr, "this kernel has no LSM hooks for programs: it was built "
				       "without CONFIG_BPF_LSM");
	else
		rights_explain(error, reterr);
}

static int lsm_probe(struct strbuf *reterr)
{
	cleanup_strbuf struct strbuf list = STRBUF_INIT;
	int r = bpf_probe_load(BPF_PROBE_LSM), listed;

	read_lsm_list(&list);
	if (r < 0)
		explain_refusal(r, reterr);
	listed = check_list(list.len ? list.data : "", reterr);
	if (r == 0)
		r = listed;
	return r < 0 ? r : sensor_bpf_probe(reterr);
}

static int lsm_open(const struct sensor_choice *choice, struct sensor **ret_sensor)
{
	static const struct sensor_bpf_kind kind = {.ops = &sensor_lsm, .has_lsm = true};

	return sensor_bpf_open(&kind, choice, ret_sensor);
}

const struct sensor_ops sensor_lsm = {
	.name = "lsm",
	.sights = sight_lsm,
	.probe = lsm_probe,
	.open = lsm_open,
	.watch = sensor_bpf_watch,
	.fd = sensor_bpf_fd,
	.dispatch = sensor_bpf_dispatch,
	.self_test = sensor_bpf_self_test,
	.close = sensor_bpf_close,
	.inventory = sensor_bpf_inventory,
	.rescan = sensor_bpf_rescan,
	.recheck = sensor_bpf_recheck,
	.hold = sensor_bpf_hold,
	.held = sensor_bpf_held,
	.settle = sensor_bpf_settle,
	.who = sensor_bpf_who,
	.who_mounted = sensor_bpf_who_mounted,
	.part = sensor_bpf_part,
	.verdicts = sensor_bpf_verdicts,
};
