"""Mail that readers ask for: each one is handed over, also two of the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from mailer import localization, transactional
from recommender.settings import Settings


def test_two_mails_of_one_moment_to_one_reader_are_two_files(tmp_path: Path, now: datetime) -> None:
    settings = Settings(home=tmp_path)
    language = localization.choose()
    message = transactional.compose(settings, "r@example.com", "Confirm", ["Hello"], now, language)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: transactional.send(settings, message, now), range(40)))
    files = list((tmp_path / "outbox" / "service").glob("*.eml"))
    assert len(files) == 40
    assert {file.read_bytes() for file in files} == {message.data}


def test_with_a_button_it_is_in_the_newsletters_look_and_says_the_same_in_text(
    tmp_path: Path, now: datetime
) -> None:
    settings = Settings(home=tmp_path, accent="#0b5fff", title="News & <b>")
    link = "https://news.example.org/confirm/abc"
    message = transactional.compose(
        *(
            settings,
            "r@example.com",
            "Confirm",
            ["Hello <i>", link],
            now,
            localization.choose("de"),
        ),
        button="Bestätigen",
    )
    mail = message_from_bytes(message.data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert link in text.get_content()
    shown = html.get_content()
    assert 'lang="de"' in shown
    assert shown.count(f'href="{link}"') == 1
    assert ">Bestätigen</a>" in shown
    assert "#0b5fff" in shown
    assert "Hello &lt;i&gt;" in shown
    assert "<b>" not in shown
    assert len(message.data) < 10_000


def test_without_a_button_it_is_plain_text(tmp_path: Path, now: datetime) -> None:
    settings = Settings(home=tmp_path)
    message = transactional.compose(
        settings, "r@example.com", "Done", ["Hello"], now, localization.choose("en")
    )
    assert b"multipart" not in message.data


def test_under_a_heading_it_says_who_writes_and_gives_the_link_to_copy(
    tmp_path: Path, now: datetime
) -> None:
    settings = Settings(
        home=tmp_path, tagline="Chips & more", imprint_url="https://news.example.org/imprint"
    )
    link = "https://news.example.org/confirm/abc"
    message = transactional.compose(
        *(settings, "r@example.com", "Please confirm", ["You asked.", link], now),
        localization.choose("en"),
        heading="Confirm your subscription",
        button="Confirm",
    )
    mail = message_from_bytes(message.data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines()[:3] == ["Confirm your subscription", "", "You asked."]
    assert "Imprint: https://news.example.org/imprint" in text.get_content()
    shown = html.get_content()
    assert (
        LexborHTMLParser(shown).css("body > div")[0].text() == "You asked."
    )  # in the list of mails
    assert shown.count("<h1") == 1
    assert ">Confirm your subscription</h1>" in shown
    assert "Chips &amp; more" in shown
    assert f">{link}</span>" in shown
    assert 'href="https://news.example.org/imprint"' in shown
    assert "Privacy" not in shown
