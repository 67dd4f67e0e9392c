"""Only a person's own words are read: no quotation, no signature, of whatever mail program."""

import pytest

from mailer.inbound import reply_text
from mailer.inbound.mime_parts import parse_message

QUOTATIONS = [
    "On Tue, 24 Nov 2026, News <n@example.org> wrote:\n> unsubscribe",
    "On Tuesday, 24 November 2026 at 09:00, A long name of a newsletter\n<n@example.org> wrote:"
    "\n\n> unsubscribe",
    "Am 24.11.2026 um 09:00 schrieb News:\n> Abmelden",
    "Le mar. 24 nov. 2026 à 09:00, News <n@example.org> a écrit :\n> stop",
    "-----Original Message-----\nunsubscribe",
    "----- Ursprüngliche Nachricht -----\nAbmelden",
    "________________________________\nFrom: News\nunsubscribe",
    "From: News <n@example.org>\nSent: Tuesday\n\nunsubscribe",
    "Von: News <n@example.org>\nGesendet: Dienstag\n\nAbmelden",
    "> unsubscribe\n> more",
    "-- \nAda\nreply STOP",
    "Sent from my iPhone\nstop",
    "Von meinem iPhone gesendet\nstop",
]


@pytest.mark.parametrize("quotation", QUOTATIONS)
def test_what_is_quoted_or_signed_is_not_said(quotation: str) -> None:
    parts = parse_message(f"Subject: Re: x\n\nHello there\n\n{quotation}\n".encode())
    assert reply_text.own(parts) == "Hello there"


@pytest.mark.parametrize(
    "quotation",
    [
        '<div class="gmail_quote">On Tuesday wrote<blockquote>unsubscribe</blockquote></div>',
        '<div id="divRplyFwdMsg">From: News</div>unsubscribe',
        "<blockquote>stop</blockquote>",
    ],
)
def test_a_page_is_read_up_to_its_quotation(quotation: str) -> None:
    page = f"<style>p{{}}</style><div>Hello<br>there</div>{quotation}"
    parts = parse_message(f"Content-Type: text/html\n\n{page}".encode())
    assert reply_text.own(parts).split() == ["Hello", "there"]


def test_the_subject_is_without_its_prefixes() -> None:
    for prefix in ("", "Re: ", "AW: ", "Re: AW: ", "RE[2]: "):
        parts = parse_message(f"Subject: {prefix}unsubscribe\n\n".encode())
        assert reply_text.subject(parts) == "unsubscribe"
