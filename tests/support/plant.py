# SPDX-License-Identifier: Apache-2.0
"""A tree with a package database of its own, for baselines that know packages."""
import os
import shutil

import trial


def write(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)
    os.chmod(path, mode)


class Plant:
    """A tree and the package database that owns it."""

    def __init__(self, folder):
        self.dir = os.path.realpath(folder)
        self.tree = os.path.join(self.dir, "tree")
        self.dpkg = os.path.join(self.dir, "dpkg")
        os.makedirs(os.path.join(self.dpkg, "info"))

    def path(self, *names):
        return os.path.join(self.tree, *names)

    def packages(self, owned):
        """owned: {name: (version, paths)}"""
        shutil.rmtree(self.dpkg)
        os.makedirs(os.path.join(self.dpkg, "info"))
        with open(os.path.join(self.dpkg, "status"), "w", encoding="utf-8") as f:
            for name, (version, _) in owned.items():
                f.write("Package: %s\nStatus: install ok installed\nArchitecture: all\nVersion: %s\n\n"
                        % (name, version))
        for name, (_, paths) in owned.items():
            with open(os.path.join(self.dpkg, "info", name + ".list"), "w", encoding="utf-8") as f:
                f.write("".join(path + "\n" for path in paths))

    def baseline(self, name, *more):
        path = os.path.join(self.dir, name)
        trial.run(trial.program("plumbline"), "baseline", "create", "--name", "line 4", "--tree", self.tree,
                  "--packages", self.dpkg, "-o", path, *more)
        return path
