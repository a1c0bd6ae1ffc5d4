# SPDX-License-Identifier: Apache-2.0
"""Asks `plumbline doctor --json`, and holds the answer to its shape: what stands in it must fit together."""
import json
import os
import subprocess

import sensor
import trial
from trial import check

STATES = ("attached", "refused", "absent", "unneeded")
# Member -> type, of the answer and of what its lists hold.
CHANGE = {"kind": str, "change": str, "how": str}
SIGHT = {"what": str, "seen": bool, "note": str}
LINE = {"name": str, "works": bool, "error": (str, type(None))}
HIGHER = {"rung": str, "error": str, "why": str, "would_see": [SIGHT], "changes": [CHANGE]}
PART = {"name": str, "state": str, "serves": str, "error": (str, type(None)), "problem": (str, type(None)), "skipped": int}
ANSWER = {"rung": str, "source": str, "kernel": str, "lsm": (str, type(None)), "lockdown": (str, type(None)), "btf": bool,
          "can_deny": bool, "no_denial": (str, type(None)),
          "higher": [HIGHER], "parts": [PART], "changes": [CHANGE], "program_types": [LINE], "capabilities": [LINE],
          "sights": [SIGHT], "not_looked_at": [str]}


def check_shape(value, shape, where="doctor"):
    if isinstance(shape, dict):
        check(isinstance(value, dict) and set(value) == set(shape), "%s has members %s" % (where, sorted(value)))
        for name, inner in shape.items():
            check_shape(value[name], inner, where + "." + name)
    elif isinstance(shape, list):
        check(isinstance(value, list), "%s is no list" % where)
        for item in value:
            check_shape(item, shape[0], where + "[]")
    else:
        check(isinstance(value, shape), "%s is %r" % (where, value))


def check_answer(answer, status=None):
    check_shape(answer, ANSWER)
    ladder = list(reversed(sensor.LADDER))
    check(answer["rung"] in ladder, "rung %s" % answer["rung"])
    above = [rung["rung"] for rung in answer["higher"]]
    check(above == ladder[:ladder.index(answer["rung"])], "rungs above %s: %s" % (answer["rung"], above))
    for rung in answer["higher"]:
        check(rung["why"], "no reason against %s" % rung["rung"])
        check(rung["changes"], "no change leads to %s: %s" % (rung["rung"], rung["why"]))
        check(rung["would_see"] or rung["rung"] == "fanotify", "%s would see no more" % rung["rung"])
    names = [part["name"] for part in answer["parts"]]
    check(len(names) == len(set(names)) or "lsm/inode_setattr" in names, "parts: %s" % names)
    missing = []
    for part in answer["parts"]:
        check(part["state"] in STATES, "%s" % part)
        is_missing = part["state"] in ("refused", "absent")
        check(bool(part["problem"]) == is_missing and bool(part["error"]) == is_missing, "%s" % part)
        missing += [part["name"]] if is_missing else []
    for kind in answer["program_types"] + answer["capabilities"]:
        check(kind["works"] == (kind["error"] is None), "%s" % kind)
    check(any(not s["seen"] for s in answer["sights"]), "it claims to see all")
    if status is not None:
        check(status == (0 if answer["rung"] != "scan" and not missing else 1), "status %d without %s" % (status, missing))


def ask(folder, prefix=(), user=None):
    """(status, answer). `prefix`: a command that runs it in other circumstances; user: the id."""
    args = [*prefix, trial.program("plumbline"), "doctor", "--json", "--try"]
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False, text=True, user=user, cwd="/",
                          env={"PATH": os.environ["PATH"], "TMPDIR": folder})
    check(done.returncode in (0, 1), "doctor ended with %d: %s" % (done.returncode, done.stderr))
    check(not done.stderr, "it says more than the answer: " + done.stderr)
    answer = json.loads(done.stdout)
    check_answer(answer, done.returncode)
    return done.returncode, answer


def rung_of(answer, name):
    """What is said about a rung above the one that is there."""
    found = [rung for rung in answer["higher"] if rung["rung"] == name]
    check(found, "nothing is said about %s on %s" % (name, answer["rung"]))
    return found[0]


def changes_of(holder, kind):
    return [change["change"] for change in holder["changes"] if change["kind"] == kind]
