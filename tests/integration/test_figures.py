"""Every KPI on both databases, against figures worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import event

from rules.calendar import Span
from rules.kpi.figures import TEAM, Figure
from rules.kpi.names import Cut, KpiName
from service.figures import figures
from service.store import rulebooks
from service.store.engine import Store
from service.store.tables import metadata
from tests.integration.kpi_world import AS_OF, BOOK, day, filled, put, with_kpis

# kpi, subject, span, cut, member: value, numerator, denominator.
BY_HAND: Sequence[tuple[str, str, str, str, str, tuple[float | None, ...]]] = (
    # Won this week: 10 000 $; in June −2 000 $ more; since April, one of an unknown amount.
    ("revenue_won", "anouk", "week", "", "", (1_000_000, 1, 1)),
    ("revenue_won", "anouk", "month", "", "", (800_000, 2, 2)),
    ("revenue_won", "anouk", "quarter", "", "", (800_000, 2, 3)),
    ("revenue_won", "anouk", "year", "", "", (800_000, 2, 3)),
    ("revenue_won", "bruno", "month", "", "", (0, 0, 0)),
    ("revenue_won", "team", "month", "", "", (800_000, 2, 2)),
    ("revenue_won", "anouk", "month", "source", "existing", (1_000_000, 1, 1)),
    ("revenue_won", "anouk", "month", "source", "new", (-200_000, 1, 1)),
    ("revenue_won", "anouk", "quarter", "source", "", (None, 0, 1)),
    ("revenue_won", "anouk", "month", "segment", "manufacturing", (1_000_000, 1, 1)),
    ("revenue_won", "anouk", "month", "segment", "building", (-200_000, 1, 1)),
    ("revenue_won", "anouk", "month", "tier", "silver", (-200_000, 1, 1)),
    # 20 000 $, and 5 000 $ that were 15 000 $; in May, the 10 000 $.
    ("opportunities_opened", "anouk", "week", "", "", (2, 2, None)),
    ("opportunities_opened", "anouk", "month", "", "", (2, 2, None)),
    ("opportunities_opened", "anouk", "quarter", "", "", (3, 3, None)),
    ("opportunities_opened", "bruno", "month", "", "", (0, 0, None)),
    # The account of the one of 5 000 $ is archived.
    ("opportunities_opened", "anouk", "month", "segment", "", (1, 1, None)),
    ("opportunities_opened", "anouk", "month", "segment", "manufacturing", (1, 1, None)),
    # Three won and one lost in 90 days, whatever the period.
    ("conversion_rate", "anouk", "week", "", "", (3 / 4, 3, 4)),
    ("conversion_rate", "anouk", "year", "", "", (3 / 4, 3, 4)),
    ("conversion_rate", "bruno", "week", "", "", (None, 0, 0)),
    ("active_pipeline", "anouk", "month", "", "", (2_500_000, 2, 2)),
    ("active_pipeline", "bruno", "month", "", "", (None, 0, 1)),
    ("active_pipeline", "team", "month", "", "", (2_500_000, 2, 3)),
    ("active_pipeline", "anouk", "month", "stage", "Proposition", (2_000_000, 1, 1)),
    ("active_pipeline", "anouk", "month", "stage", "Qualification", (500_000, 1, 1)),
    # 60 % of 20 000 $ and 20 % of 5 000 $.
    ("weighted_pipeline", "anouk", "month", "", "", (1_300_000, 2, 2)),
    # 20 000 $ close by the end of June; 360 000 $ less 8 000 $ are left to win.
    ("coverage", "anouk", "month", "", "", (20 / 352, 2_000_000, 35_200_000)),
    ("coverage", "bruno", "month", "", "", (None, 0, None)),
    # In May, then again in June: the first time counts.
    ("proposals", "anouk", "month", "", "", (1, 1, None)),
    ("proposals", "anouk", "quarter", "", "", (2, 2, None)),
    ("proposals", "anouk", "quarter", "segment", "manufacturing", (2, 2, None)),
    # One won and one at the proposal went on, one was lost; the fourth is still there.
    ("stage_conversion", "anouk", "week", "stage", "Qualification", (2 / 3, 2, 3)),
    ("stage_conversion", "anouk", "week", "stage", "Proposition", (1, 1, 1)),
    ("activities", "anouk", "month", "activity", "client_calls", (1, 1, None)),
    ("activities", "anouk", "month", "activity", "discovery_meetings", (2, 2, None)),
    ("activities", "bruno", "month", "activity", "client_calls", (1, 1, None)),
    ("activities", "team", "month", "activity", "client_calls", (2, 2, None)),
    # 0.5 + 2 h with gold accounts, 2 + 0.25 h with the prospect, 0.25 + 0.5 h with none.
    ("time_share", "anouk", "month", "group", "strategic", (2.5 / 5.5, 2.5, 5.5)),
    ("time_share", "anouk", "month", "group", "existing", (0, 0, 5.5)),
    ("time_share", "anouk", "month", "group", "prospects", (2.25 / 5.5, 2.25, 5.5)),
    ("time_share", "anouk", "month", "group", "", (0.75 / 5.5, 0.75, 5.5)),
    ("priority_time", "anouk", "month", "", "", (4.75 / 5.5, 4.75, 5.5)),
    # Won after 1, 46 and 81 days, lost after 2, open since 0 and 1: by hand 1/5, then
    # 1/5 + 8/15 × 1/2, then 1/5 + 8/15: half of 11/15 is reached after 46 days.
    ("sales_cycle", "anouk", "month", "", "", (46, 3, 6)),
    # Nobody was contacted before June; from the 15th on, both are up to date.
    ("priority_contacted", "anouk", "month", "", "", (1, 2, 2)),
    ("priority_contacted", "anouk", "week", "", "", (None, 0, 0)),
    ("priority_covered", "anouk", "month", "", "", (1, 2, 2)),
    ("coverage_bonus", "anouk", "month", "", "", (1, 2, 2)),
    ("tier_moves", "anouk", "month", "move", "silver>gold", (1, 1, None)),
    # 10 000 $, and the 90 000 $ that somebody else won with the account of 100 000 $.
    ("potential_captured", "anouk", "month", "", "", (1, 10_000_000, 10_000_000)),
    ("potential_captured", "bruno", "month", "", "", (0, 0, 5_000_000)),
    ("priority_revenue", "anouk", "week", "", "", (1, 1_000_000, 1_000_000)),
    ("plan_wins", "anouk", "month", "", "", (2, 2, 2)),
    ("plan_wins", "anouk", "month", "tier", "gold", (1, 1, 1)),
    ("plan_revenue", "anouk", "month", "", "", (800_000, 2, 2)),
)


def by_key(found: Sequence[Figure]) -> dict[tuple[str, ...], Figure]:
    told: dict[tuple[str, ...], Figure] = {
        (f.kpi.value, f.subject, f.span.value, f.cut, f.member): f for f in found
    }
    assert len(told) == len(found)
    return told


def test_every_kpi_is_what_one_works_out_by_hand(store: Store) -> None:
    found = by_key(figures(filled(store), BOOK, as_of=AS_OF))
    for *key, expected in BY_HAND:
        figure = found[tuple(key)]
        shown = (figure.value, figure.numerator, figure.denominator)
        assert shown == pytest.approx(expected), key
    assert {KpiName(key[0]) for *key, _ in BY_HAND} == set(KpiName)
    # There and back is two moves, the first evaluation none.
    assert [key[4] for key in found if key[0] == "tier_moves"] == ["silver>gold"] * 6
    # Whoever is not of the team counts nowhere, not even in the team's figures.
    assert {figure.subject for figure in found.values()} == {"anouk", "bruno", TEAM}


def test_a_figure_stands_beside_its_target_and_what_is_expected_so_far(store: Store) -> None:
    found = by_key(figures(filled(store), BOOK, as_of=AS_OF))
    month = ("anouk", "month", "", "")
    # 22 weekdays in June, 12 of them before the 17th.
    assert found["opportunities_opened", *month].target == pytest.approx(11)
    assert found["opportunities_opened", *month].expected == pytest.approx(6)
    assert found["activities", "anouk", "month", "activity", "client_calls"].expected == 6
    assert found["conversion_rate", *month].expected == pytest.approx(0.25)
    quarter = found["revenue_won", "anouk", "quarter", "", ""]
    # 65 weekdays in the quarter, 55 of them before the 17th.
    assert quarter.target == 36_000_000
    assert quarter.expected == pytest.approx(36_000_000 * 55 / 65, abs=1)
    existing = found["revenue_won", "anouk", "quarter", "source", "existing"]
    assert existing.target == pytest.approx(21_000_000, abs=1)
    assert found["time_share", "anouk", "month", "group", "prospects"].target == 0.5
    # The file's own aim, where no plan asks.
    assert found["priority_time", *month].target == pytest.approx(0.8)
    assert found["revenue_won", "bruno", "quarter", "", ""].target is None
    # The team has no plan of its own: what can be added up is.
    assert found["revenue_won", TEAM, "quarter", "", ""].target == 36_000_000
    assert found["conversion_rate", TEAM, "quarter", "", ""].target is None


def test_the_day_counts_in_what_is_expected_once_it_is_over(store: Store) -> None:
    found = by_key(figures(filled(store), BOOK, as_of=AS_OF, is_over=True))
    opened = found["opportunities_opened", "anouk", "month", "", ""]
    assert opened.expected == pytest.approx(11 * 13 / 22)


def test_intervals_are_those_of_the_textbook(store: Store) -> None:
    found = by_key(figures(filled(store), BOOK, as_of=AS_OF))
    opened = found["opportunities_opened", "anouk", "month", "", ""]
    # Of a count of 2, in any table of Poisson limits.
    assert (opened.low, opened.high) == pytest.approx((0.242209, 7.224688), abs=1e-6)
    won = found["revenue_won", "anouk", "month", "", ""]
    reach = 1.959964 * (1_000_000**2 + 200_000**2) ** 0.5
    assert (won.low, won.high) == pytest.approx((0, 800_000 + reach), rel=1e-6)
    rate = found["conversion_rate", "anouk", "month", "", ""]
    assert (rate.low, rate.high) == pytest.approx((0.300642, 0.954413), abs=1e-6)
    assert found["active_pipeline", "anouk", "month", "", ""].low is None


def test_a_figure_says_when_it_is_not_conclusive(store: Store) -> None:
    found = by_key(figures(filled(store), BOOK, as_of=AS_OF))
    quarter = found["revenue_won", "anouk", "quarter", "", ""]
    assert quarter.doubt is not None
    assert "33" in quarter.doubt.fr
    assert quarter.doubt.en.startswith("not conclusive: 33% of the amounts")
    assert found["revenue_won", "anouk", "month", "", ""].doubt is None
    # One of six is unknown: under the limit of 20 %.
    assert found["opportunities_opened", "anouk", "year", "", ""].doubt is None
    assert found["conversion_rate", "bruno", "month", "", ""].doubt is not None
    # A limit of its own.
    book = with_kpis("label: [Ventes gagnées, Revenue won]", "label: Ventes\n  doubt_over: 40 %")
    lenient = by_key(figures(store, book, as_of=AS_OF))
    assert lenient["revenue_won", "anouk", "quarter", "", ""].doubt is None


def test_one_deal_that_is_most_of_what_is_left_is_not_conclusive(store: Store) -> None:
    filled(store)
    with store.write() as connection:
        deals = metadata.tables["opportunity"]
        connection.execute(deals.update().where(deals.c.id == 5).values(team_amount=20_000_000))
    coverage = by_key(figures(store, BOOK, as_of=AS_OF))["coverage", "anouk", "week", "", ""]
    assert coverage.value == pytest.approx(200 / 352)
    assert coverage.doubt is not None


def test_what_is_stale_leaves_the_pipeline(store: Store) -> None:
    book = with_kpis("horizon: 180 d", "horizon: 180 d\n  stale: 1 d")
    found = by_key(figures(filled(store), book, as_of=AS_OF))
    assert found["active_pipeline", "anouk", "week", "", ""].value == 500_000


def test_a_deal_counts_for_its_owner_of_today(store: Store) -> None:
    filled(store)
    with store.write() as connection:
        deals = metadata.tables["opportunity"]
        connection.execute(deals.update().where(deals.c.id == 1).values(owner_id=2))
    found = by_key(figures(store, BOOK, as_of=AS_OF))
    assert found["revenue_won", "bruno", "month", "", ""].value == 1_000_000
    assert found["revenue_won", "anouk", "month", "", ""].value == -200_000
    assert found["revenue_won", TEAM, "month", "", ""].value == 800_000


def test_the_last_days_of_a_year_are_in_the_week_of_the_next_one(store: Store) -> None:
    filled(store)
    with store.write() as connection:
        put(connection, "opportunity", [
            {"id": 50 + place, "connection_id": 1, "external_id": "1", "modified_at": 0,
             "pulled_at": 0, "owner_id": 1, "stage_id": 3, "team_amount": 100 * 10**place,
             "closes_on": day(on)}
            for place, on in enumerate(("2026-12-27", "2026-12-28", "2026-12-31", "2027-01-01"))
        ])  # fmt: skip
    found = by_key(figures(store, BOOK, as_of=day("2027-01-02")))
    week = found["revenue_won", "anouk", "week", "", ""]
    assert (week.period, week.value) == ("2026-W53", 111_000)
    year = found["revenue_won", "anouk", "year", "", ""]
    assert (year.period, year.value) == ("2027", 100_000)


def test_cuts_and_kpis_narrow_what_is_asked(store: Store) -> None:
    found = figures(
        filled(store), BOOK, as_of=AS_OF, spans=[Span.MONTH], cuts=[Cut.WHOLE, Cut.SOURCE],
        kpis=[KpiName.REVENUE_WON, KpiName.TIME_SHARE],
    )  # fmt: skip
    assert {figure.kpi for figure in found} == {KpiName.REVENUE_WON}
    assert {figure.cut for figure in found} == {"", "source"}


def test_the_number_of_statements_is_constant(store: Store) -> None:
    filled(store)

    def statements(spans: Sequence[Span], reps: int) -> int:
        seen: list[str] = []

        def see(_c: object, _u: object, statement: str, *_: object) -> None:
            seen.append(statement)

        people = {f"rep{n}": BOOK.team.reps["anouk"] for n in range(reps)}
        book = replace(BOOK, team=BOOK.team.model_copy(update={"reps": people}))
        event.listen(store.engine, "before_cursor_execute", see)
        figures(store, book, as_of=AS_OF, spans=spans)
        event.remove(store.engine, "before_cursor_execute", see)
        return len(seen)

    assert statements(list(Span), 30) == statements([Span.WEEK], 1) <= 10


def test_an_empty_store_has_zeros_and_unknowns(store: Store) -> None:
    with store.write() as connection:
        rulebooks.publish(connection, BOOK, author="ops", reason="essai", now=0)
    found = by_key(figures(store, BOOK, as_of=AS_OF))
    assert found["revenue_won", "anouk", "month", "", ""].value == 0
    assert found["conversion_rate", "anouk", "month", "", ""].value is None
    assert found["sales_cycle", "anouk", "month", "", ""].value is None
