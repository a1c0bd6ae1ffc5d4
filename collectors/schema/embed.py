#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the schema files as one C array of strings: embed.py OUT IN..."""
import json
import os
import sys

out, names = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
with open(out, "w", encoding="ascii") as f:
    f.write("/* Made from collectors/schema. */\nstatic const char *const schema_steps[] = {\n")
    for number, name in enumerate(names, 1):
        if int(os.path.basename(name).split("-")[0]) != number:
            sys.exit("%s: expected number %d" % (name, number))
        with open(name, encoding="ascii") as sql:
            for line in sql:
                f.write("\t%s\n" % json.dumps(line))
        f.write("\t,\n")
    f.write("};\n")
