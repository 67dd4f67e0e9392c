"""The table of what is kept of a reader: one line a field.

File columns, the import, the document of a reader, forms and options of the command line are made
from ``FIELDS``. A plain column is added here, to the model and by a migration, nowhere else. The
address is not in the table: it is what a reader is found by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from recommender.models import Frequency, Status, Subscriber
from recommender.subscribers import field_kinds as kinds
from recommender.subscribers.addresses import normalise
from recommender.subscribers.field_kinds import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``Any``: each has a type of its own.

    ``default``: what a new reader has who does not say. ``option``: its name on the command line,
    '' for ``--<name>``, None where it has none. ``label``: the words before its text box on the
    pages, None where a page has no such box; ``autocomplete``: that box's attribute in HTML.
    ``on_pages``: readers can set it themselves.
    ``load``: its value from a row, where it is no column of ``Subscriber``.
    """

    name: str
    kind: Kind
    help: str
    default: Any = None
    option: str | None = ""
    label: str | None = None
    autocomplete: str = "off"
    on_pages: bool = False
    load: Callable[[Subscriber], Any] | None = None

    def of(self, reader: Subscriber) -> Any:
        """The value ``reader`` has, as a JSON value."""
        value = getattr(reader, self.name) if self.load is None else self.load(reader)
        return value.value if isinstance(value, StrEnum) else value


def N_(words: str) -> str:  # noqa: N802  (the name that extraction looks for)
    """Marks words for translation; pages translate them where they are shown."""
    return words


def _roles(reader: Subscriber) -> list[str]:
    return [row.role.name for row in reader.roles]


def _topics(reader: Subscriber) -> dict[str, float]:
    return {row.topic.name: row.weight for row in reader.topics}


FIELDS = (
    Field("name", kinds.TEXT, "The reader's name.", "", label=N_("Name"), autocomplete="name",
          on_pages=True),
    Field("roles", kinds.ROLES, "A role; may be repeated.", option="--role", on_pages=True,
          load=_roles),
    Field("topics", kinds.TOPICS, "A topic, or topic:weight with a weight from -2 to 3; repeat.",
          option="--topic", on_pages=True, load=_topics),
    Field("timezone", kinds.TIMEZONE, "IANA time zone.", on_pages=True),
    Field("locale", kinds.LOCALE, "Language tag such as en or de-AT.", on_pages=True),
    Field("languages", kinds.LANGUAGES, "A language of the stories they get; repeat. None: all.",
          [], option="--language", on_pages=True),
    Field("status", kinds.STATUS, "Where the reader stands.", Status.ACTIVE, option=None),
    Field("attributes", kinds.ATTRIBUTES, "Anything else, by name.", {}, option=None),
    Field("frequency", kinds.FREQUENCY, "How often they get one.", Frequency.WEEKLY,
          on_pages=True),
    Field("day", kinds.DAY, "Their own day of the week, such as monday.", on_pages=True),
    Field("hour", kinds.HOUR, "Their own hour on their own clock, such as 7.", on_pages=True),
)  # fmt: skip
STORED = tuple(field for field in FIELDS if field.load is None)
"""The fields that are columns of ``Subscriber``."""
TEXT_FIELDS = tuple(
    field.name for field in FIELDS if field.kind in (kinds.TEXT, kinds.TIMEZONE, kinds.LOCALE)
)
"""The columns of text that a segment's rule can ask for by name."""
COLUMNS = ("email", *(field.name for field in FIELDS))
"""The columns of a file of readers, and the names of a JSON object in one."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a list says of a reader's consent: when and from which IP address it was given and
    confirmed, when they left, and which service says so. Times are aware. ``elsewhere``: the list
    is not one of ours, so it knows nothing of what the reader did here."""

    at: datetime | None = None
    address: str | None = None
    confirmed_at: datetime | None = None
    confirmed_address: str | None = None
    left_at: datetime | None = None
    service: str | None = None
    elsewhere: bool = False


NO_CONSENT = Consent()


@dataclass(frozen=True, slots=True)
class SubscriberDraft:
    """One row as given. ``values`` has every field by name; None means "the file does not say":
    what the store has, stays. ``warnings``: what of the row could not be read, and was left out."""

    line: int
    email: str
    values: Mapping[str, Any]
    consent: Consent = NO_CONSENT
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        name: str | None = self.values["name"]
        return name

    @property
    def roles(self) -> tuple[str, ...] | None:
        roles: tuple[str, ...] | None = self.values["roles"]
        return roles

    @property
    def topics(self) -> Mapping[str, float] | None:
        topics: Mapping[str, float] | None = self.values["topics"]
        return topics

    @property
    def status(self) -> Status | None:
        status: Status | None = self.values["status"]
        return status

    def row(self) -> dict[str, Any]:
        """The columns of a new reader, with defaults for what is not said."""
        return {
            field.name: field.default if (value := self.values[field.name]) is None else value
            for field in STORED
        }


def draft(
    line: int,
    values: Mapping[str, Any],
    *,
    consent: Consent = NO_CONSENT,
    warnings: tuple[str, ...] = (),
) -> SubscriberDraft:
    """``values`` (a JSON object by the names in ``COLUMNS``) as a checked draft.

    Raises ValueError naming the field. Other names are passed over.
    """
    email = values.get("email")
    if not isinstance(email, str) or not email.strip():
        raise ValueError("email: missing")
    try:
        address = normalise(email)
    except ValueError as error:
        raise ValueError(f"email: {email[:80]!r}: {error}") from error
    checked = {field.name: field.kind.check(field.name, values.get(field.name)) for field in FIELDS}
    return SubscriberDraft(line, address, checked, consent, warnings)
