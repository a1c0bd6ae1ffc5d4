/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

#define ATTEMPTS 3

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Digest and role. The role goes by the name too, so each name reads the first bytes itself. */
static int fill_content(struct fact_collector *collector, int fd, const struct stat *st,
			struct content *content, struct file_fact *fact)
{
	int r;

	if (content->is_known && is_same(&content->st, st)) {
		r = fact_head(collector, fd, fact);
		if (r < 0)
			return r;
		memcpy(fact->sha256, content->sha256, SHA256_SIZE);
		fact->has_digest = true;
		return 0;
	}
	r = fact_hash(collector, fd, st, fact);
	if (r < 0)
		return r;
	content->st = *st;
	memcpy(content->sha256, fact->sha256, SHA256_SIZE);
	content->is_known = true;
	return 0;
}

static int read_once(struct fact_collector *collector, const char *path, struct content *content,
		     struct file_fact *ret_fact, const char **ret_why)
{
	cleanup_file_fact struct file_fact fact = {0};
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	r = fact_open(collector, AT_FDCWD, path, &fact, &st, &fd);
	if (r < 0)
		return r;
	if (fact.type == FILE_TYPE_REGULAR) {
		r = fd < 0 ? -fact_collector_error(collector)
			   : fill_content(collector, fd, &st, content, &fact);
		if (r == -ENOMEM)
			return r;
	}
	if (r < 0)
		*ret_why = r == -EAGAIN ? "changed while it was read" : strerrordesc_np(-r);
	*ret_fact = fact;
	fact = (struct file_fact){0};
	return r == -EAGAIN ? r : r < 0;
}

int content_read(struct fact_collector *collector, const char *path, struct content *content,
		 struct file_fact *ret_fact, const char **ret_why)
{
	struct file_fact fact = {0};
	const char *why = NULL;
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < ATTEMPTS; i++) {
		file_fact_done(&fact);
		fact = (struct file_fact){0};
		r = read_once(collector, path, content, &fact, &why);
	}
	if (r < 0 && !fact.path)
		return r;
	*ret_fact = fact;
	if (r != 0)
		*ret_why = why;
	return r != 0;
}

struct inode_key inode_key_of(const struct statx *stx, size_t index)
{
	return (struct inode_key){
		.device = (uint64_t)stx->stx_dev_major << 32 | stx->stx_dev_minor,
		.inode = stx->stx_ino,
		.index = index,
	};
}

int inode_key_compare(const void *a, const void *b)
{
	const struct inode_key *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

bool inode_key_equal(const struct inode_key *a, const struct inode_key *b)
{
	return a->device == b->device && a->inode == b->inode;
}
