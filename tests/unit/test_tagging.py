"""The tags as one SELECT: its columns, its reasons, and that chains of rules stay cheap."""

import re
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    insert,
    make_url,
)

from rules.language import Language
from rules.owned import WHY_LENGTH
from rules.rulebook import Rulebook, compile_rulebook
from rules.tagging import TAG_COLUMNS
from rules.why import why_of
from tests.playbooks import TIER, shipped, small, with_rules

metadata = MetaData()
facts = Table(
    "facts", metadata, Column("account_id", Integer, primary_key=True),
    Column("potential", BigInteger), Column("size", Float), Column("kind", Text),
    Column("sector", Text), Column("vip", Boolean), Column("renewal", Integer),
    Column("created", Integer), Column("last_logged_contact", Integer),
    Column("next_logged_contact", Integer),
)  # fmt: skip

TODAY = 20_000


@pytest.fixture
def memory() -> Any:
    """A database of this process with an empty relation of facts."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def tag(connection: Connection, rulebook: Rulebook, **values: Any) -> Any:
    """The tags of one account with these facts."""
    connection.execute(facts.delete())
    connection.execute(insert(facts), [{"account_id": 1, **values}])
    return connection.execute(rulebook.tagging.select(facts), {"today": TODAY}).one()


def test_the_columns_are_those_of_the_tag_table(memory: Connection) -> None:
    row = tag(memory, with_rules(""), potential=600_000_00)
    assert tuple(row._fields) == TAG_COLUMNS
    assert (row.is_in_scope, row.tier, row.tier_row, row.priority, row.segment) == (
        True, "gold", 1, None, None,
    )  # fmt: skip
    assert row.recheck_on is None


def test_outside_the_scope_there_is_no_tag(memory: Connection) -> None:
    rulebook = compile_rulebook(
        small(segments=f"scope: {{when: vip}}\n{TIER}  contact_every: {{gold: 1 d, silver: 1 d}}\n")
    )
    for vip in (False, None):
        row = tag(memory, rulebook, potential=1, vip=vip, created=TODAY)
        assert row.is_in_scope is False
        assert (row.tier, row.tier_row, row.why, row.next_contact_on) == (None, None, None, None)
        assert row.contact_status is None
    assert tag(memory, rulebook, potential=1, vip=True, created=TODAY).tier == "silver"


@pytest.mark.parametrize(
    ("last", "created", "expected"),
    [
        (TODAY - 5, TODAY - 90, (TODAY + 9, "up_to_date", TODAY + 10)),
        (TODAY - 14, None, (TODAY, "up_to_date", TODAY + 1)),
        (TODAY - 15, None, (TODAY - 1, "late", None)),
        (None, TODAY - 5, (TODAY + 9, "never", TODAY + 10)),
        (None, TODAY - 50, (TODAY - 36, "never", None)),
        (None, None, (None, None, None)),
    ],
)
def test_the_next_contact_follows_the_cadence(
    memory: Connection, last: int, created: int, expected: tuple[int, str, int]
) -> None:
    rulebook = compile_rulebook(small(segments=f"{TIER}  contact_every: {{silver: 14 d}}\n"))
    row = tag(memory, rulebook, potential=1, last_logged_contact=last, created=created)
    assert (row.next_contact_on, row.contact_status, row.recheck_on) == expected
    assert tag(memory, rulebook, potential=600_000_00, created=created).contact_status is None


def test_a_planned_contact_is_a_day_to_look_again(memory: Connection) -> None:
    rulebook = compile_rulebook(small(segments=f"{TIER}  contact_every: {{silver: 90 d}}\n"))
    row = tag(memory, rulebook, potential=1, created=TODAY, next_logged_contact=TODAY + 3)
    assert row.recheck_on == TODAY + 3


def test_the_first_flip_of_many_is_the_day_to_look_again(memory: Connection) -> None:
    first, second = (
        " or ".join(f"days_since(renewal) = {age}" for age in range(start, start + 60))
        for start in (300, 360)
    )
    rulebook = with_rules(
        f"a: {{when: {first}}}\nb: {{when: {second}}}\nc: {{when: days_since(renewal) > 3 or vip}}"
    )
    assert tag(memory, rulebook, renewal=TODAY - 2).recheck_on == TODAY + 2
    assert tag(memory, rulebook, renewal=TODAY - 350).recheck_on == TODAY + 1
    assert tag(memory, rulebook, renewal=TODAY - 900).recheck_on is None


def test_templates_put_labels_in(memory: Connection) -> None:
    rulebook = with_rules(
        "level: {values: {low: [faible, low]}, bands: {of: size, low: '< 5'}}\n"
        "segment: {table: [{else: '{level} · {sector} · {kind} '}]}"
    )
    row = tag(memory, rulebook, size=1, sector="L'eau {x}", kind="client")
    assert row.segment == "faible · L'eau {x} · c"
    assert tag(memory, rulebook).segment == "à préciser · à préciser · à préciser"


def test_a_reason_is_one_line_of_bounded_length() -> None:
    rulebook = compile_rulebook(
        small(
            segments=TIER.replace("then: gold", f"then: gold, why: ['a\n\n  b\tc ', '{'x' * 300}']")
        )
    )
    tier = rulebook.segments.tier
    assert why_of(tier, 1, Language.FR) == "Or : a b c"
    assert len(why_of(tier, 1, Language.EN)) == WHY_LENGTH
    assert why_of(tier, 1, Language.EN).endswith("x…")


def test_a_missing_input_is_the_reason() -> None:
    tier = compile_rulebook(shipped()).segments.tier
    assert why_of(tier, 1, Language.FR) == "À qualifier : il manque potentiel"
    assert why_of(tier, 1, Language.EN) == "Unrated: missing potential"


def chain(length: int) -> str:
    """Rules of which each uses the one before three times."""
    first = "r0: {bands: {of: size, a: '< 1', b: '1..2', c: '> 2'}}\n"
    turns = "[{r%d: a, then: b}, {r%d: b, then: c}, {r%d: c, then: a}, {else: a}]"
    return first + "".join(
        f"r{n}: {{values: {{a: A, b: B, c: C}}, table: {turns % (n - 1, n - 1, n - 1)}}}\n"
        for n in range(1, length)
    )


def instructions(connection: Connection, rulebook: Rulebook) -> int:
    """How long the program is that SQLite makes of the SELECT."""
    compiled: Any = rulebook.tagging.select(facts).compile(connection)
    values = compiled.construct_params({"today": TODAY})
    parameters = tuple(values[name] for name in compiled.positiontup)
    return len(connection.exec_driver_sql(f"EXPLAIN {compiled}", parameters).all())


def test_each_rule_is_computed_once_whatever_depends_on_it(memory: Connection) -> None:
    # Were each use replaced by its expression, every turn would multiply the program.
    short, medium, long = (
        instructions(
            memory, with_rules(f"{chain(n)}segment: {{table: [{{r{n - 1}: a, then: x}}]}}")
        )
        for n in (2, 3, 4)
    )
    assert long - medium == pytest.approx(medium - short, rel=0.2)


def test_the_longest_chain_of_rules_runs(memory: Connection) -> None:
    rulebook = with_rules(chain(24) + "segment: {table: [{r23: a, then: x}, {else: y}]}")
    # 23 turns of three: b becomes a.
    assert tag(memory, rulebook, size=1.5).segment == "x"
    assert tag(memory, rulebook, size=0).segment == "y"


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+psycopg://"])
def test_no_text_of_a_playbook_reaches_a_database_as_sql(url: str) -> None:
    rulebook = with_rules('segment: {table: [{sector: "x\'; drop table tag", then: "y\'"}]}')
    dialect = make_url(url).get_dialect()()
    sql = str(rulebook.tagging.select(facts).compile(dialect=dialect))
    assert "drop" not in sql
    assert re.findall(r"'[^']*'", sql) == []
