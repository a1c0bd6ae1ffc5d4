/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/list.h. */
#include "unit/unit.h"

#include "base/str.h"
#include "baseline/list.h"

#define DIGEST "abababababababababababababababababababababababababababababababab"
#define OTHER  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
#define UPPER  "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"

static void put_unstated(struct strbuf *out, unsigned unstated)
{
	for (const struct file_field *f = file_fields_unstated; f->name; f++)
		if (unstated & f->bit)
			strbuf_printf(out, " -%s", f->name);
}

static int on_entry(const struct file_fact *e, const struct list_place *place, void *userdata)
{
	struct strbuf *out = userdata;

	strbuf_printf(out, "%u: ", place->line);
	str_escape(out, e->path, strlen(e->path));
	strbuf_printf(out, " %s %s", file_type_name(e->type), file_role_name(e->role));
	if (e->has_digest)
		strbuf_printf(out, " %02x", e->sha256[31]);
	if (e->type == FILE_TYPE_REGULAR && !(e->unstated & FILE_DIFF_SIZE))
		strbuf_printf(out, " size=%d", (int)e->size);
	if (!(e->unstated & FILE_DIFF_MODE))
		strbuf_printf(out, " %04o", e->mode);
	if (!(e->unstated & FILE_DIFF_OWNER))
		strbuf_printf(out, " %u:%u:%s:%s", e->uid, e->gid, e->user ? e->user : "",
			      e->group ? e->group : "");
	if (e->link_target)
		strbuf_printf(out, " ->%s", e->link_target);
	if (e->package)
		strbuf_printf(out, " %s@%s", e->package, e->version ? e->version : "");
	put_unstated(out, e->unstated);
	strbuf_add_char(out, '\n');
	return 0;
}

static int on_left_out(const char *path, const char *why, const struct list_place *place,
		       void *userdata)
{
	strbuf_printf(userdata, "%u: %s left out: %s\n", place->line, path, why);
	return 0;
}

static int on_ignored(const char *keyword, void *userdata)
{
	strbuf_printf(userdata, "ignored %s\n", keyword);
	return 0;
}

static int read_list(list_read_fn read, const char *prefix, struct list_input *input,
		     struct strbuf *out)
{
	struct diag diag = {0};
	struct list list = {.input = input,
			    .name = "list",
			    .prefix = prefix,
			    .on_entry = on_entry,
			    .on_left_out = on_left_out,
			    .on_ignored = on_ignored,
			    .userdata = out,
			    .diag = &diag};
	int r = read(&list);

	if (r < 0)
		strbuf_printf(out, "%u! %s\n", diag.line, diag.text);
	list_input_free(input);
	strbuf_add(out, "", 0);
	return r;
}

#define NO_MORE "regular data ab -size -mode -owner -capabilities -xattrs -package\n"
#define SAYS	" -capabilities -xattrs -package\n"

static const struct {
	list_read_fn read;
	const char *prefix, *text, *said;
} cases[] = {
	{list_read_sha256sum, NULL, DIGEST "  /a b\n\n# no\n" UPPER " */c",
	 "1: /a b " NO_MORE "4: /c " NO_MORE},
	{list_read_sha256sum, "/opt", DIGEST "  ./a//b\n", "1: /opt/a/b " NO_MORE},
	{list_read_sha256sum, "/", DIGEST "  a\n", "1: /a " NO_MORE},
	{list_read_sha256sum, NULL, "\\" DIGEST "  /a\\\\b\\nc\\r\n",
	 "1: /a\\\\b\\x0ac\\x0d " NO_MORE},
	{list_read_sha256sum, NULL, DIGEST "  /a\\b\n", "1: /a\\\\b " NO_MORE},
	{list_read_sha256sum, NULL, "SHA256 (/a (b)) = " DIGEST "\nSHA2-256(/c)= " DIGEST "\n",
	 "1: /a (b) " NO_MORE "2: /c " NO_MORE},
	{list_read_sha256sum, NULL, "MD5 (/a) = 00\n",
	 "1: /a left out: another digest than SHA-256\n"},
	{list_read_sha256sum, NULL, DIGEST "  -\n", "1: - left out: standard input, not a file\n"},
	{list_read_sha256sum, NULL, DIGEST "  /a..b/..c\n", "1: /a..b/..c " NO_MORE},
	{list_read_sha256sum, NULL, DIGEST "  /a/..\n", "1! \"..\" in a path\n"},
	{list_read_sha256sum, "/opt", DIGEST "  ..\n", "1! \"..\" in a path\n"},
	{list_read_sha256sum, NULL, DIGEST " /a\n", "1! no line of a sha256sum list\n"},
	{list_read_sha256sum, NULL, DIGEST "ab  /a\n", "1! no line of a sha256sum list\n"},
	{list_read_sha256sum, NULL, "SHA256 (/a) = " DIGEST "ab\n",
	 "1! the digest is not one of SHA-256: 64 hex digits\n"},
	{list_read_sha256sum, NULL, "", ""},

	{list_read_mtree, "/",
	 "./a type=file mode=0755 uid=1 gid=2 uname=u gname=g size=3 sha256=" DIGEST,
	 "1: /a regular executable ab size=3 0755 1:2:u:g" SAYS},
	{list_read_mtree, "/",
	 "/set type=file mode=0644 uid=0 gid=0\n. type=dir\nd type=dir mode=0700\nx size=1 "
	 "sha256=" DIGEST "\n..\n/unset mode uid\ny sha256digest=" DIGEST "\n..\n",
	 "2: / directory data 0644 0:0::" SAYS "3: /d directory data 0700 0:0::" SAYS
	 "4: /d/x regular data ab size=1 0644 0:0::" SAYS "ignored gid without uid\n"
	 "7: /y regular data ab -size -mode -owner" SAYS},
	{list_read_mtree, "/", "/set mode=1\n/unset all\nf type=fifo\n",
	 "3: /f fifo data -mode -owner" SAYS},
	{list_read_mtree, "/", "d type=dir\nd/x type=fifo\ny type=fifo\n",
	 "2: /d/x fifo data -mode -owner" SAYS "3: /d/y fifo data -mode -owner" SAYS},
	{list_read_mtree, NULL, "/l type=link mode=0777 link=a\\040b\\s\\M-a\\^A\\134\\#",
	 "1: /l symlink data ->a b \xe1\x01\\# -mode -owner" SAYS},
	{list_read_mtree, NULL, "/a type=link \\\n  link=b # type=file\n",
	 "1: /a symlink data ->b -mode -owner" SAYS},
	{list_read_mtree, NULL, "# a \\\n/a\\\\ type=fifo\n",
	 "2: /a\\\\ fifo data -mode -owner" SAYS},
	/* The backslash at the end is escaped, so the next line is one of its own. */
	{list_read_mtree, NULL, "/a type=link link=b\\\\\n/c type=fifo\n",
	 "1: /a symlink data ->b\\ -mode -owner" SAYS "2: /c fifo data -mode -owner" SAYS},
	{list_read_mtree, NULL, "/a type=fifo optional time=1.5 mode=u+x\n",
	 "ignored optional\nignored time\nignored mode in letters\n1: /a fifo data -mode "
	 "-owner" SAYS},
	{list_read_mtree, NULL, "/a size=1\n", "1: /a left out: no type\n"},
	{list_read_mtree, NULL, "/a type=file\n", "1: /a left out: no sha256\n"},
	{list_read_mtree, NULL, "/a type=link\n", "1: /a left out: no link target\n"},
	{list_read_mtree, NULL, "/a type=dir\n", ""},
	{list_read_mtree, "/", "a type=dir\n..\n..\n",
	 "3! \"..\" above the folder where the list begins\n"},
	{list_read_mtree, "/", "\\056\\056 type=dir\n", "1! \"..\" in a path\n"},
	{list_read_mtree, "/", "a\\057b type=dir\n", "1! a name with a slash in disguise\n"},
	{list_read_mtree, NULL, "/a\\000 type=dir mode=1\n", "1! a NUL in a path\n"},
	{list_read_mtree, NULL, "/a\\0b type=dir mode=1\n", "1! a NUL in a path\n"},
	{list_read_mtree, NULL, "/a\\q type=dir\n",
	 "1! a name with an escape that vis(3) does not write\n"},
	{list_read_mtree, NULL, "/a\\777 type=dir\n",
	 "1! a name with an escape that vis(3) does not write\n"},
	{list_read_mtree, NULL, "/a type=dir uid=4294967296 gid=0\n",
	 "1! uid is not a number that it can be: 4294967296\n"},
	{list_read_mtree, NULL, "/a =7\n", "1! a value without a keyword\n"},
	{list_read_mtree, NULL, "/a type= \n", "1! type without a value\n"},
};

START_TEST(a_list_says_this)
{
	struct strbuf out = STRBUF_INIT;
	struct list_input *input = NULL;

	ck_assert_int_eq(list_input_new(-1, cases[_i].text, strlen(cases[_i].text), &input), 0);
	read_list(cases[_i].read, cases[_i].prefix, input, &out);
	ck_assert_str_eq(out.data, cases[_i].said);
	strbuf_done(&out);
}
END_TEST

/* A CycloneDX document around these components. */
static void read_bom(const char *components, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;
	struct list_input *input = NULL;

	strbuf_printf(&text,
		      "{\"specVersion\":\"1.4\",\"components\":[%s],\"bomFormat\":\"CycloneDX\"}",
		      components);
	ck_assert_int_eq(list_input_new(-1, text.data, text.len, &input), 0);
	read_list(list_read_cyclonedx, NULL, input, out);
	strbuf_done(&text);
}

#define FILE_(name)                                                                  \
	"{\"type\":\"file\",\"name\":\"" name "\",\"hashes\":[{\"alg\":\"SHA-256\"," \
	"\"content\":\"" DIGEST "\"}]"
#define PROPERTY(name, value) "{\"name\":\"plumbline:" name "\",\"value\":\"" value "\"}"
#define OWN(name, ...)	      FILE_(name) ",\"properties\":[" __VA_ARGS__ "]}"
#define OWN_ALL                                                                \
	PROPERTY("type", "regular")                                            \
	"," PROPERTY("role", "config") "," PROPERTY("size", "3") "," PROPERTY( \
		"uid", "0") "," PROPERTY("gid", "7")

static const struct {
	const char *components, *said;
} boms[] = {
	{FILE_("/a") "}", "1: /a " NO_MORE},
	{"{\"type\":\"library\",\"name\":\"p\",\"version\":\"2\",\"components\":[" FILE_(
		 "/a") "}]}",
	 "1: /a regular data ab p@2 -size -mode -owner -capabilities -xattrs\n"},
	/* What stands behind its parts came too late for them. */
	{"{\"type\":\"library\",\"components\":[" FILE_("/a") "}],\"name\":\"p\"}",
	 "1: /a " NO_MORE},
	{FILE_("a") ",\"evidence\":{\"occurrences\":[{\"location\":\"/x\"},{\"location\":\"/"
		    "y\"}]}}",
	 "1: /x " NO_MORE "1: /y " NO_MORE},
	{FILE_("/a") ",\"evidence\":{\"occurrences\":[{\"location\":\"/x\"}]}}", "1: /a " NO_MORE},
	{FILE_("/a") ",\"pedigree\":{\"ancestors\":[" FILE_("/b") "}]}}", "1: /a " NO_MORE},
	{FILE_("a") "}", "1: a left out: no whole path, and no --prefix says where it begins\n"},
	{"{\"type\":\"file\",\"name\":\"/a\"}", "1: /a left out: no SHA-256\n"},
	{FILE_("/a\\\\x41") "}", "1: /a\\\\x41 " NO_MORE}, /* of others, a backslash is one */
	{OWN("/a\\\\x09b", OWN_ALL "," PROPERTY("mode", "0640")),
	 "1: /a\\x09b regular config ab size=3 0640 0:7::\n"},
	{OWN("/a", OWN_ALL "," PROPERTY("unstated", "mode") "," PROPERTY("unstated", "package")),
	 "1: /a regular config ab size=3 0:7:: -mode -package\n"},
	{OWN("/a", OWN_ALL), "1! components[0]: plumbline:mode is missing\n"},
	{OWN("/a", OWN_ALL "," PROPERTY("mode", "8")),
	 "1! components[0]: plumbline:mode is not a number that it can be\n"},
	{OWN("/a", OWN_ALL "," PROPERTY("gid", "0")),
	 "1! components[0]: plumbline:gid stands twice\n"},
	{OWN("/a", PROPERTY("colour", "red")),
	 "1! components[0]: plumbline:colour is no property that plumbline writes\n"},
	{OWN("/a", OWN_ALL "," PROPERTY("unstated", "sha256")),
	 "1! components[0]: plumbline:unstated has a value of its own\n"},
	{OWN("/a\\\\q", OWN_ALL "," PROPERTY("mode", "0640")),
	 "1! components[0]: name has an escape that plumbline does not write\n"},
	{OWN("/a\\\\x00", OWN_ALL "," PROPERTY("mode", "0640")),
	 "1! components[0]: a NUL in name\n"},
	{FILE_("/a/../b") "}", "1! components[0]: \"..\" in a path\n"},
	{FILE_("/a") ",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"" OTHER "\"}]}",
	 "1! components[0]: two digests of SHA-256\n"},
	{"7", "1! components[0]: no object\n"},
	{"{\"components\":[{},{\"name\":7}]}", "1! components[0].components[1]: name is no text\n"},
};

START_TEST(a_document_says_this)
{
	struct strbuf out = STRBUF_INIT;

	read_bom(boms[_i].components, &out);
	ck_assert_str_eq(out.data, boms[_i].said);
	strbuf_done(&out);
}
END_TEST

/* Lines across the reader's buffer come whole, and the digest is that of the file. */
START_TEST(a_file_is_read_piece_by_piece)
{
	enum {
		LINES = 5000
	};
	uint8_t expected[SHA256_SIZE], digest[SHA256_SIZE];
	struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
	struct list_input *input = NULL;
	char *folder = unit_folder_new();
	unsigned count = 0;
	int fd;

	for (unsigned i = 0; i < LINES; i++)
		strbuf_printf(&text, DIGEST "  /%u\n", i);
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, text.data, text.len), (ssize_t)text.len);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(list_input_new(fd, NULL, 0, &input), 0);
	while (list_input_get(input) >= 0)
		;
	ck_assert_int_eq(list_input_error(input), 0);
	ck_assert_uint_eq(list_input_line(input), LINES + 1);
	ck_assert_int_eq(list_input_digest(input, digest), 0);
	ck_assert_int_eq(hash_buffer(text.data, text.len, expected), 0);
	ck_assert_mem_eq(digest, expected, SHA256_SIZE);
	list_input_free(input);

	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(list_input_new(fd, NULL, 0, &input), 0);
	ck_assert_int_eq(read_list(list_read_sha256sum, NULL, input, &out), 0);
	for (const char *c = out.data; *c; c++)
		count += *c == '\n';
	ck_assert_uint_eq(count, LINES);
	ck_assert_ptr_nonnull(strstr(out.data, "5000: /4999 " NO_MORE));
	close(fd);
	strbuf_done(&text);
	strbuf_done(&out);
	unit_folder_free(folder);
}
END_TEST

START_TEST(a_line_without_end_is_refused)
{
	struct strbuf out = STRBUF_INIT;
	struct list_input *input = NULL;
	char *folder = unit_folder_new();
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(list_input_new(fd, NULL, 0, &input), 0);
	ck_assert_int_eq(read_list(list_read_mtree, NULL, input, &out), -EBADMSG);
	ck_assert_str_eq(out.data, "1! the line is longer than 65536 bytes\n");
	close(fd);
	strbuf_done(&out);
	unit_folder_free(folder);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_list_says_this, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(tcase, a_document_says_this, 0, ARRAY_SIZE(boms));
	tcase_add_test(tcase, a_file_is_read_piece_by_piece);
	tcase_add_test(tcase, a_line_without_end_is_refused);
}

UNIT_MAIN("baseline_list")
