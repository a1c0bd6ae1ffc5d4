/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/ini.h"

#define FIELD(name) offsetof(struct settings, name)

static const struct ini_key keys[] = {
	{"listen", "address", ini_field_string, FIELD(address)},
	{"listen", "workers", ini_field_u64, FIELD(workers)},
	{"listen", "max_connections", ini_field_u64, FIELD(max_connections)},
	{"listen", "idle", ini_field_seconds, FIELD(idle_s)},
	{"tls", "ca", ini_field_path, FIELD(ca)},
	{"tls", "certificate", ini_field_path, FIELD(certificate)},
	{"tls", "key", ini_field_path, FIELD(key)},
	{"tls", "crl", ini_field_path, FIELD(crl)},
	{"store", "path", ini_field_path, FIELD(path)},
	{"store", "retention_days", ini_field_u64, FIELD(retention_days)},
	{"report", "data_dir", ini_field_path, FIELD(data_dir)},
	{"report", "waivers", ini_field_path, FIELD(waivers)},
	{"report", "approver_ca", ini_field_path, FIELD(approver_ca)},
	{"process", "user", ini_field_string, FIELD(user)},
	{NULL},
};

struct settings *settings_free(struct settings *settings)
{
	if (!settings)
		return NULL;

	free(settings->address);
	free(settings->ca);
	free(settings->certificate);
	free(settings->key);
	free(settings->crl);
	free(settings->path);
	free(settings->data_dir);
	free(settings->waivers);
	free(settings->approver_ca);
	free(settings->user);
	free(settings);
	return NULL;
}

static int check_range(const char *path, const char *name, uint64_t value, uint64_t max,
		       struct diag *diag)
{
	if (value >= 1 && value <= max)
		return 0;
	return diag_set(diag, path, 0, -EINVAL, "%s must be 1 to %llu", name,
			(unsigned long long)max);
}

static int check(const struct settings *settings, const char *path, struct diag *diag)
{
	if (!settings->ca || !settings->certificate || !settings->key)
		return diag_set(diag, path, 0, -EINVAL,
				"[tls] ca, certificate and key must be set");

	return check_range(path, "[listen] workers", settings->workers, 64, diag)
		       ?: check_range(path, "[listen] max_connections", settings->max_connections,
				      4096, diag)
		       ?: check_range(path, "[listen] idle", settings->idle_s, 3600, diag);
}

int settings_load(const char *path, struct settings **ret_settings, struct diag *diag)
{
	cleanup_with(settings_freep) struct settings *settings = calloc(1, sizeof(*settings));
	int r;

	if (!settings)
		return -ENOMEM;

	settings->address = strdup("127.0.0.1:8443");
	settings->path = strdup("/var/lib/plumbline-collector");
	settings->data_dir = strdup("/usr/share/plumbline-collector");
	settings->user = strdup("plumbline-collector");
	settings->waivers = strdup("/etc/plumbline/waivers");
	if (!settings->waivers || !settings->address || !settings->path || !settings->data_dir ||
	    !settings->user)
		return -ENOMEM;
	settings->workers = 1;
	settings->max_connections = 64;
	settings->idle_s = 60;
	settings->retention_days = 400;

	r = ini_load(path, keys, settings, diag);
	if (r < 0)
		return r;
	r = check(settings, path, diag);
	if (r < 0)
		return r;

	*ret_settings = TAKE_PTR(settings);
	return 0;
}
