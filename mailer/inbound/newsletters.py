"""Reads other people's newsletters as articles: one mail is one article, a digest has its stories.

Only mail of senders that are listed is read. What is shown of it is text and addresses; nothing is
fetched and no link is followed. Meant to be run in ``isolation``.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage

from mailer.inbound.mime_parts import Part, parse_message
from recommender.articles import feed_fields, feed_pictures, fields, newsletter_blocks, sentences
from recommender.articles.newsletter_blocks import Section
from recommender.articles.values import ArticleDraft, ParsedArticle, StoryDraft
from recommender.errors import LeftOut, Rejected

LEAST_STORIES = 3
"""Headings with a text under them that make a mail a digest."""
MOST_STORIES = 40
LEAST_TEXT = 40
"""Characters under a heading that make it a story's."""
MAX_SUMMARY = 1_200
MAX_SENDER = 320
_ONLINE = re.compile(r"[/.](?:view|p|posts?|archives?|issues?|i|newsletters?)/", re.IGNORECASE)


def parse(data: bytes, senders: Sequence[str], now: datetime) -> ParsedArticle | Rejected:
    """The article that a mail is; LeftOut for mail of others than ``senders`` (addresses, or
    ``@domain`` for all of a domain), Rejected for mail without content."""
    parts = parse_message(data)
    top = parts[0]
    name, address = _sender(top)
    where = f"mail of {address.rpartition('@')[2] or 'nobody'}"
    if not listed(address, senders):
        return LeftOut(where, None, "its sender is not in newsletter_senders")
    subject = fields.one_line(_header(top, "subject"))
    found = _sections(parts)
    stories = _stories(found)
    text = "\n\n".join(line for section in found for line in (section.title, *section.text) if line)
    if not (text or stories):
        return Rejected(where, None, "the mail has no text")
    key = f"mail:{_message_id(top, data)}"
    whole = stories[0] if len(stories) == 1 else None
    images = [image for section in found for image in section.images]
    draft = ArticleDraft(
        key=key,
        title=feed_fields.clipped(subject or text, fields.MAX_TITLE),
        summary=_summary(text) if not whole else whole.summary,
        body="" if len(stories) >= LEAST_STORIES else text[: 20 * MAX_SUMMARY],
        url=_address(found) if len(stories) < LEAST_STORIES else None,
        image=feed_pictures.best(images),
        source=name or address.rpartition("@")[2],
        language=feed_fields.language(_header(top, "content-language")),
        published_at=feed_fields.moment(_header(top, "date"), now),
        stories=stories if len(stories) >= LEAST_STORIES else (),
    )
    return ParsedArticle(draft, where, 1)


def listed(address: str, senders: Sequence[str]) -> bool:
    """Whether mail of ``address`` is to be read."""
    address = address.casefold()
    domain = address[address.rfind("@") :]
    return bool(address) and any(one.casefold() in (address, domain) for one in senders)


def _sender(top: Part) -> tuple[str, str]:
    """The name and the address of From; '' where there is not exactly one."""
    found = _parsed("from", top.value("from")[: 4 * MAX_SENDER])
    addresses: tuple[Address, ...] = getattr(found, "addresses", ())
    if len(top.values("from")) != 1 or len(addresses) != 1:
        return "", ""
    return fields.one_line(addresses[0].display_name), addresses[0].addr_spec[:MAX_SENDER]


def _header(top: Part, name: str) -> str:
    return str(_parsed(name, top.value(name)[:2_000]) or "")


def _parsed(name: str, value: str) -> object:
    """A field as RFC 5322 and RFC 2047 have it; None when it cannot be read."""
    mail = EmailMessage(policy=policy.default)
    try:
        mail[name] = value.replace("\r", " ").replace("\n", " ")
        return mail[name]
    except Exception:  # noqa: BLE001  (the library raises many kinds for a stranger's field)
        return None


def _message_id(top: Part, data: bytes) -> str:
    written = fields.one_line(top.value("message-id")).strip("<>")
    if 3 <= len(written) <= fields.MAX_ID - 5 and written.isascii():
        return written
    return hashlib.sha256(data).hexdigest()[:32]


def _sections(parts: Sequence[Part]) -> list[Section]:
    """The content of the mail's text, of HTML if there is any."""
    own = [part for part in parts if not part.returned]
    html = max((p.text for p in own if p.kind == "text/html"), key=len, default="")
    plain = max((p.text for p in own if p.kind == "text/plain"), key=len, default="")
    blocks = (
        newsletter_blocks.of_html(_sound(html))
        if html
        else newsletter_blocks.of_text(_sound(plain))
    )
    return newsletter_blocks.sections(blocks)


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _stories(found: Sequence[Section]) -> tuple[StoryDraft, ...]:
    """What stands under headings of its own."""
    stories: dict[str, StoryDraft] = {}
    for section in found:
        text = "\n\n".join(section.text)
        if not section.title or len(text) < LEAST_TEXT or len(stories) >= MOST_STORIES:
            continue
        story = StoryDraft(
            key=fields.slug(section.title, limit=100),
            title=feed_fields.clipped(section.title, fields.MAX_TITLE),
            summary=_summary(text),
            url=next(iter(section.links), None),
            image=feed_pictures.best(section.images),
        )
        if story.key in stories:
            story = replace(story, key=f"{story.key}-{len(stories) + 1}")
        stories[story.key] = story
    return tuple(stories.values())


def _address(found: Sequence[Section]) -> str | None:
    """Where a mail about one thing leads: its page at the sender's, else its first link."""
    links = [link for section in found for link in section.links]
    return next((one for one in links if _ONLINE.search(one)), next(iter(links), None))


def _summary(text: str) -> str:
    if len(text) <= MAX_SUMMARY:
        return text
    summary = ""
    for sentence in sentences.split(text):
        if summary and len(summary) + len(sentence) > MAX_SUMMARY:
            break
        summary = f"{summary} {sentence}".strip()
    return summary[: 2 * MAX_SUMMARY]
