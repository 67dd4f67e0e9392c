"""Bounces as nobody would write them: no exception, in bounded time and memory."""

import resource
import subprocess
import sys

import pytest

FUZZ = """
import random, sys, time
from mailer.inbound import formats
from tests.mailer.inbound.reports import bounce, complaint, failed
random_ = random.Random(int(sys.argv[1]))
seeds = [bounce(failed("5.1.1", "550 5.1.1 no such user")), complaint("abuse"), b""]
pieces = [b"--b", b"\\r\\n", b"\\n\\n", b"\\x00", b"\\xff", b":", b";", b"<"]
pieces += [b"@", b"boundary=", b"=\\n", b"550 5.1.1 "]
pieces += [b"Content-Type: message/rfc822\\n\\n", b"Content-Transfer-Encoding: base64\\n"]
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    data = bytearray(random_.choice(seeds))
    for _ in range(random_.randrange(1, 30)):
        at = random_.randrange(len(data) + 1)
        piece = random_.choice(pieces) * random_.choice((1, 1, 1, 10, 3_000))
        data[at : at + random_.choice((0, 0, 5, 60))] = piece
    before = time.process_time()
    formats.parse(bytes(data))
    spent = time.process_time() - before
    assert spent < 1 + len(data) / 1_000_000, (spent, len(data))
"""


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_sent_costs_a_moment_and_raises_nothing(seed: int) -> None:
    command = [sys.executable, "-c", FUZZ, str(seed), "20"]
    done = subprocess.run(command, preexec_fn=limited, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
