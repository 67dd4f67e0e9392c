import threading

import pytest
from sqlalchemy.engine import Engine

from mailer.preview.proof.counting import Asked
from mailer.preview.proof.proving import prove
from recommender.errors import NewsletterError
from recommender.settings import Settings
from tests.conftest import NOW


def test_nobody_to_be_mailed_is_an_error(store: Engine) -> None:
    settings = Settings.model_construct(newsletter="weekly")
    with pytest.raises(NewsletterError, match="no reader can be mailed"):
        prove(store, Asked(settings, "2026-W48", None, NOW), stop=threading.Event())
