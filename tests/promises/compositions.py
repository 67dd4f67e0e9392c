"""Copies as life composes them: real briefs beside stories in many scripts, with pictures, long
words, a note and a sponsor, for readers in two languages; and first issues.

By hand, as many as wanted, of whatever articles there are beside the samples:

    python -m tests.promises.compositions 1000 [ARTICLES...]
"""

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer import conformance
from mailer.delivery import campaign, messages
from mailer.delivery.messages import CopyRequest
from mailer.edition import edition_edits, planning, welcome
from mailer.edition.edition_ranker import EditionRankers
from mailer.mime import parsing
from recommender import resources, settings, store_opening
from recommender.articles import import_files
from recommender.articles import intake as article_intake
from recommender.models import (
    Delivery,
    DeliveryState,
    Edition,
    EditionEditKind,
    Sponsor,
    Subscriber,
)
from recommender.settings import Settings
from recommender.storage import database
from recommender.subscribers import fields, intake, self_service

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PERIOD = "2026-W48"
LARGEST_HTML = 80_000

TEXTS: dict[str, tuple[str, ...]] = {
    "en": (
        "Memory moved closer to the chips, and the bill for power fell by a fifth.",
        "Half of the outages began with a change that nobody had read twice.",
    ),
    "de": (
        "Die Wärmeübertragungsflächenberechnung dauert Wochen; Überschläge genügen selten.",
        "Das Bundesverfassungsgericht prüft die Vorratsdatenspeicherungsrichtlinie „erneut“.",
    ),
    "ja": (
        "光回路は消費電力を五分の一に減らし、到達距離を百メートルまで延ばした。",
        "記憶装置は計算機から離れて置かれるようになる。設計はまず配線から始まる。",
    ),
    "zh": ("新的互连技术把每比特的功耗降到五分之一，机房的布局因此改变。", "先看供电，再看芯片。"),
    "ko": ("광 연결은 비트당 전력을 크게 줄이고 서버의 배치를 바꾼다.",),
    "ar": (
        "انتقلت الذاكرة بعيدًا عن المعالج، وانخفض استهلاك الطاقة بنسبة 20٪ في TPU الجديدة.",
        "هل يكفي التبريد بالهواء؟ لا، إلا في القاعات الصغيرة.",
    ),
    "he": (
        "הזיכרון מתרחק מן השבב, וצריכת החשמל יורדת בחמישית (20%) בדור v6.",
        "מי שמתכנן אולם חדש מתחיל מן החשמל ולא מן השבבים.",
    ),
    "fa": ("حافظه از تراشه دور می‌شود و مصرف برق کم می‌شود.",),
    "hi": ("ऑप्टिकल कड़ियाँ बिजली की खपत को पाँचवें हिस्से तक घटाती हैं।",),
    "th": ("การเชื่อมต่อด้วยแสงลดการใช้พลังงานและเปลี่ยนการวางเครื่องแม่ข่าย",),
    "ru": ("Оптические линии снижают расход энергии и меняют план зала.",),
    "und": (
        "🚀🚀 Schnell? 👩🏽‍🔬👨‍👩‍👧‍👦 und 🏳️‍🌈 bleiben ganz; e\u0301 und ﷽ auch.",
        "a" * 180 + " " + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamte" * 3,
        'At 3 < 4 & 5 > 4, "quotes", back\\slashes, 50 % = half, =?utf-8?q?x?= and\nFrom here',
        "https://example.org/" + "a-very-long-path/" * 15,
    ),
}
TOPICS = ("TPU Development", "AI Strategy", "Neural Software", "Data Engineering", "Observability")
ROLES = ("CTO", "Data Engineer", "Investor", "Product Manager", "Tech Journalist")
NAMES = (
    *("", "Mina Okafor", "Jörg Weiß", "山田 太郎", "محمد العربي", "שרה כהן", "🚀", "x" * 120),
    *("O'Neil & <Sons>", "Maximiliane-Charlotte Donaudampfschifffahrtsgesellschaft", "a,b;c"),
)
NOTE = """# مرحبًا · 你好 · Grüße 🙂

We are back, with [a list](https://example.org/list?a=1&b=2), **three** findings and `code`:

- شيء قصير
- 一つの長い説明がここに続きます
- Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz

> Ein Zitat.
"""


@dataclass
class Seen:
    """What was found in how many copies."""

    copies: int = 0
    welcomes: int = 0
    largest_html: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    directions: Counter[str] = field(default_factory=Counter)
    findings: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def stories(chance: random.Random, number: int) -> Iterator[dict[str, Any]]:
    """Articles of which each is of another kind: scripts, lengths, pictures, parts."""

    def text(tag: str, sentences: int) -> str:
        return " ".join(chance.choice(TEXTS[tag]) for _ in range(sentences))

    for n in range(number):
        tag = chance.choice(list(TEXTS))
        other = chance.choice(list(TEXTS)) if chance.random() < 0.3 else tag
        article: dict[str, Any] = {
            "id": f"story-{n}",
            "title": f"{n}: {text(tag, 1)[: chance.choice((20, 60, 400))]}",
            "url": chance.choice(
                (f"https://example.org/{n}", f"https://münchen.example/{n}/ü?q=1&r=ä b", "")
            ),
            "summary": text(other, chance.randint(0, 9)),
            "topics": chance.sample(TOPICS, chance.randint(1, 3)),
            "roles": chance.sample(ROLES, chance.randint(0, 2)),
            "source": chance.choice(("", "The Review", "日経", "صحيفة", "x" * 90, "A & B > C")),
            "curator": chance.choice(("", "The Desk")),
            "published_at": (NOW - timedelta(hours=chance.randint(1, 400))).isoformat(),
        }
        if tag != "und" and chance.random() < 0.8:
            article["language"] = tag
        if chance.random() < 0.7:
            article["takeaway"] = text(other, chance.randint(1, 4))
        for name in ("insights", "principles", "practice", "code_references"):
            if chance.random() < 0.4:
                article[name] = [text(other, 1) for _ in range(chance.randint(1, 6))]
        if chance.random() < 0.6:
            article["image"] = {
                "url": f"https://example.org/{n}.jpg?w=1&h=2",
                "alt": chance.choice(("", text(tag, 1))),
                "width": chance.choice((200, 640, 4000)),
                "height": chance.choice((90, 400, 9000)),
            }
        if not (article["summary"] or article["url"]):
            article["url"] = f"https://example.org/{n}"
        yield article


def readers(chance: random.Random, number: int) -> list[dict[str, Any]]:
    """Readers of whom each asked for something else."""
    return [
        {
            "email": f"reader{n}@example.{chance.choice(('com', 'org'))}",
            "name": chance.choice(NAMES),
            "roles": chance.sample(ROLES, chance.randint(0, 2)),
            "topics": {name: chance.choice((1, 2, 3)) for name in chance.sample(TOPICS, 3)},
            "locale": chance.choice(("en", "de", "de-AT", "ja", None)),
        }
        for n in range(number)
    ]


def fill(engine: Engine, home: Path, copies: int, extra: Sequence[Path] = ()) -> Settings:
    """A store with articles, readers of whom every fifth has just confirmed, a note, a sponsor;
    the settings it is sent with."""
    chance = random.Random(7)
    made = home / "made.jsonl"
    made.write_text("".join(json.dumps(one) + "\n" for one in stories(chance, 120)))
    found = import_files.drafts([resources.folder("sample") / "briefs", made, *extra], NOW)
    article_intake.import_articles(lambda: database.writing(engine), found, now=NOW)
    rows = [fields.draft(n, one) for n, one in enumerate(readers(chance, copies))]
    confirmed = rows[::5]
    others = [row for row in rows if row not in confirmed]
    intake.import_rows(lambda: database.writing(engine), others, file="readers", now=NOW)
    with database.writing(engine) as session:
        for row in confirmed:
            reader = self_service.request(session, row, now=NOW, proof={})
            assert reader is not None
            self_service.confirm(session, reader, now=NOW, proof={})
    values = settings.load(environment={"NEWSLETTER_SECRET_KEY": "sixteen characters"})
    wanted = values.replace(
        home=home, database_url=engine.url.render_as_string(False), title="Straße & Söhne 光",
        tagline="שבבים, 光, und mehr", footer="Ein Satz & mehr.", picks=7,
        imprint_url="https://example.org/imprint", privacy_url="https://example.org/privacy",
    )  # fmt: skip
    with database.writing(engine) as session:
        newsletter = planning.newsletter_of(session, wanted)
        for period in (PERIOD, f"welcome-{PERIOD}"):
            edition_edits.make(
                session, newsletter, period, EditionEditKind.NOTE, NOTE, by="editor", now=NOW
            )
        session.add(
            Sponsor(
                newsletter_id=newsletter.id, name="Acme & سنز", text=TEXTS["ar"][0] * 3,
                url="https://example.org/?a=1&b=2", image_url="https://example.org/s.png",
                image_alt="光 & 影", first_day=NOW.date(), made_by="editor", made_at=NOW,
            )
        )  # fmt: skip
    return wanted


def check(engine: Engine, settings: Settings) -> Seen:
    """Plan an edition and the first issues, make every copy, and hold it against the rules."""
    welcomed = welcome.plan(engine, settings, EditionRankers(engine), NOW)
    planned = campaign.plan(engine, settings, period=PERIOD, now=NOW)
    seen = Seen()
    with database.reading(engine) as session:
        for edition_id in (welcomed, planned):
            edition = session.get_one(Edition, edition_id)
            factory = messages.factory(session, settings, edition)
            query = (
                sa.select(Delivery, Subscriber.email)
                .join(Subscriber)
                .where(Delivery.edition_id == edition_id, Delivery.state == DeliveryState.PLANNED)
            )
            for delivery, email in session.execute(query):
                message = factory.message(CopyRequest.of_delivery(delivery, email), NOW)
                seen.welcomes += edition_id == welcomed
                _look(seen, message.data, email)
    return seen


def _look(seen: Seen, data: bytes, email: str) -> None:
    parsed = parsing.parse_message(data, recipient=email, now=NOW)
    seen.copies += 1
    seen.largest_html = max(seen.largest_html, len(parsed.html.encode()))
    seen.languages["de" if 'lang="de"' in parsed.html[:200] else "en"] += 1
    seen.directions.update(("rtl",) * ('dir="rtl"' in parsed.html))
    for one in conformance.check(data, recipient=email, now=NOW):
        seen.findings[one.rule, one.level, one.what[:200]] += 1


def main() -> None:
    """Say what was found in so many copies."""
    copies, extra = int(sys.argv[1]), [Path(one) for one in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        engine = store_opening.open_store(
            f"sqlite:///{home / 'newsletter.db'}", newsletter="weekly", now=NOW, make=True
        )
        seen = check(engine, fill(engine, home, copies, extra))
        engine.dispose()
    print(  # noqa: T201
        f"{seen.copies} copies, {seen.welcomes} first issues, {dict(seen.languages)}, "
        f"{seen.directions['rtl']} with text right to left; HTML at most {seen.largest_html:,} "
        f"bytes; {len(conformance.RULES)} rules, {sum(seen.findings.values())} findings"
    )
    for (rule, level, what), number in seen.findings.most_common(40):
        print(f"{number:6} {level} {rule}: {what}")  # noqa: T201


if __name__ == "__main__":
    main()
