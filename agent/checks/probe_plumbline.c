/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's own state: whether a baseline is loaded, whether the supervisor runs. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "model/layer.h"

enum {
	KEY_FACT
};

static const struct probe_key keys[] = {
	[KEY_FACT] = {"fact", PROBE_KEY_CHOICE, true, "baseline supervisor"},
	{NULL},
};

/* The supervisor keeps the files of the baseline in force, and only those, under these names. */
static int find_baseline(const struct root *root, struct probe_value *value)
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		struct stat st;
		char path[512];
		int r;

		snprintf(path, sizeof(path), "%s/baseline/%s.tar", root->state_dir,
			 layer_name(layer));
		r = root_stat(root, path, &st);
		if (r == 0)
			return probe_text(value, "loaded");
		if (r != -ENOENT && r != -ENOTDIR)
			return probe_unreadable(value, path, r);
	}
	return probe_absent(value, "no baseline is loaded");
}

/* The pid file must name a process whose program is plumblined: numbers are used again. */
static int find_supervisor(const struct root *root, struct probe_value *value)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, comm = STRBUF_INIT;
	char path[512];
	uint64_t pid;
	int r;

	snprintf(path, sizeof(path), "%s/plumblined.pid", root->run_dir);
	r = root_read_text(root, path, 64, &text);
	if (r == -ENOENT)
		return probe_absent(value, "the agent does not run");
	if (r < 0)
		return r == -ENOMEM ? r : probe_unreadable(value, path, r);
	if (!text.data || str_to_u64(words_squash(text.data), 10, &pid) < 0)
		return probe_error(value, "%s holds no process number", path);
	snprintf(path, sizeof(path), "/proc/%llu/comm", (unsigned long long)pid);
	r = root_read_text(root, path, 64, &comm);
	if (r == 0 && comm.data && str_equal(words_squash(comm.data), "plumblined"))
		return probe_text(value, "running");
	return probe_absent(value, "the agent does not run, but left its pid file");
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	return str_equal(params->values[KEY_FACT], "baseline") ? find_baseline(root, value)
							       : find_supervisor(root, value);
}

const struct probe_ops probe_plumbline = {"plumbline", keys, PROBE_GIVES_TEXT, run};
