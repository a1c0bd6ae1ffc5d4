/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/present.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/id_names.h"
#include "baseline/content.h"
#include "baseline/packages.h"

#define MD5_BUFFER ((size_t)128 * 1024)

struct present {
	struct packages *packages;
	struct id_names *names;
	struct fact_collector *collector;
	struct content_cache *contents;
	uint64_t compared;
	uint8_t buffer[MD5_BUFFER];
};

int present_new(const struct packages_source *packages, struct present **ret_present,
		struct diag *diag)
{
	cleanup_with(present_freep) struct present *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	r = packages_open(packages, &p->packages, diag);
	if (r < 0)
		return r;
	r = id_names_new("/etc/passwd", "/etc/group", &p->names);
	if (r == 0)
		r = fact_collector_new(p->names, &p->collector);
	if (r == 0)
		r = content_cache_new(&p->contents);
	if (r < 0)
		return r;
	*ret_present = TAKE_PTR(p);
	return 0;
}

struct present *present_free(struct present *p)
{
	if (!p)
		return NULL;
	fact_collector_free(p->collector);
	content_cache_free(p->contents);
	id_names_free(p->names);
	packages_close(p->packages);
	free(p);
	return NULL;
}

static int compare_md5(struct present *p, const char *path, const uint8_t *listed,
		       bool *ret_differs)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	uint8_t actual[MD5_SIZE];
	int r;

	if (fd < 0)
		return -errno;
	r = hash_fd_md5(fd, p->buffer, MD5_BUFFER, actual);
	if (r == 0)
		*ret_differs = memcmp(listed, actual, MD5_SIZE) != 0;
	return r;
}

static int compare_digest(struct present *p, struct file_fact *fact)
{
	const struct package_file *file;
	int r = packages_get_file(p->packages, fact->path, &file);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (file->digest_size == SHA256_SIZE && fact->has_digest)
		fact->differs = memcmp(fact->sha256, file->digest, SHA256_SIZE) != 0;
	else if (file->digest_size != MD5_SIZE ||
		 compare_md5(p, fact->path, file->digest, &fact->differs) < 0)
		return 0; /* not compared, and so not counted */
	p->compared++;
	return 0;
}

int present_find_origin(struct present *p, struct file_fact *fact)
{
	const struct package *package = NULL;

	free(fact->package);
	free(fact->version);
	fact->package = fact->version = NULL;
	if (fact->type != FILE_TYPE_NONE && fact->type != FILE_TYPE_DIRECTORY) /* many owners */
		package = packages_find(p->packages, fact->path);
	if (!package)
		return 0;
	fact->package = strdup(package->name);
	fact->version = strdup(package->version);
	return fact->package && fact->version ? 0 : -ENOMEM;
}

int present_fill_origin(struct present *p, struct file_fact *fact)
{
	int r = present_find_origin(p, fact);

	fact->differs = fact->attributes_differ = false;
	if (r < 0 || !fact->package)
		return r;
	package_file_judge(packages_peek_file(p->packages, fact->path), fact);
	if (fact->type != FILE_TYPE_REGULAR)
		return 0;
	return compare_digest(p, fact);
}

int present_read(struct present *p, const char *path, struct file_fact *ret_fact,
		 const char **ret_why)
{
	cleanup_file_fact struct file_fact fact = {0};
	const char *why = NULL;
	int r;

	r = content_read(p->collector, path, p->contents, &fact, &why);
	if (r == -ENOMEM)
		return r;
	if (r == 0)
		r = present_fill_origin(p, &fact);
	else
		why = why ? why : r == -EAGAIN ? "changed while it was read" : strerrordesc_np(-r);
	if (why) {
		file_fact_done(&fact);
		fact.path = strdup(path);
		if (!fact.path)
			return -ENOMEM;
		*ret_why = why;
		r = 1;
	}
	if (r < 0)
		return r;
	*ret_fact = fact;
	fact = (struct file_fact){0};
	return r;
}

uint64_t present_count_compared(const struct present *p)
{
	return p->compared;
}
