# SPDX-License-Identifier: Apache-2.0
"""A root image for one build, and an initramfs per kernel, made once and used by many machines."""
import concurrent.futures
import functools
import os
import shutil
import tempfile
import threading

import guest
import kernel
import machine

AGAIN = 2  # times


class Lab:
    """Owns a folder, which is gone when the block ends. Its machines may run at once.

    `emulation`: machine.boot()'s, where run() is not told another.
    """

    MACHINES = min(2, os.cpu_count() or 1)

    def __init__(self, build=None, emulation=machine.IN_TURN):
        self.emulation = emulation
        self.build = build or os.environ.get("PLUMBLINE_BUILD", os.path.join(guest.SOURCE, "build"))
        self.folder = tempfile.mkdtemp(prefix="plumbline-lab.")
        self.image = os.path.join(self.folder, "root.ext4")
        self.making = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, name, script, append="", timeout_s=120, **how):
        """Outcome of `script` under kernel `name`; `how`: more for machine.boot(). A machine that ends by a
        fault of the emulator is booted again. Raises kernel.Unavailable, machine.Died."""
        chosen = kernel.fetch(name)
        initramfs = os.path.join(self.folder, name + ".cpio")
        with self.making:
            if not os.path.exists(initramfs):
                guest.make_initramfs(initramfs, chosen)
            if not os.path.exists(self.image):
                guest.make_image(self.image, self.build)
        how.setdefault("emulation", self.emulation)
        boot = functools.partial(machine.boot, chosen, initramfs, self.image, script, append, timeout_s, **how)
        for _ in range(AGAIN):
            try:
                return boot()
            except machine.Stale:
                print("again %s: the emulator ran what the kernel had replaced" % name, flush=True)
        return boot()

    def each(self, jobs):
        """What each of `jobs` returns, in their order; as many run at once as there are processors for."""
        with concurrent.futures.ThreadPoolExecutor(self.MACHINES) as pool:
            yield from pool.map(lambda job: job(), jobs)
