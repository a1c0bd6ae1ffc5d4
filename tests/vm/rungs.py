# SPDX-License-Identifier: Apache-2.0
"""Which rung each of Debian's kernels gives under which circumstances: what is expected, and the trial of it.

CASES is the table that README.md shows; tests/lint/rungs.py holds the two together. The line that
doctor says would raise the rung is booted with, so that it is proven to do so.
"""
import functools
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import doctor
import kernel
import machine
import sensor

ANY = "all others"
# What is left where no BPF program may see the kernel's memory or types.
FLOOR = "fanotify" if "fanotify" in sensor.LADDER else "scan"
WITHOUT_BPF = "lsm=lockdown,yama"
SECONDS = 300
NOT_LISTED = "bpf is not among its active modules"


class Case:
    """`rungs`: by kernel, ANY for those not named. `reason`: words that the rungs above must say."""

    def __init__(self, name, title, rungs, reason=""):
        self.name, self.title, self.rungs, self.reason = name, title, rungs, reason

    def rung(self, kernel_name):
        return self.rungs.get(kernel_name, self.rungs[ANY])


CASES = (
    Case("shipped", "as Debian ships it", {"5.10": "trace", ANY: "lsm"}, NOT_LISTED),
    Case("without", "without `bpf` in `lsm=`", {ANY: "trace"}, NOT_LISTED),
    Case("advised", "with the line that doctor advises", {ANY: "lsm"}),
    Case("integrity", "`lockdown=integrity`", {"5.10": "trace", ANY: "lsm"}),
    Case("secret", "`lockdown=confidentiality`", {ANY: FLOOR}, "lockdown=integrity or none"),
    Case("typeless", "without BTF", {ANY: FLOOR}, "CONFIG_DEBUG_INFO_BTF"),
)

HEADS = ["kernel of Debian"] + [case.title for case in CASES]

ASK = "build/plumbline doctor --json"
LOCK = "echo %s >/sys/kernel/security/lockdown"
# Lockdown is set when the machine runs: from its start it would refuse the modules of the disk. It
# only ever gets stricter, so the order counts.
STEPS = (
    ("shipped", ASK),
    ("typeless", "mkdir -p /run/empty; unshare --mount sh -c 'mount --bind /run/empty /sys/kernel/btf; " + ASK + "'"),
    ("integrity", LOCK % "integrity" + "; " + ASK),
    ("secret", LOCK % "confidentiality" + "; " + ASK),
)


def markdown(kernels=None):
    """The table of what is expected."""
    rows = [HEADS, ["---"] * len(HEADS)]
    rows += [[name] + [case.rung(name) for case in CASES] for name in kernels or kernel.catalogue()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def problem_of(answer, case, kernel_name):
    """"" when `answer` of doctor is as it must be."""
    try:
        doctor.check_answer(answer)
    except doctor.trial.Failed as failure:
        return str(failure)
    if answer["rung"] != case.rung(kernel_name):
        return "rung %s, not %s: %s" % (answer["rung"], case.rung(kernel_name), answer["higher"])
    for above in answer["higher"]:
        # Where the list stands in the way of lsm, too, it is told first.
        if case.reason not in above["why"] and (above["rung"] != "lsm" or NOT_LISTED not in above["why"]):
            return "does not say %r of %s: %s" % (case.reason, above["rung"], above["why"])
    missing = {part["name"] for part in answer["parts"] if part["problem"]}
    # These machines are without cmpxchg16b (machine.py), which these kernels need to keep facts.
    if answer["rung"] == "lsm" and kernel_name in ("7", "7-rt"):
        if "inode storage" not in missing:
            return "does not say that facts about files cannot be kept"
        missing.discard("inode storage")
    return "without " + ", ".join(sorted(missing)) if missing else ""


def ask(bench, kernel_name, append, steps):
    """Case -> answer of doctor, in one machine."""
    script = "\n".join("echo CASE %s\n%s" % step for step in steps)
    answers, name = {}, None
    for line in bench.run(kernel_name, script, append, SECONDS).lines:
        begin = re.fullmatch(r"CASE (\w+)", line)
        name = begin.group(1) if begin else name
        if line.startswith("{") and name:
            answers[name] = json.loads(line)
    return answers


def trials(bench, names, full):
    """A job for Lab.each() for each of `names`; those in `full` are tried in all cases."""
    return [functools.partial(try_kernel, bench, name, name in full) for name in names]


def try_kernel(bench, name, has_all):
    """A list of (case, answer or None, problem)."""
    answers, found = {}, []
    try:
        answers = ask(bench, name, "", STEPS)
        if has_all:
            answers |= ask(bench, name, WITHOUT_BPF, [("without", ASK)])
            lines = doctor.changes_of(doctor.rung_of(answers["without"], "lsm"), "kernel line")
            answers |= ask(bench, name, " ".join(lines), [("advised", ASK)])
        problem = "doctor gave no answer"
    except (machine.Died, doctor.trial.Failed, KeyError) as failure:
        problem = "the machine %s" % failure
    for case in CASES:
        if case.name in answers:
            found.append((case, answers[case.name], problem_of(answers[case.name], case, name)))
        elif has_all or case.name in dict(STEPS):
            found.append((case, None, problem))
    return found


def report(names, found):
    """Prints the table of the kernels `names`, of each what its trial has found; how many are not as expected."""
    wrong, rows = 0, []
    for name, answers in zip(names, found):
        cells, release = {}, name
        for case, answer, problem in answers:
            cells[case.name] = answer["rung"] if answer else "-"
            release = "%s (%s)" % (name, answer["kernel"]) if answer else release
            if problem:
                wrong += 1
                cells[case.name] += " WRONG"
                print("FAILED rungs on %s, %s: %s" % (name, case.title, problem), flush=True)
        rows.append([release] + [cells.get(case.name, "") for case in CASES])
        if not any("WRONG" in cell for cell in cells.values()):
            print("passed rungs on %s" % name, flush=True)
    widths = [max(len(row[i]) for row in [HEADS] + rows) for i in range(len(HEADS))]
    for row in [HEADS] + [["-" * width for width in widths]] + rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
    sys.stdout.flush()
    return wrong
