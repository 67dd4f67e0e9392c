"""Brings rows of a file into the store: one pass, bulk statements, one transaction a batch.

An import adds and updates; it never takes a reader away and never reactivates one who has left,
bounced or complained; a list from elsewhere changes nothing of them, and wakes none who paused
here. A suppressed address is not taken at all. What a row does not say stays as it is, each
attribute by itself. Vocabulary unknown so far is added, and named.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from recommender import vocabulary
from recommender.errors import Rejected, Rejections
from recommender.models import (
    ConsentEvent,
    Status,
    Subscriber,
    SubscriberRole,
    SubscriberTopic,
    Suppression,
)
from recommender.subscribers import addresses, consent_events
from recommender.subscribers.consent import ERASED
from recommender.subscribers.consent_events import LEFT, Origin
from recommender.subscribers.fields import STORED, SubscriberDraft
from recommender.subscribers.new_names import NewNames
from recommender.vocabulary import Kind

BATCH = 5_000
BACK = "comes back by its owner's double opt-in alone: they subscribe on the page, and confirm"


@dataclass
class Report:
    """What an import did; ``held`` counts rows whose status was not taken: the reader had left, or
    paused. ``warnings``: what of the rows that were taken could not be read, or is new."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    held: int = 0
    rejected: Rejections = field(default_factory=Rejections)
    warnings: Rejections = field(default_factory=Rejections)

    def add(self, other: "Report") -> None:
        """Count what another import did, too."""
        self.read += other.read
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.held += other.held
        self.rejected += other.rejected
        self.warnings += other.warnings


def import_rows(
    transaction: Callable[[], AbstractContextManager[Session]],
    rows: Iterable[SubscriberDraft | Rejected],
    *,
    file: str,
    now: datetime,
    source: str = "import",
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Take every row; ``transaction`` opens one for a batch (and is rolled back in a dry run).

    ``source`` is what the consent log names; ``progress`` is told how many rows have been read.
    """
    report = Report()
    seen: dict[int, int] = {}
    origin, new_names = Origin(file, source, now), NewNames()
    for batch in _batches(rows):
        drafts: dict[str, SubscriberDraft] = {}
        with transaction() as session:
            salt = addresses.salt(session)
            for row in batch:
                report.read += 1
                if isinstance(row, Rejected):
                    report.rejected.append(row)
                    continue
                key = addresses.hash_of(salt, row.email)
                first = seen.setdefault(int(key[:16], 16), row.line)
                if first != row.line:
                    why = f"email: the same address as in line {first}"
                    report.rejected.append(Rejected(file, row.line, why))
                    continue
                drafts[key] = row
                for why in row.warnings:
                    report.warnings.append(Rejected(file, row.line, why))
            _Batch(session, origin, report, new_names).take(drafts)
            if dry_run:
                session.rollback()
        progress(report.read)
    return report


def _batches(
    rows: Iterable[SubscriberDraft | Rejected],
) -> Iterator[list[SubscriberDraft | Rejected]]:
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        yield batch


class _Batch:
    """One batch on its way into the store."""

    def __init__(
        self, session: Session, origin: Origin, report: Report, new_names: NewNames
    ) -> None:
        self.session = session
        self.salt = addresses.salt(session)
        self.origin = origin
        self.report = report
        self.new_names = new_names

    def take(self, drafts: dict[str, SubscriberDraft]) -> None:
        if not drafts:
            return
        self._drop_suppressed(drafts)
        known = self._known(drafts)
        self._drop_left(drafts, known)
        ids = {key: found.id for key, found in known.items()}
        ids |= self._add({key: row for key, row in drafts.items() if key not in known})
        changed = self._update({key: row for key, row in drafts.items() if key in known}, known)
        changed |= self._interests(ids, drafts)
        old = set(known)
        self.report.added += len(drafts) - len(old)
        self.report.updated += len(changed & old)
        self.report.unchanged += len(old - changed)

    def _drop_suppressed(self, drafts: dict[str, SubscriberDraft]) -> None:
        table = Suppression
        former = {
            old: key
            for key, row in drafts.items()
            if (old := addresses.casefolded_hash(self.salt, row.email)) is not None
        }
        reasons: dict[str, str] = {}
        for found, reason, casefolded in self.session.execute(
            sa.select(table.address_hash, table.reason, table.casefolded).where(
                table.address_hash.in_([*drafts, *former])
            )
        ):
            keys = [found] if found in drafts else []
            keys += [former[found]] if casefolded and found in former else []
            reasons |= dict.fromkeys(keys, reason)
        for key, reason in reasons.items():
            way = BACK if reason == ERASED else "is never taken again"
            why = f"email: this address is suppressed ({reason}) and {way}"
            self.report.rejected.append(Rejected(self.origin.file, drafts.pop(key).line, why))

    def _drop_left(self, drafts: dict[str, SubscriberDraft], known: dict[str, Any]) -> None:
        """Let lists from elsewhere change nothing of those who have left."""
        for key, found in list(known.items()):
            if found.status in LEFT and drafts[key].consent.elsewhere:
                self.report.held += drafts.pop(key).status != found.status
                self.report.unchanged += 1
                del known[key]

    def _known(self, drafts: dict[str, SubscriberDraft]) -> dict[str, Any]:
        table = Subscriber
        columns = (getattr(table, field.name) for field in STORED)
        query = sa.select(table.address_hash, table.id, *columns)
        rows = self.session.execute(query.where(table.address_hash.in_(drafts)))
        return {row.address_hash: row for row in rows}

    def _add(self, new: dict[str, SubscriberDraft]) -> dict[str, int]:
        if not new:
            return {}
        self.session.execute(
            sa.insert(Subscriber.table()),
            [
                {
                    **row.row(),
                    "email": row.email,
                    "address_hash": key,
                    "created_at": self.origin.now,
                    "updated_at": self.origin.now,
                }
                for key, row in new.items()
            ],
        )
        ids = {key: found.id for key, found in self._known(new).items()}
        self._log(
            event
            for key, row in new.items()
            for event in consent_events.of_new(ids[key], row, self.origin)
        )
        return ids

    def _update(self, old: dict[str, SubscriberDraft], known: dict[str, Any]) -> set[str]:
        updates, consents, changed = [], [], set()
        same: dict[int, tuple[SubscriberDraft, Status]] = {}
        for key, row in old.items():
            found = known[key]
            said = {name: value for name, value in row.values.items() if value is not None}
            values = {
                field.name: said.get(field.name, getattr(found, field.name)) for field in STORED
            }
            values["attributes"] = found.attributes | values["attributes"]
            if consent_events.is_held(
                found.status, values["status"], elsewhere=row.consent.elsewhere
            ):
                self.report.held += 1
                values["status"] = found.status
            if any(value != getattr(found, name) for name, value in values.items()):
                changed.add(key)
                updates.append({"id": found.id, "updated_at": self.origin.now, **values})
            if values["status"] != found.status:
                change = found.status, values["status"]
                consents.append(consent_events.of_change(found.id, row, *change, self.origin))
            else:
                same[found.id] = row, found.status
        if updates:
            self.session.execute(sa.update(Subscriber), updates)
        given = consent_events.of_known(self.session, same, self.origin)
        changed |= {key for key in old if known[key].id in given}
        self._log([*consents, *given.values()])
        return changed

    def _log(self, events: Iterable[dict[str, Any]]) -> None:
        if rows := list(events):
            self.session.execute(sa.insert(ConsentEvent.table()), rows)

    def _name_new(self, kind: Kind, drafts: dict[str, SubscriberDraft]) -> None:
        """Note the names that the vocabulary lacks, each with the first line that has it."""
        lines: dict[str, int] = {}
        for row in drafts.values():
            for name in (row.topics if kind == "topic" else row.roles) or ():
                lines.setdefault(name, row.line)
        if lines:
            said = self.new_names.described(self.session, kind, lines)
            for name, why in said.items():
                self.report.warnings.append(Rejected(self.origin.file, lines[name], why))

    def _interests(self, ids: dict[str, int], drafts: dict[str, SubscriberDraft]) -> set[str]:
        """Write stated topics and roles where they differ; the keys of the readers who changed."""
        owners = {identifier: key for key, identifier in ids.items()}
        self._name_new("topic", drafts)
        self._name_new("role", drafts)
        topics = vocabulary.topic_ids(
            self.session, {name for row in drafts.values() for name in row.topics or ()}
        )
        roles = vocabulary.role_ids(
            self.session, {name for row in drafts.values() for name in row.roles or ()}
        )
        wanted_topics = {
            ids[key]: {topics[name]: weight for name, weight in row.topics.items()}
            for key, row in drafts.items()
            if row.topics is not None
        }
        wanted_roles = {
            ids[key]: dict.fromkeys((roles[name] for name in row.roles), True)
            for key, row in drafts.items()
            if row.roles is not None
        }
        changed = self._replace(SubscriberTopic, "topic_id", "weight", wanted_topics)
        changed |= self._replace(SubscriberRole, "role_id", None, wanted_roles)
        return {owners[identifier] for identifier in changed}

    def _replace(
        self,
        table: type[SubscriberTopic | SubscriberRole],
        item: str,
        value: str | None,
        wanted: dict[int, dict[int, Any]],
    ) -> set[int]:
        held: dict[int, dict[int, Any]] = {owner: {} for owner in wanted}
        rows_of = table.table()
        chosen = [rows_of.c[name] for name in ("subscriber_id", item, value) if name]
        order = (rows_of.c.position, rows_of.c[item]) if value else ()
        query = sa.select(*chosen).where(table.subscriber_id.in_(wanted)).order_by(*order)
        for row in self.session.execute(query):
            held[row[0]][row[1]] = row[2] if value else True
        # Of topics the order counts, too.
        told = {owner: list(items.items()) if value else items for owner, items in wanted.items()}
        known = {owner: list(held[owner].items()) if value else held[owner] for owner in wanted}
        changed = {owner for owner in wanted if told[owner] != known[owner]}
        emptied = [owner for owner in changed if held[owner]]
        if emptied:
            self.session.execute(sa.delete(table).where(table.subscriber_id.in_(emptied)))
        rows = [
            {"subscriber_id": owner, item: key}
            | ({value: content, "position": at} if value else {})
            for owner in sorted(changed)
            for at, (key, content) in enumerate(wanted[owner].items())
        ]
        if rows:
            self.session.execute(sa.insert(rows_of), rows)
        return changed
