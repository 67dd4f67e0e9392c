import dataclasses
from collections.abc import Callable, Mapping
from datetime import date

import pytest

from mailer.issue.cards import Issue
from mailer.issue.composition import ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.issue.plaintext import dotted
from mailer.issue.servings import DECIDER, INQUIRER, MAKER, PRACTITIONER, serving_order
from mailer.issue.size import BUDGET, weight
from recommender.ranking.values import Reason, ReasonKind
from recommender.storage import json_columns
from tests.mailer.rendered import Renderer

from ..conftest import PUBLICATION

Make = Callable[..., Issue]
Stories = Mapping[str, StoryContent]


def reader(*roles: str, name: str = "", **topics: float) -> ReaderView:
    return ReaderView(name=name, roles=roles, topics=topics)


def one(issue_of: Make, **story: object) -> Issue:
    """The issue of a single story."""
    return issue_of(["9"], stories={"9": StoryContent.from_document(story)})


# --- subject and preheader


def test_the_subject_is_the_leads_title(issue_of: Make) -> None:
    assert issue_of(["1", "2"]).subject == "Five generations of TPUs"
    assert issue_of(["2", "1"]).subject == "Compute by contract"


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("Re: AW: fwd : Re[2]: Chips", "Chips"),
        ("Re：Chips", "Chips"),
        ("Reading: chips", "Reading: chips"),
        ("\u202egnirts\u202c\x00\r\nBcc: a@example.com", "gnirts Bcc: a@example.com"),
        ("  ", "The Weekly Brief"),
        ("Re:", "The Weekly Brief"),
        (
            "word " * 30,
            "word word word word word word word word word word word word word word word…",
        ),
        ("x" * 100, "x" * 77 + "…"),
        ("e\u0301" * 60, "e\u0301" * 38 + "…"),
    ],
)
def test_a_subject_is_one_short_clean_line(issue_of: Make, title: str, subject: str) -> None:
    assert one(issue_of, title=title).subject == subject
    assert len(subject) <= 78


def test_a_subject_is_never_empty(issue_of: Make) -> None:
    bare = Publication(title="\x00", edition="", day=None, postal_address="")
    issue = issue_of(["9"], stories={"9": StoryContent(title="")}, publication=bare)
    assert issue.subject == "Your stories this week"


@pytest.mark.parametrize("first", ["1", "2", "3", "4", "5", "6"])
def test_a_preheader_has_40_to_110_characters_and_does_not_repeat_the_subject(
    issue_of: Make, first: str
) -> None:
    for ids in ([first], [first, "2", "3"]):
        issue = issue_of(ids)
        assert 40 <= len(issue.preheader) <= 110
        assert not issue.preheader.startswith(issue.subject)


def test_a_preheader_is_taken_from_what_serves_the_readers_role(issue_of: Make) -> None:
    assert issue_of(["1"]).preheader.startswith("Profile before asking for silicon.")
    investor = issue_of(["1"], reader=reader("Investor")).preheader
    assert investor.startswith("Most of the gain came from packaging.")  # not "For engineers: …"
    assert "For engineers" in issue_of(["1"], reader=reader("Teaching Engineer CTO")).preheader


def test_a_takeaway_that_is_the_title_again_is_no_preheader(issue_of: Make) -> None:
    issue = one(issue_of, title="Chips stay put", takeaway="Chips stay put.")
    assert "Chips stay put" not in issue.preheader


# --- the personal line


@pytest.mark.parametrize(
    ("who", "line"),
    [
        (
            ReaderView("Mina", None, ("Hardware Engineer",), {"TPUs": 3, "Racks": 2, "Film": 1}),
            "Hi Mina, here are two stories chosen for your work as a hardware engineer and because "
            "you follow TPUs and Racks.",
        ),
        (reader("CTO"), "Here are two stories chosen for your work as a CTO."),
        (
            reader("VP of Engineering/Data", "Investor"),
            "Here are two stories chosen for your work as a VP of engineering/data and investor.",
        ),
        (reader("AI Engineer"), "Here are two stories chosen for your work as an AI engineer."),
        (reader("UX Designer"), "Here are two stories chosen for your work as a UX designer."),
        (reader(Robots=1.0), "Here are two stories chosen because you follow Robots."),
        (
            reader(name="Mina", Robots=1.0),
            "Hi Mina, here are two stories chosen because you follow Robots.",
        ),
        (reader(name="Mina"), "Hi Mina, here are two stories chosen for you. Tell us your topics"),
        (
            reader("Engineer", Film=-2.0),
            "Here are two stories chosen for your work as an engineer.",
        ),
        (reader(), "Here are two stories chosen for you. Tell us your topics"),
        (reader("", " \u202e"), "Here are two stories chosen for you."),
    ],
)
def test_the_intro_says_what_is_known_of_the_reader(
    issue_of: Make, who: ReaderView, line: str
) -> None:
    assert issue_of(["1", "2"], reader=who).intro.startswith(line)


def test_the_intro_counts_the_stories_and_leaves_their_titles_to_the_list(issue_of: Make) -> None:
    assert issue_of(["2"]).intro.startswith("Hi Mina, here is one story chosen")
    assert "twenty stories" in issue_of(["5"] * 20).intro
    assert "Compute by contract" not in issue_of(["2", "1"]).intro


def test_the_headlines_are_listed_at_the_top_where_there_are_several(issue_of: Make) -> None:
    issue = issue_of(["1", "2", "5"])
    assert [face.title for face in issue.contents] == [
        "Five generations of TPUs", "Compute by contract", "A title alone",
    ]  # fmt: skip
    assert (issue_of(["1"]).contents, issue_of(["1"]).contents_title) == ((), "")


def test_the_reading_time_follows_from_what_is_shown(issue_of: Make) -> None:
    assert issue_of(["5"]).reading_time == "1 min read"
    long = StoryContent(title="T", summary="word " * 100, insights=("word " * 40,))
    assert issue_of(["9"] * 20, stories={"9": long}).reading_time == "5 min read"
    chinese = StoryContent(title="T", summary="漢" * 400)
    assert issue_of(["9"] * 20, stories={"9": chinese}).reading_time != "1 min read"


@pytest.mark.parametrize("name", ["Buy at spam.example", "https://x.example", "a@b", "x" * 61, "1"])
def test_what_does_not_look_like_a_name_is_not_shown_as_one(issue_of: Make, name: str) -> None:
    assert name not in issue_of(["1"], reader=reader("CTO", name=name)).intro


def test_names_of_many_kinds_are_shown(issue_of: Make) -> None:
    for name in ("J. R. Example", "山田 太郎", "علي", "J.R. Example", "de Example", "Mina"):
        assert f"Hi {name}, " in issue_of(["1"], reader=reader(name=name)).intro
    for name in ("Seán O'Example-Smith", "Émile Example", "Anna-Lena M. Example"):
        assert f"Hi {name.split()[0]}, " in issue_of(["1"], reader=reader(name=name)).intro


# --- which part of the brief


@pytest.mark.parametrize(
    ("role", "order"),
    [
        ("CTO", DECIDER),
        ("VP of Engineering/Data", DECIDER),
        ("Director of AI/ML", DECIDER),
        ("Entrepreneur", DECIDER),
        ("Startup Founder", DECIDER),
        ("Investor", DECIDER),
        ("Product Manager", DECIDER),
        ("Tech Journalist", INQUIRER),
        ("AI Scientist", INQUIRER),
        ("Researcher", INQUIRER),
        ("Policy Analyst", INQUIRER),
        ("Machine Learning Engineer", PRACTITIONER),
        ("Front-End Developer", PRACTITIONER),
        ("Software Architect", PRACTITIONER),
        ("UX Designer", MAKER),
        ("Beekeeper", DECIDER),
        ("Doctor", DECIDER),
    ],
)
def test_a_role_decides_which_part_comes_first(role: str, order: object) -> None:
    assert serving_order([role]) == order


def labels(issue: Issue) -> list[str]:
    return [part.label for part in issue.lead.face.parts]


def test_engineers_get_practice_and_code_others_one_part(issue_of: Make) -> None:
    assert labels(issue_of(["1"], reader=reader("Engineer"))) == ["In practice", "Code references"]
    assert labels(issue_of(["2"], reader=reader("Investor"))) == ["Key takeaway"]
    assert labels(issue_of(["1"], reader=reader("Investor"))) == [
        "Key insight"
    ]  # not for engineers
    assert labels(issue_of(["1"], reader=reader("Journalist"))) == ["Key insight"]
    assert labels(issue_of(["1"], reader=reader())) == ["Key takeaway"]


def test_a_missing_part_gives_way_to_the_next_best(issue_of: Make) -> None:
    engineer = reader("Engineer")
    assert labels(issue_of(["2"], reader=engineer)) == ["Key takeaway"]
    assert labels(issue_of(["3"], reader=engineer)) == ["Key insights"]
    assert labels(issue_of(["6"], reader=engineer)) == ["Code reference"]
    assert labels(issue_of(["6"], reader=reader("Investor"))) == ["Principle"]


def test_a_story_of_a_title_and_a_sentence_says_just_that(issue_of: Make) -> None:
    sentence, alone = (card.face for card in issue_of(["1", "4", "5"]).cards)
    assert sentence.summary == "A lab multiplied matrices with three colours."
    assert (sentence.parts, alone.parts, alone.summary) == ((), (), "")


def test_nothing_is_said_twice_in_one_card(issue_of: Make) -> None:
    issue = one(issue_of, title="T", summary="Chips stay put. They do.", takeaway="Chips stay put")
    assert (issue.lead.face.summary, issue.lead.face.parts) == ("Chips stay put. They do.", ())
    assert one(issue_of, title="Chips stay put", summary="Chips stay put.").lead.face.summary == ""


# --- why


@pytest.mark.parametrize(
    ("kind", "detail", "why"),
    [
        ("topic", "TPU Development", "You follow TPU Development."),
        ("role", "AI Engineer", "For your work as an AI engineer."),
        ("text", "simulators, memory", "Close to what you follow."),
        ("text", "vary, neural network", "Close to what you follow: neural network."),
        ("text", "provide, Lisbon", "Close to what you follow: Lisbon."),
        ("history", "Old news", "Because you read “Old news”."),
        ("fresh", "published recently", "Published recently."),
        ("must_read", "x", ""),
        ("explore", "x", "Say whether you want more of it."),
    ],
)
def test_the_largest_reason_says_why(
    issue_of: Make, kind: ReasonKind, detail: str, why: str
) -> None:
    reasons = [Reason("role", "Beekeeper", 0.3), Reason(kind, detail, 0.7)]
    assert issue_of(["1"], reasons=reasons).lead.why == why


def test_a_second_topic_is_named_when_it_counted(issue_of: Make) -> None:
    assert issue_of(["1"]).lead.why == "You follow TPU Development and Compute."
    little = [Reason("topic", "A", 0.9), Reason("topic", "B", 0.1)]
    assert issue_of(["1"], reasons=little).lead.why == "You follow A."


def test_must_reads_and_explorations_are_labelled_however_small_their_share(issue_of: Make) -> None:
    labels: dict[ReasonKind, str] = {
        "must_read": "Editor’s choice",
        "explore": "Outside your usual topics",
        "topic": "",
    }
    for kind, label in labels.items():
        reasons = [Reason("topic", "A", 0.9), Reason(kind, "x", 0.1)]
        assert issue_of(["1"], reasons=reasons).lead.face.label == label


@pytest.mark.parametrize(
    ("edition", "published", "label"),
    [("2026-W48", "2026-11-10", "From the archive"), ("2026-W48", "2026-11-25", ""),
     ("2026-11", "2026-11-10", ""), ("2026-W48", None, "")],
)  # fmt: skip
def test_a_story_older_than_the_issue_is_marked_as_from_the_archive(
    issue_of: Make, edition: str, published: str | None, label: str
) -> None:
    dated = None if published is None else f"{published}T08:00:00+00:00"
    publication = dataclasses.replace(PUBLICATION, edition=edition, day=date(2026, 11, 26))
    stories = {"9": StoryContent(title="A story", published_at=dated)}
    issue = issue_of(["9"], stories=stories, publication=publication)
    assert issue.lead.face.label == label


def test_what_was_said_of_one_card_is_not_said_of_the_next_again(issue_of: Make) -> None:
    issue = issue_of(["1", "2", "3"])
    assert [card.why for card in (issue.lead, *issue.cards)] == [
        "You follow TPU Development and Compute.", "", "",
    ]  # fmt: skip


def test_the_lead_has_its_part_in_full_and_a_card_one_line_of_it(issue_of: Make) -> None:
    lead = issue_of(["1", "2"]).lead.face
    card = issue_of(["2", "1"]).cards[0].face
    assert [part.kind for part in lead.parts] == ["practice", "code_references"]
    assert [(part.kind, part.text) for part in card.parts] == [
        ("practice", "Profile before asking for silicon."),
    ]  # fmt: skip


def test_no_reason_no_claim(issue_of: Make) -> None:
    assert issue_of(["1"], reasons=()).lead.why == ""


# --- where from, where to


def test_source_curator_and_day_are_named(issue_of: Make) -> None:
    origin = issue_of(["1"]).lead.face.origin
    assert origin == dotted("Silicon Review", "curated by The Desk", "19\u00a0November\u00a02026")
    digest = one(issue_of, title="A part", article_title="The whole digest", curator="The Desk")
    assert digest.lead.face.origin == dotted("“The whole digest”", "curated by The Desk")
    assert issue_of(["5"]).lead.face.origin == ""


def test_below_the_lead_a_curator_is_named_only_in_place_of_a_source(issue_of: Make) -> None:
    below = issue_of(["2", "1"]).cards[0]
    assert below.face.origin == dotted("Silicon Review", "19\u00a0November\u00a02026")
    stories = {"1": StoryContent(title="One"), "2": StoryContent(title="Two", curator="The Desk")}
    assert issue_of(["1", "2"], stories=stories).cards[0].face.origin == "Curated by The Desk"


def test_near_identical_stories_are_named_by_source(issue_of: Make) -> None:
    assert issue_of(["1"], also=["7"]).lead.face.also == "Also covered by The Other Paper."
    assert issue_of(["1"], also=["7", "1", "2", "404"]).lead.face.also == (
        "Also covered by The Other Paper and Grid & Rack."
    )


def test_links_are_redirects_with_tracking_and_direct_without(issue_of: Make) -> None:
    assert "/c/" in str(issue_of(["1"]).lead.face.url)
    direct = Publication("T", "weekly-2026-W48", None, "", tracking=False)
    assert issue_of(["1"], publication=direct).lead.face.url == "https://silicon.example.com/tpu"
    assert issue_of(["5"]).lead.face.url is None


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.com/ä b", None),
        ("https://example.com/ä?q=é#é", "https://example.com/%C3%A4?q=%C3%A9#%C3%A9"),
        ("https://exämple.com/", "https://xn--exmple-cua.com/"),
        ("http://example.com:8080/a%20b", "http://example.com:8080/a%20b"),
        ("javascript:alert(1)", None),
        ("data:text/html,<b>", None),
        ("//example.com/x", None),
        ("https://user:pw@example.com/", None),
        ('https://example.com/"><script>', None),
        ("https://localhost/", None),
        (None, None),
    ],
)
def test_only_a_web_address_is_linked(url: str | None, link: str | None) -> None:
    assert StoryContent(title="T", url=url).link == link


# --- language and limits


@pytest.mark.parametrize(
    ("locale", "lang"),
    [
        ("en-GB", "en-GB"), ("en_US.UTF-8", "en-US"), (None, "en"), ("de", "de"),
        ("DE_at", "de-AT"), ("de-XX", "de"), ("tlh", "en"), ('en"><b>', "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_readers(issue_of: Make, locale: str, lang: str) -> None:
    assert issue_of(["1"], reader=ReaderView(locale=locale)).lang == lang


def test_who_prefers_no_known_language_gets_the_newsletters_own(issue_of: Make) -> None:
    german = dataclasses.replace(PUBLICATION, language="de")
    for locale in (None, "fr"):
        assert issue_of(["1"], reader=ReaderView(locale=locale), publication=german).lang == "de"
    english = issue_of(["1"], reader=ReaderView(locale="en"), publication=german)
    assert (english.lang, english.lead.face.lang) == ("en", "de")  # the stories are German


def test_an_issue_in_german(issue_of: Make, renderer: Renderer) -> None:
    mina = ReaderView("Mina", "de-AT", ("CTO",), {"TPUs": 3, "Racks": 2})
    issue = issue_of(["1", "2"], reader=mina, also=["7"])
    assert issue.date == dotted("Woche 48", "Donnerstag, 26. November 2026")
    assert issue.intro == (
        "Hallo Mina, hier sind zwei Beiträge, ausgewählt für Ihre Arbeit als CTO und nach Ihren "
        "Themen, vor allem TPUs und Racks."
    )
    face = issue.lead.face
    assert (face.lang, face.read) == ("en", "Weiterlesen bei Silicon Review")
    assert " ".join(face.origin.split()) == (
        "Silicon Review · kuratiert von The Desk · 19. November 2026"
    )
    html, text = renderer.html(issue), renderer.text(issue)
    assert '<html lang="de-AT"' in html
    assert "Sie interessieren sich für" in " ".join(text.split())
    assert "2 Min. Lesezeit" in text or "1 Min. Lesezeit" in text
    for words in ("Mehr davon", "Weniger davon", "Abbestellen", "Auswahl anpassen"):
        assert f">{words}</a>" in html
        assert f"{words}:" in text


def test_a_button_that_would_break_into_lines_leaves_the_source_out(issue_of: Make) -> None:
    assert one(issue_of, title="T", source="The Review").lead.face.read == "Read at The Review"
    long = one(issue_of, title="T", source="The Quarterly Founders Letter")
    assert long.lead.face.read == "Read the story"


def test_who_has_told_nothing_and_who_is_new_are_asked_for_their_topics(
    issue_of: Make, renderer: Renderer
) -> None:
    new = dataclasses.replace(PUBLICATION, welcome=True)
    asked = {
        "Choose your topics": issue_of(["1"], reader=ReaderView()),
        "Change what you get": issue_of(["1"], publication=new),
    }
    for words, issue in asked.items():
        link = f'<a href="{issue.preferences_url}" class="accent"'
        assert link in renderer.html(issue)
        assert f"{words}:\n{issue.preferences_url}" in renderer.text(issue).partition("In this")[0]
    assert "Choose your topics" not in renderer.html(issue_of(["1"]))


def test_an_editors_note_says_whose_it_is(issue_of: Make, renderer: Renderer) -> None:
    issue = issue_of(
        ["1"], publication=dataclasses.replace(PUBLICATION, notes={None: "We are back."})
    )
    assert ">From the editors</p>" in renderer.html(issue)
    assert "From the editors:\n\nWe are back." in renderer.text(issue)


def test_readers_of_one_edition_each_get_their_language(issue_of: Make, renderer: Renderer) -> None:
    for locale, word in (("en", "More like this"), ("de", "Mehr davon")) * 2:
        rendered = renderer.render(issue_of(["1"], reader=ReaderView(locale=locale)))
        assert word in rendered.html
        assert word in rendered.text


def test_a_story_in_another_language_says_so(issue_of: Make) -> None:
    hebrew = one(issue_of, title="שלום עולם", language="he").lead.face
    assert (hebrew.lang, hebrew.dir) == ("he", "rtl")
    english = one(issue_of, title="Hello", language="en-GB").lead.face
    assert (english.lang, english.dir) == ("", "ltr")


def test_long_texts_are_trimmed_until_the_issue_fits(issue_of: Make) -> None:
    words = '"A long & quoted sentence" goes on. ' * 200
    long = StoryContent(
        title=words, summary=words, takeaway=words, practice=(words,) * 9, url="https://example.com/",
        code_references=(words,) * 9, source=words, curator=words,
    )  # fmt: skip
    issue = issue_of(["1"] * 20, stories={"1": long})
    assert weight(issue) <= BUDGET
    assert len(issue.lead.face.title) >= 60


def test_a_story_survives_storage(stories: Stories) -> None:
    for story in stories.values():
        document = json_columns.load(json_columns.dump(dataclasses.asdict(story)))
        assert StoryContent.from_document(document) == story
    assert StoryContent.from_document({"title": "T", "summary": None, "later": 1}).summary == ""


def test_a_story_is_clean_however_it_was_made() -> None:
    dirty = StoryContent(title="a\x00b\u202e\r\nc\ud800", insights=("\x07", " x  y "))
    assert (dirty.title, dirty.insights) == ("a b c", ("x y",))


def test_a_missing_story_is_named(issue_of: Make) -> None:
    with pytest.raises(LookupError, match="story 404"):
        issue_of(["404"])
    with pytest.raises(ValueError, match="at least one"):
        issue_of([])


def test_the_same_input_gives_the_same_issue(issue_of: Make) -> None:
    assert dataclasses.asdict(issue_of()) == dataclasses.asdict(issue_of())
