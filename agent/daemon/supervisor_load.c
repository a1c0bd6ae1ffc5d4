/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A baseline file from the command line to the verifier: copied, synced,
 * handed over with the files of the other layers, and kept as LAYER.tar only when
 * the verifier took all of them together.
 *
 * The supervisor reads no byte of them. One load at a time; one more may wait, so
 * that a request does not fail because the stored baseline is being read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "daemon/supervisor.h"

#define CURRENT	       ".tar" /* behind the name of its layer, as those below */
#define PREVIOUS       ".previous.tar"
#define ACCEPTED       ".digest" /* of CURRENT when the verifier took it */
#define ACCEPTED_MAX   128
#define MAX_BYTES      (4ull << 30)
#define CHUNK_BYTES    (256 * 1024)
#define CHUNKS_PER_RUN 16
#define TIMEOUT_NS     (15 * 60 * NSEC_PER_SEC)
#define AUDIENCE_NS    (20 * NSEC_PER_SEC)
#define RETRY_NS       (30 * NSEC_PER_SEC)

enum load_step {
	LOAD_COPYING,
	LOAD_WAITING, /* for the verifier to be ready */
	LOAD_VERIFYING,
	LOAD_ENDING, /* answered; the verifier is about to end */
};

struct load {
	enum load_step step;
	enum load_change change;
	enum layer gone; /* LOAD_GOES: which layer */
	bool replaces_reload;
	uint64_t request_id; /* of the recorder's MSG_CTL_LOAD */
	char *name;	     /* for people */
	int source_fd, copy_fd;
	char copy_name[32]; /* in the baseline folder; "" when nothing was copied */
	uint64_t copied;
	int64_t deadline_ns; /* to begin without audience; then to end */
	struct loop_source *timer;
};

static void answer(struct supervisor *supervisor, const struct load *load, int result,
		   const char *text)
{
	struct managed *recorder = &supervisor->children[ROLE_RECORDER];
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_LOAD_RESULT);

	if (load->change == LOAD_STORED || !recorder->channel)
		return;
	m_put_u64(&message, load->request_id);
	m_put_i64(&message, result);
	m_put_string(&message, text);
	(void)channel_send(recorder->channel, &message);
}

static void load_free(struct supervisor *supervisor, struct load *load)
{
	loop_remove(load->timer);
	if (load->copy_name[0] != '\0')
		(void)unlinkat(supervisor->baseline_fd, load->copy_name, 0);
	if (load->source_fd >= 0)
		close(load->source_fd);
	if (load->copy_fd >= 0)
		close(load->copy_fd);
	free(load->name);
	free(load);
}

/* A name in the baseline folder; of CURRENT and its like. */
struct name {
	char text[32];
};

static struct name file_of(const char *suffix, enum layer layer)
{
	struct name name;

	(void)snprintf(name.text, sizeof(name.text), "%s%s", layer_name(layer), suffix);
	return name;
}

/* The next one, if there is one, begins at the next tick. */
static void finish_load(struct supervisor *supervisor)
{
	load_free(supervisor, supervisor->load);
	supervisor->load = NULL;
}

/* Answers once. What runs of the verifier is asked to end; the next load starts a new one. */
static void end_load(struct supervisor *supervisor, int result, const char *text)
{
	struct load *load = supervisor->load;

	if (result < 0)
		log_error(result, "baseline %s is not loaded: %s", load->name, text);
	else
		log_notice("baseline %s is %s: %s", load->name,
			   load->change == LOAD_GOES ? "taken out" : "loaded", text);
	if (result < 0 && load->replaces_reload)
		supervisor->wants_reload = true;
	if (result < 0)
		child_report(supervisor, ROLE_VERIFIER, "degraded: baseline: %s: %s", load->name,
			     text);
	answer(supervisor, load, result, text);
	if (supervisor->children[ROLE_VERIFIER].pid > 0) {
		load->step = LOAD_ENDING;
		child_ask_to_stop(&supervisor->children[ROLE_VERIFIER]);
		return;
	}
	finish_load(supervisor);
}

static void start_verifier(struct supervisor *supervisor)
{
	int r;

	supervisor->load->step = LOAD_WAITING;
	supervisor->load->deadline_ns = clock_boot_ns() + TIMEOUT_NS;
	r = child_start_one(&supervisor->children[ROLE_VERIFIER]);
	if (r < 0)
		end_load(supervisor, r, "the verifier cannot be started");
}

/* 0 at the end of the file, 1 when there is more. */
static int copy_some(struct load *load)
{
	cleanup_free char *chunk = malloc(CHUNK_BYTES);

	if (!chunk)
		return -ENOMEM;
	for (int i = 0; i < CHUNKS_PER_RUN; i++) {
		ssize_t n = fd_read_full(load->source_fd, chunk, CHUNK_BYTES);
		int r;

		if (n < 0)
			return (int)n;
		load->copied += (uint64_t)n;
		/* The file may have grown since its size was looked at. */
		if (load->copied > MAX_BYTES)
			return -EFBIG;
		r = fd_write_all(load->copy_fd, chunk, (size_t)n);
		if (r < 0)
			return r;
		if (n < CHUNK_BYTES)
			return fsync(load->copy_fd) < 0 ? -errno : 0;
	}
	return 1;
}

/* The verifier gets a descriptor that cannot write what it verifies. */
static int reopen_copy(struct supervisor *supervisor, struct load *load)
{
	int fd =
		openat(supervisor->baseline_fd, load->copy_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	close(load->copy_fd);
	load->copy_fd = fd;
	return 0;
}

/* In slices, so that heartbeats and signals are not kept waiting by a large file. */
static int on_copy(struct loop *loop, void *userdata)
{
	struct supervisor *supervisor = userdata;
	int r = copy_some(supervisor->load);

	if (r > 0)
		return 0;
	if (r == 0)
		r = reopen_copy(supervisor, supervisor->load);
	supervisor->load->timer = loop_remove(supervisor->load->timer);
	if (r < 0)
		end_load(supervisor, r, "the file cannot be copied");
	else
		start_verifier(supervisor);
	return 0;
}

static int open_copy(struct supervisor *supervisor, struct load *load)
{
	char path[64];
	int fd;

	/* Relative to the folder's descriptor, so that no path is walked twice. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/incoming-XXXXXX", supervisor->baseline_fd);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	load->copy_fd = fd;
	snprintf(load->copy_name, sizeof(load->copy_name), "%s", strrchr(path, '/') + 1);
	return 0;
}

static int check_source(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return (uint64_t)st.st_size > MAX_BYTES ? -EFBIG : 0;
}

static struct load *load_new(const char *name)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		return NULL;
	load->source_fd = load->copy_fd = -1;
	load->name = strdup(name);
	if (!load->name) {
		free(load);
		return NULL;
	}
	return load;
}

static int begin_copy(struct supervisor *supervisor)
{
	struct load *load = supervisor->load;
	int r;

	r = check_source(load->source_fd);
	if (r < 0)
		return r;
	if (lseek(load->source_fd, 0, SEEK_SET) < 0)
		return -errno;
	r = open_copy(supervisor, load);
	if (r < 0)
		return r;
	return loop_add_timer(supervisor->loop, 1, 1, on_copy, supervisor, &load->timer);
}

static void begin_next(struct supervisor *supervisor)
{
	int r;

	supervisor->load = TAKE_PTR(supervisor->next_load);
	/* When it is good, it is what the stored one would be read for; end_load() knows if not. */
	supervisor->load->replaces_reload = supervisor->wants_reload;
	supervisor->wants_reload = false;
	if (supervisor->load->change == LOAD_GOES) {
		start_verifier(supervisor);
		return;
	}
	log_notice("loading baseline %s", supervisor->load->name);
	r = begin_copy(supervisor);
	if (r == -EINVAL)
		end_load(supervisor, r, "it is not a regular file");
	else if (r == -EFBIG)
		end_load(supervisor, r, "it is larger than 4 GiB");
	else if (r < 0)
		end_load(supervisor, r, "the file cannot be copied");
}

static bool is_busy(struct supervisor *supervisor, uint64_t request_id)
{
	const struct load refused = {.change = LOAD_COMES, .request_id = request_id};

	if (!supervisor->next_load && !supervisor->stop_ns)
		return false;
	answer(supervisor, &refused, -EBUSY, "another baseline is being loaded");
	return true;
}

static void queue_load(struct supervisor *supervisor, struct load *load, uint64_t request_id)
{
	load->request_id = request_id;
	load->deadline_ns = clock_boot_ns() + AUDIENCE_NS;
	supervisor->next_load = load;
	load_on_tick(supervisor);
}

int on_ctl_load(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = userdata;
	struct supervisor *supervisor = managed->supervisor;
	uint64_t request_id = m_get_u64(message);
	cleanup_free char *name = m_get_string(message);
	struct load *load;

	if (message_check(message) < 0 || !name || message->fd < 0)
		return -EBADMSG;
	if (is_busy(supervisor, request_id))
		return 0;
	load = load_new(name);
	if (!load)
		return -ENOMEM;
	load->change = LOAD_COMES;
	load->source_fd = TAKE_FD(message->fd);
	queue_load(supervisor, load, request_id);
	return 0;
}

int on_ctl_unload(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = userdata;
	struct supervisor *supervisor = managed->supervisor;
	uint64_t request_id = m_get_u64(message);
	cleanup_free char *name = m_get_string(message);
	enum layer layer;
	struct load *load;

	if (message_check(message) < 0 || layer_parse(name, &layer) < 0)
		return -EBADMSG;
	if (is_busy(supervisor, request_id))
		return 0;
	load = load_new(name);
	if (!load)
		return -ENOMEM;
	load->change = LOAD_GOES;
	load->gone = layer;
	queue_load(supervisor, load, request_id);
	return 0;
}

void load_want_stored(struct supervisor *supervisor)
{
	supervisor->wants_reload = true;
}

/* -ENOENT when there is no file of this layer. */
static int open_stored(const struct supervisor *supervisor, enum layer layer)
{
	int fd = openat(supervisor->baseline_fd, file_of(CURRENT, layer).text,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static bool has_stored(const struct supervisor *supervisor)
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		if (faccessat(supervisor->baseline_fd, file_of(CURRENT, layer).text, F_OK,
			      AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}

/* When recorder and sensor are there: the files that are in force. */
static void begin_stored(struct supervisor *supervisor)
{
	struct load *load;

	supervisor->wants_reload = false;
	if (!has_stored(supervisor))
		return;
	load = load_new("as stored");
	if (!load)
		return;
	load->change = LOAD_STORED;
	supervisor->load = load;
	start_verifier(supervisor);
}

/* NULL when there is none to be had: the verifier then judges the file as one that comes in. */
static char *read_accepted(const struct supervisor *supervisor, enum layer layer)
{
	struct name name = file_of(ACCEPTED, layer);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	r = fd_read_file(supervisor->baseline_fd, name.text, ACCEPTED_MAX, &text);
	if (r < 0 && r != -ENOENT)
		log_warning(r, "cannot read %s, the stored baseline is judged anew", name.text);
	if (r < 0 || text.len == 0)
		return NULL;
	text.data[strcspn(text.data, "\n")] = '\0';
	return strbuf_take(&text);
}

static int send_stored(const struct supervisor *supervisor, struct channel *verifier)
{
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		cleanup_message struct message message = MESSAGE_INIT(MSG_LAYER);
		cleanup_free char *accepted = NULL;

		message.fd = open_stored(supervisor, layer);
		if (message.fd == -ENOENT)
			continue;
		if (message.fd < 0)
			return log_error(message.fd, "cannot open the stored %s layer",
					 layer_name(layer));
		accepted = read_accepted(supervisor, layer);
		m_put_string(&message, layer_name(layer));
		m_put_string(&message, accepted);
		r = channel_send(verifier, &message);
	}
	return r;
}

static int send_load(const struct load *load, struct channel *verifier)
{
	struct message message = MESSAGE_INIT(MSG_LOAD);
	int r;

	if (load->copy_fd >= 0 && lseek(load->copy_fd, 0, SEEK_SET) < 0)
		return -errno;
	m_put_string(&message, load->name);
	m_put_u32(&message, load->change);
	m_put_string(&message, load->change == LOAD_GOES ? layer_name(load->gone) : NULL);
	message.fd = load->copy_fd; /* borrowed */
	r = channel_send(verifier, &message);
	message.fd = -1;
	message_done(&message);
	return r;
}

void load_on_verifier_ready(struct supervisor *supervisor)
{
	struct channel *verifier = supervisor->children[ROLE_VERIFIER].channel;
	struct load *load = supervisor->load;
	int r;

	if (!load || load->step != LOAD_WAITING)
		return;
	r = send_stored(supervisor, verifier);
	if (r == 0)
		r = send_load(load, verifier);
	if (r < 0) {
		end_load(supervisor, r, "the verifier cannot be given the files");
		return;
	}
	load->step = LOAD_VERIFYING;
}

/*
 * The digest is remembered beside the file. After a power cut between the two they do not fit
 * together, and the verifier judges the file's approvals once more.
 */
static int remember_accepted(const struct supervisor *supervisor, enum layer layer,
			     const char *digest)
{
	char line[ACCEPTED_MAX];
	int n = snprintf(line, sizeof(line), "%s\n", digest);

	if (n >= (int)sizeof(line))
		return -EMSGSIZE;
	return fd_replace_file(supervisor->baseline_fd, file_of(ACCEPTED, layer).text, line,
			       (size_t)n, 0600);
}

/* What the verifier said is in force. A full disk must not end that. */
static void remember_stored(const struct supervisor *supervisor,
			    char *const digests[static LAYER_COUNT])
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		cleanup_free char *accepted = read_accepted(supervisor, layer);
		int r = 0;

		if (digests[layer] && (!accepted || strcmp(accepted, digests[layer]) != 0))
			r = remember_accepted(supervisor, layer, digests[layer]);
		if (r < 0)
			log_warning(r, "cannot remember the accepted digest, ignoring");
	}
}

/* The copy becomes the file of its layer, what that was the one before. */
static int keep_copy(struct supervisor *supervisor, struct load *load, enum layer layer)
{
	struct name current = file_of(CURRENT, layer), previous = file_of(PREVIOUS, layer);
	int dirfd = supervisor->baseline_fd;

	if (unlinkat(dirfd, previous.text, 0) < 0 && errno != ENOENT)
		return -errno;
	if (linkat(dirfd, current.text, dirfd, previous.text, 0) < 0 && errno != ENOENT)
		return -errno;
	if (renameat(dirfd, load->copy_name, dirfd, current.text) < 0)
		return -errno;
	load->copy_name[0] = '\0';
	return 0;
}

static int take_out(struct supervisor *supervisor, enum layer layer)
{
	struct name current = file_of(CURRENT, layer), previous = file_of(PREVIOUS, layer);
	int dirfd = supervisor->baseline_fd;

	if (renameat(dirfd, current.text, dirfd, previous.text) < 0 && errno != ENOENT)
		return -errno;
	if (unlinkat(dirfd, file_of(ACCEPTED, layer).text, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* What a good answer of the verifier says; the texts are the caller's. */
struct verdict {
	enum layer came;
	char *digests[LAYER_COUNT]; /* of the files in force; NULL where there is none */
};

static void verdict_done(struct verdict *verdict)
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		free(verdict->digests[layer]);
}

static int keep(struct supervisor *supervisor, const struct verdict *verdict)
{
	struct load *load = supervisor->load;
	int r = 0;

	if (load->change == LOAD_COMES)
		r = keep_copy(supervisor, load, verdict->came);
	if (load->change == LOAD_COMES && r == 0)
		r = remember_accepted(supervisor, verdict->came, verdict->digests[verdict->came]);
	if (load->change == LOAD_GOES)
		r = take_out(supervisor, load->gone);
	if (r < 0)
		return r;
	remember_stored(supervisor, verdict->digests);
	return fsync(supervisor->baseline_fd) < 0 ? -errno : 0;
}

/* The layers at the end of MSG_LOAD_RESULT. */
static int get_digests(struct message *message, struct verdict *verdict)
{
	uint64_t count = m_get_u64(message);

	if (count >= LAYER_COUNT)
		return -EBADMSG;
	while (count-- > 0) {
		cleanup_free char *name = m_get_string(message);
		cleanup_free char *digest = m_get_string(message);
		enum layer layer;

		if (layer_parse(name, &layer) < 0 || !digest || verdict->digests[layer])
			return -EBADMSG;
		verdict->digests[layer] = TAKE_PTR(digest);
	}
	return 0;
}

int on_load_result(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = userdata;
	struct supervisor *supervisor = managed->supervisor;
	int64_t result = m_get_i64(message);
	cleanup_free char *came = m_get_string(message);
	cleanup_free char *text = m_get_string(message);
	cleanup_with(verdict_done) struct verdict verdict = {0};
	int r;

	if (get_digests(message, &verdict) < 0 || message_check(message) < 0 || result > 0 ||
	    result < -4095)
		return -EBADMSG;
	if (!supervisor->load || supervisor->load->step != LOAD_VERIFYING)
		return -EBADMSG;
	if (result < 0) {
		end_load(supervisor, (int)result, text ?: "refused by the verifier");
		return 0;
	}
	if (supervisor->load->change == LOAD_COMES &&
	    (layer_parse(came, &verdict.came) < 0 || !verdict.digests[verdict.came]))
		return -EBADMSG;
	r = keep(supervisor, &verdict);
	if (r < 0)
		end_load(supervisor, r, "it is in force, but cannot be kept for the next start");
	else
		end_load(supervisor, 0, text ?: "verified");
	return 0;
}

void load_on_verifier_end(struct supervisor *supervisor)
{
	struct load *load = supervisor->load;

	if (!load)
		return;
	/* The stored one is tried again: without its rules the sensor watches nothing. */
	if (load->step != LOAD_ENDING && load->change == LOAD_STORED) {
		supervisor->wants_reload = true;
		supervisor->reload_ns = clock_boot_ns() + RETRY_NS;
	}
	if (load->step != LOAD_ENDING)
		end_load(supervisor, -EIO, "the verifier ended before it gave a verdict");
	else
		finish_load(supervisor);
}

/* A load before recorder and sensor are there would have to be repeated for them. */
static bool is_audience_there(const struct supervisor *supervisor)
{
	return supervisor->children[ROLE_RECORDER].is_ready &&
	       supervisor->children[ROLE_SENSOR].is_ready;
}

void load_on_tick(struct supervisor *supervisor)
{
	struct load *load = supervisor->load;
	int64_t now_ns = clock_boot_ns();

	if (supervisor->stop_ns)
		return;
	if (load && (load->step == LOAD_WAITING || load->step == LOAD_VERIFYING) &&
	    now_ns > load->deadline_ns)
		end_load(supervisor, -ETIMEDOUT, "the verifier took longer than 15 minutes");
	if (!supervisor->load && supervisor->next_load &&
	    (is_audience_there(supervisor) || now_ns >= supervisor->next_load->deadline_ns))
		begin_next(supervisor);
	if (!supervisor->load && supervisor->wants_reload && is_audience_there(supervisor) &&
	    now_ns >= supervisor->reload_ns)
		begin_stored(supervisor);
}

bool load_is_due(const struct supervisor *supervisor)
{
	return supervisor->load || supervisor->next_load || supervisor->wants_reload;
}

void load_done(struct supervisor *supervisor)
{
	if (supervisor->load)
		finish_load(supervisor);
	if (supervisor->next_load)
		load_free(supervisor, supervisor->next_load);
	supervisor->next_load = NULL;
}
