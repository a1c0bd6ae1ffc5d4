/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of giving things up: each step may need what a later one drops.
 * Ids and capabilities are here; Landlock and seccomp have files of their own.
 */
#include "privsep/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "privsep/sandbox_parts.h"

/* Linux 6.3; the headers of Debian 12 are older. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE		 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static void cap_freep(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

int sandbox_mode_parse(const char *name, enum sandbox_mode *ret_mode)
{
	static const char *const names[] = {
		[SANDBOX_ENFORCE] = "enforce", [SANDBOX_LOG] = "log", [SANDBOX_OFF] = "off"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*ret_mode = (enum sandbox_mode)i;
			return 0;
		}
	return -EINVAL;
}

const char *sandbox_missing_name(unsigned missing)
{
	static const char *const names[] = {"landlock",	    "landlock-net", "landlock-scope",
					    "bounding-set", "seccomp",	    "exec-gain"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (missing & (1u << i))
			return names[i];
	return NULL;
}

static bool is_listed(const int *capabilities, int cap)
{
	for (const int *c = capabilities; c && *c >= 0; c++)
		if (*c == cap)
			return true;
	return false;
}

/* The bounding set needs CAP_SETPCAP, so it goes before the rest. */
static int cut_bounding_set(const struct sandbox_spec *spec, unsigned *missing, struct diag *diag)
{
	for (int cap = 0; cap <= (int)cap_max_bits() - 1; cap++) {
		if (is_listed(spec->capabilities, cap) || is_listed(spec->reserve, cap) ||
		    cap_get_bound(cap) <= 0)
			continue;
		if (cap_drop_bound(cap) == 0)
			continue;
		if (errno != EPERM)
			return diag_set(diag, NULL, 0, -errno, "cannot drop capability %d", cap);
		*missing |= SANDBOX_NO_BOUNDING;
		break;
	}
	return 0;
}

struct ids {
	uid_t uid;
	gid_t gid;
};

/* Before Landlock, which hides the user database from most. */
static int find_user(const char *user, struct ids *ret_ids, struct diag *diag)
{
	struct passwd *pw;

	if (!user)
		return 0;
	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return diag_set(diag, NULL, 0, errno ? -errno : -ESRCH,
				"there is no user '%s' (packages make it by sysusers.d; "
				"[process] user_prefix names others)",
				user);
	*ret_ids = (struct ids){pw->pw_uid, pw->pw_gid};
	return 0;
}

/* Keeps permitted capabilities over the change, for cut_capabilities() to choose from. */
static int change_user(const char *user, const struct ids *ids, struct diag *diag)
{
	if (!user)
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot keep capabilities");
	if (setgroups(0, NULL) < 0 || setresgid(ids->gid, ids->gid, ids->gid) < 0 ||
	    setresuid(ids->uid, ids->uid, ids->uid) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot become user '%s'", user);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot stop keeping capabilities");
	return 0;
}

/* Adds those of @capabilities that this process has to a flag of @wanted. */
static int choose(cap_t now, cap_t wanted, cap_flag_t flag, const int *capabilities)
{
	for (const int *c = capabilities; c && *c >= 0; c++) {
		cap_flag_value_t is_permitted = CAP_CLEAR;
		cap_value_t cap = *c;

		/* A kernel that does not know the capability has nothing to give either. */
		if (cap_get_flag(now, cap, CAP_PERMITTED, &is_permitted) < 0 ||
		    is_permitted == CAP_CLEAR)
			continue;
		if (cap_set_flag(wanted, flag, 1, &cap, CAP_SET) < 0)
			return -errno;
	}
	return 0;
}

static int cut_capabilities(const struct sandbox_spec *spec, struct diag *diag)
{
	cleanup_with(cap_freep) cap_t now = cap_get_proc();
	cleanup_with(cap_freep) cap_t wanted = cap_init();
	int r;

	if (!now || !wanted)
		return diag_set(diag, NULL, 0, -errno, "cannot read capabilities");
	r = choose(now, wanted, CAP_EFFECTIVE, spec->capabilities);
	if (r == 0)
		r = choose(now, wanted, CAP_PERMITTED, spec->capabilities);
	if (r == 0)
		r = choose(now, wanted, CAP_PERMITTED, spec->reserve);
	if (r < 0)
		return diag_set(diag, NULL, 0, r, "cannot choose capabilities");
	/* -1 as well where the kernel has no ambient set: then there is nothing in it. */
	(void)cap_reset_ambient();
	if (cap_set_proc(wanted) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot set capabilities");
	return 0;
}

static int cut_limit(int resource, uint64_t most, struct diag *diag)
{
	struct rlimit limit;

	if (most == 0)
		return 0;
	if (getrlimit(resource, &limit) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot read limit %d", resource);
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < most)
		most = limit.rlim_max;
	limit = (struct rlimit){most, most};
	if (setrlimit(resource, &limit) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot set limit %d", resource);
	return 0;
}

static int cut_limits(const struct sandbox_spec *spec, struct diag *diag)
{
	struct rlimit no_core = {0, 0};
	int r;

	/* A dump of a process that held keys or events must not land on disk. */
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot switch core dumps off");
#ifndef PLUMBLINE_ASAN
	/* The address sanitizer reserves terabytes. */
	r = cut_limit(RLIMIT_AS, spec->max_memory_bytes, diag);
	if (r < 0)
		return r;
#endif
	r = cut_limit(RLIMIT_NOFILE, spec->max_files, diag);
	return r;
}

int sandbox_enter(const struct sandbox_spec *spec, enum sandbox_mode mode, unsigned *ret_missing,
		  struct diag *diag)
{
	struct ids ids = {0};
	unsigned missing = 0;
	int r;

	r = find_user(spec->user, &ids, diag);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return diag_set(diag, NULL, 0, -errno, "cannot set no_new_privs");
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0)
		missing |= SANDBOX_NO_EXEC_GAIN;
	if (spec->paths) {
		r = sandbox_landlock(spec, &missing, diag);
		if (r < 0)
			return r;
	}
	r = cut_bounding_set(spec, &missing, diag);
	if (r < 0)
		return r;
	r = change_user(spec->user, &ids, diag);
	if (r < 0)
		return r;
	r = cut_capabilities(spec, diag);
	if (r < 0)
		return r;
	r = cut_limits(spec, diag);
	if (r < 0)
		return r;
	/* The question fails where the kernel is built without. */
	if (mode == SANDBOX_OFF || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		missing |= SANDBOX_NO_SECCOMP;
	else
		r = sandbox_seccomp(spec->role, mode, diag);
	if (r < 0)
		return r;
	*ret_missing = missing;
	return 0;
}
