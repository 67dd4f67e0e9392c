"""Senders that others would write, with the issues that ours sends: ``peers/`` has their sources.

Their templates are made from ours: an issue is drawn whose texts are the peers' own placeholders,
so the bytes are the same but for how a text is wrapped. Their links come ready, and they keep
nothing.
"""

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mailer.issue.cards import Card, Face, Issue, Part
from mailer.rendering.templates import Template
from tests.mailer.rendered import Renderer

SOURCES = Path(__file__).parent / "peers"
FIELDS = {
    "Title": "title",
    "ShortTitle": "short_title",
    "Label": "label",
    "Origin": "origin",
    "Summary": "summary",
    "Also": "also",
    "Read": "read",
    "URL": "url",
    "MoreURL": "more_url",
    "LessURL": "less_url",
}
"""What a peer calls the fields of a face."""


@dataclass(frozen=True)
class PeerFigures:
    """Messages per second, and core seconds of each; ``missing`` says what was not there."""

    speed: float = 0.0
    core: float = 0.0
    missing: str = ""


def prepare(folder: Path, template: Template, issues: Sequence[Issue]) -> None:
    """Write what the peers read: their templates, and the issues."""
    renderer = Renderer(template)
    example = issues[0]
    (folder / "issue.html").write_text(_looped(example, renderer.html), "utf-8")
    (folder / "issue.txt").write_text(_looped(example, renderer.text), "utf-8")
    (folder / "issues.json").write_text(json.dumps([_document(one) for one in issues]), "utf-8")


def go(folder: Path, host: str, port: int, connections: int, messages: int) -> PeerFigures:
    """The sender in Go (html/template, net/smtp)."""
    if not shutil.which("go"):
        return PeerFigures(missing="Go is not installed (Debian: golang-go)")
    shutil.copy(SOURCES / "sender.go", folder)
    environment = {**os.environ, "GO111MODULE": "off", "GOCACHE": str(folder / "cache")}
    build = ["go", "build", "-o", "sender", "sender.go"]
    subprocess.run(build, cwd=folder, env=environment, check=True)
    return _run([str(folder / "sender"), str(folder), f"{host}:{port}"], connections, messages)


def nodemailer(folder: Path, host: str, port: int, connections: int, messages: int) -> PeerFigures:
    """The sender with nodemailer's pool."""
    if not shutil.which("npm") or not shutil.which("node"):
        return PeerFigures(missing="node and npm are not installed")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "nodemailer"]
    if subprocess.run(install, cwd=folder, check=False, capture_output=True).returncode:
        return PeerFigures(missing="npm could not install nodemailer")
    command = ["node", str(SOURCES / "sender.mjs"), str(folder), host, str(port)]
    return _run(command, connections, messages)


def _run(command: Sequence[str], connections: int, messages: int) -> PeerFigures:
    done = subprocess.run(
        [*command, str(connections), str(messages)], check=True, capture_output=True, text=True
    )
    figures = json.loads(done.stdout)
    return PeerFigures(messages / figures["seconds"], figures["core"] / messages)


def _document(issue: Issue) -> dict[str, object]:
    return {
        "Subject": issue.subject,
        "Preheader": issue.preheader,
        "Date": issue.date,
        "Intro": issue.intro,
        "ReadingTime": issue.reading_time,
        "UnsubscribeURL": issue.unsubscribe_url,
        "PreferencesURL": issue.preferences_url,
        "ViewURL": issue.view_url,
        "TrapURL": issue.trap_url,
        "Lead": _card(issue.lead.face, issue.lead.why),
        "Cards": [_card(card.face, card.why) for card in issue.cards],
        "Contents": [_card(face, "") for face in issue.contents],
    }


def _card(face: Face, why: str) -> dict[str, str]:
    card = {name: str(getattr(face, field) or "") for name, field in FIELDS.items()}
    part = next(iter(face.parts), Part("takeaway", ""))
    said = part.text or " ".join(part.points)
    return card | {"Why": why, "PartLabel": part.label, "PartText": said}


def _placeholder(face: Face, prefix: str = "") -> Card:
    """A card of placeholders, of the kind that ``face`` is."""
    fields: dict[str, Any] = {field: f"{{{{.{prefix}{name}}}}}" for name, field in FIELDS.items()}
    part = Part("takeaway", f"{{{{.{prefix}PartLabel}}}}", f"{{{{.{prefix}PartText}}}}")
    return Card(replace(face, **fields, parts=(part,), image=None), f"{{{{.{prefix}Why}}}}")


def _looped(example: Issue, draw: Callable[[Issue], str]) -> str:
    """The template of a peer: what ``draw`` makes of placeholders, with loops where the number of
    cards, or of headlines, decides how often something is there."""
    card = _placeholder(example.cards[0].face)
    shell = replace(
        example,
        subject="{{.Subject}}",
        preheader="{{.Preheader}}",
        date="{{.Date}}",
        intro="{{.Intro}}",
        reading_time="{{.ReadingTime}}",
        unsubscribe_url="{{.UnsubscribeURL}}",
        preferences_url="{{.PreferencesURL}}",
        view_url="{{.ViewURL}}",
        trap_url="{{.TrapURL}}",
        lead=_placeholder(example.lead.face, "Lead."),
    )

    def drawn(cards: int, contents: int) -> str:
        faces = (card.face,) * contents
        return draw(replace(shell, cards=(card,) * cards, contents=faces))

    few = drawn(2, 2)
    headlines, stories = _repeated(few, drawn(2, 3)), _repeated(few, drawn(3, 2))
    headline = few[headlines.stop - headlines.step : headlines.stop]
    story = few[stories.stop - stories.step : stories.stop]
    return "".join(
        (
            few[: headlines.start],
            "{{range .Contents}}" + headline + "{{end}}",
            few[headlines.stop : stories.start],
            "{{range .Cards}}" + story + "{{end}}",
            few[stories.stop :],
        )
    )


def _repeated(few: str, more: str) -> range:
    """Where the same stands in ``few`` again and again, of which ``more`` has one more."""
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(few, more, strict=False))
    end, turn = sum(1 for _ in alike), len(more) - len(few)
    start = end
    while few[start - turn : start] == more[end - turn : end]:
        start -= turn
    return range(start, end, turn)
