/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person would have to change so that the machine gets a higher rung.
 *
 * Each rung has its needs; a change is told for each need that is not met, with
 * the words that have to be written and where. Nothing is changed here.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/doctor.h"
#include "sensor/rights.h"

#define HOW_UNIT                                                             \
	"in the unit: `systemctl edit plumbline-agent`, section [Service], " \
	"CapabilityBoundingSet=; "                                           \
	"in a container: --cap-add"
#define HOW_KERNEL "on Debian 11 or later: apt install linux-image-amd64, and start it"

struct need {
	const char *rung;
	bool has_programs, has_lsm_hooks;
};

static const struct need needs[] = {
	{"lsm", true, true},
	{"trace", true, false},
	{"fanotify", false, false},
};

/* A change that leads to @rung (NULL: to all of the one that is there). */
__attribute__((format(printf, 5, 6))) static void
add(struct doctor *d, const char *rung, const char *kind, const char *how, const char *format, ...)
{
	struct doctor_change *change = &d->changes[d->change_count];
	va_list args;

	if (d->change_count == DOCTOR_CHANGES_MAX)
		return;
	d->change_count++;
	*change = (struct doctor_change){.rung = rung, .kind = kind};
	str_copy(change->how, sizeof(change->how), how);
	va_start(args, format);
	vsnprintf(change->what, sizeof(change->what), format, args);
	va_end(args);
}

/* The word of the kernel line that begins with @key ("lsm="), in @word; false when there is none.
 */
static bool find_word(const struct strbuf *line, const char *key, char *word, size_t size)
{
	const char *at = line->len ? line->data : "";

	for (; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		if (!str_starts(at, key) || len >= size)
			continue;
		memcpy(word, at, len);
		word[len] = '\0';
		return true;
	}
	return false;
}

/* @key=VALUE on the kernel line, which may have another value of it already. */
static void add_kernel_word(struct doctor *d, const char *rung, const char *key, const char *value)
{
	char word[256], how[600];
	bool is_there = find_word(&d->cmdline, key, word, sizeof(word));

	snprintf(how, sizeof(how),
		 "on Debian: %s GRUB_CMDLINE_LINUX in /etc/default/grub%s%s, run update-grub, and "
		 "start the machine anew",
		 is_there ? "set it in" : "add it to", is_there ? " in place of " : "",
		 is_there ? word : "");
	add(d, rung, "kernel line", how, "%s%s", key, value);
}

static bool has(const struct doctor *d, unsigned capability)
{
	return d->standing.capabilities >> capability & 1;
}

static void advise_capabilities(struct doctor *d, const struct need *need)
{
	bool may_load = !need->has_programs || rights_may_load(d->standing.capabilities);
	bool may_mark = has(d, CAP_SYS_ADMIN);

	if (d->standing.hindrances & STANDING_NAMESPACED)
		add(d, need->rung, "user namespace",
		    "of a container: start it without a user namespace of its own "
		    "(--userns=host, privileged)",
		    "capabilities of the first user namespace");
	if (may_load && may_mark)
		return;
	if (geteuid() != 0 && !d->is_told)
		add(d, need->rung, "user", "this answer is for an ordinary user",
		    "run `plumbline doctor` as root");
	else
		add(d, need->rung, "capability", HOW_UNIT, "%s%s%s",
		    may_load ? "" : "CAP_BPF CAP_PERFMON", may_load || may_mark ? "" : " ",
		    may_mark ? "" : "CAP_SYS_ADMIN");
}

static void advise_lsm_list(struct doctor *d, const char *rung)
{
	char value[512];

	if (d->lsm.len == 0) {
		add(d, rung, "mount",
		    "then ask again: without it nobody can say whether bpf is active",
		    "mount -t securityfs securityfs /sys/kernel/security");
	} else if (!str_has_word(d->lsm.data, "bpf", ',')) {
		snprintf(value, sizeof(value), "%s,bpf", d->lsm.data);
		add_kernel_word(d, rung, "lsm=", value);
	}
}

static void advise_lsm_hooks(struct doctor *d, const char *rung, int error)
{
	bool has_trace = str_equal(d->rung, "trace");

	advise_lsm_list(d, rung);
	if (error == -EPERM && has_trace)
		add(d, rung, "policy", "ask who made this kernel or set up this machine",
		    "lift what forbids BPF programs on LSM hooks though those on tracepoints "
		    "load");
	if (error == -ENOENT && has_trace)
		add(d, rung, "kernel", HOW_KERNEL, "a kernel with CONFIG_BPF_LSM=y");
}

static void advise_programs(struct doctor *d, const char *rung)
{
	if (d->standing.hindrances & STANDING_FILTERED)
		add(d, rung, "filter",
		    "in the unit: SystemCallFilter=; in a container: its seccomp profile",
		    "allow the system call bpf");
	if (!d->has_btf)
		add(d, rung, "kernel", HOW_KERNEL, "a kernel with CONFIG_DEBUG_INFO_BTF=y");
	if (d->lockdown.len > 0 && strstr(d->lockdown.data, "[confidentiality]"))
		add_kernel_word(d, rung, "lockdown=", "integrity");
}

static const struct need *need_of(const char *rung)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (str_equal(needs[i].rung, rung))
			return &needs[i];
	return NULL;
}

static void advise_rung(struct doctor *d, const struct standing_rung *rung)
{
	const struct need *need = need_of(rung->name);

	if (rung->error == -ECANCELED) {
		add(d, rung->name, "setting", "in /etc/plumbline/plumbline.conf, section [sensor]",
		    "rung = auto");
		return;
	}
	if (!need)
		return;
	advise_capabilities(d, need);
	if (need->has_programs)
		advise_programs(d, rung->name);
	if (need->has_lsm_hooks)
		advise_lsm_hooks(d, rung->name, rung->error);
}

static void advise_parts(struct doctor *d)
{
	bool has_told_tracefs = false;

	for (size_t i = 0; i < d->standing.part_count; i++) {
		const struct standing_part *part = &d->standing.parts[i];

		if (!standing_part_is_missing(part))
			continue;
		if (part->error == -ENOENT && str_starts(part->name, "tracepoint/")) {
			if (!has_told_tracefs)
				add(d, NULL, "mount", "before the agent starts",
				    "mount -t tracefs tracefs /sys/kernel/tracing");
			has_told_tracefs = true;
		} else if (part->error == -ENOMEM && str_equal(part->name, "inode storage")) {
			add(d, NULL, "processor",
			    "of a virtual machine: give it the real processor's type (host)",
			    "a processor with cx16 in its flags");
			add_kernel_word(d, NULL, "slab_debug=", "F,kmalloc-*");
		}
	}
}

void doctor_advise(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->standing.rung_count; i++)
		advise_rung(doctor, &doctor->standing.rungs[i]);
	advise_parts(doctor);
}
