/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One difference between the approved state and the machine.
 *
 * `fingerprint` is the SHA-256 over kind, path, expected and actual, each
 * followed by a NUL byte: the same on every machine that has the same
 * difference. `id` is the SHA-256 over host and fingerprint in the same way.
 */
#ifndef PLUMBLINE_MODEL_FINDING_H
#define PLUMBLINE_MODEL_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/incident.h"
#include "model/subject.h"

/* Names are "software.unknown" and so on; the family is the part before the dot. */
enum finding_kind {
	FINDING_NONE,
	FINDING_SOFTWARE_UNKNOWN,  /* a program ran that no baseline names */
	FINDING_SOFTWARE_MODIFIED, /* an approved executable has other content, or ran with it */
	FINDING_SOFTWARE_MOVED,	   /* approved content ran at a path that is not approved for it */
	FINDING_SOFTWARE_ADDED,	   /* an executable appeared in a monitored tree */
	FINDING_SOFTWARE_REMOVED,
	FINDING_SOFTWARE_ATTRIBUTES,   /* mode, owner, capabilities or security xattr differ */
	FINDING_SOFTWARE_UNVERIFIABLE, /* ran, but its content could not be hashed (memfd, deleted)
					*/
	FINDING_LIBRARY_UNKNOWN,       /* a library was loaded that no baseline names */
	FINDING_LIBRARY_MODIFIED,
	FINDING_LIBRARY_ADDED,
	FINDING_LIBRARY_REMOVED,
	FINDING_LIBRARY_ATTRIBUTES,
	FINDING_SCRIPT_UNKNOWN,
	FINDING_SCRIPT_MODIFIED,
	FINDING_SCRIPT_ADDED,
	FINDING_SCRIPT_REMOVED,
	FINDING_SCRIPT_ATTRIBUTES,
	FINDING_MODULE_UNKNOWN, /* a kernel module was loaded that no baseline names */
	FINDING_MODULE_MODIFIED,
	FINDING_MODULE_ADDED,
	FINDING_MODULE_REMOVED,
	FINDING_MODULE_ATTRIBUTES,
	FINDING_CONFIG_MODIFIED,
	FINDING_CONFIG_ADDED,
	FINDING_CONFIG_REMOVED,
	FINDING_CONFIG_ATTRIBUTES,
	FINDING_DATA_MODIFIED,
	FINDING_DATA_ADDED,
	FINDING_DATA_REMOVED,
	FINDING_DATA_ATTRIBUTES,
	FINDING_HARDENING_FAILED, /* a check failed; @path is the check id */
	FINDING_HARDENING_REGRESSED,
	FINDING_MOUNT_CHANGED,
	FINDING_AGENT_GAP,
	FINDING_AGENT_DEGRADED,
	FINDING_AGENT_TAMPER,
	FINDING_AGENT_CLOCK,
	FINDING_AGENT_SILENT, /* raised by a collector */
	FINDING_KIND_COUNT,
};

enum finding_severity {
	SEVERITY_INFO,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITY_COUNT,
};

enum finding_state {
	FINDING_STATE_OPEN,
	FINDING_STATE_EXPLAINED,
	FINDING_STATE_ACKNOWLEDGED,
	FINDING_STATE_WAIVED,
	FINDING_STATE_INCIDENT,
	FINDING_STATE_RESOLVED,
	FINDING_STATE_COUNT,
};

struct finding {
	char id[SHA256_HEX_SIZE];
	char fingerprint[SHA256_HEX_SIZE];
	enum finding_kind kind;
	enum finding_severity severity;
	enum finding_state state;
	int64_t first_seen_ns, last_seen_ns; /* wall clock */
	uint64_t count;			     /* times the same difference was seen */
	struct subject subject;		     /* of the newest sighting that knows one */
	char *path;			     /* object: file path (raw bytes) or check id */
	char *expected; /* digest, attribute text or wanted value; NULL when nothing was approved */
	char *actual;	/* what was found; NULL when nothing is there */
	char *package;	/* of the approved entry, "name version"; NULL */
	char *detail;	/* one plain sentence for a person */
	char baseline[SHA256_HEX_SIZE]; /* digest of the statement judged against; "" when none */
	char *change_set;		/* id of the updater transaction; NULL */
	char *controls;			/* NIST SP 800-53r5 ids, space-separated, from data */
	char *requirements;	  /* IEC 62443-3-3 SR and RE ids, comma-separated, from data */
	char *techniques;	  /* MITRE ATT&CK ids, space-separated, from data; NULL */
	struct incident incident; /* that it was declared; zero: it was not */
};

void finding_done(struct finding *finding);
int finding_copy(const struct finding *from, struct finding *to);
#define cleanup_finding cleanup_with(finding_done)

/* Fills fingerprint and id from the other fields and @host. */
int finding_seal(struct finding *finding, const char *host);

const char *finding_kind_name(enum finding_kind kind);
int finding_kind_parse(const char *name, enum finding_kind *ret_kind);
const char *finding_severity_name(enum finding_severity severity);
int finding_severity_parse(const char *name, enum finding_severity *ret_severity);
const char *finding_state_name(enum finding_state state);
int finding_state_parse(const char *name, enum finding_state *ret_state);

#endif
