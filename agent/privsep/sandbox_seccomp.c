/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call filters: what each role may ask of the kernel, grouped by purpose.
 *
 * A call that no group names answers ENOSYS, which libraries take for an older
 * kernel. A call that only an attacker would make ends the process (trap), and
 * the process says which call it was before it dies. Nothing here grants a
 * right; capabilities and file modes still apply.
 *
 * The supervisor's filter is inherited by every child and in force while a
 * child prepares itself, so it allows the sum of all, and refuses what nobody needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "privsep/message.h"
#include "privsep/sandbox_parts.h"

/* si_code of the kernel's own SIGSYS; the C library has no name for it. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

#define SUPERVISOR (1u << ROLE_SUPERVISOR)
#define VERIFIER   (1u << ROLE_VERIFIER)
#define SENSOR	   (1u << ROLE_SENSOR)
#define ASSESSOR   (1u << ROLE_ASSESSOR)
#define DUMPER	   (1u << ROLE_DUMPER)
#define RECORDER   (1u << ROLE_RECORDER)
#define REPORTER   (1u << ROLE_REPORTER)
#define QUERY	   (1u << ROLE_QUERY)
#define REPLIER	   (1u << ROLE_REPLIER)
#define WATCHDOG   (1u << ROLE_WATCHDOG)
#define HASHER	   (1u << ROLE_HASHER)
#define EVERYONE                                                                            \
	(SUPERVISOR | VERIFIER | SENSOR | ASSESSOR | DUMPER | RECORDER | REPORTER | QUERY | \
	 REPLIER | WATCHDOG | HASHER)

struct group {
	unsigned roles;
	const char *const *calls; /* ended by NULL */
};

#define CALLS(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static const struct group allowed[] = {
	/* memory */
	{EVERYONE, CALLS("brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "membarrier")},
	/* own life */
	{EVERYONE, CALLS("exit", "exit_group", "restart_syscall", "rt_sigaction", "rt_sigprocmask",
			 "rt_sigreturn", "sigaltstack", "rt_sigtimedwait", "alarm", "setitimer",
			 "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid",
			 "getresuid", "getresgid", "getgroups", "getrusage", "uname", "sysinfo",
			 "getcpu", "sched_yield", "sched_getaffinity", "futex", "set_robust_list",
			 "get_robust_list", "rseq", "getrandom")},
	/* time */
	{EVERYONE, CALLS("clock_gettime", "clock_getres", "gettimeofday", "time", "times",
			 "nanosleep", "clock_nanosleep")},
	/* the loop */
	{EVERYONE, CALLS("epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
			 "poll", "ppoll", "select", "pselect6", "timerfd_create", "timerfd_settime",
			 "timerfd_gettime", "signalfd4", "eventfd2", "pipe2", "dup", "dup2", "dup3",
			 "fcntl", "close", "close_range")},
	/* bytes through descriptors that are open */
	{EVERYONE, CALLS("read", "readv", "pread64", "preadv", "write", "writev", "lseek", "fstat",
			 "fstatfs", "fadvise64", "readahead", "sendmsg", "recvmsg", "sendto",
			 "recvfrom", "getsockopt", "shutdown")},
	/* files, reading; openat is in the rules below */
	{EVERYONE,
	 CALLS("stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
	       "readlink", "readlinkat", "getdents64", "getcwd", "statfs", "flock")},
	{SUPERVISOR | SENSOR | ASSESSOR,
	 CALLS("getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
	       "name_to_handle_at", "chdir", "fchdir")},
	/* files, writing */
	{SUPERVISOR | RECORDER,
	 CALLS("pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "rename",
	       "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "fchmod",
	       "fchmodat", "fchown", "utimensat", "umask", "copy_file_range", "sendfile")},
	/* what was hashed before; the one file that is open for writing */
	{SENSOR, CALLS("pwrite64")},
	/* control socket */
	{SUPERVISOR | RECORDER, CALLS("accept4")},
	/* network */
	{SUPERVISOR | REPORTER, CALLS("connect", "bind", "getsockname", "getpeername", "setsockopt",
				      "sendmmsg", "recvmmsg", "socketpair")},
	/* the sensor's kernel side; bpf is in the rules below */
	{SUPERVISOR | SENSOR,
	 CALLS("fanotify_mark", "inotify_add_watch", "inotify_rm_watch", "open_by_handle_at",
	       "pidfd_open", "ioprio_set", "setpriority", "sched_setscheduler", "sched_setattr")},
	/* its walk waits behind all others */
	{ASSESSOR, CALLS("ioprio_set")},
	/* the permission mode; none of them opens a file */
	{REPLIER, CALLS("fanotify_mark")},
	{WATCHDOG, CALLS("wait4", "kill")},
	/* paths below a root folder; writing through it is left to file modes, as the call's flags
	 * cannot be seen here, and to this role all files of others are read-only */
	{SUPERVISOR | ASSESSOR, CALLS("openat2")},
	/* the start of a program of the system, which may do no more than read */
	{QUERY, CALLS("execve", "arch_prctl", "set_tid_address", "getrlimit", "capget", "chdir",
		      "fchdir", "umask", "msync", "sched_getparam", "sched_getscheduler")},
	/* start and end of children, and what they do before their own filter */
	{SUPERVISOR,
	 CALLS("clone", "fork", "vfork", "wait4", "waitid", "execve", "execveat", "kill", "tgkill",
	       "pidfd_send_signal", "arch_prctl", "set_tid_address", "setuid", "setgid", "setreuid",
	       "setregid", "setresuid", "setresgid", "setgroups", "capget", "capset", "prctl",
	       "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
	       "prlimit64", "getrlimit", "setrlimit", "setsid", "setpgid", "getpgrp", "getpgid",
	       "getsid", "listen", "socket", "openat", "open", "ioctl", "chown", "fchownat",
	       "lchown", "chmod", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat",
	       "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
	       "truncate", "utime", "utimes", "futimesat", "memfd_create", "inotify_init1",
	       "fanotify_init", "bpf", "perf_event_open", "mlock", "munlock", "msync",
	       "sync_file_range", "syncfs", "ioprio_get", "getpriority", "sched_getparam",
	       "sched_getscheduler", "sched_get_priority_min", "sched_get_priority_max",
	       "sched_setparam", "sched_setaffinity", "sched_getattr")},
};

/* Calls that end the process that makes them, unless a group or a rule gives them to its role. */
static const char *const refused[] = {
	/* other programs, other ids, other name spaces */
	"execve",
	"execveat",
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setgroups",
	"setfsuid",
	"setfsgid",
	"capset",
	"unshare",
	"setns",
	"chroot",
	"pivot_root",
	/* other processes */
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"kcmp",
	"pidfd_getfd",
	"kill",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"pidfd_send_signal",
	/* the kernel itself */
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"iopl",
	"ioperm",
	"modify_ldt",
	"add_key",
	"request_key",
	"keyctl",
	"lookup_dcookie",
	"syslog",
	/* the machine */
	"reboot",
	"swapon",
	"swapoff",
	"acct",
	"quotactl",
	"quotactl_fd",
	"sethostname",
	"setdomainname",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"vhangup",
	/* mounts */
	"mount",
	"umount2",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
};

enum answer {
	ANSWER_ALLOW,
	ANSWER_EACCES,
	ANSWER_TRAP,
};

/* What depends on an argument: (argument & mask) == value. */
struct rule {
	unsigned roles;
	const char *call;
	unsigned argument;
	uint64_t mask, value;
	enum answer answer;
};

#define ALL_BITS      UINT64_MAX
#define INT_BITS      UINT32_MAX /* the kernel ignores the upper half of an int argument */
#define READ_ONLY     (SENSOR | VERIFIER | ASSESSOR | REPORTER | QUERY)
#define CHILDREN      (EVERYONE & ~SUPERVISOR)
#define OFFLINE	      (CHILDREN & ~REPORTER)
#define OPEN_TO_WRITE (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct rule rules[] = {
	/* Reading only: this is what keeps uid 0 without DAC capabilities from changing root's
	   files. */
	{READ_ONLY, "openat", 2, OPEN_TO_WRITE, O_RDONLY, ANSWER_ALLOW},
	{READ_ONLY, "openat", 2, O_ACCMODE, O_WRONLY, ANSWER_EACCES},
	{READ_ONLY, "openat", 2, O_ACCMODE, O_RDWR, ANSWER_EACCES},
	{READ_ONLY, "openat", 2, O_ACCMODE, O_ACCMODE, ANSWER_EACCES},
	{READ_ONLY, "openat", 2, O_CREAT, O_CREAT, ANSWER_EACCES},
	{READ_ONLY, "openat", 2, O_TRUNC, O_TRUNC, ANSWER_EACCES},
	{READ_ONLY, "open", 1, OPEN_TO_WRITE, O_RDONLY, ANSWER_ALLOW},
	{RECORDER, "openat", 2, 0, 0, ANSWER_ALLOW},
	{RECORDER, "open", 1, 0, 0, ANSWER_ALLOW},

	/* The name resolver's threads, never processes. */
	{REPORTER, "clone", 0, CLONE_THREAD | CLONE_NEWUSER, CLONE_THREAD, ANSWER_ALLOW},

	{REPORTER, "socket", 0, INT_BITS, AF_INET, ANSWER_ALLOW},
	{REPORTER, "socket", 0, INT_BITS, AF_INET6, ANSWER_ALLOW},
	{REPORTER, "socket", 0, INT_BITS, AF_NETLINK, ANSWER_ALLOW},
	{REPORTER, "socket", 0, INT_BITS, AF_UNIX, ANSWER_ALLOW},
	{OFFLINE, "socket", 0, INT_BITS, AF_INET, ANSWER_TRAP},
	{OFFLINE, "socket", 0, INT_BITS, AF_INET6, ANSWER_TRAP},
	{CHILDREN, "socket", 0, INT_BITS, AF_PACKET, ANSWER_TRAP},

	/* Maps, once the programs are loaded. */
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_LOOKUP_ELEM, ANSWER_ALLOW},
	/* A set of decisions, made before it takes the place of the one in force. */
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_CREATE, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_UPDATE_ELEM, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_DELETE_ELEM, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_GET_NEXT_KEY, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_LOOKUP_AND_DELETE_ELEM, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_LOOKUP_BATCH, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_UPDATE_BATCH, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_MAP_DELETE_BATCH, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_OBJ_GET_INFO_BY_FD, ANSWER_ALLOW},
	/* The list of what runs, from a program that is loaded. */
	{SENSOR, "bpf", 0, INT_BITS, BPF_ITER_CREATE, ANSWER_ALLOW},
	{SENSOR, "bpf", 0, INT_BITS, BPF_PROG_LOAD, ANSWER_TRAP},

	/* Its own limits and name only. */
	{CHILDREN, "prlimit64", 0, INT_BITS, 0, ANSWER_ALLOW},
	{CHILDREN, "prctl", 0, INT_BITS, PR_SET_NAME, ANSWER_ALLOW},
	{CHILDREN, "prctl", 0, INT_BITS, PR_GET_NAME, ANSWER_ALLOW},
	{CHILDREN, "prctl", 0, INT_BITS, PR_SET_PDEATHSIG, ANSWER_ALLOW},
	{CHILDREN, "prctl", 0, INT_BITS, PR_CAPBSET_READ, ANSWER_ALLOW},
	{CHILDREN, "prctl", 0, INT_BITS, PR_SET_VMA, ANSWER_ALLOW},

	{CHILDREN, "ioctl", 1, INT_BITS, TCGETS, ANSWER_ALLOW},
	{CHILDREN, "ioctl", 1, INT_BITS, FIONREAD, ANSWER_ALLOW},
	{CHILDREN, "ioctl", 1, INT_BITS, FIONBIO, ANSWER_ALLOW},
	{SENSOR, "ioctl", 1, INT_BITS, PERF_EVENT_IOC_DISABLE, ANSWER_ALLOW},
	{SENSOR | ASSESSOR, "ioctl", 1, INT_BITS, (uint32_t)FS_IOC_GETFLAGS, ANSWER_ALLOW},
};

static uint32_t action_of(enum answer answer, enum sandbox_mode mode)
{
	switch (answer) {
	case ANSWER_ALLOW:
		return SCMP_ACT_ALLOW;
	case ANSWER_EACCES:
		return mode == SANDBOX_LOG ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(EACCES);
	case ANSWER_TRAP:
		return mode == SANDBOX_LOG ? SCMP_ACT_LOG : SCMP_ACT_TRAP;
	}
	return SCMP_ACT_KILL_PROCESS;
}

/* Names that this architecture or library does not know cannot be called either. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *call, unsigned count,
	       const struct scmp_arg_cmp *compare)
{
	int number = seccomp_syscall_resolve_name(call);

	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add_array(filter, action, number, count, compare);
}

static bool is_in_group(enum process_role role, const char *call)
{
	for (unsigned i = 0; i < ARRAY_SIZE(allowed); i++)
		for (const char *const *c = allowed[i].calls;
		     (allowed[i].roles & (1u << role)) && *c; c++)
			if (strcmp(*c, call) == 0)
				return true;
	return false;
}

static int add_groups(scmp_filter_ctx filter, enum process_role role)
{
	for (unsigned i = 0; i < ARRAY_SIZE(allowed); i++)
		for (const char *const *c = allowed[i].calls;
		     (allowed[i].roles & (1u << role)) && *c; c++) {
			int r = add(filter, SCMP_ACT_ALLOW, *c, 0, NULL);

			if (r < 0)
				return r;
		}
	return 0;
}

static int add_rules(scmp_filter_ctx filter, enum process_role role, enum sandbox_mode mode)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		const struct scmp_arg_cmp compare = {rule->argument, SCMP_CMP_MASKED_EQ, rule->mask,
						     rule->value};
		uint32_t action = action_of(rule->answer, mode);
		int r;

		/* In log mode the default says the same, and the library refuses to be told twice.
		 */
		if (!(rule->roles & (1u << role)) || action == SCMP_ACT_LOG)
			continue;
		r = add(filter, action, rule->call, rule->mask ? 1 : 0, &compare);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool has_rule(enum process_role role, const char *call)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		if ((rules[i].roles & (1u << role)) && strcmp(rules[i].call, call) == 0)
			return true;
	return false;
}

static int add_refused(scmp_filter_ctx filter, enum process_role role, enum sandbox_mode mode)
{
	if (mode == SANDBOX_LOG)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
		int r;

		if (is_in_group(role, refused[i]) || has_rule(role, refused[i]))
			continue;
		r = add(filter, action_of(ANSWER_TRAP, mode), refused[i], 0, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* abort() and the handler below signal this process; no other may be signalled. */
static int add_own_signals(scmp_filter_ctx filter, enum process_role role)
{
	const struct scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid());

	if (role == ROLE_SUPERVISOR)
		return 0;
	return add(filter, SCMP_ACT_ALLOW, "tgkill", 1, &self);
}

/*
 * A refused call ends here: tell the supervisor which one (as MSG_REFUSED_CALL, built by hand,
 * since a signal handler must not allocate), then die of the same signal.
 */
static void on_refused_call(int signo, siginfo_t *info, void *context)
{
	struct message message = {.type = MSG_REFUSED_CALL, .len = 10};
	uint32_t values[] = {(uint32_t)info->si_syscall, info->si_arch};
	uint8_t datagram[MESSAGE_HEADER_BYTES + 10];
	uint8_t *at = datagram + MESSAGE_HEADER_BYTES;

	message_write_header(&message, datagram);
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		*at++ = 'u';
		for (unsigned shift = 0; shift < 32; shift += 8)
			*at++ = (uint8_t)(values[i] >> shift);
	}
	/* Anybody with the right may send the signal; only the kernel's own names a call. */
	if (info->si_code == SYS_SECCOMP)
		(void)send(CHILD_FD_SUPERVISOR, datagram, sizeof(datagram),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	signal(signo, SIG_DFL);
	raise(signo);
	/* The signal is blocked in here and comes on return; the call answers ENOSYS meanwhile. */
}

static int catch_refused_calls(enum process_role role)
{
	struct sigaction action = {.sa_sigaction = on_refused_call, .sa_flags = SA_SIGINFO};

	/* The supervisor has nobody to tell: the default action ends it, and the service manager
	 * sees SIGSYS. */
	if (role == ROLE_SUPERVISOR)
		return 0;
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

int sandbox_seccomp(enum process_role role, enum sandbox_mode mode, struct diag *diag)
{
	uint32_t by_default = mode == SANDBOX_LOG ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(ENOSYS);
	scmp_filter_ctx filter = seccomp_init(by_default);
	int r;

	if (!filter)
		return diag_set(diag, NULL, 0, -ENOMEM, "cannot make a system call filter");
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_groups(filter, role);
	if (r == 0)
		r = add_rules(filter, role, mode);
	if (r == 0)
		r = add_refused(filter, role, mode);
	if (r == 0)
		r = add_own_signals(filter, role);
	if (r == 0 && mode == SANDBOX_ENFORCE)
		r = catch_refused_calls(role);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		return diag_set(diag, NULL, 0, r, "cannot install the system call filter");
	return 0;
}

char *sandbox_syscall_name(uint32_t architecture, uint32_t number)
{
	return seccomp_syscall_resolve_num_arch(architecture, (int)number);
}
