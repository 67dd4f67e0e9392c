"""The question to a reader who has been silent."""

from mailer import localization
from mailer.issue import question


def test_it_is_asked_in_the_readers_language_with_one_link() -> None:
    for tag, words in (("en", "Do you still want this?"), ("de-AT", "Möchten Sie das noch lesen?")):
        url = "https://news.example.org/keep/x"
        asked = question.above(None, url, localization.choose(tag))
        spans = [span for block in asked.blocks for line in block.lines for span in line.spans]
        assert spans[0].text == words
        assert [span.url for span in spans if span.url] == [url]
