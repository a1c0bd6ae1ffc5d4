/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of wire/reply.h and wire/signature.h. Keys and certificates are made by the openssl
 * program. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "wire/reply.h"
#include "wire/signature.h"

#define CHAIN	"abababababababababababababababababababababababababababababababab"
#define TIME_NS 1795289692123000000LL

static char dir[64], ca[96], server[96], server_key[96], client[96], client_key[96], other_ca[96];

static void shell(const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && { %s; } >log 2>&1 </dev/null", dir, command);
	ck_assert_msg(system(line) == 0, "%s", command);
}

static void place(char *to, const char *name)
{
	snprintf(to, 96, "%s/%s", dir, name);
}

#define MAKE_CA(name)                                                                         \
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj " \
	"/CN=" name " -keyout " name ".key -out " name ".pem"
#define MAKE_CERT(name, usage)                                                                   \
	"printf 'extendedKeyUsage=" usage "\\n' > ext && openssl req -new -newkey ec -pkeyopt "  \
	"ec_paramgen_curve:P-256 -nodes -subj /CN=" name " -keyout " name ".key -out csr && "    \
	"openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -set_serial 7 -extfile ext " \
	"-out " name ".pem"

static void setup(void)
{
	strcpy(dir, "/tmp/plumbline-reply.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	shell(MAKE_CA("ca"));
	shell(MAKE_CA("other"));
	shell(MAKE_CERT("server", "serverAuth"));
	shell(MAKE_CERT("client", "clientAuth"));
	place(ca, "ca.pem");
	place(other_ca, "other.pem");
	place(server, "server.pem");
	place(server_key, "server.key");
	place(client, "client.pem");
	place(client_key, "client.key");
}

static void teardown(void)
{
	char line[128];

	snprintf(line, sizeof(line), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(line), 0);
}

static void make(const char *certificate, const char *key, struct strbuf *out)
{
	cleanup_wire_receipt struct wire_receipt receipt = {
		.agent = "hmi-07", .acked = 41, .chain = CHAIN, .time_ns = TIME_NS};
	struct diag diag = {0};

	ck_assert_msg(receipt_write(&receipt, certificate, key, out, &diag) == 0, "%s", diag.text);
}

START_TEST(receipt_that_was_written_verifies)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_wire_receipt struct wire_receipt receipt = {0};
	struct diag diag = {0};

	make(server, server_key, &text);
	ck_assert_msg(receipt_verify(text.data, text.len, ca, &receipt, &diag) == 0, "%s",
		      diag.text);
	ck_assert_str_eq(receipt.agent, "hmi-07");
	ck_assert_uint_eq(receipt.acked, 41);
	ck_assert_str_eq(receipt.chain, CHAIN);
	ck_assert_int_eq(receipt.time_ns, TIME_NS);
}
END_TEST

static const struct {
	const char *from, *to, *says;
} edits[] = {
	{"\"acked\":41", "\"acked\":42", "signature"},
	{"\"agent\":\"hmi-07\"", "\"agent\":\"hmi-08\"", "signature"},
	{"\"chain\":\"a", "\"chain\":\"b", "signature"},
	{"52.123Z", "52.124Z", "signature"},
	{"\"signature\":\"", "\"signature\":\"AAAA", "signature"},
	{"\"plumbline\":1", "\"plumbline\":2", "version 2"},
	{"\"receipt\":{", "\"receipt\":{\"more\":1,", "receipt.more"},
	{"-----BEGIN CERT", "-----BEGIN CERZ", "certificate"},
	{"\"agent\":\"hmi-07\",", "", "'receipt.agent' is missing"},
};

START_TEST(edited_receipt_is_refused)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, edited = STRBUF_INIT;
	struct wire_receipt receipt = {0};
	struct diag diag = {0};
	const char *at;

	make(server, server_key, &text);
	at = strstr(text.data, edits[_i].from);
	ck_assert_msg(at, "'%s' is not in: %s", edits[_i].from, text.data);
	strbuf_add(&edited, text.data, at - text.data);
	strbuf_add_str(&edited, edits[_i].to);
	strbuf_add_str(&edited, at + strlen(edits[_i].from));
	ck_assert_int_lt(receipt_verify(edited.data, edited.len, ca, &receipt, &diag), 0);
	ck_assert_msg(strstr(diag.text, edits[_i].says), "'%s' does not say %s", diag.text,
		      edits[_i].says);
	ck_assert_ptr_null(receipt.certificate);
}
END_TEST

START_TEST(only_a_collector_of_this_ca_can_sign)
{
	cleanup_strbuf struct strbuf theirs = STRBUF_INIT, agents = STRBUF_INIT;
	struct wire_receipt receipt = {0};
	struct diag diag = {0};

	make(server, server_key, &theirs);
	ck_assert_int_eq(receipt_verify(theirs.data, theirs.len, other_ca, &receipt, &diag),
			 -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "vouch"));
	/* An agent has a certificate of the same CA, but not for this. */
	make(client, client_key, &agents);
	ck_assert_int_eq(receipt_verify(agents.data, agents.len, ca, &receipt, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "purpose"));
	/* The right certificate, another's key. */
	strbuf_clear(&agents);
	make(server, client_key, &agents);
	ck_assert_int_eq(receipt_verify(agents.data, agents.len, ca, &receipt, &diag), -EBADMSG);
}
END_TEST

static const char *const algorithms[] = {
	"-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
	"-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
	"-algorithm ED25519",
};

START_TEST(each_kind_of_key_signs)
{
	cleanup_strbuf struct strbuf public = STRBUF_INIT, signature = STRBUF_INIT;
	char key[96], pub[96], command[512], id[SHA256_HEX_SIZE], expected[SHA256_HEX_SIZE + 1];
	FILE *file;

	place(key, "k.key");
	place(pub, "k.pub");
	snprintf(command, sizeof(command),
		 "openssl genpkey %s -out k.key && openssl pkey -in k.key -pubout -out k.pub && "
		 "openssl pkey -pubin -in k.pub -outform DER | sha256sum > k.id",
		 algorithms[_i]);
	shell(command);
	ck_assert_int_eq(fd_read_file(-1, pub, 4096, &public), 0);
	ck_assert_int_eq(signature_make(key, "text", 4, &signature, NULL), 0);
	ck_assert_int_eq(signature_check_key(public.data, "text", 4, signature.data), 0);
	ck_assert_int_eq(signature_check_key(public.data, "texT", 4, signature.data), -EBADMSG);
	ck_assert_int_eq(signature_check_key(public.data, "text", 4, "AAAA"), -EBADMSG);
	ck_assert_int_eq(signature_check_key(public.data, "text", 4, "?"), -EINVAL);
	ck_assert_int_eq(signature_check_key("no key", "text", 4, signature.data), -EINVAL);

	ck_assert_int_eq(signature_key_id(public.data, id), 0);
	place(key, "k.id");
	file = fopen(key, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(expected, SHA256_HEX_SIZE, file));
	fclose(file);
	ck_assert_str_eq(id, expected);
}
END_TEST

static const struct {
	const char *text;
	int result;
	const char *again; /* NULL: the text itself */
} answers[] = {
	{"{\"acked\":7}", 0},
	{"{\"error\":\"no\"}", 0},
	{"{\"error\":\"no\",\"expected_first\":3}", 0},
	{"{\"acked\":7,\"new\":1}", 0, "{\"acked\":7}"}, /* of a later version */
	{"{}", -EBADMSG},
	{"{\"acked\":0}", -EBADMSG},
	{"{\"acked\":7,\"error\":\"no\"}", -EBADMSG},
	{"{\"acked\":\"7\"}", -EBADMSG},
	{"<html>", -EBADMSG},
	{"", -EBADMSG},
};

START_TEST(answer_is_one_thing_or_refused)
{
	cleanup_wire_answer struct wire_answer answer = {0};
	cleanup_strbuf struct strbuf again = STRBUF_INIT;
	const char *text = answers[_i].text;

	ck_assert_int_eq(wire_answer_decode(text, strlen(text), &answer, NULL), answers[_i].result);
	if (answers[_i].result == 0) {
		ck_assert_int_eq(wire_answer_encode(&answer, &again), 0);
		ck_assert_str_eq(again.data, answers[_i].again ?: text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reply");
	TCase *receipt = tcase_create("receipt"), *answer = tcase_create("answer");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(receipt, setup, teardown);
	tcase_set_timeout(receipt, 30);
	tcase_add_test(receipt, receipt_that_was_written_verifies);
	tcase_add_loop_test(receipt, edited_receipt_is_refused, 0, ARRAY_SIZE(edits));
	tcase_add_test(receipt, only_a_collector_of_this_ca_can_sign);
	tcase_add_loop_test(receipt, each_kind_of_key_signs, 0, ARRAY_SIZE(algorithms));
	suite_add_tcase(suite, receipt);
	tcase_add_loop_test(answer, answer_is_one_thing_or_refused, 0, ARRAY_SIZE(answers));
	suite_add_tcase(suite, answer);

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
