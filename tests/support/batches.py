# SPDX-License-Identifier: Apache-2.0
"""An agent's side of the wire in python: records, chain, frames, HTTPS. Independent of agent/wire.

    sender = Sender(collector.port, pki.ca, pki.cert("hmi-07"))
    line = Chain("hmi-07")
    answer = sender.post(line.batch(coverage(1), coverage(2)))
"""
import ctypes
import ctypes.util
import hashlib
import http.client
import json
import os
import ssl
import struct
import subprocess

ZERO = b"\0" * 32


def compress(data):
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_compressBound.restype = zstd.ZSTD_compress.restype = ctypes.c_size_t
    zstd.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
    zstd.ZSTD_compress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    out = ctypes.create_string_buffer(zstd.ZSTD_compressBound(len(data)))
    n = zstd.ZSTD_compress(out, len(out), data, len(data), 3)
    return out.raw[:n]


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def time_of(n):
    return "2026-11-21T%02d:%02d:%02d.000Z" % (n // 3600 % 24, n // 60 % 60, n % 60)


def coverage(n, **more):
    """A record that is told apart by its start."""
    return {"type": "coverage", "state": "gap", "start": time_of(n), **more}


def hello(agent, key=None, **more):
    record = {"type": "hello", "agent": agent, "version": "0.1.0", "rung": "trace", **more}
    if key:
        record["evidence_key"] = key
    return record


def finding(n, **more):
    return {"type": "finding", "id": "%064x" % n, "fingerprint": "%064x" % (n + 1000), "kind": "data.added",
            "severity": "low", "state": "open", "first_seen": time_of(n), "last_seen": time_of(n), "count": 1, **more}


class Chain:
    """The records of one agent: sequence and hash go on from batch to batch."""

    def __init__(self, agent, last=0, chain=ZERO):
        self.agent, self.last, self.chain = agent, last, chain

    def copy(self):
        return Chain(self.agent, self.last, self.chain)

    def text(self, *records, **header):
        """NDJSON of the next batch; `header` replaces fields of the first line."""
        before, first, lines = self.chain, self.last + 1, []
        for record in records:
            payload = record if isinstance(record, bytes) else dump(record)
            self.last += 1
            self.chain = hashlib.sha256(self.chain + struct.pack(">Q", self.last) + payload).digest()
            lines.append(b'{"seq":%d,' % self.last + payload[1:] + b"\n")
        top = {"type": "batch", "plumbline": 1, "agent": self.agent, "first": first, "last": self.last,
               "count": len(records), "chain_before": before.hex(), "chain": self.chain.hex(), **header}
        return dump(top) + b"\n" + b"".join(lines)

    def batch(self, *records, **header):
        return compress(self.text(*records, **header))


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.headers, self.raw = status, headers, body
        self.json = json.loads(body) if headers.get("Content-Type") == "application/json" else {}

    def __repr__(self):
        return "%d %r" % (self.status, self.raw)


class Sender:
    """A client certificate (None: none) and the collector that it speaks to."""

    def __init__(self, port, ca, certificate, tls_max=None):
        self.port = port
        self.context = ssl.create_default_context(cafile=ca)
        if certificate:
            self.context.load_cert_chain(certificate + ".pem", certificate + ".key")
        if tls_max:
            self.context.maximum_version = tls_max

    def connect(self, timeout_s=20):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=timeout_s)

    def request(self, method, path, body=b"", headers=None, connection=None):
        connection = connection or self.connect()
        connection.request(method, path, body, {"Content-Encoding": "zstd", **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.read(), response.headers)

    def post(self, frame, connection=None):
        return self.request("POST", "/v1/batches", frame, connection=connection)


class Pki:
    """Certificates beyond the throw-away ones: more agents, strangers, a revocation list."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = os.path.join(folder, "ca.pem")
        self.serial = 4096

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, stdin=subprocess.DEVNULL, check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def key(self, name):
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".key")
        return os.path.join(self.folder, name + ".key")

    def public(self, name):
        self.openssl("pkey", "-in", name + ".key", "-pubout", "-out", name + ".pub")
        with open(os.path.join(self.folder, name + ".pub"), encoding="ascii") as f:
            return f.read()

    def cert(self, name, subject=None, ca="ca", usage="clientAuth"):
        """A certificate for `subject` (default /CN=name); the path without ending."""
        self.key(name)
        self.serial += 1
        with open(os.path.join(self.folder, name + ".ext"), "w", encoding="ascii") as f:
            f.write("basicConstraints=critical,CA:false\nextendedKeyUsage=%s\n" % usage)
        self.openssl("req", "-new", "-key", name + ".key", "-subj", subject or "/CN=" + name, "-out", name + ".csr")
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-days", "2",
                     "-set_serial", str(self.serial), "-extfile", name + ".ext", "-out", name + ".pem")
        return os.path.join(self.folder, name)

    def stranger_ca(self, name):
        self.key(name)
        self.openssl("req", "-x509", "-new", "-key", name + ".key", "-days", "2", "-subj", "/CN=" + name,
                     "-out", name + ".pem")

    def crl(self, *revoked):
        """A revocation list of the CA with these certificates; its path."""
        for name in ("index.txt", "index.txt.attr"):
            with open(os.path.join(self.folder, name), "w", encoding="ascii"):
                pass
        with open(os.path.join(self.folder, "ca.conf"), "w", encoding="ascii") as f:
            f.write("[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ndefault_md = sha256\ndefault_crl_days = 2\n")
        base = ["ca", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key"]
        for name in revoked:
            self.openssl(*base, "-revoke", name + ".pem")
        self.openssl(*base, "-gencrl", "-out", "ca.crl")
        return os.path.join(self.folder, "ca.crl")

    def sign(self, key, data):
        """Base64 of the DER signature."""
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key, "-binary"], input=data, check=True,
                              stdout=subprocess.PIPE)
        done = subprocess.run(["openssl", "base64", "-A"], input=done.stdout, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()
