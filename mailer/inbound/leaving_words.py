"""Sentences by which people unsubscribe, in English and German: a whole sentence must be one.

A word alone proves nothing: "I don't want to unsubscribe", "stop by our office".
"""

import re

_PLEASE = r"(?:(?:please|pls|kindly|bitte|thanks|thank you|danke|now|immediately|sofort) )*"
_LIST = (
    r"(?:(?:from|off|of|to) )?(?:(?:this|the|your|these|all|any|my|our) )*"
    r"(?:(?:mailing|mail|e-?mail|news|weekly|distribution|future) ?)*"
    r"(?:lists?|newsletters?|e-?mails?|mails?|messages|letters?|subscriptions?|mailings?|updates)?"
)
_WISH = (
    r"(?:(?:i|we) (?:want|would like|wish|d like|need|would love) (?:you )?to "
    r"|(?:could|can|would|will) you (?:please )?|i am asking you to |kindly )?"
)
_ENGLISH = (
    rf"{_PLEASE}{_WISH}{_PLEASE}(?:unsubscribe|unsub|opt ?-?out|sign off|stop|leave|quit|remove"
    rf"|cancel|off|end)(?: (?:me|us|my (?:e-?mail )?address|all|it))?(?: {_LIST})?",
    rf"{_PLEASE}{_WISH}{_PLEASE}opt (?:me|us) out(?: {_LIST})?",
    rf"{_PLEASE}{_WISH}{_PLEASE}(?:remove|delete|take|drop|strike|get) (?:me|us|my (?:e-?mail )?"
    rf"address|my e-?mail|my name)(?: {_LIST})?",
    rf"{_PLEASE}{_WISH}{_PLEASE}(?:stop|quit|cease) (?:sending|emailing|e-mailing|mailing|writing)"
    rf"(?: (?:to )?(?:me|us))?(?: {_LIST})?",
    rf"{_PLEASE}{_WISH}{_PLEASE}(?:cancel|end|stop) {_LIST}",
    rf"i (?:no longer (?:want|wish)|do ?n.?t (?:want|wish)) (?:to (?:receive|get|read) )?{_LIST}"
    r"(?: any ?more| any longer)?",
    rf"{_PLEASE}no more {_LIST}",
)
_LISTE = (
    r"(?:(?:vom|von|aus|den|der|dem|die|das|diesen|diesem|dieser|ihren|ihrem|ihrer|eurer|eurem"
    r"|meinen|mein|meine|allen|weiteren|weitere|ihre|eure) )*"
    r"(?:verteilern?|newsletters?|listen?|mailings?|mailinglisten?|e-?mails?|mails?|briefe?n?"
    r"|nachrichten|abonnements?|abo|post|rundbriefe?)?"
)
_MICH = r"(?:mich|meine (?:e-?mail-?)?adresse|uns)"
_GERMAN = (
    rf"{_PLEASE}(?:{_LISTE} )?(?:abmelden|abmeldung|abbestellen|abbestellung|austragen|austragung"
    rf"|kündigen|kündigung|stop|stopp|ende|löschen|streichen|beenden)(?: {_LISTE})?",
    rf"{_PLEASE}(?:melden|tragen|nehmen|streichen|löschen|entfernen)(?: sie)? {_MICH} {_PLEASE}"
    rf"(?:{_LISTE})?(?: ?(?:ab|aus|heraus|raus))?",
    rf"{_PLEASE}(?:melde|trag|trage|nimm|streich|streiche|lösch|lösche|entferne?|meldet|nehmt"
    rf"|tragt|streicht|löscht) {_MICH} {_PLEASE}(?:{_LISTE})?(?: ?(?:ab|aus|heraus|raus))?",
    rf"(?:ich|wir) (?:möchten?|will|wollen|würden? gerne?) (?:{_MICH} )?(?:gerne? |bitte )*"
    rf"(?:{_LISTE} )?(?:abmelden|abbestellen|kündigen|austragen|beenden"
    r"|nicht (?:mehr|länger) (?:erhalten|bekommen|haben|beziehen))",
    r"(?:ich|wir) (?:möchten?|will|wollen) (?:keine|keinen) (?:weiteren |weitere )?(?:e-?mails?"
    r"|mails?|newsletter|briefe|nachrichten)(?: mehr)?(?: von ihnen| von euch)?"
    r"(?: (?:erhalten|bekommen|haben))?",
    rf"{_PLEASE}(?:keine|keinen)(?: weiteren| weitere)? (?:e-?mails?|mails?|newsletter|briefe"
    r"|nachrichten|post)(?: mehr)?",
    rf"{_PLEASE}(?:schicken|senden|schickt|schick|sende)(?: sie)? (?:mir|uns) (?:bitte )?"
    r"(?:keine|keinen)(?: weiteren)? (?:e-?mails?|mails?|newsletter|briefe|nachrichten)(?: mehr)?",
    rf"(?:hiermit )?(?:kündige|bestelle|melde) ich (?:{_MICH} )?(?:{_LISTE})?(?: ?(?:ab))?",
    r"kein interesse(?: mehr)?|nicht mehr (?:senden|schicken)",
)
_SENTENCE = re.compile(
    rf"(?:{'|'.join(f'(?:{one})' for one in (*_ENGLISH, *_GERMAN))})(?: {_PLEASE.rstrip()})?\s*"
)
LONGEST_SENTENCE = 120


def leaves(sentence: str) -> bool:
    """Whether a sentence, in small letters and without marks, asks to be unsubscribed."""
    sentence = sentence.strip()
    if not 0 < len(sentence) <= LONGEST_SENTENCE:
        return False
    return _SENTENCE.fullmatch(f"{sentence} ") is not None or (
        _SENTENCE.fullmatch(sentence) is not None
    )
