"""An SMTP server on loopback that notes every message it takes, in a process of its own.

It writes a line for each message before it answers (``+ID``, from the Message-ID), and one for each
connection that opens (``(NUMBER``) and closes (``)NUMBER``): what nobody who was killed can deny
afterwards.
"""

import contextlib
import itertools
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID: <[^>]*\.(\d+)\.[0-9a-f]+@", re.MULTILINE)


class Post:
    """The server, seen from outside. ``answer_after``: seconds before each final answer."""

    def __init__(self, log: Path, *, answer_after: float = 0.0) -> None:
        self.log, self._pause = log, answer_after
        log.touch()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = (sys.executable, __file__, str(self.port), str(self.log))
        self._process = subprocess.Popen([*command, str(self._pause)])
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the server does not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        with self.log.open("a") as notes:
            notes.write("!\n")

    def taken(self) -> Counter[int]:
        """How often which delivery was received."""
        lines = self.log.read_text().splitlines()
        return Counter(int(line[1:]) for line in lines if line.startswith("+"))

    def number_taken(self) -> int:
        return self.log.read_bytes().count(b"+")

    def open_at_once(self, since: int) -> int:
        """The most connections that were open at once, of those made from byte ``since`` of its
        notes on: that one of before has closed may be noted late."""
        most, now = 0, set[bytes]()
        for line in self.log.read_bytes()[since:].splitlines():
            match line[:1]:
                case b"(":
                    now.add(line[1:])
                case b")":
                    now.discard(line[1:])
                case b"!":
                    now.clear()
            most = max(most, len(now))
        return most


def serve(port: int, log: Path, answer_after: float) -> None:
    """Be the server: take everything, and note it before answering."""
    notes = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    listener = socket.create_server(("127.0.0.1", port), backlog=100)
    for number in itertools.count(1):
        peer, _ = listener.accept()
        about = peer, number, notes, answer_after
        threading.Thread(target=_converse, args=about, daemon=True).start()


def _converse(peer: socket.socket, number: int, notes: int, answer_after: float) -> None:
    os.write(notes, b"(%d\n" % number)
    with contextlib.suppress(OSError), contextlib.closing(peer), peer.makefile("rb") as lines:
        peer.sendall(b"220 ready\r\n")
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                peer.sendall(b"250-hello\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                peer.sendall(b"354 go on\r\n")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    piece = lines.readline()
                    if not piece:
                        return
                    text += piece
                found = MESSAGE_ID.search(text)
                os.write(notes, b"+%s\n" % (found[1] if found else b"0"))
                time.sleep(answer_after)
                peer.sendall(b"250 2.0.0 noted\r\n")
            else:
                peer.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 ok\r\n")
    os.write(notes, b")%d\n" % number)


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
