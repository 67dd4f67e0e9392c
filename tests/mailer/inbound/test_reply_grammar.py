"""What replies ask for is understood in English and German, and nobody is unsubscribed who did not
ask for it. The samples were written before the rules."""

from mailer.inbound import reply_grammar, reply_text
from mailer.inbound.mime_parts import parse_message
from mailer.inbound.reply_grammar import Request, Vocabulary

from .reply_samples import VOCABULARY, replies

RIGHT = 0.95
SIGNS = {"more": "+", "less": "-", "mute": "!", "day": "@", "frequency": "~", "pause": "%"}
WORDS = Vocabulary.of({name: (name, *aliases) for name, aliases in VOCABULARY.items()})


def understood(subject: str, text: str) -> str:
    data = f"From: ada@example.com\nSubject: {subject}\n\n{text}".encode()
    parts = parse_message(data)
    request = reply_grammar.read(reply_text.subject(parts), reply_text.own(parts), WORDS)
    return in_signs(request) if request.kind == "steering" else request.kind


def in_signs(request: Request) -> str:
    return " ".join(f"{SIGNS[change.what]}{change.value}" for change in request.changes)


def test_of_two_hundred_replies_nearly_all_are_understood_and_nobody_leaves_unasked() -> None:
    samples = replies()
    assert len(samples) == 200
    found = [(expected, understood(subject, text), text) for subject, text, expected in samples]
    wrong = [entry for entry in found if entry[0] != entry[1]]
    assert [entry for entry in wrong if entry[1] == "leave"] == []
    assert len(wrong) <= (1 - RIGHT) * len(samples), wrong
