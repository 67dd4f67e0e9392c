"""Settings: where they come from, and how a wrong one is named."""

from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from recommender import settings
from recommender.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_anything_the_store_and_the_outbox_are_in_var() -> None:
    found = settings.load(environment={})
    assert found.store_url == "sqlite:///var/newsletter.db"
    assert found.outbox == Path("var/outbox")


def test_the_environment_wins_over_the_file() -> None:
    Path("newsletter.toml").write_text('picks = 4\nfrom = "News <news@example.org>"\n')
    found = settings.load(environment={"NEWSLETTER_PICKS": "9"})
    assert (found.picks, found.sender) == (9, "News <news@example.org>")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("picks", "many"),
        ("from", "nobody"),
        ("from", "A\nBcc: b@example.org <a@example.org>"),
        ("schedule", "someday 08:00"),
        ("schedule", "thursday 25:00"),
        ("timezone", "Europe/Nowhere"),
        ("base_url", "javascript:alert(1)"),
        ("base_url", "https://news.straße.example"),
        ("in_doubt", "maybe"),
        ("timeout_seconds", "0"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_key(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(environment={f"NEWSLETTER_{key.upper()}": value})
    assert f"NEWSLETTER_{key.upper()}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_key_in_the_file_is_named_with_the_nearest_known() -> None:
    Path("newsletter.toml").write_text("pick = 4\n")
    with pytest.raises(ConfigurationError, match="unknown key 'pick'; did you mean 'picks'"):
        settings.load(environment={})


def test_a_file_that_is_not_toml_is_named() -> None:
    Path("newsletter.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"newsletter\.toml: not valid TOML"):
        settings.load(environment={})


def test_misspelt_variables_are_reported_and_do_no_harm() -> None:
    environment = {"NEWSLETTER_PICKZ": "1", "NEWSLETTER_PICKS": "3"}
    assert settings.load(environment=environment).picks == 3
    assert settings.unknown_variables(environment) == ["NEWSLETTER_PICKZ"]


def test_a_secret_is_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    first = settings.load(environment={"NEWSLETTER_HOME": str(tmp_path)}).secret
    again = settings.load(environment={"NEWSLETTER_HOME": str(tmp_path)}).secret
    assert first == again
    assert len(first) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_secret_never_shows_in_a_representation() -> None:
    found = settings.load(environment={"NEWSLETTER_SECRET_KEY": "a-very-long-secret-value"})
    assert "a-very-long" not in repr(found)


def test_keys_can_be_rotated_and_the_first_signs(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("the-second-key-of-all\nthe-first-key-of-all\n")
    found = settings.load(environment={"NEWSLETTER_HOME": str(tmp_path)})
    assert found.secrets == (b"the-second-key-of-all", b"the-first-key-of-all")
    given = settings.load(
        environment={
            "NEWSLETTER_SECRET_KEY": "the-third-key-of-all",
            "NEWSLETTER_OLD_SECRET_KEYS": "the-second-key-of-all, the-first-key-of-all",
        }
    )
    assert given.secret == b"the-third-key-of-all"
    assert given.secrets[1:] == found.secrets


@pytest.mark.parametrize("key", ["secret_key", "old_secret_keys"])
def test_a_short_key_is_refused_by_name(key: str) -> None:
    environment = {"NEWSLETTER_SECRET_KEY": "x7Kq-zu2Wm!pR4td"}
    environment[f"NEWSLETTER_{key.upper()}"] = "short"
    with pytest.raises(ConfigurationError, match=f"^NEWSLETTER_{key.upper()}: must have at least"):
        settings.load(environment=environment)


def test_paths_in_the_file_start_from_its_folder_and_those_of_variables_from_here(
    tmp_path: Path,
) -> None:
    file = tmp_path / "else where?" / "newsletter.toml"
    file.parent.mkdir()
    file.write_text(
        'home = "data"\ndkim_key = "dkim.pem"\nbounce_mailbox = "/var/mail"\n'
        'database_url = "sqlite:///own.db"\n'
    )
    found = settings.load(file, {"NEWSLETTER_DKIM_KEY": "here.pem"})
    assert (found.home, found.dkim_key) == (file.parent / "data", Path("here.pem"))
    assert found.bounce_mailbox == Path("/var/mail")
    assert sa.make_url(found.store_url).database == str(file.parent / "own.db")
    file.write_text('home = ""\n')
    assert settings.load(file, {"NEWSLETTER_HOME": ""}).home == file.parent / "var"


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfpicks = 4\n", b"picks = 4\r\n", b"picks = 4\nsmtp_url = ''\n"]
)
def test_a_file_from_another_editor_is_read(content: bytes) -> None:
    Path("newsletter.toml").write_bytes(content)
    found = settings.load(environment={})
    assert (found.picks, found.smtp_url) == (4, None)


def test_an_empty_file_changes_nothing() -> None:
    Path("newsletter.toml").touch()
    assert settings.load(environment={}) == settings.Settings()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_that_is_not_utf8_is_named_in_one_line(encoding: str) -> None:
    Path("newsletter.toml").write_bytes('title = "Für alle"\n'.encode(encoding))
    with pytest.raises(ConfigurationError, match=r"^newsletter\.toml: not valid TOML: .*UTF-8"):
        settings.load(environment={})


def test_a_folder_in_place_of_the_file_is_named() -> None:
    Path("newsletter.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"^newsletter\.toml: Is a directory"):
        settings.load(environment={})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("smtp://h?cafile=own.pem", "smtp://h?cafile={folder}/own.pem"),
        (
            "smtp://h?rate=1/s&cafile=../own.pem&weight=2, smtps://i?cafile=b.pem",
            "smtp://h?rate=1/s&cafile={folder}/../own.pem&weight=2, smtps://i?cafile={folder}/b.pem",
        ),
        ("smtp://h?cafile=/etc/own.pem", "smtp://h?cafile=/etc/own.pem"),
        ("smtp://h?cafile=%2Fetc/own.pem", "smtp://h?cafile=%2Fetc/own.pem"),
        ("smtp://h?cafile=", "smtp://h?cafile="),
    ],
)
def test_a_relays_certificates_are_beside_the_settings_file(
    tmp_path: Path, written: str, meant: str
) -> None:
    folder = tmp_path / "a, b&c%20d"
    folder.mkdir()
    file = folder / "newsletter.toml"
    file.write_text(f'smtp_url = "{written}"\n')
    assert settings.load(file, {}).smtp_url == meant.format(folder=quote(str(folder)))
    assert settings.load(None, {"NEWSLETTER_SMTP_URL": written}).smtp_url == written
