/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of an entry as texts, two entries side by side; see diff.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/diff.h"

static bool has_mode(const struct file_fact *f)
{
	return f->type != FILE_TYPE_SYMLINK;
}

static void add_escaped(struct strbuf *out, const char *raw)
{
	if (raw)
		str_escape(out, raw, strlen(raw));
}

static void put_type(const struct file_fact *f, struct strbuf *out)
{
	strbuf_add_str(out, file_type_name(f->type));
}

static void put_role(const struct file_fact *f, struct strbuf *out)
{
	strbuf_add_str(out, file_role_name(f->role));
}

static void put_sha256(const struct file_fact *f, struct strbuf *out)
{
	char hex[SHA256_HEX_SIZE];

	if (!f->has_digest)
		return;
	hex_encode(f->sha256, SHA256_SIZE, hex);
	strbuf_add_str(out, hex);
}

/* Unstated is not the same as none: an approver sees which of the two a baseline says. */
static bool put_unstated(const struct file_fact *f, unsigned field, struct strbuf *out)
{
	if (!(f->unstated & field))
		return false;
	strbuf_add_str(out, "not stated");
	return true;
}

static void put_size(const struct file_fact *f, struct strbuf *out)
{
	if (!put_unstated(f, FILE_DIFF_SIZE, out) && f->type == FILE_TYPE_REGULAR)
		strbuf_printf(out, "%" PRIu64, f->size);
}

static void put_target(const struct file_fact *f, struct strbuf *out)
{
	add_escaped(out, f->link_target);
}

static void put_mode(const struct file_fact *f, struct strbuf *out)
{
	if (has_mode(f) && !put_unstated(f, FILE_DIFF_MODE, out))
		strbuf_printf(out, "%04o", f->mode);
}

static void put_owner(const struct file_fact *f, struct strbuf *out)
{
	if (put_unstated(f, FILE_DIFF_OWNER, out))
		return;
	strbuf_printf(out, "%" PRIu32 ":%" PRIu32 " ", f->uid, f->gid);
	add_escaped(out, f->user ? f->user : "?");
	strbuf_add_char(out, ':');
	add_escaped(out, f->group ? f->group : "?");
}

static void put_capabilities(const struct file_fact *f, struct strbuf *out)
{
	if (!put_unstated(f, FILE_DIFF_CAPABILITIES, out))
		add_escaped(out, f->capabilities);
}

static void put_xattrs(const struct file_fact *f, struct strbuf *out)
{
	if (!put_unstated(f, FILE_DIFF_XATTRS, out))
		add_escaped(out, f->xattrs);
}

static void put_package(const struct file_fact *f, struct strbuf *out)
{
	if (!put_unstated(f, FILE_DIFF_PACKAGE, out))
		add_escaped(out, f->package);
}

static void put_version(const struct file_fact *f, struct strbuf *out)
{
	add_escaped(out, f->version);
}

static void put_differs(const struct file_fact *f, struct strbuf *out)
{
	if (f->attributes_differ)
		strbuf_add_str(out, f->differs ? "content and attributes" : "attributes");
	else if (f->differs)
		strbuf_add_str(out, "true");
}

static const struct {
	const char *name;
	void (*put)(const struct file_fact *fact, struct strbuf *out);
} fields[] = {
	{"type", put_type},	  {"sha256", put_sha256},
	{"size", put_size},	  {"target", put_target},
	{"role", put_role},	  {"mode", put_mode},
	{"owner", put_owner},	  {"capabilities", put_capabilities},
	{"xattrs", put_xattrs},	  {"package", put_package},
	{"version", put_version}, {"differs", put_differs},
};

/* NULL where the field does not apply. */
static const char *text_of(const struct strbuf *text)
{
	return text->len > 0 ? text->data : NULL;
}

int diff_each_field(const struct diff_change *change,
		    int (*fn)(const char *field, const char *old, const char *now, void *userdata),
		    void *userdata)
{
	cleanup_strbuf struct strbuf old = STRBUF_INIT, now = STRBUF_INIT;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields) && r == 0; i++) {
		strbuf_clear(&old);
		strbuf_clear(&now);
		if (change->old)
			fields[i].put(change->old, &old);
		if (change->now)
			fields[i].put(change->now, &now);
		if (strbuf_check(&old) < 0 || strbuf_check(&now) < 0)
			return -ENOMEM;
		if (!str_equal(text_of(&old), text_of(&now)))
			r = fn(fields[i].name, text_of(&old), text_of(&now), userdata);
	}
	return r;
}
