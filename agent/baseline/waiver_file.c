/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/waiver_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"

#define FILE_MAX (1024 * 1024)

/* The name of the signature beside @path. */
static int signature_path(const char *path, char **ret_path)
{
	if (asprintf(ret_path, "%s.p7m", path) < 0) {
		*ret_path = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int read_file(const char *path, struct strbuf *text, struct diag *diag)
{
	int r = fd_read_file(AT_FDCWD, path, FILE_MAX, text);

	return r < 0 ? diag_set(diag, path, 0, r, "cannot read: %s", strerror(-r)) : 0;
}

static int digest_of(const struct strbuf *text, char hex[static SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	int r = hash_buffer(text->data ? text->data : "", text->len, digest);

	if (r == 0)
		hex_encode(digest, SHA256_SIZE, hex);
	return r;
}

/* Of the waivers from @first on. */
static int check_approver(const struct waiver_list *list, size_t first, const char *name,
			  const char *path, struct diag *diag)
{
	for (size_t i = first; i < list->count; i++) {
		const struct waiver *waiver = &list->waivers[i];

		if (!str_equal(waiver->approver, name))
			return diag_set(diag, path, waiver->line, -EKEYREJECTED,
					"[%s] names %s as approver, but %s signed the file",
					waiver->subject, waiver->approver, name);
		/* The same person is often written in two ways. */
		if (strcasecmp(waiver->owner, name) == 0)
			return diag_set(diag, path, waiver->line, -EKEYREJECTED,
					"[%s] is approved by its owner", waiver->subject);
	}
	return 0;
}

/* The file is replaced by name in its own folder, wherever that is. */
static int replace_file(const char *path, const struct strbuf *data, struct diag *diag)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_free char *folder = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
	cleanup_close int fd = -1;
	int r;

	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : fd_replace_file(fd, name, data->data, data->len, 0644);
	return r < 0 ? diag_set(diag, path, 0, r, "cannot write: %s", strerror(-r)) : 0;
}

int waiver_file_sign(const char *path, const struct baseline_approval *approval,
		     const struct signature_key *key, const char *certificate_pem,
		     struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, cms = STRBUF_INIT;
	cleanup_waiver_list struct waiver_list list = {0};
	cleanup_free char *to = NULL;
	char hex[SHA256_HEX_SIZE];
	int r;

	r = read_file(path, &text, diag);
	if (r == 0)
		r = waiver_list_read(&list, path, text.data, text.len, diag);
	if (r == 0 && !list.count)
		r = diag_set(diag, path, 0, -EINVAL, "there is no waiver in it");
	if (r == 0)
		r = check_approver(&list, 0, approval->name, path, diag);
	if (r == 0)
		r = digest_of(&text, hex);
	if (r == 0)
		r = signature_sign(approval, hex, key, certificate_pem, &cms, diag);
	if (r == 0)
		r = signature_path(path, &to);
	if (r == 0)
		r = replace_file(to, &cms, diag);
	return r;
}

static int verify(const struct strbuf *text, const struct strbuf *cms, const char *path,
		  const char *ca_pem, struct baseline_approval *approval, struct diag *diag)
{
	char hex[SHA256_HEX_SIZE];
	int r;

	r = digest_of(text, hex);
	if (r == 0)
		r = signature_verify(cms->data, cms->len, hex, 0, ca_pem, approval);
	if (r < 0)
		return r;
	if (!approval->is_verified)
		return diag_set(diag, path, 0, -EKEYREJECTED, "its approval is refused: %s",
				approval->refusal ? approval->refusal : "no reason given");
	return 0;
}

int waiver_file_read(const char *path, const char *ca_pem, struct waiver_list *list,
		     struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, cms = STRBUF_INIT;
	struct baseline_approval approval = {0};
	cleanup_free char *from = NULL;
	size_t first = list->count;
	int r;

	r = signature_path(path, &from);
	if (r == 0)
		r = read_file(path, &text, diag);
	if (r == 0)
		r = read_file(from, &cms, diag);
	if (r == 0)
		r = verify(&text, &cms, from, ca_pem, &approval, diag);
	/* Only what is signed is parsed. */
	if (r == 0)
		r = waiver_list_read(list, path, text.data, text.len, diag);
	if (r == 0)
		r = check_approver(list, first, approval.name, path, diag);
	baseline_approval_done(&approval);
	return r;
}
