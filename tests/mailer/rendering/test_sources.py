"""A line that was put together is said as the file and line its author knows."""

from pathlib import Path

import pytest

from mailer.rendering import sources
from mailer.rendering.look import look
from recommender.errors import ConfigurationError


def files(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.mjml").write_text(text)
    return folder / "a.mjml"


def test_every_line_knows_where_it_comes_from(tmp_path: Path) -> None:
    path = files(
        tmp_path,
        a='one\n  <mj-include path="b.mjml" />\nthree <mj-include path="c.mjml" /> four\nfive\n',
        b='b1\nb2\n<mj-include path="c.mjml" />',
        c="c1\nc2",
    )
    source = sources.assembled(path)
    assert source.text == "one\n  b1\nb2\nc1\nc2\nthree c1\nc2 four\nfive\n"
    places = [source.place(line).removeprefix(f"{tmp_path}/") for line in range(1, 9)]
    assert places == [
        *("a.mjml:1", "b.mjml:1", "b.mjml:2", "c.mjml:1", "c.mjml:2"),
        *("a.mjml:3", "c.mjml:2", "a.mjml:4"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('\n<mj-include path="a.mjml" />', "a.mjml:2: mj-include 'a.mjml' includes itself"),
        ('<mj-include path="../x.mjml" />', "a.mjml:1: mj-include '../x.mjml' is outside"),
        ('\n\n<mj-include path="x.mjml" />', "a.mjml:3: mj-include 'x.mjml': No such file"),
        ("\n{{ look.nothing }}", "a.mjml:2: {{ look.nothing }} is unknown; look has accent"),
    ],
)
def test_what_cannot_be_put_together_is_named_with_its_line(
    tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        sources.assembled(files(tmp_path, a=text)).with_look(look())
    assert why in str(refused.value)
