"""Takes the text of somebody's newsletter apart: headings, what stands under each, its links and
pictures, without what belongs to the sending of it (unsubscribing, imprint) and to advertisers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from recommender.articles import feed_pictures, markup, newsletter_links
from recommender.story_text import Image

MAX_HTML = 1_000_000
"""Characters of a mail that are read."""
MAX_BLOCKS = 2_000
MAX_HEADING = 200
"""Characters of a heading."""
MAX_LABEL = 60
"""Characters of a label over an advertisement."""
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head", "title"})
_BLOCKS = frozenset(
    {"p", "div", "br", "hr", "li", "ul", "ol", "tr", "td", "th", "table", "blockquote", "section"}
    | {"article", "header", "footer", "center", "figure", "figcaption", "pre", "dt", "dd"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_STRONG = frozenset({"b", "strong"})
_HIDDEN = re.compile(r"display\s{0,3}:\s{0,3}none|mso-hide\s{0,3}:\s{0,3}all", re.IGNORECASE)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr", "area", "base"})
SENDING = re.compile(
    r"unsubscribe|opt[ -]out|manage (?:your )?(?:email )?preferences"
    r"|update (?:your )?(?:profile|preferences)|read (?:this )?online|view online"
    r"|view (?:this (?:email|message|post|issue) )?(?:in|on) (?:your |the )?(?:web|browser|app)"
    r"|forward(?:ed)? (?:this|to a friend)|you(?:['’]re| are)? (?:receiv|gett)\w+ this"
    r"|this email was sent to|add us to your address book|all rights reserved|©|privacy policy"
    r"|terms of service|abmelde|abbestell|austragen|im browser (?:ansehen|öffnen|lesen)"
    r"|online (?:ansehen|lesen)|impressum|datenschutz"
    r"|diese (?:e-?mail|nachricht) (?:wurde|erhalten|geht)|sie erhalten diese",
    re.IGNORECASE,
)
"""Words of what belongs to the sending, not to the content."""
_MORE = re.compile(
    r"(?:^|(?<=\s))(?:(?:read|learn|see) more|continue reading|weiterlesen|mehr (?:lesen|erfahren))"
    r"[\s.…→»>]{0,5}\Z",
    re.IGNORECASE,
)
"""The words of a link at the end of a text."""
ADVERTISEMENT = re.compile(
    r"\b(?:sponsor(?:ed|s)?|advertisement|advertorial|anzeige|werbung|promoted|presented by"
    r"|paid (?:partner|post|promotion)|together with|(?:from|by) our (?:partner|sponsor)s?"
    r"|unser partner|präsentiert von)\b",
    re.IGNORECASE,
)
"""Words over what somebody paid for."""


@dataclass
class Block:
    """A piece of text that stands by itself. ``heading`` tells whether it looks like one."""

    text: str
    heading: bool = False
    links: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)


@dataclass
class Section:
    """A heading and what stands under it; the text before the first heading has none."""

    title: str = ""
    text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)


def of_html(html: str) -> list[Block]:
    """The blocks of a mail in HTML."""
    reader = _Reader()
    reader.feed(markup.ended(html, MAX_HTML)[0])
    reader.close()
    reader.end_block()
    return reader.blocks


def of_text(text: str) -> list[Block]:
    """The blocks of a mail in plain text: a short line on its own is a heading."""
    found: list[Block] = []
    for paragraph in re.split(r"\n[ \t]*\n", text[:MAX_HTML])[:MAX_BLOCKS]:
        lines = [line.strip() for line in paragraph.strip().split("\n")]
        urls = re.findall(r"https?://[^\s<>()\"]{4,2000}", paragraph)
        words = " ".join(re.sub(r"[<(\[]?https?://[^\s<>\"]+", "", " ".join(lines)).split())
        words = words.strip("*#=-_ ")
        short = len(lines) == 1 and 0 < len(words) <= 120 and not words.endswith((".", ":", ","))
        if words or urls:
            found.append(Block(words, short, urls))
    return found


def sections(blocks: Sequence[Block]) -> list[Section]:
    """The content under its headings: no advertisement, nothing of the sending of the mail."""
    found, paid, labelled = [Section()], False, False
    for number, block in enumerate(blocks):
        if SENDING.search(block.text) and len(block.text) < 600:
            if number > len(blocks) * 0.6:
                break  # what follows belongs to it
            continue
        label = len(block.text) < MAX_LABEL and ADVERTISEMENT.search(block.text) is not None
        if label or block.heading:
            paid = label or labelled  # a label is a heading, or stands right over one
            labelled = label
            if not paid:
                found.append(Section(block.text, [], list(block.links), list(block.images)))
            continue
        labelled = False
        if not paid:
            section = found[-1]
            text = _MORE.sub("", block.text)
            section.text += [text.strip()] if text.strip() else []
            section.links += block.links
            section.images += block.images
    return list(_merged(found))


def _merged(found: Sequence[Section]) -> Iterator[Section]:
    """Without headings over nothing; a link under no text belongs to what stands before it."""
    last: Section | None = None
    for section in found:
        if section.text:
            if last is not None:
                yield last
            last = section
        elif last is not None:
            last.links += section.links
    if last is not None:
        yield last


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._open: list[tuple[str, bool]] = []
        self._hidden = 0
        self._marks = {"heading": 0, "strong": 0, "a": 0}
        self._start()

    def _start(self) -> None:
        self._words: list[str] = []
        self._marked = 0
        self._links: list[str] = []
        self._images: list[Image] = []
        self._headed = False

    def end_block(self) -> None:
        """What was read since the last one is a block, if there is anything."""
        text = " ".join("".join(self._words).split())
        if (text or self._images or self._links) and len(self.blocks) < MAX_BLOCKS:
            letters = sum(len(word.strip()) for word in self._words)
            marked = bool(text) and self._marked >= 0.95 * letters
            heading = bool(text) and len(text) <= MAX_HEADING and (self._headed or marked)
            self.blocks.append(Block(text, heading, self._links, self._images))
        self._start()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs[:50]}
        hidden = tag in _SILENT or bool(_HIDDEN.search(values.get("style", "")))
        if tag not in _VOID:
            self._open.append((tag, hidden))
            self._hidden += hidden
        if tag in _BLOCKS or tag in _HEADINGS:
            self.end_block()
        self._mark(tag, 1)
        if self._hidden:
            return
        if tag == "a" and (found := newsletter_links.target(values.get("href", ""))):
            self._links.append(found)
        elif tag == "img":
            self._images += feed_pictures.of_attributes(values)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {name for name, _ in self._open[-100:]}:
            return
        if tag in _BLOCKS or tag in _HEADINGS:
            self.end_block()
        while self._open:
            name, hidden = self._open.pop()
            self._hidden -= hidden
            self._mark(name, -1)
            if name == tag:
                break

    def _mark(self, tag: str, by: int) -> None:
        kind = "heading" if tag in _HEADINGS else "strong" if tag in _STRONG else tag
        if kind in self._marks:
            self._marks[kind] += by

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self._words.append(re.sub(r"\s+", " ", data))
        self._headed = self._headed or self._marks["heading"] > 0
        if self._marks["strong"] or self._marks["a"]:
            self._marked += len(data.strip())
