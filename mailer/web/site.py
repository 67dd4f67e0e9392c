"""What every page shares: store, settings, links, templates, limits and the clock.

Made once in ``app.create`` and found again with ``of(request)``. It holds no state of any reader.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import jinja2
from markupsafe import Markup
from sqlalchemy.engine import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailer import localization
from mailer.issue import wording
from mailer.issue.content import StoryContent
from mailer.links import Links, Scope
from mailer.localization import Language
from mailer.operators.users import Operator
from mailer.preview.live import LivePreviews
from mailer.rendering.look import Look
from mailer.web import dates
from mailer.web.limits import Limits
from mailer.web.response_cache import ResponseCache
from recommender.settings import Settings
from recommender.vocabulary.offering import Offerings
from recommender.vocabulary.search import VocabularySearch


@dataclass(frozen=True)
class Site:
    """One publication on the web, in one language. ``clock`` gives aware moments in UTC;
    ``asked`` is whether the visitor asked for the language on the page itself; ``styles`` is the
    stylesheet that pages link to; ``operator`` is who has signed in, on operators' pages."""

    engine: Engine
    settings: Settings
    links: Links
    pages: jinja2.Environment
    clock: Callable[[], datetime]
    limits: Limits
    previews: LivePreviews
    vocabulary_search: VocabularySearch
    offerings: Offerings
    look: Look
    styles: str
    styles_version: str
    archived: ResponseCache[list[StoryContent]]
    language: Language = field(default_factory=localization.choose)
    asked: bool = False
    one_language: bool = False
    operator: Operator | None = None

    @property
    def languages(self) -> list[Language]:
        """All that a reader can choose from; operators' pages are in one language only."""
        if self.one_language:
            return [self.language]
        return [localization.choose(code) for code in localization.codes()]

    @property
    def stylesheet(self) -> str:
        """The address of the stylesheet; another whenever it says something else."""
        return f"{self.path('/static/pages.css')}?v={self.styles_version}"

    def path(self, page: str) -> str:
        """Where a browser finds ``page`` (``/archive``): the one place that makes such paths."""
        return f"{self.settings.base_path}{page}"

    def speaking(self, locale: str | None) -> "Site":
        """The site in the language of a reader we know, unless they asked for another."""
        if self.asked or locale is None:
            return self
        return replace(self, language=localization.choose(locale, self.language.tag))

    def period(self, period: str) -> str:
        """``2026-W48`` in words."""
        return wording.period_heading(period, self.language)

    def at(self, moment: datetime) -> str:
        """``26 Nov 2026, 08:00`` on the newsletter's clocks, for operators' pages."""
        return dates.short(self.settings, moment)

    def on(self, moment: datetime) -> str:
        """``26 Nov 2026`` on the newsletter's clocks, for operators' pages."""
        return dates.short_day(self.settings, moment)

    def day(self, one: date) -> str:
        """``26 November 2026``, for operators' pages."""
        return dates.day(one)

    def publishing(self, settings: Settings) -> "Site":
        """The site as that of another newsletter of the store."""
        return replace(self, settings=settings)

    def naming(self, message: str, /, **names: str) -> Markup:
        """A sentence of ours with names filled in that stand out from it."""
        written = Markup.escape(self.language.catalogue.gettext(message))
        return written % {key: Markup("<em>{}</em>").format(name) for key, name in names.items()}

    def page(
        self,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """``templates/web/<template>`` filled in; every page knows ``site``."""
        text = self.pages.get_template(template).render(
            site=self, _=self.language.text, naming=self.naming, **values
        )
        spoken = {"Content-Language": self.language.tag, "Vary": "Accept-Language"}
        return HTMLResponse(text, status, {**spoken, **(headers or {})})

    def notice(
        self,
        title: str,
        *paragraphs: str,
        status: int = 200,
        button: str | None = None,
        headers: Mapping[str, str] | None = None,
        links: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """A page that says one thing, with at most one button, which POSTs to the same address."""
        return self.page(
            "notice.html",
            status,
            headers,
            title=title,
            paragraphs=paragraphs,
            button=button,
            links=links or {},
        )

    def ways_on(self) -> Mapping[str, str]:
        """Where somebody may go who has come to an end."""
        if self.operator is not None:
            return {"Editions": self.path("/admin")}
        _ = self.language.text
        return {
            _("Latest issue"): self.path("/latest"),
            _("Archive"): self.path("/archive"),
            _("Subscribe"): self.path("/subscribe"),
        }

    def broken_link(self, scope: Scope | None = None, token: str = "") -> HTMLResponse:
        """For a token that is damaged, expired, or of somebody who is gone; one of a test copy says
        that it is one."""
        _ = self.language.text
        if scope is not None and self.links.of_test(scope, token):
            return self.notice(
                _("This is a test copy"),
                _("Its links to the stories work. Here nothing is counted, and nothing changes."),
            )
        return self.notice(
            _("This link does not work"),
            _(
                "It is damaged, has expired, or was for something that is no longer here. The "
                "links in your latest issue work; or subscribe again, and you get a new one."
            ),
            status=404,
            links=self.ways_on(),
        )


def of(request: Request) -> Site:
    """The site a request came to, in the language it asks for: on the page (``?lang=de``), else as
    the browser is set, else the newsletter's own."""
    found = request.app.state.site
    if not isinstance(found, Site):
        raise TypeError("this application was not made by app.create")
    operator = getattr(request.state, "operator", None)
    if isinstance(operator, Operator):  # their pages are in English only
        english = localization.choose("en")
        return replace(found, language=english, one_language=True, operator=operator)
    asked = request.query_params.get("lang")
    preferred = localization.accepted(request.headers.get("accept-language", ""))
    language = localization.choose(asked, *preferred, found.settings.language)
    return replace(found, language=language, asked=asked is not None)
