"""Files of readers, imported."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from recommender.storage import database
from recommender.subscribers import files, intake

Import = Callable[..., intake.Report]


@pytest.fixture
def import_(store: Engine, tmp_path: Path, now: datetime) -> Import:
    """Write ``text`` to a file of this name and import it."""

    def run(
        text: str | bytes, name: str = "readers.jsonl", *, dry_run: bool = False
    ) -> intake.Report:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return intake.import_rows(
            lambda: database.writing(store), files.read(path), file=name, now=now, dry_run=dry_run
        )

    return run


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
