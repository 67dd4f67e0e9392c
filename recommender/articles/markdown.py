"""Takes the inline marks of Markdown, and HTML that is plainly markup, out of prose.

The address of a link is kept behind its words. Code is left as it is, and so is whatever might be
meant: an asterisk between spaces, ``snake_case``, ``Vec<T>``. Every expression is bounded, so time
grows with the text alone.
"""

import re

from recommender.articles import markup

_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,300})\1(?!`)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)")
_TARGET = r"<?([^()\s<>]{1,2000}(?:\([^()\s<>]{0,200}\)[^()\s<>]{0,500})?)>?"
_LINK = re.compile(rf"\[([^\[\]\n]{{1,300}})\]\({_TARGET}(?:\s+[\"'(][^\"'()\n]{{0,200}}[\"')])?\)")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]{1,2000})>")
_ANCHOR = re.compile(
    r"<a\s[^<>]{0,500}?href\s?=\s?[\"']?(https?://[^\s<>\"']{1,2000})[\"']?[^<>]{0,500}>([^<>]{1,500})</a>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--[^<>]{0,2000}-->")
_STRONG = re.compile(r"(?<!\\)(\*\*|__|~~)(?=\S)(.{1,120}?)(?<=[^\s\\])\1")
_EMPHASIS = re.compile(r"(?<![\w*_\\])([*_])(?=[^\s*_])([^*_\n]{1,300}?)(?<=[^\s*_\\])\1(?![\w*_])")


def plain(text: str, *, html: bool = True) -> str:
    """The words of inline Markdown; ``html`` says whether HTML in it is markup, too."""
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        parts += [_prose(text[end : code.start()], html=html), code[2]]
        end = code.end()
    return "".join([*parts, _prose(text[end:], html=html)])


def _prose(text: str, *, html: bool) -> str:
    text = _LINK.sub(_linked, _IMAGE.sub(r"\1", text))
    if html:
        text = _COMMENT.sub("", _ANCHOR.sub(r"\2 (\1)", text))
        text = markup.paired(text)
    text = _AUTOLINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    return _ESCAPED.sub(r"\1", text)


def _linked(link: re.Match[str]) -> str:
    words, address = link[1], link[2]
    if not address.startswith(("http://", "https://")) or words == address:
        return words
    return f"{words} ({address})"
