"""A socket under deadlines: read, written, found silent or gone."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mailer.relay import sockets
from mailer.relay.sockets import Stream
from mailer.relay.transport import ConnectionLostError


@pytest.fixture
def pair() -> Iterator[tuple[Stream, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = Stream(sockets.connect("127.0.0.1", listener.getsockname()[1], 1), 1)
        peer, _ = listener.accept()
        with peer:
            yield stream, peer
        stream.close()


def test_it_is_silent_until_the_other_side_speaks_or_leaves(
    pair: tuple[Stream, socket.socket],
) -> None:
    stream, peer = pair
    assert stream.silent()
    peer.sendall(b"hello")
    time.sleep(0.02)
    assert not stream.silent()
    assert stream.unread
    assert stream.read(time.monotonic() + 1) == b"hello"
    assert stream.silent()
    peer.close()
    time.sleep(0.02)
    assert (stream.silent(), stream.unread) == (False, b"")


def test_what_the_other_side_has_no_room_for_is_written_later(
    pair: tuple[Stream, socket.socket],
) -> None:
    stream, peer = pair
    text, arrived = b"x" * 20_000_000, bytearray()

    def take() -> None:
        time.sleep(0.1)
        while len(arrived) < len(text):
            arrived.extend(peer.recv(1_000_000))

    reader = threading.Thread(target=take)
    reader.start()
    stream.write(text)
    reader.join(5)
    assert arrived == text


def test_waiting_ends_in_time(pair: tuple[Stream, socket.socket]) -> None:
    stream, _ = pair
    with pytest.raises(ConnectionLostError, match="no answer within 1 s"):
        stream.read(time.monotonic() + 0.05)
    assert stream.sock is None
    with pytest.raises(ConnectionLostError, match="closed"):
        stream.write(b"x")


def test_a_server_that_is_not_there_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        sockets.connect("127.0.0.1", port, 1)
