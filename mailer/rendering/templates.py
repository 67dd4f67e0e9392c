"""Templates: MJML compiled once, Jinja2 filled in per reader.

Jinja's own lexer finds the Jinja parts; they are hidden from the MJML compiler behind tokens and
put back afterwards, so nothing in them can confuse it. A part that the compiler loses, repeats or
moves is an error and not a silent hole in every copy. HTML is always autoescaped, whatever a
template is called; the text part is not markup and only loses control characters. Nothing here
knows the store, the clock or the network.
"""

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Generic, Literal

import jinja2
import jinja2.meta
import mjml
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from mailer import localization
from mailer.issue import plaintext
from mailer.issue.composition import Issue
from mailer.localization import Language
from mailer.rendering import cutting
from mailer.rendering import look as looks
from mailer.rendering.fragments import CompiledTemplate, Piece, Pieces, Setter
from mailer.rendering.look import Look
from recommender.errors import ConfigurationError

TAGS = frozenset(
    [
        "mjml", "mj-head", "mj-body", "mj-title", "mj-preview", "mj-attributes", "mj-all",
        "mj-class", "mj-style", "mj-raw", "mj-breakpoint", "mj-section", "mj-column", "mj-group",
        "mj-wrapper", "mj-hero", "mj-text", "mj-image", "mj-button", "mj-divider", "mj-spacer",
        "mj-table", "mj-social", "mj-social-element", "mj-navbar", "mj-navbar-link",
    ]
)  # fmt: skip
"""What is known to compile as its authors meant it; the compiler itself lets any tag pass."""
COMPILER = "mjml-python"
DEEPEST = 8
_TAG = re.compile(r"<(mj[\w-]*)", re.IGNORECASE)
_INCLUDE = re.compile(r"""<mj-include\s+path=(["'])(.+?)\1\s*(?:/>|>\s*</mj-include>)""")
_INLINE = re.compile(r"<mj-style\b[^>]*\binline", re.IGNORECASE)
_LOOK = re.compile(r"\{\{\s*look\.(\w+)\s*\}\}")
_TOKEN = re.compile(r"J(\d{5})X")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template: Jinja2 sources of HTML and text, under the SHA-256 (hex) of the
    sources and the compiler's version. It can be stored and used again without its files."""

    name: str
    hash: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """One copy, to look at."""

    subject: str
    html: str
    text: str


def compile_template(folder: Path, name: str = "weekly", look: Look | None = None) -> Template:
    """Compile ``name.mjml`` and ``name.txt.j2`` of ``folder``, in this look or the project's own.

    Raises ConfigurationError, naming file and cause, when one is missing or cannot be compiled.
    """
    markup_path, text_path = folder / f"{name}.mjml", folder / f"{name}.txt.j2"
    markup = with_look(assembled(markup_path), look or looks.look(), str(markup_path))
    text = _read(text_path)
    digest = hashlib.sha256()
    for part in (f"{COMPILER} {version(COMPILER)}", markup, text):
        digest.update(hashlib.sha256(part.encode()).digest())
    _check(text, str(text_path))
    return Template(name, digest.hexdigest(), compile_mjml(markup, str(markup_path)), text)


def assembled(path: Path) -> str:
    """The MJML of a template with its includes put in."""
    return _with_includes(path, ())


def with_look(source: str, look: Look, path: str = "template") -> str:
    """``source`` with every ``{{ look.NAME }}`` filled in: colours and fonts belong to a template
    and are frozen with it. ConfigurationError for a name there is none of."""
    values = look.values()

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ConfigurationError(
                f"template {path}: {match[0]} is unknown; look has {', '.join(sorted(values))}"
            )
        return values[match[1]]

    return _LOOK.sub(value, source)


def _with_includes(path: Path, within: Sequence[Path]) -> str:
    """The source with every ``mj-include`` replaced by what the file it names holds.

    As text, since the compiler forgets the width of the column around what it includes itself.
    """
    path = path.resolve()
    if path in within or len(within) >= DEEPEST:
        raise ConfigurationError(f"template {path}: includes itself, or too deep")

    def included(match: re.Match[str]) -> str:
        wanted = (path.parent / match[2]).resolve()
        if not wanted.is_relative_to(path.parent):
            raise ConfigurationError(f"template {path}: mj-include {match[2]!r} is outside")
        return _with_includes(wanted, (*within, path))

    return _INCLUDE.sub(included, _read(path))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"template {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"template {path}: is not UTF-8: {error}") from error


def compile_mjml(source: str, path: str = "template") -> str:
    """MJML with Jinja in it, includes resolved, as HTML with the same Jinja in it."""
    _check(source, path)
    hidden, pieces = _hide(source, path)
    unknown = sorted({tag for tag in _TAG.findall(hidden) if tag not in TAGS})
    if unknown:
        raise ConfigurationError(f"template {path}: <{unknown[0]}> is not a tag that can be used")
    if _INLINE.search(hidden):
        raise ConfigurationError(f"template {path}: mj-style inline is not supported")
    try:
        html: str = mjml.mjml2html(hidden, disable_comments=True, fonts={})
    except ValueError as error:
        raise ConfigurationError(f"template {path}: {error}") from error
    _check_tokens(html, pieces, path)
    return _TOKEN.sub(lambda match: pieces[int(match[1])], html)


def _check(source: str, path: str) -> None:
    """Jinja's syntax, and that nothing but ``issue`` is asked for and only whole sentences are
    translated. Lines are counted after includes were put in."""
    try:
        tree = _Translation(localization.choose()).visit(
            _environment(autoescape=True).parse(source)
        )
        strangers = sorted(jinja2.meta.find_undeclared_variables(tree) - {"issue"})
    except jinja2.TemplateSyntaxError as error:
        raise ConfigurationError(f"template {path}:{error.lineno}: {error.message}") from error
    if any(True for _ in jinja2.meta.find_referenced_templates(tree)):
        raise ConfigurationError(f"template {path}: use mj-include; Jinja cannot include files")
    if strangers:
        raise ConfigurationError(f"template {path}: {strangers[0]!r} is unknown; use issue.…")


def _hide(source: str, path: str) -> tuple[str, list[str]]:
    """``source`` with each Jinja expression, statement and raw block replaced by a token, and
    comments left out; and what the tokens stand for."""
    if clash := _TOKEN.search(source):
        raise ConfigurationError(f"template {path}: the word {clash[0]} is reserved")
    pieces: list[str] = []
    out: list[str] = []
    held: list[str] = []
    raw = False
    for _, kind, value in _environment(autoescape=True).lex(source):
        if kind == "data" and not raw:
            out.append(value)
            continue
        held.append(value)
        raw = (raw or kind == "raw_begin") and kind != "raw_end"
        if kind == "comment_end":
            held.clear()
        elif kind in ("variable_end", "block_end", "raw_end"):
            out.append(f"J{len(pieces):05d}X")
            pieces.append("".join(held))
            held.clear()
    return "".join(out), pieces


def _check_tokens(html: str, pieces: Sequence[str], path: str) -> None:
    """Every expression is still there; statements are, once each and in their order."""
    found = [int(number) for number in _TOKEN.findall(html)]
    lost = sorted(set(range(len(pieces))) - set(found))
    if lost:
        raise ConfigurationError(
            f"template {path}: the MJML compiler drops {pieces[lost[0]]}; its value is needed when "
            "the template is compiled"
        )
    statements = [number for number in found if not pieces[number].startswith("{{")]
    for before, after in itertools.pairwise(statements):
        if after <= before:
            raise ConfigurationError(
                f"template {path}: the MJML compiler moves or repeats {pieces[after]}"
            )


class TemplatePart(Generic[Piece]):
    """One of a compiled template's sources, filled in pieces; made once per edition, safe to share
    between threads.

    What a fragment of the template makes of the same values is made, and set, once: a card
    that a thousand copies show is drawn for the first of them. Each language has a template of its
    own, into which its words are put when the first copy in it is made.
    """

    def __init__(
        self, template: Template, part: Literal["html", "text"], setter: Setter[Piece]
    ) -> None:
        self._template = template
        self._part = part
        self._setter = setter
        self._in: dict[str, Pieces[Piece]] = {}
        self._add(localization.choose())

    def fill(self, issue: Issue) -> list[Piece]:
        """The part in the pieces the template is made of. ConfigurationError when the template
        asks for what is not there."""
        language = localization.choose(issue.lang)
        template = self._in.get(language.code) or self._add(language)
        try:
            return template.of(issue)
        except (jinja2.TemplateError, OverflowError) as error:  # the latter: too much for a sandbox
            raise self._wrong(error) from error

    def _add(self, language: Language) -> Pieces[Piece]:
        source = getattr(self._template, self._part)
        try:
            found = _compiled(source, language, self._part == "html").remembering(self._setter)
        except jinja2.TemplateError as error:
            raise self._wrong(error) from error
        self._in[language.code] = found
        return found

    def _wrong(self, error: jinja2.TemplateError | OverflowError) -> ConfigurationError:
        return ConfigurationError(f"template {self._template.name}: {error}")


@lru_cache(maxsize=32)
def _compiled(source: str, language: Language, escaped: bool) -> CompiledTemplate:
    """A source in a language, compiled once for the sample check, the sender and web pages."""
    environment = _environment(autoescape=escaped)
    tree = _Translation(language).visit(environment.parse(source))
    return cutting.cut(environment, tree)


class _Translation(NodeTransformer):
    """Puts the words of a language in place of ``_("…")``."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  (named by Jinja)
        self.generic_visit(node)
        called = isinstance(node.node, nodes.Name) and node.node.name == "_"
        if not called or node.kwargs or len(node.args) != 1:
            return node
        [message] = node.args
        if not isinstance(message, nodes.Const) or not isinstance(message.value, str):
            return node
        return nodes.Const(self._language.text(message.value), lineno=node.lineno)


def _environment(*, autoescape: bool) -> jinja2.Environment:
    """Sandboxed, since a template may come out of the store: it changes nothing it is given, and
    reaches none of Python's own objects."""
    environment = ImmutableSandboxedEnvironment(
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=not autoescape,
        lstrip_blocks=not autoescape,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = plaintext.wrapped
    environment.filters["underlined"] = plaintext.underlined
    return environment
