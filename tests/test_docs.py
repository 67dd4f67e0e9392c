"""What the documentation promises is there: every setting, every command, nothing that is not."""

import re
from pathlib import Path

import pytest

from mailer.cli import COMMANDS, build
from recommender import settings
from recommender.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
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


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def _rooms() -> dict[str, set[str]]:
    """The words that stand in docs/architecture.md for each room, and for each folder in one."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    found: dict[str, set[str]] = {}
    top = folder = ""
    for line in page.partition("## Rooms")[2].split("```")[1].splitlines():
        if name := re.match(r"( {0,2})(\w+)/", line):
            folder = name[2] if not name[1] else f"{top}/{name[2]}"
            top = top if name[1] else folder
        elif re.match(r" {2}\w", line):
            folder = top
        found.setdefault(folder, set()).update(re.findall(r"\w+", line))
    return found


def test_every_module_has_its_place_among_the_rooms() -> None:
    rooms = _rooms()
    for room in (ROOT / "recommender", ROOT / "mailer"):
        for module in room.rglob("[a-z]*.py"):
            folder = module.parent.relative_to(ROOT).as_posix()
            assert module.stem in rooms[folder], module.relative_to(ROOT)
