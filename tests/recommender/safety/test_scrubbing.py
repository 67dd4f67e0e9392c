"""Words are scrubbed of addresses, names and keys."""

import pytest

from recommender.safety import scrubbing

WHO, NAME, TOKEN = "marked.reader@example.com", "Marked Person", "QmFkVG9rZW4tMTIzNDU2"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (f"421 <{WHO}> later", "421 <<address>> later"),
        (f'"{NAME}"@example.com', "<address>"),
        (f"/home/outbox/weekly/000001-{WHO}.eml: full", "/home/outbox/weekly/<address>: full"),
        (f"o/{WHO}", "<address>"),
        (f"https://news.example.org/preferences/{TOKEN}?x", "https://news.example.org/preferences/<token>?x"),
        (f"GET /c/{TOKEN} 500", "GET /c/<token> 500"),
        (f"smtp://user:{TOKEN}@relay.example.org:25 down", "smtp://***@relay.example.org:25 down"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("disk 100 % full at 3/4", "disk 100 % full at 3/4"),
    ],
)  # fmt: skip
def test_words_are_scrubbed(given: str, shown: str) -> None:
    assert scrubbing.text(given) == shown
