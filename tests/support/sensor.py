# SPDX-License-Identifier: Apache-2.0
"""The real plumbline-sensor under sensor_host, for integration tests: its events as they come."""
import json
import os
import re
import subprocess
import tempfile
import threading

import trial
from trial import check, wait_for


class Sensor:
    """Use as a context. `tree` is monitored once watch() returned; nothing is left behind."""

    def __init__(self, rung="auto", seccomp=None, prefix=()):
        self.dir = tempfile.mkdtemp(prefix="plumbline-sensor.")
        self.tree = os.path.join(self.dir, "tree")
        self.config = os.path.join(self.dir, "plumbline.conf")
        self.events = []
        self.prefix = list(prefix)
        self.lock = threading.Lock()
        for name in ("tree", "run", "state"):
            os.mkdir(os.path.join(self.dir, name))
        trial.write_ini(self.config, {
            ("agent", "state_dir"): os.path.join(self.dir, "state"),
            ("agent", "run_dir"): os.path.join(self.dir, "run"),
            ("sensor", "rung"): rung,
            ("process", "seccomp"): seccomp or os.environ.get("PLUMBLINE_SECCOMP", "enforce"),
        })
        self.host = None
        self.log_path = os.path.join(self.dir, "log")

    def path(self, name):
        return os.path.join(self.tree, name)

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.host = subprocess.Popen(
                self.prefix + [os.path.join(trial.BUILD, "tests", "sensor_host"),
                               trial.program("plumbline-sensor"), self.config], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.wait("ready", lambda e: True, timeout_s=60)
        return self

    def __exit__(self, kind, error, trace):
        try:
            self.host.stdin.close()
            status = self.host.wait(60)
        except (OSError, subprocess.TimeoutExpired):
            self.host.kill()
            status = self.host.wait()
        self.reader.join(5)
        if kind is not None or status != 0:
            print(self.log())
        log = self.log()
        subprocess.run(["rm", "-rf", self.dir], check=False)
        if kind is None:
            check(status == 0, "the sensor ended with %d" % status)
            self.check_counts(log)

    @staticmethod
    def check_counts(log):
        """What the kernel side tried to tell was read, or is counted as lost."""
        for line in re.findall(r"rings: attempts (\d+), read (\d+), lost (\d+)", log):
            attempts, read, lost = (int(number) for number in line)
            check(attempts == read + lost, "of %d records %d were read and %d lost" % (attempts, read, lost))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def read(self):
        for line in self.host.stdout:
            event = json.loads(line)
            with self.lock:
                self.events.append(event)

    def all(self):
        with self.lock:
            return list(self.events)

    def mark(self):
        """A place in the stream, for `since` below."""
        return len(self.all())

    def find(self, kind, condition, since=0):
        return [e for e in self.all()[since:] if e["kind"] == kind and condition(e)]

    def wait(self, kind, condition, since=0, timeout_s=15):
        def found():
            check(self.host.poll() is None, "the sensor ended\n" + self.log())
            return self.find(kind, condition, since)
        return wait_for("an event " + kind, found, timeout_s)[0]

    def wait_file(self, path, changes=(), since=0, **facts):
        """The first event about `path` with all of `changes` and `facts` of the object."""
        def fits(e):
            return (e["object"]["path"] == path and set(changes) <= set(e["changes"]) and
                    all(e["object"].get(key) == value for key, value in facts.items()))
        return self.wait("file", fits, since)

    def wait_exec(self, path, since=0):
        return self.wait("exec", lambda e: e["object"]["path"] == path, since)

    def command(self, text):
        self.host.stdin.write((text + "\n").encode())
        self.host.stdin.flush()

    def watch(self, *trees, ignore=()):
        since = self.mark()
        for tree in trees or [self.tree]:
            self.command("tree " + tree)
        for path in ignore:
            self.command("ignore " + path)
        self.command("watch")
        self.wait("phase", lambda e: e["text"] == "covered", since)

    def rung(self):
        return self.wait("rung", lambda e: True)["text"]

    def pid(self):
        return self.wait("started", lambda e: True)["pid"]


LADDER = ("scan", "fanotify", "trace", "lsm")  # from the lowest


def need_rung(sensor, rung):
    """This one, or a higher one."""
    if LADDER.index(sensor.rung()) < LADDER.index(rung):
        trial.skip("this machine does not allow the %s rung: %s" %
                   (rung, sensor.find("rung", lambda e: True)[0]["detail"]))
