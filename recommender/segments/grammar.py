"""The rule language: text to a tree, by a real grammar; what is wrong is named with its column."""

import difflib
import re
from collections.abc import Iterable
from functools import cache

from lark import Lark, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput
from lark import UnexpectedToken as LarkUnexpectedToken
from lark.exceptions import VisitError

from recommender.errors import SegmentError
from recommender.segments.nodes import Builder, Node, column_of
from recommender.subscribers.fields import TEXT_FIELDS

MAX_LENGTH = 10_000
MAX_DEPTH = 50

GRAMMAR = (
    r"""
?rule: either
?either: both (_OR both)*
?both: negation (_AND negation)*
?negation: _NOT negation -> negated
    | "(" either ")"
    | test
?test: _ALL -> everyone
    | _ROLE _IN "(" strings ")" -> role_in
    | _ROLE EQ STRING -> role_is
    | _ROLE _IS _NONE -> role_none
    | _TOPIC "(" STRING ")" comparison -> topic_weight
    | _TOPIC _IN "(" strings ")" -> topic_in
    | _ATTRIBUTE "(" STRING ")" comparison_any -> attribute
    | _ATTRIBUTE "(" STRING ")" _IN "(" values ")" -> attribute_in
    | _ATTRIBUTE "(" STRING ")" _IS _NONE -> attribute_none
    | _ATTRIBUTE "(" STRING ")" _HAS STRING -> attribute_has
    | _TAG EQ STRING -> tag_is
    | _TAG _IN "(" strings ")" -> tag_in
    | _TAG _IS _NONE -> tag_none
    | FIELD EQ word -> field_is
    | FIELD _IN "(" words ")" -> field_in
    | FIELD _ENDS _WITH STRING -> field_ends
    | MOMENT (COMPARE|EQ) DATE -> date_compare
    | MOMENT _WITHIN INT _DAYS -> date_within
    | _CLICKED _WITHIN INT _DAYS -> clicked
    | _RECEIVED comparison -> received
    | _SEGMENT "(" STRING ")" -> nested
comparison: (COMPARE|EQ) NUMBER
comparison_any: (COMPARE|EQ) value
?value: NUMBER -> number | STRING -> string | BOOLEAN -> boolean
strings: STRING ("," STRING)*
values: value ("," value)*
words: word ("," word)*
?word: STRING -> string | NAME -> string

_OR.2: /or\b/i
_AND.2: /and\b/i
_NOT.2: /not\b/i
_IN.2: /in\b/i
_IS.2: /is\b/i
_NONE.2: /none\b/i
_ALL.2: /all\b/i
_ROLE.2: /role\b/i
_TOPIC.2: /topic\b/i
_ATTRIBUTE.2: /attribute\b/i
_HAS.2: /has\b/i
_TAG.2: /tag\b/i
_ENDS.2: /ends\b/i
_WITH.2: /with\b/i
_WITHIN.2: /within\b/i
_DAYS.2: /days?\b/i
_CLICKED.2: /clicked\b/i
_RECEIVED.2: /received\b/i
_SEGMENT.2: /segment\b/i
MOMENT.2: /(created|active)\b(?!\s*[,)])/i
BOOLEAN.2: /(true|false)\b/i
EQ: "=" | "!="
COMPARE: ">=" | "<=" | ">" | "<"
DATE.3: /\d{4}-\d{2}-\d{2}/
INT.1: /\d{1,6}(?![\d.])/
NUMBER: /-?\d{1,12}(\.\d{1,6})?/
STRING: /"[^"]{0,500}"|'[^']{0,500}'/
NAME: /[A-Za-z][A-Za-z_-]{0,99}/
%ignore /\s+/
"""
    f"FIELD.2: /(status|email|domain|{'|'.join(TEXT_FIELDS)})\\b/i\n"
)

EXPECTED = {
    "_OR": "or", "_AND": "and", "_NOT": "not", "_IN": "in", "_IS": "is", "_NONE": "none",
    "_ALL": "all", "_ROLE": "role", "_TOPIC": "topic", "_ATTRIBUTE": "attribute",
    "_HAS": "has", "_TAG": "tag", "_ENDS": "ends with", "_WITH": "with", "_WITHIN": "within",
    "_DAYS": "days", "_CLICKED": "clicked", "_RECEIVED": "received", "_SEGMENT": "segment",
    "FIELD": "status, email, domain …",
    "MOMENT": "created, active", "BOOLEAN": "true, false", "EQ": "= or !=", "COMPARE": ">= <= > <",
    "DATE": "a date such as 2026-01-31", "INT": "a whole number", "NUMBER": "a number",
    "STRING": "a text in quotes", "NAME": "a word", "LPAR": "(", "RPAR": ")", "COMMA": ",",
    "$END": "the end",
}  # fmt: skip


_NESTING = re.compile(r"""\bnot\b|[()]|"[^"]*"?|'[^']*'?|[\w-]+|[^\s()\w"']+""", re.IGNORECASE)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, start="rule", parser="lalr", lexer="contextual", propagate_positions=True)


def parse(rule: str) -> Node:
    """The tree of ``rule``; SegmentError points at what cannot be read."""
    if len(rule) > MAX_LENGTH:
        raise SegmentError(rule, MAX_LENGTH, f"longer than {MAX_LENGTH:,} characters")
    if not rule.strip():
        raise SegmentError(rule, 1, "the rule is empty; `all` stands for every reader")
    _check_depth(rule)
    try:
        tree = _parser().parse(rule)
        node: Node = Builder(rule).transform(tree)
    except UnexpectedInput as error:
        raise SegmentError(rule, *_problem(rule, error)) from error
    except VisitError as error:
        if isinstance(error.orig_exc, SegmentError):
            raise error.orig_exc from error
        raise
    return node


def _check_depth(rule: str) -> None:
    """Parentheses and ``not`` may nest 50 deep together; text in quotes does not count. A ``not``
    is nested in those right before it, and in those before the parentheses it stands in."""
    parts: list[int] = []  # for each open parenthesis, how many `not` stand right before it
    nots = depth = 0
    for match in _NESTING.finditer(rule):
        found = match[0]
        if found.casefold() == "not":
            nots, depth = nots + 1, depth + 1
        elif found == "(":
            parts.append(nots)
            nots, depth = 0, depth + 1
        else:
            depth -= nots
            nots = 0
            if found == ")" and parts:
                depth -= 1 + parts.pop()
        if depth > MAX_DEPTH:
            raise SegmentError(rule, match.start() + 1, f"nested more than {MAX_DEPTH} deep")


def _problem(rule: str, error: UnexpectedInput) -> tuple[int, str]:
    if isinstance(error, UnexpectedEOF):
        return len(rule) + 1, "the rule ends too early"
    if isinstance(error, LarkUnexpectedToken):
        wanted = _wanted(error.accepts or error.expected)
        if error.token.type == "$END":
            return len(rule.rstrip()) + 1, f"the rule ends too early; expected {wanted}"
        guess = _guess(str(error.token), error.accepts or error.expected)
        why = f"{str(error.token)!r} is not expected here{guess}; expected {wanted}"
        return column_of(error.token), why
    if isinstance(error, UnexpectedCharacters):
        found = rule[int(getattr(error, "pos_in_stream", 0)) :][:12].split()
        word = found[0] if found else ""
        guess = _guess(word, error.allowed or set())
        why = f"{word!r} is not expected here{guess}"
        why = "a quote is not closed" if word[:1] in "\"'" else why
        return column_of(error), f"{why}; expected {_wanted(error.allowed or set())}"
    return 1, "cannot be read"


def _names(terminals: Iterable[str]) -> list[str]:
    return sorted({EXPECTED.get(name, name.lower()) for name in terminals})


def _wanted(terminals: Iterable[str]) -> str:
    return ", ".join(_names(terminals)) or "something else"


def _guess(word: str, terminals: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.lower(), _names(terminals), 1)
    return f"; did you mean {near[0]}?" if near else ""
