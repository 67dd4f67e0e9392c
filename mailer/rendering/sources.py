"""The source of a template: files with their includes put in, and which line came from where.

What is wrong with a template is said with the file and the line its author knows, whatever was put
together. It reads files and nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mailer.rendering.look import Look
from recommender.errors import ConfigurationError

DEEPEST = 8
_INCLUDE = re.compile(r"""<mj-include\s+path=(["'])(.+?)\1\s*(?:/>|>\s*</mj-include>)""")
_LOOK = re.compile(r"\{\{\s*look\.(\w+)\s*\}\}")

Place = tuple[str, int]
"""A file and a line of it, from 1."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a template; ``origins`` has, for each of its lines, the file and line it came
    from. ``name`` stands for the whole."""

    text: str
    name: str = "template"
    origins: tuple[Place, ...] = ()

    def place(self, line: int) -> str:
        """``file:line`` of a line (from 1) of the text."""
        file, number = self.name, line
        if 0 < line <= len(self.origins):
            file, number = self.origins[line - 1]
        return f"{file}:{number}"

    def line_of(self, offset: int) -> int:
        """The line (from 1) of a character."""
        return self.text.count("\n", 0, offset) + 1

    def wrong(self, why: str, line: int | None = None) -> ConfigurationError:
        """What to raise: the template, its line if it is known, and why."""
        return ConfigurationError(f"template {self.place(line) if line else self.name}: {why}")

    def with_look(self, look: Look) -> "Source":
        """Every ``{{ look.NAME }}`` filled in: colours and fonts belong to a template and are
        frozen with it. ConfigurationError for a name there is none of."""
        values = look.values()

        def value(match: re.Match[str]) -> str:
            if match[1] not in values:
                known = ", ".join(sorted(values))
                line = self.line_of(match.start())
                raise self.wrong(f"{match[0]} is unknown; look has {known}", line)
            return values[match[1]]

        return replace(self, text=_LOOK.sub(value, self.text))


def read(path: Path) -> Source:
    """One file as it is. ConfigurationError when it cannot be read."""
    text = _read(path)
    return Source(text, str(path), tuple((str(path), n) for n in range(1, text.count("\n") + 2)))


def assembled(path: Path) -> Source:
    """The MJML of a template with every ``mj-include`` replaced by what the file it names holds.

    As text, since the compiler forgets the width of the column around what it includes itself.
    """
    chunks = list(_chunks(path, path.parent.resolve(), ()))
    return Source("".join(text for text, _, _ in chunks), str(path), tuple(_origins(chunks)))


Chunk = tuple[str, Path, int]
"""A run of text, the file it is from, and the line it begins on."""


def _chunks(path: Path, folder: Path, within: Sequence[Path]) -> Iterator[Chunk]:
    text, end = _read(path), 0
    for match in _INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        where = f"template {path}:{line}: mj-include {match[2]!r}"
        wanted = path.parent / match[2]
        if not wanted.resolve().is_relative_to(folder):
            raise ConfigurationError(f"{where} is outside")
        inside = (*within, path.resolve())
        if wanted.resolve() in inside or len(inside) >= DEEPEST:
            raise ConfigurationError(f"{where} includes itself, or too deep")
        if not wanted.is_file():
            raise ConfigurationError(f"{where}: No such file")
        yield text[end : match.start()], path, text.count("\n", 0, end) + 1
        yield from _chunks(wanted, folder, inside)
        end = match.end()
    yield text[end:], path, text.count("\n", 0, end) + 1


def _origins(chunks: Sequence[Chunk]) -> Iterator[Place]:
    """Where each line comes from: the first chunk that shows something on it."""
    found: Place | None = None
    last: Place = ("", 1)
    for text, path, first in chunks:
        for number, part in enumerate(text.split("\n")):
            last = (str(path), first + number)
            if number:
                yield found or (last[0], last[1] - 1)
                found = None
            if found is None and part.strip():
                found = last
    yield found or last


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"template {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"template {path}: is not UTF-8: {error}") from error
