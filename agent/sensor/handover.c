/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/handover.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "ebpf/event.h"
#include "sensor/twins.h"
#include "sensor/wakeups.h"

#define WAIT_NS (5 * NSEC_PER_SEC)
/* On another processor one of them may just be running. */
#define DETACH_NS (1 * NSEC_PER_SEC)
/* A supervisor that does not unlink them must not keep this sensor from its own rings. */
#define GIVE_UP_NS   (20 * NSEC_PER_SEC)
#define LOOK_NS	     (50 * NSEC_PER_MSEC)
#define RECORDS_A_GO 256

enum phase {
	PHASE_WAIT,   /* for the rules */
	PHASE_DETACH, /* until the links are gone */
	PHASE_REST,   /* until the programs are */
	PHASE_OVER,
};

struct handover {
	struct pins *pins; /* borrowed */
	void (*release)(enum sensor_release what, void *userdata);
	void *release_userdata;
	bpf_record_fn fn;
	void *userdata;

	enum phase phase;
	int64_t opened_ns, since_ns; /* since: of the phase */
	unsigned records;	     /* of this round, which ends in time */
	int64_t round_end_ns;
	bool has_losses;
	bool had_earlier;
	uint64_t waited;
	struct handover_losses losses;
	struct takeover *old;	      /* NULL: none, or over */
	struct twins *twins;	      /* as long as twins may come */
	struct takeover_state *state; /* a map of the kernel; `own` as long as nothing is kept */
	struct takeover_state own;
};

int handover_open(const struct sensor_choice *choice, bpf_record_fn fn, void *userdata,
		  struct handover **ret_handover)
{
	struct handover *h = calloc(1, sizeof(*h));
	int r = 0;

	if (!h)
		return -ENOMEM;
	h->pins = choice->pins;
	h->release = choice->release;
	h->release_userdata = choice->userdata;
	h->fn = fn;
	h->userdata = userdata;
	h->phase = PHASE_OVER;
	h->state = &h->own;
	h->state->size = sizeof(*h->state);
	h->opened_ns = h->since_ns = clock_boot_ns();
	if (h->pins)
		r = takeover_open(h->pins, &h->old);
	if (h->old) {
		h->phase = PHASE_WAIT;
		h->had_earlier = true;
		h->waited = takeover_waited(h->old);
		h->losses.lost = takeover_lost(h->old);
		h->losses.untold = takeover_untold(h->old);
		r = twins_new(&h->twins);
	}
	if (r < 0 && r != -ENOENT) {
		handover_close(h);
		return r;
	}
	*ret_handover = h;
	return 0;
}

struct handover *handover_close(struct handover *h)
{
	if (!h)
		return NULL;
	takeover_close(h->old);
	twins_free(h->twins);
	if (h->state != &h->own)
		munmap(h->state, sizeof(*h->state));
	free(h);
	return NULL;
}

/* Written to at each record, so it is mapped. */
static int make_state(struct handover *h)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	cleanup_close int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "plumbline_state",
					      sizeof(uint32_t), sizeof(h->own), 1, &opts);
	void *mapped;

	if (fd < 0)
		return fd;
	mapped = mmap(NULL, sizeof(h->own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		return -errno;
	h->state = mapped;
	*h->state = h->own;
	return pins_put(h->pins, "map", "state", fd);
}

int handover_keep(struct handover *h, const struct bpf_source *source, bool *ret_is_kept)
{
	int r;

	if (!h->pins)
		return 0;
	r = pins_begin(h->pins);
	if (r == 0)
		r = make_state(h);
	if (r == 0)
		r = bpf_source_pin(source, h->pins);
	if (r < 0)
		pins_abandon(h->pins);
	*ret_is_kept = r == 0;
	return r;
}

static void enter(struct handover *h, enum phase phase)
{
	h->phase = phase;
	h->since_ns = clock_boot_ns();
}

static void ask(const struct handover *h, enum sensor_release what)
{
	if (h->release)
		h->release(what, h->release_userdata);
}

static void begin_detach(struct handover *h)
{
	ask(h, SENSOR_RELEASE_LINKS);
	enter(h, PHASE_DETACH);
}

void handover_set_rules(struct handover *h, uint64_t rules)
{
	h->state->rules = rules;
	if (h->phase == PHASE_WAIT)
		begin_detach(h);
}

void handover_set_lost(struct handover *h, uint64_t lost)
{
	h->state->lost = lost;
}

void handover_took(struct handover *h)
{
	__atomic_store_n(&h->state->taken, h->state->taken + 1, __ATOMIC_RELEASE);
}

void handover_settle(struct handover *h)
{
	__atomic_store_n(&h->state->settled, h->state->taken, __ATOMIC_RELEASE);
}

bool handover_is_over(const struct handover *h)
{
	return h->phase == PHASE_OVER;
}

/* The children that prove this sensor are no news of the machine. */
static bool is_own_test(const struct handover *h, const struct ev_hdr *hdr)
{
	return hdr->ppid == (uint32_t)getpid() && hdr->ktime >= (uint64_t)h->opened_ns;
}

static int take_old_record(struct handover *h, const void *data, size_t len)
{
	struct ev_hdr hdr;
	uint32_t tree = 0;
	bool is_told;

	if (len < sizeof(hdr))
		return 0;
	memcpy(&hdr, data, sizeof(hdr));
	if (hdr.type == EV_OPEN && len >= sizeof(struct ev_open))
		memcpy(&tree, (const uint8_t *)data + offsetof(struct ev_open, tree), sizeof(tree));
	if (is_own_test(h, &hdr) || (tree && !takeover_knows_trees(h->old, h->state->rules)))
		return 0;
	handover_took(h);
	/* The list of what runs came before; another old set may have told it, too. Either way the
	 * own ring may have it once more. */
	is_told = twins_take(h->twins, data, len);
	twins_put(h->twins, data, len);
	return is_told ? 0 : h->fn(data, len, h->userdata);
}

static int on_old_record(const void *data, size_t len, void *userdata)
{
	struct handover *h = userdata;
	int r = take_old_record(h, data, len);

	if (r == 0 && (++h->records == RECORDS_A_GO || clock_boot_ns() >= h->round_end_ns))
		r = -ECANCELED;
	return r;
}

static void finish(struct handover *h)
{
	h->losses.lost = takeover_lost_by_now(h->old);
	h->losses.unreadable = takeover_unreadable(h->old);
	h->has_losses = h->losses.lost || h->losses.unreadable || h->losses.untold;
	h->old = takeover_close(h->old);
	ask(h, SENSOR_RELEASE_ALL);
	enter(h, PHASE_OVER);
}

static void move_on(struct handover *h, int64_t now_ns)
{
	if (h->phase == PHASE_WAIT && now_ns - h->since_ns >= WAIT_NS)
		begin_detach(h);
	else if (h->phase == PHASE_DETACH && now_ns - h->since_ns >= GIVE_UP_NS)
		finish(h);
	else if (h->phase == PHASE_DETACH && takeover_is_detached(h->old))
		enter(h, PHASE_REST);
	else if (h->phase == PHASE_REST && now_ns - h->since_ns >= DETACH_NS)
		finish(h);
}

int handover_work(struct handover *h)
{
	int64_t now_ns = clock_boot_ns();
	int r = 0;

	h->records = 0;
	h->round_end_ns = now_ns + WAKEUPS_ROUND_NS;
	/* Write-opens can be read as soon as the trees are known, or will not be. */
	if (h->phase == PHASE_DETACH || h->phase == PHASE_REST)
		r = takeover_read(h->old, on_old_record, h);
	if (r == 0 && h->phase != PHASE_OVER)
		move_on(h, now_ns);
	return r;
}

int64_t handover_due(const struct handover *h)
{
	return h->phase == PHASE_OVER ? INT64_MAX : clock_boot_ns() + LOOK_NS;
}

bool handover_take_losses(struct handover *h, struct handover_losses *ret_losses)
{
	bool had = h->has_losses;

	*ret_losses = h->losses;
	h->has_losses = false;
	return had;
}

void handover_note(struct handover *h, const void *data, size_t len)
{
	if (h->twins)
		twins_put(h->twins, data, len);
}

bool handover_has_told(struct handover *h, const void *data, size_t len)
{
	if (!h->twins)
		return false;
	/* The own rings are read in order, so this is past all that both could tell. */
	if (h->phase == PHASE_OVER && clock_boot_ns() - h->since_ns > GIVE_UP_NS) {
		h->twins = twins_free(h->twins);
		return false;
	}
	return twins_take(h->twins, data, len);
}

int handover_held(const struct handover *h, struct sensor_held *ret_held)
{
	if (!h->had_earlier)
		return -ENOENT;
	ret_held->waited = h->waited;
	ret_held->lost = h->losses.lost;
	return 0;
}
