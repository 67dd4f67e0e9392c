"""Cuts a template into fragments by what its parts ask for.

Jinja's syntax tree says which fields of the issue (``issue.intro``), or of a card of the loop over
cards (``card.face``), a part of the template asks for. Neighbours that ask for the same make one
fragment. A template whose parts depend on each other in a way that the tree does not show (``set``,
blocks, macros that ask for the issue themselves) is evaluated as a whole for each copy.
"""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

import jinja2
from jinja2 import nodes

from mailer.rendering.fragments import ISSUE, CompiledLoop, CompiledRun, CompiledTemplate

SHARED = frozenset(
    f"{ISSUE}.{name}"
    for name in (
        *("lang", "title", "date", "footer_why", "postal_address"),
        *("unsubscribe_url", "preferences_url", "view_url", "trap_url"),
        *("tagline", "footer", "logo", "logo_width", "subscribe_url", "archive_url"),
        *("imprint_url", "privacy_url", "contents_title"),
    )
)
"""Fields that all copies in a language have in common when links are placeholders: to ask for one
more of them does not make a fragment less often the same."""
Fields = frozenset[str]
"""What a part of a template asks for: ``issue.intro``, ``card.face``."""
Run = tuple[Fields, list[nodes.Node]]
"""Neighbours in a template, and what they ask for together."""


def cut(environment: jinja2.Environment, tree: nodes.Template) -> CompiledTemplate:
    """The template of a syntax tree, in fragments if it can be cut."""
    macros = [node for node in tree.body if isinstance(node, nodes.Macro)]
    rest = [node for node in tree.body if not isinstance(node, nodes.Macro)]
    if not _can_be_cut(tree, macros, rest):
        return CompiledTemplate(environment, environment.from_string(tree), ())
    drawn: list[nodes.Macro] = []  # each fragment as a macro, so that it can be called by itself

    def draw(parts: list[nodes.Node], *names: str) -> str:
        arguments = [nodes.Name(name, "param") for name in names]
        drawn.append(nodes.Macro(f"fragment_{len(drawn)}", arguments, [], parts))
        return drawn[-1].name

    plan = [
        (loop, [(fields, draw(parts, ISSUE, *_item(loop))) for fields, parts in runs])
        for loop, runs in _plan(rest)
    ]
    template = environment.from_string(nodes.Template([*macros, *drawn], lineno=1))
    steps: list[CompiledRun | CompiledLoop] = []
    for loop, named in plan:
        roots = (ISSUE, *_item(loop))
        runs = tuple(
            CompiledRun(getattr(template.module, name), _key(fields, *roots))
            for fields, name in named
        )
        if loop is None:
            steps += runs
        else:
            asked = frozenset[str]().union(*(fields for fields, _ in named))
            of_issue, of_item = (_reader(asked, root) for root in roots)
            steps.append(CompiledLoop(_chain(loop.iter)[1], of_issue, of_item, runs))
    return CompiledTemplate(environment, template, tuple(steps))


def _can_be_cut(
    tree: nodes.Template, macros: Sequence[nodes.Node], rest: Sequence[nodes.Node]
) -> bool:
    """Whether each part of a template shows by itself what it asks for."""
    in_macros = {name.name for macro in macros for name in macro.find_all(nodes.Name)}
    return (
        not in_macros & {ISSUE, "caller"}
        and not any(one.attr.startswith("_") for one in tree.find_all(nodes.Getattr))
        and tree.find(nodes.Block) is None
        and _only_fields_of(ISSUE, rest)
        and not _leaks(rest)
    )


def _only_fields_of(name: str, parts: Sequence[nodes.Node]) -> bool:
    """Whether nothing but fields of ``name`` is asked for, and it always means the same."""
    uses = [one for part in parts for one in part.find_all(nodes.Name) if one.name == name]
    asked = [one.node for part in parts for one in part.find_all(nodes.Getattr) if one.node in uses]
    return len(uses) == len(asked) and all(one.ctx == "load" for one in uses)


def _leaks(parts: Sequence[nodes.Node]) -> bool:
    """Whether one of these parts sets a variable that later ones can see."""
    setting = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Import, nodes.FromImport)
    return any(
        isinstance(part, setting)
        or (isinstance(part, nodes.If) and _leaks([*part.body, *part.elif_, *part.else_]))
        for part in parts
    )


def _plan(parts: Sequence[nodes.Node]) -> Iterator[tuple[nodes.For | None, list[Run]]]:
    """Runs of neighbours, and the loops between them with the runs they repeat."""
    pending: list[nodes.Node] = []
    for part in parts:
        if isinstance(part, nodes.For) and _repeats(part):
            yield None, _runs(pending)
            yield part, _runs(part.body, *_item(part))
            pending = []
        else:
            pending.append(part)
    yield None, _runs(pending)


def _repeats(loop: nodes.For) -> bool:
    """Whether each turn of a loop over a field of the issue depends on nothing but fields of the
    issue and of the item."""
    plain = not (loop.else_ or loop.test or loop.recursive or _leaks(loop.body))
    counted = any(name.name == "loop" for part in loop.body for name in part.find_all(nodes.Name))
    chain = _chain(loop.iter)
    return (
        (plain and not counted and len(chain) == 2 and chain[0] == ISSUE)
        and bool(item := _item(loop))
        and _only_fields_of(item[0], loop.body)
    )


def _item(loop: nodes.For | None) -> tuple[str, ...]:
    """What a loop calls its item, if that is one name."""
    return (loop.target.name,) if loop and isinstance(loop.target, nodes.Name) else ()


def _runs(parts: Sequence[nodes.Node], *item: str) -> list[Run]:
    """Neighbours as runs: what asks for nothing new goes with what is before it."""
    runs: list[Run] = []
    for part in _flat(parts):
        fields = _fields(part, (ISSUE, *item))
        before = runs[-1][0] if runs else None
        if before is not None and fields - SHARED <= before:
            runs[-1] = (before | fields, [*runs[-1][1], part])
        else:
            runs.append((fields, [part]))
    return runs


def _flat(parts: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
    for part in parts:
        if isinstance(part, nodes.Output):
            yield from (nodes.Output([one], lineno=part.lineno) for one in part.nodes)
        else:
            yield part


def _fields(part: nodes.Node, roots: tuple[str, ...]) -> Fields:
    """The fields of ``roots`` that a part asks for, as far down as they are written."""
    found = {f"{chain[0]}.{'.'.join(chain[1:])}" for chain in _chains(part) if chain[0] in roots}
    return frozenset(
        one for one in found if not any(one.startswith(f"{other}.") for other in found)
    )


def _chains(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    """``("card", "face", "also")`` for each ``card.face.also``; a method that is called is left
    out."""
    for child in node.iter_child_nodes():
        chain = _chain(child)
        if len(chain) > 1:
            method = isinstance(node, nodes.Call) and child is node.node and len(chain) > 2
            yield chain[:-1] if method else chain
        else:
            yield from _chains(child)


def _chain(node: nodes.Node) -> tuple[str, ...]:
    """The names of ``a.b.c``; empty for anything else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr) and (before := _chain(node.node)):
        return (*before, node.attr)
    return ()


def _key(fields: Fields, *roots: str) -> Callable[..., object]:
    """What reads the fields of one or two ``roots`` from them."""
    of_issue, of_item = [*(_reader(fields, root) for root in roots), _nothing][:2]
    return of_issue if len(roots) == 1 else lambda issue, item: (of_issue(issue), of_item(item))


def _reader(fields: Fields, root: str) -> Callable[[object], object]:
    """What reads the fields of a root from it."""
    wanted = sorted(name.partition(".")[2] for name in fields if name.startswith(f"{root}."))
    return attrgetter(*wanted) if wanted else _nothing


def _nothing(_: object) -> None:
    """What a fragment without any field is remembered under."""
