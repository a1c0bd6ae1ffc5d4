/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "sensor/bpf_probe.h"
#include "sensor/rights.h"
#include "sensor/sensor.h"
#include "sensor/verdicts.h"

static const struct {
	const char *name;
	unsigned bit;
	const char *purpose;
} wanted_capabilities[] = {
	{"cap_bpf", CAP_BPF, "loads programs"},
	{"cap_perfmon", CAP_PERFMON, "attaches them to tracepoints"},
	{"cap_sys_admin", CAP_SYS_ADMIN, "marks whole file systems for change events"},
	{"cap_dac_read_search", CAP_DAC_READ_SEARCH, "reads and hashes files of every user"},
	{"cap_sys_ptrace", CAP_SYS_PTRACE, "reads /proc/PID/exe of every process"},
};

void doctor_add_line(struct strbuf *lines, const char *label, const char *text)
{
	if (lines->len > 0)
		strbuf_add_char(lines, '\n');
	strbuf_printf(lines, "%s%s", label, text);
}

static void trim(struct strbuf *sb)
{
	while (sb->len > 0 && sb->data[sb->len - 1] == '\n')
		sb->data[--sb->len] = '\0';
}

static void read_text(struct doctor *d, const char *path, struct strbuf *sb)
{
	int r = fd_read_file(AT_FDCWD, path, 4096, sb);

	trim(sb);
	if (r >= 0)
		return;
	strbuf_clear(sb);
	doctor_add_line(&d->not_looked, path, ": ");
	strbuf_add_str(&d->not_looked, strerror(-r));
}

static void look_at_kernel(struct doctor *d)
{
	struct utsname name;

	if (uname(&name) == 0)
		str_copy(d->kernel, sizeof(d->kernel), name.release);
	read_text(d, "/sys/kernel/security/lsm", &d->lsm);
	read_text(d, "/sys/kernel/security/lockdown", &d->lockdown);
	read_text(d, "/proc/cmdline", &d->cmdline);
	d->has_btf = rights_has_btf();
}

static void list_capabilities(struct doctor *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted_capabilities); i++) {
		bool has_it = d->standing.capabilities >> wanted_capabilities[i].bit & 1;

		d->capabilities[d->capability_count++] = (struct doctor_line){
			wanted_capabilities[i].name,
			has_it ? 0 : -EPERM,
			wanted_capabilities[i].purpose,
		};
	}
}

static void look_at_types(struct doctor *d)
{
	for (int type = 0; type < BPF_PROBE_COUNT; type++)
		d->types[d->type_count++] =
			(struct doctor_line){bpf_probe_name(type), bpf_probe_load(type), NULL};
}

static void nowhere(const struct event *event, void *userdata)
{
}

/* Takes the rung as the sensor would, with the same self-test, and gives it up again. */
static const char *find_no_denial(const struct sensor_ops *ops, struct sensor *sensor)
{
	struct verdicts *verdicts = ops->verdicts ? ops->verdicts(sensor) : NULL;
	cleanup_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (!verdicts)
		return DOCTOR_NO_LSM;
	if (fd < 0 || verdicts_try(verdicts, fd) < 0)
		return DOCTOR_NO_STORAGE;
	return NULL;
}

static int climb(struct doctor *d, const char *folder)
{
	struct sensor_choice choice = {
		.highest = "auto",
		.self_test_dir = folder,
		.fn = nowhere,
		.ret_standing = &d->standing,
	};
	const struct sensor_ops *ops;
	struct sensor *sensor = NULL;
	int r;

	d->no_denial = DOCTOR_NO_LSM;
	r = sensor_choose(&choice, &ops, &sensor, &d->why);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	str_copy(d->rung, sizeof(d->rung), ops->name);
	d->sights = ops->sights;
	sensor_list_parts(ops, sensor, &d->standing);
	d->no_denial = find_no_denial(ops, sensor);
	ops->close(sensor);
	return 0;
}

static char *make_folder(void)
{
	const char *parent = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/plumbline-doctor.XXXXXX",
		     parent && parent[0] == '/' ? parent : "/tmp") < 0)
		return NULL;
	if (!mkdtemp(path)) {
		free(path);
		return NULL;
	}
	return path;
}

const char *doctor_why(const struct doctor *doctor, const char *name, size_t *ret_len)
{
	const char *line = doctor->why.len ? doctor->why.data : NULL;
	size_t len = strlen(name);

	for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, name, len) != 0 || strncmp(line + len, ": ", 2) != 0)
			continue;
		line += len + 2;
		*ret_len = strcspn(line, "\n");
		return line;
	}
	return NULL;
}

static int try_here(struct doctor *d)
{
	cleanup_free char *folder = make_folder();
	int r;

	if (!folder)
		return -errno;
	look_at_types(d);
	r = climb(d, folder);
	rmdir(folder);
	return r;
}

int doctor_look(const struct control_target *target, struct doctor *ret_doctor)
{
	struct doctor *d = ret_doctor;
	int r = -ENOENT;

	*d = (struct doctor){0};
	look_at_kernel(d);
	if (target)
		r = doctor_ask(target, d);
	if (r < 0)
		r = try_here(d);
	if (r < 0) {
		doctor_done(d);
		return r;
	}
	list_capabilities(d);
	doctor_advise(d);
	return 0;
}

void doctor_done(struct doctor *doctor)
{
	strbuf_done(&doctor->why);
	strbuf_done(&doctor->lsm);
	strbuf_done(&doctor->cmdline);
	strbuf_done(&doctor->lockdown);
	strbuf_done(&doctor->not_looked);
}
