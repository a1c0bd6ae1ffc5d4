/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that system calls have for 32-bit programs on this machine, where that is known. A file
 * of its own: these names and those of <sys/syscall.h> are the same.
 */
#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "checks/audit_rules.h"

#if defined(__x86_64__)
#include <asm/unistd_32.h>

#define CALL(call) .name = #call, .number = __NR_##call

static const struct {
	const char *name;
	int number;
} calls[] = {
	{CALL(adjtimex)},      {CALL(chmod)},	     {CALL(chown)},	    {CALL(clock_adjtime)},
	{CALL(clock_settime)}, {CALL(creat)},	     {CALL(delete_module)}, {CALL(execve)},
	{CALL(execveat)},      {CALL(fchmod)},	     {CALL(fchmodat)},	    {CALL(fchown)},
	{CALL(fchownat)},      {CALL(finit_module)}, {CALL(fremovexattr)},  {CALL(fsetxattr)},
	{CALL(ftruncate)},     {CALL(init_module)},  {CALL(lchown)},	    {CALL(lremovexattr)},
	{CALL(lsetxattr)},     {CALL(mount)},	     {CALL(open)},	    {CALL(openat)},
	{CALL(openat2)},       {CALL(ptrace)},	     {CALL(removexattr)},   {CALL(rename)},
	{CALL(renameat)},      {CALL(renameat2)},    {CALL(rmdir)},	    {CALL(setdomainname)},
	{CALL(sethostname)},   {CALL(settimeofday)}, {CALL(setxattr)},	    {CALL(truncate)},
	{CALL(umount2)},       {CALL(unlink)},	     {CALL(unlinkat)},
};

int audit_call_number_32(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (str_equal(calls[i].name, name))
			return calls[i].number;
	return -EINVAL;
}
#else
int audit_call_number_32(const char *name)
{
	(void)name;
	return -ENOENT;
}
#endif
