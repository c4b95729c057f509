"""The four shapes: what is refused and where, and that they mean what plain Python means."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from rules.rulebook import compile_rulebook
from rules.segments import result_of
from rules.shapes import Rule
from tests.playbooks import TIER, issues, small, with_rules
from tests.unit.test_conditions import TODAY, accounts, fill, memory, relation

__all__ = ["memory"]  # the fixture is found by its name in this module


@pytest.mark.parametrize(
    ("rules", "line", "column", "words"),
    [
        # bands
        ("a:\n  bands: []", 2, 10, "{of: field"),
        ("a:\n  bands: {of: size}", 2, 10, "{of: field"),
        ("a:\n  bands: {low: '< 5'}", 2, 10, "{of: field"),
        ("a:\n  bands: {of: siez, low: '< 5'}", 2, 15, "did you mean 'size'?"),
        ("a:\n  bands: {of: [size], low: '< 5'}", 2, 15, "unknown field or rule"),
        ("a:\n  bands: {of: size, low: '< x'}", 2, 27, "'x' is not a number"),
        ("a:\n  bands: {of: size, low: [1]}", 2, 26, "a cell is one text"),
        ("a:\n  bands: {of: size, low: }", 2, 21, "a cell is one text"),
        ("a:\n  values: {low: L}\n  bands: {of: size, lwo: '< 5'}", 3, 21, "did you mean 'low'?"),
        # points
        ("a:\n  points: {}", 2, 11, "write groups"),
        ("a:\n  points: [1]", 2, 11, "write groups"),
        ("a:\n  points: {siez: {'> 1': 1}}", 2, 12, "did you mean 'size'?"),
        ("a:\n  points: {size: 5}", 2, 18, "{value: points}"),
        ("a:\n  points: {size: {'> 1': x}}", 2, 26, "'x' is not a number"),
        ("a:\n  points: {size: {'> 1': }}", 2, 19, "a value on one line"),
        ("a:\n  points: {size: {'> 1': [2]}}", 2, 26, "a value on one line"),
        ("a:\n  points: {kind: {cliant: 1}}", 2, 19, "did you mean 'client'?"),
        # when
        ("a:\n  when: []", 2, 9, "write a condition"),
        ("a:\n  when:", 2, 3, "write a condition"),
        ("a:\n  when: sizee > 1", 2, 9, "did you mean 'size'?"),
        ("a:\n  when: 'vip or sizee > 1'", 2, 17, "did you mean 'size'?"),
        ('a:\n  when: "vip or \\"x\\" = kind"', 2, 17, "for text write 'x'"),
        ("a:\n  when: |\n    vip\n      or sizee > 1", 4, 10, "did you mean 'size'?"),
        ("a:\n  when: >-\n    vip or\n\n    sizee > 1", 5, 5, "did you mean 'size'?"),
        ("a:\n  when: vip or\n    sizee > 1", 3, 5, "did you mean 'size'?"),
        ("a:\n  when: 'sector = ''x'' or sizee > 1'", 2, 28, "did you mean 'size'?"),
        ("a:\n  when: {{size}}", 2, 10, "a name is needed"),
        # table
        ("a:\n  table: {}", 2, 10, "a list of rows"),
        ("a:\n  table: []", 2, 10, "a list of rows"),
        ("a:\n  table:\n    - gold", 3, 7, "a row is"),
        ("a:\n  table:\n    - {size: '1'}", 3, 7, "a row is"),
        ("a:\n  table:\n    - {size: '1', then: x, else: y}", 3, 7, "a row is"),
        ("a:\n  table:\n    - {then: x}", 3, 7, "no condition"),
        ("a:\n  table:\n    - {else: x}\n    - {size: '1', then: x}", 3, 14, "on the last row"),
        ("a:\n  table:\n    - {size: '1', else: x}", 3, 25, "on the last row"),
        ("a:\n  table:\n    - {siez: '1', then: x}", 3, 8, "did you mean 'size'?"),
        ("a:\n  table:\n    - {size: [1], then: x}", 3, 14, "a cell is one text"),
        ("a:\n  table:\n    - {kind: client | prospct, then: x}", 3, 23, "mean 'prospect'?"),
        ("a:\n  table:\n    - {kind: 'client | prospct', then: x}", 3, 24, "'prospect'?"),
        ("a:\n  table:\n    - {size: '1', then: }", 3, 19, "write one value"),
        ("a:\n  table:\n    - {size: '1', then: [x]}", 3, 19, "write one value"),
        ("a:\n  values: {x: X}\n  table:\n    - {size: '1', then: y}", 4, 25, "(values: x)"),
        ("a:\n  table:\n    - {size: '1', then: x, why: [a]}", 3, 33, "[French, English]"),
        ("a:\n  table:\n" + "    - {size: '1', then: x}\n" * 501, 503, 7, "over 500 rows"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_in_its_place(rules: str, line: int, column: int, words: str) -> None:
    found = issues(small(segments=f"{rules}\n{TIER}"))
    assert [(i.file, i.line, i.column) for i in found] == [("segments.yaml", line, column)]
    assert words in found[0].text.en


@cache
def rule_of(text: str) -> Rule:
    rule = with_rules(text).segments.rule("a")
    assert rule is not None
    return rule


def results(connection: Connection, rule: Rule) -> list[Any]:
    """What a database makes of a rule, for each account of the relation."""
    sql = rule.term.sql
    if rule.rows:
        sql = result_of(rule, sql, {}, with_rules("").team.language)
    query = select(relation.c.account_id, sql.label("result")).order_by(relation.c.account_id)
    return [row.result for row in connection.execute(query, {"today": TODAY})]


SOME = st.lists(accounts, min_size=1, max_size=8)
LIMITS = st.sampled_from([0.0, 1.0, 2.5])


@given(LIMITS, LIMITS, SOME)
@settings(max_examples=60, deadline=None)
def test_the_first_band_that_holds_wins(
    memory: Connection, low: float, high: float, several: list[dict[str, Any]]
) -> None:
    rule = rule_of(f"a:\n  bands: {{of: size, x: '< {low}', y: '<= {high}', z: unknown}}")
    fill(memory, several)

    def band(size: float | None) -> str | None:
        if size is None:
            return "z"
        return "x" if size < low else "y" if size <= high else None

    assert results(memory, rule) == [band(account["size"]) for account in several]


@given(SOME)
@settings(max_examples=60, deadline=None)
def test_points_add_and_an_unknown_that_is_not_listed_makes_the_sum_unknown(
    memory: Connection, several: list[dict[str, Any]]
) -> None:
    rule = rule_of(
        "a:\n  points:\n    size: {'> 2': 5, '> 0': 2.5}\n"
        "    kind: {client: 1, unknown: -3}\n    vip: {yes: 10, no: 20, unknown: 0}"
    )
    fill(memory, several)

    def points(account: dict[str, Any]) -> float | None:
        size = account["size"]
        if size is None:
            return None
        kind = {"client": 1, "prospect": 0, None: -3}[account["kind"]]
        vip = {True: 10, False: 20, None: 0}[account["vip"]]
        return (5 if size > 2 else 2.5 if size > 0 else 0) + kind + vip

    assert results(memory, rule) == [points(account) for account in several]


@given(SOME, st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_first_row_whose_cells_all_hold_wins(
    memory: Connection,
    several: list[dict[str, Any]],
    has_else: bool,  # noqa: FBT001 - of Hypothesis
) -> None:
    rule = rule_of(
        "a:\n  table:\n    - {size: '> 1', kind: client | unknown, then: x}\n"
        "    - {potential: 50..99, then: y}\n    - {vip: no, size: known, then: z}\n"
        + ("    - {else: w}" if has_else else "")
    )
    fill(memory, several)

    def result(account: dict[str, Any]) -> str | None:
        size, potential = account["size"], account["potential"]
        if size is not None and size > 1 and account["kind"] in {"client", None}:
            return "x"
        if potential is not None and 50_00 <= potential <= 99_00:
            return "y"
        if account["vip"] is False and size is not None:
            return "z"
        return "w" if has_else else None

    assert results(memory, rule) == [result(account) for account in several]


@pytest.mark.parametrize(
    ("row", "french", "english"),
    [
        ("{potential: unknown, size: unknown, then: x}", "il manque potentiel et size",
         "missing potential and size"),
        ("{kind: client, size: '> 5', then: x}", "type client, size > 5", "kind client, size > 5"),
        ("{kind: client or prospect | unknown, then: x}", "type client ou prospect ou inconnu",
         "kind client or prospect or unknown"),
        ("{vip: yes, then: x}", "vip", "vip"),
        ("{vip: Non, then: x}", "sans vip", "no vip"),
        ("{vip: known, then: x}", "vip connu", "vip known"),
        ("{vip: no | unknown, then: x}", "sans vip", "no vip"),
        ("{else: x}", "les autres comptes", "all other accounts"),
        ("{vip: yes, then: x, why: [parce que, because]}", "parce que", "because"),
        ("{vip: yes, then: x, why: ok}", "ok", "ok"),
    ],
)  # fmt: skip
def test_a_row_says_why(row: str, french: str, english: str) -> None:
    fields = (
        "account:\n  potential: {type: money, hubspot: a, label: [potentiel, potential]}\n"
        "  size: {type: number, hubspot: b}\n  vip: {type: yes_no, hubspot: e}\n"
        "  kind: {type: choice, hubspot: c, label: [type, kind], "
        "values: {client: client, prospect: prospect}}\n"
    )
    segments = f"a:\n  table:\n    - {row}\n{TIER}"
    rulebook = compile_rulebook(small(fields=fields, segments=segments))
    rule = rulebook.segments.rule("a")
    assert rule is not None
    assert rule.rows[0].why == (french, english)
