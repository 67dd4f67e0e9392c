"""One reader's copy: picks → issue → HTML and text → message.

A ``MessageFactory`` holds what all copies of an edition share: the compiled template, the stories
as they were frozen, who sends it, and the links. Making the same copy twice gives the same bytes
but for the date. It reads the store when it is set up and never after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import templates
from mailer.edition.schedule import occurrence
from mailer.edition.snapshot import picks_shown, reader_shown
from mailer.issue.composition import (
    Composer,
    Issue,
    Publication,
    ReaderView,
    StoryContent,
    compose,
)
from mailer.issue.plaintext import printable
from mailer.ledger.deliveries import Claim
from mailer.links import Links
from mailer.mime import dkim
from mailer.mime.headers import ascii_domain
from mailer.mime.message import Identity, Message, build
from mailer.mime.parts import Encoded, FragmentEncoder, LinkValues, Placeholders
from mailer.rendering.templates import Filler, Rendered, Renderer, Template
from recommender.models import Edition, EditionStory
from recommender.ranking.values import Pick
from recommender.settings import Settings, mailbox


@dataclass(frozen=True)
class RenderedCopy:
    """A copy to look at."""

    reader: str
    name: str
    roles: tuple[str, ...]
    subject: str
    html: str
    text: str
    file: str
    message: Message


@dataclass(frozen=True)
class MessageFactory:
    """Makes the copies of one edition; safe to share between threads."""

    publication: Publication
    identity: Identity
    links: Links
    renderer: Renderer
    stories: Mapping[str, StoryContent]

    @cached_property
    def _line(self) -> "_Line":
        return _Line(self)

    def compose(self, delivery_id: int, picks: Sequence[Pick], reader: ReaderView) -> Issue:
        return compose(self.publication, reader, picks, self.stories, self.links, delivery_id)

    def message(self, claim: Claim, now: datetime) -> Message:
        """The message of a claimed copy."""
        number = claim.delivery_id
        subject, html, text, unsubscribe = self._line.set(claim)
        return build(
            self.identity,
            delivery_id=number,
            recipient=claim.email,
            subject=subject,
            html=html,
            text=text,
            unsubscribe_url=unsubscribe,
            now=now,
        )

    def proof(self, now: datetime) -> None:
        """Make one copy for nobody, so that a fault of the template shows before anything is sent.

        Raises ConfigurationError when the template asks for what is not there.
        """
        story = next(iter(self.stories), None)
        if story is not None:
            issue = self.compose(0, [Pick(story, 1, 1.0, ())], ReaderView())
            self.wrap(0, self.identity.from_address, issue, self.renderer.render(issue), now)

    def wrap(
        self, delivery_id: int, recipient: str, issue: Issue, rendered: Rendered, now: datetime
    ) -> Message:
        """An issue, rendered, as the message to ``recipient``."""
        return build(
            self.identity,
            delivery_id=delivery_id,
            recipient=recipient,
            subject=issue.subject,
            html=rendered.html,
            text=rendered.text,
            unsubscribe_url=issue.unsubscribe_url,
            now=now,
        )


class _Line:
    """How a press makes copy after copy: with slots in place of links a card, a passage of the
    template and its encoded form are the same in many copies, and each is made once."""

    def __init__(self, factory: MessageFactory) -> None:
        placeholders = Placeholders()
        template = factory.renderer.template
        self._slots = placeholders
        self._links = factory.links
        self._composer = Composer(factory.publication, factory.stories, placeholders, remember=True)
        self._html, self._text = (
            FragmentEncoder(placeholders),
            FragmentEncoder(placeholders, printable),
        )
        self._html_of = Filler(template, "html", self._html)
        self._text_of = Filler(template, "text", self._text)

    def set(self, claim: Claim) -> tuple[str, Encoded, Encoded, str]:
        """Subject, HTML and text of a copy, and its way out."""
        number = claim.delivery_id
        reader, shown = reader_shown(claim.reader), picks_shown(claim.picks)
        issue = self._composer.compose(reader, shown, number)
        link_values = LinkValues(self._slots, self._links.of_copy(number))
        return (
            issue.subject,
            self._html.part(self._html_of.fill(issue), link_values),
            self._text.part(self._text_of.fill(issue), link_values),
            link_values.link(issue.unsubscribe_url).decode(),
        )


def factory(session: Session, settings: Settings, edition: Edition) -> MessageFactory:
    """The press of a planned edition: its template and stories as they were frozen.
    ConfigurationError when the template is not as it was kept."""
    frozen = session.execute(
        sa.select(EditionStory.story_id, EditionStory.content).where(
            EditionStory.edition_id == edition.id
        )
    )
    return make_factory(
        settings,
        newsletter=edition.newsletter.name,
        period=edition.period,
        template=templates.load(session, edition.template_hash, settings.secrets),
        stories={str(story): StoryContent.from_document(content) for story, content in frozen},
    )


def make_factory(
    settings: Settings,
    *,
    newsletter: str,
    period: str,
    template: Template,
    stories: Mapping[str, StoryContent],
) -> MessageFactory:
    """A press for ``period``, planned or not."""
    name, address = mailbox(settings.sender)
    day = occurrence(settings.schedule, period, settings.zone).astimezone(settings.zone)
    domain = ascii_domain(address.rpartition("@")[2])
    return MessageFactory(
        publication=Publication(
            title=settings.title,
            edition=f"{newsletter}-{period}",
            day=day.date(),
            postal_address=settings.postal_address,
            tracking=settings.tracking,
            language=settings.language,
        ),
        identity=Identity(
            from_name=name,
            from_address=address,
            reply_to=settings.reply_to and mailbox(settings.reply_to)[1],
            envelope_from=mailbox(settings.bounce_address or settings.sender)[1],
            list_id=f"{newsletter}.{domain}",
            list_name=settings.title,
            edition=f"{newsletter}-{period}",
            secret=settings.secret,
            signers=signers(settings),
            verp=settings.verp and settings.bounce_address is not None,
        ),
        links=Links(settings.base_url, settings.secrets),
        renderer=Renderer(template),
        stories=stories,
    )


def signers(settings: Settings) -> tuple[dkim.Signer, ...]:
    """What signs every message; nothing without ``dkim_key``.

    Raises ConfigurationError when the key cannot be used.
    """
    if settings.dkim_key is None:
        return ()
    _, address = mailbox(settings.sender)
    domain = ascii_domain(settings.dkim_domain or address.rpartition("@")[2])
    unsigned = dkim.SET_ANEW.intersection(settings.dkim_unsigned.split(", "))
    selector = settings.dkim_selector
    return (dkim.load(settings.dkim_key, selector=selector, domain=domain, unsigned=unsigned),)
