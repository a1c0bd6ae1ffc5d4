/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who mounts, and who sets the clock.
 *
 *   lsm/sb_mount              mount(): new, bind, move, remount
 *   lsm/move_mount            move_mount(): the last step of the newer calls
 *   lsm/sb_umount             umount2()
 *   lsm/sb_remount            options of a whole file system, by either family of calls
 *   lsm/sb_pivotroot          pivot_root()
 *   lsm/sb_kern_mount         a file system is made ready, before anything on it can be opened
 *   lsm/settime               clock_settime(), settimeofday()
 *   tracepoint/syscalls/...   the same calls, where the hook cannot be had; and on every rung those
 *                             without a hook: mount_setattr(), steps of the clock by adjtimex()
 *                             (not by the calls of 32-bit programs, which have no tracepoints)
 *
 * Names the one who did it. What is mounted then is read in the mount table by user space: a hook
 * tells before it is known whether the call will succeed. Changes of propagation are not told.
 */
#include "inode.bpf.h"

#define MS_PROPAGATION (MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED)

#define NSEC_PER_SEC  1000000000ULL
#define NSEC_PER_USEC 1000ULL
/* kernel/time/time.c: wide of Greenwich. */
#define ZONE_MINUTES (15 * 60)

struct call {
	u64 args[4]; /* those that are looked at */
};

/* A time as 64-bit programs give it: struct timespec, and struct timeval with microseconds. */
struct user_time {
	u64 seconds, fraction;
};

/* struct timex */
struct user_timex {
	u32 modes, pad;
	u64 offset, freq, maxerror, esterror;
	u32 status, pad_status;
	u64 constant, precision, tolerance;
	struct user_time time;
};

/* Of a call that goes on, by thread id: at its end the memory it named is surely there. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline void fill_mount(struct scratch *s, u32 how, u32 options)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	s->mount.how = how;
	s->mount.options = options;
	s->mount.mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

static __always_inline struct scratch *begin_hook(u32 how, u32 options)
{
	struct scratch *s = event_begin_hook(EV_MOUNT, EV_RING_ALERT);

	if (s)
		fill_mount(s, how, options);
	return s;
}

static __always_inline struct scratch *begin_call(u32 how, u32 options)
{
	struct scratch *s =
		event_begin(EV_MOUNT, EV_RING_ALERT, (void *)bpf_get_current_task(), ANY_POINTER);

	if (s)
		fill_mount(s, how, options);
	return s;
}

static __always_inline void add_string(struct scratch *s, struct ev_text *text, const char *from)
{
	text_begin(s, text);
	text_add(s, from, NAME_ROOM);
	text_end(s, text);
}

static __always_inline void add_super(struct scratch *s, const struct super_block *sb)
{
	s->mount.dev = BPF_CORE_READ(sb, s_dev);
	add_string(s, &s->mount.type, BPF_CORE_READ(sb, s_type, name));
}

/* In the order in which mount() looks at them; EV_MOUNT_NONE: nothing but propagation. */
static __always_inline u32 how_of(u64 flags)
{
	if (flags & MS_REMOUNT)
		return EV_MOUNT_CHANGE;
	if (flags & MS_BIND)
		return EV_MOUNT_BIND;
	if (flags & MS_PROPAGATION)
		return EV_MOUNT_NONE;
	return flags & MS_MOVE ? EV_MOUNT_MOVE : EV_MOUNT_NEW;
}

SEC("?lsm/sb_mount")
int BPF_PROG(on_mount, const char *source, struct path *path, const char *type, unsigned long flags)
{
	u32 how = how_of(flags);
	struct scratch *s = how == EV_MOUNT_NONE ? NULL : begin_hook(how, flags);

	if (!s)
		return 0;
	text_add_path(s, &s->mount.path, path);
	add_string(s, &s->mount.source, source);
	add_string(s, &s->mount.type, type);
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

SEC("?lsm/move_mount")
int BPF_PROG(on_move_mount, struct path *from, struct path *to)
{
	struct scratch *s = begin_hook(EV_MOUNT_MOVE, 0);

	if (!s)
		return 0;
	text_add_path(s, &s->mount.path, to);
	add_super(s, BPF_CORE_READ(from, mnt, mnt_sb));
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

SEC("?lsm/sb_umount")
int BPF_PROG(on_unmount, struct vfsmount *mnt, int flags)
{
	struct scratch *s = begin_hook(EV_MOUNT_UNMOUNT, flags);

	if (!s)
		return 0;
	text_add_names(s, &s->mount.path, BPF_CORE_READ(mnt, mnt_root), mnt);
	add_super(s, BPF_CORE_READ(mnt, mnt_sb));
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

SEC("?lsm/sb_remount")
int BPF_PROG(on_remount, struct super_block *sb)
{
	struct scratch *s = begin_hook(EV_MOUNT_CHANGE, 0);

	if (!s)
		return 0;
	add_super(s, sb);
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

/* Who has `root_mount` for a root is about to put another in its place: it gets a name. */
static __always_inline void forget_root_mount(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if ((u64)BPF_CORE_READ(task, fs, root.mnt) == root_mount)
		root_mount = 0;
}

SEC("?lsm/sb_pivotroot")
int BPF_PROG(on_pivot, struct path *old, struct path *new)
{
	struct scratch *s = begin_hook(EV_MOUNT_PIVOT, 0);

	forget_root_mount();
	if (!s)
		return 0;
	text_add_path(s, &s->mount.path, new);
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

SEC("?lsm/sb_kern_mount")
int BPF_PROG(on_super, struct super_block *sb)
{
	struct scratch *s = begin_hook(EV_MOUNT_SUPER, 0);

	if (!s)
		return 0;
	add_super(s, sb);
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

static __always_inline bool is_zone(int minutes)
{
	return minutes >= -ZONE_MINUTES && minutes <= ZONE_MINUTES;
}

SEC("?lsm/settime")
int BPF_PROG(on_settime, struct timespec64 *time, struct timezone *zone)
{
	struct scratch *s;
	u64 set_ns;

	/* Only another time zone. */
	if (!time)
		return 0;
	stamps_void();
	set_ns = (u64)time->tv_sec * NSEC_PER_SEC + (u64)time->tv_nsec;
	/* Will be refused, as will a time zone that there is none. */
	if (set_ns < bpf_ktime_get_ns() || (zone && !is_zone(zone->tz_minuteswest)))
		return 0;
	s = event_begin_hook(EV_CLOCK, EV_RING_ALERT);
	if (!s)
		return 0;
	s->clock.set_ns = set_ns;
	event_send_hook(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

static __always_inline int keep_call(const struct call *call)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();

	bpf_map_update_elem(&calls, &tid, call, BPF_ANY);
	return 0;
}

/* The kept call; it is kept no longer. */
static __always_inline bool take_kept(struct call *ret_call)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &tid);

	if (!call)
		return false;
	*ret_call = *call;
	bpf_map_delete_elem(&calls, &tid);
	return true;
}

/* The same when it has succeeded. */
static __always_inline bool take_call(struct syscall_trace_exit *ctx, struct call *ret_call)
{
	return take_kept(ret_call) && ctx->ret == 0;
}

/* @name, and what it is relative to: the folder @fd, or the current one. */
static __always_inline void add_given(struct scratch *s, const char *name, long fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct file *folder;

	s->mount.flags |= EV_MOUNT_GIVEN;
	text_begin(s, &s->mount.path);
	text_add_user(s, name);
	text_end(s, &s->mount.path);
	if (s->mount.path.length && s->tail[0] == '/')
		return;
	folder = fd < 0 ? NULL : file_of_fd(task, fd);
	text_add_path(s, &s->mount.base, folder ? &folder->f_path : &fs->pwd);
}

static __always_inline void add_user_string(struct scratch *s, struct ev_text *text,
					    const char *from)
{
	text_begin(s, text);
	text_add_user(s, from);
	text_end(s, text);
}

static __always_inline int send_call(struct scratch *s)
{
	event_send(s, &rb_alert, EV_RING_ALERT);
	return 0;
}

SEC("?tracepoint/syscalls/sys_enter_mount")
int on_mount_call(struct syscall_trace_enter *ctx)
{
	struct scratch *s;

	if (how_of(ctx->args[3]) == EV_MOUNT_NEW) {
		s = begin_call(EV_MOUNT_SUPER, ctx->args[3]);
		if (s)
			send_call(s);
	}
	return keep_call(&(struct call){{ctx->args[0], ctx->args[1], ctx->args[2], ctx->args[3]}});
}

SEC("?tracepoint/syscalls/sys_exit_mount")
int on_mounted(struct syscall_trace_exit *ctx)
{
	struct scratch *s;
	struct call call;
	u32 how;

	if (!take_call(ctx, &call))
		return 0;
	how = how_of(call.args[3]);
	s = how == EV_MOUNT_NONE ? NULL : begin_call(how, call.args[3]);
	if (!s)
		return 0;
	add_given(s, (const char *)call.args[1], -1);
	add_user_string(s, &s->mount.source, (const char *)call.args[0]);
	add_user_string(s, &s->mount.type, (const char *)call.args[2]);
	return send_call(s);
}

SEC("?tracepoint/syscalls/sys_enter_move_mount")
int on_move_mount_call(struct syscall_trace_enter *ctx)
{
	return keep_call(&(struct call){{ctx->args[2], ctx->args[3]}});
}

SEC("?tracepoint/syscalls/sys_exit_move_mount")
int on_moved(struct syscall_trace_exit *ctx)
{
	struct scratch *s;
	struct call call;

	if (!take_call(ctx, &call))
		return 0;
	s = begin_call(EV_MOUNT_MOVE, 0);
	if (!s)
		return 0;
	add_given(s, (const char *)call.args[1], (int)call.args[0]);
	return send_call(s);
}

SEC("?tracepoint/syscalls/sys_enter_umount")
int on_unmount_call(struct syscall_trace_enter *ctx)
{
	return keep_call(&(struct call){{ctx->args[0], ctx->args[1]}});
}

SEC("?tracepoint/syscalls/sys_exit_umount")
int on_unmounted(struct syscall_trace_exit *ctx)
{
	struct scratch *s;
	struct call call;

	if (!take_call(ctx, &call))
		return 0;
	s = begin_call(EV_MOUNT_UNMOUNT, call.args[1]);
	if (!s)
		return 0;
	add_given(s, (const char *)call.args[0], -1);
	return send_call(s);
}

SEC("?tracepoint/syscalls/sys_enter_mount_setattr")
int on_setattr_call(struct syscall_trace_enter *ctx)
{
	return keep_call(&(struct call){{ctx->args[0], ctx->args[1]}});
}

SEC("?tracepoint/syscalls/sys_exit_mount_setattr")
int on_setattr_done(struct syscall_trace_exit *ctx)
{
	struct scratch *s;
	struct call call;

	if (!take_call(ctx, &call))
		return 0;
	s = begin_call(EV_MOUNT_CHANGE, 0);
	if (!s)
		return 0;
	add_given(s, (const char *)call.args[1], (int)call.args[0]);
	return send_call(s);
}

SEC("?tracepoint/syscalls/sys_enter_fsconfig")
int on_fsconfig_call(struct syscall_trace_enter *ctx)
{
	u32 command = ctx->args[1];
	struct scratch *s;

	if (command != FSCONFIG_CMD_CREATE && command != FSCONFIG_CMD_CREATE_EXCL &&
	    command != FSCONFIG_CMD_RECONFIGURE)
		return 0;
	s = begin_call(command == FSCONFIG_CMD_RECONFIGURE ? EV_MOUNT_CHANGE : EV_MOUNT_SUPER, 0);
	return s ? send_call(s) : 0;
}

SEC("?tracepoint/syscalls/sys_enter_pivot_root")
int on_pivot_call(struct syscall_trace_enter *ctx)
{
	struct scratch *s = begin_call(EV_MOUNT_PIVOT, 0);

	forget_root_mount();
	return s ? send_call(s) : 0;
}

static __always_inline u64 to_ns(const struct user_time *time, bool is_nano)
{
	return time->seconds * NSEC_PER_SEC + time->fraction * (is_nano ? 1 : NSEC_PER_USEC);
}

static __always_inline int send_clock(u64 to)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct scratch *s = event_begin(EV_CLOCK, EV_RING_ALERT, task, ANY_POINTER);

	if (!s)
		return 0;
	s->clock.set_ns = to;
	return send_call(s);
}

/* Only its end tells whether who called may set the clock at all. */
static __always_inline int on_set(struct syscall_trace_exit *ctx, bool is_nano)
{
	struct user_time to = {0};
	struct call call;

	if (!take_call(ctx, &call))
		return 0;
	bpf_probe_read_user(&to, sizeof(to), (void *)call.args[0]);
	return send_clock(to_ns(&to, is_nano));
}

SEC("?tracepoint/syscalls/sys_enter_clock_settime")
int on_clock_settime(struct syscall_trace_enter *ctx)
{
	return ctx->args[0] == CLOCK_REALTIME ? keep_call(&(struct call){{ctx->args[1]}}) : 0;
}

SEC("?tracepoint/syscalls/sys_exit_clock_settime")
int on_clock_set(struct syscall_trace_exit *ctx)
{
	return on_set(ctx, true);
}

SEC("?tracepoint/syscalls/sys_enter_settimeofday")
int on_settimeofday(struct syscall_trace_enter *ctx)
{
	return ctx->args[0] ? keep_call(&(struct call){{ctx->args[0]}}) : 0;
}

SEC("?tracepoint/syscalls/sys_exit_settimeofday")
int on_timeofday_set(struct syscall_trace_exit *ctx)
{
	return on_set(ctx, false);
}

/* Clients of time servers call it all day; only a step is news. If what it asks for is not in
 * memory yet, it may be one. */
static __always_inline int on_adjust(u64 at)
{
	struct user_timex timex = {0};
	bool is_read = bpf_probe_read_user(&timex, sizeof(timex), (void *)at) == 0;

	if (is_read && !(timex.modes & ADJ_SETOFFSET))
		return 0;
	stamps_void();
	return keep_call(&(struct call){{at, is_read, to_ns(&timex.time, timex.modes & ADJ_NANO)}});
}

/* At its end the kernel has put there what the clock shows, or what it did before the step, which
 * then is to be known from the call's begin. What it returns else is the state of the clock. */
static __always_inline int on_adjusted(struct syscall_trace_exit *ctx)
{
	struct user_timex timex = {0};
	struct call call;
	u64 now_ns;

	if (!take_kept(&call) || ctx->ret < 0)
		return 0;
	if (bpf_probe_read_user(&timex, sizeof(timex), (void *)call.args[0]) == 0 &&
	    !(timex.modes & ADJ_SETOFFSET))
		return 0;
	now_ns = to_ns(&timex.time, timex.status & STA_NANO);
	if (!adjtimex_tells_time_before())
		return send_clock(now_ns);
	return send_clock(call.args[1] ? now_ns + call.args[2] : 0);
}

SEC("?tracepoint/syscalls/sys_enter_clock_adjtime")
int on_clock_adjtime(struct syscall_trace_enter *ctx)
{
	return ctx->args[0] == CLOCK_REALTIME ? on_adjust(ctx->args[1]) : 0;
}

SEC("?tracepoint/syscalls/sys_exit_clock_adjtime")
int on_clock_adjusted(struct syscall_trace_exit *ctx)
{
	return on_adjusted(ctx);
}

SEC("?tracepoint/syscalls/sys_enter_adjtimex")
int on_adjtimex(struct syscall_trace_enter *ctx)
{
	return on_adjust(ctx->args[0]);
}

SEC("?tracepoint/syscalls/sys_exit_adjtimex")
int on_timex_adjusted(struct syscall_trace_exit *ctx)
{
	return on_adjusted(ctx);
}
