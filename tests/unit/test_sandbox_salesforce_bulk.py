"""Bulk API 2.0 of the emulated Salesforce: jobs, result pages, the fate of each uploaded row."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.sandbox.salesforce import SANDBOX_SESSION, SalesforceSandbox

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
DATA = "/services/data/v68.0"


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(now=NOW) as running:
        yield running


@pytest.fixture
def http(sandbox: SalesforceSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_SESSION}", "Sforce-Auto-Assign": "FALSE"}
    with httpx.Client(base_url=sandbox.url + DATA, headers=headers, timeout=60) as client:
        yield client


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def query_job(http: httpx.Client, text: str, operation: str = "query") -> dict[str, Any]:
    answer = http.post("/jobs/query", json={"operation": operation, "query": text})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ingest(http: httpx.Client, text: str, **details: str) -> dict[str, Any]:
    body = {"object": "Account", "contentType": "CSV", "lineEnding": "LF", **details}
    job = http.post("/jobs/ingest", json=body).json()
    assert job["contentUrl"] == f"services/data/v68.0/jobs/ingest/{job['id']}/batches"
    sent = http.put(
        f"/jobs/ingest/{job['id']}/batches", content=text, headers={"Content-Type": "text/csv"}
    )
    assert sent.status_code == 201
    http.patch(f"/jobs/ingest/{job['id']}", json={"state": "UploadComplete"})
    return dict(http.get(f"/jobs/ingest/{job['id']}").json())


def test_a_query_job_has_the_recorded_shape(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    sandbox.create("Account", Name="a")
    job = query_job(http, "SELECT Id FROM Account")
    assert set(job) == {
        *("id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state"),
        *("concurrencyMode", "contentType", "apiVersion", "lineEnding", "columnDelimiter"),
    }
    assert (job["id"][:3], job["state"], job["apiVersion"]) == ("750", "UploadComplete", 68.0)
    shown = http.get(f"/jobs/query/{job['id']}").json()
    assert (shown["state"], shown["jobType"], shown["numberRecordsProcessed"]) == (
        "JobComplete",
        "V2Query",
        1,
    )


def test_results_come_in_pages_and_end_with_the_word_null(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    made = [sandbox.create("Account", Name=f'Énoncé «{number}»,\n"deux"') for number in range(5)]
    job = query_job(http, "SELECT Id, Name, CreatedDate, IsDeleted, Owner.Name FROM Account")
    found, locator = [], ""
    while locator != "null":
        more = {"locator": locator} if locator else {}
        page = http.get(f"/jobs/query/{job['id']}/results", params={"maxRecords": 2, **more})
        assert page.headers["Content-Type"] == "text/csv"
        rows = rows_of(page)
        assert page.headers["Sforce-NumberOfRecords"] == str(len(rows))
        found += rows
        locator = page.headers["Sforce-Locator"]
    assert [row["Id"] for row in found] == made
    assert found[3]["Name"] == 'Énoncé «3»,\n"deux"'
    assert found[0]["CreatedDate"] == "2026-11-23T13:00:00.000Z"
    assert (found[0]["IsDeleted"], found[0]["Owner.Name"]) == ("false", "Admin Arpent")
    pages = http.get(f"/jobs/query/{job['id']}/resultPages", params={"maxRecords": 2}).json()
    assert (len(pages["resultPages"]), pages["done"]) == (3, True)
    last = http.get(sandbox.url + pages["resultPages"][2]["resultUrl"])
    assert [row["Id"] for row in rows_of(last)] == made[4:]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT BillingAddress FROM Account", "FEATURENOTENABLED"),
        ("SELECT ApiName FROM OpportunityStage", "INVALIDENTITY"),
        ("SELECT COUNT() FROM Account", "API_ERROR"),
        ("SELECT Id FROM Account OFFSET 3", "API_ERROR"),
    ],
)
def test_what_bulk_cannot_read_is_refused(
    sandbox: SalesforceSandbox, http: httpx.Client, text: str, code: str
) -> None:
    answer = http.post("/jobs/query", json={"operation": "query", "query": text})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    sandbox.switches.bulk_query_errors = "job"
    job = query_job(http, text)
    shown = http.get(f"/jobs/query/{job['id']}").json()
    assert shown["state"] == "Failed"
    assert shown["errorMessage"].startswith(code)


def test_a_slow_job_passes_through_its_states(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.switches.bulk_seconds = 600.0
    job = query_job(http, "SELECT Id FROM Account")
    states = []
    for _ in range(3):
        states.append(http.get(f"/jobs/query/{job['id']}").json()["state"])
        sandbox.clock.advance(timedelta(seconds=320))
    assert states == ["UploadComplete", "InProgress", "JobComplete"]
    other = query_job(http, "SELECT Id FROM Account")
    early = http.get(f"/jobs/query/{other['id']}/results")
    assert early.json()[0]["errorCode"] == "INVALIDJOBSTATE"
    aborted = http.patch(f"/jobs/query/{other['id']}", json={"state": "Aborted"}).json()
    assert aborted["state"] == "Aborted"
    assert http.delete(f"/jobs/query/{other['id']}").status_code == 204
    assert http.get(f"/jobs/query/{other['id']}").status_code == 404


def test_results_belong_to_the_version_that_made_them(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    job = query_job(http, "SELECT Id FROM Account")
    answer = http.get(f"{sandbox.url}/services/data/v67.0/jobs/query/{job['id']}/results")
    assert answer.status_code == 409


def test_the_days_query_jobs_run_out(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    sandbox.switches.bulk_query_jobs_limit = 1
    query_job(http, "SELECT Id FROM Account")
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    entry = http.post("/jobs/query", json=body).json()[0]
    assert entry == {
        "errorCode": "LIMIT_EXCEEDED",
        "message": "Max bulk v2 query jobs (1) per 24 hrs has been reached",
    }


def test_each_row_of_an_upload_has_its_own_fate(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    kept, cleared, locked = (
        sandbox.create("Account", Name=name, Industry="Banking", Site="ici")
        for name in ("kept", "cleared", "locked")
    )
    sandbox.act("lock_row", id=locked)
    text = f"Id,Industry,Site\n{kept},,là-bas\n{cleared},#N/A,\n{locked},Retail,\n,Retail,\n"
    job = ingest(http, text, operation="update")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (
        "JobComplete",
        4,
        2,
    )
    root = f"/jobs/ingest/{job['id']}"
    good = rows_of(http.get(f"{root}/successfulResults"))
    assert [(row["sf__Id"], row["sf__Created"]) for row in good] == [
        (kept, "false"),
        (cleared, "false"),
    ]
    bad = rows_of(http.get(f"{root}/failedResults"))
    assert bad[0]["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access")
    assert bad[0]["sf__Error"].endswith(":--")
    assert bad[1]["sf__Error"].startswith("MISSING_ARGUMENT:")
    assert rows_of(http.get(f"{root}/unprocessedRecords")) == []
    assert (sandbox.values_of(kept)["Industry"], sandbox.values_of(kept)["Site"]) == (
        "Banking",
        "là-bas",
    )
    assert "Industry" not in sandbox.values_of(cleared)
    assert sandbox.values_of(cleared)["Site"] == "ici"


def test_an_upload_inserts_upserts_and_deletes(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.act("create_field", object="Account", name="Key__c", type="string",
                external_id=True, unique=True)  # fmt: skip
    job = ingest(http, 'Name,Key__c,AnnualRevenue\n"Deux\nlignes",k1,12\n,k2,1\n',
                 operation="insert")  # fmt: skip
    assert job["numberRecordsFailed"] == 1
    failed = rows_of(http.get(f"/jobs/ingest/{job['id']}/failedResults"))
    assert failed[0]["sf__Error"] == (
        "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    )
    job = ingest(http, "Key__c,Name\nk1,un\nk2,deux\n", operation="upsert",
                 externalIdFieldName="Key__c")  # fmt: skip
    rows = rows_of(http.get(f"/jobs/ingest/{job['id']}/successfulResults"))
    assert [row["sf__Created"] for row in rows] == ["false", "true"]
    first, second = (row["sf__Id"] for row in rows)
    assert sandbox.values_of(first)["AnnualRevenue"] == 12.0
    ingest(http, f"Id\n{first}\n", operation="delete")
    ingest(http, f"Id\n{second}\n", operation="hardDelete")
    text = "SELECT Id FROM Account"
    found = http.get("/queryAll", params={"q": text}).json()["records"]
    assert [row["Id"] for row in found] == [first]


def test_a_job_may_fail_in_its_middle(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    sandbox.switches.bulk_failure = "InternalServerError : the batch was retried too often"
    sandbox.switches.bulk_failure_after_rows = 1
    job = ingest(http, "Name\na\nb\nc\n", operation="insert")
    assert (job["state"], job["errorMessage"]) == ("Failed", sandbox.switches.bulk_failure)
    root = f"/jobs/ingest/{job['id']}"
    assert len(rows_of(http.get(f"{root}/successfulResults"))) == 1
    assert [row["Name"] for row in rows_of(http.get(f"{root}/unprocessedrecords"))] == ["b", "c"]


def test_an_unknown_column_fails_the_whole_job(http: httpx.Client) -> None:
    job = ingest(http, "Name,Nope__c\na,b\n", operation="insert")
    assert (job["state"], job["errorMessage"]) == (
        "Failed",
        "InvalidBatch : Field name not found : Nope__c",
    )
    again = http.put(f"/jobs/ingest/{job['id']}/batches", content="Name\na\n")
    assert again.json()[0]["errorCode"] == "INVALIDJOBSTATE"
