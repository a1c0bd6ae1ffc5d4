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
#include "common.bpf.h"

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

static __always_inline void add_file(struct scratch *s, struct file *file)
{
	struct inode *inode = file->f_inode;

	s->exec.ino = inode->i_ino;
	s->exec.bytes = inode->i_size;
	s->exec.dev = inode->i_sb->s_dev;
	s->exec.mode = inode->i_mode;
	s->exec.nlink = inode->i_nlink;
	text_add_known_path(s, &s->exec.exe, &file->f_path);
}

static __always_inline void add_task(struct scratch *s, struct task_struct *task)
{
	if (is_in_user_ns(task, KNOWN_POINTER))
		s->exec.flags |= EV_EXEC_USER_NS;
	s->exec.mnt_ns = task->nsproxy->mnt_ns->ns.inum;
	s->exec.exec_id = task->self_exec_id;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct scratch *s = event_begin(EV_EXEC, EV_RING_ALERT, task, KNOWN_POINTER);
	const char *filename;

	if (!s)
		return 0;
	filename = bprm->filename;
	if (filename != bprm->interp)
		s->exec.flags |= EV_EXEC_INTERPRETED;
	add_task(s, task);
	add_file(s, bprm->file);
	/* The thread that called execve() may have another number since. */
	take_start(old_pid, &s->exec.judged);

	text_begin(s, &s->exec.filename);
	/* One that fills the room was longer: its beginning may be the name of another file. */
	if (text_add(s, filename, TAIL_SLACK) == TAIL_SLACK)
		s->exec.filename.flags |= EV_TEXT_CUT;
	text_end(s, &s->exec.filename);
	if (s->tail[s->exec.filename.offset & (EV_TAIL_MAX - 1)] != '/')
		text_add_known_path(s, &s->exec.cwd, &task->fs->pwd);
	add_cgroup(s, &s->exec.cgroup, task);
	event_send(s, &rb_alert, EV_RING_ALERT);
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
	add_task(s, task);
	/* Kernel threads have none; they are told of as the parents of others. One that is about to
	 * start has the file already and not yet its number: on_exec() will tell it. */
	file = task->mm->exe_file;
	if (file && task->mm->start_code)
		add_file(s, file);
	add_cgroup(s, &s->exec.cgroup, task);
	length = s->length;
	if (length > EV_TAIL_MAX)
		length = EV_TAIL_MAX;
	s->hdr.size = EV_FIXED + length;
	bpf_seq_write(ctx->meta->seq, s, EV_FIXED + length);
	event_abandon(s);
	return 0;
}
