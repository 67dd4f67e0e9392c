"""Copies of every shape, to try a template on: long and short, with and without pictures, a note
and a sponsor, in two languages and in scripts that a template must bear. Nothing of them is real.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer import conformance
from mailer.delivery import messages, samples
from mailer.delivery.messages import CopyRequest, MessageFactory
from mailer.edition import schedule
from mailer.edition.edition_edits import EditionEdits
from mailer.issue.composition import ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.sponsors import SponsorContent
from mailer.rendering.templates import Rendered, Template
from recommender.ranking.values import Pick, Reason
from recommender.settings import Settings
from recommender.story_text import Image

RECIPIENT = "reader@example.com"
STORIES = {
    "1": StoryContent(
        title="Five generations of chips, one core",
        summary="The core hardly changed in eight years. Memory and the links around it did, and "
        "most of the gain came from there. What that means for who buys them next is said here.",
        takeaway="Buy links and memory; the core will be the same.",
        insights=("Most of the gain came from packaging.", "The compiler did the rest."),
        practice=("Profile before asking for silicon.", "Keep kernels in a compiler's form."),
        code_references=("openxla/xla", "jax-ml/jax"),
        url="https://www.example.org/chips?id=1&page=2",
        source="The Example Review",
        curator="The Desk",
        published_at="2026-11-19T08:00:00+00:00",
        topics=("Chips",),
        image=Image("https://www.example.org/chip.jpg", "A chip on a table", 1200, 630),
    ),
    "2": StoryContent(title="A title alone, without text or link"),
    "3": StoryContent(
        title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk und mehr",
        summary="https://www.example.org/" + "a-very-long-path/" * 12,
        url="https://www.example.org/" + "a" * 400,
        source="Zeitschrift für Technik",
        language="de",
    ),
    "4": StoryContent(
        title="光と計算 🙂 — 三色のビーム", summary="光で行列を掛ける。" * 20, language="ja",
        url="https://www.example.org/ja", source="例",
    ),
    "5": StoryContent(
        title="שלום & עולם", summary="טקסט מימין לשמאל. " * 12, language="he",
        url="https://www.example.org/he", takeaway="לקח אחד.",
    ),
    "6": StoryContent(
        title="1 < 2 & 3 > 2, “quoted” and 'so'",
        summary="Where a < b & c > d, 50 % of \"it\" is text & nothing else. " * 3,
        principles=("Escape everything.",),
        url="https://www.example.org/tags", source="<Safe> & Sound",
    ),
}  # fmt: skip
NOTE = """# From the desk

We are **back** from [the workshop](https://www.example.org/workshop), with *three* findings:

- one that is short
- one that is rather longer, so that it fills more than a single line on a narrow phone
- `code`, too

> A quotation.
"""
EDITS = EditionEdits(
    notes={None: NOTE, "few": "A second note, for a few."},
    sponsors={
        1: SponsorContent(
            "Example & Sons",
            "We make things > that < last.",
            "https://www.example.org/?a=1&b=2",
            "https://www.example.org/sponsor.png",
            "A thing that lasts",
        )
    },
)


@dataclass(frozen=True)
class Specimen:
    """One copy to try a template on: what is in it, and whose it would be."""

    name: str
    whose: str
    stories: Sequence[str]
    reader: ReaderView

    def request(self) -> CopyRequest:
        """The copy; it belongs to no delivery."""
        reasons = (
            *(Reason("topic", one, 0.7) for one in list(self.reader.topics)[:1]),
            *(Reason("role", one, 0.3) for one in self.reader.roles[:1]),
        )
        picks = [Pick(key, at, 1 / at, reasons) for at, key in enumerate(self.stories, 1)]
        return CopyRequest(delivery_id=0, recipient=RECIPIENT, picks=picks, reader=self.reader)


SPECIMENS = (
    Specimen(
        "everything there is, in English",
        "Mina, a CTO",
        ("1", "3", "6", "4", "5", "2"),
        ReaderView("Mina", "en", ("CTO",), {"Chips": 3.0}, ("few",), 1),
    ),
    Specimen(
        "two stories, in German",
        "Jörg, an engineer",
        ("1", "3"),
        ReaderView("Jörg", "de", ("Engineer",), {}, (), 1),
    ),
    Specimen(
        "one story, nothing known of the reader",
        "A reader we know nothing of",
        ("1",),
        ReaderView(),
    ),
    Specimen("a title alone", "Ada, an investor", ("2",), ReaderView("Ada", "en", ("Investor",))),
    Specimen(
        "right to left first",
        "Noa, a researcher",
        ("5", "4"),
        ReaderView("Noa", None, ("Researcher",), {"Optics": 2.0}),
    ),
    Specimen(
        "twenty stories",
        "Kim, a product manager",
        ("1", "6", "3", "4") * 5,
        ReaderView("Kim", "en", ("Product Manager",), {"AI Strategy": 3.0}, sponsor=1),
    ),
)


def factory(settings: Settings, template: Template, now: datetime) -> MessageFactory:
    """What makes the specimens with a template."""
    return messages.make_factory(
        samples.presentable(settings),
        newsletter=settings.newsletter,
        period=schedule.period_of(now.astimezone(settings.zone).date(), settings.schedule),
        template=template,
        stories=STORIES,
        edits=EDITS,
    )


def pages(settings: Settings, template: Template, now: datetime) -> list[tuple[str, str, Rendered]]:
    """Every specimen: what is in it, whose it would be, the copy. ConfigurationError when the
    template asks for what is not there."""
    made = factory(settings, template, now)
    return [(one.name, one.whose, made.page(one.request())) for one in SPECIMENS]


def check(
    settings: Settings, template: Template, now: datetime
) -> list[tuple[str, conformance.Finding]]:
    """Everything that is wrong with the specimens, those that must not be first, each rule once."""
    made = factory(settings, template, now)
    found: dict[tuple[str, str], tuple[str, conformance.Finding]] = {}
    for one in SPECIMENS:
        message = made.message(one.request(), now)
        for finding in conformance.check(message.data, recipient=RECIPIENT, now=now):
            found.setdefault((finding.rule, finding.level), (one.name, finding))
    return sorted(found.values(), key=lambda item: (item[1].level != "must", item[1].rule))
