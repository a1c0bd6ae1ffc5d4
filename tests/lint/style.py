# SPDX-License-Identifier: Apache-2.0
"""What clang-format does not see: licence line, sizes, `extern` in a .c, words that do not belong."""
import os
import re
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 80

# Needs a licence line within its first three lines.
LICENSED = (".c", ".h", ".py", ".sh", ".js", ".css", ".sql", "meson.build")
KERNEL_LICENCE = "GPL-2.0-only OR BSD-2-Clause"  # ebpf/*.c and *.h, which the kernel loads
LICENCE = "Apache-2.0"

# Patterns are put together from halves so that this file does not match itself.
FORBIDDEN_WORDS = [
    ("TO" "DO", "unfinished work belongs in the tracker"),
    ("FIX" "ME", "unfinished work belongs in the tracker"),
    (r"\bX" r"XX\b", "unfinished work belongs in the tracker"),
    (r"(?<![\w.])/" r"work/", "a path of one machine"),
    (r"(?<![\w.])/" r"root/(?!\.)", "a path of one machine"),  # .ssh and the like are on every one
    (r"/tmp/" r"pl\b", "a path of one machine"),
    (r"for_" r"tests\b", "tests use public headers"),
]
TEXT = (".c", ".h", ".py", ".sh", ".js", ".css", ".sql", ".md", ".ini", ".conf", ".service", ".list",
        ".build", ".txt", ".1", ".5", ".7", ".8", ".dict", ".html")


def files():
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = sorted(f for f in folders if not f.startswith(("build", ".git", "__pycache__")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), SOURCE)
            if "/corpus/" not in path and not path.startswith("LICENSES/"):
                yield path


def read_text(path):
    """The text, or None when it is not a text of ours."""
    full = os.path.join(SOURCE, path)
    if os.path.islink(full):
        return None
    with open(full, "rb") as f:
        data = f.read()
    if not path.endswith(TEXT) and not data.startswith(b"#!"):
        return None
    return data.decode("utf-8")


def check_licence(path, lines):
    if not path.endswith(LICENSED) and not (lines and lines[0].startswith("#!")):
        return
    is_kernel = path.startswith("ebpf/") and path.endswith((".c", ".h"))
    wanted = KERNEL_LICENCE if is_kernel else LICENCE
    if not any(("SPDX-License" "-Identifier: " + wanted) in line for line in lines[:3]):
        yield 1, "no SPDX line for " + wanted


def check_sizes(path, lines):
    if not path.endswith((".c", ".h", ".py")):
        return
    if len(lines) > MAX_FILE_LINES:
        yield len(lines), "%d lines; at most %d" % (len(lines), MAX_FILE_LINES)
    if path.endswith(".py"):
        return
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > MAX_FUNCTION_LINES:
                yield start, "function of %d lines; at most %d" % (number - start - 1, MAX_FUNCTION_LINES)
            start = None


def check_extern(path, lines):
    if path.endswith(".c") and not path.startswith("ebpf/"):
        for number, line in enumerate(lines, 1):
            if re.match(r"\s*extern\b", line):
                yield number, "extern belongs in a header"


UNBOUNDED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|alloca)\s*\(")


def check_calls(path, lines):
    if path.endswith((".c", ".h")) and not path.startswith("tests/"):
        for number, line in enumerate(lines, 1):
            match = UNBOUNDED.search(line)
            if match and not line.lstrip().startswith(("*", "/*")):
                yield number, "%s() has no bound, or runs a shell" % match.group(1)


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        for pattern, why in FORBIDDEN_WORDS:
            if re.search(pattern, line):
                yield number, "'%s': %s" % (re.search(pattern, line).group(0), why)


def check_white_space(path, lines):
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end"


CHECKS = [check_licence, check_sizes, check_extern, check_calls, check_words, check_white_space]


def main():
    count = 0
    for path in files():
        text = read_text(path)
        if text is None:
            continue
        lines = text.splitlines()
        problems = [p for check in CHECKS for p in check(path, lines)]
        if text and not text.endswith("\n"):
            problems.append((len(lines), "no newline at the end"))
        for number, problem in sorted(problems):
            print("%s:%d: %s" % (path, number, problem))
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
