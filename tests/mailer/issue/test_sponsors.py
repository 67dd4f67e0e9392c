"""The sponsor's place: labelled, in both parts, and never taken for a story."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailer.issue import sponsors
from mailer.issue.cards import Issue
from mailer.issue.composition import ReaderView
from mailer.issue.frame import Publication
from mailer.issue.size import weight
from mailer.issue.sponsors import SponsorContent
from tests.mailer.rendered import Renderer

from ..conftest import PUBLICATION, WEB

Make = Callable[..., Issue]
ACME = SponsorContent(
    "Acme", "Chips that <stay> cool.", "https://acme.example/?a=1&b=2", "https://acme.example/p.png"
)


@pytest.fixture
def publication() -> Publication:
    return replace(PUBLICATION, sponsors={3: ACME})


def test_a_sponsor_is_labelled_in_both_parts_and_its_link_counts(
    issue_of: Make, renderer: Renderer, publication: Publication
) -> None:
    issue = issue_of(["1", "2"], publication=publication, reader=ReaderView(sponsor=3))
    shown = renderer.render(issue)
    link = f"{WEB}/c/{sponsors.FIRST + 3:0>24}-7"
    assert f"[Sponsor] Acme\nChips that <stay> cool.\nVisit Acme:\n{link}\n" in shown.text
    assert "<b>Sponsor</b>&nbsp;·&nbsp;Acme" in shown.html
    assert "Chips that &lt;stay&gt; cool." in shown.html
    assert f'<a href="{link}" rel="sponsored"' in shown.html
    assert 'alt="Acme" width="476"' in shown.html
    assert [item.title for item in issue.contents] == [
        "Five generations of TPUs",
        "Compute by contract",
    ]
    assert weight(issue) >= len(shown.html.encode())


def test_in_german_it_is_an_anzeige_and_says_what_language_it_is_in(
    issue_of: Make, renderer: Renderer, publication: Publication
) -> None:
    reader = ReaderView(locale="de", sponsor=3)
    shown = renderer.render(issue_of(["1"], publication=publication, reader=reader))
    assert "[Anzeige] Acme" in shown.text
    assert '<p lang="en" dir="ltr" style="margin:0 0 8px">Chips' in shown.html


def test_without_tracking_it_is_linked_directly(issue_of: Make, publication: Publication) -> None:
    direct = replace(publication, tracking=False)
    issue = issue_of(["1"], publication=direct, reader=ReaderView(sponsor=3))
    assert issue.sponsor is not None
    assert issue.sponsor.url == "https://acme.example/?a=1&b=2"


@pytest.mark.parametrize("number", [None, 4])
def test_a_copy_without_one_has_no_place_for_one(
    issue_of: Make, renderer: Renderer, publication: Publication, number: int | None
) -> None:
    issue = issue_of(["1"], publication=publication, reader=ReaderView(sponsor=number))
    assert issue.sponsor is None
    assert "Sponsor" not in renderer.html(issue) + renderer.text(issue)


def test_what_a_sponsor_says_is_clean_whoever_wrote_it() -> None:
    dirty = SponsorContent("A\r\nB", "\u202ex\x00" * 2, "javascript:alert(1)", "ftp://x.example/p")
    assert (dirty.name, dirty.text, dirty.url, dirty.image) == ("A B", "x x", "", "")
