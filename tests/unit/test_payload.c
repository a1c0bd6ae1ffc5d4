/* SPDX-License-Identifier: Apache-2.0 */
/* agent/privsep/payload.c */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "privsep/payload.h"
#include "privsep/protocol.h"

static struct message received(const struct message *from)
{
	return (struct message){.type = from->type,
				.data = from->data,
				.len = from->len,
				.is_received = true,
				.is_borrowed = true,
				.fd = -1};
}

static const struct file_fact fact = {
	.path = "/usr/bin/\xff\nhmi",
	.type = FILE_TYPE_REGULAR,
	.role = FILE_ROLE_EXECUTABLE,
	.has_digest = true,
	.sha256 = {1, 2, 3, [31] = 0xff},
	.size = 1ULL << 40,
	.mode = 04755,
	.uid = 1000,
	.gid = 1001,
	.user = "operator",
	.group = NULL,
	.capabilities = "cap_net_raw=ep",
	.xattrs = "security.selinux=00",
	.link_target = NULL,
	.package = "hmi",
	.version = "1.2-3",
	.unstated = FILE_DIFF_MODE | FILE_DIFF_PACKAGE,
	.layer = LAYER_SITE,
};

static const struct subject subject = {
	.is_known = true,
	.cookie = UINT64_MAX,
	.pid = 42,
	.ppid = 1,
	.uid = 1000,
	.euid = 0,
	.login_uid = SUBJECT_UID_NONE,
	.exe = "/usr/bin/cp",
	.comm = "cp",
	.unit = "session-2.scope",
	.parents = "/bin/sh(41) < /sbin/init(1)",
	.user = NULL,
	.change_set = "apt-20261122T021503Z-812",
};

static void check_fact(const struct file_fact *got, const struct file_fact *want)
{
	ck_assert(str_equal(got->path, want->path));
	ck_assert_int_eq(got->type, want->type);
	ck_assert_int_eq(got->role, want->role);
	ck_assert_int_eq(got->has_digest, want->has_digest);
	ck_assert_uint_eq(got->unstated, want->unstated);
	ck_assert_int_eq(got->layer, want->layer);
	ck_assert_mem_eq(got->sha256, want->sha256, SHA256_SIZE);
	ck_assert_uint_eq(got->size, want->size);
	ck_assert_uint_eq(got->mode, want->mode);
	ck_assert_uint_eq(got->uid, want->uid);
	ck_assert_uint_eq(got->gid, want->gid);
	ck_assert(str_equal(got->user, want->user));
	ck_assert(str_equal(got->group, want->group));
	ck_assert(str_equal(got->capabilities, want->capabilities));
	ck_assert(str_equal(got->xattrs, want->xattrs));
	ck_assert(str_equal(got->link_target, want->link_target));
	ck_assert(str_equal(got->package, want->package));
	ck_assert(str_equal(got->version, want->version));
}

static void check_subject(const struct subject *got, const struct subject *want)
{
	ck_assert_int_eq(got->is_known, want->is_known);
	ck_assert_uint_eq(got->cookie, want->cookie);
	ck_assert_uint_eq(got->pid, want->pid);
	ck_assert_uint_eq(got->ppid, want->ppid);
	ck_assert_uint_eq(got->uid, want->uid);
	ck_assert_uint_eq(got->euid, want->euid);
	ck_assert_uint_eq(got->login_uid, want->login_uid);
	ck_assert(str_equal(got->exe, want->exe));
	ck_assert(str_equal(got->comm, want->comm));
	ck_assert(str_equal(got->unit, want->unit));
	ck_assert(str_equal(got->parents, want->parents));
	ck_assert(str_equal(got->user, want->user));
	ck_assert(str_equal(got->change_set, want->change_set));
}

START_TEST(a_file_fact_survives_the_way)
{
	cleanup_message struct message out = MESSAGE_INIT(MSG_BASELINE_ENTRY);
	cleanup_file_fact struct file_fact got = {0};
	struct message in;

	m_put_file_fact(&out, &fact);
	in = received(&out);
	m_get_file_fact(&in, &got);
	ck_assert_int_eq(message_check(&in), 0);
	check_fact(&got, &fact);
}
END_TEST

START_TEST(an_event_survives_the_way)
{
	const struct event want = {
		.kind = EVENT_EXEC,
		.changes = EVENT_CHANGE_WRITE | EVENT_CHANGE_LINK,
		.time_ns = -5,
		.until_ns = INT64_MAX,
		.count = 3,
		.sequence = 9,
		.subject = subject,
		.object = fact,
		.script = {.path = "/opt/x.sh", .type = FILE_TYPE_REGULAR},
		.text = "text",
	};
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);
	cleanup_event struct event got = {0};
	struct message in;

	m_put_event(&out, &want);
	in = received(&out);
	m_get_event(&in, &got);
	ck_assert_int_eq(message_check(&in), 0);
	ck_assert_int_eq(got.kind, want.kind);
	ck_assert_uint_eq(got.changes, want.changes);
	ck_assert_int_eq(got.time_ns, want.time_ns);
	ck_assert_int_eq(got.until_ns, want.until_ns);
	ck_assert_uint_eq(got.count, want.count);
	ck_assert_uint_eq(got.sequence, want.sequence);
	check_subject(&got.subject, &want.subject);
	check_fact(&got.object, &want.object);
	check_fact(&got.script, &want.script);
	ck_assert_str_eq(got.text, "text");
	ck_assert_ptr_null(got.detail);
}
END_TEST

static const struct standing standing = {
	.capabilities = 0x1ffffffffff,
	.hindrances = STANDING_FILTERED,
	.rungs = {{"lsm", -EPERM}},
	.rung_count = 1,
	.parts = {{"iter/task", PART_ATTACHED, 0, 7}, {"lsm/file_open", PART_REFUSED, -EACCES, 0}},
	.part_count = 2,
};

START_TEST(a_standing_survives_the_way)
{
	cleanup_message struct message out = MESSAGE_INIT(MSG_STANDING);
	struct standing got;
	struct message in;

	m_put_standing(&out, &standing);
	in = received(&out);
	m_get_standing(&in, &got);
	ck_assert_int_eq(message_check(&in), 0);
	ck_assert_mem_eq(&got, &standing, sizeof(got));
}
END_TEST

/* Fields in order: what is wrong with each message. */
START_TEST(nonsense_about_the_sensor_is_refused)
{
	for (int bad = 0; bad < 4; bad++) {
		cleanup_message struct message out = MESSAGE_INIT(MSG_STANDING);
		struct standing got;
		struct message in;

		m_put_u64(&out, 0);
		m_put_u32(&out, 0);
		m_put_u32(&out, bad == 0 ? STANDING_RUNGS_MAX + 1 : 0);
		m_put_u32(&out, 1);
		m_put_string(&out, bad == 1 ? NULL : "iter/task");
		m_put_i64(&out, bad == 2 ? 1 : 0);
		m_put_u32(&out, bad == 3 ? PART_STATE_COUNT : PART_ATTACHED);
		m_put_u64(&out, 0);
		in = received(&out);
		m_get_standing(&in, &got);
		ck_assert_int_eq(message_check(&in), -EBADMSG);
	}
}
END_TEST

START_TEST(a_check_result_survives_the_way)
{
	const struct check_result want = {
		.id = "SYS-001",
		.title = "title",
		.outcome = CHECK_NOT_APPLICABLE,
		.severity = SEVERITY_CRITICAL,
		.expected = "0",
		.reason = "why",
		.remediation = "do",
		.ot_caution = "care",
		.controls = "CM-6",
		.requirements = "SR 7.6",
		.time_ns = 4,
		.duration_ns = 5,
	};
	cleanup_message struct message out = MESSAGE_INIT(MSG_CHECK_RESULT);
	cleanup_check_result struct check_result got = {0};
	struct message in;

	m_put_check_result(&out, &want);
	in = received(&out);
	m_get_check_result(&in, &got);
	ck_assert_int_eq(message_check(&in), 0);
	ck_assert_str_eq(got.id, want.id);
	ck_assert_str_eq(got.title, want.title);
	ck_assert_int_eq(got.outcome, want.outcome);
	ck_assert_int_eq(got.severity, want.severity);
	ck_assert_str_eq(got.expected, want.expected);
	ck_assert_ptr_null(got.actual);
	ck_assert_str_eq(got.reason, want.reason);
	ck_assert_str_eq(got.remediation, want.remediation);
	ck_assert_str_eq(got.ot_caution, want.ot_caution);
	ck_assert_str_eq(got.controls, want.controls);
	ck_assert_str_eq(got.requirements, want.requirements);
	ck_assert_ptr_null(got.techniques);
	ck_assert_int_eq(got.time_ns, want.time_ns);
	ck_assert_uint_eq(got.duration_ns, want.duration_ns);
}
END_TEST

static void break_type(struct file_fact *f)
{
	f->type = FILE_TYPE_COUNT;
}

static void break_role(struct file_fact *f)
{
	f->role = 77;
}

static void break_mode(struct file_fact *f)
{
	f->mode = 010000;
}

static void break_path(struct file_fact *f)
{
	f->path = "relative";
}

static void break_unstated(struct file_fact *f)
{
	f->unstated = FILE_DIFF_CONTENT;
}

START_TEST(nonsense_in_a_file_fact_is_bad)
{
	static void (*const breakers[])(struct file_fact *) = {break_type, break_role, break_mode,
							       break_path, break_unstated};
	cleanup_message struct message out = MESSAGE_INIT(MSG_BASELINE_ENTRY);
	cleanup_file_fact struct file_fact got = {0};
	struct file_fact broken = fact;
	struct message in;

	breakers[_i](&broken);
	m_put_file_fact(&out, &broken);
	in = received(&out);
	m_get_file_fact(&in, &got);
	ck_assert_int_eq(message_check(&in), -EBADMSG);
}
END_TEST

START_TEST(an_event_of_no_kind_is_bad)
{
	const struct event want = {.kind = (enum event_kind)(_i ? EVENT_KIND_COUNT : EVENT_NONE)};
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);
	cleanup_event struct event got = {0};
	struct message in;

	m_put_event(&out, &want);
	in = received(&out);
	m_get_event(&in, &got);
	ck_assert_int_eq(message_check(&in), -EBADMSG);
}
END_TEST

START_TEST(a_check_result_without_id_is_bad)
{
	const struct check_result want = {.title = "title"};
	cleanup_message struct message out = MESSAGE_INIT(MSG_CHECK_RESULT);
	cleanup_check_result struct check_result got = {0};
	struct message in;

	m_put_check_result(&out, &want);
	in = received(&out);
	m_get_check_result(&in, &got);
	ck_assert_int_eq(message_check(&in), -EBADMSG);
}
END_TEST

/* A getter that meets a cut message leaves a value that its _done() can free. */
START_TEST(a_cut_event_is_bad_and_can_be_freed)
{
	const struct event want = {.kind = EVENT_EXEC, .subject = subject, .object = fact};
	cleanup_message struct message out = MESSAGE_INIT(MSG_EVENT);

	m_put_event(&out, &want);
	for (size_t len = 0; len < out.len; len++) {
		cleanup_event struct event got = {0};
		struct message in = received(&out);

		in.len = len;
		m_get_event(&in, &got);
		ck_assert_int_eq(message_check(&in), -EBADMSG);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("payload");
	TCase *tcase = tcase_create("payload");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, a_file_fact_survives_the_way);
	tcase_add_test(tcase, an_event_survives_the_way);
	tcase_add_test(tcase, a_standing_survives_the_way);
	tcase_add_test(tcase, nonsense_about_the_sensor_is_refused);
	tcase_add_test(tcase, a_check_result_survives_the_way);
	tcase_add_loop_test(tcase, nonsense_in_a_file_fact_is_bad, 0, 5);
	tcase_add_loop_test(tcase, an_event_of_no_kind_is_bad, 0, 2);
	tcase_add_test(tcase, a_check_result_without_id_is_bad);
	tcase_add_test(tcase, a_cut_event_is_bad_and_can_be_freed);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
