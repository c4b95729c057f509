"""The KPIs on both databases: against plain loops over the rows, and worked out by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert

from rules.calendar import Span
from rules.kpi.names import Cut
from rules.plan.plan import Plan
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Instant, day_number, instant_of
from service import measure
from service.figures import figures_in
from service.measure import MeasureReport, MeasureRow
from service.store.engine import Store, Transaction
from service.store.tables import metadata
from tests.playbooks import shipped

REPS = ("anouk", "bruno", "chloe")
TEAM_FILE = """\
zone: America/Toronto
currency: CAD
reps:
  anouk: {name: Anouk}
  bruno: {name: Bruno}
  chloe: {name: Chloé, start: 2026-06-15}
"""
KPI_FILE = """\
opportunities_opened: {label: [Ouvertes, Opened], minimum: 10k}
conversion_rate: {label: [Taux, Rate], window: 90 d}
active_pipeline: {label: [Pipeline, Pipeline], horizon: 180 d}
priority_contacted: {label: [Suivi, Contacted], tiers: [gold, silver]}
"""


def book_of(team: str = TEAM_FILE, kpis: str = KPI_FILE) -> Rulebook:
    files = {name: text for name, text in shipped().items() if not name.startswith("plans/")}
    return compile_rulebook({**files, "team.yaml": team, "kpis.yaml": kpis})


BOOK = book_of()
CADENCE = {"gold": 14, "silver": 30, "bronze": 90}
MINIMUM, WINDOW, HORIZON = 1_000_000, 90, 180


def number(text: str) -> int:
    return day_number(date.fromisoformat(text))


def plan(owner: str, year: str = "2026", **targets: str) -> Plan:
    return Plan.model_validate(
        {
            "owner": owner,
            "period": year,
            "currency": "CAD",
            "objective": "1 200 000",
            "targets": targets,
        }
    )


@dataclass(slots=True)
class Rows:
    """Rows to put in the store, and to loop over; an id is a place in its list, from 1."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> int:
        rows = self.tables.setdefault(table, [])
        number = len(rows) + 1
        rows.append(_REQUIRED.get(table, {}) | values | ({} if table in _KEYED else {"id": number}))
        return number

    def of(self, table: str) -> Sequence[Mapping[str, Any]]:
        return self.tables.get(table, [])

    def insert(self, connection: Transaction) -> None:
        for table, rows in self.tables.items():
            named = {} if table in _KEYED else {"external_id": "1"}
            connection.execute(insert(metadata.tables[table]), [named | row for row in rows])


_KEYED = {"link", "tag"}
_RECORD = {"connection_id": 1, "modified_at": 0}
_REQUIRED: dict[str, dict[str, Any]] = {
    "owner": {"connection_id": 1, "name": "x", "is_active": True},
    "stage": {
        "connection_id": 1,
        "pipeline_id": "p",
        "pipeline_label": "p",
        "label": "s",
        "position": 1,
        "probability": 0.5,
    },
    "opportunity": _RECORD | {"pulled_at": 0},
    "account": _RECORD | {"pulled_at": 0},
    "activity": _RECORD | {"kind": "call"},
    "link": {"is_primary": True},
    "tag": {
        "is_in_scope": True,
        "tier_since_at": 0,
        "rulebook_id": 1,
        "evaluated_at": 0,
        "is_owed": False,
    },
}


# --- Against loops: random rows around 2026-06-17, the same definitions in plain Python.

AS_OF = number("2026-06-17")
FIRST, LAST = number("2026-06-01"), number("2026-06-30")
# The days on which a definition begins or ends to hold, and those around them.
EDGES = [
    edge + step
    for edge in (FIRST, AS_OF, LAST, AS_OF - WINDOW, AS_OF + HORIZON, LAST - 14, LAST - 30)
    for step in (-1, 0, 1)
]
AMOUNTS = [None, 0, 500_000, 999_999, 1_000_000, 2_500_000]


def drawn(draw: Random) -> Rows:
    """Rows dense with edges: of each rep, outside the team, of nobody, archived, unknown."""
    rows = Rows()
    for rep in ("anouk", "anouk", "bruno", "zoe", None):
        rows.add("owner", rep_key=rep, is_active=draw.random() < 0.5)
    for kind in ("open", "won", "lost"):
        rows.add("stage", kind=kind)

    def user() -> int | None:
        return draw.choice([1, 1, 2, 3, 3, 4, 5, 6, None])

    def archived() -> int | None:
        return draw.choice([None, None, None, 1])

    for _ in range(draw.randrange(60)):
        rows.add(
            "opportunity",
            owner_id=user(),
            stage_id=draw.choice([1, 2, 3, 4, None]),
            team_amount=draw.choice(AMOUNTS),
            team_peak_amount=draw.choice(AMOUNTS),
            created_on=draw.choice([*EDGES, None]),
            closes_on=draw.choice([*EDGES, None]),
            archived_at=archived(),
        )
    for _ in range(draw.randrange(25)):
        account = rows.add("account", owner_id=user(), archived_at=archived())
        if draw.random() < 0.9:
            tier = draw.choice(["gold", "gold", "silver", "silver", "bronze", "unrated", None])
            rows.add("tag", account_id=account, tier=tier)
    for _ in range(draw.randrange(50)):
        activity = rows.add(
            "activity",
            happened_on=draw.choice([*EDGES, None]),
            is_contact=draw.random() < 0.8,
            archived_at=archived(),
        )
        for account in {draw.randrange(1, 27) for _ in range(draw.randrange(3))}:
            # Links of people have ids too, which are not those of activities.
            relation = draw.choice(["activity_account", "activity_account", "contact_account"])
            rows.add("link", relation=relation, from_id=activity, to_id=account)
    return rows


def is_of(rows: Rows, record: Mapping[str, Any], rep: str) -> bool:
    user = record["owner_id"]
    owners = rows.of("owner")
    return user is not None and user <= len(owners) and owners[user - 1]["rep_key"] == rep


def opportunities_of(rows: Rows, rep: str) -> list[Mapping[str, Any]]:
    return [
        each
        for each in rows.of("opportunity")
        if each["archived_at"] is None and is_of(rows, each, rep)
    ]


def kind_of(rows: Rows, opportunity: Mapping[str, Any]) -> str | None:
    stage, stages = opportunity["stage_id"], rows.of("stage")
    return stages[stage - 1]["kind"] if stage is not None and stage <= len(stages) else None


def loop_opened(rows: Rows, rep: str) -> tuple[float | None, ...]:
    count = 0
    for each in opportunities_of(rows, rep):
        greatest = max(each["team_amount"] or 0, each["team_peak_amount"] or 0)
        if each["created_on"] is not None and FIRST <= each["created_on"] <= AS_OF:
            count += greatest >= MINIMUM
    return (count, count, None)


def loop_converted(rows: Rows, rep: str) -> tuple[float | None, ...]:
    closed = [
        kind_of(rows, each)
        for each in opportunities_of(rows, rep)
        if each["closes_on"] is not None
        and AS_OF - WINDOW < each["closes_on"] <= AS_OF
        and kind_of(rows, each) in ("won", "lost")
    ]
    won = closed.count("won")
    return (won / len(closed) if closed else None, won, len(closed))


def loop_pipeline(rows: Rows, rep: str) -> tuple[float | None, ...]:
    found = [
        each["team_amount"]
        for each in opportunities_of(rows, rep)
        if each["closes_on"] is not None
        and AS_OF <= each["closes_on"] <= AS_OF + HORIZON
        and kind_of(rows, each) == "open"
    ]
    known = [amount for amount in found if amount is not None]
    is_unknown = bool(found) and not known
    return (None if is_unknown else sum(known), len(known), len(found))


def loop_contacted(rows: Rows, rep: str) -> tuple[float | None, ...]:
    tiers = {tag["account_id"]: tag["tier"] for tag in rows.of("tag")}
    due = contacted = 0
    for account in rows.of("account"):
        cadence = {"gold": 14, "silver": 30}.get(tiers.get(account["id"]) or "")
        if account["archived_at"] is not None or not is_of(rows, account, rep) or not cadence:
            continue
        contacts = []
        for link in rows.of("link"):
            if link["relation"] == "activity_account" and link["to_id"] == account["id"]:
                activity = rows.of("activity")[link["from_id"] - 1]
                is_live = activity["is_contact"] and activity["archived_at"] is None
                if is_live and activity["happened_on"] is not None:
                    contacts.append(activity["happened_on"])
        before = [day for day in contacts if day < FIRST]
        if not before or max(before) + cadence <= LAST:
            due += 1
            contacted += any(FIRST <= day <= AS_OF for day in contacts)
    return (contacted / due if due else None, contacted, due)


LOOPS = (loop_opened, loop_converted, loop_pipeline, loop_contacted)


@given(draw=st.randoms(use_true_random=True))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_each_kpi_is_what_a_loop_over_the_rows_finds(store: Store, draw: Random) -> None:
    rows = drawn(draw)
    with store.engine.connect() as connection:
        rows.insert(connection)
        found = figures_in(connection, BOOK, as_of=AS_OF, spans=[Span.MONTH], cuts=[Cut.WHOLE])
        connection.rollback()
    told = {(each.subject, each.kpi): each for each in found}
    for kpi, loop in zip(BOOK.kpis.measured, LOOPS, strict=True):
        for rep in REPS:
            each = told[rep, kpi.name]
            figure = (each.value, each.numerator, each.denominator)
            assert figure == pytest.approx(loop(rows, rep)), (kpi.name, rep)


# --- By hand.

# Wednesday 17 June 2026, 10:00 in Toronto; June has 22 weekdays, 12 of them before the 17th.
NOW: Instant = instant_of(datetime(2026, 6, 17, 14, tzinfo=UTC))


def run(
    store: Store, *, plans: Sequence[Plan] = (), now: Instant = NOW, book: Rulebook = BOOK
) -> MeasureReport:
    return measure.run(store, replace(book, plans=plans), now=now)


def fill(store: Store) -> None:
    """Anouk: 2 opened in June and 1 in May; 1 won and 2 lost; 30 000 $ open; 1 of 2 contacted."""
    rows = Rows()
    rows.add("owner", rep_key="anouk")
    for kind in ("open", "won", "lost"):
        rows.add("stage", kind=kind)
    for stage, amount, created_on, closes_on in [
        (1, 2_000_000, "2026-06-01", "2026-07-31"),
        (1, 1_000_000, "2026-06-17", "2026-08-31"),
        (1, 500_000, "2026-06-10", "2027-06-10"),
        (2, 1_500_000, "2026-05-31", "2026-06-02"),
        (3, 900_000, "2026-04-30", "2026-06-03"),
        (3, 900_000, "2026-01-15", "2026-05-04"),
    ]:
        rows.add(
            "opportunity",
            owner_id=1,
            stage_id=stage,
            team_amount=amount,
            created_on=number(created_on),
            closes_on=number(closes_on),
        )
    for tier in ("gold", "silver", "bronze"):
        account = rows.add("account", owner_id=1, name=tier)
        rows.add("tag", account_id=account, tier=tier)
    activity = rows.add("activity", happened_on=number("2026-06-05"), is_contact=True)
    rows.add("link", relation="activity_account", from_id=activity, to_id=1)
    with store.write() as connection:
        rows.insert(connection)


def row_of(report: MeasureReport, rep: str, kpi: str) -> MeasureRow:
    (found,) = [row for row in report.rows if (row.rep, row.kpi.value) == (rep, kpi)]
    return found


FULL = {
    "opportunities_opened": "11 per month",
    "conversion_rate": "25 %",
    "active_pipeline": "60k",
    "priority_contacted": "100 %",
}


@pytest.mark.parametrize(
    ("kpi", "figures", "against"),
    [
        # Value, numerator, denominator; target, expected to date, attainment.
        # 11 × 12 / 22 = 6 by now; 2 ÷ 6.
        ("opportunities_opened", (2, 2, None), (11, 6, 2 / 6)),
        ("conversion_rate", (1 / 3, 1, 3), (0.25, 0.25, 4 / 3)),
        # 20 000 $ + 10 000 $; the third closes after 180 days.
        ("active_pipeline", (3_000_000, 2, 2), (6_000_000, 6_000_000, 0.5)),
        ("priority_contacted", (0.5, 1, 2), (1, 1, 0.5)),
    ],
)
def test_a_rep_is_measured_against_the_plan(
    store: Store,
    kpi: str,
    figures: tuple[float, float, float | None],
    against: tuple[float, float, float],
) -> None:
    fill(store)
    report = run(store, plans=[plan("anouk", **FULL)])
    row = row_of(report, "anouk", kpi)
    assert (report.period, report.as_of) == ("2026-06", number("2026-06-17"))
    assert [row.value, row.numerator, row.denominator] == pytest.approx(list(figures))
    assert [row.target, row.expected, row.attainment] == pytest.approx(list(against))


def test_a_rep_without_a_plan_has_figures_but_no_target_and_no_attainment(store: Store) -> None:
    fill(store)
    rows = run(store).rows
    assert [row.rep for row in rows] == list(REPS) * 4
    assert {(row.target, row.expected, row.attainment) for row in rows} == {(None, None, None)}


def test_a_rep_with_nothing_has_zeros_for_counts_and_nothing_for_rates(store: Store) -> None:
    fill(store)
    report = run(store, plans=[plan("bruno", **FULL)])
    rows = [row_of(report, "bruno", kpi.name) for kpi in BOOK.kpis.measured]
    assert [row.value for row in rows] == [0, None, 0, None]
    assert [row.attainment for row in rows] == [0, None, 0, None]


def test_somebody_new_is_expected_from_the_first_day_on(store: Store) -> None:
    # From Monday the 15th to Tuesday the 16th: 2 of 22 weekdays.
    report = run(store, plans=[plan("chloe", opportunities_opened="11 per month")])
    assert row_of(report, "chloe", "opportunities_opened").expected == pytest.approx(1.0)


def test_the_first_of_the_month_expects_nothing_yet(store: Store) -> None:
    # 1 June 2026, 00:30 in Toronto.
    now = instant_of(datetime(2026, 6, 1, 4, 30, tzinfo=UTC))
    row = row_of(
        run(store, plans=[plan("anouk", **FULL)], now=now), "anouk", "opportunities_opened"
    )
    assert (row.target, row.expected, row.attainment) == (11, 0, None)


def test_the_month_is_that_of_the_team_zone(store: Store) -> None:
    # 1 July 03:30 in UTC is still 30 June in Toronto.
    report = run(store, now=instant_of(datetime(2026, 7, 1, 3, 30, tzinfo=UTC)))
    assert (report.period, report.as_of) == ("2026-06", number("2026-06-30"))


def test_the_number_of_statements_does_not_depend_on_the_number_of_reps(store: Store) -> None:
    fill(store)

    def statements(reps: int) -> int:
        count = 0

        def see(*_: object) -> None:
            nonlocal count
            count += 1

        team = BOOK.team.model_copy(
            update={"reps": {f"rep{n}": BOOK.team.reps["anouk"] for n in range(reps)}}
        )
        event.listen(store.engine, "before_cursor_execute", see)
        plans = [plan(key, opportunities_opened="12 per month") for key in team.reps]
        run(store, plans=plans, book=replace(BOOK, team=team))
        event.remove(store.engine, "before_cursor_execute", see)
        return count

    few = statements(1)
    assert statements(10) == few


def test_a_team_without_reps_has_an_empty_report(store: Store) -> None:
    team = BOOK.team.model_copy(update={"reps": {}})
    assert run(store, book=replace(BOOK, team=team)).rows == []


def test_the_report_is_plain_data(store: Store) -> None:
    fill(store)
    data = run(store, plans=[plan("anouk", **FULL)]).to_json()
    assert (data["period"], data["as_of"]) == ("2026-06", "2026-06-17")
    rows = data["rows"]
    assert isinstance(rows, list)
    assert rows[0] == {
        "rep": "anouk",
        "name": "Anouk",
        "kpi": "opportunities_opened",
        "label": "Ouvertes",
        "unit": "count",
        "value": 2.0,
        "numerator": 2.0,
        "denominator": None,
        "target": 11.0,
        "expected": pytest.approx(6.0),
        "attainment": pytest.approx(1 / 3),
        "explained": rows[0]["explained"],
        "definition": rows[0]["definition"],
    }
    assert "10" in rows[0]["explained"]
