/* SPDX-License-Identifier: Apache-2.0 */
#include "model/standing.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

const char *part_state_name(enum part_state state)
{
	static const char *const names[PART_STATE_COUNT] = {
		[PART_ATTACHED] = "attached",
		[PART_REFUSED] = "refused",
		[PART_ABSENT] = "absent",
		[PART_UNNEEDED] = "unneeded",
	};

	return (unsigned)state < PART_STATE_COUNT ? names[state] : "unknown";
}

/* By hook; tests/lint/hooks.py holds it against the programs in ebpf/. */
static const struct {
	const char *name, *serves;
} parts[] = {
	{"bpffs", "sight while the agent restarts"},
	{"fanotify (FID, notification only)", "changes of files, names and attributes"},
	{"fanotify FAN_OPEN_EXEC", "program starts"},
	{"fanotify FAN_OPEN_EXEC_PERM", "denial of programs on [sensor] permission_mounts"},
	{"fanotify FAN_REPORT_PIDFD", "that a process number is still the same process"},
	{"inode storage", "what is known of a file and need not be told twice, by whatever name"},
	{"iter/task", "programs that ran before the agent"},
	{"lsm/bprm_check_security", "scripts, by the very file that the kernel opens"},
	{"lsm/file_mprotect", "files made executable after they were mapped"},
	{"lsm/file_open", "each open for writing, by whatever road"},
	{"lsm/inode_link", "new names of monitored files"},
	{"lsm/inode_removexattr", "security labels taken off"},
	{"lsm/inode_setattr", "files cut or grown without an open, other modes and owners"},
	{"lsm/inode_setxattr", "security labels, capabilities of files"},
	{"lsm/kernel_load_data", "kernel modules from memory"},
	{"lsm/kernel_read_file", "kernel modules from files"},
	{"lsm/mmap_file", "libraries and what else is mapped executable"},
	{"lsm/move_mount", "who mounts by move_mount(), the newer calls' last step"},
	{"lsm/sb_kern_mount",
	 "file systems made ready, so that no older digest is taken for theirs"},
	{"lsm/sb_mount", "who mounts by mount()"},
	{"lsm/sb_pivotroot", "who changes the root of a mount namespace"},
	{"lsm/sb_remount", "who changes the options of a file system"},
	{"lsm/sb_umount", "who unmounts"},
	{"lsm/settime", "who sets the clock"},
	{"tp_btf/sched_process_exec", "program starts"},
	{"tp_btf/sched_process_exit",
	 "ends of processes, so that a number used again misleads nobody"},
	{"tp_btf/sched_process_fork", "new processes, so that each change has its right parent"},
	{"tracepoint/syscalls/sys_enter_adjtimex",
	 "steps of the clock by adjtimex(), as they begin"},
	{"tracepoint/syscalls/sys_enter_clock_adjtime",
	 "steps of the clock by clock_adjtime(), as they begin"},
	{"tracepoint/syscalls/sys_enter_clock_settime",
	 "who sets the clock by clock_settime(), as it begins"},
	{"tracepoint/syscalls/sys_enter_fsconfig",
	 "file systems made ready or changed by fsconfig()"},
	{"tracepoint/syscalls/sys_enter_mount", "who mounts by mount(), as it begins"},
	{"tracepoint/syscalls/sys_enter_mount_setattr", "who changes a mount, as it begins"},
	{"tracepoint/syscalls/sys_enter_move_mount", "who mounts by move_mount(), as it begins"},
	{"tracepoint/syscalls/sys_enter_pivot_root", "who changes the root of a mount namespace"},
	{"tracepoint/syscalls/sys_enter_settimeofday",
	 "who sets the clock by settimeofday(), as it begins"},
	{"tracepoint/syscalls/sys_enter_truncate", "files cut without an open"},
	{"tracepoint/syscalls/sys_enter_umount", "who unmounts, as it begins"},
	{"tracepoint/syscalls/sys_exit_adjtimex", "who steps the clock by adjtimex()"},
	{"tracepoint/syscalls/sys_exit_clock_adjtime", "who steps the clock by clock_adjtime()"},
	{"tracepoint/syscalls/sys_exit_clock_settime", "who sets the clock by clock_settime()"},
	{"tracepoint/syscalls/sys_exit_creat", "opens for writing by creat()"},
	{"tracepoint/syscalls/sys_exit_mount", "who mounts by mount()"},
	{"tracepoint/syscalls/sys_exit_mount_setattr", "who changes a mount by mount_setattr()"},
	{"tracepoint/syscalls/sys_exit_move_mount", "who mounts by move_mount()"},
	{"tracepoint/syscalls/sys_exit_open", "opens for writing by open()"},
	{"tracepoint/syscalls/sys_exit_open_by_handle_at", "opens for writing by file handle"},
	{"tracepoint/syscalls/sys_exit_openat", "opens for writing by openat()"},
	{"tracepoint/syscalls/sys_exit_openat2", "opens for writing by openat2()"},
	{"tracepoint/syscalls/sys_exit_settimeofday", "who sets the clock by settimeofday()"},
	{"tracepoint/syscalls/sys_exit_umount", "who unmounts"},
};

const char *standing_part_serves(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (str_equal(parts[i].name, name))
			return parts[i].serves;
	return NULL;
}

const char *standing_part_problem(const struct standing_part *part)
{
	if (!standing_part_is_missing(part))
		return "";
	if (part->state == PART_ABSENT)
		return "this kernel has no such hook";
	if (part->error == -ENOENT && str_starts(part->name, "tracepoint/syscalls/"))
		return "not found: tracefs is not mounted at /sys/kernel/tracing, or the kernel "
		       "was built without CONFIG_FTRACE_SYSCALLS";
	if (part->error == -ENOMEM && str_equal(part->name, "inode storage"))
		return "facts about files cannot be kept on this processor: for this kernel it "
		       "needs cmpxchg16b (cx16 in /proc/cpuinfo)";
	return strerror(-part->error);
}

bool standing_part_is_missing(const struct standing_part *part)
{
	return part->state == PART_REFUSED || part->state == PART_ABSENT;
}

static bool is_same_part(const struct standing_part *a, const struct standing_part *b)
{
	return str_equal(a->name, b->name) && a->state == b->state && a->error == b->error &&
	       a->skipped == b->skipped;
}

bool standing_is_same(const struct standing *a, const struct standing *b)
{
	if (a->capabilities != b->capabilities || a->hindrances != b->hindrances ||
	    a->rung_count != b->rung_count || a->part_count != b->part_count)
		return false;
	for (size_t i = 0; i < a->rung_count; i++)
		if (!str_equal(a->rungs[i].name, b->rungs[i].name) ||
		    a->rungs[i].error != b->rungs[i].error)
			return false;
	for (size_t i = 0; i < a->part_count; i++)
		if (!is_same_part(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}

uint64_t standing_skipped_since(const struct standing *now, const struct standing *before)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < now->part_count; i++) {
		uint64_t count = now->parts[i].skipped;
		uint64_t known = i < before->part_count ? before->parts[i].skipped : 0;

		/* The same parts in the same order, unless the rung was taken anew. */
		if (i < before->part_count && !str_equal(now->parts[i].name, before->parts[i].name))
			known = 0;
		sum += count > known ? count - known : 0;
	}
	return sum;
}
