"""A share of the random conditions: SQLite, PostgreSQL and plain Python understand them alike."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import Connection

from rules.conditions import compile_condition
from tests.fuzz import agreement
from tests.fuzz.agreement import NAMES, Written
from tests.fuzz.grammar import TODAY, accounts
from tests.fuzz.trees import Contains, Field, Moment

SHARE = 350


@pytest.fixture(scope="module")
def databases(postgres_url: str) -> Iterator[list[Connection]]:
    """Both, with the relation of the facts."""
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://", 1)
    with agreement.opened("sqlite://") as one, agreement.opened(url) as other:
        yield [one, other]


@pytest.mark.parametrize("seed", range(3))
def test_databases_understand_a_condition_as_python_does(
    databases: list[Connection], seed: int
) -> None:
    tally = agreement.Tally()
    assert list(agreement.disagreements(databases, seed, SHARE, tally)) == []
    assert tally.accepted > SHARE * 0.99
    # Had all come out alike, the comparison would show little.
    assert min(tally.true, tally.unknown) > tally.evaluated / 10


def test_a_wrong_meaning_would_be_seen(databases: list[Connection]) -> None:
    random = Random(1)  # noqa: S311 - to be repeated, not to be secret
    several = [each for each in agreement.conditions(random, 60) if isinstance(each, Written)]
    those = accounts(random, agreement.ACCOUNTS)
    right = [[each.node.truth(Moment(account, TODAY)) for account in those] for each in several]
    wrong = [[truth if truth is None else not truth for truth in own] for own in right]
    for connection in databases:
        agreement.fill(connection, those)
        assert list(agreement.compared(connection, several, right)) == []
        seen = list(agreement.compared(connection, several, wrong))
        assert len(seen) == sum(own != other for own, other in zip(right, wrong, strict=True)) > 30


CONTAINED = [
    # A text, words that it contains.
    ("École Élémentaire", "ecole"),
    ("ecole", "ÉCOLE"),
    ("L’Œuvre", "l'oeuvre"),
    ("Manoeuvre", "nœu"),
    ("cœur", "co"),
    ("cœur", "eur"),
    ("Bois\u00a0Franc", "s f"),
    ("Ça & là", "ca & la"),
    ("100% [coton]*?", "[coton]*?"),
    ("a^b-c]d\\e", "^b-c]d\\"),
    ("a-b", "A-B"),
    ("a\u2011b", "a-b"),
    ("Ñandú", "NANDU"),
    ("Zoë", "Zoe\u0308"),
    ("Ελληνική", "ΕΛΛΗΝΙΚΗ"),
    ("株式会社", "式会"),
    ("😀 fête", "😀 fete"),
]
NOT_CONTAINED = [
    ("ecole", "a*"),
    ("ecole", "?cole"),
    ("ecole", "[e]cole"),
    ("ecole", ".cole"),
    ("ecole", "^ecole"),
    ("abc", "a-c"),
    ("", "a"),
    ("Strasse", "straße"),
    ("100", "100%"),
]


@pytest.mark.parametrize(
    ("text", "words", "is_contained"),
    [(*each, True) for each in CONTAINED] + [(*each, False) for each in NOT_CONTAINED],
)
def test_contains_is_alike_on_both_databases(
    databases: list[Connection], text: str, words: str, *, is_contained: bool
) -> None:
    quoted = words.replace("'", "''")
    term = compile_condition(f"contains(name, '{quoted}')", NAMES)
    condition = Written(Contains(Field("name"), words), "", term)
    unknown = dict.fromkeys(NAMES)
    for connection in databases:
        agreement.fill(connection, [{**unknown, "name": text}, unknown])
        assert agreement.truths(connection, [condition], TODAY) == [[is_contained, None]]


@pytest.mark.parametrize(
    ("condition", "size", "expected"),
    [
        # Results that PostgreSQL would refuse to compute, were they not foreseen.
        ("size * size * size * size * size * size > 1", 1e15, True),
        ("size / size / size / size > 0", 5e-324, None),
        ("size * size * size > 0", 1e-300, False),
        ("size * 0,000000001 / 1000000000000 * size > 0", 1e-9, True),
        ("1 / (size - 1) > 0", 1.0000000000000002, True),
        ("1 / (size - 1) > 0", 1.0, None),
    ],
)
def test_extreme_numbers_are_computed_or_unknown(
    databases: list[Connection], condition: str, size: float, *, expected: bool | None
) -> None:
    term = compile_condition(condition, NAMES)
    for connection in databases:
        agreement.fill(connection, [{**dict.fromkeys(NAMES), "size": size}])
        found = agreement.truths(connection, [Written(Contains(Field("name"), ""), "", term)], 0)
        assert found == [[expected]]
