"""Finds which story of a digest each of its sentences is about.

The evidence, strongest first: words of a story's title in the sentence (rare ones and names weigh
more), words of sentences already known to be the story's, and, in running prose, standing next to
such a sentence. Prose is read as a path through the stories (Viterbi's algorithm), so that "Its
…" stays with the sentence before unless a title speaks against it. A sentence without evidence
belongs to no story. Deterministic; knows nothing but the one article.
"""

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recommender.articles import words

ROUNDS = 2
"""How often the words found so far are used to find more."""
THRESHOLD = 0.9
"""Evidence below which a sentence belongs to no story; 1 is about one rare title word."""
ITEM_THRESHOLD = 0.7
"""The same for an item of a list, which has no neighbours to be mistaken for."""
ALSO = 0.6
"""A second story shares a sentence when its title evidence is at least this part of the best."""
LEARNED = 0.5
"""What a word from a story's sentences counts, beside 1 for a word of its title."""
WEAK = 0.35
"""What a common word counts, beside 1 for a telling one."""
STAY = 0.25
REFERS_BACK = 1.2
"""Evidence for staying with the story of the sentence before; the latter when a word says so."""
ADVANCE = 0.5
"""Evidence for going on to the next story of the title: most digests keep its order."""

_REFERS_BACK = re.compile(
    r"(?:this|that|these|those|it|its|they|their|them|such|he|his|she|her|the (?:company|deal"
    r"|model|move|firm|startup|paper|authors?|system|method|approach|team|framework|results?|latter|former))"
    r"\b",
    re.IGNORECASE,
)


IN_ORDER = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or list item. ``run`` numbers running prose: neighbours in one run may go on
    with one story, and the run ``IN_ORDER`` tends to take the stories in the title's order; None
    for an item that stands alone. ``owner`` is given when it is known."""

    text: str
    run: int | None = None
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """``owners`` holds, per unit, the parts it is about (none, one, rarely two); ``named`` the
    parts whose titles it shows clear words of."""

    owners: tuple[tuple[int, ...], ...]
    named: tuple[tuple[int, ...], ...]


class Matcher:
    """Compares texts with the titles of one article's stories, and learns from what it is told."""

    def __init__(self, titles: Sequence[str], units: Sequence[Unit]) -> None:
        texts = [unit.text for unit in units]
        self._forms = words.short_forms([*titles, *texts])
        self._names, _ = capitals(texts)
        self.titles = [_weights_of(self.analyse(title)) for title in titles]
        self._analysed = [self.analyse(text) for text in texts]
        in_units = Counter(term for unit in self._analysed for term in set(unit))
        in_titles = Counter(term for title in self.titles for term in title)
        self._weight = {
            term: self._term_weight(term, in_units[term], in_titles[term], max(len(units), 1))
            for term in {*in_units, *in_titles}
        }
        self._learned: list[Counter[str]] = [Counter() for _ in titles]

    def analyse(self, text: str) -> list[str]:
        """Terms and pairs of neighbouring terms."""
        single = words.terms(text)
        pairs = [f"{one} {two}" for one, two in itertools.pairwise(single)]
        return words.terms(text, self._forms) + pairs

    def _term_weight(self, term: str, in_units: int, in_titles: int, units: int) -> float:
        rarity = math.log(1 + units / (0.5 + in_units)) / math.log(1 + units / 1.5)
        kind = 1.0
        if " " in term:
            kind = 0.6
        elif is_weak(term):
            kind = WEAK
        elif term in self._names:
            kind = 1.4
        return kind * min(rarity, 1.0) / max(in_titles, 1)

    def title_evidence(self, terms: Sequence[str]) -> list[float]:
        """Per story: weight of its title's words among ``terms``, and how much of it they cover."""
        present = set(terms)
        found = []
        for title in self.titles:
            shared = sum(self._weight[term] for term in title if term in present)
            whole = sum(self._weight[term] for term in title if " " not in term)
            cover = min(1.0, shared / whole) if whole else 0.0
            found.append(shared * (0.5 + cover))
        return found

    def learn(self, owners: Sequence[Sequence[int]]) -> None:
        """Take the words of each unit as words of the stories that own it."""
        self._learned = [Counter() for _ in self.titles]
        for terms, owned_by in zip(self._analysed, owners, strict=True):
            for part in owned_by:
                self._learned[part].update(set(terms))

    def learned_evidence(self, terms: Sequence[str], own: Sequence[int] = ()) -> list[float]:
        """Per story: weight of words seen in its sentences, by how far they are its alone.

        A unit's own words, learned from itself (``own``), do not count.
        """
        totals = [0.0] * len(self.titles)
        for term in set(terms):
            counts = [counter[term] - (part in own) for part, counter in enumerate(self._learned)]
            everywhere = sum(counts)
            if everywhere <= 0:
                continue
            weight = self._weight.get(term, 0.0) * LEARNED
            for part, count in enumerate(counts):
                if count > 0:
                    totals[part] += weight * (count / everywhere) ** 2
        return totals

    def analysed(self) -> list[list[str]]:
        """The terms of each unit, as they were given."""
        return self._analysed


def is_weak(term: str) -> bool:
    """Whether a term says little of what a story is about: a common word, a small number."""
    return term in _WEAK_STEMS or (len(term) <= 2 and term.isdigit())


_WEAK_STEMS = frozenset(words.stem(word) for word in words.WEAK)


def own(matcher: Matcher, units: Sequence[Unit]) -> Ownership:
    """Which stories each unit is about."""
    analysed = matcher.analysed()
    by_title = [matcher.title_evidence(terms) for terms in analysed]
    owners: list[tuple[int, ...]] = [()] * len(units)
    for _ in range(ROUNDS):
        scores = []
        for terms, title, owned_by in zip(analysed, by_title, owners, strict=True):
            learned = matcher.learned_evidence(terms, owned_by)
            scores.append([a + b for a, b in zip(title, learned, strict=True)])
        best = _best(units, scores)
        previous, owners = (
            owners,
            [
                _with_seconds(first, title) if unit.owner is None else (unit.owner,)
                for unit, first, title in zip(units, best, by_title, strict=True)
            ],
        )
        matcher.learn(owners)
        if owners == previous:
            break
    named = tuple(
        tuple(part for part, score in enumerate(title) if score >= THRESHOLD) for title in by_title
    )
    return Ownership(tuple(owners), named)


def _best(units: Sequence[Unit], scores: Sequence[Sequence[float]]) -> list[int | None]:
    runs: dict[int, list[int]] = defaultdict(list)
    best: list[int | None] = [None] * len(units)
    for index, unit in enumerate(units):
        runs[unit.run if unit.run is not None else -1 - index].append(index)
    for members in runs.values():
        texts = [units[index].text for index in members]
        run = units[members[0]].run
        nobody = ITEM_THRESHOLD if run is None else THRESHOLD
        advance = ADVANCE if run == IN_ORDER else 0.0
        path = _path(texts, [[nobody, *scores[index]] for index in members], advance)
        for index, part in zip(members, path, strict=True):
            best[index] = part
    return [
        part if unit.owner is None else unit.owner for unit, part in zip(units, best, strict=True)
    ]


def _path(
    texts: Sequence[str], scores: Sequence[Sequence[float]], advance: float
) -> list[int | None]:
    """The best path through the stories; state 0 is "no story", state p + 1 story p."""
    totals = list(scores[0])
    back: list[list[int]] = []
    for text, score in zip(texts[1:], scores[1:], strict=True):
        stay = REFERS_BACK if _REFERS_BACK.match(text) else STAY
        from_best = max(range(len(totals)), key=lambda state: (totals[state], -state))
        arrows, after = [], []
        for state, gain in enumerate(score):
            ways = [(totals[from_best], from_best)]
            if state:
                ways.append((totals[state] + stay, state))
            if state > 1:
                ways.append((totals[state - 1] + advance, state - 1))
            total, came_from = max(ways, key=lambda way: (way[0], -way[1]))
            arrows.append(came_from)
            after.append(gain + total)
        back.append(arrows)
        totals = after
    state = max(range(len(totals)), key=lambda state: (totals[state], -state))
    path = [state]
    for arrows in reversed(back):
        path.append(arrows[path[-1]])
    return [state - 1 if state else None for state in reversed(path)]


def _with_seconds(first: int | None, by_title: Sequence[float]) -> tuple[int, ...]:
    """The owner, and whoever else's title is as plainly in the sentence."""
    if first is None:
        return ()
    bar = max(THRESHOLD, ALSO * by_title[first])
    also = [part for part, score in enumerate(by_title) if part != first and score >= bar]
    return (first, *also)


def capitals(texts: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Stems that are always written with a capital (away from a sentence's start) or a digit, so
    names; and stems that are also written without."""
    capital: set[str] = set()
    small: set[str] = set()
    for text in texts:
        for position, word in enumerate(words.words(text)):
            if word[1:] != word[1:].lower() or (not word.isdigit() and _has_digit(word)):
                capital.add(words.stem(word))
            elif word[0].islower():
                small.add(words.stem(word))
            elif position and word.casefold() not in words.STOP:
                capital.add(words.stem(word))
    return frozenset(capital - small), frozenset(small)


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _weights_of(terms: Sequence[str]) -> Mapping[str, int]:
    return Counter(terms)
