# SPDX-License-Identifier: Apache-2.0
"""Helpers for integration tests in python, standard library only.

    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
    import trial

    with trial.Trial() as t:
        collector = t.collector()
        agent = t.agent(collector)
        ...

A Trial owns a folder, a throw-away PKI and every process that it started. All are gone when the
block ends; on an exception the logs are printed first. Nothing waits for a time: wait_for() waits
for a condition with a deadline.
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("PLUMBLINE_BUILD", os.path.abspath("build"))
SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
AGENT_NAME = "trial-hmi"
# Waits are so many times longer where the machine itself is emulated.
PATIENCE = float(os.environ.get("PLUMBLINE_PATIENCE", "1"))


class Failed(Exception):
    """What the test claims is not so."""


def skip(reason):
    print("skip: " + reason)
    sys.exit(77)


def check(condition, message):
    if not condition:
        raise Failed(message)


def need_root():
    if os.geteuid() != 0:
        skip("needs root")


def wait_for(what, condition, timeout_s=30.0):
    """Calls condition() until it gives something true, which is returned."""
    timeout_s *= PATIENCE
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed("waited %.0f s in vain for %s" % (timeout_s, what))
        time.sleep(0.05)


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*args, ok=(0,), timeout_s=60, **kwargs):
    """Runs a program to its end; its status must be one of `ok`. Returns CompletedProcess with text."""
    done = subprocess.run(list(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout_s * PATIENCE, text=True, errors="replace", **kwargs)
    if done.returncode not in ok:
        raise Failed("%s ended with %d\n%s%s" % (" ".join(args), done.returncode,
                                                 done.stdout[-4000:], done.stderr[-4000:]))
    return done


def run_bytes(*args):
    return subprocess.run(list(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=60 * PATIENCE, check=True).stdout


def program(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        raise Failed("%s is not built" % path)
    return path


def process_identity(pid):
    """(pid, start time), which a reused pid does not share; None when it is gone or a zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (pid, int(fields[19]))


def children_of(pid):
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] not in "ZX":
            found.append(int(name))
    return found


class Process:
    """A program in the background with its output in a log file."""

    def __init__(self, args, log_path, **kwargs):
        self.args = args
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.popen = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **kwargs)
        self.pid = self.popen.pid

    def is_alive(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def check_alive(self):
        check(self.is_alive(), "%s ended with %s\n%s" % (self.args[0], self.popen.returncode, self.log()[-4000:]))

    def kill(self):
        """As a power cut would: SIGKILL."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, timeout_s=15):
        """SIGTERM; the exit status."""
        self.popen.terminate()
        return self.popen.wait(timeout_s)


class Collector:
    def __init__(self, trial, name="collector"):
        self.trial = trial
        trial.collectors.append(self)
        self.dir = os.path.join(trial.dir, name)
        self.port = free_port()
        self.process = None
        self.store = os.path.join(self.dir, "store")
        self.config = os.path.join(self.dir, "collector.conf")
        os.makedirs(self.store)
        for path in (self.store, os.path.join(trial.pki, "collector.key")):
            trial.give(path, "plumbline-collector")
        write_ini(self.config, {
            ("listen", "address"): "127.0.0.1:%d" % self.port,
            ("tls", "ca"): os.path.join(trial.pki, "ca.pem"),
            ("tls", "certificate"): os.path.join(trial.pki, "collector.pem"),
            ("tls", "key"): os.path.join(trial.pki, "collector.key"),
            ("store", "path"): self.store,
            ("report", "data_dir"): os.path.join(SOURCE, "baselines"),
        })

    def start(self):
        self.process = self.trial.start("collector", [program("plumbline-collector"), "serve",
                                                      "--config", self.config])
        wait_for("the collector to listen", self.is_listening, 20)
        return self

    def is_listening(self):
        """Without a connection, which the collector would have to refuse."""
        self.process.check_alive()
        with open("/proc/net/tcp", encoding="ascii") as f:
            return any(":%04X 00000000:0000 0A" % self.port in line for line in f)

    def findings(self):
        done = run(program("plumbline-collector"), "findings", "--config", self.config, "--json")
        return load_json_list(done.stdout)

    def find(self, kind, path):
        return [f for f in self.findings() if f["kind"] == kind and f.get("path") == path]

    def wait_for(self, kind, path, timeout_s=30):
        return wait_for("%s of %s at the collector" % (kind, path), lambda: self.find(kind, path), timeout_s)[0]

    def wait_for_sequence(self, sequence, timeout_s=30):
        wait_for("record %d at the collector" % sequence, lambda: sequence in self.sequences(), timeout_s)

    def records(self):
        """All stored records as (sequence, JSON object), in order; straight from the store."""
        uri = "file:%s?mode=ro" % os.path.join(self.store, "collector.db")
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as db:
            rows = db.execute("SELECT seq, json FROM records WHERE agent = ? ORDER BY seq", (AGENT_NAME,))
            return [(seq, json.loads(text)) for seq, text in rows]

    def sequences(self):
        return [sequence for sequence, _ in self.records()]

    def check_complete(self, last):
        """Each record from the first to `last` is stored, and stored once."""
        sequences = self.sequences()
        check(len(sequences) == len(set(sequences)), "stored twice: %s" % sequences)
        missing = sorted(set(range(1, last + 1)) - set(sequences))
        check(not missing, "lost: %s of %d" % (missing, last))

    def take_file(self, *args, ok=(0,)):
        """`plumbline-collector import`."""
        return run(program("plumbline-collector"), "import", "--config", self.config, *args, ok=ok)

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()


class Agent:
    def __init__(self, trial, collector=None, name="agent", settings=None):
        self.trial = trial
        self.dir = os.path.join(trial.dir, name)
        self.run_dir = os.path.join(self.dir, "run")
        self.config = os.path.join(self.dir, "plumbline.conf")
        self.process = None
        self.wrap = []  # words before the program
        self.options = []  # words behind it
        os.makedirs(self.dir)
        values = {
            ("agent", "name"): AGENT_NAME,
            ("agent", "state_dir"): os.path.join(self.dir, "state"),
            ("agent", "run_dir"): self.run_dir,
            ("agent", "data_dir"): os.path.join(SOURCE, "baselines"),
            ("agent", "libexec_dir"): BUILD,
            ("baseline", "approver_ca"): os.path.join(trial.pki, "approver-ca.pem"),
            ("process", "seccomp"): os.environ.get("PLUMBLINE_SECCOMP", "enforce"),
            ("sensor", "recheck_interval_s"): "2",
        }
        if collector:
            values[("collector", "url")] = "https://127.0.0.1:%d" % collector.port
            values[("collector", "ca")] = os.path.join(trial.pki, "ca.pem")
            values[("collector", "certificate")] = os.path.join(trial.pki, "agent.pem")
            values[("collector", "key")] = os.path.join(trial.pki, "agent.key")
        values.update(settings or {})
        self.values = values
        write_ini(self.config, values)

    def start(self):
        self.process = self.trial.start("agent", [*self.wrap, program("plumblined"), "--config", self.config, *self.options])
        wait_for("the agent to answer", self.status, 30)
        return self

    def status(self):
        """The status object, or None while the agent does not answer."""
        self.process.check_alive()
        done = subprocess.run([program("plumbline"), "status", "--config", self.config, "--json"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=20 * PATIENCE)
        return json.loads(done.stdout) if done.returncode in (0, 1) and done.stdout.strip() else None

    def ask(self, verb, *args, ok=(0, 1)):
        return run(program("plumbline"), verb, *args, "--config", self.config, ok=ok)

    def findings(self):
        return load_json_list(self.ask("findings", "--json").stdout)

    def stop(self):
        return self.process.stop()

    def kill(self):
        """The supervisor dies as by a power cut; its children must end by themselves."""
        children = [process_identity(pid) for pid in children_of(self.process.pid)]
        self.process.kill()
        for child in filter(None, children):
            wait_for("the end of child %d" % child[0], lambda c=child: process_identity(c[0]) != c, 20)

    def rung(self):
        return self.status()["rung"]

    def rescan_if_blind(self):
        """On the scan rung changes are seen by a walk only."""
        if self.rung() == "scan":
            self.ask("rescan", ok=(0,))

    def sequence(self):
        return self.status()["outbox"]["sequence"]

    def wait_delivered(self, timeout_s=30):
        """Until the outbox is empty; the last sequence number."""
        def is_delivered():
            outbox = (self.status() or {}).get("outbox")
            return outbox and outbox["sequence"] > 0 and outbox["sequence"] == outbox["acked"] and outbox
        return wait_for("an empty outbox", is_delivered, timeout_s)["sequence"]

    def find(self, kind, path):
        return [f for f in self.findings() if f["kind"] == kind and f.get("path") == path]

    def load_baseline(self, path):
        self.ask("baseline", "load", path, ok=(0,))

    def wait_covered(self, timeout_s=60):
        return wait_for("the agent to be covered", lambda: (self.status() or {}).get("phase") == "covered", timeout_s)

    def child_pid(self, role):
        """Process id of plumbline-<role>, now."""
        for pid in children_of(self.process.pid):
            with contextlib.suppress(OSError):
                if os.path.basename(os.readlink("/proc/%d/exe" % pid)) == "plumbline-" + role:
                    return pid
        return None

    def kill_child(self, role):
        pid = wait_for("a running " + role, lambda: self.child_pid(role))
        os.kill(pid, signal.SIGKILL)
        wait_for("the end of " + role, lambda: process_identity(pid) is None)


class Trial:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="plumbline-trial.")
        os.chmod(self.dir, 0o755)
        self.pki = os.path.join(self.dir, "pki")
        self.tree = os.path.join(self.dir, "tree")
        os.mkdir(self.tree)
        self.processes = []
        self.collectors = []
        self.at_exit = []
        run(os.path.join(SOURCE, "packaging", "throwaway-pki"), self.pki, AGENT_NAME)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and not issubclass(kind, SystemExit):
            self.print_logs()
        known = [i for p in self.processes for c in children_of(p.pid) for i in [process_identity(c)] if i]
        for process in reversed(self.processes):
            if process.is_alive():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.stop()
            if process.is_alive():
                process.kill()
        for pid, start in known:
            with contextlib.suppress(Failed):
                wait_for("children to end", lambda p=pid, s=start: process_identity(p) != (p, s), 5)
            if process_identity(pid) == (pid, start):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        refusals = [line for p in self.processes if os.path.basename(p.log_path).startswith("agent")
                    for line in p.log().splitlines() if "killed by SIGSYS" in line]
        for action in reversed(self.at_exit):
            action()
        shutil.rmtree(self.dir, ignore_errors=True)
        if kind is None and refusals:
            kind, error = Failed, "\n".join(refusals)
        if kind is not None and issubclass(kind, Failed):
            print("FAILED: %s" % error, file=sys.stderr)
            sys.exit(1)

    def print_logs(self):
        for collector in self.collectors:
            with contextlib.suppress(Exception):  # it is the failure itself that must be told
                for f in collector.findings():
                    print("at the collector: %s %s %s" % (f["state"], f["kind"], f.get("path")))
        for process in self.processes:
            lines = process.log().splitlines()
            print("--- log of %s (last %d of %d lines)" % (os.path.basename(process.log_path),
                                                           min(40, len(lines)), len(lines)))
            print("\n".join(lines[-40:]))

    def give(self, path, user):
        if os.geteuid() == 0:
            shutil.chown(path, user, user)

    def start(self, name, args, **kwargs):
        process = Process(args, os.path.join(self.dir, "%s-%d.log" % (name, len(self.processes))), **kwargs)
        self.processes.append(process)
        return process

    def collector(self):
        return Collector(self).start()

    def agent(self, collector=None, settings=None):
        return Agent(self, collector, settings=settings).start()

    def plant(self):
        """A small approved world in self.tree, and the signed baseline of it."""
        for name, source in (("pump-control", "/bin/true"), ("valve-control", "/bin/true")):
            shutil.copy(source, self.path(name))
            with open(self.path(name), "ab") as f:
                f.write(name.encode())  # so that content names one file
            os.chmod(self.path(name), 0o755)
        for name in ("recipe.txt", "limits.conf", "notes.txt"):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write("approved %s\n" % name)
            os.chmod(self.path(name), 0o644)
        return self.baseline()

    def path(self, name):
        return os.path.join(self.tree, name)

    def modify(self, name):
        """Changes content in place and puts the time stamps back, as an attacker would."""
        before = os.stat(self.path(name))
        with open(self.path(name), "ab") as f:
            f.write(b"!")
        os.utime(self.path(name), ns=(before.st_atime_ns, before.st_mtime_ns))

    def run_unapproved(self, name="unapproved"):
        shutil.copy("/bin/true", self.path(name))
        with open(self.path(name), "ab") as f:
            f.write(os.urandom(16))
        os.chmod(self.path(name), 0o755)
        run(self.path(name))

    def covered_agent(self, collector=None, settings=None):
        baseline = self.plant()
        agent = self.agent(collector, settings)
        agent.load_baseline(baseline)
        agent.wait_covered()
        return agent

    def baseline(self, *trees, name="trial"):
        """A signed baseline of `trees` (default: self.tree); its path."""
        path = os.path.join(self.dir, name + ".plb")
        args = []
        for tree in trees or (self.tree,):
            args += ["--tree", tree]
        run(program("plumbline"), "baseline", "create", "--name", name, *args, "-o", path)
        self.sign(path)
        return path

    def sign(self, path):
        run(program("plumbline"), "baseline", "sign", path, "--key", os.path.join(self.pki, "approver.key"),
            "--cert", os.path.join(self.pki, "approver.pem"), "--role", "approver",
            "--name", "Trial Approver", "--meaning", "approved for the trial")


def load_json_list(text):
    """One JSON list, or one object per line."""
    text = text.strip()
    if not text:
        return []
    if text.startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines()]


def write_ini(path, values):
    sections = {}
    for (section, key), value in values.items():
        sections.setdefault(section, []).append("%s = %s\n" % (key, value))
    with open(path, "w", encoding="utf-8") as f:
        for section, lines in sections.items():
            f.write("[%s]\n%s\n" % (section, "".join(lines)))

