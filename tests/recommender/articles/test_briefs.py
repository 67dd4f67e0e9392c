"""The brief parser: forgiving about layout, strict about values, never losing a word."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from recommender.articles import briefs
from recommender.articles.values import ArticleDraft
from recommender.errors import BriefError

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def parse(text: str) -> ArticleDraft:
    return briefs.parse(text, path="a.txt", key="a", now=NOW)


def refusal(text: str) -> BriefError:
    with pytest.raises(BriefError) as caught:
        parse(text)
    return caught.value


def test_the_house_layout_is_read_into_its_fields(digest: ArticleDraft) -> None:
    assert digest.title.startswith("646: Anthropic's Claude Learns to Shop, Intel")
    assert digest.summary.startswith("Anthropic released")
    assert digest.summary.endswith("model.")
    assert digest.takeaway.startswith("For CTOs planning")
    assert digest.insights == ("Memory-safe languages pay off first in device drivers.",)
    assert digest.principles == ("Nobody reads the manual.",)
    assert digest.practice[1] == "Keep a private evaluation set."
    assert digest.topics[:2] == ("Semiconductor Manufacturing", "Memory Safety")
    assert digest.roles == ("CTO", "VP of Engineering/Data", "Investor")
    assert digest.code_references == ()
    assert (digest.curator, digest.source) == ("Example Desk", "The Letter")


def test_escaped_dollar_signs_are_dollar_signs(digest: ArticleDraft) -> None:
    assert "sell for $1,000." in digest.summary


@pytest.mark.parametrize(
    "text",
    [
        "A title\nTopics\nAI, Chips; and More\nSummary\nOne. Two.\nBest for\nCTO\nInvestor\n",
        "# A title\n\n## Best for\n- CTO\n- Investor\n\n## Summary\nOne. Two.\n\n## Topics\n* AI\n",
        "**A title**\n\n**Summary**\nOne.\nTwo.\n\n**Best for:** CTO, Investor\n**Topics:** AI\n",
        "A title\r\nSummary: One. Two.\r\nTopics: AI\r\nBest for: CTO; Investor\r\n",
        "\ufeff\n\nTitle: A title\nSUMMARY:\nOne. Two.\nTOPICS\n1. AI\n2) Chips\n"
        "BEST FOR: CTO, Investor",
        '---\nsource: B\ntitle: "A title"\ntags: [AI, Chips]\n---\n# Summary\nOne. Two.\n'
        "### Best for\n• CTO\n• Investor\n",
        "A title\n=======\n\nSummary\n-------\nOne. Two.\n\nTopics: AI\n\n"
        "Best for: CTO, Investor.\n",
    ],
    ids=["plain", "markdown", "bold", "crlf", "capitals", "front matter", "underlined"],
)
def test_every_usual_layout_says_the_same(text: str) -> None:
    draft = parse(text)
    assert (draft.title, draft.summary) == ("A title", "One. Two.")
    assert draft.roles == ("CTO", "Investor")
    assert draft.topics[0] == "AI" or draft.topics == ("AI, Chips", "and More")


def test_labels_give_date_address_source_language_and_must_read() -> None:
    draft = parse(
        "T\nPublished: 24 November 2026\nURL: https://example.com/a?b=1\nSource: The Letter\n"
        "Language: pt_BR\nMust read: yes\nSummary\nText.\n"
    )
    assert draft.published_at == datetime(2026, 11, 24, tzinfo=UTC)
    assert (draft.url, draft.source) == ("https://example.com/a?b=1", "The Letter")
    assert (draft.language, draft.must_read) == ("pt-BR", True)
    assert draft.summary == "Text."
    assert draft.body == ""


def test_front_matter_of_a_static_site_is_read() -> None:
    draft = parse(
        "---\nlayout: post\ndate: 2026-11-20\ntags:\n  - AI\n  - Chips\naliases:\n  - /old\n"
        "title: 'A: title'\nauthor: The Desk\n---\n\nThe text.\n\n## Best for\n- CTO\n"
    )
    assert (draft.title, draft.summary, draft.body) == ("A: title", "The text.", "")
    assert (draft.topics, draft.roles, draft.curator) == (("AI", "Chips"), ("CTO",), "The Desk")
    assert draft.published_at == datetime(2026, 11, 20, tzinfo=UTC)


def test_text_under_an_unknown_heading_is_kept_in_the_body() -> None:
    draft = parse("T\n## Summary\nShort.\n## Why it matters\nBecause.\n## Topics\n- AI\n")
    assert draft.body == "Why it matters\nBecause."
    assert draft.topics == ("AI",)


def test_text_without_any_heading_is_the_summary() -> None:
    assert parse("T\n\nOne line\nand another.\n\nA second.").summary == (
        "One line and another.\n\nA second."
    )


def test_long_text_without_headings_keeps_its_first_paragraph_as_summary() -> None:
    draft = parse("T\n\nLead.\n\n" + "Word " * 1000)
    assert draft.summary == "Lead."
    assert draft.body.count("Word") == 1000


def test_wrapped_items_are_one_item_and_lines_without_bullets_are_many() -> None:
    wrapped = parse("T\nPrinciples\n- One that goes\n  on here.\n- Two.\n").principles
    assert wrapped == ("One that goes on here.", "Two.")
    assert parse("T\nPrinciples\nOne that goes\non here.\nTwo.\n").principles == wrapped


def test_code_references_keep_their_identifiers() -> None:
    code = parse("T\nCode references\n- `torch.nn.Module`\n- re.sub(r'\\$', '', __x__)\n")
    assert code.code_references == ("torch.nn.Module", "re.sub(r'\\$', '', __x__)")


def test_markup_in_a_title_is_text() -> None:
    title = "<b>Bold</b> {{ reader.email }} & <script>alert(1)</script>"
    assert parse(f"{title}\nSummary\nText.").title == title


def test_related_articles_are_not_this_one() -> None:
    draft = parse("T\nSummary\nText.\nRelated articles\n- Another story about pandas\n")
    assert draft.summary == "Text."
    assert "pandas" not in draft.body


def test_a_sentence_that_begins_like_a_heading_is_text() -> None:
    draft = parse("T\nSummary\nRelated work shows more.\nPrinciples matter here.\n")
    assert draft.summary == "Related work shows more. Principles matter here."


def test_empty_sections_are_empty() -> None:
    draft = parse("T\nSummary\nTopics\nKey insights\n-\n- \n")
    assert (draft.summary, draft.topics, draft.insights) == ("", (), ())


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", None, "empty"),
        (" \n\n\t\n", None, "empty"),
        ("Only a title\n", 1, "a title and nothing else"),
        ("Summary\nText.\n", 1, "no title"),
        ("T\nSummary\nbad \x00 byte", 3, "binary"),
        ("T\nSummary\nbad \x1b[31m red", 3, "U+001B"),
        ("T" * 1001 + "\nSummary\nText.", 1, "1001 characters"),
        ("T\nSummary\n" + "x" * 1_000_001, 3, "1000001 characters"),
        ("T\nPublished: 1900-01-01\nSummary\nText.", 2, "before 1990"),
        ("T\nPublished: 2100-01-01\nSummary\nText.", 2, "more than a year from now"),
        ("T\nPublished: soon\nSummary\nText.", 2, "'soon' is not a date"),
        ("T\nURL: javascript:alert(1)\nSummary\nText.", 2, "not an http(s) address"),
        ("T\nLanguage: the Queen's\nSummary\nText.", 2, "not a language tag"),
        ("T\nMust read: perhaps\nSummary\nText.", 2, "neither yes nor no"),
        ("T\nTopics\n- AI\n- " + "prose " * 50, 4, "at most 200"),
        ("T\nSummary\nhalf \ud800 a letter", 3, "surrogate"),
    ],
)
def test_what_cannot_be_read_names_the_line_and_the_reason(
    text: str, line: int | None, why: str
) -> None:
    error = refusal(text)
    assert error.line == line
    assert why in error.why


@pytest.mark.parametrize(
    ("data", "line", "why"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", None, "binary"),
        ("T\nSummary\nCaf\u00e9".encode("latin-1"), 3, "not UTF-8 text, byte 14"),
        (b"\xff\xfeT", 1, "not UTF-16 text"),
        (b"x" * 5_000_001, None, "larger than 5 MB"),
    ],
)
def test_files_that_are_not_text_are_refused(
    tmp_path: Path, data: bytes, line: int | None, why: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(BriefError) as caught:
        briefs.read(path, NOW)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert why in caught.value.why


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_with_a_byte_order_mark_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "Zoë’s Brief 12.txt"
    path.write_bytes("Café\nSummary\nText.".encode(encoding))
    draft = briefs.read(path, NOW)
    assert (draft.key, draft.title) == ("zoës-brief-12", "Café")


def test_a_missing_file_is_a_brief_error(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match="No such file"):
        briefs.read(tmp_path / "none.txt", NOW)


def test_the_real_brief_is_read_whole(shared_data: Path) -> None:
    draft = briefs.read(shared_data / "seeds" / "645-brief.txt", NOW)
    assert len(draft.topics) == 7
    assert len(draft.roles) == 6
    assert (draft.curator, draft.source) == ("AIssential", "Liberty’s Highlights")
    assert "a $6.3 billion deal" in draft.summary
    assert draft.body == ""
