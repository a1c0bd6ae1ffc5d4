/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpm's database, asked through the system's own rpm program: its file is Berkeley DB, ndb or
 * SQLite by the release, and its headers are rpm's own affair. What the program prints is read by
 * rpm_text.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "baseline/packages_db.h"
#include "baseline/rpm_text.h"

#define NAMES_MAX 4096 /* users, groups and capability sets in all; real systems have tens */

#define ALGORITHM_MD5	 1 /* as OpenPGP numbers them */
#define ALGORITHM_SHA256 8

static const char *const programs[] = {"/usr/bin/rpm", "/bin/rpm", NULL};

struct load {
	struct packages *packages;
	struct rpm_text *text;
	uint32_t owner; /* the package at work */
	size_t digest_size;
	const char **names;
	size_t name_count;
	const char *problem; /* static; why the text was refused, where that is not its form */
};

static int add_package(const struct rpm_package *rpm, void *userdata)
{
	struct load *load = userdata;
	cleanup_free char *version = NULL;
	struct package package = {.name = rpm->name};
	char epoch[24] = "";

	if (rpm->epoch > 0)
		(void)snprintf(epoch, sizeof(epoch), "%llu:", (unsigned long long)rpm->epoch);
	if (asprintf(&version, "%s%s-%s%s%s", epoch, rpm->version, rpm->release,
		     rpm->arch[0] ? "." : "", rpm->arch) < 0) {
		version = NULL;
		return -ENOMEM;
	}
	package.version = version;
	switch (rpm->digest_algorithm) {
	case 0:
	case ALGORITHM_MD5:
		load->digest_size = MD5_SIZE;
		break;
	case ALGORITHM_SHA256:
		load->digest_size = SHA256_SIZE;
		break;
	default:
		load->digest_size = 0; /* its files are not compared, and not counted as compared */
	}
	return packages_add(load->packages, &package, &load->owner);
}

/* One copy of each user, group and set of capabilities; the last ones met come first. */
static int intern(struct load *load, const char *text, const char **ret_text)
{
	const char *copy;

	for (size_t i = load->name_count; i > 0; i--)
		if (strcmp(load->names[i - 1], text) == 0) {
			*ret_text = load->names[i - 1];
			return 0;
		}
	if (load->name_count == NAMES_MAX) {
		load->problem = "more users, groups and capabilities than can be";
		return -EBADMSG;
	}
	copy = arena_strdup(packages_get_arena(load->packages), text);
	if (!copy)
		return -ENOMEM;
	load->names[load->name_count++] = copy;
	*ret_text = copy;
	return 0;
}

static int fill_attributes(struct load *load, const struct rpm_file *rpm, struct package_file *file)
{
	int r = 0;

	/* Nothing was shipped: what is there was made by the package's programs. */
	if (rpm->flags & RPM_FILE_GHOST)
		return 0;
	if (rpm->verify & RPM_VERIFY_MODE)
		file->mode = rpm->mode;
	if (rpm->verify & RPM_VERIFY_USER)
		r = intern(load, rpm->user, &file->user);
	if (r == 0 && (rpm->verify & RPM_VERIFY_GROUP))
		r = intern(load, rpm->group, &file->group);
	if (r == 0 && (rpm->verify & RPM_VERIFY_CAPABILITIES) && S_ISREG(rpm->mode))
		r = intern(load, rpm->capabilities, &file->capabilities);
	if (r == 0 && (rpm->verify & RPM_VERIFY_TARGET) && S_ISLNK(rpm->mode)) {
		file->target = arena_strdup(packages_get_arena(load->packages), rpm->target);
		r = file->target ? 0 : -ENOMEM;
	}
	return r;
}

static int add_file(const struct rpm_file *rpm, void *userdata)
{
	struct load *load = userdata;
	struct arena *arena = packages_get_arena(load->packages);
	bool has_digest = rpm->digest[0] && load->digest_size > 0;
	struct package_file *file;
	char path[PATH_MAX];
	const char *kept;
	int r;

	/* A name that no file of this system can have leaves the file without a package. */
	if (!rpm->is_installed || !str_copy(path, sizeof(path), rpm->path) ||
	    path_normalize(path) < 0)
		return 0;
	kept = arena_strdup(arena, path);
	file = arena_alloc(arena, sizeof(*file) + (has_digest ? load->digest_size : 0));
	if (!kept || !file)
		return -ENOMEM;
	if (has_digest) {
		if (hex_decode(rpm->digest, strlen(rpm->digest), file->digest, load->digest_size) <
		    0) {
			load->problem = "a digest that is none";
			return -EBADMSG;
		}
		file->digest_size = (uint8_t)load->digest_size;
	}
	file->is_config = rpm->flags & RPM_FILE_CONFIG || !(rpm->verify & RPM_VERIFY_DIGEST);
	r = fill_attributes(load, rpm, file);
	if (r == 0)
		r = packages_add_path(load->packages, load->owner, kept, file);
	return r < 0 ? r : 0;
}

static int take_output(const void *data, size_t len, void *userdata)
{
	struct load *load = userdata;

	return rpm_text_add(load->text, data, len);
}

static int ask(struct load *load, const char *program, const char *dir, struct diag *diag)
{
	const struct packages_source *source = packages_get_source(load->packages);
	char *const arguments[] = {
		(char *)program, (char *)"--dbpath",	  (char *)dir, (char *)"-qa",
		(char *)"--qf",	 (char *)RPM_TEXT_FORMAT, NULL};
	int r;

	r = source->run_query(arguments, take_output, load, diag);
	if (r == 0)
		r = rpm_text_finish(load->text);
	if (r == -EBADMSG)
		return diag_set(diag, program, 0, r, "printed %s in record %llu",
				load->problem ? load->problem : "what it should not",
				(unsigned long long)rpm_text_record(load->text));
	return r;
}

static int load(struct packages *packages, const char *dir, void **ret_state, struct diag *diag)
{
	struct load load = {.packages = packages};
	const struct rpm_text_sink sink = {add_package, add_file, &load};
	cleanup_with(rpm_text_freep) struct rpm_text *text = NULL;
	cleanup_free const char **names = calloc(NAMES_MAX, sizeof(*names));
	const char *const *program = programs;
	int r;

	if (!names)
		return -ENOMEM;
	while (*program && access(*program, X_OK) < 0)
		program++;
	if (!*program || !packages_get_source(packages)->run_query)
		return diag_set(diag, dir, 0, -ENOENT,
				"there is an rpm database, but no rpm program to read it");
	r = rpm_text_new(&sink, &text);
	if (r < 0)
		return r;
	load.text = text;
	load.names = names;
	return ask(&load, *program, dir, diag);
}

/* An rpm program makes an empty database where it finds none, so a file of any kind will do. */
static bool is_in(const char *dir)
{
	static const char *const names[] = {"rpmdb.sqlite", "Packages.db", "Packages"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (snprintf(path, sizeof(path), "%s/%s", dir, names[i]) < (int)sizeof(path) &&
		    access(path, F_OK) == 0)
			return true;
	return false;
}

static const char *const dirs[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm", NULL};

const struct package_db_ops packages_rpm = {
	.name = "rpm",
	.dirs = dirs,
	.is_in = is_in,
	.load = load,
};
