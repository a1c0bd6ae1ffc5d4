/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of collectors/store.h, for each store, and of ingest.h on top of them. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "collectors/incidents.h"
#include "collectors/ingest.h"
#include "collectors/store.h"
#include "wire/batch.h"

#define AGENT "hmi-07"

static const struct store_ops *const stores[] = {&store_sqlite, &store_memory};

static char dir[64];
static struct store *store;

/* The loop tests pass the index of the store. */
static void open_store(int which)
{
	ck_assert_int_eq(stores[which]->open(dir, &store), 0);
}

static void setup(void)
{
	strcpy(dir, "/tmp/plumbline-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	static const char *const names[] = {"collector.db", "collector.db-wal", "collector.db-shm"};
	char path[128];

	store_closep(&store);
	store = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

/* An agent's end: goes on from batch to batch. */
struct sender {
	uint64_t last;
	uint8_t chain[SHA256_SIZE];
};

static void make_batch(struct sender *sender, const char *agent, const char *const *payloads,
		       size_t count, struct strbuf *frame)
{
	cleanup_with(batch_builder_freep) struct batch_builder *builder = NULL;
	struct batch_header header;

	ck_assert_int_eq(batch_builder_new(agent, sender->last + 1, sender->chain, &builder), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(batch_builder_add(builder, sender->last + 1 + i, payloads[i],
						   strlen(payloads[i])),
				 0);
	strbuf_clear(frame);
	ck_assert_int_eq(batch_builder_finish(builder, frame, &header), 0);
	sender->last += count;
	ck_assert_int_eq(hex_decode(header.chain, SHA256_HEX_SIZE - 1, sender->chain, SHA256_SIZE),
			 0);
}

static char *finding_json(unsigned id, const char *state)
{
	char *json;

	ck_assert_int_gt(
		asprintf(&json,
			 "{\"type\":\"finding\",\"id\":\"%064x\",\"fingerprint\":\"%064x\","
			 "\"kind\":\"data.added\",\"severity\":\"low\",\"state\":\"%s\","
			 "\"first_seen\":\"2026-01-01T00:00:00Z\","
			 "\"last_seen\":\"2026-01-01T00:00:01Z\",\"count\":1}",
			 id, id, state),
		0);
	return json;
}

#define GAP(second) \
	"{\"type\":\"coverage\",\"state\":\"gap\",\"start\":\"2026-01-01T00:00:0" #second "Z\"}"

static int add_change(const struct store_row *row, void *userdata)
{
	struct strbuf *text = userdata;

	strbuf_printf(text, "%s:%s ", row->agent,
		      strstr(row->json, "resolved") ? "resolved" : "open");
	return 0;
}

static int keep_number(const struct store_row *row, void *userdata)
{
	*(uint64_t *)userdata = row->number;
	return 0;
}

static int count_row(const struct store_row *row, void *userdata)
{
	++*(unsigned *)userdata;
	return 0;
}

static unsigned count_coverage(void)
{
	unsigned count = 0;

	ck_assert_int_eq(store->ops->each_coverage(store, NULL, count_row, &count), 0);
	return count;
}

static struct ingest_result ingest(const struct strbuf *frame)
{
	struct ingest_result result;

	ingest_frame(store, AGENT, frame->data, frame->len, &result);
	return result;
}

START_TEST(batch_is_stored_once)
{
	static const char *const records[] = {GAP(1), GAP(2)};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	cleanup_store_agent struct store_agent agent = {0};
	struct sender sender = {0};
	struct ingest_result result;

	open_store(_i);
	make_batch(&sender, AGENT, records, 2, &frame);
	result = ingest(&frame);
	ck_assert_msg(result.status == INGEST_STORED, "%s", result.error);
	ck_assert_uint_eq(result.acked, 2);
	ck_assert_uint_eq(result.stored, 2);
	result = ingest(&frame);
	ck_assert_int_eq(result.status, INGEST_STORED);
	ck_assert_uint_eq(result.acked, 2);
	ck_assert_uint_eq(result.stored, 0);

	ck_assert_int_eq(store->ops->get_agent(store, AGENT, &agent), 0);
	ck_assert_uint_eq(agent.last_seq, 2);
	ck_assert_mem_eq(agent.chain, sender.chain, SHA256_SIZE);
	ck_assert_int_eq(store->ops->get_agent(store, "other", &agent), -ENOENT);
	ck_assert_uint_eq(count_coverage(), 2);
}
END_TEST

START_TEST(refused_batch_leaves_nothing)
{
	static const char *const mixed[] = {
		GAP(1), "{\"type\":\"hello\",\"agent\":\"other\",\"version\":\"1\"}"};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	cleanup_store_agent struct store_agent agent = {0};
	struct sender sender = {0};
	struct ingest_result result;

	open_store(_i);
	make_batch(&sender, AGENT, mixed, 2, &frame);
	result = ingest(&frame);
	ck_assert_int_eq(result.status, INGEST_FORBIDDEN);
	ck_assert_uint_eq(result.acked, 0);
	ck_assert_uint_eq(count_coverage(), 0);
	ck_assert_int_eq(store->ops->get_agent(store, AGENT, &agent), -ENOENT);
	/* And the store is fit for the next. */
	sender = (struct sender){0};
	make_batch(&sender, AGENT, mixed, 1, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
}
END_TEST

START_TEST(forked_history_is_a_conflict)
{
	static const char *const ours[] = {GAP(1), GAP(2), GAP(3)}, *const theirs[] = {
									    GAP(1), GAP(9), GAP(3)};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct sender sender = {0}, fork = {0}, late;
	struct ingest_result result;

	open_store(_i);
	make_batch(&sender, AGENT, ours, 2, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);

	make_batch(&fork, AGENT, theirs, 3, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_CONFLICT);
	late = sender;
	late.last = 5;
	make_batch(&late, AGENT, ours, 1, &frame);
	result = ingest(&frame);
	ck_assert_int_eq(result.status, INGEST_CONFLICT);
	ck_assert_uint_eq(result.expected_first, 3);

	/* The same three in one batch: two are known, one is new. */
	fork = (struct sender){0};
	make_batch(&fork, AGENT, ours, 3, &frame);
	result = ingest(&frame);
	ck_assert_int_eq(result.status, INGEST_STORED);
	ck_assert_uint_eq(result.stored, 1);
	ck_assert_uint_eq(count_coverage(), 3);
}
END_TEST

START_TEST(finding_keeps_its_newest_state_and_moves_to_the_end)
{
	char *records[] = {finding_json(1, "open"), finding_json(2, "open"),
			   finding_json(1, "resolved")};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT, text = STRBUF_INIT;
	struct sender sender = {0};
	uint64_t seen = 0;

	open_store(_i);
	make_batch(&sender, AGENT, (const char *const *)records, 2, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	ck_assert_int_eq(store->ops->each_finding(store, NULL, 0, keep_number, &seen), 0);
	make_batch(&sender, AGENT, (const char *const *)&records[2], 1, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);

	ck_assert_int_eq(store->ops->each_finding(store, AGENT, 0, add_change, &text), 0);
	ck_assert_str_eq(text.data, AGENT ":open " AGENT ":resolved ");
	strbuf_clear(&text);
	ck_assert_int_eq(store->ops->each_finding(store, NULL, seen, add_change, &text), 0);
	ck_assert_str_eq(text.data, AGENT ":resolved ");
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		free(records[i]);
}
END_TEST

static int count_agent(const struct store_agent *agent, void *userdata)
{
	++*(unsigned *)userdata;
	return 0;
}

START_TEST(rollback_takes_back_agent_and_rows)
{
	struct store_agent agent = {.name = AGENT, .last_seq = 7};
	unsigned agents = 0;

	open_store(_i);
	ck_assert_int_eq(store->ops->begin(store), 0);
	ck_assert_int_eq(store->ops->put_agent(store, &agent), 0);
	ck_assert_int_eq(store->ops->commit(store), 0);
	ck_assert_int_eq(store->ops->begin(store), 0);
	agent.last_seq = 9;
	ck_assert_int_eq(store->ops->put_agent(store, &agent), 0);
	str_copy(agent.name, sizeof(agent.name), "second");
	ck_assert_int_eq(store->ops->put_agent(store, &agent), 0);
	store->ops->rollback(store);
	ck_assert_int_eq(store->ops->each_agent(store, count_agent, &agents), 0);
	ck_assert_uint_eq(agents, 1);
	ck_assert_int_eq(store->ops->get_agent(store, AGENT, &agent), 0);
	ck_assert_uint_eq(agent.last_seq, 7);
	store_agent_done(&agent);
}
END_TEST

START_TEST(renamed_agent_keeps_its_past_and_frees_its_name)
{
	static const char *const records[] = {GAP(1), GAP(2)};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct store_agent agent = {0};
	struct sender sender = {0};
	uint8_t chain[SHA256_SIZE];
	unsigned rows = 0;

	open_store(_i);
	make_batch(&sender, AGENT, records, 2, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	ck_assert_int_eq(store->ops->begin(store), 0);
	ck_assert_int_eq(store->ops->rename_agent(store, AGENT, AGENT "~1"), 0);
	ck_assert_int_eq(store->ops->commit(store), 0);

	ck_assert_int_eq(store->ops->get_agent(store, AGENT, &agent), -ENOENT);
	ck_assert_int_eq(store->ops->get_agent(store, AGENT "~1", &agent), 0);
	ck_assert_uint_eq(agent.last_seq, 2);
	store_agent_done(&agent);
	ck_assert_int_eq(store->ops->get_chain(store, AGENT "~1", 2, chain), 0);
	ck_assert_int_eq(store->ops->each_coverage(store, AGENT "~1", count_row, &rows), 0);
	ck_assert_uint_eq(rows, 2);
	/* The machine begins anew. */
	sender = (struct sender){0};
	make_batch(&sender, AGENT, &records[1], 1, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
}
END_TEST

/* As an agent tells a finding that is over; @closed "": the incident is open. */
static char *incident_json(unsigned id, const char *closed)
{
	cleanup_free char *plain = finding_json(id, "resolved");
	char *json;

	plain[strlen(plain) - 1] = '\0';
	ck_assert_int_gt(
		asprintf(&json,
			 "%s,\"incident\":{\"declared\":\"2026-01-01T00:00:02Z\","
			 "\"discovered\":\"2026-01-01T00:00:02Z\",\"declared_by\":\"anna\","
			 "\"reason\":\"r\"%s}}",
			 plain, closed),
		0);
	return json;
}

static const struct hold {
	const char *closed;
	int64_t now_s; /* after 2026-01-01 */
	bool is_kept;
} holds[] = {
	{"", 4000LL * 86400, true},
	{",\"closed\":\"2026-01-02T00:00:00Z\"", 90LL * 86400, true},
	{",\"closed\":\"2026-01-02T00:00:00Z\"", 92LL * 86400, false},
};

/* The index is that of the store, then that of the hold. */
START_TEST(an_incident_keeps_all_of_its_agent_from_being_dropped)
{
	const struct hold *hold = &holds[_i / (int)ARRAY_SIZE(stores)];
	cleanup_free char *incident = incident_json(1, hold->closed);
	cleanup_free char *other = finding_json(2, "resolved");
	const char *records[] = {incident, other, GAP(1)};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT, text = STRBUF_INIT;
	const int64_t year_ns = 1767225600LL * NSEC_PER_SEC;
	uint8_t chain[SHA256_SIZE];
	struct sender sender = {0};
	unsigned rows = 0;

	open_store(_i % (int)ARRAY_SIZE(stores));
	make_batch(&sender, AGENT, records, 3, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	ck_assert_int_eq(store->ops->prune(store, clock_real_ns() + 3600 * NSEC_PER_SEC,
					   year_ns + hold->now_s * NSEC_PER_SEC),
			 0);
	ck_assert_int_eq(store->ops->get_chain(store, AGENT, 2, chain),
			 hold->is_kept ? 0 : -ENOENT);
	ck_assert_int_eq(store->ops->each_finding(store, NULL, 0, add_change, &text), 0);
	ck_assert_str_eq(text.data ? text.data : "",
			 hold->is_kept ? AGENT ":resolved " AGENT ":resolved " : "");
	ck_assert_int_eq(store->ops->each_incident(store, AGENT, count_row, &rows), 0);
	ck_assert_uint_eq(rows, hold->is_kept);
}
END_TEST

/* What is declared here stays, whatever the agent says later; both are told as one. */
START_TEST(what_the_collector_declares_joins_what_the_agent_says)
{
	const struct incident_word word = {0, "carl", "here"};
	cleanup_finding struct finding finding = {0}, after = {0};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	cleanup_free char *plain = finding_json(1, "open"), *told = incident_json(1, "");
	const char *records[] = {plain, told};
	struct sender sender = {0};
	struct diag diag = {0};
	char id[16] = "";

	memset(id, '0', 10);
	open_store(_i);
	make_batch(&sender, AGENT, records, 1, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	ck_assert_int_eq(incidents_find(store, AGENT, id, &finding, &diag), 0);
	ck_assert_int_eq(incident_declare(&finding.incident, &word, clock_real_ns(), &diag), 0);
	ck_assert_int_eq(incidents_take(store, AGENT, &finding), 0);
	make_batch(&sender, AGENT, records, 2, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	ck_assert_int_eq(incidents_find(store, AGENT, id, &after, &diag), 0);
	ck_assert_str_eq(after.incident.declared_by, "anna"); /* the earlier word */
	ck_assert_int_eq(after.state, FINDING_STATE_RESOLVED);
	ck_assert_int_eq(incident_declare(&after.incident, &word, clock_real_ns(), &diag), -EEXIST);
	ck_assert_int_eq(incidents_find(store, AGENT, "0000000", &after, &diag), -EINVAL);
	ck_assert_int_eq(incidents_find(store, AGENT, "00000001", &after, &diag), -ENOENT);
	ck_assert_int_eq(incidents_find(store, "other", id, &after, &diag), -ENOENT);
}
END_TEST

START_TEST(prune_drops_old_and_keeps_open)
{
	char *records[] = {finding_json(1, "open"), finding_json(2, "resolved")};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT, text = STRBUF_INIT;
	uint8_t chain[SHA256_SIZE];
	struct sender sender = {0};

	open_store(_i);
	make_batch(&sender, AGENT, (const char *const *)records, 2, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	ck_assert_int_eq(store->ops->prune(store, clock_real_ns() - 3600 * NSEC_PER_SEC,
					   clock_real_ns()),
			 0);
	ck_assert_int_eq(store->ops->get_chain(store, AGENT, 2, chain), 0);
	ck_assert_int_eq(store->ops->prune(store, clock_real_ns() + 1, clock_real_ns()), 0);
	ck_assert_int_eq(store->ops->get_chain(store, AGENT, 2, chain), -ENOENT);
	ck_assert_int_eq(store->ops->each_finding(store, NULL, 0, add_change, &text), 0);
	ck_assert_str_eq(text.data, AGENT ":open ");
	/* The chain goes on from the agent's row. */
	make_batch(&sender, AGENT, (const char *const *)records, 1, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	free(records[0]);
	free(records[1]);
}
END_TEST

START_TEST(sqlite_keeps_what_was_committed)
{
	static const char *const records[] = {GAP(1), GAP(2)};
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct store *second = NULL;
	struct sender sender = {0};

	open_store(0);
	make_batch(&sender, AGENT, records, 2, &frame);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
	/* A writer that holds the store makes others say busy, after their patience. */
	ck_assert_int_eq(store_sqlite.open(dir, &second), 0);
	ck_assert_int_eq(second->ops->begin(second), 0);
	ck_assert_int_eq(ingest(&frame).status, INGEST_BUSY);
	second->ops->rollback(second);
	store_closep(&second);

	store_closep(&store);
	store = NULL;
	open_store(0);
	ck_assert_uint_eq(count_coverage(), 2);
	ck_assert_int_eq(ingest(&frame).status, INGEST_STORED);
}
END_TEST

START_TEST(sqlite_refuses_a_place_that_is_not_there)
{
	struct store *none = NULL;

	ck_assert_int_lt(store_sqlite.open("/nonexistent/plumbline", &none), 0);
	ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *each = tcase_create("each store"), *sqlite = tcase_create("sqlite");
	SRunner *runner = srunner_create(suite);
	int failed, count = ARRAY_SIZE(stores);

	tcase_add_checked_fixture(each, setup, teardown);
	tcase_add_loop_test(each, batch_is_stored_once, 0, count);
	tcase_add_loop_test(each, refused_batch_leaves_nothing, 0, count);
	tcase_add_loop_test(each, forked_history_is_a_conflict, 0, count);
	tcase_add_loop_test(each, finding_keeps_its_newest_state_and_moves_to_the_end, 0, count);
	tcase_add_loop_test(each, rollback_takes_back_agent_and_rows, 0, count);
	tcase_add_loop_test(each, renamed_agent_keeps_its_past_and_frees_its_name, 0, count);
	tcase_add_loop_test(each, prune_drops_old_and_keeps_open, 0, count);
	tcase_add_loop_test(each, an_incident_keeps_all_of_its_agent_from_being_dropped, 0,
			    count * (int)ARRAY_SIZE(holds));
	tcase_add_loop_test(each, what_the_collector_declares_joins_what_the_agent_says, 0, count);
	suite_add_tcase(suite, each);
	tcase_add_checked_fixture(sqlite, setup, teardown);
	tcase_set_timeout(sqlite, 20);
	tcase_add_test(sqlite, sqlite_keeps_what_was_committed);
	tcase_add_test(sqlite, sqlite_refuses_a_place_that_is_not_there);
	suite_add_tcase(suite, sqlite);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
