/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: sandbox_probe [--config FILE] [--seccomp MODE] ROLE [ATTEMPT...]
 *
 * Enters the sandbox of a role as its process does and tries what an attacker in that process would
 * try. Each attempt runs in a process of its own; the line "ATTEMPT RESULT" says "ok", the name of
 * the errno, or the signal that ended it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "privsep/process_table.h"

/* Opened before the sandbox, as the dumper does it. */
#define NFTABLES_FD 100
#define AUDIT_FD    101

#define PROBE_FILE "/etc/plumbline-sandbox-probe"

/* 0 or negative errno of what was tried. */
static int result(long r)
{
	return r < 0 ? -errno : 0;
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int create_in_etc(const struct config *config)
{
	return try_open(PROBE_FILE, O_WRONLY | O_CREAT);
}

static int append_to_etc(const struct config *config)
{
	return try_open("/etc/hostname", O_WRONLY | O_APPEND);
}

static int read_write_etc(const struct config *config)
{
	return try_open("/etc/hostname", O_RDWR);
}

static int truncate_etc(const struct config *config)
{
	return try_open("/etc/plumbline-no-such-file", O_RDONLY | O_TRUNC);
}

static int chmod_etc(const struct config *config)
{
	struct stat st;

	/* To what it is: no harm where it works. */
	if (stat("/etc/hostname", &st) < 0)
		st.st_mode = 0644;
	return result(chmod("/etc/hostname", st.st_mode & 07777));
}

static int unlink_in_etc(const struct config *config)
{
	return result(unlink("/etc/plumbline-no-such-file"));
}

static int rename_in_etc(const struct config *config)
{
	return result(rename("/etc/plumbline-no-such-file", "/etc/plumbline-no-such-file-2"));
}

static int openat2_write(const struct config *config)
{
	const uint64_t how[3] = {O_WRONLY | O_CLOEXEC, 0, 0};

	return result(syscall(SYS_openat2, AT_FDCWD, "/etc/hostname", how, sizeof(how)));
}

static int read_shadow(const struct config *config)
{
	return try_open("/etc/shadow", O_RDONLY);
}

static int read_passwd(const struct config *config)
{
	return try_open("/etc/passwd", O_RDONLY);
}

static int list_root(const struct config *config)
{
	return try_open("/", O_RDONLY | O_DIRECTORY);
}

static int read_foreign_exe(const struct config *config)
{
	char path[64], target[64];

	/* The parent is no part of the sandbox: root with all that root has. */
	snprintf(path, sizeof(path), "/proc/%d/exe", getppid());
	return result(readlink(path, target, sizeof(target)));
}

static int write_state(const struct config *config)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/recorder/probe", config->state_dir);
	return try_open(path, O_RDWR | O_CREAT);
}

static int try_socket(int family, int type, int protocol)
{
	return result(socket(family, type | SOCK_CLOEXEC, protocol));
}

static int socket_inet(const struct config *config)
{
	return try_socket(AF_INET, SOCK_STREAM, 0);
}

static int socket_inet6(const struct config *config)
{
	return try_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int socket_packet(const struct config *config)
{
	return try_socket(AF_PACKET, SOCK_RAW, 0);
}

static int socket_unix(const struct config *config)
{
	return try_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int socket_netlink(const struct config *config)
{
	return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

/* The kernel's answer to one request without privilege to change anything. */
static int ask(int fd, uint16_t type, size_t body_len)
{
	struct {
		struct nlmsghdr header;
		uint8_t body[sizeof(struct nfgenmsg)];
	} request = {.header = {.nlmsg_len = (uint32_t)(sizeof(request.header) + body_len),
				.nlmsg_type = type,
				.nlmsg_flags = NLM_F_REQUEST,
				.nlmsg_seq = 1}};
	struct {
		struct nlmsghdr header;
		int32_t error;
		uint8_t rest[65536];
	} answer = {0};

	if (sendto(fd, &request, request.header.nlmsg_len, 0, NULL, 0) < 0 ||
	    recvfrom(fd, &answer, sizeof(answer), 0, NULL, NULL) < 0)
		return -errno;
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error : 0;
}

static int ask_nftables(const struct config *config)
{
	return ask(NFTABLES_FD, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
		   sizeof(struct nfgenmsg));
}

static int ask_audit(const struct config *config)
{
	return ask(AUDIT_FD, AUDIT_GET, 0);
}

static int listen_on_socket(const struct config *config)
{
	return result(listen(0, 1));
}

static int exec_program(const struct config *config)
{
	return result(execl("/bin/true", "true", NULL));
}

static int fork_process(const struct config *config)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid);
}

static void *do_nothing(void *userdata)
{
	return userdata;
}

static int start_thread(const struct config *config)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, do_nothing, NULL);

	if (r == 0)
		pthread_join(thread, NULL);
	return -r;
}

static int run_written_memory(const struct config *config)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	return result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int trace_process(const struct config *config)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int read_memory(const struct config *config)
{
	return result(syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0));
}

static int signal_parent(const struct config *config)
{
	return result(kill(getppid(), 0));
}

static int become_root(const struct config *config)
{
	return result(setuid(0));
}

static int load_bpf_program(const struct config *config)
{
	union bpf_attr attr = {0};

	return result(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

static int look_up_bpf_map(const struct config *config)
{
	union bpf_attr attr = {.map_fd = (uint32_t)-1};

	return result(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)));
}

static int mount_over(const struct config *config)
{
	/* Rights are looked at before the type: without them EPERM, with them nothing happens. */
	return result(mount("none", "/", "plumbline-no-such-type", 0, NULL));
}

static int load_module(const struct config *config)
{
	return result(syscall(SYS_init_module, NULL, 0, ""));
}

static int set_clock(const struct config *config)
{
	return result(syscall(SYS_clock_settime, 99, NULL));
}

static int unshare_user(const struct config *config)
{
	return result(unshare(CLONE_NEWUSER));
}

static int fault_handler(const struct config *config)
{
	return result(syscall(SYS_userfaultfd, 0));
}

static int io_ring(const struct config *config)
{
	return result(syscall(SYS_io_uring_setup, 1, NULL));
}

static int unknown_call(const struct config *config)
{
	return result(syscall(9999));
}

static int abort_self(const struct config *config)
{
	abort();
}

struct attempt {
	const char *name;
	int (*run)(const struct config *config);
};

static const struct attempt attempts[] = {
	{"create_in_etc", create_in_etc},
	{"append_to_etc", append_to_etc},
	{"read_write_etc", read_write_etc},
	{"truncate_etc", truncate_etc},
	{"chmod_etc", chmod_etc},
	{"unlink_in_etc", unlink_in_etc},
	{"rename_in_etc", rename_in_etc},
	{"openat2_write", openat2_write},
	{"read_shadow", read_shadow},
	{"read_passwd", read_passwd},
	{"list_root", list_root},
	{"read_foreign_exe", read_foreign_exe},
	{"write_state", write_state},
	{"socket_inet", socket_inet},
	{"socket_inet6", socket_inet6},
	{"socket_packet", socket_packet},
	{"socket_unix", socket_unix},
	{"socket_netlink", socket_netlink},
	{"ask_nftables", ask_nftables},
	{"ask_audit", ask_audit},
	{"listen_on_socket", listen_on_socket},
	{"exec_program", exec_program},
	{"fork_process", fork_process},
	{"start_thread", start_thread},
	{"run_written_memory", run_written_memory},
	{"trace_process", trace_process},
	{"read_memory", read_memory},
	{"signal_parent", signal_parent},
	{"become_root", become_root},
	{"load_bpf_program", load_bpf_program},
	{"look_up_bpf_map", look_up_bpf_map},
	{"mount_over", mount_over},
	{"load_module", load_module},
	{"set_clock", set_clock},
	{"unshare_user", unshare_user},
	{"fault_handler", fault_handler},
	{"io_ring", io_ring},
	{"unknown_call", unknown_call},
	{"abort_self", abort_self},
};

static int open_before(int protocol, int fd)
{
	int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	return socket_fd < 0 || dup2(socket_fd, fd) < 0 ? -errno : 0;
}

/* Reports through a pipe, which no sandbox takes away. */
static int run_in_sandbox(const struct attempt *attempt, enum process_role role,
			  const struct config *config, enum sandbox_mode mode)
{
	struct diag diag = {0};
	unsigned missing;
	int fds[2], status, r = INT32_MIN;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (open_before(NETLINK_NETFILTER, NFTABLES_FD) < 0 ||
		    open_before(NETLINK_AUDIT, AUDIT_FD) < 0)
			_exit(1);
		if (sandbox_enter_with(&process_table[role].sandbox, config, mode, &missing,
				       &diag) < 0) {
			fprintf(stderr, "sandbox_probe: %s: %s\n", diag.file, diag.text);
			_exit(1);
		}
		r = attempt->run(config);
		_exit(write(fds[1], &r, sizeof(r)) == sizeof(r) ? 0 : 1);
	}
	close(fds[1]);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (WIFSIGNALED(status))
		printf("%s SIG%s\n", attempt->name, sigabbrev_np(WTERMSIG(status)));
	else if (read(fds[0], &r, sizeof(r)) == sizeof(r))
		printf("%s %s\n", attempt->name, r == 0 ? "ok" : strerrorname_np(-r));
	else
		printf("%s exit-%d\n", attempt->name, WEXITSTATUS(status));
	close(fds[0]);
	return 0;
}

static bool is_named(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	cleanup_with(config_freep) struct config *config = NULL;
	enum sandbox_mode mode = SANDBOX_ENFORCE;
	const char *config_path = NULL;
	unsigned role = 0;

	for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
		if (strcmp(argv[1], "--config") == 0)
			config_path = argv[2];
		else if (strcmp(argv[1], "--seccomp") != 0 ||
			 sandbox_mode_parse(argv[2], &mode) < 0)
			return 2;
	}
	while (role < ROLE_COUNT && (argc < 2 || strcmp(role_name(role), argv[1]) != 0))
		role++;
	if (role == ROLE_COUNT || config_load(config_path, &config, NULL) < 0)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(attempts); i++)
		if (is_named(attempts[i].name, argv + 2) &&
		    run_in_sandbox(&attempts[i], role, config, mode) < 0)
			return 1;
	(void)unlink(PROBE_FILE);
	return 0;
}
