/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a collector: kills the process with SIGKILL just before the
 * Nth step of its work, where a step is a statement of the store or an answer
 * to a client. The file named by CRASH_SHIM_FILE holds N; it is removed first,
 * so that the next process lives.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct evhttp_request;
struct evbuffer;
struct sqlite3_stmt;

int sqlite3_step(struct sqlite3_stmt *statement);
void evhttp_send_reply(struct evhttp_request *request, int code, const char *reason,
		       struct evbuffer *body);

/* Steps since the file appeared. */
static int steps;

static void step(void)
{
	const char *path = getenv("CRASH_SHIM_FILE");
	char text[16] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0) {
		steps = 0;
		return;
	}
	if (read(fd, text, sizeof(text) - 1) > 0 && ++steps >= atoi(text)) {
		unlink(path);
		raise(SIGKILL);
	}
	close(fd);
}

int sqlite3_step(struct sqlite3_stmt *statement)
{
	int (*real)(struct sqlite3_stmt *) = dlsym(RTLD_NEXT, "sqlite3_step");

	step();
	return real(statement);
}

void evhttp_send_reply(struct evhttp_request *request, int code, const char *reason,
		       struct evbuffer *body)
{
	void (*real)(struct evhttp_request *, int, const char *, struct evbuffer *) =
		dlsym(RTLD_NEXT, "evhttp_send_reply");

	step();
	real(request, code, reason, body);
}
