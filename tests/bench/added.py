# SPDX-License-Identifier: Apache-2.0
"""The course of the benches exec and open: here with Plumbline alone, in a virtual machine beside fapolicyd."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))
import blocks
import measure
import trial

PERCENT = 3.0
MICROSECONDS = 20.0
PEER_PACKAGES = ("fapolicyd", "liblmdb0", "libcap-ng0", "libmagic1", "libmagic-mgc", "libudev1")
PEER_FOLD = 50


def arguments(usage, count):
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--vm", action="store_true")
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--peer", choices=["fapolicyd"])
    return parser.parse_args()


def fetch_peer(folder):
    """fapolicyd as a tar file. It is unpacked, never installed here: its package would start it."""
    debs, root = os.path.join(folder, "debs"), os.path.join(folder, "root")
    os.makedirs(debs)
    subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *PEER_PACKAGES], cwd=debs, check=True,
                   stdout=subprocess.DEVNULL)
    for name in sorted(os.listdir(debs)):
        subprocess.run(["dpkg-deb", "-x", os.path.join(debs, name), root], check=True)
    path = os.path.join(folder, "peer.tar")
    subprocess.run(["tar", "-C", root, "--exclude", "./usr/share/doc", "-cf", path, "."], check=True)
    with open(path, "ab") as f:  # a disk has whole sectors
        f.write(b"\0" * (-f.tell() % 4096))
    return path


def run_in_machine(bench, options):
    """The same bench beside fapolicyd; its output."""
    import lab
    import machine
    with tempfile.TemporaryDirectory() as folder, lab.Lab() as machines:
        # Later than the files of its image were made: as long as they are young, each start has them read again.
        script = ("date -s '+10 minutes' >/dev/null && tar -C / --keep-directory-symlink -xf /dev/vdc && ldconfig && "
                  "tests/bench/%s --peer fapolicyd --rounds %d --count %d" % (bench, options.rounds, options.count))
        outcome = machines.run(options.kernel, script, "lsm=lockdown,yama,bpf", 3600, emulation=machine.OWN_TIME, cpus=1,
                               disks=[(fetch_peer(folder), "readonly=on")])
    print("\n".join(outcome.lines))
    return outcome.status


def print_head():
    print("%-34s %12s %12s  %s" % ("", "without", "adds", "95 % interval"))


def compare(t, options, repeat, agent):
    """Both in turn; rows for measure.verdict()."""
    figures = {}
    for peer in [agent] + ([blocks.Fapolicyd(t.tree)] if options.peer else []):
        print(peer.name)
        print_head()
        for figure in blocks.take_turns(peer, options.rounds, repeat.all):
            figures[peer.name, figure.name] = figure
            print(figure.line())
    agent.start()
    costs = {name: blocks.Cost(agent, lambda n=name: repeat.one(n), options.count) for name in repeat.names}
    agent.stop()
    for name, cost in costs.items():
        print(cost.line(name))
    return figures, costs


def rows_of(options, names, figures, costs):
    rows = []
    for name in names:
        mine = figures["plumbline", name]
        if options.peer:
            theirs = figures["fapolicyd", name]
            rows.append(("%s: BPF run time, of 1/%d of fapolicyd's" % (name, PEER_FOLD), costs[name].bpf,
                         theirs.added / PEER_FOLD, "us"))
        else:
            rows.append(("%s: added" % name, mine.added, max(MICROSECONDS, mine.base * PERCENT / 100), "us"))
    return rows


def run(bench, options, make_repeat):
    trial.need_root()
    if options.vm:
        if not shutil.which("qemu-system-x86_64"):
            sys.exit("%s: qemu-system-x86_64 is missing" % bench)
        return run_in_machine(bench, options)
    with trial.Trial() as t:
        repeat = make_repeat(t, options.count)
        agent = blocks.Agent(t)
        print("%s; %d rounds of %d" % (blocks.conditions(agent.rung), options.rounds, options.count))
        figures, costs = compare(t, options, repeat, agent)
        return min(1, measure.verdict(rows_of(options, repeat.names, figures, costs)))
