/* SPDX-License-Identifier: Apache-2.0 */
/* A set of checks: all that is shipped, cut down and tailored by a profile. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/check.h"
#include "checks/checks.h"
#include "checks/inventory.h"
#include "checks/names.h"
#include "checks/profile.h"
#include "checks/set.h"
#include "model/control.h"
#include "model/crosswalk.h"

#define TARGET_SL 3

static int is_ini(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".ini");
}

static void free_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* Calls @fn for each ini file of @dir, ordered by name. */
static int each_ini(const char *dir, int (*fn)(const char *path, void *userdata, struct diag *diag),
		    void *userdata, struct diag *diag)
{
	struct dirent **names = NULL;
	int count = scandir(dir, &names, is_ini, alphasort), r = 0;

	if (count < 0)
		return diag_set(diag, dir, 0, -errno, "cannot be read: %s", strerror(errno));
	for (int i = 0; i < count && r == 0; i++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/%s", dir, names[i]->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
			break;
		}
		r = fn(path, userdata, diag);
	}
	free_names(names, count);
	return r;
}

static int read_checks(const char *path, void *userdata, struct diag *diag)
{
	struct check_set *set = userdata;

	return check_list_read(&set->list, path, set->catalog, diag);
}

/* Everything that is shipped, before any profile. */
static int load_all(const char *data_dir, struct check_set *set, struct diag *diag)
{
	cleanup_free char *dir = NULL;
	int r;

	r = catalog_load(data_dir, &set->catalog, diag);
	if (r < 0)
		return r;
	if (asprintf(&dir, "%s/checks", data_dir) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	r = each_ini(dir, read_checks, set, diag);
	if (r == 0 && set->list.count == 0)
		return diag_set(diag, dir, 0, -EINVAL, "there is no check");
	return r;
}

static int load(const char *data_dir, const struct check_choice *choice, struct check_set *set,
		struct diag *diag)
{
	int r = load_all(data_dir, set, diag);

	if (r == 0)
		r = profile_apply(data_dir, choice->profile, set, diag);
	if (r == 0 && choice->overlay && *choice->overlay)
		r = overlay_apply(choice->overlay, set, diag);
	if (r == 0 && choice->category && *choice->category)
		r = category_apply(data_dir, choice->category, set, diag);
	if (r == 0)
		check_set_cut_down(set);
	return r < 0 ? r : strbuf_check(&set->left_out_ids);
}

int check_set_load_for(const char *data_dir, const struct check_choice *choice,
		       struct check_set **ret_set, struct diag *diag)
{
	cleanup_with(check_set_freep) struct check_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	r = load(data_dir, choice, set, diag);
	if (r < 0)
		return r;
	*ret_set = TAKE_PTR(set);
	return 0;
}

int check_set_load(const char *data_dir, const char *profile, struct check_set **ret_set,
		   struct diag *diag)
{
	return check_set_load_for(data_dir, &(struct check_choice){.profile = profile}, ret_set,
				  diag);
}

static void drop_inventory(struct check_set *set)
{
	if (set->inventory)
		inventory_done(set->inventory);
	free(set->inventory);
	set->inventory = NULL;
	set->is_kept = false;
}

bool check_set_walks(const struct check_set *set, size_t index)
{
	return set->list.items[index].probe->needs_walk;
}

bool check_set_has_inventory(const struct check_set *set)
{
	return set->is_kept;
}

int check_set_keep_inventory(struct check_set *set, struct inventory *inventory)
{
	struct inventory *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	drop_inventory(set);
	*copy = *inventory;
	*inventory = (struct inventory){0};
	set->inventory = copy;
	set->is_kept = true;
	return 0;
}

int check_set_look_again(struct check_set *set, const char *path, enum inventory_look look)
{
	cleanup_root struct root root = ROOT_INIT;
	int r;

	if (!set->is_kept)
		return 0;
	/* Who has a name decides about all that has none. */
	if (str_equal(path, NAMES_USERS) || str_equal(path, NAMES_GROUPS)) {
		path = "/";
		look = INVENTORY_LISTED_BELOW;
	}
	r = root_open("/", &root);
	return r < 0 ? r : inventory_look_again(set->inventory, &root, path, look);
}

void check_set_forget(struct check_set *set)
{
	if (!set->is_kept)
		drop_inventory(set);
	kept_done(&set->kept);
	free(set->root);
	set->root = NULL;
}

struct check_set *check_set_free(struct check_set *set)
{
	if (!set)
		return NULL;
	check_list_done(&set->list);
	catalog_free(set->catalog);
	check_set_forget(set);
	drop_inventory(set);
	looked_done(&set->looked);
	strbuf_done(&set->left_out_ids);
	free(set->title);
	free(set->tailoring);
	free(set);
	return NULL;
}

size_t check_set_count(const struct check_set *set)
{
	return set->list.count;
}

const char *check_set_id(const struct check_set *set, size_t index)
{
	return set->list.items[index].id;
}

const char *check_set_title(const struct check_set *set, size_t index)
{
	return set->list.items[index].fields[CHECK_TITLE];
}

void check_set_ids(const struct check_set *set, size_t index, struct control_ids *ret_ids)
{
	const struct check *check = &set->list.items[index];
	const char *techniques = check->fields[CHECK_TECHNIQUES];

	*ret_ids = (struct control_ids){
		.controls = check->fields[CHECK_CONTROLS],
		.requirements = check->fields[CHECK_REQUIREMENTS],
		.techniques = techniques ? techniques : "",
		.severity = check->severity,
	};
}

/*
 * The source says "SR 3.2, SR 7.6: pairs of nist-800-53r5.ini; SR 3.7: Plumbline's own reading".
 * What it does not speak of is nobody's pair.
 */
static bool names_pair(const char *source, const char *requirement)
{
	while (*source) {
		size_t len = strcspn(source, ";"), ids = strcspn(source, ":;");
		const char *origin = source + ids + 1;
		cleanup_free char *list = strndup(source, ids);

		if (list && ids < len && words_contain(list, WORDS_COMMA, requirement))
			return str_starts(origin + strspn(origin, " "), "pairs of ");
		source += len;
		source += strspn(source, "; ");
	}
	return false;
}

bool check_set_is_own_reading(const struct check_set *set, size_t index, const char *requirement)
{
	return !names_pair(set->list.items[index].fields[CHECK_SOURCE], requirement);
}

const char *check_set_family(const struct check_set *set, size_t index)
{
	return set->list.items[index].family;
}

int check_set_find(const struct check_set *set, const char *id)
{
	const struct check *check = check_list_find(&set->list, id);

	return check ? (int)(check - set->list.items) : -ENOENT;
}

const char *check_set_profile_title(const struct check_set *set)
{
	return set->title;
}

const char *check_set_tailoring(const struct check_set *set)
{
	return set->tailoring;
}

size_t check_set_left_out(const struct check_set *set)
{
	return set->left_out;
}

bool check_set_knows(const struct check_set *set, const char *id)
{
	return check_set_find(set, id) >= 0 ||
	       words_contain(set->left_out_ids.data ?: "", WORDS_SPACE, id);
}

unsigned check_set_asks(const struct check_set *set, size_t index)
{
	const struct check *check = &set->list.items[index];

	return check->probe->asks ? check->probe->asks(&check->params) : 0;
}

void check_set_kernel(struct check_set *set, const struct kernel_dump *dump)
{
	set->dump = dump;
}

void check_set_note_looks(struct check_set *set)
{
	set->notes_looks = true;
	check_set_forget(set); /* what was read without a note would go without one again */
}

const struct looked *check_set_looked(const struct check_set *set)
{
	return &set->looked;
}

void check_set_agent(struct check_set *set, const char *state_dir, const char *run_dir)
{
	set->state_dir = state_dir;
	set->run_dir = run_dir;
}

static bool check_names(const struct check_set *set, const char *requirement)
{
	for (size_t i = 0; i < set->list.count; i++)
		if (words_contain(set->list.items[i].fields[CHECK_REQUIREMENTS], WORDS_COMMA,
				  requirement))
			return true;
	return false;
}

static bool result_shows(const struct check_result *results, size_t count, const char *requirement)
{
	for (size_t i = 0; i < count; i++)
		if ((results[i].outcome == CHECK_PASS || results[i].outcome == CHECK_FAIL) &&
		    words_contain(results[i].requirements, WORDS_COMMA, requirement))
			return true;
	return false;
}

void check_set_requirements(const struct check_set *set, unsigned *ret_with_evidence,
			    unsigned *ret_all)
{
	unsigned with = 0, all = 0;

	for (size_t i = 0; i < catalog_count(set->catalog, CATALOG_REQUIREMENT); i++) {
		const struct catalog_item *item =
			catalog_item(set->catalog, CATALOG_REQUIREMENT, i);

		if (item->lowest_sl > TARGET_SL)
			continue;
		all++;
		with += check_names(set, item->id);
	}
	*ret_with_evidence = with;
	*ret_all = all;
}

void check_set_evidence(const struct check_set *set, const struct check_result *results,
			size_t count, unsigned *ret_with_evidence, unsigned *ret_all)
{
	unsigned with = 0, all = 0;

	for (size_t i = 0; i < catalog_count(set->catalog, CATALOG_REQUIREMENT); i++) {
		const struct catalog_item *item =
			catalog_item(set->catalog, CATALOG_REQUIREMENT, i);

		if (item->lowest_sl > TARGET_SL)
			continue;
		all++;
		with += result_shows(results, count, item->id);
	}
	*ret_with_evidence = with;
	*ret_all = all;
}

static int lint_profile(const char *path, void *userdata, struct diag *diag)
{
	cleanup_with(check_set_freep) struct check_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	r = load_all(userdata, set, diag);
	return r < 0 ? r : profile_read(path, 0, set, diag);
}

/* The control map may only name ids that the catalogs know. */
static int lint_map(const char *data_dir, const struct catalog *catalog, struct diag *diag)
{
	cleanup_with(control_map_freep) struct control_map *map = NULL;
	cleanup_free char *path = NULL;
	int r;

	if (asprintf(&path, "%s/controls/findings.ini", data_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = control_map_load(path, &map, diag);
	if (r < 0)
		return r;
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		const struct control_ids *ids = control_map_lookup(map, kind);
		const char *lists[CATALOG_KIND_COUNT] = {ids->controls, ids->requirements,
							 ids->techniques};
		static const char *const keys[CATALOG_KIND_COUNT] = {"controls", "requirements",
								     "techniques"};

		for (int i = 0; i < CATALOG_KIND_COUNT; i++) {
			cleanup_free char *unknown = catalog_first_unknown(catalog, i, lists[i]);

			if (unknown)
				return diag_set(diag, path, control_map_line(map, kind, keys[i]),
						-EINVAL, "[%s] unknown id '%s'",
						finding_kind_name(kind), unknown);
		}
	}
	return 0;
}

/* Each requirement is named by a check, or says why no host can show it. */
static int lint_requirements(const struct check_set *set, const char *data_dir, struct diag *diag)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/controls/iec62443-3-3.ini", data_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < catalog_count(set->catalog, CATALOG_REQUIREMENT); i++) {
		const struct catalog_item *item =
			catalog_item(set->catalog, CATALOG_REQUIREMENT, i);
		bool is_named = check_names(set, item->id);

		if (is_named == !item->not_on_host)
			continue;
		return diag_set(diag, path, item->line, -EINVAL,
				is_named ? "%s says that no host can show it, but a check names it"
					 : "no check names %s, and no reason says that a host "
					   "cannot show it",
				item->id);
	}
	return 0;
}

struct others {
	struct check_set *set;
	struct stat file;
};

/* The checks of the data but for the file at hand, which may stand among them. */
static int read_other(const char *path, void *userdata, struct diag *diag)
{
	struct others *others = userdata;
	struct stat st;

	if (stat(path, &st) == 0 && st.st_dev == others->file.st_dev &&
	    st.st_ino == others->file.st_ino)
		return 0;
	return check_list_read(&others->set->list, path, others->set->catalog, diag);
}

static int lint_file(const char *data_dir, const char *file, struct check_set *set,
		     size_t *ret_checks, struct diag *diag)
{
	struct others others = {.set = set};
	cleanup_free char *dir = NULL;
	size_t before;
	int r = catalog_load(data_dir, &set->catalog, diag);

	if (r < 0)
		return r;
	if (asprintf(&dir, "%s/checks", data_dir) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	(void)stat(file, &others.file); /* who reads it tells what is wrong */
	r = each_ini(dir, read_other, &others, diag);
	before = set->list.count;
	if (r == 0)
		r = check_list_read(&set->list, file, set->catalog, diag);
	if (r == 0)
		*ret_checks = set->list.count - before;
	return r;
}

int check_lint(const char *data_dir, const char *file, size_t *ret_checks, struct diag *diag)
{
	cleanup_with(crosswalk_freep) struct crosswalk *crosswalk = NULL;
	cleanup_with(check_set_freep) struct check_set *set = calloc(1, sizeof(*set));
	cleanup_free char *dir = NULL;
	int r;

	if (!set)
		return -ENOMEM;
	if (file)
		return lint_file(data_dir, file, set, ret_checks, diag);
	if (asprintf(&dir, "%s/profiles", data_dir) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	r = load_all(data_dir, set, diag);
	if (r == 0)
		r = crosswalk_load(data_dir, &crosswalk, diag);
	if (r == 0)
		r = lint_map(data_dir, set->catalog, diag);
	if (r == 0)
		r = lint_requirements(set, data_dir, diag);
	if (r == 0)
		r = each_ini(dir, lint_profile, (void *)data_dir, diag);
	if (r < 0)
		return r;
	*ret_checks = set->list.count;
	return 0;
}
