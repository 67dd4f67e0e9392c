"""What follows from replies is mailed from the store, in the reader's language."""

import email
import email.policy
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import transactional
from mailer.links import Links
from mailer.mime.message import Message
from mailer.relay.outbox.folder import Outbox
from mailer.relay.transport import Verdict
from mailer.service import answers
from recommender.errors import TransportError
from recommender.models import InboundMessage, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import consent, fields, intake
from tests.mailer.conftest import ScriptedServer


def settings_of(home: Path) -> Settings:
    return Settings(
        home=home,
        secret_key="a secret of more than forty characters",
        base_url="https://news.example.org",
        sender="News <news@example.org>",
        forward_replies_to="desk@example.org",
    )


def note(store: Engine, now: datetime, answer: list[dict[str, object]]) -> None:
    rows = [fields.draft(1, {"email": "ada@example.com", "locale": "de-DE"})]
    intake.import_rows(lambda: database.writing(store), rows, file="list", now=now)
    with database.writing(store) as session:
        reader = session.scalars(sa.select(Subscriber)).one()
        count = session.scalar(sa.select(sa.func.count()).select_from(InboundMessage))
        row = InboundMessage(
            key=f"k{count}", at=now, way="imap", kind="steering", subscriber_id=reader.id,
            answer=json.dumps(answer), undo="{}",
        )  # fmt: skip
        session.add(row)


def mailed(home: Path) -> list[email.message.EmailMessage]:
    files = sorted((home / "outbox").rglob("*.eml"))
    policy = email.policy.default
    return [email.message_from_bytes(file.read_bytes(), policy=policy) for file in files]


STEERED: dict[str, object] = {
    "what": "steered",
    "changes": [["less", "Crypto"], ["day", "friday"], ["frequency", "monthly"], ["pause", "2"]],
    "unknown": ["knitting"],
}


def test_a_reader_is_told_what_changed_and_can_undo_it(
    store: Engine, now: datetime, tmp_path: Path
) -> None:
    note(store, now, [STEERED])
    settings = settings_of(tmp_path)
    for sent in (1, 0):
        assert answers.send_pending(store, settings, lambda: now, pytest.fail) == sent
    [mail] = mailed(tmp_path)
    text = mail.get_content()
    assert mail["To"] == "ada@example.com"
    assert mail["Auto-Submitted"] == "auto-replied"
    for words in ("Weniger über Crypto", "Freitag", "Einmal im Monat", "„knitting“"):
        assert words in text
    [token] = re.findall(r"https://news.example.org/undo/(\S+)", text)
    links = Links(settings.base_url, settings.secrets)
    assert links.holder("undo", token, now).subscriber_id == 1
    assert "https://news.example.org/preferences/" in text


@pytest.mark.parametrize("what", ["unclear", "left"])
def test_other_answers_lead_to_the_pages(
    store: Engine, now: datetime, tmp_path: Path, what: str
) -> None:
    note(store, now, [{"what": what}])
    answers.send_pending(store, settings_of(tmp_path), lambda: now, pytest.fail)
    [mail] = mailed(tmp_path)
    page = "preferences" if what == "unclear" else "subscribe"
    assert f"https://news.example.org/{page}" in mail.get_content()


@pytest.mark.parametrize("body", ["hello\n", "grüße\n"])
def test_a_letter_is_forwarded_as_it_came(
    store: Engine, now: datetime, tmp_path: Path, body: str
) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(f"From: ada@example.com\nSubject: hi\n\n{body}".encode())
    note(store, now, [{"what": "forward", "file": str(letter)}])
    answers.send_pending(store, settings_of(tmp_path), lambda: now, pytest.fail)
    [mail] = mailed(tmp_path)
    assert (mail["To"], mail["From"]) == ("desk@example.org", "news@example.org")
    [attachment] = mail.iter_attachments()
    inner = attachment.get_content()
    raw = inner if isinstance(inner, bytes) else inner.as_bytes()
    assert b"From: ada@example.com" in raw
    assert body.strip().encode() in raw


def test_what_no_relay_takes_waits(
    store: Engine, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Settings, __: Message, ___: datetime, **____: object) -> None:
        raise TransportError("relay away")

    said: list[str] = []
    note(store, now, [STEERED])
    with monkeypatch.context() as patch:
        patch.setattr(transactional, "send", refuse)
        assert answers.send_pending(store, settings_of(tmp_path), lambda: now, said.append) == 0
    assert said == ["an answer to a reply waits: relay away"]
    assert answers.send_pending(store, settings_of(tmp_path), lambda: now, said.append) == 1


def waiting(store: Engine) -> list[list[str]]:
    """What is still to be mailed, of each reply."""
    with database.reading(store) as session:
        rows = session.scalars(sa.select(InboundMessage.answer).order_by(InboundMessage.id)).all()
    return [[answer["what"] for answer in json.loads(row or "[]")] for row in rows]


def letter(home: Path) -> dict[str, object]:
    file = home / "letter.eml"
    file.write_bytes(b"From: ada@example.com\nSubject: hi\n\nhello\n")
    return {"what": "forward", "file": str(file)}


def by_way_of(server: ScriptedServer, home: Path) -> Settings:
    relay = f"smtp://127.0.0.1:{server.port}?starttls=never"
    return settings_of(home).replace(smtp_url=relay)


def test_what_is_refused_for_good_is_dropped_and_keeps_nothing_waiting(
    store: Engine, now: datetime, tmp_path: Path, serve: Callable[..., ScriptedServer]
) -> None:
    server = serve(DOT=[b"552 5.3.4 too large\r\n"])
    note(store, now, [letter(tmp_path)])
    note(store, now, [STEERED])
    said: list[str] = []
    settings = by_way_of(server, tmp_path)
    assert answers.send_pending(store, settings, lambda: now, said.append) == 1
    assert waiting(store) == [[], []]
    [words] = said
    assert "dropped (the reply is in " in words
    assert "5.3.4 too large" in words


def test_what_is_put_off_waits_alone_and_what_was_mailed_is_not_mailed_again(
    store: Engine, now: datetime, tmp_path: Path, serve: Callable[..., ScriptedServer]
) -> None:
    later = b"452 4.3.1 later\r\n"
    server = serve(DOT=[b"250 taken\r\n", later, b"250 taken\r\n", later])
    note(store, now, [{"what": "unclear"}, letter(tmp_path)])
    note(store, now, [STEERED])
    said: list[str] = []
    settings = by_way_of(server, tmp_path)
    assert answers.send_pending(store, settings, lambda: now, said.append) == 2
    assert waiting(store) == [["forward"], []]
    assert answers.send_pending(store, settings, lambda: now, said.append) == 0
    assert len(server.texts) == 4
    assert all("an answer to a reply waits" in words for words in said)


@pytest.mark.parametrize("script", [{"DOT": b"452 4.3.1 later\r\n"}, {"GREETING": b""}])
def test_nothing_is_tried_for_more_than_three_days(
    store: Engine,
    now: datetime,
    tmp_path: Path,
    serve: Callable[..., ScriptedServer],
    script: dict[str, bytes],
) -> None:
    settings = by_way_of(serve(**script), tmp_path)
    note(store, now, [letter(tmp_path)])
    note(store, now, [STEERED])
    said: list[str] = []
    for days, left in ((2, [["forward"], ["steered"]]), (4, [[], []])):
        clock = partial(now.__add__, timedelta(days=days))
        assert answers.send_pending(store, settings, clock, said.append) == 0
        assert waiting(store) == left
    assert "2 answers wait" in said[0]
    assert ["dropped" in words for words in said] == [False, True, True]


def test_who_was_suppressed_meanwhile_is_not_mailed(
    store: Engine, now: datetime, tmp_path: Path
) -> None:
    note(store, now, [{"what": "unclear"}, letter(tmp_path)])
    with database.writing(store) as session:
        consent.suppress(session, "ada@example.com", reason="complaint", now=now, proof={})
    answers.send_pending(store, settings_of(tmp_path), lambda: now, pytest.fail)
    assert [mail["To"] for mail in mailed(tmp_path)] == ["desk@example.org"]
    assert waiting(store) == [[]]


def test_two_that_mail_at_once_mail_nothing_twice(
    store: Engine, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    settings = settings_of(tmp_path)
    real = transactional.send

    def slow(settings: Settings, message: Message, at: datetime, **more: Any) -> None:
        if not taken:
            taken.append(0)
            taken.append(answers.send_pending(store, settings, lambda: now, pytest.fail))
        real(settings, message, at, **more)

    note(store, now, [STEERED])
    monkeypatch.setattr(transactional, "send", slow)
    assert answers.send_pending(store, settings, lambda: now, pytest.fail) == 1
    assert taken == [0, 0]
    assert len(mailed(tmp_path)) == 1


def test_what_the_relay_gave_no_answer_to_is_in_doubt_and_not_mailed_again(
    store: Engine, now: datetime, tmp_path: Path, serve: Callable[..., ScriptedServer]
) -> None:
    server = serve(DOT=[b""])
    note(store, now, [letter(tmp_path), {"what": "unclear"}])
    said: list[str] = []
    settings = by_way_of(server, tmp_path)
    assert answers.send_pending(store, settings, lambda: now, said.append) == 1
    assert answers.send_pending(store, settings, lambda: now, said.append) == 0
    assert (waiting(store), len(server.texts)) == ([[]], 2)
    [words] = said
    assert words.startswith("an answer to a reply is in doubt (the reply is in ")
    assert "closed the connection" in words


@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_process_that_was_killed_leaves_a_doubt_and_not_a_second_mail(
    store: Engine, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Right before the final dot, or right after it: nobody can tell which."""

    class KilledError(BaseException):
        """No except clause of ours hears of a kill."""

    def killed(self: Outbox) -> Verdict:
        if stage == "after":
            real(self)
        raise KilledError

    real = Outbox.commit
    note(store, now, [STEERED])
    settings = settings_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "commit", killed)
        with pytest.raises(KilledError):
            answers.send_pending(store, settings, lambda: now, pytest.fail)
    said: list[str] = []
    assert answers.send_pending(store, settings, lambda: now, said.append) == 0
    assert len(mailed(tmp_path)) == (stage == "after")
    assert waiting(store) == [[]]
    assert said == ["an answer to a reply is in doubt: its process ended before the relay's answer"]


def test_a_relay_that_is_away_leaves_no_mark(
    store: Engine, now: datetime, tmp_path: Path, serve: Callable[..., ScriptedServer]
) -> None:
    server = serve(DOT=[b"452 4.3.1 later\r\n"], GREETING=[b"421 away\r\n"])
    note(store, now, [STEERED])
    settings, said = by_way_of(server, tmp_path), list[str]()
    for sent in (0, 0, 1):  # away, put off, taken
        assert answers.send_pending(store, settings, lambda: now, said.append) == sent
    assert all("waits" in words for words in said)
