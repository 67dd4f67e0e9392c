"""Time zones as people, systems and services write them, as names of the IANA database: in any
case, as Windows calls them, as a city, or as a fixed distance from UTC."""

import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

from babel.core import get_global

_ABBREVIATED = {
    "z": "Etc/UTC", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "mdt": "America/Denver", "cst": "America/Chicago", "cdt": "America/Chicago",
    "edt": "America/New_York", "akst": "America/Anchorage", "akdt": "America/Anchorage",
    "bst": "Europe/London", "cest": "Europe/Paris", "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin", "eest": "EET", "west": "WET", "msk": "Europe/Moscow",
    "jst": "Asia/Tokyo", "aest": "Australia/Sydney", "aedt": "Australia/Sydney",
    "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland", "sgt": "Asia/Singapore",
    "eastern time": "America/New_York", "central time": "America/Chicago",
    "mountain time": "America/Denver", "pacific time": "America/Los_Angeles",
    "arizona": "America/Phoenix", "hawaii": "Pacific/Honolulu", "alaska": "America/Anchorage",
}  # fmt: skip
_PARTS_OF_HOURS = {
    (3, 30): "Asia/Tehran", (4, 30): "Asia/Kabul", (5, 30): "Asia/Kolkata",
    (5, 45): "Asia/Kathmandu", (6, 30): "Asia/Yangon", (8, 45): "Australia/Eucla",
    (9, 30): "Australia/Darwin", (-9, 30): "Pacific/Marquesas",
}  # fmt: skip
"""Zones that are so far from UTC all the year round; others between the hours are not."""
_OFFSET = re.compile(
    r"(?:(?:utc|gmt) ?)?(?P<sign>[+\-−–])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?"
    r"(?: ?(?:h|utc|gmt))?",
    re.IGNORECASE,
)
_DISPLAYED = re.compile(
    r"\((?:utc|gmt) ?(?P<offset>[+\-−–]\d{1,2}:\d{2})?\) ?(?P<places>.*)", re.IGNORECASE
)


@lru_cache(maxsize=1_000)
def iana(text: str) -> str | None:
    """The zone that is meant by ``text``; None when it is none that is known.

    ``UTC+2`` and ``+02:00`` are east of UTC, and become ``Etc/GMT-2``, as POSIX has the sign.
    """
    plain = re.sub(r" ?[/\\] ?", "/", " ".join(text.split()))
    known = _known()
    return (
        known.get(plain.casefold().replace(" ", "_"))
        or known.get(plain.casefold())
        or _of_offset(plain)
        or _displayed(plain)
    )


@cache
def _known() -> dict[str, str]:
    """Zones by their names in lower case, by those of Windows, and by cities there is one of."""
    zones = sorted(available_timezones())
    cities: dict[str, list[str]] = {}
    for zone in zones:
        area, _, city = zone.rpartition("/")
        if area and not area.startswith(("Etc", "US", "Canada", "Brazil", "Mexico", "Chile")):
            cities.setdefault(city.casefold(), []).append(zone)
    known = {city: found[0] for city, found in cities.items() if len(found) == 1}
    known |= {name.casefold(): zone for name, zone in get_global("windows_zone_mapping").items()}
    return known | _ABBREVIATED | {zone.casefold(): zone for zone in zones}


def _of_offset(text: str) -> str | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if found["sign"] != "+":
        hours = -hours
    if minutes:
        return _PARTS_OF_HOURS.get((hours, minutes))
    if hours == 0:
        return "Etc/UTC"
    return f"Etc/GMT{-hours:+d}" if -12 <= hours <= 14 else None


def _displayed(text: str) -> str | None:
    """A zone as a list shows it: "(UTC+01:00) Amsterdam, Berlin, Bern"."""
    found = _DISPLAYED.fullmatch(text)
    if found is None:
        without = re.sub(r" ?\(.*\)$", "", text)  # "Pacific Time (US & Canada)"
        return iana(without) if without and without != text else None
    for place in re.split(r"[,;&]| - ", re.sub(r" ?\([^)]*\)", "", found["places"])):
        name = place.strip().casefold()
        if zone := _known().get(name.replace(" ", "_")) or _known().get(name):
            return zone
    return _of_offset(found["offset"]) if found["offset"] else "Etc/UTC"
