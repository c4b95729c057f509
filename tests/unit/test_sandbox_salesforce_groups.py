"""GROUP BY, aggregates and queries within queries of the emulated Salesforce.

What they should say is worked out here from the plain rows, by other means than the sandbox's.
"""

import random
from collections import defaultdict
from statistics import fmean
from typing import Any

import pytest

from connectors.sandbox.salesforce import SalesforceSandbox
from tests.unit.salesforce_caller import DATA, NOW, Caller, called

STAGES = ("Prospecting", "Qualification", "Closed Won")
# A query that is not one, the code of its refusal, words of the message.
BAD = [
    ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "grouped or aggregated: Name"),
    ("SELECT Name FROM Account GROUP BY Site", "MALFORMED_QUERY", "grouped or aggregated: Name"),
    ("SELECT Site FROM Account GROUP BY Site ORDER BY Name", "MALFORMED_QUERY", "aggregated: Name"),
    ("SELECT MAX(Name) FROM Account LIMIT 1", "MALFORMED_QUERY", "cannot also use LIMIT"),
    ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator SUM"),
    ("SELECT MAX(Description) FROM Account", "MALFORMED_QUERY", "aggregate operator MAX"),
    ("SELECT AVG(CreatedDate) FROM Account", "MALFORMED_QUERY", "aggregate operator AVG"),
    ("SELECT COUNT(Foo) FROM Account", "INVALID_FIELD", "No such column 'Foo'"),
    ("SELECT COUNT(Id) n, MAX(Name) n FROM Account", "MALFORMED_QUERY", "duplicate alias: n"),
    ("SELECT Amount FROM Opportunity GROUP BY Amount", "MALFORMED_QUERY", "can not be grouped"),
    ("SELECT Id FROM Account GROUP BY COUNT(Id)", "MALFORMED_QUERY", "Grouped by an aggregate"),
    ("SELECT Name n FROM Account", "MALFORMED_QUERY", "unexpected token: 'n'"),
    ("SELECT Id Name FROM Account", "MALFORMED_QUERY", "unexpected token: 'Name'"),
    ("SELECT Id FROM Account HAVING COUNT(Id) > 1", "MALFORMED_QUERY", "'HAVING'"),
    ("SELECT Id FROM Account WHERE COUNT(Id) > 1", "MALFORMED_QUERY", "unexpected token: 'COUNT'"),
    ("SELECT Id FROM Account ORDER BY COUNT(Id)", "MALFORMED_QUERY", "unexpected token: 'COUNT'"),
    ("SELECT MEDIAN(AnnualRevenue) FROM Account", "MALFORMED_QUERY", "unexpected token: '('"),
    ("SELECT CALENDAR_YEAR(Name) FROM Account GROUP BY CALENDAR_YEAR(Name)", "MALFORMED_QUERY",
     "needs a date"),
    ("SELECT COUNT(Id), (SELECT Id FROM Contacts) FROM Account", "MALFORMED_QUERY", "'Contacts'"),
    ("SELECT Id, (SELECT Id FROM Owner) FROM Account", "INVALID_TYPE", "relationship 'Owner'"),
    ("SELECT Id, (SELECT COUNT() FROM Contacts) FROM Account", "MALFORMED_QUERY", "'('"),
    ("SELECT Id, (SELECT Id FROM Contacts GROUP BY Id) FROM Account", "MALFORMED_QUERY", "GROUP"),
    ("SELECT Id, (SELECT Id, (SELECT Id FROM Tasks) FROM Contacts) FROM Account",
     "MALFORMED_QUERY", "'('"),
]  # fmt: skip


@pytest.fixture(scope="module")
def caller() -> Caller:
    made = called()
    chance = random.Random(11)  # noqa: S311 - the same org each time, not a secret
    accounts = [made.account(Name=f"Compte {number}") for number in range(4)]
    for number in range(60):
        values: dict[str, Any] = {
            "Name": f"Offre {number}",
            "StageName": chance.choice(STAGES),
            "CloseDate": f"2026-{1 + number % 12:02d}-15",
            "AccountId": accounts[number % 3],
            "NextStep": chance.choice(["appeler", "Appeler", "écrire"]),
        }
        if chance.random() < 0.8:
            values["Amount"] = float(chance.randrange(1, 100))
        made.sandbox.create("Opportunity", **values)
    return made


@pytest.fixture(scope="module")
def deals(caller: Caller) -> list[dict[str, Any]]:
    fields = "Id, StageName, Amount, CloseDate, NextStep, Account.Name, FiscalQuarter"
    return list(caller.ask(f"SELECT {fields} FROM Opportunity")["records"])  # noqa: S608 - SOQL, to a sandbox


@pytest.mark.parametrize(("text", "code", "words"), BAD)
def test_groups_that_make_no_sense_are_refused(
    caller: Caller, text: str, code: str, words: str
) -> None:
    refused = caller.ask(text)[0]
    assert (refused["errorCode"], words in refused["message"]) == (code, True), refused


def test_groups_have_the_recorded_shape(caller: Caller) -> None:
    found = caller.ask("SELECT StageName, COUNT(Id), SUM(Amount) total FROM Opportunity "
                       "GROUP BY StageName")  # fmt: skip
    assert list(found) == ["totalSize", "done", "records"]
    assert (found["totalSize"], found["done"]) == (3, True)
    for row in found["records"]:
        assert list(row) == ["attributes", "StageName", "expr0", "total"]
        assert row["attributes"] == {"type": "AggregateResult"}


def test_groups_count_and_add_up_what_plain_rows_hold(
    caller: Caller, deals: list[dict[str, Any]]
) -> None:
    by_stage: dict[str, list[float | None]] = defaultdict(list)
    for deal in deals:
        by_stage[deal["StageName"]].append(deal["Amount"])
    found = caller.ask("SELECT StageName, COUNT(Id) n, COUNT(Amount) told, SUM(Amount) s, "
                       "AVG(Amount) a, MIN(Amount) low, MAX(Amount) high FROM Opportunity "
                       "GROUP BY StageName ORDER BY StageName")  # fmt: skip
    assert [row["StageName"] for row in found["records"]] == [*STAGES]
    for row in found["records"]:
        amounts = [one for one in by_stage[row["StageName"]] if one is not None]
        assert (row["n"], row["told"]) == (len(by_stage[row["StageName"]]), len(amounts))
        assert (row["s"], row["low"], row["high"]) == (sum(amounts), min(amounts), max(amounts))
        assert row["a"] == pytest.approx(fmean(amounts))


def test_a_parents_name_groups_and_having_chooses(
    caller: Caller, deals: list[dict[str, Any]]
) -> None:
    count: dict[str, int] = defaultdict(int)
    for deal in deals:
        count[deal["Account"]["Name"]] += deal["Amount"] is not None
    wanted = {name: number for name, number in count.items() if number > 15}
    found = caller.ask("SELECT Account.Name, COUNT(Amount) FROM Opportunity GROUP BY Account.Name "
                       "HAVING COUNT(Amount) > 15 ORDER BY COUNT(Amount) DESC")  # fmt: skip
    told = [(row["Name"], row["expr0"]) for row in found["records"]]
    assert 0 < len(wanted) < 3
    assert dict(told) == wanted
    assert [number for _, number in told] == sorted(wanted.values(), reverse=True)


def test_texts_that_differ_by_case_are_one_group(
    caller: Caller, deals: list[dict[str, Any]]
) -> None:
    found = caller.ask("SELECT NextStep, COUNT(Id) n FROM Opportunity GROUP BY NextStep")
    told = {row["NextStep"].lower(): row["n"] for row in found["records"]}
    steps = [deal["NextStep"].lower() for deal in deals]
    assert told == {step: steps.count(step) for step in set(steps)}


def test_months_and_fiscal_quarters_are_groups(caller: Caller, deals: list[dict[str, Any]]) -> None:
    found = caller.ask("SELECT CALENDAR_MONTH(CloseDate) m, FISCAL_QUARTER(CloseDate) q, "
                       "COUNT(Id) n FROM Opportunity GROUP BY CALENDAR_MONTH(CloseDate), "
                       "FISCAL_QUARTER(CloseDate)")["records"]  # fmt: skip
    months = [int(deal["CloseDate"][5:7]) for deal in deals]
    assert {row["m"]: row["n"] for row in found} == {one: months.count(one) for one in range(1, 13)}
    assert {(row["m"], row["q"]) for row in found} == {
        (int(deal["CloseDate"][5:7]), deal["FiscalQuarter"]) for deal in deals
    }


def test_a_query_without_groups_has_one_row(caller: Caller, deals: list[dict[str, Any]]) -> None:
    text = "SELECT COUNT(Id), COUNT_DISTINCT(AccountId), MAX(CloseDate) FROM Opportunity"
    row = caller.ask(text)["records"][0]
    assert (row["expr0"], row["expr1"], row["expr2"]) == (len(deals), 3, "2026-12-15")
    nothing = caller.ask(f"{text} WHERE Name = 'nobody'")["records"][0]
    assert (nothing["expr0"], nothing["expr1"], nothing["expr2"]) == (0, 0, None)


def test_currencies_are_added_up_in_the_corporate_one() -> None:
    org = called()
    org.sandbox.act("set_currencies", rates={"USD": 0.5})
    for code in ("CAD", "USD"):
        org.account(AnnualRevenue=100, CurrencyIsoCode=code)
    found = org.ask("SELECT SUM(AnnualRevenue) FROM Account")["records"][0]
    assert found["expr0"] == 100 + 100 / 0.5


def test_more_groups_than_a_page_are_refused() -> None:
    org = called()
    for number in range(2001):
        org.account(Name=f"n{number}")
    text = "SELECT Name FROM Account GROUP BY Name"
    assert org.ask(text)[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert org.ask(f"{text} LIMIT 2000")["totalSize"] == 2000


# Queries within queries.


def test_children_are_nested_with_pages_of_their_own() -> None:
    org = called(page_size=2)
    parent, alone = org.account(Name="a"), org.account(Name="b")
    for number in range(3):
        org.sandbox.create("Contact", LastName=f"c{number}", AccountId=parent)
    found = org.ask("SELECT Name, (SELECT LastName FROM Contacts WHERE LastName != 'c9' "
                    "ORDER BY LastName DESC) FROM Account ORDER BY Name")["records"]  # fmt: skip
    assert [row["Contacts"] is None for row in found] == [False, True]
    assert found[1]["attributes"]["url"].endswith(alone)
    nested = found[0]["Contacts"]
    assert list(nested) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert [row["LastName"] for row in nested["records"]] == ["c2", "c1"]
    assert nested["records"][0]["attributes"]["type"] == "Contact"
    rest = org.send("GET", nested["nextRecordsUrl"]).json()
    assert ([row["LastName"] for row in rest["records"]], rest["done"]) == (["c0"], True)


def test_children_have_a_limit_for_each_parent_and_deleted_ones_stay_away() -> None:
    org = called()
    for name in ("a", "b"):
        parent = org.account(Name=name)
        for number in range(3):
            made = org.sandbox.create("Task", Subject=f"{name}{number}", WhatId=parent)
            if number == 0:
                org.sandbox.act("delete", id=made)
    found = org.ask("SELECT Name, (SELECT Subject FROM Tasks ORDER BY Subject LIMIT 1) FROM "
                    "Account ORDER BY Name")["records"]  # fmt: skip
    assert [[row["Subject"] for row in one["Tasks"]["records"]] for one in found] == [
        ["a1"],
        ["b1"],
    ]


def test_bulk_takes_neither_groups_nor_children(caller: Caller) -> None:
    nested = "SELECT Id, (SELECT Id FROM Contacts) FROM Account"
    for text in ("SELECT COUNT(Id) FROM Account", nested):
        assert caller.bulk_query(text).json()[0]["errorCode"] == "API_ERROR"


def test_old_activities_are_shown_by_query_all_only() -> None:
    org = Caller(SalesforceSandbox(now=NOW))
    days = {"old": "2025-11-21", "young": "2025-11-23", "open": "2024-01-01"}
    for subject, day in days.items():
        status = "Not Started" if subject == "open" else "Completed"
        org.sandbox.create("Task", Subject=subject, ActivityDate=day, Status=status)
    text = "SELECT Subject, IsArchived FROM Task"
    assert {row["Subject"] for row in org.ask(text)["records"]} == {"young", "open"}
    whole = org.send("GET", f"{DATA}/queryAll?q={text.replace(' ', '+')}").json()["records"]
    assert {row["Subject"]: row["IsArchived"] for row in whole} == {
        "old": True, "young": False, "open": False}  # fmt: skip
    org.sandbox.switches.archive_days = 1000
    assert len(org.ask(text)["records"]) == 3
