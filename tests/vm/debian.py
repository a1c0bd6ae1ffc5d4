# SPDX-License-Identifier: Apache-2.0
"""A whole Debian 12 with systemd for a virtual machine, made by debootstrap from Debian's own mirror.

Kept under build-vm/ for the next time. The machine itself has no network: what packages under test
depend on is in it from the start.
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess

import kernel

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = "bookworm"
# Beside what is essential: an init, what the tests in the machine call, and a bus for systemctl.
PACKAGES = ("systemd-sysv", "dbus", "openssl")


def dependencies(debs):
    """Names of the packages that these need and do not bring; of alternatives the first."""
    own, names = set(), set()
    for deb in debs:
        fields = subprocess.run(["dpkg-deb", "-f", deb, "Package", "Depends"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout
        own |= set(re.findall(r"^Package: (\S+)", fields, re.M))
        depends = re.search(r"^Depends: (.*)", fields, re.M)
        names |= {re.match(r"[a-z0-9.+-]+", word.strip()).group() for word in depends.group(1).split(",")}
    return sorted(names - own)


def fetch(debs):
    """A folder with the root file system. Raises kernel.Unavailable."""
    names = sorted({*PACKAGES, *dependencies(debs)})
    digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]
    folder = os.path.abspath(os.path.join(kernel.CACHE, "debian", SUITE + "-" + digest))
    if os.path.isdir(folder):
        return folder
    for old in glob.glob(os.path.join(os.path.dirname(folder), "*")):
        shutil.rmtree(old)
    partial = folder + ".partial"
    os.makedirs(partial)
    done = kernel.run("debootstrap", "--variant=minbase", "--keyring=" + kernel.KEYRING, "--include=" + ",".join(names),
                      SUITE, partial, kernel.mirror(), timeout=900)
    if done.returncode:
        raise kernel.Unavailable("debootstrap: " + "\n".join(done.stdout.strip().splitlines()[-5:]))
    os.rename(partial, folder)
    return folder


def make_image(path, source, files, size=2 << 30):
    """An ext4 image of `source` with `files` (path in the machine -> path here) and a unit that runs the script."""
    root = path + ".root"
    subprocess.run(["cp", "-a", "--reflink=auto", source, root], check=True)
    for name in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(os.path.join(root, name))
        os.makedirs(os.path.join(root, name, "partial"))
    units = os.path.join(root, "etc/systemd/system")
    put(root, "etc/systemd/system/plumbline-trial.service", os.path.join(HERE, "debian", "plumbline-trial.service"))
    put(root, "plumbline/tests/vm/guest-init", os.path.join(HERE, "debian", "guest-init"))
    put(root, "plumbline/tests/vm/debian/run-trial", os.path.join(HERE, "debian", "run-trial"))
    os.makedirs(os.path.join(units, "multi-user.target.wants"), exist_ok=True)
    os.symlink("../plumbline-trial.service", os.path.join(units, "multi-user.target.wants/plumbline-trial.service"))
    os.symlink("/dev/null", os.path.join(units, "serial-getty@ttyS0.service"))  # the console is the script's
    for target, source in files.items():
        put(root, target, source)
    with open(os.path.join(root, "etc/hostname"), "w", encoding="ascii") as f:
        f.write("plumbline-vm\n")
    with open(os.path.join(root, "etc/machine-id"), "w", encoding="ascii") as f:
        f.write("")
    with open(path + ".partial", "wb") as f:
        f.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-I", "256", "-O", "^metadata_csum_seed,^orphan_file", "-d", root,
                    path + ".partial"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)
    os.rename(path + ".partial", path)


def put(root, target, source):
    path = os.path.join(root, target.lstrip("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copy2(source, path)
