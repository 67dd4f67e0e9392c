"""Messages from files: single ones, mbox, Maildir and folders; ordinary files only."""

import mailbox
from pathlib import Path

import pytest

from mailer.inbound import mailboxes
from recommender.errors import InputError

ONE, TWO = b"Subject: one\n\nfirst\n", b"Subject: two\n\nsecond\n"


def read(*paths: Path) -> list[bytes]:
    return [message for _, message in mailboxes.messages(paths)]


def test_a_file_is_one_message_and_an_mbox_as_many_as_it_has(tmp_path: Path) -> None:
    single, mbox = tmp_path / "a.eml", tmp_path / "b.mbox"
    single.write_bytes(ONE)
    mbox.write_bytes(b"From a Thu Nov 26\n" + ONE + b"From b Thu Nov 26\n" + TWO)
    assert read(single) == [ONE]
    assert read(mbox) == [ONE, TWO]
    assert read(tmp_path) == [ONE, ONE, TWO]


def test_links_and_hidden_files_of_a_folder_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (tmp_path / "outside.eml").write_bytes(ONE)
    (folder / "link.eml").symlink_to(tmp_path / "outside.eml")
    (folder / ".hidden").write_bytes(ONE)
    (folder / "in.eml").write_bytes(TWO)
    assert read(folder) == [TWO]


def test_what_is_new_in_a_maildir_is_handed_out_once(tmp_path: Path) -> None:
    box = mailbox.Maildir(str(tmp_path / "box"))
    box.add(ONE)
    box.add(TWO)
    assert sorted(mailboxes.collect(tmp_path / "box")) == sorted([ONE, TWO])
    assert list(mailboxes.collect(tmp_path / "box")) == []
    assert sorted(read(tmp_path / "box")) == sorted([ONE, TWO])


def test_a_message_is_read_up_to_a_size(tmp_path: Path) -> None:
    file = tmp_path / "large.eml"
    file.write_bytes(b"x" * (mailboxes.LARGEST + 1))
    assert len(read(file)[0]) == mailboxes.LARGEST


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is not a Maildir"):
        list(mailboxes.collect(tmp_path))
