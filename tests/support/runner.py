# SPDX-License-Identifier: Apache-2.0
"""Runs the test suites; tests/run calls it after it has installed what they need.

A suite is a function that yields results. Each has a budget in seconds: what is still running then
is ended, by the process group that was started for it, and counts as failed. Every program that a
suite runs goes through command(), which sees to that.
"""
import concurrent.futures
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
JOBS = str(min(2, os.cpu_count() or 1))
FUZZ_SECONDS = 8
TEST_SECONDS = 120
TOTAL_SECONDS = 23 * 60  # of all suites, whatever their own budgets add up to

ALONE = "\n# alone: yes\n"

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Result:
    def __init__(self, name, outcome, text="", seconds=None):
        self.name, self.outcome, self.text, self.seconds = name, outcome, text, seconds


class Budget:
    """What is left of a suite's time."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self.end - time.monotonic())


class Done:
    def __init__(self, status, output, seconds, problem=""):
        self.status, self.output, self.seconds, self.problem = status, output, seconds, problem

    def is_good(self):
        return self.status == 0 and not self.problem


def session_members(session):
    """Process ids whose session id (setsid) is this one."""
    members = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
                if int(fields[3]) == session and fields[0] not in "ZX":
                    members.append(int(name))
    return members


def end_session(session):
    for pid in session_members(session):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def command(budget, args, env=None, limit=None):
    """Runs args in a session of its own, for the rest of the budget at most."""
    seconds = budget.left() if limit is None else min(limit, budget.left())
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(args, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT, start_new_session=True,
                                 env=dict(os.environ, **(env or {})))
        problem = ""
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            problem = "not done after %.0f s" % seconds
        left_over = [pid for pid in session_members(child.pid) if pid != child.pid]
        if left_over and not problem:
            problem = "left processes running: %s" % " ".join(map(name_of_process, left_over))
        end_session(child.pid)
        child.wait()
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return Done(child.returncode, text, time.monotonic() - start, problem)


def name_of_process(pid):
    try:
        with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as f:
            return "%d (%s)" % (pid, f.read().replace("\0", " ").strip())
    except OSError:
        return str(pid)


def one(name, done):
    """The result of a suite or test that is a single command."""
    if done.is_good():
        return Result(name, PASSED, seconds=done.seconds)
    text = done.output
    if done.problem:
        text += "\n" + done.problem
    elif done.status:
        text += "\nended with %d" % done.status
    return Result(name, FAILED, text, done.seconds)


def source_files(*patterns):
    """Files of the source tree, without what was built."""
    found = []
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = sorted(f for f in folders if not f.startswith(("build", ".git", "__pycache__")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), SOURCE)
            if any(re.search(p, path) for p in patterns):
                found.append(path)
    return found


# Builds.

def build(folder, compiler, *options, targets=()):
    def suite(budget):
        if not os.path.exists(os.path.join(SOURCE, folder, "build.ninja")):
            args = ["meson", "setup", folder, "-Dwerror=true", *options]
            done = command(budget, args, {"CC": compiler})
            if not done.is_good():
                yield one("configure " + folder, done)
                return
        yield one(folder, command(budget, ["ninja", "-C", folder, "-j", JOBS, *targets]))
    return suite


# Lint: what a reader should not have to check.

def lints():
    """Name -> command."""
    commands = {"clang-format": ["clang-format", "--dry-run", "-Werror", *source_files(r"\.[ch]$")]}
    for script in sorted(glob.glob(os.path.join(SOURCE, "tests/lint/*.py"))):
        commands[os.path.basename(script)] = ["/usr/bin/python3", "-B", os.path.relpath(script, SOURCE)]
    scripts = [p for p in source_files(r"") if is_bash(p)]
    commands["shellcheck"] = ["shellcheck", "-x", "-P", "SCRIPTDIR", *scripts]
    pages = source_files(r"^packaging/man/.*\.[1-8]$")
    commands["mandoc"] = ["mandoc", "-T", "lint", "-W", "warning,stop", *pages]
    commands["mutants"] = ["tests/mutants/run", "--check"]
    return commands


def lint(budget):
    for name, args in lints().items():
        yield one(name, command(budget, args))


def is_bash(path):
    if path.endswith(".sh"):
        return True
    try:
        with open(os.path.join(SOURCE, path), "rb") as f:
            return f.read(64).split(b"\n")[0] in (b"#!/bin/bash", b"#!/bin/sh", b"#!/usr/bin/env bash")
    except OSError:
        return False


def tidy(budget):
    sources = [p for p in source_files(r"^(agent|collectors)/.*\.c$")
               if not os.path.basename(p).startswith("sensor_bpf")]
    args = ["run-clang-tidy", "-quiet", "-j", JOBS, "-p", "build-asan"]
    done = command(budget, [*args, *(re.escape("/" + p) + "$" for p in sources)])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.output)
    done.output = "\n".join(line for line in plain.splitlines() if re.search(r"(warning|error|note):", line))
    yield one("clang-tidy", done)


# Unit tests and the fuzz corpora, by meson.

def meson_tests(folder, name):
    def suite(budget):
        log = os.path.join(SOURCE, folder, "meson-logs", "testlog-%s.json" % name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(log)
        done = command(budget, ["meson", "test", "-C", folder, "--suite", name, "--no-rebuild",
                                "--num-processes", JOBS, "--logbase", "testlog-" + name],
                       SANITIZER_ENVIRONMENT)
        count = 0
        with contextlib.suppress(FileNotFoundError):
            with open(log, encoding="utf-8") as f:
                for line in f:
                    count += 1
                    yield meson_result(json.loads(line))
        if done.problem or count == 0:
            done.problem = done.problem or "no tests"
            yield one("meson test", done)
    return suite


def meson_result(test):
    name = test["name"].rpartition(" / ")[2]
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    if test["result"] == "OK":
        return Result(name, PASSED, seconds=test["duration"])
    if test["result"] == "SKIP":
        return Result(name, SKIPPED, skip_reason(output), test["duration"])
    return Result(name, FAILED, output + "\n" + test["result"], test["duration"])


def skip_reason(output):
    lines = [line for line in output.strip().splitlines() if line.strip()]
    reason = lines[-1].strip() if lines else ""
    return reason[len("skip: "):] if reason.startswith("skip: ") else reason or "gives no reason"


SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


# Fuzzing for a short while: finds what is shallow, and proves that the targets still run.

def fuzz(budget):
    names = [os.path.basename(path)[:-len(".c")]
             for path in sorted(glob.glob(os.path.join(SOURCE, "tests/fuzz/fuzz_*.c")))]
    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        yield from pool.map(lambda name: fuzz_one(budget, name), names)


def fuzz_one(budget, name):
    parser = name[len("fuzz_"):]
    with tempfile.TemporaryDirectory(prefix="plumbline-fuzz.") as work:
        args = [os.path.join(SOURCE, "build-fuzz", "tests", "fuzz", name),
                "-max_total_time=%d" % FUZZ_SECONDS, "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0",
                "-print_final_stats=1", "-print_funcs=0",
                "-artifact_prefix=" + os.path.join(SOURCE, "build-fuzz", name + "-")]
        dictionary = os.path.join(SOURCE, "tests/fuzz", name + ".dict")
        if os.path.exists(dictionary):
            args.append("-dict=" + dictionary)
        corpus = os.path.join(SOURCE, "tests/fuzz/corpus", parser)
        done = command(budget, [*args, work, *([corpus] if os.path.isdir(corpus) else [])], limit=FUZZ_SECONDS + 30)
    return one(name, done)


# Integration tests: executables NNN-topic.

def integration(pattern, folder, environment=None, word=None):
    """Those whose text has `word`, where one is given. Two at a time, then those that want to be alone."""
    def suite(budget):
        paths = [p for p in sorted(glob.glob(os.path.join(SOURCE, "tests/integration", pattern)))
                 if "." not in os.path.basename(p) and os.path.isfile(p) and has_word(p, word)]
        alone = [p for p in paths if has_word(p, ALONE)]
        with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
            yield from pool.map(lambda path: integration_one(budget, path, folder, environment),
                                [p for p in paths if p not in alone])
        for path in alone:
            yield integration_one(budget, path, folder, environment)
    return suite


def has_word(path, word):
    with open(path, encoding="utf-8") as f:
        return word is None or word in f.read()


def integration_one(budget, path, folder, environment):
    name = os.path.basename(path)
    if name[0] == "1" and os.geteuid() != 0:
        return Result(name, SKIPPED, "needs root")
    work = tempfile.mkdtemp(prefix="plumbline-run.")
    os.chmod(work, 0o755)
    env = {"PLUMBLINE_BUILD": os.path.join(SOURCE, folder), "TMPDIR": work, "PYTHONDONTWRITEBYTECODE": "1"}
    env.update(SANITIZER_ENVIRONMENT)
    env.update(environment or {})
    try:
        if not os.access(path, os.X_OK):
            return Result(name, FAILED, "not executable")
        done = command(budget, [os.path.relpath(path, SOURCE)], env, TEST_SECONDS)
        if done.status == 77 and not done.problem:
            return Result(name, SKIPPED, skip_reason(done.output), done.seconds)
        if not done.is_good() and has_word(path, "import trial") and folder == "build":
            return integration_unfiltered(budget, name, path, env, done)
        if done.is_good() and os.listdir(work):
            done.problem = "left files in TMPDIR: " + " ".join(sorted(os.listdir(work)))
        return one(name, done)
    finally:
        shutil.rmtree(work, ignore_errors=True)


# Virtual machines: Debian's kernels, with the build under test.

def machines(*args):
    def suite(budget):
        done = command(budget, ["tests/vm/suite", *args], {"PLUMBLINE_BUILD": os.path.join(SOURCE, "build")})
        if done.status == 77 and not done.problem:
            yield Result("machines", SKIPPED, skip_reason(done.output))
            return
        for line in done.output.splitlines():
            words = line.split(None, 1)
            if words and words[0] == "passed":
                yield Result(words[1], PASSED)
            elif words and words[0] == "skipped":
                yield Result(words[1].partition(": ")[0], SKIPPED, words[1].partition(": ")[2])
        table = "\n".join(line for line in done.output.splitlines() if line.startswith("|"))
        if table:
            # README has it, too; where they differ a cell says so, and the suite has failed.
            outcome = FAILED if "WRONG" in table else PASSED
            yield Result("table of rungs", outcome, "Rungs of Debian's kernels, as plumbline doctor says:\n" + table)
        if not done.is_good():
            yield one("tests/vm/suite", done)
    return suite


def integration_unfiltered(budget, name, path, env, done):
    """It failed. Once more without system-call filters: what passes then stumbled over them."""
    again = command(budget, [os.path.relpath(path, SOURCE)], {**env, "PLUMBLINE_SECCOMP": "off"}, TEST_SECONDS)
    if again.is_good():
        done.output += "\nIt passes without the system-call filters.\n"
    return one(name, done)


# Mutants: breaks the code on purpose, and wants each test to notice.

def mutants(budget):
    done = command(budget, ["tests/mutants/run"])
    for line in done.output.splitlines():
        if line.startswith("noticed "):
            yield Result(line, PASSED)
    yield one("mutants", done)


# In a whole Debian with systemd: the packages (built, judged by lintian, installed), the hardening checks.

def debian(name):
    def suite(budget):
        done = command(budget, ["tests/vm/" + name])
        if done.status == 77 and not done.problem:
            yield Result(name, SKIPPED, skip_reason(done.output), done.seconds)
        else:
            yield one(name, done)
    return suite


# Order: cheap and telling first. Name, budget in seconds, function, build that it needs.
#
# A test that makes sense under ASan (no address-space limit, no filter) has the line
# `# sanitizers: yes`; one that fills queues or measures rest has `# alone: yes`. Those that start an
# agent (trial.py) run with the system-call filters of production.
SUITES = [
    ("build", 300, build("build", "gcc"), None),
    ("build-asan", 300, build("build-asan", "clang", "-Db_sanitize=address,undefined", "-Db_lundef=false"), None),
    ("build-fuzz", 240, build("build-fuzz", "clang", "-Dfuzz=true", "-Db_sanitize=address,undefined",
                              "-Db_lundef=false", targets=["fuzzers"]), None),
    ("lint", 60, lint, None),
    ("tidy", 240, tidy, "build-asan"),
    ("unit", 180, meson_tests("build", "unit"), "build"),
    ("unit-asan", 240, meson_tests("build-asan", "unit"), "build-asan"),
    ("fuzz-replay", 60, meson_tests("build-asan", "fuzz"), "build-asan"),
    ("fuzz", 180, fuzz, "build-fuzz"),
    ("integration", 360, integration("0[0-9][0-9]-*", "build"), "build"),
    ("integration-asan", 240, integration("[01][0-9][0-9]-*", "build-asan", word="\n# sanitizers: yes\n"), "build-asan"),
    ("integration-root", 600, integration("1[0-9][0-9]-*", "build"), "build"),
    ("vm", 360, machines("--quick"), "build"),
]

# Those that run only when they are named, or with --all: about the tests themselves, or long.
MORE_SUITES = [
    ("packages", 1500, debian("packages"), None),
    ("hardening", 1500, debian("hardening"), None),
    ("mutants", 5400, mutants, None),
    ("vm-all", 7200, machines(), "build"),
]


def print_result(result):
    took = "" if result.seconds is None else " (%.1f s)" % result.seconds
    if result.outcome == FAILED:
        print("  FAILED  %s%s" % (result.name, took))
        lines = result.text.strip().splitlines()
        if len(lines) > 80:
            print("          | ... %d lines before these" % (len(lines) - 80))
        for line in lines[-80:]:
            print("          | " + line)
    elif result.outcome == SKIPPED:
        print("  skipped %s: %s" % (result.name, result.text))


def run_suite(name, seconds, function, totals, notes):
    start = time.monotonic()
    counts = dict.fromkeys((PASSED, FAILED, SKIPPED), 0)
    for result in function(Budget(seconds)):
        counts[result.outcome] += 1
        print_result(result)
        if result.outcome == PASSED and result.text:
            notes.append(result.text)
    took = time.monotonic() - start
    print("%-18s %6.1f s  %3d passed, %d failed, %d skipped"
          % (name, took, counts[PASSED], counts[FAILED], counts[SKIPPED]), flush=True)
    for outcome, count in counts.items():
        totals[outcome] += count
    return counts[FAILED] == 0


def main(arguments):
    names = [name for name, _, _, _ in SUITES + MORE_SUITES]
    more = [name for name, _, _, _ in MORE_SUITES]
    if "--help" in arguments or "-h" in arguments:
        print("usage: sudo tests/run [--list] [--all] [SUITE...]\nsuites: " + " ".join(names))
        return 0
    if "--list" in arguments:
        for name, seconds, _, _ in SUITES + MORE_SUITES:
            print("%-18s at most %d s%s" % (name, seconds, ", when named or with --all" if name in more else ""))
        return 0
    if "--all" in arguments:
        arguments = names
    unknown = [a for a in arguments if a not in names]
    if unknown:
        print("tests/run: unknown suite %s; there are: %s" % (unknown[0], " ".join(names)), file=sys.stderr)
        return 2

    totals, notes = dict.fromkeys((PASSED, FAILED, SKIPPED), 0), []
    total = Budget(TOTAL_SECONDS)
    wanted = set(arguments) | {needed for name, _, _, needed in SUITES + MORE_SUITES if name in arguments}
    wanted = wanted or set(names) - set(more)
    for name, seconds, function, _ in SUITES + MORE_SUITES:
        if name not in wanted:
            continue
        is_good = run_suite(name, seconds if name in more else min(seconds, total.left()), function, totals,
                            notes)
        if not is_good and name == "build":
            break
    print("\n\n".join(["", *notes, ""]) if notes else "", end="")
    print("%d passed, %d failed, %d skipped" % (totals[PASSED], totals[FAILED], totals[SKIPPED]), flush=True)
    return 1 if totals[FAILED] or not totals[PASSED] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
