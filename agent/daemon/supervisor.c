/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumblined: starts, links, watches and restarts the processes of the agent,
 * and signs chain heads. It parses nothing but its configuration and the typed
 * messages of its children.
 *
 * usage: plumblined [--config FILE] [--check-config] [--foreground] [--pins DIR]
 *
 * It never goes to the background by itself; --foreground says what it does anyway.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "daemon/supervisor.h"

#define EXIT_USAGE	 2
#define TICK_MS		 1000  /* while something is due, */
#define REST_TICK_MS	 10000 /* and when only silence is to be noticed */
#define STOP_TICK_MS	 50
#define READY_TIMEOUT_NS (20 * NSEC_PER_SEC)

static void usage(FILE *out)
{
	fprintf(out,
		"usage: plumblined [--config FILE] [--check-config] [--foreground] [--pins DIR]\n"
		"\n"
		"  --config FILE   settings (default %s when it is there)\n"
		"  --check-config  print the settings in force, try to read the checks, and end\n"
		"  --foreground    stay in the foreground (it always does)\n"
		"  --pins DIR      leave the kernel's programs attached at the end, in DIR on a "
		"bpffs\n"
		"  --version       print the version\n",
		CONFIG_PATH_DEFAULT);
}

/* 0 to go on, 1 to end with success, or negative errno. */
static int parse_arguments(int argc, char **argv, struct supervisor *supervisor,
			   const char **config_path, bool *checks_config)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, 'k'},
		{"foreground", no_argument, NULL, 'f'},
		{"pins", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (option) {
		case 'c':
			*config_path = optarg;
			break;
		case 'k':
			*checks_config = true;
			break;
		case 'f':
			break;
		case 'p':
			if (optarg[0] != '/')
				return -EINVAL;
			supervisor->pins = optarg;
			break;
		case 'h':
			usage(stdout);
			return 1;
		case 'v':
			printf("plumblined %s\n", PLUMBLINE_VERSION);
			return 1;
		default:
			return -EINVAL;
		}
	return optind == argc ? 0 : -EINVAL;
}

static int load_config(struct supervisor *supervisor, const char *path)
{
	struct diag diag = {0};
	char text[1024];
	int r;

	if (!path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
		path = CONFIG_PATH_DEFAULT;
	/* The children read it too, from another working directory. */
	if (path) {
		supervisor->config_path = realpath(path, NULL);
		if (!supervisor->config_path)
			return log_error(-errno, "cannot open %s", path);
	}
	r = config_load(supervisor->config_path, &supervisor->config, &diag);
	if (r < 0) {
		log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
		return r;
	}
	return sandbox_mode_parse(supervisor->config->seccomp, &supervisor->mode);
}

static int print_config(const struct config *config)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	config_print(config, &text);
	if (strbuf_check(&text) < 0)
		return log_error(-ENOMEM, "cannot print the settings");
	fputs(text.data ? text.data : "", stdout);
	return fflush(stdout) == 0 ? 0 : -EIO;
}

/*
 * Prints the settings and becomes the program that reads the checks, so that this one has no parser
 * of them. A start does not depend on it: whatever is wrong with the checks, the agent observes.
 */
static int check_config(const struct supervisor *supervisor)
{
	cleanup_with(config_freep) struct config *stock = NULL;
	cleanup_free char *program = NULL;
	int r;

	r = print_config(supervisor->config);
	/* Settings that are still to be judged name no program to run. */
	if (r == 0)
		r = config_load(NULL, &stock, NULL);
	if (r < 0)
		return r;
	if (asprintf(&program, "%s/%s", stock->libexec_dir, process_table[ROLE_ASSESSOR].program) <
	    0) {
		program = NULL;
		return -ENOMEM;
	}
	execv(program,
	      (char *const[]){program, (char *)"--check-config", supervisor->config_path, NULL});
	return log_error(-errno, "cannot run %s", program);
}

/* READY when every process works, or when it is clear that one does not: a boot never waits for it.
 */
static void say_ready(struct supervisor *supervisor)
{
	unsigned away = 0;

	if (supervisor->said_ready || supervisor->stop_ns)
		return;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const struct managed *managed = &supervisor->children[role];

		if (!process_table[role].is_on_demand && managed->started_ns &&
		    !managed->is_ready && !managed->is_idle)
			away++;
	}
	if (away > 0 && clock_boot_ns() - supervisor->started_ns < READY_TIMEOUT_NS)
		return;
	supervisor->said_ready = true;
	notify_send(&supervisor->notify,
		    away ? "READY=1\nSTATUS=degraded: not every process is ready"
			 : "READY=1\nSTATUS=observing");
	if (away)
		log_warning(0, "observing, but %u of the processes are not ready", away);
	else
		log_notice("observing");
}

static int on_tick(struct loop *loop, void *userdata)
{
	struct supervisor *supervisor = userdata;

	children_reap(supervisor);
	children_on_tick(supervisor);
	load_on_tick(supervisor);
	dump_on_tick(supervisor);
	say_ready(supervisor);
	return !supervisor->said_ready || supervisor->wants_dump ||
	       children_are_changing(supervisor) || load_is_due(supervisor);
}

static int on_stop_signal(struct loop *loop, int signo, void *userdata)
{
	struct supervisor *supervisor = userdata;

	if (supervisor->stop_ns)
		return 0;
	log_notice("stopping");
	notify_send(&supervisor->notify, "STOPPING=1");
	children_stop(supervisor);
	/* Each end is to be seen at once, so that a stop takes no longer than it must. */
	return loop_add_timer(loop, STOP_TICK_MS, STOP_TICK_MS, on_tick, supervisor, NULL);
}

static int on_reload_signal(struct loop *loop, int signo, void *userdata)
{
	log_notice("reading the stored baseline again");
	load_want_stored(userdata);
	return 0;
}

static int on_child_signal(struct loop *loop, int signo, void *userdata)
{
	children_reap(userdata);
	return 0;
}

static int on_watchdog(struct loop *loop, void *userdata)
{
	const struct supervisor *supervisor = userdata;

	notify_send(&supervisor->notify, "WATCHDOG=1");
	return 0;
}

static int open_loop(struct supervisor *supervisor)
{
	static const struct {
		int signo;
		loop_signal_fn fn;
	} signals[] = {
		{SIGTERM, on_stop_signal},
		{SIGINT, on_stop_signal},
		{SIGHUP, on_reload_signal},
		{SIGCHLD, on_child_signal},
	};
	int r;

	r = loop_new(&supervisor->loop);
	for (unsigned i = 0; i < ARRAY_SIZE(signals) && r == 0; i++)
		r = loop_add_signal(supervisor->loop, signals[i].signo, signals[i].fn, supervisor);
	if (r == 0)
		r = loop_add_tick(supervisor->loop, TICK_MS, REST_TICK_MS, on_tick, supervisor);
	if (r == 0 && supervisor->notify.watchdog_ms > 0)
		r = loop_add_timer(supervisor->loop, 0, supervisor->notify.watchdog_ms, on_watchdog,
				   supervisor, NULL);
	return r < 0 ? log_error(r, "cannot make the event loop") : 0;
}

static int enter_sandbox(struct supervisor *supervisor)
{
	unsigned missing = 0;
	struct diag diag = {0};
	char text[1024];
	int r;

	r = sandbox_enter(&process_table[ROLE_SUPERVISOR].sandbox, supervisor->mode, &missing,
			  &diag);
	if (r < 0)
		return log_error(r, "%s", diag_format(&diag, text, sizeof(text)));
	for (missing &= ~SANDBOX_MINOR; missing; missing &= missing - 1)
		child_report(supervisor, ROLE_SUPERVISOR, "degraded: %s: not in force",
			     sandbox_missing_name(missing));
	return 0;
}

/* The checklist. */
static int run(struct supervisor *supervisor)
{
	int r;

	if (geteuid() != 0) {
		log_error(-EPERM, "plumblined must be started by root; each of its processes then "
				  "gives up what it does not need");
		return -EPERM;
	}
	umask(0077);
	if (chdir("/") < 0)
		return log_error(-errno, "cannot go to /");
	r = place_check_data(supervisor->config);
	if (r == 0)
		r = place_check_users(supervisor->config);
	if (r < 0)
		return r;
	children_init(supervisor);
	notify_init(&supervisor->notify);
	r = place_open(supervisor);
	if (r < 0)
		return r;
	r = open_loop(supervisor);
	if (r < 0)
		return r;
	r = enter_sandbox(supervisor);
	if (r < 0)
		return r;
	supervisor->started_ns = clock_boot_ns();
	r = children_start(supervisor);
	if (r < 0)
		return r;
	r = loop_run(supervisor->loop);
	return r < 0 ? log_error(r, "the event loop ended") : 0;
}

static void supervisor_done(struct supervisor *supervisor)
{
	load_done(supervisor);
	children_done(supervisor);
	place_close(supervisor);
	notify_done(&supervisor->notify);
	loop_free(supervisor->loop);
	config_free(supervisor->config);
	free(supervisor->config_path);
}

int main(int argc, char **argv)
{
	struct supervisor supervisor = {
		.run_fd = -1,
		.baseline_fd = -1,
		.key_fd = -1,
		.lock_fd = -1,
		.control_fd = -1,
		.notify = {.fd = -1},
	};
	const char *config_path = NULL;
	bool checks_config = false;
	int r;

	log_init("plumblined", LOG_LEVEL_INFO);
	r = parse_arguments(argc, argv, &supervisor, &config_path, &checks_config);
	if (r > 0)
		return EXIT_SUCCESS;
	if (r < 0) {
		usage(stderr);
		return EXIT_USAGE;
	}
	r = load_config(&supervisor, config_path);
	if (r == 0)
		r = checks_config ? check_config(&supervisor) : run(&supervisor);
	supervisor_done(&supervisor);
	return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
}
