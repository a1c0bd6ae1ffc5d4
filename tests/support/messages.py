# SPDX-License-Identifier: Apache-2.0
"""Plumbline's message format (agent/privsep/message.c) in python: to stand in for a process."""
import os
import re
import socket
import struct

SOURCE = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def read_enum(name):
    """The members of an enum of protocol.h with their numbers."""
    with open(os.path.join(SOURCE, "agent/privsep/protocol.h"), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    body = re.search(r"enum %s \{(.*?)\};" % name, text, re.S).group(1)
    return {word.strip(): number for number, word in enumerate(body.split(",")) if word.strip()}


MSG = read_enum("msg_type")
ROLE = read_enum("process_role")


def u32(value):
    return b"u" + struct.pack("<I", value)


def u64(value):
    return b"U" + struct.pack("<Q", value)


def blob(value):
    return b"b" + struct.pack("<I", len(value)) + value


def encode(name, *fields):
    body = b"".join(fields)
    return struct.pack("<HHI", 1, MSG[name], len(body)) + body


def decode(datagram):
    """(name, [values])"""
    version, kind, size = struct.unpack_from("<HHI", datagram)
    assert version == 1 and size == len(datagram) - 8, datagram[:40]
    names = {number: name for name, number in MSG.items()}
    values, pos = [], 8
    while pos < len(datagram):
        tag, pos = datagram[pos:pos + 1], pos + 1
        if tag in b"uUi":
            form = {b"u": "<I", b"U": "<Q", b"i": "<q"}[tag]
            values.append(struct.unpack_from(form, datagram, pos)[0])
            pos += struct.calcsize(form)
        elif tag == b"0":
            values.append(None)
        else:
            n = struct.unpack_from("<I", datagram, pos)[0]
            pos += 4
            data = datagram[pos:pos + n]
            values.append(data.decode() if tag == b"s" else data)
            pos += n
    return names[kind], values


class Link:
    """Our end of a socket pair, with what came kept until somebody asks for it."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def send(self, name, *fields, fd=None):
        datagram = encode(name, *fields)
        if fd is None:
            self.ours.send(datagram)
        else:
            socket.send_fds(self.ours, [datagram], [fd])

    def receive(self, timeout_s=30):
        """The next message; None when the other end is closed."""
        self.ours.settimeout(timeout_s)
        try:
            datagram = self.ours.recv(65536)
        except ConnectionError:
            return None
        return decode(datagram) if datagram else None

    def close_theirs(self):
        self.theirs.close()
