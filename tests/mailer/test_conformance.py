"""The checker: silent on good messages however unusual, and each fault wakes its rule."""

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailer import conformance
from mailer.delivery import messages
from mailer.issue.composition import ReaderView
from mailer.issue.content import StoryContent
from mailer.mime import message
from mailer.mime.dkim import Signer
from mailer.mime.message import Identity
from mailer.rendering import templates
from recommender import resources, settings
from recommender.ranking.values import Pick, Reason

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
READER = "reader@example.com"
URL = "https://news.example.org/unsubscribe/AQG8xtnSkw7BstaQFDyzzGKG"
IDENTITY = Identity(
    from_name="The Weekly Brief",
    from_address="letters@news.example.org",
    reply_to=None,
    envelope_from="bounces@news.example.org",
    list_id="weekly.news.example.org",
    list_name="The Weekly Brief",
    edition="weekly-2026-W48",
    secret=b"a secret",
    signers=(
        Signer("news.example.org", "e", ed25519.Ed25519PrivateKey.generate()),
        Signer("example.org", "r", rsa.generate_private_key(65537, 2048)),
    ),
)
PAGE = (
    '<!doctype html><html lang="en" dir="ltr"><head><title>A subject</title>'
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark">'
    '<meta name="supported-color-schemes" content="light dark">'
    "<style>:root { color-scheme: light dark }</style></head><body>"
    '<div style="display:none">What the list of mails shows behind the subject line.</div>'
    '<div role="article" lang="en" dir="ltr">'
    '<!--[if mso]><table role="presentation"><tr><td><![endif]-->'
    '<table role="presentation"><tr><td><h1>A story</h1><p>It has some words.</p>'
    f'<a href="{URL}">Unsubscribe</a></td></tr></table>'
    "<!--[if mso]></td></tr></table><![endif]--></div></body></html>\n"
)
TEXT = f"A story\n\nIt has some words. {'More of them follow. ' * 2}\n{'And more. ' * 7}\n\n{URL}\n"


def made(identity: Identity = IDENTITY, **changes: str) -> bytes:
    """A small message of our own that keeps all rules."""
    values = {"recipient": READER, "subject": "A subject", "html": PAGE, "text": TEXT} | changes
    return message.build(identity, delivery_id=1, unsubscribe_url=URL, now=NOW, **values).data


def page(old: str, new: str) -> Callable[[], bytes]:
    """The same with another page."""
    assert old in PAGE
    return lambda: made(html=PAGE.replace(old, new))


def raw(pattern: str, new: str) -> Callable[[], bytes]:
    """The same, unsigned, with other bytes."""

    def change() -> bytes:
        changed, found = re.subn(pattern.encode(), new.encode(), UNSIGNED, count=1)
        assert found == 1
        return changed

    return change


UNSIGNED = made(dataclasses.replace(IDENTITY, signers=()))


@pytest.fixture(scope="module")
def sent() -> bytes:
    """A copy as it would be sent."""
    factory = messages.make_factory(
        settings.load(environment={"NEWSLETTER_SECRET_KEY": "sixteen characters"}),
        newsletter="weekly",
        period="2026-W48",
        template=templates.compile_template(resources.folder("templates") / "email"),
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
    request = messages.CopyRequest(
        delivery_id=1,
        recipient=READER,
        picks=picks,
        reader=ReaderView(name="R", roles=("CTO",), topics={"Data": 2.0}),
    )
    return factory.message(request, NOW).data


def test_a_story_that_speaks_of_templates_breaks_no_rule_that_must_hold() -> None:
    told = f'<a href="{URL}" aria-label="Read: why {{{{ x }}}}">Read on</a>'
    found = conformance.check(made(html=PAGE.replace("</p>", f"</p>{told}", 1)), recipient=READER)
    assert [(one.rule, one.level) for one in found] == [("templates show no syntax", "should")]


def test_a_copy_as_it_is_sent_has_no_findings(sent: bytes) -> None:
    assert conformance.check(sent, recipient=READER, now=NOW) == []


def by_the_standard_library() -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Brief <a@example.org>", READER, "A subject"
    mail["Date"], mail["Message-ID"] = NOW, "<1.2@mail.example.org>"
    mail["List-Unsubscribe"] = f"<{URL}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["List-Id"] = "<weekly.example.org>"
    mail.set_content(TEXT)
    mail.add_alternative(PAGE, subtype="html", cte="base64")
    return mail.as_bytes()


HEAD = r"^(?=From: )"
SIZE = f"Größe und Gewicht: {'ß' * 50}"
PICTURE = '<img src="https://a.org/i.png" alt="Leave" width="9"/>'
TRACE = "Received: by mx.example.com;\r\n\tTue, 24 Nov 2026 09:00:01 +0000\r\n"
HELP = "List-Help: <https://news.example.org/help>\r\nList-Post: NO\r\n"
OLD = "<!--[if !mso]><!-- --><i>x</i><!-- <![endif]--><!--[if (gte mso 9)|(IE)]></td>"
UNUSUAL: dict[str, Callable[[], bytes]] = {
    "signed twice": made,
    "unsigned": lambda: UNSIGNED,
    "written by another library": by_the_standard_library,
    "an international recipient": lambda: made(recipient="jörg@exämple.com"),
    "in Japanese": lambda: made(
        text=TEXT.replace("them", "演算装置"), html=PAGE.replace("some words", "漢字 " * 300)
    ),
    "right to left": lambda: made(
        html=PAGE.replace('lang="en" dir="ltr"', 'lang="ar-EG" dir="rtl"')
    ),
    "a long subject": lambda: made(subject=SIZE, html=PAGE.replace("A subject", SIZE)),
    "an emoji in the subject": lambda: made(subject="😀", html=PAGE.replace("A subject", "😀")),
    "a quoted name": lambda: made(dataclasses.replace(IDENTITY, from_name='R. "D." Brief, Inc.')),
    "an encoded name": lambda: made(dataclasses.replace(IDENTITY, from_name="Büchner & Töchter")),
    "an address to answer to": lambda: made(dataclasses.replace(IDENTITY, reply_to="a@b.org")),
    "trace fields": raw(HEAD, TRACE),
    "a field of the sender's own": raw(HEAD, "X-Campaign: weekly\r\n"),
    "names in capitals": raw("Subject:", "SUBJECT:"),
    "a date with a comment": raw(r"(Date: .*)\r", r"\1 (UTC)\r"),
    "a date without a day": raw("Date: Tue, ", "Date: "),
    "a list of two ways": raw("<https://news.*>", f"<mailto:x@example.org>,\r\n\t<{URL}>"),
    "more about the list": raw(HEAD, HELP),
    "a field folded by a tab": raw("List-Id: The", "List-Id: The\r\n\t"),
    "text around the parts": raw(r"\r\n\r\n--=", "\r\n\r\nA preamble\r\n\r\n--="),
    "a title over two lines": lambda: made(text=TEXT.replace("A story", "A\nstory")),
    "a link in brackets": lambda: made(
        html=PAGE.replace("</p>", '</p><a href="https://a.org/b_(c)?d=e&amp;f=%20#g">A source</a>'),
        text=TEXT + "(<https://a.org/b_(c)?d=e&f=%20#g>)\n",
    ),
    "a linked picture": page("</p>", f'</p><a href="{URL}">{PICTURE}</a>'),
    "a picture for decoration": page("</p>", f"</p>{PICTURE.replace('Leave', '')}"),
    "one place named twice": page("</p>", f'</p><a href="{URL}">Unsubscribe</a>'),
    "a label for screen readers": page('">Uns', '" aria-label="Leave the list">Uns'),
    "more headings": lambda: made(
        html=PAGE.replace("</p>", "</p><h2>B</h2><h3>C</h3><h2>D</h2>"), text=TEXT + "B\nC\nD\n"
    ),
    "an older condition": page("<!--[if mso]></td>", OLD),
    "a padded preheader": page("subject line.", "subject line." + "&#847;&zwnj;&nbsp;" * 90),
    "none in a sentence": page("It has", "None of it is nan or undefined, it has"),
    "upper case tags": page("<p>It has some words.</p>", "<P>It has <B>some</B> words.<BR></P>"),
    "no text size of its own": page("<p>", '<p style="font-size:12px">'),
}  # fmt: skip


@pytest.mark.parametrize("variant", UNUSUAL)
def test_what_is_unusual_and_valid_has_no_findings(variant: str) -> None:
    assert conformance.check(UNUSUAL[variant](), now=NOW) == []


def test_a_story_about_templates_is_no_broken_template() -> None:
    title = "Why {{ braces }} and %s: a subject"
    data = made(subject=title, html=PAGE.replace("A subject", title))
    assert {finding.level for finding in conformance.check(data)} == {"should"}


def signed(old: str, new: str) -> Callable[[], bytes]:
    """Signed, and a tag of the signature changed after."""

    def change() -> bytes:
        changed, found = re.subn(old.encode(), new.encode(), made(), count=1)
        assert found == 1
        return changed

    return change


LONG = "x" * 1000
FAULTS: list[tuple[str, Callable[[], bytes]]] = [
    ("line ends", raw("\r\nSubject: ", "\nSubject: ")),
    ("line ends", raw("It has", "It \0has")),
    ("line length", raw(HEAD, f"X-Long: {LONG}\r\n")),
    ("are folded", raw("Subject: ", f"Subject: {'word ' * 20}")),
    ("ASCII headers", raw(HEAD, "X-A: é\r\n")),
    ("headers stand once", raw("\r\nSubject: ", "\r\nSubject: x\r\nSubject: ")),
    ("headers stand once", raw("\r\nDate: [^\r]*", "")),
    ("headers stand once", raw(HEAD, "Reply-To: <a@b.org>\r\nReply-To: <c@b.org>\r\n")),
    ("no field from elsewhere", raw(HEAD, "Bcc: x@example.org\r\n")),
    ("no field from elsewhere", raw(HEAD, "Evil: yes\r\n")),
    ("From is one mailbox", raw("From: ", "From: <a@b.org>, ")),
    ("From is one mailbox", raw("<letters@[^>]*>", "<letters@localhost>")),
    ("honest name", raw("From: The Weekly Brief ", "From: ")),
    ("honest name", raw("From: The Weekly Brief", 'From: "a@b.org"')),
    ("honest name", raw("From: The Weekly Brief", 'From: "Brief (3)"')),
    ("honest name", raw("From: The Weekly Brief", "From: =?utf-8?q?=E2=9C=94_Brief?=")),
    ("one recipient", raw("To: ", "To: <other@example.com>, ")),
    ("date", raw("\r\nDate: [^\r]*", "\r\nDate: yesterday")),
    ("date", raw("\\+0000", "GMT")),
    ("date", raw("2026 09", "2026 10")),
    ("date", raw("24 Nov 2026", "22 Nov 2026")),
    ("Message-ID", raw("Message-ID: [^\r]*", "Message-ID: <x>")),
    ("Message-ID", raw("Message-ID: [^\r]*", "Message-ID: <x@elsewhere.com>")),
    ("encoded words", raw("Subject: ", "Subject: =?utf-8?b?eA==?==?utf-8?b?eA==?= ")),
    ("encoded words", raw("Subject: ", "Subject: x=?utf-8?b?eA==?= ")),
    ("encoded words", raw("Subject: ", f"Subject: =?utf-8?q?{'x' * 70}?= ")),
    ("encoded words", raw("Subject: ", "Subject: =?utf-8?q?=C3?= =?utf-8?q?=A9?= ")),
    ("encoded words", raw("Subject: ", "Subject: =?iso-8859-1?q?x?= ")),
    ("encoded words", raw("<(https://news[^>]*)>", r"=?utf-8?q?=3C\1=3E?=")),
    ("encoded words", raw("To: <", "To: <=?utf-8?q?j=C3=B6rg?=")),
    ("3.6.5: subject", raw("Subject: [^\r]*", "Subject: Re: hello")),
    ("3.6.5: subject", raw("Subject: [^\r]*", "Subject: ")),
    ("3.6.5: subject", raw("Subject: [^\r]*", "Subject: =?utf-8?q?a=E2=80=AEb?=")),
    ("fits a screen", raw("Subject: [^\r]*", "Subject: BUY ALL OF IT")),
    ("fits a screen", raw("Subject: ", f"Subject: {'word ' * 12}\r\n {'word ' * 12}\r\n ")),
    ("one-click", raw("List-Unsubscribe: <https", "List-Unsubscribe: <http")),
    ("one-click", raw("List-Unsubscribe=One-Click", "List-Unsubscribe=Yes")),
    ("one-click", raw("List-Unsubscribe: <", "List-Unsubscribe: leave: <")),
    ("one-click", raw("List-Unsubscribe: <", "List-Unsubscribe: <https://a.org/b>, <")),
    ("one-click", raw("List-Unsubscribe-Post: .*\r\n", "")),
    ("opaque", raw("(List-Unsubscribe: <https://[^>]*)", r"\1?r=reader@example.com")),
    ("opaque", raw("(List-Unsubscribe: <https://[^>]*)", r"\1?r=reader%40example.com")),
    ("opaque", raw("(List-Unsubscribe: <https://[^>]*)", r"\1?r=cmVhZGVyQGV4YW1wbGUuY29t")),
    ("hard to forge", raw("(List-Unsubscribe: <https://)[^>]*", r"\1news.example.org/leave?id=12")),
    ("List-Id", raw("<weekly.news.example.org>", "weekly")),
    ("List-Id", raw("<weekly.news.example.org>", "<weekly.elsewhere.com>")),
    ("list links", raw(HEAD, "List-Post: <mailto:all@example.org>\r\n")),
    ("list links", raw(HEAD, "List-Help: http://example.org/\r\n")),
    ("Feedback-ID", raw("Feedback-ID: .*\r\n", "Feedback-ID: a:b:c\r\n")),
    ("Feedback-ID", raw("Feedback-ID: .*\r\n", "Feedback-ID: a:a:example\r\n")),
    ("what is signed", signed("h=[^;]*;", "h=from:from:to:to;")),
    ("what is signed", signed("c=relaxed/relaxed", "c=simple/simple")),
    ("what is signed", signed("a=ed25519-sha256", "a=rsa-sha1")),
    ("what is signed", signed("v=1;", "v=1; l=10;")),
    ("what is signed", signed("some words", "many words")),
    ("alignment", lambda: re.sub(rb"d=[a-z.]*example\.org", b"d=esp.com", made())),
    ("against additions", signed(r"h=from:to:", "h=to:")),
    ("structure", raw("MIME-Version: 1.0", "MIME-Version: 2.0")),
    ("structure", raw("multipart/alternative", "multipart/digest")),
    ("alternatives", raw("Content-Type: text/plain", "Content-Type: text/csv")),
    ("alternatives", lambda: made(text="\n")),
    ("parts decode", raw("charset=utf-8", "charset=latin-1")),
    ("parts decode", raw("Encoding: quoted-printable", "Encoding: x-uuencode")),
    ("parts decode", raw("It has", "It =FF has")),
    ("seven bits", raw("It has", "It é has")),
    ("quoted-printable", raw("It has", f"It{'x' * 80} has")),
    ("quoted-printable", raw("It has", "It =e9 has")),
    ("quoted-printable", raw("It has", "It \r\nhas")),
    ("boundaries", raw('boundary="', f'boundary="{LONG[:80]}')),
    ("boundaries", raw("(--=_[0-9a-f]*)--\r\n$", r"\1--\r\n\1\r\n")),
    ("boundaries", raw("--\r\n$", "\r\n")),
    ("clipped", page("some words", "some words " * 10_000)),
    ("leaves room", page("some words", "some words " * 7_800)),
    ("same links", page("</p>", '</p><a href="https://x.org/">x</a>')),
    ("same titles", page("<h1>A story", "<h1>Another story")),
    ("made for reading", lambda: made(text=TEXT + "word " * 30)),
    ("made for reading", lambda: made(text=f"A story\n{URL}\n")),
    ("no markup", lambda: made(text=TEXT + "Grid &amp; Rack\n")),
    ("no markup", lambda: made(text=TEXT + "<b>Rack</b>\n")),
    ("templates are filled", page("some words", "J00001X")),
    ("templates are filled", page("some words", "<mj-text>x</mj-text>")),
    ("templates are filled", page("</p>", "</p><p>None</p>")),
    ("templates are filled", lambda: made(text=TEXT + "nan\n")),
    ("templates are filled", page("</p>", f'</p><a href="{URL}" title="{{{{ x }}}}">y</a>')),
    ("show no syntax", page("some words", "{% if x %}")),
    ("visible unsubscribe", page(f'<a href="{URL}">Unsubscribe</a>', "")),
    ("visible unsubscribe", page('">Unsubscribe', '" style="display:none">Unsubscribe')),
    ("visible unsubscribe", lambda: made(text=TEXT.replace(URL, ""))),
    *(
        ("go to the web", page("</p>", f'</p><a href="{link}">x</a>'))
        for link in (
            *("javascript:x", "data:text/html,x", "#", "", "/path", "mailto:a@b.org"),
            *("https://1.2.3.4/", "https://[::1]/", "https://u@x.org/", "https://x.org:8080/"),
            *("https://x.org/a b", "https://x.org/é", "https://[x.org/", "//x.org/"),
        )
    ),
    ("links use TLS", page("</p>", '</p><a href="http://x.org/">x</a>')),
    ("tags balance", page("</p>", "</p><div>")),
    ("tags balance", page("</p>", "</p></div>")),
    ("one document", page("<!doctype html>", "")),
    ("one document", page("<body>", "<body><body>")),
    ("one document", page('<meta charset="utf-8">', "")),
    ("one document", page('<meta name="viewport"', "<meta")),
    ("nothing active", page("</p>", "</p><script>x</script>")),
    ("nothing active", page("<p>", '<p onclick="x">')),
    ("nothing active", page("<!--[if mso]><table", "<!--[if mso]><form></form><table")),
    ("language", page('<html lang="en"', "<html")),
    ("language", page('<html lang="en" dir="ltr"', '<html lang="en"')),
    ("title and article", page('role="article"', "")),
    ("title and article", page("<title>A subject", "<title>Another")),
    ("layout tables", page('<table role="presentation"><tr><td><h1>', "<table><tr><td><h1>")),
    ("layout tables", page('<!--[if mso]><table role="presentation">', "<!--[if mso]><table>")),
    ("images", page("</p>", '</p><img src="https://x.org/i.png" width="9">')),
    ("images", page("</p>", '</p><img src="data:image/png;base64,AA" alt="" width="9">')),
    ("images", page("</p>", f'</p><a href="{URL}">{PICTURE.replace("Leave", "")}</a>')),
    ("headings", page("</p>", "</p><h1>A story</h1>")),
    ("headings", page("</p>", "</p><h3>A story</h3>")),
    ("links have names", page(">Unsubscribe<", ">Click here<")),
    ("links have names", page(">Unsubscribe<", "><")),
    ("links have names", page("</p>", '</p><a href="https://x.org/">Unsubscribe</a>')),
    ("can be read", page("<p>", '<p style="color:red;font-size: 11px">')),
    ("dark mode", page('name="color-scheme"', "")),
    ("dark mode", page(":root", ".root")),
    ("conditional comments", page("<![endif]--></div>", "--></div>")),
    ("conditional comments", page("<!--[if mso]></td></tr></table>", "<!--[if mso]></td></tr>")),
    ("hidden text", page("What the list of mails shows behind", "Behind")),
    ("hidden text", page("What the list", "word " * 50)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "broken"), FAULTS, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(FAULTS)]
)
def test_each_fault_wakes_its_rule(rule: str, broken: Callable[[], bytes]) -> None:
    found = [finding.rule for finding in conformance.check(broken(), now=NOW)]
    assert any(rule in name for name in found), found


def test_there_is_a_fault_for_every_rule() -> None:
    unproven = [r.name for r in conformance.RULES if not any(rule in r.name for rule, _ in FAULTS)]
    assert unproven == []


def test_a_copy_for_somebody_else_is_noticed(sent: bytes) -> None:
    [finding] = conformance.check(sent, recipient="other@example.com")
    assert "the one recipient" in finding.rule
    [finding] = conformance.check(sent, now=NOW + timedelta(days=2))
    assert finding.what == "more than a day ago"


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"x", b"\xff\0" * 100, b"From: a\n\n<html", b":\r\n:"]
)
def test_what_is_no_message_at_all_is_only_full_of_findings(data: bytes) -> None:
    assert len(conformance.check(data)) > 10
