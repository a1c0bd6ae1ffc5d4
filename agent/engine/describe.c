/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings in words: what was expected, what is there, and one sentence for a person.
 *
 * Expected and actual are part of the fingerprint, so they name facts only: nothing of host, time
 * or process.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "model/mount_list.h"

static void add_path(struct strbuf *sb, const char *path)
{
	if (path)
		str_escape(sb, path, strlen(path));
	else
		strbuf_add_str(sb, "(no path)");
}

char *engine_describe_content(const struct file_fact *fact)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	char hex[SHA256_HEX_SIZE];

	switch (fact->type) {
	case FILE_TYPE_SYMLINK:
		strbuf_add_str(&sb, "link to ");
		add_path(&sb, fact->link_target);
		break;
	case FILE_TYPE_NONE:
	case FILE_TYPE_REGULAR:
		/* A memfd or deleted file has no type any more but may still have been hashed. */
		if (fact->has_digest) {
			hex_encode(fact->sha256, SHA256_SIZE, hex);
			strbuf_printf(&sb, "sha256:%s", hex);
		} else {
			strbuf_add_str(&sb,
				       fact->type == FILE_TYPE_NONE ? "nothing" : "unreadable");
		}
		break;
	case FILE_TYPE_DIRECTORY:
	case FILE_TYPE_FIFO:
	case FILE_TYPE_SOCKET:
	case FILE_TYPE_CHAR_DEVICE:
	case FILE_TYPE_BLOCK_DEVICE:
	case FILE_TYPE_COUNT:
		strbuf_add_str(&sb, file_type_name(fact->type));
		break;
	}
	return strbuf_take(&sb);
}

static void add_separator(struct strbuf *sb)
{
	if (sb->len)
		strbuf_add_str(sb, ", ");
}

static void add_name(struct strbuf *sb, const char *name, uint32_t number)
{
	if (name)
		strbuf_add_str(sb, name);
	else
		strbuf_printf(sb, "%u", number);
}

/*
 * Numbers decide whether owners differ; names are what people read. Equal names with other numbers
 * (or the reverse) would print the same text twice, so then the numbers are shown.
 */
static void add_owner(struct strbuf *sb, const struct file_fact *fact,
		      const struct file_fact *other)
{
	bool by_name = !str_equal(fact->user, other->user) || !str_equal(fact->group, other->group);

	add_separator(sb);
	strbuf_add_str(sb, "owner ");
	add_name(sb, by_name ? fact->user : NULL, fact->uid);
	strbuf_add_char(sb, ':');
	add_name(sb, by_name ? fact->group : NULL, fact->gid);
}

/* The attributes of @fact among @diff; @other is the side it is compared with. */
static char *describe_attributes(const struct file_fact *fact, const struct file_fact *other,
				 unsigned diff)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	if (diff & FILE_DIFF_MODE)
		strbuf_printf(&sb, "mode %04o", fact->mode);
	if (diff & FILE_DIFF_OWNER)
		add_owner(&sb, fact, other);
	if (diff & FILE_DIFF_CAPABILITIES) {
		add_separator(&sb);
		strbuf_printf(&sb, "capabilities %s",
			      fact->capabilities ? fact->capabilities : "none");
	}
	if (diff & FILE_DIFF_XATTRS) {
		add_separator(&sb);
		strbuf_printf(&sb, "xattrs %s", fact->xattrs ? fact->xattrs : "none");
	}
	return strbuf_take(&sb);
}

/* "vi (pid 812, user operator)" */
static void add_doer(struct strbuf *sb, const struct subject *subject)
{
	const char *name = subject->exe ? strrchr(subject->exe, '/') : NULL;

	name = name ? name + 1 : subject->exe ? subject->exe : subject->comm;
	if (name)
		str_escape(sb, name, strlen(name));
	else
		strbuf_add_str(sb, "a process");
	strbuf_printf(sb, " (pid %u", subject->pid);
	if (subject->user)
		strbuf_printf(sb, ", user %s", subject->user);
	strbuf_add_char(sb, ')');
}

/* " ran as pid 900, user operator, started by bash(812)" */
static void add_run(struct strbuf *sb, const struct subject *subject)
{
	size_t nearest;

	strbuf_add_str(sb, " ran");
	if (!subject->is_known)
		return;
	strbuf_printf(sb, " as pid %u", subject->pid);
	if (subject->user)
		strbuf_printf(sb, ", user %s", subject->user);
	if (subject->parents && *subject->parents) {
		nearest = strcspn(subject->parents, "<");
		while (nearest && subject->parents[nearest - 1] == ' ')
			nearest--;
		strbuf_add_str(sb, ", started by ");
		strbuf_add(sb, subject->parents, nearest);
	}
}

static void add_done(struct strbuf *sb, const char *done, const char *found,
		     const struct subject *subject)
{
	if (!subject->is_known) {
		strbuf_add_str(sb, found);
		return;
	}
	strbuf_add_str(sb, done);
	strbuf_add_str(sb, " by ");
	add_doer(sb, subject);
}

/* What happened to the object, without a full stop. */
static void add_happening(struct strbuf *sb, enum verdict verdict, const struct event *event)
{
	if (event->kernel.outcome == OUTCOME_DENIED) {
		strbuf_add_str(sb, " was denied");
		if (event->subject.is_known) {
			strbuf_add_str(sb, " to ");
			add_doer(sb, &event->subject);
		}
		return;
	}
	if (event->kind == EVENT_EXEC || event->kind == EVENT_RUNNING) {
		add_run(sb, &event->subject);
		return;
	}
	if (event->kind == EVENT_LOAD) {
		add_done(sb, " was loaded", " was loaded", &event->subject);
		return;
	}
	switch (verdict) {
	case VERDICT_ADDED:
		add_done(sb, " was added", " was found", &event->subject);
		break;
	case VERDICT_REMOVED:
		add_done(sb, " was removed", " is missing", &event->subject);
		break;
	case VERDICT_APPROVED:
	case VERDICT_MODIFIED:
	case VERDICT_MOVED:
	case VERDICT_UNKNOWN:
	case VERDICT_ATTRIBUTES:
	case VERDICT_UNVERIFIABLE:
	case VERDICT_COUNT:
		add_done(sb, " was changed", " was found changed", &event->subject);
		break;
	}
}

static void add_reason(struct strbuf *sb, const struct judgement *judgement,
		       const struct file_fact *approved, const struct finding *finding)
{
	switch (judgement->verdict) {
	case VERDICT_MODIFIED:
		strbuf_add_str(sb, judgement->diff & FILE_DIFF_TYPE
					   ? ": it is another type of file than approved"
					   : ": its content is not the approved one");
		if (judgement->diff & FILE_DIFF_ATTRIBUTES)
			strbuf_add_str(sb, ", nor are its attributes");
		break;
	case VERDICT_MOVED:
		strbuf_add_str(sb, ": its content is approved only at another path, such as ");
		add_path(sb, approved ? approved->path : NULL);
		break;
	case VERDICT_UNKNOWN:
		strbuf_add_str(sb, ": no baseline names it or its content");
		break;
	case VERDICT_ADDED:
		strbuf_add_str(sb, ": no baseline names it");
		break;
	case VERDICT_REMOVED:
		strbuf_add_str(sb, ": the baseline names it");
		break;
	case VERDICT_ATTRIBUTES:
		strbuf_printf(sb, ": %s, approved is %s", finding->actual, finding->expected);
		break;
	case VERDICT_UNVERIFIABLE:
		strbuf_add_str(sb, ": its content could not be read, so it is not verified");
		break;
	case VERDICT_APPROVED:
	case VERDICT_COUNT:
		break;
	}
	strbuf_add_char(sb, '.');
}

/* What the kernel did by itself, and on which grounds. */
static void add_answer(struct strbuf *sb, const struct kernel_answer *kernel)
{
	static const char *const effects[OUTCOME_COUNT] = {
		[OUTCOME_DENIED] = "The kernel denied it as",
		[OUTCOME_SPARED] = "It is never blocked, so it ran; the kernel had found it",
		[OUTCOME_LATE] = "It was let pass because the agent said nothing in time; the "
				 "kernel had found it",
	};

	if (kernel->outcome != OUTCOME_ALLOWED)
		strbuf_printf(sb, " %s %s by generation %u of its decisions.",
			      effects[kernel->outcome], answer_name(kernel->answer),
			      kernel->generation);
}

static int fill_sides(const struct judgement *judgement, const struct file_fact *now,
		      const struct file_fact *approved, struct finding *finding)
{
	bool has_expected = approved && judgement->verdict != VERDICT_MOVED;
	bool has_actual = judgement->verdict != VERDICT_REMOVED;

	if (judgement->verdict == VERDICT_ATTRIBUTES) {
		finding->expected = describe_attributes(approved, now, judgement->diff);
		finding->actual = describe_attributes(now, approved, judgement->diff);
	} else {
		/* Nothing is approved at the path where moved content ran. */
		if (has_expected)
			finding->expected = engine_describe_content(approved);
		if (judgement->verdict == VERDICT_UNVERIFIABLE)
			finding->actual = strdup("unreadable");
		else if (has_actual)
			finding->actual = engine_describe_content(now);
	}
	if ((has_expected && !finding->expected) || (has_actual && !finding->actual))
		return -ENOMEM;
	return 0;
}

static int fill_package(const struct file_fact *approved, struct finding *finding)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	if (!approved || !approved->package)
		return 0;
	strbuf_add_str(&sb, approved->package);
	if (approved->version)
		strbuf_printf(&sb, " %s", approved->version);
	finding->package = strbuf_take(&sb);
	return finding->package ? 0 : -ENOMEM;
}

static int fill_detail(const struct judgement *judgement, const struct event *event,
		       const struct file_fact *approved, struct finding *finding)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	add_path(&sb, finding->path);
	add_happening(&sb, judgement->verdict, event);
	add_reason(&sb, judgement, approved, finding);
	add_answer(&sb, &event->kernel);
	finding->detail = strbuf_take(&sb);
	return finding->detail ? 0 : -ENOMEM;
}

/* The sentence; what is expected and actual says the rest. */
static char *describe_mount(const struct finding *finding, const struct subject *subject)
{
	bool is_gone = str_equal(finding->actual, MOUNT_LIST_NOTHING);
	bool is_new = str_equal(finding->expected, MOUNT_LIST_NOTHING);
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	if (is_gone) {
		strbuf_printf(&sb, "%s, approved at ", finding->expected);
		add_path(&sb, finding->path);
		add_done(&sb, ", was unmounted", ", is not mounted", subject);
	} else {
		strbuf_printf(&sb, "%s ", finding->actual);
		add_done(&sb, is_new ? "was mounted" : "was put in place", "is mounted", subject);
		strbuf_add_str(&sb, is_new ? " over the approved " : " in place of ");
		if (!is_new)
			strbuf_printf(&sb, "%s at ", finding->expected);
		add_path(&sb, finding->path);
	}
	strbuf_add_char(&sb, '.');
	return strbuf_take(&sb);
}

int engine_make_mount_finding(const char *point, const char *expected, const char *actual,
			      const struct event *event, struct finding *ret_finding)
{
	cleanup_finding struct finding finding = {
		.kind = FINDING_MOUNT_CHANGED,
		.state = FINDING_STATE_OPEN,
		.first_seen_ns = event->time_ns,
		.last_seen_ns = event->time_ns,
		.count = event->count,
	};

	finding.path = strdup(point);
	finding.expected = strdup(expected);
	finding.actual = strdup(actual);
	if (!finding.path || !finding.expected || !finding.actual)
		return -ENOMEM;
	finding.detail = describe_mount(&finding, &event->subject);
	if (!finding.detail || subject_copy(&event->subject, &finding.subject) < 0)
		return -ENOMEM;
	*ret_finding = finding;
	finding = (struct finding){0};
	return 0;
}

int engine_make_finding(const struct judgement *judgement, const struct event *event,
			const struct file_fact *now, const struct file_fact *approved,
			const char *baseline_digest, struct finding *ret_finding)
{
	cleanup_finding struct finding finding = {0};
	int r;

	if (judgement->finding == FINDING_NONE || !now->path)
		return -EINVAL;
	finding.kind = judgement->finding;
	finding.state = FINDING_STATE_OPEN;
	finding.first_seen_ns = finding.last_seen_ns = event->time_ns;
	finding.count = 1;
	finding.path = strdup(now->path);
	if (!finding.path)
		return -ENOMEM;
	str_copy(finding.baseline, sizeof(finding.baseline),
		 baseline_digest ? baseline_digest : "");

	r = subject_copy(&event->subject, &finding.subject);
	if (r < 0)
		return r;
	finding.change_set = TAKE_PTR(finding.subject.change_set);
	r = fill_sides(judgement, now, approved, &finding);
	if (r < 0)
		return r;
	r = fill_package(approved, &finding);
	if (r < 0)
		return r;
	r = fill_detail(judgement, event, approved, &finding);
	if (r < 0)
		return r;

	*ret_finding = finding;
	finding = (struct finding){0};
	return 0;
}
