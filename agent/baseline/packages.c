/* SPDX-License-Identifier: Apache-2.0 */
/* The table of paths and their packages; what fills it is behind package_db_ops. */
#include "baseline/packages.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "baseline/packages_db.h"

static const struct package_db_ops *const databases[] = {&packages_dpkg, &packages_rpm, NULL};

#define DATABASE_COUNT (ARRAY_SIZE(databases) - 1)

/* Open addressing, keys borrowed. A path belongs to the package that claimed it first. */
struct slot {
	const char *path; /* NULL: free */
	const struct package_file *file;
	uint32_t owner;
};

struct owner {
	struct package package;
	uint8_t database; /* index into databases */
	bool has_files_loaded;
};

/* A folder of the root that is a link into /usr; later ones see what earlier ones made. */
struct merged {
	const char *from;
	const char *target; /* as the link has it, without a leading slash */
	const char *to;
	bool is_merged;
};

static const struct merged merged_folders[] = {
	{"/bin", "usr/bin", "/usr/bin"},       {"/sbin", "usr/sbin", "/usr/sbin"},
	{"/sbin", "usr/bin", "/usr/bin"},      {"/lib", "usr/lib", "/usr/lib"},
	{"/lib32", "usr/lib32", "/usr/lib32"}, {"/lib64", "usr/lib64", "/usr/lib64"},
	{"/lib64", "usr/lib", "/usr/lib"},     {"/libx32", "usr/libx32", "/usr/libx32"},
	{"/usr/sbin", "bin", "/usr/bin"},
};

struct packages {
	const struct packages_source *source; /* only while it is opened */
	unsigned loading;		      /* index of the database at work */
	void *states[DATABASE_COUNT];
	struct owner *owners;
	size_t owner_count;
	struct slot *slots;
	size_t room, count; /* room is a power of two */
	struct arena arena;
	struct merged merged[ARRAY_SIZE(merged_folders)];
};

static uint64_t hash_path(const char *path)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3;
	return h ^ h >> 32;
}

static struct slot *slot_of(const struct slot *slots, size_t room, const char *path)
{
	size_t i = hash_path(path) & (room - 1);

	while (slots[i].path && strcmp(slots[i].path, path) != 0)
		i = (i + 1) & (room - 1);
	return (struct slot *)&slots[i];
}

static int grow(struct packages *p)
{
	size_t room = p->room ? p->room * 2 : 4096;
	struct slot *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < p->room; i++)
		if (p->slots[i].path)
			*slot_of(slots, room, p->slots[i].path) = p->slots[i];
	free(p->slots);
	p->slots = slots;
	p->room = room;
	return 0;
}

static struct slot *find(const struct packages *p, const char *path)
{
	struct slot *slot = p->room ? slot_of(p->slots, p->room, path) : NULL;

	return slot && slot->path ? slot : NULL;
}

/* Where @path of a package lies: below /usr where folders of the root are links into it. @path
 * itself when it is there, else a copy in the arena. */
static int path_on_disk(struct packages *p, const char *path, const char **ret_path)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->merged); i++) {
		const struct merged *m = &p->merged[i];
		char moved[PATH_MAX];

		if (!m->is_merged || !path_is_below(path, m->from) || !path[strlen(m->from)])
			continue;
		if (snprintf(moved, sizeof(moved), "%s%s", m->to, path + strlen(m->from)) >=
		    (int)sizeof(moved))
			return -ENAMETOOLONG;
		path = arena_strdup(&p->arena, moved);
		if (!path)
			return -ENOMEM;
	}
	*ret_path = path;
	return 0;
}

static bool is_wanted(const struct packages *p, const char *path)
{
	if (!p->source->trees)
		return true;
	for (char *const *tree = p->source->trees; *tree; tree++)
		if (path_is_below(path, *tree))
			return true;
	return false;
}

int packages_add_path(struct packages *p, uint32_t owner, const char *path,
		      const struct package_file *file)
{
	struct slot *slot;
	int r;

	r = path_on_disk(p, path, &path);
	if (r < 0)
		return r;
	if (!is_wanted(p, path))
		return 0;
	if (p->count * 3 >= p->room * 2) {
		r = grow(p);
		if (r < 0)
			return r;
	}
	slot = slot_of(p->slots, p->room, path);
	if (slot->path)
		return 0;
	*slot = (struct slot){.path = path, .owner = owner, .file = file};
	p->count++;
	return 1;
}

int packages_set_file(struct packages *p, uint32_t owner, const char *path,
		      const struct package_file *file)
{
	struct slot *slot;
	int r;

	r = path_on_disk(p, path, &path);
	if (r < 0)
		return r;
	slot = find(p, path);
	if (slot && slot->owner == owner && !slot->file)
		slot->file = file;
	return 0;
}

const struct packages_source *packages_get_source(const struct packages *p)
{
	return p->source;
}

struct arena *packages_get_arena(struct packages *p)
{
	return &p->arena;
}

const struct package *packages_get(const struct packages *p, uint32_t owner)
{
	return &p->owners[owner].package;
}

int packages_add(struct packages *p, const struct package *package, uint32_t *ret_owner)
{
	struct owner owner = {.database = (uint8_t)p->loading};
	struct owner *owners = p->owners;

	if (p->owner_count >= UINT32_MAX)
		return -EFBIG;
	if ((p->owner_count & (p->owner_count - 1)) == 0) { /* full at each power of two */
		owners = reallocarray(p->owners, p->owner_count ? p->owner_count * 2 : 1,
				      sizeof(*owners));
		if (!owners)
			return -ENOMEM;
		p->owners = owners;
	}
	owner.package = (struct package){
		.name = arena_strdup(&p->arena, package->name),
		.version = arena_strdup(&p->arena, package->version),
		.unpacked_ns = package->unpacked_ns,
	};
	if (!owner.package.name || !owner.package.version)
		return -ENOMEM;
	*ret_owner = (uint32_t)p->owner_count;
	owners[p->owner_count++] = owner;
	return 0;
}

static void find_merged(struct packages *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->merged); i++) {
		struct merged *m = &p->merged[i];
		char path[PATH_MAX], target[16];
		ssize_t len;

		*m = merged_folders[i];
		(void)snprintf(path, sizeof(path), "%s%s", p->source->root, m->from);
		len = readlink(path, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		m->is_merged = strcmp(target[0] == '/' ? target + 1 : target, m->target) == 0;
	}
}

static int load(struct packages *p, unsigned database, const char *dir, struct diag *diag)
{
	int r;

	p->loading = database;
	r = databases[database]->load(p, dir, &p->states[database], diag);
	if (r < 0 && diag && !diag->text[0])
		diag_set(diag, dir, 0, r, "cannot read the %s database: %s",
			 databases[database]->name, strerror(-r));
	return r;
}

static int load_usual(struct packages *p, unsigned database, struct diag *diag)
{
	for (const char *const *dir = databases[database]->dirs; *dir; dir++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s", p->source->root, *dir) >=
		    (int)sizeof(path))
			return -ENAMETOOLONG;
		if (databases[database]->is_in(path))
			return load(p, database, path, diag);
	}
	return 0;
}

int packages_open(const struct packages_source *source, struct packages **ret_packages,
		  struct diag *diag)
{
	cleanup_with(packages_closep) struct packages *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->source = source;
	find_merged(p);
	for (unsigned i = 0; databases[i] && r == 0; i++) {
		if (!source->dir)
			r = load_usual(p, i, diag);
		else if (databases[i]->is_in(source->dir))
			r = load(p, i, source->dir, diag);
	}
	if (r < 0)
		return r;
	p->source = NULL;
	*ret_packages = TAKE_PTR(p);
	return 0;
}

struct packages *packages_close(struct packages *p)
{
	if (!p)
		return NULL;
	for (unsigned i = 0; i < DATABASE_COUNT; i++)
		if (p->states[i])
			databases[i]->free(p->states[i]);
	free(p->owners);
	free(p->slots);
	arena_done(&p->arena);
	free(p);
	return NULL;
}

size_t packages_count(const struct packages *p)
{
	return p->owner_count;
}

const struct package *packages_find(const struct packages *p, const char *path)
{
	const struct slot *slot = find(p, path);

	return slot ? &p->owners[slot->owner].package : NULL;
}

int packages_get_file(struct packages *p, const char *path, const struct package_file **ret_file)
{
	const struct slot *slot = find(p, path);
	const struct package_db_ops *ops;
	struct owner *owner;
	int r;

	if (!slot)
		return -ENOENT;
	owner = &p->owners[slot->owner];
	ops = databases[owner->database];
	if (ops->load_files && !owner->has_files_loaded) {
		owner->has_files_loaded = true;
		r = ops->load_files(p, p->states[owner->database], slot->owner);
		if (r < 0)
			return r;
	}
	if (!slot->file)
		return -ENOENT;
	*ret_file = slot->file;
	return 0;
}

const struct package_file *packages_peek_file(const struct packages *p, const char *path)
{
	const struct slot *slot = find(p, path);

	return slot ? slot->file : NULL;
}

int packages_each(const struct packages *p, int (*fn)(const char *path, void *userdata),
		  void *userdata)
{
	for (size_t i = 0; i < p->room; i++) {
		int r = p->slots[i].path ? fn(p->slots[i].path, userdata) : 0;

		if (r != 0)
			return r;
	}
	return 0;
}
