"""The newsletter services people come from: how each export is recognised, and what its columns and
words mean where they differ from what everybody calls so.

Sources: the services' help pages and interfaces in 2026, and the exporters of Ghost and listmonk.
Column names are keys as ``headers.key`` makes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recommender.models import Status
from recommender.subscribers.formats import headers
from recommender.subscribers.formats.headers import (
    CONFIRMED_ADDRESS,
    CONFIRMED_AT,
    CONSENT_ADDRESS,
    CONSENT_AT,
    COUNTRY,
    UNSUBSCRIBED,
)


@dataclass(frozen=True, slots=True)
class Service:
    """``marks``: sets of columns of which one is enough to know its exports by; none of
    ``others`` may be there. ``columns`` and ``statuses`` go before the common tables."""

    name: str
    marks: tuple[frozenset[str], ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=dict)
    others: frozenset[str] = frozenset()


def _sets(*written: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(names.split()) for names in written)


SERVICES = (
    Service(
        "mailchimp",
        _sets("emailaddress memberrating", "emailaddress leid", "emailaddress euid",
              "emailaddress optintime", "emailaddress unsubtime", "emailaddress cleantime"),
        {"cc": COUNTRY, "optintime": CONSENT_AT, "optinip": CONSENT_ADDRESS,
         "confirmtime": CONFIRMED_AT, "confirmip": CONFIRMED_ADDRESS},
    ),
    Service(
        "substack",
        _sets("activesubscription", "emaildisabled", "subscriptiontype activity",
              "startdate paidupgradedate", "type startdate canceldate",
              "stripeconnectedcustomerid"),
        {"emaildisabled": UNSUBSCRIBED, "createdat": CONSENT_AT, "startdate": CONSENT_AT,
         "useremailaddress": headers.EMAIL, "username": headers.NAME,
         "subscriptioncreatedat": CONSENT_AT},
    ),
    Service(
        "ghost",
        _sets("subscribedtoemails", "complimentaryplan labels", "stripecustomerid labels tiers",
              "labels products"),
    ),
    Service(
        "beehiiv",
        _sets("status utmsource", "status subscriptiontier", "status tier createdat",
              "status referralcode", "status acquisitionsource", "status utmmedium",
              "status subscriberid createdat", "status freetier"),
        {"createdat": CONSENT_AT, "created": CONSENT_AT},
        {"inactive": Status.UNSUBSCRIBED, "validating": Status.PENDING,
         "needsattention": Status.PENDING, "invalid": Status.BOUNCED},
    ),
    Service(
        "buttondown",
        _sets("creationdate type", "type secondaryid", "type unsubscriptiondate",
              "emailaddress notes type", "email notes type", "type referrerurl tags"),
        {"type": "status", "creationdate": CONSENT_AT, "metadata": "attributes"},
        {"premium": Status.ACTIVE, "gifted": Status.ACTIVE, "trialed": Status.ACTIVE,
         "unpaid": Status.ACTIVE, "churning": Status.ACTIVE, "churned": Status.ACTIVE,
         "pastdue": Status.ACTIVE, "paused": Status.ACTIVE,  # of their payment, not of their mail
         "upcoming": Status.PENDING, "malicious": Status.UNSUBSCRIBED},
    ),
    Service(
        "kit",
        _sets("firstname state createdat", "firstname status createdat tags",
              "firstname status subscribedat tags", "firstname emailaddress state",
              "firstname status createdat id"),
        {"state": "status"},
        {"inactive": Status.PENDING, "cold": Status.ACTIVE},
        frozenset({"lastname", "zip"}),
    ),
    Service(
        "listmonk",
        _sets("uuid attributes", "attributes status createdat", "uuid status createdat",
              "attribs status"),
        {"attribs": "attributes"},
        others=frozenset({"roles", "topics", "frequency"}),
    ),
)  # fmt: skip
NAMES = tuple(one.name for one in SERVICES)


def named(name: str) -> Service | None:
    """The service called so, whatever the case."""
    return next((one for one in SERVICES if one.name == name.casefold()), None)


def recognised(columns: Iterable[str]) -> Service | None:
    """The service whose export has these columns (as keys); None when it is nobody's."""
    have = frozenset(columns)
    for service in SERVICES:
        if not have & service.others and any(mark <= have for mark in service.marks):
            return service
    return None
