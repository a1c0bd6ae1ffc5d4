# SPDX-License-Identifier: Apache-2.0
"""The process table of the design, held against /proc/PID/status."""
import contextlib
import os

import trial

CAPABILITIES = {"DAC_READ_SEARCH": 2, "KILL": 5, "SETGID": 6, "SETUID": 7, "SETPCAP": 8, "SYS_PTRACE": 19,
                "NET_ADMIN": 12,
                "SYS_ADMIN": 21, "AUDIT_CONTROL": 30, "PERFMON": 38, "BPF": 39}

# Role -> user and effective capabilities.
TABLE = {
    "supervisor": ("root", "SETUID SETGID SETPCAP KILL"),
    "verifier": ("plumbline-verifier", ""),
    "sensor": ("root", "BPF PERFMON DAC_READ_SEARCH SYS_PTRACE SYS_ADMIN"),
    "assessor": ("plumbline-assessor", "DAC_READ_SEARCH SYS_PTRACE"),
    "dumper": ("plumbline-dumper", "NET_ADMIN AUDIT_CONTROL"),
    "recorder": ("plumbline-recorder", ""),
    "reporter": ("plumbline-reporter", ""),
}


def status_of(pid):
    with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def fd_targets(pid):
    targets = []
    for fd in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            targets.append(os.readlink("/proc/%d/fd/%s" % (pid, fd)))
    return targets


def check(pid, role, mode="enforce"):
    user, names = TABLE[role]
    uid = trial.run("id", "-u", user).stdout.strip()
    caps = sum(1 << CAPABILITIES[name] for name in names.split())
    status = status_of(pid)
    held = {key: int(status[key], 16) for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}

    trial.check(set(status["Uid"].split()) == {uid}, "the %s has uids %s" % (role, status["Uid"]))
    trial.check(held["CapEff"] == caps, "the %s has CapEff %x, not %x" % (role, held["CapEff"], caps))
    trial.check(held["CapInh"] == held["CapAmb"] == 0, "the %s hands capabilities on" % role)
    trial.check(held["CapPrm"] == held["CapBnd"], "the %s has a wider bounding set" % role)
    # The supervisor keeps for its children what it does not use itself.
    trial.check(role == "supervisor" or held["CapPrm"] == caps, "the %s can get %x back" % (role, held["CapPrm"]))
    trial.check(uid == "0" or status["Groups"].strip() == "", "the %s has groups %s" % (role, status["Groups"]))
    trial.check(status["NoNewPrivs"] == "1", "the %s can gain privileges" % role)
    # Its own filter and that of the supervisor, besides those that this test runs under.
    filters = 0 if mode == "off" else 1 if role == "supervisor" else 2
    added = int(status["Seccomp_filters"]) - int(status_of(os.getpid())["Seccomp_filters"])
    trial.check(added == filters, "the %s has %d filters, not %d" % (role, added, filters))
