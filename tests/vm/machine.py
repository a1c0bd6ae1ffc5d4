# SPDX-License-Identifier: Apache-2.0
"""Boots one virtual machine, runs one script in it, and gives back what the console said.

Emulated (TCG), since nested virtualisation is not to be had everywhere: what is asserted is counts
and decisions, never times. Without cmpxchg16b, whose emulation breaks Linux 6.12 in one boot of four.
"""
import os
import re
import signal
import subprocess
import tempfile
import time

CPU = "max,-cx16"
# It holds the script, and once that was read a test may make a file system there.
SECOND_DISK_BYTES = 16 << 20
# The processors of a machine are threads of the host's: what runs at once does so really, and QEMU 7.2 makes mistakes (Stale).
AT_ONCE = ("-accel", "tcg,thread=multi")
# They take turns on one thread, and none of those mistakes was seen. Two such machines keep two processors of the host busy.
IN_TURN = ("-accel", "tcg,thread=single")
# The machine's clocks count instructions, 2 ns each, and leap to the next timer when it has nothing to do: how busy the
# host is does not show. Since they would leap during each access to a disk too, its disks are in memory then.
OWN_TIME = ("-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off", "-rtc", "clock=vm")
# A lockup ends the machine, and what each processor was at then is on the console: before Linux 5.18 of one of them only.
KERNEL_LINE = ("console=ttyS0 quiet no_timer_check panic=1 oops=panic softlockup_panic=1 "
               "sysctl.kernel.softlockup_all_cpu_backtrace=1 panic_print=32 ")
PMEM_STEP = 16 << 20  # of the size that Linux takes


class Died(Exception):
    """The machine did not come to its end."""


class Stale(Died):
    """Its processors went on to run an instruction that the kernel had replaced: the emulator's fault."""


# What a kernel says when something is wrong with it; Linux 7 names no CPU after "WARNING: ". In a mere
# note, like the one on Spectre, another word follows.
COMPLAINT = re.compile(r"^\[ *\d+\.\d+\].*(\bBUG: |kernel BUG at|WARNING: (CPU: \d|\S+:\d+ at |possible |inconsistent |suspicious )|\bOops: |"
                       r"general protection fault(, prob|: \d)|double fault: |Kernel panic|self-detected stall|detected stalls? on|"
                       r"detected expedited stall|INFO: task .* blocked for|refcount_t: |list_(add|del) corruption|"
                       r"scheduling while atomic|invalid opcode: )")


def complaints(lines):
    """Lines of a console or of dmesg in which the kernel says that something is wrong with it."""
    return [line for line in lines if COMPLAINT.search(line)]


# The kernel patches its code by way of a breakpoint. Now and then (QEMU 7.2, two processors, a busy host) the emulator
# keeps that breakpoint when it is gone from memory. At the first byte of a hook's function, where a program was attached,
# and at a branch that the kernel switches (a no-op or a jump: jump labels), the processors take it again and again, and one
# may wait for another that does; elsewhere the kernel takes it for its own end.
PATCHED = re.compile(r"\bRIP: 0010:bpf_lsm_\w+\+0x0/")
SWITCHED = re.compile(r"\bCode: .*<(66> 90|0f> 1f 44 00 00) ")
TAKING = re.compile(r"(\bRIP: 0010:|\] +)(asm_exc_int3|exc_int3|poke_int3_handler)\+0x")
TRAPPED = re.compile(r"\bOops: int3: ")
CODE = re.compile(r"\bCode: .*\b([0-9a-f]{2}) <[0-9a-f]{2}> ")
BREAKPOINT = "cc"
PLACE = re.compile(r"\bRIP: 0010:")


def is_stale(lines):
    """Whether a console ends with processors that hang where the kernel patches its code, or took a breakpoint
    where its memory has none."""
    if any("soft lockup" in line for line in lines):
        return any(at.search(line) for at in (PATCHED, SWITCHED, TAKING) for line in lines)
    oops = next((i for i, line in enumerate(lines) if COMPLAINT.search(line)), len(lines))
    code = next((found for found in map(CODE.search, lines[oops:]) if found), None)
    return bool(code and TRAPPED.search(lines[oops]) and code.group(1) != BREAKPOINT)


class Outcome:
    """`status` of the script, `lines` of the console since the script began."""

    def __init__(self, status, lines):
        self.status = status
        self.lines = lines


def on_virtio(disks):
    """Words for qemu. `disks`: path and how it may be written, in the order of /dev/vda, vdb..."""
    return [word for path, how in disks for word in ("-drive", "file=%s,format=raw,if=virtio,%s" % (path, how))]


def in_memory(disks, memory_mb):
    """Words for qemu: the same disks as persistent memory, which answers at once. What is written there is lost.

    initramfs-init gives them the names of the others.
    """
    words = ["-machine", "pc,nvdimm=on", "-m", "%d,slots=%d,maxmem=64G" % (memory_mb, len(disks))]
    for i, (path, _) in enumerate(disks):
        size = -(-os.path.getsize(path) // PMEM_STEP) * PMEM_STEP
        os.truncate(path, size)
        words += ["-object", "memory-backend-file,id=m%d,mem-path=%s,size=%d,share=off" % (i, path, size),
                  "-device", "nvdimm,id=n%d,memdev=m%d" % (i, i)]
    return words


def boot(kernel, initramfs, image, script, append="", timeout_s=120, memory_mb=1024, cpus=2, words=(), disks=(),
         emulation=IN_TURN, keep=False):
    """Runs `script` (bash) in a machine of its own; what it writes to its root is gone afterwards, unless `keep`.

    `disks`: more of them, each a path and qemu's words on how it may be written. `words`: more of these.
    """
    with tempfile.TemporaryDirectory(prefix="plumbline-vm.") as folder:
        command, console = os.path.join(folder, "command"), os.path.join(folder, "console")
        with open(command, "wb") as f:
            text = script.encode() + b"\n"
            f.write(text)
            f.truncate(SECOND_DISK_BYTES)
        disks = [(image, "snapshot=off" if keep else "snapshot=on"), (command, "snapshot=off"), *disks]
        drives = in_memory(disks, memory_mb) if emulation is OWN_TIME else ["-m", str(memory_mb), *on_virtio(disks)]
        line = ["qemu-system-x86_64", *emulation, "-cpu", CPU, "-smp", str(cpus), *drives,
                "-display", "none", "-serial", "file:" + console, "-monitor", "none", "-no-reboot", "-nodefaults",
                "-kernel", kernel.image, "-initrd", initramfs,
                "-append", KERNEL_LINE + append, *words]
        start = time.monotonic()
        qemu = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                env={**os.environ, "TMPDIR": folder}, preexec_fn=lambda: die_with_parent())
        try:
            _, errors = qemu.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            qemu.kill()
            qemu.communicate()
            raise Died("no end after %.0f s:\n%s" % (time.monotonic() - start, tail(console))) from None
        finally:
            if qemu.poll() is None:
                qemu.kill()
                qemu.wait()
        lines = read(console)
        if complaints(lines):
            raise (Stale if is_stale(lines) else Died)("complained:\n" + "\n".join(
                complaints(lines)[:5] + [line for line in lines if PLACE.search(line)][:8] + lines[-80:]))
        for i in range(len(lines) - 1, -1, -1):
            found = re.fullmatch(r"VM-STATUS (\d+)", lines[i])
            if found:
                return Outcome(int(found.group(1)), lines[:i])
        raise Died("ended without a status:\n%s%s" % (tail(console), errors.decode(errors="replace")))


def die_with_parent():
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def read(console):
    with open(console, encoding="utf-8", errors="replace") as f:
        return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1bc", "", line.rstrip("\r\n")) for line in f]


def tail(console):
    return "\n".join(read(console)[-40:]) if os.path.exists(console) else ""
