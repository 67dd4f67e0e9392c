"""Render and message per reader, against the obvious way: MJML for each reader, then EmailMessage.

    python benchmarks/message.py [COPIES]

The obvious way fills the MJML source with Jinja2, compiles it, and lets the standard library's
EmailMessage write the bytes. Both make the same COPIES (default 500) of a six-story issue, in the
same run, one thread. Then the messages alone: ours against EmailMessage, and signed with RSA-2048
against dkimpy.
"""

import dataclasses
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import dkim as dkimpy
import jinja2
import mjml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailer.delivery import messages
from mailer.delivery.messages import CopyRequest
from mailer.edition import snapshot
from mailer.issue.cards import Issue
from mailer.issue.composition import Composer, ReaderView
from mailer.issue.content import StoryContent
from mailer.ledger.claims import Claim
from mailer.mime.dkim import Signer
from mailer.mime.message import Identity, build
from mailer.rendering import sources, templates
from mailer.rendering.look import look
from mailer.rendering.templates import Rendered
from recommender import resources, settings
from recommender.ranking.values import Pick, Reason
from recommender.storage import json_columns
from tests.mailer.rendered import Renderer

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FOLDER = resources.folder("templates") / "email"
WORDS = "The gain is not only density: chips that stay cool hold their clock for a whole run. "
STORIES = {
    str(number): StoryContent(
        title=f"Story {number}: why accelerator pods moved to liquid cooling",
        summary=WORDS * 4,
        takeaway=WORDS * 2,
        practice=(WORDS, WORDS),
        insights=(WORDS,),
        url=f"https://www.example.com/stories/{number}",
        source="Sample Silicon Review",
    )
    for number in range(1, 7)
}
PICKS = [Pick(key, int(key), 1.0, (Reason("topic", "TPU Development", 1.0),)) for key in STORIES]
KEPT = json_columns.dump([snapshot.pick_document(pick) for pick in PICKS])
SHOWN = json_columns.dump(
    {"name": "Reader", "roles": ["Hardware Engineer"], "topics": {"TPU Development": 3.0}}
)
READER = ReaderView(name="Reader", roles=("Hardware Engineer",), topics={"TPU Development": 3.0})


def by_the_library(text: str, html: str, issue: Issue, number: int) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "The Weekly Brief <newsletter@newsletter.example.org>"
    message["To"] = f"reader{number}@example.com"
    message["Subject"] = issue.subject
    message["Message-ID"] = f"<{number}@newsletter.example.org>"
    message["List-Unsubscribe"] = f"<{issue.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def obvious(template: jinja2.Template, text: str, issue: Issue, number: int) -> bytes:
    html = mjml.mjml2html(template.render(issue=issue), disable_comments=True, fonts={})
    return by_the_library(text, html, issue, number)


def messages_alone(identity: Identity, issues: list[Issue], rendered: list[Rendered]) -> None:
    """Ours beside the standard library's, then both signed."""
    key = rsa.generate_private_key(65537, 2048)
    signing = dataclasses.replace(identity, signers=(Signer(identity.domain, "s", key),))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )

    def ours(which: Identity) -> None:
        for n, (issue, page) in enumerate(zip(issues, rendered, strict=True)):
            build(
                which,
                delivery_id=n,
                recipient=f"reader{n}@example.com",
                subject=issue.subject,
                html=page.html,
                text=page.text,
                unsubscribe_url=issue.unsubscribe_url,
                now=NOW,
            )

    def theirs(signed: bool) -> None:
        for n, (issue, page) in enumerate(zip(issues, rendered, strict=True)):
            data = by_the_library(page.text, page.html, issue, n)
            if signed:
                dkimpy.sign(data, b"s", identity.domain.encode(), pem)

    pairs: tuple[tuple[str, Callable[[], None], Callable[[], None]], ...] = (
        ("message alone, against EmailMessage", lambda: ours(identity), lambda: theirs(False)),
        ("signed, against that and dkimpy", lambda: ours(signing), lambda: theirs(True)),
    )
    for name, fast, slow in pairs:
        seconds = []
        for way in (fast, slow):
            started = time.perf_counter()
            way()
            seconds.append((time.perf_counter() - started) / len(issues))
        print(
            f"{name}: {seconds[0] * 1e3:.2f} ms against {seconds[1] * 1e3:.2f} ms, "
            f"{seconds[1] / seconds[0]:.1f} times as fast"
        )


def main(number: int) -> None:
    factory = messages.make_factory(
        settings.load(environment={"NEWSLETTER_SECRET_KEY": "a secret of some length"}),
        newsletter="weekly",
        period="2026-W48",
        template=templates.compile_template(FOLDER),
        stories=STORIES,
    )
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.globals["_"] = str  # English
    template = environment.from_string(
        sources.assembled(FOLDER / "weekly.mjml").with_look(look()).text
    )
    issues = [
        Composer(factory.publication, STORIES, factory.links).compose(READER, PICKS, key)
        for key in range(number)
    ]
    renderer = Renderer(templates.compile_template(FOLDER))

    started = time.perf_counter()
    slow_bytes = sum(
        len(obvious(template, renderer.text(issue), issue, n)) for n, issue in enumerate(issues)
    )
    slow = (time.perf_counter() - started) / number

    claims = [Claim(n, n, n, f"reader{n}@example.com", KEPT, SHOWN, 0) for n in range(number)]
    started = time.perf_counter()
    fast_bytes = sum(
        len(factory.message(CopyRequest.of_claim(claim), NOW).data) for claim in claims
    )
    fast = (time.perf_counter() - started) / number
    print(f"MJML and EmailMessage per reader: {slow * 1e3:.2f} ms ({slow_bytes // number:,} bytes)")
    print(f"newsletter, composing included:   {fast * 1e3:.2f} ms ({fast_bytes // number:,} bytes)")
    print(f"ratio: {slow / fast:.1f} times as fast")
    rendered = [renderer.render(issue) for issue in issues[:200]]
    messages_alone(factory.identity, issues[:200], rendered)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 500)
