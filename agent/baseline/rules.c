/* SPDX-License-Identifier: Apache-2.0 */
/* rules.ini: what is monitored and what is left out. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/baseline.h"

static const struct rule_key {
	const char *section, *key;
	size_t offset;
	bool may_be_pattern;
} rule_keys[] = {
	{"monitor", "tree", offsetof(struct baseline_rules, trees), false},
	{"ignore", "path", offsetof(struct baseline_rules, ignores), true},
	{"updaters", "program", offsetof(struct baseline_rules, updaters), false},
	{"never_block", "path", offsetof(struct baseline_rules, never_block), false},
	{"host_layer", "program", offsetof(struct baseline_rules, host_programs), true},
	{"host_layer", "ignore", offsetof(struct baseline_rules, host_ignores), false},
};

static bool is_normal(const char *path)
{
	cleanup_free char *copy = strdup(path);

	return copy && path_normalize(copy) == 0 && strcmp(copy, path) == 0;
}

static int on_key(const char *section, const char *key, const char *value, unsigned line,
		  void *userdata, struct diag *diag)
{
	struct baseline_rules *rules = userdata;
	bool is_known_section = false;

	for (size_t i = 0; i < ARRAY_SIZE(rule_keys); i++) {
		const struct rule_key *rule = &rule_keys[i];

		if (strcmp(rule->section, section) != 0)
			continue;
		is_known_section = true;
		if (!key || strcmp(rule->key, key) != 0)
			continue;
		if (!is_normal(value) && !(rule->may_be_pattern && value[0] == '/'))
			return diag_set(diag, "rules.ini", line, -EINVAL,
					"%s must be an absolute path without //, . or ..: %s", key,
					value);
		return strv_append((char ***)((char *)rules + rule->offset), value);
	}
	if (!is_known_section)
		return diag_set(diag, "rules.ini", line, -EINVAL, "unknown section [%s]", section);
	if (key)
		return diag_set(diag, "rules.ini", line, -EINVAL, "unknown key %s in [%s]", key,
				section);
	return 0;
}

int baseline_rules_parse(const char *text, size_t len, struct baseline_rules *ret_rules,
			 struct diag *diag)
{
	struct baseline_rules rules = {0};
	int r;

	r = len > BASELINE_RULES_MAX
		    ? diag_set(diag, "rules.ini", 0, -EINVAL, "it is too long")
		    : ini_visit_buffer("rules.ini", text, len, on_key, &rules, diag);
	if (r < 0) {
		baseline_rules_done(&rules);
		return r;
	}
	*ret_rules = rules;
	return 0;
}

static char *const *list_of(const struct baseline_rules *rules, const struct rule_key *rule)
{
	static char *const none[] = {NULL};
	char *const *list = *(char **const *)((const char *)rules + rule->offset);

	return list ? list : none;
}

/* Reads back what was written: the ini form has no quoting, and what it cannot carry comes back as
 * something else. */
static bool is_same_when_read(const struct baseline_rules *rules, const struct strbuf *text)
{
	cleanup_with(baseline_rules_done) struct baseline_rules again = {0};

	if (baseline_rules_parse(text->data ? text->data : "", text->len, &again, NULL) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rule_keys); i++) {
		char *const *a = list_of(rules, &rule_keys[i]);
		char *const *b = list_of(&again, &rule_keys[i]);

		while (*a && str_equal(*a, *b))
			a++, b++;
		if (*a || *b)
			return false;
	}
	return true;
}

int baseline_rules_write(const struct baseline_rules *rules, struct strbuf *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *section = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rule_keys); i++) {
		char *const *item = list_of(rules, &rule_keys[i]);

		if (*item && !str_equal(section, rule_keys[i].section))
			strbuf_printf(&text, "%s[%s]\n", text.len ? "\n" : "",
				      rule_keys[i].section);
		if (*item)
			section = rule_keys[i].section;
		for (; *item; item++)
			strbuf_printf(&text, "%s = %s\n", rule_keys[i].key, *item);
	}
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	if (text.len > BASELINE_RULES_MAX)
		return -EMSGSIZE;
	if (!is_same_when_read(rules, &text))
		return -EINVAL;
	strbuf_add(out, text.data, text.len);
	return strbuf_check(out);
}

void baseline_rules_done(struct baseline_rules *rules)
{
	strv_free(rules->trees);
	strv_free(rules->ignores);
	strv_free(rules->updaters);
	strv_free(rules->never_block);
	strv_free(rules->host_programs);
	strv_free(rules->host_ignores);
	*rules = (struct baseline_rules){0};
}

static bool has_path(char *const *list, const char *path)
{
	for (; list && *list; list++)
		if (path_is_below(path, *list) ||
		    fnmatch(*list, path, FNM_PATHNAME | FNM_LEADING_DIR) == 0)
			return true;
	return false;
}

bool baseline_rules_ignore(const struct baseline_rules *rules, const char *path)
{
	return has_path(rules->ignores, path);
}

bool baseline_rules_host_may(const struct baseline_rules *rules, const char *path)
{
	return has_path(rules->host_programs, path);
}
