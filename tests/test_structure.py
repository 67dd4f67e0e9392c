"""The house keeps its shape: arrows go one way, modules are small and have their tests."""

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


LARGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 300, 50, 6


def excesses(path: Path) -> Iterator[str]:
    """What of a module is larger than the limits."""
    text = path.read_text("utf-8")
    if (lines := len(text.splitlines())) > LARGEST_MODULE:
        yield f"{lines} lines"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > LONGEST_FUNCTION:
            yield f"{node.name}: {length} lines"
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        number = len([name for name in names if name not in ("self", "cls")])
        public = not node.name.startswith("_") or node.name == "__init__"
        if public and number > MOST_PARAMETERS:
            yield f"{node.name}: {number} positional parameters"


def test_modules_functions_and_parameter_lists_are_small() -> None:
    large = {name: found for name, path in modules().items() if (found := [*excesses(path)])}
    assert large == {}


def has_functions(path: Path) -> bool:
    """Whether a module does something; tables, values and settings are tested where they are
    used."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes)


def test_modules_have_a_test_module_of_their_name() -> None:
    """``mailer/relay/health.py`` is tested in ``tests/mailer/relay/test_health.py``."""
    without = set()
    for name, path in modules().items():
        folder = ROOT / "tests" / path.relative_to(ROOT).parent
        if path.stem.startswith("__") or not has_functions(path):
            continue
        if not (folder / f"test_{path.stem}.py").exists():
            without.add(name)
    listed = (ROOT / "tests" / "modules_without_tests.txt").read_text("utf-8").split()
    assert sorted(without - set(listed)) == []
    assert sorted(set(listed) - without) == [], "take out of the list what has its tests now"
