/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/plumbline/plumbline.conf, the agent's own settings; all have defaults.
 *
 * Read by each process for itself before its sandbox. plumblined --check-config
 * prints the effective values.
 */
#ifndef PLUMBLINE_MODEL_CONFIG_H
#define PLUMBLINE_MODEL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/strbuf.h"
#include "model/layer.h"

struct config {
	/* [agent] */
	char *name;	   /* of this host in records; default: host name */
	char *state_dir;   /* /var/lib/plumbline: baseline/ (root), recorder/ (plumbline-recorder),
			      key/ (root) */
	char *run_dir;	   /* /run/plumbline: control.sock, plumblined.pid */
	char *data_dir;	   /* checks, controls, profiles: /usr/share/plumbline, or baselines/ of the
			      source tree */
	char *libexec_dir; /* of the helper programs; default: /usr/libexec/plumbline when
			      installed, where plumblined lies otherwise */
	/* [process] */
	char *user_prefix; /* "plumbline": users plumbline-verifier, ... */
	char *seccomp;	   /* "enforce", "log" or "off" */
	/* [baseline] */
	char *approver_ca;     /* PEM file of the certificates that approvals must chain to */
	char *approval_policy; /* ini of who must approve; "": one approval is enough */
	/* The same for one layer, in place of it; "": approval_policy. */
	char *vendor_policy, *model_policy, *site_policy, *host_policy;
	/* [sensor] */
	char *rung;		 /* "auto", or the highest rung to try */
	char *enforce;		 /* "yes": deny code that is not approved */
	char *permission_mounts; /* mount points, by white space: where it is denied on rungs
				    that give no verdicts in the kernel; "": nowhere */
	uint64_t permission_deadline_ms; /* how long a start waits there; default 200 */
	char *permission_late;		 /* "allow" or "deny" what is not known in time there */
	uint64_t dead_man_s;		 /* enforcing without a word of the agent; default 300 */
	uint64_t scan_interval_s;	 /* full walk of the monitored trees; default 21600 */
	uint64_t recheck_interval_s;	 /* open findings; default 60 */
	/* [checks] */
	char *profile;		   /* "hmi-sl3" */
	char *overlay;		   /* file of the site; "": none */
	char *category;		   /* FIPS 199; "": none */
	char *waivers;		   /* folder of signed files; "": none */
	uint64_t check_interval_s; /* default 3600 */
	uint64_t walk_interval_s;  /* default 86400; 0: never */
	/* [privacy] */
	char *arguments;  /* "off": of programs, which are never told */
	char *user_names; /* "off", "hashed", "clear"; default clear */
	char *salt_file;  /* for "hashed": a secret that is the same on all hosts of the site */
	/* [collector] */
	char *url;		      /* "https://host:8443"; empty: stand-alone */
	char *ca, *certificate, *key; /* PEM files */
	uint64_t outbox_max_bytes;    /* default 256 MiB; beyond it records fold into counts */
	uint64_t linger_s;	      /* a reporter without work ends after it; default 120 */
};

/* @path NULL gives the defaults. -EINVAL with @diag filled (file:line), or another negative errno.
 */
int config_load(const char *path, struct config **ret_config, struct diag *diag);
struct config *config_free(struct config *config);
DEFINE_CLEANUP(struct config *, config_free)

/* What approves a baseline of this layer: its policy's path, or NULL where one approval is enough.
 */
const char *config_policy_of(const struct config *config, enum layer layer);

/* The effective settings as ini text. */
void config_print(const struct config *config, struct strbuf *out);

#define CONFIG_PATH_DEFAULT "/etc/plumbline/plumbline.conf"

#endif
