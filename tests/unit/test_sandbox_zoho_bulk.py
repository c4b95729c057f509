"""The emulated Zoho CRM's bulk reads: jobs, their states, pages, and a ZIP of one CSV."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest

from connectors.sandbox.exchange import JsonObject
from tests.unit.sandbox_zoho_caller import Answer, Caller

READ = "/crm/bulk/v8/read"


@pytest.fixture
def zoho() -> Caller:
    made = Caller()
    roc = made.insert("Accounts", Account_Name='Roc, "le vieux"', Annual_Revenue=10.5)
    made.insert("Accounts", Account_Name="Éa", Parent_Account=roc, Description="une\ndeux")
    made.insert("Accounts", Account_Name="Zoé")
    return made


def asked(zoho: Caller, **query: object) -> Answer:
    whole = {"module": {"api_name": "Accounts"}} | query
    return zoho.send("POST", READ, {"query": whole})


def made(zoho: Caller, **query: object) -> str:
    answer = asked(zoho, **query)
    assert answer.status == 201, answer.content
    return str(answer.data[0]["details"]["id"])


def told(zoho: Caller, job: str) -> JsonObject:
    return dict(zoho.send("GET", f"{READ}/{job}").data[0])


def rows(zoho: Caller, job: str) -> list[dict[str, str]]:
    answer = zoho.send("GET", f"{READ}/{job}/result")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"{job}.csv"]
        text = archive.read(f"{job}.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_job_gives_the_columns_that_were_asked_for(zoho: Caller) -> None:
    names = ["Account_Name", "Annual_Revenue", "Parent_Account", "Parent_Account.Account_Name",
             "Owner", "Description", "Modified_Time"]  # fmt: skip
    answer = asked(zoho, fields=names)
    assert answer.json["info"] == {}
    [entry] = answer.data
    assert (entry["code"], entry["details"]["state"]) == ("ADDED_SUCCESSFULLY", "ADDED")
    job = entry["details"]["id"]
    assert told(zoho, job)["result"] == {
        "page": 1, "count": 3, "download_url": f"{READ}/{job}/result", "per_page": 200_000,
        "more_records": False, "next_page_token": None,
    }  # fmt: skip
    first, second, _ = rows(zoho, job)
    assert list(first) == ["Id", *names]
    assert (first["Account_Name"], first["Annual_Revenue"]) == ('Roc, "le vieux"', "10.5")
    assert (second["Parent_Account"], second["Description"]) == (first["Id"], "une\ndeux")
    assert second["Parent_Account.Account_Name"] == 'Roc, "le vieux"'
    assert second["Owner"].isdecimal()
    assert second["Modified_Time"] == "2026-11-23T08:00:00-05:00"
    assert zoho.sandbox.statistics()["creditsBy"]["POST /crm/bulk/v8/read"] == 50


def test_a_job_goes_through_its_states(zoho: Caller) -> None:
    zoho.sandbox.switches.bulk_seconds = 90
    job = made(zoho)
    states = []
    for _ in range(4):
        states.append(told(zoho, job)["state"])
        zoho.sandbox.clock.advance(timedelta(seconds=30))
    assert states == ["ADDED", "QUEUED", "IN PROGRESS", "COMPLETED"]
    early = made(zoho)
    assert zoho.send("GET", f"{READ}/{early}/result").status == 404
    zoho.sandbox.switches.bulk_failure = True
    zoho.sandbox.clock.advance(timedelta(seconds=90))
    assert told(zoho, early)["state"] == "FAILURE"


def test_pages_follow_by_number_or_by_token(zoho: Caller) -> None:
    zoho.sandbox.switches.bulk_page_size = 2
    first = made(zoho, fields=["Account_Name"])
    result = told(zoho, first)["result"]
    assert (result["count"], result["more_records"]) == (2, True)
    zoho.insert("Accounts", Account_Name="later")
    token = result["next_page_token"]
    second = zoho.send("POST", READ, {"query": {"page_token": token}}).data[0]["details"]["id"]
    assert [row["Account_Name"] for row in rows(zoho, second)] == ["Zoé"]
    by_number = made(zoho, page=2, fields=["Account_Name"])
    assert [row["Account_Name"] for row in rows(zoho, by_number)] == ["Zoé", "later"]
    assert asked(zoho, page=3).code == "PAGE_RANGE_EXCEEDED"
    zoho.sandbox.clock.advance(timedelta(hours=25))
    zoho.token = zoho.sandbox.open_session()
    assert zoho.send("POST", READ, {"query": {"page_token": token}}).code == "EXPIRED_VALUE"


def test_criteria_narrow_a_job(zoho: Caller) -> None:
    name = {"field": {"api_name": "Account_Name"}, "comparator": "starts_with", "value": "z"}
    money = {"field": {"api_name": "Annual_Revenue"}, "comparator": "greater_than", "value": 10}
    either = {"group_operator": "or", "group": [name, money]}
    found = rows(zoho, made(zoho, fields=["Account_Name"], criteria=either))
    assert [row["Account_Name"] for row in found] == ['Roc, "le vieux"', "Zoé"]
    since = {"field": {"api_name": "Modified_Time"}, "comparator": "between",
             "value": ["2026-11-23T00:00:00-05:00", "2026-11-24T00:00:00-05:00"]}  # fmt: skip
    assert len(rows(zoho, made(zoho, criteria=since))) == 3


# What a job's query may not say, and the word for it.
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"module": {"api_name": "Nothings"}}, "MODULE_NOT_AVAILABLE"),
        ({"module": {"api_name": "Notes"}}, "MODULE_NOT_SUPPORTED"),
        ({"fields": ["Nothing"]}, "FIELD_NOT_AVAILABLE"),
        ({"cvid": "1"}, "CVID_NOT_SUPPORTED"),
        ({"file_type": "ics"}, "NOT_SUPPORTED_FEATURE"),
        ({"page": 0}, "PAGE_NOT_SUPPORTED"),
        ({"page_token": "x"}, "INVALID_DATA"),
        ({"criteria": {"group": [], "group_operator": "and"}}, "INVALID_CRITERIA"),
        ({"criteria": {"group": [{}], "group_operator": "xor"}}, "GROUP_OPERATOR_NOT_SUPPORTED"),
        ({"criteria": {"field": {"api_name": "Description"}, "comparator": "equal", "value": "x"}},
         "FIELD_IN_CRITERIA_NOT_SUPPORTED"),
        ({"criteria": {"field": {"api_name": "Phone"}, "comparator": "near", "value": "x"}},
         "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED"),
        ({"criteria": {"field": {"api_name": "Nope"}, "comparator": "equal", "value": "x"}},
         "FIELD_IN_CRITERIA_NOT_AVAILABLE"),
        ({"criteria": {"field": {"api_name": "Employees"}, "comparator": "equal", "value": "x"}},
         "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
    ],
)  # fmt: skip
def test_wrong_jobs_are_refused(zoho: Caller, query: JsonObject, code: str) -> None:
    answer = asked(zoho, **query)
    assert (answer.status, answer.code) == (400, code)


def test_a_job_wants_json(zoho: Caller) -> None:
    plain = zoho.send("POST", READ, b"{}", headers={"Content-Type": "text/plain"})
    assert plain.status == 415
    assert zoho.send("POST", READ).code == "REQUEST_BODY_IS_EMPTY"
    assert zoho.send("POST", READ, {}).code == "QUERY_NOT_SUPPORTED"
    assert zoho.send("GET", f"{READ}/12").status == 404


def test_results_are_not_downloaded_all_the_time(zoho: Caller) -> None:
    job = made(zoho)
    for _ in range(10):
        assert zoho.send("GET", f"{READ}/{job}/result").status == 200
    refused = zoho.send("GET", f"{READ}/{job}/result")
    assert (refused.status, refused.code) == (429, "TOO_MANY_REQUESTS")
    zoho.sandbox.clock.advance(timedelta(minutes=2))
    assert zoho.send("GET", f"{READ}/{job}/result").status == 200
    zoho.sandbox.clock.advance(timedelta(days=2))
    zoho.token = zoho.sandbox.open_session()
    assert zoho.send("GET", f"{READ}/{job}/result").status == 404


def test_a_job_shows_the_moment_at_which_it_was_made(zoho: Caller) -> None:
    job = made(zoho, fields=["Account_Name"])
    zoho.insert("Accounts", Account_Name="later")
    assert len(rows(zoho, job)) == 3
