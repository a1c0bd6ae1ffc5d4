/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sight.h"

#include <stddef.h>

#include "base/str.h"

const struct sensor_sight sight_trace[] = {
	{"exec", 1, "every program start, by tracepoint"},
	{"exec.script", 1, "the script that was named to execve(), by where its name leads then"},
	{"exec.who", 1, "process, parents, user, login, unit"},
	{"file.content", 1,
	 "each write-open, each close after writing, and at times while it is held open"},
	{"file.mmap-write", 1,
	 "by its change time while it is held open, and when the last mapping ends"},
	{"file.names", 1, "create, delete, rename, link"},
	{"file.attributes", 1, "mode, owner, times, extended attributes"},
	{"file.who", 1, "by process id, from the table of processes"},
	{"exec.script-swapped", 0,
	 "a script whose name leads elsewhere at once, or that root ran in a chroot, needs the lsm "
	 "rung"},
	{"interpreter.argument", 0,
	 "a script given to an interpreter as an argument needs the lsm rung"},
	{"library.load", 0, "needs the lsm rung"},
	{"module.load", 0, "needs the lsm rung"},
	{"mount", 0, "who mounted needs the lsm rung; what a mount brings is walked"},
	{"file.linked-elsewhere", 0,
	 "a write through a hard link outside the trees is found by the next walk"},
	{NULL, 0, NULL},
};

const struct sensor_sight sight_scan[] = {
	{"file.content", 1, "found by the next walk"},
	{"file.names", 1, "found by the next walk"},
	{"file.attributes", 1, "found by the next walk"},
	{"file.who", 0, "a walk finds what is there, not who did it"},
	{"exec", 0, "needs BPF tracepoints (CAP_BPF, CAP_PERFMON, BTF)"},
	{"exec.script", 0, "needs BPF tracepoints (CAP_BPF, CAP_PERFMON, BTF)"},
	{"library.load", 0, "needs the lsm rung"},
	{"module.load", 0, "needs the lsm rung"},
	{NULL, 0, NULL},
};

const struct sensor_sight *sight_of_rung(const char *rung)
{
	if (str_equal(rung, "trace"))
		return sight_trace;
	if (str_equal(rung, "scan"))
		return sight_scan;
	return NULL;
}
