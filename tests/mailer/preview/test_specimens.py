from datetime import datetime

from mailer.edition import templates
from mailer.preview import specimens
from recommender import settings


def test_the_installed_template_breaks_no_rule_on_copies_of_any_shape(now: datetime) -> None:
    found = settings.load(None, {})
    template = templates.installed(found)
    assert specimens.check(found, template, now) == []
    pages = {name: copy for name, _, copy in specimens.pages(found, template, now)}
    assert "From the desk" in pages["everything there is, in English"].html
    assert "A second note, for a few." in pages["everything there is, in English"].text
    assert "[Anzeige] Example & Sons" in pages["two stories, in German"].text
    assert "Sponsor" not in pages["a title alone"].html
