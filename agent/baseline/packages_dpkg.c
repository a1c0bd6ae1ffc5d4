/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpkg's database, read from its own files: status, diversions, info/PACKAGE.list and, for packages
 * that are asked about, info/PACKAGE.md5sums. Runs no program.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/packages_db.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define MD5_TEXT       32

struct owner {
	uint32_t number; /* in the table */
	char *list_name; /* "bash" or "libc6:amd64": the stem of its files in info/ */
	char *text;	 /* its list; the table's keys point into it */
	char *conffiles; /* the field of the status file; NULL when none */
};

struct diversion {
	char *from, *to, *by; /* @by may overwrite @from; what others ship as @from lies at @to */
};

struct dpkg {
	char *dir;
	struct owner *owners;
	size_t owner_count;
	struct diversion *diversions;
	size_t diversion_count;
};

static int read_text(const char *dir, const char *name, char **ret_text)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = fd_read_file(AT_FDCWD, path, FILE_MAX_BYTES, &text);
	if (r < 0)
		return r;
	/* A NUL would hide what follows it: such a file is not dpkg's. */
	if (text.len > 0 && memchr(text.data, '\0', text.len))
		return -EBADMSG;
	*ret_text = strbuf_take(&text);
	return *ret_text ? 0 : -ENOMEM;
}

/* Cuts the next line off *@text, without newline; NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text, *end;

	if (!*line)
		return NULL;
	end = strchrnul(line, '\n');
	*text = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

/* Where @path of the list of @package lies when others divert it. */
static const char *divert(const struct dpkg *d, const char *package, const char *path)
{
	for (size_t i = 0; i < d->diversion_count; i++)
		if (strcmp(d->diversions[i].from, path) == 0 &&
		    strcmp(d->diversions[i].by, package) != 0)
			return d->diversions[i].to;
	return path;
}

static int read_list(struct packages *p, const struct dpkg *d, struct owner *owner)
{
	const char *name = packages_get(p, owner->number)->name;
	char *rest = owner->text, *line;
	bool is_used = false;

	while (rest && (line = next_line(&rest))) {
		int r;

		if (line[0] != '/' || strcmp(line, "/.") == 0)
			continue;
		r = packages_add_path(p, owner->number, divert(d, name, line), NULL);
		if (r < 0)
			return r;
		is_used |= r > 0;
	}
	if (!is_used) { /* nothing points into it */
		free(owner->text);
		owner->text = NULL;
	}
	return 0;
}

/* One paragraph of the status file, its fields still in the text. */
struct stanza {
	const char *package, *version, *status, *architecture, *multi_arch, *conffiles;
};

static void take_field(struct stanza *s, char *line, char *rest)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		{"Package: ", offsetof(struct stanza, package)},
		{"Version: ", offsetof(struct stanza, version)},
		{"Status: ", offsetof(struct stanza, status)},
		{"Architecture: ", offsetof(struct stanza, architecture)},
		{"Multi-Arch: ", offsetof(struct stanza, multi_arch)},
	};

	if (str_starts(line, "Conffiles:")) {
		s->conffiles = rest;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (str_starts(line, fields[i].name))
			*(const char **)((char *)s + fields[i].offset) =
				line + strlen(fields[i].name);
}

/* The lines of the field, which begin with a space; @text is where the first one starts. */
static char *copy_conffiles(const char *text)
{
	const char *end = text;

	while (*end == ' ') {
		end = strchrnul(end, '\n');
		end += *end == '\n';
	}
	return strndup(text, (size_t)(end - text));
}

/* The list of its files, and when dpkg wrote it: after the last of them. */
static int read_list_text(const struct dpkg *d, struct owner *owner, int64_t *ret_written_ns)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/info/%s.list", d->dir, owner->list_name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	*ret_written_ns = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
	return read_text("", path, &owner->text);
}

static int add_owner(struct packages *p, struct dpkg *d, const struct stanza *s)
{
	struct package package = {.name = s->package, .version = s->version};
	bool is_same = str_equal(s->multi_arch, "same") && s->architecture;
	struct owner *owner, *owners;
	int r;

	if ((d->owner_count & (d->owner_count - 1)) == 0) {
		owners = reallocarray(d->owners, d->owner_count ? d->owner_count * 2 : 1,
				      sizeof(*owners));
		if (!owners)
			return -ENOMEM;
		d->owners = owners;
	}
	owner = &d->owners[d->owner_count++];
	*owner = (struct owner){0};
	if (asprintf(&owner->list_name, "%s%s%s", s->package, is_same ? ":" : "",
		     is_same ? s->architecture : "") < 0) {
		owner->list_name = NULL;
		return -ENOMEM;
	}
	if (s->conffiles) {
		owner->conffiles = copy_conffiles(s->conffiles);
		if (!owner->conffiles)
			return -ENOMEM;
	}
	r = read_list_text(d, owner, &package.unpacked_ns);
	if (r == 0)
		r = packages_add(p, &package, &owner->number);
	return r < 0 ? r : read_list(p, d, owner);
}

static int take_stanza(struct packages *p, struct dpkg *d, const struct stanza *s)
{
	/* Removed packages leave only their conffiles behind; those of no version were never here.
	 */
	if (!s->package || !s->version || !s->status || str_ends(s->status, " config-files") ||
	    str_ends(s->status, " not-installed"))
		return 0;
	if (strchr(s->package, '/'))
		return -EBADMSG;
	return add_owner(p, d, s);
}

static int read_status(struct packages *p, struct dpkg *d)
{
	cleanup_free char *text = NULL;
	struct stanza stanza = {0};
	char *rest, *line;
	int r;

	r = read_text(d->dir, "status", &text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = text;
	do {
		line = next_line(&rest);
		if (line && line[0] == ' ' && stanza.conffiles)
			line[strlen(line)] = *rest ? '\n' : '\0'; /* the field is copied whole */
		if (line && line[0]) {
			take_field(&stanza, line, rest);
			continue;
		}
		r = take_stanza(p, d, &stanza);
		if (r < 0)
			return r;
		stanza = (struct stanza){0};
	} while (line);
	return 0;
}

static int read_diversions(struct dpkg *dpkg)
{
	cleanup_free char *text = NULL;
	char *rest, *from, *to, *by;
	int r;

	r = read_text(dpkg->dir, "diversions", &text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = text;
	while ((from = next_line(&rest)) && (to = next_line(&rest)) && (by = next_line(&rest))) {
		struct diversion *d = reallocarray(dpkg->diversions, dpkg->diversion_count + 1,
						   sizeof(*dpkg->diversions));

		if (!d)
			return -ENOMEM;
		dpkg->diversions = d;
		d += dpkg->diversion_count++;
		*d = (struct diversion){strdup(from), strdup(to), strdup(by)};
		if (!d->from || !d->to || !d->by)
			return -ENOMEM;
	}
	return 0;
}

static bool is_in(const char *dir)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/status", dir) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

static int load(struct packages *p, const char *dir, void **ret_state, struct diag *diag)
{
	struct dpkg *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	*ret_state = d;
	d->dir = strdup(dir);
	if (!d->dir)
		return -ENOMEM;
	r = read_diversions(d);
	return r < 0 ? r : read_status(p, d);
}

static void dpkg_free(void *state)
{
	struct dpkg *d = state;

	for (size_t i = 0; i < d->owner_count; i++) {
		free(d->owners[i].list_name);
		free(d->owners[i].text);
		free(d->owners[i].conffiles);
	}
	for (size_t i = 0; i < d->diversion_count; i++) {
		free(d->diversions[i].from);
		free(d->diversions[i].to);
		free(d->diversions[i].by);
	}
	free(d->owners);
	free(d->diversions);
	free(d->dir);
	free(d);
}

/* Adds @path, as the package names it, with its checksum in hex. */
static int add_sum(struct packages *p, const struct dpkg *d, const struct owner *owner,
		   const char *path, const char *md5)
{
	struct package_file *file = arena_alloc(packages_get_arena(p), sizeof(*file) + MD5_SIZE);

	if (!file)
		return -ENOMEM;
	if (hex_decode(md5, MD5_TEXT, file->digest, MD5_SIZE) < 0)
		return 0;
	file->digest_size = MD5_SIZE;
	return packages_set_file(p, owner->number,
				 divert(d, packages_get(p, owner->number)->name, path), file);
}

/* "MD5  usr/bin/ls" per line. A slash takes the place of the last space, so the path stays in
 * place. */
static int read_sums(struct packages *p, const struct dpkg *d, const struct owner *owner)
{
	cleanup_free char *text = NULL;
	char name[NAME_MAX + 16], *rest, *line;
	int r;

	if (snprintf(name, sizeof(name), "info/%s.md5sums", owner->list_name) >= (int)sizeof(name))
		return 0;
	r = read_text(d->dir, name, &text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = text;
	while ((line = next_line(&rest))) {
		if (strlen(line) < MD5_TEXT + 3 || line[MD5_TEXT] != ' ')
			continue;
		line[MD5_TEXT + 1] = '/';
		r = add_sum(p, d, owner, line + MD5_TEXT + 1, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* " /etc/bash.bashrc MD5[ obsolete]" per line. */
static int read_conffiles(struct packages *p, const struct dpkg *d, const struct owner *owner)
{
	char *rest = owner->conffiles, *line;
	int r;

	while (rest && (line = next_line(&rest))) {
		char *space = line[0] == ' ' ? strchr(line + 1, ' ') : NULL;

		if (!space || line[1] != '/' || strspn(space + 1, "0123456789abcdef") != MD5_TEXT)
			continue;
		*space = '\0';
		r = add_sum(p, d, owner, line + 1, space + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_number(const void *key, const void *item)
{
	uint32_t number = *(const uint32_t *)key, other = ((const struct owner *)item)->number;

	return number < other ? -1 : number > other;
}

static int load_files(struct packages *p, void *state, uint32_t number)
{
	const struct dpkg *d = state;
	const struct owner *owner =
		bsearch(&number, d->owners, d->owner_count, sizeof(*owner), compare_number);
	int r;

	if (!owner)
		return -ENOENT;
	r = read_sums(p, d, owner);
	return r < 0 ? r : read_conffiles(p, d, owner);
}

static const char *const dirs[] = {"/var/lib/dpkg", NULL};

const struct package_db_ops packages_dpkg = {
	.name = "dpkg",
	.dirs = dirs,
	.is_in = is_in,
	.load = load,
	.load_files = load_files,
	.free = dpkg_free,
};
