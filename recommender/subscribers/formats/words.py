"""What stands in the cells of other people's lists: yes and no, words for a status, times.

Each function takes a cell and returns a value, or None where the cell cannot be read as one.
"""

import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from recommender.models import Status
from recommender.subscribers.formats.headers import key

_ACTIVE = """
    active, subscribed, confirmed, enabled, regular, opted in, opt-in, verified, member, current,
    aktiv, angemeldet, abonniert, bestätigt, actif, active, abonné, abonnée, inscrit, inscrite,
    confirmé, activo, activa, suscrito, suscrita, confirmado, attivo, iscritto, ativo, inscrito"""
_PENDING = """
    pending, unconfirmed, unactivated, not confirmed, awaiting confirmation, waiting, validating,
    requires verification, unverified, needs attention, opt-in pending, confirmation pending,
    unbestätigt, nicht bestätigt, ausstehend, wartend, en attente, non confirmé, no confirmado,
    pendiente, sin confirmar, in attesa, pendente"""
_UNSUBSCRIBED = """
    unsubscribed, unsubscribe, cancelled, canceled, opted out, opt-out, optout, inactive, removed,
    deleted, archived, blocklisted, blacklisted, blocked, disabled, suppressed, spammy, left,
    nonsubscribed, non-subscribed, not subscribed, transactional, expired,
    abgemeldet, ausgetragen, inaktiv, gelöscht, gesperrt, gekündigt,
    désabonné, désabonnée, désinscrit, désinscrite, inactif, supprimé, résilié,
    dado de baja, dada de baja, baja, inactivo, cancelado, eliminado, disiscritto, annullato"""
_BOUNCED = """
    bounced, bounce, hard bounce, hard bounced, hardbounced, hardbounce, cleaned, clean, invalid,
    invalid email, undeliverable, undelivered, dead, unzustellbar, ungültig, rebotado, invalide,
    non délivrable"""
_COMPLAINED = """
    complained, complaint, spam, spam complaint, marked as spam, abuse, abuse complaint, junk,
    beschwerde, plainte, queja"""
STATUSES: Mapping[str, Status] = {
    key(word): status
    for status, words in (
        (Status.ACTIVE, _ACTIVE),
        (Status.PENDING, _PENDING),
        (Status.PAUSED, "paused, pausiert, en pause, en pausa, on hold"),
        (Status.UNSUBSCRIBED, _UNSUBSCRIBED),
        (Status.BOUNCED, _BOUNCED),
        (Status.COMPLAINED, _COMPLAINED),
    )
    for word in " ".join(words.split()).split(", ")
}
"""Ours, by the words of others."""
_YES = frozenset(
    {"true", "yes", "y", "1", "t", "on", "x", "ja", "oui", "sí", "si", "sim", "wahr", "vrai",
     "verdadero", "subscribed"}
)  # fmt: skip
_NO = frozenset(
    {"false", "no", "n", "0", "f", "off", "nein", "non", "nao", "não", "falsch", "faux", "falso",
     "unsubscribed"}
)  # fmt: skip
_FILE_WORDS: Mapping[str, Status] = {
    "unsubscribed": Status.UNSUBSCRIBED, "unsubscribes": Status.UNSUBSCRIBED,
    "unsubscribers": Status.UNSUBSCRIBED, "nonsubscribed": Status.UNSUBSCRIBED,
    "suppressed": Status.UNSUBSCRIBED, "suppressions": Status.UNSUBSCRIBED,
    "suppression": Status.UNSUBSCRIBED, "blocklist": Status.UNSUBSCRIBED,
    "blocklisted": Status.UNSUBSCRIBED, "blacklist": Status.UNSUBSCRIBED,
    "cancelled": Status.UNSUBSCRIBED, "canceled": Status.UNSUBSCRIBED,
    "abgemeldet": Status.UNSUBSCRIBED, "abgemeldete": Status.UNSUBSCRIBED,
    "cleaned": Status.BOUNCED, "bounced": Status.BOUNCED, "bounces": Status.BOUNCED,
    "complained": Status.COMPLAINED, "complaints": Status.COMPLAINED,
    "unconfirmed": Status.PENDING, "unactivated": Status.PENDING,
    "subscribed": Status.ACTIVE,
}  # fmt: skip


def status_of_file(name: str) -> Status | None:
    """What the name of an export says of all in it: ``cleaned_members_export_1.csv``."""
    words = re.findall(r"[^\W\d_]+", name.casefold().replace("non-sub", "nonsub"))
    found = {_FILE_WORDS[word] for word in words if word in _FILE_WORDS}
    return found.pop() if len(found) == 1 else None


def yes(cell: str) -> bool | None:
    """Whether the cell says yes; None where it says neither."""
    word = cell.strip().casefold()
    return True if word in _YES else False if word in _NO else None


_MONTHS = {
    name: number
    for number, written in enumerate(
        ("jan ene gen", "feb fev fév", "mar mär mrz maer", "apr avr abr", "may mai mag",
         "jun juin giu", "jul juil lug", "aug aoû aou ago", "sep set", "oct okt ott out",
         "nov", "dec dez déc dic"), 1)
    for name in written.split()
}  # fmt: skip
_TIME = (
    r"(?:(?:,? |T)(?:um |at |à )?(?P<hour>\d{1,2})[:h.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:\.\d+)?)? ?(?P<half>[AaPp]\.?[Mm]\.?|Uhr)?)?(?: (?:UTC|GMT|Z))?"
)
_WRITTEN = (
    re.compile(r"(?P<first>\d{1,2})(?P<mark>[./-])(?P<then>\d{1,2})(?P=mark)"
               r"(?P<year>\d{4}|\d{2})" + _TIME),
    re.compile(r"(?:[^\W\d_]{2,12}\.?,? )?(?P<day>\d{1,2})(?:\.|st|nd|rd|th|er)?[ -](?:de )?"
               r"(?P<month>[^\W\d_]{3,12})\.?,?[ -](?:de )?(?P<year>\d{4})" + _TIME),
    re.compile(r"(?:[^\W\d_]{2,12}\.?,? )?(?P<month>[^\W\d_]{3,12})\.? "
               r"(?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})" + _TIME),
)  # fmt: skip
_ZONE_WORD = re.compile(r"(?P<offset>[+-]\d{2}:?\d{2})? ?(?:UTC|GMT|[A-Z]{2,5})$")


def moment(cell: str) -> datetime | None:
    """A day or a time in UTC, as services and people write them; what names no zone is in UTC.

    A date in numbers whose month may be its day is nobody's guess, and None.
    """
    text = " ".join(cell.split())[:80]
    try:
        found = _moment(text)
        return None if found is None or not 1990 <= found.year <= 2100 else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> datetime | None:
    if re.fullmatch(r"\d{10}(\d{3})?(\.\d+)?", text):
        seconds = float(text) if len(text.split(".")[0]) == 10 else float(text) / 1_000
        return datetime.fromtimestamp(seconds, UTC)
    if re.match(r"\d{4}[-/]?\d{2}[-/]?\d{2}", text):
        zone = _ZONE_WORD.search(text)
        plain = text[: zone.start()].rstrip() + (zone["offset"] or "") if zone else text
        known = not zone or zone["offset"] or text.endswith(("UTC", "GMT"))
        plain = re.sub(r" (?=[+-]\d{2}:?\d{2}$)", "", plain.replace("/", "-"))
        return _in_utc(datetime.fromisoformat(plain)) if known else None
    for form in _WRITTEN:
        if (found := form.fullmatch(text)) and (day := _day(found.groupdict())):
            return datetime(*day, *_clock(found.groupdict()), tzinfo=UTC)
    if re.search(r"\d{4} \d{2}:\d{2}:\d{2}", text):
        return _in_utc(parsedate_to_datetime(text))
    return None


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _day(found: Mapping[str, str | None]) -> tuple[int, int, int] | None:
    year = int(found["year"] or 0)
    year += 2000 if year < 100 else 0
    if word := found.get("month"):
        letters = word.casefold()
        month = _MONTHS.get(letters[:4]) or _MONTHS.get(letters[:3])
        return (year, month, int(found["day"] or 0)) if month else None
    first, then = int(found["first"] or 0), int(found["then"] or 0)
    if found["mark"] == "." or first > 12 or first == then:
        return year, then, first
    return (year, first, then) if then > 12 else None


def _clock(found: Mapping[str, str | None]) -> tuple[int, int, int]:
    hour, half = int(found["hour"] or 0), (found["half"] or "").casefold()[:1]
    if half in ("a", "p"):
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(found["minute"] or 0), int(found["second"] or 0)


def address(cell: str) -> str | None:
    """An IP address as it is written, without what is around it."""
    try:
        return str(ipaddress.ip_address(cell.strip().strip("[]")))
    except ValueError:
        return None
