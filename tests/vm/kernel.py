# SPDX-License-Identifier: Apache-2.0
"""Debian kernels for virtual machines: downloads, unpacks and keeps them under build-vm/.

Uses package lists of its own, so the sources of this machine stay as they are. A kernel that was
fetched once is not asked for again; delete build-vm/ to get newer ones.
"""
import configparser
import fnmatch
import glob
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, "..", "..", "build-vm")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """The kernel cannot be had here: no network, no such package."""


class Kernel:
    """An unpacked kernel: `image` for qemu, `release` as uname says it, `modules` its folder."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.modules = [path for top in ("lib", "usr/lib")
                        for path in glob.glob(os.path.join(folder, top, "modules", "*"))][0]
        self.release = os.path.basename(self.modules)
        images = glob.glob(os.path.join(folder, "boot", "vmlinuz-*")) + \
            glob.glob(os.path.join(self.modules, "vmlinuz*"))
        self.image = images[0]

    def module_chain(self, *names):
        """Files of modules in the order in which they must be inserted; built-in ones are left out."""
        with open(os.path.join(self.modules, "modules.dep"), encoding="ascii") as f:
            needs = {line.partition(":")[0]: line.partition(":")[2].split() for line in f}
        by_name = {re.sub(r"\.ko(\.xz|\.zst)?$", "", os.path.basename(path)).replace("-", "_"): path for path in needs}
        chain = []
        for name in names:
            path = by_name.get(name)
            if path:
                chain += [p for p in [*reversed(needs[path]), path] if p not in chain]
        return [os.path.join(self.modules, path) for path in chain]


def catalogue():
    """Name -> section of kernels.ini."""
    ini = configparser.ConfigParser(interpolation=None)
    with open(os.path.join(HERE, "kernels.ini"), encoding="utf-8") as f:
        ini.read_file(f)
    return {name: ini[name] for name in ini.sections()}


def run(*args, **kwargs):
    return subprocess.run(list(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **kwargs)


def mirror():
    """Where this machine gets Debian from; other suites are beside the one that it uses."""
    done = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)", "Created-By: Packages", timeout=60)
    for line in done.stdout.splitlines():
        uri, _, rest = line.partition(" ")
        if rest == "Debian Debian":
            return uri
    raise Unavailable("apt has no list of a Debian archive; run apt-get update")


class Archive:
    """One suite of Debian's archive, with lists of its own."""

    def __init__(self, suite):
        self.folder = os.path.abspath(os.path.join(CACHE, "apt", suite))
        sources = os.path.join(self.folder, "sources.list")
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        with open(sources, "w", encoding="ascii") as f:
            f.write("deb [signed-by=%s] %s %s main\n" % (KEYRING, mirror(), suite))
        self.options = []
        for option in ("Dir::Etc::sourcelist=" + sources, "Dir::Etc::sourceparts=/dev/null",
                       "Dir::State::lists=" + os.path.join(self.folder, "lists"),
                       "Dir::Cache=" + os.path.join(self.folder, "cache"),
                       "APT::Sandbox::User=root", "Acquire::Retries=3", "Acquire::Languages=none"):
            self.options += ["-o", option]

    def update(self):
        done = run("apt-get", *self.options, "update", timeout=120)
        if done.returncode:
            raise Unavailable("apt-get update: " + (done.stdout.strip().splitlines() or ["failed"])[-1])

    def newest(self, pattern):
        names = run("apt-cache", *self.options, "pkgnames", pattern.partition("*")[0], timeout=60).stdout.split()
        names = [n for n in names if fnmatch.fnmatch(n, pattern) and "-dbg" not in n]
        if not names:
            raise Unavailable("no package %s" % pattern)
        return max(names, key=lambda n: [int(x) for x in re.findall(r"\d+", n)])

    def unpack(self, package, folder):
        done = run("apt-get", *self.options, "download", package, cwd=os.path.join(self.folder, "debs"), timeout=300)
        found = glob.glob(os.path.join(self.folder, "debs", package + "_*.deb"))
        if done.returncode or not found:
            raise Unavailable("apt-get download %s: %s" % (package, done.stdout.strip().splitlines()[-1:]))
        done = run("dpkg-deb", "-x", found[0], folder, timeout=120)
        if done.returncode:
            raise Unavailable("dpkg-deb -x %s: %s" % (package, done.stdout))
        os.unlink(found[0])


def available(names):
    """Those of `names` that can be had; says of the others why not."""
    had = []
    for name in names:
        try:
            fetch(name)
            had.append(name)
        except Unavailable as reason:
            print("skipped kernel %s: %s" % (name, reason), flush=True)
    return had


def fetch(name):
    """The kernel called `name` in kernels.ini, from the cache or from Debian. Raises Unavailable."""
    section = catalogue()[name]
    folder = os.path.join(CACHE, "kernels", name)
    if not os.path.isdir(folder):
        archive = Archive(section["suite"])
        archive.update()
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        for key in ("package", "modules"):
            if key in section:
                archive.unpack(archive.newest(section[key]), partial)
        kernel = Kernel(name, partial)
        base = os.path.relpath(os.path.dirname(os.path.dirname(os.path.dirname(kernel.modules))), partial)
        done = run("depmod", "-b", os.path.join(partial, base), kernel.release, timeout=60)
        if done.returncode:
            raise Unavailable("depmod: " + done.stdout)
        os.rename(partial, folder)
    return Kernel(name, folder)
