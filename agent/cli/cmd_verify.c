/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline verify: the machine now beside a baseline, of one file or of several layers. Works
 * without an agent. */
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
#include "base/ini.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/compare.h"
#include "cli/baseline_verbs.h"
#include "cli/layer_files.h"
#include "cli/verbs.h"
#include "engine/engine.h"
#include "model/config.h"

static const char help[] =
	"usage: plumbline verify [--baseline FILE]... [--full] [--json]\n\n"
	"Compares the files of this machine with a baseline.\n\n"
	"  --baseline FILE  repeat for more layers; default: those that the agent has loaded\n"
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
	char **files; /* NULL: what is stored */
	const char *config_path;
	bool is_full, is_json, is_help;
	struct config *config;
	char *path; /* of the first file, or where they are stored */
	struct layers *layers;
	struct stamps *stamps; /* NULL: they cannot be kept here */
	int stamps_fd;
	struct strbuf out, out_unread;
	struct json j, unread; /* the document, and a list that goes into it at the end */
};

static void verify_done(struct verify *v)
{
	stamps_close(v->stamps);
	cleanup_closep(&v->stamps_fd);
	layers_free(v->layers);
	strv_free(v->files);
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
		if (option == OPT_BASELINE && strv_append(&v->files, optarg) < 0)
			return -ENOMEM;
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

static int find_path(struct verify *v, struct diag *diag)
{
	cleanup_free char *stored = NULL;

	if (asprintf(&stored, "%s/baseline", v->config->state_dir) < 0) {
		stored = NULL;
		return -ENOMEM;
	}
	v->path = realpath(v->files ? v->files[0] : stored, NULL);
	if (!v->path)
		return diag_set(diag, v->files ? v->files[0] : stored, 0, -errno, "cannot open: %s",
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
	uint8_t digest[SHA256_SIZE];
	char hex[25], name[40];
	int r;

	v->stamps_fd = open_stamps_folder(v);
	r = v->stamps_fd < 0 ? v->stamps_fd : hash_buffer(v->path, strlen(v->path), digest);
	if (r == 0) {
		hex_encode(digest, 12, hex);
		(void)snprintf(name, sizeof(name), "%s.stamps", hex);
		r = stamps_open(v->stamps_fd, name, layers_digest(v->layers),
				layers_max_entries(v->layers), &v->stamps);
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
	r = engine_make_finding(&judgement, &event, now, approved, layers_digest(v->layers),
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

static void write_layer(struct verify *v, const struct baseline *baseline)
{
	const struct baseline_statement *s = baseline_get_statement(baseline);

	if (!v->is_json) {
		printf("baseline %s, revision %" PRIu64 ", %s layer, statement %s\n", s->name,
		       s->revision, s->layer, baseline_get_digest(baseline));
		return;
	}
	json_begin_object(&v->j);
	json_put_string(&v->j, "layer", s->layer);
	json_put_string(&v->j, "name", s->name);
	json_put_u64(&v->j, "revision", s->revision);
	json_put_string(&v->j, "statement_sha256", baseline_get_digest(baseline));
	json_end_object(&v->j);
}

static void print_baseline(struct verify *v)
{
	if (v->is_json) {
		v->j = JSON_INIT(&v->out);
		v->unread = JSON_INIT(&v->out_unread);
		json_begin_array(&v->unread);
		json_begin_object(&v->j);
		json_put_string(&v->j, "baseline_sha256", layers_digest(v->layers));
		json_key(&v->j, "layers");
		json_begin_array(&v->j);
	}
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		if (layers_get(v->layers, layer))
			write_layer(v, layers_get(v->layers, layer));
	if (!v->is_json) {
		if (layers_count(v->layers) > 1)
			printf("together %s\n", layers_digest(v->layers));
		return;
	}
	json_end_array(&v->j);
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
	r = baseline_compare(v->layers, &compare, totals, diag);
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
	r = layer_files_load_config(v.config_path, &v.config, &diag);
	if (r == 0)
		r = find_path(&v, &diag);
	if (r == 0)
		r = layer_files_open(v.config, v.files, &v.layers, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	open_stamps(&v);
	r = compare(&v, &totals, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	return has_drift(&totals) ? EXIT_DRIFT : EXIT_GOOD;
}
