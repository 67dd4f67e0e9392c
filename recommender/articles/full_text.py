"""Takes the text and the picture of an article from its page, where a feed gives only a few words.

Reading a page is done by trafilatura (the extra ``fulltext``), imported when the first is read: in
a process apart, as all that strangers serve. Nothing is fetched here.
"""

import re
from dataclasses import dataclass, replace

from recommender.articles import feed_pictures, fields, sentences
from recommender.articles.values import ArticleDraft
from recommender.story_text import Image

SHORT = 600
"""Characters of text below which an entry is short."""
MAX_PAGE = 2_000_000
"""Bytes of a page."""
MAX_TEXT = 100_000
"""Characters of a text that are kept."""
MAX_SUMMARY = 600
"""Characters of a text that stand in for a missing summary."""
_PAGE = re.compile(r"text/html|application/xhtml\+xml|^$")


@dataclass(frozen=True)
class PageText:
    """What a page has to say: '' where no article could be told from the rest."""

    text: str
    image: Image | None = None


def is_page(content_type: str) -> bool:
    """Whether what a server sent may be a page, as it says itself."""
    return bool(_PAGE.match(content_type.strip().lower()))


def is_short(draft: ArticleDraft) -> bool:
    """Whether there is little more of an entry than a title."""
    return len(draft.summary) + len(draft.body) < SHORT


def read(page: bytes, url: str, charset: str) -> PageText:
    """The article on a page, as text. Meant to be run in ``isolation``."""
    import trafilatura

    html = page[:MAX_PAGE]
    found = trafilatura.extract(
        html,
        url=url,
        include_comments=False,
        include_tables=False,
        favor_precision=True,
        output_format="txt",
    )
    try:
        text = fields.paragraphs((found or "")[:MAX_TEXT])
    except ValueError:
        text = ""
    try:
        decoded = html.decode(charset or "utf-8", "replace")
    except LookupError:
        decoded = html.decode("utf-8", "replace")
    return PageText(text, feed_pictures.of_page(decoded, url))


def completed(draft: ArticleDraft, page: PageText) -> ArticleDraft:
    """The draft with what its page has more: a longer text, a picture where it has none."""
    image = draft.image or page.image
    if len(page.text) <= len(draft.summary) + len(draft.body):
        return replace(draft, image=image)
    summary = draft.summary or _first_sentences(page.text)
    return replace(draft, image=image, summary=summary, body=page.text)


def _first_sentences(text: str) -> str:
    summary = ""
    for sentence in sentences.split(text):
        if summary and len(summary) + len(sentence) > MAX_SUMMARY:
            break
        summary = f"{summary} {sentence}".strip()
    return summary[: 2 * MAX_SUMMARY]
