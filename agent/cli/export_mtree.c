/* SPDX-License-Identifier: Apache-2.0 */
/* A baseline as BSD mtree(5); see baseline_export.h. */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/baseline_export.h"

static const char *const type_names[FILE_TYPE_COUNT] = {
	[FILE_TYPE_REGULAR] = "file",	    [FILE_TYPE_DIRECTORY] = "dir",
	[FILE_TYPE_SYMLINK] = "link",	    [FILE_TYPE_FIFO] = "fifo",
	[FILE_TYPE_SOCKET] = "socket",	    [FILE_TYPE_CHAR_DEVICE] = "char",
	[FILE_TYPE_BLOCK_DEVICE] = "block",
};

/*
 * vis(3) with VIS_OCTAL: what is not plain ASCII becomes \ooo, and so does what means something
 * in the format: white space, backslash, # and the characters of fnmatch(3).
 */
static void put_name(FILE *out, const char *raw)
{
	for (const unsigned char *c = (const unsigned char *)raw; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || strchr("\\#*?[]=", *c))
			fprintf(out, "\\%03o", *c);
		else
			putc(*c, out);
	}
}

static void put_entry(FILE *out, const struct file_fact *entry)
{
	char hex[SHA256_HEX_SIZE];

	putc('.', out);
	if (entry->path[1] != '\0')
		put_name(out, entry->path);
	fprintf(out, " type=%s", type_names[entry->type]);
	if (entry->type != FILE_TYPE_SYMLINK && !(entry->unstated & FILE_DIFF_MODE))
		fprintf(out, " mode=%04" PRIo32, entry->mode);
	if (!(entry->unstated & FILE_DIFF_OWNER))
		fprintf(out, " uid=%" PRIu32 " gid=%" PRIu32, entry->uid, entry->gid);
	if (entry->type == FILE_TYPE_REGULAR && !(entry->unstated & FILE_DIFF_SIZE))
		fprintf(out, " size=%" PRIu64, entry->size);
	if (entry->has_digest) {
		hex_encode(entry->sha256, SHA256_SIZE, hex);
		fprintf(out, " sha256digest=%s", hex);
	}
	if (entry->link_target) {
		fputs(" link=", out);
		put_name(out, entry->link_target);
	}
	putc('\n', out);
}

/*
 * mtree takes a path only behind the lines of all folders above it, and a baseline need not have
 * those: they get a line that says no more than that they are there. @folders is a tsearch() tree
 * of the paths of the folders that have a line.
 */
static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* 1 when @path is new, 0 when it was there, or -ENOMEM. */
static int note_folder(void **folders, const char *path, size_t len)
{
	char *copy = strndup(path, len);
	char *const *found = copy ? tsearch(copy, folders, compare_paths) : NULL;

	if (!found) {
		free(copy);
		return -ENOMEM;
	}
	if (*found == copy)
		return 1;
	free(copy);
	return 0;
}

static int put_folders_above(FILE *out, void **folders, const char *path)
{
	for (const char *slash = path; slash && path[1]; slash = strchr(slash + 1, '/')) {
		size_t len = (size_t)(slash - path);
		cleanup_free char *folder = strndup(path, len);
		int r = folder ? note_folder(folders, path, len) : -ENOMEM;

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		putc('.', out);
		put_name(out, folder);
		fputs(" type=dir\n", out);
	}
	return 0;
}

static int put_with_folders(FILE *out, void **folders, const struct file_fact *entry)
{
	int r;

	if (entry->type == FILE_TYPE_NONE) /* that nothing is to be there cannot be said in mtree */
		return 0;
	r = put_folders_above(out, folders, entry->path);
	if (r < 0)
		return r;
	if (entry->type == FILE_TYPE_DIRECTORY)
		r = note_folder(folders, entry->path, entry->path[1] ? strlen(entry->path) : 0);
	put_entry(out, entry);
	return r < 0 ? r : 0;
}

int baseline_export_mtree(struct baseline *baseline, FILE *out, struct diag *diag)
{
	const struct baseline_statement *s = baseline_get_statement(baseline);
	char when[RFC3339_SIZE];
	void *folders = NULL;
	int r;

	fprintf(out, "#mtree\n# statement sha256 %s, revision %" PRIu64 ", made %s\n",
		baseline_get_digest(baseline), s->revision, clock_format(s->made_at_ns, when));
	do {
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(baseline, &entry, diag);
		/* mtree has no word for what is not to be there. */
		if (r == 1 && entry.type != FILE_TYPE_NONE &&
		    put_with_folders(out, &folders, &entry) < 0)
			r = -ENOMEM;
	} while (r > 0);
	tdestroy(folders, free);
	return r;
}
