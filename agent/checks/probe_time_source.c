/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the clock is set from, by the settings of chrony, ntpsec (ntp) and systemd-timesyncd, as
 * "HOST (FILE)": all of them, or those that do not prove who they are (no NTS, no key).
 */
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

static const char files[] = "/etc/chrony/chrony.conf /etc/chrony.conf /etc/chrony/conf.d/*.conf "
			    "/etc/chrony.d/*.conf /etc/chrony/sources.d/*.sources "
			    "/etc/ntp.conf /etc/ntpsec/ntp.conf /etc/ntpsec/ntp.d/*.conf "
			    "/etc/systemd/timesyncd.conf /etc/systemd/timesyncd.conf.d/*.conf";

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "all unproven"},
	{NULL},
};

struct search {
	const struct root *root;
	struct probe_value *value;
	bool wants_unproven;
	unsigned files;
};

static int add(struct search *search, const char *host, bool is_proven, const char *path)
{
	if (search->wants_unproven && is_proven)
		return 0;
	return probe_list_found(search->value, "time sources", "%s (%s)", host, path);
}

/* "server ntp.example iburst nts", "pool 2.example", "peer 10.0.0.1 key 3", "refclock PPS
 * /dev/pps0"
 */
static int take_ntp_line(struct search *search, char *line, const char *path)
{
	char *word = text_next_word(&line), *host;
	bool is_proven = false;

	if (!word)
		return 0;
	text_lower(word);
	/* A clock of the machine's own needs no proof. */
	if (str_equal(word, "refclock")) {
		host = text_next_word(&line);
		return host ? add(search, host, true, path) : 0;
	}
	if (!str_equal(word, "server") && !str_equal(word, "pool") && !str_equal(word, "peer"))
		return 0;
	host = text_next_word(&line);
	while ((word = text_next_word(&line)) && *word != '#' && *word != '!')
		is_proven |= str_equal(word, "nts") || str_equal(word, "key");
	return host ? add(search, host, is_proven || str_starts(host, "127.127."), path) : 0;
}

/* "NTP=a b"; timesyncd can prove nothing. */
static int take_timesyncd_line(struct search *search, char *line, const char *path)
{
	char *hosts = strchr(line, '='), *host;
	int r = 0;

	if (!hosts)
		return 0;
	*hosts++ = '\0';
	words_squash(line);
	if (!str_equal(line, "NTP") && !str_equal(line, "FallbackNTP"))
		return 0;
	while (r == 0 && (host = text_next_word(&hosts)))
		r = add(search, host, false, path);
	return r;
}

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	bool is_timesyncd = strstr(path, "/timesyncd.conf");
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	search->files++;
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor))) {
		if (*line == '#' || *line == '!' || *line == ';' || *line == '%')
			continue;
		r = is_timesyncd ? take_timesyncd_line(search, line, path)
				 : take_ntp_line(search, line, path);
	}
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {
		.root = root,
		.value = value,
		.wants_unproven = str_equal(params->values[0], "unproven"),
	};
	int r;

	probe_list_add(value, NULL);
	r = probe_glob(root, files, read_file, &search, value);
	if (r <= 0)
		return r;
	return search.files ? 0 : probe_not_applicable(value, "no time service has settings here");
}

const struct probe_ops probe_time_source = {"time_source", keys, PROBE_GIVES_LIST, run};
