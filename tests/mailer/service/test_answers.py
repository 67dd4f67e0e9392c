"""What follows from replies is mailed from the store, in the reader's language."""

import email
import email.policy
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import transactional
from mailer.links import Links
from mailer.mime.message import Message
from mailer.service import answers
from recommender.errors import TransportError
from recommender.models import InboundMessage, Subscriber
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake


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
        row = InboundMessage(
            key="k", at=now, way="imap", kind="steering", subscriber_id=reader.id,
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
    def refuse(_: Settings, __: Message, ___: datetime) -> None:
        raise TransportError("relay away")

    said: list[str] = []
    note(store, now, [STEERED])
    with monkeypatch.context() as patch:
        patch.setattr(transactional, "send", refuse)
        assert answers.send_pending(store, settings_of(tmp_path), lambda: now, said.append) == 0
    assert said == ["an answer to a reply waits: relay away"]
    assert answers.send_pending(store, settings_of(tmp_path), lambda: now, said.append) == 1
