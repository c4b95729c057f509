"""Amounts reach the team's currency by a known way, or stay unknown."""

from typing import Any

import pytest

from service.store import revalue
from service.store.engine import Store
from tests.integration.pages import NOON, Workspace, deal_of, opportunity, page, settle

DAY = 86_400_000
# 2026-01-05, the day of NOON in the team's zone.
FIFTH = 20_458


def team_amount(workspace: Workspace, **values: Any) -> int | None:
    workspace.write(page(opportunity(**values)))
    amount: int | None = workspace.row("opportunity", "D1").team_amount
    return amount


def test_an_amount_in_the_currency_of_the_team_is_itself(workspace: Workspace) -> None:
    workspace.add_rate("CAD", 2.0)
    assert team_amount(workspace, amount=12_345, currency="CAD", home_amount=1) == 12_345


def test_an_amount_without_currency_is_in_the_one_of_the_crm(workspace: Workspace) -> None:
    assert team_amount(workspace, amount=12_345, currency=None) == 12_345
    assert workspace.row("opportunity", "D1").currency == "CAD"


def test_the_conversion_of_the_crm_counts_before_a_rate(workspace: Workspace) -> None:
    workspace.add_rate("USD", 1.5)
    assert team_amount(workspace, amount=100, currency="USD", home_amount=137) == 137


def test_the_conversion_of_a_crm_in_another_currency_does_not_count(store: Store) -> None:
    workspace = settle(store, currency="CAD", home="EUR")
    workspace.add_rate("USD", 1.5)
    assert team_amount(workspace, amount=100, currency="USD", home_amount=90) == 150


def test_a_missing_rate_is_unknown_and_never_one_for_one(workspace: Workspace) -> None:
    assert team_amount(workspace, amount=100, currency="USD") is None


def test_no_amount_is_not_zero(workspace: Workspace) -> None:
    assert team_amount(workspace, amount=None, home_amount=None) is None


def test_the_rate_of_the_day_of_closing_counts(workspace: Workspace) -> None:
    for rate, on in ((1.1, 0), (1.2, FIFTH), (1.3, FIFTH + 1)):
        workspace.add_rate("USD", rate, on=on)
    by_creation = {"amount": 1000, "currency": "USD", "modified_at": NOON}
    assert team_amount(workspace, **by_creation) == 1200
    by_closing = {**by_creation, "closes_at": NOON + DAY}
    assert team_amount(workspace, **by_closing) == 1300


def test_a_rate_that_does_not_hold_yet_is_unknown(workspace: Workspace) -> None:
    workspace.add_rate("USD", 1.3, on=FIFTH + 1)
    assert team_amount(workspace, amount=1000, currency="USD") is None


def test_an_amount_becomes_known_with_its_rate_and_marks_its_account(
    workspace: Workspace,
) -> None:
    known = page(opportunity("D1", amount=100), links=[deal_of("A1", "D1")])
    unknown = page(opportunity("D2", amount=100, currency="USD"), links=[deal_of("A2", "D2")])
    workspace.write(known, unknown)
    workspace.evaluate()
    workspace.add_rate("USD", 1.5)
    context = workspace.context()
    with workspace.store.write() as connection:
        assert revalue.fill_unknown(connection, context) == 1
        assert revalue.fill_unknown(connection, context) == 0
    assert workspace.row("opportunity", "D2").team_amount == 150
    assert workspace.dirty() == {"A2"}


@pytest.mark.parametrize(
    ("amount", "rate", "converted"),
    [
        (5, 0.5, 2),  # 2.5, half to even
        (7, 0.5, 4),  # 3.5, half to even
        (-5, 0.5, -2),
        (1, 1.005, 1),
        (9_007_199_254_740_993, 1.1, 9_907_919_180_215_092),  # …092.3, beyond a float
        (2**62, 4.0, None),  # no room for it
    ],
)
def test_conversion_is_exact_and_rounds_half_to_even(
    workspace: Workspace, amount: int, rate: float, converted: int | None
) -> None:
    workspace.add_rate("USD", rate)
    assert team_amount(workspace, amount=amount, currency="USD") == converted


def test_the_peak_is_converted_likewise(workspace: Workspace) -> None:
    workspace.add_rate("USD", 1.5)
    workspace.write(page(opportunity(amount=100, peak_amount=300, currency="USD")))
    assert workspace.row("opportunity", "D1").team_peak_amount == 450


def test_the_conversion_of_the_crm_holds_for_a_peak_that_is_the_amount(
    workspace: Workspace,
) -> None:
    values: dict[str, Any] = {"peak_amount": 100, "currency": "USD"}
    workspace.write(page(opportunity(**values, amount=100, home_amount=137)))
    assert workspace.row("opportunity", "D1").team_peak_amount == 137
    workspace.write(page(opportunity(**values, amount=50, home_amount=68)))
    assert workspace.row("opportunity", "D1").team_peak_amount is None
