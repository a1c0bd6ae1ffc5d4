/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: file trees, TCP and scopes that a process may still reach. Raw
 * system calls, because the C library of Debian 12 has no wrappers, and own
 * constants, because its kernel headers end at ABI 2.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "privsep/sandbox_parts.h"

#define LANDLOCK_VERSION_FLAG 1u
#define RULE_PATH_BENEATH     1

/* Each group came with the ABI of its comment. */
enum {
	FS_EXECUTE = 1 << 0, /* 1 */
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_ALL_1 = (1 << 13) - 1,
	FS_REFER = 1 << 13,	/* 2 */
	FS_TRUNCATE = 1 << 14,	/* 3 */
	FS_IOCTL_DEV = 1 << 15, /* 5 */
};
#define NET_BIND_TCP	       (1ull << 0) /* 4 */
#define NET_CONNECT_TCP	       (1ull << 1)
#define SCOPE_ABSTRACT_SOCKETS (1ull << 0) /* 6 */
#define SCOPE_SIGNALS	       (1ull << 1)

/* Of these, a file that is not a directory can carry only some. */
#define FS_FILE_ONLY (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)
#define FS_READ	     (FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE \
	(FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_TRUNCATE)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;	     /* ABI 6 */
};

struct path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed)); /* as the kernel has it */

static int create_ruleset(const struct ruleset_attr *attr, size_t size, uint32_t flags)
{
	long r = syscall(SYS_landlock_create_ruleset, attr, size, flags);

	return r < 0 ? -errno : (int)r;
}

/* What this kernel's ABI can hold, and how many bytes of the attribute it knows. */
static size_t choose_attr(int abi, enum process_role role, struct ruleset_attr *ret_attr,
			  unsigned *missing)
{
	struct ruleset_attr attr = {.handled_access_fs = FS_ALL_1};

	if (abi >= 2)
		attr.handled_access_fs |= FS_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= FS_TRUNCATE;
	if (abi >= 5)
		attr.handled_access_fs |= FS_IOCTL_DEV;
	if (abi >= 4) {
		attr.handled_access_net = NET_BIND_TCP;
		/* The collector's port is the site's choice, so the reporter's connects are
		 * seccomp's and TLS's matter. */
		if (role != ROLE_REPORTER)
			attr.handled_access_net |= NET_CONNECT_TCP;
	} else {
		*missing |= SANDBOX_NO_LANDLOCK_NET;
	}
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	else
		*missing |= SANDBOX_NO_LANDLOCK_SCOPE;
	*ret_attr = attr;
	return abi >= 6 ? sizeof(attr) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int add_path(int ruleset_fd, const struct ruleset_attr *attr,
		    const struct sandbox_path *path, struct diag *diag)
{
	struct path_beneath_attr rule = {.allowed_access = FS_READ};
	cleanup_close int fd = -1;
	struct stat st;

	fd = open(path->path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT && path->is_optional)
			return 0;
		return diag_set(diag, path->path, 0, -errno, "cannot open for Landlock");
	}
	if (fstat(fd, &st) < 0)
		return diag_set(diag, path->path, 0, -errno, "cannot stat for Landlock");
	if (path->can_write)
		rule.allowed_access |= FS_WRITE;
	if (path->can_execute)
		rule.allowed_access |= FS_EXECUTE;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_FILE_ONLY;
	rule.allowed_access &= attr->handled_access_fs;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PATH_BENEATH, &rule, 0) < 0)
		return diag_set(diag, path->path, 0, -errno, "cannot add Landlock rule");
	return 0;
}

int sandbox_landlock(const struct sandbox_spec *spec, unsigned *missing, struct diag *diag)
{
	cleanup_close int ruleset_fd = -1;
	struct ruleset_attr attr;
	size_t size;
	int abi;

	abi = create_ruleset(NULL, 0, LANDLOCK_VERSION_FLAG);
	/* EPERM: a container engine that does not know the call refuses it so. */
	if (abi == -ENOSYS || abi == -EOPNOTSUPP || abi == -EPERM) {
		*missing |= SANDBOX_NO_LANDLOCK;
		return 0;
	}
	if (abi < 0)
		return diag_set(diag, NULL, 0, abi, "cannot ask for the Landlock ABI");

	size = choose_attr(abi, spec->role, &attr, missing);
	ruleset_fd = create_ruleset(&attr, size, 0);
	if (ruleset_fd < 0)
		return diag_set(diag, NULL, 0, ruleset_fd, "cannot make a Landlock rule set");
	for (const struct sandbox_path *path = spec->paths; path->path; path++) {
		int r = add_path(ruleset_fd, &attr, path, diag);

		if (r < 0)
			return r;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot enter the Landlock rule set");
	return 0;
}
