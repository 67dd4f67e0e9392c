import threading

import pytest
from sqlalchemy.engine import Engine

from mailer.preview.proof.counting import Asked
from mailer.preview.proof.proving import examples_apart, prove
from mailer.preview.proof.tally import Example
from recommender.errors import NewsletterError
from recommender.settings import Settings
from tests.conftest import NOW


def test_nobody_to_be_mailed_is_an_error(store: Engine) -> None:
    settings = Settings.model_construct(newsletter="weekly")
    with pytest.raises(NewsletterError, match="no reader can be mailed"):
        prove(store, Asked(settings, "2026-W48", None, NOW), stop=threading.Event())


def test_each_group_is_shown_by_another_reader_as_far_as_there_are_some() -> None:
    def reader(number: int, name: str) -> Example:
        return Example(email=f"{number}@example.com", name=name, picks="[]", reader="{}")

    ada, ben, namesake, cleo = map(reader, range(4), ("Ada", "Ben", "Ben", "Cleo"))
    found = examples_apart(
        {
            "segment:all": [ada, ben, namesake, cleo],
            "segment:few": [ben, namesake, cleo],
            "role:CTO": [ada],
            "role:Founder": [ada],
        }
    )
    assert {group: one.name for group, one in found.items()} == {
        "segment:all": "Cleo",
        "segment:few": "Ben",
        "role:CTO": "Ada",
        "role:Founder": "Ada",
    }
