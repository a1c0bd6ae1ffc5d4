/* SPDX-License-Identifier: Apache-2.0 */
#include "report/framework_source.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

bool framework_is_wished(const struct framework_wish *wish)
{
	if (wish->framework)
		return true;
	/* Some formats are for frameworks only. */
	return wish->format && !report_find_format(wish->format) &&
	       framework_find_format(wish->format);
}

static int choose(const struct framework_wish *wish, struct framework_source *source,
		  struct diag *diag)
{
	const char *name = wish->framework;

	source->format = framework_find_format(wish->format ? wish->format : "text");
	if (!source->format)
		return diag_set(diag, "", 0, -EINVAL, "'%s' is no format of reports by framework",
				wish->format);
	if (!name)
		name = source->format->needs ? source->format->needs : FRAMEWORK_PIVOT;
	if (source->format->needs && !str_equal(name, source->format->needs) &&
	    !(str_starts(name, "attack-") && str_starts(source->format->needs, "attack-")))
		return diag_set(diag, "", 0, -EINVAL, "%s is a format of %s, not of %s",
				source->format->name,
				str_starts(source->format->needs, "attack-")
					? "attack-enterprise and attack-ics"
					: source->format->needs,
				name);
	source->question.crosswalk = source->crosswalk;
	source->question.map = source->map;
	return framework_choose(&source->question, name, wish->level, diag);
}

int framework_source_load(const struct framework_wish *wish, const char *data_dir,
			  struct framework_source *ret_source, struct diag *diag)
{
	cleanup_framework_source struct framework_source source = {0};
	cleanup_free char *path = NULL;
	int r;

	if (asprintf(&path, "%s/controls/findings.ini", data_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = crosswalk_load(data_dir, &source.crosswalk, diag);
	if (r == 0)
		r = control_map_load(path, &source.map, diag);
	if (r == 0)
		r = choose(wish, &source, diag);
	if (r == 0 && wish->scope)
		r = scope_load(wish->scope, source.crosswalk, &source.scope, diag);
	if (r < 0)
		return r;
	source.question.scope = source.scope;
	*ret_source = source;
	source = (struct framework_source){0};
	return 0;
}

void framework_source_done(struct framework_source *source)
{
	scope_free(source->scope);
	control_map_free(source->map);
	crosswalk_free(source->crosswalk);
	*source = (struct framework_source){0};
}

int framework_source_write(struct framework_source *source, const struct report *report, FILE *out)
{
	cleanup_framework_view struct framework_view view = {0};
	int r;

	source->question.report = report;
	source->question.waivers = report->waivers;
	r = framework_view_init(&source->question, &view);
	return r < 0 ? r : source->format->write(&view, out);
}
