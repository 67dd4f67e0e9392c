"""A template in the store is compiled only if this installation wrote it, and then in a sandbox."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from mailer.edition import templates
from mailer.rendering.templates import Template
from recommender.errors import ConfigurationError
from recommender.models import TemplateVersion
from recommender.storage import database
from tests.mailer.rendered import Renderer

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OLD, NEW, OTHER = b"the key before this one", b"the key of this day", b"somebody else's key"
MINE = Template("weekly", "1" * 64, "<p>{{ issue.title }}</p>", "{{ issue.title }}")


def keep(store: Engine, template: Template = MINE, secret: bytes = NEW) -> None:
    with database.writing(store) as session:
        templates.save(session, template, secret, NOW)


def change(store: Engine, **values: str | None) -> None:
    with database.writing(store) as session:
        session.execute(sa.update(TemplateVersion).values(**values))


def load(store: Engine, *secrets: bytes, key: str = MINE.hash) -> Template:
    with database.reading(store) as session:
        return templates.load(session, key, secrets or (NEW,))


def test_what_was_kept_is_read_under_any_of_the_keys(store: Engine) -> None:
    keep(store, secret=OLD)
    assert load(store, NEW, OLD) == MINE
    with pytest.raises(ConfigurationError, match="old_secret_keys"):
        load(store, NEW)


@pytest.mark.parametrize("column", ["html", "text", "name", "mac"])
def test_what_was_changed_in_the_store_is_not_read(store: Engine, column: str) -> None:
    keep(store)
    change(store, **{column: "{{ 7 * 7 }}"})
    with pytest.raises(ConfigurationError, match="was changed in the store"):
        load(store)


def test_the_proof_of_one_template_does_not_serve_another(store: Engine) -> None:
    keep(store, Template("weekly", MINE.hash, "{{ 7 * 7 }}", ""), OTHER)
    with pytest.raises(ConfigurationError, match="was changed in the store"):
        load(store)


def test_one_without_a_proof_is_read_only_if_it_is_the_installed_one(
    store: Engine, template: Template
) -> None:
    keep(store, template)
    change(store, mac=None)
    assert load(store, key=template.hash) == template
    change(store, text="{{ 7 * 7 }}")
    with pytest.raises(ConfigurationError, match="earlier version"):
        load(store, key=template.hash)


def test_planning_again_puts_the_template_of_the_files_in_its_place(
    store: Engine, template: Template
) -> None:
    keep(store, template)
    change(store, html="{{ 7 * 7 }}", mac=None)
    keep(store, template)
    assert load(store, key=template.hash) == template


@pytest.mark.parametrize(
    "source",
    [
        "{{{{ cycler.__init__.__globals__.os.popen('touch {mark}').read() }}}}",
        "{{{{ issue.__class__.__init__.__globals__ }}}}",
        "{{{{ issue.cards.__class__.__mro__[-1].__subclasses__() }}}}",
        "{{{{ '{{0.__class__.__init__.__globals__}}'.format(issue) }}}}",
        "{{% for card in issue.cards %}}{{{{ card.__init__.__globals__ }}}}{{% endfor %}}",
        "{{{{ issue.cards | map(attribute='__class__.__init__') | list }}}}",
        "{{{{ (issue | attr('__class__')).__mro__ }}}}",
        "{{% for one in range(1000000000) %}}{{% endfor %}}",
    ],
)
def test_even_a_template_with_a_proof_reaches_nothing_of_pythons(
    source: str, issue_of: object, tmp_path: Path
) -> None:
    mark = tmp_path / "executed"
    assert callable(issue_of)
    hostile = Template("weekly", "1" * 64, source.format(mark=mark), "")
    try:
        shown = Renderer(hostile).html(issue_of())
    except ConfigurationError as error:
        shown = str(error)
    assert not mark.exists()
    assert not any(word in shown for word in ("<class", "<slot wrapper", "<function", "'sys'"))
