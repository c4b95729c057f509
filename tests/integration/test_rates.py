"""Rates of `team.yaml`: published, they value what was unknown, and what they valued before."""

import pytest

from rules.rulebook import compile_rulebook
from service.store import rulebooks
from service.store.engine import Store
from tests.integration.pages import NOON, Workspace, deal_of, opportunity, page, settle
from tests.playbooks import TEAM, small

DAY = 86_400_000
YEAR = 365 * DAY


def publish(workspace: Workspace, rates: str = "", team: str = TEAM) -> None:
    book = compile_rulebook(small(team=f"{team}{rates}"))
    with workspace.store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="cours", now=NOON)


def worth(workspace: Workspace, external_id: str = "D1") -> tuple[int | None, int | None]:
    row = workspace.row("opportunity", external_id)
    return row.team_amount, row.team_peak_amount


def test_a_published_rate_values_the_amounts_and_the_peaks_that_were_unknown(
    workspace: Workspace,
) -> None:
    deal = opportunity("D1", amount=100, peak_amount=300, currency="USD")
    workspace.write(page(deal, opportunity("D2", amount=100), links=[deal_of("A1", "D1")]))
    workspace.evaluate()
    assert worth(workspace) == (None, None)
    publish(workspace, "rates: {USD: {2026-01-01: '1,5'}}\n")
    assert worth(workspace) == (150, 450)
    assert workspace.dirty() == {"A1"}
    assert [(each.currency, each.rate) for each in workspace.rows("fx_rate")] == [("USD", 1.5)]


def test_each_amount_goes_by_the_rate_of_its_day(workspace: Workspace) -> None:
    # NOON is of January 2026.
    deals = [
        opportunity("D1", amount=100, currency="USD", closes_at=NOON),
        opportunity("D2", amount=100, currency="USD", closes_at=NOON + 100 * DAY),
        opportunity("D3", amount=100, currency="USD", closes_at=NOON - YEAR),
    ]
    workspace.write(page(*deals))
    publish(workspace, "rates: {USD: {2026-01-01: 1.4, 2026-04-01: 1.5}}\n")
    assert [worth(workspace, key)[0] for key in ("D1", "D2", "D3")] == [140, 150, None]


def test_a_corrected_rate_values_again_what_it_had_valued(workspace: Workspace) -> None:
    publish(workspace, "rates: {USD: {2026-01-01: 1.4}}\n")
    deals = [
        opportunity("D1", amount=100, peak_amount=200, currency="USD"),
        opportunity("D2", amount=100, currency="USD", home_amount=137),
        opportunity("D3", amount=100, currency="EUR"),
    ]
    workspace.write(page(*deals))
    assert [worth(workspace, key)[0] for key in ("D1", "D2", "D3")] == [140, 137, None]
    publish(workspace, "rates: {USD: {2026-01-01: 1.5}}\n")
    assert worth(workspace) == (150, 300)
    # What the CRM converted itself stays, and a currency without a rate is unknown.
    assert [worth(workspace, key)[0] for key in ("D2", "D3")] == [137, None]


def test_a_rate_that_goes_leaves_its_amounts_unknown(workspace: Workspace) -> None:
    publish(workspace, "rates: {USD: {2026-01-01: 1.4}}\n")
    workspace.write(page(opportunity("D1", amount=100, peak_amount=200, currency="USD")))
    publish(workspace)
    assert worth(workspace) == (None, None)
    assert workspace.rows("fx_rate") == []


def test_a_team_that_changes_its_currency_values_everything_again(workspace: Workspace) -> None:
    deals = [
        opportunity("D1", amount=100, currency="USD", home_amount=137),
        opportunity("D2", amount=137, currency="CAD"),
    ]
    workspace.write(page(*deals))
    publish(workspace)
    publish(workspace, "rates: {CAD: {2026-01-01: 0.5}}\n", TEAM.replace("CAD", "USD"))
    assert [worth(workspace, key)[0] for key in ("D1", "D2")] == [100, 68]


def test_a_peak_without_a_rate_does_not_touch_the_amount_that_the_crm_converted(
    workspace: Workspace,
) -> None:
    deal = opportunity(amount=100, home_amount=137, peak_amount=200, currency="USD")
    workspace.write(page(deal))
    assert worth(workspace) == (137, None)
    publish(workspace, "rates: {USD: {2026-01-01: 1.5}}\n")
    assert worth(workspace) == (137, 300)


@pytest.mark.parametrize("home", ["USD", "EUR"])
def test_a_crm_in_another_currency_is_valued_by_the_rates(store: Store, home: str) -> None:
    workspace = settle(store, currency="CAD", home=home)
    workspace.write(page(opportunity("D1", amount=100, currency="USD", home_amount=90)))
    publish(workspace, "rates: {USD: {2026-01-01: 1.5}}\n")
    assert worth(workspace)[0] == 150
