"""An issue rendered with the links it has, as text: what tests look at and measure copies by."""

from collections.abc import Sequence

from mailer.issue import plaintext
from mailer.issue.cards import Issue
from mailer.rendering.templates import Rendered, Template, TemplatePart


class AsText:
    """Pieces that stay text."""

    def set(self, text: str) -> str:
        return str(text)

    def join(self, pieces: Sequence[str]) -> str:
        return "".join(pieces)


class Renderer:
    """Fills a compiled template; safe to share between threads."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._text = TemplatePart(template, "text", AsText())
        self._html = TemplatePart(template, "html", AsText())

    def render(self, issue: Issue) -> Rendered:
        """Both parts of a copy. ConfigurationError when the template asks for what is not there."""
        return Rendered(issue.subject, self.html(issue), self.text(issue))

    def html(self, issue: Issue) -> str:
        return "".join(self._html.fill(issue))

    def text(self, issue: Issue) -> str:
        return plaintext.printable("".join(self._text.fill(issue)))
