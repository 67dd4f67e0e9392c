"""Templates in the store: kept with a proof that we wrote them, and read only with it.

What a template says is run for each copy, so whoever could change one in the store could run code
in every sender. The proof is an HMAC-SHA-256 (RFC 2104) under a key derived from ``secret_key``;
one made under a key of ``old_secret_keys`` counts as well. Without one (the row is older, the key
was lost) a template is used only if it is the installed one to the letter.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from mailer.rendering import look as looks
from mailer.rendering import own_templates, templates
from mailer.rendering.templates import Template
from recommender.errors import ConfigurationError
from recommender.models import TemplateVersion
from recommender.settings import Settings
from recommender.storage import bulk


def installed(settings: Settings) -> Template:
    """The template in force: the operator's own, or the one that is installed, in the look of the
    settings."""
    look = looks.look(settings.accent, settings.font)
    folder = own_templates.installed_folder()
    if settings.templates is not None:
        folder = own_templates.folder_of(settings.templates, settings.newsletter)
    return templates.compile_template(folder, look=look)


def save(session: Session, template: Template, secret: bytes, now: datetime) -> None:
    """Keep a template that was compiled from its files. What the store has under the same hash is
    replaced, since the hash is that of the files."""
    values = {"name": template.name, "html": template.html, "text": template.text}
    values["mac"] = _mac(template, secret)
    insert = bulk.insert(session, TemplateVersion).values(hash=template.hash, at=now, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["hash"], set_=values))


def load(session: Session, key: str, secrets: Sequence[bytes]) -> Template:
    """The template under the hash ``key``. ConfigurationError if it is not as it was kept."""
    row = session.get_one(TemplateVersion, key)
    template = Template(row.name, row.hash, row.html, row.text)
    proven = row.mac is not None and any(
        hmac.compare_digest(row.mac, _mac(template, secret)) for secret in secrets
    )
    if proven or template == _installed():
        return template
    why = (
        "was changed in the store, or kept under a secret_key that is not among old_secret_keys"
        if row.mac is not None
        else "was kept by an earlier version, and is not the installed one"
    )
    raise ConfigurationError(
        f"template {key[:12]}: {why}; its copies can neither be sent nor shown"
    )


def _mac(template: Template, secret: bytes) -> str:
    """Over each part with its length, so that none can pass for the beginning of the next."""
    key = hmac.digest(secret, b"template", "sha256")
    parts = [part.encode() for part in (template.hash, template.name, template.html, template.text)]
    signed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(key, signed, "sha256").hex()


@lru_cache(maxsize=1)
def _installed() -> Template:
    return templates.compile_template(own_templates.installed_folder())
