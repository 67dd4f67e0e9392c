"""Templates: MJML compiled once, Jinja2 filled in per reader.

The Jinja parts are hidden from the MJML compiler behind tokens and put back afterwards, so that
nothing in them can confuse it; a token that the compiler dropped is an error and not a silent hole
in every copy. HTML is autoescaped, the text part is not markup and only loses control characters.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import jinja2
import mjml
from jinja2.lexer import Lexer

from mailer.composition import Issue
from recommender.errors import ConfigurationError

TAGS = frozenset(
    f"mj-{name}"
    for name in (
        *("head", "body", "title", "preview", "attributes", "all", "class", "style", "raw"),
        *("breakpoint", "section", "column", "group", "wrapper", "hero", "text", "image"),
        *("button", "divider", "spacer", "table"),
    )
) | {"mjml"}
"""What templates may use; the compiler passes unknown tags through without a word."""

_INCLUDE = re.compile(r'<mj-include\s+path="([^"]+)"\s*/>')
_PLACE = "J{:05d}X"
_PLACES = re.compile(r"J(\d{5})X")


@dataclass(frozen=True)
class Template:
    """A compiled template: Jinja2 sources for HTML and text, under the hash of what made them."""

    name: str
    hash: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    text: str


def compile_template(folder: Path, name: str = "weekly") -> Template:
    """Compile ``name.mjml`` and take ``name.txt.j2`` from ``folder``.

    Raises ConfigurationError when a file is missing or cannot be compiled.
    """
    mjml_source = _included(folder, _read(folder / f"{name}.mjml"))
    text = _read(folder / f"{name}.txt.j2")
    made_with = version("mjml-python")
    digest = hashlib.sha256("\0".join((mjml_source, text, made_with)).encode()).hexdigest()
    return Template(name, digest, compile_mjml(mjml_source, folder / f"{name}.mjml"), text)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"template {path}: {error}") from error


def _included(folder: Path, source: str) -> str:
    return _INCLUDE.sub(lambda match: _read(folder / match[1]), source)


def compile_mjml(source: str, path: Path | str = "template") -> str:
    """MJML with Jinja in it as HTML with the same Jinja in it."""
    unknown = sorted(set(re.findall(r"<(mj[\w-]+)", source)) - TAGS)
    if unknown:
        raise ConfigurationError(f"template {path}: unknown MJML tag <{unknown[0]}>")
    if re.search(r"<mj-style[^>]*\binline", source):
        raise ConfigurationError(f"template {path}: mj-style inline is not supported")
    hidden, pieces = _hide(source)
    try:
        html: str = mjml.mjml2html(hidden, disable_comments=True, fonts={})
    except ValueError as error:
        raise ConfigurationError(f"template {path}: {error}") from error
    lost = [
        piece
        for number, piece in enumerate(pieces)
        if _PLACE.format(number) not in html and not piece.startswith("{#")
    ]
    if lost:
        raise ConfigurationError(f"template {path}: the MJML compiler drops {lost[0]}")
    return _PLACES.sub(lambda match: pieces[int(match[1])], html)


def _hide(source: str) -> tuple[str, list[str]]:
    """``source`` with each Jinja expression, statement and comment replaced by a token."""
    pieces: list[str] = []
    out: list[str] = []
    held: list[str] = []
    lexer = Lexer(jinja2.Environment(autoescape=True))
    for _, kind, value in lexer.tokeniter(source, "template"):
        if kind == "data":
            out.append(value)
            continue
        held.append(value)
        if kind in ("variable_end", "block_end", "comment_end"):
            out.append(_PLACE.format(len(pieces)))
            pieces.append("".join(held))
            held.clear()
    return "".join(out), pieces


class Renderer:
    """Fills a compiled template; safe to share between threads."""

    def __init__(self, template: Template) -> None:
        self._html = _environment(autoescape=True).from_string(template.html)
        self._text = _environment(autoescape=False).from_string(template.text)

    def render(self, issue: Issue) -> Rendered:
        """Both parts of a copy."""
        context = {"issue": issue}
        return Rendered(self._html.render(context), self._text.render(context))


def _environment(*, autoescape: bool) -> jinja2.Environment:
    from mailer import plaintext

    environment = jinja2.Environment(
        autoescape=autoescape,  # noqa: S701  (the text part is not markup)
        undefined=jinja2.StrictUndefined,
        trim_blocks=not autoescape,
        lstrip_blocks=not autoescape,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = plaintext.wrapped
    return environment
