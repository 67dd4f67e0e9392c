"""The checker: silent on a good message, and each fault wakes its rule."""

import re
from datetime import datetime

import pytest

from mailer import conformance, copies, rendering
from mailer.composition import ReaderView, StoryContent
from recommender import resources, settings
from recommender.ranking.values import Pick, Reason


@pytest.fixture(scope="module")
def good() -> bytes:
    """A copy as it would be sent."""
    press = copies.make_press(
        settings.load(environment={"NEWSLETTER_SECRET_KEY": "sixteen characters"}),
        newsletter="weekly",
        period="2026-W48",
        template=rendering.compile_template(resources.folder("templates") / "email"),
        stories={
            str(n): StoryContent(
                title=f"Story {n} – with “quotes”",
                summary="What happened, in a sentence.",
                takeaway="What it means.",
                practice=("Do this.", "Do that."),
                url=f"https://www.example.com/{n}",
            )
            for n in range(1, 7)
        },
    )
    picks = [Pick(str(n), n, 1.0, (Reason("topic", "Data", 1.0),)) for n in range(1, 7)]
    issue = press.compose(1, picks, ReaderView(name="R", roles=("CTO",), topics={"Data": 2.0}))
    now = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
    rendered = press.renderer.render(issue)
    return press.wrap(1, "reader@example.com", issue, rendered, now).data


def test_a_good_message_has_no_findings(good: bytes) -> None:
    assert conformance.check(good, recipient="reader@example.com") == []


FAULTS = [
    ("line ends", rb"\r\nSubject: ", b"\nSubject: "),
    ("line length", rb"\r\nSubject: ", b"\r\nX-Long: " + b"x" * 1000 + b"\r\nSubject: "),
    ("ASCII headers", rb"\r\nSubject: ", b"\r\nX-A: \xc3\xa9\r\nSubject: "),
    ("headers stand once", rb"\r\nSubject: ", b"\r\nSubject: x\r\nSubject: "),
    ("headers stand once", rb"\r\nDate: [^\r]*", b""),
    ("headers stand once", rb"\r\nSubject: ", b"\r\nBcc: x@example.org\r\nSubject: "),
    ("date", rb"\r\nDate: [^\r]*", b"\r\nDate: yesterday"),
    ("Message-ID", rb"(?i)\r\nMessage-ID: [^\r]*", b"\r\nMessage-ID: <x>"),
    ("encoded words", rb"\r\nSubject: ", b"\r\nSubject: =?utf-8?b?eA==?==?utf-8?b?eA==?= "),
    ("subject", rb"\r\nSubject: [^\r]*(\r\n [^\r]*)*", b"\r\nSubject: Re: hello"),
    ("one-click", rb"List-Unsubscribe: <https", b"List-Unsubscribe: <http"),
    ("one-click", rb"List-Unsubscribe=One-Click", b"List-Unsubscribe=Yes"),
    ("opaque", rb"(List-Unsubscribe: <https://[^>]*)", rb"\1?r=reader@example.com"),
    ("List-Id", rb"\r\nList-Id: [^\r]*(\r\n [^\r]*)*", b"\r\nList-Id: weekly"),
    ("alternatives", rb"Content-Type: text/plain", b"Content-Type: text/csv"),
    ("parts decode", rb"charset=utf-8", b"charset=latin-1"),
    ("clipped", rb"</body>", b"x" * 70 + b"=\r\n" + (b"x" * 70 + b"=\r\n") * 1500 + b"</body>"),
    ("templates are filled", rb"</body>", b"J00001X</body>"),
    ("visible unsubscribe", rb"(List-Unsubscribe: <https://[^>]*)", rb"\1x"),
    ("links go to the web", rb"</body>", b'<a href=3D"javascript:x">x</a></body>'),
    ("links use TLS", rb"</body>", b'<a href=3D"http://x.org/">x</a></body>'),
    ("same links", rb"</body>", b'<a href=3D"https://x.org/">x</a></body>'),
    ("tags balance", rb"</body>", b"<div></body>"),
    ("nothing active", rb"</body>", b"<script>x</script></body>"),
    ("nothing active", rb"</body>", b'<p onclick=3D"x">x</p></body>'),
    ("language", rb'<html lang=3D"en"', b"<html"),
    ("layout tables", rb"</body>", b"<table></table></body>"),
    ("images", rb"</body>", b'<img src=3D"https://x.org/i.png"></body>'),
    ("headings", rb"</body>", b"<h1>x</h1></body>"),
    ("headings", rb"</body>", b"<h4>x</h4></body>"),
    ("conditional comments", rb"</body>", b"<!--[if mso]></body>"),
]


@pytest.mark.parametrize(
    ("rule", "pattern", "fault"), FAULTS, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(FAULTS)]
)
def test_each_fault_wakes_its_rule(good: bytes, rule: str, pattern: bytes, fault: bytes) -> None:
    broken, found = re.subn(pattern, fault, good, count=1)
    assert found == 1
    assert any(rule in finding.rule for finding in conformance.check(broken))


def test_a_copy_for_somebody_else_is_noticed(good: bytes) -> None:
    findings = conformance.check(good, recipient="other@example.com")
    assert any("the one recipient" in finding.rule for finding in findings)
