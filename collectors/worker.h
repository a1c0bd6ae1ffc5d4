/* SPDX-License-Identifier: Apache-2.0 */
/* Worker: one process with one loop that serves HTTPS from a shared listening socket into the
 * store. */
#ifndef PLUMBLINE_COLLECTORS_WORKER_H
#define PLUMBLINE_COLLECTORS_WORKER_H

#include "listener_tls.h"
#include "settings.h"

/* Serves until SIGTERM or SIGINT; the exit status of the process. @listen_fd is taken. */
int worker_run(const struct settings *settings, struct listener_tls *tls, int listen_fd);

#endif
