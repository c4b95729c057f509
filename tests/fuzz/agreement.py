"""Conditions by the hundred on a database, compared with what their trees mean."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from random import Random

from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import DBAPIError

from rules.conditions import compile_condition
from rules.syntax import ConditionError
from rules.terms import SQL_TYPES, Term
from tests.fuzz.grammar import TODAY, Grammar, accounts
from tests.fuzz.trees import Account, Moment, Node, Truth
from tests.fuzz.writing import Writer
from tests.playbooks import names

NAMES = names()
ACCOUNTS, TOGETHER = 30, 60
_DEPTHS = (0, 0, 1, 1, 1, 2, 2, 3)

metadata = MetaData()
relation = Table(
    "facts_of_fuzz", metadata, Column("account_id", Integer, primary_key=True),
    *[Column(name, SQL_TYPES[known.type]) for name, known in NAMES.items()],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A condition: its tree, its text, and what the compiler made of it."""

    node: Node
    text: str
    term: Term


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A condition that somebody understands in another way."""

    text: str
    where: str
    what: str


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A database with the empty relation, gone at the end."""
    # Every statement is another one: remembered, they would fill the memory.
    engine = create_engine(url, execution_options={"compiled_cache": None})
    with engine.connect() as connection:
        metadata.create_all(connection)
        connection.commit()
        yield connection
        connection.rollback()
        metadata.drop_all(connection)
        connection.commit()
    engine.dispose()


def fill(connection: Connection, several: Sequence[Account]) -> None:
    """Make these the accounts of the relation, numbered from 0."""
    connection.execute(relation.delete())
    connection.execute(
        insert(relation), [{"account_id": number, **each} for number, each in enumerate(several)]
    )
    connection.commit()


def conditions(random: Random, count: int) -> Iterator[Written | Disagreement]:
    """Random conditions, compiled; one that is refused is a disagreement already."""
    grammar, writer = Grammar(random), Writer(random)
    for _ in range(count):
        node = grammar.condition(random.choice(_DEPTHS))
        text = writer.write(node)
        try:
            yield Written(node, text, compile_condition(text, NAMES))
        except ConditionError as error:
            if "too long" not in error.text.en:
                yield Disagreement(text, "compiler", f"{error.offset}: {error.text.en}")


def truths(connection: Connection, several: Sequence[Written], today: int) -> list[list[Truth]]:
    """What a database makes of each condition, for each account."""
    columns = [each.term.sql.label(f"c{number}") for number, each in enumerate(several)]
    query = select(relation.c.account_id, *columns).order_by(relation.c.account_id)
    rows = connection.execute(query, {"today": today}).all()
    return [
        [None if row[position] is None else bool(row[position]) for row in rows]
        for position in range(1, len(several) + 1)
    ]


def compared(
    connection: Connection, several: Sequence[Written], expected: Sequence[Sequence[Truth]]
) -> Iterator[Disagreement]:
    """The conditions that a database understands otherwise, or does not understand."""
    where = connection.dialect.name
    try:
        found = truths(connection, several, TODAY)
    except DBAPIError as error:
        connection.rollback()
        if len(several) == 1:
            yield Disagreement(several[0].text, where, str(error.orig))
            return
        for each, own in zip(several, expected, strict=True):
            yield from compared(connection, [each], [own])
        return
    for each, own, theirs in zip(several, expected, found, strict=True):
        if list(own) != theirs:
            number = next(n for n, truth in enumerate(own) if truth != theirs[n])
            told = f"account {number}: {theirs[number]}, where Python says {own[number]}"
            yield Disagreement(each.text, where, told)


@dataclass(slots=True)
class Tally:
    """How many conditions were accepted and compared, and how they came out in Python."""

    accepted: int = 0
    evaluated: int = 0
    true: int = 0
    unknown: int = 0


def disagreements(
    connections: Sequence[Connection], seed: int, count: int, tally: Tally
) -> Iterator[Disagreement]:
    """Compare so many random conditions on random accounts, the same on each database."""
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    made = conditions(random, count)
    while batch := list(islice(made, TOGETHER)):
        yield from (each for each in batch if isinstance(each, Disagreement))
        several = [each for each in batch if isinstance(each, Written)]
        those = accounts(random, ACCOUNTS)
        moments = [Moment(account, TODAY) for account in those]
        expected = [[each.node.truth(moment) for moment in moments] for each in several]
        tally.accepted += len(several)
        tally.evaluated += len(several) * ACCOUNTS
        tally.true += sum(truth is True for own in expected for truth in own)
        tally.unknown += sum(truth is None for own in expected for truth in own)
        for connection in connections:
            fill(connection, those)
            yield from compared(connection, several, expected)
