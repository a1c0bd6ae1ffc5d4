/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/packages.h"

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

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define MD5_TEXT       32

/* Open addressing, keys borrowed. A path belongs to the package that claimed it first. */
struct slot {
	const char *path; /* NULL: free */
	const char *md5;  /* hex, not ended by a NUL; NULL in the table of paths */
	uint32_t owner;
};

struct table {
	struct slot *slots;
	size_t room, count; /* room is a power of two */
};

struct owner {
	struct package package;
	char *list_name; /* "bash" or "libc6:amd64": the stem of its files in info/ */
	char *text;	 /* its list; the table's keys point into it */
	char *sums;	 /* its md5sums, once asked for */
	char *conffiles; /* the field of the status file; NULL when none */
	bool has_sums_loaded;
};

struct diversion {
	char *from, *to, *by; /* @by may overwrite @from; what others ship as @from lies at @to */
};

struct packages {
	char *dir;
	char *const *trees; /* only while it is opened */
	const char *root;
	struct owner *owners;
	size_t owner_count;
	struct diversion *diversions;
	size_t diversion_count;
	bool is_merged[6]; /* see merged_names */
	struct table paths, sums;
	char **moved; /* paths under another name than in the list; own the keys */
	size_t moved_count;
};

static const char *const merged_names[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

static uint64_t hash_path(const char *path)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3;
	return h ^ h >> 32;
}

static struct slot *table_slot(const struct table *table, const char *path)
{
	size_t i = hash_path(path) & (table->room - 1);

	while (table->slots[i].path && strcmp(table->slots[i].path, path) != 0)
		i = (i + 1) & (table->room - 1);
	return &table->slots[i];
}

static int table_grow(struct table *table)
{
	struct table larger = {.room = table->room ? table->room * 2 : 4096};

	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->room; i++)
		if (table->slots[i].path)
			*table_slot(&larger, table->slots[i].path) = table->slots[i];
	larger.count = table->count;
	free(table->slots);
	*table = larger;
	return 0;
}

static int table_add(struct table *table, const char *path, uint32_t owner, const char *md5)
{
	struct slot *slot;

	if (table->count * 3 >= table->room * 2) {
		int r = table_grow(table);

		if (r < 0)
			return r;
	}
	slot = table_slot(table, path);
	if (slot->path)
		return 0;
	*slot = (struct slot){.path = path, .owner = owner, .md5 = md5};
	table->count++;
	return 0;
}

static const struct slot *table_find(const struct table *table, const char *path)
{
	const struct slot *slot = table->room ? table_slot(table, path) : NULL;

	return slot && slot->path ? slot : NULL;
}

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

static int keep_moved(struct packages *p, char *path)
{
	char **moved = p->moved;

	if ((p->moved_count & (p->moved_count - 1)) == 0) { /* full at each power of two */
		moved = reallocarray(p->moved, p->moved_count ? p->moved_count * 2 : 1,
				     sizeof(*moved));
		if (!moved)
			return -ENOMEM;
		p->moved = moved;
	}
	moved[p->moved_count++] = path;
	return 0;
}

/*
 * Where @path of the list of @package lies on disk: diverted, and below /usr where the root's
 * folders are links into it. Gives @path itself when it is there, else a kept copy.
 */
static int path_on_disk(struct packages *p, const char *package, const char *path,
			const char **ret_path)
{
	char *copy;
	int r;

	for (size_t i = 0; i < p->diversion_count; i++) {
		const struct diversion *d = &p->diversions[i];

		if (strcmp(d->from, path) == 0 && strcmp(d->by, package) != 0) {
			path = d->to;
			break;
		}
	}
	*ret_path = path;
	if (str_starts(path, "/usr/"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(merged_names); i++) {
		if (!p->is_merged[i] || !path_is_below(path, merged_names[i]) ||
		    path[strlen(merged_names[i])] == '\0')
			continue;
		if (asprintf(&copy, "/usr%s", path) < 0)
			return -ENOMEM;
		r = keep_moved(p, copy);
		if (r < 0) {
			free(copy);
			return r;
		}
		*ret_path = copy;
		return 0;
	}
	return 0;
}

static bool is_wanted(const struct packages *p, const char *path)
{
	if (!p->trees)
		return true;
	for (char *const *tree = p->trees; *tree; tree++)
		if (path_is_below(path, *tree))
			return true;
	return false;
}

static int read_list(struct packages *p, uint32_t number)
{
	struct owner *owner = &p->owners[number];
	size_t before = p->paths.count;
	char name[PATH_MAX], *rest, *line;
	struct stat st;
	int r;

	if (snprintf(name, sizeof(name), "%s/info/%s.list", p->dir, owner->list_name) >=
	    (int)sizeof(name))
		return -ENAMETOOLONG;
	if (stat(name, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	owner->package.unpacked_ns = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
	r = read_text("", name, &owner->text);
	if (r < 0)
		return r;
	rest = owner->text;
	while ((line = next_line(&rest))) {
		const char *path;

		if (line[0] != '/' || strcmp(line, "/.") == 0)
			continue;
		r = path_on_disk(p, owner->package.name, line, &path);
		if (r == 0 && is_wanted(p, path))
			r = table_add(&p->paths, path, number, NULL);
		if (r < 0)
			return r;
	}
	if (p->paths.count == before) { /* nothing points into it */
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

static int add_owner(struct packages *p, const struct stanza *s)
{
	struct owner *owner, *owners;
	bool is_same;

	/* Removed packages leave only their conffiles behind; those of no version were never here.
	 */
	if (!s->package || !s->version || !s->status || str_ends(s->status, " config-files") ||
	    str_ends(s->status, " not-installed"))
		return 0;
	if (strchr(s->package, '/'))
		return -EBADMSG;

	if ((p->owner_count & (p->owner_count - 1)) == 0) {
		owners = reallocarray(p->owners, p->owner_count ? p->owner_count * 2 : 1,
				      sizeof(*owners));
		if (!owners)
			return -ENOMEM;
		p->owners = owners;
	}
	owner = &p->owners[p->owner_count];
	*owner = (struct owner){0};
	owner->package.name = strdup(s->package);
	owner->package.version = strdup(s->version);
	is_same = str_equal(s->multi_arch, "same") && s->architecture;
	if (asprintf(&owner->list_name, "%s%s%s", s->package, is_same ? ":" : "",
		     is_same ? s->architecture : "") < 0)
		owner->list_name = NULL;
	if (s->conffiles)
		owner->conffiles = copy_conffiles(s->conffiles);
	p->owner_count++;
	if (!owner->package.name || !owner->package.version || !owner->list_name ||
	    (s->conffiles && !owner->conffiles))
		return -ENOMEM;
	return 0;
}

static int read_status(struct packages *p)
{
	cleanup_free char *text = NULL;
	struct stanza stanza = {0};
	char *rest, *line;
	int r;

	r = read_text(p->dir, "status", &text);
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
		r = add_owner(p, &stanza);
		if (r < 0)
			return r;
		stanza = (struct stanza){0};
	} while (line);
	return 0;
}

static int read_diversions(struct packages *p)
{
	cleanup_free char *text = NULL;
	char *rest, *from, *to, *by;
	int r;

	r = read_text(p->dir, "diversions", &text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = text;
	while ((from = next_line(&rest)) && (to = next_line(&rest)) && (by = next_line(&rest))) {
		struct diversion *d =
			reallocarray(p->diversions, p->diversion_count + 1, sizeof(*p->diversions));

		if (!d)
			return -ENOMEM;
		p->diversions = d;
		d += p->diversion_count++;
		*d = (struct diversion){strdup(from), strdup(to), strdup(by)};
		if (!d->from || !d->to || !d->by)
			return -ENOMEM;
	}
	return 0;
}

static void find_merged(struct packages *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(merged_names); i++) {
		char path[PATH_MAX], target[16];
		ssize_t len;

		(void)snprintf(path, sizeof(path), "%s%s", p->root, merged_names[i]);
		len = readlink(path, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		p->is_merged[i] = str_starts(target[0] == '/' ? target + 1 : target, "usr/");
	}
}

int packages_open(const char *dir, const char *root, char *const *trees,
		  struct packages **ret_packages)
{
	cleanup_with(packages_closep) struct packages *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->dir = strdup(dir);
	p->root = root;
	p->trees = trees;
	if (!p->dir)
		return -ENOMEM;
	find_merged(p);
	r = read_diversions(p);
	if (r == 0)
		r = read_status(p);
	for (size_t i = 0; i < p->owner_count && r == 0; i++)
		r = read_list(p, (uint32_t)i);
	if (r < 0)
		return r;
	p->trees = NULL;
	p->root = NULL;
	*ret_packages = TAKE_PTR(p);
	return 0;
}

struct packages *packages_close(struct packages *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->owner_count; i++) {
		struct owner *owner = &p->owners[i];

		free((char *)owner->package.name);
		free((char *)owner->package.version);
		free(owner->list_name);
		free(owner->text);
		free(owner->sums);
		free(owner->conffiles);
	}
	for (size_t i = 0; i < p->diversion_count; i++) {
		free(p->diversions[i].from);
		free(p->diversions[i].to);
		free(p->diversions[i].by);
	}
	for (size_t i = 0; i < p->moved_count; i++)
		free(p->moved[i]);
	free(p->owners);
	free(p->diversions);
	free(p->moved);
	free(p->paths.slots);
	free(p->sums.slots);
	free(p->dir);
	free(p);
	return NULL;
}

size_t packages_count(const struct packages *packages)
{
	return packages->owner_count;
}

const struct package *packages_find(const struct packages *p, const char *path)
{
	const struct slot *slot = table_find(&p->paths, path);

	return slot ? &p->owners[slot->owner].package : NULL;
}

/* Adds @path, as the package names it, with its checksum. */
static int add_sum(struct packages *p, uint32_t number, const char *path, const char *md5)
{
	const char *on_disk;
	int r;

	r = path_on_disk(p, p->owners[number].package.name, path, &on_disk);
	return r < 0 ? r : table_add(&p->sums, on_disk, number, md5);
}

/* "MD5  usr/bin/ls" per line. A slash takes the place of the last space, so the path stays in
 * place. */
static int read_sums(struct packages *p, uint32_t number)
{
	struct owner *owner = &p->owners[number];
	char name[NAME_MAX + 16], *rest, *line;
	int r;

	if (snprintf(name, sizeof(name), "info/%s.md5sums", owner->list_name) >= (int)sizeof(name))
		return 0;
	r = read_text(p->dir, name, &owner->sums);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	rest = owner->sums;
	while ((line = next_line(&rest))) {
		if (strlen(line) < MD5_TEXT + 3 || line[MD5_TEXT] != ' ')
			continue;
		line[MD5_TEXT + 1] = '/';
		r = add_sum(p, number, line + MD5_TEXT + 1, line);
		if (r < 0)
			return r;
	}
	return 0;
}

/* " /etc/bash.bashrc MD5[ obsolete]" per line. */
static int read_conffiles(struct packages *p, uint32_t number)
{
	char *rest = p->owners[number].conffiles, *line;
	int r;

	while (rest && (line = next_line(&rest))) {
		char *space = line[0] == ' ' ? strchr(line + 1, ' ') : NULL;

		if (!space || line[1] != '/' || strspn(space + 1, "0123456789abcdef") != MD5_TEXT)
			continue;
		*space = '\0';
		r = add_sum(p, number, line + 1, space + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

int packages_get_md5(struct packages *p, const char *path, uint8_t ret_md5[static MD5_SIZE])
{
	const struct slot *slot = table_find(&p->paths, path);
	struct owner *owner;
	int r = 0;

	if (!slot)
		return -ENOENT;
	owner = &p->owners[slot->owner];
	if (!owner->has_sums_loaded) {
		owner->has_sums_loaded = true;
		r = read_sums(p, slot->owner);
		if (r == 0)
			r = read_conffiles(p, slot->owner);
	}
	if (r < 0)
		return r;
	slot = table_find(&p->sums, path);
	if (!slot)
		return -ENOENT;
	return hex_decode(slot->md5, MD5_TEXT, ret_md5, MD5_SIZE) < 0 ? -ENOENT : 0;
}

int packages_each(const struct packages *p, int (*fn)(const char *path, void *userdata),
		  void *userdata)
{
	for (size_t i = 0; i < p->paths.room; i++) {
		int r = p->paths.slots[i].path ? fn(p->paths.slots[i].path, userdata) : 0;

		if (r != 0)
			return r;
	}
	return 0;
}
