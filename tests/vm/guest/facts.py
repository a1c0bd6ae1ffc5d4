# SPDX-License-Identifier: Apache-2.0
"""Whether this kernel keeps facts about inodes here. Since 2026 it allocates them without locks, which
takes cmpxchg16b, and the machines of these tests are without it (machine.py says why)."""
import os


def are_kept():
    with open("/proc/cpuinfo", encoding="ascii") as f:
        has_cx16 = " cx16" in f.read()
    return has_cx16 or int(os.uname().release.split(".")[0]) < 7
