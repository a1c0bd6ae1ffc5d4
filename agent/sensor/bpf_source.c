/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/bpf_source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "sensor/agent.skel.h"

#define MAX_PROGRAMS 32

struct bpf_source {
	struct agent_bpf *skel;
	struct bpf_link *links[MAX_PROGRAMS];
	struct bpf_program_state programs[MAX_PROGRAMS];
	size_t program_count;
	struct ring_buffer *rings;
	struct bpf_link *tasks;
	bpf_record_fn fn;
	void *userdata;
	int cpus;
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

static int on_record(void *userdata, void *data, size_t len)
{
	struct bpf_source *source = userdata;

	return source->fn ? source->fn(data, len, source->userdata) : 0;
}

static bool is_open_program(const struct bpf_program *program)
{
	return strncmp(bpf_program__section_name(program), "tp", 2) != 0 &&
	       strncmp(bpf_program__section_name(program), "iter", 4) != 0;
}

static struct agent_bpf *open_skeleton(const struct bpf_source_options *options)
{
	struct agent_bpf *skel = agent_bpf__open();

	if (!skel)
		return NULL;
	skel->rodata->self_tgid = (uint32_t)getpid();
	if (options && options->alert_bytes)
		bpf_map__set_max_entries(skel->maps.rb_alert, options->alert_bytes);
	if (options && options->telemetry_bytes)
		bpf_map__set_max_entries(skel->maps.rb_tele, options->telemetry_bytes);
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
			only[j] = j == i ? 0 : -ECANCELED;
		errors[i] = load(options, only, &skel);
		if (errors[i] == 0)
			agent_bpf__destroy(skel);
	}
}

static size_t list_programs(const struct bpf_source_options *options, int *errors)
{
	struct agent_bpf *skel = open_skeleton(options);
	struct bpf_program *program;
	size_t count = 0;

	if (!skel)
		return 0;
	bpf_object__for_each_program(program, skel->obj)
	{
		if (count == MAX_PROGRAMS)
			break;
		errors[count++] = options && options->has_no_opens && is_open_program(program)
					  ? -ECANCELED
					  : 0;
	}
	agent_bpf__destroy(skel);
	return count;
}

static void attach(struct bpf_source *source, const int *errors)
{
	struct bpf_program *program;
	size_t i = 0;

	bpf_object__for_each_program(program, source->skel->obj)
	{
		struct bpf_program_state *state = &source->programs[i];

		if (i == MAX_PROGRAMS)
			break;
		state->name = bpf_program__name(program);
		state->hook = bpf_program__section_name(program);
		state->error = errors[i];
		if (state->error == 0) {
			source->links[i] = bpf_program__attach(program);
			state->error = source->links[i] ? 0 : -errno;
		}
		if (program == source->skel->progs.list_tasks)
			source->tasks = source->links[i];
		i++;
	}
	source->program_count = i;
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
	source->rings =
		ring_buffer__new(bpf_map__fd(source->skel->maps.rb_tele), on_record, source, NULL);
	if (!source->rings)
		return -errno;
	return ring_buffer__add(source->rings, bpf_map__fd(source->skel->maps.rb_alert), on_record,
				source);
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
	source->cpus = libbpf_num_possible_cpus();
	if (source->cpus < 0)
		return source->cpus;

	count = list_programs(options, errors);
	r = load(options, errors, &source->skel);
	if (r < 0) {
		find_bad_programs(options, count, errors);
		r = load(options, errors, &source->skel);
	}
	if (r < 0) {
		strbuf_printf(reterr, "BPF object was refused: %s", strerror(-r));
		return r;
	}
	attach(source, errors);
	r = error_of(source, source->skel->progs.on_exec);
	if (r < 0) {
		strbuf_printf(reterr, "tp_btf/sched_process_exec was refused: %s", strerror(-r));
		return r;
	}
	r = open_rings(source);
	if (r < 0)
		return r;
	*ret_source = TAKE_PTR(source);
	return 0;
}

struct bpf_source *bpf_source_close(struct bpf_source *source)
{
	if (!source)
		return NULL;
	ring_buffer__free(source->rings);
	for (size_t i = 0; i < source->program_count; i++)
		bpf_link__destroy(source->links[i]);
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
	return ring_buffer__epoll_fd(source->rings);
}

int bpf_source_dispatch(struct bpf_source *source)
{
	int r = ring_buffer__consume(source->rings);

	/* The reader's own -ECANCELED means "enough for now". */
	return r == -ECANCELED ? 1 : r < 0 ? r : 0;
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

static void forget_trees(int map)
{
	struct ev_tree_key key;

	while (bpf_map_get_next_key(map, NULL, &key) == 0)
		if (bpf_map_delete_elem(map, &key) < 0)
			break;
}

int bpf_source_watch(struct bpf_source *source, char *const *trees)
{
	int map = bpf_map__fd(source->skel->maps.trees);

	forget_trees(map);
	for (uint32_t i = 0; trees && trees[i]; i++) {
		cleanup_close int fd = -1;

		source->skel->bss->learn_tree = i + 1;
		fd = openat(AT_FDCWD, trees[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		source->skel->bss->learn_tree = 0;
	}
	return 0;
}
