/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From exec to exit of a child: links, configuration, sandbox, loop. The only
 * file of privsep/ that logs, since it is the program's main in all but name.
 */
#include "privsep/child.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "privsep/process_table.h"

#define GO_TIMEOUT_MS  10000
#define HEARTBEAT_MS   10000
#define DRAIN_MS       3000
#define ORPHAN_GRACE_S 5
#define EXIT_USAGE     2

struct child_state {
	struct child child; /* first: handlers get it as userdata */
	const struct child_ops *ops;
	const char *config_path;
	bool has_mode; /* on the command line, over the configuration */
	enum sandbox_mode mode;
	struct config *config;
	int peer_fds[ROLE_COUNT];
	bool is_stopping, has_stopped;

	/* Per link: what its sender may say to this role. */
	channel_handler handlers[ROLE_COUNT][MSG_COUNT];
	struct channel_ops channel_ops[ROLE_COUNT];
};

static struct child_state *state_of(struct child *child)
{
	return (struct child_state *)child;
}

void child_report_degraded(struct child *child, const char *what, const char *why)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_DEGRADED);

	if (!child->supervisor)
		return;
	m_put_string(&message, what);
	m_put_string(&message, why);
	(void)channel_send(child->supervisor, &message);
}

static void stop_now(struct child_state *state)
{
	if (state->has_stopped)
		return;
	state->has_stopped = true;
	if (state->ops->stop)
		state->ops->stop(&state->child);
	loop_stop(state->child.loop);
}

static bool has_peer(const struct child *child)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (child->peers[role])
			return true;
	return false;
}

static int on_waited(struct loop *loop, void *userdata)
{
	stop_now(userdata);
	return 0;
}

static void begin_stop(struct child_state *state)
{
	if (state->is_stopping)
		return;
	state->is_stopping = true;
	/* Flushing must not hang for ever; the supervisor's own wait is a second line. */
	alarm(ORPHAN_GRACE_S);
	/* Its end then comes with that of its last peer: see on_peer_close(). */
	if (!state->ops->outlives_peers || !has_peer(&state->child) ||
	    loop_add_timer(state->child.loop, DRAIN_MS, 0, on_waited, state, NULL) < 0)
		stop_now(state);
}

void child_end(struct child *child)
{
	begin_stop(state_of(child));
}

static enum process_role role_of(const struct child_state *state, const struct channel *channel)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (state->child.peers[role] == channel)
			return role;
	return ROLE_SUPERVISOR;
}

static void on_peer_close(struct channel *channel, int reason, void *userdata)
{
	struct child_state *state = state_of(userdata);
	enum process_role role = role_of(state, channel);
	cleanup_message struct message message = MESSAGE_INIT(MSG_LINK_CLOSED);

	state->child.peers[role] = NULL;
	if (state->is_stopping && !has_peer(&state->child))
		stop_now(state);
	if (reason == 0) {
		log_debug("%s went away", role_name(role));
		return;
	}
	log_error(reason, "closing the link to the %s", role_name(role));
	m_put_u32(&message, role);
	m_put_i64(&message, reason);
	if (state->child.supervisor)
		(void)channel_send(state->child.supervisor, &message);
}

static void on_supervisor_close(struct channel *channel, int reason, void *userdata)
{
	struct child_state *state = state_of(userdata);

	state->child.supervisor = NULL;
	if (!state->is_stopping)
		log_warning(reason, "the supervisor went away, ending");
	begin_stop(state);
}

/* A second cause changes nothing: what lost its supervisor was not told before. */
static void obey_stop(struct child_state *state)
{
	if (!state->is_stopping)
		state->child.is_told_to_stop = true;
	begin_stop(state);
}

static int on_stop(struct channel *channel, struct message *message, void *userdata)
{
	obey_stop(state_of(userdata));
	return message_check(message);
}

/* Takes @fd. */
static int set_peer(struct child_state *state, enum process_role role, int fd)
{
	struct child *child = &state->child;

	if (role == ROLE_CONTROL) {
		if (child->control_fd >= 0)
			close(child->control_fd);
		child->control_fd = fd;
		return 0;
	}
	child->peers[role] = channel_free(child->peers[role]);
	return channel_new(child->loop, fd, state->ops->max_queued_bytes, &state->channel_ops[role],
			   child, &child->peers[role]);
}

/* -EBADMSG when the supervisor named no peer or sent no descriptor. */
static int read_peer(struct message *message, enum process_role *ret_role)
{
	uint32_t role = m_get_u32(message);

	if (message_check(message) < 0 || role == ROLE_SUPERVISOR || role >= ROLE_COUNT ||
	    message->fd < 0)
		return -EBADMSG;
	*ret_role = role;
	return 0;
}

static int on_peer(struct channel *channel, struct message *message, void *userdata)
{
	struct child_state *state = state_of(userdata);
	enum process_role role;
	int r;

	r = read_peer(message, &role);
	if (r < 0)
		return r;
	r = set_peer(state, role, TAKE_FD(message->fd));
	if (r < 0) {
		log_error(r, "cannot take the link to the %s", role_name(role));
		return 0;
	}
	if (state->ops->on_peer)
		state->ops->on_peer(&state->child, role);
	return 0;
}

static void fill_handlers(struct child_state *state)
{
	const struct child_ops *ops = state->ops;

	for (unsigned from = 0; from < ROLE_COUNT; from++) {
		for (unsigned type = 0; type < MSG_COUNT && type < ops->handler_count; type++)
			if (msg_may_flow(type, from, ops->role))
				state->handlers[from][type] = ops->handlers[type];
		state->channel_ops[from] = (struct channel_ops){
			.handlers = state->handlers[from],
			.handler_count = MSG_COUNT,
			.on_close = from == ROLE_SUPERVISOR ? on_supervisor_close : on_peer_close,
		};
	}
	state->handlers[ROLE_SUPERVISOR][MSG_PEER] = on_peer;
	state->handlers[ROLE_SUPERVISOR][MSG_STOP] = on_stop;
}

static int parse_arguments(struct child_state *state, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"seccomp", required_argument, NULL, 's'},
		{"pins", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'c')
			state->config_path = optarg;
		else if (option == 'p')
			state->child.pins = optarg;
		else if (option == 's' && sandbox_mode_parse(optarg, &state->mode) == 0)
			state->has_mode = true;
		else
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

/* The links, until MSG_GO. */
static int read_links(struct child_state *state)
{
	int64_t deadline_ns = clock_mono_ns() + GO_TIMEOUT_MS * NSEC_PER_MSEC;

	for (;;) {
		int64_t left_ms = (deadline_ns - clock_mono_ns()) / NSEC_PER_MSEC;
		cleanup_message struct message message = MESSAGE_INIT(0);
		enum process_role role;
		int r;

		r = message_recv_fd(CHILD_FD_SUPERVISOR, left_ms > 0 ? (int)left_ms : 0, &message);
		if (r < 0)
			return r;
		if (message.type == MSG_GO)
			return message_check(&message);
		if (message.type != MSG_PEER)
			return -EBADMSG;
		r = read_peer(&message, &role);
		if (r < 0)
			return r;
		if (state->peer_fds[role] >= 0)
			close(state->peer_fds[role]);
		state->peer_fds[role] = TAKE_FD(message.fd);
	}
}

static int load_config(struct child_state *state)
{
	struct diag diag = {0};
	char text[1024];
	int r;

	r = config_load(state->config_path, &state->config, &diag);
	if (r < 0)
		return log_error(0, "%s", diag_format(&diag, text, sizeof(text))), r;
	state->child.config = state->config;
	if (!state->has_mode && sandbox_mode_parse(state->config->seccomp, &state->mode) < 0)
		return log_error(-EINVAL, "seccomp = %s", state->config->seccomp);
	state->child.sandbox_mode = state->mode;
	return 0;
}

/* With the supervisor gone a child that hangs must not stay; one that runs ends by itself well
 * before. */
static void on_orphaned(int signo)
{
	alarm(ORPHAN_GRACE_S);
}

/* Cleared by the kernel when the ids change, hence asked for again after the sandbox. */
static int follow_supervisor(pid_t supervisor)
{
	if (prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0) < 0)
		return log_error(-errno, "cannot follow the supervisor's death");
	if (getppid() != supervisor)
		return log_error(-ESRCH, "the supervisor is gone");
	return 0;
}

static int on_term(struct loop *loop, int signo, void *userdata)
{
	obey_stop(userdata);
	return 0;
}

static int set_signals(struct child_state *state)
{
	struct sigaction orphaned = {.sa_handler = on_orphaned, .sa_flags = SA_RESTART};

	/* Ctrl-C at a terminal reaches the whole group; the supervisor decides. */
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (sigaction(SIGHUP, &orphaned, NULL) < 0)
		return -errno;
	return loop_add_signal(state->child.loop, SIGTERM, on_term, state);
}

static int open_links(struct child_state *state)
{
	struct child *child = &state->child;
	int r;

	r = channel_new(child->loop, CHILD_FD_SUPERVISOR, state->ops->max_queued_bytes,
			&state->channel_ops[ROLE_SUPERVISOR], child, &child->supervisor);
	if (r < 0)
		return log_error(r, "cannot open the link to the supervisor");
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (state->peer_fds[role] < 0)
			continue;
		r = set_peer(state, role, TAKE_FD(state->peer_fds[role]));
		if (r < 0)
			return log_error(r, "cannot open the link to the %s", role_name(role));
	}
	return 0;
}

static int enter_sandbox(struct child_state *state)
{
	const struct child_ops *ops = state->ops;
	const struct sandbox_spec *spec =
		ops->sandbox ? ops->sandbox : &process_table[ops->role].sandbox;
	struct diag diag = {0};
	unsigned missing = 0;
	char text[1024];
	int r;

	r = sandbox_enter_with(spec, state->config, state->mode, &missing, &diag);
	if (r < 0)
		return log_error(r, "%s", diag_format(&diag, text, sizeof(text)));
	if (state->mode == SANDBOX_LOG)
		child_report_degraded(&state->child, "seccomp", "the filter only logs");
	for (unsigned minor = missing & SANDBOX_MINOR; minor; minor &= minor - 1)
		log_info("this kernel has no %s", sandbox_missing_name(minor));
	for (missing &= ~SANDBOX_MINOR; missing; missing &= missing - 1)
		child_report_degraded(&state->child, sandbox_missing_name(missing), "not in force");
	return 0;
}

static int on_heartbeat(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	cleanup_message struct message message = MESSAGE_INIT(MSG_HEARTBEAT);

	m_put_u64(&message, child->work);
	if (child->supervisor)
		(void)channel_send(child->supervisor, &message);
	return 0;
}

static int send_ready(struct child *child)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_READY);

	return child->supervisor ? channel_send(child->supervisor, &message) : 0;
}

static size_t queued_bytes(const struct child *child)
{
	size_t bytes = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (child->peers[role])
			bytes += channel_queued(child->peers[role]);
	return bytes + (child->supervisor ? channel_queued(child->supervisor) : 0);
}

/* What stop() said should still reach the others. */
static void drain(struct child *child)
{
	int64_t deadline_ns = clock_mono_ns() + DRAIN_MS * NSEC_PER_MSEC;

	while (queued_bytes(child) > 0 && clock_mono_ns() < deadline_ns)
		if (loop_run_once(child->loop, 100) < 0)
			break;
}

/* The checklist of a child's life. */
static int run(struct child_state *state)
{
	const struct child_ops *ops = state->ops;
	struct child *child = &state->child;
	pid_t supervisor = getppid();
	int r;

	r = follow_supervisor(supervisor);
	if (r < 0)
		return r;
	r = read_links(state);
	if (r < 0)
		return log_error(r, "no links from the supervisor");
	r = load_config(state);
	if (r < 0)
		return r;
	r = loop_new(&child->loop);
	if (r < 0)
		return log_error(r, "cannot make an event loop");
	r = set_signals(state);
	if (r < 0)
		return log_error(r, "cannot set signals");
	r = open_links(state);
	if (r < 0)
		return r;
	r = ops->prepare ? ops->prepare(child) : 0;
	if (r < 0)
		return log_error(r, "cannot prepare");
	r = enter_sandbox(state);
	if (r < 0)
		return r;
	r = follow_supervisor(supervisor);
	if (r < 0)
		return r;
	r = ops->start ? ops->start(child) : 0;
	if (r < 0)
		return log_error(r, "cannot start");
	r = loop_add_timer(child->loop, HEARTBEAT_MS, HEARTBEAT_MS, on_heartbeat, child, NULL);
	if (r < 0)
		return log_error(r, "cannot arm the heartbeat");
	r = send_ready(child);
	if (r < 0)
		return log_error(r, "cannot say ready");
	r = state->has_stopped ? 0 : loop_run(child->loop);
	if (r < 0)
		return log_error(r, "the event loop ended");
	drain(child);
	return 0;
}

static void state_done(struct child_state *state)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		channel_free(state->child.peers[role]);
		if (state->peer_fds[role] >= 0)
			close(state->peer_fds[role]);
	}
	channel_free(state->child.supervisor);
	if (state->child.control_fd >= 0)
		close(state->child.control_fd);
	loop_free(state->child.loop);
	config_free(state->config);
}

int child_main(int argc, char **argv, const struct child_ops *ops, void *userdata)
{
	cleanup_free char *name = NULL;
	struct child_state state = {.ops = ops};
	int r;

	state.child.control_fd = -1;
	state.child.userdata = userdata;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		state.peer_fds[role] = -1;
	if (asprintf(&name, "plumbline-%s", role_name(ops->role)) < 0)
		return EXIT_FAILURE;
	log_init(name, LOG_LEVEL_INFO);

	/* Not for programs that this one may start before its sandbox. */
	if (parse_arguments(&state, argc, argv) < 0 ||
	    fcntl(CHILD_FD_SUPERVISOR, F_SETFD, FD_CLOEXEC) < 0) {
		log_error(0,
			  "usage: %s [--config FILE] [--seccomp enforce|log|off] [--pins DIR]; "
			  "started by plumblined only",
			  name);
		return EXIT_USAGE;
	}
	fill_handlers(&state);
	r = run(&state);
	state_done(&state);
	/* All is said. What is left is to let go of things, and the kernel takes its time for some:
	 * for the programs of the sensor several seconds, where it preempts everywhere. */
	alarm(0);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
