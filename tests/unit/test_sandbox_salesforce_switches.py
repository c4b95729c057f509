"""Each open question about Salesforce is a switch of the sandbox that really changes an answer.

`PROBES` has one function for each: what a caller sees, which must differ between the two positions.
The document of the connector must list every switch and every fault, in both its positions.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from connectors.sandbox.faults import Fault
from connectors.sandbox.salesforce.switches import OTHER_ANSWERS, SalesforceSwitches
from tests.unit.salesforce_caller import FIELDS, Caller, called

PAGE = Path(__file__).parents[2] / "docs" / "salesforce.md"
ROW = re.compile(r"^\| `(\w+)` \| `([^`]*)` \| `([^`]*)` \| (.+) \|$", re.MULTILINE)
SETTING = re.compile(r"^\| `(\w+)` \| `([^`]*)` \| ([^|`][^|]*) \|$", re.MULTILINE)
FAULT = re.compile(r"^\| `(\w+)` \| ([^|`][^|]*) \|$", re.MULTILINE)
MISSING = "001Hs00004Zzzzz"


# Reading.


def short_pages(caller: Caller) -> object:
    caller.sandbox.switches.page_size = 4
    for _ in range(6):
        caller.account()
    return len(caller.ask("SELECT Id FROM Account")["records"])


def rows_of_page_are_live(caller: Caller) -> object:
    caller.sandbox.switches.page_size = 1
    caller.account()
    second = caller.account()
    page = caller.ask("SELECT Name FROM Account ORDER BY CreatedDate, Id")
    caller.sandbox.act("edit", id=second, values={"Name": "b"})
    return caller.send("GET", page["nextRecordsUrl"]).json()["records"][0]["Name"]


def nulls_last_when_descending(caller: Caller) -> object:
    caller.account(Site="x")
    caller.account()
    rows = caller.ask("SELECT Site FROM Account ORDER BY Site DESC")["records"]
    return [row["Site"] for row in rows]


def sort_picklists_by_label(caller: Caller) -> object:
    for rating in ("Cold", "Hot"):
        caller.account(Rating=rating)
    rows = caller.ask("SELECT Rating FROM Account ORDER BY Rating")["records"]
    return [row["Rating"] for row in rows]


def purged_locator(caller: Caller) -> object:
    return caller.get("query/0r8Hs00000dead0AAA-2000").status


def null_under_not(caller: Caller) -> object:
    caller.account(Name="none")
    caller.account(Name="little", AnnualRevenue=1)
    caller.account(Name="much", AnnualRevenue=9)
    return caller.names("NOT (AnnualRevenue < 5)")


def null_is_below_everything(caller: Caller) -> object:
    caller.account(Name="none")
    caller.account(Name="little", AnnualRevenue=1)
    return caller.names("AnnualRevenue < 5")


def id_order(caller: Caller) -> object:
    made = [caller.account() for _ in range(62)]
    rows = caller.ask("SELECT Id FROM Account ORDER BY Id")["records"]
    seen = [row["Id"] for row in rows]
    after = caller.names(f"Id > '{seen[30]}'")
    assert len(after) == len(seen[31:])
    return seen == made


def ids_in_order(caller: Caller) -> object:
    made = [caller.account() for _ in range(5)]
    return made == sorted(made)


def week_starts_on(caller: Caller) -> object:
    caller.account()
    caller.later(86_400)
    return caller.names("CreatedDate = LAST_WEEK")


def late_commit_seconds(caller: Caller) -> object:
    caller.account()
    return caller.names("Name = 'a'")


# Writing.


def unknown_field_in_collection(caller: Caller) -> object:
    return type(caller.changed(caller.account(), Nothing__c=1)[0].get("success"))


def missing_record_in_collection(caller: Caller) -> object:
    return caller.changed(MISSING, Name="b")[0]["errors"][0]["statusCode"]


def deleted_record_in_collection(caller: Caller) -> object:
    gone = caller.account()
    caller.sandbox.act("delete", id=gone)
    return caller.changed(gone, Name="b")[0]["errors"][0]["statusCode"]


def touch_on_same_value(caller: Caller) -> object:
    made = caller.account()
    caller.later()
    caller.changed(made, Name="a")
    values = caller.sandbox.values_of(made)
    return values["SystemModstamp"] == values["CreatedDate"]


def deletion_stamps(caller: Caller) -> object:
    winner, loser, gone = (caller.account() for _ in range(3))
    caller.later()
    caller.sandbox.act("merge", id=winner, losers=[loser])
    caller.sandbox.act("delete", id=gone)
    caller.later(120)
    start, end = ("2026-11-22T16:00:00Z", "2026-11-22T18:00:00Z")
    feed = caller.get(f"sobjects/Account/deleted?start={start}&end={end}").json()
    assert {row["id"] for row in feed["deletedRecords"]} == {loser, gone}
    stamps = [caller.sandbox.values_of(one) for one in (loser, gone)]
    return [values["SystemModstamp"] == values["CreatedDate"] for values in stamps]


def delete_cascades(caller: Caller) -> object:
    account = caller.account()
    contact = caller.sandbox.create("Contact", LastName="c", AccountId=account)
    caller.sandbox.act("delete", id=account)
    return caller.sandbox.values_of(contact)["IsDeleted"]


def _read(caller: Caller, *wanted: str) -> Any:
    body = {"ids": list(wanted), "fields": ["Name"]}
    return caller.sent("POST", "composite/sobjects/Account", body).json()


def missing_rows_in_read(caller: Caller) -> object:
    return len(_read(caller, caller.account(), MISSING))


def deleted_rows_in_read(caller: Caller) -> object:
    gone = caller.account()
    caller.sandbox.act("delete", id=gone)
    return _read(caller, gone)[0] is None


# Login and limits.


def rotates_refresh_token(caller: Caller) -> object:
    return "refresh_token" in caller.token()


def identity_host(caller: Caller) -> object:
    return caller.token()["id"].split("/")[2]


def limit_header(caller: Caller) -> object:
    return "Sforce-Limit-Info" in caller.get("limits").headers


def clock_skew_seconds(caller: Caller) -> object:
    """The one answer that only a socket gives."""
    with caller.sandbox:
        answered = httpx.get(f"{caller.sandbox.url}/services/data")
    told = parsedate_to_datetime(answered.headers["Date"])
    return abs(told - caller.sandbox.clock.now()) > timedelta(seconds=10)


# Bulk.


def bulk_charset(caller: Caller) -> object:
    job = caller.bulk_query("SELECT Id FROM Account").json()["id"]
    return caller.get(f"jobs/query/{job}/results").headers["Content-Type"]


def bulk_query_errors(caller: Caller) -> object:
    return caller.bulk_query("SELECT Nothing FROM Account").status


def ingest_results_repeat_id(caller: Caller) -> object:
    job = caller.ingested([["Id", "Name"], [caller.account(), "b"], [MISSING, "c"]])
    told = [caller.get(f"jobs/ingest/{job}/{name}").text.splitlines()[0]
            for name in ("successfulResults", "failedResults")]  # fmt: skip
    return [line.count('"Id"') for line in told]


def unprocessed_path(caller: Caller) -> object:
    job = caller.ingested([["Id", "Name"], [caller.account(), "b"]])
    assert caller.get(f"jobs/ingest/{job}/unprocessedrecords").status == 200
    return caller.get(f"jobs/ingest/{job}/unprocessedRecords").status


# Fields.


def tooling_full_name(caller: Caller) -> object:
    made = caller.made("Account.X__c").json()["id"]
    whole = {"Metadata": {"type": "Text", "length": 30, "label": "y"}}
    named = {"FullName": "Account.X__c", **whole}
    assert caller.send("PATCH", f"{FIELDS}/{made}", orjson.dumps(named)).status == 204
    return caller.send("PATCH", f"{FIELDS}/{made}", orjson.dumps(whole)).status


def field_cap_code(caller: Caller) -> object:
    caller.sandbox.switches.custom_field_limit = 0
    return caller.made("Account.X__c").json()[0]["errorCode"]


def activity_external_ids(caller: Caller) -> object:
    assert caller.made("Activity.Plain__c").status == 201
    return caller.made("Activity.Key__c", externalId=True, unique=True).status


def tracks_history(caller: Caller) -> object:
    return caller.made("Account.X__c", trackHistory=True).status


def history_values(caller: Caller) -> object:
    value_set = {"valueSetDefinition": {"value": [{"valueName": "gold", "label": "Or"}]}}
    caller.made("Account.X__c", type="Picklist", valueSet=value_set, trackHistory=True)
    caller.sandbox.act("open_field", object="Account", name="X__c")
    caller.changed(caller.account(), X__c="gold")
    rows = caller.ask("SELECT NewValue FROM AccountHistory WHERE Field = 'X__c'")["records"]
    return [row["NewValue"] for row in rows]


PROBES: dict[str, Callable[[Caller], object]] = {
    probe.__name__: probe
    for probe in (
        *(short_pages, rows_of_page_are_live, nulls_last_when_descending, sort_picklists_by_label),
        *(purged_locator, null_under_not, null_is_below_everything, id_order, ids_in_order),
        *(week_starts_on, late_commit_seconds, unknown_field_in_collection),
        *(missing_record_in_collection, deleted_record_in_collection, touch_on_same_value),
        *(deletion_stamps, delete_cascades, missing_rows_in_read, deleted_rows_in_read),
        *(rotates_refresh_token, identity_host, limit_header, clock_skew_seconds, bulk_charset),
        *(bulk_query_errors, ingest_results_repeat_id, unprocessed_path, tooling_full_name),
        *(field_cap_code, activity_external_ids, tracks_history, history_values),
    )
}


def test_every_open_question_has_a_probe() -> None:
    assert set(PROBES) == set(OTHER_ANSWERS)


@pytest.mark.parametrize("name", PROBES)
def test_a_switch_changes_what_a_caller_sees(name: str) -> None:
    usual = PROBES[name](called())
    other = PROBES[name](called(**{name: OTHER_ANSWERS[name]}))

    assert other != usual


# The document.


def section(title: str) -> str:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n### {title}\n")
    assert rest, f"docs/salesforce.md has no section named {title}"
    return re.split(r"\n##", rest)[0]


def shown(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def test_the_page_tells_both_positions_of_every_open_question() -> None:
    usual = SalesforceSwitches().as_json()
    told = {name: (one, other) for name, one, other, _ in ROW.findall(section("Open questions"))}
    assert told == {
        name: (shown(usual[name]), shown(other)) for name, other in OTHER_ANSWERS.items()
    }


def test_the_page_tells_every_other_switch() -> None:
    usual = SalesforceSwitches().as_json()
    told = {name: value for name, value, _ in SETTING.findall(section("The org"))}
    assert told == {
        name: shown(value) for name, value in usual.items() if name not in OTHER_ANSWERS
    }


def test_the_page_tells_every_fault() -> None:
    assert {name for name, _ in FAULT.findall(section("Faults"))} == {
        entry.name for entry in fields(Fault)
    }
