"""Tasks: the exact requests, and what each answer means for a task that a person may have done."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.alert_tasks import marker
from connectors.base import ConnectorError, Fatal, Retriable, State, Task, Unanswered
from connectors.hubspot.client import Client
from connectors.hubspot.errors import Locked, Refused
from connectors.hubspot.objects import API_VERSION, paths_of
from connectors.hubspot.tasks import Tasks, task_body
from connectors.pace import Clock
from rules.language import Text

TASK = Task(
    key="slipping:<2026-W47>:1",
    subject="À relancer: <Côté>",
    body="Trois semaines & rien.\n<script>alert(1)</script>",
    due_at=1_796_050_800_123,
    owner_id="501",
    account_id="7",
    is_urgent=True,
)
BODY = (
    "Trois semaines &amp; rien.<br>&lt;script&gt;alert(1)&lt;/script&gt;<br>"
    "[Arpent slipping:&lt;2026-W47&gt;:1]"
)
PATH = "/crm/objects/2026-09/tasks"
OOPS = Text(fr="Panne.", en="Down.")


class Portal(Client):
    """HubSpot as far as tasks go: the status of task 9, and what a write fails with."""

    def __init__(
        self, status: str | None = "NOT_STARTED", failure: ConnectorError | None = None
    ) -> None:
        super().__init__(SecretStr("token"), base_url="http://127.0.0.1:1", clock=Clock())
        self.status = status
        self.failure = failure
        self.written: list[tuple[str, str, dict[str, Any]]] = []

    def post(
        self, path: str, body: dict[str, Any], query: Sequence[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        assert (path, query) == (f"{PATH}/batch/read", ())
        assert (body["inputs"], body["properties"]) == ([{"id": "9"}], ["hs_task_status"])
        if self.status is None:
            return {"results": [], "errors": [{"category": "OBJECT_NOT_FOUND"}]}
        return {"results": [{"id": "9", "properties": {"hs_task_status": self.status}}]}

    def write(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        self.written.append((method, path, body or {}))
        if self.failure is not None:
            raise self.failure
        return {"id": "9"}


def tasks(portal: Portal) -> Tasks:
    return Tasks(portal, paths_of(API_VERSION))


def test_a_task_is_an_escaped_to_do_tied_to_its_company() -> None:
    assert task_body(TASK) == {
        "properties": {
            "hs_timestamp": "2026-11-30T15:00:00.123Z",
            "hs_task_subject": "À relancer: <Côté>",
            "hs_task_body": BODY,
            "hs_task_type": "TODO",
            "hs_task_status": "NOT_STARTED",
            "hs_task_priority": "HIGH",
            "hubspot_owner_id": "501",
        },
        "associations": [
            {
                "to": {"id": "7"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}],
            }
        ],
    }


def test_the_mark_of_a_key_is_not_that_of_a_longer_one() -> None:
    assert marker("a:1") not in f"… {marker('a:11')}"


def test_an_open_task_is_rewritten_and_keeps_its_date_its_owner_and_its_mark() -> None:
    portal = Portal("IN_PROGRESS")

    outcome = tasks(portal).update("9", TASK)

    assert (outcome.external_id, outcome.state) == ("9", State.APPLIED)
    said = {"hs_task_subject": TASK.subject, "hs_task_body": BODY}
    assert portal.written == [("PATCH", f"{PATH}/9", {"properties": said})]


def test_an_open_task_is_completed() -> None:
    portal = Portal()

    assert tasks(portal).complete("9").state is State.APPLIED
    said = {"hs_task_status": "COMPLETED"}
    assert portal.written == [("PATCH", f"{PATH}/9", {"properties": said})]


@pytest.mark.parametrize("status", ["COMPLETED", None])
def test_a_task_that_is_done_or_gone_is_left_alone(status: str | None) -> None:
    portal = Portal(status)

    outcomes = [tasks(portal).update("9", TASK), tasks(portal).complete("9")]

    assert [one.state for one in outcomes] == [State.UNCHANGED] * 2
    assert outcomes[0].remedy is not None
    assert portal.written == []


FAILURES: list[tuple[ConnectorError, State]] = [
    (Unanswered(OOPS), State.UNKNOWN),
    (Locked(OOPS, retry_after=2), State.DEFERRED),
    (Refused(400, "VALIDATION_ERROR", "No", []), State.REJECTED),
    (Refused(404, "OBJECT_NOT_FOUND", "Gone", []), State.UNCHANGED),
]


@pytest.mark.parametrize(("failure", "state"), FAILURES)
def test_a_write_that_fails_means_one_thing_for_its_task(
    failure: ConnectorError, state: State
) -> None:
    outcome = tasks(Portal(failure=failure)).complete("9")

    assert (outcome.external_id, outcome.state) == ("9", state)
    assert outcome.remedy is not None


def test_a_task_on_an_account_that_is_gone_is_rejected_and_not_left_alone() -> None:
    portal = Portal(failure=Refused(404, "OBJECT_NOT_FOUND", "Gone", []))

    assert tasks(portal).create(TASK).state is State.REJECTED


@pytest.mark.parametrize("failure", [Retriable(OOPS), Fatal(OOPS)])
def test_what_concerns_the_whole_crm_is_raised(failure: ConnectorError) -> None:
    with pytest.raises(type(failure)):
        tasks(Portal(failure=failure)).update("9", TASK)
