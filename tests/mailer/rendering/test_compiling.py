"""What the MJML compiler would let pass is refused with its line; what it makes keeps its lines."""

import pytest

from mailer.rendering.sources import Source
from mailer.rendering.templates import compile_mjml
from recommender.errors import ConfigurationError

PAGE = (
    "<mjml>\n<mj-body>\n<mj-section>\n<mj-column>\n{}\n</mj-column>\n</mj-section>\n</mj-body>\n"
    "</mjml>"
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\n<mj-text>a</mj-txt>", "template:6: <mj-txt> is not a tag that can be used"),
        ("<mj-text>a", "template:6: </mj-column> closes what was not opened there"),
        ("</mj-column>", "template:6: </mj-column> closes what was not opened there"),
        ("{% if 1 %}\n{% endif %}\n<mj-table>", "template:8: </mj-column> closes"),
        ("{#\n\n<mj-x> #}\n<mj-style inline='inline'></mj-style>", "template:8: mj-style inline"),
    ],
)
def test_a_tag_that_is_not_closed_is_named_with_its_line(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        compile_mjml(Source(PAGE.format(text)))
    assert why in str(refused.value)


def test_each_part_of_jinja_is_on_its_line_of_the_html() -> None:
    text = "<mj-text>{% if\n 1 %}{{ issue.title }}\n{{\nissue.date }}{% endif %}</mj-text>"
    html, parts = compile_mjml(Source(PAGE.format(text)))
    lines = html.split("\n")
    for number, part in parts:
        assert part.text.split("\n")[0] in lines[number - 1]
    assert [part.line for _, part in parts] == [5, 6, 7, 8]


def test_indentation_is_left_out_unless_it_could_be_seen() -> None:
    raw = "<mj-raw>\n  <p{}>a  b {{{{ '  ' }}}}\n    c</p></mj-raw>"
    html, _ = compile_mjml(Source(PAGE.format(raw.format(""))))
    assert "<p>a b {{ '  ' }}\nc</p>" in html
    html, _ = compile_mjml(Source(PAGE.format(raw.format(" style='white-space: pre-wrap'"))))
    assert "a  b {{ '  ' }}\n    c</p>" in html
