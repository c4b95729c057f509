"""A share of the hostile strings: compiled with bound parameters only, or refused in words."""

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest
from sqlalchemy import Connection, literal_column

from rules.records import FieldType
from rules.terms import Term
from tests.fuzz import agreement, hostile

SHARE, PARTS = 1_000, 3


@pytest.fixture(scope="module")
def memory() -> Iterator[Connection]:
    """A database that lets nothing be done but read the relation of the facts."""
    with agreement.opened("sqlite://") as connection, hostile.guarded(connection):
        yield connection


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_but_the_compiled_select_ever_runs(memory: Connection, part: int) -> None:
    toll = hostile.Toll()
    random = Random(part)  # noqa: S311 - to be repeated, not to be secret
    known = len(hostile.ATTACKS) + sum(1 for _ in hostile.nested())
    with hostile.listening() as said:
        strings = hostile.strings(random, SHARE)
        # The known attacks and the nests once, then random ones.
        those = strings if part == 0 else islice(strings, known, None)
        faults = [(text, list(hostile.faults(text, memory, toll))) for text in those]
    assert [(text, found) for text, found in faults if found] == []
    assert said == []
    assert toll.tried >= SHARE
    assert toll.accepted > SHARE / 100


@pytest.mark.parametrize(
    "sql",
    [
        "size > 5", "name = 'a'", "load_extension(name)", "size in (select 1 from tag)",
        "size > 1; drop table tag", "vip --", "vip /* */", "other = size", "size > 10",
        "name || size",
    ],
)  # fmt: skip
def test_text_that_is_not_bound_would_be_seen(sql: str) -> None:
    term = Term(type=FieldType.YES_NO, sql=literal_column(sql))
    assert [len(list(hostile.unbound(term, each))) for each in hostile.DIALECTS] == [1, 1]


@pytest.mark.parametrize("sql", ["randomblob(9) is null", "(select 1 from sqlite_master)"])
def test_another_statement_would_not_run(memory: Connection, sql: str) -> None:
    term = Term(type=FieldType.YES_NO, sql=literal_column(sql))
    assert list(hostile.unrun(term, memory)) != []
