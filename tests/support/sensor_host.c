/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs plumbline-sensor as the supervisor would and is verifier and recorder
 * to it: prints each event as one line of JSON.
 *
 *   sensor_host PROGRAM CONFIG
 *
 * Standard input, a command a line: `tree PATH` and `ignore PATH` collect
 * rules, `watch` sends them; `approve SHA256` and `revoke SHA256` collect
 * decisions, `decide` sends them; `recheck PATH`, `recheck-known SHA256 PATH`,
 * `rescan [TREE]`; `pause` stops reading events, `resume` reads again. At its end the sensor is
 * told to stop, and its exit status is ours.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "privsep/channel.h"
#include "privsep/payload.h"
#include "privsep/protocol.h"
#include "privsep/spawn.h"

#define MAX_QUEUED (1024U * 1024)

struct host {
	struct loop *loop;
	struct channel *supervisor, *verifier;
	int recorder; /* read by hand, so that it can be left unread */
	struct loop_source *reading;
	struct strbuf rules, input;
	struct strbuf decisions; /* struct decision after struct decision */
};

static void put_fact(struct json *j, const char *key, const struct file_fact *fact)
{
	if (!fact->path)
		return;
	json_key(j, key);
	json_begin_object(j);
	json_put_path(j, "path", fact->path);
	json_put_string(j, "type", file_type_name(fact->type));
	json_put_string(j, "role", file_role_name(fact->role));
	if (fact->has_digest) {
		json_key(j, "sha256");
		json_hex(j, fact->sha256, SHA256_SIZE);
	}
	json_put_u64(j, "size", fact->size);
	json_put_u64(j, "mode", fact->mode);
	json_put_u64(j, "uid", fact->uid);
	json_put_string(j, "capabilities", fact->capabilities);
	json_put_string(j, "xattrs", fact->xattrs);
	json_put_path(j, "target", fact->link_target);
	json_end_object(j);
}

static void put_subject(struct json *j, const struct subject *subject)
{
	if (!subject->is_known)
		return;
	json_key(j, "subject");
	json_begin_object(j);
	json_put_u64(j, "cookie", subject->cookie);
	json_put_u64(j, "pid", subject->pid);
	json_put_u64(j, "ppid", subject->ppid);
	json_put_u64(j, "uid", subject->uid);
	json_put_u64(j, "euid", subject->euid);
	json_put_u64(j, "login_uid", subject->login_uid);
	json_put_path(j, "exe", subject->exe);
	json_put_path(j, "comm", subject->comm);
	json_put_string(j, "unit", subject->unit);
	json_put_string(j, "parents", subject->parents);
	json_put_string(j, "user", subject->user);
	json_end_object(j);
}

static void put_changes(struct json *j, uint32_t changes)
{
	static const char *const names[] = {"write",	 "create", "delete",	"rename-from",
					    "rename-to", "link",   "attribute", "open-write"};

	json_key(j, "changes");
	json_begin_array(j);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (changes & 1U << i)
			json_string(j, names[i]);
	json_end_array(j);
}

static void print_event(const struct event *event)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_begin_object(&j);
	json_put_string(&j, "kind", event_kind_name(event->kind));
	json_put_u64(&j, "sequence", event->sequence);
	json_put_i64(&j, "time_ns", event->time_ns);
	json_put_i64(&j, "until_ns", event->until_ns);
	json_put_u64(&j, "count", event->count);
	put_changes(&j, event->changes);
	put_fact(&j, "object", &event->object);
	put_fact(&j, "script", &event->script);
	put_subject(&j, &event->subject);
	json_put_string(&j, "answer", answer_name(event->kernel.answer));
	json_put_string(&j, "outcome", outcome_name(event->kernel.outcome));
	json_put_u64(&j, "generation", event->kernel.generation);
	json_put_string(&j, "text", event->text);
	json_put_string(&j, "detail", event->detail);
	json_end_object(&j);
	printf("%s\n", sb.data);
}

static int on_recorder(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	cleanup_message struct message message = MESSAGE_INIT(0);
	cleanup_event struct event event = {0};
	int r;

	r = message_recv_fd(fd, 0, &message);
	if (r < 0) {
		loop_stop(loop);
		return 0;
	}
	if (message.type == MSG_STANDING)
		return 0;
	if (message.type != MSG_EVENT)
		return -EBADMSG;
	m_get_event(&message, &event);
	r = message_check(&message);
	if (r < 0)
		return r;
	print_event(&event);
	return 0;
}

static int on_ready(struct channel *channel, struct message *message, void *userdata)
{
	printf("{\"kind\":\"ready\"}\n");
	return 0;
}

static int on_heartbeat(struct channel *channel, struct message *message, void *userdata)
{
	return 0;
}

static int on_degraded(struct channel *channel, struct message *message, void *userdata)
{
	cleanup_free char *what = m_get_string(message);
	cleanup_free char *why = m_get_string(message);
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_begin_object(&j);
	json_put_string(&j, "kind", "degraded");
	json_put_string(&j, "text", what);
	json_put_string(&j, "detail", why);
	json_end_object(&j);
	printf("%s\n", sb.data);
	return message_check(message);
}

static void on_close(struct channel *channel, int reason, void *userdata)
{
	struct host *host = userdata;

	if (channel == host->supervisor)
		host->supervisor = NULL;
	else
		host->verifier = NULL;
	loop_stop(host->loop);
}

static int send_text(struct channel *channel, enum msg_type type, const char *text,
		     const char *more)
{
	cleanup_message struct message message = MESSAGE_INIT(type);

	if (!channel)
		return -EPIPE;
	m_put_string(&message, text);
	if (more)
		m_put_string(&message, more);
	return channel_send(channel, &message);
}

static int send_to_sensor(struct host *host, enum msg_type type, const char *text)
{
	cleanup_message struct message message = MESSAGE_INIT(type);

	m_put_string(&message, text);
	return message_send_fd(host->recorder, &message, 1000);
}

static int send_recheck(struct host *host, const char *path, const char *known)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_RECHECK);
	uint8_t digest[SHA256_SIZE];
	int r = known ? hex_decode(known, strlen(known), digest, SHA256_SIZE) : 0;

	if (r < 0)
		return r;
	m_put_string(&message, path);
	m_put_bytes(&message, digest, known ? SHA256_SIZE : 0);
	return message_send_fd(host->recorder, &message, 1000);
}

static int send_known(struct host *host, char *path)
{
	const char *known = strsep(&path, " ");

	return path ? send_recheck(host, path, known) : -EINVAL;
}

static int set_reading(struct host *host, bool is_reading)
{
	return loop_set_events(host->reading, is_reading ? EPOLLIN : 0);
}

static int add_decision(struct host *host, enum decision_kind kind, const char *hex)
{
	struct decision decision = {.kind = kind};
	int r = hex_decode(hex, strlen(hex), decision.sha256, SHA256_SIZE);

	strbuf_add(&host->decisions, (const char *)&decision, sizeof(decision));
	return r;
}

static int send_decisions(struct host *host)
{
	size_t count = host->decisions.len / sizeof(struct decision);
	cleanup_message struct message begin = MESSAGE_INIT(MSG_DECISIONS_BEGIN);
	cleanup_message struct message all = MESSAGE_INIT(MSG_DECISIONS);
	cleanup_message struct message end = MESSAGE_INIT(MSG_DECISIONS_END);
	int r;

	m_put_u64(&begin, count);
	m_put_string(&begin, "digest");
	m_put_decisions(&all, (const struct decision *)host->decisions.data, count);
	m_put_u64(&end, count);
	strbuf_clear(&host->decisions);
	r = channel_send(host->verifier, &begin);
	if (r == 0)
		r = channel_send(host->verifier, &all);
	return r < 0 ? r : channel_send(host->verifier, &end);
}

static int obey(struct host *host, char *line)
{
	char *argument = line;
	const char *verb = strsep(&argument, " ");

	if (str_equal(verb, "tree"))
		strbuf_printf(&host->rules, "[monitor]\ntree = %s\n", argument);
	else if (str_equal(verb, "ignore"))
		strbuf_printf(&host->rules, "[ignore]\npath = %s\n", argument);
	else if (str_equal(verb, "watch"))
		return send_text(host->verifier, MSG_BASELINE_RULES,
				 host->rules.data ? host->rules.data : "", "digest");
	else if (str_equal(verb, "recheck"))
		return send_recheck(host, argument, NULL);
	else if (str_equal(verb, "recheck-known"))
		return send_known(host, argument);
	else if (str_equal(verb, "rescan"))
		return send_to_sensor(host, MSG_RESCAN, argument);
	else if (str_equal(verb, "approve"))
		return add_decision(host, DECISION_APPROVED, argument);
	else if (str_equal(verb, "revoke"))
		return add_decision(host, DECISION_REVOKED, argument);
	else if (str_equal(verb, "decide"))
		return send_decisions(host);
	else if (str_equal(verb, "pause"))
		return set_reading(host, false);
	else if (str_equal(verb, "resume"))
		return set_reading(host, true);
	else
		return log_error(-EINVAL, "unknown command %s", verb);
	return 0;
}

static int on_input(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct host *host = userdata;
	char buffer[4096];
	ssize_t n = read(fd, buffer, sizeof(buffer));
	char *newline;
	int r = 0;

	if (n <= 0) {
		loop_stop(loop);
		return 0;
	}
	strbuf_add(&host->input, buffer, (size_t)n);
	while (r >= 0 && host->input.data && (newline = strchr(host->input.data, '\n'))) {
		size_t rest = host->input.len - (size_t)(newline + 1 - host->input.data);

		*newline = '\0';
		r = obey(host, host->input.data);
		memmove(host->input.data, newline + 1, rest + 1);
		host->input.len = rest;
	}
	return r;
}

static const channel_handler handlers[MSG_COUNT] = {
	[MSG_READY] = on_ready,
	[MSG_HEARTBEAT] = on_heartbeat,
	[MSG_DEGRADED] = on_degraded,
};

static const struct channel_ops channel_ops = {
	.handlers = handlers,
	.handler_count = MSG_COUNT,
	.on_close = on_close,
};

static int give_peer(struct channel *supervisor, enum process_role role, int fd)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_PEER);

	m_put_u32(&message, role);
	message.fd = fd;
	return channel_send(supervisor, &message);
}

static int connect_all(struct host *host, int supervisor)
{
	cleanup_message struct message go = MESSAGE_INIT(MSG_GO);
	int recorder[2], verifier[2];
	int r;

	r = channel_new(host->loop, supervisor, MAX_QUEUED, &channel_ops, host, &host->supervisor);
	if (r < 0)
		return r;
	if (channel_pair(recorder) < 0 || channel_pair(verifier) < 0)
		return -errno;
	host->recorder = recorder[0];
	r = channel_new(host->loop, verifier[0], MAX_QUEUED, &channel_ops, host, &host->verifier);
	if (r == 0)
		r = give_peer(host->supervisor, ROLE_RECORDER, recorder[1]);
	if (r == 0)
		r = give_peer(host->supervisor, ROLE_VERIFIER, verifier[1]);
	if (r == 0)
		r = channel_send(host->supervisor, &go);
	if (r == 0)
		r = loop_add_fd(host->loop, host->recorder, EPOLLIN, on_recorder, host,
				&host->reading);
	return r == 0 ? loop_add_fd(host->loop, 0, EPOLLIN, on_input, host, NULL) : r;
}

static int stop(struct host *host, pid_t pid)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_STOP);
	int status;

	if (host->supervisor)
		(void)channel_send(host->supervisor, &message);
	close(host->recorder);
	if (waitpid(pid, &status, 0) < 0)
		return EXIT_FAILURE;
	if (WIFSIGNALED(status))
		fprintf(stderr, "sensor_host: killed by %s\n", strsignal(WTERMSIG(status)));
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct host host = {.recorder = -1};
	char *arguments[] = {argc > 1 ? argv[1] : NULL, (char *)"--config",
			     argc > 2 ? argv[2] : NULL, NULL};
	int supervisor[2];
	pid_t pid;
	int r, status;

	log_init("sensor_host", LOG_LEVEL_INFO);
	if (argc != 3)
		return log_error(0, "usage: sensor_host PROGRAM CONFIG"), EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (channel_pair(supervisor) < 0)
		return EXIT_FAILURE;
	pid = spawn_child(argv[1], arguments, supervisor[1]);
	close(supervisor[1]);
	if (pid < 0)
		return log_error(pid, "cannot run %s", argv[1]), EXIT_FAILURE;
	printf("{\"kind\":\"started\",\"pid\":%d}\n", pid);
	r = loop_new(&host.loop);
	if (r == 0)
		r = connect_all(&host, supervisor[0]);
	if (r == 0)
		r = loop_run(host.loop);
	if (r < 0)
		log_error(r, "cannot go on");
	status = stop(&host, pid);
	channel_free(host.supervisor);
	channel_free(host.verifier);
	loop_free(host.loop);
	strbuf_done(&host.rules);
	strbuf_done(&host.input);
	return r < 0 ? EXIT_FAILURE : status;
}
