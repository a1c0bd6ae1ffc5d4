/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CycloneDX 1.4 to 1.6 in JSON: components of type file with a SHA-256, at any
 * depth, one at a time.
 *
 * What `plumbline baseline export` wrote has properties of its own and comes
 * back whole. Of others, the path is the name, else where the component was
 * found (evidence); the package is the component around it. Signatures and
 * declarations of the document are not looked at: the baseline gets its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "baseline/json_scan.h"
#include "baseline/list.h"

#define PLACES_MAX	((size_t)4096) /* where one component was found */
#define PROPERTY_PREFIX "plumbline:"

enum property {
	PROPERTY_TYPE,
	PROPERTY_ROLE,
	PROPERTY_SIZE,
	PROPERTY_MODE,
	PROPERTY_UID,
	PROPERTY_GID,
	PROPERTY_USER,
	PROPERTY_GROUP,
	PROPERTY_TARGET,
	PROPERTY_CAPABILITIES,
	PROPERTY_XATTRS,
	PROPERTY_DIFFERS,
	PROPERTY_COUNT,
};

static const char *const property_names[PROPERTY_COUNT] = {
	[PROPERTY_TYPE] = "type",     [PROPERTY_ROLE] = "role",
	[PROPERTY_SIZE] = "size",     [PROPERTY_MODE] = "mode",
	[PROPERTY_UID] = "uid",	      [PROPERTY_GID] = "gid",
	[PROPERTY_USER] = "user",     [PROPERTY_GROUP] = "group",
	[PROPERTY_TARGET] = "target", [PROPERTY_CAPABILITIES] = "capabilities",
	[PROPERTY_XATTRS] = "xattrs", [PROPERTY_DIFFERS] = "differs_from_package",
};

struct component {
	const struct component *parent;
	char *type, *name, *version, *sha256;
	bool has_parts;
	char *properties[PROPERTY_COUNT];
	unsigned unstated;
	char **places;
	size_t place_count;
};

struct bom {
	struct list *list;
	struct json_scan scan;
	char *format, *version;
	bool has_components;
};

static void component_done(struct component *c)
{
	free(c->type);
	free(c->name);
	free(c->version);
	free(c->sha256);
	for (int i = 0; i < PROPERTY_COUNT; i++)
		free(c->properties[i]);
	for (size_t i = 0; i < c->place_count; i++)
		free(c->places[i]);
	free(c->places);
}

static int next(struct bom *bom, enum json_token *ret_token)
{
	int error, r = json_scan_next(&bom->scan, ret_token);

	bom->list->place.line = list_input_line(bom->list->input);
	error = list_input_error(bom->list->input);
	if (error)
		return diag_set(bom->list->diag, bom->list->name, 0, error, "cannot read: %s",
				strerror(-error));
	return r == -EBADMSG ? list_refuse(bom->list, "%s", bom->scan.problem) : r;
}

static int skip(struct bom *bom, enum json_token token)
{
	int r = json_scan_skip(&bom->scan, token);

	bom->list->place.line = list_input_line(bom->list->input);
	return r == -EBADMSG ? list_refuse(bom->list, "%s", bom->scan.problem) : r;
}

/* The text of the value that comes next, into @text, which must not have one yet. */
static int take_text(struct bom *bom, const char *key, char **text)
{
	enum json_token token;
	int r = next(bom, &token);

	if (r < 0)
		return r;
	if (token != JSON_SCAN_STRING)
		return list_refuse(bom->list, "%s is no text", key);
	if (*text)
		return list_refuse(bom->list, "%s stands twice", key);
	if (bom->scan.is_cut)
		return list_refuse(bom->list, "%s is longer than %zu bytes", key,
				   JSON_SCAN_TEXT_MAX);
	if (memchr(bom->scan.text.data, '\0', bom->scan.text.len))
		return list_refuse(bom->list, "a NUL in %s", key);
	*text = strdup(bom->scan.text.data);
	return *text ? 0 : -ENOMEM;
}

typedef int (*member_fn)(struct bom *bom, const char *key, void *userdata);

/* Calls @fn for each key of the object that was opened; @fn reads the value. */
static int each_member(struct bom *bom, member_fn fn, void *userdata)
{
	enum json_token token;
	char key[32];
	int r;

	while ((r = next(bom, &token)) == 0 && token == JSON_SCAN_KEY) {
		/* None of the wanted keys is that long. */
		if (!str_copy(key, sizeof(key), bom->scan.text.data))
			key[0] = '\0';
		r = fn(bom, key, userdata);
		if (r < 0)
			return r;
	}
	return r;
}

static int skip_value(struct bom *bom)
{
	enum json_token token;
	int r = next(bom, &token);

	return r < 0 ? r : skip(bom, token);
}

/* Calls @fn for each object of the array that comes next; other values are read over. */
static int each_object(struct bom *bom, member_fn fn, void *userdata)
{
	enum json_token token;
	int r = next(bom, &token);

	if (r < 0 || token != JSON_SCAN_ARRAY)
		return r < 0 ? r : skip(bom, token);
	while ((r = next(bom, &token)) == 0 && token != JSON_SCAN_ARRAY_END) {
		r = token == JSON_SCAN_OBJECT ? fn(bom, "", userdata) : skip(bom, token);
		if (r < 0)
			return r;
	}
	return r;
}

struct pair {
	const char *first_key, *second_key;
	char *first, *second;
};

static int take_pair_member(struct bom *bom, const char *key, void *userdata)
{
	struct pair *pair = userdata;

	if (strcmp(key, pair->first_key) == 0)
		return take_text(bom, key, &pair->first);
	if (pair->second_key && strcmp(key, pair->second_key) == 0)
		return take_text(bom, key, &pair->second);
	return skip_value(bom);
}

static void pair_done(struct pair *pair)
{
	free(pair->first);
	free(pair->second);
}

static int take_hash(struct bom *bom, const char *key, void *userdata)
{
	cleanup_with(pair_done) struct pair pair = {.first_key = "alg", .second_key = "content"};
	struct component *c = userdata;
	int r = each_member(bom, take_pair_member, &pair);

	if (r < 0 || !str_equal(pair.first, "SHA-256") || !pair.second)
		return r;
	if (c->sha256)
		return list_refuse(bom->list, "two digests of SHA-256");
	c->sha256 = TAKE_PTR(pair.second);
	return 0;
}

static int note_unstated(struct bom *bom, struct component *c, const char *name)
{
	for (const struct file_field *f = file_fields_unstated; f->name; f++)
		if (str_equal(f->name, name)) {
			c->unstated |= f->bit;
			return 0;
		}
	return list_refuse(bom->list, "%sunstated has a value of its own", PROPERTY_PREFIX);
}

/* {"name":..., "value":...}; those of other tools say nothing here. */
static int take_property(struct bom *bom, const char *key, void *userdata)
{
	cleanup_with(pair_done) struct pair pair = {.first_key = "name", .second_key = "value"};
	struct component *c = userdata;
	const char *name;
	int r = each_member(bom, take_pair_member, &pair);

	if (r < 0 || !pair.first || !pair.second || !str_starts(pair.first, PROPERTY_PREFIX))
		return r;
	name = pair.first + sizeof(PROPERTY_PREFIX) - 1;
	if (strcmp(name, "unstated") == 0)
		return note_unstated(bom, c, pair.second);
	for (int i = 0; i < PROPERTY_COUNT; i++) {
		if (strcmp(name, property_names[i]) != 0)
			continue;
		if (c->properties[i])
			return list_refuse(bom->list, "%s stands twice", pair.first);
		c->properties[i] = TAKE_PTR(pair.second);
		return 0;
	}
	return list_refuse(bom->list, "%s is no property that plumbline writes", pair.first);
}

static int take_place(struct bom *bom, const char *key, void *userdata)
{
	cleanup_with(pair_done) struct pair pair = {.first_key = "location"};
	struct component *c = userdata;
	char **places;
	int r = each_member(bom, take_pair_member, &pair);

	if (r < 0 || !pair.first)
		return r;
	if (c->place_count == PLACES_MAX)
		return list_refuse(bom->list, "found at more than %zu places", PLACES_MAX);
	places = reallocarray(c->places, c->place_count + 1, sizeof(*places));
	if (!places)
		return -ENOMEM;
	c->places = places;
	places[c->place_count++] = TAKE_PTR(pair.first);
	return 0;
}

static int take_evidence_member(struct bom *bom, const char *key, void *userdata)
{
	return strcmp(key, "occurrences") == 0 ? each_object(bom, take_place, userdata)
					       : skip_value(bom);
}

static int take_evidence(struct bom *bom, struct component *c)
{
	enum json_token token;
	int r = next(bom, &token);

	if (r < 0)
		return r;
	return token == JSON_SCAN_OBJECT ? each_member(bom, take_evidence_member, c)
					 : skip(bom, token);
}

static int read_components(struct bom *bom, const struct component *parent, bool *has_any);

static int take_component_member(struct bom *bom, const char *key, void *userdata)
{
	struct component *c = userdata;

	if (strcmp(key, "type") == 0)
		return take_text(bom, key, &c->type);
	if (strcmp(key, "name") == 0)
		return take_text(bom, key, &c->name);
	if (strcmp(key, "version") == 0)
		return take_text(bom, key, &c->version);
	if (strcmp(key, "hashes") == 0)
		return each_object(bom, take_hash, c);
	if (strcmp(key, "properties") == 0)
		return each_object(bom, take_property, c);
	if (strcmp(key, "evidence") == 0)
		return take_evidence(bom, c);
	if (strcmp(key, "components") == 0)
		return read_components(bom, c, &c->has_parts);
	return skip_value(bom);
}

/* The raw bytes of a text that the export wrote. */
static int unescape(struct bom *bom, const char *what, const char *text, char **ret_raw)
{
	cleanup_strbuf struct strbuf raw = STRBUF_INIT;
	int r = str_unescape(&raw, text, strlen(text));

	if (r == -EINVAL)
		return list_refuse(bom->list, "%s has an escape that plumbline does not write",
				   what);
	if (r < 0)
		return r;
	if (raw.len > 0 && memchr(raw.data, '\0', raw.len))
		return list_refuse(bom->list, "a NUL in %s", what);
	*ret_raw = strbuf_take(&raw);
	return *ret_raw ? 0 : -ENOMEM;
}

static int take_number(struct bom *bom, const struct component *c, enum property property,
		       uint64_t max, uint64_t *ret_value)
{
	const char *text = c->properties[property];

	if (!text)
		return list_refuse(bom->list, "%s%s is missing", PROPERTY_PREFIX,
				   property_names[property]);
	if (str_to_u64(text, property == PROPERTY_MODE ? 8 : 10, ret_value) < 0 || *ret_value > max)
		return list_refuse(bom->list, "%s%s is not a number that it can be",
				   PROPERTY_PREFIX, property_names[property]);
	return 0;
}

static int take_numbers(struct bom *bom, const struct component *c, struct file_fact *entry)
{
	uint64_t mode = 0, uid = 0, gid = 0;
	int r = 0;

	if (entry->type == FILE_TYPE_REGULAR && !(c->unstated & FILE_DIFF_SIZE))
		r = take_number(bom, c, PROPERTY_SIZE, INT64_MAX, &entry->size);
	if (r == 0 && !(c->unstated & FILE_DIFF_MODE))
		r = take_number(bom, c, PROPERTY_MODE, 07777, &mode);
	if (r == 0 && !(c->unstated & FILE_DIFF_OWNER))
		r = take_number(bom, c, PROPERTY_UID, UINT32_MAX, &uid);
	if (r == 0 && !(c->unstated & FILE_DIFF_OWNER))
		r = take_number(bom, c, PROPERTY_GID, UINT32_MAX, &gid);
	entry->mode = (uint32_t)mode;
	entry->uid = (uint32_t)uid;
	entry->gid = (uint32_t)gid;
	return r;
}

static int take_texts(struct bom *bom, const struct component *c, struct file_fact *entry)
{
	char **const texts[PROPERTY_COUNT] = {
		[PROPERTY_USER] = &entry->user,
		[PROPERTY_GROUP] = &entry->group,
		[PROPERTY_TARGET] = &entry->link_target,
		[PROPERTY_CAPABILITIES] = &entry->capabilities,
		[PROPERTY_XATTRS] = &entry->xattrs,
	};
	int r = 0;

	for (int i = 0; i < PROPERTY_COUNT && r == 0; i++)
		if (texts[i] && c->properties[i])
			r = unescape(bom, property_names[i], c->properties[i], texts[i]);
	return r;
}

static const struct component *find_package(const struct component *c)
{
	const struct component *parent = c->parent;

	while (parent && str_equal(parent->type, "file"))
		parent = parent->parent;
	return parent;
}

/* Keys have no order: what a component says of itself behind its parts came too late for them. */
static bool is_named(const struct component *package)
{
	return package->type && package->name && package->name[0];
}

/* One that the export wrote: all that an entry says. */
static int give_own(struct bom *bom, const struct component *c)
{
	cleanup_file_fact struct file_fact entry = {.unstated = c->unstated};
	const struct component *package = find_package(c);
	cleanup_free char *path = NULL;
	int r;

	if (file_type_parse(c->properties[PROPERTY_TYPE], &entry.type) < 0 ||
	    !c->properties[PROPERTY_ROLE] ||
	    file_role_parse(c->properties[PROPERTY_ROLE], &entry.role) < 0)
		return list_refuse(bom->list, "%stype and role are not such as plumbline writes",
				   PROPERTY_PREFIX);
	if (package && !is_named(package))
		entry.unstated |= FILE_DIFF_PACKAGE;
	entry.differs = str_equal(c->properties[PROPERTY_DIFFERS], "true");
	if (c->sha256 && list_take_digest(c->sha256, strlen(c->sha256), &entry) < 0)
		return list_refuse(bom->list, "the SHA-256 is not 64 hex digits");
	r = unescape(bom, "name", c->name, &path);
	if (r == 0)
		r = list_make_path(bom->list, path, strlen(path), &entry.path);
	if (r == 0)
		r = take_numbers(bom, c, &entry);
	if (r == 0)
		r = take_texts(bom, c, &entry);
	if (r == 0 && package && is_named(package))
		r = unescape(bom, "a package's name", package->name, &entry.package);
	if (r == 0 && entry.package && package->version)
		r = unescape(bom, "a package's version", package->version, &entry.version);
	return r < 0 ? r : list_give_entry(bom->list, &entry, false);
}

static int give_at(struct bom *bom, const struct component *c, const char *raw)
{
	cleanup_file_fact struct file_fact entry = {.type = FILE_TYPE_REGULAR,
						    .unstated = FILE_FIELDS_UNSTATED};
	const struct component *package = find_package(c);
	int r;

	if (!raw[0] || (raw[0] != '/' && !bom->list->prefix))
		return list_leave_out(bom->list, raw,
				      "no whole path, and no --prefix says where it begins");
	r = list_make_path(bom->list, raw, strlen(raw), &entry.path);
	if (r < 0)
		return r;
	if (!c->sha256)
		return list_leave_out(bom->list, raw, "no SHA-256");
	if (list_take_digest(c->sha256, strlen(c->sha256), &entry) < 0)
		return list_refuse(bom->list, "the SHA-256 is not 64 hex digits");
	if (package && is_named(package)) {
		entry.package = strdup(package->name);
		entry.version = package->version ? strdup(package->version) : NULL;
		if (!entry.package || (package->version && !entry.version))
			return -ENOMEM;
		entry.unstated &= ~(unsigned)FILE_DIFF_PACKAGE;
	}
	return list_give_entry(bom->list, &entry, true);
}

static int give(struct bom *bom, const struct component *c)
{
	int r = 0;

	if (!str_equal(c->type, "file"))
		return 0;
	if (!c->name)
		return list_refuse(bom->list, "no name");
	if (c->properties[PROPERTY_TYPE])
		return give_own(bom, c);
	if (c->name[0] == '/' || c->place_count == 0)
		return give_at(bom, c, c->name);
	for (size_t i = 0; i < c->place_count && r == 0; i++)
		r = give_at(bom, c, c->places[i]);
	return r;
}

static int read_component(struct bom *bom, const struct component *parent)
{
	cleanup_with(component_done) struct component c = {.parent = parent};
	int r = each_member(bom, take_component_member, &c);

	return r < 0 ? r : give(bom, &c);
}

/* The array that comes next. Each is known by its numbers from the outermost in. */
static int read_components(struct bom *bom, const struct component *parent, bool *has_any)
{
	char *where = bom->list->place.component;
	const size_t room = sizeof(bom->list->place.component), outer = strlen(where);
	enum json_token token;
	int r = next(bom, &token);

	if (r < 0)
		return r;
	if (*has_any || token != JSON_SCAN_ARRAY)
		return list_refuse(bom->list, "components is no list, or stands twice");
	*has_any = true;
	for (size_t i = 0;; i++) {
		(void)snprintf(where + outer, room - outer, "%scomponents[%zu]", outer ? "." : "",
			       i);
		r = next(bom, &token);
		if (r < 0 || token == JSON_SCAN_ARRAY_END)
			break;
		r = token == JSON_SCAN_OBJECT ? read_component(bom, parent)
					      : list_refuse(bom->list, "no object");
		if (r < 0)
			break;
	}
	where[outer] = '\0';
	return r;
}

static int take_root_member(struct bom *bom, const char *key, void *userdata)
{
	if (strcmp(key, "bomFormat") == 0)
		return take_text(bom, key, &bom->format);
	if (strcmp(key, "specVersion") == 0)
		return take_text(bom, key, &bom->version);
	if (strcmp(key, "components") == 0)
		return read_components(bom, NULL, &bom->has_components);
	return skip_value(bom);
}

static int read_root(struct bom *bom)
{
	static const char *const versions[] = {"1.4", "1.5", "1.6"};
	enum json_token token;
	int r = next(bom, &token);

	if (r == 0 && token != JSON_SCAN_OBJECT)
		r = list_refuse(bom->list, "no CycloneDX document");
	if (r == 0)
		r = each_member(bom, take_root_member, NULL);
	if (r == 0)
		r = next(bom, &token); /* the end */
	if (r < 0)
		return r;
	if (!str_equal(bom->format, "CycloneDX"))
		return list_refuse(bom->list, "no CycloneDX document: bomFormat is missing");
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (str_equal(bom->version, versions[i]))
			return 0;
	return list_refuse(bom->list, "CycloneDX 1.4, 1.5 and 1.6 are known, not this specVersion");
}

static int get_byte(void *userdata)
{
	return list_input_get(userdata);
}

int list_read_cyclonedx(struct list *list)
{
	struct bom bom = {.list = list};
	int r;

	json_scan_init(&bom.scan, get_byte, list->input);
	r = read_root(&bom);
	json_scan_done(&bom.scan);
	free(bom.format);
	free(bom.version);
	return r;
}
