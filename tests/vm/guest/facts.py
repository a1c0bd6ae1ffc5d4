# SPDX-License-Identifier: Apache-2.0
"""Whether this kernel keeps facts about files here. Since 6.19 it allocates them by kmalloc_nolock(), which takes
cmpxchg16b or caches under debugging: the machines of these tests have no cmpxchg16b (machine.py says why), so
kernels.ini turns debugging on."""
import os


def are_kept():
    with open("/proc/cpuinfo", encoding="ascii") as f:
        has_cx16 = " cx16" in f.read()
    with open("/sys/kernel/slab/kmalloc-64/sanity_checks", encoding="ascii") as f:
        is_debugged = f.read().strip() == "1"
    return has_cx16 or is_debugged or int(os.uname().release.split(".")[0]) < 7
