/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "base/str.h"
#include "unit/unit.h"

/* FIPS 180-4 examples. */
static const struct {
	const char *text, *digest;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void expect(const uint8_t digest[SHA256_SIZE], const char *wanted)
{
	char text[SHA256_HEX_SIZE];

	hex_encode(digest, SHA256_SIZE, text);
	ck_assert_str_eq(text, wanted);
}

START_TEST(buffer_gives_the_standards_digest)
{
	uint8_t digest[SHA256_SIZE];

	ck_assert_int_eq(hash_buffer(vectors[_i].text, strlen(vectors[_i].text), digest), 0);
	expect(digest, vectors[_i].digest);
}
END_TEST

START_TEST(one_object_hashes_many_files)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	char *folder = unit_folder_new();
	char path[4096], buf[7]; /* smaller than the text: several reads */

	ck_assert_int_eq(hash_new(&hash), 0);
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		uint8_t digest[SHA256_SIZE];
		cleanup_close int fd = -1;

		unit_write(folder, "file", vectors[i].text);
		snprintf(path, sizeof(path), "%s/file", folder);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(hash_fd(hash, fd, buf, sizeof(buf), digest),
				 (int64_t)strlen(vectors[i].text));
		expect(digest, vectors[i].digest);
		ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0); /* pread leaves the offset alone */
	}
	unit_folder_free(folder);
}
END_TEST

START_TEST(parts_give_the_digest_of_the_whole)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	uint8_t digest[SHA256_SIZE];

	ck_assert_int_eq(hash_new(&hash), 0);
	hash_update(hash, "forgotten by the reset", 22);
	hash_reset(hash);
	hash_update(hash, "a", 1);
	hash_update(hash, "", 0);
	hash_update(hash, "bc", 2);
	ck_assert_int_eq(hash_final(hash, digest), 0);
	expect(digest, vectors[1].digest);
}
END_TEST

START_TEST(a_folder_cannot_be_hashed)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	cleanup_close int fd = open("/", O_RDONLY | O_CLOEXEC);
	uint8_t digest[SHA256_SIZE];
	char buf[64];

	ck_assert_int_eq(hash_new(&hash), 0);
	ck_assert_int_eq(hash_fd(hash, fd, buf, sizeof(buf), digest), -EISDIR);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, buffer_gives_the_standards_digest, 0, ARRAY_SIZE(vectors));
	tcase_add_test(tcase, one_object_hashes_many_files);
	tcase_add_test(tcase, parts_give_the_digest_of_the_whole);
	tcase_add_test(tcase, a_folder_cannot_be_hashed);
}

UNIT_MAIN("hash")
