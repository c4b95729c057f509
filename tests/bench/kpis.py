"""All the KPIs of a week for fifty reps, beside hand-written SQL that gives the same figures.

Opportunities with three stages each in their history, accounts for one opportunity in ten, an
activity for one in five. The figures must agree before the race is run. Then how the time grows,
and that the number of statements depends neither on how many reps there are nor on how many spans.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, event

from rules.calendar import Span, week_of
from rules.kpi.figures import Figure
from rules.kpi.kpis import Cut
from rules.records import Kind
from rules.rulebook import Rulebook, compile_rulebook
from service.figures import figures as live_figures
from service.store import rulebooks
from service.store.bindings import load_slots
from service.store.bulk import bulk_upsert
from service.store.engine import Store
from service.store.tables import account, activity, history, link, opportunity, owner, stage, tag
from tests.bench import kpis_by_hand
from tests.bench.kpis_by_hand import Cells
from tests.bench.measuring import Aim, Report, at_most, growth, race, seconds_of, table
from tests.bench.workspaces import in_file, in_schema, migrated, server

REPS = 50
# Sunday 28 June 2026.
AS_OF = 20_632
SIZES = (10_000, 100_000, 1_000_000)
CUTS = (Cut.WHOLE, Cut.STAGE, Cut.ACTIVITY, Cut.GROUP, Cut.MOVE)
_STAGES = (
    ("Qualification", 0.1, "open"), ("Découverte", 0.25, "open"), ("Proposition", 0.5, "open"),
    ("Négociation", 0.75, "open"), ("Gagnée", 1.0, "won"), ("Perdue", 0.0, "lost"),
)  # fmt: skip
_WON, _LOST = 5, 6
_DAY = 86_400_000
_PLAYBOOK = {
    "fields.yaml": """\
account:
  sort: {type: text, hubspot: a}
  potential: {type: money, hubspot: b}
""",
    "segments.yaml": """\
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver], bronze: [Bronze, Bronze]}
  table: [{potential: "> 500k", then: gold}, {else: bronze}]
  contact_every: {gold: 14 d, silver: 30 d, bronze: 90 d}
""",
    "kpis.yaml": """\
revenue_won: {label: [a, a]}
opportunities_opened: {label: [a, a], minimum: 10k}
conversion_rate: {label: [a, a], window: 90 d}
stage_conversion: {label: [a, a], window: 365 d}
proposals: {label: [a, a], stages: [Proposition]}
active_pipeline: {label: [a, a], horizon: 180 d}
weighted_pipeline: {label: [a, a], horizon: 180 d}
sales_cycle: {label: [a, a], window: 730 d}
priority_contacted: {label: [a, a], tiers: [gold, silver]}
priority_covered: {label: [a, a], tiers: [gold, silver]}
potential_captured: {label: [a, a], potential: potential, window: 365 d}
priority_revenue: {label: [a, a], tiers: [gold, silver]}
priority_time: {label: [a, a], tiers: [gold, silver]}
plan_wins: {label: [a, a], tiers: [gold, silver]}
plan_revenue: {label: [a, a], tiers: [gold, silver]}
activities:
  client_calls: {label: [a, a], of: call, when: sort = 'client'}
  meetings: {label: [a, a], of: meeting}
time:
  hours: {call: 0.5 h, meeting: 2 h, email: 0.25 h, note: 0.25 h}
  groups:
    strategic: {label: [a, a], when: tier = 'gold'}
    existing: {label: [a, a], when: sort = 'client'}
    prospects: {label: [a, a], when: sort = 'prospect'}
""",
    "alerts.yaml": "start: 2030-01-01\n",
}


def rulebook(reps: int = REPS) -> Rulebook:
    """The KPIs above for a team of so many."""
    named = "\n".join(f"  rep{number}: {{name: Rep {number}}}" for number in range(1, reps + 1))
    team = f"zone: America/Toronto\ncurrency: CAD\nlanguage: fr\nreps:\n{named}\n"
    return compile_rulebook({**_PLAYBOOK, "team.yaml": team})


@dataclass(frozen=True, slots=True)
class Filled:
    """A workspace with so many opportunities, and where the bound fields sit."""

    store: Store
    book: Rulebook
    deals: int
    slots: Mapping[str, str]

    def ours(self, *spans: Span) -> list[Figure]:
        """The product's figures of the week, or of other spans."""
        return live_figures(
            self.store, self.book, as_of=AS_OF, spans=spans or (Span.WEEK,), cuts=CUTS
        )

    def by_hand(self) -> Cells:
        """The hand-written figures of the week."""
        week = week_of(AS_OF)
        days = {"first": week.first, "last": week.last, "as_of": AS_OF}
        with self.store.read() as connection:
            return kpis_by_hand.figures(connection, self.slots, days)


def filled(url: str, deals: int) -> Filled:
    """A workspace filled by a fixed seed."""
    store, book = migrated(url), rulebook()
    with store.write() as connection:
        rulebooks.publish(connection, book, author="-", reason="-", now=1)
        slots = dict(load_slots(connection)[Kind.ACCOUNT])
        chance = random.Random(11)  # noqa: S311 - reproducible data
        _fill_people(connection)
        accounts = max(deals // 10, 1)
        _fill_accounts(connection, chance, accounts, slots)
        _fill_deals(connection, chance, deals, accounts)
        _fill_activities(connection, chance, deals // 5, accounts)
    with store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
    return Filled(store, book, deals, slots)


def _fill_people(connection: Connection) -> None:
    bulk_upsert(
        connection, owner, ("id", "connection_id", "external_id", "name", "is_active", "rep_key"),
        [(number, 1, str(number), "-", True, f"rep{number}") for number in range(1, REPS + 1)],
    )  # fmt: skip
    bulk_upsert(
        connection, stage,
        ("id", "connection_id", "external_id", "pipeline_id", "pipeline_label", "label",
         "position", "probability", "kind"),
        [
            (number, 1, str(number), "p", "p", label, number, probability, kind)
            for number, (label, probability, kind) in enumerate(_STAGES, start=1)
        ],
    )  # fmt: skip


def _fill_accounts(
    connection: Connection, chance: random.Random, accounts: int, slots: Mapping[str, str]
) -> None:
    bulk_upsert(
        connection, account,
        ("id", "connection_id", "external_id", "owner_id", "modified_at", "pulled_at",
         slots["sort"], slots["potential"]),
        [
            (number, 1, str(number), chance.randrange(1, REPS + 1), 0, 0,
             chance.choice(["client", "prospect", "other", None]),
             chance.choice([None, chance.randrange(100_000_000)]))
            for number in range(1, accounts + 1)
        ],
    )  # fmt: skip
    bulk_upsert(
        connection, tag,
        ("account_id", "is_in_scope", "tier", "tier_since_at", "rulebook_id", "evaluated_at",
         "is_owed"),
        [
            (number, True, chance.choice(["gold", "silver", "bronze", "bronze"]), 0, 1, 0, False)
            for number in range(1, accounts + 1)
        ],
    )  # fmt: skip


def _fill_deals(connection: Connection, chance: random.Random, deals: int, accounts: int) -> None:
    """Three stages each: two on the way, then where it is."""
    step = 100_000
    for start in range(1, deals + 1, step):
        numbers = range(start, min(start + step, deals + 1))
        drawn = [(number, *_drawn(chance)) for number in numbers]
        bulk_upsert(
            connection, opportunity,
            ("id", "connection_id", "external_id", "owner_id", "stage_id", "team_amount",
             "team_peak_amount", "created_on", "closes_on", "modified_at", "pulled_at"),
            [
                (number, 1, str(number), chance.randrange(1, REPS + 1), path[-1], amount, amount,
                 created, created + chance.randrange(10, 300), 0, 0)
                for number, created, amount, path in drawn
            ],
        )  # fmt: skip
        bulk_upsert(
            connection, history,
            ("kind", "entity_id", "field", "valid_from_at", "valid_from_on", "valid_to_at",
             "value"),
            [
                ("opportunity", number, "stage_id", (created + 20 * place) * _DAY,
                 created + 20 * place, None if place == len(path) - 1 else 1, str(entered))
                for number, created, _, path in drawn
                for place, entered in enumerate(path)
            ],
        )  # fmt: skip
        bulk_upsert(
            connection, link, ("relation", "from_id", "to_id", "is_primary"),
            [
                ("opportunity_account", number, chance.randrange(1, accounts + 1), True)
                for number in numbers
            ],
        )  # fmt: skip


def _drawn(chance: random.Random) -> tuple[int, int | None, tuple[int, int, int]]:
    """When an opportunity was made, its amount, and the stages that it has been in."""
    amount = chance.choice([None, *[chance.randrange(100_000, 9_000_000) for _ in range(9)]])
    first = chance.randrange(1, 3)
    last = chance.choice([_WON, _LOST, _LOST, first + 2])
    return AS_OF - chance.randrange(1_500), amount, (first, first + 1, last)


def _fill_activities(
    connection: Connection, chance: random.Random, count: int, accounts: int
) -> None:
    # The ids of activities begin where those of opportunities can't end: links are told apart.
    numbers = range(10_000_001, 10_000_001 + count)
    kinds = ["call", "call", "meeting", "email", "note"]
    bulk_upsert(
        connection, activity,
        ("id", "connection_id", "external_id", "kind", "owner_id", "happened_at", "happened_on",
         "is_contact", "modified_at"),
        [
            (number, 1, str(number), kind, chance.randrange(1, REPS + 1), 0,
             AS_OF - chance.randrange(500), kind != "note" and chance.random() < 0.8, 0)
            for number in numbers
            for kind in [chance.choice(kinds)]
        ],
    )  # fmt: skip
    bulk_upsert(
        connection, link, ("relation", "from_id", "to_id", "is_primary"),
        [
            ("activity_account", number, chance.randrange(1, accounts + 1), False)
            for number in numbers
        ],
    )  # fmt: skip


def agree(place: Filled) -> int:
    """How many figures are the same by hand; AssertionError where one is not."""
    found = {
        (each.subject, each.kpi.value, each.member): each
        for each in place.ours()
        if each.cut in {"", "stage", "activity", "group"}
        and not (each.cut == "stage" and each.kpi.value != "stage_conversion")
    }
    compared = 0
    for key, parts in place.by_hand().items():
        for name, mine in zip(("value", "numerator", "denominator"), parts, strict=True):
            if mine is None and name != "value":
                continue
            told = getattr(found[key], name) if key in found else 0
            assert (told is None) is (mine is None), (key, name, told, mine)
            if mine is not None and told is not None:
                slack = 1e-6 * abs(float(mine)) + (1000 if key[1] == "weighted_pipeline" else 1e-6)
                assert abs(float(told) - float(mine)) <= slack, (key, name, told, mine)
            compared += 1
    return compared


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def statements(place: Filled) -> dict[str, int]:
    """How many statements fifty reps take, one rep, and every span at once."""
    alone = Filled(place.store, rulebook(1), place.deals, place.slots)
    asked: dict[str, Callable[[], object]] = {
        "50 reps, a week": place.ours,
        "1 rep, a week": alone.ours,
        "50 reps, four spans": lambda: place.ours(*Span),
    }
    found = {}
    for name, ask in asked.items():
        with counted(place.store) as seen:
            ask()
        found[name] = len(seen)
    return found


def run(sizes: tuple[int, ...] = SIZES) -> Report:
    """The race at the greatest size, and how the time grows to it, on SQLite."""
    seconds: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            place = filled(in_file(Path(folder)), size)
            text, aims = _raced(
                place, "SQLite", rounds=2 if size == sizes[-1] else 3, seconds=seconds
            )
            place.store.close()
    grown = at_most("SQLite: KPIs of a week: exponent of growth", 1.15, growth(seconds))
    rows = " · ".join(f"{size:,} in {each:.2f} s" for size, each in seconds.items())
    return Report(f"{text}\nOpportunities: {rows}; exponent {grown.found}.\n", [*aims, grown])


def run_on_postgres(size: int = 100_000) -> Report:
    """The race at a size that people have."""
    with server() as database:
        place = filled(in_schema(database, "kpis"), size)
        text, aims = _raced(place, "PostgreSQL", rounds=3, seconds={})
        place.store.close()
    return Report(text, aims)


def _raced(
    place: Filled, engine: str, *, rounds: int, seconds: dict[int, float]
) -> tuple[str, list[Aim]]:
    """Check that the figures agree, then race; the product's seconds are put into `seconds`."""
    compared = agree(place)
    lines = race({"by hand": place.by_hand, "ours": place.ours}, rounds=rounds)
    seconds[place.deals] = lines[1].seconds
    told = statements(place)
    title = f"The KPIs of a week, {place.deals:,} opportunities, {REPS} reps, {engine}"
    four = seconds_of(lambda: place.ours(*Span))
    more = (
        f"{compared:,} figures are the same by hand. Statements: "
        + ", ".join(f"{name}: {count}" for name, count in told.items())
        + f". The four spans at once: {four:.2f} s.\n"
    )
    aims = [
        at_most(f"{engine}: KPIs of a week, time ÷ that of hand-written SQL", 1.5, lines[1].ratio),
        at_most(f"{engine}: statements, most ÷ least", 1, max(told.values()) / min(told.values())),
    ]
    return table(title, lines, records=place.deals) + "\n" + more, aims


if __name__ == "__main__":
    print(run(tuple(map(int, sys.argv[1:])) or SIZES).text)  # noqa: T201 - the figures are the output
