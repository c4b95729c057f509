"""Very many changes as a bulk job: what is sent, and what its three tables say of each row."""

import csv
import io
from collections.abc import Iterator

import pytest

from connectors.base import Change, Retriable, State
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.ingest import refusal_of, table_of
from tests.unit.test_pace import Time
from tests.unit.test_salesforce_client import ACCESS, Said, error
from tests.unit.test_salesforce_reading import Crm, key

JOB = "/services/data/v68.0/jobs/ingest/7505g00000BBBBB"
OPEN = "POST /services/data/v68.0/jobs/ingest"
CHANGES = [
    Change(external_id=key("001", number), values={"tier": "gold", "why": "Été,\n« lac »"})
    for number in range(2_001)
]


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    yield made
    made.org.close()


@pytest.fixture
def connector(crm: Crm) -> Iterator[Salesforce]:
    made = Salesforce(ACCESS, base_url=crm.org.url, clock=Time().clock)
    yield made
    made.close()


def table(*rows: list[str]) -> Said:
    """A table as Salesforce sends it: UTF-8, and no charset said."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    return Said(written.getvalue().encode(), headers={"Content-Type": "text/csv"})


def job(crm: Crm, failed: list[list[str]], left: int, written: int) -> None:
    """A job that ends on the second look."""
    ids = [change.external_id for change in CHANGES]
    crm.on(f"GET {JOB}/successfulResults", table(
        ["sf__Id", "sf__Created", "Id"], *[[one, "false", one] for one in ids[:written]]
    ))  # fmt: skip
    crm.on(f"GET {JOB}/failedResults", table(["sf__Id", "sf__Error", "Id"], *failed))
    crm.on(f"GET {JOB}/unprocessedrecords", table(
        ["Id"], *[[one] for one in ids[len(ids) - left :]]
    ))  # fmt: skip
    crm.on(f"PUT {JOB}/batches", Said(status=201))
    crm.on(f"PATCH {JOB}", Said({"state": "UploadComplete"}))
    crm.on(f"GET {JOB}", Said({"state": "InProgress"}), Said({"state": "JobComplete"}))
    crm.on(OPEN, Said({"id": "7505g00000BBBBB", "state": "Open"}))


def test_a_complete_job_has_not_written_every_row(connector: Salesforce, crm: Crm) -> None:
    refused, locked = key("001", 1_997), key("001", 1_998)
    words = "FIELD_CUSTOM_VALIDATION_EXCEPTION:Le secteur est obligatoire : voir l'admin:--"
    job(
        crm,
        failed=[[refused, words, refused], [locked, "UNABLE_TO_LOCK_ROW:unable to obtain:--", ""]],
        left=1,
        written=1_997,
    )

    outcomes = connector.update(CHANGES)

    assert [each.external_id for each in outcomes] == [each.external_id for each in CHANGES]
    states = [each.state for each in outcomes]
    assert states[:1_997] == [State.APPLIED] * 1_997
    assert states[1_997:] == [State.REJECTED, State.DEFERRED, State.UNKNOWN, State.DEFERRED]
    assert "Le secteur est obligatoire : voir l'admin" in outcomes[1_997].reason
    assert outcomes[1_997].remedy is not None
    assert "règle de validation" in outcomes[1_997].remedy.fr
    (upload,) = [call for call in crm.org.calls if call.method == "PUT"]
    sent = list(csv.reader(io.StringIO(upload.body.decode(), newline="")))
    assert sent[0] == ["Id", "arpent_tier__c", "arpent_why__c"]
    assert sent[1] == [key("001", 0), "gold", "Été,\n« lac »"]
    assert len(sent) == 2_002


def test_an_empty_value_clears_and_a_missing_one_leaves() -> None:
    changes = [
        Change(external_id="1", values={"tier": None}),
        Change(external_id="2", values={"why": "oui"}),
    ]

    assert table_of(changes).decode().splitlines() == [
        "Id,arpent_tier__c,arpent_why__c",
        "1,#N/A,",
        "2,,oui",
    ]


def test_a_failed_upload_is_one_of_nothing_done(connector: Salesforce, crm: Crm) -> None:
    crm.on(f"PUT {JOB}/batches", Said(b"", 503))
    crm.on(f"PATCH {JOB}", Said({"state": "Aborted"}))
    crm.on(OPEN, Said({"id": "7505g00000BBBBB"}))

    with pytest.raises(Retriable):
        connector.update(CHANGES)

    (abort,) = [call for call in crm.org.calls if call.method == "PATCH"]
    assert abort.json == {"state": "Aborted"}


def test_a_job_whose_start_is_not_answered_is_unknown(connector: Salesforce, crm: Crm) -> None:
    crm.on(f"PUT {JOB}/batches", Said(status=201))
    crm.on(f"PATCH {JOB}", Said(b"", 504))
    crm.on(OPEN, Said({"id": "7505g00000BBBBB"}))

    outcomes = connector.update(CHANGES)

    assert {each.state for each in outcomes} == {State.UNKNOWN}


def test_without_jobs_left_the_changes_go_by_collections(connector: Salesforce, crm: Crm) -> None:
    crm.on(OPEN, error(400, "LIMIT_EXCEEDED", "Max bulk jobs per 24 hrs has been reached"))
    crm.answers.append(
        (
            "composite/sobjects",
            lambda call: Said([{"id": one["id"], "success": True} for one in call.json["records"]]),
        )
    )

    outcomes = connector.update(CHANGES)

    assert {each.state for each in outcomes} == {State.APPLIED}
    assert len([call for call in crm.org.calls if call.is_at("composite/sobjects")]) == 11


@pytest.mark.parametrize(
    ("said", "code", "named"),
    [
        ("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--", "UNABLE_TO_LOCK_ROW", ()),
        (
            "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to update fields:arpent_tier__c --",
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ("arpent_tier__c",),
        ),
        ("STRANGE", "STRANGE", ()),
    ],
)
def test_the_error_of_a_row_is_taken_apart(said: str, code: str, named: tuple[str, ...]) -> None:
    refused = refusal_of(said)

    assert (refused.code, refused.named) == (code, named)
