"""Shows templates while they are written: pages on this machine alone, drawn anew at each change.

Answers to nobody but this machine, and to no name but its own (a page elsewhere could otherwise ask
for it by DNS rebinding). It reads the folder, and writes nothing.
"""

import contextlib
import html
import http.server
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mailer.edition import templates
from mailer.preview import specimens
from recommender.errors import NewsletterError, TransportError
from recommender.settings import Settings

HOST = "127.0.0.1"
_FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
:root {{ color-scheme: light dark }} body {{ margin: 0; font: 15px/1.5 system-ui, sans-serif }}
header {{ padding: .75rem 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem }}
pre {{ margin: 1rem; white-space: pre-wrap }} .both {{ display: flex; flex-wrap: wrap; gap: 1rem }}
iframe {{ height: calc(100vh - 5rem); border: 1px solid #8886; background: #fff }}
[aria-current] {{ font-weight: bold }}</style></head><body><header>{links}</header>{body}<script>
let seen = "{stamp}";
setInterval(async () => {{ try {{ const now = await (await fetch("/stamp")).text();
  if (now !== seen) location.reload(); }} catch {{}} }}, 700);
</script></body></html>"""


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
            wanted = parse_qs(parts.query).get("copy", ["0"])[0]
            self._answer(200, self._page(int(wanted) if wanted.isdecimal() else 0))
        else:
            self._answer(404, "there is nothing")

    def _page(self, wanted: int) -> str:
        stamp = _stamp(self.folder)
        links = body = ""
        try:
            shown = specimens.pages(self.settings, templates.installed(self.settings), self.now)
            wanted = min(wanted, len(shown) - 1)
            for number, (name, _) in enumerate(shown):
                here = ' aria-current="page"' if number == wanted else ""
                links += f'<a href="/?copy={number}"{here}>{html.escape(name)}</a>'
            copy = shown[wanted][1]
            frames = "".join(
                f'<iframe title="{width} pixels" sandbox style="width:{width}px" '
                f'srcdoc="{html.escape(copy.html)}"></iframe>'
                for width in (640, 375)
            )
            body = f'<div class="both">{frames}<pre>{html.escape(copy.text)}</pre></div>'
        except NewsletterError as error:
            body = f"<pre>{html.escape(str(error))}</pre>"
        title = html.escape(f"Templates: {self.folder}")
        return _FRAME.format(title=title, links=links, body=body, stamp=stamp)

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
