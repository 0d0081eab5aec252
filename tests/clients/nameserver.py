"""A name server for a place without a network: every name is this machine (RFC 1035; only what resolvers here ask)."""

import socket
import struct
import threading

A, AAAA = 1, 28


def _answer(query):
    end = query.index(b"\0", 12) + 5
    kind = struct.unpack("!H", query[end - 4:end - 2])[0]
    # Who asks for an address of version 6 hears that the name has none.
    answers = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 60, 4) + b"\x7f\0\0\1" if kind == A else b""
    return query[:2] + b"\x85\x80" + struct.pack("!HHHH", 1, 1 if answers else 0, 0, 0) + query[12:end] + answers


def serve():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def loop():
        while True:
            query, sender = server.recvfrom(4096)
            server.sendto(_answer(query), sender)

    threading.Thread(target=loop, daemon=True).start()
