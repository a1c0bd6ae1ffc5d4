/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates that have ended or end soon, as "FILE ended" or "FILE ends in N days". Nothing but
 * the end of validity is read, and no chain is judged: what a program trusts is its own matter.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "checks/certificate_time.h"
#include "checks/probe.h"

#define MAX_PEM_BYTES (256 * 1024)

enum {
	KEY_PATHS,
	KEY_DAYS
};

static const struct probe_key keys[] = {
	[KEY_PATHS] = {"paths", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	[KEY_DAYS] = {"days", PROBE_KEY_NUMBER, true},	/* that must be left */
	{NULL},
};

struct search {
	const struct root *root;
	struct probe_value *value;
	uint64_t days;
	unsigned seen;
};

static int judge(struct search *search, const char *path, int64_t end_s)
{
	int64_t left_s = end_s - clock_real_ns() / NSEC_PER_SEC;

	if (left_s >= 0 && (uint64_t)left_s / 86400 >= search->days)
		return 0;
	if (left_s < 0)
		return probe_list_found(search->value, "certificates", "%s ended", path);
	return probe_list_found(search->value, "certificates", "%s ends in %" PRId64 " days", path,
				left_s / 86400);
}

/* Each certificate of the file; one that holds none is a key or something else. */
static int look(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *cursor;
	int64_t end_s;
	int r = probe_read(search->root, path, MAX_PEM_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((r = certificate_next_end(&cursor, &end_s)) > 0) {
		search->seen++;
		r = judge(search, path, end_s);
		if (r < 0)
			return r;
	}
	if (r == -EBADMSG)
		(void)probe_error(search->value, "%s holds a damaged certificate", path);
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r;

	(void)str_to_u64(params->values[KEY_DAYS], 10, &search.days);
	probe_list_add(value, NULL);
	r = probe_glob(root, params->values[KEY_PATHS], look, &search, value);
	if (r <= 0)
		return r;
	return search.seen ? 0 : probe_not_applicable(value, "no certificate there");
}

const struct probe_ops probe_certificate = {"certificate", keys, PROBE_GIVES_LIST, run};
