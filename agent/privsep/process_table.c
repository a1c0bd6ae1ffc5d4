/* SPDX-License-Identifier: Apache-2.0 */
/* The process table. sandbox_seccomp.c has the matching system calls. */
#include "privsep/process_table.h"

#include <linux/capability.h>
#include <stddef.h>

#define BIT(role) (1u << (role))
#define MIB	  (1024ull * 1024)

#define CAPABILITIES(...)       \
	(const int[])           \
	{                       \
		__VA_ARGS__, -1 \
	}
#define NO_CAPABILITIES \
	(const int[])   \
	{               \
		-1      \
	}

/* clang-format off */
static const struct sandbox_path verifier_paths[] = {
	{"$approver_ca", .is_optional = true},
	{"/etc/ssl/openssl.cnf", .is_optional = true},
	{NULL},
};

static const struct sandbox_path no_paths[] = {{NULL}};

static const struct sandbox_path recorder_paths[] = {
	{"$state/recorder", .can_write = true},
	{"$data", .is_optional = true},
	{"/etc/localtime", .is_optional = true},
	{"/etc/group", .is_optional = true}, /* who of the control socket's peers may ask */
	{"/etc/passwd", .is_optional = true},
	{"/etc/nsswitch.conf", .is_optional = true},
	{"/dev/urandom", .is_optional = true},
	{NULL},
};

static const struct sandbox_path reporter_paths[] = {
	{"$ca", .is_optional = true},
	{"$certificate", .is_optional = true},
	{"$key", .is_optional = true},
	{"/etc/resolv.conf", .is_optional = true}, /* name resolution, here and below */
	{"/run/systemd/resolve", .is_optional = true},
	{"/etc/hosts", .is_optional = true},
	{"/etc/host.conf", .is_optional = true},
	{"/etc/gai.conf", .is_optional = true},
	{"/etc/nsswitch.conf", .is_optional = true},
	{"/etc/services", .is_optional = true},
	{"/etc/protocols", .is_optional = true},
	{"/etc/ld.so.cache", .is_optional = true},
	{"/lib", .is_optional = true},
	{"/usr/lib", .is_optional = true},
	{"/usr/lib64", .is_optional = true},
	{"/etc/ssl", .is_optional = true},
	{"/usr/share/ca-certificates", .is_optional = true},
	{"/etc/localtime", .is_optional = true},
	{"/dev/urandom", .is_optional = true},
	{NULL},
};
const struct process_row process_table[ROLE_COUNT] = {
	/*
	 * The reserve is what children need, also before their own sandbox: under no_new_privs a
	 * child gets nothing that its parent does not hold.
	 */
	[ROLE_SUPERVISOR] = {
		.sandbox = {
			.role = ROLE_SUPERVISOR,
			.capabilities = CAPABILITIES(CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL),
			.reserve = CAPABILITIES(CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH,
						CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_RESOURCE,
						CAP_NET_ADMIN, CAP_AUDIT_CONTROL),
		},
	},
	[ROLE_VERIFIER] = {
		.program = "plumbline-verifier",
		.sandbox = {
			.role = ROLE_VERIFIER,
			.user = "plumbline-verifier",
			.capabilities = NO_CAPABILITIES,
			.paths = verifier_paths,
			.max_memory_bytes = 512 * MIB,
			.max_files = 64,
		},
		.links = BIT(ROLE_RECORDER) | BIT(ROLE_SENSOR),
		.is_on_demand = true,
	},
	/* Root, because /proc/PID and kernel objects of others ask for it. No Landlock: it would
	 * hide /proc/PID/exe. */
	[ROLE_SENSOR] = {
		.program = "plumbline-sensor",
		.sandbox = {
			.role = ROLE_SENSOR,
			.capabilities = CAPABILITIES(CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH,
						     CAP_SYS_PTRACE, CAP_SYS_ADMIN),
			.max_files = 4096,
		},
		.links = BIT(ROLE_RECORDER) | BIT(ROLE_VERIFIER) | BIT(ROLE_ASSESSOR),
	},
	[ROLE_ASSESSOR] = {
		.program = "plumbline-assessor",
		.sandbox = {
			.role = ROLE_ASSESSOR,
			.user = "plumbline-assessor",
			.capabilities = CAPABILITIES(CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE),
			.max_memory_bytes = 512 * MIB,
			.max_files = 256,
		},
		.links = BIT(ROLE_RECORDER) | BIT(ROLE_DUMPER) | BIT(ROLE_SENSOR),
	},
	/* What the assessor cannot hold all the time: it asks the kernel once by netlink, hands the
	 * bytes on unread, and ends. It opens its sockets before the sandbox and nothing in it. */
	[ROLE_DUMPER] = {
		.program = "plumbline-dumper",
		.sandbox = {
			.role = ROLE_DUMPER,
			.user = "plumbline-dumper",
			.capabilities = CAPABILITIES(CAP_NET_ADMIN, CAP_AUDIT_CONTROL),
			.paths = no_paths,
			.max_memory_bytes = 128 * MIB,
			.max_files = 32,
		},
		.links = BIT(ROLE_ASSESSOR),
		.is_on_demand = true,
	},
	[ROLE_RECORDER] = {
		.program = "plumbline-recorder",
		.sandbox = {
			.role = ROLE_RECORDER,
			.user = "plumbline-recorder",
			.capabilities = NO_CAPABILITIES,
			.paths = recorder_paths,
			.max_memory_bytes = 2048 * MIB,
			.max_files = 256,
		},
		.links = BIT(ROLE_VERIFIER) | BIT(ROLE_SENSOR) | BIT(ROLE_ASSESSOR) |
			 BIT(ROLE_REPORTER),
	},
	[ROLE_REPORTER] = {
		.program = "plumbline-reporter",
		.sandbox = {
			.role = ROLE_REPORTER,
			.user = "plumbline-reporter",
			.capabilities = NO_CAPABILITIES,
			.paths = reporter_paths,
			.max_memory_bytes = 1024 * MIB,
			.max_files = 64,
		},
		.links = BIT(ROLE_RECORDER),
		.needs_collector = true,
		.ends_when_idle = true,
	},
};
/* clang-format on */
