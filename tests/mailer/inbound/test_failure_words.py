"""Words alone tell a dead mailbox from a full one, a refusal and trouble that may pass."""

import pytest

from mailer.inbound import failure_words


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("User unknown", "mailbox"),
        ("Utilisateur inconnu", "mailbox"),
        ("Der Empfänger ist unbekannt", "mailbox"),
        ("адресат: пользователь не найден", "mailbox"),
        ("收件人不存在", "mailbox"),
        ("El usuario no existe", "mailbox"),
        ("mailbox is full", "unreached"),
        ("user unknown, and blocked as spam", "message"),
        ("message exceeds the maximum size", "message"),
        ("unknown domain: the address does not exist", "unreached"),
        ("something went wrong", "unreached"),
    ],
)
def test_words_are_classified_in_several_languages(words: str, about: str) -> None:
    assert failure_words.classify(words) == about


def test_words_that_say_nothing_are_known_as_such() -> None:
    assert (failure_words.tell("Sorry."), failure_words.tell("no such user")) == (False, True)
