"""Rates, sums and activities judged week by week, on both databases."""

import pytest

from rules.alert.alerts import Alerts
from rules.alert.evidence import Evidence
from rules.alert.lines import LineKind, WeekLine
from rules.kpi.kpis import Kpis
from rules.plan.plan import Plan
from service import alert
from service.store import alerts as kept
from service.store.engine import Store
from service.store.tables import activity, link, opportunity
from tests.integration.test_alert import KPIS, MONDAY, TEAM, put, put_account
from tests.integration.test_alert_facts import TERRITORY

MEASURED = Kpis.model_validate(
    {
        **KPIS.model_dump(mode="python", include=set()),
        "conversion_rate": {"label": "Taux", "window": "90 d"},
        "revenue_won": {"label": "Ventes"},
        "activities": {"calls": {"label": "Appels", "of": "call", "when": "tier = 'gold'"}},
    }
)
WORDS = {"subject": "{value} {expected}", "body": "{action}"}


def look(store: Store, **rule: object) -> WeekLine:
    """The one line of a week in which Anouk, far below her plan, is looked at."""
    alerts = Alerts.model_validate({"start": "2026-01-05", "deviations": {"watched": rule | WORDS}})
    plan = Plan.model_validate(
        {
            "owner": "anouk", "period": "2026", "currency": "CAD", "objective": "1 200 000",
            "targets": {"conversion_rate": "50 %"}, "activities": {"calls": "5 per week"},
        }
    )  # fmt: skip
    alert.run(
        store, team=TEAM, kpis=MEASURED, plans=[plan], alerts=alerts,
        now=(MONDAY * 24 + 11) * 3_600_000, run_id=1, territory=TERRITORY,
    )  # fmt: skip
    with store.read() as connection:
        (line,) = kept.open_for_digest(connection, "2026-W27").lines
    return line


@pytest.fixture
def selling(store: Store) -> Store:
    """Sixty deals closed over the last ten weeks, of which ten were won, at $10,000 each."""
    put(store, "owner", {"id": 1, "external_id": "1", "rep_key": "anouk"})
    for number, kind in ((1, "won"), (2, "lost")):
        put(store, "stage", {"id": number, "external_id": f"{number}", "kind": kind})
    put_account(store, 1, "Acier")
    rows = [
        {
            "id": number, "connection_id": 1, "external_id": f"{number}", "owner_id": 1,
            "stage_id": 1 if number <= 10 else 2, "closes_on": MONDAY - 1 - number,
            "team_amount": 1_000_000, "modified_at": 0, "pulled_at": 0,
        }
        for number in range(1, 61)
    ]  # fmt: skip
    with store.write() as connection:
        connection.execute(opportunity.insert(), rows)
    return store


def test_a_rate_far_below_its_target_is_confirmed(selling: Store) -> None:
    line = look(selling, kpi="conversion_rate", windows=["13 w"], confirmed="digest")
    evidence = line.evidence
    assert (line.kind, evidence.trials) == (LineKind.CONFIRMED, 60)
    assert evidence.observed == pytest.approx(10 / 60)
    assert (evidence.expected, line.text.fr) == (0.5, "17\u00a0% 50\u00a0%")
    assert line.action is not None
    assert line.action.fr == f"{evidence.missing:.0f} ventes gagnées de plus"
    assert evidence.low == pytest.approx((10 + evidence.missing) / 60)
    assert not line.has_task


def test_sales_far_below_the_objective_are_confirmed(selling: Store) -> None:
    # The team has ten known amounts: too few to know how sales vary.
    extra = [
        {
            "id": number, "connection_id": 1, "external_id": f"{number}", "owner_id": 1,
            "stage_id": 1, "closes_on": MONDAY - 300, "team_amount": 900_000, "modified_at": 0,
            "pulled_at": 0,
        }
        for number in range(61, 66)
    ]  # fmt: skip
    with selling.write() as connection:
        connection.execute(opportunity.insert(), extra)
    line = look(selling, kpi="revenue_won", windows=["8 w", "13 w"], confirmed="task")
    evidence = line.evidence
    assert (line.kind, evidence.unit) == (LineKind.CONFIRMED, "money")
    assert evidence.observed == 10 * 1_000_000
    # Thirteen of the 52 weeks of a year of $1,200,000, in cents.
    assert evidence.expected == pytest.approx(30_000_000, rel=0.05) or evidence.weeks == 8
    assert line.has_task


def test_activities_count_with_the_accounts_that_their_condition_takes(selling: Store) -> None:
    put_account(selling, 2, "Bois", "silver")
    rows, links = [], []
    for number in range(1, 9):
        rows.append(
            {
                "id": number, "connection_id": 1, "external_id": f"{number}", "kind": "call",
                "owner_id": 1, "happened_on": MONDAY - 1 - number, "is_contact": number != 1,
                "modified_at": 0,
            }
        )  # fmt: skip
        links.append(
            {
                "relation": "activity_account", "from_id": number, "to_id": 1 + number % 2,
                "is_primary": True,
            }
        )  # fmt: skip
    with selling.write() as connection:
        connection.execute(activity.insert(), rows)
        connection.execute(link.insert(), links)
    line = look(selling, kpi="activities", activity="calls", windows=["4 w"])
    # Eight calls, four of them with the gold account; the one that is no contact was with silver.
    assert (line.kind, line.evidence.observed) == (LineKind.CONFIRMED, 4)
    assert Evidence.of_json(line.evidence.to_json()) == line.evidence
    assert line.action is not None
    assert "Appels" in line.action.fr
