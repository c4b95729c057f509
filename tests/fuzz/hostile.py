"""Hostile strings: whatever is typed as a condition is compiled as one, or refused in a sentence.

What is accepted becomes a SELECT whose text is made of a short list of words, of the names of the
facts, and of places for bound parameters: nothing of what was typed.
"""

import logging
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import Connection, Dialect, make_url, select

from rules.conditions import compile_condition
from rules.language import Text
from rules.syntax import ConditionError
from rules.terms import Term
from tests.fuzz.agreement import NAMES, relation
from tests.fuzz.grammar import TODAY, Grammar
from tests.fuzz.writing import Writer

SECONDS = 1.0
DIALECTS: Sequence[Dialect] = tuple(
    make_url(url).get_dialect()() for url in ("sqlite://", "postgresql+psycopg://")
)

# The whole vocabulary of a compiled condition, in both databases.
_WORDS = {
    "AND", "OR", "NOT", "IS", "NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS", "FLOAT",
    "INTEGER", "BIGINT", "BOOLEAN", "VARCHAR", "GLOB", "nullif", "true", "false", "SELECT", "FROM",
    "TEXT", "DOUBLE", "PRECISION",
}  # fmt: skip
_NAMES = {*NAMES, relation.name, "truth"}
_ALLOWED = re.compile(
    r"\s+|[(),.]|<=|>=|!=|[=<>+~]|-(?!-)|\*(?!/)|/(?!\*)|\?|%\(\w+\)s|::|(?P<word>[^\W\d]\w*)|(?P<number>[01])(?!\w)"
)
_PARAMETER = re.compile(r"%\((\w+)\)s")

ATTACKS = (Path(__file__).parent / "attacks.txt").read_text("utf-8").splitlines()
_PIECES = (
    *NAMES, "(", ")", ",", "'", '"', "--", "/*", "*/", ";", "=", "<>", "<", ">=", "!=", "and",
    "or", "not", "in", "between", "is", "null", "true", "false", "select", "from", "union",
    "case", "when", "::", ":", "?", "@", "$", "$$", "%", "{{", "}}", "[", "]", "\\", "||", "0",
    "1", "1e9", "1e400", "0x1f", "500k", "500 000", "25 %", "1,2M", "'a'", "'2026-01-01'",
    "days_since(", "contains(", "client", " ", "\n", "\t", "\u00a0", "\u202f", "é", "’", "«",
    "\u202e", "\ufeff", "😀", "²", "Ⅷ", "٣", "+", "-", "*", "/", "**", ".", "..", "as", "like",
    "exists", "any", "all", "date", "#",
)  # fmt: skip


def strings(random: Random, count: int) -> Iterator[str]:
    """Accepted conditions spoilt, attacks, words in any order, any characters, deep nests."""
    grammar, writer = Grammar(random), Writer(random)
    pool = [writer.write(grammar.condition(random.choice((0, 1, 2)))) for _ in range(300)]
    makers = (
        lambda: _spoilt(random, random.choice(pool)),
        lambda: _spoilt(random, random.choice(pool)),
        lambda: _spoilt(random, random.choice(ATTACKS)),
        lambda: _joined(random, random.choice(pool), random.choice(ATTACKS)),
        lambda: random.choice(("", " ")).join(random.choices(_PIECES, k=random.randint(1, 14))),
        lambda: "".join(chr(_code(random)) for _ in range(random.randint(1, 30))),
    )
    yield from ATTACKS
    yield from nested()
    for _ in range(count):
        yield random.choice(makers)()


def _spoilt(random: Random, text: str) -> str:
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        at = random.randrange(len(text) + 1)
        to = min(len(text), at + random.randint(1, 6))
        match random.randrange(5):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:at] + random.choice(_PIECES) + text[at:]
            case 2:
                text = text[:at] + random.choice(_PIECES) + text[to:]
            case 3:
                text = text[:to] + text[at:]
            case _:
                text = text[:at] + chr(_code(random)) + text[to:]
    return text


def _joined(random: Random, condition: str, attack: str) -> str:
    match random.randrange(4):
        case 0:
            return f"{condition} {attack}"
        case 1:
            return f"{condition} or {attack}"
        case 2:
            at = random.randrange(len(condition) + 1)
            return condition[:at] + attack + condition[at:]
        case _:
            return condition.replace("'", attack, 1)


def _code(random: Random) -> int:
    """Any character, half of them ASCII; those that no text holds among them."""
    return random.choice(
        (random.randrange(128), random.randrange(128), random.randrange(0x3000),
         random.randrange(0x110000))
    )  # fmt: skip


def nested() -> Iterator[str]:
    for depth in (10, 39, 40, 41, 100, 400, 1_000, 1_900):
        yield "(" * depth + "vip" + ")" * depth
        yield "not " * depth + "vip"
        yield "-" * depth + "size > 1"
        yield "- " * depth + "size > 1"
        yield "size" + " * (size" * depth + ")" * depth + " > 1"
        yield "vip = (" * depth + "vip" + ")" * depth
        yield "size" + " / size" * depth + " > 1"
        yield "days_since(" * depth + "renewal" + ")" * depth + " > 1"
        yield "'" * depth
        yield "(" * depth
        yield " or ".join(["vip"] * depth)
        yield "size in (" + ", ".join(["1"] * depth) + ")"
    yield "x" * 100_000
    yield "1" * 3_999
    yield "size > 0." + "0" * 3_000 + "1"
    yield "size > 1" + " 000" * 900
    yield "contains(name, '" + "oe" * 40 + "')"
    yield " or ".join(["contains(name, 'oeaeoe')"] * 60)


@dataclass(slots=True)
class Toll:
    """How many strings were tried and accepted, and the longest that one took, in seconds."""

    tried: int = 0
    accepted: int = 0
    slowest: float = 0.0


class _Loud(logging.Handler):
    """The parser has nothing to say on a terminal: what it says is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def listening() -> Iterator[list[str]]:
    """What the parser logs meanwhile."""
    handler, logger = _Loud(), logging.getLogger("sqlglot")
    logger.addHandler(handler)
    try:
        yield handler.said
    finally:
        logger.removeHandler(handler)


def faults(text: str, memory: Connection, toll: Toll) -> Iterator[str]:
    """What is wrong with how a string was received; nothing, it is hoped."""
    toll.tried += 1
    started = time.thread_time()
    try:
        term = compile_condition(text, NAMES)
    except ConditionError as error:
        yield from _unsaid(text, error.offset, error.text)
    except Exception as error:  # noqa: BLE001 - any other error is what is looked for
        yield f"{type(error).__name__}: {error}"
    else:
        toll.accepted += 1
        for dialect in DIALECTS:
            yield from unbound(term, dialect)
        yield from unrun(term, memory)
    took = time.thread_time() - started
    toll.slowest = max(toll.slowest, took)
    if took > SECONDS:
        yield f"took {took:.1f} s"


def _unsaid(text: str, offset: int, sentence: Text) -> Iterator[str]:
    if not (sentence.fr.strip() and sentence.en.strip()):
        yield "refused without a sentence"
    if not 0 <= offset <= max(0, len(text)):
        yield f"refused at {offset}, outside of the text"


def unbound(term: Term, dialect: Dialect) -> Iterator[str]:
    """Whatever in the compiled text is not of its vocabulary."""
    query = select(term.sql.label("truth")).select_from(relation)
    sql = str(query.compile(dialect=dialect))
    at = 0
    while at < len(sql):
        found = _ALLOWED.match(sql, at)
        if found is None or (found["word"] and found["word"] not in _WORDS | _NAMES):
            yield f"{dialect.name}: {sql[at : at + 60]!r} in the compiled text"
            return
        at = found.end()


@contextmanager
def guarded(memory: Connection) -> Iterator[None]:
    """Let a connection read the relation of facts, and nothing else at all."""
    driver = memory.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    allowed = {
        sqlite3.SQLITE_SELECT: lambda *_: True,
        sqlite3.SQLITE_READ: lambda table, *_: table in {relation.name, ""},
        sqlite3.SQLITE_FUNCTION: lambda _, name, *__: name in {"nullif", "glob"},
    }

    def authorize(action: int, *about: str | None) -> int:
        allow = allowed.get(action)
        return sqlite3.SQLITE_OK if allow and allow(*about) else sqlite3.SQLITE_DENY

    driver.set_authorizer(authorize)
    try:
        yield
    finally:
        driver.set_authorizer(None)


def unrun(term: Term, memory: Connection) -> Iterator[str]:
    """A database that only reads one table runs what was accepted."""
    query = select(term.sql.label("truth")).select_from(relation)
    try:
        memory.execute(query, {"today": TODAY}).all()
    except Exception as error:  # noqa: BLE001 - any error is what is looked for
        yield f"sqlite: {type(error).__name__}: {error}"
