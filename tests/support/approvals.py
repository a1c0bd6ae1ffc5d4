# SPDX-License-Identifier: Apache-2.0
"""People with keys and certificates, and baselines that they sign, in the working folder.

ca.pem and ca.key are the CA; NAME.key and NAME.pem a person's. Standard library and openssl's own
program only.
"""
import json
import os

import trial
from trial import check

BLOCK = 512  # of a tar file
P256 = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(*args, ok=(0,)):
    return trial.run("openssl", *args, ok=ok)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def make_ca(name="ca"):
    openssl("req", "-x509", "-newkey", *P256, "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout",
            name + ".key", "-out", name + ".pem")


def certify(name, ca="ca"):
    """NAME.pem for the key whose request is NAME.csr."""
    openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-days", "2",
            "-set_serial", "0x" + os.urandom(8).hex(), "-out", name + ".pem")


def make_person(name, algorithm=P256, ca="ca"):
    openssl("req", "-newkey", *algorithm, "-nodes", "-subj", "/O=Plant/CN=" + name, "-keyout", name + ".key",
            "-out", name + ".csr")
    certify(name, ca)


def baseline(verb, *args, ok=(0,), **kwargs):
    return trial.run(trial.program("plumbline"), "baseline", verb, *args, ok=ok, **kwargs)


def create(path):
    """A baseline of tree/, which holds one file."""
    os.makedirs("tree", exist_ok=True)
    write("tree/a", path)
    baseline("create", "--name", "n", "--tree", "tree", "-o", path)


def sign_words(path, key, certificate, name):
    return ("sign", path, "--key", key, "--cert", certificate, "--role", "approver", "--name", name, "--meaning",
            "fit for use")


def request(path, person, output):
    if os.path.exists(output):
        os.unlink(output)
    baseline("request-approval", path, "--role", "approver", "--name", person, "--meaning", "fit for use", "-o", output)


def verify(path, *args, ca="ca.pem"):
    done = baseline("verify", path, "--ca", ca, "--json", *args, ok=(0, 1))
    document = json.loads(done.stdout)
    check(document["good"] == (done.returncode == 0), "status %d of %s" % (done.returncode, document))
    return document


def good(path, *args, **kwargs):
    document = verify(path, *args, **kwargs)
    check(document["good"], "%s is refused: %s" % (path, document))
    return document


def refused(reason, path, *args, **kwargs):
    document = verify(path, *args, **kwargs)
    said = "%s %s" % (document["reason"], [a["refusal"] for a in document["approvals"]])
    check(not document["good"], "%s is taken, '%s' was expected" % (path, reason))
    check(reason in said, "another reason than '%s': %s" % (reason, said))


def members(data):
    """[name, content] of each member."""
    found, at = [], 0
    while data[at]:
        size = int(data[at + 124:at + 135], 8)
        found.append([data[at:at + 100].rstrip(b"\0").decode(), data[at + BLOCK:at + BLOCK + size]])
        at += BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK
    return found


def pack(parts, path):
    """Writes a file as another tool might that knows the format to the byte."""
    out = b""
    for name, content in parts:
        header = bytearray(BLOCK)
        for offset, text in ((0, name.encode()), (100, b"0000644\0" b"0000000\0" b"0000000\0"),
                             (124, b"%011o\0" % len(content)), (136, b"%011o\0" % 1764000000), (148, b" " * 8),
                             (156, b"0"), (257, b"ustar\0" b"00"), (265, b"root"), (297, b"root"),
                             (329, b"0000000\0" b"0000000\0")):
            header[offset:offset + len(text)] = text
        header[148:156] = b"%06o\0 " % sum(header)
        out += bytes(header) + content + bytes(-len(content) % BLOCK)
    with open(path, "wb") as f:
        f.write(out + bytes(2 * BLOCK))
