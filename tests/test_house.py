"""The house keeps its shape: arrows go one way between packages."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def modules() -> dict[str, Path]:
    """Dotted names of all modules of the product, with their files."""
    files = [path for top in ("recommender", "mailer") for path in (ROOT / top).rglob("*.py")]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    return {name.removesuffix(".__init__"): path for path, name in names.items()}


def package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports() -> Iterator[tuple[str, str]]:
    """Pairs of packages of which the first imports the second."""
    known = modules()
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    target = f"{node.module}.{alias.name}"
                    target = target if target in known else node.module
                    if target in known and package(target) != package(name):
                        yield package(name), package(target)


def test_no_two_packages_import_each_other() -> None:
    pairs = set(imports())
    assert len(pairs) > 50
    assert [pair for pair in sorted(pairs) if pair[::-1] in pairs] == []


def test_no_packages_import_each_other_in_a_circle() -> None:
    pairs = set(imports())
    while ends := {b for _, b in pairs} - {a for a, _ in pairs}:
        pairs = {(a, b) for a, b in pairs if b not in ends}
    assert sorted(pairs) == []


def test_the_pages_on_the_house_end_their_tables() -> None:
    """A table whose row lost a cell is not shown as one."""
    for name in ("architecture.md", "glossary.md"):
        lines = (ROOT / "docs" / name).read_text("utf-8").splitlines()
        for above, line in pairwise(lines):
            if above.startswith("|") and line.startswith("|"):
                assert above.count("|") == line.count("|"), line
