"""Addresses of stories are asked, with limits."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from mailer.preview.proof import links


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path[1:4]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_gone_is_an_error_and_what_fails_now_a_warning(site: str) -> None:
    asked = {f"{site}/{status}": status for status in (200, 403, 404, 410, 500)}
    found = {one.what.removeprefix(site): one for one in links.dead(asked, private=True)}
    assert {what: (one.severity, one.messages) for what, one in found.items()} == {
        "/404: 404 Not Found": ("error", 404),
        "/410: 410 Gone": ("error", 410),
        "/500: 500 Internal Server Error": ("warning", 500),
    }


def test_no_private_address_is_asked_unless_the_settings_allow_it(site: str) -> None:
    [finding] = links.dead({f"{site}/200": 1}, private=False)
    assert finding.severity == "warning"
    assert "127.0.0.1" in finding.what


def test_only_so_many_are_asked_and_it_says_so(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 1)
    found = links.dead({f"{site}/404": 1, f"{site}/200": 2}, private=True)
    assert [one.what for one in found] == ["1 addresses, those of fewest readers, were not asked"]
