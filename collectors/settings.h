/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/plumbline/collector.conf: the collector's own settings. */
#ifndef PLUMBLINE_COLLECTORS_SETTINGS_H
#define PLUMBLINE_COLLECTORS_SETTINGS_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"

#define SETTINGS_PATH_DEFAULT "/etc/plumbline/collector.conf"

struct settings {
	/* [listen] */
	char *address;		  /* "127.0.0.1:8443", "[::1]:8443" */
	uint64_t workers;	  /* processes; default 1 */
	uint64_t max_connections; /* of each worker; default 64 */
	uint64_t idle_s; /* a connection that completes no request for so long is closed; default 60
			  */
	/* [tls]: PEM files */
	char *ca;	   /* issuers of the agents' certificates */
	char *certificate; /* the collector's own, with its chain */
	char *key;
	char *crl; /* revocation list of every issuer; NULL: none is checked */
	/* [store] */
	char *path;		 /* state directory; default /var/lib/plumbline-collector */
	uint64_t retention_days; /* default 400; 0 keeps all */
	/* [report] */
	char *waivers;	   /* folder of signed files; default /etc/plumbline/waivers */
	char *approver_ca; /* PEM, of their approvers; NULL: none counts */
	char *data_dir;	   /* controls; default /usr/share/plumbline-collector */
	/* [process] */
	char *user; /* when started as root; default plumbline-collector */
};

/* -EINVAL with @diag filled (file:line), or another negative errno. */
int settings_load(const char *path, struct settings **ret_settings, struct diag *diag);
struct settings *settings_free(struct settings *settings);
DEFINE_CLEANUP(struct settings *, settings_free)

#endif
