"""How tasks stand in a CRM once people have had them: done, put off, moved, deleted."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Fatal, Task, TaskStatus
from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.salesforce import SalesforceSandbox
from connectors.sandbox.zoho import ZohoSandbox
from rules.time import date_of, day_of, instant_of
from tests.contract.crm import Crm
from tests.contract.in_hubspot import InHubSpot
from tests.contract.in_salesforce import InSalesforce, hurried
from tests.contract.in_zoho import InZoho

ZONE = ZoneInfo("America/Toronto")
# Early on that day, so that its day alone must not pass for a later moment.
DUE_AT = instant_of(datetime(2026, 12, 10, 7, tzinfo=ZONE))
# The other word that each CRM comes with for a task that waits.
WAITING = {
    "hubspot": "WAITING",
    "salesforce": "Waiting on someone else",
    "zoho": "Waiting for input",
}


def created(crm: Crm, number: int = 1, account: str | None = None) -> str:
    wanted = Task(
        key=f"slipping:2026-W47:{number}", subject="À relancer", body="Trois semaines.",
        due_at=DUE_AT, owner_id=crm.owner_id, account_id=account or crm.put_account(),
    )  # fmt: skip
    return crm.connector.create_task(wanted).external_id


def status(crm: Crm, task_id: str) -> TaskStatus:
    return crm.connector.read_tasks([task_id])[task_id].status


def test_a_task_that_nobody_touched_is_open_and_due_no_later_than_said(crm: Crm) -> None:
    key = created(crm)

    read = crm.connector.read_tasks([key])[key]

    assert read.status is TaskStatus.OPEN
    assert read.due_at is not None
    assert read.due_at <= DUE_AT
    assert day_of(read.due_at, ZONE) == day_of(DUE_AT, ZONE)


def test_a_task_that_a_person_completed_or_that_we_did_is_done(crm: Crm) -> None:
    account = crm.put_account()
    theirs, ours = (created(crm, number, account) for number in (1, 2))

    crm.finish_task(theirs)
    crm.connector.complete_task(ours)

    reads = crm.connector.read_tasks([theirs, ours])
    assert [reads[key].status for key in (theirs, ours)] == [TaskStatus.DONE] * 2


@pytest.mark.parametrize("is_other_word", [False, True])
def test_a_task_that_a_person_put_off_is_so(crm: Crm, *, is_other_word: bool) -> None:
    key = created(crm)
    crm.put_off_task(key, WAITING.get(crm.connector.vendor) if is_other_word else None)
    assert status(crm, key) is TaskStatus.PUT_OFF


def test_a_task_that_a_person_moved_is_open_on_its_new_day(crm: Crm) -> None:
    key = created(crm)
    crm.move_task(key, "2026-12-24")

    read = crm.connector.read_tasks([key])[key]

    assert read.status is TaskStatus.OPEN
    assert read.due_at is not None
    assert read.due_at > DUE_AT
    assert date_of(day_of(read.due_at, ZONE)).isoformat() == "2026-12-24"


def test_a_task_that_a_person_deleted_is_gone_as_is_one_that_never_was(crm: Crm) -> None:
    key = created(crm)
    crm.delete_task(key)

    reads = crm.connector.read_tasks([key, crm.missing_id])

    assert {name: read.status for name, read in reads.items()} == {
        key: TaskStatus.GONE,
        crm.missing_id: TaskStatus.GONE,
    }


def test_many_tasks_are_read_at_once_and_each_for_itself(crm: Crm) -> None:
    account = crm.put_account()
    keys = [created(crm, number, account) for number in range(12)]
    crm.finish_task(keys[3])
    crm.put_off_task(keys[7])
    crm.delete_task(keys[11])
    crm.connector.read_tasks(keys[:1])
    before = crm.connector.calls

    reads = crm.connector.read_tasks([*keys, keys[0]])

    odd = {3: TaskStatus.DONE, 7: TaskStatus.PUT_OFF, 11: TaskStatus.GONE}
    assert {key: read.status for key, read in reads.items()} == {
        key: odd.get(place, TaskStatus.OPEN) for place, key in enumerate(keys)
    }
    assert crm.connector.calls - before == 1


def test_nobody_is_asked_about_no_task(crm: Crm) -> None:
    before = crm.connector.calls
    assert crm.connector.read_tasks([]) == {}
    assert crm.connector.calls == before


FORBIDDEN = {
    "hubspot": {"status": 403, "body": {"category": "MISSING_SCOPES", "message": "scopes"}},
    "salesforce": {"status": 400, "body": [{"errorCode": "INVALID_TYPE", "message": "Task"}]},
    "zoho": {"status": 403, "body": {"code": "NO_PERMISSION", "message": "no", "status": "error"}},
}
FRENCH = {
    "statuses": [
        ("À faire", "À faire"),
        ("Fait", "Terminé"),
        ("Plus tard", "Différée"),
        ("Annulée", "Annulée"),
    ],
    "closed": "Fait",
    "priorities": [("Haute", "Haute"), ("Normale", "Normale")],
}


def test_salesforce_words_are_the_org_s_and_what_is_archived_is_done(
    org: SalesforceSandbox,
) -> None:
    words = [("Ouverte", "Ouverte"), ("Fermée", "Fermée"), ("En attente du client", "Attend"),
             ("Annulée", "Annulée")]  # fmt: skip
    org.act("set_task_words", **{**FRENCH, "statuses": words, "closed": "Fermée"})
    crm = InSalesforce(org)
    account = crm.put_account()
    opened, closed, waiting, cancelled = (created(crm, number, account) for number in range(4))
    crm.finish_task(closed, "Fermée")
    crm.put_off_task(waiting, "En attente du client")
    crm.put_off_task(cancelled, "Annulée")
    org.switches.change({"archive_days": -10_000})

    reads = crm.connector.read_tasks([opened, closed, waiting, cancelled])

    assert [reads[key].status for key in (opened, closed, waiting, cancelled)] == [
        TaskStatus.OPEN, TaskStatus.DONE, TaskStatus.PUT_OFF, TaskStatus.GONE,
    ]  # fmt: skip
    crm.close()


@pytest.mark.parametrize("name", ["display", "actual"])
def test_zoho_words_are_the_organization_s_under_either_name(
    organization: ZohoSandbox, name: str
) -> None:
    organization.act("set_task_words", **FRENCH)
    organization.switches.change({"option_name": name})
    crm = InZoho(organization)
    account = crm.put_account()
    opened, closed, waiting, cancelled = (created(crm, number, account) for number in range(4))
    crm.finish_task(closed)
    crm.put_off_task(waiting, "Plus tard")
    crm.put_off_task(cancelled, "Annulée")

    reads = crm.connector.read_tasks([opened, closed, waiting, cancelled])

    assert [reads[key].status for key in (opened, closed, waiting, cancelled)] == [
        TaskStatus.OPEN, TaskStatus.DONE, TaskStatus.PUT_OFF, TaskStatus.GONE,
    ]  # fmt: skip
    crm.close()


def test_zoho_s_list_of_tasks_is_read_to_its_end_before_one_is_called_gone(
    organization: ZohoSandbox,
) -> None:
    organization.switches.change({"short_pages": 2})
    crm = InZoho(organization)
    account = crm.put_account()
    keys = [created(crm, number, account) for number in range(5)]

    reads = crm.connector.read_tasks(keys)

    assert {read.status for read in reads.values()} == {TaskStatus.OPEN}
    crm.close()


def test_what_hubspot_is_silent_on_is_no_news(sandbox: HubSpotSandbox) -> None:
    crm = InHubSpot(sandbox)
    key = created(crm)
    spoil = [{"at": ["results"], "clear": True}]
    match = {"path": "/tasks/batch/read"}
    sandbox.set_faults({"match": match, "times": 1, "fault": {"spoil": spoil}})
    assert crm.connector.read_tasks([key]) == {}
    assert status(crm, key) is TaskStatus.OPEN
    crm.close()


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce", "zoho"])
def test_a_right_that_is_missing_is_fatal_and_a_busy_crm_is_asked_again(
    request: pytest.FixtureRequest, vendor: str
) -> None:
    crm: InHubSpot | InSalesforce | InZoho
    match vendor:
        case "hubspot":
            crm = InHubSpot(request.getfixturevalue("sandbox"), clock=hurried())
        case "salesforce":
            crm = InSalesforce(request.getfixturevalue("org"))
        case _:
            crm = InZoho(request.getfixturevalue("organization"))
    key = created(crm)
    crm.sandbox.set_faults({"match": {}, "times": 1, "fault": {"status": 503}})
    assert status(crm, key) is TaskStatus.OPEN

    crm.sandbox.set_faults(
        {"match": {"path": "(tasks|query|Tasks)"}, "times": 9, "fault": FORBIDDEN[vendor]}
    )
    with pytest.raises(Fatal):
        crm.connector.read_tasks([key])
    crm.close()
