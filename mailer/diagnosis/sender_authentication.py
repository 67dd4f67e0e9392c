"""Will receivers believe that the mail is the sender's? SPF, DKIM and DMARC as the DNS has them.

A message passes DMARC when SPF or DKIM passes for a domain that belongs with the domain of From
(RFC 7489 section 3.1). The organizational domain is found by walking up the DNS to the first DMARC
record, so no list of public suffixes is needed.
"""

import dataclasses
from collections.abc import Iterator

from mailer.delivery import messages
from mailer.diagnosis import spf
from mailer.diagnosis.dns_lookup import Lookup, NoAnswerError
from mailer.diagnosis.finding import Finding, error, ok, warning
from mailer.mime import dkim
from mailer.mime.headers import ascii_domain
from recommender.errors import NewsletterError
from recommender.settings import Settings, mailbox

RESERVED = (".example", ".test", ".invalid", ".localhost", ".local", ".internal")
RESERVED_NAMES = ("example.com", "example.net", "example.org")
"""Names that nobody has (RFC 2606, RFC 6761), or only a network of one's own."""
POLICIES = ("none", "quarantine", "reject")
PUBLISH = 'publish: {name}. TXT "{value}"'


@dataclasses.dataclass(frozen=True)
class Policy:
    """A DMARC record: where it was found, and its tags."""

    domain: str
    tags: dict[str, str]


def reserved(domain: str) -> bool:
    """Whether a name has no records by definition."""
    name = domain.lower().rstrip(".")
    return any(
        name == one or name.endswith(f".{one}") for one in RESERVED_NAMES
    ) or f".{name}".endswith(RESERVED)


def check(settings: Settings, lookup: Lookup, *, live: bool) -> list[Finding]:
    """All that the DNS says of the sender. ``live``: mail goes to real people, or is about to, so
    that what is missing is named as well."""
    sender = _domain(settings.sender)
    try:
        signers = messages.signers(settings)
    except NewsletterError as why:
        return [error("DKIM", str(why), "see dkim_key and dkim_selector in newsletter.toml")]
    if reserved(sender):
        to_publish = [ok("DKIM", _publish(*one.dns_record())) for one in signers]
        unreal = f"{sender} is a name for examples, which has no records"
        return [*to_publish, *([warning("DNS", unreal, "set `from` to a domain of yours")] * live)]
    try:
        return list(_checked(settings, lookup, sender, signers, live=live))
    except NoAnswerError as why:
        names = ", ".join(_publish(*one.dns_record()) for one in signers)
        todo = (
            "see /etc/resolv.conf and the network, or look from another machine: "
            f"dig TXT {sender} _dmarc.{sender}"
        )
        return [
            *([ok("DKIM", names)] if names else []),
            warning("DNS", f"SPF, DKIM and DMARC of {sender} could not be looked up: {why}", todo),
        ]


def _checked(
    settings: Settings,
    lookup: Lookup,
    sender: str,
    signers: tuple[dkim.Signer, ...],
    *,
    live: bool,
) -> Iterator[Finding]:
    envelope = _domain(settings.bounce_address or settings.sender)
    yield spf.check(lookup, envelope)
    signing = ascii_domain(settings.dkim_domain or sender)
    if signers:
        yield from (_published(lookup, one) for one in signers)
    elif settings.dkim_selector is not None:
        yield _of_relay(lookup, f"{settings.dkim_selector}._domainkey.{signing}")
    elif live:
        yield warning(
            "DKIM",
            "nothing here signs mail, and large providers want it signed",
            "set dkim_key and dkim_selector; or, if the relay signs, dkim_selector alone",
        )
    policy = _policy(lookup, sender)
    yield from _dmarc(policy, sender)
    if policy is not None:
        yield from _aligned(policy, sender, envelope, signing if settings.dkim_selector else None)
    yield from _taken(lookup, envelope)


def _publish(name: str, value: str) -> str:
    return PUBLISH.format(name=name, value=value)


def _domain(address: str) -> str:
    return ascii_domain(mailbox(address)[1].rpartition("@")[2])


def _tags(record: str) -> dict[str, str]:
    """The tags of a DKIM or DMARC record (RFC 6376 section 3.2)."""
    pairs = (part.partition("=") for part in record.split(";") if part.strip())
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _published(lookup: Lookup, signer: dkim.Signer) -> Finding:
    name, value = signer.dns_record()
    records = [tags for text in lookup.texts(name) if "p" in (tags := _tags(text))]
    if not records:
        return error("DKIM", f"{name} has no DKIM key", _publish(name, value))
    mine = _tags(value)
    if any(one["p"] == mine["p"] and one.get("k", "rsa") == mine["k"] for one in records):
        return ok("DKIM", f"{name} has the key that signs ({mine['k']})")
    if not any(one["p"] for one in records):
        return error("DKIM", f"{name} has a revoked key", _publish(name, value))
    return error("DKIM", f"{name} has another key than dkim_key", _publish(name, value))


def _of_relay(lookup: Lookup, name: str) -> Finding:
    if any(_tags(text).get("p") for text in lookup.texts(name)):
        return ok("DKIM", f"{name} has a key; dkim_key is not set, so the relay must sign")
    return error("DKIM", f"{name} has no DKIM key", "publish the record that the relay names")


def _policy(lookup: Lookup, sender: str) -> Policy | None:
    """The DMARC record that holds for ``sender``: its own, or that of a domain above it."""
    labels = sender.split(".")
    for start in range(max(1, len(labels) - 1)):
        domain = ".".join(labels[start:])
        found = [text for text in lookup.texts(f"_dmarc.{domain}") if _tags(text).get("v")]
        dmarc = [_tags(text) for text in found if _tags(text)["v"].upper() == "DMARC1"]
        if len(dmarc) == 1:
            return Policy(domain, dmarc[0])
        if len(dmarc) > 1:
            return Policy(domain, {"more": str(len(dmarc))})
    return None


def _dmarc(policy: Policy | None, sender: str) -> Iterator[Finding]:
    if policy is None:
        value = f"v=DMARC1; p=none; rua=mailto:postmaster@{sender}"
        yield warning(
            "DMARC",
            f"{sender} has no DMARC record, which large providers want of who sends much",
            _publish(f"_dmarc.{sender}", value),
        )
        return
    name, wanted = f"_dmarc.{policy.domain}", policy.tags.get("p", "").lower()
    if "more" in policy.tags:
        found = f"{name} has {policy.tags['more']} DMARC records, which counts as none"
        yield error("DMARC", found, "leave one of them")
    elif wanted not in POLICIES:
        found = f"{name} has no policy that receivers know (p={wanted})"
        yield error("DMARC", found, f"set p to one of {', '.join(POLICIES)}")
    else:
        reports = "" if "rua" in policy.tags else ", without reports to anybody (rua)"
        yield ok("DMARC", f"{name}: p={wanted}{reports}")


def _aligned(policy: Policy, sender: str, envelope: str, signing: str | None) -> Iterator[Finding]:
    def belongs(domain: str, mode: str) -> bool:
        if policy.tags.get(mode, "r").lower() == "s":
            return domain == sender
        return domain == policy.domain or domain.endswith(f".{policy.domain}")

    by_spf, by_dkim = belongs(envelope, "aspf"), signing is not None and belongs(signing, "adkim")
    if not by_spf and not by_dkim:
        yield error(
            "DMARC",
            f"neither the envelope's domain ({envelope}) nor DKIM's ({signing or 'none'}) belongs "
            f"with {sender}, so no message passes",
            "set bounce_address or dkim_domain to one that does",
        )


def _taken(lookup: Lookup, envelope: str) -> Iterator[Finding]:
    servers = lookup.mail_servers(envelope)
    if not servers or servers == ["."]:
        yield warning(
            "MX",
            f"{envelope} takes no mail, so that bounces never come back",
            "publish an MX record, or set bounce_address to a domain that takes mail",
        )
