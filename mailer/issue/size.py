"""How many bytes an issue takes, told from its texts before it is rendered."""

import html
from functools import lru_cache

from mailer.issue.cards import Face, Issue
from mailer.issue.notes import Note
from mailer.issue.sponsors import Sponsor

BUDGET = 98_000
"""Bytes of HTML, at most; Gmail hides what comes after about 102,400."""
FRAME_BYTES = 9_000
CARD_BYTES = 1_800
PART_BYTES = 500
POINT_BYTES = 40
LINE_BYTES = 260
SPONSOR_BYTES = 1_900
"""Markup around the texts of the shipped template, rounded up; a test holds them to it."""


def weight(issue: Issue) -> int:
    """Bytes the HTML of an issue takes at most, in the shipped template."""
    texts = _own_texts(issue)
    faces = list(map(_face_bytes, [card.face for card in (issue.lead, *issue.cards)]))
    frame = FRAME_BYTES + _note_bytes(issue.note) + _sponsor_bytes(issue.sponsor)
    most = frame + _most_bytes("".join(texts)) + sum([most for _, most in faces])
    if most <= BUDGET:
        return most
    return frame + sum(map(_escaped_bytes, texts)) + sum(counted for counted, _ in faces)


def _own_texts(issue: Issue) -> list[str]:
    return [
        *(issue.subject, issue.subject, issue.preheader, issue.title, issue.date),
        *(issue.intro, issue.footer_why, *issue.postal_address, issue.reading_time),
        *(issue.tagline, issue.footer, issue.logo, issue.title, issue.contents_title),
        *(issue.subscribe_url, issue.archive_url, issue.imprint_url, issue.privacy_url),
        *(issue.unsubscribe_url, *[issue.preferences_url, issue.view_url] * 2, issue.trap_url),
        *(issue.choose, issue.lead.why, *[card.why for card in issue.cards]),
    ]


@lru_cache(maxsize=1_000)
def _note_bytes(note: Note | None) -> int:
    """What a note takes; the address of a link stands in an attribute, and in the text part."""
    if note is None:
        return 0
    spans = [span for block in note.blocks for line in block.lines for span in line.spans]
    texts = sum(_escaped_bytes(span.text) + _escaped_bytes(span.url) for span in spans)
    return LINE_BYTES * (len(spans) + len(note.blocks) + 2) + texts + _escaped_bytes(note.label)


@lru_cache(maxsize=1_000)
def _sponsor_bytes(sponsor: Sponsor | None) -> int:
    if sponsor is None:
        return 0
    texts = [sponsor.label, sponsor.name, sponsor.text, sponsor.read, sponsor.url]
    texts += [sponsor.image, sponsor.image_alt]
    return SPONSOR_BYTES + sum(map(_escaped_bytes, texts))


@lru_cache(maxsize=10_000)
def _face_bytes(face: Face) -> tuple[int, int]:
    """What a face takes: as counted, and as it could be at most."""
    points = sum(len(part.points) for part in face.parts)
    markup = CARD_BYTES + PART_BYTES * len(face.parts) + POINT_BYTES * points
    texts = [*[face.title] * 2, *[face.short_title] * 4, *[face.read] * 3, *[face.url or ""] * 4]
    if face.image:
        texts += [face.image.url, face.image.alt]
    texts += [face.more_url, face.less_url, face.label, face.origin, face.summary]
    texts += [face.also]
    for part in face.parts:
        texts += [part.text, *part.points]
    return markup + sum(map(_escaped_bytes, texts)), markup + sum(map(_most_bytes, texts))


def _most_bytes(text: str) -> int:
    """A character takes at most 5 bytes: ``&#34;``."""
    return 5 * len(text)


def _escaped_bytes(text: str) -> int:
    return len(html.escape(text).encode("utf-8", "replace"))
