"""The outbox: whole messages or none, under names any file system takes."""

import resource
from pathlib import Path

import pytest

from mailer.mime.message import Message
from mailer.relay.outbox.folder import Outbox, file_name
from mailer.relay.transport import VerdictKind
from recommender.errors import TransportError

MESSAGE = Message("bounces@example.org", "reader@example.com", b"From: x\r\n\r\nbody\r\n", "<1@x>")


def test_a_committed_message_is_there_byte_for_byte(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "weekly-2026-W48")
    assert outbox.offer(MESSAGE, number=3) is None
    assert outbox.commit().kind is VerdictKind.ACCEPTED
    [path] = (tmp_path / "weekly-2026-W48").iterdir()
    assert path.name.endswith("-reader@example.com.eml")
    assert path.read_bytes() == MESSAGE.data


def test_nothing_is_there_before_the_commit_nor_after_an_abort(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.offer(MESSAGE, number=3)
    assert list(tmp_path.glob("*.eml")) == []
    outbox.abort()
    assert list(tmp_path.iterdir()) == []


def test_the_same_copy_written_twice_is_one_file(tmp_path: Path) -> None:
    for _ in range(2):
        outbox = Outbox(tmp_path)
        outbox.offer(MESSAGE, number=3)
        outbox.commit()
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "address", ["../../etc/passwd", "a/b\\c@x.com", "x" * 500, "é😀@x.com", ""]
)
def test_no_address_leaves_the_folder(tmp_path: Path, address: str) -> None:
    assert (tmp_path / file_name(1, address)).parent == tmp_path
    assert len(file_name(1, address)) < 200


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransportError, match="cannot write"):
        Outbox(tmp_path / "file").offer(MESSAGE, number=1)


def test_a_message_that_cannot_be_given_its_name_was_not_delivered(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.offer(MESSAGE, number=3)
    (tmp_path / file_name(3, MESSAGE.recipient)).mkdir()
    verdict = outbox.commit()
    assert verdict.kind is VerdictKind.DEFERRED
    assert "cannot write" in str(verdict.reply)
    assert list(tmp_path.glob("*.part")) == []


def test_a_disk_that_is_full_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # no file may grow beyond
    try:
        with pytest.raises(TransportError, match=r"^outbox: cannot write .*: File too large"):
            Outbox(tmp_path).offer(MESSAGE, number=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_files_sort_by_number_and_name_the_address_as_it_is_mailed() -> None:
    names = [file_name(number, "reader@exämple.com") for number in (1, 20, 300_000)]
    assert names == sorted(names)
    assert names[0] == "000001-reader@xn--exmple-cua.com.eml"
