/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "sensor/bpf_probe.h"

const struct sensor_ops *const sensor_backends[] = {
	&sensor_trace,
	&sensor_scan,
	NULL,
};

static void explain(struct strbuf *why, const char *name, const struct strbuf *text, int r)
{
	if (why->len > 0)
		strbuf_add_char(why, '\n');
	strbuf_printf(why, "%s: %s", name, text->len > 0 ? text->data : strerror(-r));
}

static int try_backend(const struct sensor_ops *ops, const struct sensor_choice *choice,
		       struct sensor **ret_sensor, struct strbuf *why)
{
	struct sensor *sensor = NULL;
	int r;

	r = ops->probe(why);
	if (r < 0)
		return r;
	r = ops->open(choice->fn, choice->userdata, &sensor);
	if (r < 0)
		return r;
	r = ops->self_test(sensor, choice->self_test_dir, why);
	if (r < 0) {
		ops->close(sensor);
		return r;
	}
	*ret_sensor = sensor;
	return 0;
}

static bool is_above(const struct sensor_ops *ops, const char *highest)
{
	if (str_equal(highest, "auto") || str_equal(highest, ops->name))
		return false;
	/* The list is in order: what stands before the wanted one is above it. */
	for (const struct sensor_ops *const *p = sensor_backends; *p && *p != ops; p++)
		if (str_equal((*p)->name, highest))
			return false;
	return true;
}

int sensor_choose(const struct sensor_choice *choice, const struct sensor_ops **ret_ops,
		  struct sensor **ret_sensor, struct strbuf *ret_why)
{
	int r = -EOPNOTSUPP;

	sensor_explain_lsm(ret_why);
	for (const struct sensor_ops *const *p = sensor_backends; *p; p++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (is_above(*p, choice->highest)) {
			strbuf_add_str(&text, "not tried, [sensor] rung says so");
			explain(ret_why, (*p)->name, &text, 0);
			continue;
		}
		r = try_backend(*p, choice, ret_sensor, &text);
		if (r == 0) {
			*ret_ops = *p;
			return 0;
		}
		explain(ret_why, (*p)->name, &text, r);
	}
	return r;
}

void sensor_explain_lsm(struct strbuf *why)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = bpf_probe_load(BPF_PROBE_LSM);

	switch (-r) {
	case 0:
		strbuf_add_str(
			&text,
			"not in this version of Plumbline, though the kernel loads its programs");
		break;
	case EPERM:
		strbuf_add_str(
			&text,
			"the kernel refused the program with EPERM (Operation not permitted): "
			"CAP_BPF and CAP_PERFMON are missing, or a security module forbids "
			"it");
		break;
	case ENOENT:
	case ESRCH:
	case EINVAL:
		strbuf_printf(
			&text,
			"the kernel has no such programs (%s): it needs CONFIG_BPF_LSM, BTF, and "
			"\"bpf\" in lsm= of the kernel line",
			strerror(-r));
		break;
	default:
		strbuf_printf(&text, "the kernel refused the program: %s", strerror(-r));
	}
	explain(why, "lsm", &text, r);
}
