/* SPDX-License-Identifier: Apache-2.0 */
/* What must be there before any child runs: users, folders, the lock, the control socket. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "daemon/supervisor.h"

#define LOCK_FILE      "plumblined.pid"
#define CONTROL_SOCKET "control.sock"
#define STOCK_PREFIX   "plumbline-"

/* NULL when @row runs as root or there is no such user. */
static const struct passwd *find_user(const struct config *config, enum process_role role)
{
	const char *stock = process_table[role].sandbox.user;
	cleanup_strbuf struct strbuf name = STRBUF_INIT;

	if (!stock)
		return NULL;
	strbuf_printf(&name, "%s-%s", config->user_prefix, stock + strlen(STOCK_PREFIX));
	return strbuf_check(&name) < 0 ? NULL : getpwnam(name.data);
}

/* Read by processes that start again and again without it; said once instead. */
int place_check_data(const struct config *config)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/controls/findings.ini", config->data_dir) < 0)
		return -ENOMEM;
	if (access(path, R_OK) < 0)
		return log_error(-errno, "[agent] data_dir: cannot read %s", path);
	return 0;
}

int place_check_users(const struct config *config)
{
	int r = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const char *stock = process_table[role].sandbox.user;

		if (!stock || find_user(config, role))
			continue;
		r = log_error(0, "there is no user '%s-%s'", config->user_prefix,
			      stock + strlen(STOCK_PREFIX));
		r = -ESRCH;
	}
	if (r < 0)
		log_error(0, "packages make the users by sysusers.d; [process] user_prefix in the "
			     "configuration names others");
	return r;
}

/* Opens @path below @dirfd, made if need be, and gives it owner and mode. Never follows a link. */
static int open_folder(int dirfd, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (mkdirat(dirfd, path, mode) < 0 && errno != EEXIST)
		return log_error(-errno, "cannot make folder %s", path);
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return log_error(-errno, "cannot open folder %s", path);
	if (fstat(fd, &st) < 0)
		return log_error(-errno, "cannot stat folder %s", path);
	if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
		return log_error(-errno, "cannot change the owner of folder %s", path);
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		return log_error(-errno, "cannot change the mode of folder %s", path);
	return TAKE_FD(fd);
}

static int open_folders(struct supervisor *supervisor)
{
	const struct config *config = supervisor->config;
	const struct passwd *recorder = find_user(config, ROLE_RECORDER);
	cleanup_close int state_fd = -1, recorder_fd = -1, sensor_fd = -1;

	if (!recorder)
		return log_error(-ESRCH, "the recorder has no user");
	supervisor->run_fd = open_folder(AT_FDCWD, config->run_dir, 0755, 0, 0);
	if (supervisor->run_fd < 0)
		return supervisor->run_fd;
	state_fd = open_folder(AT_FDCWD, config->state_dir, 0755, 0, 0);
	if (state_fd < 0)
		return state_fd;
	supervisor->baseline_fd = open_folder(state_fd, "baseline", 0700, 0, 0);
	if (supervisor->baseline_fd < 0)
		return supervisor->baseline_fd;
	supervisor->key_fd = open_folder(state_fd, "key", 0755, 0, 0);
	if (supervisor->key_fd < 0)
		return supervisor->key_fd;
	sensor_fd = open_folder(state_fd, "sensor", 0700, 0, 0);
	if (sensor_fd < 0)
		return sensor_fd;
	recorder_fd = open_folder(state_fd, "recorder", 0700, recorder->pw_uid, recorder->pw_gid);
	return recorder_fd < 0 ? recorder_fd : 0;
}

/* The lock lasts as long as the descriptor, so a file left by a killed supervisor is no obstacle.
 */
static int take_lock(struct supervisor *supervisor)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int fd;

	fd = openat(supervisor->run_fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return log_error(-errno, "cannot open %s", LOCK_FILE);
	supervisor->lock_fd = fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		char pid[32] = "";
		ssize_t n = read(fd, pid, sizeof(pid) - 1);

		if (errno != EWOULDBLOCK)
			return log_error(-errno, "cannot lock %s", LOCK_FILE);
		pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
		return log_error(-EBUSY, "plumblined runs already in %s (pid %s)",
				 supervisor->config->run_dir, pid);
	}
	strbuf_printf(&text, "%d\n", getpid());
	if (strbuf_check(&text) < 0 || fchmod(fd, 0644) < 0 || ftruncate(fd, 0) < 0 ||
	    pwrite(fd, text.data, text.len, 0) != (ssize_t)text.len)
		return log_error(-EIO, "cannot write %s", LOCK_FILE);
	return 0;
}

/* Members of the group may connect; the recorder decides by uid what each may ask. */
static gid_t control_group(const struct config *config)
{
	const struct group *group = getgrnam(config->user_prefix);

	if (group)
		return group->gr_gid;
	log_warning(0, "there is no group '%s': only root can use the control socket",
		    config->user_prefix);
	return 0;
}

static int open_control_socket(struct supervisor *supervisor)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup_close int fd = -1;
	int n;

	/* Through the folder's descriptor: run_dir may be longer than a socket address. */
	n = snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
		     supervisor->run_fd, CONTROL_SOCKET);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return log_error(-ENAMETOOLONG, "cannot name the control socket");
	if (unlinkat(supervisor->run_fd, CONTROL_SOCKET, 0) < 0 && errno != ENOENT)
		return log_error(-errno, "cannot remove the old control socket");
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return log_error(-errno, "cannot make the control socket");
	/* Made closed to all, then opened: there is no moment at which anybody can connect. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return log_error(-errno, "cannot bind the control socket");
	if (fchownat(supervisor->run_fd, CONTROL_SOCKET, 0, control_group(supervisor->config),
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(supervisor->run_fd, CONTROL_SOCKET, 0660, 0) < 0)
		return log_error(-errno, "cannot give the control socket to its group");
	if (listen(fd, 32) < 0)
		return log_error(-errno, "cannot listen on the control socket");
	supervisor->control_fd = TAKE_FD(fd);
	return 0;
}

static void open_key(struct supervisor *supervisor)
{
	struct diag diag = {0};
	char text[1024];
	int r;

	r = evidence_key_open(supervisor->key_fd, &supervisor->key, &diag);
	if (r < 0) {
		log_error(r, "%s; chain heads stay unsigned",
			  diag_format(&diag, text, sizeof(text)));
		child_report(supervisor, ROLE_SUPERVISOR, "degraded: evidence key: %s", diag.text);
	}
}

int place_open(struct supervisor *supervisor)
{
	int r;

	r = open_folders(supervisor);
	if (r < 0)
		return r;
	r = take_lock(supervisor);
	if (r < 0)
		return r;
	r = open_control_socket(supervisor);
	if (r < 0)
		return r;
	open_key(supervisor);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void place_close(struct supervisor *supervisor)
{
	supervisor->key = evidence_key_close(supervisor->key);
	/* Only who holds the lock may take the socket away. */
	if (supervisor->control_fd >= 0) {
		(void)unlinkat(supervisor->run_fd, CONTROL_SOCKET, 0);
		(void)unlinkat(supervisor->run_fd, LOCK_FILE, 0);
	}
	close_fd(&supervisor->control_fd);
	close_fd(&supervisor->lock_fd);
	close_fd(&supervisor->run_fd);
	close_fd(&supervisor->baseline_fd);
	close_fd(&supervisor->key_fd);
}
