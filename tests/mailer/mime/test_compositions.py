"""What mail servers ask of a message's form holds for every copy that is made."""

import email
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email import policy

import dkim as verifier
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.issue.composition import Composer
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.ledger.claims import Claim
from mailer.links import Links
from mailer.mime.dkim import Signer
from mailer.mime.message import Identity, Message
from mailer.rendering.templates import Template
from tests.mailer.rendered import Renderer

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECRET = b"s" * 32
SIGNER = Signer("example.org", "s1", ed25519.Ed25519PrivateKey.generate())
WORDS = st.sampled_from(
    [
        *("plain", "a", "=", "=3D", ".", "...", "50 % = half", "Straße", "語", "🙂🙂", "{{ x }}"),
        *("<b>", "&amp;", "x" * 70, "x" * 75, "x" * 76, "ü" * 40, f"https://e.org/{'p' * 90}"),
    ]
)
TEXT = st.lists(WORDS, min_size=1, max_size=20).map(" ".join)
STORY = st.builds(
    StoryContent,
    title=TEXT,
    summary=TEXT,
    takeaway=TEXT,
    practice=st.lists(TEXT, max_size=2).map(tuple),
    url=st.integers(1, 120).map(lambda length: f"https://e.org/{'a' * length}?q=1&r=.="),
    source=st.sampled_from(["", ".", "Grid & Rack", "Zeitschrift für Technik"]),
)


def press_of(template: Template, stories: Mapping[str, StoryContent], title: str) -> MessageFactory:
    name = " ".join(title.split())[:80]
    identity = Identity(
        *(name, "b@example.org", None, "e@example.org", "l.example.org", name, "e-2026-W48"),
        secret=SECRET,
        signers=(SIGNER,),
    )
    publication = Publication(name, "weekly-2026-W48", None, "1 Street", tracking=True)
    links = Links("https://news.example.org", [SECRET])
    return MessageFactory(publication, identity, links, template, stories)


def claim_of(number: int, keys: list[str], name: str) -> Claim:
    picks = [
        {"story": int(key), "position": 1, "score": 1.0, "also": [], "reasons": []} for key in keys
    ]
    reader = {"name": name, "roles": [["CTO"], ["Developer"], []][number % 3]}
    return Claim(number, 1, 1, "mina@example.org", json.dumps(picks), json.dumps(reader), 0)


def faults_of_form(data: bytes) -> list[str]:
    """Long lines, leading dots, fields that could be folded, a signature that does not hold."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    found = [f"{len(line)} characters: {line!r}" for line in lines if len(line) > 76]
    found += [f"a dot: {line!r}" for line in lines if line.startswith(b".")]
    for line in head.split(b"\r\n"):
        words = re.sub(rb"^[^\s:]+:", b"", line).split()
        if len(line) > 998 or (len(line) > 78 and len(words) > 1):
            found.append(f"not folded: {line!r}")
    name, value = SIGNER.dns_record()
    published = {f"{name}.".encode(): value.replace("v=DKIM1; ", "").encode()}
    if not verifier.verify(data, dnsfunc=lambda name, **_: published[name]):
        found.append("the signature does not hold")
    return found


def assert_reads_as(message: Message, kind: str, wanted: str) -> None:
    parsed = email.message_from_bytes(message.data, policy=policy.default)
    part = parsed.get_body((kind,))
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode("utf-8").replace("\r\n", "\n") == wanted


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(STORY, min_size=4, max_size=4), TEXT, st.lists(TEXT, min_size=2, max_size=2))
def test_every_copy_has_short_lines_reads_as_rendered_and_verifies(
    template: Template, written: list[StoryContent], title: str, names: list[str]
) -> None:
    stories = {str(key): story for key, story in enumerate(written, 1)}
    factory = press_of(template, stories, title)
    for number in range(8):  # the later copies find what the first have left
        keys = [str((number + place) % 4 + 1) for place in range(1 + number % 4)]
        claim = claim_of(number, keys, names[number % 2])
        request = CopyRequest.of_claim(claim)
        message = factory.message(request, NOW)
        assert faults_of_form(message.data) == []
        issue = Composer(factory.publication, stories, factory.links).compose(
            request.reader, request.picks, number
        )
        whole = Renderer(template).render(issue)
        assert factory.page(request) == whole
        assert_reads_as(message, "html", whole.html)
        assert_reads_as(message, "plain", whole.text)
