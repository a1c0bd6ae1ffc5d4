# SPDX-License-Identifier: Apache-2.0
"""The table of kernels and rungs in README.md is the one that tests/vm/matrix expects."""
import os
import subprocess
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def main():
    table = subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "tests/vm/matrix"), "--expected"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as f:
        lines = [line.strip() for line in f.read().splitlines()]
    missing = [line for line in table.splitlines() if line not in lines]
    for line in missing:
        print("README.md: not what `tests/vm/matrix --expected` prints: " + line)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
