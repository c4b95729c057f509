"""The proof says what a database finds: every gap and every dead row, and none that is not one.

Random playbooks are proved, then evaluated in SQLite over every combination of values written out
here by hand, which knows nothing of how the proof cuts them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Table,
    create_engine,
    insert,
    select,
)

from rules.checking import Checked, check
from rules.proof import Finding, Kind, Proof, Severity
from rules.rulebook import Rulebook
from rules.shapes import Rule
from rules.terms import SQL_TYPES
from rules.time import date_of
from tests.playbooks import BOUND, TIER, shipped, small

TODAY = 20_000
NOW = TODAY * 86_400_000 + 43_200_000
_DAY = {number: date_of(TODAY + number).isoformat() for number in (-5, 2)}


@dataclass(frozen=True, slots=True)
class Fact:
    """The cells that random rules have about a fact, and values on every side of their limits."""

    cells: Sequence[str]
    values: Sequence[Any]


def _compared(*limits: str) -> list[str]:
    signs = ["< ", "<= ", "> ", ">= ", ""]
    return [f"{sign}{limit}" for sign in signs for limit in limits]


EITHER = ["unknown", "known"]
FACTS: Mapping[str, Fact] = {
    "size": Fact(
        [*_compared("0", "1", "2,5"), "0..1", "1..2.5", "0..0", *EITHER],
        [-1.0, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0, None],
    ),
    "potential": Fact(
        [*_compared("0", "100", "1k"), "0..100", "100..1 000", *EITHER],
        [-1, 0, 1, 9_999, 10_000, 10_001, 99_999, 100_000, 100_001, None],
    ),
    "renewal": Fact(
        [
            "< 3 d ago", "<= 3 d ago", "> 10 d ago", ">= 10 d ago", "3..10 d ago", "= 3 d ago",
            "4..10 d ago", f"< {_DAY[-5]}", f">= {_DAY[-5]}", f"> {_DAY[2]}", _DAY[2],
            f"{_DAY[-5]}..{_DAY[2]}", *EITHER,
        ],
        [*range(TODAY - 12, TODAY + 5), None],
    ),
    "last_logged_contact": Fact(
        ["< 0 d ago", "< 1 d ago", "0..3 d ago", "> 3 d ago", ">= 1 d ago", *EITHER],
        [*range(TODAY - 5, TODAY + 1), None],
    ),
    "decision_makers": Fact(
        ["0", "1", "> 1", "< 1", ">= 0", "0.5", "1..2", "< 0", *EITHER], [0, 1, 2, 3]
    ),
    "kind": Fact(["client", "prospect", "client | prospect", *EITHER],
                 ["client", "prospect", None]),
    "vip": Fact(["yes", "no", "oui | non", *EITHER], [True, False, None]),
    "sector": Fact(["oil", "gas", "oil or gas", *EITHER], ["oil", "gas", "wood", None]),
}  # fmt: skip
metadata = MetaData()
relation = Table(
    "facts_of_proofs", metadata, Column("account_id", Integer, primary_key=True),
    *[Column(name, SQL_TYPES[kind]) for name, (kind, _) in BOUND.items()],
    Column("decision_makers", Float), Column("last_logged_contact", Integer),
    Column("next_logged_contact", Integer), Column("created", Integer),
)  # fmt: skip


@pytest.fixture(scope="module")
def memory() -> Iterator[Connection]:
    """A database of this process."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def evaluate(
    connection: Connection, book: Rulebook, accounts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What SQLite makes of these accounts: every fact, every rule, every row that won."""
    names = [column.name for column in relation.c if column.name != "account_id"]
    connection.execute(relation.delete())
    connection.execute(
        insert(relation),
        [
            {"account_id": number, **{name: account.get(name) for name in names}}
            for number, account in enumerate(accounts)
        ],
    )
    layers = book.tagging.layers(relation)
    query = select(layers).order_by(layers.c.account_id)
    return [dict(row) for row in connection.execute(query, {"today": TODAY}).mappings()]


def proved(segments: str) -> tuple[Checked, Proof, Rulebook]:
    """A playbook of these rules, and the proof of them."""
    checked = check(small(segments=segments), NOW)
    assert checked.rulebook is not None, checked.errors
    assert checked.proof is not None
    return checked, checked.proof, checked.rulebook


def _cell(draw: st.DrawFn, cells: Sequence[str]) -> str:
    found = draw(st.lists(st.sampled_from(cells), min_size=1, max_size=2, unique=True))
    return " | ".join(found)


def _row(draw: st.DrawFn, cells: Mapping[str, Sequence[str]], result: str) -> str:
    names = draw(st.lists(st.sampled_from(sorted(cells)), min_size=1, max_size=3, unique=True))
    written = [f"{name}: '{_cell(draw, cells[name])}'" for name in names]
    return f"    - {{{', '.join(written)}, then: {result}}}"


def _table(draw: st.DrawFn, name: str, cells: Mapping[str, Sequence[str]]) -> str:
    results = draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=5))
    rows = [_row(draw, cells, result) for result in results]
    last = ["    - {else: w}"] if draw(st.booleans()) else []
    return "\n".join([f"{name}:\n  values: {{x: X, y: Y, z: Z, w: W}}\n  table:", *rows, *last])


@dataclass(frozen=True, slots=True)
class Random:
    """Random rules, and every account that matters to them."""

    segments: str
    accounts: Sequence[Mapping[str, Any]]


@st.composite
def playbooks(draw: st.DrawFn) -> Random:
    """Bands, points, a table and the tier over three facts, each using those before it."""
    facts = draw(st.lists(st.sampled_from(sorted(FACTS)), min_size=1, max_size=3, unique=True))
    cells: dict[str, Sequence[str]] = {name: FACTS[name].cells for name in facts}
    rules = []
    if draw(st.booleans()):
        subject = draw(st.sampled_from(facts))
        bands = [f"{value}: '{_cell(draw, cells[subject])}'" for value in ("low", "mid", "top")]
        rules.append(f"level:\n  bands: {{of: {subject}, {', '.join(bands)}}}")
        cells["level"] = ["low", "mid", "top", "low | mid", *EITHER]
    if draw(st.booleans()):
        groups = []
        for subject in draw(st.lists(st.sampled_from(sorted(cells)), min_size=1, max_size=2,
                                     unique=True)):  # fmt: skip
            listed = draw(
                st.lists(st.sampled_from(cells[subject]), min_size=1, max_size=3, unique=True)
            )
            points = [f"'{cell}': {draw(st.sampled_from([1, 2, -1]))}" for cell in listed]
            groups.append(f"{subject}: {{{', '.join(points)}}}")
        rules.append(f"total:\n  points: {{{', '.join(groups)}}}")
        cells["total"] = [*_compared("0", "1", "2"), "0..2", *EITHER]
    if draw(st.booleans()):
        rules.append(_table(draw, "step", cells))
        cells["step"] = ["x", "y | z", "w", *EITHER]
    rules.append(_table(draw, "tier", cells))
    values = [[(name, value) for value in FACTS[name].values] for name in facts]
    return Random("\n".join(rules), [dict(each) for each in product(*values)])


def _criteria(rule: Rule) -> set[str]:
    return {cell.name for row in rule.rows for cell in row.cells}


def found_by_hand(book: Rulebook, results: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    """The gaps and the dead rows and bands of the rules, from what a database makes of accounts."""
    found: set[tuple[Any, ...]] = set()
    for rule in book.segments.rules:
        if rule.rows:
            won = {each[rule.row_name] for each in results}
            found |= {
                (Kind.DEAD, rule.name, number - 1)
                for number in range(1, len(rule.rows) + 1)
                if number not in won
            }
            names = _criteria(rule)
            lacking = [each for each in results if each[rule.row_name] is None]
            if any(all(each[name] is not None for name in names) for each in lacking):
                found.add((Kind.GAP, rule.name))
        elif rule.shape == "bands":
            subject, *values = rule.written
            given_values = {each[rule.name] for each in results}
            found |= {
                (Kind.DEAD, rule.name, value) for value in values if value not in given_values
            }
            if any(each[rule.written[subject]] is not None and each[rule.name] is None
                   for each in results):  # fmt: skip
                found.add((Kind.GAP, rule.name))
    return found


def key_of(finding: Finding) -> tuple[Any, ...]:
    """A finding as it is found by hand."""
    if finding.kind is Kind.GAP:
        return finding.kind, finding.rule
    return finding.kind, finding.rule, finding.path[-1]


@given(playbooks())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_proof_finds_what_a_database_finds(memory: Connection, given_one: Random) -> None:
    _, proof, book = proved(given_one.segments)
    results = evaluate(memory, book, given_one.accounts)
    tables = [each for each in proof.findings if each.path[0] != "points"]
    assert {key_of(each) for each in tables} == found_by_hand(book, results)
    shown = [each for each in proof.findings if each.account is not None]
    if not shown:
        return
    for each, result in zip(
        shown, evaluate(memory, book, [each.account or {} for each in shown]), strict=True
    ):
        check_example(book, each, result)


def check_example(book: Rulebook, finding: Finding, result: Mapping[str, Any]) -> None:
    """The example of a gap has no result; that of a dead row goes to a row before it."""
    rule = book.segments.rule(finding.rule)
    assert rule is not None
    if finding.kind is Kind.GAP:
        assert result[rule.name] is None
        names = _criteria(rule) if rule.rows else {rule.written["of"]}
        assert all(result[name] is not None for name in names)
    elif rule.rows:
        number = finding.path[-1]
        assert isinstance(number, int)
        assert 1 <= result[rule.row_name] <= number


def kinds(segments: str) -> list[tuple[str, str, str]]:
    """The findings as (rule, kind, severity)."""
    return [(each.rule, each.kind, each.severity) for each in proved(segments)[1].findings]


GOLD = "tier:\n  values: {g: Or, s: Argent}\n  table:\n"
IMPOSED = """\
tier: {values: {g: Or, s: Argent}, table: [{else: s}]}
priority: {values: {p: P, q: Q}, table: [{tier: g, then: p}, {else: q}]}
"""
LINK = "link: {when: potential > 1}\n"


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        # A tag without a result is an error, unless the scope or a `when` may keep it away.
        (GOLD + "    - {kind: client, then: g}", [("tier", "gap", "error")]),
        ("scope: {when: kind = 'client'}\n" + GOLD + "    - {kind: client, then: g}",
         [("tier", "gap", "warning")]),
        (LINK + GOLD + "    - {link: yes, kind: client, then: g}\n    - {link: no, then: s}",
         [("tier", "gap", "warning")]),
        # … but not where no answer of the `when` helps.
        (LINK + GOLD + "    - {link: yes, kind: client, then: g}\n"
         "    - {link: no, kind: client, then: s}", [("tier", "gap", "error")]),
        # What is unknown is unrated, and no gap.
        (GOLD + "    - {vip: yes, then: g}\n    - {vip: no, then: s}", []),
        # A `when` may be anything, so only what no answer lets win is dead.
        (LINK + GOLD + "    - {link: yes, then: g}\n    - {link: yes, vip: no, then: s}\n"
         "    - {else: s}", [("tier", "dead", "error")]),
        (LINK + GOLD + "    - {potential: '< 0', link: yes, then: g}\n    - {else: s}", []),
        # An `else` that serves nobody is a net.
        (GOLD + "    - {vip: known, then: g}\n    - {vip: unknown, then: s}\n    - {else: s}",
         [("tier", "dead", "note")]),
        # Bands and points.
        ("a: {bands: {of: size, x: '> 1', y: '< 1'}}\n" + TIER, [("a", "gap", "note")]),
        ("a: {bands: {of: size, x: '> 1', y: '> 2', z: '<= 1'}}\n" + TIER,
         [("a", "dead", "error")]),
        ("a: {points: {size: {'> 1': 1, '> 2': 2}}}\n" + TIER, [("a", "dead", "error")]),
        # A rule that uses an unfinished one must say what unknown means.
        ("a: {bands: {of: size, x: '> 1', y: '< 1'}}\n" + GOLD
         + "    - {a: x, then: g}\n    - {a: y, then: s}", [("a", "gap", "warning")]),
        ("a: {bands: {of: size, x: '> 1', y: '< 1'}}\n" + GOLD
         + "    - {a: x, then: g}\n    - {a: y | unknown, then: s}", [("a", "gap", "note")]),
        # A person may impose a tier that the table never gives.
        (IMPOSED, []),
        # Outside the scope a tag is unknown to the rules that are none.
        ("scope: {when: vip}\n" + TIER + "a:\n  table: [{tier: unknown, then: x}, {else: y}]", []),
    ],
)  # fmt: skip
def test_what_a_finding_does(segments: str, expected: list[tuple[str, str, str]]) -> None:
    assert kinds(segments) == expected


def test_opaque_rules_are_named_with_those_that_use_them() -> None:
    checked = check({**shipped()}, NOW)
    assert checked.proof is not None
    assert checked.proof.opaque == {
        "existing_link": ["account_type", "tier", "territory", "priority"],
        "room_to_grow": ["growth"],
        "growing": ["territory"],
    }
    assert "existing_link" not in checked.proof.proved
    assert {"tier", "priority", "effort", "potential_level"} <= set(checked.proof.proved)
    assert (checked.errors, checked.warnings) == ([], [])


def test_a_table_that_is_too_large_is_said_to_be_and_those_that_use_it_are_proved() -> None:
    # Each row of these wants two of many limits, all in another order.
    facts = ("potential", "size", "decision_makers", "influencers", "open_opportunities")
    rows = [
        "    - {" + ", ".join(f"{name}: '{(row * (7 + place)) % 97}'"
                              for place, name in enumerate(facts)) + ", then: x}"
        for row in range(400)
    ]  # fmt: skip
    table = "a:\n  table:\n" + "\n".join(rows) + "\n"
    uses = GOLD + "    - {a: x, then: g}\n    - {a: x, vip: yes, then: s}\n    - {else: s}"
    found = [each for each in proved(table + uses)[1].findings if each.kind != Kind.GAP]
    assert [(each.rule, each.kind, each.severity) for each in found] == [
        ("a", Kind.UNPROVED, Severity.WARNING), ("tier", Kind.DEAD, Severity.ERROR),
    ]  # fmt: skip
    assert "over 300000 steps" in found[0].issue.text.en


@given(playbooks(), st.sampled_from(sorted(FACTS)))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_with_a_when_what_is_told_as_an_error_is_real(
    memory: Connection, given_one: Random, fact: str
) -> None:
    condition = f"{fact} is not null" if fact != "vip" else "vip"
    segments = given_one.segments.replace("    - {", "    - {link: yes, ", 1)
    _, proof, book = proved(f"link: {{when: {condition}}}\n{segments}")
    accounts = [
        {**account, fact: value}
        for account in given_one.accounts[:60]
        for value in ([account[fact]] if fact in account else FACTS[fact].values)
    ]
    results = evaluate(memory, book, accounts)
    for each in proof.findings:
        rule = book.segments.rule(each.rule)
        assert rule is not None
        if each.kind is Kind.DEAD and rule.rows:
            assert all(result[rule.row_name] != int(each.path[-1]) + 1 for result in results)
        elif each.kind is Kind.GAP and each.severity is Severity.ERROR:
            shown = evaluate(memory, book, [each.account or {}])[0]
            assert shown[rule.name] is None
