"""Bounces of every family are understood, and mail that is none is never taken for a dead mailbox.

``bounce_samples`` are made after each system's documented shape; those of flufl.bounce, whose
tests bring samples of many systems, are read where they were unpacked (``FLUFL_SAMPLES``)."""

import os
from collections import Counter
from pathlib import Path

import pytest

from mailer.inbound import formats
from mailer.inbound.notification import Notification

from .bounce_samples import Sample, samples
from .ordinary_mail import ordinary

UNDERSTOOD = 0.95
FLUFL = Path(os.environ.get("FLUFL_SAMPLES", "/nonexistent"))
NO_BOUNCES = {"qmail_08.txt", "groupwise_03.txt"}
"""Samples of what must not be taken for a bounce."""


def kind_of(value: Notification | None) -> str:
    return "ignored" if value is None else value.kind


def test_of_every_family_nearly_all_are_understood_and_no_soft_one_is_hard() -> None:
    found = [(sample, kind_of(formats.parse(sample.data))) for sample in samples()]
    families = Counter(sample.family for sample, _ in found)
    right: Counter[str] = Counter()
    for sample, kind in found:
        if kind == sample.kind or (sample.kind == "any" and kind in ("hard", "soft")):
            right[sample.family] += 1
    assert min(families.values()) >= 12
    wrong = [(s.family, s.name, s.kind, kind) for s, kind in found if kind not in (s.kind, "any")]
    assert {
        name: right[name] / n for name, n in families.items() if right[name] / n < UNDERSTOOD
    } == {}, wrong
    assert [entry for entry in wrong if entry[2:] == ("soft", "hard")] == []


@pytest.mark.parametrize("sample", ordinary(), ids=lambda sample: str(sample.name))
def test_ordinary_mail_is_never_a_dead_mailbox(sample: Sample) -> None:
    value = formats.parse(sample.data)
    assert kind_of(value) not in ("hard", "complaint")
    if sample.kind != "late":
        assert kind_of(value) != "soft"


@pytest.mark.skipif(not FLUFL.is_dir(), reason="FLUFL_SAMPLES names no folder of samples")
def test_samples_of_flufl_bounce_are_understood() -> None:
    files = sorted(FLUFL.glob("*.txt"))
    found = {file.name: formats.parse(file.read_bytes()) for file in files}
    assert {name for name in NO_BOUNCES if kind_of(found[name]) in ("hard", "soft")} == set()
    bounces = [value for name, value in found.items() if name not in NO_BOUNCES]
    understood = [value for value in bounces if kind_of(value) in ("hard", "soft")]
    assert len(understood) >= UNDERSTOOD * len(bounces)
