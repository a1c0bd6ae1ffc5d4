/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Life of processes.
 *
 *   tp_btf/sched_process_exec   every program that has started, past the point of no return
 *   tp_btf/sched_process_fork   every new process (not thread)
 *   tp_btf/sched_process_exit   the end of a process, with its last thread
 *   iter/task                   what runs already, read by the sensor at start
 *
 * Decides nothing: these hooks cannot deny. A program that fails to start, and an execve() that is
 * refused, leave no record.
 */
#include "start.bpf.h"

static __always_inline void add_cgroup(struct scratch *s, struct ev_text *text,
				       struct task_struct *task)
{
	struct kernfs_node *kn = task->cgroups->dfl_cgrp->kn;

	text_begin(s, text);
	for (int i = 0; i < 8 && kn; i++) {
		struct kernfs_node *parent = kernfs_parent(kn);

		/* The root has no name of its own. */
		if (!parent || !text_add(s, kn->name, NAME_ROOM))
			break;
		kn = parent;
	}
	text_end(s, text);
}

static __always_inline void fill_file(struct ev_exec *exec, struct inode *inode)
{
	exec->ino = inode->i_ino;
	exec->bytes = inode->i_size;
	exec->dev = inode->i_sb->s_dev;
	exec->mode = inode->i_mode;
	exec->nlink = inode->i_nlink;
}

static __always_inline void fill_task(struct ev_exec *exec, struct task_struct *task)
{
	struct mnt_namespace *mounts = task->nsproxy->mnt_ns;

	exec->flags = is_in_user_ns(task->cred, mounts) ? EV_EXEC_USER_NS : 0;
	exec->mnt_ns = mounts->ns.inum;
	exec->exec_id = task->self_exec_id;
}

/* One start, as its tracepoint gives it. */
struct start {
	struct task_struct *task;
	u32 caller; /* The thread that called execve() may have another number since. */
	struct file *file;
	const char *filename;
	bool is_interpreted;
};

static __always_inline void fill_start(struct ev_exec *exec, const struct start *start)
{
	fill_task(exec, start->task);
	if (start->is_interpreted)
		exec->flags |= EV_EXEC_INTERPRETED;
	fill_file(exec, start->file->f_inode);
	take_start(start->caller, &exec->judged);
}

static __always_inline void add_texts(struct scratch *s, const struct start *start)
{
	text_add_known_path(s, &s->exec.exe, &start->file->f_path);
	text_begin(s, &s->exec.filename);
	/* One that fills the room was longer: its beginning may be the name of another file. */
	if (text_add(s, start->filename, TAIL_SLACK) == TAIL_SLACK)
		s->exec.filename.flags |= EV_TEXT_CUT;
	text_end(s, &s->exec.filename);
	if (s->tail[s->exec.filename.offset & (EV_TAIL_MAX - 1)] != '/')
		text_add_known_path(s, &s->exec.cwd, &start->task->fs->pwd);
	add_cgroup(s, &s->exec.cgroup, start->task);
}

/* With its text, which is kept for the next. */
static __always_inline void tell_whole(const struct start *start, struct origin *origin)
{
	struct scratch *s = event_begin(EV_EXEC, EV_RING_ALERT, start->task, KNOWN_POINTER);
	struct path *path = &start->file->f_path;

	if (!s)
		return;
	fill_start(&s->exec, start);
	origin->path = path_state(path);
	add_texts(s, start);
	keep_text(origin, start->task, path, s);
	event_send(s, &rb_alert, EV_RING_ALERT);
}

/* By the name of its text, which was told before. */
static __always_inline void tell_again(const struct start *start, struct ev_text_name text)
{
	u64 now = bpf_ktime_get_boot_ns(), sequence, lost;
	struct ev_exec *exec;

	if (!count_attempt(EV_EXEC, EV_RING_ALERT, &sequence, &lost))
		return;
	exec = bpf_ringbuf_reserve(&rb_alert, sizeof(*exec), 0);
	if (!exec) {
		count_loss(EV_EXEC, EV_RING_ALERT);
		return;
	}
	fill_header(&exec->hdr, start->task, KNOWN_POINTER);
	exec->hdr.type = EV_EXEC;
	exec->hdr.size = sizeof(*exec);
	exec->hdr.ktime = now;
	exec->hdr.sequence = sequence;
	exec->hdr.lost = lost;
	exec->exe = exec->filename = exec->cgroup = (struct ev_text){0};
	exec->judged = (struct ev_judgement){0};
	fill_start(exec, start);
	exec->flags |= EV_EXEC_NAMES_TEXT;
	exec->text = text;
	bpf_ringbuf_submit(exec, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int caller, struct linux_binprm *bprm)
{
	const char *filename = bprm->filename;
	const struct start start = {task, caller, bprm->file, filename, filename != bprm->interp};
	struct ev_start *text;
	struct origin origin;

	find_origin(task, start.file, filename, &origin);
	text = bpf_map_lookup_elem(&start_texts, &origin.slot);
	if (text && is_start_of(text, &origin, &start.file->f_path))
		tell_again(&start, (struct ev_text_name){origin.slot, 0, text->serial});
	else
		tell_whole(&start, &origin);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	if (child->pid != child->tgid)
		return 0;
	tell_life(EV_FORK, child);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	if (task->signal->live.counter > 0)
		return 0;
	tell_life(EV_EXIT, task);
	return 0;
}

SEC("iter/task")
int list_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct scratch *s;
	struct file *file;
	u32 length;

	if (!task || task->pid != task->tgid)
		return 0;
	s = event_begin(EV_TASK, EV_RING_TELEMETRY, task, KNOWN_POINTER);
	if (!s)
		return 0;
	fill_task(&s->exec, task);
	/* Kernel threads have none; they are told of as the parents of others. One that is about to
	 * start has the file already and not yet its number: on_exec() will tell it. */
	file = task->mm->exe_file;
	if (file && task->mm->start_code) {
		fill_file(&s->exec, file->f_inode);
		text_add_known_path(s, &s->exec.exe, &file->f_path);
	}
	add_cgroup(s, &s->exec.cgroup, task);
	length = s->length;
	if (length > EV_TAIL_MAX)
		length = EV_TAIL_MAX;
	s->hdr.size = EV_FIXED + length;
	bpf_seq_write(ctx->meta->seq, s, EV_FIXED + length);
	event_abandon(s);
	return 0;
}
