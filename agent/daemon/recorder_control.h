/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server of the control socket: who may ask what, and answers that wait for
 * slow readers without holding more than a bounded part of themselves.
 *
 * An answer is made in pieces: a verb is asked for more only when the reader
 * has taken what is there. Only `watch` is pushed to; a watcher that does not
 * keep up loses lines and is told how many.
 */
#ifndef PLUMBLINE_DAEMON_RECORDER_CONTROL_H
#define PLUMBLINE_DAEMON_RECORDER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"

struct recorder;
struct control_server;
struct control_client;

/* Listens on @fd (borrowed). The members of group *@group (NULL: no such group) may use the reading
 * verbs. */
int control_server_new(struct recorder *recorder, int fd, const gid_t *group,
		       struct control_server **ret_server);
/* The supervisor gave another listening socket. */
int control_server_listen(struct control_server *server, int fd);
struct control_server *control_server_free(struct control_server *server);

/* A finding as it is appended. Watchers get it once the transaction is committed. NULL server is
 * allowed. */
void control_server_tell(struct control_server *server, const char *json);
void control_server_committed(struct control_server *server, bool is_good);
/* The supervisor's answer to a load. */
void control_server_load_done(struct control_server *server, uint64_t request, int result,
			      const char *text);
bool control_server_is_loading(const struct control_server *server);
void control_server_tick(struct control_server *server);

/* ---- for recorder_verbs.c */

#define CONTROL_MAX_ARGUMENTS 4

/* Where a verb is in its answer; zero at the start of each request. */
struct control_position {
	int64_t cursor;
	uint64_t sequence;
	unsigned step;
	struct strbuf frame; /* of an export, partly sent */
	size_t frame_sent;
};

struct control_request {
	struct recorder *recorder;
	struct control_client *client;
	struct control_position *position;
	char *const *arguments;
	unsigned count;
	int *fd; /* take it by setting -1 */
};

enum control_progress {
	CONTROL_DONE,
	CONTROL_MORE, /* call again when the reader took all */
	CONTROL_WAIT, /* lines or the end come by themselves */
};

struct control_verb {
	const char *name;
	bool is_root_only;
	unsigned min_arguments, max_arguments;
	/* An enum control_progress, or negative errno with the text by control_fail(). */
	int (*answer)(struct control_request *request);
};

extern const struct control_verb control_verbs[]; /* ended by a NULL name */

/* Queue a piece of the answer; an error ends the request. */
int control_put_line(struct control_client *client, const char *json);
int control_put_data(struct control_client *client, const void *data, size_t len);
/* Keeps the text for the end of the request and returns @error. */
int control_fail(struct control_client *client, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void control_set_watching(struct control_client *client);
/* The number under which the end of a load will come; -EBUSY while another one waits. */
int control_await_load(struct control_client *client, uint64_t *ret_request);

#endif
