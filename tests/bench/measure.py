# SPDX-License-Identifier: Apache-2.0
"""
What the benches share: a tree of many small files, and memory of processes.

Memory is what the kernel counts. Peak: the resident set at its highest (VmHWM), mapped files and
program text included. Footprint: proportional set size (PSS), in which a page that several
processes map counts once in their sum.
"""
import os
import random
import re
import subprocess
import sys
import tempfile
import time

FILES = 150000
FILES_PER_FOLDER = 10  # as in /usr
MEAN_BYTES = 10000


def make_tree(folder, files=FILES, mean=MEAN_BYTES, seed=1):
    """Files of exponentially distributed sizes, the same for a seed; the bytes in them."""
    rng = random.Random(seed)
    block = rng.randbytes(64 * mean)
    total = 0
    for number in range(files):
        if number % FILES_PER_FOLDER == 0:
            parent = os.path.join(folder, "unit-%03d" % (number // FILES_PER_FOLDER % 100),
                                  "part-%05d" % (number // FILES_PER_FOLDER))
            os.makedirs(parent)
        size = min(int(rng.expovariate(1 / mean)), len(block))
        with open(os.path.join(parent, "file-%06d.dat" % number), "wb") as f:
            f.write(b"%06d" % number)
            f.write(block[:size])
        total += size + 6
    return total


def run(args, ok=(0,), **kwargs):
    """Runs a program that must end well: (seconds, peak in MB, output).

    A process starts with the peak of the one that started it, so a small one stands between: this
    interpreter would hide all below its own 15 MB.
    """
    with tempfile.NamedTemporaryFile(mode="r") as report:
        start = time.monotonic()
        done = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", report.name, *args], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **kwargs)
        seconds = time.monotonic() - start
        if done.returncode not in ok:
            sys.exit("%s ended with %d:\n%s" % (" ".join(args), done.returncode, done.stdout[-2000:]))
        return seconds, int(report.read()) / 1024, done.stdout


def read_status(pid, field):
    """A size of /proc/PID/status in MB, or None when the process is gone."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as f:
            found = re.search(r"^%s:\s+(\d+) kB" % field, f.read(), re.M)
    except OSError:
        return None
    return int(found.group(1)) / 1024 if found else None


def pss(pid):
    """(PSS, written to, BPF rings) in MB. The pages of rings are the kernel's, which bpf_memory() counts; the
    first figure is without them, so that none counts twice."""
    sizes = {"Pss": 0, "Private_Dirty": 0, "rings": 0}
    with open("/proc/%d/smaps" % pid, encoding="ascii", errors="replace") as f:
        is_ring = False
        for line in f:
            fields = line.split()
            if not fields[0].endswith(":"):
                is_ring = "anon_inode:bpf-map" in line
            elif fields[0] == "Pss:" and is_ring:
                sizes["rings"] += int(fields[1])
            elif fields[0] in ("Pss:", "Private_Dirty:"):
                sizes[fields[0][:-1]] += int(fields[1])
    return tuple(size / 1024 for size in sizes.values())


MAP_TYPES = {"1": "hash maps", "2": "array maps", "6": "per-CPU maps", "9": "LRU maps", "12": "maps in maps",
             "13": "maps in maps", "27": "rings", "28": "inode storage (the map alone)"}


def bpf_memory_by_kind(pid):
    """What the kernel holds for the BPF maps, rings and programs of a process, in MB, each object once."""
    seen, kinds = {}, {}
    for fd in os.listdir("/proc/%d/fdinfo" % pid):
        try:
            with open("/proc/%d/fdinfo/%s" % (pid, fd), encoding="ascii") as f:
                fields = dict(line.split(":", 1) for line in f.read().splitlines() if ":" in line)
        except OSError:
            continue
        if "memlock" not in fields:
            continue
        kind = MAP_TYPES.get(fields["map_type"].strip(), "other maps") if "map_id" in fields else "programs"
        number = (fields.get("map_id") or fields.get("prog_id")).strip()
        if (kind, number) not in seen:
            seen[kind, number] = True
            kinds[kind] = kinds.get(kind, 0) + int(fields["memlock"]) / 1048576
    return kinds


def cpu_seconds(pid):
    """Time on a processor, as the scheduler counted it."""
    seconds = 0.0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task), encoding="ascii") as f:
            seconds += int(f.read().split()[0]) / 1e9
    return seconds


def children_seconds(pid):
    """The same of its children that ended, each with all of its life, to a tick for all of them."""
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(int(field) for field in fields[13:15]) / os.sysconf("SC_CLK_TCK")


def verdict(rows):
    """Prints (name, measured, bound, unit) with the ratio to the bound; how many are over it."""
    over = 0
    print("\n%-44s %10s %10s %8s" % ("", "measured", "at most", "ratio"))
    for name, measured, bound, unit in rows:
        over += measured > bound
        print("%-44s %7.2f %-2s %7.2f %-2s %8.2f%s" % (name, measured, unit, bound, unit, measured / bound,
                                                       "" if measured <= bound else "  TOO MUCH"))
    return over
