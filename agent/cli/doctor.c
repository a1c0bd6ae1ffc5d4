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

static void add_line(struct strbuf *sb, const char *text)
{
	if (sb->len > 0)
		strbuf_add_char(sb, '\n');
	strbuf_add_str(sb, text);
}

static void trim(struct strbuf *sb)
{
	while (sb->len > 0 && sb->data[sb->len - 1] == '\n')
		sb->data[--sb->len] = '\0';
}

static void read_text(struct doctor *d, const char *path, struct strbuf *sb)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	int r = fd_read_file(AT_FDCWD, path, 4096, sb);

	trim(sb);
	if (r >= 0)
		return;
	strbuf_clear(sb);
	strbuf_printf(&line, "%s: %s", path, strerror(-r));
	if (strbuf_check(&line) == 0)
		add_line(&d->not_looked, line.data);
}

/* "CapEff:\t000001ffffffffff" */
static uint64_t effective_capabilities(void)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	const char *line;

	if (fd_read_file(AT_FDCWD, "/proc/self/status", 16384, &sb) < 0)
		return 0;
	line = strstr(sb.data, "\nCapEff:");
	return line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

static void put_line(struct doctor_line *line, const char *name, int error, const char *note)
{
	str_copy(line->name, sizeof(line->name), name);
	line->error = error;
	line->note = note;
}

static void look_at_kernel(struct doctor *d)
{
	struct utsname name;

	if (uname(&name) == 0)
		str_copy(d->kernel, sizeof(d->kernel), name.release);
	read_text(d, "/sys/kernel/security/lsm", &d->lsm);
	read_text(d, "/sys/kernel/security/lockdown", &d->lockdown);
	d->has_btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static void look_at_capabilities(struct doctor *d)
{
	uint64_t effective = effective_capabilities();

	for (size_t i = 0; i < ARRAY_SIZE(wanted_capabilities); i++)
		put_line(&d->capabilities[d->capability_count++], wanted_capabilities[i].name,
			 effective >> wanted_capabilities[i].bit & 1 ? 0 : -EPERM,
			 wanted_capabilities[i].purpose);
}

static void look_at_types(struct doctor *d)
{
	for (int type = 0; type < BPF_PROBE_COUNT; type++)
		put_line(&d->types[d->type_count++], bpf_probe_name(type), bpf_probe_load(type),
			 NULL);
}

static void nowhere(const struct event *event, void *userdata)
{
}

/* Takes the rung as the sensor would, with the same self-test, and gives it up again. */
static int climb(struct doctor *d, const char *folder)
{
	struct sensor_choice choice = {.highest = "auto", .self_test_dir = folder, .fn = nowhere};
	struct sensor *sensor = NULL;
	struct sensor_part part;
	int r;

	r = sensor_choose(&choice, &d->ops, &sensor, &d->why);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < DOCTOR_MAX && d->ops->part(sensor, i, &part) == 0; i++)
		put_line(&d->parts[d->part_count++], part.name, part.error, NULL);
	d->ops->close(sensor);
	return 0;
}

static int error_of(const struct doctor *d, enum bpf_probe_type type)
{
	return d->types[type].error;
}

static bool is_locked_down(const struct doctor *d)
{
	return d->lockdown.len > 0 && strstr(d->lockdown.data, "[confidentiality]");
}

static void advise_capabilities(struct doctor *d)
{
	for (size_t i = 0; i < d->capability_count; i++) {
		if (d->capabilities[i].error == 0)
			continue;
		if (geteuid() != 0)
			add_line(&d->advice,
				 "run `plumbline doctor` as root: this answer is for an "
				 "ordinary user, the agent has more rights");
		else
			add_line(&d->advice, "give this container or service the capabilities that "
					     "are missing above");
		return;
	}
}

static void advise_kernel(struct doctor *d)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;

	if (!d->has_btf)
		add_line(&d->advice, "install a kernel with CONFIG_DEBUG_INFO_BTF=y: "
				     "/sys/kernel/btf/vmlinux is missing");
	if (is_locked_down(d))
		add_line(&d->advice, "boot with lockdown=integrity or without lockdown=: "
				     "confidentiality forbids programs to read kernel memory");
	if (d->lsm.len > 0 && !strstr(d->lsm.data, "bpf")) {
		strbuf_printf(&line, "add to the kernel line: lsm=%s,bpf", d->lsm.data);
		if (strbuf_check(&line) == 0)
			add_line(&d->advice, line.data);
	} else if (error_of(d, BPF_PROBE_LSM) == -EPERM && error_of(d, BPF_PROBE_TP_BTF) == 0) {
		add_line(&d->advice,
			 "for the lsm rung: lift the policy that refuses lsm programs "
			 "though tracepoint programs load (another security program, or "
			 "the maker of this kernel)");
	}
}

static void advise_parts(struct doctor *d)
{
	for (size_t i = 0; i < d->part_count; i++) {
		cleanup_strbuf struct strbuf line = STRBUF_INIT;

		if (d->parts[i].error == 0)
			continue;
		strbuf_printf(&line, "%s is missing (%s)%s", d->parts[i].name,
			      strerror(-d->parts[i].error),
			      str_starts(d->parts[i].name, "tracepoint/syscalls")
				      ? ": needs CONFIG_FTRACE_SYSCALLS, and tracefs mounted at "
					"/sys/kernel/tracing"
				      : "");
		if (strbuf_check(&line) == 0)
			add_line(&d->advice, line.data);
	}
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

int doctor_look(const char *folder, struct doctor *ret_doctor)
{
	cleanup_free char *own = NULL;
	struct doctor d = {0};
	int r;

	if (!folder) {
		own = make_folder();
		if (!own)
			return -errno;
	}
	look_at_kernel(&d);
	look_at_capabilities(&d);
	look_at_types(&d);
	r = climb(&d, folder ? folder : own);
	if (own)
		rmdir(own);
	if (r < 0) {
		doctor_done(&d);
		return r;
	}
	advise_capabilities(&d);
	advise_kernel(&d);
	advise_parts(&d);
	*ret_doctor = d;
	return 0;
}

void doctor_done(struct doctor *doctor)
{
	strbuf_done(&doctor->why);
	strbuf_done(&doctor->lsm);
	strbuf_done(&doctor->lockdown);
	strbuf_done(&doctor->advice);
	strbuf_done(&doctor->not_looked);
}
