/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contract between the check runner and its probes, one probe kind per file.
 *
 * A probe finds out one fact and judges nothing: it gives a value (absent, a text, or a list of
 * words), and the operator of the check's `expect` judges that. What it could not find out is an
 * error with its reason; what does not exist on such a host is not applicable, with its reason.
 */
#ifndef PLUMBLINE_CHECKS_PROBE_H
#define PLUMBLINE_CHECKS_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "checks/root.h"
#include "model/check_result.h"

#define PROBE_MAX_KEYS	8
#define PROBE_MAX_FOUND 256 /* items of a list by probe_list_found() */

enum probe_value_kind {
	PROBE_ABSENT,
	PROBE_TEXT,
	PROBE_LIST, /* items in @text, one a line; an operator looks at the first word of each */
};

struct probe_value {
	enum check_outcome outcome; /* CHECK_PASS: a value was found out, to be judged */
	enum probe_value_kind kind;
	struct strbuf text;
	size_t count;	     /* PROBE_LIST */
	bool may_be_decimal; /* a number that is not whole is one too, as in "2.5" */
	/* More values that must pass too (of Match blocks, of the next start), one a line; what
	 * they are is said before each (NULL: "also"). */
	struct strbuf others;
	const char *others_are;
	struct strbuf where;  /* the file that sets it, for the reader; may be empty */
	struct strbuf reason; /* of an error, of not applicable, or of an absent value */
};

void probe_value_done(struct probe_value *value);
#define cleanup_probe_value cleanup_with(probe_value_done)

/* All return 0, so that `return probe_error(value, ...)` ends a probe. */
int probe_error(struct probe_value *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int probe_not_applicable(struct probe_value *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int probe_absent(struct probe_value *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int probe_text(struct probe_value *value, const char *text);
/* "cannot read PATH: REASON". */
int probe_unreadable(struct probe_value *value, const char *path, int r);
/* Makes the value a list (also an empty one) and adds @item, escaped, when it is not NULL. */
void probe_list_add(struct probe_value *value, const char *item);
void probe_set_where(struct probe_value *value, const char *path);
/* What holds where no setting was found: @text, or absent when the program has none (NULL). */
int probe_builtin(struct probe_value *value, const char *text);

/*
 * As probe_list_add(), 0, for lists that what is found could make long. Beyond PROBE_MAX_FOUND
 * @value becomes the error "more than N WHAT" and the return is -E2BIG, which ends a walk.
 */
int probe_list_found(struct probe_value *value, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Reads a file into @text: 1, or 0 when there is none. Else negative errno, with the reason in
 * @value: what probe_glob() calls returns it to end the walk.
 */
int probe_read(const struct root *root, const char *path, size_t max, struct strbuf *text,
	       struct probe_value *value);
/*
 * Calls @fn for each path of each of the @patterns, by white space. Returns 1, or what probe_end()
 * makes of an error.
 */
int probe_glob(const struct root *root, const char *patterns, root_glob_fn fn, void *userdata,
	       struct probe_value *value);
/*
 * Whether a probe goes on after @r: 1 when that is no error; 0 when it is one, which @value then
 * has ("cannot read PATH" unless a reason stands there already); or -ENOMEM.
 */
int probe_end(struct probe_value *value, const char *path, int r);

enum probe_key_type {
	PROBE_KEY_TEXT,
	PROBE_KEY_PATH,	 /* absolute; wildcards where the probe says so */
	PROBE_KEY_PATHS, /* several, by white space */
	PROBE_KEY_WORDS,
	PROBE_KEY_NUMBER,
	PROBE_KEY_OCTAL,
	PROBE_KEY_CHOICE, /* one of @choices */
};

struct probe_key {
	const char *name; /* NULL ends the table */
	enum probe_key_type type;
	bool is_required;
	const char *choices; /* by white space */
};

/* The parameters of one check, in the order of its probe's key table; NULL where not given. */
struct probe_params {
	const char *values[PROBE_MAX_KEYS];
};

enum {
	PROBE_GIVES_TEXT = 1 << 0,
	PROBE_GIVES_LIST = 1 << 1,
};

struct probe_ops {
	const char *name; /* `kind` in the ini file */
	const struct probe_key *keys;
	unsigned gives; /* PROBE_GIVES_*: which operators make sense */

	/* Fills @value (zeroed before). 0, or -ENOMEM. */
	int (*run)(const struct probe_params *params, const struct root *root,
		   struct probe_value *value);

	/* Parts of a kernel dump (bits of enum kernel_part) that it reads. NULL: none. */
	unsigned (*asks)(const struct probe_params *params);

	bool needs_walk; /* reads root->inventory */
};

/* NULL-ended. */
extern const struct probe_ops *const probe_kinds[];
const struct probe_ops *probe_find(const char *name);

/* One per probe_*.c. */
extern const struct probe_ops probe_account;
extern const struct probe_ops probe_audit_rule;
extern const struct probe_ops probe_audit_status;
extern const struct probe_ops probe_certificate;
extern const struct probe_ops probe_changed;
extern const struct probe_ops probe_display;
extern const struct probe_ops probe_encryption;
extern const struct probe_ops probe_file_key;
extern const struct probe_ops probe_file_lines;
extern const struct probe_ops probe_file_mode;
extern const struct probe_ops probe_file_text;
extern const struct probe_ops probe_file_values;
extern const struct probe_ops probe_firewall_kept;
extern const struct probe_ops probe_group;
extern const struct probe_ops probe_interface;
extern const struct probe_ops probe_kernel_cmdline;
extern const struct probe_ops probe_kernel_config;
extern const struct probe_ops probe_kernel_module;
extern const struct probe_ops probe_limit;
extern const struct probe_ops probe_listener;
extern const struct probe_ops probe_log_target;
extern const struct probe_ops probe_mount;
extern const struct probe_ops probe_mounts;
extern const struct probe_ops probe_newest;
extern const struct probe_ops probe_nft;
extern const struct probe_ops probe_package;
extern const struct probe_ops probe_package_source;
extern const struct probe_ops probe_pam;
extern const struct probe_ops probe_path;
extern const struct probe_ops probe_plumbline;
extern const struct probe_ops probe_secure_boot;
extern const struct probe_ops probe_shell_variable;
extern const struct probe_ops probe_sshd;
extern const struct probe_ops probe_sudo;
extern const struct probe_ops probe_sysctl;
extern const struct probe_ops probe_time_source;
extern const struct probe_ops probe_unit;
extern const struct probe_ops probe_unit_setting;
extern const struct probe_ops probe_usb;
extern const struct probe_ops probe_usbguard;
extern const struct probe_ops probe_walk;

/* Used by the runner's `applies` too; 1 yes, 0 no, or negative errno. */
int package_is_installed(const struct root *root, const char *name);

#endif
