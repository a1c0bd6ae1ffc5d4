/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and names as a person says them; see words.h. */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

const char *words_duration(int64_t ns, char buf[static WORDS_SIZE])
{
	int64_t s = ns / NSEC_PER_SEC;
	int64_t days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;

	if (ns > 0 && s == 0)
		snprintf(buf, WORDS_SIZE, "under 1 s");
	else if (days > 0 && hours > 0)
		snprintf(buf, WORDS_SIZE, "%" PRId64 " d %" PRId64 " h", days, hours);
	else if (days > 0)
		snprintf(buf, WORDS_SIZE, "%" PRId64 " d", days);
	else if (hours > 0 && minutes > 0)
		snprintf(buf, WORDS_SIZE, "%" PRId64 " h %" PRId64 " min", hours, minutes);
	else if (hours > 0)
		snprintf(buf, WORDS_SIZE, "%" PRId64 " h", hours);
	else if (minutes > 0 && s % 60 > 0)
		snprintf(buf, WORDS_SIZE, "%" PRId64 " min %" PRId64 " s", minutes, s % 60);
	else if (minutes > 0)
		snprintf(buf, WORDS_SIZE, "%" PRId64 " min", minutes);
	else
		snprintf(buf, WORDS_SIZE, "%" PRId64 " s", s);
	return buf;
}

const char *words_count(size_t count, const char *one, const char *many,
			char buf[static WORDS_SIZE])
{
	snprintf(buf, WORDS_SIZE, "%zu %s", count, count == 1 ? one : many);
	return buf;
}

const char *words_permille(unsigned permille, char buf[static WORDS_SIZE])
{
	if (permille % 10 == 0)
		snprintf(buf, WORDS_SIZE, "%u %%", permille / 10);
	else
		snprintf(buf, WORDS_SIZE, "%u.%u %%", permille / 10, permille % 10);
	return buf;
}

static const char *const kind_words[FINDING_KIND_COUNT] = {
	[FINDING_NONE] = "No difference",
	[FINDING_SOFTWARE_UNKNOWN] = "A program ran that is not approved",
	[FINDING_SOFTWARE_MODIFIED] = "An approved program has other content",
	[FINDING_SOFTWARE_MOVED] = "Approved content ran from another place",
	[FINDING_SOFTWARE_ADDED] = "A program was added",
	[FINDING_SOFTWARE_REMOVED] = "An approved program is gone",
	[FINDING_SOFTWARE_ATTRIBUTES] = "An approved program has other attributes",
	[FINDING_SOFTWARE_UNVERIFIABLE] = "A program ran whose content could not be hashed",
	[FINDING_LIBRARY_UNKNOWN] = "An unapproved library was loaded",
	[FINDING_LIBRARY_MODIFIED] = "An approved library has other content",
	[FINDING_LIBRARY_ADDED] = "A library was added",
	[FINDING_LIBRARY_REMOVED] = "An approved library is gone",
	[FINDING_LIBRARY_ATTRIBUTES] = "An approved library has other attributes",
	[FINDING_SCRIPT_UNKNOWN] = "A script ran that is not approved",
	[FINDING_SCRIPT_MODIFIED] = "An approved script has other content",
	[FINDING_SCRIPT_ADDED] = "A script was added",
	[FINDING_SCRIPT_REMOVED] = "An approved script is gone",
	[FINDING_SCRIPT_ATTRIBUTES] = "An approved script has other attributes",
	[FINDING_MODULE_UNKNOWN] = "An unapproved kernel module was loaded",
	[FINDING_MODULE_MODIFIED] = "An approved kernel module has other content",
	[FINDING_MODULE_ADDED] = "A kernel module was added",
	[FINDING_MODULE_REMOVED] = "An approved kernel module is gone",
	[FINDING_MODULE_ATTRIBUTES] = "An approved kernel module has other attributes",
	[FINDING_CONFIG_MODIFIED] = "An approved setting file has other content",
	[FINDING_CONFIG_ADDED] = "A setting file was added",
	[FINDING_CONFIG_REMOVED] = "An approved setting file is gone",
	[FINDING_CONFIG_ATTRIBUTES] = "An approved setting file has other attributes",
	[FINDING_DATA_MODIFIED] = "An approved file has other content",
	[FINDING_DATA_ADDED] = "A file was added",
	[FINDING_DATA_REMOVED] = "An approved file is gone",
	[FINDING_DATA_ATTRIBUTES] = "An approved file has other attributes",
	[FINDING_HARDENING_FAILED] = "A hardening check failed",
	[FINDING_HARDENING_REGRESSED] = "A hardening check that passed before now fails",
	[FINDING_MOUNT_CHANGED] = "A mount over an approved path changed",
	[FINDING_AGENT_GAP] = "Part of what happened was not seen",
	[FINDING_AGENT_DEGRADED] = "The agent works with less than it should",
	[FINDING_AGENT_TAMPER] = "Something interfered with the agent",
	[FINDING_AGENT_CLOCK] = "The clock was set back",
	[FINDING_AGENT_SILENT] = "The agent has not been heard of",
};

const char *words_finding_kind(enum finding_kind kind)
{
	if ((unsigned)kind >= FINDING_KIND_COUNT || !kind_words[kind])
		return "A difference";
	return kind_words[kind];
}

const char *words_finding_remedy(void)
{
	return "Bring back the approved state, or have the change approved into the baseline.";
}
