/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sight.h"

#include <stddef.h>

#include "base/str.h"

const struct sensor_sight sight_lsm[] = {
	{"exec", 1, "every program start, by tracepoint"},
	{"exec.script", 1, "the script that was named to execve(), by where its name leads then"},
	{"exec.script-swapped", 1,
	 "by the very file that the kernel opens, the first time since it was written"},
	{"exec.who", 1, "process, parents, user, login, unit"},
	{"exec.memory", 1, "a program that has no file (memfd)"},
	{"exec.namespaces", 1, "a program on a file system that only another mount namespace has"},
	{"library.load", 1,
	 "each file mapped or made executable, the first time since it was written"},
	{"module.load", 1, "from a file, and that one came from memory"},
	{"exec.loader", 1, "a program given to the dynamic loader as an argument, as it is mapped"},
	{"file.content", 1,
	 "each write-open by whatever road, each close after writing, and at times while it is "
	 "held open"},
	{"file.mmap-write", 1,
	 "by its change time while it is held open, and when the last mapping ends"},
	{"file.linked-elsewhere", 1, "a write through a hard link outside the trees"},
	{"file.names", 1, "create, delete, rename, link"},
	{"file.attributes", 1, "mode, owner, times, extended attributes"},
	{"file.who", 1, "by process id, from the table of processes"},
	{"mount", 1,
	 "what is mounted in monitored places, by the mount table; who did it, by hook"},
	{"clock", 1, "each step back, also one that is undone at once, and who set the clock"},
	{"library.before", 0, "what was loaded before the agent started"},
	{"memory.executable", 0, "executable memory that no file stands behind"},
	{"interpreter.argument", 0,
	 "a script given to an interpreter as an argument is data to the kernel"},
	{NULL, 0, NULL},
};

const struct sensor_sight sight_trace[] = {
	{"exec", 1, "every program start, by tracepoint"},
	{"exec.script", 1, "the script that was named to execve(), by where its name leads then"},
	{"exec.who", 1, "process, parents, user, login, unit"},
	{"exec.memory", 1, "a program that has no file (memfd)"},
	{"exec.namespaces", 1, "a program on a file system that only another mount namespace has"},
	{"file.content", 1,
	 "each write-open, each close after writing, and at times while it is held open"},
	{"file.mmap-write", 1,
	 "by its change time while it is held open, and when the last mapping ends"},
	{"file.names", 1, "create, delete, rename, link"},
	{"file.attributes", 1, "mode, owner, times, extended attributes"},
	{"file.who", 1, "by process id, from the table of processes"},
	{"mount", 1,
	 "what is mounted in monitored places, by the mount table; who did it, by system call"},
	{"clock", 1, "each step back, also one that is undone at once, and who set the clock"},
	{"exec.script-swapped", 0,
	 "a script whose name leads elsewhere at once, or that root ran in a chroot, needs the lsm "
	 "rung"},
	{"exec.loader", 0,
	 "of a program given to the dynamic loader as an argument the loader alone is seen"},
	{"interpreter.argument", 0,
	 "a script given to an interpreter as an argument is data to the kernel"},
	{"library.load", 0, "needs the lsm rung"},
	{"module.load", 0, "needs the lsm rung"},
	{"file.linked-elsewhere", 0,
	 "a write through a hard link outside the trees is found by the next walk"},
	{NULL, 0, NULL},
};

const struct sensor_sight sight_fanotify[] = {
	{"exec", 1, "each file that is opened to be run, also when the start then fails"},
	{"exec.script", 1, "by the very file that the kernel opens"},
	{"exec.script-swapped", 1, "by the very file that the kernel opens"},
	{"exec.who", 1,
	 "process, parents, user, login, unit, from /proc; of one that ended at once its number"},
	{"file.content", 1, "each close after writing, and within a minute while it is held open"},
	{"file.mmap-write", 1, "within a minute, and when the last mapping ends"},
	{"file.names", 1, "create, delete, rename, link"},
	{"file.attributes", 1, "mode, owner, times, extended attributes"},
	{"file.who", 1, "by process id, from /proc; nobody when the process ended at once"},
	{"mount", 1, "what is mounted in monitored places, by the mount table; not who did it"},
	{"clock", 1, "steps back that last, not who set the clock"},
	{"exec.memory", 0, "a program that has no file (memfd) needs BPF programs"},
	{"exec.namespaces", 0,
	 "a program on a file system that only another mount namespace has needs BPF programs"},
	{"exec.loader", 0,
	 "of a program given to the dynamic loader as an argument the loader alone is seen"},
	{"interpreter.argument", 0,
	 "a script given to an interpreter as an argument is data to the kernel"},
	{"library.load", 0, "needs the lsm rung"},
	{"module.load", 0, "needs the lsm rung"},
	{"file.linked-elsewhere", 0,
	 "a write through a hard link outside the trees is found by the next walk"},
	{NULL, 0, NULL},
};

const struct sensor_sight sight_scan[] = {
	{"clock", 1, "steps back that last, not who set the clock"},
	{"file.content", 1, "found by the next walk"},
	{"file.names", 1, "found by the next walk"},
	{"file.attributes", 1, "found by the next walk"},
	{"file.who", 0, "a walk finds what is there, not who did it"},
	{"exec", 0,
	 "needs fanotify (CAP_SYS_ADMIN) or BPF tracepoints (CAP_BPF, CAP_PERFMON, BTF)"},
	{"exec.script", 0,
	 "needs fanotify (CAP_SYS_ADMIN) or BPF tracepoints (CAP_BPF, CAP_PERFMON, BTF)"},
	{"library.load", 0, "needs the lsm rung"},
	{"module.load", 0, "needs the lsm rung"},
	{"mount", 0, "what a mount brings is found by the next walk, not the mount nor who did it"},
	{NULL, 0, NULL},
};

const struct sensor_sight *sight_of_rung(const char *rung)
{
	if (str_equal(rung, "lsm"))
		return sight_lsm;
	if (str_equal(rung, "trace"))
		return sight_trace;
	if (str_equal(rung, "fanotify"))
		return sight_fanotify;
	if (str_equal(rung, "scan"))
		return sight_scan;
	return NULL;
}
