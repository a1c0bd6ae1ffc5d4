/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children from start to end: links, heartbeats, restarts with back-off, stop.
 *
 * A child is over when it was reaped and its channel was read to the end, so
 * that its last words (which system call was refused) are known before it is judged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "daemon/supervisor.h"
#include "privsep/spawn.h"

#define READY		"ready"
#define QUEUE_BYTES	(1024 * 1024)
#define SILENT_NS	(60 * NSEC_PER_SEC)
#define HEALTHY_NS	(60 * NSEC_PER_SEC)
#define ABORT_GRACE_NS	(5 * NSEC_PER_SEC)
#define RELINK_NS	(1 * NSEC_PER_SEC)
#define BACKOFF_MAX_S	60
#define REFUSALS_TO_LOG 3
/* Of the 5 s that a stop may take, the others have the first 3, the recorder the rest. */
#define STOP_OTHERS_NS (3 * NSEC_PER_SEC)
#define STOP_ALL_NS    (5 * NSEC_PER_SEC)

static struct managed *recorder_of(struct supervisor *supervisor)
{
	return &supervisor->children[ROLE_RECORDER];
}

static int send_report(struct managed *recorder, enum process_role role, const char *what)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHILD);

	m_put_string(&message, role_name(role));
	m_put_string(&message, what);
	m_put_u64(&message, recorder->supervisor->children[role].restarts);
	return channel_send(recorder->channel, &message);
}

void child_report(struct supervisor *supervisor, enum process_role role, const char *format, ...)
{
	struct managed *recorder = recorder_of(supervisor);
	char what[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);

	if (recorder->is_ready && recorder->channel && send_report(recorder, role, what) == 0)
		return;
	/* How things stand, it is told when it is back. Of the rest the oldest are kept: what began
	 * the trouble tells more than its hundredth repetition. */
	if (supervisor->report_count == SUPERVISOR_MAX_REPORTS || strcmp(what, READY) == 0)
		return;
	supervisor->reports[supervisor->report_count].role = role;
	supervisor->reports[supervisor->report_count].what = strdup(what);
	if (supervisor->reports[supervisor->report_count].what)
		supervisor->report_count++;
}

/* What the recorder missed, then how things stand. */
static void brief_recorder(struct supervisor *supervisor)
{
	struct managed *recorder = recorder_of(supervisor);

	for (unsigned i = 0; i < supervisor->report_count; i++) {
		(void)send_report(recorder, supervisor->reports[i].role,
				  supervisor->reports[i].what);
		free(supervisor->reports[i].what);
	}
	supervisor->report_count = 0;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (supervisor->children[role].is_ready && role != ROLE_RECORDER)
			(void)send_report(recorder, role, READY);
}

static bool is_alive(const struct managed *managed)
{
	return managed->pid > 0 && !managed->is_reaped && managed->channel;
}

static int send_peer(struct managed *to, enum process_role role, int fd)
{
	struct message message = MESSAGE_INIT(MSG_PEER);
	int r;

	m_put_u32(&message, role);
	message.fd = fd; /* borrowed */
	r = channel_send(to->channel, &message);
	message.fd = -1;
	message_done(&message);
	/* It died just now: its restart links it again. */
	return r == -EPIPE ? 0 : r;
}

/* A new channel between two that run. */
static int link_pair(struct managed *a, struct managed *b)
{
	cleanup_close int a_fd = -1, b_fd = -1;
	int fds[2];
	int r;

	r = channel_pair(fds);
	if (r < 0)
		return log_error(r, "cannot link %s and %s", role_name(a->role),
				 role_name(b->role));
	a_fd = fds[0];
	b_fd = fds[1];
	r = send_peer(a, b->role, a_fd);
	if (r == 0)
		r = send_peer(b, a->role, b_fd);
	if (r < 0)
		return log_error(r, "cannot hand out the link of %s and %s", role_name(a->role),
				 role_name(b->role));
	return 0;
}

static void send_bare(struct managed *managed, enum msg_type type)
{
	struct message message = MESSAGE_INIT(type);
	int r;

	if (!managed->channel)
		return;
	r = channel_send(managed->channel, &message);
	if (r < 0)
		log_warning(r, "cannot tell the %s: %s", role_name(managed->role),
			    msg_type_name(type));
}

static int link_to_running(struct managed *managed)
{
	struct supervisor *supervisor = managed->supervisor;
	int r;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct managed *peer = &supervisor->children[role];

		if (!(process_table[managed->role].links & (1u << role)) || !is_alive(peer))
			continue;
		r = link_pair(managed, peer);
		if (r < 0)
			return r;
	}
	if (managed->role == ROLE_RECORDER)
		return send_peer(managed, ROLE_CONTROL, supervisor->control_fd);
	return 0;
}

static int run_program(struct managed *managed, int child_fd)
{
	struct supervisor *supervisor = managed->supervisor;
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	char *arguments[8];
	unsigned count = 0;
	pid_t pid;

	strbuf_printf(&path, "%s/%s", supervisor->config->libexec_dir,
		      process_table[managed->role].program);
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	arguments[count++] = path.data;
	if (supervisor->config_path) {
		arguments[count++] = (char *)"--config";
		arguments[count++] = supervisor->config_path;
	}
	if (managed->only_logs) {
		arguments[count++] = (char *)"--seccomp";
		arguments[count++] = (char *)"log";
	}
	if (supervisor->pins && managed->role == ROLE_SENSOR) {
		arguments[count++] = (char *)"--pins";
		arguments[count++] = (char *)supervisor->pins;
	}
	arguments[count] = NULL;
	pid = spawn_child(path.data, arguments, child_fd);
	if (pid < 0)
		return log_error(pid, "cannot start %s", path.data);
	managed->pid = pid;
	return 0;
}

/* Runs the program; links and MSG_GO are the caller's. */
static int start_process(struct managed *managed)
{
	struct supervisor *supervisor = managed->supervisor;
	cleanup_close int child_fd = -1;
	int fds[2];
	int r;

	r = channel_pair(fds);
	if (r < 0)
		return log_error(r, "cannot make a channel for the %s", role_name(managed->role));
	child_fd = fds[1];
	r = channel_new(supervisor->loop, fds[0], QUEUE_BYTES, &managed->ops, managed,
			&managed->channel);
	if (r < 0)
		return log_error(r, "cannot make a channel for the %s", role_name(managed->role));
	r = run_program(managed, child_fd);
	if (r < 0) {
		managed->channel = channel_free(managed->channel);
		return r;
	}
	managed->is_ready = false;
	managed->is_reaped = false;
	managed->has_refused_call = false;
	managed->broken_links = 0;
	managed->kill_ns = 0;
	managed->started_ns = managed->heard_ns = clock_boot_ns();
	managed->is_killed = false;
	log_info("started the %s (pid %d)", role_name(managed->role), managed->pid);
	child_report(supervisor, managed->role, "started");
	return 0;
}

int child_start_one(struct managed *managed)
{
	int r;

	if (managed->pid > 0)
		return -EBUSY;
	r = start_process(managed);
	if (r < 0)
		return r;
	r = link_to_running(managed);
	/* Without its links it is of no use; it ends by itself when MSG_GO does not come. */
	if (r == 0)
		send_bare(managed, MSG_GO);
	return r;
}

static bool is_wanted(const struct supervisor *supervisor, enum process_role role)
{
	const struct process_row *row = &process_table[role];
	const char *url = supervisor->config->url;

	if (!row->program || row->is_on_demand)
		return false;
	return !row->needs_collector || (url && url[0] != '\0');
}

static int on_restart(struct loop *loop, void *userdata)
{
	struct managed *managed = userdata;
	struct supervisor *supervisor = managed->supervisor;

	if (supervisor->stop_ns || managed->pid > 0)
		return 0;
	managed->restarts++;
	if (child_start_one(managed) < 0 && managed->pid == 0)
		loop_set_timer(managed->restart_timer, BACKOFF_MAX_S * 1000, 0);
	return 0;
}

static void schedule_restart(struct managed *managed)
{
	if (clock_boot_ns() - managed->started_ns >= HEALTHY_NS)
		managed->backoff_s = 0;
	managed->backoff_s = managed->backoff_s ? managed->backoff_s * 2 : 1;
	if (managed->backoff_s > BACKOFF_MAX_S)
		managed->backoff_s = BACKOFF_MAX_S;
	log_notice("starting the %s again in %u s", role_name(managed->role), managed->backoff_s);
	if (managed->restart_timer)
		loop_set_timer(managed->restart_timer, managed->backoff_s * 1000, 0);
	else if (loop_add_timer(managed->supervisor->loop, managed->backoff_s * 1000, 0, on_restart,
				managed, &managed->restart_timer) < 0)
		log_error(0, "cannot arm the restart of the %s", role_name(managed->role));
}

/* The recorder asks again for as long as records wait, so one that is just ending is no loss. */
static int on_report_want(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *recorder = userdata;
	struct managed *reporter = &recorder->supervisor->children[ROLE_REPORTER];

	if (message_check(message) < 0)
		return -EBADMSG;
	recorder->heard_ns = clock_boot_ns();
	if (!reporter->is_idle || recorder->supervisor->stop_ns)
		return 0;
	reporter->is_idle = false;
	if (child_start_one(reporter) < 0 && reporter->pid == 0)
		schedule_restart(reporter);
	return 0;
}

/* How it ended, in words for a person. */
static void describe_end(const struct managed *managed, struct strbuf *text)
{
	const siginfo_t *end = &managed->end;

	if (end->si_code == CLD_EXITED) {
		strbuf_printf(text, "exited with status %d", end->si_status);
		return;
	}
	/* What the supervisor did itself is no sign of an attack. */
	strbuf_printf(text,
		      managed->is_killed ? "ended by the supervisor with SIG%s" : "killed by SIG%s",
		      sigabbrev_np(end->si_status) ?: "?");
	if (end->si_status == SIGSYS && managed->has_refused_call) {
		cleanup_free char *name =
			sandbox_syscall_name(managed->refused_architecture, managed->refused_call);

		if (name)
			strbuf_printf(text, " (%s)", name);
		else
			strbuf_printf(text, " (system call %" PRIu32 ")", managed->refused_call);
	}
}

/* A filter that stands in the way after a library upgrade must not keep a process down for ever. */
static void count_refusals(struct managed *managed)
{
	if (managed->end.si_code == CLD_EXITED || managed->end.si_status != SIGSYS) {
		managed->refused_in_row = 0;
		return;
	}
	if (clock_boot_ns() - managed->started_ns >= HEALTHY_NS)
		managed->refused_in_row = 0;
	if (++managed->refused_in_row < REFUSALS_TO_LOG || managed->only_logs)
		return;
	managed->only_logs = true;
	log_error(0,
		  "the %s was killed by its system call filter %d times in a row: from now on the "
		  "filter only logs",
		  role_name(managed->role), REFUSALS_TO_LOG);
	child_report(
		managed->supervisor, managed->role,
		"degraded: seccomp: killed by the filter %d times in a row, which only logs now",
		REFUSALS_TO_LOG);
}

static void finish(struct managed *managed)
{
	struct supervisor *supervisor = managed->supervisor;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	bool was_asked = supervisor->stop_ns || managed->kill_ns ||
			 process_table[managed->role].is_on_demand;

	bool is_well = managed->end.si_code == CLD_EXITED && managed->end.si_status == 0;

	managed->channel = channel_free(managed->channel);
	managed->is_idle =
		is_well && !supervisor->stop_ns && process_table[managed->role].ends_when_idle;
	describe_end(managed, &text);
	managed->pid = 0;
	managed->is_ready = false;
	managed->is_reaped = false;
	if (managed->is_idle) {
		log_info("the %s ended until there is work", role_name(managed->role));
		child_report(supervisor, managed->role, "idle");
	} else if (was_asked && is_well) {
		log_info("the %s ended", role_name(managed->role));
	} else {
		log_warning(0, "the %s %s", role_name(managed->role),
			    text.data ? text.data : "ended");
		child_report(supervisor, managed->role, "%s", text.data ? text.data : "ended");
	}
	count_refusals(managed);
	if (managed->role == ROLE_VERIFIER)
		load_on_verifier_end(supervisor);
	if (!supervisor->stop_ns && !managed->is_idle && is_wanted(supervisor, managed->role))
		schedule_restart(managed);
}

static void on_child_close(struct channel *channel, int reason, void *userdata)
{
	struct managed *managed = userdata;

	managed->channel = NULL;
	if (reason < 0) {
		log_error(reason, "closing the link to the %s", role_name(managed->role));
		child_report(managed->supervisor, managed->role, "degraded: link: %s",
			     strerror(-reason));
	}
	if (managed->is_reaped) {
		finish(managed);
		return;
	}
	/* Without its supervisor a child ends; one that does not is ended. */
	managed->kill_ns = clock_boot_ns() + ABORT_GRACE_NS;
}

void children_reap(struct supervisor *supervisor)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct managed *managed = &supervisor->children[role];
		siginfo_t end = {0};

		if (managed->pid <= 0 || managed->is_reaped)
			continue;
		if (waitid(P_PID, (id_t)managed->pid, &end, WEXITED | WNOHANG) < 0 ||
		    end.si_pid != managed->pid)
			continue;
		managed->end = end;
		managed->is_reaped = true;
		managed->heard_ns = clock_boot_ns();
		if (!managed->channel)
			finish(managed);
	}
}

static struct managed *heard(void *userdata)
{
	struct managed *managed = userdata;

	managed->heard_ns = clock_boot_ns();
	return managed;
}

static int on_ready(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = heard(userdata);

	if (message_check(message) < 0)
		return -EBADMSG;
	managed->is_ready = true;
	log_info("the %s is ready", role_name(managed->role));
	if (managed->role == ROLE_RECORDER)
		brief_recorder(managed->supervisor);
	child_report(managed->supervisor, managed->role, READY);
	if (managed->role == ROLE_VERIFIER)
		load_on_verifier_ready(managed->supervisor);
	/* The sensor knows what to watch from the baseline's rules only. */
	if (managed->role == ROLE_SENSOR || managed->role == ROLE_RECORDER)
		load_want_stored(managed->supervisor);
	return 0;
}

static int on_heartbeat(struct channel *channel, struct message *message, void *userdata)
{
	heard(userdata);
	m_get_u64(message);
	return message_check(message);
}

static int on_degraded(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = heard(userdata);
	cleanup_free char *what = m_get_string(message);
	cleanup_free char *why = m_get_string(message);

	if (message_check(message) < 0 || !what)
		return -EBADMSG;
	log_warning(0, "the %s is degraded: %s: %s", role_name(managed->role), what, why ?: "");
	child_report(managed->supervisor, managed->role, "degraded: %s: %s", what, why ?: "");
	return 0;
}

static int on_refused_call(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = heard(userdata);

	managed->refused_call = m_get_u32(message);
	managed->refused_architecture = m_get_u32(message);
	managed->has_refused_call = message_check(message) == 0;
	return message_check(message);
}

static int on_link_closed(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = heard(userdata);
	uint32_t role = m_get_u32(message);
	int64_t reason = m_get_i64(message);

	if (message_check(message) < 0 || role >= ROLE_COUNT ||
	    !(process_table[managed->role].links & (1u << role)) || reason >= 0 || reason < -4095)
		return -EBADMSG;
	log_warning((int)reason, "the %s closed its link to the %s", role_name(managed->role),
		    role_name(role));
	child_report(managed->supervisor, role, "degraded: link to the %s: %s",
		     role_name(managed->role), strerror((int)-reason));
	managed->broken_links |= 1u << role;
	managed->relink_ns = clock_boot_ns() + RELINK_NS;
	return 0;
}

/* A recorder that asks for an old head gets no answer, which is all the answer it needs. */
static int on_head(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = heard(userdata);
	struct supervisor *supervisor = managed->supervisor;
	uint64_t sequence = m_get_u64(message);
	size_t len;
	const void *chain = m_get_bytes(message, &len);
	cleanup_message struct message answer = MESSAGE_INIT(MSG_HEAD_SIGNED);
	struct evidence_signature signature;
	int r;

	if (message_check(message) < 0 || len != SHA256_SIZE)
		return -EBADMSG;
	if (!supervisor->key)
		return 0;
	r = evidence_key_sign(supervisor->key, sequence, chain, &signature);
	if (r < 0) {
		log_error(r, "not signing the chain head at %" PRIu64, sequence);
		child_report(supervisor, ROLE_SUPERVISOR, "degraded: evidence key: %s",
			     strerror(-r));
		return 0;
	}
	m_put_u64(&answer, sequence);
	m_put_bytes(&answer, signature.chain, SHA256_SIZE);
	m_put_bytes(&answer, signature.der, signature.der_len);
	m_put_string(&answer, evidence_key_id(supervisor->key));
	r = channel_send(channel, &answer);
	if (r < 0)
		log_warning(r, "cannot return the signed chain head");
	return 0;
}

static const channel_handler all_handlers[MSG_COUNT] = {
	[MSG_READY] = on_ready,
	[MSG_HEARTBEAT] = on_heartbeat,
	[MSG_DEGRADED] = on_degraded,
	[MSG_REFUSED_CALL] = on_refused_call,
	[MSG_LINK_CLOSED] = on_link_closed,
	[MSG_PINS] = on_pins,
	[MSG_LOAD_RESULT] = on_load_result,
	[MSG_DUMP_WANT] = on_dump_want,
	[MSG_HEAD] = on_head,
	[MSG_REPORT_WANT] = on_report_want,
	[MSG_CTL_LOAD] = on_ctl_load,
	[MSG_CTL_UNLOAD] = on_ctl_unload,
};

void children_init(struct supervisor *supervisor)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct managed *managed = &supervisor->children[role];

		managed->supervisor = supervisor;
		managed->role = role;
		for (unsigned type = 0; type < MSG_COUNT; type++)
			if (msg_may_flow(type, role, ROLE_SUPERVISOR))
				managed->handlers[type] = all_handlers[type];
		managed->ops = (struct channel_ops){managed->handlers, MSG_COUNT, on_child_close};
	}
}

/* All processes first, then all links, then MSG_GO: each child finds its peers when it starts to
 * work. */
int children_start(struct supervisor *supervisor)
{
	int r;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (!is_wanted(supervisor, role))
			continue;
		r = start_process(&supervisor->children[role]);
		if (r < 0)
			return r;
	}
	for (unsigned a = 0; a < ROLE_COUNT; a++)
		for (unsigned b = a + 1; b < ROLE_COUNT; b++)
			if ((process_table[a].links & (1u << b)) &&
			    is_alive(&supervisor->children[a]) &&
			    is_alive(&supervisor->children[b])) {
				r = link_pair(&supervisor->children[a], &supervisor->children[b]);
				if (r < 0)
					return r;
			}
	r = send_peer(recorder_of(supervisor), ROLE_CONTROL, supervisor->control_fd);
	if (r < 0)
		return log_error(r, "cannot hand out the control socket");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (is_alive(&supervisor->children[role]))
			send_bare(&supervisor->children[role], MSG_GO);
	return 0;
}

static void end_process(struct managed *managed, int signo)
{
	log_warning(0, "sending SIG%s to the %s (pid %d)", sigabbrev_np(signo) ?: "?",
		    role_name(managed->role), managed->pid);
	managed->is_killed = true;
	/* Not reaped, so the pid is still this child's. */
	if (kill(managed->pid, signo) < 0)
		log_error(-errno, "cannot signal the %s", role_name(managed->role));
}

static void watch_one(struct managed *managed, int64_t now_ns)
{
	struct supervisor *supervisor = managed->supervisor;

	/* A process of its own that holds the channel open does not keep the end from being seen.
	 */
	if (managed->is_reaped) {
		if (now_ns - managed->heard_ns > NSEC_PER_SEC)
			finish(managed);
		return;
	}
	if (managed->kill_ns) {
		if (now_ns >= managed->kill_ns) {
			managed->kill_ns = now_ns + ABORT_GRACE_NS;
			end_process(managed, SIGKILL);
		}
		return;
	}
	if (now_ns - managed->heard_ns > SILENT_NS && !process_table[managed->role].is_on_demand &&
	    !supervisor->stop_ns) {
		child_report(supervisor, managed->role, "degraded: heartbeat: silent for 60 s");
		end_process(managed, SIGABRT);
		managed->kill_ns = now_ns + ABORT_GRACE_NS;
	}
}

static void relink_one(struct managed *managed, int64_t now_ns)
{
	if (!managed->broken_links || now_ns < managed->relink_ns || !managed->is_ready)
		return;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct managed *peer = &managed->supervisor->children[role];

		if ((managed->broken_links & (1u << role)) && is_alive(peer) && is_alive(managed))
			(void)link_pair(managed, peer);
	}
	managed->broken_links = 0;
}

void child_ask_to_stop(struct managed *managed)
{
	if (!is_alive(managed) || managed->kill_ns)
		return;
	send_bare(managed, MSG_STOP);
	managed->kill_ns = clock_boot_ns() + ABORT_GRACE_NS;
}

void children_stop(struct supervisor *supervisor)
{
	supervisor->stop_ns = clock_boot_ns();
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (role != ROLE_RECORDER)
			child_ask_to_stop(&supervisor->children[role]);
}

static bool is_any_left(const struct supervisor *supervisor, bool with_recorder)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (supervisor->children[role].pid > 0 && (with_recorder || role != ROLE_RECORDER))
			return true;
	return false;
}

/* The recorder is told last, so that it gets what the others say at their end. */
static void go_on_stopping(struct supervisor *supervisor, int64_t now_ns)
{
	int64_t lasted_ns = now_ns - supervisor->stop_ns;

	if (!supervisor->is_recorder_told &&
	    (!is_any_left(supervisor, false) || lasted_ns >= STOP_OTHERS_NS)) {
		supervisor->is_recorder_told = true;
		child_ask_to_stop(recorder_of(supervisor));
	}
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct managed *managed = &supervisor->children[role];

		if (managed->pid > 0 && managed->kill_ns > supervisor->stop_ns + STOP_ALL_NS)
			managed->kill_ns = supervisor->stop_ns + STOP_ALL_NS;
	}
	if (!is_any_left(supervisor, true))
		loop_stop(supervisor->loop);
}

void children_on_tick(struct supervisor *supervisor)
{
	int64_t now_ns = clock_boot_ns();

	if (supervisor->stop_ns)
		go_on_stopping(supervisor, now_ns);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (supervisor->children[role].pid <= 0)
			continue;
		watch_one(&supervisor->children[role], now_ns);
		relink_one(&supervisor->children[role], now_ns);
	}
}

bool children_are_changing(const struct supervisor *supervisor)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const struct managed *managed = &supervisor->children[role];

		if (managed->pid > 0 &&
		    (managed->is_reaped || managed->kill_ns || managed->broken_links))
			return true;
	}
	return false;
}

void children_done(struct supervisor *supervisor)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct managed *managed = &supervisor->children[role];

		/* After a failed start only: what was started must not stay. */
		if (managed->pid > 0 && !managed->is_reaped) {
			end_process(managed, SIGKILL);
			(void)waitid(P_PID, (id_t)managed->pid, &managed->end, WEXITED);
		}
		managed->channel = channel_free(managed->channel);
	}
	for (unsigned i = 0; i < supervisor->report_count; i++)
		free(supervisor->reports[i].what);
	supervisor->report_count = 0;
}
