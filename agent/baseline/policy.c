/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "base/fd.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"

#define ROLES_MAX     16u
#define APPROVALS_MAX 99u
#define CA_MAX_BYTES  ((size_t)1 << 20)

struct role {
	char *name;
	char *ca;	 /* PEM; NULL: the common one */
	char *eku;	 /* OID that the certificate's extended key usage must list, or NULL */
	char *extension; /* OID of an extension that it must have, or NULL */
	char *subject;	 /* pattern for its subject, or NULL */
};

struct policy {
	char *ca;
	uint64_t approvals;
	bool is_distinct;
	char **needed; /* roles; NULL-ended, or NULL */
	struct role roles[ROLES_MAX];
	unsigned role_count;
};

/* What ini_visit() carries along. */
struct reading {
	struct policy *policy;
	const char *path;
	struct role *role; /* of the section at hand; NULL: [policy] */
	bool has_approvals, has_distinct;
};

struct policy *policy_free(struct policy *policy)
{
	if (!policy)
		return NULL;
	for (unsigned i = 0; i < policy->role_count; i++) {
		free(policy->roles[i].name);
		free(policy->roles[i].ca);
		free(policy->roles[i].eku);
		free(policy->roles[i].extension);
		free(policy->roles[i].subject);
	}
	strv_free(policy->needed);
	free(policy->ca);
	free(policy);
	return NULL;
}

static const struct role *find_role(const struct policy *policy, const char *name)
{
	for (unsigned i = 0; name && i < policy->role_count; i++)
		if (strcmp(policy->roles[i].name, name) == 0)
			return &policy->roles[i];
	return NULL;
}

static int wrong(const struct reading *reading, unsigned line, struct diag *diag, const char *what)
{
	return diag_set(diag, reading->path, line, -EINVAL, "%s", what);
}

static int begin_section(struct reading *reading, const char *section, unsigned line,
			 struct diag *diag)
{
	struct policy *policy = reading->policy;

	reading->role = NULL;
	if (strcmp(section, "policy") == 0)
		return 0;
	if (strncmp(section, "role ", 5) != 0 || section[5] == '\0')
		return wrong(reading, line, diag, "a section is [policy] or [role NAME]");
	if (find_role(policy, section + 5))
		return wrong(reading, line, diag, "this role has a section already");
	if (policy->role_count == ROLES_MAX)
		return wrong(reading, line, diag, "there are more than 16 roles");
	reading->role = &policy->roles[policy->role_count];
	reading->role->name = strdup(section + 5);
	if (!reading->role->name)
		return -ENOMEM;
	policy->role_count++;
	return 0;
}

/* A path that is not absolute starts at the folder of the policy. */
static int read_ca(const struct reading *reading, const char *value, unsigned line, char **ret,
		   struct diag *diag)
{
	const char *slash = strrchr(reading->path, '/');
	cleanup_strbuf struct strbuf path = STRBUF_INIT, pem = STRBUF_INIT;
	int r;

	if (value[0] != '/' && slash)
		strbuf_add(&path, reading->path, (size_t)(slash - reading->path) + 1);
	strbuf_add_str(&path, value);
	r = strbuf_check(&path);
	if (r == 0)
		r = fd_read_file(AT_FDCWD, path.data, CA_MAX_BYTES, &pem);
	if (r < 0)
		return diag_set(diag, reading->path, line, r, "cannot read %s: %s", value,
				strerror(-r));
	*ret = strbuf_take(&pem);
	return *ret ? 0 : -ENOMEM;
}

static bool is_oid(const char *text)
{
	return strspn(text, "0123456789.") == strlen(text) && strchr(text, '.') && text[0] != '.' &&
	       text[strlen(text) - 1] != '.';
}

static int set_role_key(struct reading *reading, const char *key, const char *value, unsigned line,
			struct diag *diag)
{
	struct role *role = reading->role;
	bool is_known_oid = strcmp(key, "eku") == 0 || strcmp(key, "extension") == 0;
	char **field = strcmp(key, "ca") == 0	       ? &role->ca
		       : strcmp(key, "eku") == 0       ? &role->eku
		       : strcmp(key, "extension") == 0 ? &role->extension
		       : strcmp(key, "subject") == 0   ? &role->subject
						       : NULL;

	if (!field)
		return wrong(reading, line, diag,
			     "unknown key; a role has ca, eku, extension, subject");
	if (*field || value[0] == '\0')
		return wrong(reading, line, diag, "the key is there twice or has no value");
	if (field == &role->ca)
		return read_ca(reading, value, line, &role->ca, diag);
	if (is_known_oid && !is_oid(value))
		return wrong(reading, line, diag, "an OID in numbers is wanted, as 1.2.3.4");
	*field = strdup(value);
	return *field ? 0 : -ENOMEM;
}

static int set_policy_key(struct reading *reading, const char *key, const char *value,
			  unsigned line, struct diag *diag)
{
	struct policy *policy = reading->policy;
	struct diag why = {0};
	int r;

	if (strcmp(key, "approvals") == 0 && !reading->has_approvals) {
		reading->has_approvals = true;
		r = ini_field_u64(value, &policy->approvals, &why);
		if (r == 0 && (policy->approvals < 1 || policy->approvals > APPROVALS_MAX))
			return wrong(reading, line, diag, "approvals is a number from 1 to 99");
	} else if (strcmp(key, "roles") == 0 && !policy->needed) {
		r = ini_field_list(value, &policy->needed, &why);
	} else if (strcmp(key, "distinct_persons") == 0 && !reading->has_distinct) {
		reading->has_distinct = true;
		r = ini_field_bool(value, &policy->is_distinct, &why);
	} else {
		return wrong(reading, line, diag,
			     "unknown or repeated key; a policy has approvals, roles, "
			     "distinct_persons");
	}
	return r == -EINVAL ? wrong(reading, line, diag, why.text) : r;
}

static int on_key(const char *section, const char *key, const char *value, unsigned line,
		  void *userdata, struct diag *diag)
{
	struct reading *reading = userdata;

	if (!key)
		return begin_section(reading, section, line, diag);
	if (section[0] == '\0')
		return wrong(reading, line, diag, "a key before the first section");
	return reading->role ? set_role_key(reading, key, value, line, diag)
			     : set_policy_key(reading, key, value, line, diag);
}

static int check_needed(const struct policy *policy, const char *path, struct diag *diag)
{
	unsigned count = 0;

	for (char **name = policy->needed; name && *name; name++, count++)
		for (char **other = policy->needed; other < name; other++)
			if (strcmp(*name, *other) == 0)
				return diag_set(diag, path, 0, -EINVAL, "roles has '%s' twice",
						*name);
	if (count > ROLES_MAX)
		return diag_set(diag, path, 0, -EINVAL, "there are more than 16 roles");
	return 0;
}

int policy_new(const char *path, const char *ca_pem, struct policy **ret_policy, struct diag *diag)
{
	cleanup_with(policy_freep) struct policy *policy = calloc(1, sizeof(*policy));
	struct reading reading = {.policy = policy, .path = path};
	int r;

	if (!policy)
		return -ENOMEM;
	policy->approvals = 1;
	policy->is_distinct = true;
	policy->ca = strdup(ca_pem ?: "");
	if (!policy->ca)
		return -ENOMEM;
	r = path ? ini_visit(path, on_key, &reading, diag) : 0;
	if (r == -ENOENT && diag && !diag->text[0])
		diag_set(diag, path, 0, r, "there is no such policy");
	if (r == 0)
		r = check_needed(policy, path, diag);
	if (r < 0)
		return r;
	*ret_policy = TAKE_PTR(policy);
	return 0;
}

/* Whether the list (white space between) has this word. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

int policy_judge_role(const struct policy *policy, struct baseline_approval *a)
{
	const struct role *role = find_role(policy, a->role);
	int n = 0;

	if (!a->is_verified || !role)
		return 0;
	if (role->eku && !has_word(a->usages, role->eku))
		n = asprintf(&a->refusal,
			     "its certificate lacks the key usage %s that the role %s needs",
			     role->eku, role->name);
	else if (role->extension && !has_word(a->extensions, role->extension))
		n = asprintf(&a->refusal,
			     "its certificate lacks the extension %s that the role %s needs",
			     role->extension, role->name);
	else if (role->subject && fnmatch(role->subject, a->certificate, 0) != 0)
		n = asprintf(&a->refusal, "its certificate's subject %s is not one for the role %s",
			     a->certificate, role->name);
	else
		return 0;
	a->is_verified = false;
	if (n < 0)
		a->refusal = NULL;
	return n < 0 ? -ENOMEM : 0;
}

/* Who approved, as numbers: approvals of one person have one number. */
struct people {
	const struct baseline_approval *approvals;
	unsigned count;
	int person[APPROVALS_MAX];  /* -1: does not count */
	int role_of[APPROVALS_MAX]; /* of a person's number: the role it fills, or -1 */
};

static bool is_needed(const struct policy *policy, const char *role)
{
	if (!policy->needed || !policy->needed[0])
		return true;
	for (char **name = policy->needed; *name; name++)
		if (strcmp(*name, role) == 0)
			return true;
	return false;
}

static bool is_one_person(const struct baseline_approval *a, const struct baseline_approval *b)
{
	return strcmp(a->certificate_sha256, b->certificate_sha256) == 0 ||
	       strcmp(a->certificate, b->certificate) == 0 || strcmp(a->name, b->name) == 0;
}

/* Two who share something with a third are one as well, whatever the order. */
static void find_people(const struct policy *policy, struct people *people)
{
	for (unsigned i = 0; i < people->count; i++) {
		const struct baseline_approval *a = &people->approvals[i];
		bool counts = a->is_verified && is_needed(policy, a->role);

		people->role_of[i] = -1;
		people->person[i] = counts ? (int)i : -1;
		for (unsigned j = 0; counts && j < i; j++) {
			int old = people->person[j];

			if (old < 0 || !is_one_person(a, &people->approvals[j]))
				continue;
			for (unsigned k = 0; k <= i; k++)
				if (people->person[k] == old)
					people->person[k] = people->person[i];
		}
	}
}

/* People, or where one may sign several times: pairs of certificate and role. */
static unsigned count_approvals(const struct policy *policy, const struct people *people)
{
	unsigned count = 0;

	for (unsigned i = 0; i < people->count; i++) {
		const struct baseline_approval *a = &people->approvals[i];
		bool is_new = people->person[i] >= 0;

		for (unsigned j = 0; is_new && j < i; j++) {
			const struct baseline_approval *b = &people->approvals[j];

			if (people->person[j] != people->person[i])
				continue;
			is_new = !policy->is_distinct &&
				 (strcmp(a->role, b->role) != 0 ||
				  strcmp(a->certificate_sha256, b->certificate_sha256) != 0);
		}
		count += is_new;
	}
	return count;
}

/*
 * Finds somebody for @role who fills no other one, moving those who can do another role too (an
 * augmenting path; @tried has one bit per role, so it ends).
 */
static bool fill_role(const struct policy *policy, struct people *people, unsigned role,
		      unsigned *tried)
{
	if (*tried & 1u << role)
		return false;
	*tried |= 1u << role;
	for (unsigned i = 0; i < people->count; i++) {
		int person = people->person[i];

		if (person < 0 || strcmp(people->approvals[i].role, policy->needed[role]) != 0)
			continue;
		if (people->role_of[person] < 0 || !policy->is_distinct ||
		    fill_role(policy, people, (unsigned)people->role_of[person], tried)) {
			people->role_of[person] = (int)role;
			return true;
		}
	}
	return false;
}

static bool has_role(const struct people *people, const char *role)
{
	for (unsigned i = 0; i < people->count; i++)
		if (people->person[i] >= 0 && strcmp(people->approvals[i].role, role) == 0)
			return true;
	return false;
}

int policy_decide(const struct policy *policy, const struct baseline_approval *approvals,
		  unsigned count, struct diag *diag)
{
	struct people people = {.approvals = approvals, .count = count};
	const char *refusal = NULL;
	unsigned good = 0;

	if (count > APPROVALS_MAX)
		return -E2BIG;
	for (unsigned i = 0; i < count; i++) {
		good += approvals[i].is_verified;
		refusal = refusal ?: approvals[i].refusal;
	}
	if (count == 0)
		return diag_set(diag, "", 0, -ENOKEY, "it has no approval");
	if (good == 0)
		return diag_set(diag, "", 0, -EKEYREJECTED, "no approval holds: %s",
				refusal ?: "no reason is known");
	find_people(policy, &people);
	for (char **role = policy->needed; role && *role; role++)
		if (!has_role(&people, *role))
			return diag_set(diag, "", 0, -ENOKEY, "nobody approved it as %s", *role);
	good = count_approvals(policy, &people);
	if (good < policy->approvals)
		return diag_set(diag, "", 0, -ENOKEY,
				"approvals of %u %s hold, the policy wants %u", good,
				policy->is_distinct ? "people" : "signatures",
				(unsigned)policy->approvals);
	for (unsigned role = 0; policy->needed && policy->needed[role]; role++) {
		unsigned tried = 0;

		if (!fill_role(policy, &people, role, &tried))
			return diag_set(diag, "", 0, -ENOKEY,
					"one person approved it in several roles, the policy "
					"wants different people");
	}
	return 0;
}

int policy_read_approval(const struct policy *policy, struct baseline *baseline, unsigned index,
			 struct baseline_approval *ret_approval, struct diag *diag)
{
	cleanup_with(baseline_approval_done) struct baseline_approval unjudged = {0};
	const struct role *role;
	int r;

	/* What is signed names the role, and the role the CA. */
	r = baseline_read_approval(baseline, index, NULL, &unjudged, diag);
	if (r < 0)
		return r;
	role = find_role(policy, unjudged.role);
	r = baseline_read_approval(baseline, index, role && role->ca ? role->ca : policy->ca,
				   ret_approval, diag);
	return r < 0 ? r : policy_judge_role(policy, ret_approval);
}

int policy_judge(const struct policy *policy, struct baseline *baseline, policy_seen_fn fn,
		 void *userdata, struct diag *diag)
{
	unsigned count = baseline_count_approvals(baseline);
	struct baseline_approval *approvals = calloc(count + 1, sizeof(*approvals));
	int r = approvals ? 0 : -ENOMEM;

	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = policy_read_approval(policy, baseline, i, &approvals[i], diag);
		if (r == 0)
			fn(&approvals[i], i + 1, userdata);
	}
	if (r == 0)
		r = policy_decide(policy, approvals, count, diag);
	for (unsigned i = 0; approvals && i < count; i++)
		baseline_approval_done(&approvals[i]);
	free(approvals);
	return r;
}
