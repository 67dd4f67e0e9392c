"""A whole sentence must ask to leave, whatever words stand in it."""

import time

import pytest

from mailer.inbound.leaving_words import leaves


@pytest.mark.parametrize(
    "sentence", ["unsubscribe", "please take me off your list", "bitte abmelden", "stop"]
)
def test_sentences_that_ask_to_leave(sentence: str) -> None:
    assert leaves(sentence)


@pytest.mark.parametrize(
    "sentence", ["", "do not unsubscribe me", "stop by our office", "nicht abmelden", "stop crypto"]
)
def test_sentences_that_do_not(sentence: str) -> None:
    assert not leaves(sentence)


def test_no_sentence_takes_long() -> None:
    begun = time.process_time()
    for words in ("please ", "the ", "mail ", "i want to ", "bitte ", "no more "):
        leaves((words * 40)[:120])
    assert time.process_time() - begun < 1
