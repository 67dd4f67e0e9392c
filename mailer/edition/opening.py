"""Opens an edition: freezes its settings, its template and its candidates as they are now."""

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mailer.edition import experiments, templates
from mailer.edition.edition_settings import EditionSettings
from mailer.rendering.templates import Template
from recommender.articles import catalogue
from recommender.models import Edition, EditionState, EditionStory, Newsletter
from recommender.settings import Settings


def open_edition(
    session: Session,
    settings: Settings,
    newsletter: Newsletter,
    template: Template,
    *,
    period: str,
    segment: str | None,
    now: datetime,
) -> Edition:
    """A new edition, with what is frozen for all its readers."""
    templates.save(session, template, settings.secret, now)
    edition = Edition(
        newsletter_id=newsletter.id,
        period=period,
        state=EditionState.PLANNING,
        segment=segment,
        template_hash=template.hash,
        settings=asdict(experiments.frozen(session, settings, newsletter.id, period)),
        planned_at=now,
    )
    session.add(edition)
    session.flush()
    _freeze(session, edition)
    return edition


def _freeze(session: Session, edition: Edition) -> None:
    """Keep the candidates as they read now."""
    edition_settings = EditionSettings(**edition.settings)
    stories = catalogue.load(
        session,
        now=edition.planned_at,
        horizon_days=edition_settings.horizon_days,
        period=edition.period,
    )
    rows = [
        {"edition_id": edition.id, "story_id": int(story), "content": content}
        for story, content in stories.documents.items()
    ]
    if rows:
        session.execute(sa.insert(EditionStory), rows)
