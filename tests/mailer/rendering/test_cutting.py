"""What a template yields in fragments is what Jinja makes of it as a whole."""

import pytest

from mailer.rendering.fragments import FragmentedTemplate as Cut
from mailer.rendering.fragments import WholeTemplate
from tests.mailer.rendering.test_fragments import ISSUES, cut, environment

MACRO = "{% macro shown(face, mark) %}{{ mark }}{{ face }}{% endmacro %}"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("<p>{{ issue.intro }}</p>{{ issue.title }} {{ issue.title|upper }}", Cut),
        (MACRO + "{% for card in issue.cards %}{{ shown(card.face, '-') }}, {% endfor %}.", Cut),
        (
            "{% for c in issue.cards %}{{ c.face }}{{ c.why }}{{ issue.title }}"
            "{% if c.why %}!{% else %}?{% endif %}{% endfor %}",
            Cut,
        ),
        ("{% for card in issue.cards %}{{ loop.index }}{{ card.face }}{% endfor %}", Cut),
        ("{% for card in issue.cards %}{{ card.face }}{% else %}none{% endfor %}", Cut),
        ("{% for line in issue.lines %}{{ line }}{{ loop.last }}{% endfor %}", Cut),
        ("{% for c in issue.cards if c.why %}{{ c.why }}{% endfor %}{{ issue.title }}", Cut),
        ("{{ issue.title.lower() }}{{ issue.intro.replace('Mina', issue.title) }}", Cut),
        ("{% for c in issue.cards %}{% for c in 'ab' %}{{ c }}{% endfor %}{% endfor %}", Cut),
        ("{% set x = issue.intro %}{{ issue.title }}{{ x }}", WholeTemplate),
        ("{% if issue.title %}{% set x = 1 %}{% endif %}{{ x }}", WholeTemplate),
        ("{% block a %}{{ issue.intro }}{% endblock %}", WholeTemplate),
        ("{% macro m() %}{{ issue.intro }}{% endmacro %}{{ m() }}", WholeTemplate),
        ("{% for issue in issue.cards %}{{ issue.face }}{% endfor %}", WholeTemplate),
        ("{{ (issue|attr('intro')) }}", WholeTemplate),
    ],
)  # fmt: skip
def test_fragments_make_what_the_whole_template_makes(source: str, kind: type) -> None:
    pieces = cut(source)
    assert isinstance(pieces, kind)
    whole = environment().from_string(source)
    for issue in ISSUES * 2:  # the second time from memory
        assert "".join(pieces.of(issue)) == whole.render(issue=issue)
