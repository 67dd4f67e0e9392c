"""Checks one message, as raw bytes, against what the standards and the large mailbox providers ask.

Used by ``newsletter doctor`` on a rendered copy and by the tests on every kind of content. It only
looks; it needs no network and changes nothing. Each rule names where it comes from.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import getaddresses, parsedate_to_datetime
from typing import Literal

from mailer import anatomy
from mailer.anatomy import Parsed

MAX_HTML = 102_400
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")
_FORBIDDEN = frozenset(["script", "form", "iframe", "object", "embed", "input", "button"])


@dataclass(frozen=True)
class Finding:
    """Something wrong: which rule, whether it must or should hold, and what was found."""

    rule: str
    level: Literal["must", "should"]
    what: str


def check(data: bytes, *, recipient: str | None = None) -> list[Finding]:
    """Everything that is wrong with the message, in the order of the rules; best is nothing."""
    parsed = anatomy.take_apart(data)
    message = parsed.message
    findings = [Finding(rule, level, what) for rule, level, look in RULES for what in look(parsed)]
    if recipient is not None:
        named = [address for _, address in getaddresses([str(message.get("To", ""))])]
        if named != [recipient]:
            findings.append(Finding("RFC 5322 3.6.3: To is the one recipient", "must", str(named)))
    return findings


def _count(parsed: Parsed, name: str) -> int:
    return len(re.findall(rb"(?im)^" + re.escape(name.encode()) + rb":", parsed.head))


def _line_ends(parsed: Parsed) -> Iterator[str]:
    if re.search(rb"(?<!\r)\n|\r(?!\n)|\0", parsed.raw):
        yield "a bare CR, LF or NUL"


def _line_lengths(parsed: Parsed) -> Iterator[str]:
    longest = max(map(len, parsed.raw.split(b"\r\n")))
    if longest > 998:
        yield f"a line of {longest} octets"


def _ascii_headers(parsed: Parsed) -> Iterator[str]:
    if not parsed.head.isascii() and not re.search(rb"(?im)^to:.*[\x80-\xff]", parsed.head):
        yield "a header that is not ASCII"


def _single_headers(parsed: Parsed) -> Iterator[str]:
    for name in ("From", "Date", "Message-ID", "Subject", "To", "MIME-Version"):
        if (number := _count(parsed, name)) != 1:
            yield f"{name} stands {number} times"
    for name in ("Reply-To", "Sender", "Cc", "Bcc"):
        if _count(parsed, name) > (name != "Bcc"):
            yield f"{name} stands too often"


def _date(parsed: Parsed) -> Iterator[str]:
    try:
        if parsedate_to_datetime(str(parsed.message["Date"])).tzinfo is None:
            yield "no time zone"
    except (TypeError, ValueError):
        yield "cannot be read"


def _message_id(parsed: Parsed) -> Iterator[str]:
    found = re.search(rb"(?im)^message-id: (.*)\r?$", parsed.head)
    if found is None or not re.fullmatch(rb"<[^<>@\s]+@[^<>@\s]+\.[^<>@\s]+>", found[1].strip()):
        yield "not <left@domain>"


def _encoded_words(parsed: Parsed) -> Iterator[str]:
    for word in _ENCODED_WORD.findall(parsed.head):
        if len(word) > 75:
            yield f"an encoded word of {len(word)} characters"
    if re.search(rb"\?==\?", parsed.head):
        yield "two encoded words without a space between them"
    for name in (b"list-unsubscribe", b"list-id", b"message-id", b"feedback-id"):
        field = re.search(rb"(?im)^" + name + rb":(?:.*\r\n[ \t])*.*", parsed.head)
        brackets = b"" if field is None else field[0][field[0].find(b"<") :]
        if b"=?" in brackets:
            yield f"an encoded word inside {name.decode()}"


def _subject(parsed: Parsed) -> Iterator[str]:
    subject = str(parsed.message.get("Subject", ""))
    if not subject.strip():
        yield "empty"
    if re.match(r"(?i)(re|fwd?):", subject):
        yield "looks like a reply"
    if re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", subject):
        yield "a control character"


def _subject_length(parsed: Parsed) -> Iterator[str]:
    subject = str(parsed.message.get("Subject", ""))
    if len(subject) > 78:
        yield f"{len(subject)} characters"


def _unsubscribe(parsed: Parsed) -> Iterator[str]:
    found = re.findall(r"<([^<>]*)>", str(parsed.message.get("List-Unsubscribe", "")))
    if len([link for link in found if link.startswith("https://")]) != 1:
        yield "not exactly one https address in List-Unsubscribe"
    if [link for link in found if link.startswith("http://")]:
        yield "an http address in List-Unsubscribe"
    if str(parsed.message.get("List-Unsubscribe-Post", "")) != "List-Unsubscribe=One-Click":
        yield "List-Unsubscribe-Post is not List-Unsubscribe=One-Click"
    if _count(parsed, "List-Unsubscribe") != 1 or _count(parsed, "List-Unsubscribe-Post") != 1:
        yield "List-Unsubscribe and List-Unsubscribe-Post must stand once each"


def _opaque(parsed: Parsed) -> Iterator[str]:
    addresses = [address for _, address in getaddresses([str(parsed.message.get("To", ""))])]
    for address in addresses:
        for link in (*parsed.page.links(), str(parsed.message.get("List-Unsubscribe", ""))):
            if address and (address in link or address.replace("@", "%40") in link):
                yield f"the reader's address in {link[:60]}"
                return


def _list_id(parsed: Parsed) -> Iterator[str]:
    if not re.search(r"<[^<>@\s]+\.[^<>@\s]+>\s*$", str(parsed.message.get("List-Id", ""))):
        yield "List-Id is not <label.domain>"


def _feedback_id(parsed: Parsed) -> Iterator[str]:
    value = str(parsed.message.get("Feedback-ID", ""))
    if value and not 5 <= len(value.rpartition(":")[2]) <= 15:
        yield "the sender in Feedback-ID does not have 5 to 15 characters"


def _alternatives(parsed: Parsed) -> Iterator[str]:
    kinds = [part.get_content_type() for part in parsed.message.walk() if not part.is_multipart()]
    if parsed.message.get_content_type() != "multipart/alternative":
        yield f"the message is {parsed.message.get_content_type()}"
    if kinds != ["text/plain", "text/html"]:
        yield f"parts are {', '.join(kinds)}"
    if not parsed.text.strip() or not parsed.html.strip():
        yield "an empty part"


def _decodes(parsed: Parsed) -> Iterator[str]:
    for part in parsed.message.walk():
        for defect in part.defects:
            yield str(defect) or type(defect).__name__
        if part.is_multipart():
            continue
        if part.get_content_charset() != "utf-8":
            yield "a part that is not UTF-8"
        payload = part.get_payload(decode=True)
        try:
            if isinstance(payload, bytes):
                payload.decode("utf-8")
        except UnicodeDecodeError:
            yield "a part that does not decode"


def _size(parsed: Parsed) -> Iterator[str]:
    if len(parsed.html.encode()) >= MAX_HTML:
        yield f"{len(parsed.html.encode()):,} bytes of HTML"


def _leftovers(parsed: Parsed) -> Iterator[str]:
    if re.search(r"J\d{5}X|<mj-", parsed.html):
        yield "template code is left in the HTML"


def _ways_out(parsed: Parsed) -> Iterator[str]:
    wanted = re.search(r"<(https://[^<>]*)>", str(parsed.message.get("List-Unsubscribe", "")))
    for name, links in (("HTML", parsed.page.links()), ("text", parsed.text.split())):
        if wanted and wanted[1] not in links:
            yield f"no unsubscribe link in the {name} part"


def _links(parsed: Parsed) -> Iterator[str]:
    for link in parsed.page.links():
        if not re.match(r"https?://[^\s/@]+", link):
            yield f"a link to {link[:60]!r}"


def _secure_links(parsed: Parsed) -> Iterator[str]:
    plain = [link for link in parsed.page.links() if link.startswith("http://")]
    if plain:
        yield f"{len(plain)} links without TLS, such as {plain[0][:60]}"


def _same_links(parsed: Parsed) -> Iterator[str]:
    in_text = set(re.findall(r"https?://\S+", parsed.text))
    missing = {link for link in parsed.page.links() if link.startswith("http")} - in_text
    if missing:
        yield f"{len(missing)} links of the HTML are not in the text, such as {min(missing)[:60]}"


def _balanced(parsed: Parsed) -> Iterator[str]:
    if parsed.page.unbalanced or parsed.page.left_open():
        yield f"tags do not balance: {[*parsed.page.unbalanced, *parsed.page.left_open()][:3]}"


def _harmless(parsed: Parsed) -> Iterator[str]:
    for tag, attributes in parsed.page.tags:
        if tag in _FORBIDDEN:
            yield f"<{tag}>"
        for name in attributes:
            if name.startswith("on"):
                yield f"<{tag} {name}=…>"


def _language(parsed: Parsed) -> Iterator[str]:
    first = next((attrs for tag, attrs in parsed.page.tags if tag == "html"), {})
    if not first.get("lang") or not first.get("dir") or first.get("lang") == "und":
        yield "<html> without lang and dir"


def _layout_tables(parsed: Parsed) -> Iterator[str]:
    for tag, attributes in parsed.page.tags:
        if tag == "table" and attributes.get("role") not in ("presentation", "none"):
            yield "a layout table without role=presentation"
            return


def _images(parsed: Parsed) -> Iterator[str]:
    for tag, attributes in parsed.page.tags:
        if tag == "img" and ("alt" not in attributes or "width" not in attributes):
            yield f"an image without alt or width: {attributes.get('src')}"


def _headings(parsed: Parsed) -> Iterator[str]:
    levels = parsed.page.headings
    if levels.count(1) != 1:
        yield f"{levels.count(1)} first-level headings"
    steps = itertools.pairwise(levels)
    if any(after > before + 1 for before, after in steps):
        yield f"heading levels skip: {levels}"


def _conditional_comments(parsed: Parsed) -> Iterator[str]:
    if parsed.html.count("<!--[if") != parsed.html.count("<![endif]"):
        yield "conditional comments do not balance"


Look = Callable[[Parsed], Iterator[str]]
RULES: tuple[tuple[str, Literal["must", "should"], Look], ...] = (
    ("RFC 5322 2.3: line ends", "must", _line_ends),
    ("RFC 5322 2.1.1: line length", "must", _line_lengths),
    ("RFC 5322 2.2: ASCII headers", "must", _ascii_headers),
    ("RFC 5322 3.6: headers stand once", "must", _single_headers),
    ("RFC 5322 3.3: date", "must", _date),
    ("RFC 5322 3.6.4: Message-ID", "must", _message_id),
    ("RFC 2047 5: encoded words", "must", _encoded_words),
    ("RFC 5322 3.6.5: subject", "must", _subject),
    ("subject fits a screen", "should", _subject_length),
    ("RFC 8058 3.1: one-click unsubscribe", "must", _unsubscribe),
    ("RFC 8058 6: links are opaque", "must", _opaque),
    ("RFC 2919: List-Id", "must", _list_id),
    ("Gmail: Feedback-ID", "should", _feedback_id),
    ("RFC 2046 5.1.4: alternatives", "must", _alternatives),
    ("RFC 2045: parts decode", "must", _decodes),
    ("Gmail: HTML is not clipped", "must", _size),
    ("templates are filled", "must", _leftovers),
    ("Gmail, Yahoo: visible unsubscribe link", "must", _ways_out),
    ("links go to the web", "must", _links),
    ("links use TLS", "should", _secure_links),
    ("text and HTML have the same links", "must", _same_links),
    ("HTML: tags balance", "must", _balanced),
    ("HTML: nothing active", "must", _harmless),
    ("WCAG 3.1.1: language", "must", _language),
    ("WCAG 1.3.1: layout tables", "must", _layout_tables),
    ("WCAG 1.1.1: images", "must", _images),
    ("WCAG 1.3.1: headings", "must", _headings),
    ("Outlook: conditional comments", "must", _conditional_comments),
)
