/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/words.h"
#include "model/agent_name.h"
#include "model/name_table.h"

#define LONGEST_S (31 * 86400)

/* One of a few words; the list is in the parser because ini_parse_fn carries no argument. */
static int parse_choice(const char *text, void *field, struct diag *diag, const char *const *words)
{
	cleanup_strbuf struct strbuf list = STRBUF_INIT;

	for (const char *const *word = words; *word; word++)
		if (strcmp(*word, text) == 0)
			return ini_field_string(text, field, diag);
	for (const char *const *word = words; *word && strbuf_check(&list) == 0; word++) {
		if (word != words)
			strbuf_add_str(&list, word[1] ? ", " : " or ");
		strbuf_add_str(&list, *word);
	}
	return diag_set(diag, "", 0, -EINVAL, "'%s' is not allowed here; %s", text,
			list.len ? list.data : "");
}

static int parse_seccomp(const char *text, void *field, struct diag *diag)
{
	return parse_choice(text, field, diag,
			    (const char *const[]){"enforce", "log", "off", NULL});
}

static int parse_rung(const char *text, void *field, struct diag *diag)
{
	return parse_choice(text, field, diag,
			    (const char *const[]){"auto", "lsm", "trace", "fanotify", "scan",
						  NULL});
}

static int parse_yes_no(const char *text, void *field, struct diag *diag)
{
	return parse_choice(text, field, diag, (const char *const[]){"yes", "no", NULL});
}

static int parse_late(const char *text, void *field, struct diag *diag)
{
	return parse_choice(text, field, diag, (const char *const[]){"allow", "deny", NULL});
}

/* What @parse reads is from @min to @max, which @words say. */
struct range {
	ini_parse_fn parse;
	uint64_t min, max;
	const char *words;
};

static int parse_range(const char *text, void *field, struct diag *diag, const struct range *range)
{
	uint64_t number;
	int r = range->parse(text, &number, diag);

	if (r < 0)
		return r;
	if (number < range->min || number > range->max)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is not from %s", text, range->words);
	*(uint64_t *)field = number;
	return 0;
}

/* Longer than somebody waits for a program is of no use, and none at all is no time to read it. */
static int parse_deadline_ms(const char *text, void *field, struct diag *diag)
{
	return parse_range(text, field, diag,
			   &(const struct range){ini_field_u64, 1, 60000, "1 to 60000"});
}

/* No time at all would switch off what is done each time. */
static int parse_time(const char *text, void *field, struct diag *diag)
{
	return parse_range(text, field, diag,
			   &(const struct range){ini_field_seconds, 1, LONGEST_S, "1s to 31d"});
}

static int parse_time_or_never(const char *text, void *field, struct diag *diag)
{
	return parse_range(text, field, diag,
			   &(const struct range){ini_field_seconds, 0, LONGEST_S, "0 to 31d"});
}

/* Below, the recorder would find no room for anything. */
static int parse_outbox_bytes(const char *text, void *field, struct diag *diag)
{
	return parse_range(text, field, diag,
			   &(const struct range){ini_field_u64, 256 << 10, 1ULL << 40,
						 "262144 (256 KiB) to 1099511627776 (1 TiB)"});
}

static int parse_name(const char *text, void *field, struct diag *diag)
{
	if (!agent_name_is_valid(text))
		return diag_set(diag, "", 0, -EINVAL,
				"'%s' is not 1 to 127 letters, digits, dots, underscores and "
				"hyphens",
				text);
	return ini_field_string(text, field, diag);
}

static int parse_url(const char *text, void *field, struct diag *diag)
{
	const char *host = text + strlen("https://");

	if (text[0] && (!str_starts(text, "https://") || !host[0] || strpbrk(host, " \t\n")))
		return diag_set(diag, "", 0, -EINVAL, "'%s' is not https:// and a host", text);
	return ini_field_string(text, field, diag);
}

/* Nothing that is kept or sent has arguments of programs. The key is there for the files that say
 * so. */
static int parse_arguments(const char *text, void *field, struct diag *diag)
{
	if (!str_equal(text, "off"))
		return diag_set(diag, "", 0, -EINVAL,
				"'%s' is not allowed here: arguments are never told, which is off",
				text);
	return ini_field_string(text, field, diag);
}

/* Absolute paths, as the mount table shows them. */
static int parse_mounts(const char *text, void *field, struct diag *diag)
{
	const char *cursor = text, *word;
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *path = strndup(word, len), *given = path ? strdup(path) : NULL;

		if (!given)
			return -ENOMEM;
		if (path_normalize(path) < 0 || !str_equal(path, given))
			return diag_set(diag, "", 0, -EINVAL,
					"'%s' is no absolute path of a mount point", given);
	}
	return ini_field_string(text, field, diag);
}

static int parse_privacy(const char *text, void *field, struct diag *diag)
{
	return parse_choice(text, field, diag,
			    (const char *const[]){"off", "hashed", "clear", NULL});
}

static int parse_optional_path(const char *text, void *field, struct diag *diag)
{
	return text[0] ? ini_field_path(text, field, diag) : ini_field_string(text, field, diag);
}

#define KEY(section, name, parser)                                    \
	{                                                             \
		section, #name, parser, offsetof(struct config, name) \
	}

static const struct ini_key keys[] = {
	KEY("agent", name, parse_name),
	KEY("agent", state_dir, ini_field_path),
	KEY("agent", run_dir, ini_field_path),
	KEY("agent", data_dir, ini_field_path),
	KEY("agent", libexec_dir, ini_field_path),
	KEY("process", user_prefix, ini_field_string),
	KEY("process", seccomp, parse_seccomp),
	KEY("baseline", approver_ca, ini_field_path),
	KEY("baseline", approval_policy, parse_optional_path),
	KEY("baseline", vendor_policy, parse_optional_path),
	KEY("baseline", model_policy, parse_optional_path),
	KEY("baseline", site_policy, parse_optional_path),
	KEY("baseline", host_policy, parse_optional_path),
	KEY("sensor", rung, parse_rung),
	KEY("sensor", enforce, parse_yes_no),
	KEY("sensor", permission_mounts, parse_mounts),
	KEY("sensor", permission_deadline_ms, parse_deadline_ms),
	KEY("sensor", permission_late, parse_late),
	KEY("sensor", dead_man_s, parse_time),
	KEY("sensor", scan_interval_s, parse_time),
	KEY("sensor", recheck_interval_s, parse_time),
	KEY("checks", profile, ini_field_string),
	KEY("checks", overlay, parse_optional_path),
	KEY("checks", category, ini_field_string),
	KEY("checks", waivers, parse_optional_path),
	KEY("checks", check_interval_s, parse_time),
	KEY("checks", walk_interval_s, parse_time_or_never),
	KEY("privacy", arguments, parse_arguments),
	KEY("privacy", user_names, parse_privacy),
	KEY("privacy", salt_file, ini_field_path),
	KEY("collector", url, parse_url),
	KEY("collector", ca, ini_field_path),
	KEY("collector", certificate, ini_field_path),
	KEY("collector", key, ini_field_path),
	KEY("collector", outbox_max_bytes, parse_outbox_bytes),
	KEY("collector", linger_s, parse_time),
	{NULL, NULL, NULL, 0},
};

/* Where the helpers are: beside the running program, or in libexec when it runs from where it is
 * installed. */
static int helper_directory(char **ret_path)
{
	char path[4096], *slash;
	ssize_t len;

	len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len < 0)
		return -errno;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	*(slash == path ? slash + 1 : slash) = '\0';
	return copy_string(strcmp(path, PLUMBLINE_SBINDIR) == 0 ? PLUMBLINE_LIBEXECDIR : path,
			   ret_path);
}

static int set_defaults(struct config *config)
{
	char host[256] = "";
	int r = 0;

	if (gethostname(host, sizeof(host) - 1) < 0)
		return -errno;
	r |= copy_string(host, &config->name);
	r |= copy_string("/var/lib/plumbline", &config->state_dir);
	r |= copy_string("/run/plumbline", &config->run_dir);
	r |= copy_string("/usr/share/plumbline", &config->data_dir);
	r |= copy_string("plumbline", &config->user_prefix);
	r |= copy_string("enforce", &config->seccomp);
	r |= copy_string("/etc/plumbline/approvers.pem", &config->approver_ca);
	r |= copy_string("", &config->approval_policy);
	r |= copy_string("", &config->vendor_policy);
	r |= copy_string("", &config->model_policy);
	r |= copy_string("", &config->site_policy);
	r |= copy_string("", &config->host_policy);
	r |= copy_string("auto", &config->rung);
	r |= copy_string("no", &config->enforce);
	r |= copy_string("", &config->permission_mounts);
	r |= copy_string("allow", &config->permission_late);
	r |= copy_string("hmi-sl3", &config->profile);
	r |= copy_string("", &config->overlay);
	r |= copy_string("", &config->category);
	r |= copy_string("/etc/plumbline/waivers", &config->waivers);
	r |= copy_string("off", &config->arguments);
	r |= copy_string("clear", &config->user_names);
	r |= copy_string("/etc/plumbline/user-names.salt", &config->salt_file);
	r |= copy_string("", &config->url);
	r |= copy_string("/etc/plumbline/collector-ca.pem", &config->ca);
	r |= copy_string("/etc/plumbline/agent.pem", &config->certificate);
	r |= copy_string("/etc/plumbline/agent.key", &config->key);
	if (r < 0)
		return -ENOMEM;
	config->permission_deadline_ms = 200;
	config->dead_man_s = 300;
	config->scan_interval_s = 6 * 3600;
	config->recheck_interval_s = 60;
	config->check_interval_s = 3600;
	config->walk_interval_s = 86400;
	config->outbox_max_bytes = 256ULL << 20;
	config->linger_s = 120;
	return helper_directory(&config->libexec_dir);
}

int config_load(const char *path, struct config **ret_config, struct diag *diag)
{
	cleanup_with(config_freep) struct config *config = NULL;
	int r;

	config = calloc(1, sizeof(*config));
	if (!config)
		return -ENOMEM;
	r = set_defaults(config);
	if (r < 0)
		return diag_set(diag, "", 0, r, "cannot find out the defaults: %s", strerror(-r));
	if (path) {
		r = ini_load(path, keys, config, diag);
		if (r < 0)
			return r;
	}
	/* What the file names was looked at; this may be the name of the host. */
	if (config->url[0] && !agent_name_is_valid(config->name))
		return diag_set(diag, path, 0, -EINVAL,
				"[agent] name is needed: no collector takes records of a host '%s'",
				config->name);
	*ret_config = TAKE_PTR(config);
	return 0;
}

static bool is_number(const struct ini_key *key)
{
	return key->parse == parse_time || key->parse == parse_time_or_never ||
	       key->parse == parse_deadline_ms || key->parse == parse_outbox_bytes;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	for (const struct ini_key *key = keys; key->section; key++)
		if (!is_number(key))
			free(*(char **)((char *)config + key->offset));
	free(config);
	return NULL;
}

const char *config_policy_of(const struct config *config, enum layer layer)
{
	const char *const own[LAYER_COUNT] = {
		[LAYER_VENDOR] = config->vendor_policy,
		[LAYER_MODEL] = config->model_policy,
		[LAYER_SITE] = config->site_policy,
		[LAYER_HOST] = config->host_policy,
	};
	const char *path = own[layer] && own[layer][0] ? own[layer] : config->approval_policy;

	return path[0] ? path : NULL;
}

void config_print(const struct config *config, struct strbuf *out)
{
	const char *section = "";

	for (const struct ini_key *key = keys; key->section; key++) {
		const void *field = (const char *)config + key->offset;

		if (strcmp(section, key->section) != 0) {
			section = key->section;
			strbuf_printf(out, "%s[%s]\n", out->len ? "\n" : "", section);
		}
		if (is_number(key))
			strbuf_printf(out, "%s = %" PRIu64 "\n", key->key,
				      *(const uint64_t *)field);
		else
			strbuf_printf(out, "%s = %s\n", key->key, *(char *const *)field);
	}
}
