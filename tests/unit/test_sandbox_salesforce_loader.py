"""The worked case in the emulated Salesforce: the same files as for the other CRM."""

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import connectors.sandbox
from connectors.sandbox.salesforce import SANDBOX_USERNAME, SalesforceSandbox
from connectors.sandbox.salesforce.loader import MalformedFolderError, load_folder
from connectors.sandbox.salesforce.soql_query import answered, printed_rows

CASE = Path(connectors.sandbox.__file__).parent / "cases" / "elise"


@pytest.fixture(scope="module")
def sandbox() -> SalesforceSandbox:
    made = SalesforceSandbox(now=datetime.fromisoformat("2026-06-29T07:00:00-04:00"))
    load_folder(made, CASE)
    return made


def ask(sandbox: SalesforceSandbox, text: str) -> list[dict[str, Any]]:
    user = sandbox.user_id(SANDBOX_USERNAME)
    # Activities of more than a year ago are archived, and read as deleted records are.
    answer = answered(sandbox.org, user, text, with_deleted=True)
    return printed_rows(sandbox.org, answer, answer.rows, "")


def rows_of(name: str) -> list[dict[str, str]]:
    with (CASE / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_account_has_its_owner_and_its_own_fields(sandbox: SalesforceSandbox) -> None:
    rows = ask(
        sandbox,
        "SELECT Id, Name, BillingCity, NumberOfEmployees, Potentiel_annuel__c, Owner.Name "
        "FROM Account",
    )
    found = {row["Id"]: row for row in rows}
    assert len(found) == len(rows_of("accounts"))
    owners = {row["id"]: row["name"] for row in rows_of("owners")}
    for row in rows_of("accounts"):
        shown = found[sandbox.id_of("accounts", row["id"])]
        assert (shown["Name"], shown["BillingCity"]) == (row["name"], row["city"] or None)
        potential = row["potentiel_annuel"]
        assert shown["Potentiel_Annuel__c"] == (float(potential) if potential else None)
        if row["owner_id"]:
            assert shown["Owner"]["Name"] == owners[row["owner_id"]]


def test_every_deal_is_won_lost_or_open_as_written(sandbox: SalesforceSandbox) -> None:
    for row in rows_of("opportunities"):
        shown = sandbox.values_of(sandbox.id_of("opportunities", row["id"]))
        assert shown["StageName"] == row["stage"]
        assert (str(shown["IsClosed"]), str(shown["IsWon"])) == (row["is_closed"], row["is_won"])
        assert shown["Amount"] == float(row["amount"])
        assert shown.get("CloseDate", "") == row["close_date"]
        assert shown["AccountId"] == sandbox.id_of("accounts", row["account_id"])


def test_the_history_tells_each_stage_and_its_day(sandbox: SalesforceSandbox) -> None:
    rows = ask(sandbox, "SELECT OpportunityId, StageName, CreatedDate FROM OpportunityHistory")
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["OpportunityId"], []).append((row["CreatedDate"], row["StageName"]))
    for row in rows_of("opportunities"):
        steps = sorted(found[sandbox.id_of("opportunities", row["id"])])
        written = [part.split("@") for part in row["stage_history"].split(";") if part]
        assert [stage for _, stage in steps] == [stage for stage, _ in written]
        # The days are the org's: midnight in Toronto is 04:00 or 05:00 in Greenwich.
        assert [moment[:10] for moment, _ in steps] == [day for _, day in written]


def test_activities_are_tasks_and_events(sandbox: SalesforceSandbox) -> None:
    kinds = Counter(row["type"] for row in rows_of("activities"))
    tasks = Counter(row["TaskSubtype"] for row in ask(sandbox, "SELECT TaskSubtype FROM Task"))
    assert tasks == {"Call": kinds["call"], "Email": kinds["email"], "Task": kinds["note"]}
    assert len(ask(sandbox, "SELECT Id FROM Event")) == kinds["meeting"]
    assert ask(sandbox, "SELECT Id FROM Task WHERE IsClosed = false OR AccountId = null") == []


def test_contacts_keep_their_roles(sandbox: SalesforceSandbox) -> None:
    roles = Counter(row["Role"] for row in ask(sandbox, "SELECT Role FROM AccountContactRole"))
    written = Counter(row["hs_buying_role"] for row in rows_of("contacts"))
    assert roles["Decision Maker"] == written["DECISION_MAKER"]
    assert sum(roles.values()) == sum(written.values()) - written[""]


def test_a_broken_folder_writes_nothing(tmp_path: Path) -> None:
    for name in ("owners", "accounts", "opportunities"):
        (tmp_path / f"{name}.csv").write_bytes((CASE / f"{name}.csv").read_bytes())
    text = (tmp_path / "accounts.csv").read_text(encoding="utf-8")
    (tmp_path / "accounts.csv").write_text(text.replace(",501,", ",999,", 1), encoding="utf-8")
    made = SalesforceSandbox()
    with pytest.raises(MalformedFolderError, match=r"'999' is not an id of owners\.csv"):
        load_folder(made, tmp_path)
    assert made.is_empty
