"""One connection to a provider's HTTP API that sends in two steps.

``offer`` writes the request but for its last bytes, without which no provider can act on it: the
body is shorter than its Content-Length, its JSON or MIME form has no end. ``commit`` writes those
and reads the one answer that decides. So what a lost connection means is as clear as with SMTP:
before the last bytes nothing was sent, after them nobody knows. HTTP/1.1 is spoken by h11, which
does no input or output of its own; connections are kept open for more messages.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import h11

from mailer.mime.message import Message
from mailer.relay import sockets
from mailer.relay.http import api as apis
from mailer.relay.http.api import Answer, Api, Request
from mailer.relay.sockets import Stream
from mailer.relay.transport import ConnectionLostError, Verdict, VerdictKind
from recommender.errors import TransportError
from recommender.safety.escaping import one_line

HELD_BACK = 16
"""Bytes of a request's body that are written last."""
MOST = 256 * 1024
"""Bytes of an answer's body."""
MAX_HEADER = 64 * 1024


@dataclass(frozen=True)
class Endpoint:
    """Where an API is."""

    host: str
    port: int
    tls: bool

    @property
    def authority(self) -> str:
        """The Host field: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class Connection:
    """An open connection: as ``transport.Connection``. TransportError when none can be made."""

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        api: Api,
        *,
        timeout: float,
        context: ssl.SSLContext,
        clock: Callable[[], datetime],
    ) -> None:
        self._name, self._endpoint, self._api = name, endpoint, api
        self._timeout, self._clock = timeout, clock
        self._rest: bytes | None = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER)
        try:
            sock = sockets.connect(endpoint.host, endpoint.port, timeout)
            if endpoint.tls:
                sock = sockets.Handshakes(context, timeout).wrap_socket(sock, endpoint.host)
        except OSError as error:
            why = sockets.cause(error) or "no connection"
            raise TransportError(f"relay {name}: {why}") from error
        self._stream = Stream(sock, timeout)

    @property
    def open(self) -> bool:
        return self._stream.sock is not None

    def ready(self) -> bool:
        """Whether it can take a message: open, and the server has neither spoken nor left."""
        return self._rest is None and self._stream.silent()

    def offer(self, message: Message, *, number: int = 0) -> Verdict | None:
        """As ``Transport.offer``; ``number`` means nothing to a provider."""
        if message.smtputf8:
            words = "550 5.6.7 the provider's API does not take international addresses"
            return Verdict(VerdictKind.REFUSED, self._name, 550, "5.6.7", words)
        self._begin(self._api.sending(message, self._clock()))
        if not (self._stream.silent() or self._stream.unread):
            raise self._stream.lost("the server closed the connection")
        return None

    def commit(self) -> Verdict:
        """Write what was held back and read the answer; ``unanswered`` when none comes.

        A server that has spoken before has not seen the end of the request, and so has not acted
        on it: what it says counts, and if it is no refusal, or it is gone, that is a deferral.
        """
        if self._rest is None:
            raise RuntimeError("commit without offer")
        if not self._stream.silent():
            return self._too_early()
        try:
            self._end()
            answer = self._answer()
        except ConnectionLostError as lost:
            return Verdict(VerdictKind.UNANSWERED, self._name, reply=one_line(str(lost)))
        return apis.verdict(self._api, answer, self._name)

    def look(self) -> Answer:
        """The answer to a call that sends nothing. ConnectionLostError when there is none."""
        self._begin(self._api.looking(self._clock()))
        self._end()
        return self._answer()

    def abort(self) -> None:
        """Hang up: a request that was begun cannot be taken back in any other way."""
        self.close()

    def close(self) -> None:
        self._rest = None
        self._stream.close()

    def _begin(self, request: Request) -> None:
        """Write all of a request but its last bytes."""
        body = request.body
        fields = {"Host": self._endpoint.authority, **request.fields}
        if body or request.method != "GET":
            fields["Content-Length"] = str(len(body))
        head = self._http.send(
            h11.Request(
                method=request.method,
                target=request.target,
                headers=list(fields.items()),
            )
        )
        whole = (head or b"") + (self._http.send(h11.Data(data=body)) or b"" if body else b"")
        cut = len(whole) - min(HELD_BACK, len(body) or len(whole))
        self._rest = whole[cut:]
        self._stream.write(whole[:cut])

    def _end(self) -> None:
        rest, self._rest = self._rest or b"", None
        self._http.send(h11.EndOfMessage())
        self._stream.write(rest)

    def _too_early(self) -> Verdict:
        """What a server that did not wait for the end of the request, or left, means by that."""
        self._rest = None
        words = "the server closed the connection before the end of the request"
        if self._stream.unread:
            try:
                answer = self._answer()
            except ConnectionLostError as lost:
                words = one_line(str(lost))
            else:
                found = apis.verdict(self._api, answer, self._name)
                self.close()
                if found.kind in (VerdictKind.DEFERRED, VerdictKind.REFUSED):
                    return found
                words = f"an answer before the end of the request: HTTP {answer.status}"
                if 200 <= answer.status < 300:
                    return Verdict(VerdictKind.UNANSWERED, self._name, reply=words)
        self.close()
        return Verdict(VerdictKind.DEFERRED, self._name, reply=words)

    def _answer(self) -> Answer:
        """The next answer, all of it within one deadline; the connection is fit for the next
        request afterwards, or closed."""
        deadline = time.monotonic() + self._timeout
        status, fields, body = 0, {}, b""
        while not isinstance(event := self._next(deadline), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
                fields = {
                    name.decode("latin-1"): one_line(value, 2_000) for name, value in event.headers
                }
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MOST:
                    raise self._stream.lost("an endless answer")
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        return Answer(status, fields, body)

    def _next(self, deadline: float) -> h11.Event:
        """The next piece of an answer; ConnectionLostError when none comes."""
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                piece = self._stream.read(deadline)
                if not piece and self._http.their_state is h11.SEND_RESPONSE:
                    raise self._stream.lost("the server closed the connection")
                self._http.receive_data(piece)
        except h11.RemoteProtocolError as error:
            said = apis.safe(self._api, str(error))
            words = f"not an answer of HTTP: {one_line(said, 100)}"
            raise self._stream.lost(words) from error
        if isinstance(event, h11.ConnectionClosed) or not isinstance(event, h11.Event):
            raise self._stream.lost("the server closed the connection")
        return event
