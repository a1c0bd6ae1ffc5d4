/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A baseline as CycloneDX 1.6; see baseline_export.h.
 *
 * Packages are components of type library (what the standard recommends where
 * the kind is not known) and hold their files; what no package owns stands
 * beside them. No package URL is given: the baseline does not say which
 * distribution a package is from.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "cli/baseline_export.h"
#include "cli/spill.h"

#define UUID_SIZE 37

struct origin {
	size_t number; /* 0 stands for files of no package */
	char *package, *version;
};

struct bom {
	struct baseline *baseline;
	struct spill *files;	/* by number of their origin */
	struct origin *origins; /* sorted */
	size_t count, room;
	bool has_stray; /* files of no package */
};

static void bom_done(struct bom *bom)
{
	for (size_t i = 0; i < bom->count; i++) {
		free(bom->origins[i].package);
		free(bom->origins[i].version);
	}
	free(bom->origins);
	spill_free(bom->files);
}

static int insert_origin(struct bom *bom, size_t at, const char *package, const char *version)
{
	struct origin origin = {bom->count + 1, strdup(package), strdup(version)};

	if (!origin.package || !origin.version ||
	    array_grow(&bom->origins, bom->count, &bom->room, sizeof(origin)) < 0) {
		free(origin.package);
		free(origin.version);
		return -ENOMEM;
	}
	memmove(bom->origins + at + 1, bom->origins + at, (bom->count - at) * sizeof(origin));
	bom->origins[at] = origin;
	bom->count++;
	return 0;
}

static int find_origin(struct bom *bom, const struct file_fact *entry, size_t *ret_number)
{
	const char *version = entry->version ? entry->version : "";
	size_t begin = 0, end = bom->count;
	int r;

	*ret_number = 0;
	if (!entry->package)
		return 0;
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		int order = strcmp(bom->origins[middle].package, entry->package);

		if (order == 0)
			order = strcmp(bom->origins[middle].version, version);
		if (order == 0) {
			*ret_number = bom->origins[middle].number;
			return 0;
		}
		if (order < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	r = insert_origin(bom, begin, entry->package, version);
	if (r == 0)
		*ret_number = bom->origins[begin].number;
	return r;
}

/* {"name":..., "value":...}; nothing for NULL. */
static void put_property(struct json *j, const char *name, const char *value)
{
	if (!value)
		return;
	json_begin_object(j);
	json_put_string(j, "name", name);
	json_put_path(j, "value", value);
	json_end_object(j);
}

static void put_number(struct json *j, const char *name, const char *format, uint64_t value)
{
	char text[32];

	if (strcmp(format, "octal") == 0)
		(void)snprintf(text, sizeof(text), "%04" PRIo64, value);
	else
		(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	put_property(j, name, text);
}

/* One property for each field that the baseline says nothing about. */
static void put_unstated(struct json *j, unsigned unstated)
{
	for (const struct file_field *f = file_fields_unstated; f->name; f++)
		if (unstated & f->bit)
			put_property(j, "plumbline:unstated", f->name);
}

static void put_properties(struct json *j, const struct file_fact *entry)
{
	json_key(j, "properties");
	json_begin_array(j);
	put_property(j, "plumbline:type", file_type_name(entry->type));
	put_property(j, "plumbline:role", file_role_name(entry->role));
	put_unstated(j, entry->unstated);
	if (entry->type == FILE_TYPE_REGULAR && !(entry->unstated & FILE_DIFF_SIZE))
		put_number(j, "plumbline:size", "decimal", entry->size);
	if (!(entry->unstated & FILE_DIFF_MODE))
		put_number(j, "plumbline:mode", "octal", entry->mode);
	if (!(entry->unstated & FILE_DIFF_OWNER)) {
		put_number(j, "plumbline:uid", "decimal", entry->uid);
		put_number(j, "plumbline:gid", "decimal", entry->gid);
	}
	put_property(j, "plumbline:user", entry->user);
	put_property(j, "plumbline:group", entry->group);
	put_property(j, "plumbline:target", entry->link_target);
	put_property(j, "plumbline:capabilities", entry->capabilities);
	put_property(j, "plumbline:xattrs", entry->xattrs);
	if (entry->differs)
		put_property(j, "plumbline:differs_from_package", "true");
	if (entry->attributes_differ)
		put_property(j, "plumbline:attributes_differ_from_package", "true");
	json_end_array(j);
}

/* The number keeps references apart where a tool takes all but letters out of them. */
static int put_file(const struct file_fact *entry, uint64_t number, struct strbuf *out)
{
	cleanup_strbuf struct strbuf ref = STRBUF_INIT;
	struct json j = JSON_INIT(out);

	strbuf_printf(&ref, "file:%" PRIu64 ":", number);
	str_escape(&ref, entry->path, strlen(entry->path));
	if (strbuf_check(&ref) < 0)
		return -ENOMEM;
	json_begin_object(&j);
	json_put_string(&j, "type", "file");
	json_put_string(&j, "bom-ref", ref.data);
	json_put_path(&j, "name", entry->path);
	if (entry->has_digest) {
		json_key(&j, "hashes");
		json_begin_array(&j);
		json_begin_object(&j);
		json_put_string(&j, "alg", "SHA-256");
		json_key(&j, "content");
		json_hex(&j, entry->sha256, SHA256_SIZE);
		json_end_object(&j);
		json_end_array(&j);
	}
	put_properties(&j, entry);
	json_end_object(&j);
	return strbuf_check(out);
}

static int read_files(struct bom *bom, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	uint64_t line = 0;
	int r;

	for (;;) {
		cleanup_file_fact struct file_fact entry = {0};
		size_t number;

		r = baseline_next(bom->baseline, &entry, diag);
		if (r <= 0)
			return r;
		if (entry.type ==
		    FILE_TYPE_NONE) /* takes back what a layer below states: no part */
			continue;
		strbuf_clear(&text);
		r = find_origin(bom, &entry, &number);
		bom->has_stray |= !entry.package;
		if (r == 0)
			r = put_file(&entry, ++line, &text);
		if (r == 0)
			r = spill_add(bom->files, number, text.data, text.len);
		if (r < 0)
			return r;
	}
}

/* Version 8 of RFC 9562: its bits are ours, here those of the statement's digest. */
static void format_uuid(const char *digest, char uuid[static UUID_SIZE])
{
	(void)snprintf(uuid, UUID_SIZE, "%.8s-%.4s-8%.3s-8%.3s-%.12s", digest, digest + 8,
		       digest + 12, digest + 15, digest + 18);
}

static void put_metadata(struct json *j, const struct bom *bom)
{
	const struct baseline_statement *s = baseline_get_statement(bom->baseline);
	char revision[24], when[RFC3339_SIZE];

	/* Whole seconds: SPDX, to which tools convert this, has no others. */
	memcpy(strchr(clock_format(s->made_at_ns, when), '.'), "Z", 2);
	(void)snprintf(revision, sizeof(revision), "%" PRIu64, s->revision);
	json_key(j, "metadata");
	json_begin_object(j);
	json_put_string(j, "timestamp", when);
	json_key(j, "tools");
	json_begin_object(j);
	json_key(j, "components");
	json_begin_array(j);
	json_begin_object(j);
	json_put_string(j, "type", "application");
	json_put_string(j, "name", "plumbline");
	json_put_string(j, "version", PLUMBLINE_VERSION);
	json_end_object(j);
	json_end_array(j);
	json_end_object(j);
	json_key(j, "component");
	json_begin_object(j);
	json_put_string(j, "type", "platform");
	json_put_string(j, "bom-ref", "baseline");
	json_put_string(j, "name", s->name);
	json_put_string(j, "version", revision);
	json_end_object(j);
	json_key(j, "properties");
	json_begin_array(j);
	put_property(j, "plumbline:statement_sha256", baseline_get_digest(bom->baseline));
	put_property(j, "plumbline:previous", s->previous[0] ? s->previous : NULL);
	put_property(j, "plumbline:layer", s->layer);
	put_property(j, "plumbline:ticket", s->ticket);
	put_property(j, "plumbline:made_by", s->made_by);
	put_property(j, "plumbline:made_on", s->made_on);
	/* One that cannot be read is no affirmation; the count tells that it is there. */
	put_number(j, "plumbline:approvals", "decimal", baseline_count_approvals(bom->baseline));
	json_end_array(j);
	json_end_object(j);
}

/* The member for a signature in another form than the standard's own wants an organization: it is
 * the signer as the certificate names it. */
static int put_signatory(struct json *j, const struct baseline_approval *a, unsigned number)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char url[32], when[RFC3339_SIZE];

	(void)snprintf(url, sizeof(url), "approvals/%02u.p7m", number);
	strbuf_printf(&text, "CMS in the baseline file, signed %s: %s",
		      clock_format(a->time_ns, when), a->meaning);
	if (a->ticket)
		strbuf_printf(&text, " (%s)", a->ticket);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	json_begin_object(j);
	json_put_string(j, "name", a->name);
	json_put_string(j, "role", a->role);
	json_key(j, "organization");
	json_begin_object(j);
	json_put_string(j, "name", a->certificate ? a->certificate : "not named");
	json_end_object(j);
	json_key(j, "externalReference");
	json_begin_object(j);
	json_put_string(j, "type", "digital-signature");
	json_put_string(j, "url", url);
	json_put_string(j, "comment", text.data);
	json_end_object(j);
	json_end_object(j);
	return 0;
}

/* Whether each signature holds is for `baseline verify` to say: it needs the reader's own CA. */
static int put_approvals(struct json *j, struct bom *bom, struct diag *diag)
{
	int r = 0;

	if (baseline_count_approvals(bom->baseline) == 0)
		return 0;
	json_key(j, "declarations");
	json_begin_object(j);
	json_key(j, "affirmation");
	json_begin_object(j);
	json_put_string(j, "statement",
			"Approvals of the baseline as its file has them; the signatures were not "
			"judged here.");
	json_key(j, "signatories");
	json_begin_array(j);
	for (unsigned i = 0; r == 0; i++) {
		cleanup_with(baseline_approval_done) struct baseline_approval approval = {0};

		r = baseline_read_approval(bom->baseline, i, NULL, &approval, diag);
		if (r == 0 && !approval.refusal)
			r = put_signatory(j, &approval, i + 1);
	}
	json_end_array(j);
	json_end_object(j);
	json_end_object(j);
	return r == -ENOENT ? 0 : r;
}

static int write_package(struct bom *bom, const struct origin *origin, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, ref = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	int r;

	strbuf_printf(&ref, "package:%zu:", origin->number);
	str_escape(&ref, origin->package, strlen(origin->package));
	strbuf_add_char(&ref, '@');
	str_escape(&ref, origin->version, strlen(origin->version));
	if (strbuf_check(&ref) < 0)
		return -ENOMEM;
	json_begin_object(&j);
	json_put_string(&j, "type", "library");
	json_put_string(&j, "bom-ref", ref.data);
	json_put_path(&j, "name", origin->package);
	json_put_path(&j, "version", origin->version);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	fprintf(out, "%s,\"components\":[\n", text.data);
	r = spill_write_number(bom->files, origin->number, ",\n", out);
	fputs("]}", out);
	return r;
}

static int write_components(struct bom *bom, FILE *out)
{
	int r = 0;

	fputs(",\"components\":[\n", out);
	for (size_t i = 0; i < bom->count && r == 0; i++) {
		r = write_package(bom, &bom->origins[i], out);
		if (r == 0 && i + 1 < bom->count)
			fputs(",\n", out);
	}
	if (r == 0 && bom->count > 0 && bom->has_stray)
		fputs(",\n", out);
	if (r == 0)
		r = spill_write_number(bom->files, 0, ",\n", out);
	fputs("]}\n", out);
	return r;
}

int baseline_export_cyclonedx(struct baseline *baseline, FILE *out, struct diag *diag)
{
	cleanup_with(bom_done) struct bom bom = {.baseline = baseline};
	cleanup_strbuf struct strbuf head = STRBUF_INIT;
	struct json j = JSON_INIT(&head);
	char uuid[UUID_SIZE], serial[UUID_SIZE + 16];
	int r;

	r = spill_new(&bom.files);
	if (r == 0)
		r = read_files(&bom, diag);
	if (r < 0)
		return r;
	format_uuid(baseline_get_digest(baseline), uuid);
	(void)snprintf(serial, sizeof(serial), "urn:uuid:%s", uuid);
	json_begin_object(&j);
	json_put_string(&j, "bomFormat", "CycloneDX");
	json_put_string(&j, "specVersion", "1.6");
	json_put_string(&j, "serialNumber", serial);
	json_put_u64(&j, "version", 1);
	put_metadata(&j, &bom);
	r = put_approvals(&j, &bom, diag);
	if (r == 0)
		r = strbuf_check(&head);
	if (r < 0)
		return r;
	fputs(head.data, out);
	return write_components(&bom, out);
}
