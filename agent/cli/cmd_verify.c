/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline verify: the machine now beside a baseline file. Works without an agent. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/compare.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"
#include "engine/engine.h"
#include "model/config.h"

static const char help[] =
	"usage: plumbline verify [--baseline FILE] [--full] [--json]\n\n"
	"Compares the files of this machine with a baseline file.\n\n"
	"  --baseline FILE  default: baseline/current.tar in the agent's state_dir\n"
	"  --full           hash every file. Without it a file whose stamp (inode, size, times) "
	"has\n"
	"                   not changed since it was last hashed is not read; it counts as "
	"stamped\n"
	"  --json           one JSON document\n"
	"  --config FILE    the agent's settings (default: /etc/plumbline/plumbline.conf)\n\n"
	"Exit status: 0 no difference found, 1 drift, 2 error.\n";

enum {
	OPT_BASELINE = 256,
	OPT_FULL,
	OPT_JSON,
	OPT_CONFIG,
	OPT_HELP
};

static const struct option options[] = {
	{"baseline", required_argument, NULL, OPT_BASELINE},
	{"full", no_argument, NULL, OPT_FULL},
	{"json", no_argument, NULL, OPT_JSON},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct verify {
	const char *file, *config_path;
	bool is_full, is_json, is_help;
	struct config *config;
	char *path; /* of the baseline */
	struct baseline *baseline;
	struct stamps *stamps; /* NULL: they cannot be kept here */
	int stamps_fd;
	struct strbuf out, out_unread;
	struct json j, unread; /* the document, and a list that goes into it at the end */
};

static void verify_done(struct verify *v)
{
	stamps_close(v->stamps);
	cleanup_closep(&v->stamps_fd);
	baseline_close(v->baseline);
	config_free(v->config);
	strbuf_done(&v->out);
	strbuf_done(&v->out_unread);
	free(v->path);
}

static int parse(int argc, char **argv, struct verify *v)
{
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return -EINVAL;
		if (option == OPT_BASELINE)
			v->file = optarg;
		if (option == OPT_CONFIG)
			v->config_path = optarg;
		v->is_full |= option == OPT_FULL;
		v->is_json |= option == OPT_JSON;
		v->is_help |= option == OPT_HELP;
	}
	if (optind < argc)
		return fail_usage("verify", "what is '%s'?", argv[optind]), -EINVAL;
	return 0;
}

/* Settings are not needed where the default file is missing: the machine may have no agent yet. */
static int load_config(struct verify *v, struct diag *diag)
{
	const char *path = v->config_path;

	if (!path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
		path = CONFIG_PATH_DEFAULT;
	return config_load(path, &v->config, diag);
}

static int find_file(struct verify *v, struct diag *diag)
{
	cleanup_free char *stored = NULL;

	if (asprintf(&stored, "%s/baseline/current.tar", v->config->state_dir) < 0) {
		stored = NULL;
		return -ENOMEM;
	}
	v->path = realpath(v->file ? v->file : stored, NULL);
	if (!v->path)
		return diag_set(diag, v->file ? v->file : stored, 0, -errno, "cannot open: %s",
				strerror(errno));
	return 0;
}

/* The folder of the caches, root's alone; made when it is missing, as is the agent's own. */
static int open_stamps_folder(const struct verify *v)
{
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	struct stat st;

	if (asprintf(&path, "%s/verify", v->config->state_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (geteuid() != 0)
		return -EPERM;
	if (mkdir(v->config->state_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == 0 && (st.st_mode & 077) == 0 ? TAKE_FD(fd) : -EPERM;
}

/* One cache per baseline path. Without one all is hashed, which is never wrong. */
static void open_stamps(struct verify *v)
{
	const struct baseline_statement *s = baseline_get_statement(v->baseline);
	uint8_t digest[SHA256_SIZE];
	char hex[25], name[40];
	int r;

	v->stamps_fd = open_stamps_folder(v);
	r = v->stamps_fd < 0 ? v->stamps_fd : hash_buffer(v->path, strlen(v->path), digest);
	if (r == 0) {
		hex_encode(digest, 12, hex);
		(void)snprintf(name, sizeof(name), "%s.stamps", hex);
		r = stamps_open(v->stamps_fd, name, baseline_get_digest(v->baseline), s->entries,
				&v->stamps);
	}
	if (r < 0)
		log_debug("no stamps: %s, hashing all", strerror(-r));
}

/* A finding in one line. */
static void print_finding(const struct verify *v, const struct finding *finding, const char *path,
			  const char *why)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	str_escape(&text, path, strlen(path));
	if (strbuf_check(&text) < 0)
		return;
	printf("%s %s: expected %s, actual %s%s%s\n", finding_kind_name(finding->kind), text.data,
	       finding->expected ? finding->expected : "nothing",
	       finding->actual ? finding->actual : "nothing", why ? ": " : "", why ? why : "");
}

/* So that the document does not have to fit in memory. */
#define FLUSH_BYTES ((size_t)65536)

static void flush(struct verify *v)
{
	if (!v->out.data || strbuf_check(&v->out) < 0)
		return;
	fwrite(v->out.data, 1, v->out.len, stdout);
	strbuf_clear(&v->out);
}

static void write_finding(struct verify *v, const struct finding *finding, const char *path,
			  const char *why)
{
	json_begin_object(&v->j);
	json_put_string(&v->j, "kind", finding_kind_name(finding->kind));
	json_put_path(&v->j, "path", path);
	json_put_string(&v->j, "expected", finding->expected);
	json_put_string(&v->j, "actual", finding->actual);
	json_put_string(&v->j, "why", why);
	json_end_object(&v->j);
	if (v->out.len >= FLUSH_BYTES)
		flush(v);
}

static int on_difference(const struct file_fact *approved, const struct file_fact *now,
			 const char *why, void *userdata)
{
	struct verify *v = userdata;
	struct event event = {.kind = EVENT_SCANNED, .time_ns = clock_real_ns()};
	struct judgement judgement = engine_judge(now, approved, NULL, false);
	struct finding finding = {0};
	int r;

	/* It differs from what was approved in that it could not be read to the end. */
	if (judgement.verdict == VERDICT_APPROVED)
		judgement = (struct judgement){.verdict = VERDICT_UNVERIFIABLE,
					       .finding = FINDING_SOFTWARE_UNVERIFIABLE,
					       .diff = FILE_DIFF_UNREADABLE};
	r = engine_make_finding(&judgement, &event, now, approved, baseline_get_digest(v->baseline),
				&finding);
	if (r < 0)
		return r;
	if (v->is_json)
		write_finding(v, &finding, now->path, why);
	else
		print_finding(v, &finding, now->path, why);
	finding_done(&finding);
	return 0;
}

static int on_unread(const char *path, int error, void *userdata)
{
	struct verify *v = userdata;
	const char *why = error == EXDEV ? "network or kernel file system" : strerror(error);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (v->is_json) {
		json_begin_object(&v->unread);
		json_put_path(&v->unread, "path", path);
		json_put_string(&v->unread, "why", why);
		json_end_object(&v->unread);
		return 0;
	}
	str_escape(&text, path, strlen(path));
	printf("not looked at %s: %s\n", text.data ? text.data : "", why);
	return 0;
}

/* What could not be looked at is no pass. */
static bool has_drift(const struct compare_totals *t)
{
	return t->different > 0 || t->unread > 0;
}

static void print_totals(struct verify *v, const struct compare_totals *t)
{
	if (!v->is_json) {
		printf("%" PRIu64 " files: %" PRIu64 " hashed, %" PRIu64 " by unchanged stamp\n",
		       t->files, t->hashed, t->stamped);
		if (t->different || !t->unread)
			printf(t->different ? "drift: %" PRIu64 " differences\n"
					    : "no difference found\n",
			       t->different);
		if (t->unread)
			printf("not verified: %" PRIu64 " folders could not be looked at\n",
			       t->unread);
		return;
	}
	json_end_array(&v->j);
	json_end_array(&v->unread);
	json_key(&v->j, "not_looked_at");
	strbuf_add(&v->out, v->out_unread.data, v->out_unread.len);
	v->j.need_comma[v->j.depth] = true;
	json_put_u64(&v->j, "files", t->files);
	json_put_u64(&v->j, "hashed", t->hashed);
	json_put_u64(&v->j, "by_unchanged_stamp", t->stamped);
	json_put_bool(&v->j, "drift", has_drift(t));
	json_end_object(&v->j);
	strbuf_add_char(&v->out, '\n');
	flush(v);
}

static void print_baseline(struct verify *v)
{
	const struct baseline_statement *s = baseline_get_statement(v->baseline);

	if (!v->is_json) {
		printf("baseline %s, revision %" PRIu64 ", statement %s\n", s->name, s->revision,
		       baseline_get_digest(v->baseline));
		return;
	}
	v->j = JSON_INIT(&v->out);
	v->unread = JSON_INIT(&v->out_unread);
	json_begin_array(&v->unread);
	json_begin_object(&v->j);
	json_put_string(&v->j, "baseline", s->name);
	json_put_u64(&v->j, "revision", s->revision);
	json_put_string(&v->j, "statement_sha256", baseline_get_digest(v->baseline));
	json_key(&v->j, "differences");
	json_begin_array(&v->j);
}

static int compare(struct verify *v, struct compare_totals *totals, struct diag *diag)
{
	struct compare_options compare = {
		.stamps = v->stamps,
		.is_full = v->is_full,
		.on_difference = on_difference,
		.on_unread = on_unread,
		.userdata = v,
	};
	int r;

	print_baseline(v);
	r = baseline_compare(v->baseline, &compare, totals, diag);
	if (r < 0)
		return r;
	r = v->stamps ? stamps_save(v->stamps) : 0;
	if (r < 0)
		log_warning(r, "cannot keep the stamps, ignoring");
	print_totals(v, totals);
	if (strbuf_check(&v->out) < 0 || strbuf_check(&v->out_unread) < 0 || fflush(stdout) != 0 ||
	    ferror(stdout))
		return diag_set(diag, "", 0, -EIO, "cannot write the result");
	return 0;
}

int cmd_verify(int argc, char **argv)
{
	cleanup_with(verify_done) struct verify v = {.stamps_fd = -1};
	struct compare_totals totals = {0};
	struct diag diag = {0};
	int r;

	r = parse(argc, argv, &v);
	if (r < 0)
		return EXIT_ERROR;
	if (v.is_help) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	r = load_config(&v, &diag);
	if (r == 0)
		r = find_file(&v, &diag);
	if (r == 0)
		r = baseline_open_path(v.path, &v.baseline, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	open_stamps(&v);
	r = compare(&v, &totals, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	return has_drift(&totals) ? EXIT_DRIFT : EXIT_GOOD;
}
