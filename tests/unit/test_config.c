/* SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"

#include "unit/unit.h"

static int load(const char *text, struct config **ret_config, struct diag *diag)
{
	char *folder = unit_folder_new();
	cleanup_free char *path = NULL;
	int r;

	unit_write(folder, "plumbline.conf", text);
	ck_assert_int_gt(asprintf(&path, "%s/plumbline.conf", folder), 0);
	r = config_load(path, ret_config, diag);
	unit_folder_free(folder);
	return r;
}

START_TEST(defaults_are_the_documented_ones)
{
	cleanup_with(config_freep) struct config *config = NULL;
	char host[256];

	ck_assert_int_eq(config_load(NULL, &config, NULL), 0);
	gethostname(host, sizeof(host));
	ck_assert_str_eq(config->name, host);
	ck_assert_str_eq(config->state_dir, "/var/lib/plumbline");
	ck_assert_str_eq(config->run_dir, "/run/plumbline");
	ck_assert_str_eq(config->data_dir, "/usr/share/plumbline");
	ck_assert_str_eq(config->seccomp, "enforce");
	ck_assert_str_eq(config->rung, "auto");
	ck_assert_str_eq(config->profile, "hmi-sl3");
	ck_assert_str_eq(config->arguments, "off");
	ck_assert_str_eq(config->user_names, "clear");
	ck_assert_str_eq(config->url, "");
	ck_assert_uint_eq(config->scan_interval_s, 21600);
	ck_assert_uint_eq(config->recheck_interval_s, 60);
	ck_assert_uint_eq(config->check_interval_s, 3600);
	ck_assert_uint_eq(config->outbox_max_bytes, 256 << 20);
	ck_assert_uint_eq(config->linger_s, 120);
}
END_TEST

START_TEST(what_is_printed_loads_again_to_the_same)
{
	cleanup_with(config_freep) struct config *config = NULL, *again = NULL;
	cleanup_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;

	ck_assert_int_eq(
		load("[agent]\nname = hmi-07\n[sensor]\nscan_interval_s = 1d\nrung = scan\n"
		     "[collector]\nurl = https://127.0.0.1:8443\n",
		     &config, NULL),
		0);
	ck_assert_str_eq(config->name, "hmi-07");
	ck_assert_uint_eq(config->scan_interval_s, 86400);
	config_print(config, &first);
	ck_assert_int_eq(load(first.data, &again, NULL), 0);
	config_print(again, &second);
	ck_assert_str_eq(first.data, second.data);
}
END_TEST

START_TEST(the_ends_of_each_range_are_taken)
{
	cleanup_with(config_freep) struct config *least = NULL, *most = NULL;

	ck_assert_int_eq(load("[sensor]\ndead_man_s = 1\nscan_interval_s = 1\n"
			      "recheck_interval_s = 1\n[checks]\ncheck_interval_s = 1\n"
			      "walk_interval_s = 0\n[collector]\nlinger_s = 1\n"
			      "outbox_max_bytes = 262144\nurl =\n[privacy]\narguments = off\n",
			      &least, NULL),
			 0);
	ck_assert_uint_eq(least->dead_man_s, 1);
	ck_assert_uint_eq(least->walk_interval_s, 0);
	ck_assert_int_eq(load("[sensor]\ndead_man_s = 31d\nscan_interval_s = 31d\n"
			      "recheck_interval_s = 31d\n[checks]\ncheck_interval_s = 31d\n"
			      "walk_interval_s = 31d\n[collector]\nlinger_s = 31d\n"
			      "outbox_max_bytes = 1099511627776\n",
			      &most, NULL),
			 0);
	ck_assert_uint_eq(most->dead_man_s, 31 * 86400);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
} bad[] = {
	{"[agent]\nnaem = x\n", 2},
	{"[process]\nseccomp = perhaps\n", 2},
	{"[sensor]\n\nrung = lsm2\n", 3},
	{"[agent]\nstate_dir = relative\n", 2},
	{"[privacy]\narguments = all\n", 2},
	{"[sensor]\nscan_interval_s = often\n", 2},
	{"[agnt]\nname = x\n", 1},
	{"[sensor]\npermission_mounts = /opt relative\n", 2},
	{"[sensor]\npermission_mounts = /opt/../etc\n", 2},
	{"[sensor]\npermission_late = wait\n", 2},
	{"[sensor]\npermission_deadline_ms = 0\n", 2},
	{"[sensor]\npermission_deadline_ms = 60001\n", 2},
	{"[agent]\nname = bad name!\n", 2},
	{"[agent]\nname =\n", 2},
	{"[collector]\nurl = http://collector\n", 2},
	{"[collector]\nurl = https://\n", 2},
	{"[collector]\nurl = https://a b\n", 2},
	{"[privacy]\narguments = clear\n", 2},
	{"[privacy]\narguments = hashed\n", 2},
	{"[sensor]\ndead_man_s = 0\n", 2},
	{"[sensor]\ndead_man_s = 32d\n", 2},
	{"[sensor]\nscan_interval_s = 0\n", 2},
	{"[sensor]\nscan_interval_s = 32d\n", 2},
	{"[sensor]\nrecheck_interval_s = 0\n", 2},
	{"[sensor]\nrecheck_interval_s = 32d\n", 2},
	{"[checks]\ncheck_interval_s = 0\n", 2},
	{"[checks]\ncheck_interval_s = 32d\n", 2},
	{"[collector]\nlinger_s = 0\n", 2},
	{"[collector]\nlinger_s = 32d\n", 2},
	{"[checks]\nwalk_interval_s = 32d\n", 2},
	{"[collector]\noutbox_max_bytes = 0\n", 2},
	{"[collector]\noutbox_max_bytes = 262143\n", 2},
	{"[collector]\noutbox_max_bytes = 1099511627777\n", 2},
};

START_TEST(mistakes_are_named_with_file_and_line)
{
	cleanup_with(config_freep) struct config *config = NULL;
	struct diag diag = {0};

	ck_assert_int_eq(load(bad[_i].text, &config, &diag), -EINVAL);
	ck_assert_ptr_null(config);
	ck_assert_uint_eq(diag.line, bad[_i].line);
	ck_assert_ptr_nonnull(strstr(diag.file, "plumbline.conf"));
	ck_assert_uint_gt(strlen(diag.text), 0);
}
END_TEST

START_TEST(an_absent_file_is_an_error)
{
	cleanup_with(config_freep) struct config *config = NULL;

	ck_assert_int_eq(config_load("/nonexistent/plumbline.conf", &config, NULL), -ENOENT);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, defaults_are_the_documented_ones);
	tcase_add_test(tcase, what_is_printed_loads_again_to_the_same);
	tcase_add_test(tcase, the_ends_of_each_range_are_taken);
	tcase_add_loop_test(tcase, mistakes_are_named_with_file_and_line, 0, ARRAY_SIZE(bad));
	tcase_add_test(tcase, an_absent_file_is_an_error);
}

UNIT_MAIN("config")
