"""The to-dos of alerts: never two of one key, rewritten while open, left alone once closed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import State, Task
from tests.unit.zoho_office import (
    Answer,
    Call,
    Json,
    Office,
    column,
    connected,
    error,
    opened,
    rows,
    success,
)

TASK = Task(
    key="slipping:2026-W47:1", subject="À relancer", body="Trois semaines.",
    due_at=1_796_050_800_000, owner_id="501", account_id="77",
)  # fmt: skip
EXTERNAL = column("Arpent_Alert_Key", custom=True, external={"type": "org", "show": False})
STAMP = "2026-11-20T10:00:00-05:00"


@pytest.fixture
def office() -> Iterator[Office]:
    with opened(Office()) as found:
        yield found


def posted(item: Json, status: int = 201) -> Any:
    return lambda call: (
        (status, {"data": [item]})
        if call.method == "POST" and call.path.endswith("Tasks")
        else None
    )


def test_a_task_is_created_with_its_mark_in_the_organization_s_words(office: Office) -> None:
    office.script = posted(success("900"))

    found = connected(office).create_task(replace(TASK, is_urgent=True))

    assert (found.external_id, found.state) == ("900", State.APPLIED)
    (sent,) = [call for call in office.calls if call.path.endswith("Tasks")]
    assert sent.body == {
        "data": [
            {
                "Subject": "À relancer",
                "Description": "Trois semaines.\n[Arpent slipping:2026-W47:1]",
                "Owner": {"id": "501"},
                "What_Id": {"id": "77"},
                "$se_module": "Accounts",
                "Due_Date": "2026-11-30",
                "Status": "Non démarré",
                "Priority": "Élevée",
            }
        ],
        "trigger": [],
    }
    assert "x-external" not in sent.headers


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (500, b"", State.UNKNOWN),
        (201, {"data": [success("")]}, State.UNKNOWN),
        (201, {"data": []}, State.UNKNOWN),
        (201, {"data": [{}]}, State.UNKNOWN),
        (400, {"data": [error("INVALID_DATA", "invalid data", api_name="Owner")]}, State.REJECTED),
        (200, {"data": [error("INVALID_DATA", "invalid data", api_name="Owner")]}, State.REJECTED),
        (403, error("NO_PERMISSION"), State.REJECTED),
        (400, error("INVALID_DATA", "invalid data"), State.REJECTED),
    ],
)
def test_a_task_whose_outcome_is_bad_says_so_and_is_not_tried_again(
    office: Office, status: int, body: object, state: State
) -> None:
    office.script = lambda call: (status, body) if call.path.endswith("/Tasks") else None

    found = connected(office).create_task(TASK)

    assert found.state is state
    assert found.remedy is not None
    assert len(office.asked("/Tasks")) == 1


def test_a_task_is_found_among_its_account_s_by_its_mark(office: Office) -> None:
    whole = "x" * 600 + "\n[Arpent slipping:2026-W47:1]"

    def script(call: Call) -> Answer | None:
        if call.path.endswith("Tasks/902"):
            return rows({"id": "902", "Description": whole})
        if call.path.endswith("coql"):
            return rows(
                {"id": "903", "Description": None},
                # Cut by the list: it is read whole.
                {"id": "902", "Description": whole[:500]},
                {"id": "901", "Description": "[Arpent slipping:2026-W47:11]"},
            )
        return None

    office.script = script

    assert connected(office).find_task(TASK) == "902"
    assert connected(office).find_task(replace(TASK, key="autre")) is None
    assert "What_Id = '77'" in office.asked("What_Id")[0].coql


def test_a_query_that_is_refused_leaves_the_account_s_own_list(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if call.path.endswith("coql"):
            return 400, error("INVALID_QUERY", column_name="What_Id")
        if call.path.endswith("Accounts/77/Tasks"):
            return rows({"id": "901", "Description": "a [Arpent slipping:2026-W47:1]"})
        return None

    office.script = script

    assert connected(office).find_task(TASK) == "901"


def test_an_external_field_makes_a_second_task_impossible(office: Office) -> None:
    office.modules["Tasks"].append(EXTERNAL)
    office.script = posted(
        error("DUPLICATE_DATA", "duplicate data", duplicate_record={"id": "901"}), 400
    )

    found = connected(office).create_task(TASK)

    assert (found.external_id, found.state) == ("901", State.APPLIED)
    (sent,) = [call for call in office.calls if call.path.endswith("Tasks")]
    assert sent.headers["x-external"] == "Tasks.Arpent_Alert_Key"
    assert sent.body["data"][0]["Arpent_Alert_Key"] == TASK.key


def test_a_task_is_found_by_its_external_key(office: Office) -> None:
    office.modules["Tasks"].append(EXTERNAL)
    office.script = lambda call: (
        rows({"id": "901"}) if call.path.endswith("Tasks/slipping%3A2026-W47%3A1") else None
    )

    assert connected(office).find_task(TASK) == "901"
    assert connected(office).find_task(replace(TASK, key="autre")) is None
    asked = [call for call in office.calls if "/Tasks/" in call.path]
    assert {call.headers["x-external"] for call in asked} == {"Tasks.Arpent_Alert_Key"}


def test_a_key_field_that_is_not_external_is_queried(office: Office) -> None:
    office.modules["Tasks"].append(column("Arpent_Alert_Key", custom=True))
    office.script = lambda call: (
        rows({"id": "901"})
        if call.path.endswith("coql") and "Arpent_Alert_Key = 'slipping:" in call.coql
        else None
    )

    assert connected(office).find_task(TASK) == "901"


def changing(*outcomes: Answer, **task: Any) -> Any:
    """The script of an organization with a task, whose changes have these outcomes."""
    left = list(outcomes)

    def script(call: Call) -> Answer | None:
        if call.method == "PUT":
            return left.pop(0)
        if call.path.endswith("Tasks/901"):
            return rows({"id": "901", "Status": "Non démarré", "Modified_Time": STAMP, **task})
        return None

    return script


def test_an_open_task_is_rewritten_as_it_was_seen(office: Office) -> None:
    office.script = changing((200, {"data": [success("901")]}))

    found = connected(office).update_task("901", TASK)

    assert found.state is State.APPLIED
    (sent,) = [call for call in office.calls if call.method == "PUT"]
    assert sent.headers["if-unmodified-since"] == "2026-11-20T15:00:00+00:00"
    assert sent.body["data"] == [{
        "id": "901", "Subject": "À relancer",
        "Description": "Trois semaines.\n[Arpent slipping:2026-W47:1]",
    }]  # fmt: skip


def test_an_open_task_is_completed_in_the_organization_s_word(office: Office) -> None:
    office.script = changing((200, {"data": [success("901")]}))

    assert connected(office).complete_task("901").state is State.APPLIED
    (sent,) = [call for call in office.calls if call.method == "PUT"]
    assert sent.body["data"] == [{"id": "901", "Status": "Terminé"}]


@pytest.mark.parametrize("closed", [{"Closed_Time": STAMP}, {"Status": "Completed"}])
def test_a_closed_task_is_left_alone(office: Office, closed: Json) -> None:
    office.script = changing(**closed)

    assert connected(office).update_task("901", TASK).state is State.UNCHANGED
    assert connected(office).complete_task("901").state is State.UNCHANGED


@pytest.mark.parametrize("key", ["404404", "", "x"])
def test_a_task_that_is_gone_is_not_made_again(office: Office, key: str) -> None:
    assert connected(office).update_task(key, TASK).state is State.UNCHANGED


def test_a_task_that_is_being_edited_is_looked_at_again_once(office: Office) -> None:
    said = 412, error("ALREADY_MODIFIED")
    office.script = changing(said, (200, {"data": [success("901")]}))
    assert connected(office).update_task("901", TASK).state is State.APPLIED

    office.script = changing(said, said)
    assert connected(office).update_task("901", TASK).state is State.DEFERRED
