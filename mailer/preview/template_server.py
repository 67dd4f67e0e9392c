"""Shows templates while they are written: pages on this machine alone, drawn anew at each change.

Answers to nobody but this machine, and to no name but its own (a page elsewhere could otherwise ask
for it by DNS rebinding). It reads the folder, and writes nothing.
"""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mailer.edition import templates
from mailer.preview import specimens
from mailer.rendering import look as looks
from mailer.rendering import standalone
from mailer.rendering.templates import Rendered
from recommender.errors import NewsletterError, TransportError
from recommender.settings import Settings

HOST = "127.0.0.1"


@contextlib.contextmanager
def serving(settings: Settings, folder: Path, port: int, now: datetime) -> Iterator[str]:
    """Serve for the block; the address. TransportError when the port is taken."""

    class Pages(_Pages):
        pass

    Pages.settings, Pages.folder, Pages.now = settings, folder, now
    try:
        server = http.server.ThreadingHTTPServer((HOST, port), Pages)
    except OSError as error:
        raise TransportError(
            f"port {port} on {HOST}: {error.strerror}; --port names another"
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def wait() -> None:
    """Wait for Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


class _Pages(http.server.BaseHTTPRequestHandler):
    settings: Settings
    folder: Path
    now: datetime

    def do_GET(self) -> None:
        """A page, or when the folder last changed."""
        if self.headers.get("Host", "").rpartition(":")[0] not in (HOST, "localhost"):
            self._answer(403, "asked for by another name")
            return
        parts = urlsplit(self.path)
        if parts.path == "/stamp":
            self._answer(200, _stamp(self.folder), "text/plain")
        elif parts.path == "/":
            wanted = parse_qs(parts.query).get("copy", [""])[0]
            self._answer(200, self._page(int(wanted) if wanted.isdecimal() else None))
        else:
            self._answer(404, "there is nothing")

    def _page(self, wanted: int | None) -> str:
        """The copy with that number in two widths; without one, all copies."""
        settings, stamp = self.settings, _stamp(self.folder)
        copies: list[tuple[str, str, Rendered]] = []
        complaint = ""
        try:
            copies = specimens.pages(settings, templates.installed(settings), self.now)
        except NewsletterError as error:
            complaint = str(error)
        return standalone.page(
            "templates.html",
            looks.look(settings.accent, settings.font),
            title=settings.title,
            folder=self.folder,
            copies=copies,
            chosen=None if wanted is None or not copies else min(wanted, len(copies) - 1),
            complaint=complaint,
            stamp=stamp,
        )

    def _answer(self, status: int, text: str, kind: str = "text/html") -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal is for the author."""


def _stamp(folder: Path) -> str:
    """What differs whenever a file of the folder has changed."""
    found = []
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(OSError):
            seen = path.stat()
            found.append(f"{seen.st_mtime_ns:x}-{seen.st_size:x}")
    return ".".join(found)
