/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one check: condition, probe, judgement, and the result that a person reads. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/check.h"
#include "checks/checks.h"
#include "checks/inventory.h"
#include "checks/set.h"

#define MAX_SHOWN_ITEMS 8
#define MAX_SHOWN_BYTES 512 /* of one text; hostile files can hold lines of any length */

static void add_escaped(struct strbuf *out, const char *text, size_t len)
{
	str_escape(out, text, len > MAX_SHOWN_BYTES ? MAX_SHOWN_BYTES : len);
	if (len > MAX_SHOWN_BYTES)
		strbuf_add_str(out, "...");
}

/* The items of a list are escaped already. */
static void add_item(struct strbuf *out, const char *text, size_t len)
{
	strbuf_add(out, text, len > MAX_SHOWN_BYTES ? MAX_SHOWN_BYTES : len);
	if (len > MAX_SHOWN_BYTES)
		strbuf_add_str(out, "...");
}

static void describe_list(const struct probe_value *value, struct strbuf *out)
{
	const char *item = value->text.data ? value->text.data : "";
	size_t shown = 0;

	if (!value->count) {
		strbuf_add_str(out, "none");
		return;
	}
	for (; *item && shown < MAX_SHOWN_ITEMS; shown++) {
		size_t len = strcspn(item, "\n");

		if (shown)
			strbuf_add_str(out, ", ");
		add_item(out, item, len);
		item += len + (item[len] == '\n');
	}
	if (shown < value->count)
		strbuf_printf(out, " and %zu more", value->count - shown);
}

static void describe_actual(const struct probe_value *value, struct strbuf *out)
{
	switch (value->kind) {
	case PROBE_ABSENT:
		if (value->reason.len)
			add_escaped(out, value->reason.data, value->reason.len);
		else
			strbuf_add_str(out, "not set");
		break;
	case PROBE_TEXT:
		add_escaped(out, value->text.data ? value->text.data : "", value->text.len);
		break;
	case PROBE_LIST:
		describe_list(value, out);
		break;
	}
	for (const char *line = value->others.data; line && *line;) {
		size_t len = strcspn(line, "\n");

		strbuf_printf(out, "; %s ", value->others_are ? value->others_are : "also");
		add_escaped(out, line, len);
		line += len + (line[len] == '\n');
	}
	if (value->where.len) {
		strbuf_add_str(out, " (");
		add_escaped(out, value->where.data, value->where.len);
		strbuf_add_char(out, ')');
	}
}

static int copy_text(const char *text, char **field)
{
	if (!text || !*text)
		return 0;
	*field = strdup(text);
	return *field ? 0 : -ENOMEM;
}

/* All that does not depend on the host. */
static int fill_static(const struct check *check, struct check_result *result)
{
	cleanup_strbuf struct strbuf expected = STRBUF_INIT;
	int r = 0;

	result->severity = check->severity;
	r |= copy_text(check->id, &result->id);
	r |= copy_text(check->fields[CHECK_TITLE], &result->title);
	r |= copy_text(check->fields[CHECK_REMEDIATION], &result->remediation);
	r |= copy_text(check->fields[CHECK_OT_CAUTION], &result->ot_caution);
	r |= copy_text(check->fields[CHECK_CONTROLS], &result->controls);
	r |= copy_text(check->fields[CHECK_REQUIREMENTS], &result->requirements);
	r |= copy_text(check->fields[CHECK_TECHNIQUES], &result->techniques);
	if (check->fields[CHECK_EXPECTED])
		strbuf_add_str(&expected, check->fields[CHECK_EXPECTED]);
	else
		expect_describe(&check->expect, &expected);
	result->expected = strbuf_take(&expected);
	return r || !result->expected ? -ENOMEM : 0;
}

static void run_probe(const struct check *check, const struct root *root, struct probe_value *value)
{
	int holds = 1;

	if (check->fields[CHECK_APPLIES])
		holds = condition_holds(check->fields[CHECK_APPLIES], root);
	if (holds < 0)
		(void)probe_error(value, "cannot tell whether the check applies (%s): %s",
				  check->fields[CHECK_APPLIES], root_reason(holds));
	else if (!holds)
		(void)probe_not_applicable(value, "%s", check->fields[CHECK_OTHERWISE]);
	else if (check->probe->run(&check->params, root, value) < 0)
		(void)probe_error(value, "out of memory");
}

/* What a value with a failed allocation says would be wrong: it is an error. */
static int fill_dynamic(const struct check *check, struct probe_value *value,
			struct check_result *result)
{
	cleanup_strbuf struct strbuf actual = STRBUF_INIT, reason = STRBUF_INIT;

	result->outcome = value->outcome;
	if (strbuf_check(&value->text) < 0 || strbuf_check(&value->others) < 0 ||
	    strbuf_check(&value->reason) < 0)
		return -ENOMEM;
	if (value->outcome == CHECK_PASS) {
		result->outcome = expect_judge(&check->expect, value, &reason);
		describe_actual(value, &actual);
		result->actual = strbuf_take(&actual);
		if (!result->actual)
			return -ENOMEM;
	} else {
		add_escaped(&reason, value->reason.data ? value->reason.data : "",
			    value->reason.len);
	}
	if (result->outcome == CHECK_ERROR || result->outcome == CHECK_NOT_APPLICABLE) {
		result->reason = strbuf_take(&reason);
		if (!result->reason)
			return -ENOMEM;
	}
	return 0;
}

/* What one check found out serves those after it, as long as they look at the same root. */
static int keep_for(struct check_set *set, const char *root_path)
{
	if (str_equal(set->root, root_path))
		return 0;
	check_set_forget(set);
	set->root = strdup(root_path);
	return set->root ? 0 : -ENOMEM;
}

static int make_inventory(struct check_set *set, const struct root *root)
{
	struct inventory *inventory;

	if (set->inventory)
		return 0;
	inventory = malloc(sizeof(*inventory));
	if (!inventory)
		return -ENOMEM;
	inventory_walk(root, inventory);
	set->inventory = inventory;
	kept_done(&set->kept); /* a walk takes its time */
	return 0;
}

int check_run(struct check_set *set, size_t index, const char *root_path,
	      struct check_result *ret_result)
{
	const struct check *check = &set->list.items[index];
	cleanup_check_result struct check_result result = {0};
	cleanup_probe_value struct probe_value value = {0};
	cleanup_root struct root root = ROOT_INIT;
	int64_t start = clock_mono_ns();
	int r;

	result.time_ns = clock_real_ns();
	r = fill_static(check, &result);
	if (r < 0)
		return r;
	r = root_open(root_path, &root);
	if (r == 0 && set->state_dir && set->run_dir) {
		root.state_dir = set->state_dir;
		root.run_dir = set->run_dir;
	}
	looked_clear(&set->looked);
	root.dump = set->dump;
	root.kept = &set->kept;
	if (keep_for(set, root_path) < 0)
		return -ENOMEM;
	if (r == 0 && check->probe->needs_walk) {
		if (make_inventory(set, &root) < 0)
			return -ENOMEM;
		root.inventory = set->inventory;
		if (set->is_kept)
			result.time_ns = set->inventory->time_ns;
	}
	if (set->notes_looks && root.is_live)
		root.looked = &set->looked;
	if (r < 0)
		(void)probe_error(&value, "cannot open the root %s: %s", root_path, strerror(-r));
	else
		run_probe(check, &root, &value);
	r = fill_dynamic(check, &value, &result);
	if (r < 0)
		return r;
	result.duration_ns = (uint64_t)(clock_mono_ns() - start);
	*ret_result = result;
	result = (struct check_result){0};
	return 0;
}
