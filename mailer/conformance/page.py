"""Rules for the HTML as mail programs and screen readers meet it."""

import ipaddress
import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from mailer.conformance.rule import Rule
from mailer.mime.parsing import ParsedMessage

SMALLEST_TEXT = 12.0
"""CSS pixels."""
PREHEADER = range(40, 151)
"""Characters of hidden text: less shows code behind it in the list of mails, more is hiding."""
_FORBIDDEN = frozenset(["script", "form", "iframe", "object", "embed", "input", "button"])
_EMPTY_NAMES = frozenset(["click here", "here", "read more", "more", "link", "this", "learn more"])
_NOTHING = frozenset(["None", "nan", "NaN", "Undefined", "undefined", "null", "[object Object]"])
_FILLED_IN = re.compile(r"\{[{%#]|\[\[")
_WORDS = frozenset(["alt", "aria-label"])
"""Attributes that hold what stories say."""


def _leftovers(parsed: ParsedMessage) -> Iterator[str]:
    if found := re.search(r"J\d{4,5}X|</?mj-[a-z-]+", parsed.html):
        yield f"template code is left in the HTML: {found[0]}"
    for text, _ in parsed.page.texts:
        if text.strip() in _NOTHING:
            yield f"a text that is only {text.strip()}"
    for line in parsed.text.splitlines():
        if line.strip() in _NOTHING:
            yield f"a line that is only {line.strip()}"
    for tag, attributes in parsed.page.tags:
        for name, value in attributes.items():
            code = name not in _WORDS and _FILLED_IN.search(value or "")
            if value and (value.strip() in _NOTHING or code):
                yield f"<{tag} {name}={value[:40]!r}>"


def _template_syntax(parsed: ParsedMessage) -> Iterator[str]:
    fields = " ".join(str(value) for value in parsed.message.values())
    for place, text in (("fields", fields), ("HTML", parsed.html), ("text", parsed.text)):
        if found := re.search(r"\{[{%#]|%(?:s\b|\(\w+\)s)", text):
            yield f"{found[0]} in the {place}: a story may say so, a template must not"


def _ways_out(parsed: ParsedMessage) -> Iterator[str]:
    wanted = parsed.unsubscribe_url
    if not wanted:
        return
    seen = [a for a in parsed.page.anchors if a.href == wanted and not a.hidden and a.name]
    if not seen:
        yield "no unsubscribe link in the HTML that can be seen"
    if wanted not in parsed.text.split():
        yield "no unsubscribe link in the text part"


def _links(parsed: ParsedMessage) -> Iterator[str]:
    for link in parsed.page.links():
        why = _wrong(link)
        if why:
            yield f"{why}: {link[:60]!r}"


def _wrong(link: str) -> str | None:
    """Why a link is none that mail programs and filters like."""
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "a link that cannot be read"
    if parts.scheme not in ("http", "https") or not host:
        return "a link that does not go to the web"
    if not re.fullmatch(r"[!-~]+", link) or re.search(r'[<>"{}|\\^`]', link):
        return "a link that is not percent-encoded"
    if "@" in parts.netloc or port is not None:
        return "a link with a user or a port"
    return "a link to a number" if _is_number(host) else None


@lru_cache(maxsize=1_000)
def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _secure_links(parsed: ParsedMessage) -> Iterator[str]:
    plain = [link for link in parsed.page.links() if link.startswith("http://")]
    if plain:
        yield f"{len(plain)} links without TLS, such as {plain[0][:60]}"


def _balanced(parsed: ParsedMessage) -> Iterator[str]:
    faults = [*parsed.page.unbalanced, *parsed.page.left_open()]
    if faults:
        yield f"tags do not balance: {faults[:3]}"


def _document(parsed: ParsedMessage) -> Iterator[str]:
    if parsed.page.doctype.lower() != "doctype html":
        yield "no <!doctype html>"
    for tag in ("html", "head", "body"):
        if (number := len(parsed.page.attributes(tag))) != 1:
            yield f"{number} <{tag}>"
    metas = parsed.page.attributes("meta")
    content = " ".join(str(value).lower() for meta in metas for value in meta.values())
    if "utf-8" not in content:
        yield "no <meta> with the character set"
    if not any(meta.get("name") == "viewport" for meta in metas):
        yield "no <meta name=viewport>"


def _harmless(parsed: ParsedMessage) -> Iterator[str]:
    for tag, attributes in (*parsed.page.tags, *parsed.outlook.tags):
        if tag in _FORBIDDEN:
            yield f"<{tag}>"
        for name in attributes:
            if name.startswith("on"):
                yield f"<{tag} {name}=…>"


def _language(parsed: ParsedMessage) -> Iterator[str]:
    first = next(iter(parsed.page.attributes("html")), {})
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", first.get("lang") or "") or (
        first.get("lang") == "und"
    ):
        yield "<html> without a language"
    if first.get("dir") not in ("ltr", "rtl"):
        yield "<html> without a direction"


def _article(parsed: ParsedMessage) -> Iterator[str]:
    articles = [attrs for _, attrs in parsed.page.tags if attrs.get("role") == "article"]
    if not any(attrs.get("lang") and attrs.get("dir") for attrs in articles):
        yield "no element with role=article, lang and dir around everything"
    if " ".join(parsed.page.title.split()) != " ".join(
        str(parsed.message.get("Subject", "")).split()
    ):
        yield "<title> is not the subject"


def _layout_tables(parsed: ParsedMessage) -> Iterator[str]:
    for attributes in (*parsed.page.attributes("table"), *parsed.outlook.attributes("table")):
        if attributes.get("role") not in ("presentation", "none"):
            yield "a layout table without role=presentation"
            return


def _images(parsed: ParsedMessage) -> Iterator[str]:
    for image in parsed.page.attributes("img"):
        if "alt" not in image or "width" not in image:
            yield f"an image without alt or width: {image.get('src')}"
        if not (image.get("src") or "").startswith("https://"):
            yield f"an image that is not on the web over TLS: {(image.get('src') or '')[:60]}"
    for anchor in parsed.page.anchors:
        if anchor.pictures and not anchor.name:
            yield f"a linked image without words: {anchor.href[:60]}"


def _headings(parsed: ParsedMessage) -> Iterator[str]:
    levels = [level for level, _ in parsed.page.headings]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} first-level headings"
    if any(after > before + 1 for before, after in itertools.pairwise(levels)):
        yield f"heading levels skip: {levels}"


def _link_names(parsed: ParsedMessage) -> Iterator[str]:
    leads: dict[str, str] = {}
    for anchor in parsed.page.anchors:
        if anchor.hidden:
            continue
        name = anchor.name.casefold()
        if name.strip(" .»→") in _EMPTY_NAMES:
            yield f"a link called {anchor.name!r} says nothing"
        elif not name:
            yield f"a link without words: {anchor.href[:60]}"
        elif leads.setdefault(name, anchor.href) != anchor.href:
            yield f"two places are called {anchor.name[:60]!r}"


def _text_size(parsed: ParsedMessage) -> Iterator[str]:
    small = [text.strip() for text, size in parsed.page.texts if size < SMALLEST_TEXT]
    if small:
        yield f"smaller than {SMALLEST_TEXT:g} px: {small[0][:40]!r}"


def _dark(parsed: ParsedMessage) -> Iterator[str]:
    names = {meta.get("name") for meta in parsed.page.attributes("meta")}
    if not {"color-scheme", "supported-color-schemes"} <= names:
        yield "no <meta> for color-scheme and supported-color-schemes"
    if not re.search(r":root\s*\{[^}]*color-scheme", parsed.html):
        yield "no :root { color-scheme }"


def _outlook(parsed: ParsedMessage) -> Iterator[str]:
    if parsed.html.count("<!--[if") != parsed.html.count("<![endif]"):
        yield "conditional comments do not balance"
    faults = [*parsed.outlook.unbalanced, *parsed.outlook.left_open()]
    if faults:
        yield f"tags do not balance for Outlook: {faults[:3]}"


def _hidden(parsed: ParsedMessage) -> Iterator[str]:
    visible = re.sub(
        r"[\s\u00ad\u034f\u200b-\u200d\u2007\u2060\ufeff]+", " ", parsed.page.hidden_text
    )
    if len(visible.strip()) not in PREHEADER:
        yield f"{len(visible.strip())} characters of hidden text"


RULES = (
    Rule("templates are filled", "must", _leftovers),
    Rule("templates show no syntax", "should", _template_syntax),
    Rule("Gmail, Yahoo: visible unsubscribe link", "must", _ways_out),
    Rule("links go to the web", "must", _links),
    Rule("links use TLS", "should", _secure_links),
    Rule("HTML: tags balance", "must", _balanced),
    Rule("HTML: one document", "must", _document),
    Rule("HTML: nothing active", "must", _harmless),
    Rule("WCAG 3.1.1: language", "must", _language),
    Rule("WCAG 2.4.2: title and article", "should", _article),
    Rule("WCAG 1.3.1: layout tables", "must", _layout_tables),
    Rule("WCAG 1.1.1: images", "must", _images),
    Rule("WCAG 1.3.1: headings", "must", _headings),
    Rule("WCAG 2.4.4: links have names", "should", _link_names),
    Rule("WCAG 1.4.4: text can be read", "should", _text_size),
    Rule("dark mode is declared", "should", _dark),
    Rule("Outlook: conditional comments", "must", _outlook),
    Rule("Gmail: hidden text is the preheader", "should", _hidden),
)
