"""The registry: a relay of any kind by the scheme of its URL, and one pool over all of them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mailer.relay import registry
from mailer.relay.health import STRIKES
from mailer.relay.relay_pool import RelayPool, RelayTransport
from mailer.relay.transport import Connection, NoLimits, Relay, Verdict, VerdictKind
from recommender.errors import ConfigurationError, TransportError
from recommender.settings import Settings
from recommender.settings.limits import Rates

from ..relaying import HANG_UP, MESSAGE, Serve, way_out

ACCEPTED, DEFERRED = VerdictKind.ACCEPTED, VerdictKind.DEFERRED


@dataclass(frozen=True)
class Provider:
    """A relay of a scheme that is not ours."""

    name: str
    weight: int = 0
    rates: Rates = ()

    @property
    def host(self) -> str:
        return self.name

    def connect(self, timeout: float) -> Connection:
        raise NotImplementedError

    def check(self, timeout: float) -> str:
        return f"{self.name} answers"


def provider(url: str, *, number: int, folder: Path) -> Provider:
    return Provider(urlsplit(url).hostname or "")


def pool_of(*relays: Relay) -> RelayPool:
    return RelayPool(relays, timeout=0.5, messages_per_connection=100)


def send(transport: RelayTransport) -> Verdict:
    return transport.offer(MESSAGE, number=1) or transport.commit()


def test_without_a_relay_messages_are_files(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.transport_url == "outbox:"
    assert [relay.name for relay in registry.relays(settings)] == ["outbox"]
    assert registry.connections(settings) == 1
    assert registry.shares(settings, 1, 3) == [1, 1, 1]  # each process writes for itself
    transport = registry.opener(settings, tmp_path / "weekly")(NoLimits())
    assert transport.offer(MESSAGE, number=7) is None
    assert transport.commit().relay == "outbox"
    transport.close()
    [path] = (tmp_path / "weekly").iterdir()
    assert path.read_bytes() == MESSAGE.data


def test_connections_to_servers_are_shared_by_processes() -> None:
    settings = Settings(smtp_url="smtp://127.0.0.1:25", connections=5)
    assert registry.connections(settings) == 5
    assert registry.shares(settings, 5, 2) == [3, 2]
    assert registry.shares(settings, 2, 8) == [1, 1]


@pytest.mark.parametrize("text", ["outbox://here", "outbox:/tmp", "smtp://h, outbox:?weight=1"])
def test_the_outbox_is_where_the_settings_say(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^smtp_url: relay \d: the outbox"):
        registry.parse(text, Path("unused"))


def test_servers_beyond_this_machine_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.TRANSPORTS, "provider", provider)
    relays = registry.parse(
        "outbox:,smtp://127.0.0.1,smtp://mail.example.org,provider://api.example.org",
        Path("unused"),
    )
    assert registry.beyond_this_machine(relays) == ["mail.example.org", "api.example.org"]


def test_a_pool_fails_over_from_a_server_to_a_folder(serve: Serve, tmp_path: Path) -> None:
    server = serve(GREETING=HANG_UP)
    url = f"smtp://127.0.0.1:{server.port}?starttls=never, outbox:"
    pool = pool_of(*registry.parse(url, tmp_path))
    with way_out(pool) as transport:
        assert [send(transport).relay for _ in range(3)] == ["outbox"] * 3
        assert not pool.health.usable(pool.relays[0])
    assert server.connections == 1
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_a_pool_fails_over_from_a_folder_to_a_server(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    server = serve()
    url = f"outbox:, smtp://127.0.0.1:{server.port}?starttls=never"
    pool = pool_of(*registry.parse(url, tmp_path / "file"))
    with way_out(pool) as transport:
        assert send(transport).kind is ACCEPTED
        assert not pool.health.usable(pool.relays[0])
    assert len(server.texts) == 1


def test_a_folder_that_cannot_be_written_any_more_is_not_waited_for(tmp_path: Path) -> None:
    pool = pool_of(*registry.parse("outbox:", tmp_path / "outbox"))
    with way_out(pool) as transport:
        assert send(transport).kind is ACCEPTED
        for path in (tmp_path / "outbox").iterdir():
            path.unlink()
        (tmp_path / "outbox").rmdir()
        (tmp_path / "outbox").write_text("in the way")
        with pytest.raises(TransportError, match=r"^outbox: cannot write"):
            send(transport)


def test_a_folder_where_nothing_can_be_renamed_is_left_alone(tmp_path: Path) -> None:
    pool = pool_of(*registry.parse("outbox:", tmp_path))
    with way_out(pool) as transport:
        assert send(transport).kind is ACCEPTED
        [path] = tmp_path.iterdir()
        path.unlink()
        path.mkdir()
        assert [send(transport).kind for _ in range(STRIKES)] == [DEFERRED] * STRIKES
        with pytest.raises(TransportError, match=r"^relay outbox: cannot write"):
            send(transport)


@pytest.mark.parametrize(
    ("url", "words"),
    [("smpt://x.example", "smpt:// is none of smtp://, smtps://"), ("gopher://u:p@x", "gopher://")],
)
def test_a_scheme_that_is_none_is_named_without_what_follows(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"relay 1: {words}") as error:
        registry.parse(url, Path("outbox"))
    assert "u:p" not in str(error.value)
