/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/entries.h. */
#include "unit/unit.h"

#include "base/strbuf.h"
#include "baseline/entries.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char plain[] =
	"{\"path\":\"/usr/bin/a\",\"type\":\"regular\",\"sha256\":\"" ZEROS
	"\",\"role\":\"script\","
	"\"size\":7,\"mode\":\"0755\",\"uid\":0,\"gid\":0,\"user\":\"root\",\"group\":\"root\"}";

static const struct file_fact facts[] = {
	{.path = (char *)"/", .type = FILE_TYPE_DIRECTORY, .mode = 0755},
	{
		.path = (char *)"/usr/bin/a",
		.type = FILE_TYPE_REGULAR,
		.role = FILE_ROLE_EXECUTABLE,
		.has_digest = true,
		.sha256 = {0xde, 0xad},
		.size = 1ULL << 62,
		.mode = 06755,
		.uid = UINT32_MAX,
		.gid = 1,
		.user = (char *)"root",
		.group = (char *)"",
		.capabilities = (char *)"cap_net_raw=ep",
		.xattrs = (char *)"security.ima=0302 security.x\\x20y=00",
		.package = (char *)"coreutils",
		.version = (char *)"1:9.1-1~deb12u1",
		.differs = true,
		.attributes_differ = true,
	},
	{.path = (char *)"/a\nb\tc\x01\x7f", .type = FILE_TYPE_FIFO},
	{.path = (char *)"/\xff\xfe\xc3", .type = FILE_TYPE_SOCKET},
	{.path = (char *)"/quote\" back\\slash \\x41 \xc3\xa4\xf0\x9f\x98\x80",
	 .type = FILE_TYPE_CHAR_DEVICE},
	{.path = (char *)"/..a/...", .type = FILE_TYPE_BLOCK_DEVICE},
	{.path = (char *)"/l",
	 .type = FILE_TYPE_SYMLINK,
	 .link_target = (char *)"../\",\"role\":\"config"},
	{.path = (char *)"/l", .type = FILE_TYPE_SYMLINK, .link_target = (char *)""},
	{.path = (char *)"/v",
	 .type = FILE_TYPE_REGULAR,
	 .has_digest = true,
	 .unstated = FILE_FIELDS_UNSTATED},
	{.path = (char *)"/v",
	 .type = FILE_TYPE_REGULAR,
	 .has_digest = true,
	 .mode = 0644,
	 .package = (char *)"p",
	 .unstated = FILE_DIFF_SIZE | FILE_DIFF_OWNER | FILE_DIFF_XATTRS},
	{.path = (char *)"/l",
	 .type = FILE_TYPE_SYMLINK,
	 .link_target = (char *)"v",
	 .unstated = FILE_DIFF_MODE},
};

static void assert_same(const struct file_fact *a, const struct file_fact *b)
{
	ck_assert_str_eq(a->path, b->path);
	ck_assert_int_eq(a->type, b->type);
	ck_assert_int_eq(a->role, b->role);
	ck_assert_int_eq(a->has_digest, b->has_digest);
	ck_assert_mem_eq(a->sha256, b->sha256, SHA256_SIZE);
	ck_assert_uint_eq(a->size, b->size);
	ck_assert_uint_eq(a->mode, b->mode);
	ck_assert_uint_eq(a->uid, b->uid);
	ck_assert_uint_eq(a->gid, b->gid);
	ck_assert_pstr_eq(a->user, b->user);
	ck_assert_pstr_eq(a->group, b->group);
	ck_assert_pstr_eq(a->capabilities, b->capabilities);
	ck_assert_pstr_eq(a->xattrs, b->xattrs);
	ck_assert_pstr_eq(a->link_target, b->link_target);
	ck_assert_pstr_eq(a->package, b->package);
	ck_assert_pstr_eq(a->version, b->version);
	ck_assert_int_eq(a->differs, b->differs);
	ck_assert_int_eq(a->attributes_differ, b->attributes_differ);
	ck_assert_uint_eq(a->unstated, b->unstated);
}

START_TEST(entry_comes_back_as_it_was)
{
	struct strbuf line = STRBUF_INIT;
	struct file_fact out = {0};

	ck_assert_int_eq(entry_write(&facts[_i], &line), 0);
	ck_assert_int_eq(line.data[line.len - 1], '\n');
	ck_assert_ptr_null(memchr(line.data, '\n', line.len - 1));
	ck_assert_int_eq(entry_read(line.data, line.len - 1, &out), 0);
	assert_same(&facts[_i], &out);
	file_fact_done(&out);
	strbuf_done(&line);
}
END_TEST

START_TEST(text_is_the_documented_one)
{
	const struct file_fact fact = {
		.path = (char *)"/usr/bin/a",
		.type = FILE_TYPE_REGULAR,
		.role = FILE_ROLE_SCRIPT,
		.has_digest = true,
		.size = 7,
		.mode = 0755,
		.user = (char *)"root",
		.group = (char *)"root",
	};
	struct strbuf line = STRBUF_INIT;

	ck_assert_int_eq(entry_write(&fact, &line), 0);
	ck_assert_uint_eq(line.len, sizeof(plain));
	ck_assert_int_eq(strncmp(line.data, plain, sizeof(plain) - 1), 0);
	strbuf_done(&line);
}
END_TEST

START_TEST(an_unstated_field_is_named_and_absent)
{
	const struct file_fact fact = {
		.path = (char *)"/a",
		.type = FILE_TYPE_DIRECTORY,
		.uid = 3,
		.user = (char *)"sys",
		.capabilities = (char *)"cap_net_raw=ep",
		.unstated = FILE_DIFF_MODE | FILE_DIFF_OWNER | FILE_DIFF_CAPABILITIES,
	};
	struct strbuf line = STRBUF_INIT;

	ck_assert_int_eq(entry_write(&fact, &line), 0);
	ck_assert_str_eq(line.data, "{\"path\":\"/a\",\"type\":\"directory\",\"role\":\"data\","
				    "\"unstated\":[\"mode\",\"owner\",\"capabilities\"]}\n");
	strbuf_done(&line);
}
END_TEST

/* Each is @plain with one piece replaced. */
static const struct {
	const char *from, *to;
} wrongs[] = {
	{"{\"path\"", "{ \"path\""},
	{"}", "} "},
	{"}", ""},
	{"}", ",\"extra\":1}"},
	{"\"/usr", "\"usr"},
	{"/usr/bin/a", "/usr//bin/a"},
	{"/usr/bin/a", "/usr/../bin/a"},
	{"/usr/bin/a", "/usr/./a"},
	{"/usr/bin/a", "/usr/bin/"},
	{"/usr/bin/a", ""},
	{"/usr/bin/a", "/usr/bin/a\\\\x00"},
	{"/usr/bin/a", "/usr/bin/\\\\x61"}, /* an escape that is not needed */
	{"/usr/bin/a", "/usr/bin/\\\\xFF"}, /* upper case */
	{"/usr/bin/a", "/usr/bin/\\u0061"},
	{"/usr/bin/a", "/usr/bin/\\/a"},
	{"/usr/bin/a", "/usr/bin/\x01"},
	{"/usr/bin/a", "/usr/bin/\xff"},
	{"\"regular\"", "\"directory\""}, /* with a digest */
	{"\"regular\"", "\"symlink\""},	  /* without a target */
	{"\"regular\"", "\"none\""},
	{"\"regular\"", "\"Regular\""},
	{",\"sha256\":\"" ZEROS "\"", ""},
	{"\"sha256\":\"0", "\"sha256\":\"A"},
	{"\"sha256\":\"0", "\"sha256\":\""},
	{"\"role\":\"script\"", "\"role\":\"tool\""},
	{"\"role\":\"script\",", ""},
	{"\"size\":7", "\"size\":07"},
	{"\"size\":7", "\"size\":-7"},
	{"\"size\":7", "\"size\":7.0"},
	{"\"size\":7", "\"size\":99999999999999999999"},
	{"\"size\":7", "\"size\":\"7\""},
	{"\"size\":7,", ""},
	{"\"0755\"", "\"755\""},
	{"\"0755\"", "\"10755\""},
	{"\"0755\"", "\"0789\""},
	{"\"uid\":0,\"gid\":0", "\"gid\":0,\"uid\":0"},
	{"\"uid\":0", "\"uid\":4294967296"},
	{"\"user\":\"root\",", "\"user\":\"root\",\"user\":\"root\","},
	{"\"group\":\"root\"", "\"group\":null"},
	{"\"group\":\"root\"", "\"group\":\"root\",\"version\":\"1\",\"package\":\"a\""},
	{"\"group\":\"root\"", "\"group\":\"root\",\"differs\":false"},
	{"\"group\":\"root\"", "\"group\":\"root\",\"attributes_differ\":false"},
	{"\"group\":\"root\"", "\"group\":\"root\",\"attributes_differ\":true,\"differs\":true"},
	{"\"mode\":\"0755\",", ""}, /* forgotten is not unstated */
	{"\"size\":7", "\"unstated\":[],\"size\":7"},
	{"\"size\":7", "\"unstated\":[\"size\"],\"size\":7"}, /* and stated */
	{"\"size\":7", "\"unstated\":[\"mode\"],\"size\":7"},
	{"\"size\":7", "\"unstated\":[\"owner\"],\"size\":7"},
	{"\"size\":7", "\"unstated\":[\"xattrs\",\"capabilities\"],\"size\":7"}, /* order */
	{"\"size\":7", "\"unstated\":[\"xattrs\",\"xattrs\"],\"size\":7"},
	{"\"size\":7", "\"unstated\":[\"xattrs\", \"package\"],\"size\":7"},
	{"\"size\":7", "\"unstated\":[\"sha256\"],\"size\":7"},
	{"\"size\":7", "\"unstated\":\"xattrs\",\"size\":7"},
	{"\"size\":7", "\"unstated\":[\"xattrs\",\"size\":7"},
	{"\"size\":7", "\"size\":7,\"unstated\":[\"xattrs\"]"},
};

START_TEST(other_text_is_refused)
{
	const char *at = strstr(plain, wrongs[_i].from);
	struct file_fact out = {0};
	struct strbuf line = STRBUF_INIT;

	ck_assert_ptr_nonnull(at);
	strbuf_add(&line, plain, (size_t)(at - plain));
	strbuf_add_str(&line, wrongs[_i].to);
	strbuf_add_str(&line, at + strlen(wrongs[_i].from));
	ck_assert_msg(entry_read(line.data, line.len, &out) == -EBADMSG, "%s", line.data);
	strbuf_done(&line);
}
END_TEST

START_TEST(only_a_file_has_a_size_to_leave_unstated)
{
	static const char folder[] =
		"{\"path\":\"/a\",\"type\":\"directory\",\"role\":\"data\",\"unstated\":[\"size\"],"
		"\"mode\":\"0755\",\"uid\":0,\"gid\":0}";
	static const char differs[] =
		"{\"path\":\"/a\",\"type\":\"regular\",\"sha256\":\"" ZEROS
		"\",\"role\":\"data\",\"unstated\":[\"package\"],"
		"\"size\":1,\"mode\":\"0755\",\"uid\":0,\"gid\":0,\"differs\":true}";
	struct file_fact out = {0};

	ck_assert_int_eq(entry_read(folder, sizeof(folder) - 1, &out), -EBADMSG);
	ck_assert_int_eq(entry_read(differs, sizeof(differs) - 1, &out), -EBADMSG);
}
END_TEST

START_TEST(what_is_read_is_canonical)
{
	struct strbuf line = STRBUF_INIT, again = STRBUF_INIT;

	ck_assert_int_eq(entry_write(&facts[1], &line), 0);
	for (size_t i = 0; i < line.len - 1; i++)
		for (unsigned flip = 1; flip < 256; flip++) {
			struct file_fact out = {0};

			line.data[i] ^= (char)flip;
			if (entry_read(line.data, line.len - 1, &out) == 0) {
				strbuf_clear(&again);
				ck_assert_int_eq(entry_write(&out, &again), 0);
				ck_assert_uint_eq(again.len, line.len);
				ck_assert_mem_eq(again.data, line.data, line.len);
				file_fact_done(&out);
			}
			line.data[i] ^= (char)flip;
		}
	strbuf_done(&line);
	strbuf_done(&again);
}
END_TEST

START_TEST(a_cut_line_is_refused)
{
	struct file_fact out = {0};

	for (size_t len = 0; len < sizeof(plain) - 1; len++)
		ck_assert_int_eq(entry_read(plain, len, &out), -EBADMSG);
}
END_TEST

START_TEST(content_ends_before_the_role)
{
	static const char config[] =
		"{\"path\":\"/etc/a\",\"type\":\"directory\",\"role\":\"config\"";
	struct strbuf line = STRBUF_INIT;

	ck_assert_uint_eq(entry_content_length(plain, sizeof(plain) - 1),
			  (size_t)(strstr(plain, ",\"role\"") - plain));
	ck_assert_uint_eq(entry_content_length(config, sizeof(config) - 1), 0);
	/* A link target that looks like the key does not end the content. */
	ck_assert_int_eq(entry_write(&facts[6], &line), 0);
	ck_assert_uint_eq(entry_content_length(line.data, line.len),
			  (size_t)(strstr(line.data, ",\"role\":\"data\"") - line.data));
	strbuf_done(&line);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_not_written)
{
	struct strbuf xattrs = STRBUF_INIT, line = STRBUF_INIT;
	struct file_fact fact = {.path = (char *)"/a", .type = FILE_TYPE_DIRECTORY};

	while (xattrs.len < ENTRY_LINE_MAX)
		strbuf_add_str(&xattrs, "0123456789abcdef");
	fact.xattrs = xattrs.data;
	strbuf_add_str(&line, "before");
	ck_assert_int_eq(entry_write(&fact, &line), -EMSGSIZE);
	ck_assert_str_eq(line.data, "before");
	strbuf_done(&xattrs);
	strbuf_done(&line);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, entry_comes_back_as_it_was, 0, ARRAY_SIZE(facts));
	tcase_add_test(tcase, text_is_the_documented_one);
	tcase_add_loop_test(tcase, other_text_is_refused, 0, ARRAY_SIZE(wrongs));
	tcase_add_test(tcase, an_unstated_field_is_named_and_absent);
	tcase_add_test(tcase, only_a_file_has_a_size_to_leave_unstated);
	tcase_add_test(tcase, what_is_read_is_canonical);
	tcase_add_test(tcase, a_cut_line_is_refused);
	tcase_add_test(tcase, content_ends_before_the_role);
	tcase_add_test(tcase, a_line_that_is_too_long_is_not_written);
}

UNIT_MAIN("baseline_entries")
