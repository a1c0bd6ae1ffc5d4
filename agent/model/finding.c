/* SPDX-License-Identifier: Apache-2.0 */
#include "model/finding.h"

#include "base/str.h"
#include "model/name_table.h"

static const char *const kind_names[FINDING_KIND_COUNT] = {
	[FINDING_NONE] = "none",
	[FINDING_SOFTWARE_UNKNOWN] = "software.unknown",
	[FINDING_SOFTWARE_MODIFIED] = "software.modified",
	[FINDING_SOFTWARE_MOVED] = "software.moved",
	[FINDING_SOFTWARE_ADDED] = "software.added",
	[FINDING_SOFTWARE_REMOVED] = "software.removed",
	[FINDING_SOFTWARE_ATTRIBUTES] = "software.attributes",
	[FINDING_SOFTWARE_UNVERIFIABLE] = "software.unverifiable",
	[FINDING_LIBRARY_UNKNOWN] = "library.unknown",
	[FINDING_LIBRARY_MODIFIED] = "library.modified",
	[FINDING_LIBRARY_ADDED] = "library.added",
	[FINDING_LIBRARY_REMOVED] = "library.removed",
	[FINDING_LIBRARY_ATTRIBUTES] = "library.attributes",
	[FINDING_SCRIPT_UNKNOWN] = "script.unknown",
	[FINDING_SCRIPT_MODIFIED] = "script.modified",
	[FINDING_SCRIPT_ADDED] = "script.added",
	[FINDING_SCRIPT_REMOVED] = "script.removed",
	[FINDING_SCRIPT_ATTRIBUTES] = "script.attributes",
	[FINDING_MODULE_UNKNOWN] = "module.unknown",
	[FINDING_MODULE_MODIFIED] = "module.modified",
	[FINDING_MODULE_ADDED] = "module.added",
	[FINDING_MODULE_REMOVED] = "module.removed",
	[FINDING_MODULE_ATTRIBUTES] = "module.attributes",
	[FINDING_CONFIG_MODIFIED] = "config.modified",
	[FINDING_CONFIG_ADDED] = "config.added",
	[FINDING_CONFIG_REMOVED] = "config.removed",
	[FINDING_CONFIG_ATTRIBUTES] = "config.attributes",
	[FINDING_DATA_MODIFIED] = "data.modified",
	[FINDING_DATA_ADDED] = "data.added",
	[FINDING_DATA_REMOVED] = "data.removed",
	[FINDING_DATA_ATTRIBUTES] = "data.attributes",
	[FINDING_HARDENING_FAILED] = "hardening.failed",
	[FINDING_HARDENING_REGRESSED] = "hardening.regressed",
	[FINDING_MOUNT_CHANGED] = "mount.changed",
	[FINDING_AGENT_GAP] = "agent.gap",
	[FINDING_AGENT_DEGRADED] = "agent.degraded",
	[FINDING_AGENT_TAMPER] = "agent.tamper",
	[FINDING_AGENT_CLOCK] = "agent.clock",
	[FINDING_AGENT_SILENT] = "agent.silent",
};

static const char *const severity_names[SEVERITY_COUNT] = {
	[SEVERITY_INFO] = "info", [SEVERITY_LOW] = "low",	    [SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical",
};

static const char *const state_names[FINDING_STATE_COUNT] = {
	[FINDING_STATE_OPEN] = "open",
	[FINDING_STATE_EXPLAINED] = "explained",
	[FINDING_STATE_ACKNOWLEDGED] = "acknowledged",
	[FINDING_STATE_WAIVED] = "waived",
	[FINDING_STATE_INCIDENT] = "incident",
	[FINDING_STATE_RESOLVED] = "resolved",
};

void finding_done(struct finding *finding)
{
	subject_done(&finding->subject);
	free(finding->path);
	free(finding->expected);
	free(finding->actual);
	free(finding->package);
	free(finding->detail);
	free(finding->change_set);
	free(finding->controls);
	free(finding->requirements);
	free(finding->techniques);
	incident_done(&finding->incident);
	*finding = (struct finding){0};
}

int finding_copy(const struct finding *from, struct finding *to)
{
	struct finding copy = *from;
	int r = 0;

	r |= subject_copy(&from->subject, &copy.subject);
	if (r < 0)
		copy.subject = (struct subject){0};
	if (incident_copy(&from->incident, &copy.incident) < 0) {
		copy.incident = (struct incident){0};
		r = -ENOMEM;
	}
	r |= copy_string(from->path, &copy.path);
	r |= copy_string(from->expected, &copy.expected);
	r |= copy_string(from->actual, &copy.actual);
	r |= copy_string(from->package, &copy.package);
	r |= copy_string(from->detail, &copy.detail);
	r |= copy_string(from->change_set, &copy.change_set);
	r |= copy_string(from->controls, &copy.controls);
	r |= copy_string(from->requirements, &copy.requirements);
	r |= copy_string(from->techniques, &copy.techniques);
	if (r < 0) {
		finding_done(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}

/* NUL ends each part, so that "a" + "bc" and "ab" + "c" differ. */
static void add_part(struct hash *hash, const char *text)
{
	hash_update(hash, text ? text : "", (text ? strlen(text) : 0) + 1);
}

int finding_seal(struct finding *finding, const char *host)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	uint8_t fingerprint[SHA256_SIZE], id[SHA256_SIZE];
	char text[SHA256_HEX_SIZE];
	int r;

	r = hash_new(&hash);
	if (r < 0)
		return r;
	add_part(hash, finding_kind_name(finding->kind));
	add_part(hash, finding->path);
	add_part(hash, finding->expected);
	add_part(hash, finding->actual);
	r = hash_final(hash, fingerprint);
	if (r < 0)
		return r;
	hex_encode(fingerprint, sizeof(fingerprint), text);

	hash_reset(hash);
	add_part(hash, host);
	add_part(hash, text);
	r = hash_final(hash, id);
	if (r < 0)
		return r;
	memcpy(finding->fingerprint, text, sizeof(text));
	hex_encode(id, sizeof(id), finding->id);
	return 0;
}

const char *finding_kind_name(enum finding_kind kind)
{
	return name_of(kind_names, FINDING_KIND_COUNT, kind);
}

int finding_kind_parse(const char *name, enum finding_kind *ret_kind)
{
	int value = value_of(kind_names, FINDING_KIND_COUNT, name);

	if (value < 0)
		return value;
	*ret_kind = (enum finding_kind)value;
	return 0;
}

const char *finding_severity_name(enum finding_severity severity)
{
	return name_of(severity_names, SEVERITY_COUNT, severity);
}

int finding_severity_parse(const char *name, enum finding_severity *ret_severity)
{
	int value = value_of(severity_names, SEVERITY_COUNT, name);

	if (value < 0)
		return value;
	*ret_severity = (enum finding_severity)value;
	return 0;
}

const char *finding_state_name(enum finding_state state)
{
	return name_of(state_names, FINDING_STATE_COUNT, state);
}

int finding_state_parse(const char *name, enum finding_state *ret_state)
{
	int value = value_of(state_names, FINDING_STATE_COUNT, name);

	if (value < 0)
		return value;
	*ret_state = (enum finding_state)value;
	return 0;
}
