"""Rules for the MIME structure: parts, encodings, sizes, and how the two texts agree."""

import re
from collections.abc import Iterator

from mailer.conformance.rule import Rule
from mailer.mime.parsing import ParsedMessage

MAX_HTML = 102_400
"""Bytes of decoded HTML from which Gmail cuts a message off, and its footer with it."""
MAX_MESSAGE = 10_000_000
COMFORTABLE_HTML = 80_000
COMFORTABLE_MESSAGE = 110_000
FEWEST_WORDS = 20
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_WRONGLY_QUOTED = re.compile(r"^.{77,}|[ \t]$|=(?![0-9A-F]{2}|$)", re.MULTILINE)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:p|div|span|table|tr|td|br|a|b|i|strong|em)(?:\s[^<>]*)?/?>", re.IGNORECASE
)


def _structure(parsed: ParsedMessage) -> Iterator[str]:
    if parsed.value("MIME-Version") != "1.0":
        yield "MIME-Version is not 1.0"
    top = parsed.message.get_content_type()
    if top not in ("multipart/alternative", "multipart/related", "multipart/mixed"):
        yield f"the message is {top}"


def _alternatives(parsed: ParsedMessage) -> Iterator[str]:
    found = next(
        (p for p in parsed.message.walk() if p.get_content_type() == "multipart/alternative"), None
    )
    kinds = [part.get_content_type() for part in found.walk()][1:] if found is not None else []
    texts = [kind for kind in kinds if kind.startswith("text/")]
    if texts != ["text/plain", "text/html"]:
        yield f"parts are {', '.join(kinds) or 'not alternatives'}"
    if not parsed.text.strip() or not parsed.html.strip():
        yield "an empty part"


def _decodes(parsed: ParsedMessage) -> Iterator[str]:
    for part in parsed.message.walk():
        for defect in part.defects:
            yield str(defect) or type(defect).__name__
    for part in parsed.leaves():
        if part.get_content_maintype() != "text":
            continue
        if part.get_content_charset() != "utf-8":
            yield "a part that is not UTF-8"
        encoding = str(part.get("Content-Transfer-Encoding", "7bit")).lower()
        if encoding not in ("7bit", "8bit", "quoted-printable", "base64"):
            yield f"a part in {encoding}"
        payload = part.get_payload(decode=True)
        try:
            if isinstance(payload, bytes):
                payload.decode("utf-8")
        except UnicodeDecodeError:
            yield "a part that does not decode"


def _seven_bit(parsed: ParsedMessage) -> Iterator[str]:
    body = re.split(rb"\r?\n\r?\n", parsed.raw, maxsplit=1)[-1]
    if not body.isascii():
        yield "8-bit text, which not every server takes"


def _quoted_printable(parsed: ParsedMessage) -> Iterator[str]:
    for part in parsed.leaves():
        if str(part.get("Content-Transfer-Encoding", "")).lower() != "quoted-printable":
            continue
        source = part.get_payload(decode=False)
        lines = source.replace("\r\n", "\n") if isinstance(source, str) else ""
        if found := _WRONGLY_QUOTED.search(lines):
            line = lines[lines.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]
            if len(line) > 76:
                yield f"a line of {len(line)} characters"
            else:
                yield f"not as RFC 2045 writes it: {line[:40]!r}"


def _boundaries(parsed: ParsedMessage) -> Iterator[str]:
    for part in parsed.message.walk():
        if part.get_content_maintype() != "multipart":
            continue
        boundary = part.get_boundary() or ""
        if not _BOUNDARY.fullmatch(boundary):
            yield f"the boundary {boundary[:80]!r}"
        line = b"\n--" + re.escape(boundary.encode("utf-8", "replace"))
        parts = part.get_payload()
        wanted = len(parts) if isinstance(parts, list) else 0
        if len(re.findall(rb"(?m)" + line + rb"[ \t]*\r?$", parsed.raw)) != wanted:
            yield "the boundary stands where no part begins"
        if not re.search(rb"(?m)" + line + rb"--[ \t]*\r?$", parsed.raw):
            yield "the last part does not end"


def _size(parsed: ParsedMessage) -> Iterator[str]:
    html = len(parsed.html.encode("utf-8", "replace"))
    if html >= MAX_HTML:
        yield f"{html:,} bytes of HTML"
    if len(parsed.raw) > MAX_MESSAGE:
        yield f"{len(parsed.raw):,} bytes"


def _comfortable(parsed: ParsedMessage) -> Iterator[str]:
    html = len(parsed.html.encode("utf-8", "replace"))
    if html > COMFORTABLE_HTML or len(parsed.raw) > COMFORTABLE_MESSAGE:
        yield f"{html:,} bytes of HTML in a message of {len(parsed.raw):,}"


def _same_links(parsed: ParsedMessage) -> Iterator[str]:
    in_text = {found.rstrip(".,;)>") for found in re.findall(r"https?://\S+", parsed.text)}
    in_text |= set(re.findall(r"https?://\S+", parsed.text))
    seen = [anchor.href for anchor in parsed.page.anchors if not anchor.hidden]
    links = [href for href in seen if href.startswith("http")]
    missing = sorted(set(links) - in_text)
    if missing:
        yield f"{len(missing)} links of the HTML are not in the text, such as {missing[0][:60]}"


def _same_titles(parsed: ParsedMessage) -> Iterator[str]:
    text = " ".join(parsed.text.casefold().split())
    for _, heading in parsed.page.headings:
        if " ".join(heading.casefold().split()) not in text:
            yield f"the heading {' '.join(heading.split())[:60]!r} is not in the text"


def _readable_text(parsed: ParsedMessage) -> Iterator[str]:
    for line in parsed.text.splitlines():
        if len(line.rstrip()) > 78 and " " in line.strip():
            yield f"a line of {len(line.rstrip())} characters"
            break
    if len(parsed.text.split()) < FEWEST_WORDS:
        yield f"{len(parsed.text.split())} words"


def _text_is_text(parsed: ParsedMessage) -> Iterator[str]:
    for pattern in (_ENTITY, _TAG):
        if found := pattern.search(parsed.text):
            yield f"{found[0][:30]!r} looks like HTML"


RULES = (
    Rule("RFC 2045 4, 2046: structure", "must", _structure),
    Rule("RFC 2046 5.1.4: alternatives", "must", _alternatives),
    Rule("RFC 2045: parts decode", "must", _decodes),
    Rule("RFC 6152: seven bits", "should", _seven_bit),
    Rule("RFC 2045 6.7: quoted-printable", "must", _quoted_printable),
    Rule("RFC 2046 5.1.1: boundaries", "must", _boundaries),
    Rule("Gmail: HTML is not clipped", "must", _size),
    Rule("size leaves room", "should", _comfortable),
    Rule("text and HTML have the same links", "must", _same_links),
    Rule("text and HTML have the same titles", "must", _same_titles),
    Rule("text is made for reading", "must", _readable_text),
    Rule("text holds no markup", "should", _text_is_text),
)
