"""Pages that stand alone carry the publication's look, and load nothing."""

import re

from mailer.preview import gallery
from mailer.rendering import standalone
from mailer.rendering.look import look
from recommender import settings


def test_a_page_that_stands_alone_has_the_stylesheet_of_the_site_in_it() -> None:
    found = settings.load(None, {}).replace(accent="#0b5fff", title="A <b> Letter")
    page = gallery.page(found, "2026-W48", [])
    assert standalone.stylesheet(look("#0b5fff")) in page
    assert "A &lt;b&gt; Letter" in page
    assert not re.search(r'<link|<script|src="|url\(|style="', page)
