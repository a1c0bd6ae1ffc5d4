# SPDX-License-Identifier: Apache-2.0
"""Mounts by the old and by the new family of system calls, each in a process of its own that can be named."""
import ctypes
import os
import sys

import trial

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
MS_RDONLY, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_MOVE = 1, 8, 32, 4096, 8192
MNT_DETACH = 2
OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, MOUNT_SETATTR = 428, 429, 430, 431, 432, 442
OPEN_TREE_CLONE = 1
FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE = 1, 6
MOVE_MOUNT_F_EMPTY_PATH = 4
MOUNT_ATTR_NOEXEC = 8

libc = ctypes.CDLL(None, use_errno=True)


class Refused(OSError):
    pass


def check(result, what):
    if result < 0:
        raise Refused(ctypes.get_errno(), "%s: %s" % (what, os.strerror(ctypes.get_errno())))
    return result


def mount(source, target, kind=None, flags=0, data=None):
    def text(value):
        return value.encode() if value is not None else None
    check(libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data)), "mount " + target)


def umount(target, flags=0):
    check(libc.umount2(target.encode(), flags), "umount " + target)


def fsmount(kind, source):
    """A detached mount of a new file system, as a descriptor."""
    fs = check(libc.syscall(FSOPEN, kind.encode(), 0), "fsopen")
    check(libc.syscall(FSCONFIG, fs, FSCONFIG_SET_STRING, b"source", source.encode(), 0), "fsconfig source")
    check(libc.syscall(FSCONFIG, fs, FSCONFIG_CMD_CREATE, None, None, 0), "fsconfig create")
    fd = check(libc.syscall(FSMOUNT, fs, 0, 0), "fsmount")
    os.close(fs)
    return fd


def open_tree(path):
    """A detached copy of the mount at `path`."""
    return check(libc.syscall(OPEN_TREE, AT_FDCWD, path.encode(), OPEN_TREE_CLONE | os.O_CLOEXEC), "open_tree")


def move_mount(fd, target):
    check(libc.syscall(MOVE_MOUNT, fd, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH), "move_mount")
    os.close(fd)


def mount_setattr(target, attributes):
    attr = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    check(libc.syscall(MOUNT_SETATTR, AT_FDCWD, target.encode(), 0, ctypes.byref(attr), ctypes.sizeof(attr)),
          "mount_setattr")


def by_another(do, *args):
    """Calls do(*args) in a process of its own; its pid. Raises what it raised."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        number = 0
        try:
            do(*args)
        except OSError as error:
            number = error.errno
        except BaseException:  # nothing of the parent's may run twice
            number = 255
        os.write(write, bytes([number]))
        os._exit(0)
    os.close(write)
    number = (os.read(read, 1) or b"\0")[0]  # nothing: it became another program
    os.close(read)
    os.waitpid(pid, 0)
    if number:
        raise Refused(number, "%s: %s" % (getattr(do, "__name__", "call"), os.strerror(number)))
    return pid


def in_own_namespace():
    """Runs this test again where its mounts are nobody else's; returns there."""
    if os.environ.get("PLUMBLINE_OWN_MOUNTS"):
        return
    trial.need_root()
    os.environ["PLUMBLINE_OWN_MOUNTS"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable] + sys.argv)
