"""Lists of feeds as other readers write and read them: OPML 2.0 (http://opml.org/spec2.opml). It
knows no store and no network.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from recommender.errors import InputError

LARGEST = 5_000_000
"""Bytes of a file."""
MOST = 10_000
"""Feeds in a file."""


def read(path: Path) -> list[str]:
    """The addresses of the feeds in a file, each once, in order. Raises InputError for what is no
    OPML."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise InputError(path, None, f"is larger than {LARGEST:,} bytes")
    parser = ET.XMLParser()  # noqa: S314  (expat itself refuses entities that multiply)
    urls: dict[str, None] = {}
    try:
        parser.feed(data)
        elements = list(parser.close().iter())
    except (ET.ParseError, ValueError, LookupError) as error:
        raise InputError(path, None, f"is not OPML: {error}") from error
    if elements[0].tag.lower() != "opml":
        raise InputError(path, None, "is not OPML: it does not begin with <opml>")
    for element in elements:
        url = next((v for k, v in element.attrib.items() if k.lower() == "xmlurl"), "").strip()
        if url:
            urls[url] = None
    if not urls:
        raise InputError(path, None, "names no feed (an outline with xmlUrl)")
    if len(urls) > MOST:
        raise InputError(path, None, f"names more than {MOST:,} feeds")
    return list(urls)


def document(feeds: Iterable[tuple[str, str]], now: datetime) -> str:
    """The document that names these feeds, of (address, title)."""
    root = ET.Element("opml", version="2.0")
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "title").text = "Watched feeds"
    created = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    ET.SubElement(head, "dateCreated").text = created
    body = ET.SubElement(root, "body")
    for url, title in feeds:
        text = "".join(c for c in title if c.isprintable()) or url
        ET.SubElement(body, "outline", type="rss", text=text, title=text, xmlUrl=url)
    ET.indent(root)
    document = ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'
