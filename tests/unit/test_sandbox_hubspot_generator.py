"""A sandbox filled at once: whole, repeatable, and like any other portal afterwards."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"
DEALS = "/crm/objects/2026-09/deals"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def filled(state_file: Path | None = None, **sizes: int) -> HubSpotSandbox:
    sandbox = HubSpotSandbox(now=NOW, state_file=state_file)
    sandbox.switches.change({"exchange_rates": {"USD": "1.37", "EUR": "1.61"}})
    sandbox.switches.ten_second_limit = 1_000_000
    stages = [{"label": "Piste", "metadata": {"probability": "0.1"}}]
    sandbox.act("add_pipeline", label="Service", stages=stages)
    sandbox.generate(**{"companies": 300, "deals": 700, "seed": 5, **sizes})
    return sandbox


def everything(sandbox: HubSpotSandbox, path: str, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after = "0"
    while after:
        body = sandbox.call("GET", f"{path}?limit=100&after={after}{query}")[1]
        rows += body["results"]
        after = body.get("paging", {}).get("next", {}).get("after", "")
    return rows


@pytest.fixture(scope="module")
def sandbox() -> HubSpotSandbox:
    return filled()


def test_every_record_is_listed_once(sandbox: HubSpotSandbox) -> None:
    for path, count in ((COMPANIES, 300), (DEALS, 700)):
        rows = everything(sandbox, path)
        assert len({row["id"] for row in rows}) == len(rows) == count
        assert all(row["createdAt"] <= row["updatedAt"] <= "2026-11-23T13:00:01Z" for row in rows)


def test_deals_have_none_one_or_several_companies_and_one_is_primary(
    sandbox: HubSpotSandbox,
) -> None:
    counts: Counter[int] = Counter()
    for row in everything(sandbox, DEALS, "&associations=companies"):
        linked = row.get("associations", {}).get("companies", {}).get("results", [])
        names = Counter(link["type"] for link in linked)
        counts[names["deal_to_company_unlabeled"]] += 1
        assert names["deal_to_company"] == (1 if linked else 0)
    assert set(counts) == {0, 1, 2, 3}
    assert counts[1] > 500


def test_deals_spread_over_pipelines_owners_and_currencies(sandbox: HubSpotSandbox) -> None:
    names = "pipeline,dealstage,hubspot_owner_id,deal_currency_code,amount,amount_in_home_currency"
    rows = [row["properties"] for row in everything(sandbox, DEALS, f"&properties={names}")]
    assert {row["pipeline"] for row in rows} == {"default", "service"}
    assert len({row["hubspot_owner_id"] for row in rows}) == 21  # 20 owners, and nobody
    assert {row["deal_currency_code"] for row in rows} == {"CAD", "USD", "EUR"}
    rates = {"CAD": Decimal(1), "USD": Decimal("1.37"), "EUR": Decimal("1.61")}
    for row in rows:
        at_home = Decimal(row["amount"]) * rates[row["deal_currency_code"]]
        assert Decimal(row["amount_in_home_currency"]) == round(at_home, 2)


def test_the_same_seed_gives_the_same_portal_and_another_one_another() -> None:
    first, same, other = (
        [
            (row["id"], row["properties"])
            for row in everything(filled(companies=30, deals=30, seed=seed), DEALS)
        ]
        for seed in (1, 1, 2)
    )
    named = [(one, row["amount"], row["dealstage"]) for one, row in first]
    assert named == [(one, row["amount"], row["dealstage"]) for one, row in same]
    assert named != [(one, row["amount"], row["dealstage"]) for one, row in other]


def test_a_generated_record_is_written_like_any_other() -> None:
    sandbox = filled(companies=5, deals=5)
    deal = everything(sandbox, DEALS)[0]
    path = f"{DEALS}/{deal['id']}"
    write = {"properties": {"dealname": "Autre"}}
    assert sandbox.call("PATCH", path, write)[1]["properties"]["dealname"] == "Autre"
    past = sandbox.call("GET", f"{path}?propertiesWithHistory=dealname,amount")[1]
    history = past["propertiesWithHistory"]
    assert [entry["value"] for entry in history["dealname"]] == ["Autre", "Projet 1"]
    assert [entry["sourceType"] for entry in history["amount"]] == ["IMPORT"]
    assert [row["property"] for row in sandbox.history()][-1] == "dealname"


def test_a_generated_portal_is_the_same_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "portal.jsonl"
    before = filled(path, companies=20, deals=40)
    record_id = everything(before, COMPANIES)[0]["id"]
    before.call("PATCH", f"{COMPANIES}/{record_id}", {"properties": {"city": "Amos"}})
    shown = [everything(before, one) for one in (COMPANIES, DEALS)]
    # A line for each thing that was done, not for each record that was made.
    assert len(path.read_text(encoding="utf-8").splitlines()) < 30
    after = HubSpotSandbox(now=NOW, state_file=path)
    after.switches.ten_second_limit = 1_000_000
    assert [everything(after, one) for one in (COMPANIES, DEALS)] == shown


def test_ids_go_on_after_what_was_generated_twice() -> None:
    sandbox = filled(companies=10, deals=0)
    sandbox.generate(companies=10, seed=9)
    made = sandbox.call("POST", COMPANIES, {"properties": {"name": "Roc"}})[1]["id"]
    ids = [int(row["id"]) for row in everything(sandbox, COMPANIES)]
    assert len(ids) == 21
    assert int(made) == max(ids)


def test_more_than_two_millions_are_refused() -> None:
    with pytest.raises(Exception, match="can be generated"):
        HubSpotSandbox(now=NOW).act("generate", companies=2_000_001)
