"""Bounces as nobody would write them: no exception, in bounded time and memory."""

import resource
import subprocess
import sys

import pytest

FUZZ = """
import random, sys, time
from mailer.inbound import formats, reply_grammar, reply_text
from mailer.inbound.mime_parts import parse_message
from tests.mailer.inbound.bounce_samples import samples
from tests.mailer.inbound.reply_samples import VOCABULARY, replies
from tests.mailer.inbound.reports import bounce, complaint, failed
random_ = random.Random(int(sys.argv[1]))
seeds = [bounce(failed("5.1.1", "550 5.1.1 no such user")), complaint("abuse"), b""]
seeds += [sample.data for sample in samples()[::12]]
seeds += [f"Subject: {s}\\n\\n{t}".encode() for s, t, _ in replies()[::12]]
pieces = [b"--b", b"\\r\\n", b"\\n\\n", b"\\x00", b"\\xff", b":", b";", b"<"]
pieces += [b"@", b"boundary=", b"=\\n", b"550 5.1.1 "]
pieces += [b"please ", b"and ", b"more ", b"user ", b"not ", b"on x wrote:\\n", b"> ", b"<div "]
pieces += [b"recipient ", b"n'a ", b"konnte ", b"\\n ", b"from: x\\n", b" <br>"]
words = reply_grammar.Vocabulary.of({name: (name,) for name in VOCABULARY})
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
    parts = parse_message(bytes(data))
    reply_grammar.read(reply_text.subject(parts), reply_text.own(parts), words)
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
