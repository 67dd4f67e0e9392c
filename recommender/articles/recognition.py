"""Says what a file seems to be that cannot be read, and which of the formats comes nearest."""

import json
import re
from pathlib import Path

_MAGIC = (
    (b"%PDF-", "a PDF; export the text as .md or .txt"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"\x1f\x8b", "compressed with gzip; unpack it, or use .zip"),
    (b"Rar!", "a RAR archive; use .zip"),
    (b"7z\xbc\xaf", "a 7-Zip archive; use .zip"),
    (b"{\\rtf", "rich text; save it as .md or .txt"),
    (b"\xd0\xcf\x11\xe0", "an old Office document; save it as .md or .txt"),
    (b"PK\x03\x04", "a zip or an Office document; name an archive .zip, save a document as .md"),
)
_READ = ".txt .md (briefs), .jsonl .json, .xml .rss .atom (feeds), .zip"


def hint(data: bytes, path: Path) -> str:
    """What a file that begins with ``data`` seems to be, and what to do; never empty."""
    for magic, what in _MAGIC:
        if data.startswith(magic):
            return what
    text = data[:4_000].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    low = text.lower()
    if re.search(r"<opml[\s>]", low):
        return "an OPML list of feeds; `newsletter feeds add` watches each address in it"
    if re.search(r"<rss[\s>]|<feed[\s>]|<rdf:rdf[\s>]", low):
        return "a feed; name it .xml"
    if re.match(r"<!doctype html|<html[\s>]", low):
        return "a web page; import its feed, or save the text as .md"
    if text[:1] in {"{", "["}:
        return _json(text)
    if path.suffix.lower() in {".csv", ".tsv"} or re.match(r"[^\n]*\be-?mail\b[^\n]*[,;\t]", low):
        return "a table; `newsletter subscribers import` reads readers, articles go into .jsonl"
    return f"none of the kinds of files that are read: {_READ}"


def _json(text: str) -> str:
    try:
        json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return "JSON; a list of articles goes into .json, one a line into .jsonl"
    return "JSON lines; name it .jsonl"
