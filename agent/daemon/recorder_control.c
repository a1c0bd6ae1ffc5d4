/* SPDX-License-Identifier: Apache-2.0 */
/* Server of the control socket. */
#include "daemon/recorder_control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder.h"

#define MAX_CLIENTS	 32
#define MAX_READERS	 24  /* of them not root: none can keep root out */
#define MAX_QUEUED_LINES 256 /* of a watcher; answers come in smaller pieces */
#define MAX_GROUPS	 256
#define IDLE_NS		 (30 * NSEC_PER_SEC)  /* for a request to come */
#define STUCK_NS	 (300 * NSEC_PER_SEC) /* for an answer to be taken: a person may be paging */

struct piece {
	struct piece *next;
	enum msg_type type; /* MSG_CTL_LINE or MSG_CTL_DATA */
	size_t len;
	char data[]; /* lines end in NUL, which is not counted */
};

struct control_client {
	struct control_server *server;
	struct loop_source *source;
	int fd;
	bool is_root, may_read;

	const struct control_verb *verb; /* NULL: between requests */
	char *arguments[CONTROL_MAX_ARGUMENTS];
	unsigned argument_count;
	int passed_fd;
	struct control_position position;
	enum control_progress progress;
	int result;
	char text[512];
	bool is_watching;
	uint64_t load_request; /* 0: none */
	uint64_t dropped;      /* lines that a slow watcher lost */

	struct piece *head, **tail;
	unsigned queued;
	int64_t deadline_ns; /* boot clock; 0: none */
};

struct control_server {
	struct recorder *recorder;
	struct loop_source *source;
	gid_t group;
	bool has_group;
	struct control_client *clients[MAX_CLIENTS];
	uint64_t next_load;
	/* Findings of the open transaction, for watchers. */
	struct piece *told, **told_tail;
	unsigned told_count;
	uint64_t told_dropped; /* more than that came in one transaction */
};

static void free_pieces(struct piece *piece)
{
	while (piece) {
		struct piece *next = piece->next;

		free(piece);
		piece = next;
	}
}

static void end_request(struct control_client *client)
{
	for (unsigned i = 0; i < client->argument_count; i++)
		free(client->arguments[i]);
	client->argument_count = 0;
	if (client->passed_fd >= 0)
		close(client->passed_fd);
	client->passed_fd = -1;
	strbuf_done(&client->position.frame);
	client->position = (struct control_position){0};
	client->verb = NULL;
	client->is_watching = false;
	client->load_request = 0;
	client->result = 0;
	client->text[0] = '\0';
}

static void client_free(struct control_client *client)
{
	struct control_server *server = client->server;

	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		if (server->clients[i] == client)
			server->clients[i] = NULL;
	loop_remove(client->source);
	close(client->fd);
	end_request(client);
	free_pieces(client->head);
	free(client);
}

static int put_piece(struct control_client *client, enum msg_type type, const void *data,
		     size_t len)
{
	struct piece *piece = malloc(sizeof(*piece) + len + 1);

	if (!piece)
		return -ENOMEM;
	*piece = (struct piece){.type = type, .len = len};
	memcpy(piece->data, data, len);
	piece->data[len] = '\0';
	*client->tail = piece;
	client->tail = &piece->next;
	client->queued++;
	return 0;
}

int control_put_line(struct control_client *client, const char *json)
{
	return put_piece(client, MSG_CTL_LINE, json, strlen(json));
}

int control_put_data(struct control_client *client, const void *data, size_t len)
{
	return put_piece(client, MSG_CTL_DATA, data, len);
}

int control_fail(struct control_client *client, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(client->text, sizeof(client->text), format, args);
	va_end(args);
	return error;
}

void control_set_watching(struct control_client *client)
{
	client->is_watching = true;
}

bool control_server_is_loading(const struct control_server *server)
{
	for (unsigned i = 0; server && i < MAX_CLIENTS; i++)
		if (server->clients[i] && server->clients[i]->load_request)
			return true;
	return false;
}

int control_await_load(struct control_client *client, uint64_t *ret_request)
{
	struct control_server *server = client->server;

	if (control_server_is_loading(server))
		return -EBUSY;
	client->load_request = *ret_request = ++server->next_load;
	return 0;
}

/* 0 when it went, -EAGAIN when the reader is slow, or why the client must go. */
static int send_now(struct control_client *client, struct message *message)
{
	int r = message_send_fd(client->fd, message, 0);

	return r == -ETIMEDOUT ? -EAGAIN : r;
}

static int send_piece(struct control_client *client)
{
	struct piece *piece = client->head;
	cleanup_message struct message message = MESSAGE_INIT(piece->type);
	int r;

	if (piece->type == MSG_CTL_LINE)
		m_put_string(&message, piece->data);
	else
		m_put_bytes(&message, piece->data, piece->len);
	r = send_now(client, &message);
	if (r < 0)
		return r;
	client->head = piece->next;
	if (!client->head)
		client->tail = &client->head;
	client->queued--;
	free(piece);
	return 0;
}

static int send_end(struct control_client *client)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_END);
	int r;

	m_put_i64(&message, client->result);
	m_put_string(&message, client->text[0] ? client->text : NULL);
	r = send_now(client, &message);
	if (r < 0)
		return r;
	end_request(client);
	return 0;
}

static int put_dropped(struct control_client *client)
{
	char text[96];

	snprintf(text, sizeof(text), "{\"type\":\"notice\",\"dropped\":%llu}",
		 (unsigned long long)client->dropped);
	client->dropped = 0;
	return control_put_line(client, text);
}

static void ask_verb(struct control_client *client)
{
	struct control_request request = {
		.recorder = client->server->recorder,
		.client = client,
		.position = &client->position,
		.arguments = client->arguments,
		.count = client->argument_count,
		.fd = &client->passed_fd,
	};
	int r = client->verb->answer(&request);

	client->progress = r < 0 ? CONTROL_DONE : (enum control_progress)r;
	if (r < 0)
		client->result = r;
}

/* Sends until the reader is slow or the request is over. A negative return: the client must go. */
static int pump(struct control_client *client)
{
	bool is_taken = false;
	int r = 0;

	while (client->verb && r == 0) {
		if (client->head) {
			r = send_piece(client);
			is_taken |= r == 0;
		} else if (client->dropped) {
			r = put_dropped(client);
		} else if (client->progress == CONTROL_MORE) {
			ask_verb(client);
		} else if (client->progress == CONTROL_DONE) {
			r = send_end(client);
		} else {
			break;
		}
	}
	if (r < 0 && r != -EAGAIN)
		return r;
	if (!client->verb)
		client->deadline_ns = clock_boot_ns() + IDLE_NS;
	else if (r == 0 || client->is_watching)
		client->deadline_ns = 0; /* a watcher that sleeps costs its queue and no more */
	else if (is_taken || !client->deadline_ns)
		client->deadline_ns = clock_boot_ns() + STUCK_NS;
	/* Requests are read one at a time; that a peer left is always reported. */
	return loop_set_events(client->source,
			       (client->verb ? 0 : EPOLLIN) | (r == -EAGAIN ? EPOLLOUT : 0));
}

static void pump_or_free(struct control_client *client)
{
	if (pump(client) < 0)
		client_free(client);
}

static int choose_verb(struct control_client *client, const char *name)
{
	const struct control_verb *verb = control_verbs;

	while (verb->name && !str_equal(verb->name, name))
		verb++;
	client->verb = verb; /* also when it has no name: the request must be ended */
	if (!verb->name)
		return control_fail(client, -EINVAL, "the agent knows no request of this name");
	if (!client->is_root && (verb->is_root_only || !client->may_read))
		return control_fail(client, -EPERM,
				    verb->is_root_only
					    ? "only root may ask for this"
					    : "only root and group plumbline may ask the agent");
	if (client->argument_count < verb->min_arguments ||
	    client->argument_count > verb->max_arguments)
		return control_fail(client, -EINVAL, "wrong number of arguments");
	return 0;
}

/* -EBADMSG when it is not a request; a request that is refused is answered. */
static int read_request(struct control_client *client, struct message *message)
{
	cleanup_free char *name = m_get_string(message);
	uint64_t count = m_get_u64(message);
	int r;

	if (count > CONTROL_MAX_ARGUMENTS)
		return -EBADMSG;
	for (uint64_t i = 0; i < count; i++) {
		client->arguments[i] = m_get_string(message);
		client->argument_count++;
		if (!client->arguments[i])
			return -EBADMSG;
	}
	if (message->type != MSG_CTL_REQUEST || message_check(message) < 0 || !name)
		return -EBADMSG;
	client->deadline_ns = 0; /* it was for the request to come */
	client->passed_fd = TAKE_FD(message->fd);
	r = choose_verb(client, name);
	client->progress = r < 0 ? CONTROL_DONE : CONTROL_MORE;
	client->result = r;
	/* What an answer shows survives a power cut, and the next answer shows it too. */
	if (r == 0)
		recorder_commit(client->server->recorder);
	return 0;
}

static int on_client(struct loop *loop, int fd, uint32_t events, void *userdata)
{
	struct control_client *client = userdata;
	int r = 0;

	if (!client->verb && (events & EPOLLIN)) {
		cleanup_message struct message message = MESSAGE_INIT(MSG_NONE);

		r = message_recv_fd(fd, 0, &message);
		if (r == 0)
			r = read_request(client, &message);
		else if (r == -ETIMEDOUT)
			r = 0;
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		r = -EPIPE;
	}
	if (r < 0)
		client_free(client);
	else
		pump_or_free(client);
	return 0;
}

/* Supplementary groups come from the peer's credentials, so no name service is asked inside the
 * sandbox. */
static bool has_peer_group(int fd, gid_t group)
{
	gid_t groups[MAX_GROUPS];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (unsigned i = 0; i < len / sizeof(gid_t); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static int identify(struct control_server *server, struct control_client *client)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	client->is_root = peer.uid == 0;
	client->may_read = client->is_root ||
			   (server->has_group && (peer.gid == server->group ||
						  has_peer_group(client->fd, server->group)));
	return 0;
}

static unsigned count_readers(const struct control_server *server)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		count += server->clients[i] && !server->clients[i]->is_root;
	return count;
}

static int add_client(struct control_server *server, int fd)
{
	struct control_client *client;
	unsigned slot = 0;
	int r;

	while (slot < MAX_CLIENTS && server->clients[slot])
		slot++;
	client = slot < MAX_CLIENTS ? calloc(1, sizeof(*client)) : NULL;
	if (!client) {
		close(fd); /* the peer reads an end and says so */
		return -EMFILE;
	}
	client->server = server;
	client->fd = fd;
	client->passed_fd = -1;
	client->tail = &client->head;
	client->deadline_ns = clock_boot_ns() + IDLE_NS;
	server->clients[slot] = client;
	r = identify(server, client);
	if (r == 0 && !client->is_root && count_readers(server) > MAX_READERS)
		r = -EMFILE;
	if (r == 0)
		r = loop_add_fd(server->recorder->child->loop, fd, EPOLLIN, on_client, client,
				&client->source);
	if (r < 0)
		client_free(client);
	return r;
}

static int on_listen(struct loop *loop, int listen_fd, uint32_t events, void *userdata)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int r;

	if (fd < 0)
		return 0;
	r = add_client(userdata, fd);
	if (r < 0)
		log_warning(r, "A client of the control socket was turned away");
	return 0;
}

int control_server_new(struct recorder *recorder, int fd, const gid_t *group,
		       struct control_server **ret_server)
{
	struct control_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->recorder = recorder;
	server->told_tail = &server->told;
	server->has_group = group != NULL;
	server->group = group ? *group : 0;
	/* Load numbers go on over restarts of this process, so that an answer to the one before is
	 * not taken for ours. */
	server->next_load = (uint64_t)clock_boot_ns();
	*ret_server = server;
	r = control_server_listen(server, fd);
	if (r < 0)
		*ret_server = control_server_free(server);
	return r;
}

int control_server_listen(struct control_server *server, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	server->source = loop_remove(server->source);
	return loop_add_fd(server->recorder->child->loop, fd, EPOLLIN, on_listen, server,
			   &server->source);
}

struct control_server *control_server_free(struct control_server *server)
{
	if (!server)
		return NULL;
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		if (server->clients[i])
			client_free(server->clients[i]);
	loop_remove(server->source);
	free_pieces(server->told);
	free(server);
	return NULL;
}

static bool has_watchers(const struct control_server *server)
{
	for (unsigned i = 0; i < MAX_CLIENTS; i++)
		if (server->clients[i] && server->clients[i]->is_watching)
			return true;
	return false;
}

void control_server_tell(struct control_server *server, const char *json)
{
	size_t len = strlen(json);
	struct piece *piece;

	if (!server || !has_watchers(server))
		return;
	piece = server->told_count < MAX_QUEUED_LINES ? malloc(sizeof(*piece) + len + 1) : NULL;
	if (!piece) {
		server->told_dropped++;
		return;
	}
	*piece = (struct piece){.type = MSG_CTL_LINE, .len = len};
	memcpy(piece->data, json, len + 1);
	*server->told_tail = piece;
	server->told_tail = &piece->next;
	server->told_count++;
}

static void tell_client(struct control_client *client, const struct piece *told, uint64_t dropped)
{
	client->dropped += dropped;
	for (; told; told = told->next)
		if (client->queued >= MAX_QUEUED_LINES || control_put_line(client, told->data) < 0)
			client->dropped++;
	pump_or_free(client);
}

void control_server_committed(struct control_server *server, bool is_good)
{
	if (!server || !server->told)
		return;
	for (unsigned i = 0; i < MAX_CLIENTS && is_good; i++)
		if (server->clients[i] && server->clients[i]->is_watching)
			tell_client(server->clients[i], server->told, server->told_dropped);
	free_pieces(server->told);
	server->told = NULL;
	server->told_tail = &server->told;
	server->told_count = 0;
	server->told_dropped = 0;
}

void control_server_load_done(struct control_server *server, uint64_t request, int result,
			      const char *text)
{
	for (unsigned i = 0; server && i < MAX_CLIENTS; i++) {
		struct control_client *client = server->clients[i];

		if (!client || !request || client->load_request != request)
			continue;
		client->progress = CONTROL_DONE;
		client->result = result;
		if (text)
			str_copy(client->text, sizeof(client->text), text);
		pump_or_free(client);
		return;
	}
}

void control_server_tick(struct control_server *server)
{
	int64_t now_ns = clock_boot_ns();

	for (unsigned i = 0; server && i < MAX_CLIENTS; i++) {
		struct control_client *client = server->clients[i];

		if (client && client->deadline_ns && now_ns > client->deadline_ns)
			client_free(client);
	}
}
