"""Measures on both databases, against an evaluation written from their definitions alone.

`meaning` knows what a measure is for a list of records, and nothing of how it is compiled. Each
random world lives in one transaction that is rolled back at its end.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import eq, ge, gt, lt, ne
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, update

from rules.rulebook import Rulebook, compile_rulebook
from rules.tagging import TAG_COLUMNS
from rules.time import date_of
from service import tag as tagging
from service.store import bindings, rulebooks
from service.store.engine import Store
from service.store.facts import facts_relation
from service.store.tables import (
    account,
    activity,
    contact,
    dirty,
    history,
    link,
    opportunity,
    owner,
    stage,
    tag,
)
from service.store.tables import connection as crm
from service.store.tags import evaluate
from tests.integration.test_tags import moment, undone
from tests.playbooks import FIELDS, SLOTS, TIER, small

TODAY = 20_000
ACCOUNTS = 4
BOUND_SLOTS = {**SLOTS, "opportunity.source": "text_1", "opportunity.seats": "number_1"}
BOUND = """\
opportunity:
  source: {type: choice, hubspot: g, values: {new: nouveau, old: connu}}
  seats: {type: number, hubspot: h}
"""

Record = Mapping[str, Any]
Truth = bool | None
Holds = Callable[[Record, int], Truth]


def compared(sign: Callable[[Any, Any], bool], name: str, value: Any) -> Holds:
    """A comparison of a value of the record with a constant; unknown where the value is."""
    return lambda record, _: None if record[name] is None else sign(record[name], value)


def aged(sign: Callable[[Any, Any], bool], name: str, days: int) -> Holds:
    return lambda record, day: None if record[name] is None else sign(day - record[name], days)


DAY = 19_900
ATOMS: Mapping[str, Sequence[tuple[str, Holds]]] = {
    "opportunity": [
        ("state = 'won'", compared(eq, "state", "won")),
        ("state <> 'lost'", compared(ne, "state", "lost")),
        ("amount > 5 000", compared(gt, "amount", 5_000_00)),
        ("stage = 'Négociation'", compared(eq, "stage", "Négociation")),
        ("pipeline = 'Ventes'", compared(eq, "pipeline", "Ventes")),
        ("probability >= 50 %", compared(ge, "probability", 0.5)),
        ("source = 'new'", compared(eq, "source", "new")),
        ("name is null", lambda record, _: record["name"] is None),
        ("days_since(closes) < 730", aged(lt, "closes", 730)),
        ("days_since(created) >= 30", aged(ge, "created", 30)),
        (f"closes > '{date_of(DAY).isoformat()}'", compared(gt, "closes", DAY)),
        ("peak_amount > amount", lambda record, _: (
            None if None in {record["peak_amount"], record["amount"]}
            else record["peak_amount"] > record["amount"]
        )),
    ],
    "activity": [
        ("kind = 'meeting'", compared(eq, "kind", "meeting")),
        ("kind in ('call', 'email')", lambda record, _: record["kind"] in {"call", "email"}),
        ("is_contact", lambda record, _: record["is_contact"]),
        ("days_since(happened) < 90", aged(lt, "happened", 90)),
        ("days_since(happened) = 14", aged(eq, "happened", 14)),
        ("happened is null", lambda record, _: record["happened"] is None),
    ],
    "contact": [
        ("role = 'decision_maker'", compared(eq, "role", "decision_maker")),
        ("role <> 'other'", compared(ne, "role", "other")),
        ("role is null", lambda record, _: record["role"] is None),
    ],
    "history": [
        ("field = 'stage'", compared(eq, "field", "stage")),
        ("field <> 'amount'", compared(ne, "field", "amount")),
        ("value = 'Négociation'", compared(eq, "value", "Négociation")),
        ("days_since(since) < 90", aged(lt, "since", 90)),
    ],
}  # fmt: skip
SUBJECTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "opportunity": [
        ("sum", "amount"), ("sum", "peak_amount"), ("sum", "probability"), ("sum", "seats"),
        ("max", "amount"), ("max", "closes"), ("max", "seats"), ("days_since", "closes"),
        ("days_since", "created"), ("count", ""),
    ],
    "activity": [("max", "happened"), ("days_since", "happened"), ("count", "")],
    "contact": [("count", "")],
    "history": [("max", "since"), ("days_since", "since"), ("count", "")],
}  # fmt: skip
STARTS = {"activity": "happened", "history": "since"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure as a person writes it, and its filter as a function."""

    record: str
    function: str
    subject: str
    text: str
    holds: Holds

    def written(self) -> str:
        of = f"{self.record}.{self.subject}" if self.subject else self.record
        return f'{{{self.function}: {of}, when: "{self.text}"}}'


def any_filter(chance: random.Random, record: str) -> tuple[str, Holds]:
    """One to three comparisons, joined by the logic of three truths."""
    text, holds = chance.choice(ATOMS[record])
    for _ in range(chance.choice([0, 0, 1, 2])):
        more, other = chance.choice(ATOMS[record])
        text, holds = chance.choice([_both, _either, _neither])(text, holds, more, other)
    return text, holds


def _both(text: str, holds: Holds, more: str, other: Holds) -> tuple[str, Holds]:
    def truth(record: Record, day: int) -> Truth:
        truths = {holds(record, day), other(record, day)}
        return False if False in truths else None if None in truths else True

    return f"({text}) and {more}", truth


def _either(text: str, holds: Holds, more: str, other: Holds) -> tuple[str, Holds]:
    def truth(record: Record, day: int) -> Truth:
        truths = {holds(record, day), other(record, day)}
        return True if True in truths else None if None in truths else False

    return f"({text}) or {more}", truth


def _neither(text: str, holds: Holds, more: str, other: Holds) -> tuple[str, Holds]:
    either, truth = _either(text, holds, more, other)
    return (
        f"not ({either})",
        lambda record, day: None if (found := truth(record, day)) is None else not found,
    )


def any_measure(chance: random.Random) -> Measure:
    record = chance.choice(["opportunity", "opportunity", "activity", "contact", "history"])
    function, subject = chance.choice(SUBJECTS[record])
    return Measure(record, function, subject, *any_filter(chance, record))


def meaning(measure: Measure, records: Sequence[Record], day: int) -> float | None:
    """What a measure is of the records of an account on a day, by its definition."""
    start = STARTS.get(measure.record)
    counted = [
        record for record in records
        if measure.holds(record, day) is True
        and (start is None or record[start] is None or record[start] <= day)
    ]  # fmt: skip
    if measure.function == "count":
        return len(counted)
    values = [each[measure.subject] for each in counted if each[measure.subject] is not None]
    match measure.function:
        case "sum":
            return math.fsum(values)
        case "max":
            return max(values, default=None)
    past = [each for each in values if each <= day]
    return day - max(past) if past else None


# Worlds of random records.

_AGES = (0, 1, 13, 14, 15, 29, 30, 89, 90, 91, 729, 730, 731)
STAGES = {
    1: ("Ventes", "Négociation", "open", 0.5), 2: ("Ventes", "Gagnée", "won", 1.0),
    3: ("Autres", "Perdue", "lost", 0.0),
}  # fmt: skip
OWNERS = {1: "Négociation", 2: "Élise"}  # one whose name is also that of a stage


@dataclass
class World:
    """Records as rows, and as the definitions see them; every change marks its accounts."""

    connection: Connection
    chance: random.Random
    today: int = TODAY
    labels: dict[int, str] = field(default_factory=lambda: {i: s[1] for i, s in STAGES.items()})
    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    links: dict[tuple[str, int], tuple[int, bool]] = field(default_factory=dict)
    entries: list[tuple[str, int, str, int | None, str | None]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: count(100))

    def __post_init__(self) -> None:
        plain = {"connection_id": 1, "modified_at": 0, "pulled_at": 0}
        for number in range(1, ACCOUNTS + 1):
            self._insert(account, id=number, external_id=str(number), **plain)
        for number, name in OWNERS.items():
            self._insert(owner, id=number, connection_id=1, external_id=str(number), name=name,
                         is_active=True)  # fmt: skip
        for number, (pipeline, label, kind, probability) in STAGES.items():
            self._insert(stage, id=number, connection_id=1, external_id=str(number),
                         pipeline_id=pipeline, pipeline_label=pipeline, label=label,
                         position=number, probability=probability, kind=kind)  # fmt: skip
        for _ in range(12):
            self.add()
        self.mark(*range(1, ACCOUNTS + 1))

    def _insert(self, table: Any, **values: Any) -> None:
        self.connection.execute(insert(table).values(**values))

    def mark(self, *accounts: int) -> None:
        self.connection.execute(delete(dirty).where(dirty.c.account_id.in_(accounts)))
        for each in accounts:
            self._insert(dirty, account_id=each)

    def day(self) -> int | None:
        age = self.chance.choice(_AGES) * self.chance.choice([1, 1, 1, -1])
        return self.chance.choice([None, *[self.today - age] * 6])

    def values(self, kind: str) -> dict[str, Any]:
        """Random values of a record, by column."""
        choice = self.chance.choice
        archived = choice([None, None, None, 1])
        match kind:
            case "opportunity":
                amounts = [None, 0, 5_000_00, 5_000_01, 99_999_99, -100, 2**62, 2**63 - 1]
                return {
                    "name": choice([None, "A"]), "stage_id": choice([None, 1, 1, 2, 2, 3, 99]),
                    "team_amount": choice(amounts), "team_peak_amount": choice(amounts),
                    "created_on": self.day(), "closes_on": self.day(), "archived_at": archived,
                    "text_1": choice([None, "new", "old"]),
                    "number_1": choice([None, 0.0, 1.5, -2.0, 1e15]),
                }  # fmt: skip
            case "activity":
                return {
                    "kind": choice(["call", "meeting", "email", "note"]), "archived_at": archived,
                    "is_contact": choice([True, False]), "happened_on": self.day(),
                }  # fmt: skip
        roles = [None, "decision_maker", "influencer", "other"]
        return {"role": choice(roles), "archived_at": archived}

    def add(self) -> None:
        """One more record of some account, in the mirror and here."""
        kind = self.chance.choice(["opportunity", "opportunity", "activity", "contact", "entry"])
        if kind == "entry":
            self.add_entry()
            return
        number, end = next(self._ids), self.chance.randint(1, ACCOUNTS)
        values = self.values(kind)
        stamps = {"pulled_at": 0} if kind == "opportunity" else {}
        self._insert(TABLES[kind], id=number, connection_id=1, external_id=str(number),
                     modified_at=0, **stamps, **values)  # fmt: skip
        self.rows.setdefault(kind, {})[number] = values
        is_main = kind != "opportunity" or self.chance.random() < 0.8
        self.links[kind, number] = (end, is_main)
        self._insert(link, relation=f"{kind}_account", from_id=number, to_id=end,
                     is_primary=is_main and kind == "opportunity")  # fmt: skip
        self.mark(end)

    def add_entry(self) -> None:
        """One more entry of the history of an account or of an opportunity."""
        choice, deals = self.chance.choice, sorted(self.rows.get("opportunity", {}))
        kind = choice(["account", "opportunity"]) if deals else "account"
        entity = choice(deals) if kind == "opportunity" else self.chance.randint(1, ACCOUNTS)
        name = choice(["owner_id", "stage_id", "amount"]) if kind == "opportunity" else "owner_id"
        value = choice([None, "1", "2", "99"]) if name != "amount" else "500"
        at, since = next(self._ids), self.day()
        # A bound field has a history too, which no measure reads.
        for each, held in ((name, value), ("bound.sector", "not a number")):
            self._insert(history, kind=kind, entity_id=entity, field=each, valid_from_at=at,
                         valid_from_on=since, valid_to_at=None, value=held)  # fmt: skip
        self.entries.append((kind, entity, name, since, value))
        self.mark(entity if kind == "account" else self.links["opportunity", entity][0])

    def change(self) -> None:
        """Another state of a record, or another label of a stage."""
        kind = self.chance.choice(["opportunity", "activity", "contact", "stage"])
        if kind == "stage":
            number = self.chance.choice([1, 2, 3])
            self.labels[number] = self.chance.choice(["Négociation", "Autre"])
            self.connection.execute(
                update(stage).where(stage.c.id == number).values(label=self.labels[number])
            )
            self.mark(*range(1, ACCOUNTS + 1))
            return
        known = self.rows.get(kind)
        if not known:
            return
        number = self.chance.choice(sorted(known))
        known[number] = self.values(kind)
        table = TABLES[kind]
        self.connection.execute(update(table).where(table.c.id == number).values(**known[number]))
        self.mark(self.links[kind, number][0])

    def wait(self) -> None:
        """Some days pass, or all up to the first day on which something is looked at again."""
        if self.chance.random() < 0.5:
            query = select(func.min(tag.c.recheck_on)).where(tag.c.recheck_on > self.today)
            self.today = self.connection.execute(query).scalar_one() or self.today
        else:
            self.today += self.chance.choice([0, 1, 1, 2, 14, 75, 90, 400])

    def records(self, kind: str, account_id: int) -> list[Record]:
        """The records of an account, by the names that filters use."""
        if kind == "history":
            return self._history(account_id)
        return [
            self._seen(kind, values)
            for number, values in self.rows.get(kind, {}).items()
            if self.links[kind, number] == (account_id, True) and values["archived_at"] is None
        ]

    def _seen(self, kind: str, values: Mapping[str, Any]) -> Record:
        if kind == "contact":
            return {"role": values["role"]}
        if kind == "activity":
            kept = {name: values[name] for name in ("kind", "is_contact")}
            return {**kept, "happened": values["happened_on"]}
        at = values["stage_id"]
        pipeline, _, state, probability = STAGES.get(at, (None, None, None, None))
        return {
            "name": values["name"], "amount": values["team_amount"],
            "peak_amount": values["team_peak_amount"], "created": values["created_on"],
            "closes": values["closes_on"], "source": values["text_1"], "seats": values["number_1"],
            "pipeline": pipeline, "stage": self.labels.get(at), "state": state,
            "probability": probability,
        }  # fmt: skip

    def _history(self, account_id: int) -> list[Record]:
        mine = {("account", account_id)} | {
            ("opportunity", number)
            for number, values in self.rows.get("opportunity", {}).items()
            if self.links["opportunity", number] == (account_id, True)
            and values["archived_at"] is None
        }
        told = {"stage_id": self.labels, "owner_id": OWNERS, "amount": {}}
        return [
            {
                "field": name.removesuffix("_id"), "since": since,
                "value": told[name].get(int(value)),
            }
            for kind, entity, name, since, value in self.entries
            if (kind, entity) in mine and since is not None and value is not None
        ]  # fmt: skip


TABLES = {"opportunity": opportunity, "activity": activity, "contact": contact}


def playbook(measures: Mapping[str, Measure]) -> Rulebook:
    """A playbook in which every measure counts, and the segment shows each."""
    told = "".join(f"  {name}: {each.written()}\n" for name, each in measures.items())
    rules, shown = [], []
    for name, each in measures.items():
        limits = ("2024-11-01", "2026-01-01") if kind_of(each) == "date" else ("1", "40")
        low, high = limits
        rules.append(
            f"b_{name}: {{bands: {{of: {name}, low: '< {low}', some: '{low}..{high}', "
            f"high: '> {high}', none: unknown}}}}\n"
        )
        shown.append(f"{{b_{name}}}")
    segment = f'segment: {{table: [{{else: "{" ".join(shown)}"}}]}}\n'
    fields = f"{FIELDS}{BOUND}measures:\n{told}"
    return compile_rulebook(small(fields=fields, segments="".join(rules) + segment + TIER))


def kind_of(measure: Measure) -> str:
    is_day = measure.subject in {"closes", "created", "happened", "since"}
    return "date" if is_day and measure.function == "max" else "number"


_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(seed=st.integers(0, 10**9))
@settings(max_examples=7, deadline=None, phases=[Phase.generate], suppress_health_check=_CHECKS)
def test_a_measure_is_what_its_definition_says_until_the_day_that_is_told(
    store: Store, seed: int
) -> None:
    with undone(store) as connection:
        chance = random.Random(seed)  # noqa: S311 - a reproducible world
        world = World(connection, chance)
        measures = {f"m{number}": any_measure(chance) for number in range(10)}
        rules = playbook(measures).tagging
        some = select(account.c.id).where(account.c.id.in_([1, 3]))
        for worklist, expected in ((None, [1, 2, 3, 4]), (some, [1, 3])):
            query = select(
                facts_relation(rules.facts, BOUND_SLOTS, worklist, measures=rules.measures)
            ).order_by("account_id")
            for today in (TODAY, TODAY + chance.choice(_AGES)):
                found = connection.execute(query, {"today": today}).mappings().all()
                assert [row["account_id"] for row in found] == expected
                for row in found:
                    for name, measure in measures.items():
                        check(world, measure, dict(row), today, name, rules.names[name].flip)


def check(
    world: World, measure: Measure, row: Mapping[str, Any], today: int, name: str, flip: str | None
) -> None:
    """The value on a day, and that it stays until the day of its flip."""
    records = world.records(measure.record, row["account_id"])
    now = meaning(measure, records, today)
    assert row[name] == (None if now is None else pytest.approx(now, rel=1e-12))
    until = None if flip is None else row[flip]
    assert until is None or until > today
    last = today + 1_000 if until is None else until - 1
    for day in {last, *(world.chance.randint(today, last) for _ in range(3))}:
        assert meaning(measure, records, day) == now, (measure, day)


@given(seed=st.integers(0, 10**9))
@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=_CHECKS)
def test_incremental_equals_full_on_any_day(store: Store, seed: int) -> None:
    with undone(store) as connection:
        world = World(connection, random.Random(seed))  # noqa: S311 - same
        measures = {f"m{number}": any_measure(world.chance) for number in range(6)}
        rulebook = playbook(measures)
        run(connection, rulebook, world.today, is_full=True)
        columns = [tag.c[name] for name in TAG_COLUMNS]
        query = select(*columns).order_by(tag.c.account_id)
        for step in range(1, 6):
            for _ in range(world.chance.randint(1, 2)):
                world.chance.choice([world.add, world.change, world.wait, world.wait])()
            run(connection, rulebook, world.today, step=step)
            incremental = connection.execute(query).all()
            run(connection, rulebook, world.today, step=step + 100, is_full=True)
            full = connection.execute(query).all()
            assert incremental == full


def run(
    connection: Connection, rulebook: Rulebook, today: int, *, step: int = 0, is_full: bool = False
) -> None:
    now = moment(today, step=step)
    evaluate(connection, rulebook.tagging, BOUND_SLOTS, 1, now, is_full=is_full)


# Single cases.


def test_only_what_the_rules_read_is_computed_and_each_kind_of_record_is_read_once() -> None:
    section = "\n".join(
        [f'  d{n}: {{count: opportunity, when: "days_since(closes) < {n}"}}' for n in range(1, 11)]
        + ["  unread: {count: activity}"]
    )
    rules = "".join(f"r{n}: {{when: d{n} > open_opportunities}}\n" for n in range(1, 11))
    book = compile_rulebook(small(fields=f"{FIELDS}measures:\n{section}\n", segments=rules + TIER))
    assert "unread" not in book.tagging.measures
    written = str(
        facts_relation(book.tagging.facts, SLOTS, measures=book.tagging.measures).select()
    )
    assert written.count("JOIN opportunity") == 1
    assert "activity" not in written


def test_a_new_bound_field_in_a_filter_must_be_read_before_it_counts(store: Store) -> None:
    plain = {"connection_id": 1, "external_id": "1", "modified_at": 0, "pulled_at": 0}
    with store.write() as connection:
        connection.execute(
            insert(crm).values(
                vendor="hubspot", account_id="1", name="H", currency="CAD", state="active"
            )
        )
        connection.execute(insert(account).values(id=1, **plain))
    publish(store, "", "state = 'won'")
    read_all(store)
    assert evaluated(store) == 1
    publish(store, BOUND, "source = 'new'")
    with pytest.raises(tagging.UnreadFieldsError, match="source"):
        evaluated(store)
    read_all(store)
    assert evaluated(store) == 1
    # What was read serves another filter at once.
    publish(store, BOUND, "seats > 3")
    assert evaluated(store) == 1


NOW = TODAY * 86_400_000


def publish(store: Store, bound: str, condition: str) -> None:
    """A playbook with one measure over opportunities, put in force."""
    fields = f'{FIELDS}{bound}measures: {{a: {{count: opportunity, when: "{condition}"}}}}\n'
    book = compile_rulebook(small(fields=fields, segments=f"r: {{when: a > 1}}\n{TIER}"))
    with store.write() as connection:
        assert rulebooks.publish(connection, book, author="a", reason="r", now=NOW)


def read_all(store: Store) -> None:
    with store.write() as connection:
        read = bindings.load_bindings(connection, "hubspot")
        bindings.mark_backfilled(connection, "hubspot", read, NOW)


def evaluated(store: Store) -> int:
    """How many accounts a tagging by the rulebook in force looks at."""
    with store.read() as connection:
        published = rulebooks.load(connection)
    assert published is not None
    return tagging.run(store, published, NOW).evaluated
