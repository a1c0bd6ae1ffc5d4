# SPDX-License-Identifier: Apache-2.0
"""Every hook that a BPF program attaches to says in agent/model/standing.c what it is for, and no other does."""
import glob
import os
import re
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OTHERS = re.compile(r"fanotify|inode storage|bpffs")  # facilities of the kernel that are no programs


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def main():
    hooks = set()
    for path in glob.glob(os.path.join(SOURCE, "ebpf", "*.bpf.c")):
        hooks.update(re.findall(r'^SEC\("\??([a-z_.]+/[^"]+)"\)', read(path), re.M))
    told = set(re.findall(r'^\t\{"([^"]+)",', read(os.path.join(SOURCE, "agent/model/standing.c")), re.M))
    problems = ["%s has no words in agent/model/standing.c" % name for name in sorted(hooks - told)]
    problems += ["agent/model/standing.c: there is no program on %s" % name
                 for name in sorted(told - hooks) if not OTHERS.match(name)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
