#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a text file into a C header with one string: embed.py INPUT NAME OUTPUT."""
import re
import sys

source, name, target = sys.argv[1:]
text = open(source, encoding="utf-8").read()
text = re.sub(r"/\*.*?\*/\s*", "", text, flags=re.S)
lines = [line.strip() for line in text.splitlines() if line.strip()]


def quote(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


with open(target, "w", encoding="utf-8") as out:
    out.write("/* Made from %s; do not edit. */\n" % source.rsplit("/", 1)[-1])
    out.write("static const char %s[] =\n\t" % name)
    out.write("\n\t".join(quote(line) for line in lines))
    out.write(";\n")
