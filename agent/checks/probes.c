/* SPDX-License-Identifier: Apache-2.0 */
/* The table of probe kinds, and what all probes use to say what they found. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"

const struct probe_ops *const probe_kinds[] = {
	&probe_account,
	&probe_audit_rule,
	&probe_audit_status,
	&probe_certificate,
	&probe_changed,
	&probe_display,
	&probe_encryption,
	&probe_file_key,
	&probe_file_lines,
	&probe_file_mode,
	&probe_file_text,
	&probe_file_values,
	&probe_firewall_kept,
	&probe_group,
	&probe_interface,
	&probe_kernel_cmdline,
	&probe_kernel_config,
	&probe_kernel_module,
	&probe_limit,
	&probe_listener,
	&probe_log_target,
	&probe_mount,
	&probe_mounts,
	&probe_newest,
	&probe_nft,
	&probe_package,
	&probe_package_source,
	&probe_pam,
	&probe_path,
	&probe_plumbline,
	&probe_secure_boot,
	&probe_shell_variable,
	&probe_sshd,
	&probe_sudo,
	&probe_sysctl,
	&probe_time_source,
	&probe_unit,
	&probe_unit_setting,
	&probe_usb,
	&probe_usbguard,
	&probe_walk,
	NULL,
};

const struct probe_ops *probe_find(const char *name)
{
	for (const struct probe_ops *const *probe = probe_kinds; *probe; probe++)
		if (str_equal((*probe)->name, name))
			return *probe;
	return NULL;
}

void probe_value_done(struct probe_value *value)
{
	strbuf_done(&value->text);
	strbuf_done(&value->others);
	strbuf_done(&value->where);
	strbuf_done(&value->reason);
}

__attribute__((format(printf, 2, 0))) static void set_reason(struct probe_value *value,
							     const char *format, va_list args)
{
	cleanup_free char *text = NULL;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		value->reason.failed = true;
		return;
	}
	strbuf_clear(&value->reason);
	strbuf_add_str(&value->reason, text);
}

int probe_error(struct probe_value *value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(value, format, args);
	va_end(args);
	value->outcome = CHECK_ERROR;
	return 0;
}

int probe_not_applicable(struct probe_value *value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(value, format, args);
	va_end(args);
	value->outcome = CHECK_NOT_APPLICABLE;
	return 0;
}

int probe_absent(struct probe_value *value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(value, format, args);
	va_end(args);
	value->kind = PROBE_ABSENT;
	return 0;
}

int probe_text(struct probe_value *value, const char *text)
{
	value->kind = PROBE_TEXT;
	strbuf_clear(&value->text);
	strbuf_add_str(&value->text, text);
	return 0;
}

int probe_unreadable(struct probe_value *value, const char *path, int r)
{
	return probe_error(value, "cannot read %s: %s", path, root_reason(r));
}

void probe_list_add(struct probe_value *value, const char *item)
{
	value->kind = PROBE_LIST;
	if (!item)
		return;
	if (value->count++)
		strbuf_add_char(&value->text, '\n');
	str_escape(&value->text, item, strlen(item));
}

void probe_set_where(struct probe_value *value, const char *path)
{
	strbuf_clear(&value->where);
	strbuf_add_str(&value->where, path);
}

int probe_builtin(struct probe_value *value, const char *text)
{
	if (!text)
		return probe_absent(value, "not set");
	probe_set_where(value, "built-in default");
	return probe_text(value, text);
}

int probe_list_found(struct probe_value *value, const char *what, const char *format, ...)
{
	cleanup_free char *item = NULL;
	va_list args;
	int len;

	if (value->count >= PROBE_MAX_FOUND) {
		(void)probe_error(value, "more than %d %s", PROBE_MAX_FOUND, what);
		return -E2BIG;
	}
	va_start(args, format);
	len = vasprintf(&item, format, args);
	va_end(args);
	if (len < 0) {
		item = NULL;
		return -ENOMEM;
	}
	probe_list_add(value, item);
	return 0;
}

int probe_read(const struct root *root, const char *path, size_t max, struct strbuf *text,
	       struct probe_value *value)
{
	int r = root_read_text(root, path, max, text);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(value, path, r);
		return r;
	}
	return 1;
}

int probe_end(struct probe_value *value, const char *path, int r)
{
	if (r >= 0 || r == -ENOMEM)
		return r < 0 ? r : 1;
	return value->outcome == CHECK_PASS ? probe_unreadable(value, path, r) : 0;
}

int probe_glob(const struct root *root, const char *patterns, root_glob_fn fn, void *userdata,
	       struct probe_value *value)
{
	const char *cursor = patterns, *word;
	size_t len;
	int r = 1;

	while (r > 0 && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *pattern = strndup(word, len);

		if (!pattern)
			return -ENOMEM;
		r = probe_end(value, pattern, root_glob(root, pattern, fn, userdata));
	}
	return r;
}
