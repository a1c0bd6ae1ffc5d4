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
 * Observes: each returns 0. The program of a process itself is told by exec.bpf.c, once it runs. Of
 * the rest each inode is told once, and again after it was opened for writing, when a writer still
 * has it open, or when the sensor asks for all anew: a lost record is not told, so it comes again.
 * Executable memory without a file is not told.
 */
#include "inode.bpf.h"

static __always_inline bool has_writer(struct inode *inode)
{
	return BPF_CORE_READ(inode, i_writecount.counter) > 0;
}

static __always_inline bool send_load(struct file *file, u32 how)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct scratch *s = event_begin_hook(EV_LOAD, EV_RING_ALERT);

	if (!s)
		return false;
	s->load.how = how;
	s->load.flags = is_in_user_ns(task) ? EV_EXEC_USER_NS : 0;
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

/* Tells @inode, that of @file, unless that was done for what it holds now. */
static __always_inline void tell_once(struct file *file, struct inode *inode, u32 how)
{
	struct ev_inode *fact =
		bpf_inode_storage_get(&inodes, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	u32 epoch = load_epoch;
	u64 generation;

	/* Without storage each use is told. That is no rarity on kernels of 2026 where the
	 * processor lacks cmpxchg16b: they cannot allocate here then. */
	if (!fact) {
		send_load(file, how);
		return;
	}
	/* Read before the writers are looked at: one that comes later counts it up after. */
	generation = fact->generation;
	if (has_writer(inode)) {
		send_load(file, how);
	} else if (fact->told != generation + 1 || fact->told_epoch != epoch) {
		if (send_load(file, how)) {
			fact->told = generation + 1;
			fact->told_epoch = epoch;
		}
	}
}

/* The kernel maps the program itself while it starts it: exec.bpf.c tells that, if it does. */
static __always_inline bool is_own_image(struct inode *inode)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (bpf_core_field_exists(task->in_execve) &&
	    !BPF_CORE_READ_BITFIELD_PROBED(task, in_execve))
		return false;
	return BPF_CORE_READ(task, mm, exe_file, f_inode) == inode;
}

SEC("?lsm/bprm_check_security")
int BPF_PROG(on_exec_level, struct linux_binprm *bprm)
{
	u32 zero = 0;
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);
	struct file *file = bprm->file;
	char head[2] = {0};

	if (cnt)
		__sync_fetch_and_add(&cnt->exec_levels, 1);
	if (!file)
		return 0;
	bpf_core_read(head, sizeof(head), &bprm->buf);
	if (head[0] == '#' && head[1] == '!')
		tell_once(file, file->f_inode, EV_LOAD_SCRIPT);
	return 0;
}

/*
 * @file is NULL for anonymous memory. Verifiers of before 2025 take it for a pointer that never is,
 * and drop the first test: so the inode is read by a probe, which bears NULL, and tested as well.
 */
SEC("?lsm/mmap_file")
int BPF_PROG(on_mmap, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags)
{
	if (!file || !(prot & PROT_EXEC) || flags & MAP_ANONYMOUS)
		return 0;
	if (!BPF_CORE_READ(file, f_inode) || is_own_image(BPF_CORE_READ(file, f_inode)))
		return 0;
	tell_once(file, file->f_inode, EV_LOAD_LIBRARY);
	return 0;
}

SEC("?lsm/file_mprotect")
int BPF_PROG(on_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	struct file *file;

	if (!(prot & PROT_EXEC) || BPF_CORE_READ(vma, vm_flags) & VM_EXEC)
		return 0;
	file = vma->vm_file;
	if (!file || !BPF_CORE_READ(vma, vm_file, f_inode))
		return 0;
	tell_once(file, file->f_inode, EV_LOAD_LIBRARY);
	return 0;
}

SEC("?lsm/kernel_read_file")
int BPF_PROG(on_kernel_read, struct file *file, u32 id)
{
	if (id != bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE))
		return 0;
	send_load(BPF_CORE_READ(file, f_inode) ? file : NULL, EV_LOAD_MODULE);
	return 0;
}

SEC("?lsm/kernel_load_data")
int BPF_PROG(on_kernel_load, u32 id)
{
	if (id == bpf_core_enum_value(enum kernel_load_data_id, LOADING_MODULE))
		send_load(NULL, EV_LOAD_MODULE_MEMORY);
	return 0;
}
