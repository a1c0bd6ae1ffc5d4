/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/layers.h: the highest layer wins, and a host layer gets nothing to run past
 * the site. */
#include "unit/unit.h"

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/entries.h"
#include "baseline/host_rule.h"
#include "baseline/layers.h"
#include "baseline/statement.h"
#include "baseline/writer.h"

static char *folder;

static void setup(void)
{
	folder = unit_folder_new();
}

static void teardown(void)
{
	unit_folder_free(folder);
}

#define MAX_FACTS 6

/* One file: up to the first without a path. */
struct made {
	const char *rules;
	struct file_fact facts[MAX_FACTS];
};

#define FACT(p, t, r, m) \
	.path = (char *)(p), .type = FILE_TYPE_##t, .role = FILE_ROLE_##r, .mode = (m)
#define FILE_OF(p, r, m, content)                                                            \
	{                                                                                    \
		FACT(p, REGULAR, r, m), .has_digest = true, .size = 3, .sha256 = { content } \
	}
#define PROGRAM(p, content) FILE_OF(p, EXECUTABLE, 0755, content)
#define CONFIG(p, content)  FILE_OF(p, CONFIG, 0644, content)
#define DATA(p, content)    FILE_OF(p, DATA, 0644, content)
#define LINK(p, to)                                                       \
	{                                                                 \
		FACT(p, SYMLINK, DATA, 0777), .link_target = (char *)(to) \
	}
#define FOLDER(p, m)                        \
	{                                   \
		FACT(p, DIRECTORY, DATA, m) \
	}
#define GONE(p)                        \
	{                              \
		FACT(p, NONE, DATA, 0) \
	}

static void fill(struct writer *writer, struct baseline_statement *s, const struct made *made)
{
	for (size_t i = 0; i < MAX_FACTS && made->facts[i].path; i++) {
		const struct file_fact *fact = &made->facts[i];
		cleanup_strbuf struct strbuf line = STRBUF_INIT;

		s->entries++;
		s->files += fact->type == FILE_TYPE_REGULAR;
		s->bytes_hashed += fact->size;
		s->unstated += fact->unstated != 0;
		s->not_packaged += fact->type == FILE_TYPE_REGULAR;
		ck_assert_int_eq(statement_add_review(s, review_of(fact), fact->path), 0);
		ck_assert_int_eq(entry_write(fact, &line), 0);
		ck_assert_int_eq(writer_add(writer, line.data, line.len), 0);
	}
}

static struct baseline *make(enum layer layer, const struct made *made)
{
	struct baseline_statement s = {
		.name = strdup("n"),
		.layer = strdup(layer_name(layer)),
		.revision = 1,
		.made_by = strdup("u"),
		.made_on = strdup("h"),
		.made_at_ns = 1764000000000000000,
	};
	const char *rules = made->rules ? made->rules : "";
	struct baseline *baseline = NULL;
	struct writer *writer = NULL;
	struct diag diag = {0};
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;

	ck_assert_int_gt(asprintf(&path, "%s/%s", folder, layer_name(layer)), 0);
	ck_assert_int_eq(writer_new(path, &writer, NULL), 0);
	fill(writer, &s, made);
	ck_assert_int_eq(writer_finish(writer, &s, rules, strlen(rules), NULL), 0);
	writer_free(writer);
	baseline_statement_done(&s);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(baseline_open(fd, path, &baseline, &diag) == 0, "%s", diag.text);
	return baseline;
}

/* @made has one file for each layer; those without rules and entries are left out. */
static struct layers *gather(const struct made made[static LAYER_COUNT])
{
	struct layers *layers = NULL;

	ck_assert_int_eq(layers_new(&layers), 0);
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		if (made[layer].rules || made[layer].facts[0].path)
			ck_assert_int_eq(layers_add(layers, make(layer, &made[layer]), NULL), 0);
	return layers;
}

static int resolve(struct layers *layers, uint64_t *ret_entries, struct diag *diag)
{
	int r = layers_combine(layers, diag);

	return r < 0 ? r : layers_check(layers, ret_entries, diag);
}

/* "PATH LAYER CONTENT;" for each effective entry. */
static char *list(struct layers *layers)
{
	struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};
	int r;

	do {
		cleanup_file_fact struct file_fact entry = {0};

		r = layers_next(layers, &entry, &diag);
		ck_assert_msg(r >= 0, "%s", diag.text);
		if (r > 0)
			strbuf_printf(&text, "%s %s %u;", entry.path, layer_name(entry.layer),
				      entry.sha256[0]);
	} while (r > 0);
	strbuf_add(&text, "", 0);
	return text.data;
}

START_TEST(the_highest_layer_wins_and_order_stays)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_VENDOR] = {NULL, {PROGRAM("/a", 1), PROGRAM("/b", 1), PROGRAM("/d", 1)}},
		[LAYER_MODEL] = {NULL, {PROGRAM("/b", 2), DATA("/e", 2)}},
		[LAYER_SITE] = {NULL, {PROGRAM("/b", 3), PROGRAM("/b0", 3), DATA("/e", 3)}},
		[LAYER_HOST] = {NULL, {DATA("/a0", 4), DATA("/e", 4), DATA("/z", 4)}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	struct diag diag = {0};
	uint64_t entries = 0;

	ck_assert_msg(resolve(layers, &entries, &diag) == 0, "%s", diag.text);
	ck_assert_uint_eq(entries, 7);
	/* The check has rewound, and a second reading gives the same. */
	for (int i = 0; i < 2; i++) {
		cleanup_free char *text = list(layers);

		ck_assert_str_eq(text, "/a vendor 1;/a0 host 4;/b site 3;/b0 site 3;/d vendor 1;"
				       "/e host 4;/z host 4;");
		ck_assert_int_eq(layers_rewind(layers), 0);
	}
}
END_TEST

START_TEST(an_entry_of_type_none_takes_back)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_VENDOR] = {NULL, {PROGRAM("/a", 1), PROGRAM("/b", 1), CONFIG("/c", 1)}},
		[LAYER_SITE] = {NULL, {GONE("/b"), GONE("/never")}},
		[LAYER_HOST] = {NULL, {GONE("/c")}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	cleanup_free char *text = NULL;
	struct diag diag = {0};
	uint64_t entries = 0;

	ck_assert_msg(resolve(layers, &entries, &diag) == 0, "%s", diag.text);
	ck_assert_uint_eq(entries, 1);
	text = list(layers);
	ck_assert_str_eq(text, "/a vendor 1;");
}
END_TEST

START_TEST(one_file_keeps_digest_and_rules)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_SITE] = {"# ours\n[monitor]\ntree = /a\n", {PROGRAM("/a", 1)}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	struct baseline *file = layers_get(layers, LAYER_SITE);
	uint64_t entries;
	size_t len, own_len;

	ck_assert_int_eq(resolve(layers, &entries, NULL), 0);
	ck_assert_str_eq(layers_digest(layers), baseline_get_digest(file));
	ck_assert_str_eq(layers_rules_text(layers, &len), baseline_get_rules(file, &own_len));
	ck_assert_uint_eq(len, own_len);
}
END_TEST

START_TEST(the_digest_covers_layers_and_their_statements)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_VENDOR] = {NULL, {PROGRAM("/a", 1)}},
		[LAYER_SITE] = {NULL, {PROGRAM("/b", 1)}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char hex[SHA256_HEX_SIZE];
	uint8_t digest[SHA256_SIZE];

	strbuf_printf(&text, "vendor %s\nsite %s\n",
		      baseline_get_digest(layers_get(layers, LAYER_VENDOR)),
		      baseline_get_digest(layers_get(layers, LAYER_SITE)));
	ck_assert_int_eq(hash_buffer(text.data, text.len, digest), 0);
	hex_encode(digest, SHA256_SIZE, hex);
	ck_assert_int_eq(layers_combine(layers, NULL), 0);
	ck_assert_str_eq(layers_digest(layers), hex);
}
END_TEST

START_TEST(a_layer_is_there_once)
{
	const struct made made[LAYER_COUNT] = {[LAYER_SITE] = {NULL, {PROGRAM("/a", 1)}}};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	struct diag diag = {0};

	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(unlink("site"), 0);
	ck_assert_int_eq(layers_add(layers, make(LAYER_SITE, &made[LAYER_SITE]), &diag), -EEXIST);
	ck_assert_ptr_nonnull(strstr(diag.text, "two files of the site layer"));
	ck_assert_uint_eq(layers_count(layers), 1);
}
END_TEST

START_TEST(no_layer_is_no_baseline)
{
	cleanup_with(layers_freep) struct layers *layers = NULL;

	ck_assert_int_eq(layers_new(&layers), 0);
	ck_assert_int_eq(layers_combine(layers, NULL), -ENODATA);
}
END_TEST

START_TEST(rules_are_united)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_VENDOR] = {"[monitor]\ntree = /v\ntree = /both\n[ignore]\npath = /v/log\n",
				  {PROGRAM("/a", 1)}},
		[LAYER_SITE] = {"[monitor]\ntree = /both\ntree = /s\n[updaters]\nprogram = /u\n"
				"[host_layer]\nprogram = /s/x\nprogram = /s/y\nignore = /s/log\n",
				{PROGRAM("/b", 1)}},
		[LAYER_HOST] = {"[monitor]\ntree = /h\n[ignore]\npath = /s/log\n"
				"path = /v/log/deep\npath = /h/tmp\n",
				{DATA("/h/a", 1)}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	struct diag diag = {0};
	uint64_t entries;
	size_t len;

	ck_assert_msg(resolve(layers, &entries, &diag) == 0, "%s", diag.text);
	ck_assert_str_eq(layers_rules_text(layers, &len),
			 "[monitor]\ntree = /v\ntree = /both\ntree = /s\ntree = /h\n"
			 "\n[ignore]\npath = /v/log\npath = /s/log\npath = /v/log/deep\n"
			 "path = /h/tmp\n"
			 "\n[updaters]\nprogram = /u\n"
			 "\n[host_layer]\nprogram = /s/x\nprogram = /s/y\nignore = /s/log\n");
	ck_assert(baseline_rules_host_may(layers_rules(layers), "/s/x/deep"));
	ck_assert(!baseline_rules_host_may(layers_rules(layers), "/s/xx"));
}
END_TEST

/* What a site has approved, and a host layer that tries to get round it. */
static const struct made site = {
	"[monitor]\ntree = /opt\n[ignore]\npath = /opt/own/log\n"
	"[updaters]\nprogram = /usr/bin/dpkg\n"
	"[host_layer]\nprogram = /opt/line\nprogram = /srv/*/bin\nignore = /opt/cache\n",
	{CONFIG("/etc/hmi.conf", 1), FOLDER("/opt", 0755), LINK("/opt/ld", "/opt/ld-1"),
	 PROGRAM("/opt/run", 1), FILE_OF("/usr/lib/a.so", LIBRARY, 0644, 1)}};

static const struct hostile {
	const char *name;
	struct made host;
	const char *reason; /* NULL: it may */
} hostile[] = {
	{"a program", {NULL, {PROGRAM("/usr/bin/new", 9)}}, "states a program"},
	{"a library", {NULL, {FILE_OF("/usr/lib/b.so", LIBRARY, 0644, 9)}}, "states a program"},
	{"a script", {NULL, {FILE_OF("/usr/bin/s", SCRIPT, 0644, 9)}}, "states a program"},
	{"a module", {NULL, {FILE_OF("/lib/modules/x.ko", MODULE, 0644, 9)}}, "states a program"},
	{"an image", {NULL, {FILE_OF("/opt/x.img", IMAGE, 0644, 9)}}, "states a program"},
	{"a program called data", {NULL, {FILE_OF("/opt/x", DATA, 0755, 9)}}, "states a program"},
	{"a set-user-id file called settings",
	 {NULL, {FILE_OF("/etc/x", CONFIG, 04711, 9)}},
	 "states a program"},
	{"a module called data", {NULL, {DATA("/lib/modules/x.ko.xz", 9)}}, "states a program"},
	{"capabilities on data",
	 {NULL,
	  {{FACT("/opt/x", REGULAR, DATA, 0644), .has_digest = true,
	    .capabilities = (char *)"cap_setuid=ep"}}},
	 "states a program"},
	{"a device", {NULL, {{FACT("/opt/mem", CHAR_DEVICE, DATA, 0666)}}}, "states a device"},
	{"other content of a program", {NULL, {PROGRAM("/opt/run", 9)}}, "changes a program"},
	{"a program of below called data", {NULL, {DATA("/opt/run", 9)}}, "changes a program"},
	{"the same content called data",
	 {NULL, {FILE_OF("/opt/run", DATA, 0755, 1)}},
	 "changes a program"},
	{"more rights for a program",
	 {NULL, {FILE_OF("/opt/run", EXECUTABLE, 04755, 1)}},
	 "changes a program"},
	{"any rights for a program",
	 {NULL,
	  {{FACT("/opt/run", REGULAR, EXECUTABLE, 0), .has_digest = true, .size = 3, .sha256 = {1},
	    .unstated = FILE_DIFF_MODE}}},
	 "changes a program"},
	{"any owner for a folder",
	 {NULL, {{FACT("/opt", DIRECTORY, DATA, 0755), .unstated = FILE_DIFF_OWNER}}},
	 "to other writers"},
	{"a program that is gone", {NULL, {GONE("/opt/run")}}, "changes a program"},
	{"a library that is gone", {NULL, {GONE("/usr/lib/a.so")}}, "changes a program"},
	{"a program that became a link", {NULL, {LINK("/opt/run", "/tmp/x")}}, "changes a program"},
	{"a link to elsewhere", {NULL, {LINK("/opt/ld", "/opt/evil")}}, "changes a link"},
	{"a folder that became a link", {NULL, {LINK("/opt", "/tmp")}}, "replaces"},
	{"a folder that is gone", {NULL, {GONE("/opt")}}, "replaces"},
	{"settings that became a folder", {NULL, {FOLDER("/etc/hmi.conf", 0755)}}, "replaces"},
	{"a folder for all to write", {NULL, {FOLDER("/opt", 0777)}}, "to other writers"},
	{"a folder of somebody else",
	 {NULL, {{FACT("/opt", DIRECTORY, DATA, 0755), .uid = 1000}}},
	 "to other writers"},
	{"beside the tree that the site opens",
	 {NULL, {PROGRAM("/opt/line2/x", 9)}},
	 "states a program"},
	{"an ignored tree", {"[ignore]\npath = /opt\n", {{0}}}, "which a layer below monitors"},
	{"an ignored folder in it", {"[ignore]\npath = /opt/x\n", {{0}}}, "which a layer below"},
	{"all ignored", {"[ignore]\npath = /\n", {{0}}}, "which a layer below monitors"},
	{"a pattern over it", {"[ignore]\npath = /o*/x\n", {{0}}}, "which a layer below monitors"},
	{"a pattern beside what the site opens",
	 {"[ignore]\npath = /opt/cach*\n", {{0}}},
	 "which a layer below monitors"},
	{"what is stated outside the trees",
	 {"[ignore]\npath = /usr/lib\n", {{0}}},
	 "ignores what a layer below states"},
	{"a pattern over that", {"[ignore]\npath = /usr/*/a.so\n", {{0}}}, "ignores what a layer"},
	{"an updater", {"[updaters]\nprogram = /tmp/x\n", {{0}}}, "a trusted updater"},
	{"never blocked", {"[never_block]\npath = /tmp/x\n", {{0}}}, "never to be blocked"},
	{"its own leave",
	 {"[host_layer]\nprogram = /\n", {PROGRAM("/x", 9)}},
	 "[host_layer] belongs into a site layer"},

	{"settings", {NULL, {CONFIG("/etc/hmi.conf", 9)}}, NULL},
	{"settings that are gone", {NULL, {GONE("/etc/hmi.conf")}}, NULL},
	{"new data", {NULL, {DATA("/opt/data", 9)}}, NULL},
	{"a new link", {NULL, {LINK("/opt/x", "/opt/run")}}, NULL},
	{"a folder closed further", {NULL, {FOLDER("/opt", 0700)}}, NULL},
	{"the same once more",
	 {NULL, {FOLDER("/opt", 0755), LINK("/opt/ld", "/opt/ld-1"), PROGRAM("/opt/run", 1)}},
	 NULL},
	{"a program where the site lets it", {NULL, {PROGRAM("/opt/line/x", 9)}}, NULL},
	{"where a pattern lets it", {NULL, {PROGRAM("/srv/a/bin/x", 9)}}, NULL},
	{"ignores that are there", {"[ignore]\npath = /opt/own/log/*.gz\n", {{0}}}, NULL},
	{"ignores that the site lets it", {"[ignore]\npath = /opt/cache/x*\n", {{0}}}, NULL},
	{"ignores where nobody looks", {"[ignore]\npath = /var/tmp\n", {{0}}}, NULL},
	{"an updater that is there", {"[updaters]\nprogram = /usr/bin/dpkg\n", {{0}}}, NULL},
};

START_TEST(a_host_layer_gets_no_further_than_the_site_lets_it)
{
	const struct hostile *t = &hostile[_i];
	const struct made made[LAYER_COUNT] = {[LAYER_SITE] = site, [LAYER_HOST] = t->host};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	struct diag diag = {0};
	uint64_t entries;
	int r = resolve(layers, &entries, &diag);

	if (!t->reason) {
		ck_assert_msg(r == 0, "%s: %s", t->name, diag.text);
		return;
	}
	ck_assert_msg(r == -EPERM, "%s: %d", t->name, r);
	ck_assert_msg(strstr(diag.text, t->reason) != NULL, "%s: %s", t->name, diag.text);
}
END_TEST

START_TEST(a_host_layer_alone_has_no_programs)
{
	const struct made made[LAYER_COUNT] = {[LAYER_HOST] = {NULL, {PROGRAM("/opt/x", 1)}}};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	struct diag diag = {0};
	uint64_t entries;

	ck_assert_int_eq(resolve(layers, &entries, &diag), -EPERM);
	ck_assert_ptr_nonnull(strstr(diag.text, "/opt/x; no site layer lets it"));
}
END_TEST

START_TEST(leave_to_a_host_layer_is_the_sites_alone)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_VENDOR] = {"[host_layer]\nprogram = /\n", {PROGRAM("/a", 1)}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);

	ck_assert_int_eq(layers_combine(layers, NULL), -EPERM);
}
END_TEST

START_TEST(what_a_site_took_back_a_host_cannot_bring_again)
{
	const struct made made[LAYER_COUNT] = {
		[LAYER_VENDOR] = {NULL, {PROGRAM("/a", 1)}},
		[LAYER_SITE] = {NULL, {GONE("/a")}},
		[LAYER_HOST] = {NULL, {PROGRAM("/a", 1)}},
	};
	cleanup_with(layers_freep) struct layers *layers = gather(made);
	uint64_t entries;

	ck_assert_int_eq(resolve(layers, &entries, NULL), -EPERM);
}
END_TEST

START_TEST(what_runs_is_no_data_of_a_host)
{
	struct file_fact entry = DATA("/opt/x", 1), now = PROGRAM("/opt/x", 1);

	ck_assert(!host_rule_is_lie(&entry, &now));
	entry.layer = LAYER_HOST;
	ck_assert(host_rule_is_lie(&entry, &now));
	now.role = FILE_ROLE_CONFIG;
	ck_assert(!host_rule_is_lie(&entry, &now));
	entry.role = now.role = FILE_ROLE_LIBRARY;
	ck_assert(!host_rule_is_lie(&entry, &now));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_highest_layer_wins_and_order_stays);
	tcase_add_test(tcase, an_entry_of_type_none_takes_back);
	tcase_add_test(tcase, one_file_keeps_digest_and_rules);
	tcase_add_test(tcase, the_digest_covers_layers_and_their_statements);
	tcase_add_test(tcase, a_layer_is_there_once);
	tcase_add_test(tcase, no_layer_is_no_baseline);
	tcase_add_test(tcase, rules_are_united);
	tcase_add_loop_test(tcase, a_host_layer_gets_no_further_than_the_site_lets_it, 0,
			    (int)ARRAY_SIZE(hostile));
	tcase_add_test(tcase, a_host_layer_alone_has_no_programs);
	tcase_add_test(tcase, leave_to_a_host_layer_is_the_sites_alone);
	tcase_add_test(tcase, what_a_site_took_back_a_host_cannot_bring_again);
	tcase_add_test(tcase, what_runs_is_no_data_of_a_host);
}

UNIT_MAIN("baseline layers")
