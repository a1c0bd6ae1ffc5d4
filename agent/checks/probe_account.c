/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about local accounts, as lists of account names. No password hash is copied: the shadow
 * text is wiped before its memory is given back, and only its first bytes are looked at in place.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_FIELDS 9

enum {
	KEY_FACT,
	KEY_EXCEPT,
	KEY_NAMES
};

static const struct probe_key keys[] = {
	[KEY_FACT] = {"fact", PROBE_KEY_CHOICE, true,
		      "uid_zero duplicate_name duplicate_uid system_with_shell hash_in_passwd "
		      "empty_password weak_hash login usable_password no_inactive no_max_age "
		      "duplicate_group duplicate_gid"},
	[KEY_EXCEPT] = {"except", PROBE_KEY_WORDS}, /* accounts that are not listed */
	[KEY_NAMES] = {"names", PROBE_KEY_WORDS},   /* only these are looked at */
	{NULL},
};

/* Highest number of a system account where login.defs does not say otherwise. */
#define SYSTEM_UID_MAX 999

struct account {
	char *fields[MAX_FIELDS];
	uint64_t uid;
};

static bool is_uid_zero(const struct account *account)
{
	return account->uid == 0;
}

/* `sync` is a command, not a shell: Debian ships it as that account's program. */
static const char harmless[] = "/usr/sbin/nologin /sbin/nologin /bin/false /usr/bin/false "
			       "/bin/sync /usr/bin/sync /sbin/shutdown /sbin/halt "
			       "/usr/sbin/shutdown /usr/sbin/halt";

static bool is_system_with_shell(const struct account *account)
{
	const char *shell = account->fields[6];

	if (account->uid == 0 || account->uid > SYSTEM_UID_MAX)
		return false;
	return !shell || !words_contain(harmless, WORDS_SPACE, shell);
}

/* The program is a shell, whatever the password. */
static bool is_login(const struct account *account)
{
	return !account->fields[6] || !*account->fields[6] ||
	       !words_contain(harmless, WORDS_SPACE, account->fields[6]);
}

static bool is_hash_in_passwd(const struct account *account)
{
	const char *password = account->fields[1];

	return !password || (strcmp(password, "x") != 0 && *password != '*' && *password != '!');
}

static bool is_empty_password(const struct account *account)
{
	return account->fields[1] && !*account->fields[1];
}

/* Empty, or a hash that nothing locks. */
static bool is_usable_password(const struct account *account)
{
	const char *password = account->fields[1];

	return password && *password != '!' && *password != '*';
}

/* Shadow: days after the end of a password until the account is closed. */
static bool is_without_inactive(const struct account *account)
{
	return is_usable_password(account) && (!account->fields[6] || !*account->fields[6]);
}

/* Shadow: days that a password holds; 99999 means for ever. */
static bool is_without_max_age(const struct account *account)
{
	uint64_t days;

	return is_usable_password(account) &&
	       (!account->fields[4] || str_to_u64(account->fields[4], 10, &days) < 0 ||
		days >= 99999);
}

/* The method stands in front of the hash: $y$ yescrypt, $6$ SHA-512, $gy$, $7$ scrypt, $2b$ bcrypt.
 */
static bool is_weak_hash(const struct account *account)
{
	const char *password = account->fields[1];

	if (!password || !*password || *password == '!' || *password == '*')
		return false;
	return !str_starts(password, "$y$") && !str_starts(password, "$gy$") &&
	       !str_starts(password, "$7$") && !str_starts(password, "$6$") &&
	       !str_starts(password, "$2");
}

static const struct fact {
	const char *name, *file;
	bool (*is_listed)(const struct account *account); /* NULL: duplicates of @field */
	int field;
	bool has_uid;
} facts[] = {
	{"uid_zero", "/etc/passwd", is_uid_zero, 0, true},
	{"duplicate_name", "/etc/passwd", NULL, 0, true},
	{"duplicate_uid", "/etc/passwd", NULL, 2, true},
	{"system_with_shell", "/etc/passwd", is_system_with_shell, 0, true},
	{"hash_in_passwd", "/etc/passwd", is_hash_in_passwd, 0, true},
	{"empty_password", "/etc/shadow", is_empty_password, 0, false},
	{"weak_hash", "/etc/shadow", is_weak_hash, 0, false},
	{"login", "/etc/passwd", is_login, 0, true},
	{"usable_password", "/etc/shadow", is_usable_password, 0, false},
	{"no_inactive", "/etc/shadow", is_without_inactive, 0, false},
	{"no_max_age", "/etc/shadow", is_without_max_age, 0, false},
	{"duplicate_group", "/etc/group", NULL, 0, true},
	{"duplicate_gid", "/etc/group", NULL, 2, true},
};

/* False when the line is no account. */
static bool split(char *line, bool has_uid, struct account *account)
{
	*account = (struct account){0};
	for (int i = 0; i < MAX_FIELDS && line; i++)
		account->fields[i] = strsep(&line, ":");
	if (!account->fields[0] || !*account->fields[0] || !account->fields[1])
		return false;
	return !has_uid ||
	       (account->fields[2] && str_to_u64(account->fields[2], 10, &account->uid) == 0);
}

/* Whether @field of an earlier line (split already, so NUL-separated) has the same text. */
struct seen {
	const char **texts;
	size_t count, room;
};

static int seen_before(struct seen *seen, const char *text)
{
	for (size_t i = 0; i < seen->count; i++)
		if (strcmp(seen->texts[i], text) == 0)
			return 1;
	if (array_grow(&seen->texts, seen->count, &seen->room, sizeof(*seen->texts)) < 0)
		return -ENOMEM;
	seen->texts[seen->count++] = text;
	return 0;
}

static bool is_chosen(const struct probe_params *params, const char *name)
{
	return !words_contain(params->values[KEY_EXCEPT], WORDS_SPACE, name) &&
	       (!params->values[KEY_NAMES] ||
		words_contain(params->values[KEY_NAMES], WORDS_SPACE, name));
}

static int list_accounts(const struct fact *fact, const struct probe_params *params, char *text,
			 struct probe_value *value)
{
	cleanup_free const char **texts = NULL;
	struct seen seen = {0};
	struct account account;
	char *cursor = text, *line;
	int r;

	probe_list_add(value, NULL);
	while ((line = text_next_line(&cursor))) {
		if (!*line)
			continue;
		if (!split(line, fact->has_uid, &account))
			return probe_error(value, "%s has a line that is no account", fact->file);
		r = fact->is_listed ? fact->is_listed(&account)
				    : seen_before(&seen, account.fields[fact->field]);
		texts = seen.texts;
		if (r < 0)
			return r;
		if (r && is_chosen(params, account.fields[0]))
			probe_list_add(value, account.fields[0]);
	}
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const struct fact *fact = facts;
	int r;

	while (!str_equal(fact->name, params->values[KEY_FACT]))
		fact++;
	r = root_read_text(root, fact->file, ROOT_MAX_CONFIG_BYTES, &text);
	if (r == -ENOENT && !root->is_live)
		return probe_not_applicable(value, "%s is not there", fact->file);
	if (r == 0)
		r = list_accounts(fact, params, text.data, value);
	else if (r != -ENOMEM)
		r = probe_unreadable(value, fact->file, r);
	if (text.data)
		explicit_bzero(text.data, text.room);
	return r;
}

const struct probe_ops probe_account = {"account", keys, PROBE_GIVES_LIST, run};
