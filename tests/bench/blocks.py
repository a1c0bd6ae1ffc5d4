# SPDX-License-Identifier: Apache-2.0
"""
What something adds to each repetition of a small thing: blocks of repetitions with and without it
take turns, and each block with it is compared with the ones before and after. What a machine does
besides then falls on both.

A figure is the median of those differences, with the interval in which 95 % of the medians of
resampled differences fall (percentile bootstrap).
"""
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import trial

RESAMPLES = 4000
GUEST = "plumbline-vm"  # name of the tests' virtual machines


def stand_still():
    """The last processor alone, before all that is not real-time: what moves between processors, or waits for
    others, takes times that differ by more than what is looked for."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def worker(what, count, path):
    """Nanoseconds, each as the worker measured it."""
    done = subprocess.run([trial.program("tests/bench_worker"), what, str(count), path], stdout=subprocess.PIPE,
                          text=True, check=True, preexec_fn=stand_still)
    return [int(line) for line in done.stdout.split()]


def interval(values):
    """The middle 95 % of the medians of samples of `values`."""
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[RESAMPLES // 40], medians[-RESAMPLES // 40 - 1]


class Figure:
    """`base` without, and what is added, in microseconds."""

    def __init__(self, name, off, on):
        pairs = [value - (off[i] + off[i + 1]) / 2 for i, value in enumerate(on)]
        self.name = name
        self.base = statistics.median(off) / 1000
        self.added = statistics.median(pairs) / 1000
        self.low, self.high = (value / 1000 for value in interval(pairs))

    def line(self):
        return "%-34s %9.1f us %+9.2f us  [%+.2f, %+.2f]  %+6.1f %%" % (
            self.name, self.base, self.added, self.low, self.high, 100 * self.added / self.base)


class Agent:
    """Plumbline over a tree with the programs that are started."""

    name = "plumbline"

    def __init__(self, t, settings=None):
        # As it is shipped: what a test has to wait for it asks for each few seconds, and reads files each time.
        self.agent = trial.Agent(t, settings={("sensor", "recheck_interval_s"): "60", **(settings or {})})
        self.agent.start()
        self.agent.load_baseline(t.baseline())
        self.agent.wait_covered(180)
        self.rung = self.agent.rung()
        self.agent.stop()

    def start(self):
        self.agent.start()
        self.agent.wait_covered(180)
        self.settle()

    def settle(self):
        """Until what a start left to do is done: the CPU time of the processes stands still."""
        def has_settled():
            before = self.cpu_seconds()
            time.sleep(0.5)  # a span of time is what is looked at
            return self.cpu_seconds() - before <= 0.02
        with contextlib.suppress(trial.Failed):
            trial.wait_for("an agent at rest", has_settled, 20)

    def pids(self):
        return [self.agent.process.pid, *trial.children_of(self.agent.process.pid)]

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError), open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.agent.stop()

    def programs(self):
        """(run time in ns, runs) of all BPF programs of the sensor, since they count."""
        pid = self.agent.child_pid("sensor")
        found = {}
        for fd in os.listdir("/proc/%d/fdinfo" % pid):
            with contextlib.suppress(OSError), open("/proc/%d/fdinfo/%s" % (pid, fd), encoding="ascii") as f:
                fields = dict(line.split(":", 1) for line in f.read().splitlines() if ":" in line)
                if "run_time_ns" in fields:
                    found[fields["prog_id"].strip()] = (int(fields["run_time_ns"]), int(fields["run_cnt"]))
        return tuple(sum(column) for column in zip(*found.values())) or (0, 0)


class Fapolicyd:
    """In a virtual machine only: it answers for each open on the file systems that it marks, and a machine whose
    fapolicyd hangs stands still. Permissive: it decides as ever, and lets all pass."""

    name = "fapolicyd"
    TRUSTED = ("/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/plumbline/build")
    RULES = ("10-languages", "20-dracut", "21-updaters", "30-patterns", "40-bad-elf", "41-shared-obj",
             "42-trusted-elf", "70-trusted-lang", "72-shell", "90-deny-execute", "95-allow-open")

    def __init__(self, tree):
        if os.uname().nodename != GUEST:
            sys.exit("fapolicyd is started in a virtual machine only: see --vm")
        with open("/etc/passwd", "a", encoding="ascii") as f:
            f.write("fapolicyd:x:996:996::/var/lib/fapolicyd:/usr/sbin/nologin\n")
        with open("/etc/group", "a", encoding="ascii") as f:
            f.write("fapolicyd:x:996:\n")
        for folder in ("/var/lib/fapolicyd", "/run/fapolicyd"):
            os.makedirs(folder, exist_ok=True)
            os.chown(folder, 996, 996)
        trial.run("/bin/sed", "-i", "s/^trust = .*/trust = file/; s/^permissive = .*/permissive = 1/",
                  "/etc/fapolicyd/fapolicyd.conf")
        self.set_rules()
        self.set_trust(tree)
        self.pid = None

    def set_rules(self):
        for name in os.listdir("/etc/fapolicyd/rules.d"):
            os.unlink("/etc/fapolicyd/rules.d/" + name)
        for name in self.RULES:
            os.link("/usr/share/fapolicyd/sample-rules/%s.rules" % name, "/etc/fapolicyd/rules.d/%s.rules" % name)
        trial.run("/usr/sbin/fagenrules")

    def set_trust(self, tree):
        done = subprocess.run(["find", *self.TRUSTED, tree, "-type", "f", "-print0"], stdout=subprocess.PIPE, check=True)
        sums = subprocess.run(["xargs", "-0", "openssl", "dgst", "-sha256", "-r"], input=done.stdout,
                              stdout=subprocess.PIPE, check=True).stdout.decode()
        with open("/etc/fapolicyd/fapolicyd.trust", "w", encoding="utf-8") as f:
            for line in sums.splitlines():
                digest, _, path = line.partition(" *")
                if " " not in path:
                    f.write("%s %d %s\n" % (path, os.path.getsize(path), digest))

    def has_marks(self):
        with contextlib.suppress(OSError, ValueError):
            with open("/run/fapolicyd.pid", encoding="ascii") as f:
                self.pid = int(f.read())
            for fd in os.listdir("/proc/%d/fdinfo" % self.pid):
                with open("/proc/%d/fdinfo/%s" % (self.pid, fd), encoding="ascii") as f:
                    if "fanotify mnt_id" in f.read():
                        return True
        return False

    def start(self):
        trial.run("/usr/sbin/fapolicyd")
        trial.wait_for("fapolicyd to watch", self.has_marks, 60)

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        trial.wait_for("the end of fapolicyd", lambda: trial.process_identity(self.pid) is None, 60)


def take_turns(peer, rounds, measure):
    """off, on, off, ...: medians by the name that measure() gives them; (off, on), each {name: [ns]}."""
    off, on = {}, {}

    def note(into):
        for name, values in measure().items():
            into.setdefault(name, []).append(statistics.median(values))
    note(off)
    for _ in range(rounds):
        peer.start()
        try:
            note(on)
        finally:
            peer.stop()
        note(off)
    return [Figure(name, off[name], on[name]) for name in off]


@contextlib.contextmanager
def counting_programs():
    """The kernel counts run time of BPF programs, which costs some itself: never while something is timed."""
    path = "/proc/sys/kernel/bpf_stats_enabled"
    with open(path, "r+", encoding="ascii") as f:
        before = f.read().strip()
    with open(path, "w", encoding="ascii") as f:
        f.write("1")
    try:
        yield
    finally:
        with open(path, "w", encoding="ascii") as f:
            f.write(before)


class Cost:
    """Microseconds per repetition: of BPF programs as the kernel counts them, of that what its counting takes (two looks
    at the clock each run, measured with a program that does nothing), and of the agent's processes."""

    def __init__(self, agent, repeat, count):
        repeat()  # what only the first ones cost
        agent.settle()
        with counting_programs():
            before, cpu = agent.programs(), agent.cpu_seconds()
            repeat()
            after = agent.programs()
            agent.settle()
            each = int(trial.run(trial.program("tests/bench_counting")).stdout) / 1e6
        self.counted = (after[0] - before[0]) / count / 1000
        self.runs = (after[1] - before[1]) / count
        self.counting = self.runs * each
        self.cpu = (agent.cpu_seconds() - cpu) / count * 1e6

    @property
    def bpf(self):
        return self.counted - self.counting

    def line(self, name):
        return ("%s: BPF programs run %.2f us as counted, %.2f us without the counting itself (%.1f runs); "
                "the agent's processes %.1f us of CPU, each time" % (name, self.counted, self.bpf, self.runs, self.cpu))


def conditions(rung):
    with open("/proc/loadavg", encoding="ascii") as f:
        load = f.read().split()[0]
    where = "in a virtual machine (TCG)" if os.uname().nodename == GUEST else "on the host"
    return "%s, kernel %s, rung %s, %d processors, load before %s" % (where, os.uname().release, rung,
                                                                     len(os.sched_getaffinity(0)), load)
