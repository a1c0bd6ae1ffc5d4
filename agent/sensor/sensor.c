/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
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

/* The active security modules, "lockdown,capability,bpf"; "" when they cannot be read. */
static void read_lsm_list(struct strbuf *list)
{
	if (fd_read_file(AT_FDCWD, "/sys/kernel/security/lsm", 4096, list) < 0)
		strbuf_clear(list);
	while (list->len > 0 && list->data[list->len - 1] == '\n')
		list->data[--list->len] = '\0';
}

static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

void sensor_explain_lsm(struct strbuf *why)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, list = STRBUF_INIT;
	int r = bpf_probe_load(BPF_PROBE_LSM);

	read_lsm_list(&list);
	if (r == 0)
		strbuf_add_str(&text,
			       "the kernel takes its programs, but this version of Plumbline "
			       "has none");
	else if (r == -EPERM && bpf_probe_load(BPF_PROBE_TP_BTF) == 0)
		strbuf_add_str(&text, "the kernel refused the program with EPERM (Operation not "
				      "permitted) though it takes tracepoint programs: a policy of "
				      "this machine forbids it");
	else if (r == -EPERM || r == -EACCES)
		strbuf_printf(&text,
			      "the kernel refused the program (%s): needs CAP_BPF and CAP_PERFMON",
			      strerror(-r));
	else
		strbuf_printf(&text,
			      "the kernel refused the program (%s): needs CONFIG_BPF_LSM and "
			      "CONFIG_DEBUG_INFO_BTF",
			      strerror(-r));
	if (list.len > 0 && !list_has(list.data, "bpf"))
		strbuf_printf(&text, "; and the kernel line needs lsm=%s,bpf", list.data);
	explain(why, "lsm", &text, r);
}
