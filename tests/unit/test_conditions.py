"""Conditions: what is refused and where, and that SQL means what plain Python means.

`expressions` makes random conditions as a text and as a function of an account; the function
follows the three-valued logic of SQL by definition, knowing nothing of the compiler.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    create_engine,
    insert,
    make_url,
    select,
)

from rules.conditions import compile_condition, name_fault
from rules.syntax import ConditionError
from rules.terms import SQL_TYPES, Term
from rules.time import date_of
from tests.playbooks import BOUND, names

NAMES = names()
TODAY = 20_000


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, NAMES)
    assert caught.value.text.fr
    return caught.value.offset, caught.value.text.en


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        # What sqlglot takes for an alias.
        ("potential > 10kg", 12, "can't be read"),
        ("potential > 10_000", 12, "can't be read"),
        ("potential > 10 00", 12, "can't be read"),
        ("potential > 1000 000", 12, "can't be read"),
        ("size > 0x1F", 7, "can't be read"),
        ("size > 0e", 7, "can't be read"),
        ("size > 90 d", 10, "breaks here"),
        # Spellings of numbers that are not clear.
        ("potential > 1,200,000", 12, "the comma is for decimals"),
        ("size in (1,5)", 9, "a space after the comma"),
        ("size > 1.2.3", 7, "is not a number"),
        ("potential > 2 000 000M", 12, "too large"),
        ("potential > 25 %", 12, "'25 %' can't be compared with an amount"),
        ("name = 25 %", 7, "'25 %' can't be compared with a text"),
        ("size > 5 % 2", 7, "can't be read"),
        ("days_since(renewal) > 2,5", 22, "whole number of days"),
        ("size > 1e-10", 7, "too small"),
        # contains.
        ("contains(name)", 13, "breaks here"),
        ("contains(size, 'a')", 0, "contains(text field, 'word')"),
        ("contains(kind, 'cli')", 0, "contains(text field, 'word')"),
        ("contains(name, sector)", 0, "contains(text field, 'word')"),
        ("contains(name, 5)", 0, "contains(text field, 'word')"),
        ("contains('a', 'a')", 0, "contains(text field, 'word')"),
        ("contains(name, ' ')", 15, "1 to 100 characters"),
        ("contains(name, '" + "a" * 101 + "')", 15, "1 to 100 characters"),
        ("contains(name, 'a', 'b')", 0, "not allowed"),
        # Days.
        ("renewal + created > 5", 0, "a date + a date has no meaning"),
        ("renewal * 2 > 5", 0, "a date * a number has no meaning"),
        ("renewal + 1.5 > created", 10, "whole number of days"),
        ("renewal + size > created", 0, "a date + a number has no meaning"),
        ("5 - renewal > 5", 0, "'5' can't be compared with a date"),
        ("renewal - 'x' > 5", 10, "is not a date"),
        # What could be too much for a database.
        ("size" + " * size" * 30 + " > 0", 0, "too many multiplications"),
        ("size" + " / size" * 30 + " > 0", 0, "too many multiplications"),
        ("potential > 1 size", 14, "breaks here"),
        ("size = 1 and size = 2 c", 22, "breaks here"),
        ("vip vip", 0, "not allowed"),
        # What it accepts though SQL does not, or ops would not understand.
        ("size == 1", 5, "single ="),
        ("size := 3", 5, "':='"),
        ("size = ?", 7, "'?'"),
        ("size = :x", 7, "':'"),
        ("@@version = 1", 0, "'@'"),
        ("{{size}} = 1", 0, "'{'"),
        ("size > 1 -- always", 9, "'--'"),
        ("size > 5--3", 8, "'--'"),
        ("/* why */ size > 1", 0, "'/*'"),
        ("size > 1 /* why", 9, "'/*'"),
        ("size > 1; drop table account", 8, "';'"),
        ("size in (select 1)", 9, "'select'"),
        ("size > (select)", 8, "'select'"),
        ("exists(size)", 0, "'exists'"),
        ("case when vip then vip end", 0, "'case'"),
        ("if(vip, 1, 2) = 1", 0, "'if'"),
        ("if > 1", 0, "'if'"),
        ("cast(size as int) > 1", 0, "unknown function 'cast'"),
        ("size::int > 1", 4, "'::'"),
        ("size between symmetric 5 and 3", 0, "not allowed"),
        ("size is not distinct from 3", 12, "'distinct'"),
        ("name like 'a%'", 5, "'like' is not allowed in a condition (write contains"),
        ("size % 2 = 1", 5, "'%'"),
        ("account.size > 1", 7, "'.'"),
        ("name = $$abc$$", 7, "unknown field"),
        ("count(*) > 1", 0, "unknown function"),
        ("json_extract(name, '?') = 1", 0, "unknown function"),
        ("\"json_extract\"(name, '?') = 1", 0, "unknown function"),
        ("coalesce(size, 1) > 1", 0, "unknown function"),
        ("pg_sleep(1) = 1", 0, "unknown function 'pg_sleep'"),
        ("days_since(renewal, 1) > 1", 0, "unknown function"),
        ("days_since(size) > 1", 0, "needs a date"),
        # What a parser says badly.
        ("", 0, "write one condition"),
        ("  ", 0, "write one condition"),
        ("size = 1 and", 11, "breaks here"),
        ("(size = 1", 8, "breaks here"),
        ("size > 1)", 8, "breaks here"),
        ("size, vip", 4, "breaks here"),
        ("(" * 400 + "vip" + ")" * 400, 0, "nested"),
        ("not " * 200 + "vip", 0, "nested"),
        ("name = 'abc", 7, "never closed"),
        ("name = 'it\"s", 7, "never closed"),
        ("name = 'l'eau'", 13, "never closed"),
        ("name = 'a' or sector = \"b", 23, "never closed"),
        ("vip or " * 600 + "vip", 0, "too long"),
        ("size in (" + ", ".join("1" * 500) + ")", 0, "too long"),
        # Names.
        ("potental > 1", 0, "did you mean 'potential'?"),
        ("size > 1 and\n  potental > 1", 15, "unknown field 'potental'"),
        ('kind = "client"', 7, "for text write 'client'"),
        ("kind = ‘client’", 7, "text is written between '…'"),
        ("vip = yes", 6, "write true"),
        ("vip = non", 6, "write false"),
        ("POTENTIAL > 1", 0, "unknown field 'POTENTIAL'"),
        # NULL.
        ("size = null", 7, "write IS NULL"),
        ("size <> NULL", 8, "write IS NULL"),
        ("size in (1, null)", 12, "write IS NULL"),
        ("null", 0, "write IS NULL"),
        # Types.
        ("size = 'a'", 7, "'a' can't be compared with a number"),
        ("name = 3", 7, "'3' can't be compared with a text"),
        ("name = true", 7, "'true' can't be compared with a text"),
        ("potential = true", 12, "'true' can't be compared with an amount"),
        ("name > 'a'", 0, "only compared by"),
        ("vip > false", 0, "only compared by"),
        ("kind = 'cliant'", 7, "did you mean 'client'?"),
        ("kind in ('client', 'x')", 19, "(values: client, prospect)"),
        ("kind in client", 0, "not allowed"),
        ("kind in ()", 0, "list of constants"),
        ("size in (size)", 0, "list of constants"),
        ("renewal > '2026-13-01'", 10, "is not a date"),
        ("renewal > '2026-W26-1'", 10, "is not a date"),
        ("renewal > 2026-01-01", 0, "in quotes"),
        ("renewal > size", 0, "can't be compared"),
        ("renewal between 1 and 2", 16, "can't be compared with a date"),
        ("size", 0, "a condition (true or false)"),
        ("size and vip", 0, "a condition (true or false)"),
        ("'a'", 0, "a condition (true or false)"),
        ("1 = 1", 0, "two constants"),
        ("days_since(renewal)", 0, "a condition (true or false)"),
        ("days_since(renewal) > 1.5", 22, "whole number of days"),
        ("days_since(renewal) > 99999", 22, "at most 36500"),
        ("days_since(renewal) > '3'", 22, "whole number of days"),
        ("days_since(renewal) > size", 0, "whole number of days"),
        ("days_since(renewal) > days_since(created)", 0, "whole number of days"),
        ("days_since(renewal) is null", 0, "a field is needed"),
        ("days_since(renewal) in (1, 2)", 0, "a field is needed"),
        ("name + size > 1", 0, "only numbers, amounts and dates"),
        ("days_since(renewal) + 1 > 1", 0, "only numbers, amounts and dates"),
        ("potential + size > 1", 0, "has no meaning"),
        ("potential * potential > 1", 0, "has no meaning"),
        ("size / potential > 1", 0, "has no meaning"),
        ("size is 3", 0, "IS NULL"),
        ("size is true", 0, "IS NULL"),
        # Numbers that Python reads in ways of its own.
        ("size > 1e400", 7, "too large"),
        ("potential > 1e13", 12, "too large"),
        ("size > " + "9" * 5_000, 0, "too long"),
        ("size > " + "9" * 500, 7, "too large"),
        ("size > ²", 7, "unknown field"),
        ("size > .5", 7, "'.'"),
    ],
)
def test_a_refused_condition_tells_where_and_why(text: str, offset: int, words: str) -> None:
    found, sentence = refusal(text)
    assert words in sentence
    assert found == offset


@pytest.mark.parametrize(
    "text",
    [
        "true", "not false", "vip", "vip is true", "vip is not false", "vip = 'yes'",
        "vip = true and vip <> false", "(potential) > (5)", "size = - -5", "size - - -5 > 3",
        "- - size > 3", "-size < -potential / potential", "100 < size", "name = 'l''eau'",
        "name = ''", "size > +5", "size > 5.", "size > 1e3", "kind not in ('client')",
        "size not between -1 and 1", "days_since(renewal) > -5",
        "DAYS_SINCE(renewal) between 1 and 9",
        "5 >= days_since(renewal)", "renewal > created", "kind = sector", "vip = (size > 3)",
        "size\n  >\n  3", " or ".join(["size=1"] * 90), "size" + " + 1" * 30 + " > 0",
        "size in (1, -2, 3.5)", "potential in (100, 200)", "renewal in ('2026-01-01')",
        "potential * 0.5 + 100 > open_amount - potential / 3",
        "potential > 500k", "potential > 500 000", "potential > 500\u00a0000,50\u00a0$",
        "potential between 1,2M and 2 M", "potential * 25 % > 1k", "potential in (500k, 1 000 000)",
        "size in (1.5, 2.5)", "name = '500k' or size > -500k", "size * 12,5 % > 5",
        "contains(name, 'l''École') or CONTAINS(sector, '[*?^-]')", "renewal + 30 > created",
        "renewal - '2026-01-01' < 30 and 30 + renewal > created", "renewal - created > 10 / 2",
        "days_since(renewal - 30) > 5", "days_since(renewal) > 1 000",
    ],
)  # fmt: skip
@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://"])
def test_an_accepted_condition_compiles(text: str, url: str) -> None:
    dialect = make_url(url).get_dialect()()
    sql = compile_condition(text, NAMES).sql.compile(dialect=dialect)
    # Every constant is a bound parameter: no quote of a rule file reaches a database.
    assert "'" not in str(sql)


@given(st.text(alphabet="()<>=!'\"-+*/,;:@?{}[]#$%&|~^`\\. \n0129ekxé²", max_size=25))
def test_any_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, NAMES)
    assert 0 <= caught.value.offset <= len(text)


WORDS = [
    "potential", "size", "kind", "name", "vip", "renewal", "days_since(", "(", ")", ",", "=", "<>",
    ">", "<=", "and", "or", "not", "in", "between", "is", "null", "true", "'client'",
    "'2026-01-01'", "'", "5", "1.5", "-", "+", "*", "/", "case", "select", "::", "--", "1e99",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12))
@settings(max_examples=300)
def test_any_sequence_of_words_is_compiled_or_refused_in_words(words: list[str]) -> None:
    text = " ".join(words)
    try:
        assert str(compile_condition(text, NAMES).sql)
    except ConditionError as error:
        offset = error.offset
    else:
        offset = 0
    assert 0 <= offset <= max(0, len(text) - 1)


def test_uses_are_the_names_in_order_of_appearance() -> None:
    term = compile_condition("vip or size > 3 and days_since(renewal) < 3 or vip", NAMES)
    assert list(term.uses) == ["vip", "size", "renewal"]


@pytest.mark.parametrize(
    "name", ["size_of", "rang", "é", "segment", "order", "type", "tier", "priority", "a1"]
)
def test_usable_names(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    ["date", "left", "end", "if", "case", "values", "true", "null", "interval", "any", "select",
     "then", "else", "why", "of", "unknown", "account_id", "recheck_on", "tier_row", "a b", "A",
     "1a", "", "a-b", "a.b", "x" * 49, "é" * 25, "next_logged_contact", "a'b", 'a"b', "a%b"],
)  # fmt: skip
def test_names_that_would_break_a_rule_later_are_refused_at_once(name: str) -> None:
    fault = name_fault(name)
    assert fault is not None
    assert fault.fr


# Plain-Python meaning.

Account = Mapping[str, Any]
Truth = bool | None


@dataclass(frozen=True)
class Expression:
    """A condition as its text, and as what it means for an account on a day."""

    text: str
    holds: Callable[[Account, int], Truth]


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": eq, "<>": ne, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip


def _compare(left: Any, operator: str, right: Any) -> Truth:
    return None if left is None or right is None else COMPARISONS[operator](left, right)


def both(parts: Sequence[Truth]) -> Truth:
    """AND of three-valued truths."""
    if False in parts:
        return False
    return None if None in parts else True


def either(parts: Sequence[Truth]) -> Truth:
    """OR of three-valued truths."""
    if True in parts:
        return True
    return None if None in parts else False


def opposite(part: Truth) -> Truth:
    """NOT of a three-valued truth."""
    return None if part is None else not part


ORDERED = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
SIZES = st.sampled_from([-2.0, 0.0, 1.0, 2.5, 3.0])
DOLLARS = st.sampled_from([0, 1, 50, 99, 100, 500])
DAYS = st.integers(TODAY - 5, TODAY + 5)
AGES = st.integers(-3, 4)
KINDS = st.sampled_from(["client", "prospect"])
SECTORS = st.sampled_from(["", "mines", "l'eau", "Bois"])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(value: float) -> str:
    return f"{value:g}"


def _sized(operator: str, size: float) -> Expression:
    return Expression(
        f"size {operator} {_number(size)}", lambda a, _: _compare(a["size"], operator, size)
    )


def _worth(operator: str, dollars: int) -> Expression:
    return Expression(
        f"{dollars} {operator} potential",
        lambda a, _: _compare(dollars * 100, operator, a["potential"]),
    )


def _of_kind(operator: str, kind: str) -> Expression:
    return Expression(
        f"kind {operator} {_quoted(kind)}", lambda a, _: _compare(a["kind"], operator, kind)
    )


def _among(sectors: list[str]) -> Expression:
    listed = ", ".join(map(_quoted, sectors))
    return Expression(
        f"sector in ({listed})",
        lambda a, _: None if a["sector"] is None else a["sector"] in sectors,
    )


def _renewed(operator: str, day: int) -> Expression:
    return Expression(
        f"renewal {operator} '{date_of(day).isoformat()}'",
        lambda a, _: _compare(a["renewal"], operator, day),
    )


def _aged(operator: str, age: int) -> Expression:
    return Expression(
        f"days_since(renewal) {operator} {age}",
        lambda a, today: _compare(
            None if a["renewal"] is None else today - a["renewal"], operator, age
        ),
    )


def _within(low: float, high: float) -> Expression:
    return Expression(
        f"size between {_number(low)} and {_number(high)}",
        lambda a, _: both([_compare(a["size"], ">=", low), _compare(a["size"], "<=", high)]),
    )


def _unknown(name: str) -> Expression:
    return Expression(f"{name} is null", lambda a, _: a[name] is None)


def _known(name: str) -> Expression:
    return Expression(f"{name} is not null", lambda a, _: a[name] is not None)


def _marked(word: str) -> Expression:
    return Expression(f"vip is {word}", lambda a, _: a["vip"] is (word == "true"))


def _calculated(operator: str, dollars: int) -> Expression:
    def holds(account: Account, _: int) -> Truth:
        potential, size = account["potential"], account["size"]
        if potential is None or not size:
            return None
        return _compare(potential / size - 100_00, operator, -(potential * 2) + dollars * 100)

    return Expression(f"potential / size - 100 {operator} -(potential * 2) + {dollars}", holds)


NAMED = st.sampled_from(list(BOUND))
LEAVES = st.one_of(
    st.builds(_sized, ORDERED, SIZES),
    st.builds(_worth, ORDERED, DOLLARS),
    st.builds(_of_kind, st.sampled_from(["=", "<>"]), KINDS),
    st.builds(_among, st.lists(SECTORS, min_size=1, max_size=3)),
    st.builds(_renewed, ORDERED, DAYS),
    st.builds(_aged, ORDERED, AGES),
    st.builds(_within, SIZES, SIZES),
    st.builds(_unknown, NAMED),
    st.builds(_known, NAMED),
    st.builds(_marked, st.sampled_from(["true", "false"])),
    st.builds(_calculated, ORDERED, DOLLARS),
    st.just(Expression("vip", lambda a, _: a["vip"])),
)


def _combined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def joined(several: list[Expression], word: str) -> Expression:
        join = both if word == "and" else either
        return Expression(
            f" {word} ".join(f"({part.text})" for part in several),
            lambda a, today: join([part.holds(a, today) for part in several]),
        )

    def denied(part: Expression) -> Expression:
        return Expression(f"not ({part.text})", lambda a, today: opposite(part.holds(a, today)))

    several = st.lists(parts, min_size=2, max_size=3)
    return st.builds(joined, several, st.sampled_from(["and", "or"])) | st.builds(denied, parts)


expressions = st.recursive(LEAVES, _combined, max_leaves=6)


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


accounts = st.fixed_dictionaries(
    {
        "potential": _maybe(DOLLARS.map(lambda dollars: dollars * 100)),
        "size": _maybe(SIZES),
        "kind": _maybe(KINDS),
        "sector": _maybe(SECTORS),
        "vip": _maybe(st.booleans()),
        "renewal": _maybe(DAYS),
    }
)

metadata = MetaData()
# `size` and the others as columns of the types that rules compile to.
relation = Table(
    "facts_of_tests", metadata, Column("account_id", Integer, primary_key=True),
    *[Column(name, SQL_TYPES[kind]) for name, (kind, _) in BOUND.items()],
)  # fmt: skip


def fill(connection: Connection, given_accounts: Sequence[Account]) -> None:
    """Make these the accounts of the relation, numbered from 0."""
    connection.execute(relation.delete())
    connection.execute(
        insert(relation),
        [{"account_id": number, **account} for number, account in enumerate(given_accounts)],
    )


def truths(connection: Connection, term: Term, today: int = TODAY) -> list[Truth]:
    """What a database makes of a term, for each account of the relation."""
    query = select(relation.c.account_id, term.sql.label("truth")).order_by(relation.c.account_id)
    rows = connection.execute(query, {"today": today}).all()
    return [None if row.truth is None else bool(row.truth) for row in rows]


@pytest.fixture(scope="module")
def memory() -> Any:
    """A database of this process, with the relation."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def check(connection: Connection, expression: Expression, several: Sequence[Account]) -> None:
    """The database agrees with plain Python, on the day and on the days around each flip."""
    term = compile_condition(expression.text, NAMES)
    fill(connection, several)
    for today in (TODAY, TODAY + 2):
        expected = [expression.holds(account, today) for account in several]
        assert truths(connection, term, today) == expected


@given(expressions, st.lists(accounts, min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_sql_means_what_python_means(
    memory: Connection, expression: Expression, several: list[Account]
) -> None:
    check(memory, expression, several)


@given(expressions, accounts)
@settings(max_examples=150, deadline=None)
def test_a_truth_only_changes_on_a_day_that_is_told(
    memory: Connection, expression: Expression, account: Account
) -> None:
    term = compile_condition(expression.text, NAMES)
    fill(memory, [account])
    query = select(*(flip.label(f"flip_{n}") for n, flip in enumerate(term.flips)))
    rows = memory.execute(query.select_from(relation), {"today": TODAY}).all() if term.flips else []
    told = {day for row in rows for day in row}
    for today in range(TODAY - 12, TODAY + 12):
        if expression.holds(account, today) != expression.holds(account, today - 1):
            assert today in told
