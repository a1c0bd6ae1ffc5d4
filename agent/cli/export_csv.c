/* SPDX-License-Identifier: Apache-2.0 */
/* A baseline as one CSV table; see baseline_export.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "cli/baseline_export.h"
#include "report/csv.h"

static const char *const columns[] = {
	"path",	  "type",    "role",	"sha256",  "size",     "mode",
	"uid",	  "gid",     "user",	"group",   "target",   "capabilities",
	"xattrs", "package", "version", "differs", "unstated",
};

/* A text that came from a machine, escaped as everywhere. */
static int put_raw(FILE *out, const char *raw)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	putc(',', out);
	if (!raw)
		return 0;
	str_escape(&text, raw, strlen(raw));
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	csv_cell(out, text.data);
	return 0;
}

/* The names of the fields that the baseline says nothing about; their cells are empty. */
static void put_unstated(FILE *out, unsigned unstated)
{
	const char *before = "";

	for (const struct file_field *f = file_fields_unstated; f->name; f++) {
		if (!(unstated & f->bit))
			continue;
		fprintf(out, "%s%s", before, f->name);
		before = " ";
	}
}

static void put_numbers(FILE *out, const struct file_fact *entry)
{
	if (entry->type == FILE_TYPE_REGULAR && !(entry->unstated & FILE_DIFF_SIZE))
		fprintf(out, "%" PRIu64, entry->size);
	if (entry->unstated & FILE_DIFF_MODE)
		putc(',', out);
	else
		fprintf(out, ",\"%04" PRIo32 "\"", entry->mode);
	if (entry->unstated & FILE_DIFF_OWNER)
		fputs(",,", out);
	else
		fprintf(out, ",%" PRIu32 ",%" PRIu32, entry->uid, entry->gid);
}

static int put_entry(FILE *out, const struct file_fact *entry)
{
	const char *const texts[] = {entry->user,	  entry->group,	 entry->link_target,
				     entry->capabilities, entry->xattrs, entry->package,
				     entry->version};
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	char hex[SHA256_HEX_SIZE] = "";
	int r = 0;

	str_escape(&path, entry->path, strlen(entry->path));
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	if (entry->has_digest)
		hex_encode(entry->sha256, SHA256_SIZE, hex);
	csv_cell(out, path.data);
	fprintf(out, ",\"%s\",\"%s\",%s,", file_type_name(entry->type), file_role_name(entry->role),
		hex);
	put_numbers(out, entry);
	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		r = put_raw(out, texts[i]);
	fprintf(out, ",%s,", entry->differs ? "true" : "");
	put_unstated(out, entry->unstated);
	fputs("\r\n", out);
	return r;
}

int baseline_export_csv(struct baseline *baseline, FILE *out, struct diag *diag)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		fprintf(out, "%s%s", i > 0 ? "," : "", columns[i]);
	fputs("\r\n", out);
	for (;;) {
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(baseline, &entry, diag);
		if (r == 1)
			r = put_entry(out, &entry) < 0 ? -ENOMEM : 1;
		if (r <= 0)
			return r;
	}
}
