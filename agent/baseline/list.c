/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of lists share; see list.h. */
#include "baseline/list.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define BUFFER_SIZE ((size_t)65536)

struct list_input {
	int fd; /* -1: all is between at and end */
	const unsigned char *at, *end;
	unsigned char *buffer;
	struct hash *hash;
	uint64_t total;
	unsigned line;
	int error;
};

int list_input_new(int fd, const void *data, size_t len, struct list_input **ret_input)
{
	cleanup_with(list_input_freep) struct list_input *input = calloc(1, sizeof(*input));
	int r;

	if (!input)
		return -ENOMEM;
	input->fd = fd;
	input->line = 1;
	r = hash_new(&input->hash);
	if (r < 0)
		return r;
	hash_reset(input->hash);
	if (fd < 0) {
		input->at = data;
		input->end = input->at + len;
		hash_update(input->hash, data, len);
	} else {
		input->buffer = malloc(BUFFER_SIZE);
		if (!input->buffer)
			return -ENOMEM;
	}
	*ret_input = TAKE_PTR(input);
	return 0;
}

struct list_input *list_input_free(struct list_input *input)
{
	if (!input)
		return NULL;
	hash_free(input->hash);
	free(input->buffer);
	free(input);
	return NULL;
}

static bool fill(struct list_input *input)
{
	ssize_t n;

	if (input->fd < 0 || input->error)
		return false;
	do {
		n = read(input->fd, input->buffer, BUFFER_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		input->error = -errno;
	else if (input->total + (uint64_t)n > LIST_BYTES_MAX)
		input->error = -EFBIG;
	if (n <= 0 || input->error)
		return false;
	hash_update(input->hash, input->buffer, (size_t)n);
	input->total += (uint64_t)n;
	input->at = input->buffer;
	input->end = input->buffer + n;
	return true;
}

int list_input_get(struct list_input *input)
{
	if (input->at == input->end && !fill(input))
		return -1;
	input->line += *input->at == '\n';
	return *input->at++;
}

int list_input_error(const struct list_input *input)
{
	return input->error;
}

unsigned list_input_line(const struct list_input *input)
{
	return input->line;
}

int list_input_digest(struct list_input *input, uint8_t digest[static SHA256_SIZE])
{
	return hash_final(input->hash, digest);
}

int list_refuse(struct list *list, const char *format, ...)
{
	char text[384];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (list->place.component[0])
		return diag_set(list->diag, list->name, list->place.line, -EBADMSG, "%s: %s",
				list->place.component, text);
	return diag_set(list->diag, list->name, list->place.line, -EBADMSG, "%s", text);
}

int list_read_line(struct list *list, struct strbuf *line)
{
	int c, error;

	strbuf_clear(line);
	list->place.line = list_input_line(list->input);
	while ((c = list_input_get(list->input)) >= 0 && c != '\n') {
		if (line->len == LIST_LINE_MAX)
			return list_refuse(list, "the line is longer than %zu bytes",
					   LIST_LINE_MAX);
		strbuf_add_char(line, (char)c);
	}
	error = list_input_error(list->input);
	if (error)
		return diag_set(list->diag, list->name, list->place.line, error, "cannot read: %s",
				strerror(-error));
	if (c < 0 && line->len == 0)
		return 0;
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->data[--line->len] = '\0';
	strbuf_add(line, "", 0);
	return strbuf_check(line) < 0 ? -ENOMEM : 1;
}

static bool has_parent(const char *path)
{
	for (const char *at = strstr(path, ".."); at; at = strstr(at + 1, ".."))
		if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
			return true;
	return false;
}

int list_make_path(struct list *list, const char *raw, size_t len, char **ret_path)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;

	if (len == 0)
		return list_refuse(list, "an empty path");
	if (memchr(raw, '\0', len))
		return list_refuse(list, "a NUL in a path");
	if (raw[0] != '/') {
		if (!list->prefix)
			return list_refuse(list,
					   "a relative path; --prefix must say where it begins");
		strbuf_add_str(&path, list->prefix);
		strbuf_add_char(&path, '/');
	}
	strbuf_add(&path, raw, len);
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	if (has_parent(path.data))
		return list_refuse(list, "\"..\" in a path");
	if (path.len >= PATH_MAX)
		return list_refuse(list, "a path of %zu bytes", path.len);
	(void)path_normalize(path.data); /* it is absolute */
	*ret_path = strbuf_take(&path);
	return *ret_path ? 0 : -ENOMEM;
}

int list_give_entry(struct list *list, struct file_fact *entry, bool is_guess)
{
	if (is_guess && entry->type == FILE_TYPE_REGULAR)
		entry->role = file_role_guess_by_name(
			entry->path, entry->unstated & FILE_DIFF_MODE ? NULL : &entry->mode);
	return list->on_entry(entry, &list->place, list->userdata);
}

int list_leave_out(struct list *list, const char *path, const char *why)
{
	return list->on_left_out(path, why, &list->place, list->userdata);
}

int list_take_digest(const char *text, size_t len, struct file_fact *entry)
{
	char lower[2 * SHA256_SIZE];

	if (len != sizeof(lower))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(lower); i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	if (hex_decode(lower, sizeof(lower), entry->sha256, SHA256_SIZE) < 0)
		return -EINVAL;
	entry->has_digest = true;
	return 0;
}
