/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/bpf_source.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "sensor/agent.skel.h"
#include "sensor/ring_pair.h"

#define MAX_PROGRAMS STANDING_PARTS_MAX
#define CALLS	     "tracepoint/syscalls/"
/* Of a program that is not wanted here, so nothing is missing without it. */
#define NOT_WANTED (-ECANCELED)

struct bpf_source {
	struct agent_bpf *skel;
	struct bpf_link *links[MAX_PROGRAMS];
	struct bpf_program_state programs[MAX_PROGRAMS]; /* those that are wanted first */
	size_t program_count;
	struct ring_pair rings;
	int epoll; /* of both */
	struct bpf_link *tasks;
	bpf_record_fn fn;
	void *userdata;
	int cpus;
	bool has_lsm, is_carried;
	struct ev_epochs *epochs; /* the map's own memory; NULL: none */
};

__attribute__((format(printf, 2, 0))) static int log_libbpf(enum libbpf_print_level level,
							    const char *format, va_list args)
{
	char line[512];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	return 0;
}

static int on_record(struct bpf_source *source, const void *data, size_t len)
{
	return source->fn ? source->fn(data, len, source->userdata) : 0;
}

static bool is_of(const struct bpf_program *program, const char *type)
{
	return strncmp(bpf_program__section_name(program), type, strlen(type)) == 0;
}

/* System calls that need not be traced where an LSM hook tells the same and more. */
static const struct {
	const char *call, *hook;
} replaced[] = {
	{CALLS "sys_exit_open", "lsm/file_open"},
	{CALLS "sys_exit_openat", "lsm/file_open"},
	{CALLS "sys_exit_openat2", "lsm/file_open"},
	{CALLS "sys_exit_creat", "lsm/file_open"},
	{CALLS "sys_exit_open_by_handle_at", "lsm/file_open"},
	{CALLS "sys_enter_mount", "lsm/sb_mount"},
	{CALLS "sys_exit_mount", "lsm/sb_mount"},
	{CALLS "sys_enter_move_mount", "lsm/move_mount"},
	{CALLS "sys_exit_move_mount", "lsm/move_mount"},
	{CALLS "sys_enter_umount", "lsm/sb_umount"},
	{CALLS "sys_exit_umount", "lsm/sb_umount"},
	{CALLS "sys_enter_fsconfig", "lsm/sb_kern_mount"},
	{CALLS "sys_enter_pivot_root", "lsm/sb_pivotroot"},
	{CALLS "sys_enter_clock_settime", "lsm/settime"},
	{CALLS "sys_exit_clock_settime", "lsm/settime"},
	{CALLS "sys_enter_settimeofday", "lsm/settime"},
	{CALLS "sys_exit_settimeofday", "lsm/settime"},
};

/* The hook that stands for the call that @program traces; NULL: none. */
static const char *find_hook(const struct bpf_program *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(replaced); i++)
		if (str_equal(bpf_program__section_name(program), replaced[i].call))
			return replaced[i].hook;
	return NULL;
}

/* A call that this kernel has not cannot be made, so nothing is missing. */
static bool has_call(const struct bpf_program *program)
{
	static const char *const folders[] = {"/sys/kernel/tracing/events",
					      "/sys/kernel/debug/tracing/events"};
	const char *name = strrchr(bpf_program__section_name(program), '/');

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/syscalls", folders[i]);
		if (access(path, F_OK) < 0)
			continue;
		snprintf(path, sizeof(path), "%s/syscalls%s", folders[i], name);
		return access(path, F_OK) == 0;
	}
	/* Not to be seen from here: the attempt will tell. */
	return true;
}

/* What the options say about @program: 0, or NOT_WANTED. */
static int is_wanted(const struct bpf_source_options *options, const struct bpf_program *program)
{
	bool has_lsm = options && options->has_lsm;

	if (is_of(program, "lsm"))
		return has_lsm ? 0 : NOT_WANTED;
	if (!is_of(program, "tracepoint"))
		return 0;
	if ((options && options->has_no_opens) || !has_call(program))
		return NOT_WANTED;
	return has_lsm && find_hook(program) ? NOT_WANTED : 0;
}

/*
 * Arguments of the kernel's hook "lsm/NAME", from its BTF; negative when it has none. Where kernels
 * differ there is a program for each form, and its own name ends in the number that it takes.
 */
static int count_hook_arguments(const struct btf *kernel, const char *section)
{
	const struct btf_type *type;
	char name[128];
	int id;

	snprintf(name, sizeof(name), "bpf_lsm_%s", section + strlen("lsm/"));
	id = kernel ? btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) : -ENOENT;
	if (id < 0)
		return -ENOENT;
	type = btf__type_by_id(kernel, btf__type_by_id(kernel, (uint32_t)id)->type);
	return type ? btf_vlen(type) : -ENOENT;
}

static int look_for_hook(const struct btf *kernel, const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);
	int count = count_hook_arguments(kernel, bpf_program__section_name(program));
	char last = name[strlen(name) - 1];

	if (count < 0)
		return count;
	return last >= '0' && last <= '9' && last - '0' != count ? NOT_WANTED : 0;
}

static struct agent_bpf *open_skeleton(const struct bpf_source_options *options)
{
	struct agent_bpf *skel = agent_bpf__open();
	int r;

	if (!skel)
		return NULL;
	skel->rodata->self_tgid = (uint32_t)getpid();
	/* Another than any earlier sensor had, which has told some in the same inodes. */
	skel->bss->load_epoch = (uint32_t)(clock_boot_ns() / NSEC_PER_MSEC);
	if (options && options->alert_bytes)
		bpf_map__set_max_entries(skel->maps.rb_alert, options->alert_bytes);
	if (options && options->telemetry_bytes)
		bpf_map__set_max_entries(skel->maps.rb_tele, options->telemetry_bytes);
	/* Those of the LSM hooks: some kernels do not even make them. */
	if (!options || !options->has_lsm) {
		bpf_map__set_autocreate(skel->maps.inodes, false);
		bpf_map__set_autocreate(skel->maps.facts, false);
		bpf_map__set_autocreate(skel->maps.stamps, false);
		bpf_map__set_autocreate(skel->maps.snapshots, false);
		bpf_map__set_autocreate(skel->maps.decisions, false);
		bpf_map__set_autocreate(skel->maps.closure, false);
		bpf_map__set_autocreate(skel->maps.enforcement, false);
		bpf_map__set_autocreate(skel->maps.desks, false);
		bpf_map__set_autocreate(skel->maps.blank, false);
	}
	r = options && options->carry ? carry_use(options->carry, skel->obj) : 0;
	if (r < 0) {
		agent_bpf__destroy(skel);
		errno = -r;
		return NULL;
	}
	return skel;
}

/* Loads all programs for which @wanted is 0, by their order in the object. */
static int load(const struct bpf_source_options *options, const int *errors,
		struct agent_bpf **ret_skel)
{
	struct agent_bpf *skel = open_skeleton(options);
	struct bpf_program *program;
	size_t i = 0;
	int r;

	if (!skel)
		return -errno;
	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, i < MAX_PROGRAMS && errors[i++] == 0);
	r = agent_bpf__load(skel);
	if (r < 0) {
		agent_bpf__destroy(skel);
		return r;
	}
	*ret_skel = skel;
	return 0;
}

/* The kernel refuses an object for its first bad program: try each alone to learn which they are.
 */
static void find_bad_programs(const struct bpf_source_options *options, size_t count, int *errors)
{
	for (size_t i = 0; i < count; i++) {
		struct agent_bpf *skel = NULL;
		int only[MAX_PROGRAMS];

		if (errors[i])
			continue;
		for (size_t j = 0; j < MAX_PROGRAMS; j++)
			only[j] = j == i ? 0 : NOT_WANTED;
		errors[i] = load(options, only, &skel);
		if (errors[i] == 0)
			agent_bpf__destroy(skel);
	}
}

static size_t list_programs(const struct bpf_source_options *options, int *errors)
{
	struct btf *kernel = options && options->has_lsm ? btf__load_vmlinux_btf() : NULL;
	struct agent_bpf *skel = open_skeleton(options);
	struct bpf_program *program;
	size_t count = 0;

	if (skel) {
		bpf_object__for_each_program(program, skel->obj)
		{
			if (count == MAX_PROGRAMS)
				break;
			errors[count] = is_wanted(options, program);
			if (errors[count] == 0 && is_of(program, "lsm"))
				errors[count] = look_for_hook(kernel, program);
			count++;
		}
	}
	agent_bpf__destroy(skel);
	btf__free(kernel);
	return count;
}

static bool is_lost(const struct agent_bpf *skel, const char *hook, const int *errors)
{
	struct bpf_program *program;
	size_t i = 0;

	bpf_object__for_each_program(program, skel->obj)
	{
		if (i < MAX_PROGRAMS && str_equal(bpf_program__section_name(program), hook) &&
		    errors[i] != 0 && errors[i] != NOT_WANTED)
			return true;
		i++;
	}
	return false;
}

/* Without its LSM hook, a system call is traced after all. */
static void fall_back_to_calls(const struct bpf_source_options *options, int *errors)
{
	struct agent_bpf *skel = open_skeleton(options);
	struct bpf_program *program;
	size_t i = 0;

	if (!skel)
		return;
	bpf_object__for_each_program(program, skel->obj)
	{
		const char *hook = find_hook(program);

		if (i < MAX_PROGRAMS && hook && has_call(program) && is_lost(skel, hook, errors))
			errors[i] = 0;
		i++;
	}
	agent_bpf__destroy(skel);
}

/* Without its hook in the kernel: BTF or tracefs does not name it. */
static bool is_hook_absent(const struct bpf_program *program, int error)
{
	return error == -ENOENT && is_of(program, "lsm");
}

static void attach_one(struct bpf_source *source, struct bpf_program *program, int error)
{
	size_t at = source->program_count++;
	struct bpf_program_state *state = &source->programs[at];

	state->name = bpf_program__name(program);
	state->hook = bpf_program__section_name(program);
	if (error == 0) {
		source->links[at] = bpf_program__attach(program);
		error = source->links[at] ? 0 : -errno;
	}
	state->error = error;
	state->state = error == 0			? PART_ATTACHED
		       : is_hook_absent(program, error) ? PART_ABSENT
							: PART_REFUSED;
	if (program == source->skel->progs.list_tasks)
		source->tasks = source->links[at];
}

static bool has_hook(const struct bpf_source *source, const char *hook)
{
	for (size_t i = 0; i < source->program_count; i++)
		if (strcmp(source->programs[i].hook, hook) == 0)
			return true;
	return false;
}

static void attach(struct bpf_source *source, const int *errors)
{
	struct bpf_program *program;
	size_t i = 0;

	bpf_object__for_each_program(program, source->skel->obj)
	{
		if (i < MAX_PROGRAMS && errors[i] != NOT_WANTED)
			attach_one(source, program, errors[i]);
		i++;
	}
	/* Of the others, for who wants to know: those of hooks that no program stands for yet. */
	bpf_object__for_each_program(program, source->skel->obj)
	{
		const char *hook = bpf_program__section_name(program);

		if (source->program_count == MAX_PROGRAMS)
			break;
		if (!has_hook(source, hook))
			source->programs[source->program_count++] = (struct bpf_program_state){
				.name = bpf_program__name(program),
				.hook = hook,
				.state = PART_UNNEEDED,
			};
	}
}

static int error_of(const struct bpf_source *source, const struct bpf_program *program)
{
	for (size_t i = 0; i < source->program_count; i++)
		if (strcmp(source->programs[i].name, bpf_program__name(program)) == 0)
			return source->programs[i].error;
	return -ENOENT;
}

static int open_rings(struct bpf_source *source)
{
	const int fds[EV_RING_COUNT] = {
		[EV_RING_ALERT] = bpf_map__fd(source->skel->maps.rb_alert),
		[EV_RING_TELEMETRY] = bpf_map__fd(source->skel->maps.rb_tele),
	};
	struct epoll_event event = {.events = EPOLLIN};

	source->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (source->epoll < 0)
		return -errno;
	for (int i = 0; i < EV_RING_COUNT; i++)
		if (epoll_ctl(source->epoll, EPOLL_CTL_ADD, fds[i], &event) < 0)
			return -errno;
	return ring_pair_open(fds, bpf_map__fd(source->skel->maps.start_texts), &source->rings);
}

static int map_epochs(struct bpf_source *source)
{
	void *memory = mmap(NULL, sizeof(*source->epochs), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(source->skel->maps.epochs), 0);

	if (memory == MAP_FAILED)
		return -errno;
	source->epochs = memory;
	return 0;
}

/* The program that sees the open takes what it needs of the folder at @path, as @what says. */
static int learn(struct bpf_source *source, const char *path, uint32_t what)
{
	cleanup_close int fd = -1;

	source->skel->bss->learn_tree = what;
	/* Not O_PATH: that passes no LSM hook. */
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	source->skel->bss->learn_tree = 0;
	return fd < 0 ? -errno : 0;
}

/* Programs are started from where the first process has its root, which is not always for this one
 * to see; its own is as true, and the same where no mounts are kept apart. */
static void learn_root(struct bpf_source *source)
{
	if (learn(source, "/proc/1/root", EV_LEARN_ROOT) < 0)
		(void)learn(source, "/", EV_LEARN_ROOT);
}

int bpf_source_open(const struct bpf_source_options *options, struct bpf_source **ret_source,
		    struct strbuf *reterr)
{
	cleanup_with(bpf_source_closep) struct bpf_source *source = NULL;
	int errors[MAX_PROGRAMS] = {0};
	size_t count;
	int r;

	libbpf_set_print(log_libbpf);
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->has_lsm = options && options->has_lsm;
	source->is_carried = options && options->carry;
	source->epoll = -1;
	source->cpus = libbpf_num_possible_cpus();
	if (source->cpus < 0)
		return source->cpus;

	count = list_programs(options, errors);
	r = load(options, errors, &source->skel);
	if (r < 0) {
		find_bad_programs(options, count, errors);
		if (options && options->has_lsm)
			fall_back_to_calls(options, errors);
		r = load(options, errors, &source->skel);
	}
	if (r < 0) {
		strbuf_printf(reterr, "BPF object was refused: %s", strerror(-r));
		return r;
	}
	if (source->has_lsm)
		r = map_epochs(source);
	if (r < 0)
		return r;
	attach(source, errors);
	r = error_of(source, source->skel->progs.on_exec);
	if (r < 0) {
		strbuf_printf(reterr, "tp_btf/sched_process_exec was refused: %s", strerror(-r));
		return r;
	}
	r = open_rings(source);
	if (r < 0)
		return r;
	learn_root(source);
	*ret_source = TAKE_PTR(source);
	return 0;
}

void bpf_source_detach(struct bpf_source *source)
{
	source->tasks = NULL;
	for (size_t i = 0; i < source->program_count; i++) {
		bpf_link__destroy(source->links[i]);
		source->links[i] = NULL;
	}
}

struct bpf_source *bpf_source_close(struct bpf_source *source)
{
	if (!source)
		return NULL;
	bpf_source_detach(source);
	ring_pair_close(&source->rings);
	if (source->epoll >= 0)
		close(source->epoll);
	if (source->epochs)
		munmap(source->epochs, sizeof(*source->epochs));
	agent_bpf__destroy(source->skel);
	free(source);
	return NULL;
}

void bpf_source_set_reader(struct bpf_source *source, bpf_record_fn fn, void *userdata)
{
	source->fn = fn;
	source->userdata = userdata;
}

int bpf_source_fd(const struct bpf_source *source)
{
	return source->epoll;
}

/* The reader's own -ECANCELED means "enough for now". */
int bpf_source_dispatch(struct bpf_source *source)
{
	const void *data;
	size_t len;
	int r;

	while ((r = ring_pair_peek(&source->rings, &data, &len)) == 1) {
		r = on_record(source, data, len);
		ring_pair_take(&source->rings);
		if (r < 0)
			break;
	}
	return r == -ECANCELED || r == -EBUSY ? 1 : r;
}

/* Records stand one behind the other; each says its size. */
static int hand_out(struct bpf_source *source, const struct strbuf *sb)
{
	size_t at = 0;

	while (sb->len - at >= sizeof(struct ev_hdr)) {
		struct ev_hdr hdr;
		int r;

		memcpy(&hdr, sb->data + at, sizeof(hdr));
		if (hdr.size < sizeof(hdr) || hdr.size > sb->len - at)
			return -EBADMSG;
		r = on_record(source, sb->data + at, hdr.size);
		if (r < 0 && r != -ECANCELED)
			return r;
		at += hdr.size;
	}
	return 0;
}

int bpf_source_list_tasks(struct bpf_source *source)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	cleanup_close int fd = -1;
	char buffer[8192];
	ssize_t n;

	if (!source->tasks)
		return -EOPNOTSUPP;
	fd = bpf_iter_create(bpf_link__fd(source->tasks));
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			strbuf_add(&sb, buffer, (size_t)n);
	}
	if (strbuf_check(&sb) < 0)
		return -ENOMEM;
	return hand_out(source, &sb);
}

const struct bpf_program_state *bpf_source_program(const struct bpf_source *source, size_t index)
{
	return index < source->program_count ? &source->programs[index] : NULL;
}

uint64_t bpf_source_skipped(const struct bpf_source *source, size_t index)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	struct bpf_program *program;

	if (index >= source->program_count || source->programs[index].state != PART_ATTACHED)
		return 0;
	program = bpf_object__find_program_by_name(source->skel->obj, source->programs[index].name);
	if (!program || bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) < 0)
		return 0;
	return info.recursion_misses;
}

int bpf_source_keeps_facts(const struct bpf_source *source)
{
	cleanup_close int fd = -1;
	struct ev_inode fact = {0};
	int map = bpf_map__fd(source->skel->maps.inodes);

	if (map < 0)
		return -EOPNOTSUPP;
	/* Any file does; with a fact already there it is proven, too. */
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(map, &fd, &fact, BPF_NOEXIST) == 0 || errno == EEXIST)
		return 0;
	return -errno;
}

int bpf_source_counters(const struct bpf_source *source, struct ev_counters *ret_sum)
{
	cleanup_free struct ev_counters *all = calloc((size_t)source->cpus, sizeof(*all));
	struct ev_counters sum = {0};
	uint32_t zero = 0;

	if (!all)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(source->skel->maps.counters), &zero, all) < 0)
		return -errno;
	for (int cpu = 0; cpu < source->cpus; cpu++) {
		const uint64_t *from = (const void *)&all[cpu];
		uint64_t *to = (void *)&sum;

		/* Nothing but 64-bit counters is in there. */
		for (size_t i = 0; i < sizeof(sum) / sizeof(*to); i++)
			to[i] += from[i];
	}
	*ret_sum = sum;
	return 0;
}

static int pin_programs(const struct bpf_source *source, struct pins *pins)
{
	int r = 0;

	for (size_t i = 0; i < source->program_count; i++) {
		const struct bpf_program_state *state = &source->programs[i];
		int put;

		/* A list of what runs is made when it is asked for. */
		if (!source->links[i] || source->links[i] == source->tasks)
			continue;
		put = pins_put(pins, "link", state->name, bpf_link__fd(source->links[i]));
		if (put < 0)
			log_debug("%s cannot outlive the sensor: %s", state->hook, strerror(-put));
		if (put < 0 &&
		    strcmp(state->name, bpf_program__name(source->skel->progs.on_exec)) == 0)
			r = put;
	}
	return r;
}

int bpf_source_pin(const struct bpf_source *source, struct pins *pins)
{
	const struct agent_bpf *skel = source->skel;
	const struct bpf_map *const maps[] = {skel->maps.rb_tele, skel->maps.rb_alert,
					      skel->maps.counters, skel->maps.start_texts};
	int r = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps) && r == 0; i++)
		r = pins_put(pins, "map", bpf_map__name(maps[i]), bpf_map__fd(maps[i]));
	if (r == 0 && source->has_lsm)
		r = carry_put(skel->obj, pins);
	/* The programs last: a set with them is whole. */
	return r < 0 ? r : pin_programs(source, pins);
}

static void forget_trees(struct bpf_source *source)
{
	int map = bpf_map__fd(source->skel->maps.trees);
	struct ev_tree_key key;

	while (bpf_map_get_next_key(map, NULL, &key) == 0)
		if (bpf_map_delete_elem(map, &key) < 0)
			return;
	/* None is hidden by it, for the map is empty. */
	if (errno == ENOENT)
		memset((void *)source->skel->bss->tree_hints, 0,
		       sizeof(source->skel->bss->tree_hints));
}

int bpf_source_verdict_maps(const struct bpf_source *source, struct verdict_maps *ret_maps)
{
	const struct agent_bpf *skel = source->skel;

	if (!source->has_lsm)
		return -EOPNOTSUPP;
	*ret_maps = (struct verdict_maps){
		.inodes = bpf_map__fd(skel->maps.inodes),
		.facts = bpf_map__fd(skel->maps.facts),
		.stamps = bpf_map__fd(skel->maps.stamps),
		.snapshots = bpf_map__fd(skel->maps.snapshots),
		.decisions = bpf_map__fd(skel->maps.decisions),
		.closure = bpf_map__fd(skel->maps.closure),
		.enforcement = bpf_map__fd(skel->maps.enforcement),
		.snapshot_wanted = &skel->bss->snapshot_wanted,
		.epochs = source->epochs,
	};
	return 0;
}

void bpf_source_may_deny(struct bpf_source *source)
{
	source->skel->bss->may_deny = 1;
}

bool bpf_source_is_carried(const struct bpf_source *source)
{
	return source->is_carried;
}

void bpf_source_tell_anew(struct bpf_source *source)
{
	source->skel->bss->load_epoch++;
}

int bpf_source_watch(struct bpf_source *source, char *const *trees)
{
	forget_trees(source);
	for (uint32_t i = 0; trees && trees[i]; i++)
		(void)learn(source, trees[i], i + 1);
	return 0;
}
