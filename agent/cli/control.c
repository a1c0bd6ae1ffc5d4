/* SPDX-License-Identifier: Apache-2.0 */
/* Client of the recorder's control socket. */
#include "cli/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "model/config.h"
#include "privsep/channel.h"
#include "privsep/protocol.h"

int control_option(struct control_target *target, int option, const char *value)
{
	if (option == CONTROL_OPTION_SOCKET)
		target->socket = value;
	else if (option == CONTROL_OPTION_CONFIG)
		target->config = value;
	else
		return -EINVAL;
	return 0;
}

static int find_socket(const struct control_target *target, struct sockaddr_un *ret_address,
		       struct diag *diag)
{
	cleanup_with(config_freep) struct config *config = NULL;
	const char *config_path = target->config;
	int r, len;

	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (target->socket) {
		len = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s",
			       target->socket);
	} else {
		/* Without --config a missing file means the defaults, as for the agent. */
		if (!config_path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
			config_path = CONFIG_PATH_DEFAULT;
		r = config_load(config_path, &config, diag);
		if (r < 0)
			return r;
		len = snprintf(ret_address->sun_path, sizeof(ret_address->sun_path),
			       "%s/control.sock", config->run_dir);
	}
	if (len < 0 || (size_t)len >= sizeof(ret_address->sun_path))
		return diag_set(diag, "", 0, -ENAMETOOLONG, "the socket's path is too long");
	return 0;
}

static int connect_agent(const struct control_target *target, int *ret_fd, struct diag *diag)
{
	struct sockaddr_un address;
	cleanup_close int fd = -1;
	int r;

	r = find_socket(target, &address, diag);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return diag_set(diag, "", 0, -errno, "no socket could be made");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		if (r == -EACCES)
			return diag_set(diag, address.sun_path, 0, r,
					"you may not ask the agent: be root or in group plumbline");
		return diag_set(diag, address.sun_path, 0, r, "no agent answers here (%s)",
				strerror(-r));
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int send_request(int fd, const struct control_request *request, struct diag *diag)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_REQUEST);
	uint64_t count = 0;
	int r;

	while (request->arguments && request->arguments[count])
		count++;
	m_put_string(&message, request->verb);
	m_put_u64(&message, count);
	for (uint64_t i = 0; i < count; i++)
		m_put_string(&message, request->arguments[i]);
	r = message_check(&message);
	if (r < 0)
		return diag_set(diag, "", 0, r, "the request is too long");

	message.fd = request->fd;
	r = message_send_fd(fd, &message, CONTROL_TIMEOUT_MS);
	message.fd = -1; /* the caller's */
	if (r < 0)
		return diag_set(diag, "", 0, r, "the agent took no request (%s)", strerror(-r));
	return 0;
}

static int take_end(struct message *message, struct diag *diag)
{
	int64_t result = m_get_i64(message);
	cleanup_free char *text = m_get_string(message);

	if (message_check(message) < 0 || result > 0 || result < -4095)
		return diag_set(diag, "", 0, -EBADMSG, "the agent's answer makes no sense");
	if (result < 0)
		return diag_set(diag, "", 0, (int)result, "%s",
				text ? text : strerror((int)-result));
	return 0;
}

static int take_line(const struct control_request *request, struct message *message,
		     struct diag *diag)
{
	cleanup_free char *json = m_get_string(message);

	if (message_check(message) < 0 || !json || !request->on_line)
		return diag_set(diag, "", 0, -EBADMSG, "the agent's answer makes no sense");
	return request->on_line(json, request->userdata);
}

static int take_data(const struct control_request *request, struct message *message,
		     struct diag *diag)
{
	size_t len;
	const void *data = m_get_bytes(message, &len);

	if (message_check(message) < 0 || !request->on_data)
		return diag_set(diag, "", 0, -EBADMSG, "the agent's answer makes no sense");
	return request->on_data(data, len, request->userdata);
}

/* 1 with one answer handed out, 0 at the end, or an error. */
static int take_answer(int fd, const struct control_request *request, struct diag *diag)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_NONE);
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	int r;

	do
		r = poll(&pfd, 1, request->timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return diag_set(diag, "", 0, -errno, "waiting for the agent failed");
	if (r == 0)
		return diag_set(diag, "", 0, -ETIMEDOUT, "the agent is silent");

	r = message_recv_fd(fd, CONTROL_TIMEOUT_MS, &message);
	if (r == -EPIPE)
		return diag_set(diag, "", 0, r, "the agent closed the connection");
	if (r < 0)
		return diag_set(diag, "", 0, r, "the agent's answer cannot be read");

	if (message.type == MSG_CTL_END)
		return take_end(&message, diag);
	if (message.type == MSG_CTL_LINE)
		r = take_line(request, &message, diag);
	else if (message.type == MSG_CTL_DATA)
		r = take_data(request, &message, diag);
	else
		r = diag_set(diag, "", 0, -EBADMSG, "the agent's answer makes no sense");
	return r < 0 ? r : 1;
}

int control_run(const struct control_target *target, const struct control_request *request,
		struct diag *diag)
{
	cleanup_close int fd = -1;
	int r;

	r = connect_agent(target, &fd, diag);
	if (r < 0)
		return r;
	r = send_request(fd, request, diag);
	if (r < 0)
		return r;
	do
		r = take_answer(fd, request, diag);
	while (r > 0);
	return r;
}

int control_run_loud(const struct control_target *target, const struct control_request *request)
{
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;
	struct diag diag = {0};
	char text[1024];
	int r;

	r = control_run(target, request, &diag);
	if (r >= 0)
		return r;
	str_show(&shown, diag.text[0] ? diag_format(&diag, text, sizeof(text)) : strerror(-r));
	fprintf(stderr, "plumbline: %s: %s\n", request->verb, shown.data ? shown.data : "");
	return r;
}
