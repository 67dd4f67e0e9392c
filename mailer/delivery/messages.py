"""One reader's copy: picks → issue → HTML and text → message.

A ``MessageFactory`` holds what all copies of an edition share: the compiled template, the stories
as they were frozen, who sends it, and the links. Making the same copy twice gives the same bytes
but for the date. It reads the store when it is set up and never after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import edition_edits, snapshot, templates, welcome
from mailer.edition.edition_edits import EditionEdits
from mailer.edition.schedule import publishing_day
from mailer.issue.cards import Issue
from mailer.issue.composition import Composer, ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.frame import Frame, Publication
from mailer.issue.plaintext import printable
from mailer.ledger.claims import Claim
from mailer.links import Links
from mailer.mime import dkim
from mailer.mime.headers import ascii_domain
from mailer.mime.message import Identity, Message, build
from mailer.mime.parts import FragmentEncoder, LinkValues, Placeholders
from mailer.rendering.templates import Rendered, Template, TemplatePart
from recommender import newsletters
from recommender.models import Delivery, Edition, EditionStory
from recommender.ranking.values import Pick
from recommender.settings import Settings, mailbox
from recommender.storage import json_columns

NO_EDITS = EditionEdits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest:
    """What a copy is made from, planned or not: which delivery, for whom, and what it shows."""

    delivery_id: int
    recipient: str
    picks: Sequence[Pick]
    reader: ReaderView

    @classmethod
    def of_claim(cls, claim: Claim) -> "CopyRequest":
        """ValueError when the claim holds no documents of ours."""
        return cls(
            delivery_id=claim.delivery_id,
            recipient=claim.email,
            picks=snapshot.picks(claim.picks),
            reader=snapshot.reader(claim.reader),
        )

    @classmethod
    def of_delivery(cls, delivery: Delivery, recipient: str) -> "CopyRequest":
        """The copy that a row of the ledger stands for."""
        return cls(
            delivery_id=delivery.id,
            recipient=recipient,
            picks=snapshot.picks(json_columns.dump(delivery.picks)),
            reader=snapshot.reader(json_columns.dump(delivery.reader)),
        )


class MessageFactory:
    """Makes the copies of one edition; safe to share between threads.

    Placeholders stand in place of links, so a card, a fragment of the template and its encoded form
    are the same in many copies, and each is made once.
    """

    def __init__(
        self,
        publication: Publication,
        identity: Identity,
        links: Links,
        template: Template,
        stories: Mapping[str, StoryContent],
    ) -> None:
        self.publication = publication
        self.identity = identity
        self.links = links
        self.stories = stories
        self._placeholders = Placeholders()
        self._composer = Composer(publication, stories, self._placeholders)
        self._html = FragmentEncoder(self._placeholders)
        self._text = FragmentEncoder(self._placeholders, printable)
        self._html_of = TemplatePart(template, "html", self._html)
        self._text_of = TemplatePart(template, "text", self._text)

    def message(self, request: CopyRequest, now: datetime) -> Message:
        """The message of a copy. ConfigurationError when the template asks for what is not there,
        ValueError without picks, LookupError when the content of a pick is missing."""
        issue, links = self._composed(request)
        return build(
            self.identity,
            delivery_id=request.delivery_id,
            recipient=request.recipient,
            subject=issue.subject,
            html=self._html.part(self._html_of.fill(issue), links),
            text=self._text.part(self._text_of.fill(issue), links),
            unsubscribe_url=links.link(issue.unsubscribe_url).decode(),
            now=now,
        )

    def page(self, request: CopyRequest, *, on_web: bool = False) -> Rendered:
        """What mail programs show of the same copy; ``on_web`` without the link to the page that it
        is then. Raises as ``message``."""
        issue, links = self._composed(request)
        issue = replace(issue, view_url="") if on_web else issue
        return Rendered(
            subject=issue.subject,
            html=self._html.text(self._html_of.fill(issue), links),
            text=self._text.text(self._text_of.fill(issue), links),
        )

    def html_size(self, request: CopyRequest) -> int:
        """Bytes of the HTML that ``page`` shows. Raises as ``message``, also for the text."""
        issue, links = self._composed(request)
        self._text_of.fill(issue)
        return self._html.size(self._html_of.fill(issue), links)

    def proof(self, now: datetime) -> None:
        """Make one copy for nobody, so that a fault of the template shows before anything is sent.

        Raises ConfigurationError when the template asks for what is not there.
        """
        story = next(iter(self.stories), None)
        if story is not None:
            request = CopyRequest(
                delivery_id=0,
                recipient=self.identity.from_address,
                picks=[Pick(story, 1, 1.0, ())],
                reader=ReaderView(),
            )
            self.message(request, now)

    def _composed(self, request: CopyRequest) -> tuple[Issue, LinkValues]:
        number = request.delivery_id
        issue = self._composer.compose(request.reader, request.picks, number)
        return issue, LinkValues(self._placeholders, self.links.of_copy(number))


def factory(
    session: Session, settings: Settings, edition: Edition, *, test: bool = False
) -> MessageFactory:
    """What makes the copies of a planned edition: its template and stories as they were frozen.
    ``test`` is as for ``make_factory``. ConfigurationError when the template is not as it was
    kept."""
    frozen = session.execute(
        sa.select(EditionStory.story_id, EditionStory.content).where(
            EditionStory.edition_id == edition.id
        )
    )
    return make_factory(
        newsletters.of(settings, edition.newsletter),
        newsletter=edition.newsletter.name,
        period=edition.period,
        template=templates.load(session, edition.template_hash, settings.secrets),
        stories={str(story): StoryContent.from_document(content) for story, content in frozen},
        edits=edition_edits.current(session, edition.newsletter.name, edition.period),
        test=test,
    )


def make_factory(
    settings: Settings,
    *,
    newsletter: str,
    period: str,
    template: Template,
    stories: Mapping[str, StoryContent],
    edits: EditionEdits = NO_EDITS,
    test: bool = False,
) -> MessageFactory:
    """What makes the copies of ``period``, planned or not. ``test``: they are to be looked at, say
    so in their subject, and their links lead to the stories and count nothing."""
    name, address = mailbox(settings.sender)
    domain = ascii_domain(address.rpartition("@")[2])
    return MessageFactory(
        publication=Publication(
            title=settings.title,
            edition=f"{newsletter}-{period}",
            day=publishing_day(settings, period),
            postal_address=settings.postal_address,
            tracking=settings.tracking and not test,
            language=settings.language,
            subject=edits.subject,
            notes=edits.notes,
            sponsors=edits.sponsors,
            frame=frame(settings),
            welcome=welcome.is_welcome(period),
            test=test,
            schedule=settings.schedule,
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
            unsubscribe_address=settings.unsubscribe_address
            and mailbox(settings.unsubscribe_address)[1],
        ),
        links=Links(settings.base_url, settings.secrets),
        template=template,
        stories=stories,
    )


def frame(settings: Settings) -> Frame:
    """What stands around the stories of every copy."""
    return Frame(
        tagline=settings.tagline or "",
        footer=settings.footer or "",
        logo=settings.logo or "",
        logo_width=settings.logo_width,
        subscribe_url=f"{settings.base_url}/subscribe",
        archive_url=f"{settings.base_url}/archive",
        imprint_url=settings.imprint_url or "",
        privacy_url=settings.privacy_url or "",
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
