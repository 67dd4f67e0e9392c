"""Is the SPF record of a domain one that receivers can evaluate? RFC 7208."""

import ipaddress
import re

from mailer.diagnosis.dns_lookup import Lookup
from mailer.diagnosis.finding import Finding, error, ok, warning

MOST_LOOKUPS = 10
"""Terms that ask the DNS (RFC 7208 section 4.6.4); a record with more counts as none."""
_ASKS = ("a", "mx", "ptr", "exists", "include", "redirect")
_TERM = re.compile(
    r"[+?~-]?(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?::(?P<target>[^\s/]+|[0-9a-f:.]+))?"
    r"(?P<mask>/.+)?|(?P<modifier>[a-z][a-z0-9_.-]*)=(?P<value>\S*)",
    re.IGNORECASE,
)


class BrokenError(Exception):
    """A record that receivers cannot evaluate; the words say why."""


def check(lookup: Lookup, domain: str) -> Finding:
    """The record of ``domain``, whose mail is to pass. Raises NoAnswerError."""
    found = _records(lookup, domain)
    if not found:
        return warning(
            "SPF",
            f"{domain} has no SPF record",
            f'publish: {domain}. TXT "v=spf1 include:<what your relay names> ~all"',
        )
    if len(found) > 1:
        return error(
            "SPF",
            f"{domain} has {len(found)} SPF records, which counts as none",
            "make one of them, with the terms of all",
        )
    [record] = found
    try:
        number = _lookups(lookup, domain, record, ())
    except BrokenError as why:
        return error("SPF", f"{domain}: {why}", "mend the record; until then it counts as none")
    return _end(domain, record, number)


def _end(domain: str, record: str, number: int) -> Finding:
    terms = [term.lower() for term in record.split()[1:]]
    if "all" in terms or "+all" in terms:
        return error("SPF", f"{domain} lets anybody send (+all)", "end the record with ~all")
    ends = {"~all", "-all"}.intersection(terms)
    if not ends and not any(term.startswith("redirect=") for term in terms):
        return warning(
            "SPF", f"{domain} says nothing of all other servers", "end the record with ~all"
        )
    shown = record if len(record) <= 200 else f"{record[:199]}…"
    return ok("SPF", f'{domain}: "{shown}", {number} of {MOST_LOOKUPS} lookups')


def _records(lookup: Lookup, domain: str) -> list[str]:
    return [text for text in lookup.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def _lookups(lookup: Lookup, domain: str, record: str, path: tuple[str, ...]) -> int:
    """How many terms ask the DNS, those of included records among them. Raises BrokenError."""
    number = 0
    for term in record.split()[1:]:
        found = _TERM.fullmatch(term)
        if found is None:
            raise BrokenError(f"{term!r} in the SPF record of {domain} is no term of SPF")
        name = (found["name"] or found["modifier"]).lower()
        target = found["target"] or found["value"] or ""
        if name in ("ip4", "ip6"):
            _check_network(term, target + (found["mask"] or ""), name)
        number += name in _ASKS
        if name in ("include", "redirect") and "%" not in target:
            number += _included(lookup, domain, target, (*path, domain.lower()))
        if number > MOST_LOOKUPS:
            raise BrokenError(
                f"the SPF record needs more than {MOST_LOOKUPS} lookups, with what it includes"
            )
    return number


def _included(lookup: Lookup, domain: str, target: str, path: tuple[str, ...]) -> int:
    if target.lower() in path:
        raise BrokenError(f"the SPF record of {domain} includes itself by way of {target}")
    found = _records(lookup, target)
    if len(found) != 1:
        have = "no SPF record" if not found else f"{len(found)} SPF records"
        raise BrokenError(f"{target}, which {domain} includes, has {have}")
    return _lookups(lookup, target, found[0], path)


def _check_network(term: str, network: str, name: str) -> None:
    kind = ipaddress.IPv4Network if name == "ip4" else ipaddress.IPv6Network
    try:
        kind(network, strict=False)
    except ValueError as why:
        raise BrokenError(f"{term!r} in the SPF record names no network") from why
