"""A socket under deadlines: read, written, found silent or gone."""

import socket
import time
from collections.abc import Iterator

import pytest

from mailer.relay.http.stream import Stream
from mailer.relay.transport import ConnectionLostError


@pytest.fixture
def pair() -> Iterator[tuple[Stream, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = Stream("127.0.0.1", listener.getsockname()[1], 1, None)
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
    assert stream.spoken
    assert stream.read(time.monotonic() + 1) == b"hello"
    assert stream.silent()
    peer.close()
    time.sleep(0.02)
    assert (stream.silent(), stream.spoken) == (False, False)


def test_waiting_ends_in_time(pair: tuple[Stream, socket.socket]) -> None:
    stream, _ = pair
    with pytest.raises(ConnectionLostError, match="no answer in time"):
        stream.read(time.monotonic() + 0.05)
    assert not stream.open
    with pytest.raises(ConnectionLostError, match="closed"):
        stream.write(b"x", time.monotonic() + 1)


def test_a_server_that_is_not_there_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        Stream("127.0.0.1", port, 1, None)
