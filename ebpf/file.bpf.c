/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files of monitored trees opened for writing.
 *
 *   tracepoint/syscalls/sys_exit_open, openat, openat2, creat, open_by_handle_at
 *       who opened which file for writing; also tells the sensor its trees' keys
 *   tracepoint/syscalls/sys_enter_truncate
 *       a content change that opens no file
 *   lsm/file_open, where it can be had, in place of all that ends in sys_exit
 *       the same opens by whatever road, io_uring included; voids what was known of a file as code;
 *       tells the sensor how a file was when it opened it itself
 *   lsm/inode_setattr (two forms: Linux 6.6 gave it the mount's idmap)
 *       voids likewise when a file is cut or grown; who changes mode or owner
 *   lsm/inode_setxattr, inode_removexattr (two forms each: Linux 5.12 gave them the user namespace)
 *       who changes what decides about rights and labels (security.*); voids what was known
 *   lsm/inode_link
 *       a monitored file gets another name, by which it may be opened then
 *
 * Everything outside the trees in `trees` is dropped here. What a writer changed, and changes of
 * names and attributes, come from fanotify in user space; without the LSM hook, opens through
 * io_uring are seen there alone.
 */
#include "verdict.bpf.h"

#define TREE_HINT_BITS 12
/* So many lie one on the other: that of the kernel itself, since Linux 7 an empty one below it,
 * that of the machine. */
#define ROOT_MOUNTS 4

/*
 * Not 0 for the number of each inode that `trees` has, and for a few others: most folders are
 * passed without a lookup. Bytes, so that none is written with its neighbour; all are cleared by
 * the sensor, after the map.
 */
volatile __u8 tree_hints[1 << TREE_HINT_BITS] __weak = {0};
/* EV_WANT_*: set while the sensor opens a file that it is about to read. */
volatile __u32 snapshot_wanted __weak = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ev_snapshot);
} snapshots SEC(".maps") __weak;

static __always_inline void key_of(struct inode *inode, bool is_known, struct ev_tree_key *key)
{
	struct super_block *super = FIELD(is_known, inode, i_sb);

	__builtin_memset(key, 0, sizeof(*key));
	key->ino = FIELD(is_known, inode, i_ino);
	key->dev = FIELD(is_known, super, s_dev);
}

/* File systems spread folders by powers of two. */
static __always_inline u32 tree_hint(u64 ino)
{
	return ino * 0x9e3779b97f4a7c15 >> (64 - TREE_HINT_BITS);
}

/* The tree that begins at @dentry, or 0. @is_known as for FIELD(). */
static __always_inline u32 tree_at(struct dentry *dentry, bool is_known)
{
	struct inode *inode = FIELD(is_known, dentry, d_inode);
	struct ev_tree_key key;
	u32 *tree;

	/* The verifier of Linux 7 wants it asked. */
	if (!inode || !tree_hints[tree_hint(FIELD(is_known, inode, i_ino))])
		return 0;
	key_of(inode, is_known, &key);
	tree = bpf_map_lookup_elem(&trees, &key);
	return tree ? *tree : 0;
}

/*
 * The tree that holds @dentry by the names of its own file system alone, or 0: a file that is
 * reached through a bind mount is in it, too.
 */
static __always_inline u32 find_own_tree(struct dentry *dentry, bool is_known)
{
	for (int i = 0; i < PATH_LEVELS; i++) {
		u32 tree = tree_at(dentry, is_known);
		struct dentry *parent;

		if (tree)
			return tree;
		parent = FIELD(is_known, dentry, d_parent);
		if (parent == dentry)
			return 0;
		dentry = parent;
	}
	return 0;
}

/* Where a mount is. */
struct mount_place {
	struct mount *above;
	struct dentry *mountpoint; /* in @above */
	struct dentry *root;
};

/* By one read, where the three stand beside each other as they do here. */
static __always_inline void find_place(struct mount *mount, struct mount_place *place)
{
	u32 at = bpf_core_field_offset(struct mount, mnt_parent);

	if (bpf_core_field_offset(struct mount, mnt_mountpoint) ==
		    at + offsetof(struct mount_place, mountpoint) &&
	    bpf_core_field_offset(struct mount, mnt.mnt_root) ==
		    at + offsetof(struct mount_place, root)) {
		bpf_probe_read_kernel(place, sizeof(*place), (void *)mount + at);
		return;
	}
	place->above = BPF_CORE_READ(mount, mnt_parent);
	place->mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	place->root = BPF_CORE_READ(mount, mnt.mnt_root);
}

/* One that lies on the roots of others alone, down to the one that all began with. */
static __always_inline bool is_root_mount(struct mount *mount)
{
	struct mount_place place, above;

	find_place(mount, &place);
	for (int i = 0; i < ROOT_MOUNTS && place.above != mount; i++) {
		find_place(place.above, &above);
		if (place.mountpoint != above.root)
			return false;
		mount = place.above;
		place = above;
	}
	return place.above == mount;
}

static __always_inline void learn(struct file *file)
{
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct ev_tree_key key;
	u32 tree = learn_tree;

	if (tree == EV_LEARN_ROOT) {
		root_mount = is_root_mount(real_mount(vfs)) ? (u64)vfs : 0;
		return;
	}
	key_of(BPF_CORE_READ(file, f_path.dentry, d_inode), ANY_POINTER, &key);
	tree_hints[tree_hint(key.ino)] = 1;
	bpf_map_update_elem(&trees, &key, &tree, BPF_ANY);
}

/*
 * The tree that holds @dentry, or 0. With @mount NULL only names of one file system are walked;
 * else mounts are crossed, for file systems mounted below a tree. With @s the names on the way go
 * into the text.
 */
static __always_inline u32 find_tree(struct dentry *dentry, struct mount *mount, struct scratch *s)
{
	struct mount_place place = {0};

	if (mount)
		find_place(mount, &place);
	for (int i = 0; i < PATH_LEVELS; i++) {
		u32 tree = tree_at(dentry, ANY_POINTER);
		struct dentry *parent;

		if (tree)
			return tree;
		if (mount && dentry == place.root) {
			if (place.above == mount)
				return 0;
			dentry = place.mountpoint;
			mount = place.above;
			find_place(mount, &place);
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			return 0;
		if (s && !text_add(s, BPF_CORE_READ(dentry, d_name.name), NAME_ROOM))
			return 0;
		dentry = parent;
	}
	return 0;
}

/* The mount of all others where the current task is; NULL where it cannot be known so that loads
 * will do. */
static __always_inline struct mount *first_mount(void)
{
	struct mnt_namespace *ns;

	if (!has_known_current())
		return NULL;
	ns = bpf_get_current_task_btf()->nsproxy->mnt_ns;
	return bpf_core_field_exists(ns->root) ? ns->root : NULL;
}

/* The tree that holds the place of @mount, or 0. */
static __always_inline u32 find_tree_above(struct mount *mount)
{
	struct mount *first = first_mount();
	struct mount_place place;

	find_place(mount, &place);
	if (place.above == mount)
		return 0;
	/* So is the file system with most of the files. */
	if (first && first == place.above && first->mnt_parent == first &&
	    first->mnt.mnt_root == place.mountpoint)
		return tree_at(first->mnt.mnt_root, KNOWN_POINTER);
	return find_tree(place.mountpoint, place.above, NULL);
}

static __always_inline void count_filtered(void)
{
	u32 zero = 0;
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);

	if (cnt)
		cnt->filtered++;
}

/* From an LSM hook (@is_hook) or a tracepoint. */
static __always_inline void report_open(struct task_struct *task, struct file *file, u32 mode,
					bool is_hook, bool is_linked)
{
	struct dentry *dentry = FIELD(is_hook, file, f_path.dentry);
	struct mount *mount = NULL;
	/* A tree begins at a folder. */
	u32 tree = find_own_tree(FIELD(is_hook, dentry, d_parent), is_hook);
	struct inode *inode;
	struct scratch *s;

	if (!tree) {
		mount = real_mount(FIELD(is_hook, file, f_path.mnt));
		tree = find_tree_above(mount);
	}
	if (!tree && !is_linked) {
		count_filtered();
		return;
	}
	s = is_hook ? event_begin_hook(EV_OPEN, EV_RING_TELEMETRY)
		    : event_begin(EV_OPEN, EV_RING_TELEMETRY, task, ANY_POINTER);
	if (!s)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	s->open.ino = BPF_CORE_READ(inode, i_ino);
	s->open.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	s->open.nlink = BPF_CORE_READ(inode, i_nlink);
	s->open.tree = tree;
	s->open.flags = mode & FMODE_CREATED ? EV_OPEN_CREATED : 0;
	text_begin(s, &s->open.path);
	if (!tree)
		s->open.flags |= EV_OPEN_LINKED;
	else if (mount)
		find_tree(dentry, mount, s);
	else
		find_tree(dentry, NULL, s);
	text_end(s, &s->open.path);
	if (is_hook)
		event_send_hook(s, &rb_tele, EV_RING_TELEMETRY);
	else
		event_send(s, &rb_tele, EV_RING_TELEMETRY);
}

static __always_inline int on_open_exit(struct syscall_trace_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *file;
	u32 mode;

	if (ctx->ret < 0)
		return 0;
	file = file_of_fd(task, ctx->ret);
	if (!file)
		return 0;
	mode = BPF_CORE_READ(file, f_mode);
	/* On LSM hooks, below, it says why its writes are not. */
	if (learn_tree && self_tgid && bpf_get_current_pid_tgid() >> 32 == self_tgid) {
		learn(file);
		return 0;
	}
	if (!(mode & FMODE_WRITE) || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFREG)
		return 0;
	report_open(task, file, mode, false, false);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_openat")
int on_openat(struct syscall_trace_exit *ctx)
{
	return on_open_exit(ctx);
}

SEC("?tracepoint/syscalls/sys_exit_openat2")
int on_openat2(struct syscall_trace_exit *ctx)
{
	return on_open_exit(ctx);
}

SEC("?tracepoint/syscalls/sys_exit_open")
int on_open(struct syscall_trace_exit *ctx)
{
	return on_open_exit(ctx);
}

SEC("?tracepoint/syscalls/sys_exit_creat")
int on_creat(struct syscall_trace_exit *ctx)
{
	return on_open_exit(ctx);
}

SEC("?tracepoint/syscalls/sys_exit_open_by_handle_at")
int on_open_by_handle_at(struct syscall_trace_exit *ctx)
{
	return on_open_exit(ctx);
}

SEC("?tracepoint/syscalls/sys_enter_truncate")
int on_truncate(struct syscall_trace_enter *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	const char *name = (const char *)ctx->args[0];
	struct scratch *s = event_begin(EV_PATH, EV_RING_TELEMETRY, task, ANY_POINTER);
	struct fs_struct *fs;

	if (!s)
		return 0;
	text_begin(s, &s->path.path);
	text_add_user(s, name);
	text_end(s, &s->path.path);
	if (s->tail[0] != '/') {
		fs = BPF_CORE_READ(task, fs);
		text_add_path(s, &s->path.cwd, &fs->pwd);
	}
	event_send(s, &rb_tele, EV_RING_TELEMETRY);
	return 0;
}

static __always_inline u32 kind_of(struct inode *inode)
{
	return inode->i_mode & S_IFMT;
}

static __always_inline bool is_regular(struct file *file)
{
	return kind_of(file->f_inode) == S_IFREG;
}

/* One that is there stays: it counts until the sensor knows better. */
static __always_inline void enter_stamp(struct inode *inode, struct ev_snapshot *snapshot)
{
	struct ev_stamp *stamp;

	if (!snapshot->stamp.superblock)
		return;
	snapshot->stamp.entered = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&stamps, &snapshot->key, &snapshot->stamp, BPF_NOEXIST);
	stamp = bpf_map_lookup_elem(&stamps, &snapshot->key);
	if (!stamp)
		return;
	snapshot->stamp.entered = stamp->entered;
	snapshot->flags |= EV_SNAPSHOT_STAMP;
}

/*
 * How @file is when the sensor opens it. What is kept comes first, then the look at its writers:
 * one that comes in between is seen, one that comes later voids what is kept.
 */
static __always_inline void take_snapshot(struct file *file, struct inode *inode, u32 want)
{
	u32 zero = 0, who = self_tgid;
	struct ev_snapshot *snapshot = bpf_map_lookup_elem(&snapshots, &zero);
	struct ev_inode *own = NULL;
	struct ev_place place;

	if (!snapshot)
		return;
	__builtin_memset(snapshot, 0, sizeof(*snapshot));
	stamp_key_of(inode, &snapshot->key);
	stamp_of(inode, &snapshot->stamp);
	if (want & EV_WANT_FACT)
		own = bpf_inode_storage_get(&inodes, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (own) {
		snapshot->generation = own->generation;
		snapshot->flags |= EV_SNAPSHOT_FACT;
	}
	if (want & EV_WANT_STAMP)
		enter_stamp(inode, snapshot);
	if (want & EV_WANT_CLOSURE && place_of(file, &place) &&
	    !bpf_map_update_elem(&closure, &place, &who, BPF_ANY))
		snapshot->flags |= EV_SNAPSHOT_CLOSURE;
	if (has_writer(inode))
		snapshot->flags |= EV_SNAPSHOT_WRITER;
	snapshot->flags |= EV_SNAPSHOT_TAKEN;
}

/* The sensor reads each file of a tree: those with several names are remembered. */
static __always_inline void on_own_open(struct file *file)
{
	u32 want = snapshot_wanted;

	if (want && is_regular(file))
		take_snapshot(file, file->f_inode, want);
	if (learn_tree)
		learn(file);
	else if (is_regular(file) && BPF_CORE_READ(file, f_inode, i_nlink) > 1 &&
		 find_own_tree(file->f_path.dentry, KNOWN_POINTER))
		inode_flag(file->f_inode, EV_INODE_LINKED);
}

SEC("?lsm/file_open")
int BPF_PROG(on_file_open, struct file *file)
{
	u32 mode = file->f_mode, kind, flags;
	struct inode *inode;

	/* Only its reads are its own: these programs may outlive the sensor, and a process that
	 * gets its number writes like any other. */
	if (!(mode & FMODE_WRITE)) {
		if (self_tgid && bpf_get_current_pid_tgid() >> 32 == self_tgid)
			on_own_open(file);
		return 0;
	}
	inode = file->f_inode;
	kind = kind_of(inode);
	/* Under a file system no open of a file is seen. */
	if (kind == S_IFBLK)
		stamps_void();
	if (kind != S_IFREG)
		return 0;
	/* Its writer is counted in the inode already, so no reader can miss both. */
	flags = inode_written(inode);
	report_open((void *)bpf_get_current_task(), file, mode, true, flags & EV_INODE_LINKED);
	return 0;
}

SEC("?lsm/inode_link")
int BPF_PROG(on_link, struct dentry *old)
{
	u32 tree = find_own_tree(old, KNOWN_POINTER);
	struct scratch *s;

	if (!tree)
		return 0;
	inode_flag(old->d_inode, EV_INODE_LINKED);
	s = event_begin_hook(EV_OPEN, EV_RING_TELEMETRY);
	if (!s)
		return 0;
	s->open.ino = BPF_CORE_READ(old, d_inode, i_ino);
	s->open.dev = BPF_CORE_READ(old, d_inode, i_sb, s_dev);
	s->open.nlink = BPF_CORE_READ(old, d_inode, i_nlink);
	s->open.tree = tree;
	s->open.flags = EV_OPEN_LINKED;
	text_begin(s, &s->open.path);
	find_tree(old, NULL, s);
	text_end(s, &s->open.path);
	event_send_hook(s, &rb_tele, EV_RING_TELEMETRY);
	return 0;
}

/* It may still fail: whether anything has changed is for user space to see. */
static __always_inline void tell_attributes(struct dentry *dentry)
{
	u32 tree = find_own_tree(dentry, KNOWN_POINTER);
	struct scratch *s;

	if (!tree)
		return;
	s = event_begin_hook(EV_OPEN, EV_RING_TELEMETRY);
	if (!s)
		return;
	s->open.ino = BPF_CORE_READ(dentry, d_inode, i_ino);
	s->open.dev = BPF_CORE_READ(dentry, d_inode, i_sb, s_dev);
	s->open.tree = tree;
	s->open.flags = EV_OPEN_ATTRIBUTE;
	text_begin(s, &s->open.path);
	find_tree(dentry, NULL, s);
	text_end(s, &s->open.path);
	event_send_hook(s, &rb_tele, EV_RING_TELEMETRY);
}

static __always_inline int on_attributes(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	u32 valid = BPF_CORE_READ(attr, ia_valid);

	if (inode && valid & ATTR_SIZE)
		inode_written(inode);
	if (inode && valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		tell_attributes(dentry);
	return 0;
}

/* "security.capability", "security.selinux" and the like. */
static __always_inline bool is_label(const char *name)
{
	char head[10] = {0};

	return bpf_probe_read_kernel_str(head, sizeof(head), name) == sizeof(head) &&
	       head[0] == 's' && head[1] == 'e' && head[2] == 'c' && head[3] == 'u' &&
	       head[4] == 'r' && head[5] == 'i' && head[6] == 't' && head[7] == 'y' &&
	       head[8] == '.';
}

static __always_inline int on_label(struct dentry *dentry, const char *name)
{
	struct inode *inode = dentry->d_inode;

	if (!inode || !is_label(name))
		return 0;
	inode_written(inode);
	tell_attributes(dentry);
	return 0;
}

SEC("?lsm/inode_setattr")
int BPF_PROG(on_setattr_2, struct dentry *dentry, struct iattr *attr)
{
	return on_attributes(dentry, attr);
}

SEC("?lsm/inode_setattr")
int BPF_PROG(on_setattr_3, struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	return on_attributes(dentry, attr);
}

SEC("?lsm/inode_setxattr")
int BPF_PROG(on_setxattr_5, struct dentry *dentry, const char *name)
{
	return on_label(dentry, name);
}

SEC("?lsm/inode_setxattr")
int BPF_PROG(on_setxattr_6, struct mnt_idmap *idmap, struct dentry *dentry, const char *name)
{
	return on_label(dentry, name);
}

SEC("?lsm/inode_removexattr")
int BPF_PROG(on_removexattr_2, struct dentry *dentry, const char *name)
{
	return on_label(dentry, name);
}

SEC("?lsm/inode_removexattr")
int BPF_PROG(on_removexattr_3, struct mnt_idmap *idmap, struct dentry *dentry, const char *name)
{
	return on_label(dentry, name);
}
