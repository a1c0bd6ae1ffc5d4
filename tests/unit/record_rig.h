/* SPDX-License-Identifier: Apache-2.0 */
/* A record in a folder of its own for each test, and a finding to put there. */
#ifndef PLUMBLINE_TESTS_RECORD_RIG_H
#define PLUMBLINE_TESTS_RECORD_RIG_H

#include "unit.h"

#include "record/record.h"

#define OUTBOX_BYTES (1 << 20)

static char *folder;
static struct record *record;

static inline void setup(void)
{
	folder = unit_folder_new();
	ck_assert_int_eq(record_open(folder, OUTBOX_BYTES, &record), 0);
}

static inline void teardown(void)
{
	record = record_close(record);
	unit_folder_free(folder);
}

static inline void reopen(uint64_t max_bytes)
{
	record = record_close(record);
	ck_assert_int_eq(record_open(folder, max_bytes, &record), 0);
}

static inline struct finding make_finding(const char *path, const char *actual)
{
	struct finding finding = {
		.kind = FINDING_CONFIG_MODIFIED,
		.severity = SEVERITY_HIGH,
		.first_seen_ns = 100,
		.last_seen_ns = 100,
		.count = 1,
		.path = (char *)path,
		.expected = "sha256:00",
		.actual = (char *)actual,
		.detail = "It differs.",
		.controls = "CM-3",
		.subject = {.is_known = true,
			    .pid = 7,
			    .exe = "/bin/vi",
			    .login_uid = SUBJECT_UID_NONE},
	};

	ck_assert_int_eq(finding_seal(&finding, "hmi"), 0);
	return finding;
}

static inline enum record_change put(struct finding *finding)
{
	enum record_change change;

	ck_assert_int_eq(record_put_finding(record, finding, &change), 0);
	return change;
}

#endif
