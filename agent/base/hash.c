/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by OpenSSL's EVP; the method is fetched once per object, which is what makes small files
 * cheap. */
#include "base/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>

struct hash {
	EVP_MD *method;
	EVP_MD_CTX *context;
	bool failed;
};

int hash_new(struct hash **ret_hash)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;

	hash = calloc(1, sizeof(*hash));
	if (!hash)
		return -ENOMEM;
	hash->method = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->context = EVP_MD_CTX_new();
	if (!hash->method || !hash->context)
		return -ENOMEM;
	hash_reset(hash);
	if (hash->failed)
		return -EIO;
	*ret_hash = TAKE_PTR(hash);
	return 0;
}

struct hash *hash_free(struct hash *hash)
{
	if (hash) {
		EVP_MD_CTX_free(hash->context);
		EVP_MD_free(hash->method);
		free(hash);
	}
	return NULL;
}

void hash_reset(struct hash *hash)
{
	hash->failed = EVP_DigestInit_ex2(hash->context, hash->method, NULL) != 1;
}

void hash_update(struct hash *hash, const void *data, size_t len)
{
	if (!hash->failed)
		hash->failed = EVP_DigestUpdate(hash->context, data, len) != 1;
}

int hash_final(struct hash *hash, uint8_t digest[static SHA256_SIZE])
{
	if (hash->failed || EVP_DigestFinal_ex(hash->context, digest, NULL) != 1)
		return -EIO;
	return 0;
}

int hash_buffer(const void *data, size_t len, uint8_t digest[static SHA256_SIZE])
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	int r;

	r = hash_new(&hash);
	if (r < 0)
		return r;
	hash_update(hash, data, len);
	return hash_final(hash, digest);
}

/* Feeds all of @fd into @context; the number of bytes, or negative errno. */
static int64_t feed_fd(EVP_MD_CTX *context, int fd, void *buf, size_t buf_size)
{
	int64_t done = 0;

	for (;;) {
		ssize_t n = pread(fd, buf, buf_size, done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return done;
		if (EVP_DigestUpdate(context, buf, (size_t)n) != 1)
			return -EIO;
		done += n;
	}
}

int64_t hash_fd(struct hash *hash, int fd, void *buf, size_t buf_size,
		uint8_t digest[static SHA256_SIZE])
{
	int64_t done;
	int r;

	hash_reset(hash);
	if (hash->failed)
		return -EIO;
	done = feed_fd(hash->context, fd, buf, buf_size);
	if (done < 0)
		return done;
	r = hash_final(hash, digest);
	return r < 0 ? r : done;
}

int hash_fd_md5(int fd, void *buf, size_t buf_size, uint8_t md5[static MD5_SIZE])
{
	EVP_MD *method = EVP_MD_fetch(NULL, "MD5", NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int64_t r = -ENOMEM;

	if (!method)
		r = -EOPNOTSUPP;
	else if (context && EVP_DigestInit_ex2(context, method, NULL) == 1)
		r = feed_fd(context, fd, buf, buf_size);
	if (r >= 0)
		r = EVP_DigestFinal_ex(context, md5, NULL) == 1 ? 0 : -EIO;
	EVP_MD_CTX_free(context);
	EVP_MD_free(method);
	return (int)r;
}
