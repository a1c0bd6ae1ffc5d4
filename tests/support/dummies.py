# SPDX-License-Identifier: Apache-2.0
"""plumblined over children that do little: what the supervisor does, without what the real ones do."""
import os
import re

import trial
from trial import check, wait_for

ROLES = ("recorder", "sensor", "assessor")


class Dummies:
    """A supervisor of its own, with dummy_child for every process."""

    def __init__(self, t, name, **env):
        self.trial = t
        self.dir = os.path.join(t.dir, name)
        self.lib, self.acts = os.path.join(self.dir, "lib"), os.path.join(self.dir, "acts")
        self.state = os.path.join(self.dir, "state")
        self.config = os.path.join(self.dir, "plumbline.conf")
        self.env = dict(os.environ, **env)
        self.process = None
        os.makedirs(self.lib)
        # The dummies' data folder; the supervisor wants to see the real ones' first file in it.
        os.makedirs(os.path.join(self.acts, "controls"))
        with open(os.path.join(self.acts, "controls", "findings.ini"), "x", encoding="ascii"):
            pass
        for role in ROLES + ("verifier", "reporter", "dumper"):
            os.symlink(os.path.join(trial.BUILD, "tests", "dummy_child"), os.path.join(self.lib, "plumbline-" + role))
        trial.write_ini(self.config, {
            ("agent", "state_dir"): self.state,
            ("agent", "run_dir"): os.path.join(self.dir, "run"),
            ("agent", "data_dir"): self.acts,
            ("agent", "libexec_dir"): self.lib,
            ("process", "seccomp"): "enforce",
        })

    def start(self):
        self.process = self.trial.start("dummies", [trial.program("plumblined"), "--config", self.config], env=self.env)
        for role in ROLES:
            self.wait_log("the %s is ready" % role)
        return self

    def act(self, role, text):
        """What the child of this role does wrong from its next start on; None: nothing any more."""
        path = os.path.join(self.acts, role)
        if text is None:
            os.unlink(path)
            return
        with open(path, "w", encoding="ascii") as f:
            f.write(text)

    def log(self):
        return self.process.log()

    def count(self, pattern):
        return len(re.findall(pattern, self.log()))

    def wait_log(self, pattern, times=1, timeout_s=20):
        wait_for("%d times %r in the log" % (times, pattern), lambda: self.count(pattern) >= times, timeout_s)

    def pid(self, role):
        for pid in trial.children_of(self.process.pid):
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if words[0].decode().endswith("plumbline-" + role):
                return pid
        return None

    def pids(self):
        return {role: self.pid(role) for role in ROLES}

    def wait_restarted(self, role, old_pid, timeout_s=20):
        wait_for("a new " + role, lambda: self.pid(role) not in (None, old_pid), timeout_s)

    def events(self):
        """How many events of the sensor the recorder has seen since it started."""
        try:
            with open(os.path.join(self.state, "recorder", "seen"), encoding="ascii") as f:
                return int(f.read() or 0)
        except OSError:
            return 0

    def wait_work(self):
        """Events flow from sensor to recorder: the count moves on."""
        before = self.events()
        wait_for("events at the recorder", lambda: self.events() not in (before, before + 1), 10)

    def check_unmoved(self, before, but=()):
        now = self.pids()
        check(all(now[r] == before[r] for r in ROLES if r not in but), "not only %s changed: %s, then %s" % (
            but, before, now))
