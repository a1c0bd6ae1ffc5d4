# SPDX-License-Identifier: Apache-2.0
"""
Peak memory of programs, and what it would be with 150,000 files.

Peak is the resident set at its highest as the kernel counts it: mapped files and program text are in it.
Two runs with different numbers of files tell what each file costs; no time is measured.
"""
import os
import subprocess
import tempfile

import trial

BOUND_MB = 64
FILES = 150000
SMALL, LARGE = 10000, 30000  # both fill every window of files that are under way


def grow_tree(folder, first, last):
    """Files number `first` to `last`, with paths as long as those below /usr are on average."""
    for number in range(first, last):
        parent = os.path.join(folder, "a-folder-of-a-vendor", "part-of-a-program-%05d" % (number // 10))
        if number % 10 == 0:
            os.makedirs(parent)
        with open(os.path.join(parent, "file-%06d.data" % number), "w", encoding="ascii") as f:
            f.write("content of file %d\n" % number)


def peak_mb(*args, ok=(0,), stdin=subprocess.DEVNULL):
    """Runs a program. A process starts with the peak of the one that started it, so a small one stands between."""
    with tempfile.NamedTemporaryFile(mode="r") as report, tempfile.TemporaryFile() as output:
        done = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", report.name, *args], stdin=stdin, stdout=output,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        trial.check(done.returncode in ok, "%s ended with %d\n%s"
                    % (" ".join(args), done.returncode, done.stderr.decode(errors="replace")[-2000:]))
        return int(report.read()) / 1024


def check_growth(what, small, large):
    """`small` and `large` are the peaks in MB with that many files; with all files it must stay below the bound."""
    each = max(0.0, (large - small) / (LARGE - SMALL))
    whole = large + each * (FILES - LARGE)
    print("%-32s %6.1f MB, %6.1f MB: %4.0f bytes for each file, %6.1f MB with %d"
          % (what, small, large, each * 1048576, whole, FILES))
    trial.check(whole <= BOUND_MB, "%s would take %.1f MB with %d files" % (what, whole, FILES))


def peak_of(pid):
    """Peak of a running process in MB, or None when it is gone."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as f:
            sizes = [line.split()[1] for line in f if line.startswith("VmHWM:")]
    except OSError:
        return None
    return int(sizes[0]) / 1024 if sizes else None
