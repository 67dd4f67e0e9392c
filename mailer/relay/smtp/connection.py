"""One SMTP connection that sends in two steps, pipelined where the server allows it.

From the end of the ``session``'s opening, commands are written in groups (RFC 2920): MAIL, RCPT
and DATA in one go, then the text without its final dot. ``commit`` writes the dot and reads the one
answer that decides. The commands of the message that ``follows`` go behind the dot; until its text
is written, hanging up takes them back. It knows one server and keeps no list; which server to use
is ``relay_pool``'s affair.
"""

import re
import time

from mailer.mime.message import Message
from mailer.relay.smtp import session
from mailer.relay.smtp.smarthost import Smarthost
from mailer.relay.transport import ConnectionLostError, Verdict, VerdictKind
from recommender.safety.escaping import one_line

CLOSING = 421
"""The reply of a server that is about to close the connection (RFC 5321 section 3.8)."""
KINDS = {2: VerdictKind.ACCEPTED, 4: VerdictKind.DEFERRED, 5: VerdictKind.REFUSED}
"""By the first digit of a reply."""
AT_WORK = 1.0
"""For how many seconds after a reply a connection is not asked whether it is still there."""
LONGEST_WORDS = 1_000
"""Characters of a server's words that are kept."""
_ENHANCED = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_SMUGGLING = re.compile(r"[\x00-\x20<>\x7f]")
_QMAIL = re.compile(r"\(#([245]\.\d{1,3}\.\d{1,3})\b")
_LONE_LF = re.compile(rb"(?<!\r)\n|\r(?!\n)")
Reply = tuple[int, bytes]


class Connection:
    """An open, greeted and signed-in connection. Raises TransportError when it cannot be made."""

    def __init__(self, smarthost: Smarthost, timeout: float) -> None:
        self._name = smarthost.name
        self._following: Message | None = None
        self._begun: tuple[Message, list[str]] | None = None  # replies to be read
        self._heard = float("-inf")
        self._client = session.connect(smarthost, timeout)
        self._pipelining = self._client.has_extn("pipelining")
        self._eight_bit = self._client.has_extn("8bitmime")
        self._utf8 = self._client.has_extn("smtputf8")
        self._size = self._client.has_extn("size")
        limit = self._client.esmtp_features.get("size", "")
        self._largest = int(limit) if limit.isdecimal() else 0

    @property
    def open(self) -> bool:
        return self._client.sock is not None

    def ready(self) -> bool:
        """Whether the connection can take a message: open, and the server has said nothing since
        its last reply. Servers close an idle connection without being asked; one that answered a
        moment ago is believed to be there, and if it is not, the next command will say so."""
        just_now = not self._client.unread and time.monotonic() - self._heard < AT_WORK
        return self.open and (just_now or self._client.silent())

    def offer(self, message: Message, *, number: int = 0) -> Verdict | None:
        """Everything but the final dot; None when the text has been written. ``number`` means
        nothing to a server.

        Raises ConnectionLostError when the connection ends before that.
        """
        text = _text(message)
        begun, self._begun = self._begun, None
        if begun is not None and begun[0] is not message:
            raise self._client.lost("another message was begun")
        commands = begun[1] if begun is not None else self._commands(message, len(text))
        if isinstance(commands, Verdict):
            return commands
        replies = self._exchange(commands, written=begun is not None)
        refused = next((reply for reply in replies if reply[0] >= 400), None)
        codes = [code for code, _ in replies]
        if refused is None:
            if [code // 100 for code in codes] != [2, 2, 3]:
                raise self._client.lost(f"an answer out of place: {codes}")
            self._client.write(text)
            return None
        command = ("MAIL", "RCPT", "DATA")[replies.index(refused)]
        verdict = self._verdict(*refused, command)
        if CLOSING in codes:
            self.close(polite=False)
        self._clear(waiting_for_text=codes[2:] == [354])
        return verdict

    def follow(self, message: Message) -> None:
        """As ``Pipeline.follow``."""
        if self._pipelining and message.ready:
            self._following = message

    @property
    def begun(self) -> bool:
        """As ``Pipeline.begun``."""
        return self.open and self._begun is not None

    def commit(self) -> Verdict:
        """Write the final dot and read the answer; ``unanswered`` when none comes.

        Until the dot is written a server has nothing to say. One that has spoken, or is gone, will
        not deliver the message: that is a deferral, not a doubt.
        """
        if not (self.open and self._client.silent()):
            words = self._client.last_words() or "the server closed the connection before the dot"
            self.close(polite=False)
            return Verdict(VerdictKind.DEFERRED, self._name, reply=words)
        dot, following, self._following = b".\r\n", self._following, None
        if following is not None:
            commands = self._commands(following, len(following.data))
            if not isinstance(commands, Verdict):  # else it will be told when it is offered
                dot, self._begun = dot + _lines(commands), (following, commands)
        try:
            self._client.write(dot)
            code, text = self._reply()
        except ConnectionLostError as lost:
            return Verdict(VerdictKind.UNANSWERED, self._name, reply=one_line(str(lost)))
        if 300 <= code < 400:
            self.close(polite=False)
            words = f"an answer out of place: {code} {_words(text)}"
            return Verdict(VerdictKind.UNANSWERED, self._name, code, reply=words)
        return self._verdict(code, text, ".")

    def abort(self) -> None:
        """Hang up: once the text has been written, there is no other way not to deliver it."""
        self.close(polite=False)

    def close(self, *, polite: bool = True) -> None:
        """End the connection, with QUIT if it is in a state to take one."""
        if polite and not self.begun:
            self._client.leave()
        self._client.close()

    def _commands(self, message: Message, size: int) -> list[str] | Verdict:
        """What begins a message whose text has so many bytes, or a refusal of our own."""
        beyond_ascii = not message.ascii and not message.data.isascii()
        if (refusal := self._cannot_take(message, size, beyond_ascii)) is not None:
            return refusal
        options = " BODY=8BITMIME" if self._eight_bit and beyond_ascii else ""
        options += " SMTPUTF8" if message.smtputf8 else ""
        options += f" SIZE={size}" if self._size else ""
        return [
            f"MAIL FROM:<{message.envelope_from}>{options}",
            f"RCPT TO:<{message.recipient}>",
            "DATA",
        ]

    def _cannot_take(self, message: Message, size: int, beyond_ascii: bool) -> Verdict | None:
        """A refusal of our own, for what this server has said it does not take (RFC 1870, 6152,
        6531) and for addresses that could smuggle in a command."""
        refused = VerdictKind.REFUSED
        for address in (message.envelope_from, message.recipient):
            if _SMUGGLING.search(address):
                status = "5.1.3" if address == message.recipient else "5.1.7"
                words = f"553 {status} {address!r} is not an address"
                return Verdict(refused, self._name, 553, status, words)
        if message.smtputf8 and not self._utf8:
            words = "550 5.6.7 the relay does not take international addresses (SMTPUTF8)"
            return Verdict(refused, self._name, 550, "5.6.7", words)
        if self._largest and size > self._largest:
            words = f"552 5.3.4 {size} bytes are more than the {self._largest} the relay takes"
            return Verdict(refused, self._name, 552, "5.3.4", words)
        if beyond_ascii and not (self._eight_bit or message.smtputf8):
            words = "554 5.6.3 the relay takes 7-bit messages only (no 8BITMIME)"
            return Verdict(refused, self._name, 554, "5.6.3", words)
        return None

    def _exchange(self, commands: list[str], *, written: bool = False) -> list[Reply]:
        """Replies to ``commands``: in one group, or one by one up to the first that is refused.
        ``written``: the server has them already.

        When the connection ends after a refusal, the refusal is what counts.
        """
        replies: list[Reply] = []
        try:
            if self._pipelining and not written:
                self._client.write(_lines(commands))
            for command in commands:
                if not self._pipelining:
                    self._client.write(f"{command}\r\n".encode())
                replies.append(self._reply())
                if replies[-1][0] == CLOSING or (replies[-1][0] >= 400 and not self._pipelining):
                    break
        except ConnectionLostError:
            if not any(code >= 400 for code, _ in replies):
                raise
        return replies

    def _clear(self, *, waiting_for_text: bool) -> None:
        """Make the connection fit for the next message after a refusal, or close it."""
        if not self.open:
            return
        try:
            if waiting_for_text:  # it expects a text although nobody gets it (RFC 2920 section 3.1)
                self._client.write(b".\r\n")
                self._reply()
            if self._exchange(["RSET"])[0][0] != 250:
                self.close(polite=False)
        except ConnectionLostError:
            pass  # it is closed, which is as good

    def _verdict(self, code: int, text: bytes, command: str) -> Verdict:
        if code == CLOSING:
            self.close(polite=False)
        words = _words(text)
        enhanced = enhanced_code(code, words)
        return Verdict(KINDS[code // 100], self._name, code, enhanced, f"{code} {words}", command)

    def _reply(self) -> Reply:
        reply = self._client.getreply()
        self._heard = time.monotonic()
        return reply


def _lines(commands: list[str]) -> bytes:
    return "".join([f"{line}\r\n" for line in commands]).encode("utf-8")


def _text(message: Message) -> bytes:
    return message.data if message.ready else _dot_stuffed(message.data)


def _words(text: bytes) -> str:
    return one_line(text, LONGEST_WORDS)


def enhanced_code(code: int, text: str) -> str | None:
    """The enhanced status code (RFC 2034) of a reply; None when it has none, or one that does not
    go with its code. qmail puts it at the end, as in ``(#5.1.1)``."""
    found = _ENHANCED.match(text) or _QMAIL.search(text)
    return found[1] if found and found[1][0] == str(code)[0] else None


def _dot_stuffed(data: bytes) -> bytes:
    """``data`` as it goes after DATA: CRLF line ends only, leading dots doubled (RFC 5321 section
    4.5.2), ending in CRLF."""
    if not data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r"):
        data = _LONE_LF.sub(b"\r\n", data)
    if data.startswith(b"."):
        data = b"." + data
    if b"\n." in data:
        data = data.replace(b"\r\n.", b"\r\n..")
    return data if data.endswith(b"\r\n") else data + b"\r\n"
