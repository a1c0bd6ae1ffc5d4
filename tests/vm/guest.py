# SPDX-License-Identifier: Apache-2.0
"""What runs inside a virtual machine of the tests: a root file system and an initramfs.

The root is made of this machine's own Debian packages: the files of those in PACKAGES, of all that
they depend on, and of whatever our programs link to; and of the tree and the build under test. One
build thus meets every kernel. Nothing is downloaded.
"""
import lzma
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(os.path.join(HERE, "..", ".."))
PACKAGES = ("bash", "dash", "coreutils", "util-linux", "mount", "procps", "grep", "sed", "findutils", "python3", "openssl",
            "libcap2-bin", "attr", "kmod", "libc-bin", "mawk", "ca-certificates", "tar", "zstd", "e2fsprogs", "bpftool")
PROGRAMS = ("plumbline", "plumblined", "plumbline-collector", "plumbline-verifier", "plumbline-sensor",
            "plumbline-assessor", "plumbline-dumper", "plumbline-recorder", "plumbline-reporter")
TREE = ("agent", "baselines", "packaging", "tests")  # agent/: names of messages, which tests read
LOADED_BY_TESTS = ("dummy", "loop", "overlay")  # of the kernel itself, put into /plumbline/modules
LEFT_OUT = re.compile(r"/usr/share/(doc|man|locale|info|lintian|bash-completion|zoneinfo|perl)/|/__pycache__/|"
                      r"/usr/lib/python3.*/(test|idlelib|lib2to3|ensurepip|turtledemo|tkinter)/")


def dpkg(*args):
    return subprocess.run(["dpkg-query", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout


def closure(packages):
    """`packages` and all that they depend on, as far as it is installed."""
    needs = {}
    for line in dpkg("-W", "-f", "${db:Status-Status}\t${Package}\t${Pre-Depends}, ${Depends}\n").splitlines():
        status, name, text = line.split("\t")
        if status == "installed":
            needs[name] = re.findall(r"([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9]+)?(?: \([^)]*\))?", text)
    found, todo = set(), list(packages)
    while todo:
        name = todo.pop()
        if name in needs and name not in found:
            found.add(name)
            todo += needs[name]
    return sorted(found)


def libraries(path):
    """Absolute paths of the libraries that a program loads at its start."""
    text = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout
    return re.findall(r"(/\S+) \(0x", text)


def put(root, path):
    """Copies one file, link or folder of this machine into the root, with the links on its way."""
    target = root + os.path.realpath(os.path.dirname(path)) + "/" + os.path.basename(path)
    if os.path.lexists(target) or not os.path.lexists(path):
        return
    if os.path.isdir(path) and not os.path.islink(path):
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
    else:
        shutil.copy2(path, target)


def make_skeleton(root):
    for name in ("dev", "proc", "sys", "run", "tmp", "var/tmp", "var/lib", "root", "etc", "usr/bin", "usr/sbin", "usr/lib",
                 "usr/lib64", "plumbline", "mnt"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(root, name))
    for name in ("passwd", "group", "shadow", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "login.defs", "os-release"):
        put(root, "/etc/" + name)
    with open(os.path.join(root, "etc/hostname"), "w", encoding="ascii") as f:
        f.write("plumbline-vm\n")
    with open(os.path.join(root, "etc/hosts"), "w", encoding="ascii") as f:
        f.write("127.0.0.1 localhost\n::1 localhost\n")
    os.symlink("/proc/self/mounts", os.path.join(root, "etc/mtab"))


def make_root(root, build):
    """A folder with all that a guest needs."""
    make_skeleton(root)
    for line in dpkg("-L", *closure(PACKAGES)).splitlines():
        if line.startswith("/") and not LEFT_OUT.search(line + "/"):
            put(root, line)
    for name in ("/usr/bin/sh", "/usr/bin/awk", "/etc/alternatives/awk"):  # of no package
        put(root, name)
    for name in TREE:
        shutil.copytree(os.path.join(SOURCE, name), os.path.join(root, "plumbline", name), symlinks=True)
    os.makedirs(os.path.join(root, "plumbline", "build", "tests"))
    for name in os.listdir(os.path.join(build, "tests")):
        path = os.path.join(build, "tests", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            shutil.copy2(path, os.path.join(root, "plumbline", "build", "tests", name))
            for library in libraries(path):
                put(root, library)
                put(root, os.path.realpath(library))
    for name in PROGRAMS:
        path = os.path.join(build, name)
        shutil.copy2(path, os.path.join(root, "plumbline", "build", name))
        for library in libraries(path):
            put(root, library)
            put(root, os.path.realpath(library))


def make_image(path, build, extra_bytes=300 << 20):
    """An ext4 image of the root; it is only read, each machine writes into a copy of its own."""
    root = path + ".root"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    make_root(root, build)
    size = sum(os.lstat(os.path.join(folder, name)).st_size + 4096
               for folder, folders, names in os.walk(root) for name in names + folders)
    with open(path + ".partial", "wb") as f:
        f.truncate(size + size // 8 + extra_bytes)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-I", "256", "-O", "^metadata_csum_seed,^orphan_file", "-d", root,
                    path + ".partial"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.rmtree(root)
    os.rename(path + ".partial", path)


def copy_module(path, target):
    with (lzma.open if path.endswith(".xz") else open)(path, "rb") as source:
        with open(target, "wb") as out:
            shutil.copyfileobj(source, out)


def make_initramfs(path, kernel):
    """busybox, the modules of the virtual disks, and an init that goes over to it."""
    folder = path + ".root"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("bin", "dev", "proc", "sys", "disk", "modules", "for-tests"):
        os.makedirs(os.path.join(folder, name))
    shutil.copy2("/usr/bin/busybox" if os.path.exists("/usr/bin/busybox") else "/bin/busybox",
                 os.path.join(folder, "bin/busybox"))
    order = []
    for module in kernel.module_chain("virtio_pci", "virtio_blk", "nfit", "nd_pmem", "crc32c_generic", "ext4"):
        name = "%02d-%s" % (len(order), re.sub(r"\.xz$", "", os.path.basename(module)))
        copy_module(module, os.path.join(folder, "modules", name))
        order.append(name)
    for module in kernel.module_chain(*LOADED_BY_TESTS):
        name = re.sub(r"\.xz$", "", os.path.basename(module))
        copy_module(module, os.path.join(folder, "for-tests", name))
    init = os.path.join(folder, "init")
    shutil.copy2(os.path.join(HERE, "initramfs-init"), init)
    os.chmod(init, 0o755)
    names = subprocess.run(["find", ".", "-print0"], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    with open(path + ".partial", "wb") as out:
        subprocess.run(["cpio", "-o", "-0", "-H", "newc", "-R", "0:0", "--quiet"], cwd=folder, input=names, stdout=out,
                       check=True)
    shutil.rmtree(folder)
    os.rename(path + ".partial", path)
