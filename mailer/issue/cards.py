"""One story as one reader sees it: the part of the brief that serves them, where it is from, and
why it is there. Which story and for whom is decided elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

from mailer.issue import pictures
from mailer.issue.content import StoryContent
from mailer.issue.notes import Note
from mailer.issue.pictures import Picture
from mailer.issue.plaintext import WIDE, dotted, shorten
from mailer.issue.servings import LABELS, Servings, order_for, serving_order
from mailer.issue.sponsors import Sponsor
from mailer.localization import Language

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the brief under its label: a text, or points. ``kind`` names the field."""

    kind: str
    label: str
    text: str = ""
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What a card says of its story, the same for every reader whom the same part of the brief
    serves and who read the same language. ``origin`` says where it is from; ``short_title`` names
    it in the labels of its links; ``url`` is None when there is nowhere to go. ``lang`` is the
    story's own, empty when it is the issue's. Faces are remembered, so each is compared as the one
    object it is. ``words``: how many there are to read."""

    title: str
    short_title: str
    url: str | None
    lang: str
    dir: str
    label: str
    origin: str
    summary: str
    parts: tuple[Part, ...]
    also: str
    read: str
    more_url: str
    less_url: str
    image: Picture | None = None
    words: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One story as one reader sees it: its face, and why it is in this reader's issue. Remembered
    and compared like its face."""

    face: Face
    why: str


@dataclass(frozen=True, slots=True)
class Issue:
    """All that the templates show, cleaned and trimmed; nothing of it is markup. ``contents`` are
    the stories to be listed at the top, under ``contents_title``: none when there is only one.
    ``choose`` asks for choices still to be made. ``trap_url``, for machines that follow every link,
    is empty without tracking; ``note`` and ``sponsor`` are None without one, others empty."""

    lang: str
    subject: str
    preheader: str
    title: str
    date: str
    intro: str
    note: Note | None
    sponsor: Sponsor | None
    lead: Card
    cards: tuple[Card, ...]
    footer_why: str
    postal_address: tuple[str, ...]
    unsubscribe_url: str
    preferences_url: str
    view_url: str
    trap_url: str
    reading_time: str = ""
    contents_title: str = ""
    choose: str = ""
    contents: tuple[Face, ...] = ()
    tagline: str = ""
    footer: str = ""
    logo: str = ""
    logo_width: int = 0
    subscribe_url: str = ""
    archive_url: str = ""
    imprint_url: str = ""
    privacy_url: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Most characters of each text of a card, and most points of a part."""

    lead: int = 600
    summary: int = 260
    alone: int = 440
    part: int = 560
    line_part: int = 230
    point: int = 240
    points: int = 3
    title: int = 180
    name: int = 60
    read: int = 30
    line: int = 160
    url: int = 1000

    def scaled(self, by: float) -> "Limits":
        """The same, smaller; still a word or two each."""
        sizes = {name: max(12, int(most * by)) for name, most in asdict(self).items()}
        return Limits(**{**sizes, "points": max(1, int(self.points * by))})


LIMITS = Limits()


def part_for(story: StoryContent, roles: Sequence[str], language: Language) -> Part | None:
    """The part of a story that serves these roles best, in a line; None when it has none."""
    parts = _parts(story, order_for(story, serving_order(roles), roles), LIMITS, language)
    return _in_a_line(parts[0], LIMITS, language) if parts else None


@lru_cache(maxsize=10_000)
def face(
    story: StoryContent,
    also: tuple[StoryContent, ...],
    order: Servings,
    limits: Limits,
    language: Language,
    *,
    lead: bool,
    label: str,
    urls: tuple[str | None, str, str],
    written_in: str,
) -> Face:
    """The face of a picked story. ``also``: the near-identical stories it stands for; ``label``:
    what it is marked as; ``urls``: read, more, less; ``written_in``: the language of stories that
    do not say."""
    _ = language.text
    parts = _parts(story, order, limits, language)
    if not lead:
        parts = tuple(_in_a_line(part, limits, language) for part in parts[:1])
    if lead:
        summary = shorten(story.summary, limits.lead, at_sentence=True)
    elif parts:
        summary = shorten(story.standfirst, limits.summary)
    else:
        summary = shorten(story.summary, limits.alone, at_sentence=True)
    title = shorten(story.title or story.article_title or _("Untitled"), limits.title)
    summary = "" if _told(summary, [title]) else summary
    read_url, more_url, less_url = urls
    read = _("Read at %(source)s", source=story.source) if story.source and lead else ""
    read = read if read and len(read) <= limits.read else _("Read the story")
    parts = tuple(part for part in parts if not _told(part.text, [title, summary]))
    return Face(
        title=title,
        short_title=shorten(title, limits.name),
        url=read_url,
        lang=foreign(story.language or written_in, language),
        dir=story.dir,
        label=label,
        origin=_origin(story, limits, language, lead=lead),
        summary=summary,
        parts=parts,
        also=_also(story, also, limits, language),
        read=shorten(read, limits.read),
        more_url=more_url,
        less_url=less_url,
        image=pictures.shown(story) if lead else None,
        words=sum(map(_words, [title, summary, *(t for p in parts for t in (p.text, *p.points))])),
    )


def _words(text: str) -> int:
    """Words of a text; where none are set apart, two characters count as one."""
    wide = len(WIDE.findall(text))
    return len(text.split()) + wide // 2


def _in_a_line(part: Part, limits: Limits, language: Language) -> Part:
    """The first point of a part, short enough to stand in a line: a card is there to be scanned."""
    text = part.text or part.points[0]
    label = language.text(LABELS[part.kind][0])
    return Part(part.kind, label, text=shorten(text, limits.line_part, at_sentence=True))


def foreign(tag: str, language: Language) -> str:
    """The tag of a story's or note's language where it is not the issue's own."""
    own = tag.partition("-")[0].casefold() == language.code
    return "" if own or not _LANGUAGE_TAG.fullmatch(tag) else tag


def _parts(
    story: StoryContent, order: Servings, limits: Limits, language: Language
) -> tuple[Part, ...]:
    """The first serving of which the story has anything."""
    for serving in order:
        parts = tuple(
            _part(story, name, limits, language) for name in serving if getattr(story, name)
        )
        if parts:
            return parts
    return ()


def _part(story: StoryContent, name: str, limits: Limits, language: Language) -> Part:
    value: str | tuple[str, ...] = getattr(story, name)
    one, several = map(language.text, LABELS[name])
    if isinstance(value, str):
        return Part(name, one, text=shorten(value, limits.part, at_sentence=True))
    if len(value) == 1:
        return Part(name, one, text=shorten(value[0], limits.part, at_sentence=True))
    points = tuple(
        shorten(point, limits.point, at_sentence=True) for point in value[: limits.points]
    )
    return Part(name, several, points=points)


def _told(text: str, before: Sequence[str]) -> bool:
    """Whether ``text`` only repeats what stands above it: stories cut from a digest often do."""
    plain = text.rstrip(".…").casefold()
    return bool(plain) and any(plain in other.casefold() for other in before)


def _origin(story: StoryContent, limits: Limits, language: Language, *, lead: bool) -> str:
    """Below the lead the curator is named only in place of a source."""
    _ = language.text
    source, curator = story.source, story.curator
    if not source and story.article_title and story.article_title != story.title:
        source = _("“%(title)s”", title=shorten(story.article_title, 60))
    if curator == source or (source and not lead):
        curator = None
    named = dotted(
        source or "",
        _("curated by %(curator)s", curator=curator) if curator else "",
        language.day(story.day).replace(" ", "\u00a0") if story.day else "",
    )
    line = shorten(named, limits.line)
    return line[:1].upper() + line[1:]


def _also(
    story: StoryContent, others: Sequence[StoryContent], limits: Limits, language: Language
) -> str:
    _ = language.text
    names = [other.source or _("“%(title)s”", title=shorten(other.title, 60)) for other in others]
    names = [name for name in dict.fromkeys(names) if name != story.source][:3]
    if not names:
        return ""
    also = _("Also covered by %(sources)s", sources=language.all_of(names))
    return shorten(also, limits.line) + "."
