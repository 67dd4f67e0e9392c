"""Templates: MJML compiled once, Jinja2 filled in per reader.

HTML is always autoescaped, whatever a template is called; the text part is not markup and only
loses control characters. What is wrong is said with file and line. Nothing here knows the store,
the clock or the network.
"""

import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Generic, Literal

import jinja2
import jinja2.meta
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from mailer import localization
from mailer.issue.cards import Issue
from mailer.localization import Language
from mailer.rendering import compiling, cutting, sandbox, sources
from mailer.rendering import look as looks
from mailer.rendering.compiling import Compiled
from mailer.rendering.fragments import CompiledTemplate, Piece, Pieces, Setter
from mailer.rendering.look import Look
from mailer.rendering.sources import Source
from recommender.errors import ConfigurationError

COMPILER = "mjml-python"
Part = Literal["html", "text"]
Places = tuple[tuple[Part, int, str, str], ...]
"""Part, line of it (from 1), ``file:line`` it comes from, and what is written there."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template: Jinja2 sources of HTML and text, under the SHA-256 (hex) of the
    sources and the compiler's version. It can be stored and used again without its files."""

    name: str
    hash: str
    html: str
    text: str
    places: Places = field(default=(), compare=False, repr=False)
    """Where the Jinja of ``html`` and the lines of ``text`` come from; empty out of a store."""

    def place(self, part: Part, line: int, words: str) -> str:
        """Where something went wrong on a line of a part, as ``file:line (what is written there)``
        if that is known; of several expressions on it, the one that has the last of ``words``."""
        there = [one for one in self.places if one[:2] == (part, line)]
        name = re.findall(r"\w+", words)[-1:] or [""]
        named = [one for one in there if name[0] in one[3]] or there
        if not named:
            return self.name
        return f"{named[0][2]} ({named[0][3]})" if named[0][3] else named[0][2]


@dataclass(frozen=True, slots=True)
class Rendered:
    """One copy, to look at."""

    subject: str
    html: str
    text: str


def compile_template(folder: Path, name: str = "weekly", look: Look | None = None) -> Template:
    """Compile ``name.mjml`` and ``name.txt.j2`` of ``folder``, in this look or the project's own.

    Raises ConfigurationError, naming file, line and cause, when one is missing or cannot be
    compiled.
    """
    markup = sources.assembled(folder / f"{name}.mjml").with_look(look or looks.look())
    text = sources.read(folder / f"{name}.txt.j2")
    digest = hashlib.sha256()
    for part in (f"{COMPILER} {version(COMPILER)}", markup.text, text.text):
        digest.update(hashlib.sha256(part.encode()).digest())
    check(text)
    compiled = compile_mjml(markup)
    places: list[tuple[Part, int, str, str]] = [
        ("html", line, markup.place(jinja.line), jinja.text) for line, jinja in compiled.parts
    ]
    for number, line in enumerate(text.text.split("\n"), 1):
        places.append(("text", number, text.place(number), line.strip()))
    return Template(name, digest.hexdigest(), compiled.html, text.text, tuple(places))


def compile_mjml(source: Source) -> Compiled:
    """MJML with Jinja in it, includes resolved, as HTML with the same Jinja in it."""
    check(source)
    return compiling.compile_mjml(source, sandbox.environment(autoescape=True))


def check(source: Source) -> None:
    """Jinja's syntax, and that nothing but ``issue`` is asked for and only whole sentences are
    translated. ConfigurationError with file and line for what is not so."""
    try:
        tree = _Translation(localization.choose()).visit(
            sandbox.environment(autoescape=True).parse(source.text)
        )
        strangers = jinja2.meta.find_undeclared_variables(tree) - {"issue"}
    except jinja2.TemplateSyntaxError as error:
        raise source.wrong(str(error.message), error.lineno) from error
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    for node in tree.find_all(kinds):
        raise source.wrong("use mj-include; Jinja cannot include files", node.lineno)
    for node in tree.find_all(nodes.Name):
        if node.name in strangers and node.ctx == "load":
            raise source.wrong(f"{node.name!r} is unknown; use issue.…", node.lineno)


class TemplatePart(Generic[Piece]):
    """One of a compiled template's sources, filled in pieces; made once per edition, safe to share
    between threads.

    What a fragment of the template makes of the same values is made, and set, once: a card
    that a thousand copies show is drawn for the first of them. Each language has a template of its
    own, into which its words are put when the first copy in it is made.
    """

    def __init__(self, template: Template, part: Part, setter: Setter[Piece]) -> None:
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
        line = getattr(error, "lineno", None) or _line(error)
        place = self._template.place(self._part, line, str(error))
        return ConfigurationError(f"template {place}: {_missing(str(error))}")


def _missing(words: str) -> str:
    """What jinja2 says of a name that is not there, in the words of docs/templates.md."""
    found = re.fullmatch(r"'(?:[\w.]*\.)?(\w+) object' has no attribute '(\w+)'", words)
    if found is None:
        return words
    return f"{found[1].lower()} has no {found[2]!r}; docs/templates.md lists what it has"


def _line(error: BaseException) -> int:
    """The line of the template on which it went wrong; 0 when it is not known."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, jinja2.Template):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        elif "__jinja_template__" in trace.tb_frame.f_globals:
            line = 0
        trace = trace.tb_next
    return line


@lru_cache(maxsize=32)
def _compiled(source: str, language: Language, escaped: bool) -> CompiledTemplate:
    """A source in a language, compiled once for the sample check, the sender and web pages."""
    environment = sandbox.environment(autoescape=escaped)
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
