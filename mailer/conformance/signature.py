"""Rules for DKIM signatures, as far as they can be judged without the published key."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator

from mailer.conformance.rule import Rule, related
from mailer.mime import dkim
from mailer.mime.parsing import ParsedMessage

MUST_BE_SIGNED = frozenset(
    (
        *("from", "to", "subject", "mime-version", "content-type"),
        *("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "reply-to"),
    )
)
"""Not Date and Message-ID, which relays set anew (``dkim.SET_ANEW``)."""


def _signature(parsed: ParsedMessage) -> Iterator[str]:
    for tags in _signatures(parsed):
        names = [name.strip().lower() for name in tags.get("h", "").split(":")]
        missing = {name for name in MUST_BE_SIGNED if parsed.all(name)} - set(names)
        if missing:
            yield f"not signed: {', '.join(sorted(missing))}"
        if "l" in tags:
            yield "l= lets anybody add to the body"
        if tags.get("a") not in ("rsa-sha256", "ed25519-sha256"):
            yield f"a={tags.get('a')}"
        if tags.get("c") != "relaxed/relaxed":
            yield f"c={tags.get('c', 'simple/simple')} breaks on the way"
            continue
        body = dkim.relaxed_body(parsed.raw.partition(b"\r\n\r\n")[2])
        if tags.get("bh") != base64.b64encode(hashlib.sha256(body).digest()).decode():
            yield "bh= is not that of this body"


def _alignment(parsed: ParsedMessage) -> Iterator[str]:
    domains = [tags.get("d", "") for tags in _signatures(parsed)]
    if domains and not any(related(domain, parsed.sender_domain) for domain in domains):
        yield f"signed for {', '.join(domains)}, sent from {parsed.sender_domain}"


def _oversigned(parsed: ParsedMessage) -> Iterator[str]:
    for tags in _signatures(parsed):
        signed = Counter(name.strip().lower() for name in tags.get("h", "").split(":"))
        wanted = ["from", "to", "subject", "list-unsubscribe", "list-unsubscribe-post"]
        wanted += [name for name in sorted(dkim.SET_ANEW) if signed[name]]
        weak = [name for name in wanted if signed[name] <= len(parsed.all(name))]
        if weak:
            yield f"a second one could be added: {', '.join(weak)}"


def _signatures(parsed: ParsedMessage) -> Iterator[dict[str, str]]:
    """The tags of each DKIM signature, white space taken out."""
    for value in parsed.all("DKIM-Signature"):
        pairs = (tag.partition("=") for tag in value.decode("ascii", "replace").split(";"))
        yield {name.strip(): re.sub(r"\s+", "", text) for name, _, text in pairs if name.strip()}


RULES = (
    Rule("RFC 8058 4, RFC 6376: what is signed", "must", _signature),
    Rule("RFC 7489 3.1: alignment", "must", _alignment),
    Rule("RFC 6376 8.15: signed against additions", "should", _oversigned),
)
