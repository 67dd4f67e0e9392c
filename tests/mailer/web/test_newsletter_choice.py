"""Readers choose among several newsletters on the page of their choices."""

from recommender import newsletters
from recommender.models import Status
from recommender.storage import database
from recommender.subscribers import records, subscriptions

from .conftest import WHO, Place, saved


def test_one_newsletter_leaves_nothing_to_choose(place: Place, personal: str) -> None:
    assert 'name="newsletter"' not in place.client.get(personal).text


def test_of_several_what_is_ticked_is_kept_and_none_is_no_choice(
    place: Place, personal: str
) -> None:
    with database.writing(place.engine) as session:
        own = {"title": "The Daily Brief", "schedule": "daily 07:30"}
        newsletters.add(session, place.settings, "daily", own, segment=None, now=place.moment[0])
    assert place.client.get(personal).text.count('name="newsletter"') == 2
    page = place.client.get(personal).text
    assert page.count('value="save"') == 1  # one button for all choices
    chosen = {"action": "save", "newsletters": "shown", "newsletter": ["daily"], "roles": "CTO"}
    assert "Saved." in place.client.post(personal, data=chosen).text
    refused = place.client.post(personal, data={**chosen, "newsletter": "no", "roles": "Founder"})
    assert (refused.status_code, "Choose at least one newsletter" in refused.text) == (400, True)
    assert saved(place)["roles"] == ["CTO"]
    with database.reading(place.engine) as session:
        got = subscriptions.of(session, records.find(session, WHO))
    assert got == {"weekly": False, "daily": True}
    assert place.status(WHO) == Status.ACTIVE


def test_who_gets_a_daily_one_chooses_among_issues_and_not_weeks(
    place: Place, personal: str
) -> None:
    page = place.client.get(personal).text
    assert "Every week" in page
    assert "A new issue is published once a week." in page
    with database.writing(place.engine) as session:
        own = {"title": "The Daily Brief", "schedule": "daily 07:30"}
        newsletters.add(session, place.settings, "daily", own, segment=None, now=place.moment[0])
    page = place.client.get(personal).text
    assert "Every issue" in page
    assert "Every week" not in page
    assert "once a week" not in page


def test_each_says_when_it_comes_and_the_default_is_named_where_they_agree(
    place: Place, personal: str
) -> None:
    with database.writing(place.engine) as session:
        own = {"title": "The Daily Brief", "schedule": "daily 08:00"}
        newsletters.add(session, place.settings, "daily", own, segment=None, now=place.moment[0])
    page = place.client.get(personal).text
    for words in ("Every Thursday, 08:00", "Every day, 08:00"):
        assert f'<span class="hint">{words}</span>' in page
    assert '<option value="">As each newsletter comes</option>' in page  # the day
    assert '<option value="">Default (08:00)</option>' in page
    chosen = {"action": "save", "newsletters": "shown", "newsletter": ["daily"]}
    page = place.client.post(personal, data=chosen).text
    assert '<option value="">Default (Every day)</option>' in page
