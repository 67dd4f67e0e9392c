"""Issues to compose and render: six stories of every shape, links of fixed length, one reader. And
an SMTP server on loopback that answers as it is told, with certificates of its own."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailer.issue.cards import Issue
from mailer.issue.composition import Composer, ReaderView
from mailer.issue.content import StoryContent
from mailer.issue.frame import Publication
from mailer.rendering.templates import Template, compile_template
from recommender import resources
from recommender.ranking.values import Pick, Reason
from tests.mailer.rendered import Renderer

WEB = "https://news.example.org"
PUBLICATION = Publication(
    title="The Weekly Brief",
    edition="weekly-2026-W48",
    day=datetime.date(2026, 11, 26),
    postal_address="The Weekly Brief\n1 Example Street, Example City",
)
READER = ReaderView(
    "Mina Okafor", "en-GB", ("Hardware Engineer",), {"TPU Development": 3, "Compute": 2, "Film": -2}
)
REASONS = (
    Reason("topic", "TPU Development", 0.6),
    Reason("topic", "Compute", 0.2),
    Reason("role", "Hardware Engineer", 0.2),
)
STORIES = {
    "1": StoryContent(
        title="Five generations of TPUs",
        article_title="112: chips, robots and a film",
        summary="The core hardly changed in eight years. Memory and links around it did.",
        takeaway="For engineers: a stable core lets software improvements pile up over the years.",
        insights=("Most of the gain came from packaging.",),
        principles=("Stability is a feature.",),
        practice=("Profile before asking for silicon.", "Keep kernels in a compiler's form."),
        code_references=("openxla/xla", "jax-ml/jax"),
        url="https://silicon.example.com/tpu",
        source="Silicon Review",
        curator="The Desk",
        topics=("TPU Development",),
        published_at="2026-11-19T08:00:00+00:00",
    ),
    "2": StoryContent(
        title="Compute by contract",
        summary="A lease for racks reads like one for power.",
        takeaway="Sign for a floor and buy the peaks.",
        url="https://grid.example.com/lease?id=1&page=2",
        source="Grid & Rack",
    ),
    "3": StoryContent(
        title="Bandwidth is the new clock speed",
        insights=("Batching hides latency.", "Cheaper chips may serve more."),
        source="Roofline Notes",
    ),
    "4": StoryContent(
        title="Three beams of light", summary="A lab multiplied matrices with three colours."
    ),
    "5": StoryContent(title="A title alone"),
    "6": StoryContent(
        title="Robots that ask back",
        principles=("Log the sentence beside the motion.",),
        code_references=("example/robot",),
        url="https://floor.example.com/robots",
    ),
    "7": StoryContent(title="The same, elsewhere", source="The Other Paper"),
}


class FixedLinks:
    """Links as long as signed ones, and each readable."""

    def click(self, delivery_id: int, story_id: int) -> str:
        return f"{WEB}/c/{story_id:0>24}-{delivery_id}"

    def feedback(self, delivery_id: int, story_id: int, kind: Literal["more", "less"]) -> str:
        return f"{WEB}/f/{kind}{story_id:0>20}-{delivery_id}"

    def unsubscribe(self, delivery_id: int) -> str:
        return f"{WEB}/unsubscribe/{'u' * 24}-{delivery_id}"

    def preferences(self, delivery_id: int) -> str:
        return f"{WEB}/preferences/{'p' * 24}-{delivery_id}"

    def view(self, delivery_id: int) -> str:
        return f"{WEB}/view/{'v' * 24}-{delivery_id}"

    def keep(self, delivery_id: int) -> str:
        return f"{WEB}/keep/{'k' * 24}-{delivery_id}"


def _issue(
    ids: Sequence[str] = ("1", "2", "3", "4", "5", "6"),
    *,
    stories: Mapping[str, StoryContent] = STORIES,
    reader: ReaderView = READER,
    publication: Publication = PUBLICATION,
    reasons: Sequence[Reason] = REASONS,
    also: Sequence[str] = (),
) -> Issue:
    picks = [
        Pick(story, place, 1 / place, tuple(reasons), also=tuple(also))
        for place, story in enumerate(ids, 1)
    ]
    return Composer(publication, stories, FixedLinks()).compose(reader, picks, 7)


@pytest.fixture(scope="session")
def issue_of() -> Callable[..., Issue]:
    """``issue_of(ids, stories=, reader=, publication=, reasons=, also=)``: one reader's issue."""
    return _issue


@pytest.fixture(scope="session")
def stories() -> Mapping[str, StoryContent]:
    """Seven stories: with all parts, takeaway, insights, a sentence, only a title, principles; and
    a twin."""
    return STORIES


@pytest.fixture(scope="session")
def template() -> Template:
    return compile_template(resources.folder("templates") / "email")


@pytest.fixture(scope="session")
def renderer(template: Template) -> Renderer:
    return Renderer(template)


@dataclass
class ScriptedServer:
    """Answers each command by ``script``; what is not in it is answered well.

    An answer is bytes as they go over the wire; nothing (b"") hangs up, None says nothing, a pair
    (bytes, seconds) sends a byte at a time. Of a list each answer is used once, then all is well.
    Stages are verbs, GREETING and DOT. ``offers`` are the extensions of EHLO.
    """

    script: dict[str, object]
    offers: tuple[str, ...]
    context: ssl.SSLContext | None
    implicit_tls: bool
    commands: list[str] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    connections: int = 0
    encrypted: int = 0
    hanging: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peers: list[socket.socket] = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """Close every connection, as servers do with idle ones."""
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def say(self, words: bytes) -> None:
        """Say something on the newest connection without having been asked."""
        self._peers[-1].sendall(words)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._converse, args=(peer,)))
            self._threads[-1].start()

    def _converse(self, peer: socket.socket) -> None:
        try:
            if self.implicit_tls:
                peer = self._encrypt(peer)
            with contextlib.closing(peer):
                self._peers.append(peer)
                self._until_it_ends(peer)
        except (OSError, ValueError):
            peer.close()

    def _until_it_ends(self, peer: socket.socket) -> None:
        if not self._answer(peer, "GREETING", b"220 hello\r\n"):
            return
        lines = peer.makefile("rb")
        while line := lines.readline().decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            self.commands.append(line)
            if not self._command(peer, lines, verb):
                break
            if verb == "STARTTLS" and self.context is not None and "STARTTLS" not in self.script:
                lines.close()
                peer = self._encrypt(peer)
                self._peers.append(peer)
                lines = peer.makefile("rb")
        lines.close()
        peer.close()

    def _command(self, peer: socket.socket, lines: BinaryIO, verb: str) -> bool:
        listed = [*self.offers, "HELP"]
        ehlo = "".join(f"250-{name}\r\n" for name in ["hello", *listed[:-1]]) + "250 HELP\r\n"
        good = {"EHLO": ehlo.encode(), "DATA": b"354 go\r\n", "AUTH": b"235 2.7.0 ok\r\n"}
        good |= {"STARTTLS": b"220 go\r\n", "QUIT": b"221 bye\r\n"}
        given = self._next(verb, good.get(verb, b"250 2.0.0 ok\r\n"))
        if not self._send(peer, given):
            return False
        if verb == "DATA" and isinstance(given, bytes) and given.startswith(b"354"):
            text = b""
            while not (text == b".\r\n" or text.endswith(b"\r\n.\r\n")):
                piece = lines.readline()
                if not piece:
                    return False
                text += piece
            self.texts.append(text)
            return self._answer(peer, "DOT", b"250 2.0.0 queued\r\n")
        return verb != "QUIT"

    def _answer(self, peer: socket.socket, stage: str, good: bytes) -> bool:
        return self._send(peer, self._next(stage, good))

    def _next(self, stage: str, good: bytes) -> object:
        answer = self.script.get(stage, good)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else good
        return answer

    def _send(self, peer: socket.socket, answer: object) -> bool:
        """Whether the conversation goes on."""
        if answer is None:
            self.hanging += 1
            self._ended.wait(30)
            return False
        if isinstance(answer, tuple):
            words, seconds = answer
            for byte in words:
                peer.sendall(bytes([byte]))
                self._ended.wait(seconds)
            return True
        assert isinstance(answer, bytes)
        peer.sendall(answer)
        return answer.endswith(b"\n")

    def _encrypt(self, peer: socket.socket) -> socket.socket:
        assert self.context is not None
        encrypted = self.context.wrap_socket(peer, server_side=True)
        self.encrypted += 1
        return encrypted


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """``serve(offers=, context=, implicit_tls=, **script)``: start a scripted SMTP server."""
    servers: list[ScriptedServer] = []

    def start(
        offers: tuple[str, ...] = ("PIPELINING", "8BITMIME"),
        context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        **script: object,
    ) -> ScriptedServer:
        servers.append(ScriptedServer(script, offers, context, implicit_tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for 127.0.0.1, and the file of who vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test server")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context, folder / "certificate.pem"
