"""A mail provider's HTTP API on loopback: checks credentials as each provider documents them, keeps
what it takes, and does what providers do at their worst."""

import base64
import email.parser
import email.policy
import hashlib
import hmac
import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

KEY, SECRET = "AKIDEXAMPLE000000", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "6b2f4d1e-0a3c-4f7b-9c55-2f1f8d0e7a11"
MAILGUN_KEY = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
DOMAIN = "mg.example.org"
SILENT, DROP, TAKE_AND_DROP, EARLY = "silent", "drop", "take and drop", "early"
"""Never answers; reads the request and hangs up; takes the message and hangs up; answers 401 before
the body is there."""


@dataclass
class Fault:
    """An answer of the server's choice."""

    status: int
    body: bytes = b"{}"
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Taken:
    """A message that the provider will deliver."""

    recipient: str
    identity: str
    fields: dict[str, str]
    document: dict[str, Any]
    form: dict[str, str]
    data: bytes


@dataclass
class Provider:
    """The three APIs on one port. Each fault of ``script`` is used once; ``delay`` is how long an
    answer takes."""

    script: list[Fault | str | bytes] = field(default_factory=list)
    delay: float = 0.0
    context: ssl.SSLContext | None = None
    taken: list[Taken] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    connections: int = 0
    restricted: bool = False
    port: int = 0

    def url(self, kind: str, options: str = "") -> str:
        scheme = "https" if self.context else "http"
        start = {
            "ses": f"ses://{KEY}:{quote(SECRET, safe='')}@eu-west-1",
            "postmark": f"postmark://{TOKEN}@broadcast",
            "mailgun": f"mailgun://{MAILGUN_KEY}@{DOMAIN}",
        }[kind]
        return f"{start}?endpoint={scheme}://127.0.0.1:{self.port}{options}"


def signature_is_good(method: str, path: str, fields: dict[str, str], body: bytes) -> str | None:
    """What is wrong with a request's AWS Signature Version 4, worked out from the documentation
    step by step; None when nothing is."""
    given = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([a-z0-9-]+)/(\w+)/aws4_request, "
        r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
        fields.get("authorization", ""),
    )
    if given is None:
        return "MissingAuthenticationToken"
    key, day, region, service, names, signature = given.groups()
    stamp = fields.get("x-amz-date", "")
    if key != KEY or (region, service) != ("eu-west-1", "ses") or not stamp.startswith(day):
        return "InvalidClientTokenId"
    at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs((datetime.now(UTC) - at).total_seconds()) > 300 or "host" not in names.split(";"):
        return "SignatureDoesNotMatch"
    lines = [f"{name}:{fields[name].strip()}\n" for name in names.split(";")]
    canonical = f"{method}\n{path}\n\n{''.join(lines)}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    to_sign = (
        f"AWS4-HMAC-SHA256\n{stamp}\n{day}/{region}/{service}/aws4_request\n"
        f"{hashlib.sha256(canonical.encode()).hexdigest()}"
    )
    derived = b"AWS4" + SECRET.encode()
    for step in (day, region, service, "aws4_request"):
        derived = hmac.new(derived, step.encode(), hashlib.sha256).digest()
    expected = hmac.new(derived, to_sign.encode(), hashlib.sha256).hexdigest()
    return None if expected == signature else "SignatureDoesNotMatch"


def form_of(content: str, body: bytes) -> dict[str, bytes]:
    """The parts of a multipart/form-data body, by name."""
    whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {content}\r\n\r\n".encode() + body
    )
    boundary = f"--{whole.get_boundary()}".encode()
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name is not None
        found[name[1].decode()] = value.removesuffix(b"\r\n")
    return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def setup(self) -> None:
        self.provider.connections += 1
        super().setup()

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, *args: object) -> None:
        """Nothing."""

    def _handle(self) -> None:
        provider, fields = self.provider, {k.lower(): v for k, v in self.headers.items()}
        provider.calls.append(f"{self.command} {self.path}")
        fault = provider.script.pop(0) if provider.script and self.command == "POST" else None
        if fault == EARLY:
            self.close_connection = True
            self._say(401, b'{"message":"early"}', {"Connection": "close"})
            return
        body = self.rfile.read(int(fields.get("content-length", "0")))
        if len(body) < int(fields.get("content-length", "0")):
            self.close_connection = True
            return
        time.sleep(provider.delay)
        if fault in (SILENT, DROP):
            if fault == SILENT:
                time.sleep(3)
            self.close_connection = True
        elif isinstance(fault, bytes):
            self.wfile.write(fault)
            self.close_connection = True
        elif isinstance(fault, Fault):
            self._say(fault.status, fault.body, fault.fields)
        else:
            status, answer = self._answer(fields, body)
            if fault == TAKE_AND_DROP:
                self.close_connection = True
                return
            self._say(status, json.dumps(answer).encode(), {})

    def _say(self, status: int, body: bytes, fields: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, fields: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if self.path.startswith("/v2/email/"):
            return self._ses(fields, body)
        if self.path.startswith("/v3/"):
            return self._mailgun(fields, body)
        return self._postmark(fields, body)

    def _ses(self, fields: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        wrong = signature_is_good(self.command, self.path, fields, body)
        if wrong is not None:
            self.provider.wrong.append(wrong)
            return 403, {"__type": f"com.amazon.coral#{wrong}", "message": "no such key"}
        if self.path == "/v2/email/account":
            if self.provider.restricted:
                return 403, {"__type": "AccessDeniedException", "Message": "not authorized"}
            quota = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1.0}
            return 200, {
                "SendingEnabled": True,
                "ProductionAccessEnabled": True,
                "SendQuota": quota,
            }
        document = json.loads(body)
        data = base64.b64decode(document["Content"]["Raw"]["Data"])
        [recipient] = document["Destination"]["ToAddresses"]
        return 200, {"MessageId": self._take(recipient, fields, document, {}, data)}

    def _postmark(self, fields: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if fields.get("x-postmark-server-token") != TOKEN:
            self.provider.wrong.append("token")
            return 401, {"ErrorCode": 10, "Message": "Bad or missing server or user API token."}
        if self.path == "/message-streams/broadcast":
            return 200, {"ID": "broadcast", "MessageStreamType": "Broadcasts", "ArchivedAt": None}
        if self.path != "/email":
            return 404, {"ErrorCode": 1226, "Message": "The message stream was not found."}
        document = json.loads(body)
        identity = self._take(document["To"], fields, document, {}, b"")
        return 200, {"ErrorCode": 0, "Message": "OK", "MessageID": identity, "To": document["To"]}

    def _mailgun(self, fields: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        login = base64.b64encode(f"api:{MAILGUN_KEY}".encode()).decode()
        if fields.get("authorization") != f"Basic {login}":
            self.provider.wrong.append("key")
            return 401, {"message": "Invalid private key"}
        if self.path != f"/v3/{DOMAIN}/messages.mime":
            return 404, {"message": "Domain not found"}
        form = form_of(fields["content-type"], body)
        if "to" not in form:
            return 400, {"message": "to parameter is missing"}
        data = form.pop("message")
        texts = {name: value.decode() for name, value in form.items()}
        identity = self._take(texts["to"], fields, {}, texts, data)
        return 200, {"id": f"<{identity}@{DOMAIN}>", "message": "Queued. Thank you."}

    def _take(
        self,
        recipient: str,
        fields: dict[str, str],
        document: dict[str, Any],
        form: dict[str, str],
        data: bytes,
    ) -> str:
        identity = f"id-{len(self.provider.taken) + 1}"
        self.provider.taken.append(Taken(recipient, identity, fields, document, form, data))
        return identity


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is none."""


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """``provider``, answering."""
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = _Server(("127.0.0.1", 0), handler)
    if provider.context is not None:
        server.socket = provider.context.wrap_socket(server.socket, server_side=True)
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
