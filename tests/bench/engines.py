"""The rules alone, beside engines that evaluate an account at a time: zen, json-logic, rule-engine.

All read the same facts, prepared beforehand (a table for the compiled rules, a dictionary for each
account for the others), and must find the same for every account and every rule. The rules of
`tests/bench/playbook` are translated for each engine from its cells, a rule that writes sentences
(`segment`) left out, which is in the engines' favour. What an engine does in a second does not
depend on how many accounts follow, so the slow ones get a share of them.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import rule_engine
import zen
from json_logic import jsonLogic
from sqlalchemy import Column, Connection, MetaData, Table, func, select, text

from rules.cells import KNOWN, RANGE, UNKNOWN, Limit, read_cell
from rules.records import FieldType
from rules.rulebook import Rulebook
from rules.shapes import Rule
from rules.tagging import Tagging
from service.store.engine import Store
from service.store.facts import facts_relation
from tests.bench.measuring import Report, at_least, seconds_of
from tests.bench.tagging import SLOTS, TODAY, empty, fill, rulebook, tag
from tests.bench.workspaces import in_file, migrated

SHARE = 20_000
"""Accounts that the engines evaluate."""

REPS = 50
BUDGET = """
  cap: {gold: 200 per owner, silver: 2 000 per owner, rank: potential}
  demote: {after: 21 d, margin: 10 %}
"""

_AGE = "_age"
_LEFT_OUT = "segment"
Facts = dict[str, Any]
Clause = tuple[str, Limit]
"""What a name must be; a date that is compared by its age has a name of its own."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A result, and what must hold for it: all of the groups, of each at least one clause."""

    groups: Sequence[Sequence[Clause]]
    result: Any


@dataclass(frozen=True, slots=True)
class Ladder:
    """Branches of which the first that holds gives its result; without one, unknown."""

    name: str
    branches: Sequence[Branch]


@dataclass(frozen=True, slots=True)
class Sum:
    """Ladders whose results add up."""

    name: str
    ladders: Sequence[Ladder]


class Engine(Protocol):
    """An engine with the rules that it was given."""

    def results(self, facts: Facts) -> Mapping[str, Any]:
        """Every rule's result for an account."""
        ...


def translated(book: Rulebook) -> list[Ladder | Sum]:
    """The rules as ladders, in the order they depend on each other."""
    rules = [rule for rule in book.segments.rules if rule.name != _LEFT_OUT]
    return [_translated(rule, book.tagging) for rule in rules]


def _translated(rule: Rule, tagging: Tagging) -> Ladder | Sum:
    if rule.shape == "points":
        return Sum(
            rule.name,
            [
                Ladder(
                    name,
                    [
                        Branch([_clauses(name, cell, tagging)], float(points))
                        for cell, points in cells.items()
                    ],
                )
                for name, cells in rule.written.items()
            ],
        )
    if rule.shape == "bands":
        of = rule.written["of"]
        bands = [(each, cell) for each, cell in rule.written.items() if each != "of"]
        return Ladder(
            rule.name, [Branch([_clauses(of, cell, tagging)], each) for each, cell in bands]
        )
    if rule.shape == "when":  # existing_link, the only one
        recent = [(f"last_won{_AGE}", Limit("<", 730))]
        unknown = [("last_won", Limit(UNKNOWN))]
        return Ladder(
            rule.name, [Branch([unknown], False), Branch([recent], True), Branch([], False)]
        )
    return Ladder(
        rule.name,
        [
            Branch([_clauses(cell.name, cell.text, tagging) for cell in row.cells], row.then)
            for row in rule.rows
        ],
    )


def _clauses(name: str, cell: str, tagging: Tagging) -> list[Clause]:
    limits = read_cell(cell, tagging.names[name].term)
    return [(f"{name}{_AGE}" if limit.is_age else name, limit) for limit in limits]


class InWords:
    """Rules as chains of `condition ? result : …` in the words that zen and rule-engine share.

    `spelled` says how a name is written where that is not as such.
    """

    def __init__(self, spelled: Mapping[str, str]) -> None:
        self._spelled = spelled

    def rule(self, rule: Ladder | Sum) -> str:
        """A rule as one expression."""
        if isinstance(rule, Sum):
            return " + ".join(f"({self.ladder(each)})" for each in rule.ladders)
        return self.ladder(rule)

    def ladder(self, ladder: Ladder) -> str:
        """The first branch that holds."""
        said = "null"
        for branch in reversed(ladder.branches):
            result = json.dumps(branch.result)
            groups = [" or ".join(map(self.clause, group)) for group in branch.groups]
            joined = " and ".join(f"({each})" for each in groups)
            said = f"({joined} ? {result} : {said})" if joined else result
        return said

    def clause(self, clause: Clause) -> str:
        """What a name must be; an unknown one fulfils nothing but `unknown`."""
        limit = clause[1]
        name = self._spelled.get(clause[0], clause[0])
        if limit.operator in {KNOWN, UNKNOWN}:
            return f"{name} {'==' if limit.operator == UNKNOWN else '!='} null"
        if limit.operator == RANGE:
            bounds = f"{name} >= {limit.low} and {name} <= {limit.high}"
            return f"({name} != null and {bounds})"
        operator = "==" if limit.operator == "=" else limit.operator
        compared = f"{name} {operator} {json.dumps(limit.low)}"
        return compared if operator == "==" else f"({name} != null and {compared})"


class Zen:
    """zen-engine: one decision graph, so that the facts are handed over once."""

    def __init__(self, rules: Sequence[Ladder | Sum]) -> None:
        # In a node of expressions, what the ones before it gave goes by `$.name`.
        words = InWords({rule.name: f"$.{rule.name}" for rule in rules})
        expressions = [
            {"id": rule.name, "key": rule.name, "value": words.rule(rule)} for rule in rules
        ]
        node = {
            "id": "rules", "name": "rules", "type": "expressionNode",
            "content": {"expressions": expressions},
        }  # fmt: skip
        ends = [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "out", "name": "out", "type": "outputNode"},
        ]
        edges = [
            {"id": "1", "sourceId": "in", "targetId": "rules"},
            {"id": "2", "sourceId": "rules", "targetId": "out"},
        ]
        graph = {"nodes": [ends[0], node, ends[1]], "edges": edges}
        self._decision = zen.ZenEngine().create_decision(json.dumps(graph))

    def results(self, facts: Facts) -> Mapping[str, Any]:
        """One call for all rules."""
        found: Mapping[str, Any] = self._decision.evaluate(facts)["result"]
        return found


class ZenExpressions:
    """zen-engine: a compiled expression for each rule, given only the names that it reads."""

    def __init__(self, rules: Sequence[Ladder | Sum]) -> None:
        words = InWords({})
        self._rules = [
            (rule.name, zen.compile_expression(words.rule(rule)), sorted(_names(rule)))
            for rule in rules
        ]

    def results(self, facts: Facts) -> Mapping[str, Any]:
        """Each rule in turn, what it gives being known to the next."""
        known = dict(facts)
        for name, rule, names in self._rules:
            known[name] = rule.evaluate({each: known[each] for each in names})
        return known


def _names(rule: Ladder | Sum) -> set[str]:
    ladders = rule.ladders if isinstance(rule, Sum) else [rule]
    branches = [branch for ladder in ladders for branch in ladder.branches]
    return {name for branch in branches for group in branch.groups for name, _ in group}


class RuleEngine:
    """rule-engine: a parsed expression for each rule."""

    def __init__(self, rules: Sequence[Ladder | Sum]) -> None:
        context = rule_engine.Context(default_value=None)
        words = InWords({})
        self._rules = [
            (rule.name, rule_engine.Rule(words.rule(rule), context=context)) for rule in rules
        ]

    def results(self, facts: Facts) -> Mapping[str, Any]:
        """Each rule in turn, what it gives being known to the next."""
        known = dict(facts)
        for name, rule in self._rules:
            known[name] = rule.evaluate(known)
        return known


class JsonLogic:
    """json-logic: a tree for each rule."""

    def __init__(self, rules: Sequence[Ladder | Sum]) -> None:
        self._rules = [(rule.name, _tree(rule)) for rule in rules]

    def results(self, facts: Facts) -> Mapping[str, Any]:
        """Each rule in turn, what it gives being known to the next."""
        known = dict(facts)
        for name, rule in self._rules:
            known[name] = jsonLogic(rule, known)
        return known


def _tree(rule: Ladder | Sum) -> dict[str, Any]:
    if isinstance(rule, Sum):
        return {"+": [_tree(each) for each in rule.ladders]}
    steps: list[Any] = []
    for branch in rule.branches:
        groups = [{"or": [_leaf(clause) for clause in group]} for group in branch.groups]
        steps += [{"and": groups}, branch.result] if groups else [branch.result]
    return {"if": steps if len(steps) % 2 else [*steps, None]}


def _leaf(clause: Clause) -> dict[str, Any]:
    name, limit = clause
    value = {"var": name}
    if limit.operator in {KNOWN, UNKNOWN}:
        return {"===" if limit.operator == UNKNOWN else "!==": [value, None]}
    is_known = {"!==": [value, None]}
    if limit.operator == RANGE:
        return {"and": [is_known, {"<=": [limit.low, value, limit.high]}]}
    if limit.operator == "=":
        return {"===": [value, limit.low]}
    return {"and": [is_known, {limit.operator: [value, limit.low]}]}


ENGINES: Mapping[str, Callable[[Sequence[Ladder | Sum]], Engine]] = {
    "zen-engine (a decision graph)": Zen,
    "zen-engine (an expression a rule)": ZenExpressions,
    "json-logic": JsonLogic,
    "rule-engine": RuleEngine,
}


def run(accounts: int = 1_000_000) -> Report:
    """The race: the compiled rules over all accounts, the engines over their share."""
    book = rulebook()
    rules = translated(book)
    with tempfile.TemporaryDirectory() as folder:
        store = migrated(in_file(Path(folder)))
        fill(store, accounts)
        with store.engine.connect() as connection:
            flat = _flat(connection, book.tagging)
            found, alone = _compiled(connection, book.tagging, flat)
            known = _known(connection, flat, book.tagging)
        speeds = {name: _speed(make(rules), known, found, name) for name, make in ENGINES.items()}
        _share_out(store)
        whole = _whole(store, rulebook(BUDGET))
        store.close()
    ours = {
        "compiled rules": accounts / alone,
        "the whole evaluation, with caps and delays": accounts / whole,
    }
    rows = [
        f"| {name} | {speed:,.0f} | {speed / ours['compiled rules']:.3f} |"
        for name, speed in {**ours, **speeds}.items()
    ]
    title = f"{len(rules)} rules over accounts whose facts are at hand, SQLite and engines"
    head = ["| | accounts/s | × compiled rules |", "|---|--:|--:|"]
    aims = [
        at_least(f"{what}, speed ÷ that of the rules of {name}", wanted, mine / speed)
        for (what, mine), wanted in zip(ours.items(), (20, 4), strict=True)
        for name, speed in speeds.items()
    ]
    return Report("\n".join([f"### {title}", "", *head, *rows, ""]), aims)


def _flat(connection: Connection, tagging: Tagging) -> Table:
    """The facts as a table, which the compiled rules read as the engines read dictionaries."""
    relation = facts_relation(tagging.facts, SLOTS)
    flat = Table("flat", MetaData(), *(Column(each.name, each.type) for each in relation.c),
                 prefixes=["TEMPORARY"])  # fmt: skip
    flat.create(connection)
    connection.execute(
        flat.insert().from_select([each.name for each in relation.c], select(relation)),
        {"today": TODAY},
    )
    return flat


def _compiled(
    connection: Connection, tagging: Tagging, flat: Table
) -> tuple[dict[int, Mapping[str, Any]], float]:
    """What the rules give for the share of the engines, and the seconds they take for all."""
    layers = tagging.layers(flat)
    results = [layers.c.is_in_scope, *(layers.c[rule.name] for rule in tagging.segments.rules)]
    # Every result of every account is computed and looked at; none is stored.
    looked = select(*(func.count(each) for each in results)).select_from(layers)
    seconds = min(
        seconds_of(lambda: connection.execute(looked, {"today": TODAY}).one()) for _ in range(3)
    )
    some = select(layers.c.account_id, *results).where(layers.c.account_id <= SHARE)
    rows = connection.execute(some, {"today": TODAY}).mappings()
    return {row["account_id"]: dict(row) for row in rows}, seconds


def _known(connection: Connection, flat: Table, tagging: Tagging) -> dict[int, Facts]:
    """The facts of the engines' accounts, days also as ages."""
    dates = [name for name in tagging.facts if tagging.names[name].type is FieldType.DATE]
    rows = connection.execute(select(flat).where(flat.c.account_id <= SHARE)).mappings()
    return {
        row["account_id"]: {
            **{name: row[name] for name in tagging.facts},
            **{f"{name}{_AGE}": None if row[name] is None else TODAY - row[name] for name in dates},
        }
        for row in rows
    }


def _speed(
    engine: Engine, known: Mapping[int, Facts], found: Mapping[int, Mapping[str, Any]], name: str
) -> float:
    """Accounts that an engine evaluates in a second, once it finds what the compiled rules do."""
    for account, facts in known.items():
        expected, results = found[account], engine.results(facts)
        for rule, value in results.items():
            if rule in expected and value != expected[rule] and expected["is_in_scope"]:
                sys.exit(
                    f"{name} disagrees on {rule} of account {account}: {value}, not "
                    f"{expected[rule]}; {json.dumps(facts)}"
                )

    def all_of_them() -> None:
        for facts in known.values():
            engine.results(facts)

    return len(known) / min(seconds_of(all_of_them) for _ in range(2))


def _share_out(store: Store) -> None:
    """Give the accounts of the one owner to so many reps."""
    with store.write() as connection:
        for number in range(2, REPS + 1):
            connection.execute(
                text(
                    "INSERT INTO owner SELECT :n, 1, :n, name, NULL, true, NULL FROM owner LIMIT 1"
                ),
                {"n": number},
            )
        connection.execute(
            text("UPDATE account SET owner_id = 1 + id % :reps WHERE owner_id = 1"), {"reps": REPS}
        )


def _whole(store: Store, book: Rulebook) -> float:
    """Seconds of a full evaluation: facts gathered, rules, caps, delays, tags written."""

    def evaluated() -> None:
        with store.write() as connection:
            empty(connection)
        tag(store, book, 1, is_full=True)

    return min(seconds_of(evaluated) for _ in range(2))
