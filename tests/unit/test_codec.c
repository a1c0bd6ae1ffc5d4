/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of wire/codec.h: the field table is all that leaves, and all that comes in. */
#include <jansson.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/codec.h"

#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define TIME_NS	 1795289692123000000LL

static const struct wire_policy clear = {WIRE_PRIVACY_CLEAR, NULL};

static char *text(const char *value)
{
	char *copy = strdup(value);

	ck_assert_ptr_nonnull(copy);
	return copy;
}

#define HUNDRED                                                                          \
	"hmi-sl3 (overlay 'a line of its own': 123 taken in, 45 left out, 6 changed, 7 " \
	"added; category low) "
#define LONG_PROFILE HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static void fill_hello(struct wire_hello *hello)
{
	*hello = (struct wire_hello){
		.agent = text("hmi-07"),
		.version = text("0.1.0"),
		.rung = text("trace"),
		.rung_reason = text("no BPF LSM"),
		.kernel = text("6.1.0"),
		.os = text("Debian GNU/Linux 12"),
		/* Longer cannot be: a file's name, the title of an overlay and the counts. */
		.profile = text(LONG_PROFILE),
		.baseline = text(DIGEST_A),
		.evidence_key =
			text("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"),
		.time_ns = TIME_NS,
	};
}

static void fill_finding(struct finding *finding)
{
	*finding = (struct finding){
		.id = DIGEST_A,
		.fingerprint = DIGEST_B,
		.kind = FINDING_SOFTWARE_MODIFIED,
		.severity = SEVERITY_HIGH,
		.state = FINDING_STATE_OPEN,
		.first_seen_ns = TIME_NS,
		.last_seen_ns = TIME_NS + 5000000000LL,
		.count = 3,
		.subject =
			{
				.is_known = true,
				.cookie = 0xfedcba9876543210ULL,
				.pid = 4711,
				.ppid = 1,
				.uid = 1000,
				.euid = 0,
				.login_uid = 1001,
				.exe = text("/opt/hmi/bad\xff"
					    "name"),
				.comm = text("hm\x01i"),
				.unit = text("hmi.service"),
				.parents = text("/usr/bin/bash(12) < /usr/sbin/sshd(9)"),
				.user = text("operator"),
			},
		.path = text("/opt/hmi/new\nline\\\xc3\x28"),
		.expected = text("sha256:" DIGEST_A),
		.actual = text("sha256:" DIGEST_B),
		.package = text("hmi 1.2"),
		.detail = text("other content than approved"),
		.baseline = DIGEST_A,
		.change_set = text("apt-17"),
		.controls = text("CM-3 SI-7 SI-7(1)"),
		.requirements = text("SR 3.4, SR 3.4 RE 1"),
		.techniques = text("T1554 T0851"),
		.incident = {true, TIME_NS, TIME_NS - 1000000, TIME_NS, TIME_NS + 1000000,
			     text("anna"), text("nobody put it there"), text("ben"),
			     text("case 12"), text("anna"), text("cleaned up")},
	};
}

static void fill_check(struct check_result *check)
{
	*check = (struct check_result){
		.id = text("SYS-001"),
		.title = text("Kernel pointers are hidden"),
		.outcome = CHECK_FAIL,
		.severity = SEVERITY_MEDIUM,
		.expected = text("2"),
		.actual = text("0"),
		.reason = text("configured value differs"),
		.remediation = text("set kernel.kptr_restrict = 2"),
		.ot_caution = text("none known"),
		.controls = text("CM-6 SC-39"),
		.requirements = text("SR 7.7"),
		.techniques = text("T1068"),
		.time_ns = TIME_NS,
		.duration_ns = 12345,
	};
}

static void fill_coverage(struct coverage *coverage)
{
	*coverage = (struct coverage){
		.state = COVERAGE_GAP,
		.start_ns = TIME_NS,
		.end_ns = TIME_NS + 1000000,
		.rung = text("trace"),
		.cause = text("ring was full"),
		.missed = text("17 file events"),
		.basis = text(COVERAGE_BY_STAMPS),
		.lost = 17,
	};
}

static void fill(struct wire_record *record, enum wire_record_type type)
{
	*record = (struct wire_record){.type = type};
	switch (type) {
	case WIRE_HELLO:
		fill_hello(&record->hello);
		break;
	case WIRE_FINDING:
		fill_finding(&record->finding);
		break;
	case WIRE_CHECK:
		fill_check(&record->check);
		break;
	case WIRE_COVERAGE:
		fill_coverage(&record->coverage);
		break;
	case WIRE_BASELINE:
		record->baseline = (struct wire_baseline){text(DIGEST_A),
							  text("line 4"),
							  text("refused"),
							  text("older revision"),
							  3,
							  9,
							  TIME_NS};
		break;
	case WIRE_HEAD:
		record->head = (struct wire_head){5, DIGEST_B, text("MEUC"), text(DIGEST_A)};
		break;
	case WIRE_BATCH:
		record->batch = (struct batch_header){1, "hmi-07", 1, 2, 2, DIGEST_A, DIGEST_B};
		break;
	case WIRE_NONE:
	case WIRE_RECORD_TYPE_COUNT:
		ck_abort();
	}
}

/* One byte per row that was seen; fails on a key that no row of @type names. */
static void mark_keys(const json_t *object, const char *group, enum wire_record_type type,
		      char *is_seen)
{
	size_t count;
	const struct wire_field *fields = codec_fields(&count);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char name[128];
		size_t i;

		snprintf(name, sizeof(name), "%s%s%s", group, *group ? "." : "", key);
		for (i = 0; i < count; i++)
			if (strcmp(fields[i].name, name) == 0 &&
			    (fields[i].record == type || fields[i].record == WIRE_NONE))
				break;
		ck_assert_msg(i < count, "'%s' of a %s is not in the data dictionary", name,
			      wire_record_type_name(type));
		is_seen[i] = 1;
		if (json_is_object(value))
			mark_keys(value, name, type, is_seen);
		if (json_is_array(value))
			ck_assert(!json_is_object(json_array_get(value, 0)));
	}
}

/* Loop over all record types: the table and what is written are the same set. */
START_TEST(nothing_outside_the_table_leaves)
{
	enum wire_record_type type = _i;
	size_t count;
	const struct wire_field *fields = codec_fields(&count);
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct wire_record record;
	char is_seen[256] = {0};
	json_t *tree;

	ck_assert_uint_lt(count, sizeof(is_seen));
	fill(&record, type);
	ck_assert_int_eq(codec_encode(&record, &clear, &out), 0);
	tree = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(tree);
	mark_keys(tree, "", type, is_seen);
	for (size_t i = 0; i < count; i++)
		if (fields[i].record == type)
			ck_assert_msg(is_seen[i], "'%s' of a full %s was not written",
				      fields[i].name, wire_record_type_name(type));
	json_decref(tree);
	wire_record_done(&record);
}
END_TEST

START_TEST(decode_gives_back_what_was_encoded)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;
	cleanup_wire_record struct wire_record record = {0}, back = {0};
	struct diag diag = {0};

	fill(&record, _i);
	ck_assert_int_eq(codec_encode(&record, &clear, &out), 0);
	ck_assert_msg(codec_decode(out.data, out.len, &back, &diag) == 0, "%s", diag.text);
	ck_assert_int_eq(back.type, _i);
	ck_assert_int_eq(codec_encode(&back, &clear, &again), 0);
	ck_assert_str_eq(again.data, out.data);
	if (_i == WIRE_FINDING) {
		ck_assert_str_eq(back.finding.path, record.finding.path);
		ck_assert_str_eq(back.finding.subject.exe, record.finding.subject.exe);
		ck_assert_str_eq(back.finding.requirements, record.finding.requirements);
		ck_assert_str_eq(back.finding.controls, record.finding.controls);
		ck_assert_uint_eq(back.finding.subject.cookie, record.finding.subject.cookie);
		ck_assert_int_eq(back.finding.last_seen_ns, record.finding.last_seen_ns);
	}
}
END_TEST

START_TEST(absent_values_stay_absent)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_wire_record struct wire_record record = {.type = WIRE_FINDING}, back = {0};
	struct finding *finding = &record.finding;

	*finding = (struct finding){
		.id = DIGEST_A,
		.fingerprint = DIGEST_B,
		.kind = FINDING_AGENT_GAP,
		.first_seen_ns = TIME_NS,
		.last_seen_ns = TIME_NS,
	};
	ck_assert_int_eq(codec_encode(&record, &clear, &out), 0);
	ck_assert_ptr_null(strstr(out.data, "subject"));
	ck_assert_ptr_null(strstr(out.data, "null"));
	ck_assert_ptr_null(strstr(out.data, "\"path\""));
	ck_assert_int_eq(codec_decode(out.data, out.len, &back, NULL), 0);
	ck_assert(!back.finding.subject.is_known);
	ck_assert_uint_eq(back.finding.subject.login_uid, SUBJECT_UID_NONE);
	ck_assert_ptr_null(back.finding.path);
}
END_TEST

static json_t *encode_user(enum wire_privacy privacy, const char *salt)
{
	struct wire_policy policy = {privacy, salt};
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_wire_record struct wire_record record = {0};
	json_t *tree;

	fill(&record, WIRE_FINDING);
	ck_assert_int_eq(codec_encode(&record, &policy, &out), 0);
	if (privacy != WIRE_PRIVACY_CLEAR)
		ck_assert_ptr_null(strstr(out.data, "operator"));
	tree = json_loadb(out.data, out.len, 0, NULL);
	ck_assert_ptr_nonnull(tree);
	return tree;
}

static const char *user_of(const json_t *tree)
{
	return json_string_value(json_object_get(json_object_get(tree, "subject"), "user"));
}

START_TEST(user_names_follow_the_site_policy)
{
	json_t *shown = encode_user(WIRE_PRIVACY_CLEAR, NULL);
	json_t *off = encode_user(WIRE_PRIVACY_OFF, "site");
	json_t *hashed = encode_user(WIRE_PRIVACY_HASHED, "site");
	json_t *other = encode_user(WIRE_PRIVACY_HASHED, "other site");
	json_t *unsalted = encode_user(WIRE_PRIVACY_HASHED, "");

	ck_assert_str_eq(user_of(shown), "operator");
	ck_assert_ptr_null(user_of(off));
	/* printf 'site\0operator' | sha256sum */
	ck_assert_str_eq(user_of(hashed), "sha256:260b4ab21ff8ae02");
	ck_assert_str_ne(user_of(other), user_of(hashed));
	ck_assert_ptr_null(user_of(unsalted));
	json_decref(shown);
	json_decref(off);
	json_decref(hashed);
	json_decref(other);
	json_decref(unsalted);
}
END_TEST

static const struct {
	const char *json, *names; /* what the message must name */
} refused[] = {
	{"{\"type\":\"coverage\",\"state\":\"down\"}", "'start' is missing"},
	{"{\"type\":\"coverage\",\"state\":\"asleep\",\"start\":\"2026-11-21T00:00:00Z\"}",
	 "'state'"},
	{"{\"type\":\"coverage\",\"state\":\"down\",\"start\":\"yesterday\"}", "'start'"},
	{"{\"type\":\"coverage\",\"state\":\"down\",\"start\":null}", "'start'"},
	{"{\"type\":\"coverage\",\"state\":\"down\",\"start\":\"2026-11-21T00:00:00Z\",\"rung\":7}",
	 "'rung'"},
	{"{\"type\":\"coverage\",\"type\":\"coverage\"}", "duplicate"},
	{"{\"type\":\"surprise\"}", "unknown record type 'surprise'"},
	{"{\"state\":\"down\"}", "'type'"},
	{"{\"type\":7}", "'type'"},
	{"[]", "not a JSON object"},
	{"{\"type\":\"coverage\"", "not valid JSON"},
	{"{\"type\":\"coverage\"} x", "not valid JSON"},
	{"{\"type\":[[[[1]]]]}", "deeper than 4"},
	{"{\"type\":\"hello\",\"agent\":\"a\",\"version\":\"1\",\"profile\":{\"a\":1}}",
	 "'profile'"},
	{"{\"type\":\"hello\",\"agent\":\"a\\u0000b\",\"version\":\"1\"}", "not valid JSON"},
	{"{\"seq\":0,\"type\":\"hello\",\"agent\":\"a\",\"version\":\"1\"}", "'seq'"},
	{"{\"seq\":-1,\"type\":\"hello\",\"agent\":\"a\",\"version\":\"1\"}", "'seq'"},
	{"{\"seq\":1.5,\"type\":\"hello\",\"agent\":\"a\",\"version\":\"1\"}", "'seq'"},
	{"{\"seq\":99999999999999999999,\"type\":\"hello\"}", "not valid JSON"},
};

START_TEST(decode_refuses_and_names_the_field)
{
	struct wire_record record = {0};
	struct diag diag = {0};
	const char *json = refused[_i].json;

	ck_assert_int_eq(codec_decode(json, strlen(json), &record, &diag), -EBADMSG);
	ck_assert_msg(strstr(diag.text, refused[_i].names), "'%s' does not name %s", diag.text,
		      refused[_i].names);
	ck_assert_int_eq(record.type, WIRE_NONE);
}
END_TEST

START_TEST(fields_of_a_later_version_are_passed_over)
{
	const char *json = "{\"type\":\"coverage\",\"state\":\"down\",\"extra\":{\"deep\":[1]},"
			   "\"start\":\"2026-11-21T00:00:00Z\",\"cause\":\"a cause\"}";
	cleanup_wire_record struct wire_record record = {0};
	struct diag diag = {0};

	ck_assert_msg(codec_decode(json, strlen(json), &record, &diag) == 0, "%s", diag.text);
	ck_assert_int_eq(record.coverage.state, COVERAGE_DOWN);
	ck_assert_str_eq(record.coverage.cause, "a cause");
}
END_TEST

/* Edits of a good finding, by text. */
static const struct {
	const char *from, *to, *names;
} edits[] = {
	{"\"pid\":4711", "\"pid\":4294967296", "'subject.pid'"},
	{"\"pid\":4711,", "", "'subject.pid' is missing"},
	{"\"subject\":{", "\"subject\":[],\"x\":{", "'subject'"},
	{"\"cookie\":\"fedcba9876543210\"", "\"cookie\":\"fedc\"", "'subject.cookie'"},
	{"\"id\":\"a", "\"id\":\"A", "'id'"},
	{"\"count\":3", "\"count\":\"3\"", "'count'"},
	{"\"CM-3\"", "\"CM-3 CM-4\"", "'controls'"},
	{"\"SR 3.4\"", "\"SR 3.4,\"", "'requirements'"},
	{"\"CM-3\"", "{\"a\":1}", "'controls'"},
	{"\"path\":\"/opt", "\"path\":\"\\\\x00/opt", "'path'"},
	{"\"path\":\"/opt", "\"path\":\"\\\\q/opt", "'path'"},
	{"\"kind\":\"software.modified\"", "\"kind\":\"software.perfect\"", "'kind'"},
};

START_TEST(decode_refuses_an_edited_finding)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT, edited = STRBUF_INIT;
	cleanup_wire_record struct wire_record record = {0};
	struct wire_record back = {0};
	struct diag diag = {0};
	const char *at;

	fill(&record, WIRE_FINDING);
	ck_assert_int_eq(codec_encode(&record, &clear, &out), 0);
	at = strstr(out.data, edits[_i].from);
	ck_assert_msg(at, "'%s' not in %s", edits[_i].from, out.data);
	strbuf_add(&edited, out.data, at - out.data);
	strbuf_add_str(&edited, edits[_i].to);
	strbuf_add_str(&edited, at + strlen(edits[_i].from));
	ck_assert_int_eq(codec_decode(edited.data, edited.len, &back, &diag), -EBADMSG);
	ck_assert_msg(strstr(diag.text, edits[_i].names), "'%s' does not name %s", diag.text,
		      edits[_i].names);
}
END_TEST

static char *flood(char byte)
{
	char *data = malloc(200001);

	ck_assert_ptr_nonnull(data);
	memset(data, byte, 200000);
	data[200000] = '\0';
	return data;
}

/* A hostile process must not be able to make its finding too big to send. */
START_TEST(every_finding_fits)
{
	static const char bytes[] = {'a', '\x01', '\xff', '"', '\\', ' '};
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_wire_record struct wire_record record = {0}, back = {0};
	struct finding *finding = &record.finding;
	char **const texts[] = {
		&finding->subject.exe,
		&finding->subject.comm,
		&finding->subject.unit,
		&finding->subject.parents,
		&finding->subject.user,
		&finding->path,
		&finding->expected,
		&finding->actual,
		&finding->package,
		&finding->detail,
		&finding->change_set,
		&finding->controls,
		&finding->requirements,
		&finding->techniques,
		&finding->incident.declared_by,
		&finding->incident.reason,
		&finding->incident.reported_by,
		&finding->incident.reference,
		&finding->incident.closed_by,
		&finding->incident.outcome,
	};
	struct diag diag = {0};

	fill(&record, WIRE_FINDING);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		free(*texts[i]);
		*texts[i] = flood(bytes[_i]);
	}
	ck_assert_int_eq(codec_encode(&record, &clear, &out), 0);
	ck_assert_uint_le(out.len, CODEC_MAX_BYTES);
	ck_assert_msg(codec_decode(out.data, out.len, &back, &diag) == 0, "%s", diag.text);
	if (bytes[_i] == 'a')
		ck_assert(strstr(back.finding.detail, "a\xe2\x80\xa6"));
}
END_TEST

START_TEST(encode_refuses_a_record_that_no_collector_would_take)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_wire_record struct wire_record record = {0};

	fill(&record, WIRE_FINDING);
	strbuf_add_str(&out, "before");
	record.finding.id[0] = '\0';
	ck_assert_int_eq(codec_encode(&record, &clear, &out), -EINVAL);
	memcpy(record.finding.id, DIGEST_A, sizeof(record.finding.id));
	record.finding.count = UINT64_MAX;
	ck_assert_int_eq(codec_encode(&record, &clear, &out), -ERANGE);
	ck_assert_str_eq(out.data, "before");
}
END_TEST

START_TEST(decode_refuses_an_oversized_record)
{
	cleanup_free char *data = flood(' ');
	struct wire_record record = {0};

	ck_assert_int_eq(codec_decode(data, CODEC_MAX_BYTES + 1, &record, NULL), -E2BIG);
}
END_TEST

START_TEST(dictionary_rows_are_complete_and_unique)
{
	size_t count;
	const struct wire_field *fields = codec_fields(&count);

	for (size_t i = 0; i < count; i++) {
		ck_assert(fields[i].purpose[0] && fields[i].retention[0] && fields[i].audience[0]);
		ck_assert(wire_field_type(&fields[i])[0]);
		ck_assert(!fields[i].is_user_name || fields[i].is_personal);
		for (size_t k = 0; k < i; k++)
			ck_assert(fields[i].record != fields[k].record ||
				  strcmp(fields[i].name, fields[k].name) != 0);
	}
}
END_TEST

START_TEST(agent_names_are_plain)
{
	ck_assert(agent_name_is_valid("HMI-07.line_4"));
	ck_assert(!agent_name_is_valid(""));
	ck_assert(!agent_name_is_valid("a b"));
	ck_assert(!agent_name_is_valid("a/b"));
	ck_assert(!agent_name_is_valid("caf\xc3\xa9"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec");
	TCase *table = tcase_create("table"), *bounds = tcase_create("bounds");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(table, nothing_outside_the_table_leaves, WIRE_HELLO,
			    WIRE_RECORD_TYPE_COUNT);
	tcase_add_loop_test(table, decode_gives_back_what_was_encoded, WIRE_HELLO,
			    WIRE_RECORD_TYPE_COUNT);
	tcase_add_test(table, absent_values_stay_absent);
	tcase_add_test(table, user_names_follow_the_site_policy);
	tcase_add_test(table, fields_of_a_later_version_are_passed_over);
	tcase_add_loop_test(table, decode_refuses_and_names_the_field, 0, ARRAY_SIZE(refused));
	tcase_add_loop_test(table, decode_refuses_an_edited_finding, 0, ARRAY_SIZE(edits));
	tcase_add_test(table, dictionary_rows_are_complete_and_unique);
	suite_add_tcase(suite, table);
	tcase_add_loop_test(bounds, every_finding_fits, 0, 6);
	tcase_add_test(bounds, encode_refuses_a_record_that_no_collector_would_take);
	tcase_add_test(bounds, decode_refuses_an_oversized_record);
	tcase_add_test(bounds, agent_names_are_plain);
	suite_add_tcase(suite, bounds);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
