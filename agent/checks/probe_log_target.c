/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records are sent to, by the settings of rsyslog, systemd-journal-upload, the audit daemon's
 * plug-in and the agent, as "HOW HOST (FILE)": all of them, or those that go in the clear.
 *
 * rsyslog is read as text: templates and conditions are not followed, a line that forwards counts.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "all plain"},
	{NULL},
};

struct search;
typedef int (*take_fn)(struct search *search, char *text);

struct search {
	const struct root *root;
	struct probe_value *value;
	bool wants_plain;
	bool is_legacy_tls; /* rsyslog: what the lines before said of those to come */
	take_fn take;
	const char *path;
	unsigned seen;
};

static int add(struct search *search, const char *how, const char *host, bool is_encrypted)
{
	search->seen++;
	if (search->wants_plain && is_encrypted)
		return 0;
	return probe_list_found(search->value, "targets", "%s %s (%s)", how, host, search->path);
}

/* The quoted value of @name in an action(...) of rsyslog, into @buf; false when it has none. */
static bool action_value(const char *action, const char *name, char *buf, size_t size)
{
	size_t len = strlen(name);

	for (const char *p = action; (p = strcasestr(p, name)); p += len) {
		const char *value = p + len;

		if (p > action && (isalnum((unsigned char)p[-1]) || p[-1] == '.'))
			continue;
		value += strspn(value, " \t\n");
		if (*value++ != '=')
			continue;
		value += strspn(value, " \t\n\"'");
		snprintf(buf, size, "%.*s", (int)strcspn(value, "\"')\n"), value);
		return true;
	}
	return false;
}

/* action(type="omfwd" target="a" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1") */
static int take_action(struct search *search, const char *action)
{
	char type[32] = "", host[160] = "", mode[16], protocol[16] = "udp";
	bool is_encrypted = false;

	if (!action_value(action, "type", type, sizeof(type)))
		return 0;
	if (!action_value(action, "target", host, sizeof(host)))
		(void)action_value(action, "server", host, sizeof(host));
	(void)action_value(action, "protocol", protocol, sizeof(protocol));
	if (action_value(action, "streamdrivermode", mode, sizeof(mode)))
		is_encrypted = str_equal(mode, "1");
	if (strcasecmp(type, "omfwd") == 0)
		return add(search, strcasecmp(protocol, "tcp") == 0 ? "rsyslog-tcp" : "rsyslog-udp",
			   host, is_encrypted && strcasecmp(protocol, "tcp") == 0);
	if (strcasecmp(type, "omrelp") == 0)
		return add(search, "rsyslog-relp", host,
			   action_value(action, "tls", mode, sizeof(mode)) &&
				   strcasecmp(mode, "on") == 0);
	return 0;
}

/* "*.* @@host:514" by TCP, "*.* @host" by UDP; "$ActionSendStreamDriverMode 1" */
static int take_legacy_line(struct search *search, char *line)
{
	char *word = text_next_word(&line), *target = word ? text_next_word(&line) : NULL;
	bool is_tcp;

	if (!target)
		return 0;
	if (strcasecmp(word, "$ActionSendStreamDriverMode") == 0) {
		search->is_legacy_tls = str_equal(target, "1");
		return 0;
	}
	if (*target != '@' || *word == '#' || *word == '$')
		return 0;
	is_tcp = target[1] == '@';
	target += 1 + is_tcp;
	if (*target == '(' && strchr(target, ')'))
		target = strchr(target, ')') + 1;
	return add(search, is_tcp ? "rsyslog-tcp" : "rsyslog-udp", target,
		   is_tcp && search->is_legacy_tls);
}

/* Takes comments out, in place: an action that is commented out forwards nothing. */
static void blank_comments(char *text)
{
	bool is_start = true;

	for (char *p = text; *p; p++) {
		if (*p == '#' && is_start)
			while (*p && *p != '\n')
				*p++ = ' ';
		if (!*p)
			break;
		is_start = *p == '\n' || (is_start && isspace((unsigned char)*p));
	}
}

static int take_rsyslog(struct search *search, char *text)
{
	char *cursor = text, *line;
	int r = 0;

	blank_comments(text);
	for (char *p = text; r == 0 && (p = strcasestr(p, "action")); p += strlen("action")) {
		cleanup_free char *action = NULL;
		char *open = p + strlen("action") + strspn(p + strlen("action"), " \t\n");

		if (*open != '(')
			continue;
		action = strndup(open, strcspn(open, ")"));
		r = action ? take_action(search, action) : -ENOMEM;
	}
	while (r == 0 && (line = text_next_line(&cursor)))
		r = take_legacy_line(search, line);
	return r;
}

/* The value of "KEY = VALUE" in @text, into @buf; the last one counts. */
static bool find_value(struct search *search, const char *text, const char *key, char *buf,
		       size_t size)
{
	cleanup_free char *copy = strdup(text);
	char *cursor = copy, *line;
	bool is_found = false;

	if (!copy)
		search->value->text.failed = true;
	while ((line = text_next_line(&cursor))) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		if (strcasecmp(words_squash(line), key) != 0)
			continue;
		is_found = str_copy(buf, size, words_squash(value)) && *buf;
	}
	return is_found;
}

static int take_upload(struct search *search, char *text)
{
	char url[160] = "";

	if (!find_value(search, text, "URL", url, sizeof(url)))
		return 0;
	return add(search, "journal-upload", url, !str_starts(url, "http://"));
}

static int take_audisp(struct search *search, char *text)
{
	char host[160] = "", transport[16] = "";

	if (!find_value(search, text, "remote_server", host, sizeof(host)))
		return 0;
	(void)find_value(search, text, "transport", transport, sizeof(transport));
	return add(search, "audisp", host, strcasecmp(transport, "krb5") == 0);
}

/* The agent speaks to its collector by TLS 1.3 only. */
static int take_agent(struct search *search, char *text)
{
	char url[160] = "";

	return find_value(search, text, "url", url, sizeof(url))
		       ? add(search, "plumbline", url, true)
		       : 0;
}

static const struct format {
	const char *pattern;
	take_fn take;
} formats[] = {
	{"/etc/rsyslog.conf", take_rsyslog},
	{"/etc/rsyslog.d/*.conf", take_rsyslog},
	{"/etc/systemd/journal-upload.conf", take_upload},
	{"/etc/systemd/journal-upload.conf.d/*.conf", take_upload},
	{"/etc/audit/audisp-remote.conf", take_audisp},
	{"/etc/plumbline/plumbline.conf", take_agent},
};

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0 || !text.data)
		return r;
	search->path = path;
	return search->take(search, text.data);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {
		.root = root,
		.value = value,
		.wants_plain = str_equal(params->values[0], "plain"),
	};
	int r = 1;

	probe_list_add(value, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(formats) && r > 0; i++) {
		search.take = formats[i].take;
		r = probe_glob(root, formats[i].pattern, read_file, &search, value);
	}
	if (r <= 0)
		return r;
	if (search.wants_plain && !search.seen)
		return probe_not_applicable(value, "nothing is sent away; LOG-005 reports that");
	return 0;
}

const struct probe_ops probe_log_target = {"log_target", keys, PROBE_GIVES_LIST, run};
