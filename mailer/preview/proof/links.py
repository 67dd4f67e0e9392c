"""Asks the addresses of stories whether they are there: a few at a time, each for a few seconds."""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

from mailer.preview.proof.tally import Broken
from recommender.safety import http_client
from recommender.safety.http_client import FetchError, Limits

MOST = 300
"""Addresses that are asked, those of most readers first."""
AT_ONCE = 8
SECONDS = 8.0
"""For one address."""
ALL_SECONDS = 60.0
BODY = 2_000_000
"""Bytes that are read of a page; of one that has more, nothing is said."""
GONE = frozenset({404, 410, 451})
REFUSED = frozenset({401, 403, 405, 406, 429, 503})
"""What servers say to programs that are no browser: not a finding."""
RULE = "links answer"


def dead(addresses: Mapping[str, int], *, private: bool) -> list[Broken]:
    """Addresses, with how many readers get each, that do not answer as they should. What says that
    it is not there is an error, what does not answer now a warning."""
    wanted = sorted(addresses, key=lambda url: (-addresses[url], url))
    until = time.monotonic() + ALL_SECONDS
    found = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {url: pool.submit(_why, url, private, until) for url in wanted[:MOST]}
        wait(asked.values())
    for url, answer in asked.items():
        if (one := _finding(url, answer, addresses[url])) is not None:
            found.append(one)
    if len(wanted) > MOST:
        what = f"{len(wanted) - MOST} addresses, those of fewest readers, were not asked"
        found.append(Broken("links are checked", "warning", what, 0))
    return found


def _finding(url: str, answer: "Future[tuple[bool, str]]", readers: int) -> Broken | None:
    gone, why = answer.result()
    if not why:
        return None
    return Broken(RULE, "error" if gone else "warning", f"{url}: {why}", readers)


def _why(url: str, private: bool, until: float) -> tuple[bool, str]:
    """Whether the address is gone for good, and what is wrong with it; '' when nothing is."""
    left = min(SECONDS, until - time.monotonic())
    if left <= 0:
        return False, f"was not asked within {ALL_SECONDS:g} s"
    try:
        limits = Limits(left, BODY, private=private)
        answer = http_client.get(url, {"User-Agent": "Mozilla/5.0 (newsletter proof)"}, limits)
    except FetchError as error:
        return False, str(error)
    if answer.status in REFUSED or answer.status < 400:
        return False, ""
    return answer.status in GONE, f"{answer.status} {answer.reason}"
