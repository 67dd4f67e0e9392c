import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2
import mjml
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from mailer.issue.cards import Issue
from mailer.issue.composition import ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.issue.size import weight
from mailer.rendering import own_templates, sources, templates
from mailer.rendering.look import look
from mailer.rendering.sources import Source
from mailer.rendering.templates import Template, compile_mjml, compile_template
from recommender import resources
from recommender.errors import ConfigurationError
from recommender.ranking.values import Reason
from tests.mailer.rendered import Renderer

Make = Callable[..., Issue]
MJML = "<mjml><mj-body>{}</mj-body></mjml>"
ROW = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"


def every_branch(issue_of: Make) -> list[Issue]:
    """Issues of 1, 2 and 6 cards in which every condition of the template is once true and once
    false."""
    bare = Publication(title="T", edition="x", day=None, postal_address="one line")
    label = [Reason("explore", "x", 1.0)]
    roles = [ReaderView(roles=(role,)) for role in ("Engineer", "Investor", "Researcher")]
    return [
        issue_of(["5"], publication=bare, reasons=()),
        issue_of(["1", "5"], reasons=label),
        issue_of(["5", "1"], reasons=label, also=["7"]),
        issue_of(["3", "4"], reasons=(), also=["7"]),
        *(issue_of(reader=reader) for reader in roles),
    ]


def folder_with(tmp_path: Path, markup: str, text: str = "{{ issue.title }}") -> Path:
    (tmp_path / "weekly.mjml").write_text(markup)
    (tmp_path / "weekly.txt.j2").write_text(text)
    return tmp_path


# --- compiling once


def test_compiling_then_filling_equals_filling_then_compiling(
    issue_of: Make, renderer: Renderer
) -> None:
    path = resources.folder("templates") / "email" / "weekly.mjml"
    plain = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    plain.globals["_"] = str
    filled = plain.from_string(sources.assembled(path).with_look(look()).text)
    for issue in every_branch(issue_of):
        per_reader = mjml.mjml2html(filled.render(issue=issue), disable_comments=True, fonts={})
        assert squeezed(renderer.render(issue).html) == squeezed(per_reader)


def squeezed(markup: str) -> str:
    """Without white space between tags; ``<br />`` and self-closing tags written one way."""
    return re.sub(r">\s+|\s+<", lambda match: match[0].strip(), re.sub(r"\s+", " ", markup))


def test_a_stored_template_renders_the_same(
    issue_of: Make, template: Template, renderer: Renderer
) -> None:
    stored = Template(**dataclasses.asdict(template))
    assert Renderer(stored).render(issue_of()) == renderer.render(issue_of())


def test_the_hash_changes_with_every_source_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = MJML.format('<mj-include path="part.mjml" />')
    folder = folder_with(tmp_path, body)
    (folder / "part.mjml").write_text(ROW.format("a"))
    first = compile_template(folder).hash
    assert re.fullmatch(r"[0-9a-f]{64}", first)
    assert compile_template(folder).hash == first
    (folder / "part.mjml").write_text(ROW.format("b"))
    second = compile_template(folder).hash
    (folder / "weekly.txt.j2").write_text("{{ issue.date }}")
    third = compile_template(folder).hash
    monkeypatch.setattr(templates, "version", lambda _: "another")
    assert len({first, second, third, compile_template(folder).hash}) == 4


@pytest.mark.parametrize(
    "piece",
    [
        "{{ issue.title }}",
        "{% if 1 < 2 %}yes{% endif %}",
        '{{ "}}" }} {{ "%}" }}',
        '<a href="{{ issue.view_url | replace("a", "b") }}">x</a>',
        "{% for line in issue.postal_address -%} {{ line }}{%- endfor %}",
        "{% raw %}{{ not this }}{% endraw %}",
        "a{# <mj-nonsense> {{ x }} #}b",
    ],
)
def test_jinja_survives_the_compiler(piece: str) -> None:
    compiled = compile_mjml(Source(MJML.format(ROW.format(piece))))
    assert re.sub(r"\{#.*?#\}", "", piece) in compiled.html


@pytest.mark.parametrize(
    ("markup", "why"),
    [
        (MJML.format("<mj-sektion></mj-sektion>"), "<mj-sektion> is not a tag"),
        (MJML.format('<mj-include path = "x" />'), "<mj-include> is not a tag"),
        (
            '<mjml><mj-head><mj-style inline="inline">a{}</mj-style></mj-head></mjml>',
            "mj-style inline",
        ),
        (
            MJML.format(ROW.format("").replace("mj-text", 'mj-image width="{{ issue.title }}"', 1))
            .replace("</mj-text>", "</mj-image>"),
            "the MJML compiler drops {{ issue.title }}",
        ),
        (MJML.format("<!-- {{ issue.title }} -->"), "drops {{ issue.title }}"),
        (MJML.format(ROW.format("{{ issue.title")), r"weekly.mjml:1: "),
        (MJML.format(ROW.format("{% if 1 %}")), "endif"),
        (MJML.format(ROW.format("{{ issue.title | shout }}")), "No filter named 'shout'"),
        (MJML.format(ROW.format("{{ reader }}")), "'reader' is unknown"),
        (MJML.format(ROW.format("{% include 'x' %}")), "use mj-include"),
        (MJML.format(ROW.format("J00001X")), "reserved"),
        (MJML.format('<mj-include path="weekly.mjml" />'), "includes itself"),
        (MJML.format('<mj-include path="../x.mjml" />'), "outside"),
        (MJML.format('<mj-include path="none.mjml" />'), "No such file"),
        ("<mjml><mj-body>", "<mj-body> is not closed"),
        ("<mjml></mj-body></mjml>", "</mj-body> closes what was not opened there"),
    ],
)  # fmt: skip
def test_a_faulty_template_is_refused_with_its_name_and_the_cause(
    tmp_path: Path, markup: str, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(str(tmp_path))) as refused:
        compile_template(folder_with(tmp_path, markup))
    assert re.search(why, str(refused.value)) or why in str(refused.value)


def test_a_statement_that_the_compiler_repeats_is_refused() -> None:
    head = "<mj-head><mj-title>{% if issue.title %}x{% endif %}</mj-title></mj-head>"
    with pytest.raises(ConfigurationError, match="moves or repeats"):
        compile_mjml(Source(f"<mjml>{head}<mj-body>{ROW.format('a')}</mj-body></mjml>"))


def test_files_that_are_missing_or_not_utf8_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"weekly\.mjml: No such file"):
        compile_template(tmp_path)
    folder_with(tmp_path, "")
    (tmp_path / "weekly.mjml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        compile_template(tmp_path)


def test_what_a_template_asks_for_in_vain_is_an_error_and_not_a_hole(
    tmp_path: Path, issue_of: Make
) -> None:
    template = compile_template(folder_with(tmp_path, MJML.format(ROW.format("{{ issue.titel }}"))))
    with pytest.raises(ConfigurationError, match="titel"):
        Renderer(template).render(issue_of())


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("story.mjml", "{{ face.origin }}", "{{ face.orign }}", "{{ face.orign }}"),
        ("masthead.mjml", "{{ issue.intro }}", "{{ issue.intro | sohut }}", "'sohut'"),
        ("masthead.mjml", "{{ issue.intro }}", "{{ isue.intro }}", "'isue' is unknown"),
        ("masthead.mjml", "{{ issue.intro }}", "{{ issue.intro", "unexpected '/'"),
        ("footer.mjml", "{{ issue.footer_why }}", "{{ issue.footer_wy }}", "{{ issue.footer_wy }}"),
        ("footer.mjml", "</mj-column>", "", "</mj-section> closes what was not opened there"),
        ("head.mjml", "{{ look.dark_ink }}", "{{ look.dark_inc }}", "{{ look.dark_inc }}"),
        ("weekly.mjml", 'path="note.mjml"', 'path="nota.mjml"', "'nota.mjml': No such file"),
        ("contents.mjml", "{{ issue.contents_title }}<", "J00001X<", "J00001X is reserved"),
        ("weekly.txt.j2", "{{ issue.intro | wrapped }}", "{{ issue.into }}", "{{ issue.into }}"),
        ("weekly.txt.j2", "{{ issue.intro | wrapped }}", "{% endfro %}", "unknown tag 'endfro'"),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(
    tmp_path: Path, issue_of: Make, file: str, old: str, new: str, place: str
) -> None:
    folder = tmp_path / "mine"
    own_templates.eject(folder)
    text = (folder / file).read_text()
    assert old in text
    changed = "\n\n" + text.replace(old, new, 1)
    if file.endswith(".j2"):
        changed = changed[2:]  # the plain text would begin with empty lines
    (folder / file).write_text(changed)
    line = next(n for n, one in enumerate(changed.split("\n"), 1) if new in one and one.strip())
    if not new:
        line = next(n for n, one in enumerate(changed.split("\n"), 1) if "</mj-section>" in one)
    with pytest.raises(ConfigurationError) as refused:
        Renderer(compile_template(folder)).render(issue_of())
    said = str(refused.value)
    assert f"{folder / file}:{line}" in said
    assert place in said.replace("the word ", "")
    assert "\n" not in said


def test_a_template_out_of_the_store_has_no_files_and_is_named(
    tmp_path: Path, issue_of: Make
) -> None:
    made = compile_template(folder_with(tmp_path, MJML.format(ROW.format("{{ issue.titel }}"))))
    stored = Template(made.name, made.hash, made.html, made.text)
    assert stored == made
    with pytest.raises(ConfigurationError, match=r"^template weekly: .*titel"):
        Renderer(stored).render(issue_of())


def test_html_is_escaped_whatever_the_template_is_called(tmp_path: Path, issue_of: Make) -> None:
    folder = folder_with(tmp_path, MJML.format(ROW.format("{{ issue.title }}")))
    template = dataclasses.replace(compile_template(folder), name="weekly.mjml")
    rendered = Renderer(template).render(dataclasses.replace(issue_of(), title="<b>&"))
    assert "&lt;b&gt;&amp;" in rendered.html
    assert rendered.text == "<b>&"


# --- the HTML part


@pytest.fixture(scope="module")
def page(issue_of: Make, renderer: Renderer) -> LexborHTMLParser:
    return LexborHTMLParser(renderer.render(issue_of(also=["7"])).html)


def names(nodes: list[LexborNode]) -> list[str]:
    return [str(node.attributes.get("aria-label") or node.text()) for node in nodes]


def test_headings_begin_with_one_h1_and_skip_no_level(page: LexborHTMLParser) -> None:
    assert [node.tag for node in page.css("h1,h2,h3,h4,h5,h6")] == ["h1"] + ["h2"] * 6


def test_every_table_is_for_layout_and_says_so(
    issue_of: Make, renderer: Renderer, page: LexborHTMLParser
) -> None:
    assert all(node.attributes.get("role") == "presentation" for node in page.css("table"))
    html = renderer.render(issue_of()).html
    assert html.count("<table") == html.count('role="presentation"')


def test_outlook_conditionals_are_balanced(issue_of: Make, renderer: Renderer) -> None:
    for issue in every_branch(issue_of):
        html = renderer.render(issue).html
        assert html.count("<!--[if") == html.count("<![endif]")
        opened = "".join(re.findall(r"<!--\[if mso[^>]*>(.*?)<!\[endif\]-->", html, re.DOTALL))
        for tag in ("table", "tr", "td"):
            assert len(re.findall(rf"<{tag}\b", opened)) == opened.count(f"</{tag}>")


def test_nothing_is_loaded_and_nothing_can_run(page: LexborHTMLParser, template: Template) -> None:
    assert not page.css("img,script,link,form,iframe,object,video,audio,svg")
    assert not re.search(r"url\(|@import|@font-face|\son[a-z]+=", template.html)


def test_language_title_and_colour_schemes_are_declared(page: LexborHTMLParser) -> None:
    html = page.css_first("html")
    assert html is not None
    assert (html.attributes["lang"], html.attributes["dir"]) == ("en-GB", "ltr")
    title = page.css_first("title")
    assert title is not None
    assert title.text() == "Five generations of TPUs"
    metas = {
        node.attributes.get("name"): node.attributes.get("content") for node in page.css("meta")
    }
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    assert "viewport" in metas


def test_no_two_links_of_one_name_lead_to_different_places(page: LexborHTMLParser) -> None:
    targets: dict[str, set[object]] = {}
    for node, name in zip(page.css("a"), names(page.css("a")), strict=True):
        targets.setdefault(name, set()).add(node.attributes["href"])
    assert all(len(found) == 1 for found in targets.values())
    assert "More like this: Three beams of light" in targets


def test_a_links_name_contains_what_is_seen(page: LexborHTMLParser) -> None:
    for node in page.css("a[aria-label]"):
        assert str(node.attributes["aria-label"]).startswith(node.text())


def test_no_text_is_smaller_than_14_pixels(template: Template) -> None:
    shown = template.html.partition("<body")[2]
    sizes = {int(size) for size in re.findall(r"font-size:\s*(\d+)px", shown)}
    assert min(sizes - {0}) >= 14  # 0 is what the compiler puts on cells around text


def test_the_footer_has_ways_out_and_an_address(page: LexborHTMLParser) -> None:
    text = page.body.text() if page.body else ""
    for needed in ("You get this because", "1 Example Street", "Unsubscribe", "on the web"):
        assert needed in text


def test_the_issue_on_the_web_is_linked_beside_the_date_and_in_the_footer(
    page: LexborHTMLParser,
) -> None:
    links = [node for node in page.css("a") if node.text() == "View this issue on the web"]
    assert len(links) == 2
    line = links[0].parent and links[0].parent.parent
    assert line is not None
    assert re.search(r"2026\s·\s\d+ min read\s+View", line.text())


def test_an_issue_of_six_takes_less_than_60_kilobytes(issue_of: Make, renderer: Renderer) -> None:
    assert len(renderer.render(issue_of()).html.encode()) < 30_000


@pytest.mark.parametrize("character", ["a", "&", '"', "é", "漢", "😀", "< "])
def test_twenty_stories_of_long_text_stay_below_what_is_clipped(
    issue_of: Make, renderer: Renderer, character: str
) -> None:
    words = character * 3000
    story = StoryContent(
        title=words, summary=words, takeaway=words, practice=(words,) * 9, source=words,
        code_references=(words,) * 9, curator=words, url="https://example.com/" + "a" * 1900,
    )  # fmt: skip
    direct = Publication(words, "weekly-2026-W48", None, words, tracking=False)
    reader = ReaderView(words, "de", ("Engineer " + words,), {words: 1})
    issue = issue_of(["1"] * 20, stories={"1": story}, publication=direct, reader=reader)
    assert len(renderer.render(issue).html.encode()) < 102_400


def test_the_estimated_size_is_never_too_small(
    issue_of: Make, renderer: Renderer, stories: Mapping[str, StoryContent]
) -> None:
    german = ReaderView(locale="de", roles=("Engineer",))
    issues = [issue_of([story] * 20, reader=german) for story in stories]
    for issue in (*every_branch(issue_of), issue_of(["1"] * 20), *issues):
        assert len(renderer.render(issue).html.encode()) <= weight(issue)


# --- the text part


def test_the_text_part_has_every_story_part_and_link_of_the_html(
    issue_of: Make, renderer: Renderer
) -> None:
    for issue in every_branch(issue_of):
        rendered = renderer.render(issue)
        html = LexborHTMLParser(rendered.html)
        links = {str(node.attributes["href"]) for node in html.css("a:not([tabindex])")}
        assert set(re.findall(r"https://\S+", rendered.text)) == links
        plain = " ".join(rendered.text.split())
        for card in (issue.lead, *issue.cards):
            face = card.face
            parts = [text for part in face.parts for text in (part.label, part.text, *part.points)]
            for text in (face.title, face.summary, card.why, face.origin, face.label, *parts):
                assert " ".join(text.split()) in plain


def test_lines_of_text_end_within_78_columns_but_for_links(
    issue_of: Make, renderer: Renderer
) -> None:
    long = StoryContent(
        title="word " * 60,
        summary=f"See https://example.com/{'a' * 200} and {'b' * 200}.",
        practice=("漢" * 300, "word " * 100),
        url="https://example.com/x",
    )
    text = renderer.render(issue_of(["1"], stories={"1": long})).text
    assert f"\nhttps://example.com/{'a' * 200}\n" in text
    for line in text.splitlines():
        assert len(line) <= 78 or re.fullmatch(r"\s*https://\S+", line)


def test_the_text_part_is_no_markup_and_has_no_control_characters(
    issue_of: Make, renderer: Renderer
) -> None:
    issue = dataclasses.replace(issue_of(), title="a & <b>\x00\x1b[31m\x85\u202e")
    text = renderer.render(issue).text
    assert text.startswith("a & <b>[31m\n")
    assert not re.search(r"&(?:amp|nbsp|lt|#\d+);", text)


def test_text_right_to_left_begins_on_the_right(issue_of: Make, renderer: Renderer) -> None:
    hebrew = StoryContent(
        title="שלום עולם", summary="טקסט מימין לשמאל.", insights=("אחת.", "שתיים."), language="he"
    )
    english = StoryContent(title="Left", summary="From the left.")
    html = renderer.render(issue_of(["1", "2"], stories={"1": hebrew, "2": english})).html
    page = LexborHTMLParser(html)
    right = [node for node in page.css("h2, div, p, ul") if node.attributes.get("dir") == "rtl"]
    assert len(right) == 2  # heading, words
    assert all("text-align:right" in str(node.attributes.get("style")) for node in right)
    assert "padding:0 20px 0 0" in str(page.css("td.box ul")[0].attributes["style"])
    left = [node for node in page.css("h2, div") if node.attributes.get("dir") == "ltr"]
    assert left
    assert not any("text-align:right" in str(node.attributes.get("style")) for node in left)
