/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that become code.
 *
 *   lsm/bprm_check_security   scripts given to execve(), at their own level, by their own inode
 *   lsm/mmap_file             what is mapped executable: libraries, plugins, ld.so and what it runs
 *   lsm/file_mprotect         what is made executable after it was mapped
 *   lsm/kernel_read_file      modules that the kernel reads from a file
 *   lsm/kernel_load_data      modules that come from memory
 *
 * Each asks for a verdict (verdict.bpf.h) and returns 0, or -EPERM where that denies; a denial is
 * always told. The program of a process itself is told by exec.bpf.c, once it runs. Of
 * the rest each inode is told once, and again after it was opened for writing, when a writer still
 * has it open, or when the sensor asks for all anew: a lost record is not told, so it comes again.
 * Executable memory without a file is not told.
 */
#include <bpf/bpf_endian.h>

#include "verdict.bpf.h"

static __always_inline bool is_current_in_user_ns(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, cred, user_ns, level) > 0 ||
	       BPF_CORE_READ(task, nsproxy, mnt_ns, user_ns, level) > 0;
}

static __always_inline bool send_load(struct file *file, u32 how, const struct ev_judgement *j)
{
	struct scratch *s = event_begin_hook(EV_LOAD, EV_RING_ALERT);

	if (!s)
		return false;
	s->load.how = how;
	s->load.judged = *j;
	s->load.flags = is_current_in_user_ns() ? EV_EXEC_USER_NS : 0;
	if (file) {
		struct inode *inode = BPF_CORE_READ(file, f_inode);

		s->load.ino = BPF_CORE_READ(inode, i_ino);
		s->load.bytes = BPF_CORE_READ(inode, i_size);
		s->load.dev = BPF_CORE_READ(inode, i_sb, s_dev);
		s->load.mode = BPF_CORE_READ(inode, i_mode);
		s->load.nlink = BPF_CORE_READ(inode, i_nlink);
		text_add_path(s, &s->load.path, &file->f_path);
	}
	return event_send_hook(s, &rb_alert, EV_RING_ALERT);
}

/* Whether @inode is to be told: not again what was told of it as it is now. */
static __always_inline bool is_news(struct inode *inode, struct ev_inode *own, u64 generation)
{
	/* Without storage each use is told. That is no rarity on kernels of 2026 where the
	 * processor lacks cmpxchg16b: they cannot allocate here then. */
	if (!own || has_writer(inode))
		return true;
	return own->told != generation + 1 || own->told_epoch != load_epoch;
}

/* Tells @inode, that of @file, if it was denied or is news. @own: what is known of it, or NULL. */
static __always_inline void tell(struct file *file, struct inode *inode, struct ev_inode *own,
				 u32 how, const struct ev_judgement *j)
{
	/* Read before the writers are looked at: one that comes later counts it up after. */
	u64 generation = own ? own->generation : 0;
	u32 epoch = load_epoch;

	if (!(j->flags & EV_JUDGED_DENIED) && !is_news(inode, own, generation))
		return;
	if (!send_load(file, how, j) || !own || has_writer(inode))
		return;
	own->told = generation + 1;
	own->told_epoch = epoch;
}

/* The kernel maps the program itself while it starts it: exec.bpf.c tells that, if it does. */
static __always_inline bool is_own_image(struct inode *inode)
{
	struct task_struct *task;

	if (!has_known_current()) {
		task = (void *)bpf_get_current_task();
		return is_in_execve(task, ANY_POINTER) &&
		       BPF_CORE_READ(task, mm, exe_file, f_inode) == inode;
	}
	task = bpf_get_current_task_btf();
	return is_in_execve(task, KNOWN_POINTER) && task->mm->exe_file->f_inode == inode;
}

/* 64 bits wide, and hidden from the compiler, which would make arithmetic of it that a verifier
 * cannot follow to -EPERM or 0. */
static __always_inline long refusal(void)
{
	long r = -EPERM;

	barrier_var(r);
	return r;
}

/* Tells what is to be told, and returns what the hook is to return. */
static __always_inline long answer(struct file *file, struct inode *inode, struct ev_inode *own,
				   u32 how, const struct ev_judgement *j)
{
	bool is_denied = j->flags & EV_JUDGED_DENIED;

	if (is_denied || how != EV_LOAD_PROGRAM)
		tell(file, inode, own, how, j);
	return is_denied ? refusal() : 0;
}

/* By one load. */
static __always_inline bool is_script(struct linux_binprm *bprm)
{
	return *(u16 *)bprm->buf == bpf_htons('#' << 8 | '!');
}

SEC("?lsm/bprm_check_security")
long BPF_PROG(on_exec_level, struct linux_binprm *bprm)
{
	struct file *file = bprm->file;
	u32 how = EV_LOAD_PROGRAM;
	struct ev_judgement j;
	struct ev_inode *own;
	struct inode *inode;

	if (!file)
		return 0;
	inode = file->f_inode;
	own = judge(file, inode, EV_HOOK_EXEC, &j);
	if (is_script(bprm))
		how = EV_LOAD_SCRIPT;
	else
		keep_start((u32)bpf_get_current_pid_tgid(), &j);
	return answer(file, inode, own, how, &j);
}

/*
 * Verifiers of before 2025 take an argument for a pointer that never is NULL, and drop a test of
 * it. Of its lower half they know nothing; where that is 0 a probe, which bears NULL, says more.
 */
static __always_inline bool is_null(struct file *file)
{
	u32 half = (u64)file;

	/* In a register of 32 bits: shifts of a pointer are refused. */
	asm volatile("" : "+w"(half));
	return !half && !BPF_CORE_READ(file, f_inode);
}

/* @file is NULL for anonymous memory. */
SEC("?lsm/mmap_file")
long BPF_PROG(on_mmap, struct file *file, unsigned long reqprot, unsigned long prot,
	      unsigned long flags)
{
	struct inode *inode;
	struct ev_judgement j;
	struct ev_inode *own;

	if (!file || !(prot & PROT_EXEC) || flags & MAP_ANONYMOUS || is_null(file))
		return 0;
	inode = file->f_inode;
	if (is_own_image(inode))
		return 0;
	own = judge(file, inode, EV_HOOK_MMAP, &j);
	return answer(file, inode, own, EV_LOAD_LIBRARY, &j);
}

SEC("?lsm/file_mprotect")
long BPF_PROG(on_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	struct ev_judgement j;
	struct ev_inode *own;
	struct inode *inode;
	struct file *file;

	if (!(prot & PROT_EXEC) || BPF_CORE_READ(vma, vm_flags) & VM_EXEC)
		return 0;
	file = vma->vm_file;
	if (!file || !BPF_CORE_READ(vma, vm_file, f_inode))
		return 0;
	inode = file->f_inode;
	own = judge(file, inode, EV_HOOK_MPROTECT, &j);
	return answer(file, inode, own, EV_LOAD_LIBRARY, &j);
}

SEC("?lsm/kernel_read_file")
long BPF_PROG(on_kernel_read, struct file *file, u32 id)
{
	struct ev_judgement j;

	if (id != bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE))
		return 0;
	if (!file || !BPF_CORE_READ(file, f_inode))
		return 0;
	judge(file, file->f_inode, EV_HOOK_READ_FILE, &j);
	send_load(file, EV_LOAD_MODULE, &j);
	return j.flags & EV_JUDGED_DENIED ? refusal() : 0;
}

SEC("?lsm/kernel_load_data")
long BPF_PROG(on_kernel_load, u32 id)
{
	struct ev_judgement j;

	if (id != bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE))
		return 0;
	judge_memory(EV_HOOK_LOAD_DATA, &j);
	send_load(NULL, EV_LOAD_MODULE_MEMORY, &j);
	return j.flags & EV_JUDGED_DENIED ? refusal() : 0;
}
