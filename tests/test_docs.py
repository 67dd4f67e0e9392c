"""What the documentation promises is there: every setting, every command, nothing that is not."""

import re
from pathlib import Path

import pytest

from mailer.cli import COMMANDS, build
from recommender import settings
from recommender.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


def test_every_setting_stands_in_the_operations_page_with_its_default() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", OPERATIONS, re.MULTILINE))
    assert list(table) == settings.names()
    for key, shown in table.items():
        default = Settings.model_fields["sender" if key == "from" else key].get_default()
        plain = str(default).lower() if isinstance(default, bool) else str(default)
        assert shown == ("–" if default is None else f"`{plain}`"), key


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    group = build(name)
    commands = _commands(group, name)
    assert commands
    for path in commands:
        group([*path, "--help"], standalone_mode=False, prog_name="newsletter")
        shown = capsys.readouterr().out
        assert "Example: newsletter" in " ".join(shown.split()), path


def _commands(app: object, name: str) -> list[list[str]]:
    """The command ``name``, or all that are in its group."""
    import typer

    assert isinstance(app, typer.Typer)
    for group in app.registered_groups:
        if group.name == name and group.typer_instance is not None:
            inner = group.typer_instance.registered_commands
            return [[name, command.name or _name(command.callback)] for command in inner]
    return [[name]]


def _name(callback: object) -> str:
    return str(getattr(callback, "__name__", callback)).replace("_", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_package_has_its_line_in_the_architecture_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`((?:recommender|mailer)\.\w+)`", page))
    for root in (ROOT / "recommender", ROOT / "mailer"):
        for package in root.glob("*/__init__.py"):
            assert f"{root.name}.{package.parent.name}" in named
    for name in named:
        path = ROOT.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_the_architecture_page_has_every_package_of_the_contract() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    lines = project.partition('type = "layers"')[2].partition("layers = [")[2].partition("]")[0]
    contract = set(re.findall(r"(?:recommender|mailer)\.\w+", lines))
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert contract == set(re.findall(r"`((?:recommender|mailer)\.\w+)`", page))
    assert len(lines.strip().splitlines()) <= 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_that_a_page_names_are_there(page: Path) -> None:
    there = {path.name for top in ("recommender", "mailer") for path in (ROOT / top).rglob("*.py")}
    there |= {path.name for path in (ROOT / "benchmarks").rglob("*.py")}
    named = set(re.findall(r"(\w+\.py)\b", page.read_text("utf-8")))
    assert named - there - {path.name for path in (ROOT / "tests").rglob("*.py")} == set()
