"""What one reader's issue says: which part of each brief, in which order, and how much of it.

Takes values and returns values: no store, no clock, no network. How it looks is the templates'
business, the sentences are in ``wording``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

from mailer import localization
from mailer.issue import cards, greeting, question, servings, sponsors, wording
from mailer.issue.cards import LIMITS, Card, Issue, Limits
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.issue.notes import Note, note
from mailer.issue.plaintext import shorten
from mailer.issue.preheader import preheader
from mailer.issue.size import BUDGET, weight
from mailer.issue.sponsors import Sponsor
from mailer.localization import Language
from recommender.ranking.values import Pick


class Links(Protocol):
    """The links a copy carries, as absolute URLs (``mailer.links`` makes them)."""

    def click(self, delivery_id: int, story_id: int) -> str: ...
    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str: ...
    def unsubscribe(self, delivery_id: int) -> str: ...
    def preferences(self, delivery_id: int) -> str: ...
    def view(self, delivery_id: int) -> str: ...
    def keep(self, delivery_id: int) -> str: ...


@dataclass(frozen=True)
class ReaderView:
    """What a copy may show of its reader. ``topics`` maps names to weights, −2 … +3; ``segments``
    are those with a note of their own that the reader belongs to, ``sponsor`` who is in it;
    ``asked``: whether they still want their issues. ``subject`` is that of their copy
    where several are tried."""

    name: str = ""
    locale: str | None = None
    roles: tuple[str, ...] = ()
    topics: Mapping[str, float] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    sponsor: int | None = None
    asked: bool = False
    subject: str = ""


MOST_REMEMBERED = 20_000
"""Cards, and orders of parts, a composer remembers before it starts anew."""
TRAP = 0
"""In place of a story's number: the link that no reader sees."""
SCALES = (0.7, 0.5, 0.35, 0.2, 0.1)


class Composer:
    """Composes the issues of one publication; a card that many readers get is composed once.

    ``links`` are the same for every delivery (placeholders), or one delivery is all it composes.
    """

    def __init__(
        self,
        publication: Publication,
        stories: Mapping[str, StoryContent],
        links: Links,
    ) -> None:
        self._publication = publication
        self._stories = stories
        self._links = links
        self._notes_of: dict[object, Note | None] = {}
        self._sponsors_of: dict[object, Sponsor] = {}
        self._cards_of: dict[object, dict[object, Card]] = {}
        self._orders: dict[tuple[str, tuple[str, ...]], servings.Servings] = {}
        self._made = 0
        welcome = partial(greeting.welcome, schedule=publication.schedule)
        self._greeting = welcome if publication.welcome else greeting.intro

    def compose(self, reader: ReaderView, picks: Sequence[Pick], delivery_id: int) -> Issue:
        """The issue for one reader. ``picks`` is not empty, best first.

        Long texts are trimmed until the HTML fits ``BUDGET``. Raises ValueError without picks,
        LookupError when the content of a pick is missing.
        """
        if not picks:
            raise ValueError("an issue needs at least one story")
        issue = self._issue(reader, picks, delivery_id, LIMITS)
        for scale in SCALES:
            if weight(issue) <= BUDGET:
                break
            issue = self._issue(reader, picks, delivery_id, LIMITS.scaled(scale))
        return issue

    def _issue(
        self, reader: ReaderView, picks: Sequence[Pick], delivery_id: int, limits: Limits
    ) -> Issue:
        publication, links, frame = self._publication, self._links, self._publication.frame
        language = localization.choose(reader.locale, publication.language)
        _ = language.text
        composed = self._cards(reader, picks, delivery_id, limits, language)
        faces = tuple([card.face for card in composed])
        title, lead = publication.name, self._stories[picks[0].story]
        chosen_by = greeting.chosen_by(reader.roles, reader.topics, picks)
        subject = (
            reader.subject
            or publication.subject_line
            or wording.subject(lead.title or lead.article_title, title, language)
        )
        if publication.welcome:
            subject = wording.welcome_subject(subject, language)
        return Issue(
            lang=language.tag,
            subject=f"[Test] {subject}" if publication.test else subject,
            preheader=preheader(
                lead, reader.roles, [face.title for face in faces[1:]], subject, language
            ),
            title=title,
            date=publication.date_line(language),
            intro=self._greeting(reader.name, *chosen_by, len(faces), language),
            note=self._note(reader, delivery_id, language),
            sponsor=self._sponsor(reader, delivery_id, language),
            lead=composed[0],
            cards=tuple(composed[1:]),
            footer_why=wording.footer(title, language),
            postal_address=publication.address,
            unsubscribe_url=links.unsubscribe(delivery_id),
            preferences_url=links.preferences(delivery_id),
            view_url=links.view(delivery_id),
            trap_url=links.click(delivery_id, TRAP) if publication.tracking else "",
            reading_time=wording.reading_time(sum([face.words for face in faces]), language),
            choose=self._choose(reader, language),
            contents_title=_("In this issue") if len(faces) > 1 else "",
            contents=faces if len(faces) > 1 else (),
            tagline=frame.tagline,
            footer=frame.footer,
            logo=frame.logo,
            logo_width=frame.logo_width,
            subscribe_url=frame.subscribe_url,
            archive_url=frame.archive_url,
            imprint_url=frame.imprint_url,
            privacy_url=frame.privacy_url,
        )

    def _choose(self, reader: ReaderView, language: Language) -> str:
        """What leads to the choices at the top: for who has told us nothing, and who is new."""
        _ = language.text
        if not _told(reader):
            return _("Choose your topics")
        return _("Change what you get") if self._publication.welcome else ""

    def _note(self, reader: ReaderView, delivery_id: int, language: Language) -> Note | None:
        """The editors' note for everybody, and below it those for the reader's segments; above
        them the question to a reader who is asked."""
        notes = self._publication.notes
        if not notes and not reader.asked:
            return None
        keep_url = self._links.keep(delivery_id) if reader.asked else ""
        key = (reader.segments, language.tag, keep_url)
        if key not in self._notes_of:
            _ = language.text
            texts = [notes[name] for name in (None, *reader.segments) if name in notes]
            written_in = cards.foreign(self._publication.language, language)
            said = note(texts, written_in, _("From the editors"))
            self._notes_of[key] = question.above(said, keep_url, language) if keep_url else said
        return self._notes_of[key]

    def _sponsor(self, reader: ReaderView, delivery_id: int, language: Language) -> Sponsor | None:
        """Who has the sponsor's place in the copy."""
        number, publication = reader.sponsor, self._publication
        content = None if number is None else publication.sponsors.get(number)
        if number is None or content is None:
            return None
        key = (number, language.tag)
        if key not in self._sponsors_of:
            url = content.url
            if publication.tracking:
                url = self._links.click(delivery_id, sponsors.FIRST + number)
            written_in = cards.foreign(publication.language, language)
            self._sponsors_of[key] = sponsors.sponsor(content, url, language, written_in)
        return self._sponsors_of[key]

    def _archived(self, story: StoryContent) -> bool:
        publication = self._publication
        return wording.from_archive(story.day, publication.day, publication.edition)

    def _cards(
        self,
        reader: ReaderView,
        picks: Sequence[Pick],
        delivery_id: int,
        limits: Limits,
        language: Language,
    ) -> list[Card]:
        """The cards, the lead first; from those of earlier readers whom the same parts of a brief
        serve in the same language, unless texts had to be trimmed further. What was said once of
        why is not said of the next card again."""
        order = servings.serving_order(reader.roles)
        told_us = _told(reader)
        made: dict[object, Card] = {}
        if limits is LIMITS:
            made = self._cards_of.setdefault((order, language.tag, told_us), made)
        cards_shown: list[Card] = []
        reasons_given: set[object] = set()
        for pick in picks:
            lead_reason, story = wording.lead_reason(pick.reasons), self._story(pick.story)
            placement = story.placement(lead_reason.detail)
            repeated = lead_reason in reasons_given and placement is None
            own = self._order_for(pick.story, order, reader.roles)
            differs = None if own is order else own
            key = (pick.story, lead_reason, pick.also, not cards_shown, repeated, differs)
            reasons_given.add(lead_reason)
            card = made.get(key)
            if card is None:
                why = "" if repeated else wording.why(lead_reason, language, known=told_us)
                if placement is not None and lead_reason.kind == "topic":
                    why = wording.placed(placement, language)
                face = cards.face(
                    story,
                    tuple([self._stories[other] for other in pick.also if other in self._stories]),
                    own,
                    limits,
                    language,
                    lead=not cards_shown,
                    label=wording.label(lead_reason, language, archived=self._archived(story)),
                    written_in=self._publication.language,
                    urls=self._urls(pick.story, delivery_id, limits),
                )
                card = made[key] = Card(face, shorten(why, limits.line))
                self._made += 1
            cards_shown.append(card)
        if max(self._made, len(self._orders)) > MOST_REMEMBERED:
            self._cards_of, self._orders, self._made = {}, {}, 0
        return cards_shown

    def _order_for(
        self, key: str, order: servings.Servings, roles: tuple[str, ...]
    ) -> servings.Servings:
        """As ``servings.order_for``, found once for a story and roles."""
        own = self._orders.get((key, roles))
        if own is None:
            own = servings.order_for(self._story(key), order, roles)
            self._orders[key, roles] = own
        return own

    def _story(self, key: str) -> StoryContent:
        story = self._stories.get(key)
        if story is None:
            raise LookupError(f"the edition holds no content for story {key}")
        return story

    def _urls(self, key: str, delivery_id: int, limits: Limits) -> tuple[str | None, str, str]:
        """Where a card leads: the story if there is anywhere to go, more like it, less like it.
        Without tracking, addresses of bearable length lead to the story directly."""
        number, links = int(key), self._links
        read = self._story(key).link
        if read is not None and (self._publication.tracking or len(read) > limits.url):
            read = links.click(delivery_id, number)
        return (
            read,
            links.feedback(delivery_id, number, "more"),
            links.feedback(delivery_id, number, "less"),
        )


def _told(reader: ReaderView) -> bool:
    """Whether the reader has told us a role or a topic."""
    return bool(reader.roles) or any(weight > 0 for weight in reader.topics.values())
