# SPDX-License-Identifier: Apache-2.0
"""Saved answers of an agent, as `plumbline report --input` reads them."""
import hashlib
import json
import re

# What a report may never say of a host, a system or an organization.
CLAIMS = re.compile(r"\b(is|are|reaches|has reached|achieves|meets)\s+(SL|security level)[ -]?[1-4]\b|certified|"
                    r"\bcompliant\b|\bin compliance\b|\bconforms?\b|\bfulfil", re.IGNORECASE)


def claim(text):
    """The first words of @text that judge more than evidence; None."""
    found = CLAIMS.search(text)
    return found and found.group()


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


STATUS = {
    "type": "status", "time": "2026-11-21T20:00:00.000Z", "agent": "hmi-07", "version": "0.1.0",
    "os": "Debian GNU/Linux 12 (bookworm)", "kernel": "6.1.0-27-amd64", "profile": "hmi-sl3",
    "phase": "covered", "rung": "trace",
    "rung_reason": "lsm: this kernel refuses BPF programs on the LSM hooks (EPERM)",
    "coverage_since": "2026-11-21T07:26:00.000Z",
    "baseline": {"name": "hmi line 4", "revision": 7, "digest": digest("baseline"), "entries": 5737},
    "findings": {"open": 4, "critical": 1, "high": 1, "medium": 1, "low": 1},
    "outbox": {"sequence": 421, "acked": 420, "records": 1, "bytes": 812, "folded": 0},
    "link": None, "processes": [{"role": "sensor", "state": "running", "restarts": 0}],
    "not_seen": [{"what": "module.load", "note": "add bpf to lsm= on the kernel command line"}],
    "head": {"sequence": 421, "chain": digest("chain"), "signature": "MEUCIQDx", "key_id": digest("key")},
}


def coverage(state, start, end=None, **more):
    record = {"type": "coverage", "state": state, "start": start, "rung": "trace"}
    if end:
        record["end"] = end
    record.update(more)
    return record


def finding(kind, severity, path, **more):
    """`path` is escaped text, as the codec writes it."""
    record = {
        "type": "finding", "id": digest("id" + path), "fingerprint": digest("fingerprint" + path),
        "kind": kind, "severity": severity, "state": "open",
        "first_seen": "2026-11-21T09:12:33.500Z", "last_seen": "2026-11-21T12:12:33.500Z", "count": 2,
        "path": path, "controls": ["CM-3", "SI-7", "SI-7(1)"],
        "requirements": ["SR 3.4", "SR 3.4 RE 1"], "techniques": ["T1554"],
        "baseline": digest("baseline"),
        "subject": {"pid": 4242, "ppid": 4240, "uid": 1000, "euid": 0, "login_uid": 1000,
                    "exe": "/usr/bin/cp", "comm": "cp", "user": "operator",
                    "unit": "user@1000.service/app.slice/terminal.service",
                    "parents": "/usr/bin/bash(4240) < /usr/lib/systemd/systemd(1)"},
    }
    record.update(more)
    return {name: value for name, value in record.items() if value is not None}


def check(name, title, result, **more):
    record = {"type": "check", "id": name, "title": title, "result": result, "severity": "medium",
              "time": "2026-11-21T19:58:00.000Z", "controls": ["CM-6"], "requirements": ["SR 7.6"]}
    record.update(more)
    return record


def answers():
    return [
        STATUS,
        coverage("observing", "2026-11-20T20:10:00.000Z", "2026-11-20T20:10:04.000Z"),
        coverage("warming", "2026-11-20T20:10:04.000Z", "2026-11-20T20:11:30.000Z"),
        coverage("covered", "2026-11-20T20:11:30.000Z", "2026-11-21T06:00:00.000Z"),
        coverage("gap", "2026-11-21T03:10:00.000Z", "2026-11-21T03:10:20.000Z",
                 cause="312 records lost: ring full", missed="up to 312 starts and changes"),
        coverage("down", "2026-11-21T06:00:00.000Z", "2026-11-21T07:25:00.000Z",
                 cause="the machine was shut down", missed="all until the next comparison"),
        coverage("covered", "2026-11-21T07:25:00.000Z"),
        finding("software.unknown", "critical", "/opt/hmi/<script>alert(1)</script>\\xff",
                actual="sha256:" + digest("unknown"), detail="A program ran that no baseline names."),
        finding("software.modified", "high", "/opt/hmi/bin/runtime",
                expected="sha256:" + digest("old"), actual="sha256:" + digest("new"),
                package="hmi-runtime 4.2.1-3", detail="The content is not the approved one."),
        finding("config.attributes", "medium", "/etc/ssh/sshd_config", subject=None,
                expected="mode 0600", actual="mode 0666", package="openssh-server 1:9.2p1-2"),
        finding("library.removed", "low", "/usr/lib/x86_64-linux-gnu/libfoo.so.1",
                expected="sha256:" + digest("lib"), detail="=cmd|'/C calc'!A0"),
        finding("data.added", "info", "/srv/data/x", state="resolved", actual="sha256:" + digest("x")),
        check("SYS-002", "Kernel pointers hidden", "fail", expected="1 or 2", actual="0",
              remediation="Set kernel.kptr_restrict = 1.", ot_caution="Profilers lose symbols."),
        check("SYS-001", "ASLR full", "pass", expected="2", actual="2"),
        check("SSH-003", "Root login by SSH refused", "not_applicable",
              reason="no SSH server is installed"),
        check("AUD-001", "Audit rules are loaded", "error", reason="netlink: Operation not permitted"),
    ]


def lines(records):
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records)
