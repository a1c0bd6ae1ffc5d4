# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and where each vendor header lives.

The two tables below are the rule. A file that needs more is in the wrong folder, or the table is
wrong: then change the table in the same commit and say why.
"""
import os
import re
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

# Folder -> folders of ours that it may include, itself apart.
MAY_INCLUDE = {
    "agent/base": [],
    "agent/model": ["base"],
    "agent/privsep": ["base", "model"],
    "agent/baseline": ["base", "model"],
    "agent/checks": ["base", "model"],
    "agent/record": ["base", "model"],
    "agent/wire": ["base", "model"],
    "agent/report": ["base", "model", "baseline"],
    "agent/engine": ["base", "model"],
    "agent/sensor": ["base", "model"],
    "agent/daemon": ["base", "model", "privsep", "baseline", "checks", "record", "wire", "report", "engine",
                     "sensor"],
    "agent/cli": ["base", "model", "privsep", "baseline", "checks", "record", "wire", "report", "engine",
                  "sensor"],
    "collectors": ["base", "model", "baseline", "wire", "report"],
    "ebpf": [],
}

# Single headers that a folder may include beyond its row.
MAY_INCLUDE_FILE = {
    "agent/model": ["ebpf/event.h"],
    "agent/sensor": ["ebpf/event.h"],
    "agent/engine": ["baseline/baseline.h"],
}

# Vendor header -> files that may include it, as a pattern over the whole path.
VENDOR_HOMES = {
    r"bpf/(?!bpf_(helpers|tracing|core_read|endian)\.h).*": r"agent/sensor/[^/]*",
    r".*\.skel\.h": r"agent/sensor/[^/]*\.c",
    r"bpf/bpf_(helpers|tracing|core_read|endian)\.h": r"ebpf/.*",
    r"seccomp\.h": r"agent/privsep/sandbox[^/]*\.c",
    r"sys/capability\.h": r"agent/(privsep/sandbox|baseline/|sensor/|model/file_fact).*",
    r"openssl/.*": r"agent/(wire/signature|base/hash|baseline/signature(_[a-z]+)?|daemon/evidence_key)\.[ch]|collectors/[a-z_]*tls\.[ch]",
    r"ini\.h": r"agent/base/ini\.c",
    r"sqlite3\.h": r"agent/(record|baseline)/[^/]*\.[ch]|agent/checks/rpm_db\.c|collectors/store_sqlite[^/]*\.[ch]",
    r"libpq-fe\.h": r"collectors/store_postgres\.c",
    r"curl/.*": r"agent/daemon/reporter[^/]*\.c|agent/wire/http\.c",
    r"jansson\.h": r"agent/(wire|baseline)/[^/]*\.[ch]",
    r"zlib\.h": r"agent/checks/gunzip\.c",
    r"zstd\.h": r"agent/wire/[^/]*\.c",
    r"event2/.*|evhttp\.h|event\.h": r"collectors/[^/]*\.[ch]",
    r"librdkafka/.*": r"collectors/sink/sink_kafka\.c",
    r"check\.h": r"tests/unit/.*",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def sources():
    for top in ("agent", "collectors", "ebpf"):
        for folder, folders, names in os.walk(os.path.join(SOURCE, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), SOURCE)


def folder_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "agent" else parts[0]


def problem_with_ours(path, included):
    """An include in quotes names a file of ours, from agent/ or from the top."""
    folder = folder_of(path)
    own = folder.rpartition("/")[2]
    if included in MAY_INCLUDE_FILE.get(folder, ()):
        return None
    if included.startswith(own + "/") or "/" not in included:
        return None
    target = included.split("/")[0]
    if target in MAY_INCLUDE[folder]:
        return None
    return "%s may not include \"%s\"" % (folder, included)


def problem_with_vendor(path, quote, included):
    """In quotes only the skeleton, which is made and not ours, has a home; else a name is a vendor's."""
    for header, home in VENDOR_HOMES.items():
        if quote == '"' and "skel" not in header:
            continue
        if re.fullmatch(header, included) and not re.fullmatch(home, path):
            return "<%s> has its home in %s" % (included, home)
    return None


def main():
    problems = []
    for path in sources():
        if folder_of(path) not in MAY_INCLUDE:
            problems.append("%s: its folder is not in the table" % path)
            continue
        with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
            text = f.read()
        for match in INCLUDE.finditer(text):
            quote, included = match.groups()
            line = text.count("\n", 0, match.start()) + 1
            problem = problem_with_vendor(path, quote, included)
            if not problem and quote == '"':
                problem = problem_with_ours(path, included)
            if problem:
                problems.append("%s:%d: %s" % (path, line, problem))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
