"""Names of hosts as DNS has them: A-labels by IDNA 2008 (RFC 5891).

Python's own codec is IDNA 2003, for which ``straße.example`` is another host's name,
``strasse.example``. Text is mapped as UTS #46 says, without its transitional processing: capitals
and wide letters become plain ones, ß and ς stay.
"""

from functools import lru_cache
from unicodedata import category

import idna

_LONGEST_LABEL = 63


@lru_cache(maxsize=10_000)
def ascii_host(host: str) -> str:
    """``host`` in ASCII and lower case; ValueError when it can be no name of a host.

    Symbols such as ☕, under which names were registered before IDNA 2008 forbade them, are looked
    up as they are.
    """
    mapped = host.lower()
    if not host.isascii():
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    labels = [_ascii_label(label) for label in mapped.split(".")]
    if not all(0 < len(label) <= _LONGEST_LABEL for label in labels[:-1] or labels):
        raise ValueError(f"{host[:80]!r} is no name of a host")
    return ".".join(labels)


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError:
        if not any(letter == "_" or category(letter) == "So" for letter in label):
            raise
        return "xn--" + label.encode("punycode").decode("ascii")
