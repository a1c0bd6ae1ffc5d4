/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/waiver_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/waiver_file.h"

#define CA_MAX	  (1024 * 1024)
#define FILES_MAX 256 /* more than anybody reads */

static int refuse(struct waiver_folder *folder, const struct diag *diag)
{
	char **grown = reallocarray(folder->refused, folder->refused_count + 1, sizeof(*grown));
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;
	char text[1024];

	if (!grown)
		return -ENOMEM;
	folder->refused = grown;
	str_show(&shown, diag_format(diag, text, sizeof(text)));
	if (strbuf_check(&shown) < 0)
		return -ENOMEM;
	grown[folder->refused_count] = strdup(shown.data);
	return grown[folder->refused_count] ? (folder->refused_count++, 0) : -ENOMEM;
}

/* Moves all of @from to the end of @to. */
static int append(struct waiver_list *to, struct waiver_list *from)
{
	struct waiver *grown =
		reallocarray(to->waivers, to->count + from->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	to->waivers = grown;
	if (from->count)
		memcpy(grown + to->count, from->waivers, from->count * sizeof(*grown));
	to->count += from->count;
	from->count = 0;
	return 0;
}

static int read_ca(const char *path, struct strbuf *pem, struct diag *diag)
{
	int r = path && *path ? fd_read_file(AT_FDCWD, path, CA_MAX, pem) : -ENOKEY;

	if (r == -ENOKEY)
		return diag_set(diag, "", 0, r, "waivers need the CA of their approver");
	return r < 0 ? diag_set(diag, path, 0, r, "cannot read: %s", strerror(-r)) : 0;
}

/* Of a file that is refused in its middle nothing counts. */
static int add_file(const char *path, const struct strbuf *ca, struct waiver_folder *folder,
		    struct diag *diag)
{
	cleanup_waiver_list struct waiver_list list = {0};
	int r = waiver_file_read(path, ca->data ? ca->data : "", &list, diag);

	return r < 0 ? r : append(&folder->list, &list);
}

int waiver_folder_add(const char *path, const char *ca_path, struct waiver_folder *folder,
		      struct diag *diag)
{
	cleanup_strbuf struct strbuf ca = STRBUF_INIT;
	int r = read_ca(ca_path, &ca, diag);

	return r < 0 ? r : add_file(path, &ca, folder, diag);
}

static int is_ini(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".ini");
}

static int take_file(const char *dir, const char *name, const struct strbuf *ca,
		     struct waiver_folder *folder)
{
	cleanup_free char *path = NULL;
	struct diag diag = {0};
	int r;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = add_file(path, ca, folder, &diag);
	if (r == 0 || r == -ENOMEM)
		return r;
	if (!diag.text[0])
		diag_set(&diag, path, 0, r, "%s", strerror(-r));
	return refuse(folder, &diag);
}

static int take_files(const char *dir, const char *ca_path, struct dirent **names, int count,
		      struct waiver_folder *folder)
{
	cleanup_strbuf struct strbuf ca = STRBUF_INIT;
	struct diag diag = {0};
	int r = count ? read_ca(ca_path, &ca, &diag) : 0;

	if (r < 0)
		return refuse(folder, &diag);
	for (int i = 0; i < count && i < FILES_MAX && r == 0; i++)
		r = take_file(dir, names[i]->d_name, &ca, folder);
	if (r == 0 && count > FILES_MAX) {
		diag_set(&diag, dir, 0, -E2BIG,
			 "holds more than %d files of waivers; the others "
			 "do not count",
			 FILES_MAX);
		r = refuse(folder, &diag);
	}
	return r;
}

int waiver_folder_read(const char *dir, const char *ca_path, struct waiver_folder *folder)
{
	struct dirent **names = NULL;
	struct diag diag = {0};
	int count, r;

	if (!dir || !*dir)
		return 0;
	count = scandir(dir, &names, is_ini, alphasort);
	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0) {
		diag_set(&diag, dir, 0, -errno, "cannot be read: %s", strerror(errno));
		return refuse(folder, &diag);
	}
	r = take_files(dir, ca_path, names, count, folder);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return r;
}

void waiver_folder_done(struct waiver_folder *folder)
{
	for (size_t i = 0; i < folder->refused_count; i++)
		free(folder->refused[i]);
	free(folder->refused);
	waiver_list_done(&folder->list);
	*folder = (struct waiver_folder){0};
}
