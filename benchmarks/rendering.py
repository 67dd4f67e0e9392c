"""An issue per reader, against the obvious way of doing it: fill the MJML per reader, then compile.

    python benchmarks/rendering.py [READERS]

Both make the HTML of the same issues of six sample stories for READERS readers (default 500), in
the same run on one core, after a warm-up; ours also composes and makes the text part, timed apart.
What they make is compared before anything is timed.
"""

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import jinja2
import mjml

from mailer.issue.cards import Issue
from mailer.issue.composition import Composer, ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.rendering import sources, templates
from mailer.rendering.look import look
from recommender import resources
from recommender.articles import briefs
from recommender.ranking.values import Pick, Reason
from recommender.story_text import texts
from tests.mailer.rendered import Renderer

ROUNDS = 5
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PUBLICATION = Publication("The Weekly Brief", "weekly-2026-W48", None, "1 Example Street")


class FixedLinks:
    """Links as long as signed ones."""

    def click(self, delivery_id: int, story_id: int) -> str:
        return f"https://news.example.org/c/{delivery_id:020}{story_id:06}"

    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str:
        return f"https://news.example.org/f/{delivery_id:020}{story_id:06}{kind}"

    def unsubscribe(self, delivery_id: int) -> str:
        return f"https://news.example.org/unsubscribe/{delivery_id:026}"

    def preferences(self, delivery_id: int) -> str:
        return f"https://news.example.org/preferences/{delivery_id:026}"

    def view(self, delivery_id: int) -> str:
        return f"https://news.example.org/view/{delivery_id:026}"

    def keep(self, delivery_id: int) -> str:
        return f"https://news.example.org/keep/{delivery_id:026}"


def sample_stories() -> dict[str, StoryContent]:
    paths = sorted((resources.folder("sample") / "briefs").glob("[!d]*.txt"))[:6]
    drafts = [briefs.read(path, NOW) for path in paths]
    return {
        str(number): StoryContent(
            **texts(draft) | {"url": f"https://example.com/{number}"},
            source=draft.source,
            curator=draft.curator,
        )
        for number, draft in enumerate(drafts)
    }


def issue(stories: dict[str, StoryContent], number: int) -> Issue:
    reader = ReaderView(f"Reader {chr(65 + number % 26)}", "en", ("Engineer",), {"Robotics": 2})
    reasons = (Reason("topic", "Robotics", 0.7), Reason("role", "Engineer", 0.3))
    picks = [Pick(key, place, 0.5, reasons) for place, key in enumerate(stories, 1)]
    return Composer(PUBLICATION, stories, FixedLinks()).compose(reader, picks, number)


def per_reader(source: str) -> Callable[[Issue], str]:
    """Jinja2 first, MJML second, for each reader; the Jinja2 template is compiled once."""
    environment = jinja2.Environment(autoescape=True)
    environment.globals["_"] = str  # English
    filled = environment.from_string(source)

    def make(one: Issue) -> str:
        html: str = mjml.mjml2html(filled.render(issue=one), disable_comments=True, fonts={})
        return html

    return make


def seconds(work: Callable[[], object]) -> float:
    """The best of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def squeezed(markup: str) -> str:
    return re.sub(r">\s+|\s+<", lambda match: match[0].strip(), re.sub(r"\s+", " ", markup))


def main(readers: int) -> None:
    folder = resources.folder("templates") / "email"
    stories = sample_stories()
    issues = [issue(stories, number) for number in range(readers)]
    obvious = per_reader(sources.assembled(folder / "weekly.mjml").with_look(look()).text)
    renderer = Renderer(templates.compile_template(folder))
    assert squeezed(obvious(issues[0])) == squeezed(renderer.render(issues[0]).html)

    slow = seconds(lambda: [obvious(one) for one in issues])
    html = seconds(lambda: [renderer.html(one) for one in issues])
    both = seconds(lambda: [renderer.render(one) for one in issues])
    composing = seconds(lambda: [issue(stories, number) for number in range(readers)])
    once = seconds(lambda: Renderer(templates.compile_template(folder)))
    for name, taken in (
        ("MJML per reader: HTML", slow),
        ("MJML once: HTML", html),
        ("MJML once: HTML and text", both),
        ("composing the issue", composing),
    ):
        print(f"{name:<28}{1000 * taken / readers:>8.3f} ms per reader")
    print(f"{'compiling the template':<28}{1000 * once:>8.3f} ms per edition")
    print(f"ratio: {slow / html:.1f} times as fast (HTML against HTML)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) == 2 else 500)
