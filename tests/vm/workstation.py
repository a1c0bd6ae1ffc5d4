# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 engineering workstation for a virtual machine, one point release behind, and a local
repository with what a patch day brings: the newer versions of all it has, and some packages more.

Kept under build-vm/workstation/ for the next time; delete that to get newer packages.
"""
import glob
import hashlib
import os
import shutil
import subprocess
import tempfile

import debian
import guest
import kernel
import machine

HERE = os.path.dirname(os.path.abspath(__file__))

# What a plant engineer works with; the kernel is Debian's own package, so that its modules are packaged.
PACKAGES = ("linux-image-cloud-amd64", "systemd-sysv", "dbus", "openssl", "sudo", "cron", "openssh-server",
            "openssh-client", "logrotate", "man-db", "less", "vim-tiny", "nano", "procps", "psmisc", "file", "xz-utils",
            "build-essential", "python3", "python3-venv", "rsync", "apt-utils", "ca-certificates", "tzdata",
            "rsyslog", "unattended-upgrades", "systemd-timesyncd", "chromium")
# They come on the day itself; the second line is for who hardens the machine.
LATER = ("git", "curl", "tree", "jq", "nodejs", "sqlite3", "python3-requests", "nginx-light", "cowsay",
         "auditd", "libpam-pwquality", "nftables", "usbguard", "apparmor")
NOT_NOW = "#!/bin/sh\nexit 101\n"


DISK = 12 << 30  # sparse
TAKEN = 256 << 20
# Unpacks what the machine is given, and runs the trial among it.
SCRIPT = "mkdir -p /plumbline/given && tar -C /plumbline/given -xf /dev/vdc && exec /plumbline/given/%s"


class Workstation:
    """`root`: its files. `image`: the same as a disk, with the repository in /plumbline/repository.
    `initramfs`, and `kernel` as kernel.Kernel."""

    def __init__(self, folder):
        self.root = os.path.join(folder, "root")
        self.repository = os.path.join(folder, "repository")
        self.image = os.path.join(folder, "root.ext4")
        self.initramfs = os.path.join(folder, "initramfs")
        self.kernel = kernel.Kernel("workstation", self.root)

    def boot(self, trial, words, work, image=None, **how):
        """Runs the trial of tests/vm/debian with `words`. `work`: a folder with first/, the packages under test.

        What the trial writes to /dev/vdd as a tar file is in work/taken afterwards. Returns machine.Outcome.
        """
        given, taken = os.path.join(work, "given.tar"), os.path.join(work, "taken.tar")
        subprocess.run(["tar", "-cf", given, "-C", work, "first", "-C", os.path.join(HERE, "debian"), trial,
                        "-C", os.path.join(HERE, "../../packaging"), "throwaway-pki"], check=True)
        with open(taken, "wb") as f:
            f.truncate(TAKEN)
        disks = ((given, "readonly=on"), (taken, "snapshot=off"))
        try:
            return machine.boot(self.kernel, self.initramfs, image or self.image, SCRIPT % " ".join([trial, *words]),
                                memory_mb=4096, disks=disks, **how)
        finally:
            os.makedirs(os.path.join(work, "taken"), exist_ok=True)
            subprocess.run(["tar", "-xf", taken, "-C", os.path.join(work, "taken")], check=False)


def build():
    """A folder with the packages of this source."""
    folder = os.path.join(guest.SOURCE, "build-debs", "packages")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([os.path.join(guest.SOURCE, "packaging", "build-debs"), folder], check=True)
    return folder


def work_folder(debs):
    """A temporary one for Workstation.boot(); the caller's to remove."""
    folder = tempfile.mkdtemp(prefix="plumbline-workstation.")
    os.mkdir(os.path.join(folder, "first"))
    for deb in debs:
        shutil.copy2(deb, os.path.join(folder, "first"))
    return folder


def say(done, what):
    if done.returncode:
        raise kernel.Unavailable("%s: %s" % (what, "\n".join(done.stdout.strip().splitlines()[-8:])))


def inside(root, *command, timeout=1500):
    """Runs a command with this root, where nothing but it and /proc is mounted."""
    return kernel.run("unshare", "--mount", "--pid", "--fork", "--mount-proc=" + os.path.join(root, "proc"), "chroot", root,
                      "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                      "DEBIAN_FRONTEND=noninteractive", *command, timeout=timeout)


def write(root, name, text, mode=0o644):
    path = os.path.join(root, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def make_root(root, names):
    say(kernel.run("debootstrap", "--variant=minbase", "--keyring=" + kernel.KEYRING, debian.SUITE, root, kernel.mirror(),
                   timeout=900), "debootstrap")
    write(root, "usr/sbin/policy-rc.d", NOT_NOW, 0o755)
    say(inside(root, "apt-get", "update"), "apt-get update")
    say(inside(root, "apt-get", "-q", "-y", "--no-install-recommends", "install", *names), "apt-get install")
    os.unlink(os.path.join(root, "usr/sbin/policy-rc.d"))
    inside(root, "apt-get", "clean")


def suites():
    """Where the newer packages are: updates, and security where this machine knows it."""
    here = kernel.mirror()
    lines = ["deb %s %s%s main" % (here, debian.SUITE, end) for end in ("", "-updates")]
    done = kernel.run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages", timeout=60)
    for line in sorted(set(done.stdout.splitlines())):
        uri, _, suite = line.partition(" ")
        if suite == debian.SUITE + "-security":
            lines.append("deb %s %s main" % (uri, suite))
    return "\n".join(lines) + "\n"


def make_repository(root, folder):
    """Newer versions of all that `root` has and what comes later, found in a copy of its sources."""
    kept = os.path.join(root, "etc/apt/sources.list")
    with open(kept, encoding="utf-8") as f:
        before = f.read()
    write(root, "etc/apt/sources.list", suites())
    try:
        say(inside(root, "apt-get", "update"), "apt-get update")
        say(inside(root, "apt-get", "-q", "-y", "-d", "-o", "APT::Keep-Downloaded-Packages=true", "dist-upgrade"), "upgrades")
        say(inside(root, "apt-get", "-q", "-y", "-d", "--no-install-recommends", "install", *LATER), "packages for later")
    finally:
        write(root, "etc/apt/sources.list", before)
    os.makedirs(folder)
    for deb in glob.glob(os.path.join(root, "var/cache/apt/archives/*.deb")):
        shutil.move(deb, folder)
    with open(os.path.join(folder, "Packages"), "wb") as out:
        subprocess.run(["dpkg-scanpackages", "--multiversion", "."], cwd=folder, stdout=out, stderr=subprocess.DEVNULL,
                       check=True)


def fetch(debs):
    """Raises kernel.Unavailable."""
    names = sorted({*PACKAGES, *debian.dependencies(debs)})
    digest = hashlib.sha256(" ".join([*names, *LATER]).encode()).hexdigest()[:12]
    folder = os.path.abspath(os.path.join(kernel.CACHE, "workstation", digest))
    if not os.path.isdir(folder):
        partial = folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        os.makedirs(partial)
        make_root(os.path.join(partial, "root"), names)
        make_repository(os.path.join(partial, "root"), os.path.join(partial, "repository"))
        os.rename(partial, folder)
    desk = Workstation(folder)
    guest.make_initramfs(desk.initramfs, desk.kernel)
    if not os.path.exists(desk.image):
        debian.make_image(desk.image, desk.root, {"plumbline/repository/" + os.path.basename(name): name
                                                  for name in glob.glob(desk.repository + "/*")}, DISK)
    return desk
