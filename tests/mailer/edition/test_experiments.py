"""Experiments are started and stopped; editions freeze what runs when they are planned."""

from datetime import datetime

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailer.edition import experiments
from mailer.edition.edition_settings import EditionSettings, RankerExperiment, SubjectTest
from mailer.edition.experiments import Plan
from recommender import newsletters
from recommender.errors import ConflictError, NewsletterError, NotFoundError
from recommender.models import Experiment, ExperimentKind
from recommender.settings import Settings
from recommender.storage import database

PERIOD = "2026-W48"
RANKERS = experiments.of_rankers(ExperimentKind.AB, "", "diversity=0.4", 0.5)
SUBJECTS = experiments.of_subjects(["Chips", " Robots "], PERIOD, 0.2, 4)


def started(session: Session, name: str, plan: Plan, now: datetime) -> Experiment:
    newsletter = newsletters.get(session, "weekly")
    return experiments.start(session, newsletter, name, plan, by="me", now=now)


def test_what_runs_is_frozen_and_what_was_stopped_is_not(store: Engine, now: datetime) -> None:
    settings = Settings(holdout=0.1)
    with database.writing(store) as session:
        newsletter = newsletters.get(session, "weekly")
        rankers = started(session, "spread", RANKERS, now)
        subjects = started(session, "names", SUBJECTS, now)
        found = experiments.frozen(session, settings, newsletter.id, PERIOD)
        assert found.holdout == 0.1
        assert found.ranker_experiment == RankerExperiment(
            rankers.id, "ab", 0.5, "", "diversity=0.4"
        )
        assert found.subject_test == SubjectTest(subjects.id, 0.2, ["Chips", "Robots"], 4)
        later = experiments.frozen(session, settings, newsletter.id, "2026-W49")
        assert later.ranker_experiment is not None
        assert later.subject_test is None
        welcome = experiments.frozen(session, settings, newsletter.id, "welcome-2026-W48")
        assert welcome.experiments == ()
        experiments.stop(session, rankers, by="me", now=now)
        after = experiments.frozen(session, settings, newsletter.id, PERIOD)
        assert after.ranker_experiment is None
        with pytest.raises(ConflictError, match="was stopped on"):
            experiments.stop(session, rankers, by="me", now=now)
        assert (
            EditionSettings(**{**found.__dict__, "experiments": list(found.experiments)}) != after
        )


def test_what_cannot_be_compared_is_refused(store: Engine, now: datetime) -> None:
    with database.writing(store) as session:
        newsletter = newsletters.get(session, "weekly")
        first = started(session, "spread", RANKERS, now)
        with pytest.raises(ConflictError, match="give it another name"):
            started(session, "spread", SUBJECTS, now)
        with pytest.raises(ConflictError, match="is running"):
            started(session, "other", RANKERS, now)
        experiments.stop(session, first, by="me", now=now)
        assert started(session, "other", RANKERS, now).id > first.id
        names = [row.name for row in experiments.listing(session, newsletter.id)]
        assert names == ["other", "spread"]
        assert experiments.get(session, newsletter, "spread") is first
        with pytest.raises(NotFoundError, match="there are: other, spread"):
            experiments.get(session, newsletter, "third")
    for a, b in (("", ""), ("diversity=0.4", "diversity=.4")):
        with pytest.raises(NewsletterError, match="nothing to compare"):
            experiments.of_rankers(ExperimentKind.AB, a, b, 1)
    with pytest.raises(NewsletterError, match="no knob"):
        experiments.of_rankers(ExperimentKind.AB, "", "colour=1", 1)
    for subjects in (["one"], ["one", "one "], list("abcde")):
        with pytest.raises(NewsletterError, match="2 to 4 different subjects"):
            experiments.of_subjects(subjects, PERIOD, 0.2, 4)
    with pytest.raises(NewsletterError, match="has 200 characters"):
        experiments.of_subjects(["one", "x" * 200], PERIOD, 0.2, 4)
