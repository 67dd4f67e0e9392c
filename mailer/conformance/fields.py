"""Rules for the header fields, on the bytes as they would be sent."""

import base64
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from email.header import decode_header
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from mailer.conformance.rule import Rule, related
from mailer.mime.headers import on_the_wire
from mailer.mime.parsing import ParsedMessage

ONCE = ("From", "Date", "Message-ID", "Subject", "To", "MIME-Version")
AT_MOST_ONCE = (
    *("Reply-To", "Sender", "Cc", "Content-Type", "Content-Transfer-Encoding", "Feedback-ID"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"),
)
KNOWN = frozenset(name.lower() for name in (*ONCE, *AT_MOST_ONCE)) | frozenset(
    (
        *("dkim-signature", "content-language", "return-path", "received", "references"),
        *("in-reply-to", "comments", "keywords", "organization", "precedence", "auto-submitted"),
        *("list-help", "list-archive", "list-owner", "list-post", "list-subscribe", "archived-at"),
        *("importance", "priority", "user-agent", "authentication-results", "bcc"),
    )
)
NO_ENCODED_WORDS = (
    *("message-id", "date", "list-unsubscribe", "list-unsubscribe-post", "feedback-id"),
    *("mime-version", "content-type", "content-transfer-encoding", "dkim-signature"),
)
_ENCODED_WORD = re.compile(rb"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def _line_ends(parsed: ParsedMessage) -> Iterator[str]:
    raw = parsed.raw
    if b"\0" in raw or not raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n"):
        yield "a bare CR, LF or NUL"


def _line_lengths(parsed: ParsedMessage) -> Iterator[str]:
    longest = max(map(len, parsed.raw.split(b"\r\n")))
    if longest > 998:
        yield f"a line of {longest} octets"


def _folded(parsed: ParsedMessage) -> Iterator[str]:
    for line in parsed.head.split(b"\r\n"):
        words = re.sub(rb"^[^\s:]+:", b"", line).split()
        if len(line) > 78 and len(words) > 1:
            yield f"{line[:40].decode('ascii', 'replace')}… could be folded"


def _ascii(parsed: ParsedMessage) -> Iterator[str]:
    for name, value in parsed.fields:
        # An international address (RFC 6532) travels as it is; everything else has an encoding.
        bare = re.sub(rb"<[^<>\s]+@[^<>\s]+>", b"", value) if name in ("to", "from") else value
        if not bare.isascii() or not name.isascii():
            yield f"{name} is not ASCII"


def _once(parsed: ParsedMessage) -> Iterator[str]:
    for name in ONCE:
        if (number := len(parsed.all(name))) != 1:
            yield f"{name} stands {number} times"
    for name in AT_MOST_ONCE:
        if (number := len(parsed.all(name))) > 1:
            yield f"{name} stands {number} times"


def _names(parsed: ParsedMessage) -> Iterator[str]:
    for name, _ in parsed.fields:
        if name == "bcc":
            yield "Bcc tells one reader of another"
        elif name not in KNOWN and not name.startswith("x-"):
            yield f"nobody sends a field {name[:40]!r}"


def _sender(parsed: ParsedMessage) -> Iterator[str]:
    found = parsed.addresses("From")
    if len(found) != 1:
        yield f"{len(found)} mailboxes"
    domain = parsed.sender_domain
    if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*", domain):
        yield f"the domain {domain!r} is none in ASCII"


def _sender_name(parsed: ParsedMessage) -> Iterator[str]:
    for name, _ in parsed.addresses("From")[:1]:
        if not name.strip():
            yield "no name"
        if "@" in name:
            yield "an address instead of a name"
        if re.search(r"\(\d+\)", name):
            yield "a number in brackets, as if mails were waiting"
        if any(unicodedata.category(character) in ("So", "Sk") for character in name):
            yield "a symbol that could pass for a mark of the mail program"


def _recipient(parsed: ParsedMessage) -> Iterator[str]:
    named = [address for _, address in parsed.addresses("To")]
    if len(named) != 1:
        yield f"{len(named)} recipients"
    elif parsed.recipient is not None and on_the_wire(parsed.recipient) != named[0]:
        yield f"{named[0]}"


def _date(parsed: ParsedMessage) -> Iterator[str]:
    value = parsed.value("Date")
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        yield "cannot be read"
        return
    if when.tzinfo is None or not re.search(r"[+-]\d{4}(?:\s*\(.*\))?$", value):
        yield "no numeric time zone"
    elif parsed.now is not None:
        if when > parsed.now + timedelta(minutes=1):
            yield "in the future"
        if when < parsed.now - timedelta(hours=24):
            yield "more than a day ago"


def _message_id(parsed: ParsedMessage) -> Iterator[str]:
    value = parsed.value("Message-ID")
    found = re.fullmatch(r"<[^<>@\s]+@([^<>@\s]+\.[^<>@\s]+)>", value)
    if found is None or b"=?" in parsed.value("Message-ID").encode():
        yield "not <left@domain>"
    elif not related(found[1], parsed.sender_domain):
        yield f"{found[1]} is not the sender's domain"


def _encoded_words(parsed: ParsedMessage) -> Iterator[str]:
    for name, value in parsed.fields:
        if b"=?" not in value:
            continue
        if name in NO_ENCODED_WORDS or re.search(rb"<[^<>]*=\?[^<>]*>", value):
            yield f"an encoded word in {name}, where none may stand"
        for word in re.findall(rb"\S*=\?\S*", value):
            yield from (f"{fault} in {name}" for fault in _faults(word))


def _faults(word: bytes) -> Iterator[str]:
    """What is wrong with a run of characters that holds the beginning of an encoded word."""
    found = _ENCODED_WORD.fullmatch(word)
    if found is None:
        yield "an encoded word that is malformed or touches its neighbour"
        return
    if len(word) > 75:
        yield f"an encoded word of {len(word)} characters"
    if found[1].lower() != b"utf-8":
        yield f"an encoded word in {found[1].decode('ascii', 'replace')}"
        return
    try:
        decode_header(word.decode("ascii"))[0][0].decode("utf-8")
    except (ValueError, AttributeError):
        yield "an encoded word that is no text of its own"


def _subject(parsed: ParsedMessage) -> Iterator[str]:
    subject = str(parsed.message.get("Subject", ""))
    if not subject.strip():
        yield "empty"
    if re.match(r"(?i)\s*(?:re|fwd?|aw|wg)\s*(?:\[\d+\])?:", subject):
        yield "looks like a reply"
    if _CONTROL.search(subject):
        yield "a control character"


def _subject_form(parsed: ParsedMessage) -> Iterator[str]:
    subject = str(parsed.message.get("Subject", ""))
    if len(subject) > 78:
        yield f"{len(subject)} characters"
    if subject.isupper() and len(re.findall(r"\w{2,}", subject)) > 2:
        yield "all capitals"


def _one_click(parsed: ParsedMessage) -> Iterator[str]:
    values = parsed.all("List-Unsubscribe")
    value = parsed.value("List-Unsubscribe")
    if len(values) != 1 or len(parsed.all("List-Unsubscribe-Post")) != 1:
        yield "List-Unsubscribe and List-Unsubscribe-Post must stand once each"
    listed = [entry.strip() for entry in value.split(",")]
    if not all(re.fullmatch(r"<[^<>\s]+>", entry) for entry in listed):
        yield "List-Unsubscribe is not a list of <addresses>"
    if sum(entry.startswith("<https://") for entry in listed) != 1:
        yield "not exactly one https address in List-Unsubscribe"
    others = [entry for entry in listed if not entry.startswith(("<https://", "<mailto:"))]
    if others:
        yield f"List-Unsubscribe has {others[0][:60]}"
    if parsed.value("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
        yield "List-Unsubscribe-Post is not List-Unsubscribe=One-Click"


def _opaque(parsed: ParsedMessage) -> Iterator[str]:
    for _, address in parsed.addresses("To"):
        in_base64 = base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
        disguises = {address, quote(address, safe=""), in_base64, address.encode().hex()}
        for link in (*parsed.page.links(), parsed.value("List-Unsubscribe")):
            if any(disguise and disguise.lower() in link.lower() for disguise in disguises):
                yield f"the reader's address in {link[:60]}"
                return


def _token(parsed: ParsedMessage) -> Iterator[str]:
    token = re.split(r"[/=?]", parsed.unsubscribe_url)[-1]
    if parsed.unsubscribe_url and len(token) < 16:
        yield "the address of List-Unsubscribe is easy to guess"


def _list_id(parsed: ParsedMessage) -> Iterator[str]:
    found = re.search(r"<([^<>@\s]+\.[^<>@\s]+)>$", parsed.value("List-Id"))
    if found is None:
        yield "List-Id is not <label.domain>"
    elif not related(found[1], parsed.sender_domain):
        yield f"{found[1]} is not below the sender's domain"


def _feedback_id(parsed: ParsedMessage) -> Iterator[str]:
    for value in parsed.all("Feedback-ID"):
        entries = value.decode("ascii", "replace").split(":")
        if not 5 <= len(entries[-1]) <= 15:
            yield "the sender in Feedback-ID does not have 5 to 15 characters"
        if len(entries) > 4 or len(set(entries)) != len(entries) or "@" in entries[0]:
            yield "not one to four different entries that name no reader"


def _list_links(parsed: ParsedMessage) -> Iterator[str]:
    for name in ("List-Help", "List-Archive", "Archived-At", "List-Subscribe", "List-Owner"):
        for value in parsed.all(name):
            if not re.fullmatch(rb"<(?:https://|mailto:)[^<>\s]+>", value):
                yield f"{name} is not an https or mailto address in brackets"
    if parsed.value("List-Post") not in ("", "NO"):
        yield "List-Post invites answers to all"


RULES = (
    Rule("RFC 5322 2.3: line ends", "must", _line_ends),
    Rule("RFC 5322 2.1.1: line length", "must", _line_lengths),
    Rule("RFC 5322 2.1.1: headers are folded", "should", _folded),
    Rule("RFC 5322 2.2: ASCII headers", "must", _ascii),
    Rule("RFC 5322 3.6: headers stand once", "must", _once),
    Rule("RFC 5322 3.6.8: no field from elsewhere", "must", _names),
    Rule("Gmail: From is one mailbox", "must", _sender),
    Rule("Gmail: From has an honest name", "should", _sender_name),
    Rule("RFC 5322 3.6.3: To is the one recipient", "must", _recipient),
    Rule("RFC 5322 3.3: date", "must", _date),
    Rule("RFC 5322 3.6.4: Message-ID", "must", _message_id),
    Rule("RFC 2047 5: encoded words", "must", _encoded_words),
    Rule("RFC 5322 3.6.5: subject", "must", _subject),
    Rule("subject fits a screen", "should", _subject_form),
    Rule("RFC 8058 3.1: one-click unsubscribe", "must", _one_click),
    Rule("RFC 8058 6: links are opaque", "must", _opaque),
    Rule("RFC 8058 3.1: hard to forge", "must", _token),
    Rule("RFC 2919: List-Id", "must", _list_id),
    Rule("RFC 2369: list links", "should", _list_links),
    Rule("Gmail: Feedback-ID", "should", _feedback_id),
)
