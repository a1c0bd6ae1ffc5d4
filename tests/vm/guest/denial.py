# SPDX-License-Identifier: Apache-2.0
"""Helpers of the tests that have the kernel deny. Their baselines hold a few files of their own and nothing of the
machine: what init, a login or the agent need must run all the same."""
import errno
import os
import shutil
import subprocess
import time

import trial
from trial import check, wait_for


def copy(source, path, more=b"", mode=0o755):
    shutil.copy(source, path)
    with open(path, "ab") as f:
        f.write(more)
    os.chmod(path, mode)
    return path


def unknown(path):
    """A program that nobody has seen."""
    return copy("/bin/true", path, os.urandom(16))


def error_of(action):
    """The errno with which it fails; 0."""
    try:
        action()
    except OSError as e:
        return e.errno
    return 0


def start(*args, **kwargs):
    return lambda: subprocess.run(args, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, **kwargs)


def write_same_size(path):
    before = os.stat(path)
    with open(path, "r+b") as f:
        f.seek(-1, os.SEEK_END)
        f.write(b"~")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def finding(agent, kind, path, words=()):
    """One of this kind that says so."""
    def found():
        return [f for f in agent.find(kind, path) if all(w in f["detail"] for w in words)]
    try:
        return wait_for("%s of %s" % (kind, path), found, 20)[0]
    except trial.Failed:
        raise trial.Failed("no %s of %s, but %s" % (kind, path, [
            (f["kind"], f["detail"]) for f in agent.findings() if f.get("path") == path])) from None


def denied(agent, action, kind, path, words=("was denied",)):
    code = error_of(action)
    check(code == errno.EPERM, "%s: %s, not EPERM" % (path, errno.errorcode.get(code, code)))
    return finding(agent, kind, path, words)


def is_enforcing(agent):
    status = agent.status() or {}
    return status.get("enforcement") == "enforce" and status.get("phase") == "covered"


def enforcing_agent(t, dead_man_s=120, options=()):
    """With a baseline of t.tree alone, once it denies."""
    agent = trial.Agent(t, settings={("sensor", "enforce"): "yes", ("sensor", "dead_man_s"): str(dead_man_s)})
    agent.options = list(options)
    agent.baseline = t.baseline()
    agent.start()
    wait_for("the first word", lambda: agent.status()["enforcement"])
    check(agent.status()["enforcement"] == "observe", "denies without a baseline")
    agent.load_baseline(agent.baseline)
    wait_for("enforcement", lambda: is_enforcing(agent), 60)
    return agent


def change(agent, **settings):
    """Of the section [sensor], for the next start."""
    trial.write_ini(agent.config, {**agent.values, **{("sensor", k): v for k, v in settings.items()}})


def report(claim):
    print("ok %s, %d s after boot" % (claim, time.clock_gettime(time.CLOCK_BOOTTIME)), flush=True)
